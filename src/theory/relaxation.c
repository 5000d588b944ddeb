#include "theory/relaxation.h"

#include <math.h>

#define PI 3.14159265358979323846
/* Numbers of nodes grow by this factor from one rule to the next: few rules, and at most so much waste. */
#define RULE_GROWTH 1.15
#define RULE_FIRST 24
enum { RULES = 80 }; /* up to 1.5 million nodes */
#define NODES_MOST 1000000
/* The slowest moving direction has come so far: the rest is below rounding. */
#define SETTLED 40.0
/* At gamma = 1 closed forms take over here, with Bessel functions by their asymptotic series. */
#define LATE_AT_ONE 100.0

struct ln_relaxation_rule {
  size_t nodes;
  double *half_sine2, *w; /* sin^2(psi/2); 2 sin^2(psi)/(nodes + 1) */
};

ln_status ln_begin_relaxation(ln_context *cx, ln_relaxation *r) {
  *r = (ln_relaxation){.rules = ln_take(cx, RULES, sizeof *r->rules)};
  if (!r->rules) return LN_EMEMORY;
  double nodes = RULE_FIRST;
  for (size_t i = 0; i < RULES; i++, nodes = ceil(nodes * RULE_GROWTH))
    r->rules[i] = (struct ln_relaxation_rule){.nodes = (size_t)nodes};
  return LN_OK;
}

static ln_status make_rule(ln_context *cx, struct ln_relaxation_rule *rule) {
  size_t n = rule->nodes;
  double *half = ln_reals(cx, n), *w = ln_reals(cx, n), step = PI / (double)(n + 1);
  if (!half || !w) return LN_EMEMORY;
  for (size_t k = 0; k < n; k++) {
    double sine = sin(step / 2 * (double)(k + 1)), cosine = cos(step / 2 * (double)(k + 1));
    half[k] = sine * sine;
    w[k] = 8 * half[k] * cosine * cosine / (double)(n + 1);
  }
  rule->half_sine2 = half, rule->w = w;
  return LN_OK;
}

/* The first rule with so many nodes, for this law. */
static ln_status prepare(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, size_t nodes) {
  struct ln_relaxation_rule *rule = r->rules;
  while (rule->nodes < nodes && rule < r->rules + RULES - 1) rule++;
  if (r->gamma == law->gamma && r->nodes == rule->nodes) return LN_OK;
  ln_status status = rule->w ? LN_OK : make_rule(cx, rule);
  if (status != LN_OK) return status;
  size_t n = rule->nodes;
  if (n > r->room) {
    double **arrays[] = {&r->x, &r->w_over_x, &r->w_over_xx, &r->e};
    for (size_t i = 0; i < 4; i++)
      if (!(*arrays[i] = ln_reals(cx, n))) return LN_EMEMORY;
    r->room = n;
  }
  r->gamma = law->gamma, r->nodes = n, r->w = rule->w;
  for (size_t k = 0; k < n; k++) {
    double x = law->lower + 4 * law->root * rule->half_sine2[k];
    r->x[k] = x;
    r->w_over_x[k] = rule->w[k] / x;
    r->w_over_xx[k] = r->w_over_x[k] / x;
  }
  return LN_OK;
}

ln_status ln_relaxation_nodes(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t) {
  double nodes = 24 + ceil(9 * sqrt(law->root * t));
  return prepare(cx, r, law, nodes < NODES_MOST ? (size_t)nodes : NODES_MOST);
}

/* ---- the means ---- */

/* From e at the nodes. `apart`: by the third rule. */
static void sum_up(const ln_context *cx, const ln_relaxation *r, const ln_marchenko_pastur *law, bool apart,
                   ln_relaxed *m) {
  double sums[5];
  cx->kernels->relaxation_sums(r->nodes, r->e, r->w, r->w_over_x, r->w_over_xx, sums);
  *m = (ln_relaxed){.fading = sums[2], .noise = sums[3], .learned = sums[4]};
  if (apart) {
    m->moving = sums[1];
    m->kept = sums[1] + law->atom;
  } else {
    m->kept = 1 + sums[0];
    m->moving = m->kept - law->atom;
  }
}

