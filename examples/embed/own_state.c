/* own_state.c: linnet in a Lua state that the program has made itself, with its own libraries and rules. A matrix of the
 * program's is lent to Lua: the script sees and changes the same numbers.
 *
 *     cc own_state.c $(pkg-config --cflags --libs linnet) -o own_state */
#include <linnet.h>

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>

static const char text[] = "local U, s, V = weights:svd()\n"
                           "print(('strengths %.3f and %.3f'):format(s[1], s[2]))\n"
                           "weights:scal(1 / s[1])";

static void returned(void *ud) { printf("the %s are the program's again\n", (const char *)ud); }

int main(void) {
  static char name[] = "weights";
  double weights[] = {3, 0, 0, 0, 2, 0}; /* 3 x 2, by columns */
  lua_State *L = luaL_newstate();
  if (!L) return 1;
  luaL_openlibs(L);
  linnet_openlibs(L, LINNET_NONE); /* its modules compute; they touch no file */

  linnet_pushforeign(L, &(linnet_matrix){weights, 3, 2, 3}, returned, name);
  lua_setglobal(L, "weights");
  int failed = luaL_dostring(L, text);
  if (failed) fprintf(stderr, "own_state: %s\n", lua_tostring(L, -1));
  printf("now %.3f and %.3f\n", weights[0], weights[4]);
  lua_close(L);
  return failed;
}
