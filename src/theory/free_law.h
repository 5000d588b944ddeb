/* free_law.h: spectra whose S-transform is known: free products of one discrete law with Gaussian or orthogonal factors.
 *
 * The base law has values d and weights p (sum 1). With M = sum p d/(zeta - d), one complex unknown zeta in the upper
 * half plane parametrises the spectrum at x + i0:
 *
 *     ln x = log_scale + A ln zeta + (A - 1) ln M + C ln(1 + M) + ln(1 + g M) + b M + c M/(1 + M),     M = sum of p d/(zeta - d)
 *     density = -Im M/(pi x),      mean of 1/(lambda - x) = -(1 + M)/x
 *
 * A = L, C = 1: L Gaussian layers with slopes of the base law; C = 1 - L: orthogonal ones. g: covariance of samples with the
 * base law as population. b, c: the limits of infinite depth. Every logarithm is the principal one. The distribution
 * function is closed too: M d ln x has an elementary integral F(zeta), and cdf = 1 - Im F/pi, atoms included.
 * Pennington, Schoenholz and Ganguli (2017, 2018); Silverstein (1995); derivations in docs/theory/spectrum.md. */
#ifndef LN_FREE_LAW_H
#define LN_FREE_LAW_H

#include "theory/complex_number.h"

#include "core/context.h"

typedef struct ln_free_law {
  const double *value, *weight; /* n of each; values >= 0, one at least > 0 */
  size_t n;
  double log_scale, power, one_plus; /* log_scale, A, C */
  double ratio, smooth, bounded;     /* g, b, c */
} ln_free_law;

typedef struct ln_free_point {
  double complex zeta, M, one_plus_M, log_slope; /* log_slope: d ln x/d zeta */
  double complex log_x;
} ln_free_point;

/* Everything at one zeta with Im zeta >= 0. */
ln_free_point ln_free_at(const ln_free_law *law, double complex zeta);
/* The largest value of the base law. */
double ln_free_top(const ln_free_law *law);

/* Finds the point at which ln x = target (0 <= Im target <= pi), by continuation. warm: *point holds a solution whose
 * straight way to the target stays inside one interval of the spectrum; else it starts far out. LN_ENUMERIC if the path
 * is lost. */
ln_status ln_free_solve(ln_context *cx, const ln_free_law *law, double complex target, bool warm,
                        ln_free_point *point);
/* P(lambda <= x) at a solution. */
double ln_free_cdf(const ln_free_law *law, const ln_free_point *point);

/* The means of 1/(lambda + kappa) and of its square, kappa > 0. The second loses digits as kappa falls below the
 * spectrum: its relative error is 1e-15/kappa times the ratio of the two. */
ln_status ln_free_resolvent(ln_context *cx, const ln_free_law *law, double kappa, double *m, double *m2);
/* S(u), for u > -P(lambda > 0); R(u), for u between the means of 1/(0 - lambda) and 1/(upper - lambda). largest_M: M at
 * the upper edge, infinity if there is an atom. LN_EARG outside. */
ln_status ln_free_S(ln_context *cx, const ln_free_law *law, double u, double *S);
ln_status ln_free_R(ln_context *cx, const ln_free_law *law, double largest_M, double u, double *R);

/* The zeta > top at which ln x is smallest: the upper edge. LN_ENUMERIC if there is none. */
ln_status ln_free_upper(ln_context *cx, const ln_free_law *law, double *zeta);
/* The zeta between 0 and the smallest value (which must be > 0) at which ln x is largest: the lower edge. */
ln_status ln_free_lower(ln_context *cx, const ln_free_law *law, double *zeta);
/* The mean of lambda^k by Cauchy's formula on the circle through right > top and top - right. Relative error 1e-13. */
ln_status ln_free_moment(ln_context *cx, const ln_free_law *law, double right, unsigned k, double *moment);

#endif
