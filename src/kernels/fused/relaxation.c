/* relaxation.c: decays exp(-x t) at the nodes x of a quadrature rule, and the sums over them that errors are made of. */
#include "kernels/functions_of_one.h"
#include "kernels/width.h"

enum { PARTS = 8 }; /* sums that need not wait for each other, as many at every width */

static double total(const double *p) {
  return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
}

void KERNEL(relaxation_sums)(size_t n, double t, const double *x, const double *w, const double *w_over_x,
                             const double *w_over_xx, double sums[5]) {
  double kept[PARTS] = {0}, moving[PARTS] = {0}, fading[PARTS] = {0}, noise[PARTS] = {0},
         learned[PARTS] = {0};
  for (size_t k = 0; k + PARTS <= n; k += PARTS)
    for (size_t i = 0; i < PARTS; i++) {
      double e = ln_expm1_of(-x[k + i] * t), left = e + 1, e2 = e * e, left2 = left * left;
      kept[i] += w_over_x[k + i] * (e * (e + 2));
      moving[i] += w_over_x[k + i] * left2;
      fading[i] += w[k + i] * left2;
      noise[i] += w_over_xx[k + i] * e2;
      learned[i] += w_over_x[k + i] * e2;
    }
  sums[0] = total(kept), sums[1] = total(moving), sums[2] = total(fading), sums[3] = total(noise);
  sums[4] = total(learned);
}

void KERNEL(late_relaxation_sums)(size_t n, double t, const double *x, const double *w,
                                  const double *w_over_x, const double *w_over_xx, double sums[4]) {
  double moving[PARTS] = {0}, fading[PARTS] = {0}, noise[PARTS] = {0}, learned[PARTS] = {0};
  for (size_t k = 0; k + PARTS <= n; k += PARTS)
    for (size_t i = 0; i < PARTS; i++) {
      double left = ln_exp_of(-x[k + i] * t), left2 = left * left, gone = 1 - left, gone2 = gone * gone;
      moving[i] += w_over_x[k + i] * left2;
      fading[i] += w[k + i] * left2;
      noise[i] += w_over_xx[k + i] * gone2;
      learned[i] += w_over_x[k + i] * gone2;
    }
  sums[0] = total(moving), sums[1] = total(fading), sums[2] = total(noise), sums[3] = total(learned);
}
