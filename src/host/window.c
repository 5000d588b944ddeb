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

/* ---- the host's own numbers ---- */

#define LENDER_TYPE "linnet.Lender"

/* What keeps foreign numbers: the root of the views on them. */
typedef struct lender {
  void (*release)(void *ud);
  void *ud;
} lender;

static int give_back(lua_State *L) {
  lender *from = lua_touserdata(L, 1);
  if (from->release) from->release(from->ud);
  from->release = NULL;
  return 0;
}

/* (lender to copy) -> a userdata that releases at its end */
static int new_lender(lua_State *L) {
  const lender *given = lua_touserdata(L, 1);
  if (luaL_newmetatable(L, LENDER_TYPE)) {
    lua_pushcfunction(L, give_back);
    lua_setfield(L, -2, "__gc");
  }
  lender *from = lua_newuserdatauv(L, sizeof *from, 0);
  *from = (lender){0};
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
  *from = *given;
  return 1;
}

static const char *senseless(lua_State *L, const linnet_matrix *A) {
  size_t bytes;
  if (A->rows < 0 || A->cols < 0) return "a negative size";
  if (A->ld < A->rows || A->ld < 1) return "ld below rows";
  if (!A->data && A->rows && A->cols) return "no data";
  if (ln_check_size(context_of(L), (double)A->ld, (double)A->cols, &bytes) != LN_OK)
    return "too large a size";
  return NULL;
}

void linnet_pushforeign(lua_State *L, const linnet_matrix *A, void (*release)(void *ud), void *ud) {
  lender from = {release, ud};
  const char *wrong = senseless(L, A);
  int status = LUA_OK;
  if (!wrong) {
    lua_pushcfunction(L, new_lender);
    lua_pushlightuserdata(L, &from);
    status = lua_pcall(L, 1, 1, 0);
  }
  if ((wrong || status != LUA_OK) && release) release(ud);
  if (wrong) luaL_error(L, "linnet_pushforeign: the window has %s", wrong);
  if (status != LUA_OK) lua_error(L);
  push_view(L, -1, (ln_matrix){A->data, (size_t)A->rows, (size_t)A->cols, (size_t)A->ld});
  lua_remove(L, -2);
}
