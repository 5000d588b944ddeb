/* wide_layers.h: two linear layers with few outputs, wide otherwise, as the kernel descend_wide has them.
 *
 * Inputs lie along the vectors, filled up with zeros to `padded` of them, a multiple of a vector's lanes. W1 is kept
 * transposed: the weights of hidden unit u begin at u * padded. G, M and S, outputs x inputs, are kept in slices of as many
 * inputs as a vector holds, all outputs of a slice together. */
#ifndef LN_WIDE_LAYERS_H
#define LN_WIDE_LAYERS_H

#include <stddef.h>

#include "kernels/linear_layers.h"

#define LN_WIDE_OUTPUTS_MOST 32

typedef struct ln_wide_layers {
  size_t inputs, padded, hidden, outputs;
  double *W1, *V1, *W2, *V2; /* W2 is outputs x hidden without gaps; velocities as W1 and W2, or null */
  double *G, *M;             /* work space */
  const double *S;           /* Syx */
  const double *scale,
      *weight;   /* padded of them: Sxx's diagonal; what the inputs weigh in the sum that is compared */
  double *share; /* 3 * padded numbers of work space */
  ln_descent_rule rule;
} ln_wide_layers;

#endif
