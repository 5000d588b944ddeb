#include "network/plan.h"

bool ln_plan_needs_moments(const ln_net *net, const ln_task *task, ln_plan_choice choice) {
  if (!net->linear || task->observed.count || choice >= LN_PLAN_BATCHES) return false;
  return choice == LN_PLAN_AUTO || !task->examples;
}

ln_status ln_make_plan(ln_context *cx, ln_plan *plan, const ln_net *net, const ln_task *task,
                       ln_plan_choice choice) {
  if (task->inputs != ln_inputs(net) || task->outputs != ln_outputs(net))
    return ln_fail(cx, LN_EARG, "the network maps %zu inputs to %zu outputs and the task has %zu and %zu",
                   ln_inputs(net), ln_outputs(net), task->inputs, task->outputs);
  *plan = (ln_plan){.net = net, .task = task, .choice = choice};
  if (task->observed.count) return ln_plan_observed(cx, plan);
  if (ln_plan_needs_moments(net, task, choice)) return ln_plan_moments(cx, plan);
  if (!task->examples)
    return ln_fail(cx, LN_EARG, "%s, and this task has only moments",
                   net->linear ? "minibatches need examples"
                               : "a network with nonlinear units needs examples");
  const bool batches = choice >= LN_PLAN_BATCHES,
             plain = choice == LN_PLAN_PLAIN || choice == LN_PLAN_PLAIN_BATCHES;
  if (!plain && ln_is_small(net, task->examples)) return ln_plan_small(cx, plan, batches);
  return ln_plan_examples(cx, plan, batches);
}
