/* modules.h: the modules written in C, one luaopen function each. */
#ifndef MODULES_H
#define MODULES_H

#include <lua.h>

int luaopen_matrix(lua_State *L);
int luaopen_random(lua_State *L);
int luaopen_data(lua_State *L);
int luaopen_network_core(lua_State *L);
int luaopen_predict_core(lua_State *L);
int luaopen_theory_core(lua_State *L);
int luaopen_options(lua_State *L);
int luaopen_process(lua_State *L);
int luaopen_file(lua_State *L);

#endif
