/* Attempts to get out of a state without capabilities. Each piece of Lua returns something true if it got what it must
 * not have, or leaves a trace outside; most end with an error. */
#include <lauxlib.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Before cmocka, whose macro `fail` has the name of a function there. */
#include "linnet.h"

#include "check.h"

/* SECRET is a file with the word "treasure" in it, TARGET a file that must not come to be, CHUNK one of bytecode. */
static const char *const attempts[] = {
    /* files, by Lua */
    "return io.open('SECRET')",
    "return io.open('SECRET', 'r+')",
    "return io.open('TARGET', 'w')",
    "return io.open('TARGET', 'a')",
    "return io.open('TARGET', 'w+b')",
    "return io.open('SECRET', 'rb'):read('a')",
    "for line in io.lines('SECRET') do return line end",
    "return io.lines('SECRET')",
    "io.input('SECRET') return io.read('a')",
    "return io.input()",
    "return io.read('a')",
    "return io.read(0)",
    "for line in io.lines() do return line end",
    "io.output('TARGET') io.write('x') return true",
    "return io.output()",
    "return io.stdin",
    "return io.stdout",
    "return io.stderr",
    "return io.close()",
    "return io.tmpfile()",
    "return (io.popen('echo treasure'))",
    "return loadfile('SECRET')",
    "return loadfile('CHUNK')",
    "return dofile('CHUNK')",
    "local ok, why = pcall(dofile, 'SECRET') return tostring(why):find('treasure')",
    "local _, why = loadfile('SECRET') return tostring(why):find('treasure')",
    "local _, why = pcall(require, 'SECRET') return tostring(why):find('treasure')",
    "package.path = 'SECRET' local ok, why = pcall(require, 'x') return ok or tostring(why):find('treasure')",
    "package.path = '/?/passwd' local ok, why = pcall(require, 'etc') return ok or "
    "tostring(why):find('root')",
    "package.cpath = 'SECRET' local ok, why = pcall(require, 'x') return ok or "
    "tostring(why):find('cannot|invalid')",
    "return package.searchpath('x', 'SECRET')",
    "return package.loadlib('libc.so.6', '*')",
    "return package.loadlib('liblua5.4.so', 'luaopen_os')",
    "for _, s in ipairs(package.searchers) do local ok, f = pcall(s, 'x', 'SECRET') "
    "if type(f) == 'function' then return true end end",
    "package.path = 'CHUNK' for i, s in ipairs(package.searchers) do local ok, f = pcall(s, 'x') "
    "if type(f) == 'function' then return true end end",
    "package.searchers[2] = nil package.path = 'CHUNK' return require 'x'",
    "local io = require 'io' return io.open('SECRET')",
    "return package.loaded.io.open('SECRET')",
    "return require 'lfs'",
    "return require 'posix'",
    /* files, by linnet's modules */
    "return matrix.load('SECRET')",
    "return matrix.load('SECRET.csv')",
    "local _, why = pcall(matrix.load, 'SECRET') return why:find('treasure')",
    "matrix.ones(2):save('TARGET') return true",
    "matrix.ones(2):save('TARGET.npy') return true",
    "matrix.ones(2):save('TARGET.csv') return true",
    "matrix.save('TARGET.npz', { A = matrix.ones(2) }) return true",
    "return data.csv('SECRET', { outputs = 1 })",
    "local _, why = pcall(data.csv, 'SECRET', { outputs = 1 }) return tostring(why):find('treasure')",
    "return data.npz('SECRET')",
    "return data.idx('SECRET')",
    "return data.idx('SECRET', 'SECRET')",
    "return network.load('SECRET')",
    "return network.load_run('SECRET')",
    "local t = data.semantic() network.new { task = t, hidden = 2 }:save('TARGET.npz') return true",
    "local t = data.semantic() network.new { task = t, hidden = 2 }:train { task = t, rate = .1, steps = 2 "
    "}:save('TARGET') "
    "return true",
    "plot.new {}:lines({1, 2}, {1, 2}):save('TARGET.svg') return true",
    "plot.new {}:lines({1, 2}, {1, 2}):save('TARGET.png') return true",
    "plot.new {}:lines({1, 2}, {1, 2}):save('TARGET.txt') return true",
    "plot.new {}:lines({1, 2}, {1, 2}):show() return true",
    "plot.new { title = \"'; system 'touch TARGET'; '\" }:lines({1, 2}, {1, 2}):save('x.svg') return true",
    "require('linnet.file').write('TARGET', 'x', 'me') return true",
    "return require('linnet.file').load('SECRET', 'me')",
    "require('linnet.file').save('TARGET', { A = matrix.ones(2) }, 'me') return true",
    "return require('linnet.process').run { 'touch', 'TARGET' }",
    "return require('linnet.process').run { '/bin/sh', '-c', 'echo x > TARGET' }",
    /* the process and its surroundings */
    "os.execute('touch TARGET') return true",
    "return os.execute()",
    "os.exit(0)",
    "os.exit(true, true)",
    "return os.getenv('LINNET_TEST_WORD')",
    "return os.getenv('HOME')",
    "os.remove('SECRET') return true",
    "os.rename('SECRET', 'TARGET') return true",
    "return os.tmpname()",
    "return os.setlocale('C')",
    "return os.setlocale()",
    /* bytecode */
    "return load(string.dump(function() return true end))()",
    "return load(string.dump(function() return true end), 'x', 'b')()",
    "return load(string.dump(function() return true end), 'x', 'bt')()",
    "return load('\\27Lua', 'x', 'b')",
    "local s, done = string.dump(function() return true end) "
    "return load(function() if not done then done = true return s end end)()",
    "return load(string.dump(function() return true end), nil, nil, {})()",
    "local mode = setmetatable({}, { __tostring = function() return 'b' end }) "
    "return load(string.dump(function() return true end), 'x', mode)()",
    /* the debug library */
    "return debug.getregistry()",
    "return debug.getupvalue(io.open, 1)",
    "return debug.getmetatable('')",
    "return debug.setmetatable('', {})",
    "return debug.getinfo(1)",
    "return debug.getlocal(1, 1) or true",
    "debug.sethook(function() end, 'l') return true",
    "return debug.setupvalue(print, 1, 1) or true",
    "return debug.upvalueid(pcall, 1)",
    "return debug.getuservalue(matrix.ones(2), 1) or true",
    "return debug.gethook() or true",
    "return require('debug').getregistry()",
    "return package.loaded.debug.getregistry()",
    "debug.debug() return true",
    /* metatables that all share */
    "return type(getmetatable('')) == 'table'",
    "getmetatable('').__index = function() return 'gone' end return true",
    "getmetatable('').__add = function() end return true",
    "local mt = getmetatable(matrix.ones(2)) mt.__index = nil return true",
    "local t = data.semantic() getmetatable(t).__index = nil return true",
    "local t = data.semantic() getmetatable(network.new { task = t, hidden = 2 }).__index = nil return true",
    "getmetatable(random.stream(1)).__index = nil return true",
    "setmetatable(_G, { __index = function(_, k) return package.loaded[k] end }) return io.open('SECRET')",
    "return rawget(io, 'open')('SECRET')",
    "local env = setmetatable({}, { __index = _G }) return load('return io.open(...)', 'x', 't', "
    "env)('SECRET')",
    /* roundabout */
    "return select(2, pcall(io.open, 'SECRET')) and pcall(io.open, 'SECRET')",
    "return coroutine.wrap(io.open)('SECRET')",
    "return coroutine.wrap(function() return io.open('SECRET') end)()",
    "return select(2, coroutine.resume(coroutine.create(io.lines), 'SECRET')):find('treasure')",
    "local r setmetatable({}, { __gc = function() r = io.open('SECRET') end }) collectgarbage() return r",
    "local r do local x <close> = setmetatable({}, { __close = function() r = io.open('SECRET') end }) end "
    "return r",
    "return (string.gsub('SECRET', '.*', io.open))",
    "return table.sort({ 'SECRET', 'SECRET' }, io.open)",
    "return load(io.lines('SECRET', 'L'))",
    "return xpcall(error, function() return io.open('SECRET') end) or nil",
    "return matrix.ones(1):map(function() return io.open('SECRET') end)",
    "return setmetatable({}, { __index = io.open })['SECRET']",
    "return setmetatable({}, { __call = function(_, p) return io.open(p) end })('SECRET')",
    "return tostring(setmetatable({}, { __tostring = function() return io.open('SECRET'):read('a') end }))",
    "warn('@on') return io.open('SECRET')",
    "return string.format('%s', io.open('SECRET'))",
    "return require('linnet').file",
    "return require('linnet').process",
    /* what exhausts: limits hold, see test_limits.c for the rest */
    "local s = 'x' while true do s = s .. s end",
    "while true do pcall(string.rep, 'x', 1 << 28) end",
    "local function deep() return deep() + 1 end return deep()",
    "local function deep() return pcall(deep) end while true do deep() end",
    "return string.rep('(', 100000) == load(string.rep('(', 100000))",
    "return ('x'):rep(1e7):find(('.-'):rep(30) .. 'y')",
    "local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x",
    "local co co = coroutine.wrap(function() return co() end) return co()",
    "return matrix.zeros(1e9, 1e9)",
    "return matrix.eye(20000)",
    "return random.stream(1):normal(1e9, 1)",
    "return data.spectrum { s = { 1 }, inputs = 1 << 40, outputs = 1 }",
    "local t = data.semantic() return network.new { task = t, hidden = 1 << 40 }",
    "while true do coroutine.wrap(function() local x <close> = setmetatable({}, { __close = error }) error() "
    "end)() end",
    "local t = {} for i = 1, 1e9 do t[i] = io.open end",
    "return setmetatable({}, { __gc = function() os.exit() end }) and nil",
};

