/* lanczos.h: the largest eigenvalue of a symmetric matrix that is known only by what it does to a vector. */
#ifndef LN_LANCZOS_H
#define LN_LANCZOS_H

#include "core/matrix.h"

/* y = A x, n numbers each; does not change x. */
typedef ln_status (*ln_operator)(ln_context *cx, void *ud, const double *x, double *y);

/* The largest (algebraic) eigenvalue of A, n x n, n >= 1, by the Lanczos method with full orthogonalisation and
 * thick restarts (Wu and Simon 2000), from a fixed random start. It ends when the residual |A x - w x| <= 1e-10 |A|:
 * the error is below its square over the gap to the next eigenvalue. Memory: about 40 n numbers. LN_ENUMERIC
 * if that takes more than 10 000 products, or A's products are not finite. */
ln_status ln_largest_eigenvalue(ln_context *cx, ln_operator apply, void *ud, size_t n, double *largest);

#endif
