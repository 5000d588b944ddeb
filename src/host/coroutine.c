/* coroutine.resume, wrap and close as Lua has them, but the state knows which thread of Lua runs, so that an
 * interrupt stops it, and an interrupt passes through. Upvalue 1 of each is the state. */
#include "host/state.h"

#include <lauxlib.h>
#include <lualib.h>

static linnet_state *state_of(lua_State *L) { return lua_touserdata(L, lua_upvalueindex(1)); }

static lua_State *check_coroutine(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "thread");
  return co;
}

/* Moves `count` arguments from L's top to co and runs it: the number of results on L, or -1 and the error. */
static int run(lua_State *L, lua_State *co, int count) {
  linnet_state *S = state_of(L);
  if (!lua_checkstack(co, count)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, count);
  lua_State *before = enter(S, co);
  int status = lua_resume(co, L, count, &count);
  leave(S, before);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    let_ending_pass(L, S);
    return -1;
  }
  if (!lua_checkstack(L, count + 1)) {
    lua_pop(co, count);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, count);
  return count;
}

static int coroutine_resume(lua_State *L) {
  lua_State *co = check_coroutine(L);
  int results = run(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  if (results < 0) results = 1;
  lua_insert(L, -results - 1);
  return results + 1;
}

/* Closes what is pending in co: LUA_OK, or another status with the error on top of co. */
static int close_pending(linnet_state *S, lua_State *co) {
  lua_State *before = enter(S, co);
  int status = lua_resetthread(co);
  leave(S, before);
  return status;
}

/* The function that wrap returns; upvalue 2 is its coroutine. */
static int resume_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(2));
  int results = run(L, co, lua_gettop(L));
  if (results >= 0) return results;
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) { /* it failed, and was not just refused */
    lua_pushvalue(L, -1);
    lua_xmove(L, co, 1); /* where lua_resetthread looks for the error */
    status = close_pending(state_of(L), co);
    lua_xmove(co, L, 1);
    let_ending_pass(L, state_of(L));
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int coroutine_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, resume_wrapped, 2);
  return 1;
}

static int coroutine_close(lua_State *L) {
  lua_State *co = check_coroutine(L);
  lua_Debug frame;
  bool running = L == co, normal = lua_status(co) == LUA_OK && lua_getstack(co, 0, &frame);
  if (running || normal) return luaL_error(L, "cannot close a %s coroutine", running ? "running" : "normal");
  if (close_pending(state_of(L), co) == LUA_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_xmove(co, L, 1);
  let_ending_pass(L, state_of(L));
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

void replace_coroutines(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"resume", coroutine_resume}, {"wrap", coroutine_wrap}, {"close", coroutine_close}, {NULL, NULL}};
  lua_getglobal(L, LUA_COLIBNAME);
  lua_pushlightuserdata(L, linnet_of(L));
  luaL_setfuncs(L, functions, 1);
  lua_pop(L, 1);
}
