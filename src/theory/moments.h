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

/* LN_EARG if the part of Syx outside of the range of Sxx, of norm `outside`, is more than rounding (1e-9 of
 * |Syx| = size). */
ln_status ln_check_outside(ln_context *cx, double outside, double size);

/* Inputs that are white on the directions they fill: Sxx = c V V', V inputs x used with orthonormal columns.
 * */
typedef struct ln_white {
  size_t used; /* directions with l > 0 */
  bool all;    /* used = inputs: V is the identity, and not formed */
  ln_matrix V;
  double c;      /* the mean of their l; 0 if there are none */
  double misfit; /* |l - c|/c (2-norm): 0 iff they are white */
} ln_white;

/* The memory is taken from the context and goes back with the caller's mark. Errors as for
 * ln_input_spectrum. */
ln_status ln_white_span(ln_context *cx, ln_matrix Sxx, ln_white *white);

#endif
