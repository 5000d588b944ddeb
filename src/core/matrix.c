#include "core/matrix.h"

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int dim(size_t n) { return (int)n; }

ln_matrix ln_window(double *data, size_t rows, size_t cols) {
  return (ln_matrix){data, rows, cols, rows ? rows : 1};
}

ln_matrix ln_block_of(ln_matrix A, size_t row, size_t col, size_t rows, size_t cols) {
  bool empty = rows == 0 || cols == 0;
  return (ln_matrix){empty ? A.data : A.data + row + col * A.ld, rows, cols, A.ld};
}

bool ln_is_dense(ln_matrix A) { return A.ld == A.rows || A.cols <= 1; }

bool ln_is_diagonal(ln_matrix A) {
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++)
      if (i != j && LN_AT(A, i, j) != 0) return false;
  return true;
}

bool ln_overlaps(ln_matrix A, ln_matrix B) {
  if (!A.rows || !A.cols || !B.rows || !B.cols) return false;
  uintptr_t a0 = (uintptr_t)A.data, a1 = (uintptr_t)(&LN_AT(A, A.rows - 1, A.cols - 1) + 1);
  uintptr_t b0 = (uintptr_t)B.data, b1 = (uintptr_t)(&LN_AT(B, B.rows - 1, B.cols - 1) + 1);
  if (!(a0 < b1 && b0 < a1)) return false;
  if (A.ld != B.ld || (b0 - a0) % sizeof(double)) return true;
  /* B starts d numbers behind A. A number is shared where d = rows down + ld * columns right for some rows down
   * in -(B.rows - 1) .. A.rows - 1 and columns right in -(B.cols - 1) .. A.cols - 1. Going right as little as
   * the first bound allows leaves the most rows down. */
  ptrdiff_t d = ((ptrdiff_t)b0 - (ptrdiff_t)a0) / (ptrdiff_t)sizeof(double), ld = (ptrdiff_t)A.ld;
  ptrdiff_t excess = d - ((ptrdiff_t)A.rows - 1);
  ptrdiff_t right = excess > 0 ? (excess + ld - 1) / ld : -(-excess / ld), least = 1 - (ptrdiff_t)B.cols;
  if (right < least) right = least;
  return right < (ptrdiff_t)A.cols && d - right * ld > -(ptrdiff_t)B.rows;
}

/* A as one column, where no gaps lie between its columns: one long loop costs less than many short ones. */
static ln_matrix flat(ln_matrix A) {
  if (A.ld != A.rows) return A;
  return (ln_matrix){A.data, A.rows * A.cols, 1, A.rows * A.cols};
}

ln_status ln_check_size(ln_context *cx, double rows, double cols, size_t *bytes) {
  if (!(rows >= 0 && cols >= 0) || rows > LN_DIMENSION_MAX || cols > LN_DIMENSION_MAX)
    return ln_fail(cx, LN_EARG, "a matrix of %.17g x %.17g: rows and columns must lie between 0 and %u", rows,
                   cols, LN_DIMENSION_MAX);
  if (rows * cols * sizeof(double) > (double)(PTRDIFF_MAX / 2))
    return ln_fail(cx, LN_EARG, "a matrix of %.17g x %.17g would take %.4g bytes", rows, cols,
                   rows * cols * sizeof(double));
  *bytes = (size_t)rows * (size_t)cols * sizeof(double);
  return LN_OK;
}

ln_matrix ln_take_matrix(ln_context *cx, size_t rows, size_t cols) {
  if (cols && rows > SIZE_MAX / cols) return ln_no_memory(cx, SIZE_MAX), (ln_matrix){0};
  return ln_window(ln_reals(cx, rows * cols), rows, cols);
}

void ln_fill(ln_matrix A, double x) {
  A = flat(A);
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) LN_AT(A, i, j) = x;
}

void ln_identity(ln_matrix A) {
  ln_fill(A, 0);
  for (size_t i = 0; i < A.rows && i < A.cols; i++) LN_AT(A, i, i) = 1;
}

void ln_copy(ln_matrix A, ln_matrix B) {
  if (!A.rows || !A.cols) return;
  if (ln_is_dense(A) && ln_is_dense(B)) {
    memmove(B.data, A.data, A.rows * A.cols * sizeof(double));
  } else if (B.data <= A.data) { /* columns in the order in which none is read after it was written */
    for (size_t j = 0; j < A.cols; j++)
      memmove(B.data + j * B.ld, A.data + j * A.ld, A.rows * sizeof(double));
  } else {
    for (size_t j = A.cols; j-- > 0;) memmove(B.data + j * B.ld, A.data + j * A.ld, A.rows * sizeof(double));
  }
}

