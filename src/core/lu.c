/* What the LU factorization gives: solutions, inverses, determinants.
 *
 * A matrix is called singular only if it is so to working precision after its rows and columns have been
 * scaled by powers of two: diag(1, 1e-20) is not. LAPACK's estimate of the condition costs as much as the
 * factorization of a small matrix and a third of that of one of 512, so something cheaper settles nearly
 * every case first. */
#include "core/lapack.h"

#include <math.h>
#include <stdint.h>

typedef struct factors {
  ln_matrix F; /* L below the diagonal, U on and above it, of P 2^row A 2^col */
  lapack_int *pivots;
  int *row, *col; /* exponents of the scaling; null: not scaled */
} factors;

static const double epsilon = 0x1p-53;
static const double may_overflow = 1e290; /* elimination may leave the range where an entry is as large */

/* F (new work space if its data is null) = factors of A; *info > 0 says that a pivot is exactly zero. */
static ln_status factorize(ln_context *cx, ln_matrix A, factors *f, lapack_int *info) {
  double n = (double)A.rows;
  ln_status status = ln_charge(cx, 2.0 / 3 * n * n * n);
  if (status != LN_OK) return status;
  if (!f->F.data) f->F = ln_take_matrix(cx, A.rows, A.cols);
  f->pivots = ln_take(cx, A.rows, sizeof *f->pivots);
  if (!f->F.data || !f->pivots) return LN_EMEMORY;
  ln_copy(A, f->F);
  lapack_int order = ln_lapack_int(A.rows);
  *info = LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, order, order, f->F.data, ln_lapack_int(f->F.ld), f->pivots);
  return LN_OK;
}

/* A lower bound of 1 / (|A| |A^-1|) in the maximum norm. |U^-1| is at most that of the matrix with |u_ii| on
 * the diagonal and -|u_ij| above, whose inverse has no negative entry, so that one substitution gives its
 * norm; the same for L (Higham 2002, section 8.3). Rigorous; far too small when n is large. y: work space of
 * 2n. */
static double bounded_rcond(ln_matrix F, double largest, double *y) {
  size_t n = F.rows;
  double *z = y + n, upper = 0, lower = 0;
  for (size_t i = 0; i < n; i++) y[i] = z[i] = 1;
  for (size_t j = n; j-- > 0;) {
    y[j] /= fabs(LN_AT(F, j, j));
    upper = ln_larger(upper, y[j]);
    for (size_t i = 0; i < j; i++) y[i] += fabs(LN_AT(F, i, j)) * y[j];
  }
  for (size_t j = 0; j < n; j++) {
    lower = ln_larger(lower, z[j]);
    for (size_t i = j + 1; i < n; i++) z[i] += fabs(LN_AT(F, i, j)) * z[j];
  }
  return 1 / ((double)n * largest) / upper / lower;
}

/* How much A^-1 (its factors are f) magnifies a vector without structure, times a bound of A's norm. If A is
 * singular to working precision this exceeds 1e16 / n^(3/2) times the vector's share of the weakest
 * direction, which is of the order of 1. y: work space of n. */
static double magnification(const factors *f, double largest, double *y) {
  size_t n = f->F.rows;
  uint64_t state = 88172645463325252u; /* xorshift */
  for (size_t i = 0; i < n; i++) {     /* sizes in [1/2, 1), both signs */
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    y[i] = (state & 1 ? 0.5 : -0.5) * (1 + (double)(state >> 11) * 0x1p-53);
  }
  LAPACKE_dgetrs_work(LAPACK_COL_MAJOR, 'N', ln_lapack_int(n), 1, f->F.data, ln_lapack_int(f->F.ld),
                      f->pivots, y, ln_lapack_int(n));
  size_t i, j;
  bool overflow = ln_find_not_finite(ln_window(y, n, 1), &i, &j);
  return overflow ? INFINITY : ln_largest(ln_window(y, n, 1)) * (double)n * largest;
}

/* Is A, whose factors have no zero pivot, clearly not singular, and are the factors finite? */
static bool clearly_regular(ln_matrix A, const factors *f, double *work) {
  double largest = ln_largest(A);
  if (largest > may_overflow) return false;
  size_t i, j;
  if (A.rows <= LN_UNBLOCKED)
    return !ln_find_not_finite(f->F, &i, &j) && bounded_rcond(f->F, largest, work) > 1e3 * epsilon;
  return magnification(f, largest, work) < 1e9; /* a random matrix of 512: 1e5 */
}

