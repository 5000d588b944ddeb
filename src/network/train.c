#include "network/train.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* A loss this many times the first one (or 1, if that is larger) will not come back; its square still has
 * room. */
#define GROWTH_LIMIT 1e100
/* Progress is told at every step that takes long, else at one in so many. */
#define LONG_STEP 1e7 /* floating-point operations */
#define REPORT_EVERY 64
/* Fused steps go on for this much work before interrupts are heeded, and so many at most before the loss is looked at. */
#define STRETCH_WORK 2e8 /* floating-point operations */
#define UNSEEN_MOST 1024

ln_status ln_make_trainer(ln_context *cx, ln_trainer *trainer) {
  ln_mark mark = ln_begin(cx);
  size_t count = trainer->plan->net->count;
  trainer->gradient = ln_reals(cx, count);
  trainer->memory = ln_take(cx, trainer->descent.optimizer->memory, count * sizeof(double));
  if (!trainer->gradient || !trainer->memory) return ln_end(cx, mark, LN_EMEMORY);
  ln_fill(ln_window(trainer->memory, count, trainer->descent.optimizer->memory), 0);
  ln_status status = LN_OK;
  trainer->fused = NULL;
  if (trainer->batches.size)
    status = ln_make_batches(cx, &trainer->batches);
  else
    status = ln_make_fused(cx, &trainer->fused, trainer->plan, &trainer->descent);
  return status == LN_OK ? LN_OK : ln_end(cx, mark, status);
}

/* Operations of an evaluation of n examples, or (0) of the whole task. */
static double step_flops(const ln_trainer *trainer, size_t n) {
  const ln_plan *plan = trainer->plan;
  return n ? plan->flops * (double)n / (double)plan->task->examples : plan->flops;
}

/* The loss at theta, of the whole task or (n > 0) of a batch, and the gradient if asked for; whether the run
 * has diverged is judged here. */
static ln_status evaluate(ln_context *cx, ln_trainer *trainer, const size_t *batch, size_t n,
                          double *gradient) {
  const ln_plan *plan = trainer->plan;
  ln_status status = ln_charge(cx, step_flops(trainer, n));
  if (status != LN_OK) return status;
  if (n)
    status = plan->evaluate_batch(cx, plan, batch, n, trainer->theta, gradient, &trainer->loss);
  else
    status = plan->evaluate(cx, plan, trainer->theta, gradient, &trainer->loss);
  if (status != LN_OK) return status;
  if (trainer->loss_limit == 0) trainer->loss_limit = GROWTH_LIMIT * fmax(1, trainer->loss);
  if (trainer->loss <= trainer->loss_limit) return LN_OK;
  const double rate = trainer->descent.rate;
  return ln_fail(cx, LN_EDIVERGED,
                 "diverged: the loss is %g at step %zu (t = %g); a smaller rate than %g is needed",
                 trainer->loss, trainer->step, rate * (double)trainer->step, rate);
}

/* So many fused steps, or fewer where the next one has to be looked at, with interrupts heeded on the way. */
static ln_status descend_stretches(ln_context *cx, ln_trainer *trainer, size_t steps, size_t *taken) {
  const double flops = trainer->plan->flops;
  for (*taken = 0; *taken < steps;) {
    double most = fmin(ceil(STRETCH_WORK / flops), floor(cx->flops_left / flops));
    size_t left = steps - *taken, stretch = most < 1 ? 1 : most < (double)left ? (size_t)most : left;
    ln_status status = ln_charge(cx, flops * (double)stretch);
    if (status != LN_OK) return status;
    size_t done = trainer->fused->descend(cx, trainer->fused, &trainer->descent, stretch, trainer->stop_loss);
    *taken += done;
    if (done < stretch) return LN_OK;
    ln_report(cx, "training", (double)(trainer->step + *taken) / (double)trainer->steps);
  }
  return LN_OK;
}

/* Fused steps up to `until`, or some of them. *taken: none where they can't tell what is to become of the run: before its
 * first loss is known, at what may be the loss to stop at, and where it diverges, from the last good parameters. */
