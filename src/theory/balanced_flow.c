/* balanced_flow.c: the flow of balanced networks, their layers carried at the width of the map's rank. */
#include "theory/balanced.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "theory/checks.h"

/* A network whose hidden layers all have `width` units, with room for its parameters. */
static ln_status make_narrow(ln_context *cx, size_t inputs, size_t width, size_t outputs, size_t depth,
                             ln_net *net) {
  ln_layer *layers = ln_take(cx, depth, sizeof *layers);
  if (!layers) return LN_EMEMORY;
  for (size_t l = 0; l < depth; l++)
    layers[l] = (ln_layer){.inputs = l ? width : inputs,
                           .outputs = l + 1 < depth ? width : outputs,
                           .activation = ln_find_activation("linear")};
  ln_status status = ln_net_layout(cx, net, layers, depth, false);
  if (status != LN_OK) return status;
  return (net->parameters = ln_reals(cx, net->count)) ? LN_OK : LN_EMEMORY;
}

/* ---- a given network ---- */

typedef struct spreading {
  const ln_net *net, *narrow;
  ln_matrix *Q;        /* Q[l], N_l x width: the directions in use behind layer l, l = 1 .. depth-1 */
  const double *first; /* of the narrow network */
  double *start;       /* of the network */
  double *theta;
  ln_matrix gain, half; /* room: width x inputs or outputs x width at most, and N_l x width or width x N_l */
  double weight_decay;
  ln_flow_output output;
  void *ud;
} spreading;

/* W_l = e^(-kt) W_l(0) + Q_l (A_l - e^(-kt) A_l(0)) Q_(l-1)', k the weight decay, and on to the caller. */
static ln_status spread(ln_context *cx, void *ud, size_t index, double t, const double *narrow) {
  const spreading *s = ud;
  size_t depth = s->net->depth;
  double decayed = s->weight_decay > 0 ? exp(-s->weight_decay * t) : 1; /* also where t is infinite */
  for (size_t i = 0; i < s->net->count; i++) s->theta[i] = decayed * s->start[i];
  for (size_t l = 0; l < depth; l++) {
    ln_matrix A = ln_weights(s->narrow, narrow, l), A0 = ln_weights(s->narrow, s->first, l);
    ln_matrix gain = ln_window(s->gain.data, A.rows, A.cols), W = ln_weights(s->net, s->theta, l);
    ln_copy(A, gain);
    ln_axpy(-decayed, A0, gain);
    if (l + 1 == depth) {
      ln_gemm(LN_N, LN_T, 1, gain, s->Q[l], 1, W);
    } else if (l == 0) {
      ln_gemm(LN_N, LN_N, 1, s->Q[1], gain, 1, W);
    } else {
      ln_matrix half = ln_window(s->half.data, W.rows, A.cols);
      ln_gemm(LN_N, LN_N, 1, s->Q[l + 1], gain, 0, half);
      ln_gemm(LN_N, LN_T, 1, half, s->Q[l], 1, W);
    }
  }
  return s->output(cx, s->ud, index, t, s->theta);
}

