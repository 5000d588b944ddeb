#include "network/activation.h"

#include <math.h>
#include <string.h>

#include "core/functions_of_one.h"

#define LEAK 0.01                           /* leaky_relu's slope below 0 */
#define TWO_OVER_ROOT_PI 1.1283791670955126 /* derivative of erf at 0 */

/* Defines NAME_f and NAME_df from expressions in x (the input) and y (the value). What they fill may be what they
 * read, which the compiler can't know: hence the promise that no iteration needs another's. */
#define ACTIVATION(name, value, derivative)                                                                  \
  EVERY_WIDTH static ln_status name##_f(ln_context *cx, void *ud, const double *in, double *out, size_t n) { \
    (void)cx, (void)ud;                                                                                      \
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++) {                                                    \
      double x = in[i];                                                                                      \
      out[i] = (value);                                                                                      \
    }                                                                                                        \
    return LN_OK;                                                                                            \
  }                                                                                                          \
  EVERY_WIDTH static ln_status name##_df(ln_context *cx, void *ud, const double *in, const double *values,   \
                                         double *out, size_t n) {                                            \
    (void)cx, (void)ud;                                                                                      \
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++) {                                                    \
      double x = in[i], y = values[i];                                                                       \
      (void)x, (void)y;                                                                                      \
      out[i] = (derivative);                                                                                 \
    }                                                                                                        \
    return LN_OK;                                                                                            \
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

const ln_activation ln_activations[] = {
    {"linear", "x", linear_f, linear_df, NULL, true, false},
    {"relu", "max(x, 0)", relu_f, relu_df, NULL, false, true},
    {"leaky_relu", "x above 0, x/100 below", leaky_relu_f, leaky_relu_df, NULL, false, true},
    {"tanh", "tanh x", tanh_f, tanh_df, NULL, false, false},
    {"erf", "the error function, erf x", erf_f, erf_df, NULL, false, false},
    {"sigmoid", "1/(1 + e^-x)", sigmoid_f, sigmoid_df, NULL, false, false},
    {"softplus", "log(1 + e^x)", softplus_f, softplus_df, NULL, false, false},
    {"hard_tanh", "x clamped to [-1, 1]", hard_tanh_f, hard_tanh_df, NULL, false, true},
    {0},
};

const ln_activation *ln_find_activation(const char *name) {
  for (const ln_activation *a = ln_activations; a->name; a++)
    if (!strcmp(a->name, name)) return a;
  return NULL;
}
