-- The linnet command, run as a child.

local process = require "linnet.process"
local linnet = os.getenv "LINNET" or "build/linnet"

--- Runs linnet: options in the list, `input`, and `env` on top of a tidy environment.
local function run(given)
  local command = { linnet, input = given.input or "", env = { LUA_INIT = "" } }
  for name, value in pairs(given.env or {}) do command.env[name] = value end
  for i, word in ipairs(given) do command[i + 1] = word end
  local outcome = assert(process.run(command))
  -- Messages begin with the command as it was called.
  if outcome.errors:sub(1, #linnet) == linnet then outcome.errors = "linnet" .. outcome.errors:sub(#linnet + 1) end
  return outcome
end

local folder

setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder .. " " .. folder .. "/sub"))
end)
teardown(function() os.execute("rm -r " .. folder) end)

local function write(name, text)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

describe("linnet", function()
  local cases = {
    { "executes text", { "-e", "print(1)" }, output = "1\n" },
    { "executes text that stands beside its option", { "-eprint(1)" }, output = "1\n" },
    { "executes several texts in one state", { "-e", "x = 1", "-e", "print(x)" }, output = "1\n" },
    { "has all modules", { "-e", "print(matrix and random and data and network and theory and plot and 1)" },
      output = "1\n" },
    { "executes standard input", {}, input = "print('in', ...)", output = "in\n" },
    { "executes standard input with arguments", { "-", "a", "b" }, input = "print(arg[0], ...)",
      output = "-\ta\tb\n" },
    { "skips a first line for the shell", { "-" }, input = "#!/usr/bin/linnet\nprint(1)", output = "1\n" },
    { "requires a module into a global", { "-l", "linnet.text", "-e", "print(type(_G['linnet.text']))" },
      output = "table\n" },
    { "requires a module into a named global", { "-l", "g=string", "-e", "print(g == string)" }, output = "true\n" },
    { "runs options in their order", { "-e", "print(g)", "-lg=string", "-e", "print(g == string)" },
      output = "nil\ntrue\n" },
    { "shows the version", { "-v" }, output = "^linnet %d+%.%d+%.%d+, Lua 5%.4%.%d+ .*PUC%-Rio\n$" },
    { "shows the version and goes on", { "-v", "-e", "print(1)" }, output = "^linnet .*\n1\n$" },
    { "shows all versions", { "--version" },
      output = "^linnet %d+%.%d+%.%d+, Lua 5%.4%.%d+ .*PUC%-Rio\nOpenBLAS .*\nkernels: %w+, of OpenBLAS %w+\n$" },
    { "computes with narrower kernels when asked to", { "--version" }, env = { LINNET_KERNELS = "base" },
      output = "^linnet .*\nkernels: base, of OpenBLAS %w+\n$" },
    { "knows the kernels' names", { "-v" }, env = { LINNET_KERNELS = "avx2" }, status = 1,
      errors = "LINNET_KERNELS must be base, v3 or v4" },
    { "shows help", { "--help" }, output = "^usage: linnet .*%-e text.*beside it" },
    { "shows warnings when asked to", { "-W", "-e", "warn('a', 'b')" }, errors = "Lua warning: ab\n" },
    { "shows no warnings otherwise", { "-e", "warn('a')" } },
    { "ends its options at --", { "-e", "print(1)", "--" }, output = "1\n" },
    { "takes a number of threads", { "--threads", "1", "-e", "print(1)" }, output = "1\n" },
    { "takes a number of threads after =", { "--threads=2", "-e", "print(1)" }, output = "1\n" },
    { "exits as os.exit says", { "-e", "print(1) os.exit(7)" }, status = 7, output = "1\n" },
    { "exits as os.exit says, closing the state", { "-e",
      "setmetatable({}, { __gc = function() print 'closed' end }) os.exit(7, true)" }, status = 7,
      output = "closed\n" },
    { "fails as os.exit says", { "-e", "os.exit(false)" }, status = 1 },
    { "runs finalizers at its end", { "-e", "setmetatable({}, { __gc = function() print 'closed' end })" },
      output = "closed\n" },

    { "reports an error with a traceback", { "-e", "local function f() error 'ouch' end f()" }, status = 1,
      errors = "^linnet: %(command line%):1: ouch\nstack traceback:\n\t%[C%]: in function 'error'\n"
        .. "\t.*in local 'f'\n\t%(command line%):1: in main chunk\n$" },
    { "reports an error of standard input", {}, input = "\nlocal x = 1 + {}", status = 1,
      errors = "^linnet: stdin:2: attempt to perform arithmetic on a table value\nstack traceback:\n" },
    { "reports text that does not parse", { "-e", "x =" }, status = 1,
      errors = "linnet: (command line):1: unexpected symbol near <eof>\n" },
    { "reports an error value by its own words", { "-e",
      "error(setmetatable({}, { __tostring = function() return 'own words' end }))" }, status = 1,
      errors = "linnet: own words\n" },
    { "reports an error value without words", { "-e", "error({})" }, status = 1,
      errors = "^linnet: %(error object is a table value%)\n" },
    { "reports no value at all", { "-e", "error()" }, status = 1,
      errors = "^linnet: %(error object is a nil value%)\n" },
    { "reports linnet's own errors with a traceback", { "-e", "return matrix.zeros(2) * matrix.zeros(3)" }, status = 1,
      errors = "^linnet: %(command line%):1: matrix product: A is 2x1 and B is 3x1.*\nstack traceback:\n" },
    { "does nothing after an error", { "-e", "error 'x'", "-e", "print(1)" }, status = 1, errors = "linnet: .*x" },
    { "reports a missing module", { "-l", "no.such" }, status = 1, errors = "^linnet: module 'no%.such' not found:" },
    { "reports a missing script", { "/no/such.lua" }, status = 1,
      errors = "^linnet: cannot open /no/such.lua" },
    { "reports a folder in place of a script", { "/tmp" }, status = 1, errors = "^linnet: cannot read /tmp" },
    { "reports an unknown option", { "-x" }, status = 1, errors = "^linnet: unrecognized option '%-x'\nusage: " },
    { "reports an unknown long option", { "--thread" }, status = 1,
      errors = "^linnet: unrecognized option '%-%-thread'\nusage: " },
    { "reports letters behind an option", { "-iv" }, status = 1, errors = "^linnet: unrecognized option '%-iv'\n" },
    { "reports a missing argument", { "-e" }, status = 1, errors = "^linnet: '%-e' needs argument\nusage: " },
    { "reports a senseless number of threads", { "--threads", "two" }, status = 1,
      errors = "^linnet: %-%-threads takes a number from 1 to 1024, got 'two'\n" },
    { "reports no amount of memory", { "--memory", "1x" }, status = 1,
      errors = "^linnet: %-%-memory takes a number of bytes, .*, got '1x'\n" },
    { "reports no amount of time", { "--time=soon" }, status = 1, errors = "%-%-time takes a number of seconds.*'soon'" },
    { "reports an unknown permission", { "--sandbox=reed" }, status = 1, errors = "%-%-help lists, got 'reed'" },
    { "ends what takes too long", { "--time", "0.05s", "-e", "while true do pcall(function() while true do end end) end" },
      status = 1, errors = "over its time limit" },
    { "bounds memory", { "--memory=20M", "-e", "local s = 'x' while true do s = s .. s end" }, status = 1,
      errors = "^linnet: not enough memory" },
    { "permits nothing in a sandbox", { "--sandbox", "-e", "io.open 'README.md'" }, status = 1,
      errors = "%(command line%):1: io%.open: reading files: not permitted here" },
    { "permits what the sandbox says", { "--sandbox=read,environment", "-e",
      "io.open('README.md') print(os.getenv 'HOME' ~= nil, pcall(os.execute))" }, output = "^true\tfalse\t.*running programs" },
    { "reports no threads", { "--threads=0" }, status = 1, errors = "got '0'" },
    { "refuses bytecode in a sandbox", { "--sandbox=read", "-" }, input = string.dump(function() end), status = 1,
      errors = "attempt to load a binary chunk" },

    { "runs LUA_INIT", { "-e", "print(2)" }, env = { LUA_INIT = "print(1)" }, output = "1\n2\n" },
    { "prefers LUA_INIT_5_4", { "-e", "print(2)" },
      env = { LUA_INIT = "print(1)", LUA_INIT_5_4 = "print(0)" }, output = "0\n2\n" },
    { "fails with LUA_INIT", { "-e", "print(2)" }, env = { LUA_INIT = "error 'in init'" }, status = 1,
      errors = "^linnet: LUA_INIT:1: in init\n" },
    { "ignores LUA_INIT when asked to", { "-E", "-e", "print(2)" }, env = { LUA_INIT = "print(1)" },
      output = "2\n" },
    { "takes modules from LUA_PATH", { "-e", "print(package.path:find('/there/?.lua;', 1, true))" },
      env = { LUA_PATH = "/there/?.lua;;" }, output = "^1\t" },
    { "ignores LUA_PATH when asked to", { "-E", "-e", "print(package.path:match '/there')" },
      env = { LUA_PATH = "/there/?.lua;;" }, output = "nil\n" },
    { "keeps the environment for children when it ignores it", { "-E", "-e", "print(os.getenv 'LUA_PATH')" },
      env = { LUA_PATH = "/there/?.lua;;" }, output = "/there/?.lua;;\n" },

    { "answers at its prompt without a terminal", { "-i" }, input = "x = 20\nx + 1\nlocal y = 2\nx + y\n",
      output = "^linnet .*> > 21\n> > 22\n> \n$" },
    { "shows its prompt after text", { "-i", "-e", "x = 5" }, input = "x\n", output = "> 5\n" },
    { "keeps its prompt after an error", { "-i" }, input = "error 'x'\n1 + 1\n", output = "> 2\n",
      errors = "stdin:1: x\n" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local given = case[2]
      given.input, given.env = case.input, case.env
      local outcome = run(given)
      for _, stream in ipairs { "errors", "output" } do
        local text, expected = outcome[stream], case[stream] or ""
        if case.status == 1 and stream == "output" then expected = text end
        local fits = text == expected or expected ~= "" and text:find(expected) or text:sub(-#expected) == expected
        assert(fits, ("%s: expected %q, got %q"):format(stream, expected, text))
      end
      assert.equal(case.status or 0, outcome.status)
    end)
  end
end)

describe("a script", function()
  it("gets its arguments", function()
    local path = write("args.lua", "for i = -4, 3 do print(arg[i]) end print(select('#', ...), ...)")
    assert.equal(table.concat({ linnet, "-W", "-e", "x = 1", path, "a", "-b", "nil", "2\ta\t-b\n" }, "\n"),
      run { "-W", "-e", "x = 1", path, "a", "-b" }.output)
  end)

  it("finds its modules beside it, wherever linnet is run", function()
    write("sub/beside.lua", "return { name = 'beside', from = (...) }")
    os.execute("mkdir -p " .. folder .. "/sub/pack")
    write("sub/pack/init.lua", "return 'package'")
    local path = write("sub/main.lua", "print(require('beside').name, (require 'pack'))")
    assert.equal("beside\tpackage\n", run { path }.output)
    local here = process.run { "sh", "-c", ('cd "$1/sub" && exec "$2" main.lua'), "sh", folder,
      linnet:find "^/" and linnet or os.getenv "PWD" .. "/" .. linnet }
    assert.equal("beside\tpackage\n", here.output)
  end)

  it("finds modules beside it in a sandbox that may require, and no bytecode among them", function()
    write("sub/coded.lua", string.dump(load "return 'bytecode'"))
    write("sub/broken.lua", "x =")
    local path = write("sub/boxed.lua", "for _, name in ipairs { 'beside', 'coded', 'broken', 'none' } do\n"
      .. "local ok, value = pcall(require, name) print(ok and (value.name or value) or value) end")
    local free, boxed, shut = run { path }, run { "--sandbox=require", path }, run { "--sandbox=read", path }
    assert.truthy(free.output:find("^beside\nbytecode\nerror loading module 'broken' from file '.*sub/broken%.lua':\n\t.*"
      .. "module 'none' not found:.*\n\tno file '.*sub/none%.lua'\n\tno file '.*sub/none/init%.lua'"))
    assert.truthy(boxed.output:find("^beside\nerror loading module 'coded'.*attempt to load a binary chunk"))
    assert.truthy(shut.output:find("^module 'beside' not found"))
  end)

  it("finds its own modules before those of LUA_PATH, and those before the rest", function()
    write("both.lua", "return 'far'")
    write("far.lua", "return 'far only'")
    write("sub/both.lua", "return 'near'")
    local path = write("sub/order.lua", "print(require 'both', (require 'far'))")
    assert.equal("near\tfar only\n", run { path, env = { LUA_PATH = folder .. "/?.lua;;" } }.output)
  end)

  it("may ask for the modules that are globals, as where they are none", function()
    local path = write("sub/asking.lua", "local linnet = require 'linnet'\nprint(linnet.matrix == matrix, linnet.plot == plot)")
    assert.equal("true\ttrue\n", run { path }.output)
  end)

  it("may have modules with the names of linnet's own", function()
    write("sub/data.lua", "return 'a file'")
    local path = write("sub/naming.lua", "print((require 'data'), require 'linnet.data' == data)")
    assert.equal("a file\ttrue\n", run { path }.output)
  end)

  it("ends with status 1 and a traceback when it fails", function()
    local outcome = run { write("bad.lua", "local function inner()\n  error 'deep'\nend\ninner()") }
    assert.equal(1, outcome.status)
    assert.error_matches(function() error(outcome.errors, 0) end,
      "^linnet: .*bad%.lua:2: deep\nstack traceback:\n.*bad%.lua:4: in main chunk\n$")
  end)

  it("is told by name when it does not parse", function()
    local outcome = run { write("broken.lua", "x = 1\nx = = 2") }
    assert.equal(1, outcome.status)
    assert.truthy(outcome.errors:find("^linnet: .*broken%.lua:2: unexpected symbol near '='\n$"))
  end)

  it("whose output can't be written fails", function()
    local path = write("out.lua", "print(1)")
    local outcome = process.run { "sh", "-c", 'exec "$1" "$2" >/dev/full', "sh", linnet, path }
    assert.equal(1, outcome.status)
    assert.truthy(outcome.errors:find("standard output could not be written", 1, true))
  end)

  it("is ended by Ctrl-C with an error", function()
    local outcome = run { write("endless.lua", "io.popen 'kill -INT $PPID' while true do pcall(error) end") }
    assert.equal(1, outcome.status)
    assert.truthy(outcome.errors:find("^linnet: .*endless%.lua:1: interrupted\nstack traceback"))
  end)

  it("goes on where SIGINT is ignored", function()
    local path = write("job.lua", "io.popen('kill -INT $PPID'):close() print 'done'")
    local outcome = process.run { "sh", "-c", "trap '' INT; exec \"$1\" \"$2\"", "sh", linnet, path }
    assert.equal("done\n", outcome.output)
  end)
end)

describe("twenty thousand temporary matrices", function()
  it("leave the process small", function()
    local text = [[
      local function peak()
        for line in io.lines "/proc/self/status" do
          local kilobytes = line:match "^VmHWM:%s+(%d+)"
          if kilobytes then return tonumber(kilobytes) end
        end
      end
      local before, A = peak(), matrix.ones(100, 100)
      for _ = 1, 20000 do local _ = A + A end
      print(peak() - before < 20000)]]
    -- AddressSanitizer would keep what is freed, to find who uses it still.
    local kept = (os.getenv "ASAN_OPTIONS" or "") .. ":quarantine_size_mb=0"
    assert.equal("true\n", run { "-e", text, env = { ASAN_OPTIONS = kept } }.output)
  end)
end)
