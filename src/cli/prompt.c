/* The prompt: reads pieces of Lua, runs them and shows what they give. What a piece is, and what stays of it,
 * is in lua/linnet/session.lua. */
#include "command.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the session's functions ---- */

static int load_session(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "linnet.session");
  lua_call(L, 1, 1);
  return 1;
}

static int call_session(lua_State *L) {
  lua_getfield(L, 1, lua_touserdata(L, 2));
  lua_replace(L, 2);
  lua_call(L, lua_gettop(L) - 2, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

/* Calls a function of the session, at index 1, with the top `count` values. */
static int ask(linnet_state *S, const char *function, int count) {
  lua_State *L = linnet_lua(S);
  lua_pushcfunction(L, call_session);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, (void *)function);
  lua_rotate(L, -count - 3, 3);
  return linnet_call(S, count + 2, LUA_MULTRET);
}

/* ---- messages ---- */

/* Does the traceback tell more than that a piece was typed here? */
static bool is_telling(const char *traceback) {
  for (const char *line = strstr(traceback, "\n\t"); line; line = strstr(line + 1, "\n\t"))
    if (strncmp(line, "\n\t[C]", 5) != 0 && strncmp(line, "\n\t(...", 6) != 0 &&
        !(strncmp(line, "\n\tstdin:", 8) == 0 && strncmp(strchr(line, ' '), " in function <stdin:", 20) == 0))
      return true;
  return false;
}

static void show_failure(linnet_state *S) {
  const char *message = linnet_message(S), *traceback = strstr(message, "\nstack traceback:\n");
  int size = (int)(traceback && !is_telling(traceback) ? traceback - message : (ptrdiff_t)strlen(message));
  fflush(stdout);
  fprintf(stderr, "%.*s\n", size, message);
}

/* ---- pieces ---- */

/* Runs the function on top of the stack and shows what it gives, or why it failed. */
static void run_piece(linnet_state *S) {
  lua_State *L = linnet_lua(S);
  int status = linnet_call(S, 0, LUA_MULTRET);
  if (status == LINNET_OK) status = ask(S, "finish", lua_gettop(L) - 1);
  hide_progress();
  if (status != LINNET_OK) {
    show_failure(S);
    lua_settop(L, 2);
    ask(S, "fail", 1);
  }
}

static int push_text(lua_State *L) {
  lua_pushstring(L, lua_touserdata(L, 1));
  return 1;
}

/* Compiles and runs the text. False if it goes on in the next line, and nothing is done yet. */
static bool take(linnet_state *S, const char *text) {
  lua_State *L = linnet_lua(S);
  begin_work(3);
  lua_settop(L, 1);
  lua_pushcfunction(L, push_text);
  lua_pushlightuserdata(L, (void *)text);
  int status = linnet_call(S, 1, 1);
  if (status == LINNET_OK) status = ask(S, "compile", 1);
  bool whole = status != LINNET_OK || lua_gettop(L) > 1;
  if (whole) remember(text);
  if (status != LINNET_OK)
    show_failure(S);
  else if (lua_isfunction(L, 2))
    run_piece(S);
  else if (whole)
    fprintf(stderr, "%s\n", lua_tostring(L, 3));
  lua_settop(L, 1);
  end_work();
  return whole;
}

/* Adds a line to a piece that is not yet whole. Null if there is no memory. */
static char *add_line(char *piece, const char *line) {
  size_t before = piece ? strlen(piece) + 1 : 0, size = strlen(line);
  char *longer = realloc(piece, before + size + 1);
  if (!longer) {
    free(piece);
    complain("not enough memory");
    return NULL;
  }
  if (before) longer[before - 1] = '\n';
  memcpy(longer + before, line, size + 1);
  return longer;
}

/* The global variable of this name as text, if it is set. */
static int push_prompt(lua_State *L) {
  if (lua_getglobal(L, lua_touserdata(L, 1)) != LUA_TNIL) luaL_tolstring(L, -1, NULL);
  return 1;
}

/* What the user's _PROMPT or _PROMPT2 says, or `plain`. Stays on the stack while it is needed. */
static const char *ask_for_prompt(linnet_state *S, const char *variable, const char *plain) {
  lua_State *L = linnet_lua(S);
  begin_work(3);
  lua_pushcfunction(L, push_prompt);
  lua_pushlightuserdata(L, (void *)variable);
  int status = linnet_call(S, 1, 1);
  end_work();
  if (status != LINNET_OK) show_failure(S);
  return status == LINNET_OK && lua_isstring(L, -1) ? lua_tostring(L, -1) : plain;
}

static void converse(linnet_state *S) {
  char *piece = NULL;
  for (;;) {
    const char *line;
    const char *prompt = piece ? ask_for_prompt(S, "_PROMPT2", ">> ") : ask_for_prompt(S, "_PROMPT", "> ");
    reading how = read_line(prompt, &line);
    lua_settop(linnet_lua(S), 1);
    if (how == READ_LINE) {
      piece = add_line(piece, line);
      if (!piece || !take(S, piece)) continue;
    } else {
      putchar('\n');
      if (how == READ_END && !piece) return;
    }
    free(piece);
    piece = NULL;
  }
}

void run_prompt(linnet_state *S) {
  lua_State *L = linnet_lua(S);
  lua_settop(L, 0);
  lua_pushcfunction(L, load_session);
  if (!report(S, linnet_call(S, 0, 1))) return;
  end_work();
  open_reader();
  converse(S);
  close_reader();
}
