/* lmatrix_shape.c: copies of a matrix in other shapes, and matrices put together. */
#include "lua/lmatrix.h"

#include "lua/options.h"

#include <stdio.h>

/* A:copy() */
static int copy(lua_State *L) {
  ln_matrix A = self(L, "A:copy");
  ln_copy(A, push_matrix(L, A.rows, A.cols));
  return 1;
}

/* A:reshape(m, n): the same numbers, down the columns */
static int reshape(lua_State *L) {
  const char *name = "A:reshape";
  ln_matrix A = self(L, name);
  lua_Integer rows = check_integer(L, 2, name, "rows", 0, LN_DIMENSION_MAX);
  lua_Integer cols = check_integer(L, 3, name, "columns", 0, LN_DIMENSION_MAX);
  if ((size_t)rows * (size_t)cols != count_of(A))
    fail(L, name, "A is %zux%zu, %zu numbers; %lldx%lld has place for %zu", A.rows, A.cols, count_of(A),
         (long long)rows, (long long)cols, (size_t)rows * (size_t)cols);
  ln_matrix B = push_matrix(L, (size_t)rows, (size_t)cols);
  ln_copy(A, ln_window(B.data, A.rows, A.cols));
  return 1;
}

static double repeats(lua_State *L, int index, const char *what) {
  return (double)check_integer(L, index, "A:tile", what, 0, LN_DIMENSION_MAX);
}

/* A:tile(m, n): A repeated m times downwards and n times to the right */
static int tile(lua_State *L) {
  ln_matrix A = self(L, "A:tile");
  double down = repeats(L, 2, "m"), right = repeats(L, 3, "n");
  ln_matrix B = push_sized_matrix(L, "A:tile", down * (double)A.rows, right * (double)A.cols);
  if (!count_of(B)) return 1;
  for (size_t j = 0; j < B.cols; j += A.cols)
    for (size_t i = 0; i < B.rows; i += A.rows) ln_copy(A, ln_block_of(B, i, j, A.rows, A.cols));
  return 1;
}

/* A:diag(): a copy of the diagonal, as a column */
static int diag(lua_State *L) {
  ln_matrix A = self(L, "A:diag");
  ln_matrix v = push_matrix(L, A.rows < A.cols ? A.rows : A.cols, 1);
  for (size_t i = 0; i < v.rows; i++) v.data[i] = LN_AT(A, i, i);
  return 1;
}

/* A:setdiag(v), v a vector or a number -> A */
static int setdiag(lua_State *L) {
  const char *name = "A:setdiag";
  ln_matrix A = self(L, name);
  size_t n = A.rows < A.cols ? A.rows : A.cols;
  if (lua_type(L, 2) == LUA_TNUMBER) {
    for (size_t i = 0; i < n; i++) LN_AT(A, i, i) = lua_tonumber(L, 2);
  } else {
    ln_matrix v = push_vector(L, 2, name, "v");
    if (v.rows != n)
      fail(L, name, "A is %zux%zu, its diagonal %zu numbers; v has %zu", A.rows, A.cols, n, v.rows);
    /* Read to the end before writing: v may be a row or column of A. */
    ln_matrix own = push_column(L, v.data, n);
    for (size_t i = 0; i < n; i++) LN_AT(A, i, i) = own.data[i];
  }
  lua_settop(L, 1);
  return 1;
}

/* Pushes the indices of option `which` as a column of numbers from 1 to n; all of them if it is not given. */
static ln_matrix push_indices(lua_State *L, const options *o, const char *which, size_t n) {
  if (!option_given(o, which)) {
    ln_matrix all = push_matrix(L, n, 1);
    for (size_t i = 0; i < n; i++) all.data[i] = (double)i + 1;
    return all;
  }
  ln_matrix chosen = option_vector(o, which);
  for (size_t i = 0; i < chosen.rows; i++) {
    double k = chosen.data[i];
    if (!(k >= 1 && k <= (double)n) || k != (double)(size_t)k)
      option_fail(o, which, "has %.14g at %zu; whole numbers from 1 to %zu are valid", k, i + 1, n);
  }
  return chosen;
}

