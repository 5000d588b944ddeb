/* lmatrix_elementwise.c: functions of every entry, those of the library and those written in Lua. */
#include "lua/lmatrix.h"

#include "core/elementwise.h"

/* ---- A:exp() and its kind ---- */

static int apply(lua_State *L, ln_function f, const char *name) {
  ln_matrix A = self(L, name);
  ln_matrix B = push_matrix(L, A.rows, A.cols);
  if (ln_is_dense(A) || A.rows > 8) {
    ln_apply(f, A, B);
  } else { /* short columns with gaps between them: one long loop over the copy is faster */
    ln_copy(A, B);
    ln_apply(f, B, B);
  }
  return 1;
}

#define FUNCTION(name, f)                                                                                    \
  static int matrix_##name(lua_State *L) { return apply(L, f, "A:" #name); }
FUNCTION(exp, LN_EXP)
FUNCTION(log, LN_LOG)
FUNCTION(log1p, LN_LOG1P)
FUNCTION(expm1, LN_EXPM1)
FUNCTION(sqrt, LN_SQRT)
FUNCTION(abs, LN_ABS)
FUNCTION(sin, LN_SIN)
FUNCTION(cos, LN_COS)
FUNCTION(tanh, LN_TANH)
FUNCTION(erf, LN_ERF)
FUNCTION(relu, LN_RELU)
FUNCTION(sign, LN_SIGN)
FUNCTION(floor, LN_FLOOR)
FUNCTION(isfinite, LN_IS_FINITE)

/* A:pow(p): every entry to the power p */
static int matrix_pow(lua_State *L) {
  ln_matrix A = self(L, "A:pow");
  double p = any_number(L, 2, "A:pow", "p");
  ln_combine(LN_POWER_OF, (ln_operand){A.data, 1, A.ld}, (ln_operand){&p, 0, 0},
             push_matrix(L, A.rows, A.cols));
  return 1;
}

/* A:clamp(lo, hi) */
static int matrix_clamp(lua_State *L) {
  const char *name = "A:clamp";
  ln_matrix A = self(L, name);
  double low = check_number(L, 2, name, "lo"), high = check_number(L, 3, name, "hi");
  if (low > high) fail(L, name, "lo = %.14g is above hi = %.14g", low, high);
  ln_clamp(low, high, A, push_matrix(L, A.rows, A.cols));
  return 1;
}

/* ---- functions written in Lua ---- */

static void check_function(lua_State *L, int index, const char *name) {
  if (lua_type(L, index) != LUA_TFUNCTION) fail(L, name, "f must be a function, got %s", describe(L, index));
}

/* The number that f returned for entry (i, j). */
static double result(lua_State *L, const char *name, size_t i, size_t j) {
  if (lua_type(L, -1) != LUA_TNUMBER)
    fail(L, name, "f must return a number; at (%zu, %zu) it returned %s", i + 1, j + 1, describe(L, -1));
  double x = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return x;
}

static void push_place(lua_State *L, size_t i, size_t j) {
  lua_pushinteger(L, (lua_Integer)i + 1);
  lua_pushinteger(L, (lua_Integer)j + 1);
}

/* A:map(f): f(x, i, j) of every entry, down the columns */
static int matrix_map(lua_State *L) {
  const char *name = "A:map";
  ln_matrix A = self(L, name);
  check_function(L, 2, name);
  ln_matrix B = push_matrix(L, A.rows, A.cols);
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) {
      lua_pushvalue(L, 2);
      lua_pushnumber(L, LN_AT(A, i, j));
      push_place(L, i, j);
      lua_call(L, 3, 1);
      LN_AT(B, i, j) = result(L, name, i, j);
    }
  return 1;
}

/* matrix.map(f, A, B, ...): f(a, b, ..., i, j) of the entries in the same place of matrices of one shape */
static int map_several(lua_State *L) {
  const char *name = "matrix.map";
  check_function(L, 1, name);
  ln_matrix A = check_matrix(L, 2, name, "A");
  int n = lua_gettop(L);
  for (int k = 3; k <= n; k++) {
    ln_matrix B = check_matrix(L, k, name, "every argument after f");
    if (!same_shape(A, B))
      fail(L, name, "the matrices must have one shape; A is %zux%zu and argument %d is %zux%zu", A.rows,
           A.cols, k, B.rows, B.cols);
  }
  reserve_stack(L, n + 4);
  ln_matrix C = push_matrix(L, A.rows, A.cols);
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) {
      lua_pushvalue(L, 1);
      for (int k = 2; k <= n; k++) lua_pushnumber(L, LN_AT(*test_matrix(L, k), i, j));
      push_place(L, i, j);
      lua_call(L, n + 1, 1);
      LN_AT(C, i, j) = result(L, name, i, j);
    }
  return 1;
}

const luaL_Reg matrix_elementwise_methods[] = {
    {"exp", matrix_exp},     {"log", matrix_log},           {"log1p", matrix_log1p},
    {"expm1", matrix_expm1}, {"sqrt", matrix_sqrt},         {"abs", matrix_abs},
    {"sin", matrix_sin},     {"cos", matrix_cos},           {"tanh", matrix_tanh},
    {"erf", matrix_erf},     {"relu", matrix_relu},         {"sign", matrix_sign},
    {"floor", matrix_floor}, {"isfinite", matrix_isfinite}, {"pow", matrix_pow},
    {"clamp", matrix_clamp}, {"map", matrix_map},           {NULL, NULL},
};

const luaL_Reg matrix_elementwise_functions[] = {{"map", map_several}, {NULL, NULL}};
