/* relaxation.c: sums over the nodes of a quadrature rule. */
#include "kernels/width.h"

enum { PARTS = 8 }; /* sums that need not wait for each other, as many at every width */

ALWAYS_INLINE void add(double e, double w, double q, double p, double *kept, double *moving, double *fading,
                       double *noise, double *learned) {
  double left = e + 1, e2 = e * e, left2 = left * left;
  *kept += q * (e * (e + 2));
  *moving += q * left2;
  *fading += w * left2;
  *noise += p * e2;
  *learned += q * e2;
}

void KERNEL(relaxation_sums)(size_t n, const double *e, const double *w, const double *w_over_x,
                             const double *w_over_xx, double sums[5]) {
  double kept[PARTS] = {0}, moving[PARTS] = {0}, fading[PARTS] = {0}, noise[PARTS] = {0},
         learned[PARTS] = {0};
  size_t k = 0;
  for (; k + PARTS <= n; k += PARTS)
    for (size_t i = 0; i < PARTS; i++)
      add(e[k + i], w[k + i], w_over_x[k + i], w_over_xx[k + i], kept + i, moving + i, fading + i, noise + i,
          learned + i);
  for (size_t i = 0; k + i < n; i++)
    add(e[k + i], w[k + i], w_over_x[k + i], w_over_xx[k + i], kept + i, moving + i, fading + i, noise + i,
        learned + i);
  const double *parts[] = {kept, moving, fading, noise, learned};
  for (size_t s = 0; s < 5; s++) {
    const double *p = parts[s];
    sums[s] = ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
  }
}
