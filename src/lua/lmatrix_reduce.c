/* lmatrix_reduce.c: from many numbers to fewer: A:sum() over all, A:sum(1) down the columns (1 x n), A:sum(2)
 * along the rows (m x 1). How NaN is treated: core/reduce.h. */
#include "lua/lmatrix.h"

#include "core/linalg.h"
#include "core/reduce.h"

#include <math.h>
#include <string.h>

/* Argument `index` as a dimension: which lines of the matrix are meant. */
static ln_lines read_lines(lua_State *L, int index, const char *name) {
  return (ln_lines)dimension(L, index, name);
}

/* Pushes a matrix with a number for each line. */
static ln_matrix push_of_lines(lua_State *L, ln_matrix A, ln_lines lines) {
  return lines == LN_COLUMNS ? push_matrix(L, 1, A.cols) : push_matrix(L, A.rows, 1);
}

/* ---- one number a line ---- */

static int reduce(lua_State *L, ln_reduction f, const char *name) {
  ln_matrix A = self(L, name);
  ln_lines lines = read_lines(L, 2, name);
  if (lines == LN_WHOLE) {
    double x;
    check(L, name, ln_reduce(context_of(L), A, lines, f, &x));
    lua_pushnumber(L, x);
  } else {
    ln_matrix B = push_of_lines(L, A, lines);
    check(L, name, ln_reduce(context_of(L), A, lines, f, B.data));
  }
  return 1;
}

static int sum(lua_State *L) { return reduce(L, ln_sum, "A:sum"); }
static int mean(lua_State *L) { return reduce(L, ln_mean, "A:mean"); }
static int var(lua_State *L) { return reduce(L, ln_variance, "A:var"); }
static int std(lua_State *L) { return reduce(L, ln_deviation, "A:std"); }

/* A:any(), A:all(): a boolean over all entries, 0 or 1 a line */
static int truth(lua_State *L, ln_reduction f, const char *name) {
  reduce(L, f, name);
  if (lua_type(L, -1) == LUA_TNUMBER) lua_pushboolean(L, lua_tonumber(L, -1) != 0);
  return 1;
}
static int any(lua_State *L) { return truth(L, ln_any, "A:any"); }
static int all(lua_State *L) { return truth(L, ln_all, "A:all"); }

/* ---- largest and smallest, and where ---- */

struct searching {
  size_t (*search)(size_t n, const double *x);
  double *values, *places;
};

static ln_status search_line(void *ud, size_t k, size_t n, const double *x) {
  const struct searching *s = ud;
  size_t place = s->search(n, x);
  s->values[k] = x[place];
  s->places[k] = (double)place + 1;
  return LN_OK;
}

/* Pushes the values and the places: two matrices for lines; over all the number and i, or i and j. */
static int search(lua_State *L, size_t find(size_t, const double *), const char *name) {
  ln_matrix A = self(L, name);
  ln_lines lines = read_lines(L, 2, name);
  if (ln_line_count(A, lines) && !ln_line_length(A, lines))
    fail(L, name, "A is %zux%zu: there is no number to choose from", A.rows, A.cols);
  if (lines == LN_WHOLE) {
    double value, place;
    struct searching s = {find, &value, &place};
    check(L, name, ln_each_line(context_of(L), A, lines, search_line, &s));
    lua_pushnumber(L, value);
    lua_Integer k = (lua_Integer)place - 1, rows = (lua_Integer)A.rows;
    if (is_vector(A)) return lua_pushinteger(L, k + 1), 2;
    lua_pushinteger(L, k % rows + 1);
    lua_pushinteger(L, k / rows + 1);
    return 3;
  }
  ln_matrix values = push_of_lines(L, A, lines), places = push_of_lines(L, A, lines);
  struct searching s = {find, values.data, places.data};
  check(L, name, ln_each_line(context_of(L), A, lines, search_line, &s));
  return 2;
}

static int max(lua_State *L) { return search(L, ln_place_of_largest, "A:max"); }
static int min(lua_State *L) { return search(L, ln_place_of_smallest, "A:min"); }
static int argmax(lua_State *L) { return search(L, ln_place_of_largest, "A:argmax") - 1; }
static int argmin(lua_State *L) { return search(L, ln_place_of_smallest, "A:argmin") - 1; }

/* ---- norms and products ---- */

