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

/* The aligned layers whose flow small layers follow, and how far they are from what that takes.
 *
 * The vectors p = (W1 v + W2'u)/2 of different modes are not orthogonal in the hidden layer; but where a faster mode has
 * been learned, it leaves the slower ones nothing along its own vector. So each mode starts from the part of p that is
 * orthogonal to all faster ones, and modes of equal s and rho from the singular vectors of what they have together. With
 * fewer hidden units than modes the slowest start at 0. Derived here; from Gaussian weights of standard deviation g in
 * a hidden layer of 16 the semantic task's W(t) is right to 0.02 at g = 0.1, 0.01 at 0.01 and 0.006 at 0.0001, relative. */
typedef struct ln_small_layers {
  ln_matrix W1, W2;
  double data_misfit; /* of the basis, as in joint.h */
  double size; /* the square of the largest singular value of the layers given, over the largest s/rho */
  double
      interference; /* about the error that is due to vectors that are not orthogonal, relative to the final map */
} ln_small_layers;

/* Memory and errors as above. */
ln_status ln_small_start_layers(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx,
                                ln_small_layers *layers);

#endif
