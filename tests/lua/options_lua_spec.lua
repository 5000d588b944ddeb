-- linnet.options, linnet.process and linnet.file: what modules written in Lua are built on.
local file = require "linnet.file"
local options = require "linnet.options"
local process = require "linnet.process"

describe("options.read", function()
  local kinds = { title = "string", count = "count", rate = "positive", scale = { "linear", "log" }, at = "numbers",
    M = "matrix", flag = "flag", f = "function", size = "nonnegative", n = "integer", x = "number", t = "table",
    what = "any" }

  it("gives what was given, checked, in a new table", function()
    local given = { title = "a\0b", count = 3, rate = 0.5, scale = "log", at = { 1, 2 }, M = { { 1, 2 }, { 3, 4 } },
      flag = false, f = print, size = 0, n = -2, x = -1.5, t = { 7 }, what = io.stdout }
    local o = options.read(given, "f", kinds)
    assert.not_equal(given, o)
    assert.equal("a\0b", o.title)
    assert.equal(3, o.count)
    assert.equal(0.5, o.rate)
    assert.equal("log", o.scale)
    assert.equal(false, o.flag)
    assert.equal(print, o.f)
    assert.equal(0, o.size)
    assert.equal(-2, o.n)
    assert.equal(-1.5, o.x)
    assert.equal(given.t, o.t)
    assert.equal(io.stdout, o.what)
    assert.is_true(o.at == matrix { 1, 2 })
    assert.is_true(o.M == matrix { { 1, 2 }, { 3, 4 } })
  end)

  it("makes a column of a row where numbers are wanted", function()
    assert.equal(3, options.read({ at = matrix { { 1, 2, 3 } } }, "f", kinds).at.rows)
  end)

  it("leaves out what was not given, and takes nil for no options", function()
    assert.is_nil(next(options.read({}, "f", kinds)))
    assert.is_nil(next(options.read(nil, "f", kinds)))
  end)

  local cases = {
    { "f: unknown option 'titel'; did you mean 'title'%?", { titel = "x" } },
    { "f: unknown option 'zzzzzz'; it takes M, at, count, f, flag, n, rate, scale, size, t, title, what, x", { zzzzzz = 1 } },
    { "f: options have names %(.-%); got a value at %[1%]", { "x" } },
    { "f: a table of options is needed %(.-%), got the string 'x'", "x" },
    { "f: title must be a string, got 3", { title = 3 } },
    { "f: count = 0: must be at least 1", { count = 0 } },
    { "f: count must be a whole number, got 1.5", { count = 1.5 } },
    { "f: rate must be a number above 0, got 0", { rate = 0 } },
    { "f: rate must be a number above 0, got NaN", { rate = 0 / 0 } },
    { "f: x must be a finite number, got inf", { x = 1 / 0 } },
    { "f: size must be a number >= 0, got %-1", { size = -1 } },
    { "f: scale = 'lg' is not known; did you mean 'log'%?", { scale = "lg" } },
    { "f: scale = 'exponential' is not known; it is one of linear, log", { scale = "exponential" } },
    { "f: scale must be one of linear, log; got 3", { scale = 3 } },
    { "f: at must be a vector, got a 2x2 matrix", { at = matrix.ones(2, 2) } },
    { "f: M has NaN at %(1, 2%)", { M = { { 1, 0 / 0 } } } },
    { "f: flag must be true or false, got 1", { flag = 1 } },
    { "f: f must be a function, got a table", { f = {} } },
    { "f: t must be a table, got the string 'x'", { t = "x" } },
  }
  for _, case in ipairs(cases) do
    it("refuses: " .. case[1], function()
      assert.error_matches(function() options.read(case[2], "f", kinds) end, "options_lua_spec.lua:%d+: " .. case[1])
    end)
  end

  it("says that a required option is missing, and that a misspelt one is misspelt first", function()
    local required = { inputs = "count!", mode = "any!" }
    assert.error_matches(function() options.read({ mode = 1 }, "f", required) end, "f: inputs is needed")
    assert.error_matches(function() options.read(nil, "f", required) end, "f: inputs is needed")
    assert.error_matches(function() options.read({ mode = 1, imputs = 3 }, "f", required) end, "did you mean 'inputs'")
    assert.equal(4, options.read({ inputs = 4, mode = false }, "f", required).inputs)
  end)

  it("refuses kinds that are none", function()
    assert.error_matches(function() options.read({ a = 1 }, "f", { a = "strnig" }) end, "'strnig' is no kind of option")
  end)
end)

