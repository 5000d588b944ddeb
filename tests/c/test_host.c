#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

/* Before cmocka, whose macro `fail` has the name of a function there. */
#include "linnet.h"
#include "lua/binding.h"

#include "check.h"
#include "scarce.h"

/* ---- helpers ---- */

/* An allocator that holds the state to lua_Alloc's rules: the sizes given back are those that were asked for.
 */
typedef struct ledger {
  size_t held, blocks;
  bool lied;
} ledger;

static void *allocate_in_ledger(void *ud, void *block, size_t old_size, size_t new_size) {
  ledger *l = ud;
  size_t *header = block ? (size_t *)block - 2 : NULL; /* two words keep the alignment */
  if (header && *header != old_size) l->lied = true;
  l->held += new_size - (header ? *header : 0);
  l->blocks += (new_size != 0) - (header != NULL);
  if (!new_size) return free(header), NULL;
  header = realloc(header, new_size + 2 * sizeof *header);
  *header = new_size;
  return header + 2;
}

static linnet_state *open_plain(void) {
  linnet_state *S;
  assert_int_equal(linnet_open(NULL, &S), LINNET_OK);
  return S;
}

static int run(linnet_state *S, const char *text) { return linnet_dostring(S, text, strlen(text), "=test"); }

/* Runs and expects an integer. */
static void assert_gives(linnet_state *S, const char *text, lua_Integer expected) {
  lua_settop(linnet_lua(S), 0);
  if (run(S, text) != LINNET_OK) fail_msg("%s: %s", text, linnet_message(S));
  assert_int_equal(lua_tointeger(linnet_lua(S), 1), expected);
  lua_settop(linnet_lua(S), 0);
}

/* ---- states ---- */

static void a_state_gives_all_its_memory_back(void **state) {
  (void)state;
  ledger memory = {0};
  linnet_config config;
  linnet_config_init(&config);
  config.alloc = allocate_in_ledger;
  config.alloc_ud = &memory;
  linnet_state *S;
  assert_int_equal(linnet_open(&config, &S), LINNET_OK);
  assert_true(memory.held > 10000);
  assert_int_equal(run(S, "kept = {} for i = 1, 1000 do kept[i] = {i} end error('x')"), LINNET_ERUN);
  assert_int_equal(run(S, "matrix.kept = matrix"), LINNET_OK);
  linnet_close(S);
  assert_int_equal(memory.held, 0);
  assert_int_equal(memory.blocks, 0);
  assert_false(memory.lied);
}

static void closing_runs_the_finalizers(void **state) {
  (void)state;
  char name[] = "/tmp/linnet-test-XXXXXX", text[200];
  close(mkstemp(name));
  linnet_state *S = open_plain();
  snprintf(text, sizeof text, "x = setmetatable({}, {__gc = function() os.remove('%s') end})", name);
  assert_int_equal(run(S, text), LINNET_OK);
  assert_int_equal(access(name, F_OK), 0);
  linnet_close(S);
  assert_int_equal(access(name, F_OK), -1);
}

static void states_know_nothing_of_each_other(void **state) {
  (void)state;
  enum { COUNT = 20 };
  linnet_state *S[COUNT];
  for (int i = 0; i < COUNT; i++) S[i] = open_plain();
  for (int i = 0; i < COUNT; i++) {
    char text[40];
    snprintf(text, sizeof text, "x = %d; matrix.x = x", i);
    assert_int_equal(run(S[i], text), LINNET_OK);
  }
  for (int i = 0; i < COUNT; i++) assert_gives(S[i], "return x + matrix.x", 2 * i);
  for (int i = 0; i < COUNT; i++) linnet_close(S[i]);
}

static void *work_in_a_thread(void *result) {
  linnet_state *S;
  *(lua_Integer *)result = -1;
  if (linnet_open(NULL, &S) != LINNET_OK) return NULL;
  static const char text[] = "local s = 0\n"
                             "for i = 1, 300 do\n"
                             "  s = s + (matrix.eye(40) * matrix.full(40, 40, i)):get(7, 9)\n"
                             "end\n"
                             "return s";
  if (run(S, text) == LINNET_OK) *(lua_Integer *)result = (lua_Integer)lua_tonumber(linnet_lua(S), -1);
  linnet_close(S);
  return NULL;
}

