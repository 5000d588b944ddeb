/* What a host can count on when it runs code that it doesn't trust: limits of time, operations and memory hold whatever
 * the code does, and the state goes on afterwards. */
#include <lauxlib.h>
#include <stdlib.h>
#include <unistd.h>

/* Before cmocka, whose macro `fail` has the name of a function there. */
#include "linnet.h"

#include "check.h"

static linnet_state *open_limited(double seconds, double flops, size_t memory) {
  linnet_config config;
  linnet_config_init(&config);
  config.max_seconds = seconds;
  config.max_flops = flops;
  config.max_memory = memory;
  linnet_state *S;
  assert_int_equal(linnet_open(&config, &S), LINNET_OK);
  return S;
}

static int run(linnet_state *S, const char *text) {
  lua_settop(linnet_lua(S), 0);
  return linnet_dostring(S, text, strlen(text), "=test");
}

static void assert_goes_on(linnet_state *S) {
  if (run(S, "return (matrix.eye(3) * 2):sum()") != LINNET_OK) fail_msg("%s", linnet_message(S));
  assert_true(lua_tonumber(linnet_lua(S), 1) == 6);
}

/* ---- time ---- */

static const char *const endless[] = {
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "while true do xpcall(function() while true do end end, function(e) return e end) end",
    "local function f() return f() end f()",
    "repeat local co = coroutine.wrap(function() while true do end end) until pcall(co)",
    "local co co = coroutine.create(function() while true do coroutine.yield() end end) "
    "while true do coroutine.resume(co) end",
    "while true do coroutine.close(coroutine.create(function() end)) end",
    "setmetatable({}, {__gc = function() while true do end end}) collectgarbage() while true do end",
    "setmetatable({}, {__gc = function() while true do end end}) collectgarbage() collectgarbage()",
    "for i = 1, 1e9 do setmetatable({}, {__gc = function() while true do end end}) end",
    "local mt = {__gc = true} setmetatable({}, mt) mt.__gc = function() while true do end end "
    "collectgarbage()",
    "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
    "string.find(('a'):rep(60), ('.-'):rep(30) .. 'b')",
    "while true do pcall(string.match, ('a'):rep(60), ('a-'):rep(30) .. 'b') end",
    "for _ in ('a'):rep(60):gmatch(('a*'):rep(30) .. 'b') do end",
    "(('a'):rep(60)):gsub(('a?'):rep(60) .. ('a'):rep(60) .. 'b', '')",
    "string.rep('', 1 << 60) while true do end",
    "table.move({}, 1, 1 << 60, 2)",
    "table.move({}, 1, 1 << 60, 2, {})",
    "table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 'x')",
    "table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)",
    "pcall(table.sort, setmetatable({}, {__len = function() return 1 << 30 end, __index = rawlen, __newindex "
    "= type})) "
    "while true do end",
    "load(function() return ' ' end)",
    "while true do load(('x = 1 '):rep(1000)) end",
    "local t = data.semantic() local n = network.new { task = t, hidden = 8, seed = 1 } "
    "n:train { task = t, rate = 1e-9, steps = 1 << 40 }",
    "while true do pcall(function() local t = data.semantic() "
    "network.new { task = t, hidden = 8, seed = 1 }:train { task = t, rate = 1e-9, steps = 1 << 40 } end) "
    "end",
    "local t = data.semantic() local n = network.new { task = t, hidden = 8, seed = 1 } "
    "n:train { task = t, rate = 1e-9, steps = 10, stop = function() while true do end end }",
    "local t = data.semantic() network.new { task = t, hidden = 8, seed = 1 }:flow { task = t, times = "
    "{1e300} } "
    "while true do end",
    "while true do matrix.ones(300, 300):svd() end",
    "random.stream(1):normal(30000, 30000)",
    "matrix.ones(1000, 1000):map(function(x) while true do end end)",
    "debug.sethook() while true do end",
    "debug.sethook(function() end, '', 1) while true do end",
    "debug.sethook(coroutine.running(), nil) for i = 1, math.huge do end",
};

