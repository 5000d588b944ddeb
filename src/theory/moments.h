/* moments.h: the two moments of a task as the theories read them, with rounding told apart from data. */
#ifndef LN_MOMENTS_H
#define LN_MOMENTS_H

#include "core/matrix.h"

/* Sxx = V diag(l) V', l rising; eigenvalues <= 1e-14 of the largest are rounding and set to 0. V may be {0}.
 * LN_EARG unless Sxx is square, symmetric, and has no eigenvalue below -1e-12 of the largest. */
ln_status ln_input_spectrum(ln_context *cx, ln_matrix Sxx, double *l, ln_matrix V);

/* B = Syx V, with the columns of l = 0 set to 0: there they are rounding, which a long time would amplify.
 * LN_EARG if they are more than that, 1e-9 of |Syx|: no data gives such moments, and weights would grow
 * without limit. */
ln_status ln_input_correlation(ln_context *cx, ln_matrix Syx, const double *l, ln_matrix V, ln_matrix B);

#endif
