#include "theory/gaussian_coefficients.h"

#include <math.h>
#include <string.h>

#define SCALE_MOST 1e4
#define STEP 0.05  /* of the trapezoid rule: poles at pi/(2 scale) cost exp(-pi^2/STEP) */
#define RANGE 13.0 /* exp(-RANGE^2/2) is 2e-37 */
enum { BLOCK = 256 };

static ln_gaussian_coefficients of_relu(double scale, double slope) {
  double kink = 1 - slope;
  return (ln_gaussian_coefficients){.mean = kink * scale * 0.5 * M_2_SQRTPI * M_SQRT1_2,
                                    .linear = scale * (1 + slope) / 2,
                                    .rest = kink * kink * scale * scale * (0.25 - 0.5 * M_1_PI)};
}

/* asin(y) - y, 0 <= y < 1. */
static double asin_rest(double y) {
  if (y > 0.3) return asin(y) - y;
  double term = y, sum = 0;
  for (int k = 1; k < 20; k++) {
    term *= y * y * (2 * k - 1) / (2 * k);
    sum += term / (2 * k + 1);
  }
  return sum;
}

static ln_gaussian_coefficients of_erf(double scale) {
  double y = 2 * scale * scale / (1 + 2 * scale * scale);
  return (ln_gaussian_coefficients){.linear = sqrt(M_2_PI * y), .rest = M_2_PI * asin_rest(y)};
}

static ln_gaussian_coefficients of_hard_tanh(double scale) {
  double u = 1 / scale, inside = erf(u * M_SQRT1_2), outside = erfc(u * M_SQRT1_2);
  double edge = u * M_2_SQRTPI * M_SQRT1_2 * exp(-u * u / 2);
  double rest = scale * scale * (inside * outside - edge) + outside;
  return (ln_gaussian_coefficients){.linear = scale * inside, .rest = fmax(rest, 0)};
}

/* One pass over the trapezoid rule: sums of weight * (value, z value, (value - mean - linear z)^2). z and -z go together, so that
 * what is odd has no mean. */
static ln_status sum_up(ln_context *cx, const ln_activation *phi, double scale,
                        const ln_gaussian_coefficients *about, ln_gaussian_coefficients *sums) {
  double step = STEP / fmax(1, scale), z[BLOCK], up[BLOCK], down[BLOCK];
  size_t count = (size_t)ceil(RANGE / step) + 1;
  *sums = (ln_gaussian_coefficients){0};
  for (size_t first = 0; first < count; first += BLOCK) {
    size_t n = count - first < BLOCK ? count - first : BLOCK;
    for (size_t i = 0; i < n; i++) {
      z[i] = (double)(first + i) * step;
      up[i] = scale * z[i], down[i] = -up[i];
    }
    ln_status status = ln_charge(cx, 100.0 * (double)n);
    if (status == LN_OK) status = phi->f(cx, phi->ud, up, up, n);
    if (status == LN_OK) status = phi->f(cx, phi->ud, down, down, n);
    if (status != LN_OK) return status;
    for (size_t i = 0; i < n; i++) {
      double weight = (first + i ? 1 : 0.5) * step * 0.5 * M_2_SQRTPI * M_SQRT1_2 * exp(-z[i] * z[i] / 2);
      double above = up[i] - about->mean - about->linear * z[i],
             below = down[i] - about->mean + about->linear * z[i];
      sums->mean += weight * (up[i] + down[i]), sums->linear += weight * z[i] * (up[i] - down[i]);
      sums->rest += weight * (above * above + below * below);
    }
  }
  return LN_OK;
}

ln_status ln_gaussian_coefficients_of(ln_context *cx, const ln_activation *phi, double scale,
                                      ln_gaussian_coefficients *c) {
  if (!(scale > 0 && scale <= SCALE_MOST))
    return ln_fail(cx, LN_EARG, "scale = %g must lie between 0 and %g", scale, SCALE_MOST);
  if (phi->linear) return *c = (ln_gaussian_coefficients){.linear = scale}, LN_OK;
  if (strcmp(phi->name, "relu") == 0) return *c = of_relu(scale, 0), LN_OK;
  if (strcmp(phi->name, "leaky_relu") == 0) {
    const double below = -1;
    double slope;
    ln_status status = phi->f(cx, phi->ud, &below, &slope, 1);
    if (status == LN_OK) *c = of_relu(scale, -slope);
    return status;
  }
  if (strcmp(phi->name, "erf") == 0) return *c = of_erf(scale), LN_OK;
  if (strcmp(phi->name, "hard_tanh") == 0) return *c = of_hard_tanh(scale), LN_OK;
  ln_gaussian_coefficients none = {0}, sums;
  ln_status status = sum_up(cx, phi, scale, &none, c);
  if (status == LN_OK)
    status = sum_up(cx, phi, scale, c, &sums); /* the rest as a sum of squares: nothing cancels */
  if (status == LN_OK) c->rest = sums.rest;
  return status;
}
