/* end_to_end.h: how the map W = W_D .. W_1 of a deep network moves when its layers are in balance,
 * W_(l+1)'W_(l+1) = W_l W_l'. Then the map alone determines its own motion: with W = U diag(s) V' (full U and V,
 * s = 0 beyond) and E = Syx - W Sxx
 *
 *     dW/dt = sum_(j=1..D) (W W')^((D-j)/D) E (W'W)^((j-1)/D) = U [m(s_i, s_j) o U'E V] V',
 *     m(x, y) = sum_(j=1..D) x^(2(D-j)/D) y^(2(j-1)/D),      m(s, s) = D s^(2-2/D)
 *     ds_r/dt = D s_r^(2-2/D) u_r'E v_r
 *
 * Arora, Cohen and Hazan (2018). m(s_i, s_j) are also the eigenvalues of the network's tangent kernel on X = 1, and
 * of the Hessian of its loss where the residual is 0 and the inputs are white. */
#ifndef LN_END_TO_END_H
#define LN_END_TO_END_H

#include "core/matrix.h"

/* m(x, y) for x, y >= 0 and depth >= 1: a sum of positive terms, which has none of the quotient's poles. */
double ln_balanced_gain(double x, double y, size_t depth);

/* dW/dt into `velocity`, of W's shape (outputs x inputs). Singular values <= 1e-15 of the largest count as 0: rank
 * never grows from depth 2 on. LN_EARG unless the shapes fit, all is finite and depth >= 1. */
ln_status ln_balanced_velocity(ln_context *cx, ln_matrix W, ln_matrix Sxx, ln_matrix Syx, size_t depth,
                               ln_matrix velocity);

/* The same for any loss of W, with E = -dL/dW; and the velocity of the singular values, falling, min(outputs, inputs)
 * of them (null: not wanted). Equal ones have none of their own: theirs are those of the vectors that ln_svd gives. */
ln_status ln_balanced_motion(ln_context *cx, ln_matrix W, ln_matrix E, size_t depth, ln_matrix velocity,
                             double *rates);

#endif
