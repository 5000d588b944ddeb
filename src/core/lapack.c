#include "core/lapack.h"

#include <cblas.h>
#include <math.h>

ln_status ln_take_work(ln_context *cx, double count, ln_work *work) {
  if (!(count <= LN_DIMENSION_MAX))
    return ln_fail(cx, LN_EARG,
                   "too large for LAPACK: %.4g numbers of work space are needed and it counts to %u", count,
                   LN_DIMENSION_MAX);
  size_t whole = count < 1 ? 1 : (size_t)count;
  work->data = ln_reals(cx, whole);
  work->count = ln_lapack_int(whole);
  return work->data ? LN_OK : LN_EMEMORY;
}

ln_status ln_need_finite(ln_context *cx, ln_matrix A, const char *name) {
  size_t i, j;
  if (!ln_find_not_finite(A, &i, &j)) return LN_OK;
  return ln_fail(cx, LN_EARG, "%s has %s at (%zu, %zu)", name, isnan(LN_AT(A, i, j)) ? "NaN" : "an infinity",
                 i + 1, j + 1);
}

ln_status ln_need_square(ln_context *cx, ln_matrix A, const char *hint) {
  if (A.rows == A.cols) return LN_OK;
  return ln_fail(cx, LN_EARG, "A is %zux%zu; a square matrix is needed%s", A.rows, A.cols, hint);
}

double ln_largest(ln_matrix A) {
  const size_t few = 16; /* a call for each column pays above this */
  double largest = 0;
  for (size_t j = 0; j < A.cols; j++) {
    const double *column = A.data + j * A.ld;
    if (A.rows > few)
      largest = ln_larger(largest, fabs(column[cblas_idamax(ln_lapack_int(A.rows), column, 1)]));
    else
      for (size_t i = 0; i < A.rows; i++) largest = ln_larger(largest, fabs(column[i]));
  }
  return largest;
}

double ln_asymmetry(ln_matrix A, size_t *row, size_t *col) {
  double worst = *row = *col = 0;
  for (size_t j = 0; j < A.cols; j++) {
    for (size_t i = j + 1; i < A.rows; i++) {
      double difference = fabs(LN_AT(A, i, j) - LN_AT(A, j, i));
      if (difference > worst) worst = difference, *row = i, *col = j;
    }
  }
  return worst;
}

ln_status ln_need_symmetric(ln_context *cx, ln_matrix A) {
  const double tolerance = 1e-10;
  size_t i, j;
  ln_status status = ln_need_square(cx, A, "");
  if (status == LN_OK) status = ln_need_finite(cx, A, "A");
  if (status != LN_OK || !(ln_asymmetry(A, &i, &j) > tolerance * ln_largest(A))) return status;
  return ln_fail(cx, LN_EARG, "A is not symmetric: %.17g at (%zu, %zu) and %.17g at (%zu, %zu)",
                 LN_AT(A, i, j), i + 1, j + 1, LN_AT(A, j, i), j + 1, i + 1);
}

double ln_rank_tolerance(ln_matrix A) {
  const double epsilon = 0x1p-52;
  return epsilon * (double)(A.rows > A.cols ? A.rows : A.cols);
}

size_t ln_count_above(const double *falling, size_t n, double tolerance) {
  size_t count = 0;
  while (count < n && falling[count] > tolerance * falling[0]) count++;
  return count;
}
