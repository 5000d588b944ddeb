/* lrun.h: what training, a flow and a prediction share: reading the task and the observables, recording, and
 * the table that they return (lua/linnet/run.lua gives it its methods).
 *
 * All memory of a run is there before its first step: the records as Lua matrices, the work space in a box
 * that the collector frees whatever happens. */
#ifndef LRUN_H
#define LRUN_H

#include "lua/box.h"
#include "lua/lrecord.h"
#include "network/train.h"
#include "theory/map_view.h"

#define RUN_TYPE "linnet.Run"                  /* the metatable of what train, flow and predict return */
#define ENSEMBLE_RUN_TYPE "linnet.EnsembleRun" /* and of what the two return for an ensemble */

typedef struct run {
  lua_State *L;
  const char *call;
  int owner; /* stack index of the network */
  const ln_net *net;
  const ln_task *task;
  ln_plan_choice choice;
  ln_subject subject; /* of the probe */
  recording recording;
  ln_matrix t;        /* T x 1 */
  box *box;           /* holds the work space of plan and probe */
  double evaluations; /* about how many gradients it will take: reductions must pay; 0: no reductions */
  double unchanged;   /* about how many over which the frozen layers stay as they are; 0: who knows */
  double decay;       /* of the weights */
  bool predicts;      /* the network stays as it is */
  bool wants_view;    /* of the map alone, if that is known */
  bool reduced;
  ln_reduced reduction; /* if reduced */
  ln_plan plan;         /* the reduction's, if reduced */
  double *parameters;   /* the network's, or a copy if it predicts */
  double *theta;        /* what is moved: these, or the reduction's */
  bool has_view;
  ln_map_view view;  /* if has_view: what the probe looks at */
  char details[256]; /* of the plan, behind its description; or "" */
  ln_probe probe;
  size_t done;    /* records */
  bool in_worker; /* of an ensemble: it must not touch Lua */
  double started;
} run;

/* Reads task, test (by default the task's own), record, ntk_examples and plan for the network at stack index `owner`. What
 * it pushes stays on the stack for as long as the run. */
run read_run(const options *o, int owner);

/* What reductions have to pay over in a flow. */
#define FLOW_EVALUATIONS 2000

/* Option `tolerance` of a flow. */
double read_tolerance(const options *o, const ln_net *net);

/* Pushes the rising times of option `times` as a column; with `limit` they may end with infinity. */
ln_matrix push_rising_times(const options *o, bool limit);

/* Pushes room for this many records and their times. */
void push_run_records(run *r, size_t records);

/* Plan, theta and probe, with a reduction of the network where that pays over r->evaluations, and what the trainer needs
 * if there is one (its plan and theta are the run's). Raises what is refused. */
void prepare_run(run *r, ln_trainer *trainer);

/* Says weight decay in the details of the plan, if there is any. */
void describe_decay(run *r);

/* Where theta is not the network's own, the network gets what it stands for. */
void show_parameters(run *r);

/* The same, and the work space is given back: before push_run, however the run ended. */
void finish_run(run *r);

/* Records theta at time t as the next record: an ln_flow_output, with the run as ud. */
ln_status record_next(ln_context *cx, void *ud, size_t index, double t, const double *theta);

/* Pushes the table of what was recorded so far: an entry for each observable, recorded, t, net, plan,
 * seconds. */
void push_run(run *r);
/* Raises the failure of a run that had begun as an error table, with the run (on top of the stack) in `run`.
 */
_Noreturn void raise_with_run(lua_State *L, const char *call, ln_status status);

#endif
