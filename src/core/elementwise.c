#include "core/elementwise.h"

#include <math.h>

/* A loop over the entries 0 .. n-1 of runs of numbers. The result may be an operand itself, which the compiler
 * can't know: hence the promise that no iteration needs another's. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* log1p and erf have no vector form there */
#define EACH_ENTRY                                                                                           \
  _Pragma("clang loop vectorize(assume_safety) unroll_count(4)") for (size_t i = 0; i < n; i++)
#else
#define EACH_ENTRY _Pragma("GCC ivdep") _Pragma("GCC unroll 4") for (size_t i = 0; i < n; i++)
#endif

/* The entries of these windows in one run of numbers, where no gaps lie between the columns. */
static bool in_one_run(ln_matrix X, ln_matrix Y) { return ln_is_dense(X) && ln_is_dense(Y); }

/* ---- functions of one number ---- */

static double relu(double x) { return x < 0 ? 0 : x; }
static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static double is_finite(double x) { return isfinite(x) ? 1 : 0; }

typedef void (*function_loop)(size_t n, const double *x, double *y);

#define FUNCTION_LOOP(name, value)                                                                           \
  static void name##_loop(size_t n, const double *x, double *y) { EACH_ENTRY y[i] = value; }
FUNCTION_LOOP(log, log(x[i]))
FUNCTION_LOOP(log1p, log1p(x[i]))
FUNCTION_LOOP(sqrt, sqrt(x[i]))
FUNCTION_LOOP(abs, fabs(x[i]))
FUNCTION_LOOP(sin, sin(x[i]))
FUNCTION_LOOP(cos, cos(x[i]))
FUNCTION_LOOP(erf, erf(x[i]))
FUNCTION_LOOP(relu, relu(x[i]))
FUNCTION_LOOP(sign, sign(x[i]))
FUNCTION_LOOP(floor, floor(x[i]))
FUNCTION_LOOP(negate, -x[i])
FUNCTION_LOOP(is_finite, is_finite(x[i]))

#define KERNEL_LOOP(name)                                                                                    \
  static void name##_loop(size_t n, const double *x, double *y) { ln_kernels_chosen()->name(n, x, y); }
KERNEL_LOOP(exp)
KERNEL_LOOP(expm1)
KERNEL_LOOP(tanh)

static const function_loop function_loops[] = {
    [LN_EXP] = exp_loop,     [LN_LOG] = log_loop,       [LN_LOG1P] = log1p_loop,
    [LN_EXPM1] = expm1_loop, [LN_SQRT] = sqrt_loop,     [LN_ABS] = abs_loop,
    [LN_SIN] = sin_loop,     [LN_COS] = cos_loop,       [LN_TANH] = tanh_loop,
    [LN_ERF] = erf_loop,     [LN_RELU] = relu_loop,     [LN_SIGN] = sign_loop,
    [LN_FLOOR] = floor_loop, [LN_NEGATE] = negate_loop, [LN_IS_FINITE] = is_finite_loop,
};

void ln_apply(ln_function f, ln_matrix X, ln_matrix Y) {
  function_loop loop = function_loops[f];
  if (in_one_run(X, Y)) {
    loop(X.rows * X.cols, X.data, Y.data);
  } else {
    for (size_t j = 0; j < X.cols; j++) loop(X.rows, X.data + j * X.ld, Y.data + j * Y.ld);
  }
}

void ln_clamp(double low, double high, ln_matrix X, ln_matrix Y) {
  bool run = in_one_run(X, Y);
  size_t n = run ? X.rows * X.cols : X.rows, cols = run ? 1 : X.cols;
  for (size_t j = 0; j < cols; j++) {
    const double *x = X.data + j * X.ld;
    double *y = Y.data + j * Y.ld;
    EACH_ENTRY y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
  }
}

/* ---- operations on two ---- */

typedef void (*operation_loop)(size_t n, const double *a, const double *b, double *c);

/* Three loops each: both sides run, the left side is one number, the right side is. */
#define OPERATION_LOOPS(name, value)                                                                         \
  static double name##_of(double x, double y) { return value; }                                              \
  static void name##_run_run(size_t n, const double *a, const double *b, double *c) {                        \
    EACH_ENTRY c[i] = name##_of(a[i], b[i]);                                                                 \
  }                                                                                                          \
  static void name##_one_run(size_t n, const double *a, const double *b, double *c) {                        \
    const double one = *a;                                                                                   \
    EACH_ENTRY c[i] = name##_of(one, b[i]);                                                                  \
  }                                                                                                          \
  static void name##_run_one(size_t n, const double *a, const double *b, double *c) {                        \
    const double one = *b;                                                                                   \
    EACH_ENTRY c[i] = name##_of(a[i], one);                                                                  \
  }
OPERATION_LOOPS(add, x + y)
OPERATION_LOOPS(subtract, x - y)
OPERATION_LOOPS(times, (x) * (y))
OPERATION_LOOPS(over, x / y)
OPERATION_LOOPS(power_of, pow(x, y))
OPERATION_LOOPS(greater, x > y ? 1 : 0)
OPERATION_LOOPS(less, x < y ? 1 : 0)
OPERATION_LOOPS(greater_equal, x >= y ? 1 : 0)
OPERATION_LOOPS(less_equal, x <= y ? 1 : 0)
OPERATION_LOOPS(equals, x == y ? 1 : 0)

static const struct {
  operation_loop run_run, one_run, run_one;
} operation_loops[] = {
#define OPERATION(name)                                                                                      \
  { name##_run_run, name##_one_run, name##_run_one }
    [LN_ADD] = OPERATION(add),
    [LN_SUBTRACT] = OPERATION(subtract),
    [LN_TIMES] = OPERATION(times),
    [LN_OVER] = OPERATION(over),
    [LN_POWER_OF] = OPERATION(power_of),
    [LN_GREATER] = OPERATION(greater),
    [LN_LESS] = OPERATION(less),
    [LN_GREATER_EQUAL] = OPERATION(greater_equal),
    [LN_LESS_EQUAL] = OPERATION(less_equal),
    [LN_EQUALS] = OPERATION(equals),
#undef OPERATION
};

/* Are the entries of this operand one run of numbers, or one number, for a result without gaps? */
static bool operand_in_one_run(ln_operand a, ln_matrix C) {
  return (a.down == 1 && (a.across == C.rows || C.cols == 1)) || (a.down == 0 && a.across == 0);
}

void ln_combine(ln_operation op, ln_operand a, ln_operand b, ln_matrix C) {
  operation_loop loop = !a.down   ? operation_loops[op].one_run
                        : !b.down ? operation_loops[op].run_one
                                  : operation_loops[op].run_run;
  if (ln_is_dense(C) && operand_in_one_run(a, C) && operand_in_one_run(b, C)) {
    loop(C.rows * C.cols, a.data, b.data, C.data);
  } else {
    for (size_t j = 0; j < C.cols; j++)
      loop(C.rows, a.data + j * a.across, b.data + j * b.across, C.data + j * C.ld);
  }
}

bool ln_equal(ln_matrix A, ln_matrix B) {
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++)
      if (LN_AT(A, i, j) != LN_AT(B, i, j)) return false;
  return true;
}