static char secret[] = "/tmp/linnet-secret-XXXXXX", chunk[] = "/tmp/linnet-chunk-XXXXXX", target[100];

static int write_bytes(lua_State *L, const void *bytes, size_t size, void *file) {
  (void)L;
  return fwrite(bytes, 1, size, file) != size;
}

static int prepare(void **state) {
  (void)state;
  FILE *file = fdopen(mkstemp(secret), "w");
  fputs("treasure\n", file);
  fclose(file);
  snprintf(target, sizeof target, "%s-target", secret);
  setenv("LINNET_TEST_WORD", "treasure", 1);
  file = fdopen(mkstemp(chunk), "w");
  lua_State *L = luaL_newstate();
  assert_int_equal(luaL_loadstring(L, "return true"), LUA_OK);
  assert_int_equal(lua_dump(L, write_bytes, file, 0), 0);
  lua_close(L);
  return fclose(file);
}

static int clean_up(void **state) {
  (void)state;
  return remove(secret) | remove(chunk);
}

/* The attempt with its paths filled in. */
static const char *fill_in(const char *attempt) {
  static char text[2000];
  static const struct {
    const char *word, *path;
  } words[] = {{"SECRET", secret}, {"TARGET", target}, {"CHUNK", chunk}};
  size_t at = 0;
  while (*attempt) {
    const char *path = NULL;
    for (size_t i = 0; i < 3 && !path; i++)
      if (!strncmp(attempt, words[i].word, strlen(words[i].word))) {
        path = words[i].path;
        attempt += strlen(words[i].word);
      }
    if (path)
      at += (size_t)snprintf(text + at, sizeof text - at, "%s", path);
    else
      text[at++] = *attempt++;
  }
  text[at] = 0;
  return text;
}

