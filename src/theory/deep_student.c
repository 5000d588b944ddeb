#include "theory/deep_student.h"

#include <math.h>
#include <string.h>

#include "core/ode.h"
#include "theory/marchenko_pastur.h"

/* ---- the equations ----
 *
 * In the eigenvectors of Sxx each mode of w (of z, for rank one) is (initial part) + H(lam, t) s_i. The means over modes are
 * integrals over the Marchenko-Pastur law, with N E s_i^2 = lam sh, sh = lam power + noise/alpha. `theta` is the time of a
 * shallow student that would have decayed as far. Quadrature nodes lam_k with weights w_k for lam times the law. */

/* Places in the state: theta, then ln R or c, then H at the nodes. */
enum { THETA, SCALE, H };

/* lam theta beyond which a mode is at rest to double precision. */
#define AT_REST 40.0
#define THETA_FIRST 25.0 /* where the end of theta cannot be told before: about 70 nodes */
#define THETA_SEARCH 1e4 /* searches end there, in units of sqrt(alpha) */
#define THETA_MOST 1e12  /* some 10 million nodes */
#define RTOL 1e-11
#define ATOL 1e-13

typedef struct equations {
  const ln_deep_student *s;
  ln_marchenko_pastur law; /* gamma = 1/alpha */
  size_t nodes;
  double *lam, *w, *sh;
  bool near_pole; /* alpha close to 1: sums over 1/lam would need too many nodes */
} equations;

ln_status ln_deep_check(ln_context *cx, const ln_deep_student *s) {
  if (!(s->alpha > 0 && isfinite(s->alpha)))
    return ln_fail(cx, LN_EARG, "alpha = %g must be > 0 and finite: examples per input", s->alpha);
  if (!(s->power >= 0 && isfinite(s->power)))
    return ln_fail(cx, LN_EARG, "power = %g must be >= 0 and finite", s->power);
  if (!(s->noise >= 0 && isfinite(s->noise)))
    return ln_fail(cx, LN_EARG, "noise = %g must be >= 0 and finite", s->noise);
  if (s->power == 0 && s->noise == 0)
    return ln_fail(cx, LN_EARG, "power and noise are both 0: there is nothing to learn");
  if (!s->rank_one) {
    if (!(s->depth >= 1 && isfinite(s->depth)))
      return ln_fail(cx, LN_EARG, "depth = %g must be at least 1 and finite", s->depth);
    if (!(s->strength > 0 && isfinite(s->strength)))
      return ln_fail(cx, LN_EARG, "strength = %g must be > 0 and finite: it is |w(0)|", s->strength);
    return LN_OK;
  }
  if (!(s->c0 >= 0 && isfinite(s->c0)))
    return ln_fail(cx, LN_EARG, "c0 = %g must be >= 0 and finite (the sign can be moved to z)", s->c0);
  if (!(s->v0 >= 0 && isfinite(s->v0))) return ln_fail(cx, LN_EARG, "v0 = %g must be >= 0 and finite", s->v0);
  if (!(s->h0 >= 0 && isfinite(s->h0))) return ln_fail(cx, LN_EARG, "h0 = %g must be >= 0 and finite", s->h0);
  if (s->c0 == 0 && s->h0 == 0)
    return ln_fail(cx, LN_EARG, "c0 and h0 are both 0: the student stays at the saddle for ever");
  return LN_OK;
}

static double share_per_layer(const ln_deep_student *s) { return (s->depth - 1) / s->depth; }

/* |Syx|^2 */
static double correlation(const ln_deep_student *s) {
  return s->power * (1 + 1 / s->alpha) + s->noise / s->alpha;
}

/* |w|^2 of the least-squares solution of smallest norm. */
static double least_squares(const ln_deep_student *s) {
  double a = s->alpha;
  if (s->noise == 0) return fmin(a, 1) * s->power;
  return a > 1 ? s->power + s->noise / (a - 1) : a * s->power + s->noise * a / (1 - a);
}

