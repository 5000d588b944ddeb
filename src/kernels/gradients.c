/* gradients.c: residuals entry by entry, with their sums as four that need not wait for each other. */
#include "kernels/width.h"

double KERNEL(moment_gradient)(size_t rows, size_t cols, const double *d, const double *A, const double *S,
                               const double *P, const double *T, double *G) {
  double sums[4] = {0};
  for (size_t j = 0; j < cols; j++, A += rows, S += rows, P += rows, T += rows, G += rows) {
    const double scale = d ? d[j] : 1;
    size_t i = 0;
    for (; i + 4 <= rows; i += 4)
      for (size_t k = 0; k < 4; k++) {
        double x = scale * A[i + k] - S[i + k];
        sums[k] += x * (P[i + k] - T[i + k]);
        G[i + k] = x;
      }
    for (; i < rows; i++) {
      double x = scale * A[i] - S[i];
      sums[0] += x * (P[i] - T[i]);
      G[i] = x;
    }
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double KERNEL(masked_gradient)(size_t n, const double *mask, const double *Y, const double *W, double scale,
                               double *G) {
  double sums[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t k = 0; k < 4; k++) {
      double residual = mask[i + k] * (W[i + k] - Y[i + k]);
      sums[k] += residual * residual;
      G[i + k] = scale * residual;
    }
  for (; i < n; i++) {
    double residual = mask[i] * (W[i] - Y[i]);
    sums[0] += residual * residual;
    G[i] = scale * residual;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}
