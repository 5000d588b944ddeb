/* lmatrix_view.c: parts of a matrix that share its numbers, and single numbers by place. */
#include "lua/lmatrix.h"

/* Argument `index`, a place from 1 to n, as an index from 0. */
static size_t place(lua_State *L, int index, const char *name, const char *what, size_t n) {
  return (size_t)check_integer(L, index, name, what, 1, (lua_Integer)n) - 1;
}

typedef struct range {
  size_t first, count;
} range;

/* Arguments `index` and `index` + 1, the first and last of n; the last before the first is an empty range. */
static range read_range(lua_State *L, int index, const char *name, const char *first, const char *last,
                        size_t n) {
  lua_Integer i = check_integer(L, index, name, first, 1, (lua_Integer)n + 1);
  lua_Integer k = check_integer(L, index + 1, name, last, i - 1, (lua_Integer)n);
  return (range){(size_t)i - 1, (size_t)(k - i + 1)};
}

static int view(lua_State *L, ln_matrix A, range rows, range cols) {
  push_view(L, 1, ln_block_of(A, rows.first, cols.first, rows.count, cols.count));
  return 1;
}

/* A:row(i) -> 1 x n view */
static int row(lua_State *L) {
  ln_matrix A = self(L, "A:row");
  return view(L, A, (range){place(L, 2, "A:row", "i", A.rows), 1}, (range){0, A.cols});
}

/* A:col(j) -> m x 1 view */
static int col(lua_State *L) {
  ln_matrix A = self(L, "A:col");
  return view(L, A, (range){0, A.rows}, (range){place(L, 2, "A:col", "j", A.cols), 1});
}

/* A:rowrange(i, k) -> view of rows i to k */
static int rowrange(lua_State *L) {
  ln_matrix A = self(L, "A:rowrange");
  return view(L, A, read_range(L, 2, "A:rowrange", "i", "k", A.rows), (range){0, A.cols});
}

/* A:colrange(j, l) -> view of columns j to l */
static int colrange(lua_State *L) {
  ln_matrix A = self(L, "A:colrange");
  return view(L, A, (range){0, A.rows}, read_range(L, 2, "A:colrange", "j", "l", A.cols));
}

/* A:block(i, k, j, l) -> view of rows i to k, columns j to l */
static int block(lua_State *L) {
  ln_matrix A = self(L, "A:block");
  range rows = read_range(L, 2, "A:block", "i", "k", A.rows);
  return view(L, A, rows, read_range(L, 4, "A:block", "j", "l", A.cols));
}

/* A:get(i, j) -> number */
static int get(lua_State *L) {
  ln_matrix A = self(L, "A:get");
  size_t i = place(L, 2, "A:get", "i", A.rows), j = place(L, 3, "A:get", "j", A.cols);
  lua_pushnumber(L, LN_AT(A, i, j));
  return 1;
}

/* A:set(i, j, x) -> A */
static int set(lua_State *L) {
  ln_matrix A = self(L, "A:set");
  size_t i = place(L, 2, "A:set", "i", A.rows), j = place(L, 3, "A:set", "j", A.cols);
  LN_AT(A, i, j) = any_number(L, 4, "A:set", "x");
  lua_settop(L, 1);
  return 1;
}

/* A:item() -> the number of a 1 x 1 matrix */
static int item(lua_State *L) {
  ln_matrix A = self(L, "A:item");
  if (count_of(A) != 1) fail(L, "A:item", "A is %zux%zu; only a 1x1 matrix is one number", A.rows, A.cols);
  lua_pushnumber(L, A.data[0]);
  return 1;
}

const luaL_Reg matrix_view_methods[] = {
    {"row", row}, {"col", col}, {"rowrange", rowrange}, {"colrange", colrange}, {"block", block},
    {"get", get}, {"set", set}, {"item", item},         {NULL, NULL},
};