static double frozen_share(const ln_deep_student *s) { return fmax(1 - s->alpha, 0); }

static void take_weights(const equations *e, const double *y, double *x_scale, double *initial) {
  const ln_deep_student *s = e->s;
  *x_scale = s->rank_one ? y[SCALE] : 1;
  *initial = s->rank_one
                 ? y[SCALE] * y[SCALE] * s->v0
                 : s->strength * s->strength * exp(2 * share_per_layer(s) * (y[SCALE] - log(s->strength)));
}

static ln_status motion(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)cx, (void)t;
  const equations *e = ud;
  const ln_deep_student *s = e->s;
  double x_scale, initial, gain = 0, decay = 0;
  take_weights(e, y, &x_scale, &initial);
  for (size_t k = 0; k < e->nodes; k++) {
    double h = y[H + k];
    gain += e->w[k] * e->sh[k] * h * (1 - x_scale * e->lam[k] * h);
    decay += e->w[k] * exp(-2 * e->lam[k] * y[THETA]);
  }
  if (s->rank_one) {
    double c = y[SCALE];
    dydt[THETA] = c * c;
    dydt[SCALE] = gain - c * s->v0 * decay;
    for (size_t k = 0; k < e->nodes; k++) dydt[H + k] = c * (1 - c * e->lam[k] * y[H + k]);
    return LN_OK;
  }
  double share = share_per_layer(s), p = exp(2 * share * y[SCALE]);
  dydt[THETA] = p;
  dydt[SCALE] = s->depth * exp(-2 / s->depth * y[SCALE]) * (gain - initial * decay);
  for (size_t k = 0; k < e->nodes; k++)
    dydt[H + k] = share * dydt[SCALE] * y[H + k] + p * (1 - e->lam[k] * y[H + k]);
  return LN_OK;
}

static void begin_state(const equations *e, double *y) {
  const ln_deep_student *s = e->s;
  y[THETA] = 0;
  y[SCALE] = s->rank_one ? s->c0 : log(s->strength);
  for (size_t k = 0; k < e->nodes; k++) y[H + k] = s->rank_one ? s->h0 : 0;
}

/* One layer needs no integration. */
static void shallow_state(const equations *e, double t, double *y) {
  y[THETA] = t;
  double initial = e->s->strength * e->s->strength, e0 = 1, learned = 0;
  for (size_t k = 0; k < e->nodes; k++) {
    y[H + k] = -expm1(-e->lam[k] * t) / e->lam[k];
    e0 += e->w[k] * expm1(-2 * e->lam[k] * t) / e->lam[k];
    learned += e->w[k] * e->sh[k] * y[H + k] * y[H + k];
  }
  y[SCALE] = 0.5 * log(initial * e0 + learned);
}

static double train_floor(const ln_deep_student *s) { return s->noise * fmax(1 - 1 / s->alpha, 0); }

static ln_deep_errors measure(const equations *e, const double *y) {
  const ln_deep_student *s = e->s;
  double x_scale, initial, kept = 1, decay = 0, bias = 0, bias_over = 0, variance = 0, norm = 0;
  take_weights(e, y, &x_scale, &initial);
  for (size_t k = 0; k < e->nodes; k++) {
    double lam = e->lam[k], w = e->w[k], x = x_scale * y[H + k], miss = 1 - lam * x;
    double more = expm1(-2 * lam * y[THETA]);
    kept += w * more / lam;
    decay += w * (1 + more);
    bias += w * miss * miss;
    bias_over += e->near_pole ? w * x * (lam * x - 2) : w * miss * miss / lam;
    variance += w * x * x;
    norm += w * e->sh[k] * y[H + k] * y[H + k];
  }
  kept = fmax(kept, 0);
  /* the integral of (1 - lam X)^2 over lam > 0, and with the modes that are not in the data */
  double inside = e->near_pole ? fmax(fmin(1, s->alpha) + bias_over, 0) : bias_over;
  ln_deep_errors r = {.excess = s->power * (frozen_share(s) + inside) + e->law.gamma * s->noise * variance +
                                initial * kept,
                      .left = s->power * bias + e->law.gamma * s->noise * inside + initial * decay};
  r.test = r.excess + s->noise;
  r.train = r.left + train_floor(s);
  double square;
  if (s->rank_one) {
    square = s->v0 * kept + norm; /* |z|^2 */
    r.c = y[SCALE];
    r.size = fabs(r.c) * sqrt(square);
    double at_first = s->c0 * s->c0 - s->v0 - s->h0 * s->h0 * correlation(s);
    r.drift = fabs(r.c * r.c - square - at_first) / (r.c * r.c + square);
  } else {
    square = initial * kept + norm;
    r.c = r.size = exp(y[SCALE]);
    r.drift = fabs(square / (r.size * r.size) - 1);
  }
  return r;
}

