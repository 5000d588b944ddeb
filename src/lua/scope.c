#include "lua/scope.h"

int with_release(lua_State *L, lua_CFunction body, void *held, void (*release)(void *held)) {
  reserve_stack(L, 4);
  ln_context *cx = context_of(L);
  ln_mark mark = ln_begin(cx);
  lua_pushcfunction(L, body);
  lua_pushlightuserdata(L, held);
  lua_rotate(L, 1, 2);
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  release(held);
  ln_end(cx, mark, LN_OK);
  if (status == LUA_OK) return lua_gettop(L);
  if (lua_type(L, -1) == LUA_TSTRING) {
    push_where(L);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}