void ln_transpose(ln_matrix A, ln_matrix B) {
  const size_t tile = 8; /* numbers in a cache line: each line of A and of B is used up while it is near */
  for (size_t j0 = 0; j0 < A.cols; j0 += tile)
    for (size_t i0 = 0; i0 < A.rows; i0 += tile)
      for (size_t i = i0; i < i0 + tile && i < A.rows; i++)
        for (size_t j = j0; j < j0 + tile && j < A.cols; j++) LN_AT(B, j, i) = LN_AT(A, i, j);
}

void ln_symmetrize(ln_matrix A) {
  const size_t tile = 32; /* whose rows and columns both stay in the first cache */
  for (size_t j0 = 0; j0 < A.cols; j0 += tile)
    for (size_t i0 = j0; i0 < A.rows; i0 += tile)
      for (size_t j = j0; j < j0 + tile && j < A.cols; j++)
        for (size_t i = i0 > j ? i0 : j + 1; i < i0 + tile && i < A.rows; i++)
          LN_AT(A, j, i) = LN_AT(A, i, j);
}

void ln_gemm(ln_form ta, ln_form tb, double alpha, ln_matrix A, ln_matrix B, double beta, ln_matrix C) {
  if (!C.rows || !C.cols) return;
  size_t inner = ta ? A.rows : A.cols;
  if (!inner) { /* an empty sum; BLAS would refuse the leading dimensions of some empty operands */
    if (beta == 0)
      ln_fill(C, 0);
    else
      ln_scale(beta, C);
    return;
  }
  cblas_dgemm(CblasColMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, dim(C.rows),
              dim(C.cols), dim(inner), alpha, A.data, dim(A.ld), B.data, dim(B.ld), beta, C.data, dim(C.ld));
}

void ln_gram(ln_form ta, double alpha, ln_matrix A, double beta, ln_matrix C) {
  if (!C.rows) return;
  size_t inner = ta ? A.rows : A.cols;
  if (!inner) {
    if (beta == 0)
      ln_fill(C, 0);
    else
      ln_scale(beta, C);
    return;
  }
  cblas_dsyrk(CblasColMajor, CblasLower, ta ? CblasTrans : CblasNoTrans, dim(C.rows), dim(inner), alpha,
              A.data, dim(A.ld), beta, C.data, dim(C.ld));
  ln_symmetrize(C);
}

void ln_axpy(double alpha, ln_matrix X, ln_matrix Y) {
  ln_kernels_chosen()->axpy(X.rows, X.cols, alpha, X.data, X.ld, Y.data, Y.ld);
}

void ln_scale(double alpha, ln_matrix X) { ln_kernels_chosen()->scale(X.rows, X.cols, alpha, X.data, X.ld); }

double ln_dot(ln_matrix A, ln_matrix B) {
  if (ln_is_dense(A) && ln_is_dense(B) && A.rows * A.cols <= LN_DIMENSION_MAX)
    return cblas_ddot(dim(A.rows * A.cols), A.data, 1, B.data, 1);
  double sum = 0;
  for (size_t j = 0; j < A.cols; j++)
    sum += cblas_ddot(dim(A.rows), A.data + j * A.ld, 1, B.data + j * B.ld, 1);
  return sum;
}

double ln_norm(ln_matrix A) {
  double norm = 0;
  for (size_t j = 0; j < A.cols; j++) norm = hypot(norm, cblas_dnrm2(dim(A.rows), A.data + j * A.ld, 1));
  return norm;
}

void ln_describe_blas(char *text, size_t size) {
  int threads = openblas_get_num_threads();
  const char *config = openblas_get_config(); /* the name and the version come first */
  size_t name = strcspn(config, " "), version = strcspn(config + name + 1, " ");
  snprintf(text, size, "%.*s (%s), %d thread%s", (int)(name + 1 + version), config, openblas_get_corename(),
           threads, threads == 1 ? "" : "s");
}

bool ln_find_not_finite(ln_matrix A, size_t *row, size_t *col) {
  const uint64_t exponent = 0x7ff0000000000000, one = 0x0010000000000000;
  for (size_t j = 0; j < A.cols; j++) {
    const double *column = A.data + j * A.ld;
    uint64_t all = 0; /* its top bit is set by an exponent of ones: a test that compilers vectorize */
    for (size_t i = 0; i < A.rows; i++) {
      uint64_t bits;
      memcpy(&bits, &column[i], sizeof bits);
      all |= (bits & exponent) + one;
    }
    if (!(all >> 63)) continue;
    for (size_t i = 0; i < A.rows; i++)
      if (!isfinite(column[i])) return *row = i, *col = j, true;
  }
  return false;
}
