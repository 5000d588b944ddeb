/* Least squares and what else the singular values say of a matrix: pseudo-inverse, rank, condition, range,
 * null space. */
#include "core/lapack.h"

#include <math.h>

static size_t shorter(ln_matrix A) { return A.rows < A.cols ? A.rows : A.cols; }

static double cutoff(ln_matrix A, double tolerance) {
  return tolerance < 0 ? ln_rank_tolerance(A) : tolerance;
}

ln_status ln_least_squares(ln_context *cx, ln_matrix A, ln_matrix B, double tolerance, ln_matrix X) {
  if (A.rows != B.rows)
    return ln_fail(cx, LN_EARG, "A is %zux%zu and B is %zux%zu; A and B need the same number of rows", A.rows,
                   A.cols, B.rows, B.cols);
  ln_status status = ln_need_finite(cx, A, "A");
  if (status == LN_OK) status = ln_need_finite(cx, B, "B");
  if (status != LN_OK) return status;
  size_t m = A.rows, n = A.cols, k = shorter(A), longer = m > n ? m : n;
  if (k == 0 || B.cols == 0) {
    ln_fill(X, 0);
    return LN_OK;
  }
  double inner = (double)k, right = (double)B.cols;
  status = ln_charge(cx, 4 * (double)m * (double)n * inner + 8 * inner * inner * inner +
                             2 * ((double)m + (double)n) * inner * right);
  if (status != LN_OK) return status;

  ln_mark mark = ln_begin(cx);
  ln_matrix F = ln_take_matrix(cx, m, n), solution = ln_take_matrix(cx, longer, B.cols);
  double *s = ln_reals(cx, k);
  if (!F.data || !solution.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  ln_copy(A, F);
  ln_copy(B, ln_block_of(solution, 0, 0, m, B.cols));
  lapack_int rows = ln_lapack_int(m), columns = ln_lapack_int(n), rights = ln_lapack_int(B.cols), rank;
  lapack_int ldf = ln_lapack_int(F.ld), lds = ln_lapack_int(solution.ld), best_integers = 0;
  double limit = cutoff(A, tolerance), best = 0;
  /* LAPACK computes the size of its work space in 32 bits, and asking for it would overflow where this does.
   */
  const double leaf = 25, levels = 32;
  double most = inner * (12 + 2 * leaf + 8 * levels + right) + (leaf + 1) * (leaf + 1);
  if (most <= LN_DIMENSION_MAX) {
    LAPACKE_dgelsd_work(LAPACK_COL_MAJOR, rows, columns, rights, F.data, ldf, solution.data, lds, s, limit,
                        &rank, &best, -1, &best_integers);
    most = best;
  }
  ln_work work;
  status = ln_take_work(cx, most, &work);
  if (status != LN_OK) return ln_end(cx, mark, status);
  lapack_int *integers = ln_take(cx, (size_t)best_integers, sizeof *integers);
  if (!integers) return ln_end(cx, mark, LN_EMEMORY);
  lapack_int info = LAPACKE_dgelsd_work(LAPACK_COL_MAJOR, rows, columns, rights, F.data, ldf, solution.data,
                                        lds, s, limit, &rank, work.data, work.count, integers);
  if (info)
    return ln_end(cx, mark,
                  ln_fail(cx, LN_ENUMERIC, "the singular values of a %zux%zu matrix did not converge", m, n));
  ln_copy(ln_block_of(solution, 0, 0, n, B.cols), X);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_pseudo_inverse(ln_context *cx, ln_matrix A, double tolerance, ln_matrix X) {
  ln_status status = ln_need_finite(cx, A, "A");
  if (status != LN_OK) return status;
  size_t k = shorter(A);
  ln_mark mark = ln_begin(cx);
  ln_matrix U = ln_take_matrix(cx, A.rows, k), Vt = ln_take_matrix(cx, k, A.cols);
  double *s = ln_reals(cx, k);
  if (!U.data || !Vt.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_svd_unsigned(cx, A, U, s, Vt);
  if (status == LN_OK) status = ln_charge(cx, 2 * (double)A.rows * (double)A.cols * (double)k);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t rank = ln_count_above(s, k, cutoff(A, tolerance));
  for (size_t j = 0; j < rank; j++)
    for (size_t i = 0; i < A.rows; i++) LN_AT(U, i, j) /= s[j];
  ln_gemm(LN_T, LN_T, 1, ln_block_of(Vt, 0, 0, rank, A.cols), ln_block_of(U, 0, 0, A.rows, rank), 0, X);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_rank(ln_context *cx, ln_matrix A, double tolerance, size_t *rank) {
  size_t k = shorter(A);
  ln_mark mark = ln_begin(cx);
  double *s = ln_reals(cx, k);
  if (!s) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_svd(cx, A, (ln_matrix){0}, s, (ln_matrix){0});
  if (status == LN_OK) *rank = ln_count_above(s, k, cutoff(A, tolerance));
  return ln_end(cx, mark, status);
}

ln_status ln_condition(ln_context *cx, ln_matrix A, double *condition) {
  size_t k = shorter(A);
  ln_mark mark = ln_begin(cx);
  double *s = ln_reals(cx, k);
  if (!s) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_svd(cx, A, (ln_matrix){0}, s, (ln_matrix){0});
  if (status == LN_OK) *condition = k == 0 ? 1 : s[k - 1] == 0 ? INFINITY : s[0] / s[k - 1];
  return ln_end(cx, mark, status);
}

ln_status ln_column_space(ln_context *cx, ln_matrix A, double tolerance, ln_matrix B, size_t *found) {
  size_t k = shorter(A);
  ln_status status = ln_need_finite(cx, A, "A");
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix Vt = ln_take_matrix(cx, k, A.cols);
  double *s = ln_reals(cx, k);
  if (!Vt.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_svd_unsigned(cx, A, B, s, Vt);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *found = ln_count_above(s, k, cutoff(A, tolerance));
  status = ln_fix_groups(cx, s, *found, B, (ln_matrix){0});
  for (size_t j = 0; j < *found; j++) ln_orient(B, j);
  return ln_end(cx, mark, status);
}

ln_status ln_null_space(ln_context *cx, ln_matrix A, double tolerance, ln_matrix B, size_t *found) {
  size_t n = A.cols, k = shorter(A);
  ln_status status = ln_need_finite(cx, A, "A");
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix U = ln_take_matrix(cx, A.rows, k), Vt = ln_take_matrix(cx, k, n), V = ln_take_matrix(cx, n, n);
  double *s = ln_reals(cx, k);
  if (!U.data || !Vt.data || !V.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_svd_unsigned(cx, A, U, s, Vt);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t rank = ln_count_above(s, k, cutoff(A, tolerance));
  ln_transpose(ln_block_of(Vt, 0, 0, rank, n), ln_block_of(V, 0, 0, n, rank));
  status = ln_complete_basis(cx, V, rank);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *found = n - rank;
  for (size_t j = rank; j < n; j++) ln_orient(V, j);
  ln_copy(ln_block_of(V, 0, rank, n, *found), ln_block_of(B, 0, 0, n, *found));
  return ln_end(cx, mark, LN_OK);
}
