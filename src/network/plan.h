/* plan.h: how the loss of a network on a task and its gradient are computed, decided once before a run.
 *
 * Paths:
 *   moments    linear networks under full-batch descent, by whatever optimizer: the gradient needs Sxx and
 *              Syx only (src/network/moments.c)
 *   observed   linear networks that learn from entries of the map itself, or from measurements of it
 *              (src/network/observed.c)
 *   examples   any network, and minibatches: forward and backward over the examples, in blocks
 *              (src/network/examples.c); small networks by kernels that keep a few examples in the
 *              first-level cache (src/network/small.c)
 *   features   linear layers above frozen ones of any kind: these are applied to the examples once, and what is above
 *              descends on the moments of what they answer (src/network/features.c)
 * A path takes its work space when the plan is made and allocates nothing later. */
#ifndef LN_PLAN_H
#define LN_PLAN_H

#include "data/task.h"
#include "network/net.h"

typedef enum ln_plan_choice {
  LN_PLAN_AUTO,
  LN_PLAN_PLAIN,
  LN_PLAN_BATCHES,
  LN_PLAN_PLAIN_BATCHES
} ln_plan_choice;

typedef struct ln_plan ln_plan;
struct ln_plan {
  const ln_net *net;
  const ln_task *task;
  ln_plan_choice choice;
  /* The loss at theta and, unless gradient is null, its gradient with respect to all parameters (same
   * layout). */
  ln_status (*evaluate)(ln_context *cx, const ln_plan *plan, const double *theta, double *gradient,
                        double *loss);
  /* The same for a minibatch: these n examples (numbers from 0) alone, the mean over them. Null: not on
   * this path, or the plan was not made for minibatches. */
  ln_status (*evaluate_batch)(ln_context *cx, const ln_plan *plan, const size_t *batch, size_t n,
                              const double *theta, double *gradient, double *loss);
  /* After evaluate: is theta a minimum to rounding, so that the flow stays there? Null: not decided on this
   * path. */
  bool (*settled)(const ln_plan *plan, const double *gradient);
  /* The layers below this one (from 0) are frozen: they are left out of the gradient, whose numbers for
   * them are undefined. 0, unless the caller sets it. */
  size_t lowest;
  void *work;   /* the path's own */
  double flops; /* of one evaluation with gradient */
  char description[256];
};

/* Checks that network and task fit (LN_EARG with both sizes), chooses the path and takes its work space
 * from the context; the caller keeps it by ln_detach, or lets it go by ln_end. LN_PLAN_PLAIN: the unreduced
 * path, over the examples if the task has any. LN_PLAN_BATCHES: over the examples, with evaluate_batch;
 * LN_PLAN_PLAIN_BATCHES: the same, unreduced. The moments path wants task->has_target. */
ln_status ln_make_plan(ln_context *cx, ln_plan *plan, const ln_net *net, const ln_task *task,
                       ln_plan_choice choice);

/* Does the plan that would be made read the task's moments (so that they must be there)? */
bool ln_plan_needs_moments(const ln_net *net, const ln_task *task, ln_plan_choice choice);

/* The paths; each fills the plan but for net and task. */
ln_status ln_plan_moments(ln_context *cx, ln_plan *plan);
ln_status ln_plan_observed(ln_context *cx, ln_plan *plan);
ln_status ln_plan_examples(ln_context *cx, ln_plan *plan, bool batches);
ln_status ln_plan_small(ln_context *cx, ln_plan *plan, bool batches);

/* The plan where the first `frozen` layers never change from the network's parameters: for the full batch, whatever the
 * optimizer. Only if ln_features_pay: the layers above are linear, none below is the host's own, and forming the features
 * once costs less than these evaluations over the examples. */
ln_status ln_plan_features(ln_context *cx, ln_plan *plan, const ln_net *net, const ln_task *task,
                           size_t frozen);
bool ln_features_pay(const ln_net *net, const ln_task *task, size_t frozen, double evaluations);

/* Is the network small enough for ln_plan_small to pay in evaluations over so many examples? */
bool ln_is_small(const ln_net *net, size_t examples);

#endif