/* A:select { rows = {..}, cols = {..} }: a copy of these, in this order, repeated if need be */
static int select(lua_State *L) {
  static const char *const names[] = {"rows", "cols", NULL};
  ln_matrix A = self(L, "A:select");
  options o = options_read(L, 2, "A:select", names);
  ln_matrix rows = push_indices(L, &o, "rows", A.rows), cols = push_indices(L, &o, "cols", A.cols);
  ln_matrix B = push_matrix(L, rows.rows, cols.rows);
  for (size_t j = 0; j < B.cols; j++)
    for (size_t i = 0; i < B.rows; i++)
      LN_AT(B, i, j) = LN_AT(A, (size_t)rows.data[i] - 1, (size_t)cols.data[j] - 1);
  return 1;
}

/* A:totable(): a column as a list of numbers, anything else as a list of rows, so that matrix(A:totable()) ==
 * A */
static int totable(lua_State *L) {
  ln_matrix A = self(L, "A:totable");
  lua_createtable(L, (int)A.rows, 0);
  for (size_t i = 0; i < A.rows; i++) {
    if (A.cols != 1) lua_createtable(L, (int)A.cols, 0);
    for (size_t j = 0; j < A.cols; j++) {
      lua_pushnumber(L, LN_AT(A, i, j));
      lua_rawseti(L, -2, (lua_Integer)(A.cols == 1 ? i : j) + 1);
    }
    if (A.cols != 1) lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* ---- several matrices ---- */

/* hcat(A, B, ...) side by side, vcat(A, B, ...) one below the other; lists are columns */
static int concatenate(lua_State *L, const char *name, bool below) {
  int n = lua_gettop(L);
  if (!n) fail(L, name, "at least one matrix is needed");
  double rows = 0, cols = 0;
  for (int k = 1; k <= n; k++) {
    char what[24];
    snprintf(what, sizeof what, "argument %d", k);
    ln_matrix A = convert_matrix(L, k, name, what);
    double common = below ? cols : rows, own = (double)(below ? A.cols : A.rows);
    if (k > 1 && own != common)
      fail(L, name, "%s is %zux%zu and the first has %.0f %s; all must have as many", what, A.rows, A.cols,
           common, below ? "columns" : "rows");
    rows = below ? rows + (double)A.rows : (double)A.rows;
    cols = below ? (double)A.cols : cols + (double)A.cols;
  }
  ln_matrix C = push_sized_matrix(L, name, rows, cols);
  size_t i = 0, j = 0;
  for (int k = 1; k <= n; k++) {
    ln_matrix A = *test_matrix(L, k);
    ln_copy(A, ln_block_of(C, i, j, A.rows, A.cols));
    if (below)
      i += A.rows;
    else
      j += A.cols;
  }
  return 1;
}
static int hcat(lua_State *L) { return concatenate(L, "matrix.hcat", false); }
static int vcat(lua_State *L) { return concatenate(L, "matrix.vcat", true); }

/* kron(A, B): every entry of A times B */
static int kron(lua_State *L) {
  const char *name = "matrix.kron";
  ln_matrix A = check_matrix(L, 1, name, "A"), B = check_matrix(L, 2, name, "B");
  ln_matrix C = push_sized_matrix(L, name, (double)A.rows * (double)B.rows, (double)A.cols * (double)B.cols);
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) {
      ln_matrix block = ln_block_of(C, i * B.rows, j * B.cols, B.rows, B.cols);
      for (size_t l = 0; l < B.cols; l++)
        for (size_t k = 0; k < B.rows; k++) LN_AT(block, k, l) = LN_AT(A, i, j) * LN_AT(B, k, l);
    }
  return 1;
}

/* outer(u, v) = u v', for vectors of any orientation */
static int outer(lua_State *L) {
  const char *name = "matrix.outer";
  ln_matrix u = push_vector(L, 1, name, "u"), v = push_vector(L, 2, name, "v");
  ln_matrix C = push_sized_matrix(L, name, (double)u.rows, (double)v.rows);
  for (size_t j = 0; j < C.cols; j++)
    for (size_t i = 0; i < C.rows; i++) LN_AT(C, i, j) = u.data[i] * v.data[j];
  return 1;
}

const luaL_Reg matrix_shape_methods[] = {
    {"copy", copy},       {"reshape", reshape}, {"tile", tile},       {"diag", diag},
    {"setdiag", setdiag}, {"select", select},   {"totable", totable}, {NULL, NULL},
};

const luaL_Reg matrix_shape_functions[] = {
    {"hcat", hcat}, {"vcat", vcat}, {"kron", kron}, {"outer", outer}, {NULL, NULL},
};
