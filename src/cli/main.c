#include "lua/binding.h"
#include "lua/open.h"

#include <lualib.h>
#include <stdio.h>

int main(int argc, char **argv) {
  ln_context cx;
  lua_State *L = luaL_newstate();
  ln_context_init(&cx, NULL, NULL);
  luaL_openlibs(L);
  set_context(L, &cx);
  open_modules(L);
  lua_createtable(L, argc, 1);
  for (int i = 0; i < argc; i++) lua_pushstring(L, argv[i]), lua_rawseti(L, -2, i - 1);
  lua_setglobal(L, "arg");
  int bad = argc < 2 || luaL_loadfile(L, argv[1]);
  if (!bad) {
    for (int i = 2; i < argc; i++) lua_pushstring(L, argv[i]);
    bad = lua_pcall(L, argc - 2, 0, 0);
  }
  if (bad) fprintf(stderr, "linnet: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return bad;
}
