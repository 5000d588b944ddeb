/* What extends linnet from C: bad entries are refused where they are added, failures of theirs are errors, and work is ended by
 * interrupts and budgets. */
#include <lauxlib.h>
#include <math.h>

/* Before cmocka, whose macro `fail` has the name of a function there. */
#include "linnet.h"

#include "check.h"

static linnet_state *open_plain(void) {
  linnet_state *S;
  assert_int_equal(linnet_open(NULL, &S), LINNET_OK);
  return S;
}

static int run(linnet_state *S, const char *text) {
  lua_settop(linnet_lua(S), 0);
  return linnet_dostring(S, text, strlen(text), "=test");
}

static void assert_says(linnet_state *S, int status, const char *expected) {
  assert_int_not_equal(status, LINNET_OK);
  if (!strstr(linnet_message(S), expected)) fail_msg("expected '%s', got '%s'", expected, linnet_message(S));
}

/* Calls a C function in S. */
static int call(linnet_state *S, lua_CFunction f) {
  lua_settop(linnet_lua(S), 0);
  lua_pushcfunction(linnet_lua(S), f);
  return linnet_call(S, 0, LUA_MULTRET);
}

static void twice(void *ud, const double *x, double *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = *(double *)ud * x[i];
}
static void slope(void *ud, const double *x, double *d, size_t n) {
  (void)x;
  for (size_t i = 0; i < n; i++) d[i] = *(double *)ud;
}
static void wrong_slope(void *ud, const double *x, double *d, size_t n) {
  (void)ud, (void)x;
  for (size_t i = 0; i < n; i++) d[i] = 7;
}
static double factor = 2;

static int add_twice(lua_State *L) {
  linnet_addactivation(L, &(linnet_activation){"twice", "2 x", twice, slope, &factor});
  return 0;
}
static int add_wrong(lua_State *L) {
  linnet_addactivation(L, &(linnet_activation){"wrong", "", twice, wrong_slope, &factor});
  return 0;
}
static int add_built_in(lua_State *L) {
  linnet_addactivation(L, &(linnet_activation){"relu", "", twice, slope, &factor});
  return 0;
}

static int fill_fails(void *ud, size_t depth, const size_t *sizes, linnet_matrix *W, double (*normal)(void *),
                      double (*uniform)(void *), void *stream) {
  (void)ud, (void)depth, (void)sizes, (void)W, (void)normal, (void)uniform, (void)stream;
  return LINNET_EARG;
}
static void shape_one(void *ud, const linnet_net *net, const linnet_task *task, size_t *rows, size_t *cols) {
  (void)ud, (void)net, (void)task;
  *rows = *cols = 1;
}
static int eval_depth(void *ud, const linnet_net *net, const linnet_task *task, double *value) {
  (void)ud;
  *value = (double)net->depth + (double)task->inputs / 10;
  return LINNET_OK;
}
static int eval_fails(void *ud, const linnet_net *net, const linnet_task *task, double *value) {
  (void)ud, (void)net, (void)task, (void)value;
  return LINNET_ENUMERIC;
}
static double never(void *ud, const linnet_net *net, const linnet_task *task, const char **why) {
  (void)ud, (void)net, (void)task;
  *why = "nothing is like this";
  return INFINITY;
}
static int no_weights(void *ud, const linnet_net *net, const linnet_task *task, double t, linnet_matrix *W) {
  (void)ud, (void)net, (void)task, (void)t, (void)W;
  return LINNET_EFILE;
}

static int add_others(lua_State *L) {
  linnet_addinit(L, &(linnet_init){"failing", "", fill_fails, NULL});
  linnet_addobservable(L, &(linnet_observable){"deep", "", shape_one, eval_depth, NULL});
  linnet_addobservable(L, &(linnet_observable){"failing", "", shape_one, eval_fails, NULL});
  linnet_addsolution(L, &(linnet_solution){"impossible", "nowhere", 1, never, no_weights, NULL});
  return 0;
}

