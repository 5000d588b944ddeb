#include "core/lanczos.h"

#include <float.h>
#include <math.h>

#include "core/linalg.h"
#include "core/random.h"

#define BASIS 36 /* vectors at most; of them ... */
#define KEPT 12  /* ... the best approximations after a restart */
#define PRODUCTS_MAX 10000
#define RESIDUAL 1e-10 /* relative to the largest approximate eigenvalue */

typedef struct search {
  ln_matrix V;        /* n x (most + 1): the orthonormal basis, and the next vector */
  ln_matrix T;        /* most x most: V'A V */
  ln_matrix Q, spare; /* T's eigenvectors; the kept part of V Q */
  double *w;          /* T's eigenvalues, rising */
  size_t most, products;
} search;

static ln_matrix first_columns(ln_matrix A, size_t cols) { return ln_block_of(A, 0, 0, A.rows, cols); }
static ln_matrix column(ln_matrix A, size_t j) { return ln_block_of(A, 0, j, A.rows, 1); }

/* v -= V (V'v), twice, which is enough; adds the coefficients to `sum` unless its data is null. Returns |v|. */
static double make_orthogonal(ln_matrix V, ln_matrix v, ln_matrix part, ln_matrix sum) {
  for (int pass = 0; pass < 2 && V.cols; pass++) {
    ln_gemm(LN_T, LN_N, 1, V, v, 0, part);
    ln_gemm(LN_N, LN_N, -1, V, part, 1, v);
    if (sum.data) ln_axpy(1, part, sum);
  }
  return ln_norm(v);
}

/* Takes basis vector j through A: column j of T, and the next vector, of norm *left before it was scaled to 1 (0:
 * the basis is invariant). */
static ln_status extend(ln_context *cx, search *s, size_t j, ln_operator apply, void *ud, double *left) {
  double n = (double)s->V.rows;
  ln_status status = ln_charge(cx, 8 * n * (double)(j + 1));
  ln_matrix next = column(s->V, j + 1);
  if (status == LN_OK) status = apply(cx, ud, column(s->V, j).data, next.data);
  if (status != LN_OK) return status;
  double size = ln_norm(next);
  if (!isfinite(size)) return ln_fail(cx, LN_ENUMERIC, "the matrix or its products are not finite");
  double room[BASIS];
  ln_matrix coefficients = ln_block_of(s->T, 0, j, j + 1, 1);
  ln_fill(coefficients, 0);
  *left = make_orthogonal(first_columns(s->V, j + 1), next, ln_window(room, j + 1, 1), coefficients);
  for (size_t i = 0; i < j; i++) LN_AT(s->T, j, i) = LN_AT(s->T, i, j);
  if (*left <= 16 * DBL_EPSILON * size)
    *left = 0;
  else
    ln_scale(1 / *left, next);
  s->products++;
  return LN_OK;
}

/* The eigenvalues of T's first m rows and columns, and how far the largest is from one of A. */
static ln_status project(ln_context *cx, search *s, size_t m, double left, double *residual) {
  ln_status status = ln_eigh(cx, ln_block_of(s->T, 0, 0, m, m), s->w, ln_block_of(s->Q, 0, 0, m, m));
  if (status == LN_OK) *residual = left * fabs(LN_AT(s->Q, m - 1, m - 1));
  return status;
}

/* V becomes the approximate eigenvectors that are kept, and the next vector behind them. */
static void restart(search *s, size_t m) {
  ln_matrix best = ln_block_of(s->Q, 0, m - KEPT, m, KEPT);
  ln_gemm(LN_N, LN_N, 1, first_columns(s->V, m), best, 0, s->spare);
  ln_copy(s->spare, first_columns(s->V, KEPT));
  ln_copy(column(s->V, m), column(s->V, KEPT));
  ln_fill(s->T, 0);
  for (size_t i = 0; i < KEPT; i++) LN_AT(s->T, i, i) = s->w[m - KEPT + i];
}

static ln_status run(ln_context *cx, search *s, ln_operator apply, void *ud, double *largest) {
  ln_stream stream = ln_stream_of(0, 0);
  ln_random_normals(&stream, column(s->V, 0), 0, 1);
  ln_scale(1 / ln_norm(column(s->V, 0)), column(s->V, 0));
  ln_fill(s->T, 0);
  for (size_t first = 0; s->products < PRODUCTS_MAX; first = KEPT) {
    size_t m = first;
    double left = 1, residual = 0;
    ln_status status = LN_OK;
    while (m < s->most && left > 0 && status == LN_OK) status = extend(cx, s, m++, apply, ud, &left);
    if (status == LN_OK) status = project(cx, s, m, left, &residual);
    if (status != LN_OK) return status;
    double size = fmax(fabs(s->w[0]), fabs(s->w[m - 1]));
    *largest = s->w[m - 1];
    if (residual <= RESIDUAL * size || s->most == s->V.rows) return LN_OK;
    restart(s, m);
  }
  return ln_fail(cx, LN_ENUMERIC,
                 "the largest eigenvalue of a %zux%zu matrix did not converge in %d products", s->V.rows,
                 s->V.rows, PRODUCTS_MAX);
}

ln_status ln_largest_eigenvalue(ln_context *cx, ln_operator apply, void *ud, size_t n, double *largest) {
  ln_mark mark = ln_begin(cx);
  size_t most = n < BASIS ? n : BASIS;
  search s = {.V = ln_take_matrix(cx, n, most + 1),
              .T = ln_take_matrix(cx, most, most),
              .Q = ln_take_matrix(cx, most, most),
              .spare = ln_take_matrix(cx, n, KEPT),
              .w = ln_reals(cx, most),
              .most = most};
  if (!s.V.data || !s.T.data || !s.Q.data || !s.spare.data || !s.w) return ln_end(cx, mark, LN_EMEMORY);
  return ln_end(cx, mark, run(cx, &s, apply, ud, largest));
}
