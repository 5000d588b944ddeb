/* linnet.process: other programs, run without a shell (core/process.h); for linnet's own modules in Lua.
 *
 *     local outcome, message, missing = process.run { "gnuplot", "-d", input = script, env = { LC_ALL = "C" } }
 *
 * The list is the program (a name that is looked for in PATH, or a path) and its arguments; `input` is its
 * standard input, `env` is added to this process's environment, `limit` is the most bytes of output (2^28 if
 * not given). Gives { output =, errors =, status = (exit status, -1 after a signal), signal = }, or nil, a
 * message and whether the program is missing if it could not be started. An interrupt, a deadline and too
 * much output are errors, of the function that `call` names. */
#include "core/process.h"
#include "lua/binding.h"
#include "lua/box.h"
#include "lua/modules.h"

#include <string.h>

#define CALL "process.run"

/* Pushes a block with the strings of the list at `index`, and a null pointer; what is not a string is
 * refused. The list is read as it is, without metamethods: it keeps the strings. */
static const char **push_strings(lua_State *L, int index, const char *what) {
  size_t count = lua_rawlen(L, index);
  const char **strings = lua_newuserdatauv(L, (count + 1) * sizeof *strings, 0);
  for (size_t i = 1; i <= count; i++) {
    size_t size;
    if (lua_rawgeti(L, index, (lua_Integer)i) != LUA_TSTRING)
      fail(L, CALL, "%s %zu must be a string, got %s", what, i, describe(L, -1));
    strings[i - 1] = lua_tolstring(L, -1, &size);
    if (strlen(strings[i - 1]) != size) fail(L, CALL, "%s %zu has a zero byte in it", what, i);
    lua_pop(L, 1);
  }
  strings[count] = NULL;
  return strings;
}

/* Pushes the list of "NAME=value" made from the table at `index`. */
static void push_settings(lua_State *L, int index) {
  lua_newtable(L);
  int list = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      fail(L, CALL, "env must be a table of strings by name");
    lua_pushfstring(L, "%s=%s", lua_tostring(L, -2), lua_tostring(L, -1));
    lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
  }
}

static int process_run(lua_State *L) {
  lua_settop(L, 1);
  if (!lua_istable(L, 1)) fail(L, CALL, "a table is needed, got %s", describe(L, 1));
  ln_command command = {.output_max = (size_t)1 << 28};
  command.argv = push_strings(L, 1, "argument");
  if (!command.argv[0]) fail(L, CALL, "a program's name is needed");
  if (lua_getfield(L, 1, "env") != LUA_TNIL) {
    if (!lua_istable(L, -1)) fail(L, CALL, "env must be a table, got %s", describe(L, -1));
    push_settings(L, lua_gettop(L));
    command.settings = push_strings(L, lua_gettop(L), "setting");
  }
  if (lua_getfield(L, 1, "limit") != LUA_TNIL)
    command.output_max = (size_t)check_integer(L, -1, CALL, "limit", 0, (lua_Integer)1 << 40);
  if (lua_getfield(L, 1, "input") != LUA_TNIL) {
    if (lua_type(L, -1) != LUA_TSTRING) fail(L, CALL, "input must be a string, got %s", describe(L, -1));
    command.input = lua_tolstring(L, -1, &command.input_size);
  }

  const char *call = CALL;
  if (lua_getfield(L, 1, "call") == LUA_TSTRING) call = lua_tostring(L, -1);

  box *work = push_box(L);
  int holder = lua_gettop(L);
  lua_createtable(L, 0, 4);

  ln_context *cx = context_of(L);
  ln_mark mark = ln_begin(cx);
  ln_outcome outcome;
  ln_status status = ln_run(cx, &command, &outcome);
  work->blocks = ln_detach(cx, mark);
  if (status == LN_EFILE) {
    lua_pushnil(L);
    lua_pushstring(L, cx->message);
    lua_pushboolean(L, outcome.missing);
    return 3;
  }
  /* Not tried again when memory was short: the program has run. */
  if (status != LN_OK) raise_status(L, call, status);
  lua_pushlstring(L, outcome.output, outcome.output_size);
  lua_setfield(L, -2, "output");
  lua_pushlstring(L, outcome.errors, outcome.errors_size);
  lua_setfield(L, -2, "errors");
  lua_pushinteger(L, outcome.status);
  lua_setfield(L, -2, "status");
  if (outcome.signal) {
    lua_pushinteger(L, outcome.signal);
    lua_setfield(L, -2, "signal");
  }
  empty_box(work);
  lua_remove(L, holder);
  return 1;
}

int luaopen_process(lua_State *L) {
  static const luaL_Reg functions[] = {{"run", process_run}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
