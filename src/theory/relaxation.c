#include "theory/relaxation.h"

#include <math.h>

#include "core/quadrature.h"

#define PI 3.14159265358979323846
/* Numbers of nodes grow by this factor from one rule to the next: few rules, and at most so much waste. They are multiples of
 * what kernels take at once. */
#define RULE_GROWTH 1.15
#define RULE_FIRST 24
enum { AT_ONCE = 8, RULES = 90 }; /* up to some million nodes */
#define NODES_MOST 1000000
/* From here on panels need so many fewer nodes that it pays to make them. */
#define CHEBYSHEV_MOST 2000
/* Directions have come so far that the rest is below rounding: all of them, or one. */
#define SETTLED 40.0
#define GONE 38.0
/* exp(-2 x t) at a node is below rounding of that at the lower edge. */
#define FAR_ABOVE 20.0

/* Panels in the angle psi, [0, pi 2^-j] and then twice as wide each, with so many Gauss-Legendre nodes: enough for what varies
 * over a panel by its distance from psi = 0, as exp(-x t) does late and the 1/x of the density near gamma = 1. */
enum { PANEL_NODES = 20, PANELS_MOST = 466 };

struct ln_relaxation_rule {
  size_t nodes;
  double *half_sine2, *w; /* sin^2(psi/2); (2/pi) sin^2(psi) dpsi */
};

static size_t rounded_up(size_t nodes) { return (nodes + AT_ONCE - 1) / AT_ONCE * AT_ONCE; }

ln_status ln_begin_relaxation(ln_context *cx, ln_relaxation *r) {
  *r = (ln_relaxation){.rules = ln_take(cx, RULES + PANELS_MOST, sizeof *r->rules)};
  if (!r->rules) return LN_EMEMORY;
  size_t nodes = RULE_FIRST;
  for (size_t i = 0; i < RULES; i++, nodes = rounded_up((size_t)((double)nodes * RULE_GROWTH)))
    r->rules[i] = (struct ln_relaxation_rule){.nodes = nodes};
  for (size_t j = 0; j < PANELS_MOST; j++)
    r->rules[RULES + j] = (struct ln_relaxation_rule){.nodes = rounded_up(PANEL_NODES * (j + 1))};
  return LN_OK;
}

static void set_node(struct ln_relaxation_rule *rule, size_t k, double psi, double width) {
  double sine = sin(psi / 2), cosine = cos(psi / 2);
  rule->half_sine2[k] = sine * sine;
  rule->w[k] = 8 / PI * width * sine * sine * cosine * cosine;
}

static void make_chebyshev(struct ln_relaxation_rule *rule) {
  double step = PI / (double)(rule->nodes + 1);
  for (size_t k = 0; k < rule->nodes; k++) set_node(rule, k, step * (double)(k + 1), step);
}

static ln_status make_panels(ln_context *cx, struct ln_relaxation_rule *rule) {
  double x[PANEL_NODES], w[PANEL_NODES];
  ln_status status = ln_gauss_legendre(cx, PANEL_NODES, 0, 1, x, w);
  if (status != LN_OK) return status;
  size_t panels = rule->nodes / PANEL_NODES;
  for (size_t p = 0; p < panels; p++) {
    double high = ldexp(PI, (int)p + 1 - (int)panels), low = p == 0 ? 0 : high / 2;
    for (size_t k = 0; k < PANEL_NODES; k++)
      set_node(rule, p * PANEL_NODES + k, low + (high - low) * x[k], (high - low) * w[k]);
  }
  for (size_t k = panels * PANEL_NODES; k < rule->nodes; k++) set_node(rule, k, PI, 0); /* without weight */
  return LN_OK;
}

/* The rule's nodes for this law. */
static ln_status prepare(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law,
                         struct ln_relaxation_rule *rule) {
  if (r->gamma == law->gamma && r->current == rule) return LN_OK;
  size_t n = rule->nodes;
  if (!rule->w) {
    double *half = ln_reals(cx, n), *w = ln_reals(cx, n);
    if (!half || !w) return LN_EMEMORY;
    struct ln_relaxation_rule made = {n, half, w};
    if (rule < r->rules + RULES) {
      make_chebyshev(&made);
    } else {
      ln_status status = make_panels(cx, &made);
      if (status != LN_OK) return status;
    }
    *rule = made;
  }
  if (n > r->room) {
    double **arrays[] = {&r->x, &r->w_over_x, &r->w_over_xx, &r->e, &r->left};
    for (size_t i = 0; i < 5; i++)
      if (!(*arrays[i] = ln_reals(cx, n))) return LN_EMEMORY;
    r->room = n;
  }
  r->gamma = law->gamma, r->current = rule, r->nodes = n, r->w = rule->w, r->cut_time = INFINITY;
  for (size_t k = 0; k < n; k++) {
    double x = law->lower + 4 * law->root * rule->half_sine2[k];
    double inverse = 1 / x;
    r->x[k] = x;
    r->w_over_x[k] = rule->w[k] * inverse;
    r->w_over_xx[k] = r->w_over_x[k] * inverse;
  }
  return LN_OK;
}

/* The first Chebyshev rule with so many nodes. */
static ln_status prepare_chebyshev(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law,
                                   double nodes) {
  struct ln_relaxation_rule *rule = r->rules;
  while ((double)rule->nodes < fmin(nodes, NODES_MOST)) rule++;
  return prepare(cx, r, law, rule);
}