static void each_thread_may_have_its_state(void **state) {
  (void)state;
  pthread_t threads[4];
  lua_Integer results[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, work_in_a_thread, &results[i]);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 4; i++) assert_int_equal(results[i], 300 * 301 / 2);
}

static void a_config_that_was_not_initialized_is_refused(void **state) {
  (void)state;
  linnet_config config;
  memset(&config, 0, sizeof config);
  linnet_state *S = (linnet_state *)&config;
  assert_int_equal(linnet_open(&config, &S), LINNET_EARG);
  assert_null(S);
  linnet_config_init(&config);
  config.size++;
  assert_int_equal(linnet_open(&config, &S), LINNET_EARG);
  linnet_config_init(&config);
  config.threads = 0;
  assert_int_equal(linnet_open(&config, &S), LINNET_EARG);
}

static void a_program_compiled_before_a_field_was_added_gets_its_default(void **state) {
  (void)state;
  linnet_config config;
  linnet_config_init(&config);
  config.size = offsetof(linnet_config, write);
  memset((char *)&config + config.size, 0xff, sizeof config - config.size);
  linnet_state *S;
  assert_int_equal(linnet_open(&config, &S), LINNET_OK);
  assert_gives(S, "warn('@on') return 1", 1);
  linnet_close(S);
}

static void the_state_is_found_from_any_of_its_threads(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  lua_State *L = linnet_lua(S), *other = luaL_newstate();
  assert_ptr_equal(linnet_of(L), S);
  assert_ptr_equal(linnet_of(lua_newthread(L)), S);
  assert_null(linnet_of(other));
  lua_close(other);
  linnet_close(S);
}

/* ---- calls ---- */

static void results_are_left_on_the_stack(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  lua_State *L = linnet_lua(S);
  lua_pushliteral(L, "below");
  assert_int_equal(run(S, "return 1, 'two', nil"), LINNET_OK);
  assert_int_equal(lua_gettop(L), 4);
  assert_string_equal(lua_tostring(L, 3), "two");
  lua_settop(L, 1);
  assert_int_equal(run(S, "return function(a, b) return a - b, a end"), LINNET_OK);
  lua_pushinteger(L, 7);
  lua_pushinteger(L, 4);
  assert_int_equal(linnet_call(S, 2, 1), LINNET_OK);
  assert_int_equal(lua_gettop(L), 2);
  assert_int_equal(lua_tointeger(L, 2), 3);
  linnet_close(S);
}

static int raise_divergence(lua_State *L) {
  push_error(L, LN_EDIVERGED, "diverged at step 12");
  return lua_error(L);
}

static void failures_have_a_status_a_message_and_one_value(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int status;
    const char *message; /* its beginning */
    int type;
  } cases[] = {
      {"x = = 1", LINNET_ESYNTAX, "test:1: unexpected symbol near '='", LUA_TSTRING},
      {"\x1bLua", LINNET_ESYNTAX, "attempt to load a binary chunk", LUA_TSTRING},
      {"local x = nil; return x.y", LINNET_ERUN,
       "test:1: attempt to index a nil value (local 'x')\nstack traceback:\n", LUA_TSTRING},
      {"error('plain', 0)", LINNET_ERUN, "plain\nstack traceback:\n", LUA_TSTRING},
      {"error({})", LINNET_ERUN, "(error object is a table value)", LUA_TTABLE},
      {"error()", LINNET_ERUN, "(error object is a nil value)", LUA_TNIL},
      {"error(12)", LINNET_ERUN, "12\nstack", LUA_TNUMBER},
      {"error(setmetatable({}, {__tostring = function() return 'mine' end}))", LINNET_ERUN, "mine",
       LUA_TTABLE},
      {"error(setmetatable({}, {__tostring = function() error('bad') end}))", LINNET_ERUN, "", LUA_TSTRING},
      {"local function f() return 1 + f() end f()", LINNET_ERUN, "test:1: stack overflow", LUA_TSTRING},
      {"local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x", LINNET_ERUN, "",
       LUA_TSTRING},
      {"diverge()", LINNET_EDIVERGED, "diverged at step 12\nstack traceback:\n", LUA_TTABLE},
      {"local ok, e = pcall(diverge) assert(not ok and e.code == 'EDIVERGED') error(e)", LINNET_EDIVERGED,
       "diverged at step 12", LUA_TTABLE},
  };
  linnet_state *S = open_plain();
  lua_State *L = linnet_lua(S);
  assert_string_equal(linnet_message(S), "");
  lua_register(L, "diverge", raise_divergence);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int status = run(S, cases[i].text);
    if (status != cases[i].status ||
        strncmp(linnet_message(S), cases[i].message, strlen(cases[i].message)) != 0)
      fail_msg("%s: status %d, %s", cases[i].text, status, linnet_message(S));
    assert_int_equal(lua_gettop(L), 1);
    assert_int_equal(lua_type(L, 1), cases[i].type);
    assert_gives(S, "return 1 + 1", 2);
  }
  linnet_close(S);
}

