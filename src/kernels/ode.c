/* ode.c: sums of a Runge-Kutta method's stages. */
#include <string.h>

#include "kernels/width.h"

enum { BLOCK = 512 }; /* unknowns at a time: the sums stay in the first cache */

/* sum = the sum of the stages from unknown `first` on. */
ALWAYS_INLINE void add_up(const ln_stages *stages, size_t first, size_t count, double *restrict sum) {
  const double *b = stages->b;
  const double *k[sizeof stages->k / sizeof *stages->k];
  size_t used = stages->count, j = 0;
  for (size_t i = 0; i < used; i++) k[i] = stages->k[i] + first;
  for (; j + 4 <= used; j += 4) { /* four at a time: the sums are read and written less */
    const double *restrict k0 = k[j], *restrict k1 = k[j + 1], *restrict k2 = k[j + 2],
                           *restrict k3 = k[j + 3];
    const double b0 = b[j], b1 = b[j + 1], b2 = b[j + 2], b3 = b[j + 3];
    if (j == 0)
      for (size_t i = 0; i < count; i++) sum[i] = b0 * k0[i] + b1 * k1[i] + (b2 * k2[i] + b3 * k3[i]);
    else
      for (size_t i = 0; i < count; i++) sum[i] += b0 * k0[i] + b1 * k1[i] + (b2 * k2[i] + b3 * k3[i]);
  }
  if (j == 0) memset(sum, 0, count * sizeof *sum);
  for (; j + 2 <= used; j += 2) {
    const double *restrict k0 = k[j], *restrict k1 = k[j + 1], b0 = b[j], b1 = b[j + 1];
    for (size_t i = 0; i < count; i++) sum[i] += b0 * k0[i] + b1 * k1[i];
  }
  for (; j < used; j++)
    for (size_t i = 0; i < count; i++) sum[i] += b[j] * k[j][i];
}

void KERNEL(add_stages)(size_t n, double h, const double *base, const ln_stages *stages, double *out) {
  double sum[BLOCK];
  for (size_t first = 0; first < n; first += BLOCK) {
    size_t count = n - first < BLOCK ? n - first : BLOCK;
    add_up(stages, first, count, sum);
    for (size_t i = 0; i < count; i++) out[first + i] = base[first + i] + h * sum[i];
  }
}

void KERNEL(stage_errors)(size_t n, const ln_stages *these, const ln_stages *those, const double *y,
                          const double *z, double rtol, double atol, double sums[2]) {
  double e[BLOCK], f[BLOCK];
  sums[0] = sums[1] = 0;
  for (size_t first = 0; first < n; first += BLOCK, y += BLOCK, z += BLOCK) {
    size_t count = n - first < BLOCK ? n - first : BLOCK;
    add_up(these, first, count, e);
    add_up(those, first, count, f);
    for (size_t i = 0; i < count; i++) {
      double unit = 1 / ln_error_unit(rtol, atol, y[i], z[i]);
      sums[0] += (e[i] * unit) * (e[i] * unit);
      sums[1] += (f[i] * unit) * (f[i] * unit);
    }
  }
}
