/* vector_math.c: functions of many numbers at once, several times as fast as a call of libm's for each. */
#include "kernels/functions_of_one.h"
#include "kernels/width.h"

/* y may be x, which the compiler can't know: hence the promise that no iteration needs another's. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* erf has no vector form there */
#define EACH_NUMBER _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < n; i++)
#else
#define EACH_NUMBER _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
#endif

void KERNEL(exp)(size_t n, const double *x, double *y) { EACH_NUMBER y[i] = ln_exp_of(x[i]); }
void KERNEL(expm1)(size_t n, const double *x, double *y) { EACH_NUMBER y[i] = ln_expm1_of(x[i]); }

#define LEAK 0.01                           /* leaky_relu's slope below 0 */
#define TWO_OVER_ROOT_PI 1.1283791670955126 /* derivative of erf at 0 */

/* Defines an activation and its slope from expressions in x (the input) and y (the value). */
#define ACTIVATION(name, value, derivative)                                                                  \
  void KERNEL(name)(size_t n, const double *in, double *out) {                                               \
    EACH_NUMBER {                                                                                            \
      double x = in[i];                                                                                      \
      out[i] = (value);                                                                                      \
    }                                                                                                        \
  }                                                                                                          \
  void KERNEL(name##_slope)(size_t n, const double *in, const double *values, double *out) {                 \
    EACH_NUMBER {                                                                                            \
      double x = in[i], y = values[i];                                                                       \
      (void)x, (void)y;                                                                                      \
      out[i] = (derivative);                                                                                 \
    }                                                                                                        \
  }

/* clang-format off */
ACTIVATION(linear, x, 1)
ACTIVATION(relu, x < 0 ? 0 : x, x > 0 ? 1 : 0)
ACTIVATION(leaky_relu, x > 0 ? x : LEAK * x, x > 0 ? 1 : LEAK)
ACTIVATION(tanh, ln_tanh_of(x), (1 - y) * (1 + y))
ACTIVATION(erf, erf(x), TWO_OVER_ROOT_PI * ln_exp_of(-x * x))
ACTIVATION(sigmoid, ln_logistic_of(x), ln_logistic_slope_of(x))
ACTIVATION(softplus, ln_softplus_of(x), ln_logistic_of(x))
ACTIVATION(hard_tanh, x > 1 ? 1 : x < -1 ? -1 : x, x > -1 && x <= 1 ? 1 : 0)
/* clang-format on */