static void swallow(void *ud, int stream, const char *text, size_t size) {
  (void)ud, (void)stream, (void)text, (void)size;
}

static linnet_state *open_closed(unsigned caps) {
  linnet_config config;
  linnet_config_init(&config);
  config.caps = caps;
  config.max_memory = 64 << 20;
  config.max_seconds = 0.2;
  config.write = swallow;
  linnet_state *S;
  assert_int_equal(linnet_open(&config, &S), LINNET_OK);
  return S;
}

static int run(linnet_state *S, const char *text) {
  lua_settop(linnet_lua(S), 0);
  return linnet_dostring(S, text, strlen(text), "=test");
}

static void assert_untouched(const char *attempt, linnet_state *S) {
  struct stat info;
  char suffixed[120];
  static const char *const suffixes[] = {"", ".npy", ".npz", ".csv", ".svg", ".png", ".txt"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    snprintf(suffixed, sizeof suffixed, "%s%s", target, suffixes[i]);
    if (access(suffixed, F_OK) == 0) fail_msg("%s: wrote a file", attempt);
  }
  if (stat(secret, &info) != 0 || info.st_size != 9) fail_msg("%s: changed a file", attempt);
  static const char next[] =
      "assert(('x'):upper() == 'X') local A = matrix.ones(2, 2) assert((A * A):sum() == 8) "
      "assert(data.semantic().inputs == 8) random.stream(1):normal(2, 2) return true";
  if (run(S, next) != LINNET_OK) fail_msg("%s: and then: %s", attempt, linnet_message(S));
}

static void nothing_gets_out_of_a_state_without_capabilities(void **state) {
  (void)state;
  size_t count = sizeof attempts / sizeof *attempts;
  assert_true(count >= 100);
  for (size_t i = 0; i < count; i++) {
    linnet_state *S = open_closed(LINNET_NONE);
    const char *text = fill_in(attempts[i]);
    int status = run(S, text);
    if (status == LINNET_OK && lua_toboolean(linnet_lua(S), 1)) fail_msg("got out: %s", text);
    assert_untouched(text, S);
    linnet_close(S);
  }
}