static void entries_are_checked_where_they_are_added(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  assert_int_equal(call(S, add_twice), LINNET_OK);
  assert_says(S, call(S, add_wrong), "df is not the derivative of f");
  assert_says(S, call(S, add_built_in), "a built-in activation can't be replaced");
  assert_int_equal(
      run(S,
          "local net = network.new { sizes = {2, 3, 1}, activation = 'twice', seed = 1 } "
          "assert(net:forward(matrix.ones(2, 1)).rows == 1) assert(network.activations.twice.doc == '2 x')"),
      LINNET_OK);
  linnet_close(S);
}

static void failures_of_entries_are_errors(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  if (call(S, add_others) != LINNET_OK) fail_msg("%s", linnet_message(S));
  static const char set_up[] =
      "task = data.semantic() net = network.new { task = task, hidden = 3, seed = 1 }";
  assert_int_equal(run(S, set_up), LINNET_OK);
  assert_says(S, run(S, "network.new { task = task, hidden = 3, init = 'failing' }"),
              "start 'failing': an argument");
  assert_int_equal(run(S, "assert(net:observe(task, { 'deep' }).deep == 2.8)"), LINNET_OK);
  assert_says(S, run(S, "net:observe(task, { 'failing' })"),
              "observable 'failing': a numerical method failed");
  assert_says(S, run(S, "theory.predict { net = net, task = task, times = {1}, solution = 'impossible' }"),
              "nothing is like this");
  assert_says(
      S,
      run(S, "theory.predict { net = net, task = task, times = {1}, solution = 'impossible', force = true }"),
      "solution 'impossible'");
  assert_int_equal(
      run(S, "assert(net:train { task = task, rate = .1, steps = 5, record = { 'deep' } }.deep[1] == 2.8)"),
      LINNET_OK);
  linnet_close(S);
}

static int use_scratch(lua_State *L) {
  luaL_checkstack(L, 4, NULL);
  for (size_t bytes = 0; bytes < 5000; bytes = bytes * 2 + 1) {
    char *work = linnet_scratch(L, bytes);
    assert_int_equal((uintptr_t)work % 64, 0);
    memset(work, 1, bytes);
    lua_pop(L, 1);
  }
  linnet_scratch(L, SIZE_MAX);
  return 0;
}

static int spend(lua_State *L) {
  int status = linnet_charge(linnet_of(L), 1e6);
  return status == LINNET_OK ? 0 : linnet_raise(L, status, "spend: %s", "no more");
}

static int wait(lua_State *L) {
  int status;
  while ((status = linnet_poll(linnet_of(L))) == LINNET_OK) {
  }
  return linnet_raise(L, status, "wait: ended");
}

static int check_version(lua_State *L) { return linnet_checkversion_(L, LINNET_VERSION_NUM + 100), 0; }

static void functions_of_modules_can_be_ended(void **state) {
  (void)state;
  linnet_state *S = open_plain();
  assert_says(S, call(S, use_scratch), "not enough memory");
  lua_register(linnet_lua(S), "spend", spend);
  assert_int_equal(linnet_limit(S, 0, 2.5e6), LINNET_OK);
  assert_int_equal(run(S, "spend() spend()"), LINNET_OK);
  assert_int_equal(run(S, "while true do pcall(spend) end"), LINNET_EFLOPS);
  assert_int_equal(linnet_limit(S, 0.02, 0), LINNET_OK);
  assert_int_equal(call(S, wait), LINNET_ETIME);
  assert_says(S, call(S, check_version), "this module was compiled for linnet 0.2");
  lua_State *L = luaL_newstate();
  lua_pushcfunction(L, check_version);
  assert_int_not_equal(lua_pcall(L, 0, 0, 0), LUA_OK);
  lua_close(L);
  linnet_close(S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(entries_are_checked_where_they_are_added),
      cmocka_unit_test(failures_of_entries_are_errors),
      cmocka_unit_test(functions_of_modules_can_be_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
