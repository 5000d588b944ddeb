#include "lua/binding.h"
#include "lua/modules.h"

int luaopen_matrix(lua_State *L) {
  luaL_newmetatable(L, MATRIX_TYPE);
  lua_newtable(L);
  return 1;
}
