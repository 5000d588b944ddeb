/* features.c: frozen layers below linear ones, as in random features.
 *
 * What the frozen layers make of the examples never changes: it is formed once, and the layers above, being linear,
 * descend on its moments by moments.c. Their parameters lie together in the whole network's, behind the frozen ones. */
#include "network/plan.h"

#include <stdio.h>
#include <string.h>

/* The values of the frozen layers stay for the whole run, for losses without cancellation: so many numbers at most. */
#define FEATURES_MOST (1 << 25)
/* Multiplications of the least-squares map, in cubes of the number of features. */
#define LEAST_SQUARES_COST 10

typedef struct features {
  size_t frozen;
  ln_net net; /* of the layers above */
  ln_task task;
  ln_plan plan;
} features;

static double weights(const ln_net *net, size_t first, size_t end) {
  double n = 0;
  for (size_t l = first; l < end; l++) n += (double)net->layers[l].inputs * (double)net->layers[l].outputs;
  return n;
}

bool ln_features_pay(const ln_net *net, const ln_task *task, size_t frozen, double evaluations) {
  if (net->linear || !task->examples || !frozen || frozen == net->depth) return false;
  for (size_t l = 0; l < net->depth; l++) {
    const ln_activation *activation = net->layers[l].activation;
    if (l < frozen ? activation->ud != NULL : !activation->linear) return false;
  }
  const double examples = (double)task->examples, outputs = (double)ln_outputs(net);
  const double n = (double)net->layers[frozen].inputs + net->bias;
  if (n * examples > FEATURES_MOST) return false;
  const double above = weights(net, frozen + 1, net->depth);
  const double plain = examples * (weights(net, 0, net->depth) + weights(net, frozen, net->depth) + above);
  const double moments = n * ((3 + n) * outputs + 3 * above);
  const double forming = examples * (weights(net, 0, frozen) + n * n) + LEAST_SQUARES_COST * n * n * n;
  return forming + evaluations * moments < evaluations * plain;
}

static ln_status evaluate(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                          double *loss) {
  const features *f = plan->work;
  const size_t at = plan->net->layers[f->frozen].weights;
  return f->plan.evaluate(cx, &f->plan, theta + at, gradient ? gradient + at : NULL, loss);
}

static ln_status lay_out(ln_context *cx, const ln_net *whole, size_t frozen, ln_net *above) {
  const size_t depth = whole->depth - frozen;
  ln_layer *layers = ln_take(cx, depth, sizeof *layers);
  if (!layers) return LN_EMEMORY;
  memcpy(layers, whole->layers + frozen, depth * sizeof *layers);
  return ln_net_layout(cx, above, layers, depth, whole->bias);
}

/* The task of the layers above: the same outputs, for what the frozen layers answer. */
static ln_status form_task(ln_context *cx, const ln_plan *plan, size_t frozen, ln_task *task) {
  const ln_task *whole = plan->task;
  const size_t n = plan->net->layers[frozen].inputs;
  *task = (ln_task){.inputs = n,
                    .outputs = whole->outputs,
                    .examples = whole->examples,
                    .X = ln_take_matrix(cx, n, whole->examples),
                    .Y = whole->Y,
                    .Sxx = ln_take_matrix(cx, n, n),
                    .Syx = ln_take_matrix(cx, whole->outputs, n),
                    .mean_x = ln_take_matrix(cx, n, 1),
                    .mean_y = ln_take_matrix(cx, whole->outputs, 1),
                    .target = ln_take_matrix(cx, whole->outputs, n)};
  if (!task->X.data || !task->Sxx.data || !task->Syx.data || !task->mean_x.data || !task->mean_y.data ||
      !task->target.data)
    return LN_EMEMORY;
  ln_status status = ln_forward(cx, plan->net, plan->net->parameters, whole->X, frozen, task->X);
  if (status == LN_OK)
    status = ln_moments(cx, task->X, task->Y, task->Sxx, task->Syx, task->mean_x, task->mean_y, &task->tr_yy);
  task->has_moments = true;
  if (status == LN_OK) status = ln_least_squares_map(cx, task, task->target, &task->loss_min);
  task->has_target = true;
  return status;
}

ln_status ln_plan_features(ln_context *cx, ln_plan *plan, const ln_net *net, const ln_task *task,
                           size_t frozen) {
  ln_mark mark = ln_begin(cx);
  *plan = (ln_plan){.net = net, .task = task, .choice = LN_PLAN_AUTO};
  features *f = ln_take(cx, 1, sizeof *f);
  if (!f) return ln_end(cx, mark, LN_EMEMORY);
  f->frozen = frozen;
  ln_status status = lay_out(cx, net, frozen, &f->net);
  if (status == LN_OK) status = form_task(cx, plan, frozen, &f->task);
  if (status == LN_OK) status = ln_make_plan(cx, &f->plan, &f->net, &f->task, LN_PLAN_AUTO);
  if (status != LN_OK) return ln_end(cx, mark, status);
  plan->work = f;
  plan->flops = f->plan.flops;
  plan->evaluate = evaluate;
  snprintf(plan->description, sizeof plan->description, "features of frozen layers, formed once: %.200s",
           f->plan.description);
  return LN_OK;
}
