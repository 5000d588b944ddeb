/* small.c: the gradient of a small network, a few examples at a time.
 *
 * Each block of examples goes forward and backward while its values stay in the first-level cache, and its share
 * is added to the gradient there; blocks come in order: the same bits every time. Weights are copied, at every
 * evaluation, to where whole vectors fit: rows padded with zeros, which nobody reads back. A layer has
 *     W   rows x inputs, its weights, and V   below x outputs, their transpose, to go backward;
 * where that is less work (one output: 8 times less), V alone, forward by inner products: the layer is narrow.
 * The values of a layer become the derivatives dL/d(W A + b) of the same units in place. Only activations whose
 * slope does not follow from their value, and the last layer, need an array beside them. */
#include "network/plan.h"

#include <stdio.h>
#include <string.h>

#define CACHE_BYTES 16384      /* for inputs and values of a block: half of a first-level cache */
#define WEIGHTS_MOST 65536     /* beyond, products of whole matrices are as fast */
#define WEIGHTS_OF_EXAMPLE 256 /* to copy more of them, there and back, takes longer than an example gains */
#define BLOCK_STEP 8
#define BLOCK_MOST 64
#define INNER_PRODUCT_COST 8 /* of the end of an inner product, in products of vectors */
#define POLL_EVERY (1 << 20) /* products of numbers between two questions whether to go on */

typedef struct small_layer {
  size_t inputs, outputs, below, rows; /* below and rows: inputs and outputs with padding */
  const ln_activation *activation;
  bool narrow, keeps_sums;
  double *W, *V, *b;     /* W null: narrow; V null: the first layer, and not narrow */
  double *gradient, *db; /* of W, or of V where the layer is narrow */
  double *values, *sums; /* rows x block; the same array unless the slope needs the sums */
} small_layer;

typedef struct small {
  size_t block, poll_every; /* examples; blocks */
  small_layer *layers;
  double *X; /* room to gather a block of inputs in, with padding */
} small;

static size_t padded(size_t n) { return (n + LN_LAYER_PADDING - 1) / LN_LAYER_PADDING * LN_LAYER_PADDING; }

/* Products of vectors for an example, forward and for the gradient, either way. */
static bool is_narrow(size_t inputs, size_t outputs) {
  size_t wide = 2 * padded(outputs) / LN_LAYER_PADDING * inputs;
  return outputs * (2 * padded(inputs) / LN_LAYER_PADDING + INNER_PRODUCT_COST) < wide;
}

bool ln_is_small(const ln_net *net, size_t examples) {
  size_t weights = 0,
         most = examples < WEIGHTS_MOST / WEIGHTS_OF_EXAMPLE ? examples * WEIGHTS_OF_EXAMPLE : WEIGHTS_MOST;
  for (size_t l = 0; l < net->depth; l++) {
    const ln_layer *layer = &net->layers[l];
    if (layer->activation->ud) return false; /* a user's: called for as many units at once as there can be */
    weights += padded(layer->outputs) * padded(layer->inputs);
    if (weights > most) return false;
  }
  return true;
}

/* ---- the weights to and from where the kernels want them ---- */

static void transpose(size_t rows, size_t cols, const double *A, size_t lda, double *B, size_t ldb) {
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++) B[j + i * ldb] = A[i + j * lda];
}

static void copy_columns(size_t rows, size_t cols, const double *A, size_t lda, double *B, size_t ldb) {
  for (size_t j = 0; j < cols; j++) memcpy(B + j * ldb, A + j * lda, rows * sizeof *A);
}

static void load_weights(const ln_plan *plan, const double *theta, bool backward) {
  const small *s = plan->work;
  for (size_t l = 0; l < plan->net->depth; l++) {
    const small_layer *layer = &s->layers[l];
    const double *W = theta + plan->net->layers[l].weights;
    if (layer->W) copy_columns(layer->outputs, layer->inputs, W, layer->outputs, layer->W, layer->rows);
    if (layer->V && (layer->narrow || backward))
      transpose(layer->outputs, layer->inputs, W, layer->outputs, layer->V, layer->below);
    if (plan->net->bias)
      memcpy(layer->b, theta + plan->net->layers[l].biases, layer->outputs * sizeof(double));
  }
}

static void clear_gradient(const ln_plan *plan) {
  const small *s = plan->work;
  for (size_t l = plan->lowest; l < plan->net->depth; l++) {
    const small_layer *layer = &s->layers[l];
    size_t count = layer->narrow ? layer->below * layer->outputs : layer->rows * layer->inputs;
    memset(layer->gradient, 0, count * sizeof(double));
    memset(layer->db, 0, layer->rows * sizeof(double));
  }
}

