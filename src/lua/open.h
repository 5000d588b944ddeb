/* open.h: linnet's modules in a Lua state. */
#ifndef OPEN_H
#define OPEN_H

#include <lua.h>

#include <stdbool.h>

/* Registers every module for `require` as linnet.NAME (a script may have a data.lua), and pushes the table of those that
 * a script has without asking: matrix, random, data, network, theory and plot, which become globals too if `global`
 * says so. The state's context must be set. */
void open_modules(lua_State *L, bool global);

/* A searcher behind package.preload, before all others. */
void add_searcher(lua_State *L, lua_CFunction search);

#endif
