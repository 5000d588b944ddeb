/* lmatrix_arith.c: operators, and operations entry by entry on two matrices.
 *
 * Entry by entry, either side may be a number; two matrices have the same shape, or one is a vector that is
 * spread over the other: a column of m numbers over the columns of an m x n matrix, a row of n over its rows.
 */
#include "lua/lmatrix.h"

#include "core/elementwise.h"
#include "core/linalg.h"

/* ---- entry by entry ---- */

/* One side: a number, or a matrix. */
typedef struct side {
  double number;
  ln_matrix matrix;
  bool is_number;
} side;

static side read_side(lua_State *L, int index, const char *name, const char *what) {
  if (lua_type(L, index) == LUA_TNUMBER) return (side){.number = lua_tonumber(L, index), .is_number = true};
  const ln_matrix *A = test_matrix(L, index);
  if (!A) fail(L, name, "%s must be a matrix or a number, got %s", what, describe(L, index));
  return (side){.matrix = *A};
}

/* Can v be spread over A? Never over another vector. */
static bool spreads(ln_matrix v, ln_matrix A) {
  return !is_vector(A) && ((v.cols == 1 && v.rows == A.rows) || (v.rows == 1 && v.cols == A.cols));
}

static ln_operand operand(const side *s, ln_matrix C) {
  if (s->is_number) return (ln_operand){&s->number, 0, 0};
  if (same_shape(s->matrix, C)) return (ln_operand){s->matrix.data, 1, s->matrix.ld};
  if (s->matrix.cols == 1) return (ln_operand){s->matrix.data, 1, 0};
  return (ln_operand){s->matrix.data, 0, s->matrix.ld};
}

static _Noreturn void shapes_differ(lua_State *L, const char *name, ln_matrix A, ln_matrix B) {
  if (count_of(A) == 1 || count_of(B) == 1)
    fail(L, name, "A is %zux%zu and B is %zux%zu; a 1x1 matrix is made a number by :item()", A.rows, A.cols,
         B.rows, B.cols);
  if (is_vector(A) && is_vector(B))
    fail(L, name, "A is %zux%zu and B is %zux%zu; two vectors must have the same shape", A.rows, A.cols,
         B.rows, B.cols);
  ln_matrix C = is_vector(A) ? B : A; /* the one that a vector would have to fit */
  fail(L, name,
       "A is %zux%zu and B is %zux%zu; the shapes must be equal, or one a %zux1 column or a 1x%zu row",
       A.rows, A.cols, B.rows, B.cols, C.rows, C.cols);
}

static int combine(lua_State *L, ln_operation op, const char *name) {
  side a = read_side(L, 1, name, "A"), b = read_side(L, 2, name, "B");
  ln_matrix shape = a.is_number ? b.matrix : a.matrix;
  if (!a.is_number && !b.is_number && !same_shape(a.matrix, b.matrix)) {
    if (spreads(a.matrix, b.matrix))
      shape = b.matrix;
    else if (!spreads(b.matrix, a.matrix))
      shapes_differ(L, name, a.matrix, b.matrix);
  }
  ln_matrix C = push_matrix(L, shape.rows, shape.cols);
  ln_combine(op, operand(&a, C), operand(&b, C), C);
  return 1;
}

/* A method's first argument is a matrix whatever the second is. */
static int combine_method(lua_State *L, ln_operation op, const char *name) {
  self(L, name);
  return combine(L, op, name);
}

static int add(lua_State *L) { return combine(L, LN_ADD, "matrix sum"); }
static int subtract(lua_State *L) { return combine(L, LN_SUBTRACT, "matrix difference"); }
static int times(lua_State *L) { return combine_method(L, LN_TIMES, "A:times"); }
static int over(lua_State *L) { return combine_method(L, LN_OVER, "A:over"); }
static int gt(lua_State *L) { return combine_method(L, LN_GREATER, "A:gt"); }
static int lt(lua_State *L) { return combine_method(L, LN_LESS, "A:lt"); }
static int ge(lua_State *L) { return combine_method(L, LN_GREATER_EQUAL, "A:ge"); }
static int le(lua_State *L) { return combine_method(L, LN_LESS_EQUAL, "A:le"); }
static int eq(lua_State *L) { return combine_method(L, LN_EQUALS, "A:eq"); }

/* -A */
static int negate(lua_State *L) {
  ln_matrix A = self(L, "-A");
  ln_apply(LN_NEGATE, A, push_matrix(L, A.rows, A.cols));
  return 1;
}