static void a_traceback_names_the_functions_of_the_script_alone(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  assert_int_equal(run(S, "function inner() error('x') end\nfunction outer() inner() end\nouter()"),
                   LINNET_ERUN);
  assert_string_equal(linnet_message(S), "test:1: x\nstack traceback:\n"
                                         "\t[C]: in function 'error'\n"
                                         "\ttest:1: in function 'inner'\n"
                                         "\ttest:2: in function 'outer'\n"
                                         "\ttest:3: in main chunk");
  linnet_close(S);
}

static void files_that_cannot_be_run_are_told_apart(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  char name[] = "/tmp/linnet-test-XXXXXX";
  FILE *file = fdopen(mkstemp(name), "w");
  assert_int_equal(linnet_dofile(S, "/tmp/no such file"), LINNET_EFILE);
  assert_non_null(strstr(linnet_message(S), "/tmp/no such file"));
  assert_int_equal(linnet_dofile(S, "/tmp"), LINNET_EFILE);
  fputs("#!/usr/bin/linnet\nlocal x = 20\nreturn x + 2", file);
  fflush(file);
  lua_settop(linnet_lua(S), 0);
  assert_int_equal(linnet_dofile(S, name), LINNET_OK);
  assert_int_equal(lua_tointeger(linnet_lua(S), 1), 22);
  fputs(" + ", file);
  fclose(file);
  assert_int_equal(linnet_dofile(S, name), LINNET_ESYNTAX);
  remove(name);
  linnet_close(S);
}

static int call_again(lua_State *L) {
  linnet_state *S = linnet_of(L);
  int status = run(S, lua_tostring(L, 1));
  if (L != linnet_lua(S)) lua_xmove(linnet_lua(S), L, 1);
  lua_pushinteger(L, status);
  return 2;
}

static void calls_may_be_nested(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  lua_register(linnet_lua(S), "again", call_again);
  assert_gives(S, "return (again 'return (again [[return 5]])')", 5);
  assert_gives(S, "local _, status = again 'error(1)' return status", LINNET_ERUN);
  assert_gives(S, "return (coroutine.wrap(function() return again 'return 6' end)())", 6);
  linnet_close(S);
}

/* ---- output ---- */

typedef struct sink {
  char text[2][200];
  size_t size[2];
} sink;

static void write_to_sink(void *ud, int stream, const char *text, size_t size) {
  sink *s = ud;
  memcpy(s->text[stream - 1] + s->size[stream - 1], text, size);
  s->size[stream - 1] += size;
}

