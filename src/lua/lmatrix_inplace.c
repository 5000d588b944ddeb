/* lmatrix_inplace.c: methods that change a matrix and return it. */
#include "lua/lmatrix.h"

#include <string.h>

/* Argument `index`, a matrix of Y's shape. */
static ln_matrix like(lua_State *L, int index, ln_matrix Y, const char *name) {
  ln_matrix X = check_matrix(L, index, name, "X");
  if (!same_shape(X, Y))
    fail(L, name, "Y is %zux%zu and X is %zux%zu; the shapes must be equal", Y.rows, Y.cols, X.rows, X.cols);
  return X;
}

static int changed(lua_State *L) {
  lua_settop(L, 1);
  return 1;
}

/* Y:axpy(a, X): Y += a X */
static int axpy(lua_State *L) {
  const char *name = "Y:axpy";
  ln_matrix Y = self(L, name);
  double a = any_number(L, 2, name, "a");
  ln_matrix X = like(L, 3, Y, name);
  if (ln_overlaps(X, Y) && !same_window(X, Y)) {
    ln_matrix copy = push_matrix(L, X.rows, X.cols);
    ln_copy(X, copy);
    X = copy;
  }
  ln_axpy(a, X, Y);
  return changed(L);
}

/* Y:scal(a): Y *= a */
static int scal(lua_State *L) {
  ln_matrix Y = self(L, "Y:scal");
  ln_scale(any_number(L, 2, "Y:scal", "a"), Y);
  return changed(L);
}

/* Y:fill(x) */
static int fill(lua_State *L) {
  ln_matrix Y = self(L, "Y:fill");
  ln_fill(Y, any_number(L, 2, "Y:fill", "x"));
  return changed(L);
}

/* Y:assign(X): the numbers of X, as if copied first where the two overlap */
static int assign(lua_State *L) {
  ln_matrix Y = self(L, "Y:assign");
  ln_copy(like(L, 2, Y, "Y:assign"), Y);
  return changed(L);
}

static ln_form form(lua_State *L, int index, const char *name, const char *what) {
  if (lua_isnoneornil(L, index)) return LN_N;
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  if (!strcmp(text, "n")) return LN_N;
  if (!strcmp(text, "t")) return LN_T;
  fail(L, name, "the form of %s must be \"n\" (as it is) or \"t\" (transposed), got %s", what,
       describe(L, index));
}

/* C:gemm(a, A, B, b[, "n"/"t", "n"/"t"]): C = a op(A) op(B) + b C */
static int gemm(lua_State *L) {
  const char *name = "C:gemm";
  ln_matrix C = self(L, name);
  double a = any_number(L, 2, name, "a");
  ln_matrix A = check_matrix(L, 3, name, "A"), B = check_matrix(L, 4, name, "B");
  double b = any_number(L, 5, name, "b");
  ln_form ta = form(L, 6, name, "A"), tb = form(L, 7, name, "B");
  size_t rows = ta ? A.cols : A.rows, inner = ta ? A.rows : A.cols;
  size_t inner_b = tb ? B.cols : B.rows, cols = tb ? B.rows : B.cols;
  if (inner != inner_b || C.rows != rows || C.cols != cols)
    fail(L, name, "op(A) is %zux%zu, op(B) is %zux%zu and C is %zux%zu; the product needs %s", rows, inner,
         inner_b, cols, C.rows, C.cols,
         inner != inner_b ? "as many columns in op(A) as rows in op(B)"
                          : "a C with op(A)'s rows and op(B)'s columns");
  if (ln_overlaps(C, A) || ln_overlaps(C, B))
    fail(L, name, "C shares numbers with %s; give the product a matrix of its own",
         ln_overlaps(C, A) ? "A" : "B");
  check(L, name, ln_charge(context_of(L), 2 * (double)rows * (double)cols * (double)inner));
  ln_gemm(ta, tb, a, A, B, b, C);
  return changed(L);
}

const luaL_Reg matrix_inplace_methods[] = {
    {"axpy", axpy}, {"scal", scal}, {"fill", fill}, {"assign", assign}, {"gemm", gemm}, {NULL, NULL},
};