/* d(excess)/dt */
static double slope(const equations *e, const double *y, const double *dydt) {
  const ln_deep_student *s = e->s;
  double x_scale, initial, kept = 1, decay = 0, sum = 0;
  take_weights(e, y, &x_scale, &initial);
  double x_rate = s->rank_one ? dydt[SCALE] : 0;
  double growth =
      s->rank_one ? 2 * y[SCALE] * dydt[SCALE] * s->v0 : 2 * share_per_layer(s) * dydt[SCALE] * initial;
  for (size_t k = 0; k < e->nodes; k++) {
    double lam = e->lam[k], x = x_scale * y[H + k], dx = x_scale * dydt[H + k] + x_rate * y[H + k];
    double more = expm1(-2 * lam * y[THETA]);
    kept += e->w[k] * more / lam;
    decay += e->w[k] * (1 + more);
    sum += e->w[k] * (e->law.gamma * s->noise * x - s->power * (1 - lam * x)) * dx;
  }
  return 2 * sum + growth * kept - 2 * initial * decay * dydt[THETA];
}

/* ---- limits ---- */

/* Newton from the right on u - M - f u^q, which is convex in u = R^2. */
static double size_in_the_end(const ln_deep_student *s) {
  double M = least_squares(s), share = share_per_layer(s), frozen = frozen_share(s);
  if (frozen == 0) return sqrt(M);
  double f = frozen * pow(s->strength, 2 / s->depth);
  double u = (M + frozen * s->strength * s->strength / s->depth) / (1 - frozen * share);
  for (int i = 0; i < 200; i++) {
    double grown = f * pow(u, share), next = u - (u - M - grown) / (1 - share * grown / u);
    if (!(next < u)) break;
    u = next;
  }
  return sqrt(u);
}

ln_status ln_deep_limit(ln_context *cx, const ln_deep_student *s, ln_deep_errors *r) {
  ln_status status = ln_deep_check(cx, s);
  if (status != LN_OK) return status;
  double a = s->alpha, M = least_squares(s), frozen; /* power of the modes that never move */
  *r = (ln_deep_errors){0};
  if (s->rank_one) {
    double between = s->c0 * s->c0 - s->v0 - s->h0 * s->h0 * correlation(s);
    double K = between + frozen_share(s) * s->v0, root = hypot(K, 2 * sqrt(M));
    double square = K >= 0 ? (K + root) / 2 : 2 * M / (root - K);
    if (isinf(M)) square = INFINITY;
    frozen = square * s->v0;
    r->c = sqrt(square);
    r->size = isinf(M) ? INFINITY : sqrt(M + frozen_share(s) * frozen);
  } else {
    r->c = r->size = size_in_the_end(s);
    frozen = pow(s->strength, 2 / s->depth) * pow(r->size, 2 * share_per_layer(s));
  }
  double fitted = a > 1 ? s->noise / (a - 1) : s->noise * a / (1 - a); /* of the noise */
  r->excess = s->noise > 0 ? fitted : 0;
  if (a < 1) r->excess += (1 - a) * (s->power + frozen);
  r->test = r->excess + s->noise;
  r->train = train_floor(s);
  return LN_OK;
}

/* ---- integration ---- */

