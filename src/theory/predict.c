#include "theory/predict.h"

#include <string.h>

/* ---- flow: any network that a plan can be made for ---- */

static ln_status measure_flow(ln_context *cx, const ln_net *net, const ln_task *task, ln_assumption *assumptions,
                              size_t *count) {
  (void)cx, (void)net, (void)task, (void)assumptions;
  *count = 0;
  return LN_OK;
}

/* ---- the table ---- */

const ln_solution ln_solutions[] = {
    {"flow", "gradient flow, integrated by an explicit Runge-Kutta method of order 8", false, measure_flow, NULL, NULL},
    {0},
};

const ln_solution *ln_find_solution(const char *name) {
  for (const ln_solution *solution = ln_solutions; solution->name; solution++)
    if (!strcmp(solution->name, name)) return solution;
  return NULL;
}

static ln_status integrate(ln_context *cx, const ln_net *net, const ln_task *task, const double *times, size_t count,
                           double tolerance, double *theta, ln_flow_output output, void *ud) {
  ln_plan plan;
  memcpy(theta, net->parameters, net->count * sizeof *theta);
  ln_status status = ln_make_plan(cx, &plan, net, task, LN_PLAN_AUTO);
  return status == LN_OK ? ln_flow(cx, &plan, theta, times, count, tolerance, output, ud) : status;
}

ln_status ln_predict(ln_context *cx, const ln_solution *solution, const ln_net *net, const ln_task *task,
                     const double *times, size_t count, double tolerance, ln_flow_output output, void *ud) {
  ln_mark mark = ln_begin(cx);
  double *theta = ln_reals(cx, net->count);
  if (!theta) return ln_end(cx, mark, LN_EMEMORY);
  if (!solution->prepare)
    return ln_end(cx, mark, integrate(cx, net, task, times, count, tolerance, theta, output, ud));
  ln_solver solver = {.net = net, .task = task};
  ln_status status = solution->prepare(cx, &solver);
  for (size_t k = 0; k < count && status == LN_OK; k++) {
    status = ln_poll(cx);
    if (status == LN_OK) status = solution->weights(cx, &solver, times[k], theta);
    if (status == LN_OK) status = output(cx, ud, k, times[k], theta);
  }
  return ln_end(cx, mark, status);
}
