/* marchenko_pastur.h: the law of the eigenvalues of Sxx = XX'/P for N x P white inputs X, N and P large.
 *
 * gamma = N/P > 0 is its one parameter, b = sqrt(gamma). A fraction (1 - 1/gamma)+ of the eigenvalues is 0; the others
 * lie between ((1-gamma)/(1+b))^2 and (1+b)^2 with density sqrt((upper - x)(x - lower))/(2 pi gamma x). By the angle psi
 * in [0, pi], x = lower + 4 b sin^2(psi/2), the continuous part is (2/pi) sin^2(psi)/x dpsi: everything here is
 * computed in it. Marchenko and Pastur (1967); the forms are derived in docs/theory/spectrum.md. */
#ifndef LN_MARCHENKO_PASTUR_H
#define LN_MARCHENKO_PASTUR_H

#include "theory/complex_number.h"

#include "core/context.h"

typedef struct ln_marchenko_pastur {
  double gamma, root; /* root: sqrt(gamma) */
  double lower, upper, atom;
} ln_marchenko_pastur;

/* LN_EARG unless gamma > 0 and finite. */
ln_status ln_marchenko_pastur_law(ln_context *cx, double gamma, ln_marchenko_pastur *law);

/* Of the continuous part: 0 outside of the edges, infinite at a lower edge of 0. */
double ln_marchenko_pastur_density(const ln_marchenko_pastur *law, double x);
/* P(eigenvalue <= x), the atom included. Absolute error about 1e-16 max(b, 1/b). */
double ln_marchenko_pastur_cdf(const ln_marchenko_pastur *law, double x);
/* The x with cdf(x) = p, 0 <= p <= 1; 0 inside the atom. */
double ln_marchenko_pastur_quantile(const ln_marchenko_pastur *law, double p);
/* The mean of x^k. */
double ln_marchenko_pastur_moment(const ln_marchenko_pastur *law, unsigned k);
/* The means of 1/(x + kappa) and 1/(x + kappa)^2 for kappa > 0, and kappa = 0 if gamma < 1 (else infinite). */
double ln_marchenko_pastur_resolvent(const ln_marchenko_pastur *law, double kappa);
double ln_marchenko_pastur_resolvent2(const ln_marchenko_pastur *law, double kappa);
/* The mean of 1/(x - z) for complex z off the spectrum; on it the limit from above. */
double complex ln_marchenko_pastur_stieltjes(const ln_marchenko_pastur *law, double complex z);
/* Voiculescu's transforms, 1/(1 - gamma u) and 1/(1 + gamma u). */
double ln_marchenko_pastur_R(const ln_marchenko_pastur *law, double u);
double ln_marchenko_pastur_S(const ln_marchenko_pastur *law, double u);

/* ---- integrals over the law ----
 * Gauss-Chebyshev nodes x[k] of the second kind in psi with weights w[k], k < n:
 *   mean of x h(x)   = sum w h(x)                              exact for polynomials h of degree < 2n
 *   mean of f        = f(0) + sum w (f(x) - f(0))/x            atom included; at every gamma, 1 too
 *   the part x > 0   = sum w f(x)/x                            all terms positive; errs by
 *                                                              (|1-gamma|/gamma) min(gamma, 1/gamma)^(n+1) f(0) */

/* How many nodes give full precision for functions of exp(-x t). Grows as sqrt(t). */
size_t ln_marchenko_pastur_nodes(const ln_marchenko_pastur *law, double t);
/* How many the third rule needs near its pole for that, or 0 where they would be more than some thousands: then the
 * second is the better one. */
size_t ln_marchenko_pastur_nodes_apart(const ln_marchenko_pastur *law, double t);
void ln_marchenko_pastur_rule(const ln_marchenko_pastur *law, size_t n, double *x, double *w);

#endif