/* theta matters up to where all modes are at rest. */
static double useful_theta(const equations *e, double theta) { return fmin(theta, AT_REST / e->law.lower); }

/* The nodes for theta up to this. */
static ln_status set_up(ln_context *cx, equations *e, double theta) {
  double useful = useful_theta(e, theta);
  if (!(useful < THETA_MOST))
    return ln_fail(cx, LN_ENUMERIC, "the modes of a shallow student's time %.3g cannot be followed", useful);
  size_t apart = ln_marchenko_pastur_nodes_apart(&e->law, 0),
         least = ln_marchenko_pastur_nodes(&e->law, useful);
  e->near_pole = apart == 0;
  e->nodes = apart > least ? apart : least;
  e->lam = ln_reals(cx, e->nodes), e->w = ln_reals(cx, e->nodes), e->sh = ln_reals(cx, e->nodes);
  if (!e->lam || !e->w || !e->sh) return LN_EMEMORY;
  ln_marchenko_pastur_rule(&e->law, e->nodes, e->lam, e->w);
  for (size_t k = 0; k < e->nodes; k++) e->sh[k] = e->lam[k] * e->s->power + e->law.gamma * e->s->noise;
  return LN_OK;
}

static ln_status equations_of(ln_context *cx, const ln_deep_student *s, equations *e) {
  *e = (equations){.s = s};
  return ln_marchenko_pastur_law(cx, 1 / s->alpha, &e->law);
}

static ln_ode ode_of(equations *e) {
  const ln_deep_student *s = e->s;
  double smallest = s->rank_one ? fmax(s->c0, s->h0 * sqrt(correlation(s))) : s->strength;
  return (ln_ode){.rhs = motion, .ud = e, .n = H + e->nodes, .rtol = RTOL, .atol = ATOL * fmin(1, smallest)};
}

typedef struct recorder {
  equations e; /* first: the motion reads it here too */
  ln_deep_errors *errors;
  double theta;
} recorder;

static ln_status record(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)cx, (void)t;
  recorder *r = ud;
  r->errors[index] = measure(&r->e, y);
  r->theta = y[THETA];
  return LN_OK;
}

static bool at_rest(void *ud, double t, const double *y, const double *dydt) {
  (void)t, (void)dydt;
  const recorder *r = ud;
  return r->e.law.lower * y[THETA] > AT_REST;
}

/* n finite times with the nodes for theta; *reached is where theta came to. */
static ln_status record_at(ln_context *cx, const ln_deep_student *s, double theta, const double *t, size_t n,
                           ln_deep_errors *errors, double *reached) {
  ln_mark mark = ln_begin(cx);
  recorder r = {.errors = errors};
  ln_status status = equations_of(cx, s, &r.e);
  if (status == LN_OK) status = set_up(cx, &r.e, theta);
  double *y = status == LN_OK ? ln_reals(cx, H + r.e.nodes) : NULL;
  if (!y) return ln_end(cx, mark, status == LN_OK ? LN_EMEMORY : status);
  if (!s->rank_one && s->depth == 1) {
    for (size_t i = 0; i < n; i++) {
      shallow_state(&r.e, t[i], y);
      errors[i] = measure(&r.e, y);
    }
    *reached = n ? t[n - 1] : 0;
    return ln_end(cx, mark, LN_OK);
  }
  begin_state(&r.e, y);
  ln_ode ode = ode_of(&r.e);
  ode.ud = &r, ode.output = record, ode.settled = at_rest;
  status = ln_ode_solve(cx, &ode, 0, y, t, n);
  *reached = r.theta;
  return ln_end(cx, mark, status);
}

/* An upper bound of d(theta)/dt. */
static double fastest(const ln_deep_student *s, const ln_deep_errors *limit) {
  if (s->rank_one) return fmax(s->c0 * s->c0, limit->c * limit->c);
  return pow(fmax(s->strength, limit->size), 2 * share_per_layer(s));
}

