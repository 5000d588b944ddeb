/* layers.h: one mode of a deep network whose layers differ, by its scalars.
 *
 *     da_l/dt = (prod of the other a_m) (s - rho u) - k a_l,     u = prod a_l,     l = 1 .. depth
 *
 * a_l^2 - a_1^2 is conserved (shrinks by e^(-2kt) with weight decay k). No closed form is known for more than
 * two unequal layers: the flow is integrated to a relative tolerance of 1e-13. Descent is the same recursion
 * in finite steps, which keeps decoupled modes decoupled exactly. */
#ifndef LN_LAYERS_H
#define LN_LAYERS_H

#include <stdint.h>

#include "core/context.h"

#define LN_LAYERS_RTOL 1e-13

typedef struct ln_layers {
  const double *a0; /* depth numbers, any sign */
  size_t depth;
  double s, rho, decay;
} ln_layers;

/* a[i * depth + l] = layer l at times[i]; the times are finite, >= 0 and rise. LN_EARG for numbers that make
 * no sense (rho < 0, decay < 0, not finite, no layer). */
ln_status ln_layers_follow(ln_context *cx, const ln_layers *layers, const double *times, size_t count,
                           double *a);

/* The layers after each of the given numbers of steps, which rise: v <- momentum v - rate * gradient, a <- a
 * + v, all gradients at the old values. LN_EDIVERGED when a number leaves the range of doubles. */
ln_status ln_layers_descend(ln_context *cx, const ln_layers *layers, double rate, double momentum,
                            const uint64_t *steps, size_t count, double *a);

#endif
