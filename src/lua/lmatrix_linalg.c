/* lmatrix_linalg.c: the decompositions of a matrix and what follows from them, as methods. */
#include "lua/lmatrix.h"

#include "core/linalg.h"
#include "lua/options.h"

static size_t shorter(ln_matrix A) { return A.rows < A.cols ? A.rows : A.cols; }

/* The matrix that a method was called on, square: checked before results of its size are made. */
static ln_matrix square_self(lua_State *L, const char *name, const char *hint) {
  ln_matrix A = self(L, name);
  if (A.rows != A.cols) fail(L, name, "A is %zux%zu; a square matrix is needed%s", A.rows, A.cols, hint);
  return A;
}

/* Argument `index`: a tolerance relative to the largest singular value; -1, the numerics' own, if it was left
 * out. */
static double tolerance(lua_State *L, int index, const char *name) {
  if (lua_isnoneornil(L, index)) return -1;
  double x = check_number(L, index, name, "tol");
  if (x < 0) fail(L, name, "tol must be a number >= 0, got %.14g", x);
  return x;
}

/* ---- decompositions ---- */

/* U, s, V = A:svd [{ full = true }] */
static int svd(lua_State *L) {
  static const char *const names[] = {"full", NULL};
  ln_matrix A = self(L, "matrix.svd");
  options o = options_read_optional(L, 2, "matrix.svd", names);
  bool full = option_flag_or(&o, "full", false);
  size_t k = shorter(A);
  ln_matrix U = push_matrix(L, A.rows, full ? A.rows : k);
  ln_matrix s = push_matrix(L, k, 1);
  ln_matrix V = push_matrix(L, A.cols, full ? A.cols : k);
  check(L, "matrix.svd", ln_svd(context_of(L), A, U, s.data, V));
  return 3;
}

/* w, Q = A:eigh() */
static int eigh(lua_State *L) {
  ln_matrix A = square_self(L, "matrix.eigh", "");
  ln_matrix w = push_matrix(L, A.rows, 1), Q = push_matrix(L, A.rows, A.rows);
  check(L, "matrix.eigh", ln_eigh(context_of(L), A, w.data, Q));
  return 2;
}

/* wr, wi, V = A:eig() */
static int eig(lua_State *L) {
  ln_matrix A = square_self(L, "matrix.eig", "");
  ln_matrix wr = push_matrix(L, A.rows, 1), wi = push_matrix(L, A.rows, 1),
            V = push_matrix(L, A.rows, A.rows);
  check(L, "matrix.eig", ln_eig(context_of(L), A, wr.data, wi.data, V));
  return 3;
}

/* Q, R = A:qr() */
static int qr(lua_State *L) {
  ln_matrix A = self(L, "matrix.qr");
  ln_matrix Q = push_matrix(L, A.rows, shorter(A)), R = push_matrix(L, shorter(A), A.cols);
  check(L, "matrix.qr", ln_qr(context_of(L), A, Q, R));
  return 2;
}

static int chol(lua_State *L) {
  ln_matrix A = square_self(L, "matrix.chol", ""), lower = push_matrix(L, A.rows, A.cols);
  check(L, "matrix.chol", ln_cholesky(context_of(L), A, lower));
  return 1;
}

/* ---- equations ---- */

static int solve(lua_State *L) {
  ln_matrix A = square_self(L, "matrix.solve", " (use lstsq)"), B = convert_matrix(L, 2, "matrix.solve", "B");
  ln_matrix X = push_matrix(L, A.cols, B.cols);
  check(L, "matrix.solve", ln_solve(context_of(L), A, B, X));
  return 1;
}

/* A:lstsq(B [, tol]) */
static int lstsq(lua_State *L) {
  ln_matrix A = self(L, "matrix.lstsq"), B = convert_matrix(L, 2, "matrix.lstsq", "B");
  double tol = tolerance(L, 3, "matrix.lstsq");
  ln_matrix X = push_matrix(L, A.cols, B.cols);
  check(L, "matrix.lstsq", ln_least_squares(context_of(L), A, B, tol, X));
  return 1;
}

