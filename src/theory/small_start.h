/* small_start.h: two layers from small weights that need be neither balanced nor aligned.
 *
 * While the weights are small each mode feels only its own half, W1 v + W2'u: it grows like an aligned mode that starts
 * from u0 = |W1 v + W2'u|^2/4, and the orthogonal half dies out. The leading mode's half-learning time from u0 is right
 * to 0.1% at weights of 0.01 and better below; later modes are right to a few percent, since the earlier ones have
 * stirred the weights by then. There is no such rule for more layers. */
#ifndef LN_SMALL_START_H
#define LN_SMALL_START_H

#include "core/matrix.h"

typedef struct ln_small_start {
  size_t modes;               /* with s > 0, falling */
  double *s, *rho, *strength; /* strength: u0 */
  double *half_time;          /* when the mode has half of s/rho; infinity for u0 = 0 */
} ln_small_start;

/* The memory is taken from the context and goes back with the caller's mark. LN_EARG for sizes that do not fit,
 * numbers that are not finite, and as ln_joint_basis. */
ln_status ln_small_start_of(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx,
                            ln_small_start *start);

#endif
