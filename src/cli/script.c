#include "command.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void search_beside(lua_State *L, const char *script) {
  const char *slash = strrchr(script, '/');
  lua_pushlstring(L, slash ? script : "./", slash ? (size_t)(slash - script) + 1 : 2);
  const char *folder = lua_tostring(L, -1);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s?.lua;%s?/init.lua;%s", folder, folder, luaL_tolstring(L, -1, NULL));
  lua_setfield(L, -4, "path");
}

static int set_up(lua_State *L) {
  const command_line *line = lua_touserdata(L, 1);
  create_arg(L, line);
  if (line->script < line->argc && !line->from_stdin) search_beside(L, line->argv[line->script]);
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

bool run_stdin(linnet_state *S) { return run_file(S, NULL); }

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

/* The script's function and its arguments, or a message. */
static int load_script(lua_State *L) {
  const command_line *line = lua_touserdata(L, 1);
  int count = line->argc - line->script - 1;
  if (luaL_loadfilex(L, line->from_stdin ? NULL : line->argv[line->script], "t") != LUA_OK) return 1;
  luaL_checkstack(L, count, "too many arguments to the script");
  for (int i = 1; i <= count; i++) lua_pushstring(L, line->argv[line->script + i]);
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
