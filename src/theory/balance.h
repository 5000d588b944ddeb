/* balance.h: how the two layers of a linear network are balanced.
 *
 * With Q = [W1'; W2] (n = inputs + outputs rows), M = Q Q' and J = diag(1 on inputs, -1 on outputs) the class
 *
 *     M J M = kappa J - lambda M,   kappa >= 0
 *
 * is kept by gradient flow under any loss of the product W2 W1, and holds every start for which two layers
 * have a closed form (riccati.h):
 *
 *     zero-balanced     W2'W2 = W1 W1', any widths                                  kappa = lambda = 0
 *     lambda-balanced   W2'W2 - W1 W1' = lambda 1 on the hidden directions in use   kappa = 0
 *     two scales        W1'W1 = g1 1, W2 W2' = g2 1, W2 W1 = 0: what wide random    kappa = g1 g2,
 *                       layers of variances g1/hidden, g2/hidden tend to            lambda = g2 - g1
 *
 * Braun, Domine, Fitzgerald and Saxe (2022); Domine et al. (2024), with this sign of lambda. */
#ifndef LN_BALANCE_H
#define LN_BALANCE_H

#include "core/matrix.h"

typedef struct ln_balance {
  double lambda, kappa;
  double misfit; /* |M J M - kappa J + lambda M|/|M|^2 (Frobenius); 0 if all weights are */
  size_t rank;   /* of Q: hidden directions in use (singular values > 1e-12 of the largest) */
} ln_balance;

/* The nearest class. W1 is hidden x inputs, W2 outputs x hidden. LN_EARG for sizes that do not chain and
 * numbers that are not finite. */
ln_status ln_find_balance(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_balance *balance);

/* How far the weights are from the class of given balance->lambda and kappa: sets misfit and rank. */
ln_status ln_measure_balance(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_balance *balance);

#endif