describe("options.columns", function()
  it("gives the columns of numbers, lists, rows and matrices", function()
    local function check(value, expected, rows, cols)
      local columns, r, c = options.columns(value, "f", "x")
      assert.same(expected, columns)
      assert.equal(rows, r)
      assert.equal(cols, c)
    end
    check(7, { { 7.0 } }, 1, 1)
    check({ 1, 2 }, { { 1.0, 2.0 } }, 2, 1)
    check({ { 1, 2 }, { 3, 4 }, { 5, 6 } }, { { 1.0, 3.0, 5.0 }, { 2.0, 4.0, 6.0 } }, 3, 2)
    check(matrix { { 1, 2 }, { 3, 4 } }:row(2), { { 3.0 }, { 4.0 } }, 1, 2)
    check({}, { {} }, 0, 1)
  end)

  it("keeps NaN and infinities", function()
    local columns = options.columns({ 0 / 0, 1 / 0 }, "f", "x")
    assert.is_true(columns[1][1] ~= columns[1][1] and columns[1][2] == math.huge)
  end)

  it("refuses what is no matrix", function()
    assert.error_matches(function() options.columns("a", "f", "x") end, "f: x must be a matrix or a list of numbers, got the string 'a'")
    assert.error_matches(function() options.columns({ { 1, 2 }, { 3 } }, "f", "x") end, "f: x: row 2 has 1 numbers and row 1 has 2")
  end)
end)

describe("options.describe and options.fail", function()
  it("say what came, and where it came from", function()
    assert.equal("a 2x3 matrix", options.describe(matrix.ones(2, 3)))
    assert.equal("nil", options.describe(nil))
    assert.equal("the string 'a'", options.describe "a")
    assert.equal("NaN", options.describe(0 / 0))
    assert.error_matches(function() options.fail("f", "100% wrong") end, "options_lua_spec.lua:%d+: f: 100%% wrong")
  end)
end)

describe("process.run", function()
  it("gives output, errors and exit status", function()
    local outcome = process.run { "sh", "-c", "cat; echo bad >&2; exit 3", input = "a\0b" }
    assert.equal("a\0b", outcome.output)
    assert.equal("bad\n", outcome.errors)
    assert.equal(3, outcome.status)
    assert.is_nil(outcome.signal)
    assert.equal(9, process.run { "sh", "-c", "kill -9 $$" }.signal)
  end)

  it("tells a missing program from others", function()
    local outcome, message, missing = process.run { "no-such-program-here" }
    assert.is_nil(outcome)
    assert.equal("there is no program 'no-such-program-here'", message)
    assert.is_true(missing)
    outcome, message, missing = process.run { "/etc/passwd" }
    assert.is_nil(outcome)
    assert.is_truthy(message:find "/etc/passwd")
    assert.is_false(missing)
  end)

  it("adds to the environment", function()
    local outcome = process.run { "sh", "-c", "echo $A$B", env = { A = "x y", B = "$C" } }
    assert.equal("x y$C\n", outcome.output)
  end)

  it("limits the output", function()
    assert.error_matches(function() process.run { "yes", limit = 1000 } end,
      "process.run: the program 'yes' wrote more than 1000 bytes")
    assert.error_matches(function() process.run { "yes", limit = 1000, call = "f" } end, "%d: f: the program 'yes'")
  end)

  it("refuses wrong arguments", function()
    assert.error_matches(function() process.run {} end, "process.run: a program's name is needed")
    assert.error_matches(function() process.run { "echo", 1 } end, "process.run: argument 2 must be a string, got 1")
    assert.error_matches(function() process.run { "echo", "a\0b" } end, "process.run: argument 2 has a zero byte")
    assert.error_matches(function() process.run { "echo", env = { A = 1 } } end, "process.run: env must be a table of strings")
    assert.error_matches(function() process.run "echo" end, "process.run: a table is needed, got the string 'echo'")
    assert.error_matches(function() process.run { "echo", env = "A=b" } end, "process.run: env must be a table")
    assert.error_matches(function() process.run { "echo", input = {} } end, "process.run: input must be a string, got a table")
  end)
end)

describe("file.write", function()
  it("writes bytes whole or not at all", function()
    local path = os.tmpname()
    file.write(path, "old", "f")
    file.write(path, "a\0b", "f")
    local handle = io.open(path, "rb")
    assert.equal("a\0b", handle:read "a")
    handle:close()
    os.remove(path)
    assert.error_matches(function() file.write("/none/x", "a", "f") end, "f: .*/none/x.*No such file")
    assert.error_matches(function() file.write("a\0b", "a", "f") end, "f: the file's name has a zero byte in it")
  end)
end)