static void store_gradient(const ln_plan *plan, double *gradient) {
  const small *s = plan->work;
  for (size_t l = plan->lowest; l < plan->net->depth; l++) {
    const small_layer *layer = &s->layers[l];
    double *G = gradient + plan->net->layers[l].weights;
    if (layer->narrow)
      transpose(layer->inputs, layer->outputs, layer->gradient, layer->below, G, layer->outputs);
    else
      copy_columns(layer->outputs, layer->inputs, layer->gradient, layer->rows, G, layer->outputs);
    if (plan->net->bias)
      memcpy(gradient + plan->net->layers[l].biases, layer->db, layer->outputs * sizeof(double));
  }
}

/* ---- a block of examples ---- */

typedef struct inputs_of_block {
  const double *A;
  size_t ld;
} inputs_of_block;

/* The task's own, unless the examples lie apart or the first layer needs padding. */
static inputs_of_block inputs_at(const ln_plan *plan, const size_t *batch, size_t first, size_t n) {
  const small *s = plan->work;
  ln_matrix X = plan->task->X;
  if (!batch && !s->layers[0].narrow) return (inputs_of_block){X.data + first * X.ld, X.ld};
  size_t ld = s->layers[0].below;
  for (size_t j = 0; j < n; j++)
    memcpy(s->X + j * ld, X.data + (batch ? batch[first + j] : first + j) * X.ld, X.rows * sizeof(double));
  return (inputs_of_block){s->X, ld};
}

static ln_status forward(ln_context *cx, const ln_plan *plan, inputs_of_block in, size_t n) {
  const small *s = plan->work;
  ln_status status = LN_OK;
  for (size_t l = 0; l < plan->net->depth && status == LN_OK; l++) {
    const small_layer *layer = &s->layers[l];
    const ln_activation *a = layer->activation;
    double *Z = a->shape == LN_SHAPE_OTHER ? layer->sums : layer->values;
    if (layer->narrow)
      cx->kernels->layer_forward_narrow(layer->below, n, layer->outputs, layer->V, layer->b, in.A, Z,
                                        layer->rows);
    else
      cx->kernels->layer_forward(a->shape, layer->rows, n, layer->inputs, layer->W, layer->b, in.A, in.ld, Z);
    if (!a->linear && (layer->narrow || a->shape == LN_SHAPE_OTHER))
      status = a->f(cx, a->ud, Z, layer->values, layer->rows * n);
    in = (inputs_of_block){layer->values, layer->rows};
  }
  return status;
}

/* The slopes of a layer's units, into `sums`; those of the kernels' shapes follow from the values alone. */
static ln_status slopes(ln_context *cx, const small_layer *layer, size_t n) {
  const ln_activation *a = layer->activation;
  const double *Z = a->shape == LN_SHAPE_OTHER ? layer->sums : layer->values;
  return a->df(cx, a->ud, Z, layer->values, layer->sums, layer->rows * n);
}

/* Adds the squares of the residuals to *squares; the last layer's `sums` become the derivatives by them. */
static ln_status residuals(ln_context *cx, const ln_plan *plan, const size_t *batch, size_t first, size_t n,
                           double weight, double *squares) {
  const small *s = plan->work;
  const small_layer *last = &s->layers[plan->net->depth - 1];
  const bool linear = last->activation->linear;
  ln_status status = linear ? LN_OK : slopes(cx, last, n);
  for (size_t j = 0; j < n; j++) {
    const double *y = &LN_AT(plan->task->Y, 0, batch ? batch[first + j] : first + j);
    const double *values = last->values + j * last->rows;
    double *delta = last->sums + j * last->rows;
    for (size_t i = 0; i < last->outputs; i++) {
      double residual = values[i] - y[i];
      *squares += residual * residual;
      delta[i] = residual * weight * (linear ? 1 : delta[i]);
    }
  }
  return status;
}

static ln_status backward(ln_context *cx, const ln_plan *plan, inputs_of_block in, size_t n) {
  const small *s = plan->work;
  for (size_t l = plan->net->depth; l-- > plan->lowest;) {
    const small_layer *layer = &s->layers[l], *below = l ? layer - 1 : NULL;
    inputs_of_block A = below ? (inputs_of_block){below->values, below->rows} : in;
    if (layer->narrow) {
      cx->kernels->layer_gradient(layer->below, layer->outputs, n, A.A, layer->sums, layer->rows,
                                  layer->gradient, NULL);
      for (size_t i = 0; i < layer->outputs; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) sum += layer->sums[i + j * layer->rows];
        layer->db[i] += sum;
      }
    } else {
      cx->kernels->layer_gradient(layer->rows, layer->inputs, n, layer->sums, A.A, A.ld, layer->gradient,
                                  layer->db);
    }
    if (l == plan->lowest) break;
    ln_status status = below->activation->shape == LN_SHAPE_OTHER ? slopes(cx, below, n) : LN_OK;
    if (status != LN_OK) return status;
    cx->kernels->layer_backward(below->activation->shape, below->rows, n, layer->outputs, layer->V,
                                layer->sums, layer->rows, below->sums);
  }
  return LN_OK;
}

