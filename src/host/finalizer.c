/* setmetatable as Lua has it, but in watched states a table's finalizer can be ended like any other code.
 *
 * Lua runs finalizers with hooks off: one that loops could never be stopped. So the table itself is not marked for
 * finalization (its metatable has no __gc while it is set). A sentinel, a userdata that dies with the table, is, and
 * it runs in a coroutine, where hooks are on, what the metatable has as __gc at that time. The sentinel hangs on the
 * table by an ephemeron: both become unreachable together, and the sentinel's user value brings the table back for
 * its finalizer, as Lua itself would. */
#include "host/state.h"

#include <lauxlib.h>
#include <lualib.h>

static const char sentinels_key = 0; /* table -> its sentinel, weak keys */
static const char type_key = 0;      /* the sentinels' metatable */

/* Runs the finalizer of the table that the sentinel (argument 1) belongs to. An error is left to Lua, which warns. */
static int finalize(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &sentinels_key); /* no longer its: setmetatable may mark the table anew */
  lua_getiuservalue(L, 1, 1);
  lua_replace(L, 1);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  lua_rawset(L, 2);
  if (!lua_getmetatable(L, 1)) return 0;
  lua_pushliteral(L, "__gc");
  if (lua_rawget(L, -2) == LUA_TNIL) return 0;
  linnet_state *S = linnet_of(L);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, -2);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 2);
  lua_State *before = enter(S, co);
  int count, status = lua_resume(co, L, 1, &count);
  if (S->cx.ended != LN_OK)
    S->trips = 2; /* Lua hears nothing of it: whoever runs is ended at its next instruction */
  leave(S, before);
  if (status == LUA_OK || S->cx.ended != LN_OK) return 0;
  if (status == LUA_YIELD) return luaL_error(L, "attempt to yield from a finalizer");
  lua_xmove(co, L, 1);
  return lua_error(L);
}

/* A sentinel for the table at 1, unless it has one. */
static void place_sentinel(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &sentinels_key);
  lua_pushvalue(L, 1);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_newuserdatauv(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &type_key);
    lua_setmetatable(L, -2);
    lua_rawset(L, -4);
  }
  lua_pop(L, 2);
}

static int set_metatable(lua_State *L) {
  int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
    return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  bool finalized = false;
  if (type == LUA_TTABLE && watched(linnet_of(L))) {
    lua_pushliteral(L, "__gc");
    finalized = lua_rawget(L, 2) != LUA_TNIL;
  }
  if (finalized) {
    place_sentinel(L);
    lua_pushliteral(L,
                    "__gc"); /* out of the metatable for a moment: an entry that is there needs no memory */
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, 2);
    lua_pushvalue(L, 2);
    lua_setmetatable(L, 1);
    lua_pushvalue(L, 3);
    lua_rawset(L, 2);
  } else {
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
  }
  lua_settop(L, 1);
  return 1;
}

void replace_finalizers(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, finalize);
  lua_setfield(L, -2, "__gc");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &type_key);

  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &sentinels_key);

  lua_register(L, "setmetatable", set_metatable);
}
