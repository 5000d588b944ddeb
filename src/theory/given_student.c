#include "theory/given_student.h"

#include <math.h>

#include "core/root.h"

/* Eigenvalues below this share of the largest are rounding. */
#define NO_EIGENVALUE 1e-12
/* Between the first and the last time at which a single direction would stop, so many are looked at. */
#define TIMES_TRIED 400

static double largest_of(const ln_given_inputs *given) {
  double largest = 0;
  for (size_t j = 0; j < given->inputs; j++) largest = fmax(largest, given->eigenvalues[j]);
  return largest;
}

ln_status ln_given_check(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given) {
  ln_shallow_student sized = *s;
  sized.alpha = given->examples / (double)given->inputs;
  ln_status status = ln_shallow_check(cx, &sized);
  double largest = largest_of(given);
  for (size_t j = 0; j < given->inputs && status == LN_OK; j++)
    if (!(given->eigenvalues[j] >= -NO_EIGENVALUE * largest && isfinite(given->eigenvalues[j])))
      status = ln_fail(cx, LN_EARG, "eigenvalue %zu is %g: those of Sxx are >= 0 and finite", j + 1,
                       given->eigenvalues[j]);
  return status;
}

/* What is left to learn of a direction, as a share: 1 + e, and e, without cancellation. */
typedef struct share {
  double e, left;
} share;
typedef share progress(double x, const double *by);

static share by_time(double x, const double *t) { return (share){expm1(-x * *t), exp(-x * *t)}; }

static share by_steps(double x, const double *rate_and_steps) {
  double step = rate_and_steps[0] * x, steps = rate_and_steps[1];
  if (isinf(steps)) return (share){-1, 0};
  double left = pow(1 - step, steps);
  return (share){step <= 0.5 ? expm1(steps * log1p(-step)) : left - 1, left};
}

static ln_status sum_up(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given,
                        progress *of, const double *by, ln_shallow_errors *errors) {
  ln_status status = ln_charge(cx, 40 * (double)given->inputs);
  if (status != LN_OK) return status;
  const double N = (double)given->inputs, P = given->examples, least = NO_EIGENVALUE * largest_of(given);
  double rank = 0, kept = 0, noise = 0, learned = 0, moving = 0, fading = 0;
  for (size_t j = 0; j < given->inputs; j++) {
    double x = given->eigenvalues[j];
    if (x <= least) {
      kept++;
      continue;
    }
    share now = of(x, by);
    double e = now.e, left = now.left * now.left;
    rank++;
    kept += left, moving += left, fading += x * left;
    noise += e * e / x, learned += e * e;
  }
  double far = s->power + s->init_power, variance = s->noise / P * noise;
  *errors = (ln_shallow_errors){.test = s->noise + far / N * kept + variance,
                                .excess = far / N * kept + variance,
                                .train = s->noise * fmax(0, 1 - rank / P) + s->noise / P * moving +
                                         far / N * fading,
                                .power = (s->init_power * kept + s->power * learned) / N + variance};
  return LN_OK;
}

ln_status ln_given_at(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given, double t,
                      ln_shallow_errors *e) {
  ln_status status = ln_given_check(cx, s, given);
  if (status == LN_OK && !(t >= 0)) status = ln_fail(cx, LN_EARG, "t = %g: a time must be >= 0", t);
  return status == LN_OK ? sum_up(cx, s, given, by_time, &t, e) : status;
}

ln_status ln_given_after(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given,
                         double rate, double steps, ln_shallow_errors *e) {
  ln_status status = ln_given_check(cx, s, given);
  if (status != LN_OK) return status;
  double largest = largest_of(given);
  if (!(rate > 0 && rate * largest < 2))
    return ln_fail(cx, LN_EARG, "rate = %g: descent converges for rates between 0 and 2/%g = %g", rate,
                   largest, 2 / largest);
  if (!(steps >= 0)) return ln_fail(cx, LN_EARG, "steps = %g: a number of steps must be >= 0", steps);
  const double by[] = {rate, steps};
  return sum_up(cx, s, given, by_steps, by, e);
}

