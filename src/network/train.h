/* train.h: descent by any optimizer, full batch or in minibatches, in stretches between which the caller
 * records, stops or goes on.
 *
 * Time is rate times the number of steps. After every return, whatever its status, theta holds the last whole
 * step. */
#ifndef LN_TRAIN_H
#define LN_TRAIN_H

#include "network/batch.h"
#include "network/fused.h"
#include "network/optimizer.h"
#include "network/plan.h"

typedef struct ln_trainer {
  /* set by the caller: */
  const ln_plan *plan; /* with minibatches one that can evaluate them */
  ln_descent descent;
  ln_batches batches; /* size 0: full batch; else stream, examples and size */
  double stop_loss;   /* the run is done when the loss is at most this; negative: never */
  double *theta;      /* the parameters, changed in place */
  size_t steps;       /* the run's last, for progress */
  /* by ln_make_trainer and the steps: */
  double *gradient, *memory;
  ln_fused *fused;   /* takes the steps; null: they are taken one by one */
  size_t step;       /* done */
  double loss;       /* of the last evaluation: at theta before the step, of the batch if there are batches */
  double loss_limit; /* beyond it the run has diverged; set by the first evaluation */
  bool diverging;    /* in the next stretch of fused steps: they are taken one by one */
  bool stopped;      /* stop_loss was reached */
} ln_trainer;

/* Takes all memory of the run from the context. */
ln_status ln_make_trainer(ln_context *cx, ln_trainer *trainer);

/* Steps until trainer->step is `until`, or stop_loss is reached: by the loss before a step, with
 * minibatches by that of the whole task at `until`. LN_EDIVERGED when the loss is not finite or has grown
 * beyond all reason; LN_EINTERRUPT, LN_ETIME and LN_EFLOPS as ln_charge. Allocates nothing. */
ln_status ln_train_until(ln_context *cx, ln_trainer *trainer, size_t until);

/* After the last step: LN_EDIVERGED if it is the one that diverged. */
ln_status ln_train_finish(ln_context *cx, ln_trainer *trainer);

/* What is not plain full-batch descent, to follow a plan's description: "; momentum (m = 0.9); frozen
 * layers: 2", or "". */
void ln_describe_training(const ln_trainer *trainer, char *text, size_t size);

#endif
