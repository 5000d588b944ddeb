#include "network/flow.h"

#include <math.h>

#define STEP_SHARE                                                                                           \
  0.05 /* of the tolerance asked for: states between two steps err some 20 times as much as the steps */
#define ABSOLUTE_TOLERANCE 1e-3 /* of the relative one, in units of the smallest layer's entries */

/* Progress is told every so many gradients, and at each one that takes long (floating-point operations). */
#define REPORT_EVERY 64
#define LONG_STEP 1e6
#define STEPS_TO_REST                                                                                        \
  100000                  /* a flow that does not settle within so many rests on a saddle, or hardly moves */
#define NEARLY_DONE 0.999 /* the most that is reported before the last record: steps reach beyond it */

typedef struct flow {
  const ln_plan *plan;
  double weight_decay;
  double end; /* the last time asked for */
  size_t gradients;
  ln_flow_output output;
  void *ud;
} flow;

static double share_done(const flow *f, double t) { return t < f->end ? t / f->end : 1; }

static ln_status velocity(ln_context *cx, void *ud, double t, const double *theta, double *dtheta) {
  flow *f = ud;
  double loss;
  if (f->plan->flops > LONG_STEP || ++f->gradients % REPORT_EVERY == 0)
    ln_report(cx, "gradient flow", fmin(share_done(f, t), NEARLY_DONE));
  ln_status status = ln_charge(cx, f->plan->flops);
  if (status == LN_OK) status = f->plan->evaluate(cx, f->plan, theta, dtheta, &loss);
  if (status != LN_OK) return status;
  cx->kernels->turn_downhill(f->plan->net->count, f->weight_decay, theta, dtheta);
  return LN_OK;
}

static ln_status hand_on(ln_context *cx, void *ud, size_t index, double t, const double *theta) {
  const flow *f = ud;
  ln_report(cx, "gradient flow", share_done(f, t));
  return f->output(cx, f->ud, index, t, theta);
}

static bool settled(void *ud, double t, const double *theta, const double *dtheta) {
  const flow *f = ud;
  (void)t, (void)theta;
  return f->plan->settled && f->plan->settled(f->plan, dtheta);
}

/* The root mean square entry of the smallest layer that is not zero; 1 if all are. */
static double smallest_layer(const ln_net *net, const double *theta) {
  double smallest = 1;
  for (size_t l = 0; l < net->depth; l++) {
    ln_matrix W = ln_weights(net, theta, l);
    double size = ln_norm(W) / sqrt((double)(W.rows * W.cols));
    if (size > 0 && size < smallest) smallest = size;
  }
  return smallest;
}

double ln_flow_tolerance(const ln_net *net) { return net->kinked ? 1e-4 : 1e-10; }

ln_status ln_flow(ln_context *cx, const ln_plan *plan, double weight_decay, double *theta,
                  const double *times, size_t count, double tolerance, ln_flow_output output, void *ud) {
  if (!count) return LN_OK;
  if (times[count - 1] == INFINITY && (!plan->settled || weight_decay > 0))
    return ln_fail(cx, LN_EARG, "t = infinity: nothing says when %s has come to rest; give a finite time",
                   weight_decay > 0 ? "a flow with weight decay" : "this flow");
  flow f = {.plan = plan, .weight_decay = weight_decay, .end = times[count - 1], .output = output, .ud = ud};
  ln_ode ode = {.rhs = velocity,
                .output = hand_on,
                .settled = settled,
                .ud = &f,
                .n = plan->net->count,
                .max_steps = times[count - 1] == INFINITY ? STEPS_TO_REST : 0,
                .rtol = STEP_SHARE * tolerance,
                .atol = ABSOLUTE_TOLERANCE * STEP_SHARE * tolerance * smallest_layer(plan->net, theta)};
  return ln_ode_solve(cx, &ode, 0, theta, times, count);
}
