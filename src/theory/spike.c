#include "theory/spike.h"

#include <math.h>

ln_spike ln_spike_of(double s, double aspect, double sig) {
  double root = sqrt(aspect),
         u = sig > 0 ? (sig / s) * (sig / s) : 0; /* in 1/x^2, so that no noise is no special case */
  if (!(root * u < 1)) return (ln_spike){.s_hat = sig * (1 + root)};
  double above = (1 - root * u) * (1 + root * u);
  ln_spike spike = {.s_hat = s * sqrt((1 + u) * (1 + aspect * u)),
                    .output_overlap = sqrt(above / (1 + aspect * u)),
                    .input_overlap = sqrt(above / (1 + u)),
                    .visible = true};
  spike.shrunk = s * spike.output_overlap * spike.input_overlap;
  return spike;
}

double ln_spike_inverse(double s_hat, double aspect, double sig) {
  double y = s_hat / sig, root = sqrt(aspect);
  if (!(y > 1 + root)) return NAN;
  if (isinf(y * y)) return s_hat;
  double e = (y - 1 - root) * (y + 1 + root); /* above the bulk; 0 at its edge, without cancellation */
  return sig * sqrt((e + 2 * root + sqrt(e) * sqrt(e + 4 * root)) / 2);
}
