#include "network/fused.h"

#include <math.h>

/* Layers beyond this are as fast in OpenBLAS, or in one pass. */
#define WIDEST 128
/* An output: with these one pass over two layers is faster, where vectors lie along the inputs. */
#define MANY_INPUTS 8
/* An input with less than this share of the largest variance tells nothing of a loss near its end. */
#define NO_VARIANCE 1e-12
/* A loss this much above the one to stop at may be it, by another way to round. */
#define NEARLY 1e-9

typedef struct small_layers {
  ln_fused fused;
  const ln_net *net;
  const ln_task *task;
  ln_linear_layers layers;
} small_layers;

size_t ln_whole_vectors(const ln_context *cx, size_t n) {
  size_t lanes = cx->kernels->lanes;
  return (n + lanes - 1) / lanes * lanes;
}

double *ln_take_zeros(ln_context *cx, size_t rows, size_t cols) {
  double *data = ln_reals(cx, rows * cols);
  if (data) ln_fill(ln_window(data, rows, cols), 0);
  return data;
}

void ln_loss_weights(const ln_task *task, double *weight) {
  double largest = 0;
  for (size_t j = 0; j < task->inputs; j++) largest = fmax(largest, LN_AT(task->Sxx, j, j));
  for (size_t j = 0; j < task->inputs; j++)
    weight[j] = LN_AT(task->Sxx, j, j) > NO_VARIANCE * largest ? 1 / LN_AT(task->Sxx, j, j) : 0;
}

double ln_enough(const ln_task *task, double stop_loss) {
  return stop_loss < 0 ? -1 : fmax(2 * (stop_loss * (1 + NEARLY) - task->loss_min), 0);
}

static ln_status take_layer(ln_context *cx, const small_layers *f, size_t l, bool swings,
                            ln_linear_layer *layer) {
  size_t inputs = f->layers.inputs, ld = ln_whole_vectors(cx, layer->rows),
         width = ln_whole_vectors(cx, layer->cols);
  layer->ld = ld;
  layer->W = ln_take_zeros(cx, ld, width);
  if (!layer->W) return LN_EMEMORY;
  if (swings && !(layer->V = ln_take_zeros(cx, ld, width))) return LN_EMEMORY;
  if (l > 0 && !(layer->transposed = ln_take_zeros(cx, width, ld))) return LN_EMEMORY;
  if (l > 0 && !(layer->P = ln_take_zeros(cx, ld, inputs))) return LN_EMEMORY;
  if (l > 0 && l + 1 < f->layers.depth && !(layer->T = ln_take_zeros(cx, ld, inputs))) return LN_EMEMORY;
  return LN_OK;
}

static ln_status take_moments(ln_context *cx, small_layers *f) {
  const ln_task *task = f->task;
  size_t n = task->inputs, ld = ln_whole_vectors(cx, task->outputs);
  double *scale = ln_reals(cx, n), *weight = ln_reals(cx, n), *S = ln_take_zeros(cx, ld, n);
  if (!scale || !weight || !S) return LN_EMEMORY;
  for (size_t j = 0; j < n; j++) scale[j] = LN_AT(task->Sxx, j, j);
  ln_loss_weights(task, weight);
  ln_copy(task->Syx, (ln_matrix){S, task->outputs, n, ld});
  f->layers.scale = scale, f->layers.weight = weight, f->layers.S = S;
  return LN_OK;
}

/* The layer's numbers without what fills them up. */
static ln_matrix within(const ln_linear_layer *layer, double *data) {
  return (ln_matrix){data, layer->rows, layer->cols, layer->ld};
}

static void begin(ln_fused *fused, const double *theta, const double *memory) {
  small_layers *f = (small_layers *)fused;
  for (size_t l = 0; l < f->layers.depth; l++) {
    ln_linear_layer *layer = &f->layers.layers[l];
    ln_copy(ln_weights(f->net, theta, l), within(layer, layer->W));
    if (layer->V) ln_copy(ln_weights(f->net, memory, l), within(layer, layer->V));
    if (layer->transposed)
      ln_transpose(ln_window(layer->W, layer->ld, layer->cols),
                   (ln_matrix){layer->transposed, layer->cols, layer->ld, f->layers.layers[l - 1].ld});
  }
}

static size_t descend(const ln_context *cx, ln_fused *fused, const ln_descent *how, size_t steps,
                      double stop_loss) {
  small_layers *f = (small_layers *)fused;
  f->layers.rule = how->optimizer->rule(how);
  return cx->kernels->descend_layers(&f->layers, steps, ln_enough(f->task, stop_loss));
}

static void end(const ln_fused *fused, double *theta, double *memory) {
  const small_layers *f = (const small_layers *)fused;
  for (size_t l = 0; l < f->layers.depth; l++) {
    const ln_linear_layer *layer = &f->layers.layers[l];
    ln_copy(within(layer, layer->W), ln_weights(f->net, theta, l));
    if (memory && layer->V) ln_copy(within(layer, layer->V), ln_weights(f->net, memory, l));
  }
}

static ln_status make_small(ln_context *cx, ln_fused **fused, const ln_plan *plan, const ln_descent *how) {
  const ln_net *net = plan->net;
  ln_mark mark = ln_begin(cx);
  small_layers *f = ln_take(cx, 1, sizeof *f);
  ln_linear_layer *layers = ln_take(cx, net->depth, sizeof *layers);
  if (!f || !layers) return ln_end(cx, mark, LN_EMEMORY);
  *f = (small_layers){
      .fused = {"fused steps", begin, descend, end},
      .net = net,
      .task = plan->task,
      .layers = {.depth = net->depth, .inputs = ln_inputs(net), .lowest = plan->lowest, .layers = layers}};
  for (size_t l = 0; l < net->depth; l++) {
    layers[l] = (ln_linear_layer){.rows = net->layers[l].outputs,
                                  .cols = net->layers[l].inputs,
                                  .moves = !(how->frozen && how->frozen[l])};
    ln_status status = take_layer(cx, f, l, how->optimizer->memory > 0, &layers[l]);
    if (status != LN_OK) return ln_end(cx, mark, status);
  }
  ln_status status = take_moments(cx, f);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *fused = &f->fused;
  return LN_OK;
}

ln_status ln_make_fused(ln_context *cx, ln_fused **fused, const ln_plan *plan, const ln_descent *how) {
  const ln_net *net = plan->net;
  *fused = NULL;
  if (plan->choice != LN_PLAN_AUTO || !ln_plan_needs_moments(net, plan->task, plan->choice)) return LN_OK;
  if (net->bias || net->depth < 2 || !how->optimizer->rule || !ln_is_diagonal(plan->task->Sxx)) return LN_OK;
  const bool small = ln_widest(net) <= WIDEST && ln_inputs(net) <= WIDEST;
  if (!small || ln_inputs(net) >= MANY_INPUTS * ln_outputs(net)) {
    ln_status status = ln_make_fused_wide(cx, fused, plan, how);
    if (status != LN_OK || *fused) return status;
  }
  return small ? make_small(cx, fused, plan, how) : LN_OK;
}
