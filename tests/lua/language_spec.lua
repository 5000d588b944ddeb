-- Plain Lua programs behave in linnet as under stock lua: both run the same programs and command lines here, and must
-- write the same, fail with the same words and end with the same status. In states with a limit of time some of Lua's
-- functions are linnet's own, so the programs run there too.

local process = require "linnet.process"
local linnet = os.getenv "LINNET" or "build/linnet"

--- What an interpreter makes of the words, in words that don't depend on its name.
local function run(interpreter, words, given)
  local command = { interpreter, table.unpack(words) }
  command.input = given and given.input or ""
  command.env = { LUA_INIT = "", LUA_PATH = "tests/language/?.lua;;", LC_ALL = "C" }
  for name, value in pairs(given and given.env or {}) do command.env[name] = value end
  local outcome = assert(process.run(command))
  local function neutral(text)
    if text:sub(1, #interpreter + 2) == interpreter .. ": " then text = "lua" .. text:sub(#interpreter + 1) end
    -- Stock lua calls everything from a C function of its own.
    return (text:gsub("\n\t%[C%]: in %?", ""):gsub("\\\n\\9%[C%]: in %?", ""))
  end
  return neutral(outcome.output), neutral(outcome.errors), outcome.status
end

--- Fails with the first lines that differ.
local function compare(lua, ours)
  if lua == ours then return end
  local theirs, before = lua:gmatch "[^\n]*", ""
  for line in ours:gmatch "[^\n]*" do
    local other = theirs()
    assert(line == other, ("after %q\n  lua writes    %q\n  linnet writes %q"):format(before, other, line))
    before = line
  end
  error(("linnet writes less than lua: %q"):format(theirs()))
end

local function same(words, given, linnets)
  local output, errors, status = run("lua5.4", words, given)
  local our_output, our_errors, our_status = run(linnet, linnets or words, given)
  compare(output, our_output)
  -- What is told about the use of the command is its own.
  local function without_usage(text) return (text:gsub("\nusage: .*", "")) end
  compare(without_usage(errors), without_usage(our_errors))
  assert.equal(status, our_status)
end

describe("as under lua, so in linnet:", function()
  for _, name in ipairs { "strings", "tables", "control", "debugging", "files" } do
    local path = "tests/language/" .. name .. ".lua"
    it(name, function() same { path } end)
    it(name .. ", with a limit of time", function() same({ path }, nil, { "--time", "100", path }) end)
  end
end)

describe("a command line means what it means to lua:", function()
  local path, module = os.tmpname(), os.tmpname()
  local function write(name, text)
    local file <close> = assert(io.open(name, "wb"))
    file:write(text)
  end
  teardown(function() os.remove(path) os.remove(module) end)

  local show_arg = "local t = {} for i = -1, 9 do if arg[i] then t[#t + 1] = i .. '=' .. arg[i] end end "
    .. "print(table.concat(t, ' '), #arg, ...)"
  local many = {}
  for i = 1, 500 do many[i] = tostring(i) end
  local cases = {
    { "text", { "-e", "print(1)", "-eprint(2)", "-e ", "--" } },
    { "a script and its arguments", { "-W", "-", "a", "b c", "-x" }, input = show_arg },
    { "arg before the script", { "-e", "assert(arg[1] == 'a')", "SCRIPT", "a" }, script = show_arg },
    { "an arg that was changed", { "-e", "arg[1] = 100 arg[3] = 'c'", "SCRIPT", "a", "b" }, script = show_arg },
    { "an arg that is no table", { "-e", "arg = 1", "SCRIPT" }, script = show_arg },
    { "standard input", {}, input = "#! first line\nprint(..., arg[0] ~= nil)" },
    { "standard input that does not parse", { "-" }, input = "x = = 1" },
    { "standard input that fails", { "-" }, input = "\nlocal t = nil\nprint(t.x)" },
    { "bytecode as a script", { "SCRIPT" }, script = "# comment\n" .. string.dump(load "print('bytecode', ...)") },
    { "bytecode on standard input", { "-", "x" }, input = string.dump(load "print('bytecode', ...)") },
    { "a byte order mark", { "SCRIPT" }, script = "\xEF\xBB\xBF# comment\nprint(3)" },
    { "half a byte order mark", { "SCRIPT" }, script = "\xEF\xBBprint(3)" },
    { "a first line without an end", { "SCRIPT" }, script = "#comment" },
    { "lines counted from a first comment", { "SCRIPT" }, script = "#c\nprint(debug.getinfo(1).currentline)" },
    { "an empty script", { "SCRIPT" }, script = "" },
    { "a missing script", { "/no/such.lua" } },
    { "a folder as a script", { "/tmp" } },
    { "modules", { "-l", "string", "-lm=math", "-l", "g=io", "-e", "print(m == math, g == io)" } },
    { "a module in LUA_PATH", { "-lmine", "-e", "print(mine.x, package.path)" }, module = "return { x = ... }",
      env = { LUA_PATH = "MODULE" } },
    { "a missing module", { "-e", "print(select(2, pcall(require, 'no.such')):match '^[^\\n]*')" } },
    { "package.path as it is", { "SCRIPT" }, script = "print(package.path, package.cpath)" },
    { "package.path as LUA_PATH says", { "SCRIPT" }, script = "print(package.path, package.cpath)",
      env = { LUA_PATH = "x;;y", LUA_CPATH = ";;z" } },
    { "package.path of this version", { "SCRIPT" }, script = "print(package.path, package.cpath)",
      env = { LUA_PATH = "x", LUA_PATH_5_4 = "y", LUA_CPATH_5_4 = "z" } },
    { "package.path without an environment", { "-E", "SCRIPT" }, script = "print(package.path, package.cpath)",
      env = { LUA_PATH = "x", LUA_CPATH = "z", LUA_INIT = "error 'init'" } },
    { "LUA_INIT", { "-e", "print(x)" }, env = { LUA_INIT = "x = arg[0] ~= nil print 'init'" } },
    { "LUA_INIT in a file", { "SCRIPT" }, script = "print(x) x = 1", env = { LUA_INIT = "@SCRIPT" } },
    { "a missing LUA_INIT", { "-e", "print(1)" }, env = { LUA_INIT = "@/no/such.lua" } },
    { "a bad LUA_INIT", { "-e", "print(1)" }, env = { LUA_INIT_5_4 = "error('msg', 0)" } },
    { "a missing argument", { "-e" } },
    { "a missing module's name", { "-l" } },
    { "an unknown option", { "-h" } },
    { "a strange option", { "---" } },
    { "options in one word", { "-Ex" } },
    { "an option twice", { "-vv" } },
    { "warnings", { "-W", "-" }, input = [[warn("@allow") warn("@off", "XXX", "@off") warn("@off")
      warn("@on", "YYY", "@on") warn("@off") warn("@on") warn("", "@on") warn("@on") warn("Z", "", "Z")]] },
    { "warnings that begin when they are off", { "-" }, input = "warn('a', '@on') warn('b') warn('@on', 'c') warn 'd'" },
    { "no warnings", { "-" }, input = "io.stderr:write(1) warn 'x'" },
    { "warnings of finalizers", { "-W", "-" }, input = [[
      u1 = setmetatable({}, { __gc = function() error "XYZ" end })
      u2 = setmetatable({}, { __gc = function() error { } end })
      u3 = setmetatable({}, { __gc = true })]] },
    { "finalizers at the end", { "-" }, input = [[
      setmetatable({}, { __gc = function() print(1) end })
      setmetatable({}, { __gc = function()
        print "2"
        setmetatable({}, { __gc = function() print(3) end })
        print(collectgarbage "step")
        os.exit(0, true)
      end })]] },
    { "variables that are closed at the end", { "-" }, input = [[
      local x <close> = setmetatable({}, { __close = function(_, e) print("closed", e) end })
      local y <close> = setmetatable({}, { __close = function() print(120) end })
      os.exit(true, true)]] },
    { "exit with a number", { "-e", "os.exit(300)" } },
    { "exit with nil", { "-e", "os.exit(nil, true)" } },
    { "exit in a coroutine", { "-e", "coroutine.wrap(function() pcall(os.exit, 3, true) end)()" } },
    { "exit with a buffer to write", { "-e", "io.write 'buffered' os.exit(5)" } },
    { "an open file at the end", { "-e", "local f = io.output('SCRIPT') io.write 'x' f = nil", "-e",
      "print(io.open('SCRIPT'):read 'a')" }, script = "" },
    { "an error", { "SCRIPT" }, script = "local function f() error('ouch') end\nlocal function g() f() end\ng()" },
    { "an error without a place", { "-e", "error('ouch', 0)" } },
    { "an error that is a number", { "-e", "error(12)" } },
    { "an error that is a table", { "-e", "error {}" } },
    { "an error that is nil", { "-e", "error()" } },
    { "an error with words of its own", { "SCRIPT" }, script = "m = setmetatable({ x = 0 }, { __tostring = function(x)\n"
      .. "return tostring(debug.getinfo(4).currentline + x.x) end })\n\nerror(m)" },
    { "a failing __tostring", { "-e", "error(setmetatable({}, { __tostring = function() return 1 end }))" } },
    { "an overflow of pattern", { "-e", "string.find(('x'):rep(300), ('x?'):rep(300))" } },
    { "an error in a coroutine", { "-e", "coroutine.wrap(function() local x = nil + 1 end)()" } },
    { "prints and writes in order", { "-" }, input = "print 'a' io.stderr:write 'b' io.write 'c' print 'd' os.execute 'echo e'" },
    { "hooks", { "-e", "print(debug.gethook())" } },
    { "debug.debug", { "-e", "debug.debug()" }, input = "io.stderr:write(1000)\nerror 'x'\ncont\n" },
    { "many arguments", { "-e", "print(#arg)", "-", table.unpack(many) }, input = "print(select('#', ...))" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      if case.script then write(path, case.script) end
      if case.module then write(module, case.module) end
      local function placed(text) return (text:gsub("SCRIPT", path):gsub("MODULE", module)) end
      local words, env = {}, {}
      for i, word in ipairs(case[2]) do words[i] = placed(word) end
      for name, value in pairs(case.env or {}) do env[name] = placed(value) end
      same(words, { input = case.input, env = env })
    end)
  end

  it("at the prompt, _PROMPT and _PROMPT2", function()
    for _, setting in ipairs { "_PROMPT = 'first ' _PROMPT2 = 'more '", "_PROMPT = '' _PROMPT2 = 5", "x = 1",
      "_PROMPT = setmetatable({}, { __tostring = function() x = (x or 0) + 1 return x .. ': ' end })" } do
      local words, input = { "-e", setting, "-i" }, "a =\n10\nprint(a)\na\nb = 2"
      local function without_banner(interpreter)
        local output, errors, status = run(interpreter, words, { input = input })
        return output:gsub("^[^\n]*PUC%-Rio\n", ""), errors, status
      end
      local output, errors, status = without_banner(linnet)
      assert.equal("", errors)
      assert.equal(0, status)
      local first = setting:match "_PROMPT = '(.-)'" or setting:find "tostring" and "1: " or "> "
      assert.equal(first, output:sub(1, #first))
      local more = setting:match "_PROMPT2 = '(.-)'" or setting:match "_PROMPT2 = (%d)" or ">> "
      assert.equal(more, output:sub(#first + 1, #first + #more))
      assert.truthy(output:find("10\n", 1, true))
    end
  end)

  it("at the prompt, a failing print or _PROMPT", function()
    local _, errors = run(linnet, { "-e", "print = nil", "-i" }, { input = "10\n" })
    assert.truthy(errors:find("error calling 'print' (attempt to call a nil value)", 1, true))
    local output
    output, errors = run(linnet, { "-e", "_PROMPT = setmetatable({}, { __tostring = tonumber })", "-i" }, { input = "7\n" })
    assert.truthy(output:find("> 7\n", 1, true) and errors:find("'__tostring' must return a string", 1, true))
  end)
end)
