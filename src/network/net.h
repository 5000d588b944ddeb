/* net.h: a feed-forward network f(x) = f_D(W_D ... f_1(W_1 x + b_1) ... + b_D).
 *
 * W_l is N_l x N_(l-1), N_0 = inputs, N_D = outputs; D, the depth, counts weight layers. All parameters lie
 * in one array, layer after layer, W_l (column-major) before b_l: a whole network is one vector to an
 * optimizer or an integrator. */
#ifndef LN_NET_H
#define LN_NET_H

#include "core/matrix.h"
#include "network/activation.h"

#define LN_DEPTH_MAX 1000

typedef struct ln_layer {
  size_t inputs, outputs;
  size_t weights, biases; /* where they begin in the array of parameters */
  const ln_activation *activation;
} ln_layer;

typedef struct ln_net {
  size_t depth;
  const ln_layer *layers;
  bool bias;
  bool linear;  /* every activation is */
  bool kinked;  /* some activation is */
  size_t count; /* of parameters */
  double *parameters;
} ln_net;

/* Lays the parameters out in `layers` (depth of them; inputs, outputs and activations are set) and fills
 * `net` but for `parameters`. LN_EARG if the count overflows. */
ln_status ln_net_layout(ln_context *cx, ln_net *net, ln_layer *layers, size_t depth, bool bias);

static inline size_t ln_inputs(const ln_net *net) { return net->layers[0].inputs; }
static inline size_t ln_outputs(const ln_net *net) { return net->layers[net->depth - 1].outputs; }
size_t ln_widest(const ln_net *net); /* the largest of N_1 .. N_D */

/* Layer l (from 0) of the network whose parameters are `theta` (the network's own, or others of the same
 * layout). */
ln_matrix ln_weights(const ln_net *net, const double *theta, size_t l);
ln_matrix ln_biases(const ln_net *net, const double *theta,
                    size_t l); /* a column; data null without biases */

/* product = W_D ... W_1, outputs x inputs (of the weights alone, whatever the activations and biases). */
ln_status ln_product(ln_context *cx, const ln_net *net, const double *theta, ln_matrix product);

/* How many examples make a block whose values in the widest layer stay in the second-level cache. */
size_t ln_block_size(const ln_net *net, size_t examples);

/* sums = W A + b and values = f(sums) of layer l (from 0); both dense, and the same window if the sums are
 * not needed. */
ln_status ln_layer_forward(ln_context *cx, const ln_net *net, const double *theta, size_t l, ln_matrix A,
                           ln_matrix sums, ln_matrix values);

/* The values of layer `layer` (1 .. depth; depth: the outputs) for inputs X, into H (N_layer x X.cols), a
 * block of examples at a time: the work space does not grow with their number. */
ln_status ln_forward(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, size_t layer,
                     ln_matrix H);

#endif
