/* moments.c: the gradient of a linear network from the task's moments; its cost does not depend on the number
 * of examples.
 *
 *     E = Syx - W Sxx,   dL/dW_l = -(W_D..W_(l+1))' E (W_(l-1)..W_1)'
 *     L = L_min + <E, W* - W>/2                    (the expanded form of the loss cancels when it is small)
 * from the products P_l = W_l..W_1, formed once, and T_l = (W_D..W_(l+1))' E, carried downwards. With biases
 * everything holds for inputs (x, 1): P_l then has a last column, the offset of layer l, and Sxx, Syx are
 * those of (x, 1). */
#include "network/plan.h"

#include <math.h>
#include <stdio.h>

/* Where the loss is this close to its minimum, in these units, the flow no longer moves (relative to |Syx|).
 */
#define GRADIENT_SETTLED 1e-13
#define RESIDUAL_SETTLED 1e-10

typedef struct moments {
  size_t inputs;              /* of the network, plus one with biases */
  ln_matrix Sxx, Syx, target; /* of (x, 1) with biases, else the task's own */
  double loss_min, size;      /* size: |Syx| */
  ln_matrix E;
  ln_matrix *prefix;  /* P_l at l-1; without biases the first is W_1 itself */
  double *even, *odd; /* T_l */
} moments;

static ln_status evaluate(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                          double *loss) {
  (void)cx;
  const ln_net *net = plan->net;
  moments *m = plan->work;
  size_t n = m->inputs, real = ln_inputs(net), depth = net->depth;

  ln_matrix P = ln_weights(net, theta, 0);
  if (net->bias) {
    ln_copy(P, ln_block_of(m->prefix[0], 0, 0, P.rows, real));
    ln_copy(ln_biases(net, theta, 0), ln_block_of(m->prefix[0], 0, real, P.rows, 1));
    P = m->prefix[0];
  } else {
    m->prefix[0] = P;
  }
  for (size_t l = 1; l < depth; l++) {
    ln_gemm(LN_N, LN_N, 1, ln_weights(net, theta, l), P, 0, m->prefix[l]);
    P = m->prefix[l];
    if (net->bias) ln_axpy(1, ln_biases(net, theta, l), ln_block_of(P, 0, real, P.rows, 1));
  }

  ln_copy(m->Syx, m->E);
  ln_gemm(LN_N, LN_N, -1, P, m->Sxx, 1, m->E);
  double above = 0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < P.rows; i++)
      above += LN_AT(m->E, i, j) * (LN_AT(m->target, i, j) - LN_AT(P, i, j));
  /* Rounding can make a tiny sum negative; NaN stays (fmax would hide it). */
  *loss = m->loss_min + (above < 0 ? 0 : above / 2);
  if (!gradient) return LN_OK;

  ln_matrix T = m->E;
  for (size_t l = depth; l-- > 0;) {
    ln_matrix dW = ln_weights(net, gradient, l);
    if (l > 0) {
      ln_gemm(LN_N, LN_T, -1, T, m->prefix[l - 1], 0, dW);
    } else {
      ln_copy(ln_block_of(T, 0, 0, T.rows, real), dW);
      ln_scale(-1, dW);
    }
    if (net->bias) {
      ln_matrix db = ln_biases(net, gradient, l);
      for (size_t i = 0; i < db.rows; i++) db.data[i] = -LN_AT(T, i, real);
    }
    if (l == 0) break;
    ln_matrix W = ln_weights(net, theta, l);
    ln_matrix below = ln_window(l % 2 ? m->odd : m->even, W.cols, n);
    ln_gemm(LN_T, LN_N, 1, W, T, 0, below);
    T = below;
  }
  return LN_OK;
}

static bool settled(const ln_plan *plan, const double *gradient) {
  const moments *m = plan->work;
  if (ln_norm(m->E) > RESIDUAL_SETTLED * m->size) return false;
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
                 .E = ln_take_matrix(cx, task->outputs, n),
                 .prefix = ln_take(cx, net->depth, sizeof(ln_matrix)),
                 .even = ln_reals(cx, room),
                 .odd = ln_reals(cx, room)};
  if (!m->E.data || !m->prefix || !m->even || !m->odd) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t l = net->bias ? 0 : 1; l < net->depth; l++) {
    m->prefix[l] = ln_take_matrix(cx, net->layers[l].outputs, n);
    if (!m->prefix[l].data) return ln_end(cx, mark, LN_EMEMORY);
  }
  if (net->bias) {
    ln_status status = add_constant_input(cx, task, m);
    if (status != LN_OK) return ln_end(cx, mark, status);
  }
  m->size = ln_norm(m->Syx);

  double products = (double)task->outputs * (double)n;
  for (size_t l = 1; l < net->depth; l++)
    products += 3.0 * (double)net->layers[l].outputs * (double)net->layers[l].inputs;
  plan->flops = 2 * (double)n * products;
  plan->work = m;
  plan->evaluate = evaluate;
  plan->settled = settled;
  snprintf(plan->description, sizeof plan->description,
           "moments: Sxx %zux%zu and Syx %zux%zu stand for the %s%s", n, n, task->outputs, n,
           task->examples ? "examples" : "population",
           net->bias ? ", biases as weights of an input fixed to 1" : "");
  return LN_OK;
}
