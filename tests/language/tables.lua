require "try" [==[
local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 6, 9) return table.concat(t, " ")
local t = {1, 2, 3} return table.remove(t), table.remove(t, 1), table.remove(t), table.remove(t), table.remove({}, 0), #t, table.remove({n = 1}, #t)
table.remove({}, 1), table.remove({1, 2}, 3), table.remove({[0] = "x"}, 0)
table.insert()
table.insert({})
table.insert({}, 1, 2, 3)
table.insert({}, 3, 1)
table.insert({}, 0, 1)
table.insert({}, "x", 1)
table.insert({}, 1.5, 1)
table.insert(1, 2)
table.insert(nil, 2)
table.insert(setmetatable({}, {__len = function() return "x" end}), 1)
table.insert(setmetatable({}, {__newindex = function() error "no entry" end}), 2)
local log = {} local p = setmetatable({}, {__len = function() return 3 end, __index = function(_, k) log[#log + 1] = "r" .. k return k end, __newindex = function(_, k, v) log[#log + 1] = "w" .. k .. "=" .. tostring(v) end}) table.insert(p, 2, "x") return table.concat(log, " ")
local log = {} local p = setmetatable({}, {__len = function() return 3 end, __index = function(_, k) log[#log + 1] = "r" .. k return k end, __newindex = function(_, k, v) log[#log + 1] = "w" .. k .. "=" .. tostring(v) end}) return table.remove(p, 1), table.remove(p), table.concat(log, " ")
local log = {} local p = setmetatable({}, {__len = function() return 3 end, __index = function(_, k) log[#log + 1] = "r" .. k return k end, __newindex = function(_, k, v) log[#log + 1] = "w" .. k .. "=" .. tostring(v) end}) table.move(p, 1, 3, 2) table.move(p, 2, 3, 1) table.move(p, 1, 2, 1, {}) return table.concat(log, " ")
table.remove()
table.remove({}, "x")
table.remove({1, 2, 3}, 7)
table.remove({1, 2, 3}, -1)
table.remove(setmetatable({}, {__len = function() return 5 end}), 9)
table.concat(table.move({1, 2, 3}, 1, 3, 2), " "), table.concat(table.move({1, 2, 3}, 2, 3, 1), " "), table.concat(table.move({1, 2, 3}, 1, 3, 1, {}), " "), table.concat(table.move({1, 2, 3}, 1, 0, 5), " "), #table.move({}, 1, 3, 5)
table.move({1}, 1, math.maxinteger, 2)
table.move({1}, -1, math.maxinteger, 2)
table.move({1}, 1, 2, math.maxinteger)
table.move({}, 1, 2)
table.move({}, 1, 2, "x")
table.move(1, 1, 2, 3)
table.move({}, 1, 2, 3, 4)
table.move({}, math.maxinteger, math.maxinteger, math.mininteger)[math.mininteger]
local t = {5, 3, 1, 4} table.sort(t) return table.concat(t, " ")
local t = {5, 3, 1, 4} table.sort(t, function(a, b) return a > b end) return table.concat(t, " ")
local t = {"b", "a", "C"} table.sort(t) return table.concat(t, " ")
table.sort({1, "x"})
table.sort({1, {}})
table.sort({{}, {}})
table.sort({1, 2, 3}, 1)
table.sort({1, 2, 3}, error)
table.sort({1, 2, 3}, table.sort)
table.sort({1, 2, 3, 4, 5}, function() return true end)
table.sort({3, 1, 2}, function() error "within" end)
table.sort()
table.sort(setmetatable({}, {__len = function() return -1 end}))
table.sort(setmetatable({}, {__len = function() return math.maxinteger end}))
table.sort(setmetatable({}, {__len = function() return 2 end}))
table.concat({1, 2, 3}), table.concat({1, 2, 3}, ", ", 2, 3), table.concat({}, "x"), table.concat({1, 2}, "x", 2, 1), table.concat({1, 2.5, "x"}, " ")
table.concat({1, {}, 3})
table.concat({1}, "", 1, 2)
table.concat({}, {})
table.concat(1)
table.concat()
table.pack(1, nil, 3).n, table.pack().n, table.unpack({1, 2, 3}), table.unpack({1, 2, 3}, 2), table.unpack({1, 2}, 1, 3), select("#", table.unpack({}, 1, 3))
table.unpack({}, 1, 1e8)
table.unpack({}, 1, math.maxinteger)
table.unpack()
table.unpack({}, "x")
select(2, "a", "b", "c"), select(-1, "a", "b"), select("#"), select(5, 1)
select(0, 1)
select(-3, 1)
select("x")
select()
next({}), next({1}), next({1}, 1), rawlen({1, 2}), rawlen("abc"), rawequal("a", "a"), rawget({5}, 1), #rawset({}, 1, 2)
next({}, "x")
next(1)
rawlen(1)
rawget(1, 1)
rawset({}, nil, 1)
rawset({}, 0/0, 1)
rawset(1, 1, 1)
rawequal(1)
ipairs()
pairs()
pairs(1)
pairs(setmetatable({}, {__pairs = function() return 1, 2, 3, 4 end}))
local t = {} for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i < 4 then return i * i end end})) do t[i] = v end return table.concat(t, " ")
({})[nil]
local t = {} t[nil] = 1
local t = {} t[0/0] = 1
local t = {[1.0] = "a", [2^53] = "b"} return t[1], t[2^53 | 0], next({[3.0] = 1})
local t = {10, 20, 30, nil} return #t
local a <const> = 1 return a + 1
local t = setmetatable({}, {__index = function(_, k) return k .. "!" end}) return t.x, t[1], rawget(t, "x")
setmetatable({}, {__call = function(_, ...) return select("#", ...), ... end})(1, nil)
setmetatable({}, {__close = 1})
getmetatable(setmetatable({}, {__metatable = "locked"})), getmetatable(""), getmetatable("").__index == string, getmetatable({}), getmetatable(1), getmetatable(nil)
setmetatable(setmetatable({}, {__metatable = "locked"}), {})
setmetatable(1, {})
setmetatable({})
setmetatable({}, 1)
setmetatable({}, nil)
setmetatable()
getmetatable()
local m = setmetatable({}, {__eq = function() return true end}) return m == setmetatable({}, getmetatable(m)), m == 1, m ~= {}
local m = {} for _, e in ipairs {"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "concat", "lt", "le", "len"} do m["__" .. e] = function() return e end end x = setmetatable({}, m)
x + 1, 1 - x, x * x, x / 1, x % 1, x ^ 1, -x, x // 1, x & 1, x | 1, x ~ 1, x << 1, x >> 1, ~x, x .. "a", "a" .. x, x < 1, x <= 1, x > 1, #x, not x
local log = {} local x <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = tostring(e) end}) return log
pcall(function() local x <close> = 1 end)
pcall(function() local x <close> = setmetatable({}, {__close = function(_, e) error("closing: " .. tostring(e), 0) end}) error("first", 0) end)
math.tointeger(3.0), math.tointeger("3"), math.tointeger(3.5), math.type(1), math.type(1.0), math.type("1"), math.ult(1, -1), math.fmod(-5, 3), math.fmod(5.5, 2), math.abs(math.mininteger), math.ceil(1.5), math.floor(-1.5), math.max(1, 2.5), math.min(3)
7 // 2, -7 // 2, 7 // -2.0, 7 % -3, -7 % 3, 5.5 // 1, 1e308 * 10, 0/0 ~= 0/0, 3 | 4, 2^10, 1 << 63, 1 << 64, -1 >> 1, 5 // 0.0, -5 % math.huge, math.maxinteger + 1 == math.mininteger, math.maxinteger // -1, 1 < 1.5, 2^53 == 2^53 + 1
1 // 0
1 % 0
math.fmod(1, 0)
math.max()
math.floor("x")
math.floor({})
math.random(0) ~= nil, math.random(1, 1), math.random(5) <= 5
math.random(0, -1)
math.random(1, 2, 3)
math.tointeger({})
math.abs()
2^63 | 0
"10" | 0.5
for i = 1, 10, 0 do end
for i = "a", 2 do end
for i = 1, {} do end
for i = 1, 2, "x" do end
local n = 0 for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end for i = 1, 0 do n = n + 10 end for i = 1.0, 2 do n = n + i end return n
local t = {} for i = 3, 1, -1 do t[#t + 1] = i end do goto on end t[1] = 0 ::on:: return table.concat(t, " ")
goto nowhere
break
local x <const> = 1 x = 2
local x <odd> = 1
::a:: ::a::
for i in 5 do end
x = = 1
x = "unfinished
x = [[unfinished
x = "\400"
x = "\u{80000000}"
x = 0x
return 1 return 2
f(
]==]
