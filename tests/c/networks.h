/* networks.h: what the tests of deep linear networks share: layers of random weights, tasks, and the plain formulas. */
#ifndef NETWORKS_H
#define NETWORKS_H

#include "matrices.h"

#include "scarce.h"

/* Layers of sizes[0] inputs, sizes[1], .. sizes[depth] outputs, with gaps between their columns. */
static inline ln_matrix *random_layers(const size_t *sizes, size_t depth, double scale) {
  ln_matrix *W = ln_take(cx, depth, sizeof *W);
  for (size_t l = 0; l < depth; l++) {
    W[l] = random_matrix(sizes[l + 1], sizes[l]);
    ln_scale(scale, W[l]);
  }
  return W;
}

/* W_to .. W_(from+1), counted from 1: the identity of `size` if there is none. */
static inline ln_matrix product_of(const ln_matrix *W, size_t from, size_t to, size_t size) {
  ln_matrix A = make(size, size);
  ln_identity(A);
  for (size_t l = from; l < to; l++) A = product(LN_N, LN_N, W[l], A);
  return A;
}

static inline ln_matrix scaled(double factor, ln_matrix A) {
  ln_matrix B = copy_of(A);
  ln_scale(factor, B);
  return B;
}

/* X X'/P and Y X'/P. */
static inline ln_matrix second_moment(ln_matrix Y, ln_matrix X) {
  return scaled(1 / (double)X.cols, product(LN_N, LN_T, Y, X));
}

/* The loss over the examples. */
static inline double plain_loss(const ln_matrix *W, size_t depth, ln_matrix X, ln_matrix Y) {
  ln_matrix R = copy_of(Y);
  ln_axpy(-1, product(LN_N, LN_N, product_of(W, 0, depth, X.rows), X), R);
  return ln_dot(R, R) / (2 * (double)X.cols);
}

/* Layers in balance around U diag(s) V' (k values): s^(1/D) each; the widths are those of `sizes`, >= k inside. */
static inline ln_matrix *balanced_layers(const size_t *sizes, size_t depth, ln_matrix U, const double *s,
                                         ln_matrix V, size_t k) {
  ln_matrix *W = ln_take(cx, depth, sizeof *W), below = V;
  double *roots = ln_reals(cx, k);
  for (size_t i = 0; i < k; i++) roots[i] = pow(s[i], 1 / (double)depth);
  for (size_t l = 0; l < depth; l++) {
    ln_matrix above = l + 1 < depth ? orthonormal(sizes[l + 1], k) : U;
    W[l] = compose(above, roots, below, k);
    below = above;
  }
  return W;
}

#endif
