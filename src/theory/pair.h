/* pair.h: one mode of a two-layer network, from any hidden vectors.
 *
 * w1 = W1 v and w2 = W2' u are the mode's vectors in the hidden layer (n numbers each), u = w1.w2 its
 * strength. As long as the vectors of different modes are orthogonal each mode moves by itself,
 *
 *     dw1/dt = w2 (s - rho u),     dw2/dt = w1 (s - rho u),     s any sign, rho >= 0
 *
 * whether the two vectors are equal, unequal, opposite or not parallel at all: p = w1 + w2 and m = w1 - w2
 * keep their directions, and only their lengths change, as e^th and e^-th. k^2 = |p|^2 |m|^2 is conserved:
 * large k gives exponential (lazy) learning, k = 0 the logistic curve. With one number in each layer these
 * are the hyperbolic orbits of Saxe, McClelland and Ganguli (2014). */
#ifndef LN_PAIR_H
#define LN_PAIR_H

#include <stdint.h>

#include "core/context.h"

typedef struct ln_pair {
  const double *w1, *w2; /* the start */
  size_t n;
  double s, rho;
} ln_pair;

/* The state at t >= 0 (infinity: the limit): w1 and w2 (n numbers each; may be null, may be the starting
 * vectors themselves), the strength u and the residual s - rho u, which keeps its digits near the target.
 * Relative error of each about 1e-14. */
ln_status ln_pair_at(ln_context *cx, const ln_pair *pair, double t, double *w1, double *w2, double *u,
                     double *residual);

/* The first time at which the strength is u: infinity for the limit, NaN if it never is. */
ln_status ln_pair_time(ln_context *cx, const ln_pair *pair, double u, double *t);

/* The vectors after each of the given numbers of steps of descent, which rise: w1[i * n + k], w2 likewise,
 * and u[i]. v <- momentum v - rate * (gradient + decay w), w <- w + v for both vectors at once, v = 0 at
 * first: modes that are decoupled stay so exactly. LN_EDIVERGED when a number leaves the range of doubles. */
ln_status ln_pair_descend(ln_context *cx, const ln_pair *pair, double rate, double momentum, double decay,
                          const uint64_t *steps, size_t count, double *w1, double *w2, double *u);

#endif
