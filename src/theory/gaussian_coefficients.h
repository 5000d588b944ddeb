/* gaussian_coefficients.h: what an activation is to Gaussian inputs z of variance 1: phi(scale z) = mu0 + mu1 z + a rest of
 * power mu_*^2 that is uncorrelated with both. To leading order at large size nothing else of it matters in random features
 * (Mei and Montanari 2019). */
#ifndef LN_GAUSSIAN_COEFFICIENTS_H
#define LN_GAUSSIAN_COEFFICIENTS_H

#include "network/activation.h"

typedef struct ln_gaussian_coefficients {
  double mean;   /* mu0 = E phi */
  double linear; /* mu1 = E z phi */
  double rest;   /* mu_*^2 = E phi^2 - mu0^2 - mu1^2 */
} ln_gaussian_coefficients;

/* Closed forms for linear, relu, leaky_relu, erf and hard_tanh; the others, which are analytic near the real line, by the
 * trapezoid rule. LN_EARG unless 0 < scale <= 1e4. */
ln_status ln_gaussian_coefficients_of(ln_context *cx, const ln_activation *phi, double scale,
                                      ln_gaussian_coefficients *c);

#endif
