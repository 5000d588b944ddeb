#include "theory/balanced.h"

#include <math.h>

#include "core/linalg.h"

static size_t rank_of(const double *s, size_t k) {
  size_t rank = 0;
  while (rank < k && s[rank] > LN_NO_STRENGTH * s[0]) rank++;
  return rank;
}

/* The layers from the thin decomposition of the map, of the given rank. */
static void put_factors(ln_matrix U, const double *s, ln_matrix V, size_t rank, size_t depth,
                        const ln_matrix *weights) {
  for (size_t l = 0; l < depth; l++) {
    ln_matrix A = weights[l];
    ln_fill(A, 0);
    for (size_t r = 0; r < rank; r++) {
      double a = depth == 1 ? s[r] : pow(s[r], 1 / (double)depth);
      if (l > 0 && l + 1 < depth) {
        LN_AT(A, r, r) = a;
      } else if (depth == 1) {
        ln_gemm(LN_N, LN_T, a, ln_block_of(U, 0, r, U.rows, 1), ln_block_of(V, 0, r, V.rows, 1), 1, A);
      } else if (l == 0) {
        for (size_t j = 0; j < A.cols; j++) LN_AT(A, r, j) = a * LN_AT(V, j, r);
      } else {
        for (size_t i = 0; i < A.rows; i++) LN_AT(A, i, r) = a * LN_AT(U, i, r);
      }
    }
  }
}

ln_status ln_balanced_factors(ln_context *cx, ln_matrix W, size_t depth, const ln_matrix *weights) {
  ln_mark mark = ln_begin(cx);
  size_t k = W.rows < W.cols ? W.rows : W.cols;
  ln_matrix U = ln_take_matrix(cx, W.rows, k), V = ln_take_matrix(cx, W.cols, k);
  double *s = ln_reals(cx, k);
  if (!U.data || !V.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_svd(cx, W, U, s, V);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t rank = rank_of(s, k);
  for (size_t l = 0; l + 1 < depth; l++)
    if (weights[l].rows < rank)
      return ln_end(cx, mark,
                    ln_fail(cx, LN_EARG, "W has rank %zu, and hidden layer %zu has %zu units", rank, l + 1,
                            weights[l].rows));
  put_factors(U, s, V, rank, depth, weights);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_conserved(ln_context *cx, const ln_matrix *weights, size_t depth, const ln_matrix *Lam,
                       double *distance) {
  *distance = 0;
  for (size_t l = 0; l + 1 < depth; l++) {
    ln_matrix below = weights[l], above = weights[l + 1];
    if (above.cols != below.rows)
      return ln_fail(cx, LN_EARG, "W%zu is %zux%zu and W%zu is %zux%zu: they do not chain", l + 1, below.rows,
                     below.cols, l + 2, above.rows, above.cols);
    ln_mark mark = ln_begin(cx);
    ln_matrix difference = Lam ? Lam[l] : ln_take_matrix(cx, below.rows, below.rows);
    if (!difference.data) return ln_end(cx, mark, LN_EMEMORY);
    ln_status status =
        ln_charge(cx, 2 * (double)below.rows * (double)below.rows * (double)(below.cols + above.rows));
    if (status != LN_OK) return ln_end(cx, mark, status);
    ln_gram(LN_N, -1, below, 0, difference);
    ln_gram(LN_T, 1, above, 1, difference);
    double off = ln_norm(difference), size = pow(ln_norm(below), 2) + pow(ln_norm(above), 2);
    ln_end(cx, mark, LN_OK);
    if (size > 0) *distance = fmax(*distance, off / size);
  }
  return LN_OK;
}
