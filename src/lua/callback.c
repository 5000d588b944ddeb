#include "lua/callback.h"

#include <string.h>

/* Address -> userdata, weak: what keeps them alive is who uses them. */
static const char findable_key = 0;

ln_context *begin_callbacks(lua_State *L) {
  ln_context *cx = context_of(L);
  cx->caller = L;
  return cx;
}

void end_callbacks(ln_context *cx) { cx->caller = NULL; }

typedef struct guarded {
  lua_CFunction body;
  void *held;
  ln_status status;
} guarded;

/* The status in an error of linnet's, LN_ERUN for any other value. */
static ln_status status_of(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) return LN_ERUN;
  luaL_getmetatable(L, ERROR_TYPE);
  if (!lua_rawequal(L, -1, -2)) return LN_ERUN;
  lua_getfield(L, index, "code");
  const char *code = lua_tostring(L, -1);
  return code && !strcmp(code, ln_status_name(LN_EMEMORY)) ? LN_EMEMORY : LN_ERUN;
}

/* Runs the body, and tells what it raised: the status, and text as the result. Itself called in protected mode. */
static int guard(lua_State *L) {
  guarded *g = lua_touserdata(L, 1);
  lua_pushcfunction(L, g->body);
  lua_pushlightuserdata(L, g->held);
  int raised = lua_pcall(L, 1, 0, 0);
  if (raised == LUA_OK) return 0;
  g->status = raised == LUA_ERRMEM ? LN_EMEMORY : status_of(L, 2);
  luaL_tolstring(L, 2, NULL);
  return 1;
}

ln_status call_lua(ln_context *cx, lua_CFunction body, void *held, const char *kind, const char *name) {
  lua_State *L = cx->caller;
  if (!L)
    return ln_fail(cx, LN_ERUN, "%s '%s' is written in Lua, which can't be called from here", kind, name);
  if (!lua_checkstack(L, 4)) return ln_fail(cx, LN_EMEMORY, "%s '%s': out of memory", kind, name);
  guarded g = {body, held, LN_OK};
  ln_mark mark = ln_begin(cx);
  ln_store *store = cx->store;
  cx->store = NULL;
  cx->caller = NULL; /* who calls the numerics from in there says so anew */
  lua_pushcfunction(L, guard);
  lua_pushlightuserdata(L, &g);
  int raised = lua_pcall(L, 1, 1, 0);
  cx->caller = L;
  ln_end(cx, mark, LN_OK);
  cx->store = store;
  if (raised != LUA_OK) g.status = raised == LUA_ERRMEM ? LN_EMEMORY : LN_ERUN;
  if (cx->ended != LN_OK) g.status = cx->ended;
  if (g.status != LN_OK) {
    bool is_text = lua_type(L, -1) == LUA_TSTRING;
    ln_fail(cx, g.status, "%s '%s': %s", kind, name, is_text ? lua_tostring(L, -1) : "ended");
  }
  lua_pop(L, 1);
  return g.status;
}

void make_findable(lua_State *L, int index) {
  index = lua_absindex(L, index);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &findable_key) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &findable_key);
  }
  lua_pushvalue(L, index);
  lua_rawsetp(L, -2, lua_touserdata(L, index));
  lua_pop(L, 1);
}

void push_findable(lua_State *L, const void *address) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &findable_key);
  lua_rawgetp(L, -1, address);
  lua_remove(L, -2);
}
