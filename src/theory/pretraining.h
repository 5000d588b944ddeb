/* pretraining.h: what layers learn without labels, and how fast a network learns from there.
 *
 * Pretraining: each layer is the encoder of a linear autoencoder of two layers, from a small aligned start a0, on what the layer
 * below gives; a mode of variance lambda has s = rho = lambda. Fine tuning: depth - 1 equal layers c and a last one d on a mode with
 * correlation s and input variance lambda,
 *
 *     dd/dt = c^(D-1) (s - lambda d c^(D-1)),   c^2 - d^2 conserved
 *
 * Saxe, McClelland and Ganguli (2014), exact solutions of the learning dynamics of deep linear networks; docs/theory/depth.md. */
#ifndef LN_PRETRAINING_H
#define LN_PRETRAINING_H

#include "core/context.h"

typedef struct ln_fine_tuning {
  double depth; /* a whole number >= 2 */
  double s, lambda, c0, d0;
} ln_fine_tuning;

/* The time at which d c^(D-1) reaches fraction * s/lambda; 0 if it starts there. LN_EARG unless s, lambda, c0 > 0, d0 > -c0,
 * 0 < fraction < 1. Relative error about 1e-12. */
ln_status ln_fine_tuning_time(ln_context *cx, const ln_fine_tuning *y, double fraction, double *time);

/* The exponents of the singular values of a product of Gaussian N x N matrices with entries of variance 1/N: value i of D factors
 * behaves as exp(D exponent[i]), falling. (Newman 1986; Saxe et al. 2014 on why such starts fail.) */
ln_status ln_gaussian_exponents(ln_context *cx, size_t n, double *exponent);

#endif
