/* Matrices as windows that a C program reads and writes. */
#include "linnet.h"

#include "lua/binding.h"

static void open_window(const ln_matrix *from, linnet_matrix *A) {
  *A = (linnet_matrix){from->data, (ptrdiff_t)from->rows, (ptrdiff_t)from->cols, (ptrdiff_t)from->ld};
}

int linnet_tomatrix(lua_State *L, int i, linnet_matrix *A) {
  const ln_matrix *found = test_matrix(L, i);
  if (found) open_window(found, A);
  return found != NULL;
}

void linnet_checkmatrix(lua_State *L, int arg, linnet_matrix *A) {
  luaL_argexpected(L, linnet_tomatrix(L, arg, A), arg, "matrix");
}

double *linnet_newmatrix(lua_State *L, ptrdiff_t rows, ptrdiff_t cols) {
  return push_sized_matrix(L, "linnet_newmatrix", (lua_Number)rows, (lua_Number)cols).data;
}
