/* optimizer.h: how a gradient becomes a step.
 *
 * With g = dL/dw + weight_decay w, step n = 1, 2, ..., and everything an optimizer remembers 0 at first:
 *   gd         w -= rate g
 *   momentum   v = m v + g;  w -= rate v                                   (heavy ball, Polyak 1964)
 *   nesterov   v = m v + g;  w -= rate (g + m v)     (Nesterov 1983; w is the point that looks ahead)
 *   adam       a = .9 a + .1 g;  b = .999 b + .001 g^2;
 *              w -= rate (a/(1 - .9^n)) / (sqrt(b/(1 - .999^n)) + 1e-8)    (Kingma & Ba 2015)
 * For small rates descent follows the gradient flow at time rate * n, with momentum at rate * n / (1 - m).
 * A new optimizer is a row of the table in optimizer.c. */
#ifndef LN_OPTIMIZER_H
#define LN_OPTIMIZER_H

#include <stdint.h>

#include "kernels/linear_layers.h"
#include "network/net.h"

typedef struct ln_descent ln_descent;

typedef struct ln_optimizer {
  const char *name, *doc;
  size_t memory;     /* numbers it remembers of each parameter */
  bool has_momentum; /* does `momentum` mean anything to it? */
  bool rotates;      /* does it take the same steps in any orthonormal coordinates? */
  /* Descent on a quadratic of curvature h converges if rate * h is below this; null: no such bound. */
  double (*stable)(double momentum);
  /* Step `step` (from 1) of n parameters w with gradient g. `memory` holds n numbers, then n more after
   * `stride`. */
  void (*update)(const ln_kernels *kernels, const ln_descent *how, uint64_t step, size_t n, const double *g,
                 double *w, double *memory, size_t stride);
  /* The same as the kernels of many steps know it; null: they don't. */
  ln_descent_rule (*rule)(const ln_descent *how);
} ln_optimizer;

extern const ln_optimizer ln_optimizers[]; /* ends with a null name */

struct ln_descent {
  const ln_optimizer *optimizer;
  double rate;
  double momentum;     /* 0 <= m < 1 */
  double weight_decay; /* >= 0; of biases too: they are weights of an input fixed to 1 */
  const bool *frozen;  /* of each layer, the first at [0]: does it stay as it is? Null: none does */
};

/* One step of all layers that are not frozen. memory: optimizer->memory * net->count numbers. */
void ln_descend(const ln_context *cx, const ln_descent *how, const ln_net *net, uint64_t step,
                const double *gradient, double *theta, double *memory);

/* The layers from `*layer` on that move together, without a gap of frozen ones: their parameters are
 * [*first, *first + return value), and *layer is then behind them. 0: no more. */
size_t ln_moving(const ln_net *net, const bool *frozen, size_t *layer, size_t *first);

#endif
