/* observed.c: the gradient of a linear network on entries of its map, or on measurements of it.
 *
 *     G = dL/dW (data/observed.h),   dL/dW_l = (W_D..W_(l+1))' G (W_(l-1)..W_1)'
 * from the products P_l = W_l..W_1 and T_l = (W_D..W_(l+1))' G, carried downwards, as in moments.c. */
#include "network/plan.h"

#include <stdio.h>

/* Where the map fits this well, in units of the first step's size, the flow no longer moves. */
#define RESIDUAL_SETTLED 1e-10
#define GRADIENT_SETTLED 1e-13

typedef struct observed {
  double size;         /* |dL/dW| at W = 0 */
  ln_matrix *products; /* P_l at l-1, from P_2 on */
  ln_matrix G;
  double *even, *odd; /* T_l */
  double *room;       /* of ln_observed_gradient */
} observed;

static ln_status evaluate(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                          double *loss) {
  (void)cx;
  const ln_net *net = plan->net;
  const observed *o = plan->work;
  ln_matrix first = ln_weights(net, theta, 0), P = first;
  for (size_t l = 1; l < net->depth; l++) {
    ln_gemm(LN_N, LN_N, 1, ln_weights(net, theta, l), P, 0, o->products[l]);
    P = o->products[l];
  }
  *loss = ln_observed_gradient(&plan->task->observed, P, gradient ? o->G : (ln_matrix){.ld = 1}, o->room);
  if (!gradient) return LN_OK;
  ln_matrix T = o->G;
  for (size_t l = net->depth - 1; l > 0; l--) {
    ln_matrix W = ln_weights(net, theta, l);
    ln_gemm(LN_N, LN_T, 1, T, l > 1 ? o->products[l - 1] : first, 0, ln_weights(net, gradient, l));
    ln_matrix below =
        l > 1 ? ln_window(l % 2 ? o->odd : o->even, W.cols, first.cols) : ln_weights(net, gradient, 0);
    ln_gemm(LN_T, LN_N, 1, W, T, 0, below);
    T = below;
  }
  if (net->depth == 1) ln_copy(T, ln_weights(net, gradient, 0));
  return LN_OK;
}

static bool settled(const ln_plan *plan, const double *gradient) {
  const observed *o = plan->work;
  if (ln_norm(o->G) > RESIDUAL_SETTLED * o->size) return false;
  return ln_norm(ln_window((double *)gradient, plan->net->count, 1)) <= GRADIENT_SETTLED * o->size;
}

static ln_status check_fit(ln_context *cx, const ln_net *net) {
  const char *has = !net->linear ? "nonlinear units" : net->bias ? "biases" : NULL;
  if (!has) return LN_OK;
  return ln_fail(cx, LN_EARG,
                 "the task observes entries of a linear map, which a network with %s does not have", has);
}

ln_status ln_plan_observed(ln_context *cx, ln_plan *plan) {
  ln_mark mark = ln_begin(cx);
  const ln_net *net = plan->net;
  const ln_task *task = plan->task;
  ln_status status = check_fit(cx, net);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t room = ln_widest(net) * task->inputs;
  observed *o = ln_take(cx, 1, sizeof *o);
  if (!o) return ln_end(cx, mark, LN_EMEMORY);
  *o = (observed){.size = ln_norm(task->Syx),
                  .products = ln_take(cx, net->depth, sizeof(ln_matrix)),
                  .G = ln_take_matrix(cx, task->outputs, task->inputs),
                  .even = ln_reals(cx, room),
                  .odd = ln_reals(cx, room),
                  .room = ln_reals(cx, ln_observed_room(&task->observed))};
  if (!o->products || !o->G.data || !o->even || !o->odd || !o->room) return ln_end(cx, mark, LN_EMEMORY);
  double products = 0;
  for (size_t l = 1; l < net->depth; l++) {
    o->products[l] = ln_take_matrix(cx, net->layers[l].outputs, task->inputs);
    if (!o->products[l].data) return ln_end(cx, mark, LN_EMEMORY);
    products += 3.0 * (double)net->layers[l].outputs * (double)net->layers[l].inputs * (double)task->inputs;
  }
  double entries = (double)task->outputs * (double)task->inputs;
  bool sensing = !task->observed.mask.data;
  plan->flops = 2 * products + (sensing ? 4 * (double)task->observed.count : 4) * entries;
  plan->work = o;
  plan->evaluate = evaluate;
  plan->settled = settled;
  snprintf(plan->description, sizeof plan->description,
           sensing ? "observed: %zu measurements of the %zux%zu map"
                   : "observed: %zu entries of the %zux%zu map",
           task->observed.count, task->outputs, task->inputs);
  return LN_OK;
}
