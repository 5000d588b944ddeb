#include "lua/open.h"

#include "core/embedded.h"
#include "lua/binding.h"
#include "lua/modules.h"

#include <stdio.h>

/* Modules in C, found by require as linnet.NAME. */
static const luaL_Reg native[] = {
    {"matrix", luaopen_matrix},
    {"random", luaopen_random},
    {"data", luaopen_data},
    {"network_core", luaopen_network_core},
    {"predict_core", luaopen_predict_core},
    {"theory_core", luaopen_theory_core},
    {"options", luaopen_options},
    {"process", luaopen_process},
    {"file", luaopen_file},
    {NULL, NULL},
};

/* What a script has without asking: modules in C or in Lua. */
static const char *const globals[] = {"matrix", "random", "data", "network", "theory", "plot", NULL};

/* package.searchers: linnet.NAME from the files compiled into the library. */
static int search_embedded(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_pushfstring(L, "lua/%s.lua", luaL_gsub(L, name, ".", "/"));
  const ln_embedded *file = ln_find_embedded(lua_tostring(L, -1));
  if (!file) return lua_pushfstring(L, "no module '%s' in linnet", name), 1;
  lua_pushfstring(L, "=%s", name);
  if (luaL_loadbufferx(L, (const char *)file->data, file->size, lua_tostring(L, -1), "t") != LUA_OK)
    return lua_error(L);
  lua_pushstring(L, file->path);
  return 2;
}

void add_searcher(lua_State *L, lua_CFunction search) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  lua_Integer last = luaL_len(L, -1);
  for (lua_Integer i = last; i >= 2; i--) { /* behind package.preload, before the search of files */
    lua_geti(L, -1, i);
    lua_seti(L, -2, i + 1);
  }
  lua_pushcfunction(L, search);
  lua_seti(L, -2, 2);
  lua_pop(L, 2);
}

void open_modules(lua_State *L, bool global) {
  if (create_error_type(L)) add_searcher(L, search_embedded);
  for (const luaL_Reg *module = native; module->name; module++) {
    char name[40];
    snprintf(name, sizeof name, "linnet.%s", module->name);
    luaL_requiref(L, name, module->func, 0);
    lua_pop(L, 1);
  }
  lua_newtable(L);
  for (const char *const *name = globals; *name; name++) {
    lua_getglobal(L, "require");
    lua_pushfstring(L, "linnet.%s", *name);
    lua_call(L, 1, 1);
    if (global) {
      lua_pushvalue(L, -1);
      lua_setglobal(L, *name);
    }
    lua_setfield(L, -2, *name);
  }
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L,
                -2); /* what require "linnet" gives: the same scripts run where the modules are no globals */
  lua_setfield(L, -2, "linnet");
  lua_pop(L, 1);
}
