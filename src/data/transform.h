/* transform.h: maps of a task's inputs and outputs that a user asks for: centred, standardised, white.
 *
 * A map is learned from one task and applied to another (the test set). Each has a form for examples and one
 * for moments: with x -> c (x - b) row by row, Sxx' = C (Sxx - b m' - m b' + b b') C      m = mean of x, C =
 * diag(c), and likewise for Syx. */
#ifndef LN_TRANSFORM_H
#define LN_TRANSFORM_H

#include "core/matrix.h"

/* A row-by-row map a -> scale * (a - shift); both are columns, data null for "leave it". */
typedef struct ln_affine {
  ln_matrix shift, scale;
} ln_affine;

/* mean over the columns, and root mean square deviation from it; a row that is constant to rounding gets the
 * deviation 1, so that scaling by 1/deviation leaves it centred. */
void ln_row_means(ln_matrix A, ln_matrix mean);
void ln_row_deviations(ln_matrix A, ln_matrix mean, ln_matrix deviation);

/* The same deviations from second moments and means. */
void ln_deviations_of_moments(ln_matrix S, ln_matrix mean, ln_matrix deviation);

void ln_apply_affine(ln_affine map, ln_matrix A, ln_matrix B); /* B = map(A); B may be A */

/* The moments after x -> fx(x) and y -> y - shift_y, in place. */
void ln_affine_moments(ln_affine fx, ln_matrix shift_y, ln_matrix Sxx, ln_matrix Syx, ln_matrix mean_x,
                       ln_matrix mean_y, double *tr_yy);

/* M so that M Sxx M' = 1: principal axes, each divided by its root mean square, in the first *rank rows of M
 * (inputs x inputs). Directions with less than `tolerance` of the largest eigenvalue are left out, and at
 * most `components` kept. symmetric: M = Sxx^(-1/2) instead (all rows; a projector where the rank is short).
 */
ln_status ln_whitening(ln_context *cx, ln_matrix Sxx, double tolerance, size_t components, bool symmetric,
                       ln_matrix M, size_t *rank);

/* The moments give the small eigenvalues to 2^-53 of the largest only, so that M leaves some 1e-16 times their ratio to be
 * desired. One step of Newton's iteration on the moments of M X itself, M <- (3 - M X X' M'/P) M/2, squares that error. M is
 * dense, and changed in place. */
ln_status ln_polish_whitening(ln_context *cx, ln_matrix X, ln_matrix M);

/* Columns that are images of side x side pixels, row after row, to images of half the side: each pixel the mean of
 * four. B is (side/2)^2 x A.cols. */
void ln_halve_images(ln_matrix A, size_t side, ln_matrix B);

/* Columns from[0] .. from[B.cols - 1] (counted from 0) of A into B. */
void ln_select_columns(ln_matrix A, const size_t *from, ln_matrix B);

#endif
