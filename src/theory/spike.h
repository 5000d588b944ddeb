/* spike.h: one singular value of a low-rank matrix seen through noise.
 *
 * A rows x columns matrix s u v' + noise with independent entries of variance sig^2/columns, aspect = rows/columns, both
 * large. Above the threshold s/sig = aspect^(1/4) one singular value leaves the bulk, whose edge is sig (1 + sqrt(aspect)), and
 * its vectors have an overlap with u and v; below it nothing is seen. Benaych-Georges and Nadakuditi (2012), The singular
 * values and vectors of low rank perturbations of large rectangular random matrices. */
#ifndef LN_SPIKE_H
#define LN_SPIKE_H

#include <stdbool.h>

typedef struct ln_spike {
  double s_hat;          /* the largest singular value; at and below the threshold the bulk's edge */
  double output_overlap; /* |u.u_hat|, of the side with `rows` entries */
  double input_overlap;  /* |v.v_hat| */
  double shrunk;         /* s times both overlaps: the best factor for u_hat v_hat' */
  bool visible;          /* above the threshold */
} ln_spike;

/* s, sig >= 0, aspect > 0. Without noise s itself, fully aligned. */
ln_spike ln_spike_of(double s, double aspect, double sig);
/* The s that is seen as the singular value s_hat, sig > 0; NaN if that lies within the bulk. */
double ln_spike_inverse(double s_hat, double aspect, double sig);

#endif