typedef struct search {
  const ln_shallow_student *s;
  const ln_given_inputs *given;
  double least, smallest; /* eigenvalues above `least` move, the smallest of which is that */
} search;

/* Half of the test error's derivative, times exp(smallest eigenvalue * t). */
static ln_status slope(ln_context *cx, void *ud, double t, double *y) {
  const search *f = ud;
  const double noise = f->s->noise / f->given->examples,
               far = (f->s->power + f->s->init_power) / (double)f->given->inputs;
  *y = 0;
  for (size_t j = 0; j < f->given->inputs; j++) {
    double x = f->given->eigenvalues[j];
    if (x > f->least) *y += exp((f->smallest - x) * t) * (-noise * expm1(-x * t) - far * x * exp(-x * t));
  }
  return ln_charge(cx, 60 * (double)f->given->inputs);
}

ln_status ln_given_best_time(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given,
                             double *t) {
  ln_status status = ln_given_check(cx, s, given);
  if (status != LN_OK) return status;
  double far = s->power + s->init_power, largest = largest_of(given), best = INFINITY;
  if (far == 0 || largest == 0) return *t = 0, LN_OK;
  if (s->noise == 0) return *t = INFINITY, LN_OK;
  search f = {s, given, NO_EIGENVALUE * largest, largest};
  for (size_t j = 0; j < given->inputs; j++)
    if (given->eigenvalues[j] > f.least) f.smallest = fmin(f.smallest, given->eigenvalues[j]);
  double q = far / (double)given->inputs * given->examples / s->noise;
  double early = log1p(largest * q) / largest * (1 - 1e-12),
         late = log1p(f.smallest * q) / f.smallest * (1 + 1e-12);
  double low = early, below;
  status = slope(cx, &f, early, &below);
  *t = late;
  for (int i = 1; i <= TIMES_TRIED && status == LN_OK; i++) {
    double high = early * pow(late / early, (double)i / TIMES_TRIED), above, minimum;
    status = slope(cx, &f, high, &above);
    if (status == LN_OK && below < 0 && above >= 0) {
      ln_shallow_errors e = {0};
      status = ln_find_root(cx, slope, &f, low, high, &minimum);
      if (status == LN_OK) status = ln_given_at(cx, s, given, minimum, &e);
      if (status == LN_OK && e.test < best) best = e.test, *t = minimum;
    }
    low = high, below = above;
  }
  return status;
}

ln_status ln_given_ridge(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given,
                         double ridge, ln_shallow_errors *e) {
  ln_status status = ln_given_check(cx, s, given);
  if (status == LN_OK && !(ridge >= 0))
    status = ln_fail(cx, LN_EARG, "ridge = %g: a penalty must be >= 0", ridge);
  if (status == LN_OK) status = ln_charge(cx, 20 * (double)given->inputs);
  if (status != LN_OK) return status;
  const double N = (double)given->inputs, P = given->examples, least = NO_EIGENVALUE * largest_of(given);
  double rank = 0, missed = 0, learned = 0, variance = 0, left = 0;
  for (size_t j = 0; j < given->inputs; j++) {
    double x = given->eigenvalues[j];
    if (x <= least) {
      missed++;
      continue;
    }
    double kept = isinf(ridge) ? 1 : ridge / (x + ridge), fit = x / (x + ridge);
    rank++;
    missed += kept * kept, learned += fit * fit, variance += fit / (x + ridge);
    left += kept * kept * (s->noise / P + s->power * x / N);
  }
  double excess = s->power / N * missed + s->noise / P * variance;
  *e = (ln_shallow_errors){.test = s->noise + excess,
                           .excess = excess,
                           .train = s->noise * fmax(0, 1 - rank / P) + left,
                           .power = s->power / N * learned + s->noise / P * variance};
  return LN_OK;
}
