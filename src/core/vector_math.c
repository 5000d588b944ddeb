#include "core/vector_math.h"

#include "core/functions_of_one.h"

/* y may be x, which the compiler can't know: hence the promise that no iteration needs another's. */
#define EACH_NUMBER _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)

EVERY_WIDTH void ln_exp(size_t n, const double *x, double *y) { EACH_NUMBER y[i] = ln_exp_of(x[i]); }
EVERY_WIDTH void ln_expm1(size_t n, const double *x, double *y) { EACH_NUMBER y[i] = ln_expm1_of(x[i]); }
EVERY_WIDTH void ln_tanh(size_t n, const double *x, double *y) { EACH_NUMBER y[i] = ln_tanh_of(x[i]); }
