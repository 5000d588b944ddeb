#include "network/activation.h"

#include <string.h>

/* NAME_f and NAME_df, by the kernels of that name. */
#define ACTIVATION(name)                                                                                     \
  static ln_status name##_f(ln_context *cx, void *ud, const double *x, double *y, size_t n) {                \
    (void)ud;                                                                                                \
    cx->kernels->name(n, x, y);                                                                              \
    return LN_OK;                                                                                            \
  }                                                                                                          \
  static ln_status name##_df(ln_context *cx, void *ud, const double *x, const double *y, double *d,          \
                             size_t n) {                                                                     \
    (void)ud;                                                                                                \
    cx->kernels->name##_slope(n, x, y, d);                                                                   \
    return LN_OK;                                                                                            \
  }
ACTIVATION(linear)
ACTIVATION(relu)
ACTIVATION(leaky_relu)
ACTIVATION(tanh)
ACTIVATION(erf)
ACTIVATION(sigmoid)
ACTIVATION(softplus)
ACTIVATION(hard_tanh)

const ln_activation ln_activations[] = {
    {"linear", "x", linear_f, linear_df, NULL, true, false, LN_SHAPE_LINEAR},
    {"relu", "max(x, 0)", relu_f, relu_df, NULL, false, true, LN_SHAPE_RELU},
    {"leaky_relu", "x above 0, x/100 below", leaky_relu_f, leaky_relu_df, NULL, false, true, LN_SHAPE_OTHER},
    {"tanh", "tanh x", tanh_f, tanh_df, NULL, false, false, LN_SHAPE_TANH},
    {"erf", "the error function, erf x", erf_f, erf_df, NULL, false, false, LN_SHAPE_OTHER},
    {"sigmoid", "1/(1 + e^-x)", sigmoid_f, sigmoid_df, NULL, false, false, LN_SHAPE_OTHER},
    {"softplus", "log(1 + e^x)", softplus_f, softplus_df, NULL, false, false, LN_SHAPE_OTHER},
    {"hard_tanh", "x clamped to [-1, 1]", hard_tanh_f, hard_tanh_df, NULL, false, true, LN_SHAPE_OTHER},
    {0},
};

const ln_activation *ln_find_activation(const char *name) {
  for (const ln_activation *a = ln_activations; a->name; a++)
    if (!strcmp(a->name, name)) return a;
  return NULL;
}
