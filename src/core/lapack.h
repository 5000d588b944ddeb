/* lapack.h: what the files of the linear algebra share; private to them and to their tests.
 *
 * LAPACK is called at LAPACKE's _work level, column-major, so each call needs its sizes as 32-bit integers,
 * its work space from the context, and arguments that its own checks (which print) never meet. */
#ifndef LN_LAPACK_H
#define LN_LAPACK_H

#include <lapacke.h>

#include "core/linalg.h"

/* Sizes lie within LN_DIMENSION_MAX by construction. */
static inline lapack_int ln_lapack_int(size_t n) { return (lapack_int)n; }

/* As fmax, in one instruction; a NaN for b is passed over. */
static inline double ln_larger(double a, double b) { return b > a ? b : a; }

/* Below this size LAPACK works unblocked, so the work space that its documentation names is also the best one
 * and need not be asked for. */
#define LN_UNBLOCKED 32
#define LN_BLOCK 64 /* no smaller than LAPACK's block, in QR and inverses */

typedef struct ln_work {
  double *data;
  lapack_int count;
} ln_work;

/* Work space of `count` numbers. LN_EARG where LAPACK cannot count that far, LN_EMEMORY. */
ln_status ln_take_work(ln_context *cx, double count, ln_work *work);

/* ---- checks, with messages in the user's terms ---- */

ln_status ln_need_finite(ln_context *cx, ln_matrix A, const char *name); /* the place of the first NaN */
ln_status ln_need_square(ln_context *cx, ln_matrix A, const char *hint); /* hint: "", or " (use lstsq)" */
/* Square, finite, and |a_ij - a_ji| <= 1e-10 of the largest entry. */
ln_status ln_need_symmetric(ln_context *cx, ln_matrix A);

double ln_largest(ln_matrix A); /* of the absolute values; 0 if empty */
/* max |a_ij - a_ji| of a square matrix, and where (row > col). */
double ln_asymmetry(ln_matrix A, size_t *row, size_t *col);

/* max(m, n) * 2^-52: singular values below this part of the largest are rounding. */
double ln_rank_tolerance(ln_matrix A);
size_t ln_count_above(const double *falling, size_t n, double tolerance); /* relative to the first */

/* ---- bases with fixed signs and fixed members ---- */

/* Negates column j unless its first entry above 1e-8 of the largest is positive; says whether it did. */
bool ln_orient(ln_matrix V, size_t j);

/* max(64, k) * 2^-52: of k singular values or eigenvalues, those that differ by less than this part of the
 * largest are equal to rounding. LAPACK's errors are a few 2^-52 at any size; what computes a degenerate
 * matrix adds its own. */
double ln_rounding(size_t k);

/* values[0..n-1], sorted, belong to the first n columns of V: gives those whose values are equal to rounding
 * a basis that depends on their span alone, and turns the same columns of U (if its data is not null) by the
 * same rotation. */
ln_status ln_fix_groups(ln_context *cx, const double *values, size_t n, ln_matrix V, ln_matrix U);

/* B's first r columns are orthonormal; fills the others with an orthonormal basis (or the part that fits) of
 * what is orthogonal to them, which depends on the span of the first r alone. */
ln_status ln_complete_basis(ln_context *cx, ln_matrix B, size_t r);

/* ---- singular values as LAPACK leaves them ---- */

/* A is destroyed; U m x k and Vt k x n, or both with null data: values only. k = min(m, n) > 0. LN_ENUMERIC
 * when the iteration fails. */
typedef ln_status (*ln_svd_driver)(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt);
ln_status ln_gesdd(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt);
ln_status ln_gesvd(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt);

/* The first driver that succeeds on a copy of A. */
ln_status ln_svd_by(ln_context *cx, const ln_svd_driver *drivers, size_t count, ln_matrix A, ln_matrix U,
                    double *s, ln_matrix Vt);
/* ln_svd_by with gesdd, then gesvd. */
ln_status ln_svd_unsigned(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt);

#endif
