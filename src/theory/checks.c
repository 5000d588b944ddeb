#include "theory/checks.h"

#include <math.h>
#include <stdio.h>

ln_status ln_check_finite(ln_context *cx, ln_matrix A, const char *name) {
  size_t i, j;
  if (!ln_find_not_finite(A, &i, &j)) return LN_OK;
  return ln_fail(cx, LN_EARG, "%s has %g at (%zu, %zu)", name, LN_AT(A, i, j), i + 1, j + 1);
}

ln_status ln_check_decay(ln_context *cx, double decay) {
  if (decay >= 0 && isfinite(decay)) return LN_OK;
  return ln_fail(cx, LN_EARG, "a weight decay of %g: it must be >= 0 and finite", decay);
}

ln_status ln_check_descent(ln_context *cx, double rate, double momentum, double decay, const uint64_t *steps,
                           size_t count) {
  if (!(rate >= 0 && isfinite(rate))) return ln_fail(cx, LN_EARG, "rate = %g must be >= 0 and finite", rate);
  if (!(momentum >= 0 && momentum < 1))
    return ln_fail(cx, LN_EARG, "momentum = %g must lie in [0, 1)", momentum);
  ln_status status = ln_check_decay(cx, decay);
  for (size_t i = 1; i < count && status == LN_OK; i++)
    if (steps[i] < steps[i - 1])
      status = ln_fail(cx, LN_EARG, "the numbers of steps must rise; %llu comes after %llu",
                       (unsigned long long)steps[i], (unsigned long long)steps[i - 1]);
  return status;
}

/* inputs: as many columns as the first layer must have. */
static ln_status check_chain(ln_context *cx, const ln_matrix *weights, size_t depth, size_t inputs) {
  if (!depth) return ln_fail(cx, LN_EARG, "a network has one layer or more, got none");
  for (size_t l = 0; l < depth; l++) {
    size_t below = l ? weights[l - 1].rows : inputs;
    if (weights[l].cols != below)
      return ln_fail(cx, LN_EARG, "layer %zu is %zux%zu and must have %zu columns, as many as %s", l + 1,
                     weights[l].rows, weights[l].cols, below,
                     l ? "the layer before has rows" : "there are inputs");
    char name[32];
    snprintf(name, sizeof name, "layer %zu", l + 1);
    ln_status status = ln_check_finite(cx, weights[l], name);
    if (status != LN_OK) return status;
  }
  return LN_OK;
}

ln_status ln_check_layers(ln_context *cx, const ln_matrix *weights, size_t depth) {
  return check_chain(cx, weights, depth, depth ? weights[0].cols : 0);
}

ln_status ln_check_layers_on(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                             ln_matrix Syx) {
  if (Sxx.rows != Sxx.cols || Syx.cols != Sxx.cols)
    return ln_fail(cx, LN_EARG,
                   "Sxx is %zux%zu and Syx %zux%zu; they must be inputs x inputs and outputs x inputs",
                   Sxx.rows, Sxx.cols, Syx.rows, Syx.cols);
  ln_status status = check_chain(cx, weights, depth, Sxx.rows);
  if (status != LN_OK || weights[depth - 1].rows == Syx.rows) return status;
  return ln_fail(cx, LN_EARG, "layer %zu is %zux%zu and there are %zu outputs", depth,
                 weights[depth - 1].rows, weights[depth - 1].cols, Syx.rows);
}
