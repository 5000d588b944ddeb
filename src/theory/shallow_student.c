#include "theory/shallow_student.h"

#include <math.h>

#include "core/root.h"
#include "theory/special.h"

/* Decays below this are formed as sums of positive terms, which keep their digits. So small they are at the latest when the
 * slowest direction has decayed by itself to that. */
#define FAINT 1e-5
#define FAINT_AT 5.8

ln_status ln_shallow_check(ln_context *cx, const ln_shallow_student *s) {
  if (!(s->alpha > 0 && isfinite(s->alpha)))
    return ln_fail(cx, LN_EARG, "alpha = %g: the examples for each input must be > 0 and finite", s->alpha);
  const struct {
    const char *name;
    double value;
  } powers[] = {{"power", s->power}, {"noise", s->noise}, {"init_power", s->init_power}};
  for (size_t i = 0; i < 3; i++)
    if (!(powers[i].value >= 0 && isfinite(powers[i].value)))
      return ln_fail(cx, LN_EARG, "%s = %g: a variance must be >= 0 and finite", powers[i].name,
                     powers[i].value);
  if (s->power + s->noise + s->init_power == 0)
    return ln_fail(cx, LN_EARG,
                   "power, noise and init_power are all 0: nothing is learned and nothing forgotten");
  return LN_OK;
}

static ln_status open_law(ln_context *cx, const ln_shallow_student *s, ln_marchenko_pastur *law) {
  ln_status status = ln_shallow_check(cx, s);
  return status == LN_OK ? ln_marchenko_pastur_law(cx, 1 / s->alpha, law) : status;
}

/* What has to be unlearned plus learned. */
static double distance(const ln_shallow_student *s) { return s->power + s->init_power; }

/* a * b, and 0 where a is, whatever b. */
static double share(double a, double b) { return a == 0 ? 0 : a * b; }

static ln_shallow_errors errors_of(const ln_shallow_student *s, const ln_relaxed *m) {
  double g = 1 / s->alpha, noise = share(g * s->noise, m->noise);
  return (ln_shallow_errors){.test = s->noise + distance(s) * m->kept + noise,
                             .excess = distance(s) * m->kept + noise,
                             .train = s->noise * fmax(0, 1 - g) + g * s->noise * m->moving +
                                      distance(s) * m->fading,
                             .power = s->init_power * m->kept + s->power * m->learned + noise};
}

ln_status ln_shallow_at(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double t, bool train,
                        ln_shallow_errors *e) {
  ln_marchenko_pastur law;
  ln_status status = open_law(cx, s, &law);
  if (status != LN_OK) return status;
  if (!(t >= 0)) return ln_fail(cx, LN_EARG, "t = %g: a time must be >= 0", t);
  bool fades = (s->noise == 0 || (train && law.gamma > 1)) && isfinite(t),
       late = law.lower * t > FAINT_AT; /* errors that go to 0 */
  ln_relaxed m, small;
  status = fades && late ? ln_relax_late(cx, r, &law, t, &m) : ln_relax(cx, r, &law, t, &m);
  if (status == LN_OK && fades && !late && m.moving < FAINT) {
    status = ln_relax_late(cx, r, &law, t, &small);
    if (status == LN_OK) m.moving = small.moving, m.fading = small.fading, m.kept = small.kept;
  }
  if (status == LN_OK) *e = errors_of(s, &m);
  return status;
}

ln_status ln_shallow_after(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double rate,
                           double steps, ln_shallow_errors *e) {
  ln_marchenko_pastur law;
  ln_status status = open_law(cx, s, &law);
  if (status != LN_OK) return status;
  if (!(steps >= 0)) return ln_fail(cx, LN_EARG, "steps = %g: a number of steps must be >= 0", steps);
  ln_relaxed m;
  status = ln_relax_steps(cx, r, &law, rate, steps, &m);
  if (status == LN_OK) *e = errors_of(s, &m);
  return status;
}

