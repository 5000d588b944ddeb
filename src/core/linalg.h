/* linalg.h: decompositions and what follows from them, over LAPACKE's _work level (column-major, dimensions
 * checked here).
 *
 * All take their inputs unchanged and write results into windows that the caller provides; m, n are A's rows
 * and columns and k = min(m, n). Every function refuses NaN and infinity with the place of the first one
 * (LN_EARG), charges its floating-point operations before it starts, and returns LN_ENUMERIC when LAPACK's
 * iteration fails.
 *
 * Fixed signs: the first entry above 1e-8 of the largest in each right singular vector (eigenvector) is
 * positive, and the left one follows. Values that are equal to rounding (neighbours closer than 2^-52 max(64,
 * k) of the largest, chained) have no unique vectors: theirs are the columns of the pivoted Cholesky factor
 * (the column-pivoted QR) of the projector on their span, with ties of pivots going to the first, so they
 * depend on the subspace alone. Singular values below that part of the largest are zero to rounding: their
 * left and right vectors, and those that a full decomposition adds, are chosen like this each by itself, from
 * what is orthogonal to the others. Values that are merely close (LN_EQUAL) keep LAPACK's vectors, since any
 * other basis would not give A back; whoever compares decompositions compares sums over such groups
 * (ln_groups). */
#ifndef LN_LINALG_H
#define LN_LINALG_H

#include "core/matrix.h"

#define LN_EQUAL 1e-8

/* Groups of equal neighbours in a sorted list of n values: start[g] .. start[g+1]-1 is group g; start has
 * room for n+1. Returns how many groups there are. tolerance is relative to the largest absolute value. */
size_t ln_groups(const double *values, size_t n, double tolerance, size_t *start);

/* A = U diag(s) V', s falling. Thin: U m x k, V n x k. Full: U m x m, V n x n. U and V may both be {0}:
 * values only. gesdd, and gesvd where that fails. */
ln_status ln_svd(ln_context *cx, ln_matrix A, ln_matrix U, double *s, ln_matrix V);

/* Symmetric A = Q diag(w) Q', w rising. Reads the lower triangle. Q may be {0}: values only.
 * LN_EARG unless A is square and symmetric to 1e-10 of its largest entry. */
ln_status ln_eigh(ln_context *cx, ln_matrix A, double *w, ln_matrix Q);

/* Square A v = (wr + i wi) v; V holds the right vectors as LAPACK packs them (a complex pair in two columns:
 * real part, imaginary part of the one with wi > 0), each of norm 1, its first entry above 1e-8 of the
 * largest real and positive. Sorted by falling real part (equal to LN_EQUAL of the largest modulus), then
 * falling imaginary part, a pair standing where its first belongs. V may be {0}: values only. */
ln_status ln_eig(ln_context *cx, ln_matrix A, double *wr, double *wi, ln_matrix V);

/* A = Q R, Q m x k with orthonormal columns, R k x n with a diagonal >= 0. If m >= n, A may be Q itself. */
ln_status ln_qr(ln_context *cx, ln_matrix A, ln_matrix Q, ln_matrix R);

/* Symmetric (as for ln_eigh) A = L L', L lower with zeros above. LN_ENUMERIC with the order of the minor that
 * is not positive. */
ln_status ln_cholesky(ln_context *cx, ln_matrix A, ln_matrix L);

/* A X = B for a symmetric (as for ln_eigh) A, by its Cholesky factor. *rcond estimates the reciprocal of A's
 * condition in the 1-norm; 0 if A is not positive definite: X is then left as it was. */
ln_status ln_solve_definite(ln_context *cx, ln_matrix A, ln_matrix B, ln_matrix X, double *rcond);

/* A X = B, A square. LN_ENUMERIC if A is singular to working precision even after rows and columns are scaled
 * (the message gives the reciprocal condition). */
ln_status ln_solve(ln_context *cx, ln_matrix A, ln_matrix B, ln_matrix X);
ln_status ln_inverse(ln_context *cx, ln_matrix A, ln_matrix X);

/* The least-squares solution of smallest norm, any shape and rank; X is n x B.cols. tolerance is relative to
 * the largest singular value; tolerance < 0: max(m, n) * 2^-52. */
ln_status ln_least_squares(ln_context *cx, ln_matrix A, ln_matrix B, double tolerance, ln_matrix X);
ln_status ln_pseudo_inverse(ln_context *cx, ln_matrix A, double tolerance, ln_matrix X); /* X n x m */

ln_status ln_rank(ln_context *cx, ln_matrix A, double tolerance, size_t *rank);
/* s_1 / s_k; infinity if s_k = 0, 1 if A is empty. */
ln_status ln_condition(ln_context *cx, ln_matrix A, double *condition);

/* The determinant; infinity or 0 where it leaves the range of doubles. That of a 0 x 0 matrix is 1. */
ln_status ln_determinant(ln_context *cx, ln_matrix A, double *determinant);
/* det A = sign * exp(log): sign 0 and log -infinity if a pivot is exactly zero. */
ln_status ln_log_determinant(ln_context *cx, ln_matrix A, double *log, double *sign);

/* exp(A), A square, by scaling and squaring with Pade approximants up to order 13 (Higham 2005). LN_ENUMERIC
 * if it overflows. */
ln_status ln_exponential(ln_context *cx, ln_matrix A, ln_matrix X);

/* The principal square root, X X = A: symmetric A >= 0 by its eigenvectors, other matrices by the product
 * form of the Denman-Beavers iteration (Cheng, Higham, Kenney and Laub 2001). LN_ENUMERIC if there is none:
 * an eigenvalue is negative, or A is singular and not symmetric. */
ln_status ln_square_root(ln_context *cx, ln_matrix A, ln_matrix X);

/* Orthonormal bases of the column space (m x rank: left singular vectors, each with its own sign fixed) and
 * the null space (n x (n - rank)) of A, into the first columns of B; B is m x k and n x n. *found is the
 * number of columns. */
ln_status ln_column_space(ln_context *cx, ln_matrix A, double tolerance, ln_matrix B, size_t *found);
ln_status ln_null_space(ln_context *cx, ln_matrix A, double tolerance, ln_matrix B, size_t *found);

/* A^p, A square, for an integer p by repeated squaring; p < 0 through the inverse. As a product it carries
 * NaN and infinity; the inverse refuses them. */
ln_status ln_power(ln_context *cx, ln_matrix A, long long p, ln_matrix X);

#endif
