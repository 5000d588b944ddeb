#include "network/net.h"

#include <stdint.h>

#define BLOCK_BYTES (256 * 1024) /* of one layer's values: two of them fit the second-level cache */
#define BLOCK_LEAST 64           /* examples: below, products run far from their best speed */

ln_status ln_net_layout(ln_context *cx, ln_net *net, ln_layer *layers, size_t depth, bool bias) {
  bool linear = true, kinked = false;
  size_t at = 0;
  for (size_t l = 0; l < depth; l++) {
    ln_layer *layer = &layers[l];
    double total = (double)at + ((double)layer->inputs + bias) * (double)layer->outputs;
    if (total > LN_DIMENSION_MAX)
      return ln_fail(cx, LN_EARG, "the network has more than %u parameters with layer %zu (%zux%zu)",
                     LN_DIMENSION_MAX, l + 1, layer->outputs, layer->inputs);
    layer->weights = at;
    layer->biases = at + layer->inputs * layer->outputs;
    at = layer->biases + (bias ? layer->outputs : 0);
    linear = linear && layer->activation->linear;
    kinked = kinked || layer->activation->kinked;
  }
  *net = (ln_net){
      .depth = depth, .layers = layers, .bias = bias, .linear = linear, .kinked = kinked, .count = at};
  return LN_OK;
}

size_t ln_widest(const ln_net *net) {
  size_t widest = 0;
  for (size_t l = 0; l < net->depth; l++)
    if (net->layers[l].outputs > widest) widest = net->layers[l].outputs;
  return widest;
}

ln_matrix ln_weights(const ln_net *net, const double *theta, size_t l) {
  const ln_layer *layer = &net->layers[l];
  return ln_window((double *)theta + layer->weights, layer->outputs, layer->inputs);
}

ln_matrix ln_biases(const ln_net *net, const double *theta, size_t l) {
  const ln_layer *layer = &net->layers[l];
  return net->bias ? ln_window((double *)theta + layer->biases, layer->outputs, 1) : (ln_matrix){0};
}

ln_status ln_product(ln_context *cx, const ln_net *net, const double *theta, ln_matrix product) {
  ln_mark mark = ln_begin(cx);
  size_t room = ln_widest(net) * ln_inputs(net);
  double *even = ln_reals(cx, room), *odd = ln_reals(cx, room);
  if (!even || !odd) return ln_end(cx, mark, LN_EMEMORY);
  ln_matrix below = ln_weights(net, theta, 0);
  for (size_t l = 1; l < net->depth; l++) {
    ln_matrix W = ln_weights(net, theta, l);
    ln_matrix next = ln_window(l % 2 ? odd : even, W.rows, below.cols);
    ln_gemm(LN_N, LN_N, 1, W, below, 0, next);
    below = next;
  }
  ln_copy(below, product);
  return ln_end(cx, mark, LN_OK);
}

size_t ln_block_size(const ln_net *net, size_t examples) {
  size_t size = BLOCK_BYTES / sizeof(double) / ln_widest(net) / 8 * 8;
  if (size < BLOCK_LEAST) size = BLOCK_LEAST;
  return size < examples ? size : examples;
}

ln_status ln_layer_forward(ln_context *cx, const ln_net *net, const double *theta, size_t l, ln_matrix A,
                           ln_matrix sums, ln_matrix values) {
  ln_matrix b = ln_biases(net, theta, l);
  if (b.data)
    for (size_t j = 0; j < sums.cols; j++) ln_copy(b, ln_block_of(sums, 0, j, sums.rows, 1));
  ln_gemm(LN_N, LN_N, 1, ln_weights(net, theta, l), A, b.data ? 1 : 0, sums);
  const ln_activation *activation = net->layers[l].activation;
  if (activation->linear && values.data == sums.data) return LN_OK;
  return activation->f(cx, activation->ud, sums.data, values.data, sums.rows * sums.cols);
}

ln_status ln_forward(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, size_t layer,
                     ln_matrix H) {
  ln_mark mark = ln_begin(cx);
  size_t block = ln_block_size(net, X.cols), room = ln_widest(net) * block;
  double *even = ln_reals(cx, room), *odd = ln_reals(cx, room);
  if (!even || !odd) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  for (size_t first = 0; first < X.cols && status == LN_OK; first += block) {
    size_t n = X.cols - first < block ? X.cols - first : block;
    ln_matrix A = ln_block_of(X, 0, first, X.rows, n);
    for (size_t l = 0; l < layer && status == LN_OK; l++) {
      ln_matrix values = ln_window(l % 2 ? odd : even, net->layers[l].outputs, n);
      status = ln_layer_forward(cx, net, theta, l, A, values, values);
      A = values;
    }
    if (status == LN_OK) ln_copy(A, ln_block_of(H, 0, first, H.rows, n));
    if (status == LN_OK) status = ln_poll(cx);
  }
  return ln_end(cx, mark, status);
}
