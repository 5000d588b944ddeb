/* examples.c: the gradient of any network by forward and backward passes over the examples.
 *
 * The examples are taken in blocks whose values stay in the cache, so that the work space does not grow with
 * their number; the blocks' sums are added in order: the same bits every time. */
#include "network/plan.h"

#include <stdio.h>
#include <string.h>

typedef struct examples {
  size_t block;
  ln_matrix *sums,
      *values; /* W A + b and f(W A + b) of each layer, N_l x block; the same window where f is linear */
  double *even, *odd; /* dL/d(sums), N_l x block */
  ln_matrix X, Y;     /* room to gather a block of a batch; data null if there are no batches */
} examples;

/* A block of examples: windows of the task's X and Y, or the work space they were gathered in. */
typedef struct block_of_examples {
  ln_matrix X, Y;
} block_of_examples;

/* The n examples from number `first` on, of the batch if there is one. */
static block_of_examples block_at(const ln_plan *plan, const size_t *batch, size_t first, size_t n) {
  const ln_task *task = plan->task;
  const examples *e = plan->work;
  if (!batch)
    return (block_of_examples){ln_block_of(task->X, 0, first, task->inputs, n),
                               ln_block_of(task->Y, 0, first, task->outputs, n)};
  for (size_t j = 0; j < n; j++) {
    size_t from = batch[first + j];
    memcpy(e->X.data + j * task->inputs, &LN_AT(task->X, 0, from), task->inputs * sizeof(double));
    memcpy(e->Y.data + j * task->outputs, &LN_AT(task->Y, 0, from), task->outputs * sizeof(double));
  }
  return (block_of_examples){ln_window(e->X.data, task->inputs, n), ln_window(e->Y.data, task->outputs, n)};
}

static ln_status forward(ln_context *cx, const ln_plan *plan, const double *theta, ln_matrix X) {
  const examples *e = plan->work;
  ln_matrix A = X;
  ln_status status = LN_OK;
  for (size_t l = 0; l < plan->net->depth && status == LN_OK; l++) {
    ln_matrix values = ln_block_of(e->values[l], 0, 0, e->values[l].rows, X.cols);
    status = ln_layer_forward(cx, plan->net, theta, l, A,
                              ln_block_of(e->sums[l], 0, 0, e->sums[l].rows, X.cols), values);
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

/* Adds the share of the block X to the gradient, or sets it to that (`add` false); `delta` is
 * dL/d(outputs). */
static ln_status backward(ln_context *cx, const ln_plan *plan, const double *theta, ln_matrix X,
                          ln_matrix delta, bool add, double *gradient) {
  const ln_net *net = plan->net;
  const examples *e = plan->work;
  for (size_t l = net->depth; l-- > 0;) {
    ln_status status = through_activation(cx, net->layers[l].activation, e->sums[l], e->values[l], delta);
    if (status != LN_OK) return status;
    ln_matrix A = l ? ln_block_of(e->values[l - 1], 0, 0, e->values[l - 1].rows, X.cols) : X;
    ln_gemm(LN_N, LN_T, 1, delta, A, add, ln_weights(net, gradient, l));
    ln_matrix db = ln_biases(net, gradient, l);
    if (db.data && !add) ln_fill(db, 0);
    for (size_t j = 0; db.data && j < X.cols; j++) ln_axpy(1, ln_block_of(delta, 0, j, delta.rows, 1), db);
    if (l == plan->lowest) break;
    ln_matrix W = ln_weights(net, theta, l);
    ln_matrix below = ln_window(l % 2 ? e->odd : e->even, W.cols, X.cols);
    ln_gemm(LN_T, LN_N, 1, W, delta, 0, below);
    delta = below;
  }
  return LN_OK;
}

/* The mean over `count` examples: those of the batch, or of the whole task. */
static ln_status evaluate_examples(ln_context *cx, const ln_plan *plan, const size_t *batch, size_t count,
                                   const double *theta, double *gradient, double *loss) {
  const ln_net *net = plan->net;
  const examples *e = plan->work;
  double squares = 0, weight = 1 / (double)count;
  for (size_t first = 0; first < count; first += e->block) {
    size_t n = count - first < e->block ? count - first : e->block;
    block_of_examples block = block_at(plan, batch, first, n);
    ln_status status = forward(cx, plan, theta, block.X);
    if (status != LN_OK) return status;
    ln_matrix outputs = e->values[net->depth - 1];
    ln_matrix delta = ln_window(net->depth % 2 ? e->odd : e->even, outputs.rows, n);
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < outputs.rows; i++) {
        double residual = LN_AT(outputs, i, j) - LN_AT(block.Y, i, j);
        squares += residual * residual;
        LN_AT(delta, i, j) = residual * weight;
      }
    if (gradient) status = backward(cx, plan, theta, block.X, delta, first > 0, gradient);
    if (status == LN_OK) status = ln_poll(cx);
    if (status != LN_OK) return status;
  }
  *loss = squares * weight / 2;
  return LN_OK;
}

static ln_status evaluate(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                          double *loss) {
  return evaluate_examples(cx, plan, NULL, plan->task->examples, theta, gradient, loss);
}

ln_status ln_plan_examples(ln_context *cx, ln_plan *plan, bool batches) {
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
  if (batches) {
    e->X = ln_take_matrix(cx, plan->task->inputs, block);
    e->Y = ln_take_matrix(cx, plan->task->outputs, block);
    if (!e->X.data || !e->Y.data) return ln_end(cx, mark, LN_EMEMORY);
  }
  plan->flops = 2 * products * (double)plan->task->examples;
  plan->work = e;
  plan->evaluate = evaluate;
  plan->evaluate_batch = batches ? evaluate_examples : NULL;
  plan->settled = NULL;
  if (batches)
    snprintf(plan->description, sizeof plan->description, "examples: forward and backward over minibatches");
  else
    snprintf(plan->description, sizeof plan->description,
             "examples: forward and backward over %zu, in blocks of %zu", plan->task->examples, block);
  return LN_OK;
}
