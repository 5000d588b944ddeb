require "try" [==[
pcall(error), pcall(error, nil), pcall(error, "x"), pcall(error, "x", 0), pcall(error, "x", 1), pcall(error, "x", 2), pcall(error, {}), pcall(error, 1.5)
pcall()
pcall(1), pcall(nil), pcall({}), pcall(setmetatable({}, {__call = function(_, a) return "called", a end}), 5)
pcall(pcall), pcall(pcall, error), pcall(pcall, pcall, error, "x"), pcall(select, "#", 1, nil, nil)
xpcall(error, function(m) return "handled " .. tostring(m) end, "x"), xpcall(function(...) return select("#", ...), ... end, print, 1, nil, 3), xpcall(error, error), xpcall(error, function(e) error(e) end, "x")
xpcall()
xpcall(print)
xpcall(print, 1)
xpcall(1, function(m) return m end)
xpcall(setmetatable({}, {__call = function() return "called" end}), print)
xpcall(function() local x = nil; x() end, function(m) return m:upper() end)
xpcall(function() local x = {} ; x.y.z = 1 end, debug.traceback)
assert(1, 2, 3), pcall(assert, false), pcall(assert, nil, "why"), pcall(assert, false, {}), pcall(assert)
error("at level 2", 2)
(function() error("level 2", 2) end)()
(function() local function f() error("level 3", 3) end f() end)()
error(setmetatable({}, {__tostring = function() return "own" end}))
local function f(n) return n == 0 and "deep" or f(n - 1) end return f(100000)
local function f() return 1 + f() end return select(2, pcall(f)):match "stack overflow"
local function f() return pcall(f) end local t = {f()} return #t > 150, t[#t - 1], t[#t]
local function f() return 1, xpcall(f, function(m) return m end) end return select("#", f()) > 100
local function f() error() end return xpcall(f, function() return f() end)
local s = string.rep("(", 300) .. "1" .. string.rep(")", 300) return load("return " .. s)
local s = "return " .. string.rep("{", 300) .. string.rep("}", 300) return load(s)
local s = string.rep("do ", 300) .. string.rep("end ", 300) return load(s)
local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x
local t = {} for i = 1, 300 do t[i] = "local a" .. i end return load(table.concat(t, "\n"))
local t = {} for i = 1, 300 do t[i] = "a" .. i end return load("return function() local " .. table.concat(t, ",", 1, 150) .. " return function() return " .. table.concat(t, "..", 1, 150) .. " end end")
local function wrap(n) if n == 0 then return "bottom" end return coroutine.wrap(wrap)(n - 1) end return wrap(150)
local function wrap(n) if n == 0 then return "bottom" end return coroutine.wrap(wrap)(n - 1) end return select(2, pcall(wrap, 250)):match "C stack overflow"
local function go(n) local co = coroutine.create(go or function() end) return n end return go(1)
local f f = function() return string.gsub("x", "x", f) end return select(2, pcall(f)):match "C stack overflow"
local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) return select(2, pcall(tostring, t)):match "C stack overflow"
coroutine.create(1)
coroutine.create()
coroutine.wrap(1)
coroutine.wrap()
coroutine.resume()
coroutine.resume(1)
coroutine.status(1)
coroutine.close(1)
coroutine.isyieldable(1)
coroutine.yield(1)
coroutine.running(), coroutine.isyieldable()
coroutine.resume(coroutine.create(function(...) return select("#", ...), ... end), 1, nil)
local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) error("in " .. b) end) return coroutine.resume(co, 1), coroutine.resume(co, "second"), coroutine.resume(co), coroutine.status(co)
local co co = coroutine.create(function() return coroutine.resume(co) end) return coroutine.resume(co)
local co co = coroutine.wrap(function() return co() end) return co()
local co co = coroutine.wrap(function() return pcall(co) end) return co()
local co = coroutine.wrap(function() error "from within" end) co()
local co = coroutine.wrap(function() error {} end) co()
local co = coroutine.wrap(function() error("bare", 0) end) co()
local co = coroutine.wrap(function() return 1 end) return co(), pcall(co), pcall(co)
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end return "end" end) return co(), co(), co(), co(), pcall(co)
local co = coroutine.create(function() coroutine.yield() end) return coroutine.close(co), coroutine.status(co), coroutine.close(co), coroutine.resume(co)
local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function(_, e) error("closing " .. tostring(e), 0) end}) coroutine.yield() end) coroutine.resume(co) return coroutine.close(co), coroutine.status(co), coroutine.close(co)
local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function(_, e) print("closed", e) end}) error("first", 0) end) return coroutine.resume(co), coroutine.status(co), coroutine.close(co)
local co = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function(_, e) print("closed", e) error("second", 0) end}) error("first", 0) end) return pcall(co)
local co co = coroutine.create(function() return coroutine.close(co) end) return coroutine.resume(co)
local outer outer = coroutine.create(function() local inner = coroutine.create(function() return coroutine.close(outer) end) return coroutine.resume(inner) end) return coroutine.resume(outer)
local co = coroutine.create(function() return pcall(function() coroutine.yield(1) error("after", 0) end) end) return coroutine.resume(co), coroutine.resume(co), coroutine.status(co)
local co = coroutine.create(function() return xpcall(function() coroutine.yield(1) error("after", 0) end, function(m) return "handled " .. m end) end) return coroutine.resume(co), coroutine.resume(co)
local co = coroutine.create(function() return pcall(pcall, function() return coroutine.yield(1) end) end) return coroutine.resume(co), coroutine.resume(co, "x", nil)
local co = coroutine.wrap(function() return table.unpack({xpcall(coroutine.yield, print, 7)}) end) return co(), co("a", "b")
local co = coroutine.wrap(function() table.sort({3, 2, 1}, function(a, b) coroutine.yield() return a < b end) end) return pcall(co)
local co = coroutine.wrap(function() return string.gsub("x", "x", coroutine.yield) end) return pcall(co)
local co = coroutine.wrap(function() return load(coroutine.yield) end) return co()
local co = coroutine.wrap(function() for k in pairs(setmetatable({}, {__pairs = coroutine.yield})) do return k end end) return type(co())
local co = coroutine.wrap(function() return setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end}).x end) return co(), co(5)
local co = coroutine.wrap(function() local a <close> = setmetatable({}, {__close = function() coroutine.yield "closing" end}) return "done" end) return co(), co()
local co = coroutine.wrap(function() return pcall(function() local a <close> = setmetatable({}, {__close = function() coroutine.yield "closing" end}) error("e", 0) end) end) return co(), co()
local co = coroutine.create(print) return coroutine.resume(co), coroutine.status(co)
local co = coroutine.create(function() end) return debug.traceback(co), debug.traceback(co, "message"), debug.traceback("x", 1), debug.traceback({}), debug.traceback(nil), debug.traceback(12)
local co = coroutine.create(function() local x = 5 coroutine.yield() end) coroutine.resume(co) return debug.traceback(co), debug.traceback(co, nil, 1), debug.getlocal(co, 1, 1), debug.getinfo(co, 1, "l").currentline, debug.getinfo(co, 0, "n").name
coroutine.resume(coroutine.create(function() return table.unpack({}, 1, 100) end)) , select("#", coroutine.resume(coroutine.create(function() return table.unpack({}, 1, 100) end)))
coroutine.resume(coroutine.create(function(...) return select("#", ...) end), table.unpack({}, 1, 5000))
collectgarbage("count") > 0, collectgarbage(), collectgarbage("step"), collectgarbage("isrunning"), collectgarbage("stop"), collectgarbage("isrunning"), collectgarbage("restart")
collectgarbage("bad")
collectgarbage(1)
collectgarbage("incremental") ~= nil, collectgarbage("generational"), collectgarbage("incremental")
collectgarbage("setpause", 100) ~= nil, collectgarbage("setstepmul", 200) ~= nil
]==]

-- Finalizers run in the opposite order of their marking; what they do wrong is a warning; they may bring back the dead.
warn "@on"
local list = {}
for i = 1, 5 do setmetatable({}, { __gc = function() list[#list + 1] = i end }) end
collectgarbage()
print(table.concat(list, " "))
local back
do
  local object = setmetatable({ name = "back" }, { __gc = function(o) back = o end })
  object = nil
end
collectgarbage()
print(back and back.name)
local meta = {}
local late = setmetatable({}, meta)
meta.__gc = function() print "never: it was not there when the metatable was set" end
late = nil
collectgarbage()
local weak = setmetatable({}, { __mode = "k" })
weak[{}] = 1
collectgarbage()
print(next(weak))
local ephemeron = setmetatable({}, { __mode = "k" })
do local key = {} ephemeron[key] = { key } end
collectgarbage()
print(next(ephemeron))
setmetatable({}, { __gc = function() print("at the end", collectgarbage("count") ~= nil) end })
setmetatable({}, { __gc = function() print "before that" end })
