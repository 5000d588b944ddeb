#include "theory/random_features.h"

#include <math.h>

#include "theory/coloured_flow.h"
#include "theory/marchenko_pastur.h"

enum { NEWTON_MOST = 500, GRID = 75, GOLDEN_STEPS = 80 };
#define GOLDEN 0.61803398874989484820
#define LOG_RIDGE_LEAST (-25.0)
#define LOG_RIDGE_MOST 12.0

ln_status ln_random_features_check(ln_context *cx, const ln_random_features *p) {
  if (!(p->width > 0 && isfinite(p->width)))
    return ln_fail(cx, LN_EARG, "width = %g must be > 0 and finite: features per input", p->width);
  if (!(p->alpha > 0 && isfinite(p->alpha)))
    return ln_fail(cx, LN_EARG, "alpha = %g must be > 0 and finite: examples per input", p->alpha);
  const struct {
    const char *name;
    double value;
  } others[] = {{"linear", p->linear}, {"rest", p->rest}, {"power", p->power}, {"noise", p->noise}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (!(others[i].value >= 0 && isfinite(others[i].value)))
      return ln_fail(cx, LN_EARG, "%s = %g must be >= 0 and finite", others[i].name, others[i].value);
  if (p->linear == 0 && p->rest == 0)
    return ln_fail(cx, LN_EARG, "linear and rest are both 0: the features are constant");
  if (p->power == 0 && p->noise == 0)
    return ln_fail(cx, LN_EARG, "power and noise are both 0: there is nothing to learn");
  return LN_OK;
}

/* ---- the minimum of L ---- */

typedef struct spectrum {
  const ln_random_features *p;
  double width, alpha, c, b, v;
  /* Of the features' linear part, ratio width, and of the same matrix from the inputs' side, ratio 1/width. */
  ln_marchenko_pastur features, inputs;
} spectrum;

static ln_status spectrum_of(ln_context *cx, const ln_random_features *p, spectrum *s) {
  ln_status status = ln_random_features_check(cx, p);
  *s = (spectrum){
      .p = p, .width = p->width, .alpha = p->alpha, .c = p->width / p->alpha, .b = p->linear, .v = p->rest};
  if (status == LN_OK) status = ln_marchenko_pastur_law(cx, p->width, &s->features);
  return status == LN_OK ? ln_marchenko_pastur_law(cx, 1 / p->width, &s->inputs) : status;
}

/* How many weights the data can fix, per input. */
static double parameters(const spectrum *s) { return s->v > 0 ? s->width : fmin(s->width, 1); }

/* 1 - c (mean of s/(s + k)) over the covariance's eigenvalues s. */
static double unlearned(const spectrum *s, double k) {
  if (s->b == 0) return (s->alpha - s->width) / s->alpha + s->c * k / (s->v + k);
  double q = (s->v + k) / s->b, m = ln_marchenko_pastur_resolvent(&s->features, q);
  if (s->width < 10) return (s->alpha - s->width) / s->alpha + s->c * (k / s->b) * m;
  double Q = q / s->width;
  return 1 - (1 - Q * ln_marchenko_pastur_resolvent(&s->inputs, Q) + s->v / s->b * s->width * m) / s->alpha;
}

/* The mean of x/(x + Q)^2 from the inputs' side, of positive terms on either side of width = 1. */
static double weighted(const spectrum *s, double Q) {
  double g = s->inputs.gamma, B = 1 - g + Q, S = sqrt(B * B + 4 * g * Q);
  double m = ln_marchenko_pastur_resolvent(&s->inputs, Q);
  if (g <= 1) return m * (1 - g + g * Q * m) / S;
  return m * Q / g * ln_marchenko_pastur_resolvent(&s->features, Q / g) / S;
}

/* c times the mean of s k/(s + k)^2 */
static double half_learned(const spectrum *s, double k) {
  if (s->b == 0) return s->c * s->v * k / ((s->v + k) * (s->v + k));
  double q = (s->v + k) / s->b;
  double rest = s->v / s->b * s->width * ln_marchenko_pastur_resolvent2(&s->features, q);
  return k / s->b / s->alpha * (weighted(s, q / s->width) / s->width + rest);
}

/* k (1 - c d1(k)) = ridge, from the right: convex, so Newton comes down without overshooting. */
static double effective_ridge(const spectrum *s, double ridge) {
  double k = ridge + s->c * (s->b + s->v);
  for (int i = 0; i < NEWTON_MOST; i++) {
    double u = unlearned(s, k), next = k - (k * u - ridge) / (u + half_learned(s, k));
    if (!(next < k && next > 0)) break;
    k = next;
  }
  return k;
}

/* What of the teacher stays in the error, at effective ridge k > 0 and at k = 0. */
static double missed(const spectrum *s, double k) {
  double power = s->p->power;
  if (s->b == 0) return power;
  if (k == 0 && s->v == 0) return power * fmax(1 - s->width, 0);
  double rest = s->v / (s->b * s->width), Q = (s->v + k) / (s->b * s->width);
  double sum = rest * ln_marchenko_pastur_resolvent(&s->inputs, Q);
  if (k > 0) sum += Q * (k / s->b / s->width) * ln_marchenko_pastur_resolvent2(&s->inputs, Q);
  return power * sum;
}

static ln_random_features_errors at_ridge(const spectrum *s, double ridge) {
  double fixed = parameters(s), noise = s->p->noise;
  if (ridge == 0 && fixed <= s->alpha) {
    double left = (s->alpha - fixed) / s->alpha, error = missed(s, 0) + noise;
    return (ln_random_features_errors){.test = error > 0 ? error / left : 0, .train = error * left};
  }
  double k = ridge == 0 && s->b == 0 ? s->v * (s->c - 1) : effective_ridge(s, ridge);
  double test = (missed(s, k) + noise) / (ridge / k + half_learned(s, k));
  return (ln_random_features_errors){test, ridge / k * (ridge / k) * test, k};
}

ln_status ln_random_features_ridge(ln_context *cx, const ln_random_features *p, double ridge,
                                   ln_random_features_errors *errors) {
  spectrum s;
  ln_status status = spectrum_of(cx, p, &s);
  if (status != LN_OK) return status;
  if (!(ridge >= 0 && isfinite(ridge)))
    return ln_fail(cx, LN_EARG, "ridge = %g must be >= 0 and finite", ridge);
  *errors = at_ridge(&s, ridge);
  return LN_OK;
}

ln_status ln_random_features_best_ridge(ln_context *cx, const ln_random_features *p, double *ridge,
                                        ln_random_features_errors *errors) {
  spectrum s;
  ln_status status = spectrum_of(cx, p, &s);
  if (status != LN_OK) return status;
  double shift = log(fmax(p->width, 1)); /* of wide networks: ridges grow as the number of features */
  double step = (LOG_RIDGE_MOST - LOG_RIDGE_LEAST) / (GRID - 1), best = 0, lowest = INFINITY;
  for (int i = 0; i < GRID; i++) {
    double x = LOG_RIDGE_LEAST + shift + step * i, test = at_ridge(&s, exp(x)).test;
    if (test < lowest) lowest = test, best = x;
  }
  double low = best - step, high = best + step;
  for (int i = 0; i < GOLDEN_STEPS; i++) {
    double left = high - GOLDEN * (high - low), right = low + GOLDEN * (high - low);
    if (at_ridge(&s, exp(left)).test < at_ridge(&s, exp(right)).test)
      high = right;
    else
      low = left;
  }
  *ridge = exp((low + high) / 2);
  *errors = at_ridge(&s, *ridge);
  ln_random_features_errors none = at_ridge(&s, 0);
  double nothing = p->power + p->noise; /* learned at all */
  if (none.test <= errors->test) *ridge = 0, *errors = none;
  if (nothing < errors->test)
    *ridge = INFINITY, *errors = (ln_random_features_errors){nothing, nothing, INFINITY};
  return LN_OK;
}

/* ---- over time ----
 *
 * Features of N Gaussian inputs are a linear student of Nh inputs with covariance linear * G + rest, G of the Marchenko-Pastur law
 * with ratio width, and the part of the teacher that they do not span is noise. */

enum { NODES_LEAST = 60, NODES_MOST = 4000 };
#define POLE_DIGITS 42.0

typedef struct features {
  ln_coloured c;
  spectrum s;
  double start; /* test error at t = 0 */
} features;

static ln_status make_features(ln_context *cx, const ln_random_features *p, features *f) {
  ln_status status = spectrum_of(cx, p, &f->s);
  if (status != LN_OK) return status;
  /* Without a rest the rule's pole at 0 stays: its error is |ln width| to the number of nodes. */
  double wanted = p->rest == 0 && p->width != 1 ? ceil(POLE_DIGITS / fabs(log(p->width))) : 0;
  size_t n = (size_t)fmin(fmax(NODES_LEAST, wanted), NODES_MOST);
  double *variance = ln_reals(cx, n + 1), *fraction = ln_reals(cx, n + 1), *teacher = ln_reals(cx, n + 1),
         *start = ln_reals(cx, n + 1);
  if (!variance || !fraction || !teacher || !start) return LN_EMEMORY;
  ln_marchenko_pastur_rule(&f->s.features, n, variance, fraction);
  double total = 0, explained = 0;
  for (size_t k = 0; k < n; k++) {
    double g = variance[k]; /* until here */
    variance[k] = p->linear * g + p->rest, fraction[k] /= g;
    double seen = p->linear * g / variance[k];
    teacher[k] = p->power * p->width * seen / variance[k];
    total += fraction[k], explained += fraction[k] * seen, start[k] = 0;
  }
  variance[n] = p->rest, fraction[n] = fmax(0, 1 - total), teacher[n] = start[n] = 0;
  f->c = (ln_coloured){n + 1,
                       variance,
                       fraction,
                       teacher,
                       start,
                       p->alpha / p->width,
                       p->noise + p->power * (1 - p->width * explained)};
  f->start = p->power + p->noise;
  return LN_OK;
}

static ln_status at_time(ln_context *cx, const features *f, double t, ln_random_features_errors *e) {
  *e = (ln_random_features_errors){f->start, f->start, 0};
  if (t == 0) return LN_OK;
  ln_status status = ln_coloured_flow(cx, &f->c, t, &e->test, &e->train);
  e->test += f->c.noise;
  e->train = fmax(e->train, 0);
  return status;
}

ln_status ln_random_features_flow(ln_context *cx, const ln_random_features *p, const double *t, size_t n,
                                  ln_random_features_errors *errors) {
  ln_mark mark = ln_begin(cx);
  features f;
  ln_status status = make_features(cx, p, &f);
  for (size_t i = 0; i < n && status == LN_OK; i++) {
    if (!(t[i] >= 0)) status = ln_fail(cx, LN_EARG, "t[%zu] = %g must be >= 0", i + 1, t[i]);
    if (status == LN_OK && isfinite(t[i])) status = at_time(cx, &f, t[i], &errors[i]);
    if (status == LN_OK && isinf(t[i])) errors[i] = at_ridge(&f.s, 0), errors[i].k = 0;
  }
  return ln_end(cx, mark, status);
}

#define TIME_FIRST 0.02 /* of the search, in units of that */
#define TIME_FACTOR 1.5
enum { TIMES_MOST = 40 };

/* Upwards by factors until the error rises, then by golden section in ln t. */
static ln_status lowest(ln_context *cx, const features *f, double *time, ln_random_features_errors *e) {
  double mean = 0; /* of the covariance: learning takes about alpha/(mean (1 + alpha)), alpha = P/Nh */
  for (size_t j = 0; j < f->c.count; j++) mean += f->c.fraction[j] * f->c.variance[j];
  double t = TIME_FIRST * f->c.alpha / (mean * (1 + f->c.alpha));
  ln_random_features_errors at_left, at_right;
  int i = 0;
  for (;; i++, t *= TIME_FACTOR) {
    ln_status status = at_time(cx, f, t, &at_right);
    if (status != LN_OK) return status;
    if (at_right.test > e->test || i == TIMES_MOST) break;
    *time = t, *e = at_right;
  }
  if (*time == 0 || i == TIMES_MOST) return LN_OK;
  double low = log(*time / TIME_FACTOR), high = log(t);
  double left = high - GOLDEN * (high - low), right = low + GOLDEN * (high - low);
  ln_status status = at_time(cx, f, exp(left), &at_left);
  if (status == LN_OK) status = at_time(cx, f, exp(right), &at_right);
  while (status == LN_OK && high - low > 1e-6) {
    if (at_left.test < at_right.test) {
      high = right, right = left, at_right = at_left, left = high - GOLDEN * (high - low);
      status = at_time(cx, f, exp(left), &at_left);
    } else {
      low = left, left = right, at_left = at_right, right = low + GOLDEN * (high - low);
      status = at_time(cx, f, exp(right), &at_right);
    }
  }
  *time = exp(at_left.test < at_right.test ? left : right);
  *e = at_left.test < at_right.test ? at_left : at_right;
  return status;
}

ln_status ln_random_features_best_time(ln_context *cx, const ln_random_features *p, double *time,
                                       ln_random_features_errors *errors) {
  ln_mark mark = ln_begin(cx);
  features f;
  ln_status status = make_features(cx, p, &f);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *time = 0;
  *errors = (ln_random_features_errors){f.start, f.start, 0};
  status = lowest(cx, &f, time, errors);
  ln_random_features_errors limit = at_ridge(&f.s, 0);
  if (limit.test < errors->test) *time = INFINITY, *errors = limit, errors->k = 0;
  return ln_end(cx, mark, status);
}