ln_status ln_deep_at(ln_context *cx, const ln_deep_student *s, const double *t, size_t n,
                     ln_deep_errors *errors) {
  ln_deep_errors limit;
  ln_status status = ln_deep_limit(cx, s, &limit);
  if (status != LN_OK) return status;
  double last = 0;
  size_t finite = 0;
  for (size_t i = 0; i < n; last = t[i++]) {
    if (!(t[i] >= last))
      return ln_fail(cx, LN_EARG, "t[%zu] = %g comes after %g: times must be >= 0 and rise", i + 1, t[i],
                     last);
    if (isinf(t[i]))
      errors[i] = limit;
    else
      finite++;
  }
  if (!finite) return LN_OK;
  last = t[finite - 1];
  equations e;
  status = equations_of(cx, s, &e);
  if (status != LN_OK) return status;
  double theta = fastest(s, &limit) * last;
  bool guessed = isinf(theta) || e.law.lower * THETA_SEARCH < AT_REST;
  if (guessed) theta = fmin(theta, THETA_FIRST);
  double reached = 0;
  status = record_at(cx, s, theta, t, finite, errors, &reached);
  /* With too few nodes theta is still about right: once more is enough, with some to spare. */
  if (status == LN_OK && guessed && useful_theta(&e, reached) > theta)
    status = record_at(cx, s, 1.1 * reached, t, finite, errors, &reached);
  return status;
}

/* ---- searches: the first time at which a measure rises through 0 ---- */

typedef enum aim { AIM_TRAINED, AIM_BEST } aim;

typedef struct search {
  equations e; /* first */
  aim aim;
  double target;    /* AIM_TRAINED: of `left` */
  double end_theta; /* give up there */
  double before, value, t_before, t;
  double *y, *y_before, *dydt; /* at t; at t_before; work space */
  bool found;
} search;

static double aim_value(const search *s, const double *y, const double *dydt) {
  return s->aim == AIM_TRAINED ? s->target - measure(&s->e, y).left : slope(&s->e, y, dydt);
}

static bool look(void *ud, double t, const double *y, const double *dydt) {
  search *s = ud;
  size_t bytes = (H + s->e.nodes) * sizeof *y;
  s->value = aim_value(s, y, dydt);
  if (s->before < 0 && s->value >= 0) {
    s->found = true, s->t = t;
    memcpy(s->y, y, bytes);
    return true;
  }
  s->before = s->value, s->t_before = t;
  memcpy(s->y_before, y, bytes);
  return y[THETA] >= s->end_theta;
}

static ln_status keep(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)cx, (void)ud, (void)index, (void)t, (void)y;
  return LN_OK;
}

/* The state at t_before + dt into y, and the value of the measure there. */
static ln_status value_at(ln_context *cx, search *s, double dt, double *value) {
  memcpy(s->y, s->y_before, (H + s->e.nodes) * sizeof *s->y);
  ln_ode ode = ode_of(&s->e);
  ode.output = keep, ode.first_step = dt;
  double end = dt;
  ln_status status = ln_ode_solve(cx, &ode, 0, s->y, &end, 1);
  if (status == LN_OK) status = motion(cx, &s->e, 0, s->y, s->dydt);
  if (status == LN_OK) *value = aim_value(s, s->y, s->dydt);
  return status;
}

/* Regula falsi of Illinois: the bracket's side that stays counts half. */
static ln_status polish(ln_context *cx, search *s) {
  double low = 0, high = s->t - s->t_before, at_low = s->before, at_high = s->value, dt = high;
  int side = 0;
  for (int i = 0; i < 100 && high - low > 1e-14 * (s->t_before + high); i++) {
    double value;
    dt = (low * at_high - high * at_low) / (at_high - at_low);
    if (!(dt > low && dt < high)) dt = 0.5 * (low + high);
    ln_status status = value_at(cx, s, dt, &value);
    if (status != LN_OK) return status;
    double moved;
    if (value < 0) {
      moved = dt - low, low = dt, at_low = value;
      if (side < 0) at_high *= 0.5;
      side = -1;
    } else {
      moved = high - dt, high = dt, at_high = value;
      if (side > 0) at_low *= 0.5;
      side = 1;
    }
    if (value == 0 || moved < 1e-13 * (s->t_before + dt)) break;
  }
  s->t = s->t_before + dt;
  return LN_OK;
}

