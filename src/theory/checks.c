#include "theory/checks.h"

#include <math.h>

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
