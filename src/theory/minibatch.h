/* minibatch.h: the mean and the second moment of one linear layer with one output under stochastic descent, batches
 * of B examples drawn with replacement, exactly.
 *
 * With S = XX'/P, the least-squares solution w_LS, its residuals r = y - X'w_LS, and e = w - w_LS
 *
 *     ebar <- (1 - eta S) ebar                       the mean is the path of full-batch descent
 *     M <- M - eta (S M + M S) + eta^2 [X diag(z) X'/(P B) + (1 - 1/B) S M S],     M = E e e'
 *     z_mu = r_mu^2 - 2 r_mu ebar.x_mu + x_mu'M x_mu
 *
 * Drawing without replacement, and more layers, have no such closed equations. */
#ifndef LN_MINIBATCH_H
#define LN_MINIBATCH_H

#include <stdint.h>

#include "core/matrix.h"

/* X inputs x P, y and w0 columns of P and of inputs numbers; batch >= 1. mean (a column) is E w and second (inputs x
 * inputs) is M after so many steps; O(steps P inputs^2). LN_EARG for shapes that do not fit, no examples, rate < 0;
 * LN_EDIVERGED if the moments leave the range of doubles. */
ln_status ln_minibatch_moments(ln_context *cx, ln_matrix X, ln_matrix y, ln_matrix w0, double rate,
                               double batch, uint64_t steps, ln_matrix mean, ln_matrix second);

#endif
