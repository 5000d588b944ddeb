-- pcall, xpcall and the coroutine functions are replaced so that interrupts pass through them; in everything
-- else they must be as Lua's own. (Every expectation here holds in lua 5.4 as well.)

local function strings(...)
  local t = table.pack(...)
  for i = 1, t.n do t[i] = tostring(t[i]) end
  return table.concat(t, " ", 1, t.n)
end

describe("pcall and xpcall", function()
  it("return what the function returns", function()
    assert.equal("true 1 nil 3", strings(pcall(function(...) return ... end, 1, nil, 3)))
    assert.equal("true 1 2", strings(xpcall(function(...) return ... end, error, 1, 2)))
    assert.equal("true", strings(pcall(function() end)))
  end)

  it("return the error, as it is or as the handler leaves it", function()
    assert.equal("false x", strings(pcall(error, "x")))
    assert.equal("false nil", strings(pcall(error)))
    assert.equal("false x!", strings(xpcall(error, function(e) return e .. "!" end, "x")))
    local value = {}
    assert.equal(value, select(2, pcall(error, value)))
  end)

  it("call the handler where the error was raised", function()
    local function inner() error("x") end
    local _, trace = xpcall(inner, debug.traceback)
    assert.truthy(trace:find("traceback:\n\t[C]: in function 'error'\n\t", 1, true))
    local name
    xpcall(function() local here = 1; return here + nil end, function() name = debug.getlocal(2, 1) end)
    assert.equal("here", name)
  end)

  it("check their arguments", function()
    assert.equal("bad argument #1 to 'pcall' (value expected)", select(2, pcall(pcall)))
    assert.equal("bad argument #2 to 'xpcall' (function expected, got no value)",
      select(2, pcall(xpcall, print)))
  end)

  it("can be yielded across and go on", function()
    local co = coroutine.wrap(function()
      local _, e = pcall(function()
        coroutine.yield(1)
        error("late", 0)
      end)
      coroutine.yield(e)
      return select(2, xpcall(function(x) return x, coroutine.yield(3) end, print, 8))
    end)
    assert.equal(1, co())
    assert.equal("late", co())
    assert.equal(3, co())
    assert.equal("8 9", strings(co(9)))
  end)
end)

describe("coroutine.resume", function()
  it("passes values both ways and returns errors", function()
    local co = coroutine.create(function(a, b)
      local c = coroutine.yield(a + b)
      error({ c })
    end)
    assert.equal("true 3", strings(coroutine.resume(co, 1, 2)))
    local ok, e = coroutine.resume(co, "z")
    assert.is_false(ok)
    assert.equal("z", e[1])
    assert.equal("false cannot resume dead coroutine", strings(coroutine.resume(co)))
    assert.error_matches(function() coroutine.resume(1) end, "bad argument #1 to '.*resume' %(.* expected")
  end)

  it("refuses more values than a stack holds", function()
    local many = table.move({ 0 }, 1, 1, 999990, {})
    local co = coroutine.create(function(...) return select("#", ...) end)
    local ok = pcall(function() return coroutine.resume(co, table.unpack(many, 1, 999990)) end)
    assert.is_false(ok and coroutine.resume(co))
  end)

  it("leaves running and isyieldable as they are", function()
    local main = coroutine.running()
    coroutine.wrap(function()
      assert.is_true(coroutine.isyieldable())
      assert.not_equal(main, coroutine.running())
      assert.equal("normal", coroutine.status(main))
    end)()
    assert.equal(main, coroutine.running())
  end)

  it("refuses to nest without end", function()
    local function deep(n) return coroutine.wrap(function() return deep(n + 1) end)() end
    assert.error_matches(function() deep(1) end, "C stack overflow")
    local function depth() -- how deep it goes is Lua's own limit, not half of it
      local ok, n = coroutine.resume(coroutine.create(function() return 1 + depth() end))
      return ok and n or 1
    end
    assert.is_true(depth() > 150)
  end)
end)

describe("coroutine.wrap", function()
  it("raises errors with both places, and closes what is pending", function()
    local closed
    local f = coroutine.wrap(function()
      local _ <close> = setmetatable({}, { __close = function(_, e) closed = e end })
      error("w")
    end)
    local _, e = pcall(f)
    assert.truthy(e:match("^.-_spec.lua:%d+: .-_spec.lua:%d+: w$") or e:match("^.-_spec.lua:%d+: w$"))
    assert.truthy(closed:match("^.-_spec.lua:%d+: w$"))
    assert.equal("cannot resume dead coroutine", select(2, pcall(f)))
  end)

  it("raises error values as they are", function()
    local value = {}
    assert.equal(value, select(2, pcall(coroutine.wrap(function() error(value) end))))
  end)

  it("returns every value", function()
    assert.equal("1 nil", strings(coroutine.wrap(function(...) return ... end)(1, nil)))
    local sum = 0
    for i in coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end) do sum = sum + i end
    assert.equal(55, sum)
  end)
end)

describe("coroutine.close", function()
  it("closes what is pending", function()
    local closed
    local co = coroutine.create(function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      coroutine.yield()
    end)
    coroutine.resume(co)
    assert.equal("true", strings(coroutine.close(co)))
    assert.is_true(closed)
    assert.equal("dead", coroutine.status(co))
  end)

  it("returns the error of one that failed", function()
    local co = coroutine.create(error)
    coroutine.resume(co, "e")
    assert.equal("false e", strings(coroutine.close(co)))
    assert.equal("true", strings(coroutine.close(co)))
    assert.equal("true", strings(coroutine.close(coroutine.create(print))))
  end)

  it("refuses one that runs", function()
    local outer = coroutine.running()
    assert.error_matches(function() coroutine.close(coroutine.running()) end,
      "cannot close a running coroutine")
    coroutine.wrap(function()
      assert.error_matches(function() coroutine.close(outer) end, "cannot close a normal coroutine")
    end)()
  end)
end)
