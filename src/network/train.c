#include "network/train.h"

#include <math.h>

/* A loss this many times the first one (or 1, if that is larger) will not come back; its square still has
 * room. */
#define GROWTH_LIMIT 1e100
#define REPORT_EVERY 64 /* steps */

ln_status ln_make_trainer(ln_context *cx, ln_trainer *trainer, const ln_plan *plan, double rate,
                          size_t steps) {
  *trainer = (ln_trainer){.plan = plan,
                          .rate = rate,
                          .steps = steps,
                          .stop_loss = -1,
                          .theta = plan->net->parameters,
                          .gradient = ln_reals(cx, plan->net->count)};
  return trainer->gradient ? LN_OK : LN_EMEMORY;
}

ln_status ln_train_until(ln_context *cx, ln_trainer *trainer, size_t until) {
  const ln_plan *plan = trainer->plan;
  double *theta = trainer->theta;
  const double *gradient = trainer->gradient;
  while (trainer->step < until) {
    ln_status status = ln_charge(cx, plan->flops);
    if (status == LN_OK) status = plan->evaluate(cx, plan, theta, trainer->gradient, &trainer->loss);
    if (status != LN_OK) return status;
    if (trainer->loss_limit == 0) trainer->loss_limit = GROWTH_LIMIT * fmax(1, trainer->loss);
    if (!(trainer->loss <= trainer->loss_limit))
      return ln_fail(cx, LN_EDIVERGED,
                     "diverged: the loss is %g at step %zu (t = %g); a smaller rate than %g is needed",
                     trainer->loss, trainer->step, trainer->rate * (double)trainer->step, trainer->rate);
    if (trainer->loss <= trainer->stop_loss) return trainer->stopped = true, LN_OK;
    for (size_t i = 0; i < plan->net->count; i++) theta[i] -= trainer->rate * gradient[i];
    trainer->step++;
    if (trainer->step % REPORT_EVERY == 0)
      ln_report(cx, "training", (double)trainer->step / (double)trainer->steps);
  }
  return LN_OK;
}
