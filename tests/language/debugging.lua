require "try" [==[
debug.getinfo(print, "S").what, debug.getinfo(print, "S").short_src, debug.getinfo(print, "S").source, debug.getinfo(print, "u").nups, debug.getinfo(print, "u").isvararg, debug.getinfo(print, "u").nparams, debug.getinfo(print, "l").currentline, debug.getinfo(print, "f").func == print, debug.getinfo(print, "L").activelines
debug.getinfo(pcall, "u").nups, debug.getinfo(setmetatable, "u").nups, debug.getinfo(xpcall, "u").nups, debug.getinfo(1, "l").currentline, debug.getinfo(1, "S").what, debug.getinfo(1, "t").istailcall, debug.getinfo(100)
debug.getinfo(0, "n").name, debug.getinfo(0, "f").func == debug.getinfo
(function() return debug.getinfo(1, "nSl").name, debug.getinfo(2, "l") ~= nil end)()
debug.getinfo()
debug.getinfo("x")
debug.getinfo(1, "?")
debug.getinfo(1, ">S")
debug.getinfo({}, "S")
debug.getinfo(-1)
local function f(a, b, ...) local c = 3 return debug.getlocal(1, 1), debug.getlocal(1, 3), debug.getlocal(1, -1), debug.getlocal(1, 9), debug.getlocal(f, 1) end return f(1, 2, "vararg")
debug.getlocal(print, 1), debug.getlocal(1, 100)
debug.getlocal(100, 1)
debug.getlocal()
debug.setlocal(100, 1, 1)
local x = 1 debug.setlocal(1, 1, 5) return x
local a, b = 1, 2 local function f() return a, b end return debug.getupvalue(f, 1), debug.getupvalue(f, 2), debug.getupvalue(f, 3), debug.setupvalue(f, 1, 10), a, debug.setupvalue(f, 9, 1)
debug.getupvalue(string.gmatch("x", "x"), 1), debug.getupvalue(1, 1)
local a, b = 1, 2 local function f() return a end local function g() return b end debug.upvaluejoin(f, 1, g, 1) return f(), debug.upvalueid(f, 1) == debug.upvalueid(g, 1), debug.upvalueid(f, 5)
debug.upvaluejoin(print, 1, print, 1)
debug.upvalueid(1, 1)
debug.getmetatable("").__index == string, debug.setmetatable(10, {__index = function(a, b) return a + b end}), (10)[3], debug.setmetatable(10, nil), debug.getmetatable(10)
debug.setmetatable()
debug.setmetatable({}, 1)
debug.getuservalue({}), debug.getuservalue(io.stdout, 1), debug.setuservalue(io.stdout, 1, 5)
debug.setuservalue({}, 1)
type(debug.getregistry()), debug.getregistry()[2] == _G, debug.setcstacklimit(200)
local n = 0 debug.sethook(function(e, l) n = n + 1 end, "l") local x = 1 debug.sethook() return n
local t = {} debug.sethook(function(e) t[#t + 1] = e .. " " .. tostring(debug.getinfo(2, "n").name) end, "cr") math.abs(1) ; (function() return tostring(1) end)() debug.sethook() return table.concat(t, "; ")
local n = 0 debug.sethook(function(e) n = n + 1 end, "", 100) for i = 1, 10000 do end debug.sethook() return n > 50, n < 1000
local h = function() end debug.sethook(h, "crl", 5) local f, m, c = debug.gethook() debug.sethook() return f == h, m, c
pcall(function() debug.sethook(function() debug.sethook() error("from the hook", 0) end, "l") ; (function() local y end)() end)
debug.sethook(1)
debug.sethook(function() end, 1, {})
local co = coroutine.create(function() for i = 1, 3 do local x = i end end) local n = 0 debug.sethook(co, function() n = n + 1 end, "l") coroutine.resume(co) return n > 0, debug.gethook(co) ~= nil
local t = {} debug.sethook(function(e, l) t[#t + 1] = "x" end, "c") pcall(print) pcall(pcall, type, 1) coroutine.wrap(function() end)() debug.sethook() return #t
local log = {} local function hooked() local i = debug.getinfo(2, "nS") log[#log + 1] = tostring(i.name) .. ":" .. i.namewhat .. ":" .. i.what end debug.sethook(hooked, "c") string.rep("x", 2) ; ("x"):find("x") table.insert({}, 1) setmetatable({}, {}) load("") table.sort({2, 1}) string.gsub("x", "x", "y") debug.sethook() return table.concat(log, " ")
local function f() local x <close> = setmetatable({}, {__close = function() error(debug.traceback("in close", 1), 0) end}) end f()
local t = setmetatable({}, {__index = function(t, k) error("no " .. k, 2) end}) return t.field
local t = setmetatable({}, {__add = function() error "in add" end}) return t + 1
local a = {} ; return a.b.c.d
local a = {} ; a.b.c = 1
local a = {} ; a:method()
undefined()
undefined.field()
string.undefined()
(1)()
("x")()
local t = {} t.x.y = 1
local t <const> = {} return t.x + 1
local up = nil local function f() return up.x end f()
local up = nil local function f() return up() end f()
return 1 < "2"
return {} .. "x"
return #nil
return nil + 1
return 2^53 & 1.5
local a, b = 1, {} return a < b
local a, b = {}, 1 return a .. b
return ("x"):rep(-1) .. nil
for i, v in nil do end
for i = 1, 10 do local x = i .. {} end
io.write({})
(io.write or print){}
(collectgarbage or print){}
table.concat({{}})
math.sin("x")
string.rep(nil)
("x"):rep({})
io.open()
io.open({}, {})
io.open("x", {})
io.open("x", "bad mode")
io.open("/no/such", "r")
io.lines("/no/such")
io.lines("/no/such", "n")
io.input("/no/such")
io.output("/no/such/file")
io.popen()
io.popen("true", "x")
io.type(io.stdout), io.type(1), tostring(io.stdout):match "^file %(" , io.type(io.stdin)
io.type()
io.close(1)
io.read("x")
io.read({})
io.stdout:seek("x")
io.stdout:setvbuf("x")
io.stdout:setvbuf()
io.stdout.write()
io.stdout.write({})
io.stdout:lines("x")
os.time({year = 2020, month = 1, day = 1, hour = 12}), os.date("!%Y-%m-%d %H:%M:%S", 0), os.date("!*t", 3600).hour, os.time({year = 2020, month = 14, day = -3, hour = 12}) - os.time({year = 2021, month = 1, day = 28, hour = 12}), os.difftime(5, 2), os.getenv("NO_SUCH_VARIABLE"), os.clock() >= 0
os.time({})
os.time({year = "x", month = 1, day = 1})
os.time({year = 2020, month = 1.5, day = 1})
os.time({year = 1e100, month = 1, day = 1})
os.date("%Ez")
os.date("%Q")
os.date("*t", 2^60)
os.date({})
os.getenv()
os.difftime()
os.remove("/no/such/file")
os.rename("/no/such/file", "/no/other")
os.remove()
os.rename("x")
os.execute("exit 3")
os.execute("kill -9 $$")
os.execute()
os.setlocale(), os.setlocale("C"), os.setlocale(nil, "all"), os.setlocale("no such locale"), os.setlocale("", "numeric") ~= nil, os.setlocale("C", "all")
os.setlocale("C", "x")
os.exit({})
os.tmpname():match "^/tmp/"
load("x ="), load("return 1", "=name")(), load("error 'x'", "@file.lua"), pcall(load("error 'x'", "@file.lua")), pcall(load("error 'x'", "=name")), pcall(load("error 'x'", "text of the chunk\nmore"))
load(function() return nil end), load(function() return "" end), load(function() return {} end)
load(function() error "reader" end)
load(coroutine.wrap(function() coroutine.yield "return " coroutine.yield "5" end))()
load("return 1", "n", "b"), load(string.dump(function() end), "n", "t"), load("return 1", "n", "bt")(), load("return 1", "n", "x")
load("return x", "n", "t", {x = 5})(), load("x = 1 return _ENV", "n", "t", {})().x, pcall(load("return x", "n", "t", nil))
load()
load(1), load({})
load("return ...", "n")(1, 2), load("\27bad")
load(string.dump(function() return x end, true), "n", "b", {x = 9})()
load(string.sub(string.dump(function() end), 1, 20))
loadfile("/no/such"), loadfile({})
loadfile("/tmp")
dofile("/no/such")
dofile({})
dofile(1)
require()
require({})
package.config, package.loaded._G == _G, package.loaded.string == string, type(package.preload), type(package.searchpath)
package.searchpath("no.such", "?.x;./?.y"), package.searchpath("a-b", "?", "-", "+")
package.searchpath("x")
package.preload.mine = function(...) return {...} end
require("mine")[1], require("mine")[2], select(2, require("mine"))
package.preload.broken = function() error "while loading" end
require("broken")
package.preload.nothing = function() end
require("nothing"), package.loaded.nothing
package.loadlib("/no/such.so", "f"), package.loadlib("/no/such.so", "*")
package.loadlib()
warn("@off")
warn()
warn("x", {})
warn({})
print(setmetatable({}, {__tostring = function() return 1 end}))
print(setmetatable({}, {__name = "named"}) and 1), print(1, 2.0, nil, true, "x")
tostring(setmetatable({}, {__name = "named"})):match "^named: "
_VERSION, type(_G), _G._G == _G, math.pi, math.huge, math.maxinteger, math.mininteger
]==]