ln_status ln_shallow_limit(ln_context *cx, const ln_shallow_student *s, double inputs, double examples,
                           ln_shallow_errors *e) {
  ln_shallow_student sized = *s;
  sized.alpha = examples / inputs;
  ln_status status = ln_shallow_check(cx, &sized);
  if (status != LN_OK) return status;
  /* E tr (XX')^+ of Gaussian inputs: by the inverse Wishart distribution. */
  double few = fmin(inputs, examples), gap = fabs(examples - inputs) - 1;
  double noise = share(s->noise, gap > 0 ? few / gap : INFINITY), frozen = fmax(0, 1 - sized.alpha);
  *e = (ln_shallow_errors){.test = s->noise + noise + frozen * distance(s),
                           .excess = noise + frozen * distance(s),
                           .train = s->noise * fmax(0, 1 - 1 / sized.alpha),
                           .power = frozen * s->init_power + (1 - frozen) * s->power + noise};
  return LN_OK;
}

/* ---- when to stop ---- */

typedef struct search {
  ln_relaxation *r;
  const ln_marchenko_pastur *law;
  const ln_shallow_student *s;
  double level; /* of what is looked for */
} search;

/* Half of the test error's derivative, times exp(lower edge * t): a sum over fixed nodes. */
static ln_status slope(ln_context *cx, void *ud, double t, double *y) {
  const search *f = ud;
  const ln_relaxation *r = f->r;
  const double noise = f->s->noise / f->s->alpha, far = distance(f->s);
  for (size_t k = 0; k < r->nodes; k++) r->e[k] = -r->x[k] * t;
  cx->kernels->exp(r->nodes, r->e, r->left);
  cx->kernels->expm1(r->nodes, r->e, r->e);
  double sum = 0;
  for (size_t k = 0; k < r->nodes; k++)
    sum += r->left[k] * (-noise * r->e[k] * r->w_over_x[k] - far * r->w[k] * r->left[k]);
  *y = sum * exp(f->law->lower * t);
  return LN_OK;
}

ln_status ln_shallow_best_time(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double *t) {
  ln_marchenko_pastur law;
  ln_status status = open_law(cx, s, &law);
  if (status != LN_OK) return status;
  if (distance(s) == 0) return *t = 0, LN_OK;
  if (s->noise == 0) return *t = INFINITY, LN_OK;
  double q = s->alpha * distance(s) / s->noise; /* a single mode stops at ln(1 + x q)/x */
  double early = log1p(law.upper * q) / law.upper,
         late = law.lower > 0 ? log1p(law.lower * q) / law.lower : q;
  status = ln_relaxation_nodes(cx, r, &law, late);
  if (status != LN_OK) return status;
  search f = {r, &law, s, 0};
  return ln_find_root(cx, slope, &f, early * (1 - 1e-12), late * (1 + 1e-12), t);
}

static ln_status test_above(ln_context *cx, void *ud, double t, double *y) {
  const search *f = ud;
  ln_shallow_errors e = {0};
  ln_status status = ln_shallow_at(cx, f->r, f->s, t, false, &e);
  *y = e.test - f->level;
  return status;
}

ln_status ln_shallow_accuracy_time(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s,
                                   double excess, double *t) {
  ln_status status = ln_shallow_check(cx, s);
  if (status != LN_OK) return status;
  if (!(excess > 0))
    return ln_fail(cx, LN_EARG, "excess = %g: a share of the lowest error must be > 0", excess);
  if (s->noise == 0)
    return ln_fail(cx, LN_EARG,
                   "without noise the test error falls for ever: there is no lowest one to come near to");
  ln_shallow_errors first, best;
  double until;
  status = ln_shallow_best_time(cx, r, s, &until);
  if (status == LN_OK) status = ln_shallow_at(cx, r, s, 0, false, &first);
  if (status == LN_OK) status = ln_shallow_at(cx, r, s, until, false, &best);
  if (status != LN_OK) return status;
  search f = {r, NULL, s, (1 + excess) * best.test};
  if (first.test <= f.level) return *t = 0, LN_OK;
  return ln_find_root(cx, test_above, &f, 0, until, t);
}

