#include "network/fused.h"

#include <math.h>

/* Layers beyond this are as fast in OpenBLAS. */
#define WIDEST 128
/* An input with less than this share of the largest variance tells nothing of a loss near its end. */
#define NO_VARIANCE 1e-12
/* A loss this much above the one to stop at may be it, by another way to round. */
#define NEARLY 1e-9

struct ln_fused {
  const ln_net *net;
  double loss_min;
  ln_linear_layers layers;
};

static size_t padded(size_t n, size_t lanes) { return (n + lanes - 1) / lanes * lanes; }

static double *zeros(ln_context *cx, size_t rows, size_t cols) {
  double *data = ln_reals(cx, rows * cols);
  if (data) ln_fill(ln_window(data, rows, cols), 0);
  return data;
}

static bool can_fuse(const ln_plan *plan, const ln_descent *how) {
  const ln_net *net = plan->net;
  if (plan->choice != LN_PLAN_AUTO || !ln_plan_needs_moments(net, plan->task, plan->choice)) return false;
  if (net->bias || net->depth < 2 || !how->optimizer->rule) return false;
  return ln_widest(net) <= WIDEST && ln_inputs(net) <= WIDEST && ln_is_diagonal(plan->task->Sxx);
}

static ln_status take_layer(ln_context *cx, const ln_fused *f, size_t l, bool swings,
                            ln_linear_layer *layer) {
  size_t lanes = cx->kernels->lanes, inputs = f->layers.inputs;
  size_t ld = padded(layer->rows, lanes), width = padded(layer->cols, lanes);
  layer->ld = ld;
  layer->W = zeros(cx, ld, width);
  if (!layer->W) return LN_EMEMORY;
  if (swings && !(layer->V = zeros(cx, ld, width))) return LN_EMEMORY;
  if (l > 0 && !(layer->transposed = zeros(cx, width, ld))) return LN_EMEMORY;
  if (l > 0 && !(layer->P = zeros(cx, ld, inputs))) return LN_EMEMORY;
  if (l > 0 && l + 1 < f->layers.depth && !(layer->T = zeros(cx, ld, inputs))) return LN_EMEMORY;
  return LN_OK;
}

/* Syx, Sxx's diagonal and its reciprocals, zero where that says nothing. */
static ln_status take_moments(ln_context *cx, ln_fused *f, const ln_task *task) {
  size_t n = task->inputs, ld = padded(task->outputs, cx->kernels->lanes);
  double *scale = ln_reals(cx, n), *weight = ln_reals(cx, n), *S = zeros(cx, ld, n), largest = 0;
  if (!scale || !weight || !S) return LN_EMEMORY;
  for (size_t j = 0; j < n; j++) largest = fmax(largest, scale[j] = LN_AT(task->Sxx, j, j));
  for (size_t j = 0; j < n; j++) weight[j] = scale[j] > NO_VARIANCE * largest ? 1 / scale[j] : 0;
  ln_copy(task->Syx, (ln_matrix){S, task->outputs, n, ld});
  f->layers.scale = scale, f->layers.weight = weight, f->layers.S = S;
  return LN_OK;
}

ln_status ln_make_fused(ln_context *cx, ln_fused **fused, const ln_plan *plan, const ln_descent *how) {
  const ln_net *net = plan->net;
  *fused = NULL;
  if (!can_fuse(plan, how)) return LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_fused *f = ln_take(cx, 1, sizeof *f);
  ln_linear_layer *layers = ln_take(cx, net->depth, sizeof *layers);
  if (!f || !layers) return ln_end(cx, mark, LN_EMEMORY);
  *f = (ln_fused){
      .net = net,
      .loss_min = plan->task->loss_min,
      .layers = {.depth = net->depth, .inputs = ln_inputs(net), .lowest = plan->lowest, .layers = layers}};
  for (size_t l = 0; l < net->depth; l++) {
    layers[l] = (ln_linear_layer){.rows = net->layers[l].outputs,
                                  .cols = net->layers[l].inputs,
                                  .moves = !(how->frozen && how->frozen[l])};
    ln_status status = take_layer(cx, f, l, how->optimizer->memory > 0, &layers[l]);
    if (status != LN_OK) return ln_end(cx, mark, status);
  }
  ln_status status = take_moments(cx, f, plan->task);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *fused = f;
  return LN_OK;
}

/* The layer's numbers without what fills them up. */
static ln_matrix within(const ln_linear_layer *layer, double *data) {
  return (ln_matrix){data, layer->rows, layer->cols, layer->ld};
}

void ln_fused_descend(const ln_context *cx, ln_fused *f, const ln_descent *how, const double *theta,
                      const double *memory, size_t steps, double stop_loss, double *after, size_t *done) {
  ln_linear_layers *n = &f->layers;
  n->rule = how->optimizer->rule(how);
  for (size_t l = 0; l < n->depth; l++) {
    ln_linear_layer *layer = &n->layers[l];
    ln_copy(ln_weights(f->net, theta, l), within(layer, layer->W));
    if (layer->V) ln_copy(ln_weights(f->net, memory, l), within(layer, layer->V));
    if (layer->transposed)
      ln_transpose(ln_window(layer->W, layer->ld, layer->cols),
                   (ln_matrix){layer->transposed, layer->cols, layer->ld, n->layers[l - 1].ld});
  }
  double enough = stop_loss < 0 ? -1 : fmax(2 * (stop_loss * (1 + NEARLY) - f->loss_min), 0);
  *done = cx->kernels->descend_layers(n, steps, enough);
  for (size_t l = 0; l < n->depth; l++)
    ln_copy(within(&n->layers[l], n->layers[l].W), ln_weights(f->net, after, l));
}

void ln_fused_keep(const ln_fused *f, double *memory) {
  for (size_t l = 0; l < f->layers.depth; l++) {
    const ln_linear_layer *layer = &f->layers.layers[l];
    if (layer->V) ln_copy(within(layer, layer->V), ln_weights(f->net, memory, l));
  }
}