static void time_ends_whatever_runs(void **state) {
  (void)state;
  const double limit = 0.05;
  linnet_state *S = open_limited(limit, 0, 0);
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    if (strstr(endless[i], "sethook")) continue; /* see a_limit_survives_the_debug_library_only_without_it */
    double before = ln_clock();
    int status = run(S, endless[i]);
    double took = ln_clock() - before;
    if (status != LINNET_ETIME) fail_msg("%s: status %d, %s", endless[i], status, linnet_message(S));
    if (!strstr(linnet_message(S), "over its time limit")) fail_msg("%s: %s", endless[i], linnet_message(S));
    if (took > limit + 2) fail_msg("%s: took %g s", endless[i], took);
    assert_goes_on(S);
  }
  linnet_close(S);
}

static void a_hook_cannot_be_taken_away_without_the_debug_library(void **state) {
  (void)state;
  linnet_state *S = open_limited(0.05, 0, 0);
  linnet_restrict(S, LINNET_ALL & ~LINNET_DEBUG);
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    if (!strstr(endless[i], "sethook")) continue;
    assert_int_equal(run(S, endless[i]), LINNET_EDENIED);
    assert_goes_on(S);
  }
  linnet_close(S);
}

static void finalizers_that_never_end_do_not_keep_a_state_open(void **state) {
  (void)state;
  linnet_state *S = open_limited(0.05, 0, 0);
  assert_int_equal(run(S, "for i = 1, 20 do setmetatable({}, {__gc = function() while true do end end}) end"),
                   LINNET_OK);
  double before = ln_clock();
  linnet_close(S);
  assert_true(ln_clock() - before < 1);
}

static void finalizers_run_as_lua_runs_them(void **state) {
  (void)state;
  static const char text[] =
      "local log, kept = {}, nil\n"
      "local mt = {}\n"
      "mt.__gc = function(t) log[#log + 1] = t.name; kept = t end\n"
      "local function make(name) return setmetatable({name = name}, mt) end\n"
      "make 'a' make 'b' make 'c'\n"
      "collectgarbage()\n"
      "local first = table.concat(log)\n" /* in reverse order, each once, the table brought back */
      "assert(getmetatable(kept) == mt and kept.name == 'a')\n"
      "setmetatable(kept, mt)\n" /* marked anew */
      "kept = nil collectgarbage() collectgarbage()\n"
      "local late = setmetatable({}, {__gc = true})\n"
      "getmetatable(late).__gc = function() log[#log + 1] = 'late' end\n"
      "late = nil collectgarbage()\n"
      "setmetatable({}, {__gc = function() error 'x' end}) collectgarbage()\n" /* a warning, no more */
      "setmetatable({}, {__gc = function() coroutine.yield() end}) collectgarbage()\n"
      "local weak = setmetatable({}, {__mode = 'v'})\n"
      "weak[1] = make 'w' collectgarbage() assert(weak[1] == nil)\n"
      "assert(not pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))\n"
      "return first .. ' ' .. table.concat(log)";
  char expected[100];
  linnet_state *plain = open_limited(0, 0, 0), *limited = open_limited(100, 0, 0);
  assert_int_equal(run(plain, text), LINNET_OK);
  snprintf(expected, sizeof expected, "%s", lua_tostring(linnet_lua(plain), 1));
  assert_string_equal(expected, "cba cbaalatew");
  if (run(limited, text) != LINNET_OK) fail_msg("%s", linnet_message(limited));
  assert_string_equal(lua_tostring(linnet_lua(limited), 1), expected);
  linnet_close(plain);
  linnet_close(limited);
}

/* ---- patterns and tables in watched states ---- */