static void print_and_warn_go_to_the_host(void **state) {
  (void)state;
  sink out = {0};
  linnet_config config;
  linnet_config_init(&config);
  config.write = write_to_sink;
  config.ud = &out;
  linnet_state *S;
  assert_int_equal(linnet_open(&config, &S), LINNET_OK);
  assert_gives(
      S,
      "print(1, nil, 'a\\0b', setmetatable({}, {__tostring = function() return 'T' end})) print()\n"
      "print(pcall(print, setmetatable({}, {__tostring = function() return {} end})))\n"
      "warn('unseen') warn('@on') warn('a', 'b') warn('') warn('@', 'on') warn('@off') warn('unseen')\n"
      "return 1",
      1);
  static const char printed[] = "1\tnil\ta\0b\tT\n\nfalse\t'__tostring' must return a string\n";
  assert_int_equal(out.size[0], sizeof printed - 1);
  assert_memory_equal(out.text[0], printed, sizeof printed - 1);
  out.text[1][out.size[1]] = 0;
  assert_string_equal(out.text[1], "Lua warning: ab\nLua warning: \nLua warning: @on\n");
  linnet_close(S);
}

/* ---- interrupts ---- */

typedef struct interrupter {
  linnet_state *S;
  atomic_int ready;
  int repeated; /* alarms interrupt again and again: one may come before the call has begun, without effect */
} interrupter;

static _Thread_local interrupter *current;

static int tell_ready(lua_State *L) {
  (void)L;
  atomic_store(&current->ready, 1);
  return 0;
}

/* Native work that takes for ever. */
static int spin(lua_State *L) {
  ln_context *cx = context_of(L);
  atomic_store(&current->ready, 1);
  for (;;) {
    ln_mark mark = ln_begin(cx);
    ln_take(cx, 10, 8);
    check(L, "spin", ln_end(cx, mark, ln_poll(cx)));
    usleep(100);
  }
}

static void *interrupt_when_ready(void *ud) {
  interrupter *i = ud;
  while (!atomic_load(&i->ready)) usleep(1000);
  usleep(3000);
  linnet_interrupt(i->S);
  return NULL;
}

#define CLOSING(body) "local c <close> = setmetatable({}, {__close = function() " body " end}) "

/* Each would run for ever. */
static const char *const endless[] = {
    "ready() while true do end",
    "local function f() ready() while true do end end while true do pcall(f) end",
    "local function f() ready() while true do end end while true do xpcall(f, function() return 1 end) end",
    "local function f() ready() while true do end end while true do xpcall(f, debug.traceback) end",
    "coroutine.wrap(function() ready() while true do end end)()",
    "while true do coroutine.resume(coroutine.create(function() ready() while true do end end)) end",
    "while true do pcall(coroutine.wrap(function() ready() while true do end end)) end",
    "local f = coroutine.wrap(function() while true do ready() coroutine.yield() end end) while true do f() "
    "end",
    "local f = coroutine.wrap(function() while true do ready() pcall(coroutine.yield) end end) while true do "
    "f() end",
    "local function deep(n) if n == 0 then ready() while true do end end\n"
    "return coroutine.wrap(function() while true do pcall(deep, n - 1) end end)() end deep(20)",
    "while true do load(function() ready() while true do end end) end",
    "while true do select(2, load(function() ready() return nil end)) end",
    "table.sort({3, 2, 1}, function() ready() while true do end end)",
    "('x'):gsub('x', function() ready() while true do end end)",
    "setmetatable({}, {__index = function() ready() while true do end end}).x = nil; (setmetatable({}, "
    "{__index ="
    "function() ready() while true do end end})).y()",
    "setmetatable({}, {__gc = function() ready() local t = os.clock() while os.clock() < t + 0.05 do end "
    "end})\n"
    "collectgarbage() while true do end",
    "while true do setmetatable({}, {__gc = function() ready() end}) end",
    CLOSING("while true do end") "ready() while true do end",
    CLOSING("while true do pcall(error) end") "ready() while true do end",
    "local co = coroutine.create(function() " CLOSING(
        "ready() while true do end") " coroutine.yield() end)\n"
                                     "coroutine.resume(co) while true do pcall(coroutine.close, co) end",
    "spin()",
    "while true do pcall(spin) end",
    "while true do xpcall(spin, debug.traceback) end",
    "coroutine.wrap(function() while true do pcall(spin) end end)()",
};

static interrupter begin_interrupts(int interruptible) {
  linnet_config config;
  interrupter i = {0};
  linnet_config_init(&config);
  config.interruptible = interruptible;
  assert_int_equal(linnet_open(&config, &i.S), LINNET_OK);
  lua_register(linnet_lua(i.S), "ready", tell_ready);
  lua_register(linnet_lua(i.S), "spin", spin);
  return i;
}