static double one_norm(ln_matrix A) {
  double norm = 0;
  for (size_t j = 0; j < A.cols; j++) {
    double sum = 0;
    for (size_t i = 0; i < A.rows; i++) sum += fabs(LN_AT(A, i, j));
    norm = ln_larger(norm, sum);
  }
  return norm;
}

/* LAPACK's estimate of the reciprocal condition of a matrix, from its factors and its 1-norm. */
static ln_status estimated_rcond(ln_context *cx, ln_matrix F, double norm, double *rcond) {
  *rcond = 0;
  if (!(norm > 0 && norm < INFINITY)) return LN_OK;
  ln_mark mark = ln_begin(cx);
  double *work = ln_reals(cx, 4 * F.rows);
  lapack_int *integers = ln_take(cx, F.rows, sizeof *integers);
  if (!work || !integers) return ln_end(cx, mark, LN_EMEMORY);
  LAPACKE_dgecon_work(LAPACK_COL_MAJOR, '1', ln_lapack_int(F.rows), F.data, ln_lapack_int(F.ld), norm, rcond,
                      work, integers);
  return ln_end(cx, mark, LN_OK);
}

/* Exponents that bring the largest entry of each row of A, and then of each column, into [1/2, 1). Zero rows
 * and columns stay. (LAPACK's geequb takes subnormal rows for zero.) */
static void choose_scales(ln_matrix A, int *row, int *col) {
  for (size_t i = 0; i < A.rows; i++) {
    frexp(ln_largest(ln_block_of(A, i, 0, 1, A.cols)), &row[i]);
    row[i] = -row[i];
  }
  for (size_t j = 0; j < A.cols; j++) {
    double largest = 0;
    for (size_t i = 0; i < A.rows; i++) largest = ln_larger(largest, ldexp(fabs(LN_AT(A, i, j)), row[i]));
    frexp(largest, &col[j]);
    col[j] = -col[j];
  }
}

/* X_ij *= 2^(row_i + col_j); a null pointer stands for zeros. */
static void scale(ln_matrix X, const int *row, const int *col) {
  for (size_t j = 0; j < X.cols; j++)
    for (size_t i = 0; i < X.rows; i++)
      LN_AT(X, i, j) = ldexp(LN_AT(X, i, j), (row ? row[i] : 0) + (col ? col[j] : 0));
}

/* The factors of the scaled A; *norm is its 1-norm. */
static ln_status factorize_scaled(ln_context *cx, ln_matrix A, factors *f, lapack_int *info, double *norm) {
  f->row = ln_take(cx, A.rows, sizeof *f->row);
  f->col = ln_take(cx, A.cols, sizeof *f->col);
  ln_matrix scaled = ln_take_matrix(cx, A.rows, A.cols);
  if (!f->row || !f->col || !scaled.data) return LN_EMEMORY;
  choose_scales(A, f->row, f->col);
  ln_copy(A, scaled);
  scale(scaled, f->row, f->col);
  *norm = one_norm(scaled);
  return factorize(cx, scaled, f, info);
}

/* The factors, in the caller's work space, of an A that is not singular to working precision; LN_ENUMERIC if
 * it is. Elimination leaves NaN where it overflows, and OpenBLAS where a pivot is subnormal; scaling helps
 * both. */
static ln_status factorize_regular(ln_context *cx, ln_matrix A, factors *f) {
  lapack_int info;
  ln_status status = factorize(cx, A, f, &info);
  double *work = ln_reals(cx, 2 * A.rows);
  if (status != LN_OK || !work) return status != LN_OK ? status : LN_EMEMORY;
  double rcond = 0;
  if (!info && clearly_regular(A, f, work)) return LN_OK;
  size_t i, j;
  if (!info && !ln_find_not_finite(f->F, &i, &j)) status = estimated_rcond(cx, f->F, one_norm(A), &rcond);
  if (status != LN_OK || rcond > epsilon) return status;
  double norm;
  rcond = 0;
  status = factorize_scaled(cx, A, f, &info, &norm);
  if (status == LN_OK && !info) status = estimated_rcond(cx, f->F, norm, &rcond);
  if (status != LN_OK || rcond > epsilon) return status;
  return ln_fail(cx, LN_ENUMERIC,
                 "A (%zux%zu) is singular to working precision: its reciprocal condition is %.2g", A.rows,
                 A.cols, rcond);
}

