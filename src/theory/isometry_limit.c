/* Infinitely many orthogonal layers at criticality: two universal laws (Pennington, Schoenholz and Ganguli 2018). */
#include <math.h>

#include "theory/spectrum.h"

/* x = (1 + M)/M e^(variance M), or with M/(1 + M) in the exponent: (1 + M)/M is zeta for the base law that is always 1. */
ln_status ln_spectrum_isometry_limit(ln_context *cx, bool bernoulli, double variance, ln_spectrum *law) {
  if (!(exp(variance) < INFINITY))
    return ln_fail(cx, LN_EARG, "variance = %g: the largest value is beyond the range of numbers", variance);
  law->value[0] = 1, law->weight[0] = 1;
  law->kind = LN_LAW_FREE;
  law->free = (ln_free_law){.value = law->value, .weight = law->weight, .n = 1, .power = 1};
  ln_interval *interval = &law->intervals[law->interval_count++];
  if (bernoulli) {
    law->free.bounded = variance;
    bool rare = variance <= 1; /* some directions meet no slope that is 0 */
    law->largest_M = rare ? INFINITY : 1 / (variance - 1);
    law->right = rare ? 1.5 : variance;
    if (variance < 1) law->atoms[law->atom_count++] = (ln_atom){exp(variance), 1 - variance};
    *interval = (ln_interval){0, exp(1) * variance, 0};
    return LN_OK;
  }
  law->free.smooth = variance;
  double root = sqrt(1 + 4 / variance), high = 2 / (variance * (1 + root)), low = -(1 + root) / 2;
  law->largest_M = high, law->right = 1 + 1 / high;
  *interval = (ln_interval){(1 + low) / low * exp(variance * low), law->right * exp(variance * high), 0};
  return LN_OK;
}
