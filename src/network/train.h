/* train.h: full-batch gradient descent, in stretches between which the caller records, stops or goes on.
 *
 * Time is rate times the number of steps. After every return, whatever its status, theta holds the last whole
 * step. */
#ifndef LN_TRAIN_H
#define LN_TRAIN_H

#include "network/plan.h"

typedef struct ln_trainer {
  const ln_plan *plan;
  double rate;
  double stop_loss;   /* the run is done when the loss is at most this; negative: never */
  double *theta;      /* the parameters, changed in place */
  double *gradient;   /* room for as many numbers */
  size_t step, steps; /* done, and the run's last (for progress) */
  double loss;        /* at theta of the last evaluation */
  double loss_limit;  /* beyond it the run has diverged; set by the first evaluation */
  bool stopped;       /* stop_loss was reached */
} ln_trainer;

/* Steps until trainer->step is `until`, or stop_loss is reached. LN_EDIVERGED when the loss is not finite or
 * has grown beyond all reason; LN_EINTERRUPT and LN_ETIME as ln_poll. Allocates nothing. */
ln_status ln_train_until(ln_context *cx, ln_trainer *trainer, size_t until);

/* After the last step: LN_EDIVERGED if it is the one that diverged. */
ln_status ln_train_finish(ln_context *cx, ln_trainer *trainer);

#endif