/* The call ended as it should, and the state is as usable as before. */
static void assert_interrupted(linnet_state *S, const char *text, int status) {
  lua_State *L = linnet_lua(S);
  if (status != LINNET_EINTERRUPT) fail_msg("%s: status %d, %s", text, status, linnet_message(S));
  if (!strstr(linnet_message(S), "interrupted")) fail_msg("%s: %s", text, linnet_message(S));
  assert_int_equal(lua_type(L, -1), LUA_TTABLE);
  assert_int_not_equal(lua_gethookcount(L), 1);
  assert_gives(S, "local n = 0 for i = 1, 300000 do n = n + 1 end return n", 300000);
}

static int run_and_interrupt(interrupter *i, const char *text) {
  pthread_t thread;
  atomic_store(&i->ready, 0);
  pthread_create(&thread, NULL, interrupt_when_ready, i);
  int status = run(i->S, text);
  pthread_join(thread, NULL);
  return status;
}

static void another_thread_ends_lua_code_and_native_work(void **state) {
  (void)state;
  interrupter i = begin_interrupts(1);
  current = &i;
  for (size_t k = 0; k < sizeof endless / sizeof *endless; k++)
    assert_interrupted(i.S, endless[k], run_and_interrupt(&i, endless[k]));
  linnet_close(i.S);
}

/* What every network had recorded is there, the same for all that went side by side. */
static void another_thread_ends_an_ensemble(void **state) {
  (void)state;
  static const char *const ensembles[] = {
      "hidden = 4, depth = 3", /* side by side */
      "hidden = 4, activation = 'tanh'",
  };
  for (int workers = 1; workers <= 2; workers++) {
    for (size_t k = 0; k < sizeof ensembles / sizeof *ensembles; k++) {
      linnet_config config;
      interrupter i = {0};
      char text[800];
      linnet_config_init(&config);
      config.threads = workers;
      assert_int_equal(linnet_open(&config, &i.S), LINNET_OK);
      lua_register(linnet_lua(i.S), "ready", tell_ready);
      current = &i;
      snprintf(text, sizeof text,
               "task = data.teacher { inputs = 3, outputs = 2, examples = 40, snr = 2, seed = 1 }\n"
               "ens = network.ensemble { count = 6, task = task, seed = 1, scale = 0.1, %s }\n"
               "ready()\n"
               "ens:train { task = task, rate = 1e-9, steps = 1000000000, every = 10000 }",
               ensembles[k]);
      int began = 0;
      for (int tries = 0; tries < 50 && !began;
           tries++) { /* one that comes before the first record leaves none */
        assert_int_equal(run_and_interrupt(&i, text), LINNET_EINTERRUPT);
        lua_setglobal(linnet_lua(i.S), "failure");
        assert_int_equal(run(i.S, "return failure.run and #failure.run.averaged > 0"), LINNET_OK);
        began = lua_toboolean(linnet_lua(i.S), -1);
      }
      assert_true(began);
      assert_gives(i.S,
                   "local run = failure.run\n"
                   "assert(run.count == 6 and #run.averaged > 0 and #run.diverged == 0)\n"
                   "for _, number in ipairs(run.averaged) do assert(#run[number].loss > 0) end\n"
                   "for _, net in ipairs(ens) do assert(net:loss(task) < 1e3) end\n"
                   "return #ens",
                   6);
      linnet_close(i.S);
    }
  }
}

static void another_thread_ends_native_work_without_a_hook(void **state) {
  (void)state;
  interrupter i = begin_interrupts(0);
  current = &i;
  assert_interrupted(i.S, "spin()", run_and_interrupt(&i, "spin()"));
  assert_interrupted(i.S, "while true do pcall(spin) end",
                     run_and_interrupt(&i, "while true do pcall(spin) end"));
  assert_null(lua_gethook(linnet_lua(i.S)));
  linnet_close(i.S);
}

static interrupter *alarmed;