/* The largest sum of absolute values in a column or a row. */
static double largest_sum(lua_State *L, ln_matrix A, ln_lines lines) {
  ln_matrix sums = push_of_lines(L, A, lines);
  check(L, "A:norm", ln_reduce(context_of(L), A, lines, ln_sum_abs, sums.data));
  size_t n = count_of(sums);
  return n ? sums.data[ln_place_of_largest(n, sums.data)] : 0;
}

static double reduced(lua_State *L, ln_matrix A, ln_reduction f) {
  double x;
  check(L, "A:norm", ln_reduce(context_of(L), A, LN_WHOLE, f, &x));
  return x;
}

static double singular_norm(lua_State *L, ln_matrix A, bool nuclear) {
  ln_matrix s = push_matrix(L, A.rows < A.cols ? A.rows : A.cols, 1);
  check(L, "A:norm", ln_svd(context_of(L), A, (ln_matrix){0}, s.data, (ln_matrix){0}));
  return nuclear ? ln_sum(s.rows, s.data) : s.rows ? s.data[0] : 0;
}

/* A:norm(["fro" | 1 | 2 | "inf" | "nuc"]). A vector's norms are a vector's, whichever way it lies: its 1-norm
 * is the sum, its inf-norm the largest of the absolute values, all others the Euclidean one. */
static int norm(lua_State *L) {
  ln_matrix A = self(L, "A:norm");
  int type = lua_type(L, 2);
  const char *kind = type == LUA_TSTRING ? lua_tostring(L, 2) : "";
  double p = type == LUA_TNUMBER ? lua_tonumber(L, 2) : 0, x;
  ln_lines line = A.cols == 1 ? LN_COLUMNS : LN_ROWS;
  if (lua_isnoneornil(L, 2) || !strcmp(kind, "fro"))
    x = reduced(L, A, ln_norm_of);
  else if (p == 1)
    x = is_vector(A) ? largest_sum(L, A, line) : largest_sum(L, A, LN_COLUMNS);
  else if (!strcmp(kind, "inf") || p == INFINITY)
    x = is_vector(A) ? largest_sum(L, A, line == LN_ROWS ? LN_COLUMNS : LN_ROWS) : largest_sum(L, A, LN_ROWS);
  else if (p == 2 || !strcmp(kind, "nuc"))
    x = is_vector(A) ? reduced(L, A, ln_norm_of) : singular_norm(L, A, p != 2);
  else
    fail(L, "A:norm", "the kind of norm must be \"fro\", 1, 2, \"inf\" or \"nuc\", got %s", describe(L, 2));
  lua_pushnumber(L, x);
  return 1;
}

/* A:dot(B): the sum of A_ij B_ij, for matrices of one shape or vectors of one length */
static int dot(lua_State *L) {
  const char *name = "A:dot";
  ln_matrix A = self(L, name), B = check_matrix(L, 2, name, "B");
  if (!same_shape(A, B) && !(is_vector(A) && is_vector(B) && count_of(A) == count_of(B)))
    fail(L, name, "A is %zux%zu and B is %zux%zu; the shapes must be equal", A.rows, A.cols, B.rows, B.cols);
  for (int k = 1; k <= 2; k++) {
    ln_matrix X = *test_matrix(L, k);
    if (ln_is_dense(X)) continue;
    ln_copy(X, push_matrix(L, X.rows, X.cols));
    lua_replace(L, k);
  }
  lua_pushnumber(L, ln_sum_products(count_of(A), test_matrix(L, 1)->data, test_matrix(L, 2)->data));
  return 1;
}

/* A:trace() */
static int trace(lua_State *L) {
  ln_matrix A = self(L, "A:trace");
  if (A.rows != A.cols) fail(L, "A:trace", "A is %zux%zu; a square matrix is needed", A.rows, A.cols);
  double x = 0;
  for (size_t i = 0; i < A.rows; i++) x += LN_AT(A, i, i);
  lua_pushnumber(L, x);
  return 1;
}

const luaL_Reg matrix_reduce_methods[] = {
    {"sum", sum},   {"mean", mean}, {"var", var},     {"std", std},       {"any", any},
    {"all", all},   {"max", max},   {"min", min},     {"argmax", argmax}, {"argmin", argmin},
    {"norm", norm}, {"dot", dot},   {"trace", trace}, {NULL, NULL},
};