/* Integrates until the aim is met (found, with y at t) or theta has come to its end. */
static ln_status seek(ln_context *cx, search *s, double nodes_theta) {
  ln_status status = set_up(cx, &s->e, nodes_theta);
  if (status != LN_OK) return status;
  size_t n = H + s->e.nodes;
  double *y = ln_reals(cx, n);
  s->y = ln_reals(cx, n), s->y_before = ln_reals(cx, n), s->dydt = ln_reals(cx, n);
  if (!y || !s->y || !s->y_before || !s->dydt) return LN_EMEMORY;
  begin_state(&s->e, y);
  memcpy(s->y_before, y, n * sizeof *y);
  status = motion(cx, &s->e, 0, y, s->dydt);
  if (status != LN_OK) return status;
  if (s->aim == AIM_TRAINED) s->target *= measure(&s->e, y).left;
  s->before = aim_value(s, y, s->dydt), s->t_before = 0, s->found = false;
  static const double for_ever = INFINITY;
  ln_ode ode = ode_of(&s->e);
  ode.ud = s, ode.output = keep, ode.settled = look;
  status = ln_ode_solve(cx, &ode, 0, y, &for_ever, 1);
  return status == LN_OK && s->found ? polish(cx, s) : status;
}

/* The search with nodes enough for where it ends. */
static ln_status search_from(ln_context *cx, const ln_deep_student *s, aim what, double target, search *found,
                             ln_deep_errors *errors) {
  equations e;
  ln_status status = equations_of(cx, s, &e);
  if (status != LN_OK) return status;
  double end = fmin(AT_REST / e.law.lower, THETA_SEARCH * sqrt(s->alpha));
  for (double theta = THETA_FIRST;; theta *= 4) {
    ln_mark mark = ln_begin(cx);
    *found = (search){.e = e, .aim = what, .target = target, .end_theta = fmin(theta, end)};
    status = seek(cx, found, theta);
    if (status == LN_OK && found->found) *errors = measure(&found->e, found->y);
    ln_end(cx, mark, status);
    if (status != LN_OK || found->found || theta >= end) return status;
  }
}

ln_status ln_deep_train_time(ln_context *cx, const ln_deep_student *s, double left, double *time) {
  ln_status status = ln_deep_check(cx, s);
  if (status != LN_OK) return status;
  if (!(left > 0 && left < 1)) return ln_fail(cx, LN_EARG, "left = %g must lie between 0 and 1", left);
  search found;
  ln_deep_errors errors;
  status = search_from(cx, s, AIM_TRAINED, left, &found, &errors);
  if (status != LN_OK) return status;
  if (!found.found)
    return ln_fail(
        cx, LN_ENUMERIC,
        "the training error has not come down to %g of what it was above its limit by t = %.3g: too close "
        "to alpha = 1, or too small a fraction",
        left, found.t_before);
  *time = found.t;
  return LN_OK;
}

ln_status ln_deep_best(ln_context *cx, const ln_deep_student *s, double *time, ln_deep_errors *errors) {
  ln_deep_errors limit, start, lowest;
  static const double zero = 0;
  ln_status status = ln_deep_limit(cx, s, &limit);
  if (status != LN_OK) return status;
  *time = INFINITY, *errors = limit;
  if (limit.excess == 0) return LN_OK; /* the teacher itself */
  status = ln_deep_at(cx, s, &zero, 1, &start);
  if (status != LN_OK) return status;
  search found;
  status = search_from(cx, s, AIM_BEST, 0, &found, &lowest);
  if (status != LN_OK) return status;
  if (found.found && lowest.excess < errors->excess) *time = found.t, *errors = lowest;
  if (start.excess < errors->excess) *time = 0, *errors = start;
  return LN_OK;
}
