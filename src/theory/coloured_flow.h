/* coloured_flow.h: the mean errors of a shallow student under gradient flow whose inputs have a covariance, at large size.
 *
 * x = C^(1/2) z, z independent of variance 1, alpha = P/N. The covariance has eigenvalue variance[j] for a fraction[j] of the
 * directions; there the teacher's weights have the power teacher[j] and the student's initial ones start[j] (N times their mean
 * square). Two-point deterministic equivalent, as integrals over a contour around the spectrum of Sxx:
 * docs/theory/random_features.md. */
#ifndef LN_COLOURED_FLOW_H
#define LN_COLOURED_FLOW_H

#include "core/context.h"

typedef struct ln_coloured {
  size_t count;
  const double *variance, *fraction, *teacher, *start;
  double alpha, noise;
} ln_coloured;

/* The largest k with k (1 - (1/alpha) sum p v/(v + k)) = ridge, for ridge > 0: how strong a ridge the estimator feels that has
 * so few examples. */
double ln_coloured_effective_ridge(const ln_coloured *p, double ridge);

/* Excess test error and training error (1/P) sum (y - w x)^2 at a finite t >= 0, to about 1e-12 of the error at t = 0. The
 * arguments are the caller's to check: variances >= 0 and not all 0, fractions >= 0 that sum to 1. */
ln_status ln_coloured_flow(ln_context *cx, const ln_coloured *p, double t, double *excess, double *train);

#endif
