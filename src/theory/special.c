#include "theory/special.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

double ln_phi1(double x) {
  if (x == 0) return 1;
  return isinf(x) && x < 0 ? 0 : expm1(x) / x;
}

/* q e^x, at most 1/2 though e^x may overflow. */
static double grown(double q, double x) { return x < 700 ? q * exp(x) : exp(x + log(q)); }

double ln_beta_piece(double a, double c, double q, double x) {
  /* a and a + 1 may be 0 or close to it, so that the first two terms need phi1. */
  double sum = x * ln_phi1(a * x);
  if (q == 0) return sum;
  /* From k = 1 on, d = q^k (e^((a+k)x) - 1) steps by d' = q e^x d + q^(k+1) (e^x - 1): terms of one sign. */
  double low = q, high = grown(q, x), step = x > 1 ? high - q : q * expm1(x), coefficient = c, d;
  if ((a + 1) * x > 1) { /* q e^((a+1)x) is moderate even where e^((a+1)x) overflows */
    d = high * exp(a * x) - q;
    sum += c * d / (a + 1);
  } else {
    d = q * expm1((a + 1) * x);
    sum += c * q * x * ln_phi1((a + 1) * x);
  }
  for (int k = 2; k < 1000 && coefficient != 0 && isfinite(sum); k++) {
    d = high * d + low * step;
    low *= q;
    coefficient *= (c + k - 1) / k;
    double term = coefficient * d / (a + k);
    sum += term;
    if (fabs(term) <= 0.1 * DBL_EPSILON * fabs(sum)) break;
  }
  return sum;
}

double ln_beta_piece_inverse(double a, double c, double q, double y) {
  if (y == 0) return 0;
  /* The first term alone is off by a bounded factor, and is nearly everything at small q. */
  double x = a != 0 ? log1p(a * y) / a : y;
  double least = y > 0 ? 0 : -INFINITY, most = y > 0 ? (q > 0 ? -log(2 * q) : INFINITY) : 0;
  if (x > most) x = most;
  double last = INFINITY;
  for (int i = 0; i < 100; i++) {
    double f = ln_beta_piece(a, c, q, x) - y;
    if (f > 0) most = x;
    if (f < 0) least = x;
    double step = f / (exp(a * x) * pow(1 - grown(q, x), -c)), size = fabs(step);
    /* Newton's step shrinks until rounding is all that is left of it. */
    if (size <= DBL_EPSILON * fabs(x) || (size >= last && size <= 1e-6 * fabs(x))) return x - step;
    last = size;
    double next = x - step;
    if (!(next > least && next < most) && isfinite(least + most)) next = (least + most) / 2;
    x = next;
  }
  return x;
}
