#include "theory/mean_field.h"

#include <math.h>
#include <string.h>

#include "core/root.h"

#define PI 3.14159265358979323846
#define REACH 13.0 /* the normal density is below 1e-37 beyond */
#define SHIFT 0.37
#define CHUNK 256
#define LARGEST_Q 1e8
#define LEAK 0.01 /* the slope of leaky_relu below 0 */

static bool is(const ln_unit *unit, const char *name) {
  const char *own = unit->activation->name;
  return own && !unit->activation->ud && !strcmp(own, name);
}

ln_unit ln_unit_of(const ln_activation *activation, double scale) {
  ln_unit unit = {activation, scale, false};
  unit.closed = is(&unit, "linear") || is(&unit, "relu") || is(&unit, "leaky_relu") ||
                is(&unit, "hard_tanh") || is(&unit, "erf");
  return unit;
}

/* ---- means: first at scale 1, for Q = scale^2 q ---- */

static ln_unit_means homogeneous(double Q, double below) {
  double s2 = (1 + below * below) / 2, s4 = (1 + pow(below, 4)) / 2;
  return (ln_unit_means){s2 * Q, s2, s4, s2, 0};
}

static double inside_probability(double Q) { return Q > 0 ? erf(1 / sqrt(2 * Q)) : 1; }

static ln_unit_means clamped(double Q) {
  double u = 1 / sqrt(Q), p = inside_probability(Q);
  double gain = Q > 0 ? p - u * sqrt(2 / PI) * exp(-u * u / 2) : 1;
  if (u < 0.05) /* p and the rest cancel: their series */
    gain = sqrt(2 / PI) * u * u * u * (1.0 / 3 - u * u / 10 + u * u * u * u / 56 - pow(u, 6) / 432);
  double square = Q > 0 ? Q * gain + erfc(u / sqrt(2)) : 0;
  return (ln_unit_means){square, p, p, gain, 0};
}

static ln_unit_means error_function(double Q) {
  double a = 2 * Q, root = sqrt(1 + 2 * a); /* asin(a/(1 + a)) = atan2(a, root) */
  return (ln_unit_means){2 / PI * atan2(a, root), 4 / PI / root, 16 / (PI * PI) / sqrt(1 + 4 * a),
                         4 / PI / ((1 + a) * root), 0};
}

static ln_status at_zero(ln_context *cx, const ln_unit *unit, ln_unit_means *means) {
  const ln_activation *phi = unit->activation;
  double x = 0, y = 0, d = 0;
  ln_status status = phi->f(cx, phi->ud, &x, &y, 1);
  if (status == LN_OK) status = phi->df(cx, phi->ud, &x, &y, &d, 1);
  *means = (ln_unit_means){y * y, d * d, d * d * d * d, d * d, 0};
  return status;
}

static double step_at(double Q) { return fmin(0.1, 0.25 / sqrt(Q)); }

static ln_status trapezoid(ln_context *cx, const ln_unit *unit, double Q, ln_unit_means *means) {
  const ln_activation *phi = unit->activation;
  double h = step_at(Q), root = sqrt(Q), fine[4] = {0}, coarse[4] = {0};
  size_t middle = (size_t)ceil(REACH / h), n = 2 * middle + 1;
  for (size_t from = 0; from < n; from += CHUNK) {
    double z[CHUNK], x[CHUNK], y[CHUNK], d[CHUNK];
    size_t count = n - from < CHUNK ? n - from : CHUNK;
    for (size_t i = 0; i < count; i++) {
      z[i] = h * ((double)(from + i) - (double)middle);
      x[i] = root * z[i];
    }
    ln_status status = phi->f(cx, phi->ud, x, y, count);
    if (status == LN_OK) status = phi->df(cx, phi->ud, x, y, d, count);
    if (status == LN_OK) status = ln_poll(cx);
    if (status != LN_OK) return status;
    for (size_t i = 0; i < count; i++) {
      double w = h * exp(-z[i] * z[i] / 2) / sqrt(2 * PI), d2 = d[i] * d[i];
      double parts[4] = {w * y[i] * y[i], w * d2, w * d2 * d2, w * y[i] * d[i] * z[i] / root};
      for (int k = 0; k < 4; k++) {
        fine[k] += parts[k];
        if ((from + i) % 2 == middle % 2) coarse[k] += 2 * parts[k];
      }
    }
  }
  *means = (ln_unit_means){fine[0], fine[1], fine[2], fine[3], 0};
  for (int k = 0; k < 3; k++)
    if (fine[k] > 0) means->error = fmax(means->error, fabs(fine[k] - coarse[k]) / fine[k]);
  return LN_OK;
}

ln_status ln_unit_means_at(ln_context *cx, const ln_unit *unit, double q, ln_unit_means *means) {
  double s2 = unit->scale * unit->scale, Q = s2 * q;
  ln_status status = LN_OK;
  if (is(unit, "linear"))
    *means = homogeneous(Q, 1);
  else if (is(unit, "relu"))
    *means = homogeneous(Q, 0);
  else if (is(unit, "leaky_relu"))
    *means = homogeneous(Q, LEAK);
  else if (is(unit, "hard_tanh"))
    *means = clamped(Q);
  else if (is(unit, "erf"))
    *means = error_function(Q);
  else if (!(Q <= LARGEST_Q))
    return ln_fail(cx, LN_EARG, "q = %g: must be at most %g (times the scale squared) without a closed form",
                   q, LARGEST_Q);
  else
    status = Q > 0 ? trapezoid(cx, unit, Q, means) : at_zero(cx, unit, means);
  means->slope2 *= s2, means->slope4 *= s2 * s2, means->gain *= s2;
  return status;
}

/* ---- fixed points ---- */

