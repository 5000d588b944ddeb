/* moments.c: the gradient of a linear network from the task's moments; its cost does not depend on the number
 * of examples.
 *
 *     G = W Sxx - Syx,   dL/dW_l = (W_D..W_(l+1))' G (W_(l-1)..W_1)'
 *     L = L_min + <G, W - W*>/2                    (the expanded form of the loss cancels when it is small)
 * from the products P_l = W_l..W_1, formed once, and T_l = (W_D..W_(l+1))' G, carried downwards; T_1 is dL/dW_1
 * itself. With biases everything holds for inputs (x, 1), whose weights are (W_1, b_1): P_l then has a last
 * column, the offset of layer l, and Sxx, Syx are those of (x, 1). White and one-hot inputs have a diagonal Sxx:
 * it costs no product.
 */
#include "network/plan.h"

#include <math.h>
#include <stdio.h>

/* Where the loss is this close to its minimum, in these units, the flow no longer moves (relative to |Syx|).
 */
#define GRADIENT_SETTLED 1e-13
#define RESIDUAL_SETTLED 1e-10

typedef struct moments {
  size_t inputs; /* of the network, plus one with biases */
  ln_matrix Sxx, Syx,
      target;            /* of (x, 1) with biases, else the task's own; without gaps, as all windows here */
  double *diagonal;      /* of Sxx, if it has nothing else; or null */
  double loss_min, size; /* size: |Syx| */
  ln_matrix G;
  ln_matrix *prefix;  /* P_l at l-1, from P_2 on */
  double *even, *odd; /* T_l; or a product's transpose */
} moments;

/* W_1, or (W_1, b_1): the biases of a layer lie behind its weights. */
static ln_matrix first_layer(const ln_net *net, const double *theta) {
  return ln_window((double *)theta + net->layers[0].weights, net->layers[0].outputs,
                   ln_inputs(net) + net->bias);
}

/* G = P Sxx - Syx, where `product` is P Sxx, or P if Sxx is diagonal; returns <G, P - W*>. */
static double close_gradient(const ln_context *cx, const moments *m, ln_matrix P, ln_matrix product) {
  return cx->kernels->moment_gradient(P.rows, m->inputs, m->diagonal, product.data, m->Syx.data, P.data,
                                      m->target.data, m->G.data);
}

/* C = A B'. A C of few rows is formed as the transpose of B A' in `room`, which takes as many numbers as the widest layer
 * has values for A's columns: OpenBLAS packs its second factor, and where its kernels for small matrices end that
 * costs up to half of the time if it is the large one. */
static void multiply_transposed(ln_matrix A, ln_matrix B, ln_matrix C, double *room) {
  const double small = 1e6; /* multiplications in a product that the small kernels take */
  if (4 * C.rows > C.cols || C.rows > A.cols || (double)C.rows * (double)C.cols * (double)A.cols <= small) {
    ln_gemm(LN_N, LN_T, 1, A, B, 0, C);
    return;
  }
  ln_matrix flipped = ln_window(room, C.cols, C.rows);
  ln_gemm(LN_N, LN_T, 1, B, A, 0, flipped);
  ln_transpose(flipped, C);
}

static ln_status evaluate(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                          double *loss) {
  const ln_net *net = plan->net;
  moments *m = plan->work;
  size_t n = m->inputs, real = ln_inputs(net), depth = net->depth;

  ln_matrix first = first_layer(net, theta), P = first;
  for (size_t l = 1; l < depth; l++) {
    ln_gemm(LN_N, LN_N, 1, ln_weights(net, theta, l), P, 0, m->prefix[l]);
    P = m->prefix[l];
    if (net->bias) ln_axpy(1, ln_biases(net, theta, l), ln_block_of(P, 0, real, P.rows, 1));
  }

  if (!m->diagonal) multiply_transposed(P, m->Sxx, m->G, m->even);
  double above = close_gradient(cx, m, P, m->diagonal ? P : m->G);
  /* Rounding can make a tiny sum negative; NaN stays (fmax would hide it). */
  *loss = m->loss_min + (above < 0 ? 0 : above / 2);
  if (!gradient) return LN_OK;

  ln_matrix T = m->G;
  for (size_t l = depth - 1; l > 0; l--) {
    ln_matrix W = ln_weights(net, theta, l);
    double *room = l % 2 ? m->odd : m->even; /* T is not in it */
    multiply_transposed(T, l > 1 ? m->prefix[l - 1] : first, ln_weights(net, gradient, l), room);
    if (net->bias) ln_copy(ln_block_of(T, 0, real, T.rows, 1), ln_biases(net, gradient, l));
    if (l == plan->lowest) return LN_OK;
    ln_matrix below = l > 1 ? ln_window(room, W.cols, n) : first_layer(net, gradient);
    ln_gemm(LN_T, LN_N, 1, W, T, 0, below);
    T = below;
  }
  if (depth == 1) ln_copy(T, first_layer(net, gradient));
  return LN_OK;
}

static bool settled(const ln_plan *plan, const double *gradient) {
  const moments *m = plan->work;
  if (ln_norm(m->G) > RESIDUAL_SETTLED * m->size) return false;
  return ln_norm(ln_window((double *)gradient, plan->net->count, 1)) <= GRADIENT_SETTLED * m->size;
}

