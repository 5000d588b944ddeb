#include "network/train.h"

#include <math.h>

/* A loss this many times the first one (or 1, if that is larger) will not come back; its square still has
 * room. */
#define GROWTH_LIMIT 1e100
/* Progress is told at every step that takes long, else at one in so many. */
#define LONG_STEP 1e7 /* floating-point operations */
#define REPORT_EVERY 64

/* The loss at theta, and the gradient if asked for; whether the run has diverged is judged here. */
static ln_status evaluate(ln_context *cx, ln_trainer *trainer, double *gradient) {
  const ln_plan *plan = trainer->plan;
  ln_status status = ln_charge(cx, plan->flops);
  if (status == LN_OK) status = plan->evaluate(cx, plan, trainer->theta, gradient, &trainer->loss);
  if (status != LN_OK) return status;
  if (trainer->loss_limit == 0) trainer->loss_limit = GROWTH_LIMIT * fmax(1, trainer->loss);
  if (trainer->loss <= trainer->loss_limit) return LN_OK;
  return ln_fail(cx, LN_EDIVERGED,
                 "diverged: the loss is %g at step %zu (t = %g); a smaller rate than %g is needed",
                 trainer->loss, trainer->step, trainer->rate * (double)trainer->step, trainer->rate);
}

ln_status ln_train_until(ln_context *cx, ln_trainer *trainer, size_t until) {
  size_t count = trainer->plan->net->count;
  ln_matrix theta = ln_window(trainer->theta, count, 1), gradient = ln_window(trainer->gradient, count, 1);
  while (trainer->step < until) {
    ln_status status = evaluate(cx, trainer, trainer->gradient);
    if (status != LN_OK) return status;
    if (trainer->loss <= trainer->stop_loss) return trainer->stopped = true, LN_OK;
    ln_axpy(-trainer->rate, gradient, theta);
    trainer->step++;
    if (trainer->plan->flops > LONG_STEP || trainer->step % REPORT_EVERY == 0)
      ln_report(cx, "training", (double)trainer->step / (double)trainer->steps);
  }
  return LN_OK;
}

ln_status ln_train_finish(ln_context *cx, ln_trainer *trainer) { return evaluate(cx, trainer, NULL); }
