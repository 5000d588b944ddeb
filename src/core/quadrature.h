/* quadrature.h: Gauss rules by Golub and Welsch (1969): nodes are eigenvalues of the Jacobi matrix of the
 * weight. */
#ifndef LN_QUADRATURE_H
#define LN_QUADRATURE_H

#include "core/context.h"

/* n nodes x, rising, and weights w that integrate polynomials of degree 2n-1 exactly. */
ln_status ln_gauss_legendre(ln_context *cx, size_t n, double low, double high, double *x,
                            double *w); /* weight 1 */
ln_status ln_gauss_hermite(ln_context *cx, size_t n, double *x,
                           double *w); /* standard normal density: weights sum to 1 */
ln_status ln_gauss_laguerre(ln_context *cx, size_t n, double *x, double *w); /* e^-x on x > 0 */
/* (1-x)^a (1+x)^b on (-1, 1), a, b > -1. a = b = 1/2: Chebyshev's second kind, in closed form. */
ln_status ln_gauss_jacobi(ln_context *cx, size_t n, double a, double b, double *x, double *w);

#endif
