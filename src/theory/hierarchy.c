#include "theory/hierarchy.h"

#include <math.h>

#define EXACT 9007199254740992.0 /* 2^53 */

ln_status ln_tree_levels(ln_context *cx, const ln_tree *tree, ln_levels *y) {
  size_t D = tree->depth;
  if (D < 1 || D > LN_LEVELS_MAX)
    return ln_fail(cx, LN_EARG, "branching has %zu levels: 1 to %d are possible", D, LN_LEVELS_MAX);
  *y = (ln_levels){.count = D + 1};
  y->below[D] = 1;
  for (size_t l = D; l-- > 0;) {
    double b = tree->branching[l];
    if (!(b >= 2 && b == floor(b)))
      return ln_fail(cx, LN_EARG, "branching[%zu] = %g: a node has 2 children or more, a whole number", l + 1,
                     b);
    y->below[l] = b * y->below[l + 1];
    if (!(y->below[l] <= EXACT))
      return ln_fail(cx, LN_EARG, "branching gives more items than can be counted");
  }
  for (size_t l = 0; l <= D; l++) {
    y->nodes[l] = y->below[0] / y->below[l];
    y->multiplicity[l] = l ? y->nodes[l] - y->nodes[l - 1] : 1;
  }
  return LN_OK;
}

ln_status ln_tree_diffusion(ln_context *cx, const ln_tree *tree, const double *flip, double *correlation,
                            double *eigenvalue) {
  ln_levels y;
  ln_status status = ln_tree_levels(cx, tree, &y);
  if (status != LN_OK) return status;
  size_t D = tree->depth;
  for (size_t l = 0; l < D; l++)
    if (!(flip[l] >= 0 && flip[l] <= 0.5))
      return ln_fail(cx, LN_EARG, "flip[%zu] = %g: a probability of flipping lies in [0, 1/2]", l + 1,
                     flip[l]);
  correlation[D] = 1;
  for (size_t l = D; l-- > 0;) correlation[l] = correlation[l + 1] * (1 - 2 * flip[l]) * (1 - 2 * flip[l]);
  for (size_t l = D + 1; l-- > 0;) { /* the steps of the correlation without cancellation */
    double e = l ? flip[l - 1] : 0, step = l ? 4 * e * (1 - e) * correlation[l] : correlation[0];
    eigenvalue[l] = y.below[l] * step + (l < D ? eigenvalue[l + 1] : 0);
  }
  return LN_OK;
}

ln_status ln_tree_features(ln_context *cx, const ln_tree *tree, const double *features, double *sigma) {
  ln_levels y;
  ln_status status = ln_tree_levels(cx, tree, &y);
  if (status != LN_OK) return status;
  double sum = 0;
  for (size_t l = y.count; l-- > 0;) {
    if (!(features[l] >= 0 && features[l] == floor(features[l]) && features[l] <= EXACT))
      return ln_fail(cx, LN_EARG, "features[%zu] = %g: a whole number >= 0 for each level, the root first",
                     l + 1, features[l]);
    sum += y.below[l] * features[l];
    sigma[l] = sqrt(sum);
  }
  return LN_OK;
}

void ln_tree_items(const ln_levels *y, const double *features, ln_matrix Y) {
  ln_fill(Y, 0);
  size_t row = 0;
  for (size_t l = 0; l < y->count; l++) {
    size_t below = (size_t)y->below[l];
    for (size_t node = 0; node < (size_t)y->nodes[l]; node++)
      for (size_t f = 0; f < (size_t)features[l]; f++, row++)
        for (size_t i = 0; i < below; i++) LN_AT(Y, row, node * below + i) = 1;
  }
}

void ln_tree_similarity(const ln_levels *y, const double *a, double *similarity, double *distance2,
                        double *projection) {
  size_t D = y->count - 1;
  double weight[LN_LEVELS_MAX + 1], sum = 0, beyond = 0;
  for (size_t l = 0; l <= D; l++) {
    weight[l] = 1 / y->below[l] - (l ? 1 / y->below[l - 1] : 0);
    sum += a[l] * weight[l];
    similarity[l] = l < D ? sum - a[l + 1] / y->below[l] : sum;
  }
  distance2[D] = 0;
  for (size_t l = D; l-- > 0;) { /* a sum of positive terms: K_ii + K_jj - 2 K_ij would cancel */
    distance2[l] = 2 * (a[l + 1] / y->below[l + 1] + beyond);
    beyond += a[l + 1] * weight[l + 1];
  }
  for (size_t l = 0; l <= D; l++) projection[l] = similarity[l] / similarity[D];
}
