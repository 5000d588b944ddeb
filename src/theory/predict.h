/* predict.h: which solution describes a network on a task, and its weights over time.
 *
 * A solution says what it assumes and measures how far the given weights and data are from each assumption; a
 * distance of 0 (below 1e-10, rounding) makes it exact. A new solution is a row of the table in predict.c. */
#ifndef LN_PREDICT_H
#define LN_PREDICT_H

#include "network/flow.h"

#define LN_ASSUMPTIONS_MAX 4
#define LN_EXACT 1e-10 /* a distance below is rounding: the solution is exact */

typedef struct ln_assumption {
  const char *name;
  double distance; /* relative, 0 if it holds; infinity where it is a matter of kind, not of degree */
  double cost;     /* the error of the weights that this distance brings, relative to the final weights; an
                      estimate */
} ln_assumption;

/* The parameters at each of the rising times to `output`, in order. A flow follows the caller's plan, which may be that
 * of a reduced network, and puts out its parameters. */
typedef struct ln_request {
  const double *times;
  size_t count;
  double weight_decay;
  double tolerance;  /* of an integration, relative, per step */
  bool any_rotation; /* of hidden layers: nothing that is asked depends on it */
  const ln_plan *plan;
  double *theta; /* the plan's, at the start; changed */
  ln_flow_output output;
  void *ud;
} ln_request;

typedef struct ln_solution {
  const char *name, *source;
  bool exact;       /* a closed form, not an integration */
  bool approximate; /* however well its assumptions hold: never chosen unasked */
  bool has_map;     /* which knows the map without the weights (map_view.h) */
  bool has_plan;    /* it follows the caller's plan */
  ln_status (*measure)(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                       ln_assumption *assumptions, size_t *count);
  /* theta: room for the parameters, the network's start in it. */
  ln_status (*follow)(ln_context *cx, const ln_net *net, const ln_task *task, const ln_request *request,
                      double *theta);
} ln_solution;

extern const ln_solution ln_solutions[]; /* strongest first; ends with a null name */
const ln_solution *ln_find_solution(const char *name);

/* net->parameters are the start, unchanged. The task has its moments and its target. */
ln_status ln_predict(ln_context *cx, const ln_solution *solution, const ln_net *net, const ln_task *task,
                     const ln_request *request);

#endif
