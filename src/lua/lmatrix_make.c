/* lmatrix_make.c: new matrices from sizes and from evenly spaced numbers. */
#include "lua/lmatrix.h"

#include "core/grid.h"

#include <math.h>

static double finite_number(lua_State *L, int index, const char *name, const char *what) {
  double x = check_number(L, index, name, what);
  if (!isfinite(x)) fail(L, name, "%s must be finite, got %s", what, describe(L, index));
  return x;
}

/* Pushes a matrix of the sizes in arguments 1 and 2; without argument 2 it has `otherwise` columns (0: as
 * many as rows). */
static ln_matrix push_of_size(lua_State *L, const char *name, double otherwise) {
  double rows = check_number(L, 1, name, "rows");
  double cols = !lua_isnoneornil(L, 2) ? check_number(L, 2, name, "columns") : otherwise ? otherwise : rows;
  return push_sized_matrix(L, name, rows, cols);
}

/* matrix.zeros(m[, n]), a column without n */
static int zeros(lua_State *L) {
  ln_fill(push_of_size(L, "matrix.zeros", 1), 0);
  return 1;
}

/* matrix.ones(m[, n]) */
static int ones(lua_State *L) {
  ln_fill(push_of_size(L, "matrix.ones", 1), 1);
  return 1;
}

/* matrix.full(m, n, x) */
static int full(lua_State *L) {
  double x = any_number(L, 3, "matrix.full", "x");
  ln_fill(push_of_size(L, "matrix.full", 1), x);
  return 1;
}

/* matrix.eye(m[, n]), square without n */
static int eye(lua_State *L) {
  ln_identity(push_of_size(L, "matrix.eye", 0));
  return 1;
}

/* matrix.diag(v): a square matrix with v on its diagonal */
static int diag(lua_State *L) {
  ln_matrix v = push_vector(L, 1, "matrix.diag", "v");
  ln_matrix A = push_sized_matrix(L, "matrix.diag", (lua_Number)v.rows, (lua_Number)v.rows);
  ln_fill(A, 0);
  for (size_t i = 0; i < v.rows; i++) LN_AT(A, i, i) = v.data[i];
  return 1;
}

static int spaced(lua_State *L, const char *name, void space(double, double, size_t, double *)) {
  double a = finite_number(L, 1, name, "a"), b = finite_number(L, 2, name, "b");
  lua_Integer n = check_integer(L, 3, name, "n", 0, LN_DIMENSION_MAX);
  ln_matrix x = push_sized_matrix(L, name, (lua_Number)n, 1);
  space(a, b, x.rows, x.data);
  return 1;
}

/* matrix.linspace(a, b, n): a column of n numbers from a to b */
static int linspace(lua_State *L) { return spaced(L, "matrix.linspace", ln_linspace); }

/* matrix.logspace(a, b, n): from 10^a to 10^b */
static int logspace(lua_State *L) { return spaced(L, "matrix.logspace", ln_logspace); }

/* matrix.range(a, b[, step]): a, a + step, ..., b as a column */
static int range(lua_State *L) {
  const char *name = "matrix.range";
  double a = finite_number(L, 1, name, "a"), b = finite_number(L, 2, name, "b");
  double step = lua_isnoneornil(L, 3) ? 1 : finite_number(L, 3, name, "step");
  if (step == 0) fail(L, name, "step = 0: the numbers would never reach b");
  ln_matrix x = push_sized_matrix(L, name, ln_range_count(a, b, step), 1);
  ln_range(a, b, step, x.rows, x.data);
  return 1;
}

const luaL_Reg matrix_make_functions[] = {
    {"zeros", zeros},       {"ones", ones},         {"full", full},   {"eye", eye}, {"diag", diag},
    {"linspace", linspace}, {"logspace", logspace}, {"range", range}, {NULL, NULL},
};
