#include "theory/coloured_student.h"

#include <float.h>
#include <math.h>

#define FRACTIONS_OFF 1e-12 /* what their sum may be off 1 by */
#define GOLDEN 0.61803398874989484820
#define LOG_MOST 30.0 /* of the effective ridges tried, to the largest variance */
enum { GRID = 240, GOLDEN_STEPS = 80, NEWTON_MOST = 200 };

ln_status ln_coloured_check(ln_context *cx, const ln_coloured *p) {
  if (!(p->alpha > 0 && isfinite(p->alpha)))
    return ln_fail(cx, LN_EARG, "alpha = %g: the examples for each input must be > 0 and finite", p->alpha);
  if (!(p->noise >= 0 && isfinite(p->noise)))
    return ln_fail(cx, LN_EARG, "noise = %g: a variance must be >= 0 and finite", p->noise);
  const struct {
    const char *name;
    const double *values;
  } lists[] = {
      {"variance", p->variance}, {"fraction", p->fraction}, {"power", p->teacher}, {"init_power", p->start}};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < p->count; j++)
      if (!(lists[i].values[j] >= 0 && isfinite(lists[i].values[j])))
        return ln_fail(cx, LN_EARG, "%s %zu is %g: it must be >= 0 and finite", lists[i].name, j + 1,
                       lists[i].values[j]);
  double sum = 0, largest = 0, powers = p->noise;
  for (size_t j = 0; j < p->count; j++) {
    sum += p->fraction[j];
    powers += p->teacher[j] + p->start[j];
    if (p->fraction[j] > 0) largest = fmax(largest, p->variance[j]);
  }
  if (!(fabs(sum - 1) <= FRACTIONS_OFF))
    return ln_fail(cx, LN_EARG, "the fractions sum to %.15g; they must sum to 1", sum);
  if (largest == 0) return ln_fail(cx, LN_EARG, "all variances are 0: there are no inputs");
  if (powers == 0)
    return ln_fail(cx, LN_EARG,
                   "power, noise and init_power are all 0: nothing is learned and nothing forgotten");
  return LN_OK;
}

/* 1 - (1/alpha) sum p v/(v + k): the ridge is k times this. */
static double felt(const ln_coloured *p, double k) {
  double sum = 0;
  for (size_t j = 0; j < p->count; j++)
    if (p->variance[j] > 0) sum += p->fraction[j] * p->variance[j] / (p->variance[j] + k);
  return 1 - sum / p->alpha;
}

/* The k > 0 at which that is 0, or 0 if it is nowhere: rising and concave, so that Newton comes from the left. */
static double without_ridge(const ln_coloured *p) {
  double k = 0;
  for (int i = 0; i < NEWTON_MOST; i++) {
    double value = felt(p, k), slope = 0;
    if (!(value < 0)) break;
    for (size_t j = 0; j < p->count; j++) {
      double v = p->variance[j];
      if (v > 0) slope += p->fraction[j] * v / ((v + k) * (v + k));
    }
    double next = k - value * p->alpha / slope;
    if (!(next > k * (1 + DBL_EPSILON))) break;
    k = next;
  }
  return k;
}

/* At an effective ridge k > 0, of which `share` is ridge/k; teacher's powers b, and c of the start too if it is given. */
static ln_coloured_errors errors_at(const ln_coloured *p, const double *start, double k, double share) {
  double bias = 0, fit = 0, free = 0;
  for (size_t j = 0; j < p->count; j++) {
    double v = p->variance[j], kept = k / (v + k), power = p->teacher[j] + (start ? start[j] : 0);
    bias += p->fraction[j] * power * v * kept * kept;
    fit += p->fraction[j] * (v / (v + k)) * (v / (v + k)) / p->alpha;
    free += p->fraction[j] * (v / (v + k)) * kept / p->alpha;
  }
  double left = share + free; /* 1 - fit, as positive terms */
  double excess = (bias + p->noise * fit) / left;
  return (ln_coloured_errors){excess, share * share * (excess + p->noise), k};
}

static ln_coloured_errors ridgeless(const ln_coloured *p, const double *start) {
  double k = without_ridge(p), left = felt(p, 0);
  if (k > 0) return errors_at(p, start, k, 0);
  double excess = p->noise == 0 ? 0 : left > 0 ? p->noise * (1 - left) / left : INFINITY;
  return (ln_coloured_errors){excess, p->noise * fmax(0, left), 0};
}

static ln_coloured_errors at_rest(const ln_coloured *p) {
  double power = 0;
  for (size_t j = 0; j < p->count; j++) power += p->fraction[j] * p->teacher[j] * p->variance[j];
  return (ln_coloured_errors){power, power + p->noise, INFINITY};
}

ln_status ln_coloured_ridge(ln_context *cx, const ln_coloured *p, double ridge, ln_coloured_errors *e) {
  ln_status status = ln_coloured_check(cx, p);
  if (status == LN_OK && !(ridge >= 0))
    status = ln_fail(cx, LN_EARG, "ridge = %g: a penalty must be >= 0", ridge);
  if (status == LN_OK) status = ln_charge(cx, 1e3 * (double)p->count);
  if (status != LN_OK) return status;
  if (ridge == 0) return *e = ridgeless(p, NULL), LN_OK;
  if (isinf(ridge)) return *e = at_rest(p), LN_OK;
  double k = ln_coloured_effective_ridge(p, ridge);
  return *e = errors_at(p, NULL, k, ridge / k), LN_OK;
}

ln_status ln_coloured_limit(ln_context *cx, const ln_coloured *p, ln_coloured_errors *e) {
  ln_status status = ln_coloured_check(cx, p);
  if (status == LN_OK) status = ln_charge(cx, 1e3 * (double)p->count);
  if (status == LN_OK) *e = ridgeless(p, p->start);
  return status;
}

/* As a function of ln k, k above the least there is: the ridge follows from it in closed form. */
static double excess_at(const ln_coloured *p, double least, double x) {
  double k = least + exp(x);
  return errors_at(p, NULL, k, fmax(0, felt(p, k))).excess;
}

ln_status ln_coloured_best_ridge(ln_context *cx, const ln_coloured *p, double *ridge, ln_coloured_errors *e) {
  ln_status status = ln_coloured_check(cx, p);
  if (status == LN_OK) status = ln_charge(cx, 30.0 * (GRID + GOLDEN_STEPS) * (double)p->count);
  if (status != LN_OK) return status;
  double least = without_ridge(p), top = p->variance[0], lowest = INFINITY;
  for (size_t j = 1; j < p->count; j++) top = fmax(top, p->variance[j]);
  double low = log(top) - LOG_MOST, step = 2 * LOG_MOST / GRID, best = low;
  for (int i = 0; i <= GRID; i++) {
    double now = excess_at(p, least, low + i * step);
    if (now < lowest) lowest = now, best = low + i * step;
  }
  double a = best - step, b = best + step;
  for (int i = 0; i < GOLDEN_STEPS; i++) {
    double left = b - GOLDEN * (b - a), right = a + GOLDEN * (b - a);
    if (excess_at(p, least, left) < excess_at(p, least, right))
      b = right;
    else
      a = left;
  }
  double k = least + exp((a + b) / 2), share = fmax(0, felt(p, k));
  *ridge = k * share;
  *e = errors_at(p, NULL, k, share);
  const ln_coloured_errors none = ridgeless(p, NULL), all = at_rest(p);
  if (none.excess <= e->excess) *ridge = 0, *e = none;
  if (all.excess <= e->excess) *ridge = INFINITY, *e = all;
  return LN_OK;
}