/* At t = infinity. The mean of 1/x where x > 0 is 1/(1 - gamma), or 1/(gamma (gamma - 1)). */
static ln_relaxed limit(const ln_marchenko_pastur *law) {
  double g = law->gamma;
  return (ln_relaxed){.kept = law->atom,
                      .noise = g == 1  ? INFINITY
                               : g < 1 ? 1 / (1 - g)
                                       : 1 / (g * (g - 1)),
                      .learned = 1 - law->atom};
}

/* e^-u I0(u) and e^-u I1(u) for large u: the asymptotic series, whose terms fall to rounding. */
static double scaled_bessel(double u, int order) {
  double mu = 4.0 * order * order, term = 1, sum = 1;
  for (int k = 1; k < 20; k++) {
    double odd = 2 * k - 1;
    term *= -(mu - odd * odd) / (8 * k * u);
    sum += term;
  }
  return sum / sqrt(2 * PI * u);
}

/* gamma = 1, late: the means of exp(-x t) in Bessel functions; those of the noise grow as sqrt(t). */
static ln_relaxed late_at_one(double t) {
  double i0 = scaled_bessel(4 * t, 0), i1 = scaled_bessel(4 * t, 1), j0 = scaled_bessel(2 * t, 0),
         j1 = scaled_bessel(2 * t, 1), kept = i0 + i1, once = j0 + j1;
  double J2 = (1 + 4 * t) * j0 + 4 * t * j1 - 1, J4 = (1 + 8 * t) * i0 + 8 * t * i1 - 1;
  return (ln_relaxed){.kept = kept,
                      .moving = kept,
                      .fading = i1 / (2 * t),
                      .noise = J2 - J4 / 2,
                      .learned = 1 - 2 * once + kept};
}

ln_status ln_relax(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t, bool apart,
                   ln_relaxed *means) {
  if (isinf(t) || (law->gamma != 1 && law->lower * t > SETTLED)) return *means = limit(law), LN_OK;
  if (law->gamma == 1 && t > LATE_AT_ONE) return *means = late_at_one(t), LN_OK;
  size_t nodes = apart ? ln_marchenko_pastur_nodes_apart(law, t) : 0;
  apart = nodes > 0;
  ln_status status = nodes ? prepare(cx, r, law, nodes) : ln_relaxation_nodes(cx, r, law, t);
  if (status == LN_OK) status = ln_charge(cx, 30 * (double)r->nodes);
  if (status != LN_OK) return status;
  for (size_t k = 0; k < r->nodes; k++) r->e[k] = -r->x[k] * t;
  cx->kernels->expm1(r->nodes, r->e, r->e);
  sum_up(cx, r, law, apart, means);
  return LN_OK;
}

ln_status ln_relax_steps(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double rate,
                         double steps, ln_relaxed *means) {
  if (!(rate > 0 && rate * law->upper < 2))
    return ln_fail(cx, LN_EARG, "rate = %g: descent converges for rates between 0 and 2/%g = %g", rate,
                   law->upper, 2 / law->upper);
  if (isinf(steps)) return *means = limit(law), LN_OK;
  /* The rule is exact for polynomials, which this is; an exponential of twice the time bounds it from above. */
  double exact = steps + 2, smooth = 24 + ceil(9 * sqrt(law->root * 4 * rate * steps)) + 2 * sqrt(steps);
  ln_status status = prepare(cx, r, law, (size_t)fmin(fmin(exact, smooth), NODES_MOST));
  if (status == LN_OK) status = ln_charge(cx, 60 * (double)r->nodes);
  if (status != LN_OK) return status;
  for (size_t k = 0; k < r->nodes; k++) {
    double step = rate * r->x[k];
    r->e[k] = step <= 0.5 ? expm1(steps * log1p(-step)) : pow(1 - step, steps) - 1;
  }
  sum_up(cx, r, law, false, means);
  return LN_OK;
}
