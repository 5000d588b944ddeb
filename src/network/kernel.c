#include "network/kernel.h"

#include "theory/ntk.h"

typedef struct pass {
  ln_matrix *sums, *values; /* of each layer, N_l x P */
  double *even, *odd;       /* d f_a(x_mu)/d sums, N_l x outputs P: column a P + mu */
} pass;

static ln_status forward(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, pass *p) {
  size_t room = ln_widest(net) * ln_outputs(net) * X.cols;
  p->sums = ln_take(cx, net->depth, sizeof *p->sums);
  p->values = ln_take(cx, net->depth, sizeof *p->values);
  p->even = ln_reals(cx, room), p->odd = ln_reals(cx, room);
  if (!p->sums || !p->values || !p->even || !p->odd) return LN_EMEMORY;
  ln_matrix A = X;
  for (size_t l = 0; l < net->depth; l++) {
    const ln_layer *layer = &net->layers[l];
    p->sums[l] = ln_take_matrix(cx, layer->outputs, X.cols);
    p->values[l] = layer->activation->linear ? p->sums[l] : ln_take_matrix(cx, layer->outputs, X.cols);
    if (!p->sums[l].data || !p->values[l].data) return LN_EMEMORY;
    ln_status status = ln_layer_forward(cx, net, theta, l, A, p->sums[l], p->values[l]);
    if (status != LN_OK) return status;
    A = p->values[l];
  }
  return LN_OK;
}

/* delta *= f'(sums) of the layer, the same for each output; leaves f' in `sums`. */
static ln_status through_activation(ln_context *cx, const ln_activation *f, ln_matrix sums, ln_matrix values,
                                    ln_matrix delta) {
  if (f->linear) return LN_OK;
  size_t n = sums.rows * sums.cols;
  ln_status status = f->df(cx, f->ud, sums.data, values.data, sums.data, n);
  for (size_t i = 0; i < delta.rows * delta.cols; i++) delta.data[i] *= sums.data[i % n];
  return status;
}

/* K((a, mu), (b, nu)) += G((a, mu), (b, nu)) g(mu, nu) */
static ln_status add_share(ln_context *cx, ln_matrix G, ln_matrix g, ln_matrix K) {
  size_t P = g.rows;
  ln_status status = LN_OK;
  for (size_t j = 0; j < K.cols && status == LN_OK; j++) {
    for (size_t i = 0; i < K.rows; i += P)
      for (size_t m = 0; m < P; m++) LN_AT(K, i + m, j) += LN_AT(G, i + m, j) * LN_AT(g, m, j % P);
    status = ln_poll(cx);
  }
  return status;
}

static ln_status backward(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, const pass *p,
                          ln_matrix K) {
  size_t P = X.cols, outputs = ln_outputs(net), n = outputs * P;
  ln_matrix G = ln_take_matrix(cx, n, n), g = ln_take_matrix(cx, P, P);
  if (!G.data || !g.data) return LN_EMEMORY;
  ln_matrix delta = ln_window(net->depth % 2 ? p->even : p->odd, outputs, n);
  ln_fill(delta, 0);
  for (size_t a = 0; a < outputs; a++)
    for (size_t m = 0; m < P; m++) LN_AT(delta, a, a * P + m) = 1;
  ln_fill(K, 0);
  ln_status status = LN_OK;
  for (size_t l = net->depth; l-- > 0 && status == LN_OK;) {
    const ln_layer *layer = &net->layers[l];
    double N = (double)layer->outputs, columns = (double)n;
    status = ln_charge(cx, columns * (columns * (N + 2) + 2 * N * (double)layer->inputs));
    if (status == LN_OK) status = through_activation(cx, layer->activation, p->sums[l], p->values[l], delta);
    if (status != LN_OK) break;
    ln_gram(LN_T, 1, delta, 0, G);
    ln_fill(g, net->bias);
    ln_gram(LN_T, 1, l ? p->values[l - 1] : X, 1, g);
    status = add_share(cx, G, g, K);
    if (l == 0 || status != LN_OK) break;
    ln_matrix below = ln_window(l % 2 ? p->even : p->odd, layer->inputs, n);
    ln_gemm(LN_T, LN_N, 1, ln_weights(net, theta, l), delta, 0, below);
    delta = below;
  }
  return status;
}

static ln_status linear_kernel(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X,
                               ln_matrix K) {
  ln_matrix *W = ln_take(cx, net->depth, sizeof *W);
  if (!W) return LN_EMEMORY;
  for (size_t l = 0; l < net->depth; l++) W[l] = ln_weights(net, theta, l);
  ln_ntk ntk;
  ln_status status = ln_ntk_of_layers(cx, W, net->depth, &ntk);
  return status == LN_OK ? ln_ntk_matrix(cx, &ntk, X, K) : status;
}

ln_status ln_kernel(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, ln_matrix K) {
  ln_mark mark = ln_begin(cx);
  if (net->linear && !net->bias) return ln_end(cx, mark, linear_kernel(cx, net, theta, X, K));
  pass p;
  ln_status status = forward(cx, net, theta, X, &p);
  if (status == LN_OK) status = backward(cx, net, theta, X, &p, K);
  return ln_end(cx, mark, status);
}

ln_status ln_similarity(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, size_t layer,
                        ln_matrix R) {
  ln_mark mark = ln_begin(cx);
  ln_matrix H = ln_take_matrix(cx, net->layers[layer - 1].outputs, X.cols);
  ln_status status = H.data ? ln_forward(cx, net, theta, X, layer, H) : LN_EMEMORY;
  if (status == LN_OK) ln_gram(LN_T, 1, H, 0, R);
  return ln_end(cx, mark, status);
}