/* How many directions of the hidden layers the first one reaches; Q (N_1 x k) begins with them. */
static ln_status reached(ln_context *cx, const ln_net *net, const double *theta, ln_matrix Q, size_t *width) {
  ln_mark mark = ln_begin(cx);
  ln_matrix W = ln_weights(net, theta, 0), V = ln_take_matrix(cx, W.cols, Q.cols);
  double *s = ln_reals(cx, Q.cols);
  if (!V.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_svd(cx, W, Q, s, V);
  if (status != LN_OK) return ln_end(cx, mark, status);
  double nothing = 0x1p-52 * (double)(W.rows > W.cols ? W.rows : W.cols) * s[0];
  *width = 1;
  while (*width < Q.cols && s[*width] > nothing) ++*width;
  for (size_t l = 1; l + 1 < net->depth; l++) /* unbalanced ones can be narrower */
    if (net->layers[l].outputs < *width) *width = net->layers[l].outputs;
  return ln_end(cx, mark, LN_OK);
}

/* Q_l is an orthonormal basis of W_l Q_(l-1), and the narrow layers are Q_l' W_l Q_(l-1). The columns of W_l Q_(l-1)
 * are orthogonal in a balanced network and fall, so that Q_l has the small ones to full precision. */
static ln_status narrow_layers(ln_context *cx, spreading *s, size_t width) {
  const ln_net *net = s->net;
  ln_mark mark = ln_begin(cx);
  ln_matrix half = ln_take_matrix(cx, ln_widest(net), width);
  if (!half.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  double *parameters = s->narrow->parameters;
  ln_gemm(LN_T, LN_N, 1, s->Q[1], ln_weights(net, s->start, 0), 0, ln_weights(s->narrow, parameters, 0));
  for (size_t l = 1; l < net->depth && status == LN_OK; l++) {
    ln_matrix W = ln_weights(net, s->start, l), A = ln_weights(s->narrow, parameters, l);
    if (l + 1 == net->depth) {
      ln_gemm(LN_N, LN_N, 1, W, s->Q[l], 0, A);
    } else {
      ln_matrix image = ln_window(half.data, W.rows, width);
      ln_gemm(LN_N, LN_N, 1, W, s->Q[l], 0, image);
      status = ln_qr(cx, image, s->Q[l + 1], A);
    }
  }
  return ln_end(cx, mark, status);
}

ln_status ln_balanced_flow(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                           double *theta, const double *times, size_t count, double tolerance,
                           ln_flow_output output, void *ud) {
  ln_mark mark = ln_begin(cx);
  ln_plan plan;
  ln_net narrow;
  size_t inputs = ln_inputs(net), outputs = ln_outputs(net), depth = net->depth, width = 0;
  if (depth == 1) {
    ln_status status = ln_make_plan(cx, &plan, net, task, LN_PLAN_AUTO);
    if (status == LN_OK)
      status = ln_flow(cx, &plan, weight_decay, theta, times, count, tolerance, output, ud);
    return ln_end(cx, mark, status);
  }
  size_t first = net->layers[0].outputs;
  spreading s = {.net = net,
                 .narrow = &narrow,
                 .theta = theta,
                 .weight_decay = weight_decay,
                 .output = output,
                 .ud = ud};
  s.Q = ln_take(cx, depth, sizeof *s.Q);
  s.start = ln_reals(cx, net->count);
  ln_matrix Q = ln_take_matrix(cx, first, first < inputs ? first : inputs);
  if (!s.Q || !s.start || !Q.data) return ln_end(cx, mark, LN_EMEMORY);
  memcpy(s.start, theta, net->count * sizeof *theta);
  ln_status status = reached(cx, net, theta, Q, &width);
  if (status == LN_OK) status = make_narrow(cx, inputs, width, outputs, depth, &narrow);
  if (status != LN_OK) return ln_end(cx, mark, status);
  s.Q[1] = ln_block_of(Q, 0, 0, first, width);
  for (size_t l = 2; l < depth; l++) {
    s.Q[l] = ln_take_matrix(cx, net->layers[l - 1].outputs, width);
    if (!s.Q[l].data) return ln_end(cx, mark, LN_EMEMORY);
  }
  size_t side = inputs > outputs ? inputs : outputs;
  double *before = ln_reals(cx, narrow.count);
  s.gain = ln_take_matrix(cx, width, side > width ? side : width);
  s.half = ln_take_matrix(cx, ln_widest(net), width);
  if (!before || !s.gain.data || !s.half.data) return ln_end(cx, mark, LN_EMEMORY);
  s.first = before;
  status = narrow_layers(cx, &s, width);
  if (status == LN_OK) status = ln_make_plan(cx, &plan, &narrow, task, LN_PLAN_AUTO);
  if (status == LN_OK) {
    memcpy(before, narrow.parameters, narrow.count * sizeof *before);
    status = ln_flow(cx, &plan, weight_decay, narrow.parameters, times, count, tolerance, spread, &s);
  }
  return ln_end(cx, mark, status);
}

/* ---- a given map ---- */

typedef struct watching {
  const ln_net *net;
  ln_matrix W;
  double *s;
  ln_map_output output;
  void *ud;
} watching;

static ln_status watch(ln_context *cx, void *ud, size_t index, double t, const double *theta) {
  const watching *w = ud;
  ln_status status = ln_product(cx, w->net, theta, w->W);
  if (status == LN_OK) status = ln_svd(cx, w->W, (ln_matrix){0}, w->s, (ln_matrix){0});
  return status == LN_OK ? w->output(cx, w->ud, index, t, w->W, w->s) : status;
}

ln_status ln_end_to_end_flow(ln_context *cx, const ln_task *task, ln_matrix W, size_t depth,
                             double weight_decay, const double *times, size_t count, double tolerance,
                             ln_map_output output, void *ud) {
  ln_status status = ln_check_finite(cx, W, "W");
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  size_t k = W.rows < W.cols ? W.rows : W.cols, rank;
  ln_net net;
  ln_plan plan;
  watching w = {&net, ln_take_matrix(cx, W.rows, W.cols), ln_reals(cx, k), output, ud};
  ln_matrix *weights = ln_take(cx, depth, sizeof *weights);
  if (!w.W.data || !w.s || !weights) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_rank(cx, W, LN_NO_STRENGTH, &rank);
  if (status == LN_OK) status = make_narrow(cx, W.cols, rank ? rank : 1, W.rows, depth, &net);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t l = 0; l < depth; l++) weights[l] = ln_weights(&net, net.parameters, l);
  status = ln_balanced_factors(cx, W, depth, weights);
  if (status == LN_OK) status = ln_make_plan(cx, &plan, &net, task, LN_PLAN_AUTO);
  if (status == LN_OK)
    status = ln_flow(cx, &plan, weight_decay, net.parameters, times, count, tolerance, watch, &w);
  return ln_end(cx, mark, status);
}
