/* fused_wide.c: two wide linear layers with few outputs, in one pass over the first one's weights. */
#include "kernels/wide_layers.h"
#include "network/fused.h"

/* of G and of the next step's sum, which stay in the second-level cache */
#define ENTRIES_MOST 32768

typedef struct wide_layers {
  ln_fused fused;
  const ln_net *net;
  const ln_task *task;
  ln_wide_layers layers;
} wide_layers;

static ln_matrix first_of(const ln_wide_layers *n, double *data) {
  return (ln_matrix){data, n->inputs, n->hidden, n->padded};
}

static void begin(ln_fused *fused, const double *theta, const double *memory) {
  wide_layers *f = (wide_layers *)fused;
  ln_wide_layers *n = &f->layers;
  ln_transpose(ln_weights(f->net, theta, 0), first_of(n, n->W1));
  ln_copy(ln_weights(f->net, theta, 1), ln_window(n->W2, n->outputs, n->hidden));
  if (!n->V1) return;
  ln_transpose(ln_weights(f->net, memory, 0), first_of(n, n->V1));
  ln_copy(ln_weights(f->net, memory, 1), ln_window(n->V2, n->outputs, n->hidden));
}

static size_t descend(const ln_context *cx, ln_fused *fused, const ln_descent *how, size_t steps,
                      double stop_loss) {
  wide_layers *f = (wide_layers *)fused;
  f->layers.rule = how->optimizer->rule(how);
  return cx->kernels->descend_wide(&f->layers, steps, ln_enough(f->task, stop_loss));
}

static void end(const ln_fused *fused, double *theta, double *memory) {
  const wide_layers *f = (const wide_layers *)fused;
  const ln_wide_layers *n = &f->layers;
  ln_transpose(first_of(n, n->W1), ln_weights(f->net, theta, 0));
  ln_copy(ln_window(n->W2, n->outputs, n->hidden), ln_weights(f->net, theta, 1));
  if (!memory || !n->V1) return;
  ln_transpose(first_of(n, n->V1), ln_weights(f->net, memory, 0));
  ln_copy(ln_window(n->V2, n->outputs, n->hidden), ln_weights(f->net, memory, 1));
}

/* Sxx's diagonal, what the inputs weigh in the loss, and Syx in slices. */
static ln_status take_moments(ln_context *cx, wide_layers *f) {
  ln_wide_layers *n = &f->layers;
  const ln_task *task = f->task;
  const size_t lanes = cx->kernels->lanes;
  double *scale = ln_take_zeros(cx, n->padded, 1), *weight = ln_take_zeros(cx, n->padded, 1);
  double *S = ln_take_zeros(cx, n->padded, n->outputs);
  if (!scale || !weight || !S) return LN_EMEMORY;
  ln_loss_weights(task, weight);
  for (size_t j = 0; j < n->inputs; j++) {
    scale[j] = LN_AT(task->Sxx, j, j);
    for (size_t o = 0; o < n->outputs; o++)
      S[(j / lanes * n->outputs + o) * lanes + j % lanes] = LN_AT(task->Syx, o, j);
  }
  n->scale = scale, n->weight = weight, n->S = S;
  return LN_OK;
}

ln_status ln_make_fused_wide(ln_context *cx, ln_fused **fused, const ln_plan *plan, const ln_descent *how) {
  const ln_net *net = plan->net;
  size_t inputs = ln_inputs(net), outputs = ln_outputs(net);
  if (net->depth != 2 || how->frozen || outputs > LN_WIDE_OUTPUTS_MOST || outputs * inputs > ENTRIES_MOST)
    return LN_OK;
  ln_mark mark = ln_begin(cx);
  wide_layers *f = ln_take(cx, 1, sizeof *f);
  if (!f) return ln_end(cx, mark, LN_EMEMORY);
  *f = (wide_layers){.fused = {"steps in one pass", begin, descend, end}, .net = net, .task = plan->task};
  ln_wide_layers *n = &f->layers;
  n->inputs = inputs, n->outputs = outputs, n->hidden = net->layers[0].outputs;
  n->padded = ln_whole_vectors(cx, inputs);
  const bool swings = how->optimizer->memory > 0;
  n->W1 = ln_take_zeros(cx, n->padded, n->hidden);
  n->W2 = ln_take_zeros(cx, outputs, n->hidden);
  n->V1 = swings ? ln_take_zeros(cx, n->padded, n->hidden) : NULL;
  n->V2 = swings ? ln_take_zeros(cx, outputs, n->hidden) : NULL;
  n->G = ln_take_zeros(cx, n->padded, outputs);
  n->M = ln_take_zeros(cx, n->padded, outputs);
  n->share = ln_take_zeros(cx, n->padded, 3);
  if (!n->W1 || !n->W2 || (swings && (!n->V1 || !n->V2)) || !n->G || !n->M || !n->share)
    return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = take_moments(cx, f);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *fused = &f->fused;
  return LN_OK;
}
