/* hessian.h: second derivatives of the loss of a deep linear network, from the moments of its task.
 *
 *     L = 1/(2P) sum |y - W_D .. W_1 x|^2 + (k/2) sum |W_l|^2,     G = W Sxx - Syx
 *     (H V)_l = b_l'dG a_(l-1)' + db_l'G a_(l-1)' + b_l'G da_(l-1)' + k V_l,     dG = da_D Sxx
 *
 * with a_l = W_l .. W_1 and b_l = W_D .. W_(l+1), and da, db their derivatives along V by the product rule. The
 * exact Hessian times a vector costs about three gradients and does not depend on the number of examples.
 *
 * Weights and directions are arrays of `count` numbers, layer after layer, each column-major. */
#ifndef LN_HESSIAN_H
#define LN_HESSIAN_H

#include "core/matrix.h"

typedef struct ln_hessian {
  size_t depth, count, inputs;
  ln_matrix Sxx, Syx; /* the caller's: must stay */
  double decay;
  ln_matrix *W; /* windows of the weights that it stands at */
  ln_matrix *a; /* W_l .. W_1 at l-1 */
  ln_matrix *t; /* b_l'G at l-1, N_l x inputs */
  /* work space of a product */
  ln_matrix *da;
  double *even, *odd;
} ln_hessian;

/* Takes the memory from the context (it goes back with the caller's mark) and stands at the weights given. LN_EARG
 * unless they chain from Sxx.rows inputs to Syx.rows outputs, all is finite, and decay >= 0. */
ln_status ln_hessian_prepare(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                             ln_matrix Syx, double decay, ln_hessian *h);

/* Goes to other weights of the same sizes, which must stay; the next two tell of these. */
void ln_hessian_move(ln_hessian *h, const double *theta);
void ln_hessian_gradient(const ln_hessian *h, double *gradient);
/* y = H v; an ln_operator (core/lanczos.h) with the Hessian as ud. */
ln_status ln_hessian_apply(ln_context *cx, void *ud, const double *v, double *y);

/* The matrix itself, count x count, column by column. */
ln_status ln_hessian_matrix(ln_context *cx, ln_hessian *h, ln_matrix H);
/* All eigenvalues, rising: count numbers. Takes count^2 numbers of work space. */
ln_status ln_hessian_spectrum(ln_context *cx, ln_hessian *h, double *eigenvalues);
/* The largest (algebraic) eigenvalue: the curvature that limits the rate. Any size. */
ln_status ln_hessian_largest(ln_context *cx, ln_hessian *h, double *largest);

#endif