static ln_status descend_fused(ln_context *cx, ln_trainer *trainer, size_t until, size_t *taken) {
  const ln_plan *plan = trainer->plan;
  ln_fused *fused = trainer->fused;
  size_t steps = until - trainer->step < UNSEEN_MOST ? until - trainer->step : UNSEEN_MOST;
  double *after = trainer->gradient, loss; /* there are no gradients now */
  *taken = 0;
  if (trainer->loss_limit == 0 || trainer->diverging) return LN_OK;
  fused->begin(fused, trainer->theta, trainer->memory);
  ln_status ended = descend_stretches(cx, trainer, steps, taken);
  if (*taken == 0) return ended;
  fused->end(fused, after, NULL);
  ln_status status = plan->evaluate(cx, plan, after, NULL, &loss);
  if (status != LN_OK) return status;
  trainer->diverging = !(loss <= trainer->loss_limit);
  if (trainer->diverging) return *taken = 0, ended;
  trainer->loss = loss;
  fused->end(fused, trainer->theta, trainer->memory);
  trainer->step += *taken;
  return ended;
}

ln_status ln_train_until(ln_context *cx, ln_trainer *trainer, size_t until) {
  const bool in_batches = trainer->batches.size;
  const bool long_steps = step_flops(trainer, trainer->batches.size) > LONG_STEP;
  while (trainer->step < until) {
    size_t taken = 0;
    ln_status status = trainer->fused ? descend_fused(cx, trainer, until, &taken) : LN_OK;
    if (status != LN_OK) return status;
    if (taken) continue;
    size_t n = 0;
    const size_t *batch = in_batches ? ln_next_batch(&trainer->batches, &n) : NULL;
    status = evaluate(cx, trainer, batch, n, trainer->gradient);
    if (status != LN_OK) return status;
    if (!in_batches && trainer->loss <= trainer->stop_loss) return trainer->stopped = true, LN_OK;
    trainer->step++;
    ln_descend(cx, &trainer->descent, trainer->plan->net, trainer->step, trainer->gradient, trainer->theta,
               trainer->memory);
    if (long_steps || trainer->step % REPORT_EVERY == 0)
      ln_report(cx, "training", (double)trainer->step / (double)trainer->steps);
  }
  if (!in_batches || trainer->stop_loss < 0) return LN_OK;
  ln_status status = evaluate(cx, trainer, NULL, 0, NULL);
  trainer->stopped = status == LN_OK && trainer->loss <= trainer->stop_loss;
  return status;
}

ln_status ln_train_finish(ln_context *cx, ln_trainer *trainer) {
  const ln_batches *batches = &trainer->batches;
  if (!batches->size) return evaluate(cx, trainer, NULL, 0, NULL);
  if (!trainer->step) return LN_OK;
  size_t n = batches->next < batches->size ? batches->next : batches->size; /* the last batch, or as many */
  return evaluate(cx, trainer, batches->order + batches->next - n, n, NULL);
}

/* Appends to text, of which `size` characters are left at *at; what does not fit is left out. */
__attribute__((format(printf, 3, 4))) static void append(char **at, size_t *size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(*at, *size, format, arguments);
  va_end(arguments);
  size_t written = n < 0 || *size == 0 ? 0 : (size_t)n < *size ? (size_t)n : *size - 1;
  *at += written;
  *size -= written;
}

void ln_describe_training(const ln_trainer *trainer, char *text, size_t size) {
  const ln_descent *how = &trainer->descent;
  text[0] = '\0';
  if (trainer->batches.size)
    append(&text, &size, "; batches of %zu of %zu, in a new random order each epoch", trainer->batches.size,
           trainer->batches.examples);
  if (trainer->fused) append(&text, &size, "; %s", trainer->fused->name);
  if (how->optimizer != ln_optimizers) append(&text, &size, "; %s", how->optimizer->name);
  if (how->optimizer->has_momentum) append(&text, &size, " (m = %g)", how->momentum);
  if (how->weight_decay > 0) append(&text, &size, "; weight decay %g", how->weight_decay);
  const char *before = "; frozen layers: ";
  for (size_t l = 0; how->frozen && l < trainer->plan->net->depth; l++)
    if (how->frozen[l]) append(&text, &size, "%s%zu", before, l + 1), before = ", ";
}
