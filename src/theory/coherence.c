#include "theory/coherence.h"

#include <math.h>

ln_status ln_category_coherence(ln_context *cx, const ln_category *c, ln_coherent *answer) {
  if (!(c->q > 0 && c->q < 1))
    return ln_fail(cx, LN_EARG, "q = %g: a probability between 0 and 1, both excluded", c->q);
  if (!(c->p >= 0 && c->p <= 1)) return ln_fail(cx, LN_EARG, "p = %g: a probability between 0 and 1", c->p);
  if (!(c->category_items >= 1 && c->category_items <= c->items && isfinite(c->items)))
    return ln_fail(cx, LN_EARG, "category_items = %g of items = %g: at least 1 and at most all",
                   c->category_items, c->items);
  if (!(c->category_features >= 1 && c->category_features <= c->features && isfinite(c->features)))
    return ln_fail(cx, LN_EARG, "category_features = %g of features = %g: at least 1 and at most all",
                   c->category_features, c->features);
  double variance = c->q * (1 - c->q), whole = sqrt(c->items * c->features), r = sqrt(c->features / c->items);
  double C = (c->p - c->q) * (c->p - c->q) / variance * c->category_items * c->category_features / whole;
  double edge = sqrt(variance) * (sqrt(c->items) + sqrt(c->features));
  *answer = (ln_coherent){.coherence = C, .edge = edge, .singular_value = edge};
  if (C <= 1) return LN_OK;
  answer->singular_value = sqrt(variance * whole * (C + 1 / C + r + 1 / r));
  double above = (C - 1) / C * (C + 1);
  answer->overlap_items = sqrt(above / (C + 1 / r));
  answer->overlap_features = sqrt(above / (C + r));
  return LN_OK;
}
