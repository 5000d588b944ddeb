/* shallow.h: every weight of a one-layer linear network over training, closed in the eigenvectors of Sxx.
 *
 *     Sxx = XX'/P = V diag(l) V'    (inputs x inputs)      Syx = YX'/P    (outputs x inputs)      decay k >=
 * 0
 *
 * The flow is dW/dt = Syx - W Sxx - k W. Descent steps by W += rate * (that); with momentum (heavy ball)
 * v <- momentum v + rate * (that), W <- W + v, v = 0 at first. Inputs that are not in the data (l <= 1e-14 of
 * the largest) never move without decay. All closed forms: an eigendirection is a scalar linear recursion. */
#ifndef LN_SHALLOW_H
#define LN_SHALLOW_H

#include <stdint.h>

#include "core/matrix.h"

typedef struct ln_shallow {
  ln_matrix W0;      /* the caller's, outputs x inputs: must stay as long as this is used */
  ln_matrix V, W, B; /* V; W0 V; Syx V */
  double *l;         /* eigenvalues of Sxx, rising, those that are rounding set to 0 */
  double decay;
} ln_shallow;

/* One symmetric eigenproblem; afterwards each time costs one product. The memory is taken from the context
 * and goes back with the caller's mark. LN_EARG unless the shapes fit, decay >= 0, Sxx is symmetric without
 * eigenvalues below -1e-12 of the largest, and the rows of Syx lie in the range of Sxx (to 1e-9: no data
 * gives anything else, and the weights would grow without limit). */
ln_status ln_shallow_prepare(ln_context *cx, ln_matrix W0, ln_matrix Sxx, ln_matrix Syx, double decay,
                             ln_shallow *shallow);

/* W(t) under gradient flow, t >= 0; infinity is the limit: Syx (Sxx + k)^-1, on the data's inputs only if
 * k = 0, where the others keep W0. Relative error about 1e-13 for t = 1e-9 .. 1e8. */
ln_status ln_shallow_flow(ln_context *cx, const ln_shallow *shallow, double t, ln_matrix W);

/* W after so many steps of full-batch gradient descent. Converges if rate * (l + k) < 2 (1 + momentum) for
 * all l. LN_EDIVERGED if the weights have left the range of doubles. Errors grow as 1e-16 times the steps:
 * that is the condition of the power. */
ln_status ln_shallow_descent(ln_context *cx, const ln_shallow *shallow, double rate, double momentum,
                             uint64_t steps, ln_matrix W);

/* How fast it can be learned: over the inputs that move at all, with K = largest/smallest of l + k. */
typedef struct ln_shallow_rates {
  double largest, smallest;       /* of l + k */
  double stable;                  /* descent converges below this rate: 2 (1 + momentum)/largest */
  double rate, factor;            /* fastest descent without momentum, and its error's factor a step */
  double momentum_rate, momentum; /* fastest heavy ball */
  double momentum_factor;
} ln_shallow_rates;
/* LN_EARG if nothing moves (Sxx = 0 without decay), or as in ln_shallow_prepare. */
ln_status ln_shallow_fastest(ln_context *cx, ln_matrix Sxx, double decay, double momentum,
                             ln_shallow_rates *rates);

#endif