/* Panels fine enough for the time t, and for 1/x unless it is no pole. */
static ln_status prepare_panels(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t) {
  double square = 1 / (law->root * t); /* of the narrowest psi that something varies over */
  if (law->lower > 0) square = fmin(square, law->lower / law->root);
  double halvings = ceil(0.5 * log2(PI * PI / square));
  halvings = fmax(0, fmin(halvings, PANELS_MOST - 1));
  return prepare(cx, r, law, r->rules + RULES + (size_t)halvings);
}

/* Moves the cut to where x > from, if that is not yet known for an earlier time. */
static void cut_off(ln_relaxation *r, double t, double from) {
  if (t >= r->cut_time) return;
  size_t low = 0, high = r->nodes;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (r->x[middle] > from)
      high = middle;
    else
      low = middle + 1;
  }
  low = rounded_up(low);
  r->cut_time = t, r->cut = low, r->tail = 0, r->tail_of_squares = 0;
  for (size_t k = low; k < r->nodes; k++) r->tail += r->w_over_x[k], r->tail_of_squares += r->w_over_xx[k];
}

static double nodes_for(const ln_marchenko_pastur *law, double t) {
  return 24 + ceil(9 * sqrt(law->root * t));
}

ln_status ln_relaxation_nodes(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t) {
  double nodes = nodes_for(law, t);
  return nodes > CHEBYSHEV_MOST ? prepare_panels(cx, r, law, t) : prepare_chebyshev(cx, r, law, nodes);
}

/* ---- the means ---- */

/* From sums over the nodes below the cut. Panels give `moving` as a sum of positive terms; the pole of 1/x is beyond Chebyshev
 * rules near gamma = 1, and they have it from what is left of the total mass 1. */
static ln_relaxed means_of(const ln_relaxation *r, const ln_marchenko_pastur *law, const double sums[5]) {
  ln_relaxed m = {.fading = sums[2], .noise = sums[3] + r->tail_of_squares, .learned = sums[4] + r->tail};
  if (r->current >= r->rules + RULES) {
    m.moving = sums[1];
    m.kept = sums[1] + law->atom;
  } else {
    m.kept = 1 + (sums[0] - r->tail);
    m.moving = m.kept - law->atom;
  }
  return m;
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

ln_status ln_relax(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t,
                   ln_relaxed *means) {
  if (isinf(t) || (law->gamma != 1 && law->lower * t > SETTLED)) return *means = limit(law), LN_OK;
  ln_status status = ln_relaxation_nodes(cx, r, law, t);
  if (status == LN_OK) status = ln_charge(cx, 30 * (double)r->nodes);
  if (status != LN_OK) return status;
  cut_off(r, t, GONE / t);
  double sums[5];
  cx->kernels->relaxation_sums(r->cut, t, r->x, r->w, r->w_over_x, r->w_over_xx, sums);
  *means = means_of(r, law, sums);
  return LN_OK;
}

ln_status ln_relax_late(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t,
                        ln_relaxed *means) {
  if (isinf(t)) return *means = limit(law), LN_OK;
  ln_status status = prepare_panels(cx, r, law, t);
  if (status == LN_OK) status = ln_charge(cx, 30 * (double)r->nodes);
  if (status != LN_OK) return status;
  cut_off(r, t, fmax(GONE / t, law->lower + FAR_ABOVE / t));
  double sums[4];
  cx->kernels->late_relaxation_sums(r->cut, t, r->x, r->w, r->w_over_x, r->w_over_xx, sums);
  *means = (ln_relaxed){.kept = sums[0] + law->atom,
                        .moving = sums[0],
                        .fading = sums[1],
                        .noise = sums[2] + r->tail_of_squares,
                        .learned = sums[3] + r->tail};
  return LN_OK;
}

ln_status ln_relax_steps(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double rate,
                         double steps, ln_relaxed *means) {
  if (!(rate > 0 && rate * law->upper < 2))
    return ln_fail(cx, LN_EARG, "rate = %g: descent converges for rates between 0 and 2/%g = %g", rate,
                   law->upper, 2 / law->upper);
  if (isinf(steps)) return *means = limit(law), LN_OK;
  /* The rule is exact for polynomials, which this is; an exponential of twice the time bounds it from above. */
  double exact = steps + 2, smooth = nodes_for(law, 4 * rate * steps) + 2 * sqrt(steps);
  ln_status status = prepare_chebyshev(cx, r, law, fmin(exact, smooth));
  if (status == LN_OK) status = ln_charge(cx, 60 * (double)r->nodes);
  if (status != LN_OK) return status;
  cut_off(r, 0, INFINITY); /* none */
  double sums[5] = {0};
  for (size_t k = 0; k < r->nodes; k++) {
    double step = rate * r->x[k], left = pow(1 - step, steps);
    double e = step <= 0.5 ? expm1(steps * log1p(-step)) : left - 1;
    sums[0] += r->w_over_x[k] * (e * (e + 2));
    sums[1] += r->w_over_x[k] * (left * left);
    sums[2] += r->w[k] * (left * left);
    sums[3] += r->w_over_xx[k] * (e * e);
    sums[4] += r->w_over_x[k] * (e * e);
  }
  *means = means_of(r, law, sums);
  return LN_OK;
}
