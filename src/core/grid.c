#include "core/grid.h"

#include <float.h>
#include <math.h>

void ln_linspace(double a, double b, size_t n, double *x) {
  if (!n) return;
  double gaps = (double)(n - 1), step = (b - a) / gaps;
  if (isfinite(b - a)) {
    for (size_t i = 1; i + 1 < n; i++) x[i] = a + (double)i * step;
  } else { /* the distance is beyond the largest double */
    for (size_t i = 1; i + 1 < n; i++) x[i] = a * (1 - (double)i / gaps) + b * ((double)i / gaps);
  }
  x[n - 1] = b;
  x[0] = a;
}

void ln_logspace(double a, double b, size_t n, double *x) {
  ln_linspace(a, b, n, x);
  for (size_t i = 0; i < n; i++) x[i] = pow(10, x[i]);
}

/* The number of steps from a to b, and by how much rounding may have changed it: a few units in the last
 * place of a and b, counted in steps, and of the quotient. */
static double steps(double a, double b, double step, double *slack) {
  double q = b / step - a / step;
  *slack = 4 * DBL_EPSILON * (fmax(fabs(a), fabs(b)) / fabs(step) + 1);
  return q;
}

double ln_range_count(double a, double b, double step) {
  double slack, q = steps(a, b, step, &slack);
  return q + slack < 0 ? 0 : floor(q + slack) + 1;
}

void ln_range(double a, double b, double step, size_t n, double *x) {
  if (!n) return;
  double slack, q = steps(a, b, step, &slack);
  for (size_t i = 0; i < n; i++) x[i] = a + (double)i * step;
  if (fabs(q - (double)(n - 1)) <= slack) x[n - 1] = b;
}
