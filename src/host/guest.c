/* linnet as a guest: its modules in a Lua state that somebody else has made, stock Lua's for one. Lua's own functions
 * stay as they are there, so errors can be caught, and memory is whatever that state's allocator gives. */
#include "host/state.h"

#include "lua/binding.h"
#include "lua/open.h"

#include <math.h>

/* The state's work space goes back with the Lua state. It was made before all modules, so it is finalized last. */
static int leave_host(lua_State *L) {
  linnet_state *S = lua_touserdata(L, 1);
  ln_end(&S->cx, NULL, LN_OK);
  if (S->message) allocate(S, S->message, S->room, 0);
  S->message = NULL;
  return 0;
}

/* The linnet_state of L, made if it has none yet. */
static linnet_state *be_guest(lua_State *L) {
  linnet_state *S = linnet_of(L);
  if (S) return S;
  luaL_checkversion(L);
  S = lua_newuserdatauv(L, sizeof *S, 0);
  *S = (linnet_state){.guest = true};
  linnet_config_init(&S->config);
  S->config.alloc = lua_getallocf(L, &S->config.alloc_ud);
  ready_context(S);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  S->L = lua_tothread(L, -1);
  S->running = S->L;
  lua_pop(L, 1);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, leave_host);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  register_state(L, S); /* and what keeps the userdata: */
  lua_rawsetp(L, LUA_REGISTRYINDEX, S);
  set_context(L, &S->cx);
  return S;
}

int luaopen_linnet(lua_State *L) {
  be_guest(L);
  open_modules(L, false);
  return 1;
}

void linnet_openlibs(lua_State *L, unsigned caps) {
  linnet_restrict(be_guest(L), caps);
  open_modules(L, true);
  lua_pop(L, 1);
}
