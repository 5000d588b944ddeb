/* print and warn, which a host may redirect. */
#include "host/state.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

void write_out(linnet_state *S, int stream, const char *text, size_t size) {
  if (S->config.write) {
    S->config.write(S->config.ud, stream, text, size);
  } else {
    FILE *file = stream == 1 ? stdout : stderr;
    fwrite(text, 1, size, file);
    if (stream != 1 || text[size - 1] == '\n') fflush(file);
  }
}

/* The line is put together first: it reaches the host in one piece, and not at all if a __tostring fails. */
static int print(lua_State *L) {
  int count = lua_gettop(L);
  luaL_Buffer line;
  luaL_buffinit(L, &line);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addchar(&line, '\t');
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&line);
  }
  luaL_addchar(&line, '\n');
  luaL_pushresult(&line);
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  write_out(linnet_of(L), 1, text, size);
  return 0;
}

/* Lua's warning function: "@on" and "@off" switch, other messages come in parts. Never raises. */
static void warn(void *ud, const char *text, int to_be_continued) {
  linnet_state *S = ud;
  /* Lua itself takes the last part of a message that is not shown for one of its own. */
  if ((!S->warned_part || !S->warnings) && !to_be_continued && text[0] == '@') {
    if (!strcmp(text, "@on")) S->warnings = true;
    if (!strcmp(text, "@off")) S->warnings = false;
    S->warned_part = false;
    return;
  }
  if (S->warnings) {
    static const char begin[] = "Lua warning: ";
    if (!S->warned_part) write_out(S, 2, begin, sizeof begin - 1);
    if (*text) write_out(S, 2, text, strlen(text));
    if (!to_be_continued) write_out(S, 2, "\n", 1);
  }
  S->warned_part = to_be_continued;
}

void replace_output(lua_State *L) {
  lua_register(L, "print", print);
  lua_setwarnf(L, warn, linnet_of(L));
}