static void what_is_taken_away_later_is_gone_for_kept_functions_too(void **state) {
  (void)state;
  linnet_state *S = open_closed(LINNET_ALL);
  assert_int_equal(run(S, "open, run, load_table, library = io.open, os.execute, data.csv, debug"),
                   LINNET_OK);
  assert_int_equal(run(S, fill_in("return open('SECRET'):read('a') == 'treasure\\n'")), LINNET_OK);
  assert_true(lua_toboolean(linnet_lua(S), 1));
  assert_int_equal(linnet_restrict(S, LINNET_ALL & ~(unsigned)LINNET_READ), LINNET_ALL & ~LINNET_READ);
  assert_int_equal(linnet_restrict(S, LINNET_READ | LINNET_WRITE), LINNET_WRITE);
  static const char *const refused[] = {"open('SECRET')", "run('true')",
                                        "load_table('SECRET', {outputs = 1})", "library.getinfo(1)"};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(run(S, fill_in(refused[i])), LINNET_EDENIED);
    assert_non_null(strstr(linnet_message(S), "not permitted here"));
  }
  assert_int_equal(
      run(S, fill_in("local f = assert(open('TARGET', 'w')) f:write('x') f:close() os.remove('TARGET')")),
      LINNET_OK);
  linnet_close(S);
}

static void each_capability_gives_what_it_names_and_nothing_else(void **state) {
  (void)state;
  static const struct {
    unsigned caps;
    const char *text;
  } works[] = {
      {LINNET_READ,
       "assert(io.open('SECRET'):read('a') == 'treasure\\n') assert(not pcall(io.open, 'TARGET', 'w')) "
       "assert(not pcall(io.open, 'SECRET', 'r+')) assert(loadfile('SECRET') == nil)"},
      {LINNET_WRITE, "assert(io.open('TARGET', 'w')):close() assert(not pcall(io.open, 'SECRET')) "
                     "matrix.ones(2):save('TARGET.npy') os.remove('TARGET.npy') os.remove('TARGET')"},
      {LINNET_PROCESS, "assert(os.execute('true')) assert(io.popen('echo x'):read('a') == 'x\\n') "
                       "assert(require('linnet.process').run({ 'true' }).status == 0)"},
      {LINNET_ENVIRONMENT, "assert(os.getenv('LINNET_TEST_WORD') == 'treasure')"},
      {LINNET_DEBUG, "assert(debug.getinfo(1)) getmetatable('').__len = nil"},
      {LINNET_NATIVE, "assert(load(string.dump(function() return 1 end)))"},
      {LINNET_NONE,
       "assert(debug.traceback('x')) assert(os.time() and os.clock() and os.date()) io.write('a', 1)"},
      {LINNET_REQUIRE, "package.path = 'SECRET' assert(not pcall(require, 'x'))"},
  };
  for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
    linnet_state *S = open_closed(works[i].caps);
    if (run(S, fill_in(works[i].text)) != LINNET_OK) fail_msg("%s: %s", works[i].text, linnet_message(S));
    linnet_close(S);
  }
}

static int find_module(void *ud, const char *module, const char **text, size_t *size) {
  if (strcmp(module, "host.words") != 0) return 0;
  *text = ud;
  *size = strlen(ud);
  return 1;
}

static void the_host_gives_modules_without_files(void **state) {
  (void)state;
  linnet_config config;
  linnet_config_init(&config);
  config.caps = LINNET_NONE;
  config.find = find_module;
  config.ud = (void *)"return { name = ... }";
  linnet_state *S;
  assert_int_equal(linnet_open(&config, &S), LINNET_OK);
  if (run(S, "assert(require('host.words').name == 'host.words') return pcall(require, 'other')") !=
      LINNET_OK)
    fail_msg("%s", linnet_message(S));
  assert_false(lua_toboolean(linnet_lua(S), 1));
  assert_non_null(strstr(lua_tostring(linnet_lua(S), 2), "modules from files: not permitted here"));
  linnet_close(S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_gets_out_of_a_state_without_capabilities),
      cmocka_unit_test(what_is_taken_away_later_is_gone_for_kept_functions_too),
      cmocka_unit_test(each_capability_gives_what_it_names_and_nothing_else),
      cmocka_unit_test(the_host_gives_modules_without_files),
  };
  return cmocka_run_group_tests(tests, prepare, clean_up);
}
