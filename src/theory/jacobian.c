/* Spectra of deep Jacobians J = prod of W_l D_l: the squared singular values, by S-transforms, which multiply. */
#include <math.h>

#include "theory/spectrum.h"

static ln_status begin(ln_context *cx, const ln_jacobian *net, size_t count, ln_spectrum *law) {
  double L = (double)net->depth, log_scale = L * log(net->weight_variance);
  if (!(exp(log_scale) > 0 && exp(log_scale) < INFINITY))
    return ln_fail(cx, LN_EARG, "weight_variance = %g: its power %zu is beyond the range of numbers",
                   net->weight_variance, net->depth);
  law->kind = LN_LAW_FREE;
  law->free = (ln_free_law){.value = law->value,
                            .weight = law->weight,
                            .n = count,
                            .log_scale = log_scale,
                            .power = L,
                            .one_plus = net->orthogonal ? 1 - L : 1};
  return LN_OK;
}

static double x_at(const ln_spectrum *law, double zeta) {
  return exp(creal(ln_free_at(&law->free, CMPLX(zeta, 0)).log_x));
}

/* ln x as a function of M, for slopes 0 and 1. */
static double log_x(const ln_jacobian *net, double p, double M) {
  double L = (double)net->depth;
  double turn = net->orthogonal ? L * log((M + p) / (1 + M)) + log1p(M) : L * log(M + p) + log1p(M);
  return L * log(net->weight_variance) + turn - log(M);
}

ln_status ln_spectrum_jacobian_piecewise(ln_context *cx, const ln_jacobian *net, double p, ln_spectrum *law) {
  ln_status status = begin(cx, net, p < 1 ? 2 : 1, law);
  if (status != LN_OK) return status;
  law->value[0] = 1, law->weight[0] = p;
  law->value[1] = 0, law->weight[1] = 1 - p;
  double L = (double)net->depth, cut = L * (1 - p), scale = exp(law->free.log_scale);
  if (p < 1) law->atoms[law->atom_count++] = (ln_atom){0, 1 - p};
  if (!net->orthogonal) {
    double M = 2 * p / (L - 1 + sqrt((L - 1) * (L - 1) + 4 * L * p)), low = 1 - sqrt(p);
    law->largest_M = M, law->right = 1 + p / M;
    law->intervals[law->interval_count++] =
        (ln_interval){L == 1 ? scale * low * low : 0, exp(log_x(net, p, M)), 1 - p};
    return LN_OK;
  }
  if (cut > 1) {
    law->largest_M = p / (cut - 1), law->right = 1 + p / law->largest_M;
  } else {
    law->largest_M = INFINITY, law->right = 1.5;
    if (cut < 1) law->atoms[law->atom_count++] = (ln_atom){scale, 1 - cut};
  }
  if (L > 1 && p < 1) {
    double edge = law->free.log_scale + (L - 1) * log(p) + log1p(-p) + L * log(L) - (L - 1) * log(L - 1);
    law->intervals[law->interval_count++] = (ln_interval){0, exp(edge), 1 - p};
  }
  return LN_OK;
}

ln_status ln_spectrum_jacobian(ln_context *cx, const ln_jacobian *net, size_t count, bool discrete,
                               ln_spectrum *law) {
  ln_status status = begin(cx, net, count, law);
  if (status != LN_OK) return status;
  if (net->orthogonal && net->depth == 1)
    return ln_fail(cx, LN_EARG,
                   "depth = 1: the spectrum of one orthogonal layer is that of its squared slopes");
  double least = INFINITY, zeros = 0, zeta;
  for (size_t i = 0; i < count; i++) {
    least = fmin(least, law->value[i]);
    zeros += law->value[i] == 0 ? law->weight[i] : 0;
  }
  status = ln_free_upper(cx, &law->free, &law->right);
  if (status != LN_OK) return status;
  ln_free_point edge = ln_free_at(&law->free, CMPLX(law->right, 0));
  law->largest_M = creal(edge.M);
  double lower = 0;
  if (discrete && least > 0 && net->orthogonal) { /* with Gaussian layers the spectrum reaches 0 */
    status = ln_free_lower(cx, &law->free, &zeta);
    if (status != LN_OK) return status;
    lower = x_at(law, zeta);
  }
  if (zeros > 0) law->atoms[law->atom_count++] = (ln_atom){0, zeros};
  law->intervals[law->interval_count++] = (ln_interval){lower, exp(creal(edge.log_x)), zeros};
  return LN_OK;
}
