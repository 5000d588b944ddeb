/* matrix.h: column-major float64 matrices, as BLAS and LAPACK have them, and the products everything is built
 * on.
 *
 * An ln_matrix is a window: it owns nothing, and is passed by value. Its leading dimension lets a block, row
 * or column of a larger matrix be one too. A vector is a matrix with one column (or one row). Rows and
 * columns may be 0. Shapes are the caller's to check: the functions here assume that they fit. */
#ifndef LN_MATRIX_H
#define LN_MATRIX_H

#include <stddef.h>

#include "core/context.h"

typedef struct ln_matrix {
  double *data;
  size_t rows, cols;
  size_t ld; /* distance of neighbours in a row, >= max(1, rows) */
} ln_matrix;

#define LN_DIMENSION_MAX 2147483647u /* LAPACK's integers are 32 bits wide */

#define LN_AT(A, i, j) ((A).data[(i) + (j) * (A).ld])

/* ---- making windows ---- */

ln_matrix ln_window(double *data, size_t rows, size_t cols); /* ld = rows */
ln_matrix ln_block_of(ln_matrix A, size_t row, size_t col, size_t rows,
                      size_t cols); /* first row, col from 0 */
bool ln_is_dense(ln_matrix A);      /* no gaps between columns */
bool ln_is_diagonal(ln_matrix A);   /* exact zeros off the diagonal */
/* Do the two share a number? Exact for parts of one matrix; where the leading dimensions differ, whether their
 * ranges of memory meet. */
bool ln_overlaps(ln_matrix A, ln_matrix B);

/* LN_EARG if a size is above LN_DIMENSION_MAX or the bytes overflow; *bytes = rows * cols * 8 else. */
ln_status ln_check_size(ln_context *cx, double rows, double cols, size_t *bytes);
/* Work space for a matrix (see ln_take); data is null when there is no memory. */
ln_matrix ln_take_matrix(ln_context *cx, size_t rows, size_t cols);

/* ---- copies ---- */

void ln_fill(ln_matrix A, double x);
void ln_identity(ln_matrix A);               /* ones on the diagonal, zeros elsewhere */
void ln_copy(ln_matrix A, ln_matrix B);      /* B = A, same shape; overlap is allowed, as if copied first */
void ln_transpose(ln_matrix A, ln_matrix B); /* B = A', no overlap */
void ln_symmetrize(ln_matrix A);             /* the lower triangle is copied to the upper one */

/* ---- BLAS ---- */

typedef enum ln_form { LN_N = 0, LN_T = 1 } ln_form; /* as it is, or transposed */

/* C = alpha op(A) op(B) + beta C; beta = 0 never reads C. C must not overlap A or B. */
void ln_gemm(ln_form ta, ln_form tb, double alpha, ln_matrix A, ln_matrix B, double beta, ln_matrix C);
/* C = alpha A A' + beta C (LN_N) or alpha A' A + beta C (LN_T): both triangles. */
void ln_gram(ln_form ta, double alpha, ln_matrix A, double beta, ln_matrix C);
void ln_axpy(double alpha, ln_matrix X, ln_matrix Y); /* Y += alpha X */
void ln_scale(double alpha, ln_matrix X);             /* X *= alpha */
double ln_dot(ln_matrix A, ln_matrix B);              /* sum of A_ij B_ij */
double ln_norm(ln_matrix A);                          /* Frobenius norm, without overflow */
/* "OpenBLAS 0.3.21 (Zen), 1 thread": what computes, for the record of a result. */
void ln_describe_blas(char *text, size_t size);
/* Where the first entry is that is NaN or infinite, down the columns; false if there is none. */
bool ln_find_not_finite(ln_matrix A, size_t *row, size_t *col);

#endif