/* Random patterns over a small alphabet, all four functions, results and errors as one long text. */
static const char fuzz[] =
    "local seed = %d\n"
    "local function random(n) seed = (seed * 1103515245 + 12345) %% 2147483648 return (seed >> 8) %% n + 1 "
    "end\n"
    "local items = { 'a', 'b', '.', '%%a', '%%d', '%%s', '%%w', '%%x', '%%u', '%%l', '%%p', '%%c', '%%g', "
    "'%%S', '%%z',\n"
    "  '[ab]', '[^ab]', '[a-c]', '[%%d_]', '[]]', '[^]a]', '[a-]', '[%%]', '[', '(', ')', '()', '*', '+', "
    "'-', '?', '^',\n"
    "  '$', '%%b()', '%%bxy', '%%b', '%%f[%%w]', '%%f', '%%f[', '%%1', '%%2', '%%0', '%%9', '%%', '\\0', "
    "'\\255', '1', ' ', '(a)',\n"
    "  '(b*)', '(.-)', 'x', 'A', '_' }\n"
    "local letters = { 'a', 'b', 'c', 'x', 'y', '(', ')', '1', ' ', 'A', '_', '\\0', '\\255', ']', '^' }\n"
    "local replacements = { '%%0', '%%1', '<%%1%%2>', '%%%%', '%%', '%%x', '', 'r', '%%9', 7 }\n"
    "local function text(from, most) local t = {} for i = 1, random(most) - 1 do t[i] = from[random(#from)] "
    "end "
    "return table.concat(t) end\n"
    "local out = {}\n"
    "local function put(...) for i = 1, select('#', ...) do "
    "out[#out + 1] = tostring((select(i, ...))):gsub('table: .*', 'table') end out[#out + 1] = '|' end\n"
    "for _ = 1, %d do\n"
    "  local s, p, init = text(letters, 12), text(items, 6), random(17) - 9\n"
    "  put(('%%q %%q'):format(s, p), init) put(pcall(string.find, s, p, init)) put(pcall(string.find, s, p, "
    "init, true)) put(pcall(string.match, s, p, init))\n"
    "  put(pcall(string.gsub, s, p, replacements[random(#replacements)], random(5) > 1 and random(4) - 1 or "
    "nil))\n"
    "  put(pcall(string.gsub, s, p, function(...) local n = random(4) if n == 1 then return false end "
    "if n == 2 then return {} end return select('#', ...) end))\n"
    "  put(pcall(string.gsub, s, p, { a = 'A', b = true, [1] = 3 }))\n"
    "  put(pcall(function() local t = {} for a, b in s:gmatch(p, init) do t[#t + 1] = tostring(a) .. "
    "tostring(b) "
    "if #t > 50 then break end end return table.concat(t, ',') end))\n"
    "end\n"
    "return table.concat(out, ' ')";

static void patterns_match_as_in_lua(void **state) {
  (void)state;
  linnet_state *plain = open_limited(0, 0, 0), *watched = open_limited(1000, 0, 0);
  for (int seed = 1; seed <= 20; seed++) {
    char text[4000];
    assert_true(snprintf(text, sizeof text, fuzz, seed, 200) < (int)sizeof text);
    if (run(plain, text) != LINNET_OK) fail_msg("%s", linnet_message(plain));
    if (run(watched, text) != LINNET_OK) fail_msg("%s", linnet_message(watched));
    size_t n, m;
    const char *a = lua_tolstring(linnet_lua(plain), 1, &n), *b = lua_tolstring(linnet_lua(watched), 1, &m);
    size_t at = 0;
    while (at < n && at < m && a[at] == b[at]) at++;
    size_t from = at > 100 ? at - 100 : 0;
    if (n != m || at < n) fail_msg("seed %d: Lua's own\n%.200s\nhere\n%.200s", seed, a + from, b + from);
  }
  linnet_close(plain);
  linnet_close(watched);
}

static void long_tables_are_moved_as_in_lua(void **state) {
  (void)state;
  static const char text[] =
      "local out = {}\n"
      "local function put(...) out[#out + 1] = table.concat(table.pack(...), ' ') end\n"
      "local function digest(t, n) local s = 0 for i = 1, n do s = (s * 31 + (t[i] or 7)) % 1000000007 end "
      "return s end\n"
      "local t = {} for i = 1, 250000 do t[i] = i end\n"
      "table.move(t, 1, 250000, 5) put(digest(t, 250010))\n"
      "table.move(t, 5, 250004, 2) put(digest(t, 250010))\n"
      "put(digest(table.move(t, 1, 200001, 3, {}), 200010))\n"
      "local function counted() local n = 0\n"
      "  return setmetatable({1, 2, 3}, {__len = function(t) n = n + 1 return 5 end}), function() return n "
      "end end\n"
      "local l, count = counted() table.insert(l, 2, 9) put(l[1], l[2], l[3], l[4], count())\n"
      "local l, count = counted() put(table.remove(l, 2), l[1], l[2], l[3] or 0, count())\n"
      "local l, count = counted() put(tostring(table.remove(l)), count())\n"
      "local l, count = counted() put(tostring(table.remove(l, 6)), count())\n"
      "for _, at in ipairs {-1, 0, 7, 8} do local l = counted() put(pcall(table.insert, l, at, 1) and 1 or "
      "0, "
      "pcall(table.remove, l, at) and 1 or 0) end\n"
      "put(select(2, pcall(table.move, {}, 1, math.maxinteger, 2)))\n"
      "put(select(2, pcall(table.move, {}, -1, math.maxinteger, 2)))\n"
      "put((''):rep(5), ('x'):rep(3, ','), ('').rep('', 3, ','), pcall(string.rep) and 1 or 0)\n"
      "return table.concat(out, '\\n')";
  linnet_state *plain = open_limited(0, 0, 0), *watched = open_limited(1000, 0, 0);
  if (run(plain, text) != LINNET_OK) fail_msg("%s", linnet_message(plain));
  if (run(watched, text) != LINNET_OK) fail_msg("%s", linnet_message(watched));
  assert_string_equal(lua_tostring(linnet_lua(watched), 1), lua_tostring(linnet_lua(plain), 1));
  linnet_close(plain);
  linnet_close(watched);
}