static void interrupt_here(int number) {
  (void)number;
  if (atomic_load(&alarmed->ready)) {
    alarmed->ready = alarmed->repeated;
    linnet_interrupt_here(alarmed->S);
  }
}

static void set_alarms(int microseconds) {
  struct itimerval timer = {{0, microseconds}, {0, microseconds}};
  struct sigaction on_alarm = {.sa_handler = interrupt_here};
  sigaction(SIGALRM, &on_alarm, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void a_signal_handler_ends_lua_code_and_native_work(void **state) {
  (void)state;
  interrupter i = begin_interrupts(0);
  current = alarmed = &i;
  set_alarms(2000);
  for (size_t k = 0; k < sizeof endless / sizeof *endless; k++) {
    i.ready = 0;
    int status = run(i.S, endless[k]);
    i.ready = 0;
    assert_interrupted(i.S, endless[k], status);
    assert_null(lua_gethook(linnet_lua(i.S)));
  }
  set_alarms(0);
  linnet_close(i.S);
}

static void an_interrupt_at_any_time_ends_the_call(void **state) {
  (void)state;
  interrupter i = begin_interrupts(0);
  current = alarmed = &i;
  i.repeated = 1;
  static const char text[] =
      "local wrap, yield = coroutine.wrap, coroutine.yield\n"
      "while true do local f = wrap(function() for j = 1, 3 do pcall(yield, j) end end)\n"
      "f() f() local s = ('x'):rep(20) end";
  for (int k = 0; k < 300; k++) {
    i.ready = 1;
    set_alarms(200 + 7 * k % 1000);
    int status = run(i.S, text);
    set_alarms(0);
    lua_settop(linnet_lua(i.S), 0);
    assert_int_equal(status, LINNET_EINTERRUPT);
  }
  linnet_close(i.S);
}

static void close_metamethods_have_time_to_clean_up(void **state) {
  (void)state;
  static const char *const ends[] = {"ready() while true do end", "spin()",
                                     "coroutine.wrap(function() ready() while true do end end)()"};
  for (int interruptible = 0; interruptible < 2; interruptible++) {
    interrupter i = begin_interrupts(interruptible);
    current = alarmed = &i;
    for (int k = 0; k < 3; k++) {
      char text[300];
      snprintf(text, sizeof text, "cleaned = 0 %s %s %s",
               CLOSING("for i = 1, 5000 do i = i end cleaned = cleaned + 1"),
               CLOSING("cleaned = cleaned + 10"), ends[k]);
      i.ready = 0;
      if (!interruptible) set_alarms(2000);
      int status = interruptible ? run_and_interrupt(&i, text) : run(i.S, text);
      set_alarms(0);
      assert_interrupted(i.S, text, status);
      assert_gives(i.S, "return cleaned", 11);
    }
    linnet_close(i.S);
  }
}

static void an_interrupt_does_nothing_when_nothing_runs(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  linnet_interrupt(S);
  linnet_interrupt_here(S);
  assert_gives(S, "local n = 0 for i = 1, 100000 do n = n + 1 end return n", 100000);
  linnet_interrupt(S);
  lua_getglobal(linnet_lua(S), "print");
  assert_null(lua_gethook(linnet_lua(S)));
  linnet_close(S);
}

static void a_coroutine_that_was_left_by_an_interrupt_goes_on_later(void **state) {
  (void)state;
  interrupter i = begin_interrupts(0);
  current = alarmed = &i;
  assert_gives(i.S, "co = coroutine.wrap(function() while true do coroutine.yield(4) end end) return co()",
               4);
  set_alarms(2000);
  i.ready = 0;
  int status = run(i.S, "while true do co() ready() end");
  set_alarms(0);
  assert_interrupted(i.S, "co()", status);
  lua_settop(linnet_lua(i.S), 0);
  if (run(i.S, "return co()") == LINNET_OK)
    assert_int_equal(lua_tointeger(linnet_lua(i.S), 1), 4);
  else /* it was running when the interrupt came */
    assert_non_null(strstr(linnet_message(i.S), "cannot resume dead coroutine"));
  linnet_close(i.S);
}

static void a_nested_call_is_ended_with_the_one_around_it(void **state) {
  (void)state;
  interrupter i = begin_interrupts(1);
  current = &i;
  lua_register(linnet_lua(i.S), "again", call_again);
  static const char text[] = "while true do again 'ready() while true do end' end";
  assert_interrupted(i.S, text, run_and_interrupt(&i, text));
  linnet_close(i.S);
}

/* ---- memory ---- */

static void a_limit_of_memory_is_an_ordinary_failure(void **state) {
  (void)state;
  ledger memory = {0};
  linnet_config config;
  linnet_config_init(&config);
  config.alloc = allocate_in_ledger;
  config.alloc_ud = &memory;
  config.max_memory = 8 << 20;
  linnet_state *S;
  assert_int_equal(linnet_open(&config, &S), LINNET_OK);
  for (int k = 0; k < 20; k++) {
    lua_settop(linnet_lua(S), 0);
    assert_int_equal(run(S, "local t = {} for i = 1, 1e9 do t[i] = {i} end"), LINNET_EMEMORY);
    assert_string_equal(linnet_message(S), "not enough memory");
    assert_gives(S, "local ok, e = pcall(string.rep, 'x', 9 << 20) return ok and 0 or #e", 17);
    lua_settop(linnet_lua(S), 0);
    assert_int_equal(run(S, "local A = matrix.ones(700, 700) A:svd()"), LINNET_EMEMORY);
    assert_true(memory.held <= config.max_memory + 1024);
  }
  linnet_close(S);
  assert_int_equal(memory.held, 0);
}

static const char busy[] =
    "local t = {} for i = 1, 20 do t[i] = ('x'):rep(i) .. i end\n"
    "local f = coroutine.wrap(function(...) for i = 1, 3 do coroutine.yield({...}) end end)\n"
    "f(1, 2) f() local ok, e = pcall(error, {t}) xpcall(error, debug.traceback, 'x')\n"
    "print(table.concat(t), f) kept = load('return {...}')(e) error('done')";

static void every_allocation_may_fail(void **state) {
  (void)state;
  sink out;
  linnet_config config;
  linnet_config_init(&config);
  int left;
  config.alloc = allocate_scarce;
  config.alloc_ud = &left;
  config.write = write_to_sink;
  config.ud = &out;
  linnet_state *S = NULL;
  int needed = 0; /* blocks that opening takes */
  for (bool opened = false; !opened; needed += 1 + needed / 40) {
    left = needed;
    opened = linnet_open(&config, &S) == LINNET_OK;
    if (!opened) assert_null(S);
    linnet_close(S);
  }
  int failed = 0, passed = 0;
  for (int granted = 0; passed < 3; granted++) {
    left = INT32_MAX;
    memset(&out, 0, sizeof out);
    assert_int_equal(linnet_open(&config, &S), LINNET_OK);
    left = granted;
    int status = run(S, busy);
    bool whole = status == LINNET_ERUN && strstr(linnet_message(S), "done");
    if (!whole && status != LINNET_EMEMORY)
      fail_msg("%d blocks: status %d, %s", granted, status, linnet_message(S));
    whole ? passed++ : failed++;
    left = INT32_MAX;
    assert_gives(S, "return 1 + 1", 2);
    linnet_close(S);
  }
  assert_true(failed > 50);
}

/* ---- matrices ---- */

static int sum_of(lua_State *L) {
  linnet_matrix A;
  double sum = 0;
  linnet_checkmatrix(L, 1, &A);
  for (ptrdiff_t j = 0; j < A.cols; j++)
    for (ptrdiff_t i = 0; i < A.rows; i++) sum += A.data[i + j * A.ld];
  lua_pushnumber(L, sum);
  return 1;
}

static int new_matrix(lua_State *L) {
  double *data = linnet_newmatrix(L, (ptrdiff_t)luaL_checkinteger(L, 1), (ptrdiff_t)luaL_checkinteger(L, 2));
  data[0] = 3;
  return 1;
}

static void a_window_shares_the_numbers_of_a_matrix(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  lua_State *L = linnet_lua(S);
  double *data = linnet_newmatrix(L, 3, 2);
  assert_int_equal((uintptr_t)data % 64, 0);
  for (int i = 0; i < 6; i++) data[i] = i;
  linnet_matrix A = {NULL, 0, 0, 0};
  assert_true(linnet_tomatrix(L, -1, &A));
  assert_ptr_equal(A.data, data);
  assert_int_equal(A.rows, 3);
  assert_int_equal(A.cols, 2);
  assert_int_equal(A.ld, 3);
  lua_setglobal(L, "A");
  lua_register(L, "sum_of", sum_of);
  assert_gives(S, "collectgarbage() return math.tointeger(sum_of(A))", 15);
  assert_gives(S, "A:set(2, 1, 11) return math.tointeger(sum_of(A))", 25);
  assert_close(data[1], 11, 0);
  assert_gives(S, "return math.tointeger(sum_of(A:row(2)))", 15);
  lua_pushinteger(L, 1);
  linnet_matrix B = A;
  assert_false(linnet_tomatrix(L, -1, &B));
  assert_memory_equal(&A, &B, sizeof A);
  linnet_close(S);
}

static void what_is_no_matrix_is_refused_with_what_it_is(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  lua_State *L = linnet_lua(S);
  lua_register(L, "sum_of", sum_of);
  lua_register(L, "new_matrix", new_matrix);
  static const char *const cases[][2] = {
      {"sum_of(1)", "bad argument #1 to 'sum_of' (matrix expected, got number)"},
      {"sum_of()", "bad argument #1 to 'sum_of' (matrix expected, got no value)"},
      {"new_matrix(-1, 2)", "-1"},
      {"new_matrix(1 << 40, 2)", "1099511627776"},
      {"new_matrix(2147483647, 2147483647)", "2147483647"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int status = run(S, cases[i][0]);
    if (status == LINNET_OK || !strstr(linnet_message(S), cases[i][1]))
      fail_msg("%s: status %d, %s", cases[i][0], status, linnet_message(S));
  }
  linnet_close(S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_state_gives_all_its_memory_back),
      cmocka_unit_test(closing_runs_the_finalizers),
      cmocka_unit_test(states_know_nothing_of_each_other),
      cmocka_unit_test(each_thread_may_have_its_state),
      cmocka_unit_test(a_config_that_was_not_initialized_is_refused),
      cmocka_unit_test(a_program_compiled_before_a_field_was_added_gets_its_default),
      cmocka_unit_test(the_state_is_found_from_any_of_its_threads),
      cmocka_unit_test(results_are_left_on_the_stack),
      cmocka_unit_test(failures_have_a_status_a_message_and_one_value),
      cmocka_unit_test(a_traceback_names_the_functions_of_the_script_alone),
      cmocka_unit_test(files_that_cannot_be_run_are_told_apart),
      cmocka_unit_test(calls_may_be_nested),
      cmocka_unit_test(print_and_warn_go_to_the_host),
      cmocka_unit_test(another_thread_ends_lua_code_and_native_work),
      cmocka_unit_test(another_thread_ends_an_ensemble),
      cmocka_unit_test(another_thread_ends_native_work_without_a_hook),
      cmocka_unit_test(a_signal_handler_ends_lua_code_and_native_work),
      cmocka_unit_test(an_interrupt_at_any_time_ends_the_call),
      cmocka_unit_test(close_metamethods_have_time_to_clean_up),
      cmocka_unit_test(an_interrupt_does_nothing_when_nothing_runs),
      cmocka_unit_test(a_coroutine_that_was_left_by_an_interrupt_goes_on_later),
      cmocka_unit_test(a_nested_call_is_ended_with_the_one_around_it),
      cmocka_unit_test(a_limit_of_memory_is_an_ordinary_failure),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(a_window_shares_the_numbers_of_a_matrix),
      cmocka_unit_test(what_is_no_matrix_is_refused_with_what_it_is),
  };
#ifdef __SANITIZE_THREAD__ /* which hands signals on at calls of the C library only: running Lua code never sees one */
  cmocka_set_skip_filter("a_signal_handler_*");
#endif
  return cmocka_run_group_tests(tests, NULL, NULL);
}
