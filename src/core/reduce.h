/* reduce.h: from many numbers to one.
 *
 * Sums are added in one fixed order: blocks of at most LN_SUM_BLOCK in eight running sums, the blocks' sums
 * in pairs. So the same numbers give the same bits on every machine and however the matrix is stored, and the
 * rounding error grows with log n. A NaN among the numbers makes every result NaN (or, in a search for the
 * largest, is what is found); ln_any and ln_all count it as true. */
#ifndef LN_REDUCE_H
#define LN_REDUCE_H

#include "core/matrix.h"

#define LN_SUM_BLOCK 256

double ln_sum(size_t n, const double *x);
double ln_sum_abs(size_t n, const double *x);
double ln_sum_products(size_t n, const double *x, const double *y);
double ln_norm_of(size_t n, const double *x);  /* Euclidean, without overflow or underflow */
double ln_mean(size_t n, const double *x);     /* NaN if n = 0; so the next two if n < 2 */
double ln_variance(size_t n, const double *x); /* divides by n - 1 */
double ln_deviation(size_t n, const double *x);
double ln_any(size_t n, const double *x); /* 1 if an entry is not 0, else 0 */
double ln_all(size_t n, const double *x); /* 1 if no entry is 0, else 0 */

/* The place from 0 of the largest (smallest) number, the first of equals; the first NaN if there is one.
 * n > 0. */
size_t ln_place_of_largest(size_t n, const double *x);
size_t ln_place_of_smallest(size_t n, const double *x);

/* ---- the lines of a matrix ---- */

typedef enum ln_lines {
  LN_WHOLE,   /* one line: all numbers, down the columns */
  LN_COLUMNS, /* each column is a line */
  LN_ROWS     /* each row is a line */
} ln_lines;

size_t ln_line_count(ln_matrix A, ln_lines lines);
size_t ln_line_length(ln_matrix A, ln_lines lines);

/* Calls visit(ud, k, n, x) for each line k from 0 with its n numbers side by side; stops at the first status
 * that is not LN_OK and returns it. The numbers are A's own or a copy. */
typedef ln_status (*ln_visit)(void *ud, size_t k, size_t n, const double *x);
ln_status ln_each_line(ln_context *cx, ln_matrix A, ln_lines lines, ln_visit visit, void *ud);

/* out[k] = f(line k) */
typedef double (*ln_reduction)(size_t n, const double *x);
ln_status ln_reduce(ln_context *cx, ln_matrix A, ln_lines lines, ln_reduction f, double *out);

/* ---- counting ---- */

/* counts[b] = how many x lie in [edges[b], edges[b + 1]), the last bin with its right edge; b < bins. Numbers
 * outside and NaN count nowhere. edges rise; even says that they are evenly spaced (to rounding), which makes
 * it faster and changes nothing else. */
void ln_histogram(size_t n, const double *x, size_t bins, const double *edges, bool even, double *counts);

#endif
