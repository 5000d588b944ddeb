/* open.h: linnet's modules in a Lua state. */
#ifndef OPEN_H
#define OPEN_H

#include <lua.h>

/* Registers every module for `require` as linnet.NAME (a script may have a data.lua) and sets the globals matrix,
 * random, data, network, theory and plot. The state's context must be set. */
void open_modules(lua_State *L);

/* A searcher behind package.preload, before all others. */
void add_searcher(lua_State *L, lua_CFunction search);

#endif