/* A == B: same shape and numbers */
static int equal(lua_State *L) {
  const ln_matrix *A = test_matrix(L, 1), *B = test_matrix(L, 2);
  lua_pushboolean(L, A && B && same_shape(*A, *B) && ln_equal(*A, *B));
  return 1;
}

/* ---- products ---- */

static int product(lua_State *L, const char *name, ln_form ta, ln_form tb, ln_matrix A, ln_matrix B) {
  size_t rows = ta ? A.cols : A.rows, cols = tb ? B.rows : B.cols, inner = ta ? A.rows : A.cols;
  ln_matrix C = push_matrix(L, rows, cols);
  bool gram = ta != tb && same_window(A, B); /* A'A and AA' cost half, and come out symmetric */
  check(L, name, ln_charge(context_of(L), (gram ? 1.0 : 2.0) * (double)rows * (double)cols * (double)inner));
  if (gram)
    ln_gram(ta, 1, A, 0, C);
  else
    ln_gemm(ta, tb, 1, A, B, 0, C);
  return 1;
}

/* A * B, x * A, A * x */
static int multiply(lua_State *L) {
  const char *name = "matrix product";
  side a = read_side(L, 1, name, "A"), b = read_side(L, 2, name, "B");
  if (a.is_number || b.is_number) return combine(L, LN_TIMES, name);
  ln_matrix A = a.matrix, B = b.matrix;
  if (A.cols != B.rows)
    fail(L, name, "A is %zux%zu and B is %zux%zu; A has %zu columns and B has %zu rows", A.rows, A.cols,
         B.rows, B.cols, A.cols, B.rows);
  return product(L, name, LN_N, LN_N, A, B);
}

/* A:tmul(B) = A' B */
static int tmul(lua_State *L) {
  ln_matrix A = self(L, "A:tmul"), B = check_matrix(L, 2, "A:tmul", "B");
  if (A.rows != B.rows)
    fail(L, "A:tmul", "A is %zux%zu and B is %zux%zu; A' B needs as many rows in B as in A", A.rows, A.cols,
         B.rows, B.cols);
  return product(L, "A:tmul", LN_T, LN_N, A, B);
}

/* A:mult(B) = A B' */
static int mult(lua_State *L) {
  ln_matrix A = self(L, "A:mult"), B = check_matrix(L, 2, "A:mult", "B");
  if (A.cols != B.cols)
    fail(L, "A:mult", "A is %zux%zu and B is %zux%zu; A B' needs as many columns in B as in A", A.rows,
         A.cols, B.rows, B.cols);
  return product(L, "A:mult", LN_N, LN_T, A, B);
}

/* A / x */
static int divide(lua_State *L) {
  const char *name = "matrix quotient";
  side a = read_side(L, 1, name, "A"), b = read_side(L, 2, name, "x");
  if (!b.is_number && a.is_number)
    fail(L, name, "x / A is not defined; A:pow(-1) inverts entries, A^-1 the matrix");
  if (!b.is_number)
    fail(L, name,
         "A / B is not defined for two matrices; A:over(B) divides entries, B:solve(A) solves B X = A");
  return combine(L, LN_OVER, name);
}

/* A ^ k, k whole; A ^ -1 is the inverse */
static int power(lua_State *L) {
  const char *name = "matrix power";
  ln_matrix A = check_matrix(L, 1, name, "the base");
  int whole;
  lua_Integer k = lua_tointegerx(L, 2, &whole);
  if (!whole || lua_type(L, 2) != LUA_TNUMBER)
    fail(L, name, "the exponent must be a whole number, got %s; A:pow(p) raises entries", describe(L, 2));
  if (A.rows != A.cols) fail(L, name, "A is %zux%zu; a square matrix is needed", A.rows, A.cols);
  ln_matrix B = push_matrix(L, A.rows, A.cols);
  check(L, name, ln_power(context_of(L), A, k, B));
  return 1;
}

const luaL_Reg matrix_arith_methods[] = {
    {"times", times}, {"over", over}, {"tmul", tmul}, {"mult", mult}, {"gt", gt},
    {"lt", lt},       {"ge", ge},     {"le", le},     {"eq", eq},     {NULL, NULL},
};

const luaL_Reg matrix_arith_events[] = {
    {"__add", add},    {"__sub", subtract}, {"__mul", multiply}, {"__div", divide},
    {"__unm", negate}, {"__pow", power},    {"__eq", equal},     {NULL, NULL},
};
