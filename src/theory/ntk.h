/* ntk.h: the neural tangent kernel of a deep linear network, and what is asked of it without building it.
 *
 * f(x) = W_D .. W_1 x has the kernel (output-major, no 1/P: entry ((a, mu), (b, nu)) is at (a P + mu, b P + nu))
 *
 *     K = sum_l B_l (x) X'A_l X,     B_l = b_l b_l',  b_l = W_D .. W_(l+1),     A_l = a_l'a_l,  a_l = W_(l-1) .. W_1
 *
 * so that df/dt = K (y - f)/P under gradient flow. With X = 1 (P = inputs) it is the metric by which the map
 * itself moves: dW/dt = sum_l B_l (Syx - W Sxx) A_l. Norms and inner products of kernels need Sxx = XX'/P only,
 *
 *     <K, K'>/P^2 = sum_(l,m) |b_l'b'_m|^2 |a_l Sxx a'_m'|^2,
 *
 * O(D^2 N^3) in place of (P outputs)^2 numbers, and no sum cancels.
 * Jacot, Gabriel and Hongler (2018); two layers: Braun, Domine, Fitzgerald and Saxe (2022). */
#ifndef LN_NTK_H
#define LN_NTK_H

#include "core/matrix.h"

typedef struct ln_ntk {
  size_t depth, inputs, outputs;
  ln_matrix *a; /* a_l at l-1, any rows x inputs; data null: the identity */
  ln_matrix *b; /* b_l at l-1, outputs x any; likewise */
} ln_ntk;

/* The kernel of W_1 .. W_D. Takes its memory from the context (it goes back with the caller's mark) and keeps
 * windows of the weights. LN_EARG unless the layers chain and are finite. */
ln_status ln_ntk_of_layers(ln_context *cx, const ln_matrix *weights, size_t depth, ln_ntk *ntk);

/* The kernel of two layers from their representations A = W1'W1 and B = W2 W2', which theory may know where it
 * does not know the weights. LN_EARG unless both are symmetric without an eigenvalue below -1e-12 of the largest
 * (those between are rounding and count as 0). */
ln_status ln_ntk_of_representations(ln_context *cx, ln_matrix A, ln_matrix B, ln_ntk *ntk);

/* The kernel of `depth` layers in balance (end_to_end.h) around the map W, outputs x inputs: the limit of training
 * from small starts is that around the task's solution. On X = 1 its eigenvalues are m(s_i, s_j). */
ln_status ln_ntk_of_balanced(ln_context *cx, ln_matrix W, size_t depth, ln_ntk *ntk);

/* K (outputs P square) on the inputs X, inputs x P; X.data null stands for X = 1. */
ln_status ln_ntk_matrix(ln_context *cx, const ln_ntk *ntk, ln_matrix X, ln_matrix K);
/* K += B (x) G with G = H'H + shift, for b (outputs x n, B = bb'; data null: 1) and H (n x P): one layer's share. */
ln_status ln_ntk_add(ln_context *cx, ln_matrix b, ln_matrix H, double shift, ln_matrix K);

/* <K, K'>/P^2 of two networks with the same inputs and outputs; |K|/P is the root of it for K' = K. */
ln_status ln_ntk_product(ln_context *cx, const ln_ntk *ntk, const ln_ntk *other, ln_matrix Sxx,
                         double *product);

/* 1 - <K, K'>/(|K||K'|), in [0, 1]; right to about 1e-15 absolutely. 1 if one of the two is 0 and the other is
 * not, 0 if both are. */
ln_status ln_ntk_distance(ln_context *cx, const ln_ntk *ntk, const ln_ntk *other, ln_matrix Sxx,
                          double *distance);

/* The alignment with the target, <K, yy'>/(|K||yy'|) with y = vec Y': sum_l |b_l'Syx a_l'|^2 / (|K|/P tr_yy).
 * 0 if K or Y is 0. */
ln_status ln_ntk_alignment(ln_context *cx, const ln_ntk *ntk, ln_matrix Sxx, ln_matrix Syx, double tr_yy,
                           double *alignment);

#endif