/* The training error above its limit, against its level: the logarithm, which is nearly straight. */
static ln_status train_above(ln_context *cx, void *ud, double t, double *y) {
  const search *f = ud;
  ln_relaxed m;
  ln_status status = ln_relax_late(cx, f->r, f->law, t, &m);
  if (status == LN_OK)
    *y = log((f->s->noise / f->s->alpha * m.moving + distance(f->s) * m.fading) / f->level);
  return status;
}

ln_status ln_shallow_train_time(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double left,
                                double *t) {
  ln_marchenko_pastur law;
  ln_status status = open_law(cx, s, &law);
  if (status != LN_OK) return status;
  if (!(left > 0 && left < 1))
    return ln_fail(cx, LN_EARG, "left = %g: a share of the error at first must lie between 0 and 1", left);
  double moving = 1 - law.atom; /* the mean of x is 1 */
  search f = {r, &law, s, left * (s->noise / s->alpha * moving + distance(s))};
  double low = 0, high = 1, y;
  for (;;) {
    status = train_above(cx, &f, high, &y);
    if (status != LN_OK || y <= 0) break;
    low = high, high *= 2;
  }
  return status == LN_OK ? ln_find_root(cx, train_above, &f, low, high, t) : status;
}

/* ---- ridge ---- */

/* The effective ridge k > 0 with k (1 - g/(1 + k)) = ridge. */
static double effective_ridge(double g, double ridge) {
  double h = ridge + g - 1, S = sqrt(h * h + 4 * ridge);
  return h >= 0 ? (h + S) / 2 : 2 * ridge / (S - h);
}

ln_status ln_shallow_ridge(ln_context *cx, const ln_shallow_student *s, double ridge, ln_shallow_errors *e) {
  ln_marchenko_pastur law;
  ln_status status = open_law(cx, s, &law);
  if (status != LN_OK) return status;
  if (!(ridge >= 0)) return ln_fail(cx, LN_EARG, "ridge = %g: a penalty must be >= 0", ridge);
  double g = law.gamma, noise = s->noise;
  if (isinf(ridge)) return *e = (ln_shallow_errors){s->power + noise, s->power + noise, 0, s->power}, LN_OK;
  double k = effective_ridge(g, ridge);
  if (k == 0) { /* least squares of more examples than inputs, or as many */
    *e = (ln_shallow_errors){noise == 0 ? 0 : noise / (1 - g), noise * (1 - g),
                             s->power + share(noise, g < 1 ? g / (1 - g) : INFINITY),
                             share(noise, g < 1 ? g / (1 - g) : INFINITY)};
    return LN_OK;
  }
  double bias = k / (1 + k), fit = ridge / k + g * k / ((1 + k) * (1 + k)); /* 1 - df2/P as positive terms */
  e->test = (s->power * bias * bias + noise) / fit;
  e->excess = (s->power * bias * bias + noise * g / ((1 + k) * (1 + k))) / fit;
  e->train = ridge / k * (ridge / k) * e->test;
  if (ridge == 0) { /* the smallest weights that fit */
    e->power = s->power / g + noise / (g - 1);
    return LN_OK;
  }
  double m = ln_marchenko_pastur_resolvent(&law, ridge), m2 = ln_marchenko_pastur_resolvent2(&law, ridge);
  e->power = s->power * (1 - 2 * ridge * m + ridge * ridge * m2) + g * noise * (m - ridge * m2);
  return LN_OK;
}

ln_status ln_shallow_best_ridge(ln_context *cx, const ln_shallow_student *s, double *ridge, double *test) {
  ln_marchenko_pastur law;
  ln_status status = open_law(cx, s, &law);
  if (status != LN_OK) return status;
  if (s->noise == 0) return *ridge = 0, *test = law.atom * s->power, LN_OK;
  *ridge = s->power == 0 ? INFINITY : law.gamma * s->noise / s->power;
  *test = s->noise * (1 + (isinf(*ridge) ? 0 : law.gamma * ln_marchenko_pastur_resolvent(&law, *ridge)));
  return LN_OK;
}
