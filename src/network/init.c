#include "network/init.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"

/* Streams of a network's parts: layers take 0 .. depth-1, what lies between and around them the numbers from
 * here. */
#define BETWEEN_LAYERS 1000000
#define END_TO_END 2000000

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void ln_init_zeros(const ln_net *net) {
  if (net->count) memset(net->parameters, 0, net->count * sizeof *net->parameters);
}

void ln_init_identity(const ln_net *net, double scale) {
  ln_init_zeros(net);
  for (size_t l = 0; l < net->depth; l++) {
    ln_matrix W = ln_weights(net, net->parameters, l);
    ln_identity(W);
    ln_scale(scale, W);
  }
}

ln_status ln_init_gaussian(ln_context *cx, const ln_net *net, const ln_stream *stream, const double *sd) {
  (void)cx;
  ln_init_zeros(net);
  for (size_t l = 0; l < net->depth; l++) {
    ln_stream layer = ln_split(stream, l);
    ln_random_normals(&layer, ln_weights(net, net->parameters, l), 0, sd[l]);
  }
  return LN_OK;
}

ln_status ln_init_orthogonal(ln_context *cx, const ln_net *net, const ln_stream *stream, double gain) {
  ln_init_zeros(net);
  for (size_t l = 0; l < net->depth; l++) {
    ln_stream layer = ln_split(stream, l);
    ln_matrix W = ln_weights(net, net->parameters, l);
    ln_status status = ln_random_orthogonal(cx, &layer, W);
    if (status != LN_OK) return status;
    ln_scale(gain, W);
  }
  return LN_OK;
}

/* W = left diag(a) right' over the first r columns; scaled is room for rows x r. */
static void compose(ln_matrix W, ln_matrix left, const double *a, size_t stride, ln_matrix right, size_t r,
                    double *room) {
  ln_matrix scaled = ln_window(room, left.rows, r);
  for (size_t i = 0; i < r; i++)
    for (size_t k = 0; k < left.rows; k++) LN_AT(scaled, k, i) = a[i * stride] * LN_AT(left, k, i);
  ln_gemm(LN_N, LN_T, 1, scaled, ln_block_of(right, 0, 0, right.rows, r), 0, W);
}

ln_status ln_init_aligned(ln_context *cx, const ln_net *net, const ln_stream *stream, ln_matrix U,
                          ln_matrix V, const double *layer) {
  size_t r = U.cols;
  for (size_t l = 0; l + 1 < net->depth; l++) r = least(r, net->layers[l].outputs);
  ln_mark mark = ln_begin(cx);
  size_t room = ln_widest(net) * r;
  double *scaled = ln_reals(cx, room), *even = ln_reals(cx, room), *odd = ln_reals(cx, room);
  if (!scaled || !even || !odd) return ln_end(cx, mark, LN_EMEMORY);
  ln_init_zeros(net);
  ln_matrix right = V;
  for (size_t l = 0; l < net->depth; l++) {
    ln_matrix left = U;
    if (l + 1 < net->depth) {
      left = ln_window(l % 2 ? odd : even, net->layers[l].outputs, r);
      ln_stream between = ln_split(stream, BETWEEN_LAYERS + l);
      ln_status status = ln_random_orthogonal(cx, &between, left);
      if (status != LN_OK) return ln_end(cx, mark, status);
    }
    compose(ln_weights(net, net->parameters, l), left, layer + l, net->depth, right, r, scaled);
    right = left;
  }
  return ln_end(cx, mark, LN_OK);
}

/* A Gaussian outputs x inputs matrix, its largest singular value scaled to strength: full bases U and V, and
 * singular values of which the first `width` are kept (the others are set to 0). All are taken from the work
 * space. */
static ln_status random_map(ln_context *cx, const ln_net *net, const ln_stream *stream, double strength,
                            size_t width, ln_matrix *U, double **s, ln_matrix *V) {
  size_t rows = ln_outputs(net), cols = ln_inputs(net), k = least(rows, cols);
  ln_matrix G = ln_take_matrix(cx, rows, cols);
  *U = ln_take_matrix(cx, rows, rows);
  *V = ln_take_matrix(cx, cols, cols);
  *s = ln_reals(cx, k);
  if (!G.data || !U->data || !V->data || !*s) return LN_EMEMORY;
  ln_stream draw = ln_split(stream, END_TO_END);
  ln_random_normals(&draw, G, 0, 1);
  ln_status status = ln_svd(cx, G, *U, *s, *V);
  if (status != LN_OK) return status;
  double factor = strength / (*s)[0];
  for (size_t i = 0; i < k; i++) (*s)[i] = i < width ? (*s)[i] * factor : 0;
  return LN_OK;
}

static size_t narrowest(const ln_net *net) {
  size_t width = ln_inputs(net);
  for (size_t l = 0; l < net->depth; l++) width = least(width, net->layers[l].outputs);
  return width;
}

ln_status ln_init_balanced(ln_context *cx, const ln_net *net, const ln_stream *stream, double strength) {
  ln_mark mark = ln_begin(cx);
  ln_matrix U, V;
  double *s;
  ln_status status = random_map(cx, net, stream, strength, narrowest(net), &U, &s, &V);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t k = least(U.cols, V.cols);
  double *layer = ln_reals(cx, k * net->depth);
  if (!layer) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < k; i++)
    for (size_t l = 0; l < net->depth; l++) layer[l + i * net->depth] = pow(s[i], 1 / (double)net->depth);
  status = ln_init_aligned(cx, net, stream, ln_block_of(U, 0, 0, U.rows, k), ln_block_of(V, 0, 0, V.rows, k),
                           layer);
  return ln_end(cx, mark, status);
}

ln_status ln_init_lambda(ln_context *cx, const ln_net *net, const ln_stream *stream, double strength,
                         double lambda) {
  if (net->depth != 2)
    return ln_fail(cx, LN_EARG, "init 'lambda' is for two layers, and this network has %zu", net->depth);
  ln_mark mark = ln_begin(cx);
  size_t hidden = net->layers[0].outputs, used = least(hidden, lambda > 0 ? ln_outputs(net) : ln_inputs(net));
  ln_matrix U, V, R = ln_take_matrix(cx, hidden, used);
  double *s, *a = ln_reals(cx, used), *b = ln_reals(cx, used), *room = ln_reals(cx, ln_widest(net) * used);
  if (!R.data || !a || !b || !room) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = random_map(cx, net, stream, strength, narrowest(net), &U, &s, &V);
  ln_stream between = ln_split(stream, BETWEEN_LAYERS);
  if (status == LN_OK) status = ln_random_orthogonal(cx, &between, R);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t i = 0; i < used; i++) { /* b^2 - a^2 = lambda and a b = s, without cancellation */
    double si = i < least(U.cols, V.cols) ? s[i] : 0;
    double large = sqrt((fabs(lambda) + hypot(lambda, 2 * si)) / 2), small = large > 0 ? si / large : 0;
    a[i] = lambda > 0 ? small : large;
    b[i] = lambda > 0 ? large : small;
  }
  ln_init_zeros(net);
  compose(ln_weights(net, net->parameters, 0), R, a, 1, V, least(used, V.cols), room);
  compose(ln_weights(net, net->parameters, 1), U, b, 1, R, least(used, U.cols), room);
  return ln_end(cx, mark, LN_OK);
}
