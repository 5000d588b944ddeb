/* ltraining.h: descents and flows as Lua asks for them, of one network (lnetwork_train.c) or many (lensemble.c).
 *
 *     read_training(&o, owner, &t);        reads and checks all options, but those that say what happens around a training
 *     prepare_training(&t, false);         takes all memory
 *     while (training_goes_on(&t)) status = train_to_record(cx, &t);
 *     status = ln_train_finish(cx, &t.trainer);
 *     finish_run(&t.run);
 *     push_training(&t, status);
 *
 * Between two of these calls nothing native is held, so that Lua may do what it likes, raise an error included. A flow is
 * done in one piece. The structs must stay where they are once they are prepared. */
#ifndef LTRAINING_H
#define LTRAINING_H

#include "lua/lrun.h"

/* When a training records. */
typedef struct schedule {
  size_t count, steps;
  const double *asked; /* times, or null */
  double rate;
  size_t every; /* steps between records; 0: evenly, count of them */
} schedule;

/* The step of record k. */
size_t step_of(const schedule *s, size_t k);

typedef struct training {
  run run;
  ln_trainer trainer;
  schedule schedule;
  double *steps; /* of each record */
  double limit;  /* the largest stable rate, where the rate is known to be above it; else 0 */
  double *shown; /* room for the parameters of a reduced run, which `stop` may not change */
  bool frozen[LN_DEPTH_MAX];
} training;

/* The options that both read, and all that net:train knows. */
#define TRAINING_OPTIONS                                                                                     \
  "task", "test", "rate", "steps", "times", "stop_at", "optimizer", "momentum", "batch", "weight_decay",     \
      "seed", "freeze", "record", "ntk_examples", "every", "progress", "stop", "diverge", "plan"
#define FLOW_OPTIONS "task", "test", "times", "weight_decay", "tolerance", "record", "ntk_examples", "plan"

/* For the network at stack index `owner`. With rate = "auto" trainer.descent.rate is 0, until set_rate. What is pushed
 * stays for as long as the training. */
void read_training(const options *o, int owner, training *t);
void set_rate(const options *o, training *t, double rate);
/* can_be_asked: will asked_to_stop be called? */
void prepare_training(training *t, bool can_be_asked);

/* After prepare_training and set_rate: sets t->limit. */
void check_rate(training *t);
/* Pushes what the run has to warn of, or nil. */
bool push_warning(const training *t);
/* After prepare_training: half of the largest stable rate. */
double stable_rate(training *t, double *curvature);
void append_details(run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool training_goes_on(const training *t);
/* The steps up to the next record, and the record; after LN_EMEMORY it can be called again. */
ln_status train_to_record(ln_context *cx, training *t);
/* The record alone, of where the trainer is. */
ln_status record_training(ln_context *cx, training *t);
/* Calls the function at stack index `stop` with { step, t, net, loss, ... } of the last record; true ends the run. */
bool asked_to_stop(training *t, int stop);
/* Pushes the run. */
void push_training(training *t, ln_status status);

typedef struct flowing {
  run run;
  double tolerance;
  ln_matrix asked; /* the times */
} flowing;

void read_flow(const options *o, int owner, flowing *f);
void prepare_flow(flowing *f);
/* After LN_EMEMORY it can be called again if nothing is recorded. */
ln_status follow_flow(ln_context *cx, flowing *f);
void push_flow(flowing *f);

#endif