ln_status ln_critical_at(ln_context *cx, const ln_unit *unit, double q, double *weight_variance,
                         double *bias_variance) {
  ln_unit_means m = {0};
  ln_status status = ln_unit_means_at(cx, unit, q, &m);
  if (status != LN_OK) return status;
  *weight_variance = 1 / m.slope2;
  double kept = *weight_variance * m.square;
  *bias_variance = q - kept;
  if (fabs(*bias_variance) <= 4e-16 * q) *bias_variance = 0;
  if (isinf(*weight_variance))
    return ln_fail(cx, LN_EARG, "q = %g: the slopes of the activation are 0 there, and no weights make chi 1",
                   q);
  if (*bias_variance < 0)
    return ln_fail(
        cx, LN_EARG,
        "q = %g: not on the critical line; the weights that make chi 1 alone give a variance of %.6g", q,
        kept);
  return LN_OK;
}

typedef struct search {
  const ln_unit *unit;
  double weight_variance, bias_variance;
} search;

static ln_status growth(ln_context *cx, void *ud, double q, double *y) {
  const search *s = ud;
  ln_unit_means m = {0};
  ln_status status = ln_unit_means_at(cx, s->unit, q, &m);
  *y = s->weight_variance * m.square + s->bias_variance - q;
  return status;
}

static ln_status bracketed(ln_context *cx, search *s, double bottom, double slope, double *q) {
  double s2 = s->unit->scale * s->unit->scale, low = bottom, high, y = 0;
  if (low == 0) { /* 0 is a fixed point that repels: start where the variance grows */
    low = (slope - 1) / (2 * slope) / s2;
    for (int i = 0; i < 60; i++, low /= 2) {
      ln_status status = growth(cx, s, low, &y);
      if (status != LN_OK) return status;
      if (y >= 0) break;
    }
  }
  bool bounded =
      is(s->unit, "tanh") || is(s->unit, "sigmoid") || is(s->unit, "erf") || is(s->unit, "hard_tanh");
  high = bounded ? s->weight_variance + s->bias_variance + 1 : fmax(1, 2 * low);
  for (;;) {
    if (!bounded && !(high * s2 <= LARGEST_Q)) return *q = INFINITY, LN_OK;
    ln_status status = growth(cx, s, high, &y);
    if (status != LN_OK) return status;
    if (y < 0) break;
    high *= 2;
  }
  return ln_find_root(cx, growth, s, low, high, q);
}

ln_status ln_fixed_point(ln_context *cx, const ln_unit *unit, double weight_variance, double bias_variance,
                         double *q) {
  search s = {unit, weight_variance, bias_variance};
  ln_unit_means still = {0};
  ln_status status = ln_unit_means_at(cx, unit, 0, &still);
  if (status != LN_OK) return status;
  double slope = weight_variance * still.gain, bottom = weight_variance * still.square + bias_variance;
  if (is(unit, "linear") || is(unit, "relu") || is(unit, "leaky_relu")) { /* V is a straight line */
    if (slope == 1 && bias_variance == 0)
      return ln_fail(cx, LN_EARG, "weight_variance = %g: every q is kept, none is chosen; give q",
                     weight_variance);
    *q = slope < 1 ? bias_variance / (1 - slope) : INFINITY;
    return LN_OK;
  }
  if (bottom == 0 && slope <= 1) return *q = 0, LN_OK;
  return bracketed(cx, &s, bottom, slope, q);
}

void ln_jacobian_moments(const ln_unit_means *means, double weight_variance, double depth, bool orthogonal,
                         double *mean, double *square) {
  double spread = means->slope4 / (means->slope2 * means->slope2) - 1;
  *mean = pow(weight_variance * means->slope2, depth);
  *square = *mean * *mean * (1 + depth * (spread + (orthogonal ? 0 : 1)));
}

/* ---- the law of the slopes ---- */

double ln_slope_probability(const ln_unit *unit, double q) {
  if (is(unit, "linear")) return 1;
  if (is(unit, "relu")) return 0.5;
  return is(unit, "hard_tanh") ? inside_probability(unit->scale * unit->scale * q) : -1;
}

size_t ln_slope_count(const ln_unit *unit, double q, double fineness) {
  if (is(unit, "leaky_relu")) return 2;
  return (size_t)ceil(2 * REACH * fineness / step_at(unit->scale * unit->scale * q));
}

ln_status ln_slope_law(ln_context *cx, const ln_unit *unit, double q, size_t count, double *value,
                       double *weight) {
  const ln_activation *phi = unit->activation;
  double h = 2 * REACH / (double)count, root = unit->scale * sqrt(q), total = 0;
  if (is(unit, "leaky_relu")) {
    value[0] = unit->scale * unit->scale, value[1] = value[0] * LEAK * LEAK;
    weight[0] = weight[1] = 0.5;
    return LN_OK;
  }
  for (size_t from = 0; from < count; from += CHUNK) {
    double x[CHUNK], y[CHUNK], d[CHUNK];
    size_t part = count - from < CHUNK ? count - from : CHUNK;
    for (size_t i = 0; i < part; i++) {
      double z = h * ((double)(from + i) + SHIFT) - REACH;
      x[i] = root * z;
      weight[from + i] = exp(-z * z / 2);
      total += weight[from + i];
    }
    ln_status status = phi->f(cx, phi->ud, x, y, part);
    if (status == LN_OK) status = phi->df(cx, phi->ud, x, y, d, part);
    if (status == LN_OK) status = ln_poll(cx);
    if (status != LN_OK) return status;
    for (size_t i = 0; i < part; i++) value[from + i] = unit->scale * unit->scale * d[i] * d[i];
  }
  for (size_t i = 0; i < count; i++) weight[i] /= total;
  return LN_OK;
}
