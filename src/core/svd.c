/* The singular value decomposition: gesdd, gesvd where that fails, then the signs and bases of linalg.h. */
#include "core/lapack.h"

static lapack_int integer(size_t n) { return ln_lapack_int(n); }

static ln_status no_convergence(ln_context *cx, ln_matrix A, const char *method) {
  return ln_fail(cx, LN_ENUMERIC, "the singular values of a %zux%zu matrix did not converge (%s)", A.rows,
                 A.cols, method);
}

/* Golub and Van Loan 2013, table 8.6.1: with vectors, values only. */
static ln_status charge(ln_context *cx, ln_matrix A, bool vectors) {
  double m = (double)A.rows, n = (double)A.cols;
  double longer = m > n ? m : n, shorter = m > n ? n : m;
  return ln_charge(cx, vectors ? 6 * longer * shorter * shorter + 20 * shorter * shorter * shorter
                               : 2 * longer * shorter * shorter + 2 * shorter * shorter * shorter);
}

ln_status ln_gesdd(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt) {
  bool vectors = U.data != NULL;
  size_t k = A.rows < A.cols ? A.rows : A.cols, longer = A.rows < A.cols ? A.cols : A.rows;
  lapack_int m = integer(A.rows), n = integer(A.cols), lda = integer(A.ld);
  lapack_int ldu = vectors ? integer(U.ld) : 1, ldvt = vectors ? integer(Vt.ld) : 1;
  char job = vectors ? 'S' : 'N';
  ln_status status = charge(cx, A, vectors);
  if (status != LN_OK) return status;

  ln_mark mark = ln_begin(cx);
  lapack_int *integers = ln_take(cx, 8 * k, sizeof *integers);
  if (!integers) return ln_end(cx, mark, LN_EMEMORY);
  double order = (double)k;
  double count = vectors ? 4 * order * order + 7 * order
                         : 3 * order + ln_larger((double)longer, 7 * order); /* as documented */
  if (k > LN_UNBLOCKED && count <= LN_DIMENSION_MAX) {
    double best = 0;
    LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, m, n, A.data, lda, s, U.data, ldu, Vt.data, ldvt, &best, -1,
                        integers);
    count = ln_larger(count, best);
  }
  ln_work work;
  status = ln_take_work(cx, count, &work);
  if (status != LN_OK) return ln_end(cx, mark, status);
  lapack_int info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, m, n, A.data, lda, s, U.data, ldu, Vt.data,
                                        ldvt, work.data, work.count, integers);
  return ln_end(cx, mark, info ? no_convergence(cx, A, "divide and conquer") : LN_OK);
}

ln_status ln_gesvd(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt) {
  bool vectors = U.data != NULL;
  lapack_int m = integer(A.rows), n = integer(A.cols), lda = integer(A.ld);
  lapack_int ldu = vectors ? integer(U.ld) : 1, ldvt = vectors ? integer(Vt.ld) : 1;
  char job = vectors ? 'S' : 'N';
  ln_status status = charge(cx, A, vectors);
  if (status != LN_OK) return status;

  ln_mark mark = ln_begin(cx);
  size_t k = m < n ? A.rows : A.cols, longer = m < n ? A.cols : A.rows;
  double best = 0, least = ln_larger(3 * (double)k + (double)longer, 5 * (double)k); /* as documented */
  LAPACKE_dgesvd_work(LAPACK_COL_MAJOR, job, job, m, n, A.data, lda, s, U.data, ldu, Vt.data, ldvt, &best,
                      -1);
  ln_work work;
  status = ln_take_work(cx, ln_larger(best, least), &work); /* a best beyond 32 bits comes out negative */
  if (status != LN_OK) return ln_end(cx, mark, status);
  lapack_int info = LAPACKE_dgesvd_work(LAPACK_COL_MAJOR, job, job, m, n, A.data, lda, s, U.data, ldu,
                                        Vt.data, ldvt, work.data, work.count);
  return ln_end(cx, mark, info ? no_convergence(cx, A, "QR iteration") : LN_OK);
}

ln_status ln_svd_by(ln_context *cx, const ln_svd_driver *drivers, size_t count, ln_matrix A, ln_matrix U,
                    double *s, ln_matrix Vt) {
  if (!A.rows || !A.cols) return LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix copy = ln_take_matrix(cx, A.rows, A.cols);
  if (!copy.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_ENUMERIC;
  for (size_t i = 0; i < count && status == LN_ENUMERIC; i++) {
    ln_copy(A, copy);
    status = drivers[i](cx, copy, U, s, Vt);
  }
  return ln_end(cx, mark, status);
}

ln_status ln_svd_unsigned(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt) {
  static const ln_svd_driver drivers[] = {ln_gesdd, ln_gesvd};
  return ln_svd_by(cx, drivers, 2, A, U, s, Vt);
}

ln_status ln_svd(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix V) {
  size_t m = A.rows, n = A.cols, k = m < n ? m : n;
  ln_status status = ln_need_finite(cx, A, "A");
  if (status != LN_OK) return status;
  if (!U.data) return ln_svd_unsigned(cx, A, U, s, V);

  ln_mark mark = ln_begin(cx);
  ln_matrix Vt = ln_take_matrix(cx, k, n);
  if (!Vt.data) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_svd_unsigned(cx, A, ln_block_of(U, 0, 0, m, k), s, Vt);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_transpose(Vt, ln_block_of(V, 0, 0, n, k));

  size_t rank = ln_count_above(s, k, ln_rounding(k));
  status = ln_fix_groups(cx, s, rank, V, U);
  if (status == LN_OK) status = ln_complete_basis(cx, V, rank);
  if (status == LN_OK) status = ln_complete_basis(cx, U, rank);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t j = 0; j < rank; j++)
    if (ln_orient(V, j))
      for (size_t i = 0; i < m; i++) LN_AT(U, i, j) = -LN_AT(U, i, j);
  for (size_t j = rank; j < V.cols; j++) ln_orient(V, j);
  for (size_t j = rank; j < U.cols; j++) ln_orient(U, j);
  return ln_end(cx, mark, LN_OK);
}
