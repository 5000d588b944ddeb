return coroutine.wrap(function(...) coroutine.yield(...) end)(1)
