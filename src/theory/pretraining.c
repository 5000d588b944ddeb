#include "theory/pretraining.h"

#include <math.h>

#include "core/quadrature.h"

#define CUTS 45  /* panels halve towards both ends so often */
#define NODES 60 /* of each panel */
#define STEPS 2000

static double power(double base, double depth) {
  double product = 1;
  for (double l = 1; l < depth; l++) product *= base;
  return product;
}

/* c^(D-1) where d = d0 + x. */
static double below(const ln_fine_tuning *y, double x) {
  return power(sqrt(y->c0 * y->c0 + x * (x + 2 * y->d0)), y->depth);
}

static double strength(const ln_fine_tuning *y, double x) { return (y->d0 + x) * below(y, x); }

static double slowness(const ln_fine_tuning *y, double x) {
  double c = below(y, x);
  return 1 / (c * (y->s - y->lambda * (y->d0 + x) * c));
}

static ln_status check(ln_context *cx, const ln_fine_tuning *y, double fraction) {
  if (!(y->depth >= 2 && y->depth == floor(y->depth) && y->depth <= 1e6))
    return ln_fail(cx, LN_EARG, "depth = %g: a whole number of layers, 2 or more", y->depth);
  const struct {
    const char *name;
    double value;
  } positive[] = {{"s", y->s}, {"lambda", y->lambda}, {"c0", y->c0}};
  for (int i = 0; i < 3; i++)
    if (!(positive[i].value > 0 && isfinite(positive[i].value)))
      return ln_fail(cx, LN_EARG, "%s = %g: must be > 0 and finite", positive[i].name, positive[i].value);
  if (!(y->d0 > -y->c0 && isfinite(y->d0)))
    return ln_fail(cx, LN_EARG,
                   "d0 = %g: must be above -c0 = %g, from where the mode never leaves the saddle", y->d0,
                   -y->c0);
  if (!(fraction > 0 && fraction < 1))
    return ln_fail(cx, LN_EARG, "fraction = %g: must lie between 0 and 1", fraction);
  return LN_OK;
}

ln_status ln_fine_tuning_time(ln_context *cx, const ln_fine_tuning *y, double fraction, double *time) {
  ln_status status = check(cx, y, fraction);
  if (status != LN_OK) return status;
  double target = fraction * y->s / y->lambda, low = 0, high = fmax(y->c0, 1);
  *time = 0;
  if (strength(y, 0) >= target) return LN_OK;
  for (int i = 0; i < STEPS && strength(y, high) < target; i++) high *= 2;
  for (int i = 0; i < STEPS && high - low > 2e-16 * high; i++) {
    double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    if (strength(y, middle) < target)
      low = middle;
    else
      high = middle;
  }
  double end = (low + high) / 2, x[NODES], w[NODES], from = 0;
  status = ln_gauss_legendre(cx, NODES, 0, 1, x, w);
  for (int j = 0; j < 2 * CUTS && status == LN_OK;
       j++) { /* slow near the saddle at the one end and the target at the other */
    double to = j < CUTS ? ldexp(end, j - CUTS) : end - ldexp(end, CUTS - j - 2);
    if (j == 2 * CUTS - 1) to = end;
    for (int k = 0; k < NODES; k++) *time += (to - from) * w[k] * slowness(y, from + (to - from) * x[k]);
    from = to;
  }
  return status;
}

/* The logarithmic derivative of the gamma function, x > 0. */
static double digamma(double x) {
  double sum = 0;
  for (; x < 10; x++) sum -= 1 / x;
  double y = 1 / (x * x);
  return sum + log(x) - 0.5 / x -
         y * (1.0 / 12 -
              y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * 691.0 / 32760)))));
}

ln_status ln_gaussian_exponents(ln_context *cx, size_t n, double *exponent) {
  if (n < 1) return ln_fail(cx, LN_EARG, "width = 0: matrices have a row or more");
  for (size_t i = 0; i < n; i++) exponent[i] = (digamma((double)(n - i) / 2) - log((double)n / 2)) / 2;
  return LN_OK;
}
