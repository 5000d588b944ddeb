/* pcall and xpcall as Lua has them, but an interrupt passes through. */
#include "host/state.h"

#include <lauxlib.h>

/* Results from `skipped` + 1 on, or the error on top; also where a call that yielded goes on. */
static int finish(lua_State *L, int status, lua_KContext skipped) {
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)skipped;
  let_ending_pass(L, linnet_of(L));
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

static int protected_call(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1); /* the first result, if all goes well */
  lua_insert(L, 1);
  return finish(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish), 0);
}

static int protected_call_handled(lua_State *L) {
  int given = lua_gettop(L); /* function, handler, arguments */
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2); /* function, handler, true, function, arguments */
  return finish(L, lua_pcallk(L, given - 2, LUA_MULTRET, 2, 2, finish), 2);
}

void replace_protected_calls(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"pcall", protected_call}, {"xpcall", protected_call_handled}, {NULL, NULL}};
  lua_pushglobaltable(L);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
