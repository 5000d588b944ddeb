/* stability.h: which rates of descent are stable, and what a finite rate costs.
 *
 * Descent of rate eta (momentum beta, heavy ball) leaves a minimum whose largest curvature h is above
 * 2 (1 + beta)/eta. Which minimum is reached is not known beforehand; the curvature at the balanced one, the
 * flattest of all factorisations where the inputs are white, is a guide: 0.9 of that rate converges from small
 * starts, 1.02 of it does not (white inputs; with others an unbalanced minimum can be flatter). Where the layers
 * have the width for the least-squares map W*, that curvature is an eigenvalue of a matrix of inputs x inputs,
 *
 *     h = largest eigenvalue of Sxx^(1/2) V diag(m(s_1, s_j)) V' Sxx^(1/2),      W* = U diag(s) V'
 *
 * (m: end_to_end.h; white inputs: D s_1^(2-2/D)). Narrower networks reach the best map of their rank with a residual
 * left, and there the largest eigenvalue of the Hessian itself is taken. */
#ifndef LN_STABILITY_H
#define LN_STABILITY_H

#include "core/matrix.h"

typedef struct ln_rate_limits {
  double rate;    /* 2 (1 + momentum) / max(now, minimum); infinity if neither is above 0 */
  double now;     /* the largest eigenvalue of the Hessian at the given weights */
  double minimum; /* that at the balanced minimum */
} ln_rate_limits;

/* weights W_1 .. W_D that lead from Sxx.rows inputs to Syx.rows outputs; weight decay k adds k to both curvatures.
 * LN_EARG for shapes that do not fit, numbers that are not finite, moments that no data gives (moments.h), decay < 0
 * or a momentum outside [0, 1). */
ln_status ln_largest_rate(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                          ln_matrix Syx, double decay, double momentum, ln_rate_limits *stable);

/* What `count` times find: the weights after descent of this rate, to second order, and what of it the flow of the
 * same weights does not have. Descent of rate eta follows the flow of L + (eta/4)|grad L|^2 to O(eta^2) (Barrett
 * and Dherin 2021), and the flow of L to O(eta). `theta` (all weights, layer after layer) and `error`, |W_modified -
 * W_flow| of the end-to-end maps, are handed out at each time with |W_flow| as `size`. */
typedef ln_status (*ln_finite_rate_output)(ln_context *cx, void *ud, size_t index, const double *theta,
                                           double error, double size);
typedef struct ln_finite_rate {
  double rate, decay;
  double tolerance;    /* of the integration, relative */
  const double *times; /* rising, >= 0, finite */
  size_t count;
  ln_finite_rate_output output;
  void *ud;
} ln_finite_rate;

ln_status ln_follow_finite_rate(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                                ln_matrix Syx, const ln_finite_rate *request);

#endif
