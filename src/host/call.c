/* Running Lua code for a host: protected, with a traceback, and with a place where interrupts and limits end. */
#include "host/state.h"

#include "lua/binding.h"

#include <string.h>

static const char no_memory[] = "not enough memory";

/* ---- the message of a failure ---- */

/* Keeps the failure and a copy of its text in the state's own memory, so that no Lua value has to live as
 * long as the message. Returns the status: LINNET_EMEMORY if there is no room for the text. */
static int keep_failure(linnet_state *S, int status, const char *text, size_t size) {
  if (size >= S->room) {
    char *message = allocate(S, S->message, S->message ? S->room : 0, size + 1);
    if (!message) return S->failure = LINNET_EMEMORY;
    S->message = message;
    S->room = size + 1;
  }
  memcpy(S->message, text, size);
  S->message[size] = 0;
  return S->failure = status;
}

const char *linnet_message(const linnet_state *S) {
  if (S->failure == LINNET_EMEMORY) return no_memory;
  return S->message ? S->message : "";
}

/* The status in an error table of linnet's, LINNET_ERUN for any other value. */
static int status_of_error(lua_State *L, int index) {
  if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return LINNET_ERUN;
  luaL_getmetatable(L, ERROR_TYPE);
  bool ours = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (!ours) return LINNET_ERUN;
  lua_getfield(L, index, "code");
  const char *code = lua_tostring(L, -1);
  int status = LINNET_ERUN;
  for (int s = LINNET_OK + 1; code && s < LINNET_STATUS_COUNT; s++)
    if (!strcmp(code, ln_status_name((ln_status)s))) status = s;
  lua_pop(L, 1);
  return status;
}

/* The message handler: keeps the text and the status of the error, and returns the error as it is. A table of
 * the user's own says with __tostring all that it wants to say; everything else is followed by a traceback.
 */
static int describe_failure(lua_State *L) {
  linnet_state *S = linnet_of(L);
  int status = status_of_error(L, 1);
  bool text = lua_type(L, 1) == LUA_TSTRING || lua_type(L, 1) == LUA_TNUMBER;
  bool speaks = !text && luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING;
  if (text) lua_pushvalue(L, 1);
  if (!text && !speaks) lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  if (text || !speaks || status != LINNET_ERUN) luaL_traceback(L, L, lua_tostring(L, -1), 1);
  size_t size;
  const char *message = lua_tolstring(L, -1, &size);
  keep_failure(S, status, message, size);
  lua_settop(L, 1);
  return 1;
}

/* After a failure that the handler did not describe (no memory, or an error in __tostring): the value on top.
 */
static int describe_plainly(linnet_state *S, int status) {
  if (status == LUA_ERRMEM) return S->failure = LINNET_EMEMORY;
  size_t size = 0;
  const char *message = lua_type(S->L, -1) == LUA_TSTRING ? lua_tolstring(S->L, -1, &size) : "";
  return keep_failure(S, LINNET_ERUN, message, size);
}

/* ---- calls ---- */

static lua_State *begin_call(linnet_state *S) {
  if (!S->depth++) {
    open_account(S);
    atomic_store(&S->cx.interrupted, 0);
  }
  return enter(S, S->L);
}

static void end_call(linnet_state *S, lua_State *before) {
  if (--S->depth) {
    leave(S, before);
    return;
  }
  atomic_store(&S->cx.interrupted, -1);
  close_account(S);
  S->running = before;
  set_resting_hook(S, S->L);
  ln_end(&S->cx, NULL, LN_OK);
}

int linnet_call(linnet_state *S, int nargs, int nresults) {
  lua_State *L = S->L;
  int base = lua_gettop(L) - nargs;
  if (!lua_checkstack(L, 1)) {
    lua_settop(L, base - 1);
    lua_pushnil(L);
    return S->failure = LINNET_EMEMORY;
  }
  lua_pushcfunction(L, describe_failure);
  lua_insert(L, base);
  lua_State *before = begin_call(S);
  S->failure = LINNET_OK;
  int status = lua_pcall(L, nargs, nresults, base);
  end_call(S, before);
  lua_remove(L, base);
  if (status == LUA_OK) return LINNET_OK;
  bool described = status == LUA_ERRRUN && S->failure != LINNET_OK;
  return described ? S->failure : describe_plainly(S, status);
}

/* What a chunk that could not be loaded leaves: the message on top of the stack. */
static int refuse_chunk(linnet_state *S, int status) {
  if (status == LUA_ERRMEM) return S->failure = LINNET_EMEMORY;
  size_t size;
  const char *message = lua_tolstring(S->L, -1, &size);
  return keep_failure(S, status == LUA_ERRFILE ? LINNET_EFILE : LINNET_ESYNTAX, message, size);
}

int linnet_dostring(linnet_state *S, const char *text, size_t size, const char *name) {
  int status = luaL_loadbufferx(S->L, text, size, name, "t");
  return status == LUA_OK ? linnet_call(S, 0, LUA_MULTRET) : refuse_chunk(S, status);
}

/* (path) -> function, 0; or message, status */
static int load_file(lua_State *L) {
  int status = luaL_loadfilex(L, lua_touserdata(L, 1), "t");
  lua_pushinteger(L, status);
  return 2;
}

int linnet_dofile(linnet_state *S, const char *path) {
  lua_State *L = S->L;
  if (!lua_checkstack(L, 2)) {
    lua_pushnil(L);
    return S->failure = LINNET_EMEMORY;
  }
  lua_pushcfunction(L, load_file);
  lua_pushlightuserdata(L, (void *)path);
  int status = lua_pcall(L, 1, 2, 0);
  if (status != LUA_OK) return describe_plainly(S, status);
  status = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  return status == LUA_OK ? linnet_call(S, 0, LUA_MULTRET) : refuse_chunk(S, status);
}
