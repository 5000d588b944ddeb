/* product.h: squared singular values of a product of `depth` independent N x N Gaussian matrices, N large.
 *
 * Entries have variance 1/N. The Fuss-Catalan law, in an angle 0 < phi < pi/(depth + 1):
 *
 *     x   = sin((L+1)phi)^(L+1)/(sin phi sin(L phi)^L),    density = sin^2 phi sin(L phi)^(L-1)/(pi sin((L+1)phi)^L)
 *     cdf = 1 - [(L+1)phi - L sin phi sin((L+1)phi)/sin(L phi)]/pi
 *
 * depth 1 is Marchenko and Pastur's law for gamma = 1. Penson and Zyczkowski (2011); the distribution function is derived in
 * docs/theory/spectrum.md. Powers are taken as logarithms: nothing underflows at depth 300. */
#ifndef LN_PRODUCT_H
#define LN_PRODUCT_H

#include <stdbool.h>

double ln_product_upper(double depth);
double ln_product_density(double depth, double x);
double ln_product_cdf(double depth, double x);
double ln_product_quantile(double depth, double p); /* 0 <= p <= 1 */
/* The mean of x^k: the binomial of (depth+1)k over k, divided by depth k + 1. */
double ln_product_moment(double depth, unsigned k);

#endif
