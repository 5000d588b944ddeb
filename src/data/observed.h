/* observed.h: a linear map that is learned from what is observed of the map itself, in place of examples.
 *
 *     L(W) = 1/(2 normalisation) sum over k of (<A_k, W> - y_k)^2,     <A, W> = sum of A_ij W_ij
 *
 * Matrix completion observes entries: each A_k has a single 1, and all of them make a mask of 0 and 1, so that
 * G = dL/dW = mask o (W - Y)/normalisation. Matrix sensing measures with any A_k: G = sum r_k A_k/normalisation with
 * the residuals r. Gunasekar et al. (2017), Arora, Cohen, Hu and Luo (2019). */
#ifndef LN_OBSERVED_H
#define LN_OBSERVED_H

#include "core/random.h"

typedef struct ln_observed {
  size_t count;         /* of observations; 0: this is a task of examples, and the rest is empty */
  double normalisation; /* > 0 */
  ln_matrix mask;       /* completion: outputs x inputs, 1 where observed; data null for sensing */
  ln_matrix sensors;    /* sensing: (outputs inputs) x count, column k is A_k column by column */
  ln_matrix values;     /* completion: outputs x inputs, 0 where not observed; sensing: count x 1 */
} ln_observed;

/* How many numbers of work space ln_observed_gradient wants. */
size_t ln_observed_room(const ln_observed *observed);

/* The loss at W (outputs x inputs, dense) and, unless G.data is null, G = dL/dW (dense, not W). */
double ln_observed_gradient(const ln_observed *observed, ln_matrix W, ln_matrix G, double *room);

/* mask = 1 at `count` entries drawn without replacement, 0 elsewhere. */
ln_status ln_draw_mask(ln_context *cx, ln_stream stream, size_t count, ln_matrix mask);

/* values = the entries of W that mask has, plus independent normal noise of this variance; 0 elsewhere. */
void ln_observe_entries(ln_matrix W, ln_matrix mask, ln_stream stream, double noise, ln_matrix values);

/* values = <A_k, W> plus noise. */
void ln_observe_sensors(ln_matrix W, ln_matrix sensors, ln_stream stream, double noise, ln_matrix values);

#endif
