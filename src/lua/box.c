#include "lua/box.h"

#define BOX_TYPE "linnet.Box"

static int release_box(lua_State *L) {
  empty_box(lua_touserdata(L, 1));
  return 0;
}

box *push_box(lua_State *L) {
  box *b = lua_newuserdatauv(L, sizeof *b, 0);
  *b = (box){.cx = context_of(L)};
  if (luaL_newmetatable(L, BOX_TYPE)) {
    lua_pushcfunction(L, release_box);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return b;
}

void empty_box(box *b) {
  ln_release(b->cx, b->blocks);
  b->blocks = NULL;
  ln_empty_store(b->cx, &b->store);
}