static int inv(lua_State *L) {
  ln_matrix A = square_self(L, "matrix.inv", " (use pinv)"), X = push_matrix(L, A.rows, A.cols);
  check(L, "matrix.inv", ln_inverse(context_of(L), A, X));
  return 1;
}

/* A:pinv [tol] */
static int pinv(lua_State *L) {
  ln_matrix A = self(L, "matrix.pinv");
  double tol = tolerance(L, 2, "matrix.pinv");
  ln_matrix X = push_matrix(L, A.cols, A.rows);
  check(L, "matrix.pinv", ln_pseudo_inverse(context_of(L), A, tol, X));
  return 1;
}

/* ---- numbers ---- */

static int det(lua_State *L) {
  ln_matrix A = self(L, "matrix.det");
  double determinant;
  check(L, "matrix.det", ln_determinant(context_of(L), A, &determinant));
  lua_pushnumber(L, determinant);
  return 1;
}

/* log|det A|, sign = A:logdet() */
static int logdet(lua_State *L) {
  ln_matrix A = self(L, "matrix.logdet");
  double size, sign;
  check(L, "matrix.logdet", ln_log_determinant(context_of(L), A, &size, &sign));
  lua_pushnumber(L, size);
  lua_pushinteger(L, (lua_Integer)sign);
  return 2;
}

static int rank(lua_State *L) {
  ln_matrix A = self(L, "matrix.rank");
  double tol = tolerance(L, 2, "matrix.rank");
  size_t count;
  check(L, "matrix.rank", ln_rank(context_of(L), A, tol, &count));
  lua_pushinteger(L, (lua_Integer)count);
  return 1;
}

static int cond(lua_State *L) {
  ln_matrix A = self(L, "matrix.cond");
  double condition;
  check(L, "matrix.cond", ln_condition(context_of(L), A, &condition));
  lua_pushnumber(L, condition);
  return 1;
}

/* ---- matrix functions, bases ---- */

static int expm(lua_State *L) {
  ln_matrix A = square_self(L, "matrix.expm", ""), X = push_matrix(L, A.rows, A.cols);
  check(L, "matrix.expm", ln_exponential(context_of(L), A, X));
  return 1;
}

static int sqrtm(lua_State *L) {
  ln_matrix A = square_self(L, "matrix.sqrtm", ""), X = push_matrix(L, A.rows, A.cols);
  check(L, "matrix.sqrtm", ln_square_root(context_of(L), A, X));
  return 1;
}

/* The first columns of the matrix on top, by themselves. */
static int push_first(lua_State *L, ln_matrix B, size_t cols) {
  if (cols < B.cols) ln_copy(ln_block_of(B, 0, 0, B.rows, cols), push_matrix(L, B.rows, cols));
  return 1;
}

/* A:orth [tol] */
static int orth(lua_State *L) {
  ln_matrix A = self(L, "matrix.orth");
  double tol = tolerance(L, 2, "matrix.orth");
  ln_matrix B = push_matrix(L, A.rows, shorter(A));
  size_t found;
  check(L, "matrix.orth", ln_column_space(context_of(L), A, tol, B, &found));
  return push_first(L, B, found);
}

/* A:null [tol] */
static int null(lua_State *L) {
  ln_matrix A = self(L, "matrix.null");
  double tol = tolerance(L, 2, "matrix.null");
  ln_matrix B = push_matrix(L, A.cols, A.cols);
  size_t found;
  check(L, "matrix.null", ln_null_space(context_of(L), A, tol, B, &found));
  return push_first(L, B, found);
}

const luaL_Reg matrix_linalg_methods[] = {
    {"svd", svd},     {"eigh", eigh}, {"eig", eig},     {"qr", qr},     {"chol", chol},     {"solve", solve},
    {"lstsq", lstsq}, {"inv", inv},   {"pinv", pinv},   {"det", det},   {"logdet", logdet}, {"rank", rank},
    {"cond", cond},   {"expm", expm}, {"sqrtm", sqrtm}, {"orth", orth}, {"null", null},     {NULL, NULL},
};
