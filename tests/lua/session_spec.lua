local session

--- Types pieces as at the prompt; returns what is shown, or raises the error of one that fails.
local function type_in(...)
  for _, text in ipairs { ... } do
    local run, message = session.compile(text)
    if not run then error(message or "incomplete", 0) end
    session.finish(run())
  end
end

local function shown(...)
  local lines = {}
  local print = print
  -- The module keeps the print that it was loaded under.
  package.loaded["linnet.session"] = nil
  _G.print = function(text) lines[#lines + 1] = text end
  session = require "linnet.session"
  local ok, err = pcall(type_in, ...)
  _G.print = print
  if not ok then error(err, 0) end
  return table.concat(lines, "|")
end

after_each(function()
  for _, name in ipairs { "x", "f", "g", "t", "_", "_err" } do rawset(_G, name, nil) end
end)

describe("a piece", function()
  local cases = {
    { "shows the value of an expression", "3", "1 + 2" },
    { "shows several values", "1\tnil\tb", "1, nil, 'b'" },
    { "shows what a call returns", "5", "math.max(2, 5)" },
    { "shows nothing for a call that returns nothing", "", "(function() end)()" },
    { "shows values of several lines under each other", "a\nb\n2", "'a\\nb', 2" },
    { "shows what return gives", "7", "return 7" },
    { "shows nothing for a statement", "", "x = 3" },
    { "is quiet with a semicolon at its end", "", "3;" },
    { "is quiet with a comment behind the semicolon", "", "3; -- three" },
    { "is not quiet for a semicolon in a comment", "3", "3 -- three;" },
    { "is not quiet for a semicolon in a string", ";", "';'" },
    { "may be a comment", "", "-- nothing" },
    { "may be empty", "", "" },
    { "may have a comment at its end", "3", "1 + 2 -- three" },
    { "goes on with the last value after a colon", "2|XX", "('xx'):len()", "'xx';", ":upper()" },
    { "remembers the last value, shown or not", "1|1|2", "1", "_", "_ + 1;", "print(_)" },
    { "keeps the last value where there is none", "4|4", "4", "x = 1", "(function() end)()", "_" },
    { "may begin with a label", "", "::here:: x = 1" },
    { "has no arguments", "0", "select('#', ...)" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function() assert.equal(case[2]:gsub("|", "|"), shown(table.unpack(case, 3))) end)
  end

  it("goes on in the next line when it is not complete", function()
    shown()
    for _, text in ipairs {
      "for i = 1, 3 do", "f(", "x = ", "x +", "1 +", "local", "{", "[[", "--[==[ a", "if x then else",
      "function f()", "local function f()\n  return 1", "matrix { {1, 2},", "local x <const> =",
    } do
      assert.same({ n = 0 }, table.pack(session.compile(text)), text)
    end
  end)

  it("is refused with Lua's message when it does not parse", function()
    shown()
    for text, message in pairs {
      ["x = = 1"] = "stdin:1: unexpected symbol near '='",
      ["1\n\n+ * 2"] = "stdin:3: unexpected symbol near '*'",
      ["{1, ]}"] = "stdin:1: unexpected symbol near ']'",
      ["end"] = "stdin:1: <eof> expected near 'end'",
      ["end x = 1 do"] = "stdin:1: <eof> expected near 'end'",
      ["x = 1 end y = 2 do"] = "stdin:1: <eof> expected near 'end'",
      ["'a\nb'"] = "stdin:1: unfinished string near ''a'",
      ["goto nowhere"] = "stdin:1: no visible label 'nowhere'",
      ["break"] = "stdin:1: break outside",
    } do
      local run, got = session.compile(text)
      assert.is_nil(run)
      assert.truthy(got and got:find(message, 1, true), text .. ": " .. tostring(got))
    end
  end)

  it("has the line numbers of its text", function()
    assert.error_matches(function() shown("local a, b = 1, 2", "\n\nerror(a .. b)") end, "^stdin:3: 12$")
  end)
end)

describe("a local variable", function()
  local cases = {
    { "stays", "3", "local x = 3", "x" },
    { "can be assigned", "5", "local x = 3", "x = x + 2", "x" },
    { "is no global", "nil", "local x = 3", "_G.x" },
    { "hides a global", "2|1", "x = 1", "local x = 2", "x", "_G.x" },
    { "is shared with the functions that use it", "12", "local x = 1", "function f() x = x + 1 end", "x = 10",
      "f() f()", "x" },
    { "is shared with functions made in its piece", "4", "local x = 3; function f() return x end", "x = 4",
      "f()" },
    { "is new when it is declared again", "1|2", "local x = 1", "function f() return x end", "local x = 2",
      "f()", "x" },
    { "may refer to the one before", "6", "local x = 5", "local x = x + 1", "x" },
    { "may be nil, and have no value", "nil\tnil", "local x, f", "x, f" },
    { "may be one of several", "1\tb\tnil", "local x, f, g = 1, 'b'", "x, f, g" },
    { "may be a function", "120", "local function f(n) return n < 2 and 1 or n * f(n - 1) end",
      "f(5)" },
    { "may be declared with others in one piece", "1\t2", "local x = 1\nlocal f = 2", "x, f" },
    { "stays when the piece goes on after it", "2", "local x = 1; x = x + 1", "x" },
    { "may be declared by a name that only a comment mentions", "nil", "-- local x = 1", "x" },
    { "is not what a string says", "nil", "g = 'local x = 1'", "x" },
    { "is not what a long string says", "nil", "g = [==[\nlocal x = 1]]]==]", "x" },
    { "is not seen outside its block", "nil", "do local x = 1 end", "x" },
    { "is not changed by one in a block", "1", "local x = 1", "do local x = 2 end", "x" },
    { "is changed by an assignment in a block", "2", "local x = 1", "do x = 2 local x = 3 end", "x" },
    { "is not a loop's", "nil", "for x = 1, 3 do local f = x end", "x" },
    { "is not a function's", "nil\tnil", "function g(t) local x = t end", "x, t" },
    { "is not a parameter", "5", "local x = 5", "g = function(x) return x end", "x" },
    { "is not a field", "1\t2", "local x = 1", "t = { x = 2 }", "x, t.x" },
    { "may be constant", "3", "local x <const> = 3", "x" },
    { "may be a constant table", "3", "local x <const> = { 3 }", "x[1]" },
    { "may be constant among others", "1\t2\t3", "local x, f <const>, g = 1, 2, 3", "x, f, g" },
    { "may be nil for good", "nil", "local x <const> = nil", "x" },
    { "may be false for good", "false", "local x <const> = false", "x" },
    { "is closed at the end of its piece", "closed|true",
      "t = setmetatable({}, { __close = function() print 'closed' end })", "local x <close> = t", "x == t" },
    { "may be constant and used by functions", "9", "local x <const> = 3", "function f() return x * x end",
      "f()" },
    { "need not survive a return", "nil", "local x = 3 return", "x" },
    { "stays beside a return in a block", "1", "local x = 1 if not x then return 5 end", "x" },
    { "stays in a piece with a goto", "3", "local x = 0 ::again:: x = x + 1 if x < 3 then goto again end",
      "x" },
    { "is not the environment", "1", "x = 1", "local _ENV = {}", "x" },
    { "is not the last value", "2|8", "local _, x = 1, 2", "x", "8;", "_" },
    { "may be a function that returns a function", "7",
      "local function f() return function() return 7 end end", "f()()" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function() assert.equal(case[2], shown(table.unpack(case, 3))) end)
  end

  it("of a piece that fails is not kept, and leaves those that were as they are", function()
    assert.equal("", shown("local x = 1"))
    assert.is_false(pcall(type_in, "local x, f = 2, 3; error()"))
    local run = session.compile("return x, f")
    assert.same({ 1 }, { run() })
  end)

  it("that is constant cannot be assigned, now or later", function()
    for _, value in ipairs { "3", "'s'", "nil", "{}", "math.pi" } do
      assert.error_matches(function() shown("local x <const> = " .. value, "x = 4") end,
        "^stdin:1: attempt to assign to const variable 'x'")
    end
  end)

  it("that is constant in a block only can be assigned outside", function()
    assert.equal("5", shown("local x = 1; do local x <const> = 2 end", "x = 5", "x"))
  end)

  it("may be one of many hundreds", function()
    local pieces = {}
    for i = 1, 600 do pieces[i] = ("local v%d = %d"):format(i, i) end
    pieces[#pieces + 1] = "v1 + v300 + v600"
    assert.equal("901", shown(table.unpack(pieces)))
  end)

  it("may be declared with two hundred others at once", function()
    local names = {}
    for i = 1, 190 do names[i] = "v" .. i end
    assert.equal("190", shown("local " .. table.concat(names, ", ") .. "; v190 = 190", "v190"))
  end)
end)

it("an error is remembered", function()
  shown()
  local value = {}
  session.fail(value)
  assert.equal(value, rawget(_G, "_err"))
end)
