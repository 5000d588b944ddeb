/* The QR and the Cholesky factorization. */
#include "core/lapack.h"

#include <math.h>

ln_status ln_qr(ln_context *cx, ln_matrix A, ln_matrix Q, ln_matrix R) {
  size_t m = A.rows, n = A.cols, k = m < n ? m : n;
  ln_status status = ln_need_finite(cx, A, "A");
  if (status != LN_OK || k == 0) return status;
  double order = (double)k;
  status = ln_charge(cx, 4 * (double)m * (double)n * order - 4.0 / 3 * order * order * order);
  if (status != LN_OK) return status;

  ln_mark mark = ln_begin(cx);
  ln_matrix F = m >= n ? Q : ln_take_matrix(cx, m, n);
  double *tau = ln_reals(cx, k);
  ln_work work;
  if (!F.data || !tau) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_take_work(cx, (double)n * (k > LN_UNBLOCKED ? LN_BLOCK : 1), &work);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_copy(A, F);
  lapack_int rows = ln_lapack_int(m), columns = ln_lapack_int(k);
  LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, rows, ln_lapack_int(n), F.data, ln_lapack_int(F.ld), tau, work.data,
                      work.count);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < k; i++) LN_AT(R, i, j) = i <= j ? LN_AT(F, i, j) : 0;
  if (m < n) ln_copy(ln_block_of(F, 0, 0, m, k), Q);
  LAPACKE_dorgqr_work(LAPACK_COL_MAJOR, rows, columns, columns, Q.data, ln_lapack_int(Q.ld), tau, work.data,
                      work.count);

  for (size_t i = 0; i < k; i++) {
    if (!(LN_AT(R, i, i) < 0)) continue;
    ln_scale(-1, ln_block_of(R, i, i, 1, n - i));
    ln_scale(-1, ln_block_of(Q, 0, i, m, 1));
  }
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_cholesky(ln_context *cx, ln_matrix A, ln_matrix L) {
  ln_status status = ln_need_symmetric(cx, A);
  if (status != LN_OK || A.rows == 0) return status;
  double n = (double)A.rows;
  status = ln_charge(cx, n * n * n / 3);
  if (status != LN_OK) return status;
  ln_copy(A, L);
  lapack_int info =
      LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', ln_lapack_int(A.rows), L.data, ln_lapack_int(L.ld));
  if (info)
    return ln_fail(cx, LN_ENUMERIC,
                   "A is not positive definite: its leading minor of order %d is not positive", (int)info);
  for (size_t j = 1; j < L.cols; j++)
    for (size_t i = 0; i < j; i++) LN_AT(L, i, j) = 0;
  return LN_OK;
}

static double one_norm(ln_matrix A) {
  double largest = 0;
  for (size_t j = 0; j < A.cols; j++) {
    double sum = 0;
    for (size_t i = 0; i < A.rows; i++) sum += fabs(LN_AT(A, i, j));
    largest = ln_larger(largest, sum);
  }
  return largest;
}

ln_status ln_solve_definite(ln_context *cx, ln_matrix A, ln_matrix B, ln_matrix X, double *rcond) {
  *rcond = 1;
  ln_status status = ln_need_symmetric(cx, A);
  if (status == LN_OK) status = ln_need_finite(cx, B, "B");
  if (status != LN_OK || A.rows == 0) return status;
  double n = (double)A.rows;
  status = ln_charge(cx, n * n * n / 3 + 2 * n * n * (double)B.cols);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix F = ln_take_matrix(cx, A.rows, A.cols);
  double *work = ln_reals(cx, 3 * A.rows);
  lapack_int *integers = ln_take(cx, A.rows, sizeof *integers);
  if (!F.data || !work || !integers) return ln_end(cx, mark, LN_EMEMORY);
  ln_copy(A, F);
  lapack_int order = ln_lapack_int(A.rows), ld = ln_lapack_int(F.ld);
  if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', order, F.data, ld))
    return *rcond = 0, ln_end(cx, mark, LN_OK);
  LAPACKE_dpocon_work(LAPACK_COL_MAJOR, 'L', order, F.data, ld, one_norm(A), rcond, work, integers);
  ln_copy(B, X);
  if (B.cols)
    LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'L', order, ln_lapack_int(B.cols), F.data, ld, X.data,
                        ln_lapack_int(X.ld));
  return ln_end(cx, mark, LN_OK);
}
