/* examples.c: the gradient of any network by forward and backward passes over the examples.
 *
 * The examples are taken in blocks whose values stay in the cache, so that the work space does not grow with
 * their number; the blocks' sums are added in order: the same bits every time. */
#include "network/plan.h"

#include <stdio.h>

typedef struct examples {
  size_t block;
  ln_matrix *sums,
      *values; /* W A + b and f(W A + b) of each layer, N_l x block; the same window where f is linear */
  double *even, *odd; /* dL/d(sums), N_l x block */
} examples;

static ln_status forward(ln_context *cx, const ln_plan *plan, const double *theta, size_t first, size_t n) {
  const examples *e = plan->work;
  ln_matrix A = ln_block_of(plan->task->X, 0, first, plan->task->inputs, n);
  ln_status status = LN_OK;
  for (size_t l = 0; l < plan->net->depth && status == LN_OK; l++) {
    ln_matrix values = ln_block_of(e->values[l], 0, 0, e->values[l].rows, n);
    status = ln_layer_forward(cx, plan->net, theta, l, A, ln_block_of(e->sums[l], 0, 0, e->sums[l].rows, n),
                              values);
    A = values;
  }
  return status;
}

/* delta *= f'(sums), which leaves f' in `sums`. */
static ln_status through_activation(ln_context *cx, const ln_activation *activation, ln_matrix sums,
                                    ln_matrix values, ln_matrix delta) {
  if (activation->linear) return LN_OK;
  size_t n = delta.rows * delta.cols;
  ln_status status = activation->df(cx, activation->ud, sums.data, values.data, sums.data, n);
  for (size_t i = 0; i < n; i++) delta.data[i] *= sums.data[i];
  return status;
}

/* Adds the share of the n examples from `first` to the gradient; `delta` is dL/d(outputs). */
static ln_status backward(ln_context *cx, const ln_plan *plan, const double *theta, size_t first, size_t n,
                          ln_matrix delta, double *gradient) {
  const ln_net *net = plan->net;
  const examples *e = plan->work;
  for (size_t l = net->depth; l-- > 0;) {
    ln_status status = through_activation(cx, net->layers[l].activation, e->sums[l], e->values[l], delta);
    if (status != LN_OK) return status;
    ln_matrix A = l ? ln_block_of(e->values[l - 1], 0, 0, e->values[l - 1].rows, n)
                    : ln_block_of(plan->task->X, 0, first, plan->task->inputs, n);
    ln_gemm(LN_N, LN_T, 1, delta, A, 1, ln_weights(net, gradient, l));
    ln_matrix db = ln_biases(net, gradient, l);
    for (size_t j = 0; db.data && j < n; j++) ln_axpy(1, ln_block_of(delta, 0, j, delta.rows, 1), db);
    if (l == 0) break;
    ln_matrix W = ln_weights(net, theta, l);
    ln_matrix below = ln_window(l % 2 ? e->odd : e->even, W.cols, n);
    ln_gemm(LN_T, LN_N, 1, W, delta, 0, below);
    delta = below;
  }
  return LN_OK;
}

static ln_status evaluate(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                          double *loss) {
  const ln_net *net = plan->net;
  const ln_task *task = plan->task;
  const examples *e = plan->work;
  double squares = 0, weight = 1 / (double)task->examples;
  if (gradient) ln_fill(ln_window(gradient, net->count, 1), 0);
  for (size_t first = 0; first < task->examples; first += e->block) {
    size_t n = task->examples - first < e->block ? task->examples - first : e->block;
    ln_status status = forward(cx, plan, theta, first, n);
    if (status != LN_OK) return status;
    ln_matrix outputs = e->values[net->depth - 1];
    ln_matrix delta = ln_window(net->depth % 2 ? e->odd : e->even, task->outputs, n);
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < task->outputs; i++) {
        double residual = LN_AT(outputs, i, j) - LN_AT(task->Y, i, first + j);
        squares += residual * residual;
        LN_AT(delta, i, j) = residual * weight;
      }
    if (gradient) status = backward(cx, plan, theta, first, n, delta, gradient);
    if (status == LN_OK) status = ln_poll(cx);
    if (status != LN_OK) return status;
  }
  *loss = squares * weight / 2;
  return LN_OK;
}

ln_status ln_plan_examples(ln_context *cx, ln_plan *plan) {
  ln_mark mark = ln_begin(cx);
  const ln_net *net = plan->net;
  size_t block = ln_block_size(net, plan->task->examples), room = ln_widest(net) * block;
  examples *e = ln_take(cx, 1, sizeof *e);
  if (!e) return ln_end(cx, mark, LN_EMEMORY);
  *e = (examples){.block = block,
                  .sums = ln_take(cx, net->depth, sizeof(ln_matrix)),
                  .values = ln_take(cx, net->depth, sizeof(ln_matrix)),
                  .even = ln_reals(cx, room),
                  .odd = ln_reals(cx, room)};
  if (!e->sums || !e->values || !e->even || !e->odd) return ln_end(cx, mark, LN_EMEMORY);
  double products = 0;
  for (size_t l = 0; l < net->depth; l++) {
    const ln_layer *layer = &net->layers[l];
    e->sums[l] = ln_take_matrix(cx, layer->outputs, block);
    e->values[l] = layer->activation->linear ? e->sums[l] : ln_take_matrix(cx, layer->outputs, block);
    if (!e->sums[l].data || !e->values[l].data) return ln_end(cx, mark, LN_EMEMORY);
    products += (l ? 3.0 : 2.0) * (double)layer->outputs * (double)layer->inputs;
  }
  plan->flops = 2 * products * (double)plan->task->examples;
  plan->work = e;
  plan->evaluate = evaluate;
  plan->settled = NULL;
  snprintf(plan->description, sizeof plan->description,
           "examples: forward and backward over %zu, in blocks of %zu", plan->task->examples, block);
  return LN_OK;
}
