#include "theory/map_view.h"

#include <math.h>

#define WHITE 1e-14 /* a misfit of Sxx that is rounding */

ln_status ln_riccati_of_net(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                            ln_riccati *r) {
  static const ln_balance zero = {0};
  return ln_riccati_prepare(cx, ln_weights(net, net->parameters, 0), ln_weights(net, net->parameters, 1),
                            task->Sxx, task->Syx, weight_decay > 0 ? &zero : NULL, weight_decay, r);
}

/* left'A right for a matrix of the task's outputs and inputs. */
static ln_status turn(ln_context *cx, const ln_map_view *view, ln_matrix A, ln_matrix *to) {
  ln_matrix left = view->map.left, right = view->map.right;
  *to = ln_take_matrix(cx, left.cols, right.cols);
  if (!to->data) return LN_EMEMORY;
  ln_mark mark = ln_begin(cx);
  ln_matrix half = ln_take_matrix(cx, A.rows, right.cols);
  if (!half.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, A, right, 0, half);
  ln_gemm(LN_T, LN_N, 1, left, half, 0, *to);
  return ln_end(cx, mark, LN_OK);
}

/* The task's moments in the new coordinates: Sxx = c if it is that to rounding. */
static ln_status turn_task(ln_context *cx, ln_map_view *view, const ln_task *task) {
  ln_task *to = &view->reduction.task;
  ln_matrix right = view->map.right;
  size_t n = right.cols;
  *to = (ln_task){.inputs = n,
                  .outputs = view->map.left.cols,
                  .Sxx = ln_take_matrix(cx, n, n),
                  .tr_yy = task->tr_yy,
                  .loss_min = task->loss_min,
                  .has_moments = true,
                  .has_target = true};
  if (!to->Sxx.data) return LN_EMEMORY;
  ln_status status = turn(cx, view, task->Syx, &to->Syx);
  if (status == LN_OK) status = turn(cx, view, task->target, &to->target);
  if (status != LN_OK) return status;
  if (view->riccati.white.misfit <= WHITE) {
    ln_identity(to->Sxx);
    ln_scale(view->riccati.white.c, to->Sxx);
    return LN_OK;
  }
  ln_mark mark = ln_begin(cx);
  ln_matrix half = ln_take_matrix(cx, task->Sxx.rows, n);
  if (!half.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, task->Sxx, right, 0, half);
  ln_gemm(LN_T, LN_N, 1, right, half, 0, to->Sxx);
  return ln_end(cx, mark, LN_OK);
}

static ln_status one_layer(ln_context *cx, ln_net *net, ln_layer *layer, size_t outputs, size_t inputs,
                           const ln_activation *activation) {
  *layer = (ln_layer){.inputs = inputs, .outputs = outputs, .activation = activation};
  ln_status status = ln_net_layout(cx, net, layer, 1, false);
  if (status == LN_OK && !(net->parameters = ln_reals(cx, net->count))) return LN_EMEMORY;
  return status;
}

ln_status ln_map_view_prepare(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                              ln_map_view *view, bool *known) {
  const ln_activation *linear = net->layers[0].activation;
  ln_reduced *r = &view->reduction;
  ln_status status = ln_riccati_of_net(cx, net, task, weight_decay, &view->riccati);
  *known = status == LN_OK && !view->riccati.still;
  if (!*known) return status;
  status = ln_riccati_map_prepare(cx, &view->riccati, &view->map);
  size_t outputs = task->outputs, inputs = task->inputs;
  ln_matrix left = view->map.left, right = view->map.right;
  *r = (ln_reduced){.whole = &view->whole, .moved = true};
  if (status == LN_OK) status = one_layer(cx, &view->whole, &view->layer, outputs, inputs, linear);
  if (status == LN_OK) status = one_layer(cx, &r->net, &view->reduced_layer, left.cols, right.cols, linear);
  if (status == LN_OK) status = turn_task(cx, view, task);
  if (status == LN_OK) status = ln_make_plan(cx, &r->plan, &r->net, &r->task, LN_PLAN_AUTO);
  if (status != LN_OK) return status;
  view->parameters = view->whole.parameters;
  r->theta = r->net.parameters;
  r->basis = ln_take(cx, 2, sizeof *r->basis);
  r->room = ln_reals(cx, outputs * right.cols);
  if (!r->basis || !r->room) return LN_EMEMORY;
  r->basis[0] = right, r->basis[1] = left;
  return LN_OK;
}

typedef struct handing {
  ln_flow_output output;
  void *ud;
} handing;

static ln_status hand_on(ln_context *cx, void *ud, size_t index, double t, ln_matrix X) {
  const handing *to = ud;
  return to->output(cx, to->ud, index, t, X.data);
}

ln_status ln_map_view_follow(ln_context *cx, const ln_map_view *view, const double *times, size_t count,
                             bool modes, ln_flow_output output, void *ud) {
  handing to = {output, ud};
  return ln_riccati_map_follow(cx, &view->map, times, count, modes, hand_on, &to);
}