/* ---- operations and memory ---- */

static void the_budget_of_operations_is_asked_before_work(void **state) {
  (void)state;
  linnet_state *S = open_limited(0, 1e9, 0);
  double before = ln_clock();
  assert_int_equal(run(S, "while true do pcall(function() matrix.ones(2000, 2000):svd() end) end"),
                   LINNET_EFLOPS);
  assert_true(ln_clock() - before < 1);
  assert_non_null(strstr(linnet_message(S), "over its budget"));
  assert_goes_on(S);
  assert_int_equal(run(S, "while true do pcall(function() local x = matrix.ones(100, 100):inv() end) end"),
                   LINNET_EFLOPS);
  assert_int_equal(linnet_limit(S, 0, 0), LINNET_OK);
  assert_int_equal(run(S, "for i = 1, 1000 do local x = matrix.ones(100, 100) * matrix.ones(100, 100) end"),
                   LINNET_OK);
  assert_int_equal(linnet_limit(S, -1, 0), LINNET_EARG);
  assert_int_equal(linnet_limit(S, 0, NAN), LINNET_EARG);
  linnet_close(S);
}

static void memory_is_bounded_over_lua_and_numerics(void **state) {
  (void)state;
  static const char *const hungry[] = {
      "local t = {} while true do t[#t + 1] = {} end",
      "local s = 'x' while true do s = s .. s end",
      "string.rep('x', 1 << 40)",
      "local t = {} while true do t[#t + 1] = matrix.zeros(300, 300) end",
      "matrix.zeros(30000, 30000)",
      "random.stream(1):orthogonal(2500)",
      "local f = function() end for i = 1, 1e9 do local g = f f = function() return g() end end",
      "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end",
      "load('return ' .. ('{'):rep(1e8))",
      "table.concat(setmetatable({}, {__len = function() return 1 << 60 end, __index = function() return "
      "'xxxx' end}))",
      "assert(load(os.time))",
  };
  linnet_state *S = open_limited(20, 0, 32 << 20);
  for (size_t i = 0; i < sizeof hungry / sizeof *hungry; i++) {
    int status = run(S, hungry[i]);
    if (status != LINNET_EMEMORY && status != LINNET_ERUN && status != LINNET_ESYNTAX)
      fail_msg("%s: status %d %s", hungry[i], status, linnet_message(S));
    assert_true(linnet_stats(S).peak <= 32 << 20);
    assert_goes_on(S);
  }
  linnet_close(S);
}

static void use_is_told(void **state) {
  (void)state;
  linnet_state *S = open_limited(0, 0, 0);
  linnet_usage before = linnet_stats(S);
  assert_int_equal(run(S, "local a = matrix.ones(500, 500) local b = a * a"), LINNET_OK);
  linnet_usage after = linnet_stats(S);
  assert_true(after.peak >= before.memory + 3900000);
  assert_true(after.flops - before.flops >= 2.5e8 && after.seconds > before.seconds);
  linnet_close(S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(time_ends_whatever_runs),
      cmocka_unit_test(a_hook_cannot_be_taken_away_without_the_debug_library),
      cmocka_unit_test(finalizers_that_never_end_do_not_keep_a_state_open),
      cmocka_unit_test(finalizers_run_as_lua_runs_them),
      cmocka_unit_test(patterns_match_as_in_lua),
      cmocka_unit_test(long_tables_are_moved_as_in_lua),
      cmocka_unit_test(the_budget_of_operations_is_asked_before_work),
      cmocka_unit_test(memory_is_bounded_over_lua_and_numerics),
      cmocka_unit_test(use_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
