/* random_features.h: generalization of a network whose first layer is frozen at random, at large size.
 *
 *     f(x) = sum_j a_j phi(w_j . x),  j = 1 .. Nh,    w_j entries of variance 1/N,  x entries of variance 1,  a = 0 at first
 *     teacher: linear part of power `power`, and `noise`: everything else, label noise and the power of a nonlinear part
 *     trained on L = 1/(2P) sum (y - f)^2 + (ridge/2) |a|^2
 *
 * N, Nh, P large, width = Nh/N, alpha = P/N. Only the squares of the activation's Gaussian coefficients matter: linear =
 * mu1^2 and rest = mu_*^2 (gaussian_coefficients.h). Mei and Montanari (2019), The generalization error of random features
 * regression; derivation and stable forms: docs/theory/random_features.md. */
#ifndef LN_RANDOM_FEATURES_H
#define LN_RANDOM_FEATURES_H

#include "core/context.h"

typedef struct ln_random_features {
  double width, alpha, linear, rest, power, noise;
} ln_random_features;

/* LN_EARG unless width and alpha > 0, the others >= 0, linear and rest not both 0, power and noise not both 0. */
ln_status ln_random_features_check(ln_context *cx, const ln_random_features *p);

typedef struct ln_random_features_errors {
  double test;  /* `noise` included */
  double train; /* (1/P) sum (y - f)^2 */
  double k;     /* the effective ridge */
} ln_random_features_errors;

/* The minimum of L, ridge >= 0; without a ridge the limit of gradient flow. Infinite test error at the interpolation threshold. */
ln_status ln_random_features_ridge(ln_context *cx, const ln_random_features *p, double ridge,
                                   ln_random_features_errors *errors);
/* The ridge with the lowest test error (0 and infinity included). */
ln_status ln_random_features_best_ridge(ln_context *cx, const ln_random_features *p, double *ridge,
                                        ln_random_features_errors *errors);

/* Gradient flow without ridge at n times t >= 0, infinity allowed; *k of each is 0. */
ln_status ln_random_features_flow(ln_context *cx, const ln_random_features *p, const double *t, size_t n,
                                  ln_random_features_errors *errors);
/* The lowest test error over time, and when (infinity: the limit). */
ln_status ln_random_features_best_time(ln_context *cx, const ln_random_features *p, double *time,
                                       ln_random_features_errors *errors);

#endif
