#include "command.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs a C function in S with a pointer as its argument; what it returns stays on the stack. */
static int run(linnet_state *S, lua_CFunction f, const void *argument) {
  lua_State *L = linnet_lua(S);
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, (void *)argument);
  return linnet_call(S, 1, LUA_MULTRET);
}

/* ---- arg, and modules beside the script ---- */

/* arg[0] is the script, its arguments follow from 1, and what stands before it has negative indices. */
static void create_arg(lua_State *L, const command_line *line) {
  int zero = line->script < line->argc ? line->script : 0;
  lua_createtable(L, line->argc - zero, zero + 1);
  for (int i = 0; i < line->argc; i++) {
    lua_pushstring(L, line->argv[i]);
    lua_rawseti(L, -2, i - zero);
  }
  lua_setglobal(L, "arg");
}

/* package.searchers: modules beside the script, whatever package.path says. Upvalues: its folder, and whether
 * bytecode may be loaded. */
static int search_beside(lua_State *L) {
  static const char *const endings[] = {".lua", "/init.lua"};
  const char *module = luaL_checkstring(L, 1), *folder = lua_tostring(L, lua_upvalueindex(1));
  const char *mode = lua_toboolean(L, lua_upvalueindex(2)) ? NULL : "t", *path[2];
  const char *name = luaL_gsub(L, module, ".", "/");
  for (int i = 0; i < 2; i++) {
    path[i] = lua_pushfstring(L, "%s%s%s", folder, name, endings[i]);
    if (access(path[i], R_OK) != 0) continue;
    if (luaL_loadfilex(L, path[i], mode) != LUA_OK)
      return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", module, path[i],
                        lua_tostring(L, -1));
    lua_pushstring(L, path[i]);
    return 2;
  }
  lua_pushfstring(L, "no file '%s'\n\tno file '%s'", path[0], path[1]);
  return 1;
}

/* Behind package.preload. */
static void add_search_beside(lua_State *L, const char *script, bool bytecode) {
  const char *slash = strrchr(script, '/');
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
    lua_geti(L, -1, i);
    lua_seti(L, -2, i + 1);
  }
  lua_pushlstring(L, slash ? script : "./", slash ? (size_t)(slash - script) + 1 : 2);
  lua_pushboolean(L, bytecode);
  lua_pushcclosure(L, search_beside, 2);
  lua_seti(L, -2, 2);
}

static bool may_load_bytecode(const command_line *line) { return line->caps & LINNET_NATIVE; }

static int set_up(lua_State *L) {
  const command_line *line = lua_touserdata(L, 1);
  create_arg(L, line);
  if (line->script < line->argc && !line->from_stdin && line->caps & LINNET_REQUIRE)
    add_search_beside(L, line->argv[line->script], may_load_bytecode(line));
  return 0;
}

void set_arguments(linnet_state *S, const command_line *line) { report(S, run(S, set_up, line)); }

/* ---- chunks and modules of the command line ---- */

static bool run_text(linnet_state *S, const char *text, const char *name) {
  bool fine = report(S, linnet_dostring(S, text, strlen(text), name));
  lua_settop(linnet_lua(S), 0);
  return fine;
}

static bool run_file(linnet_state *S, const char *path) {
  bool fine = report(S, linnet_dofile(S, path));
  lua_settop(linnet_lua(S), 0);
  return fine;
}

bool run_initialisation(linnet_state *S) {
  static const char *const names[] = {"=LUA_INIT_5_4", "=LUA_INIT"};
  for (int i = 0; i < 2; i++) {
    const char *text = getenv(names[i] + 1);
    if (text) return *text == '@' ? run_file(S, text + 1) : run_text(S, text, names[i]);
  }
  return true;
}

/* "name" or "global=name" */
static int require_module(lua_State *L) {
  const char *text = lua_touserdata(L, 1);
  const char *equals = strchr(text, '=');
  lua_pushlstring(L, text, equals ? (size_t)(equals - text) : strlen(text));
  lua_getglobal(L, "require");
  lua_pushstring(L, equals ? equals + 1 : text);
  lua_call(L, 1, 1);
  lua_setglobal(L, lua_tostring(L, -2));
  return 0;
}

bool run_actions(linnet_state *S, const command_line *line) {
  for (int i = 0; i < line->count; i++) {
    const step *a = &line->actions[i];
    bool fine = true;
    if (a->option == 'e') fine = run_text(S, a->text, "=(command line)");
    if (a->option == 'l') fine = report(S, run(S, require_module, a->text));
    if (a->option == 'W') lua_warning(linnet_lua(S), "@on", 0);
    if (!fine) return false;
  }
  return true;
}

/* ---- the script ---- */

/* The function of the script, or of standard input, and the arguments that `arg` has by now; or a message. */
static int load_script(lua_State *L) {
  const command_line *line = lua_touserdata(L, 1);
  bool given = line->script < line->argc;
  const char *path = given && !line->from_stdin ? line->argv[line->script] : NULL;
  if (luaL_loadfilex(L, path, may_load_bytecode(line) ? NULL : "t") != LUA_OK || !given) return 1;
  int arguments = lua_gettop(L) + 1;
  if (lua_getglobal(L, "arg") != LUA_TTABLE) return lua_pushliteral(L, "'arg' is not a table"), 1;
  int count = (int)luaL_len(L, arguments);
  luaL_checkstack(L, count, "too many arguments to script");
  for (int i = 1; i <= count; i++) lua_rawgeti(L, arguments, i);
  lua_remove(L, arguments);
  return 1 + count;
}

bool run_script(linnet_state *S, const command_line *line) {
  lua_State *L = linnet_lua(S);
  bool fine = report(S, run(S, load_script, line));
  if (fine && !lua_isfunction(L, 1)) {
    complain(lua_tostring(L, 1));
    fine = false;
  } else if (fine) {
    fine = report(S, linnet_call(S, lua_gettop(L) - 1, 0));
  }
  lua_settop(L, 0);
  return fine;
}
