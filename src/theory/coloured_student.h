/* coloured_student.h: the errors of one-layer students of inputs with a covariance, at large size: with a ridge, and where
 * gradient flow ends. In between: coloured_flow.h, which says what an ln_coloured is.
 *
 * With the effective ridge k, k (1 - (1/alpha) sum p v/(v + k)) = ridge,
 *     test error = [sum p b v (k/(v + k))^2 + noise] / [ridge/k + (1/alpha) sum p v k/(v + k)^2],    training error = (ridge/k)^2 of it.
 * Hastie, Montanari, Rosset and Tibshirani (2019), Surprises in high-dimensional ridgeless least squares interpolation. */
#ifndef LN_COLOURED_STUDENT_H
#define LN_COLOURED_STUDENT_H

#include "theory/coloured_flow.h"

typedef struct ln_coloured_errors {
  double excess, train; /* the test error is excess + noise */
  double k;             /* the effective ridge */
} ln_coloured_errors;

/* LN_EARG unless variances, fractions and powers are >= 0 and finite, some variance is > 0 and the fractions sum to 1 within
 * 1e-12; alpha > 0; powers and noise are not all 0. All calls below make this check. */
ln_status ln_coloured_check(ln_context *cx, const ln_coloured *p);

/* The minimum of the loss plus (ridge/2) |w|^2, ridge >= 0 (0: the one of smallest norm; infinity). The start is not looked at.
 * Infinite excess at the interpolation threshold. */
ln_status ln_coloured_ridge(ln_context *cx, const ln_coloured *p, double ridge, ln_coloured_errors *e);
/* The ridge of the lowest test error (0 and infinity included), to about 1e-8. */
ln_status ln_coloured_best_ridge(ln_context *cx, const ln_coloured *p, double *ridge, ln_coloured_errors *e);
/* Where gradient flow from the start ends. */
ln_status ln_coloured_limit(ln_context *cx, const ln_coloured *p, ln_coloured_errors *e);

#endif
