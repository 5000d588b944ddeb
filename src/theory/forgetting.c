#include "theory/forgetting.h"

#include <math.h>

ln_status ln_forgetting(ln_context *cx, double s_a, double s_b, double angle, double *length, double *error) {
  if (!(s_a > 0 && isfinite(s_a))) return ln_fail(cx, LN_EARG, "s_a = %g: must be > 0 and finite", s_a);
  if (!(s_b > 0 && isfinite(s_b))) return ln_fail(cx, LN_EARG, "s_b = %g: must be > 0 and finite", s_b);
  if (!(angle >= 0 && angle < acos(0)))
    return ln_fail(cx, LN_EARG, "angle = %g: between the properties of two items, 0 <= angle < pi/2", angle);
  /* |W2|^2 - |w1|^2 = s_a is conserved, and |W2| |w1| = s_b at the end. */
  double rho2 = (s_a + hypot(s_a, 2 * s_b)) / 2, rho = sqrt(rho2), half = sin(angle / 2);
  *length = rho;
  /* rho^2 - 2 rho sqrt(s_a) cos + s_a, as a sum of squares */
  double apart = rho - sqrt(s_a);
  *error = s_a / 2 * (apart * apart + 4 * rho * sqrt(s_a) * half * half);
  return LN_OK;
}
