/* one_output.h: deep linear students with one output on given data, by exact reductions whose size does not depend on
 * that of the hidden layers.
 *
 * Gradient flow on L = 1/(2P) sum (y - w x)^2, S = XX'/P (N x N), s = XY'/P (N), g = s - S w, w the end-to-end map:
 *
 *     two layers W1 (Nh x N), W2 (1 x Nh), any start, A = W1'W1, q = |W2|^2:
 *         dw/dt = q g + A g,    dA/dt = g w' + w g',    dq/dt = 2 g.w              tr A - q is conserved
 *     rank one, W1 = r z', W2 = c r', |r| = 1, w = c z:
 *         dz/dt = c g,          dc/dt = z.g                                        c^2 - |z|^2 is conserved
 *     balanced, depth >= 1 equal and aligned layers, R = |w|:
 *         dw/dt = R^(2-2/depth) (g + (depth - 1) w (w.g)/R^2)
 *
 * Rank one: Advani and Saxe (2017), High-dimensional dynamics of generalization error in neural networks; balanced: Arora,
 * Cohen and Hazan (2018), On the optimization of deep networks. See docs/theory/generalization_deep.md. */
#ifndef LN_ONE_OUTPUT_H
#define LN_ONE_OUTPUT_H

#include "core/matrix.h"

typedef struct ln_one_output {
  ln_matrix Sxx, Syx; /* N x N, 1 x N */
  enum { LN_START_LAYERS, LN_START_RANK_ONE, LN_START_BALANCED } start;
  ln_matrix W1, W2; /* two layers */
  double c0;        /* rank one */
  ln_matrix first;  /* z (rank one) or w (balanced) at t = 0, N x 1 */
  double depth;     /* balanced */
} ln_one_output;

/* At n finite times t >= 0, rising: row i of W (n x N) is w(t[i]), for rank one z(t[i]); last[i] is the norm of the last layer, |W2|, R^(1/depth), or c
 * with its sign. Relative error about 1e-10. LN_EARG unless the shapes fit, depth >= 1, and a balanced start is not 0. */
ln_status ln_one_output_at(ln_context *cx, const ln_one_output *student, const double *t, size_t n,
                           ln_matrix W, double *last);

#endif
