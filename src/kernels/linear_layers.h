/* linear_layers.h: small linear layers as the kernel descend_layers has them. */
#ifndef LN_LINEAR_LAYERS_H
#define LN_LINEAR_LAYERS_H

#include <stddef.h>

/* What a step does with the gradient g of w: f = g + decay w, then w -= rate f, or where there is a velocity
 * v = momentum v + f, w -= rate (jump f + glide v). */
typedef struct ln_descent_rule {
  double rate, decay, momentum, jump, glide;
} ln_descent_rule;

/* A layer of ln_linear_layers: rows x cols, in matrices whose leading dimensions are multiples of a vector's lanes and
 * that have as many columns as they would have rows if transposed; zeros fill them up. */
typedef struct ln_linear_layer {
  size_t rows, cols, ld;
  double *W, *V;      /* V: velocity, laid out as W; null if steps have none */
  double *transposed; /* W'; its leading dimension is the layer below's ld; null in the first layer */
  double *P, *T;      /* of ld rows and as many columns as there are inputs; P of the last layer holds G */
  _Bool moves;        /* is not frozen */
} ln_linear_layer;

/* Linear layers that descend on moments with a diagonal Sxx, G = W_D..W_1 diag(scale) - S. */
typedef struct ln_linear_layers {
  size_t depth, inputs; /* depth >= 2 */
  size_t lowest;        /* layer that moves */
  ln_linear_layer *layers;
  const double *scale, *S;
  const double *weight; /* of the inputs in what descend_layers compares with `enough` */
  ln_descent_rule rule;
} ln_linear_layers;

#endif
