/* linnet in a Lua state that somebody else made, and matrices that live in the host's memory. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>

/* Before cmocka, whose macro `fail` has the name of a function there. */
#include "linnet.h"

#include "check.h"

static void run(lua_State *L, const char *text) {
  if (luaL_dostring(L, text)) fail_msg("%s: %s", text, lua_tostring(L, -1));
}

static lua_State *stock(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  return L;
}

static void require_gives_one_table_and_no_globals(void **state) {
  (void)state;
  lua_State *L = stock();
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_linnet);
  lua_setfield(L, -2, "linnet");
  lua_pop(L, 1);
  run(L, "local before = {} for k in pairs(_G) do before[k] = true end\n"
         "local linnet = require 'linnet'\n"
         "for k in pairs(_G) do assert(before[k], k) end\n"
         "local task = linnet.data.semantic()\n"
         "local net = linnet.network.new { task = task, hidden = 4, seed = 1 }\n"
         "assert(net:train { task = task, rate = .1, steps = 20 }.loss.rows > 1)\n"
         "assert((linnet.matrix.eye(3) * linnet.matrix.eye(3)):sum() == 3)\n"
         "local ok, why = pcall(linnet.matrix.zeros, -1) assert(not ok and tostring(why):find 'zeros')\n"
         "assert(require 'linnet' == linnet)");
  assert_non_null(linnet_of(L));
  assert_ptr_equal(linnet_lua(linnet_of(L)), L);
  lua_close(L);
}

static void openlibs_gives_globals_and_bounds_linnets_modules(void **state) {
  (void)state;
  lua_State *L = stock();
  assert_null(linnet_of(L));
  linnet_openlibs(L, LINNET_ALL & ~(unsigned)LINNET_WRITE);
  int top = lua_gettop(L);
  run(L, "assert(matrix and random and data and network and theory and plot)\n"
         "local ok, why = pcall(function() matrix.ones(2):save '/tmp/x.npy' end)\n"
         "assert(not ok and tostring(why):find 'not permitted')\n"
         "assert(io.open and io.stdout)\n"
         "local co = coroutine.wrap(function() coroutine.yield(matrix.ones(2):sum()) end) assert(co() == 2)");
  linnet_openlibs(L, LINNET_ALL); /* once more: nothing is given back */
  assert_int_equal(lua_gettop(L), top);
  run(L, "assert(not pcall(function() matrix.ones(2):save '/tmp/x.npy' end))");
  linnet_state *S = linnet_of(L);
  assert_int_equal(linnet_dostring(S, "error 'x'", 9, "=x"), LINNET_ERUN);
  assert_non_null(strstr(linnet_message(S), "x"));
  assert_int_equal(linnet_limit(S, 0.05, 0), LINNET_OK);
  assert_int_equal(linnet_dostring(S, "while true do end", 17, "=x"), LINNET_ETIME);
  linnet_close(S); /* not ours to close: nothing */
  run(L, "assert(matrix.ones(2):sum() == 2)");
  lua_close(L);
}

static void count_release(void *ud) { ++*(int *)ud; }

static void foreign_numbers_are_shared_and_released_once(void **state) {
  (void)state;
  linnet_state *S;
  double numbers[12];
  int released = 0;
  for (int i = 0; i < 12; i++) numbers[i] = i;
  assert_int_equal(linnet_open(NULL, &S), LINNET_OK);
  lua_State *L = linnet_lua(S);
  linnet_pushforeign(L, &(linnet_matrix){numbers, 3, 3, 4}, count_release, &released);
  lua_setglobal(L, "A");
  run(L, "assert(A.rows == 3 and A.cols == 3 and A:get(3, 2) == 6) A:set(1, 1, -7)\n"
         "B = A:col(2) A = nil collectgarbage() assert(B:sum() == 15) B:scal(2)");
  assert_true(numbers[0] == -7 && numbers[3] == 3 && numbers[4] == 8);
  assert_int_equal(released, 0);
  run(L, "B = nil collectgarbage() collectgarbage()");
  assert_int_equal(released, 1);
  linnet_pushforeign(L, &(linnet_matrix){numbers, 12, 1, 12}, count_release, &released);
  linnet_pushforeign(L, &(linnet_matrix){numbers, 2, 2, 2}, NULL, NULL);
  linnet_close(S);
  assert_int_equal(released, 2);
}

static linnet_matrix offered;
static int offer(lua_State *L) {
  linnet_pushforeign(L, &offered, count_release, lua_touserdata(L, lua_upvalueindex(1)));
  return 1;
}

static void senseless_windows_are_refused_and_released(void **state) {
  (void)state;
  static double number;
  static const struct {
    linnet_matrix A;
    const char *message;
  } refused[] = {{{&number, -1, 1, 1}, "a negative size"},
                 {{&number, 3, 1, 2}, "ld below rows"},
                 {{NULL, 1, 1, 1}, "no data"},
                 {{&number, 1, PTRDIFF_MAX, 1}, "too large a size"}};
  linnet_state *S;
  assert_int_equal(linnet_open(NULL, &S), LINNET_OK);
  lua_State *L = linnet_lua(S);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    int released = 0;
    offered = refused[i].A;
    lua_pushlightuserdata(L, &released);
    lua_pushcclosure(L, offer, 1);
    assert_int_equal(linnet_call(S, 0, 1), LINNET_ERUN);
    assert_non_null(strstr(linnet_message(S), refused[i].message));
    assert_int_equal(released, 1);
    lua_settop(L, 0);
  }
  linnet_close(S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(require_gives_one_table_and_no_globals),
      cmocka_unit_test(openlibs_gives_globals_and_bounds_linnets_modules),
      cmocka_unit_test(foreign_numbers_are_shared_and_released_once),
      cmocka_unit_test(senseless_windows_are_refused_and_released),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