ln_status ln_solve(ln_context *cx, ln_matrix A, ln_matrix B, ln_matrix X) {
  ln_status status = ln_need_square(cx, A, " (use lstsq)");
  if (status != LN_OK) return status;
  if (A.rows != B.rows)
    return ln_fail(cx, LN_EARG, "A is %zux%zu and B is %zux%zu; A and B need the same number of rows", A.rows,
                   A.cols, B.rows, B.cols);
  status = ln_need_finite(cx, A, "A");
  if (status == LN_OK) status = ln_need_finite(cx, B, "B");
  if (status != LN_OK || A.rows == 0) return status;

  ln_mark mark = ln_begin(cx);
  factors f = {0};
  status = factorize_regular(cx, A, &f);
  if (status == LN_OK) status = ln_charge(cx, 2 * (double)A.rows * (double)A.rows * (double)B.cols);
  if (status == LN_OK && B.cols) {
    ln_copy(B, X);
    if (f.row) scale(X, f.row, NULL);
    LAPACKE_dgetrs_work(LAPACK_COL_MAJOR, 'N', ln_lapack_int(A.rows), ln_lapack_int(B.cols), f.F.data,
                        ln_lapack_int(f.F.ld), f.pivots, X.data, ln_lapack_int(X.ld));
    if (f.col) scale(X, f.col, NULL);
  }
  return ln_end(cx, mark, status);
}

ln_status ln_inverse(ln_context *cx, ln_matrix A, ln_matrix X) {
  ln_status status = ln_need_square(cx, A, " (use pinv)");
  if (status == LN_OK) status = ln_need_finite(cx, A, "A");
  if (status != LN_OK || A.rows == 0) return status;

  ln_mark mark = ln_begin(cx);
  double n = (double)A.rows;
  factors f = {.F = X};
  ln_work work;
  status = factorize_regular(cx, A, &f);
  if (status == LN_OK) status = ln_charge(cx, 4.0 / 3 * n * n * n);
  if (status == LN_OK) status = ln_take_work(cx, n * (A.rows > LN_UNBLOCKED ? LN_BLOCK : 1), &work);
  if (status != LN_OK) return ln_end(cx, mark, status);
  LAPACKE_dgetri_work(LAPACK_COL_MAJOR, ln_lapack_int(A.rows), X.data, ln_lapack_int(X.ld), f.pivots,
                      work.data, work.count);
  if (f.row) scale(X, f.col, f.row); /* A^-1 = 2^col (2^row A 2^col)^-1 2^row */
  return ln_end(cx, mark, LN_OK);
}

/* det A = mantissa * 2^exponent with a mantissa in [1/2, 1), or 0. */
static ln_status product_of_pivots(ln_context *cx, ln_matrix A, double *mantissa, double *exponent) {
  *mantissa = 0.5;
  *exponent = 1;
  ln_status status = ln_need_square(cx, A, "");
  if (status == LN_OK) status = ln_need_finite(cx, A, "A");
  if (status != LN_OK || A.rows == 0) return status;

  ln_mark mark = ln_begin(cx);
  factors f = {0};
  lapack_int info;
  double norm;
  size_t row, col;
  status = factorize(cx, A, &f, &info);
  if (status == LN_OK && ln_find_not_finite(f.F, &row, &col))
    status = factorize_scaled(cx, A, &f, &info, &norm);
  for (size_t i = 0; i < A.rows && status == LN_OK; i++) {
    int power;
    if (f.row) *exponent -= f.row[i] + f.col[i];
    double pivot = frexp(LN_AT(f.F, i, i), &power), swap = f.pivots[i] == ln_lapack_int(i + 1) ? 1 : -1;
    *exponent += power;
    *mantissa = frexp(swap * *mantissa * pivot, &power);
    *exponent += power;
  }
  return ln_end(cx, mark, status);
}

ln_status ln_determinant(ln_context *cx, ln_matrix A, double *determinant) {
  const double beyond = 3000; /* where every double has become 0 or infinity */
  double mantissa, exponent;
  ln_status status = product_of_pivots(cx, A, &mantissa, &exponent);
  *determinant = ldexp(mantissa, (int)fmax(-beyond, fmin(exponent, beyond)));
  return status;
}

ln_status ln_log_determinant(ln_context *cx, ln_matrix A, double *log_size, double *sign) {
  double mantissa, exponent;
  ln_status status = product_of_pivots(cx, A, &mantissa, &exponent);
  *log_size = mantissa == 0 ? -INFINITY : log(fabs(mantissa)) + exponent * M_LN2;
  *sign = (mantissa > 0) - (mantissa < 0);
  return status;
}
