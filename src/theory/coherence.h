/* coherence.h: when a category among noise is a distinction that a network can learn.
 *
 * `items` x `features` binary entries, each 1 with probability q; inside a block of category_items x category_features with
 * probability p. q is taken off, so that the constant mode does not come first. Below a coherence of 1 the category is invisible
 * in the singular vectors; above, its mode stands out of the noise. The definition is that of Saxe, McClelland and Ganguli (2019);
 * the values are those of a spike in a rectangular random matrix (Benaych-Georges and Nadakuditi 2012), for blocks that are small
 * beside the whole. */
#ifndef LN_COHERENCE_H
#define LN_COHERENCE_H

#include "core/context.h"

typedef struct ln_category {
  double p, q;
  double category_items, category_features, items, features;
} ln_category;

typedef struct ln_coherent {
  double coherence;      /* (p-q)^2/(q(1-q)) times block over the geometric mean of the whole */
  double edge;           /* the largest singular value of the noise */
  double singular_value; /* of the category's mode, or the edge */
  double overlap_items,
      overlap_features; /* |cosine| of its vectors with the true members; 0 below threshold */
} ln_coherent;

/* LN_EARG unless 0 < q < 1, 0 <= p <= 1, sizes >= 1 and the category is no larger than the whole. */
ln_status ln_category_coherence(ln_context *cx, const ln_category *category, ln_coherent *answer);

#endif