/* (1/2P) |Y - W X - c|^2, a block of examples at a time. */
static ln_status residual_loss(ln_context *cx, const ln_task *task, ln_matrix map, double *loss) {
  ln_mark mark = ln_begin(cx);
  size_t block = task->examples < 256 ? task->examples : 256, inputs = task->inputs;
  double *room = ln_reals(cx, task->outputs * block), sum = 0;
  if (!room) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t first = 0; first < task->examples; first += block) {
    size_t n = task->examples - first < block ? task->examples - first : block;
    ln_matrix R = ln_window(room, task->outputs, n);
    ln_copy(ln_block_of(task->Y, 0, first, task->outputs, n), R);
    ln_gemm(LN_N, LN_N, -1, ln_block_of(map, 0, 0, map.rows, inputs),
            ln_block_of(task->X, 0, first, inputs, n), 1, R);
    for (size_t j = 0; j < n; j++)
      ln_axpy(-1, ln_block_of(map, 0, inputs, map.rows, 1), ln_block_of(R, 0, j, R.rows, 1));
    sum += ln_dot(R, R);
  }
  *loss = sum / (2 * (double)task->examples);
  return ln_end(cx, mark, LN_OK);
}

/* The moments of (x, 1), and the least-squares map with offset. */
static ln_status add_constant_input(ln_context *cx, const ln_task *task, moments *m) {
  size_t n = m->inputs, real = task->inputs;
  if (!task->mean_x.data)
    return ln_fail(cx, LN_EARG,
                   "biases need the means of inputs and outputs, and this task has only second moments");
  m->Sxx = ln_take_matrix(cx, n, n);
  m->Syx = ln_take_matrix(cx, task->outputs, n);
  m->target = ln_take_matrix(cx, task->outputs, n);
  if (!m->Sxx.data || !m->Syx.data || !m->target.data) return LN_EMEMORY;
  ln_copy(task->Sxx, ln_block_of(m->Sxx, 0, 0, real, real));
  ln_copy(task->mean_x, ln_block_of(m->Sxx, 0, real, real, 1));
  ln_transpose(task->mean_x, ln_block_of(m->Sxx, real, 0, 1, real));
  LN_AT(m->Sxx, real, real) = 1;
  ln_copy(task->Syx, ln_block_of(m->Syx, 0, 0, task->outputs, real));
  ln_copy(task->mean_y, ln_block_of(m->Syx, 0, real, task->outputs, 1));
  ln_task extended = {.inputs = n,
                      .outputs = task->outputs,
                      .Sxx = m->Sxx,
                      .Syx = m->Syx,
                      .tr_yy = task->tr_yy,
                      .has_moments = true};
  ln_status status = ln_least_squares_map(cx, &extended, m->target, &m->loss_min);
  if (status == LN_OK && task->examples) status = residual_loss(cx, task, m->target, &m->loss_min);
  return status;
}

ln_status ln_plan_moments(ln_context *cx, ln_plan *plan) {
  ln_mark mark = ln_begin(cx);
  const ln_net *net = plan->net;
  const ln_task *task = plan->task;
  size_t n = task->inputs + net->bias, room = ln_widest(net) * n;
  moments *m = ln_take(cx, 1, sizeof *m);
  if (!m) return ln_end(cx, mark, LN_EMEMORY);
  *m = (moments){.inputs = n,
                 .Sxx = task->Sxx,
                 .Syx = task->Syx,
                 .target = task->target,
                 .loss_min = task->loss_min,
                 .G = ln_take_matrix(cx, task->outputs, n),
                 .prefix = ln_take(cx, net->depth, sizeof(ln_matrix)),
                 .even = ln_reals(cx, room),
                 .odd = ln_reals(cx, room)};
  if (!m->G.data || !m->prefix || !m->even || !m->odd) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t l = 1; l < net->depth; l++) {
    m->prefix[l] = ln_take_matrix(cx, net->layers[l].outputs, n);
    if (!m->prefix[l].data) return ln_end(cx, mark, LN_EMEMORY);
  }
  if (net->bias) {
    ln_status status = add_constant_input(cx, task, m);
    if (status != LN_OK) return ln_end(cx, mark, status);
  }
  if (ln_is_diagonal(m->Sxx)) {
    m->diagonal = ln_reals(cx, n);
    if (!m->diagonal) return ln_end(cx, mark, LN_EMEMORY);
    for (size_t j = 0; j < n; j++) m->diagonal[j] = LN_AT(m->Sxx, j, j);
  }
  m->size = ln_norm(m->Syx);

  double products = (m->diagonal ? 3 : 3 + (double)n) * (double)task->outputs;
  for (size_t l = 1; l < net->depth; l++)
    products += 3.0 * (double)net->layers[l].outputs * (double)net->layers[l].inputs;
  plan->flops = 2 * (double)n * products;
  plan->work = m;
  plan->evaluate = evaluate;
  plan->settled = settled;
  snprintf(plan->description, sizeof plan->description,
           "moments: Sxx %zux%zu%s and Syx %zux%zu stand for the %s%s", n, n,
           m->diagonal ? ", diagonal," : "", task->outputs, n, task->examples ? "examples" : "population",
           net->bias ? ", biases as weights of an input fixed to 1" : "");
  return LN_OK;
}