/* The mean over `count` examples: those of the batch, or of the whole task. */
static ln_status evaluate_examples(ln_context *cx, const ln_plan *plan, const size_t *batch, size_t count,
                                   const double *theta, double *gradient, double *loss) {
  const small *s = plan->work;
  double squares = 0, weight = 1 / (double)count;
  load_weights(plan, theta, gradient);
  if (gradient) clear_gradient(plan);
  ln_status status = LN_OK;
  size_t until_poll = s->poll_every;
  for (size_t first = 0; first < count && status == LN_OK; first += s->block) {
    size_t n = count - first < s->block ? count - first : s->block;
    inputs_of_block in = inputs_at(plan, batch, first, n);
    status = forward(cx, plan, in, n);
    if (status == LN_OK) status = residuals(cx, plan, batch, first, n, weight, &squares);
    if (status == LN_OK && gradient) status = backward(cx, plan, in, n);
    if (status == LN_OK && --until_poll == 0) status = ln_poll(cx), until_poll = s->poll_every;
  }
  if (status != LN_OK) return status;
  if (gradient) store_gradient(plan, gradient);
  *loss = squares * weight / 2;
  return LN_OK;
}

static ln_status evaluate(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                          double *loss) {
  return evaluate_examples(cx, plan, NULL, plan->task->examples, theta, gradient, loss);
}

/* ---- the plan ---- */

/* Takes `count` zeros. */
static bool take_zeros(ln_context *cx, size_t count, double **zeros) {
  *zeros = ln_reals(cx, count);
  if (*zeros) memset(*zeros, 0, count * sizeof(double));
  return *zeros;
}

/* The shape of a layer, and how many numbers its values take for an example. */
static size_t shape_layer(const ln_net *net, size_t l, small_layer *layer) {
  const ln_layer *given = &net->layers[l];
  *layer = (small_layer){.inputs = given->inputs,
                         .outputs = given->outputs,
                         .below = padded(given->inputs),
                         .rows = padded(given->outputs),
                         .activation = given->activation,
                         .narrow = is_narrow(given->inputs, given->outputs)};
  bool last = l == net->depth - 1;
  layer->keeps_sums = last ? !given->activation->linear : given->activation->shape == LN_SHAPE_OTHER;
  return layer->rows * (layer->keeps_sums ? 2 : 1);
}

static bool take_layer(ln_context *cx, bool first, size_t block, small_layer *layer) {
  size_t wide = layer->rows * layer->inputs, transposed = layer->below * layer->outputs;
  bool taken = (layer->narrow || take_zeros(cx, wide, &layer->W)) &&
               ((first && !layer->narrow) || take_zeros(cx, transposed, &layer->V)) &&
               take_zeros(cx, layer->rows, &layer->b) && take_zeros(cx, layer->rows, &layer->db) &&
               take_zeros(cx, layer->narrow ? transposed : wide, &layer->gradient) &&
               take_zeros(cx, layer->rows * block, &layer->values);
  layer->sums = layer->values;
  return taken && (!layer->keeps_sums || take_zeros(cx, layer->rows * block, &layer->sums));
}

ln_status ln_plan_small(ln_context *cx, ln_plan *plan, bool batches) {
  ln_mark mark = ln_begin(cx);
  const ln_net *net = plan->net;
  small *s = ln_take(cx, 1, sizeof *s);
  if (!s) return ln_end(cx, mark, LN_EMEMORY);
  s->layers = ln_take(cx, net->depth, sizeof *s->layers);
  if (!s->layers) return ln_end(cx, mark, LN_EMEMORY);
  size_t values = padded(ln_inputs(net));
  double products = 0;
  for (size_t l = 0; l < net->depth; l++) {
    values += shape_layer(net, l, &s->layers[l]);
    products += (l ? 3.0 : 2.0) * (double)s->layers[l].inputs * (double)s->layers[l].outputs;
  }
  s->block = CACHE_BYTES / sizeof(double) / values / BLOCK_STEP * BLOCK_STEP;
  s->block = s->block < BLOCK_STEP ? BLOCK_STEP : s->block > BLOCK_MOST ? BLOCK_MOST : s->block;
  s->poll_every = (size_t)(POLL_EVERY / (products * (double)s->block)) + 1;
  for (size_t l = 0; l < net->depth; l++)
    if (!take_layer(cx, l == 0, s->block, &s->layers[l])) return ln_end(cx, mark, LN_EMEMORY);
  if (!take_zeros(cx, s->layers[0].below * s->block, &s->X)) return ln_end(cx, mark, LN_EMEMORY);
  plan->flops = 2 * products * (double)plan->task->examples;
  plan->work = s;
  plan->evaluate = evaluate;
  plan->evaluate_batch = batches ? evaluate_examples : NULL;
  plan->settled = NULL;
  if (batches)
    snprintf(plan->description, sizeof plan->description,
             "examples: forward and backward over minibatches, %zu at a time in the first cache", s->block);
  else
    snprintf(plan->description, sizeof plan->description,
             "examples: forward and backward over %zu, %zu at a time in the first cache",
             plan->task->examples, s->block);
  return LN_OK;
}
