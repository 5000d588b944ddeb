#include "kernels/width.h"

void KERNEL(axpy)(size_t rows, size_t cols, double a, const double *x, size_t ldx, double *y, size_t ldy) {
  if (ldx == ldy && (ldy == rows || cols == 1)) rows *= cols, cols = 1;
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++) y[i + j * ldy] += a * x[i + j * ldx];
}

void KERNEL(scale)(size_t rows, size_t cols, double a, double *y, size_t ldy) {
  if (ldy == rows) rows *= cols, cols = 1;
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++) y[i + j * ldy] *= a;
}
