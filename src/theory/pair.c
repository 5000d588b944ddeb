#include "theory/pair.h"

#include <float.h>
#include <math.h>

#include "theory/checks.h"

/* What does not change along an orbit. P = |p|^2, M = |m|^2, om = hypot(s, rho k/2) with k^2 = P M. */
typedef struct orbit {
  double s, rho, P, M, om, u0, residual0;
} orbit;

static ln_status read_orbit(ln_context *cx, const ln_pair *pair, orbit *o) {
  *o = (orbit){.s = pair->s, .rho = pair->rho};
  if (!isfinite(pair->s)) return ln_fail(cx, LN_EARG, "s = %g must be finite", pair->s);
  if (!(pair->rho >= 0 && isfinite(pair->rho)))
    return ln_fail(cx, LN_EARG, "rho = %g must be >= 0 and finite: it is the variance of the input",
                   pair->rho);
  for (size_t i = 0; i < pair->n; i++) {
    double p = pair->w1[i] + pair->w2[i], m = pair->w1[i] - pair->w2[i];
    o->P += p * p, o->M += m * m, o->u0 += pair->w1[i] * pair->w2[i];
  }
  if (!isfinite(o->P + o->M))
    return ln_fail(cx, LN_EARG,
                   "w1 and w2 must be finite, and their squares in the range of double precision");
  o->om = hypot(o->s, o->rho * sqrt(o->P) * sqrt(o->M) / 2);
  o->residual0 = fma(-o->rho, o->u0, o->s);
  return LN_OK;
}

/* Where an orbit is at time t > 0: th, and residual/residual0. */
typedef struct place {
  double th, left;
} place;

/* e^(2 th) is a Moebius function n/d of e = e^(-2 om t), every term of n and d >= 0 so that nothing cancels.
 * For s >= 0, d is the one that falls to its limit, for s < 0 it is n. */
static place place_at(const orbit *o, double t) {
  double a = fabs(o->s), om = o->om, rho = o->rho;
  if (rho == 0) return (place){o->s * t, 1};
  double falling = o->s >= 0 ? o->P : o->M, rising = o->s >= 0 ? o->M : o->P, sign = o->s >= 0 ? 1 : -1;
  if (om == 0) {
    double n = 2 + t * rho * o->M, d = 2 + t * rho * o->P, x = 4 * t * o->residual0 / d;
    if (isinf(t)) return (place){o->P > 0 ? -INFINITY : INFINITY, 0};
    return (place){x > -0.5 && x < 1 ? log1p(x) / 2 : log(n / d) / 2, 4 / (n * d)};
  }
  double e = exp(-2 * om * t), f = -expm1(-2 * om * t);
  double gap = rho * (o->P / (om + a)) * rho * o->M / 4; /* om - a */
  double big = (1 + e) * om + f * (a + rho * rising / 2);
  double small = e * (om + a) + gap + f * rho * falling / 2;
  place at;
  at.left = 4 * om / big * (falling > 0 ? om * e / small : om / (om + a)); /* e may underflow */
  double x = 2 * f * o->residual0 / (o->s >= 0 ? small : big);             /* n/d - 1 */
  if (x > -0.5 && x < 1)
    at.th = log1p(x) / 2;
  else if (falling > 0)
    at.th = sign * log(big / small) / 2;
  else
    at.th = sign * (log(big / (om + a)) / 2 + om * t);
  return at;
}

ln_status ln_pair_at(ln_context *cx, const ln_pair *pair, double t, double *w1, double *w2, double *u,
                     double *residual) {
  orbit o;
  ln_status status = read_orbit(cx, pair, &o);
  if (status != LN_OK) return status;
  if (!(t >= 0)) return ln_fail(cx, LN_EARG, "t = %g must be >= 0", t);
  place at = {0, 1};
  bool moves = t > 0 && o.residual0 != 0 && o.P + o.M > 0;
  if (moves) at = place_at(&o, t);
  bool mild = fabs(at.th) < 1;
  double ch = cosh(at.th), sh = sinh(at.th), grow = exp(at.th), shrink = exp(-at.th), squares = 0;
  for (size_t i = 0; i < pair->n; i++) {
    double a = pair->w1[i], b = pair->w2[i], p = a + b, m = a - b;
    squares += a * a + b * b;
    p = p != 0 ? p * grow / 2 : 0, m = m != 0 ? m * shrink / 2 : 0; /* 0 times infinity is 0 here */
    if (w1) w1[i] = mild ? a * ch + b * sh : p + m;
    if (w2) w2[i] = mild ? b * ch + a * sh : p - m;
  }
  /* The strength by whichever form has the smallest terms. */
  double plus = o.P > 0 ? o.P * grow * grow / 4 : 0, minus = o.M > 0 ? o.M * shrink * shrink / 4 : 0;
  double r = o.residual0 * at.left, best = plus - minus, bound = plus + minus;
  if (o.rho > 0 && (fabs(o.s) + fabs(r)) / o.rho < bound)
    best = (o.s - r) / o.rho, bound = (fabs(o.s) + fabs(r)) / o.rho;
  if (mild) {
    double c2 = cosh(2 * at.th), s2 = sinh(2 * at.th);
    if (fabs(o.u0) * c2 + squares / 2 * fabs(s2) < bound) best = o.u0 * c2 + squares / 2 * s2;
  }
  if (!moves) best = o.u0;
  if (pair->n == 1 && w1 &&
      w2) { /* of two numbers the smaller one may have cancelled; their product has not */
    if (fabs(*w1) < fabs(*w2)) *w1 = best / *w2;
    if (fabs(*w2) < fabs(*w1)) *w2 = best / *w1;
  }
  if (u) *u = best;
  if (residual) *residual = r;
  return LN_OK;
}

ln_status ln_pair_time(ln_context *cx, const ln_pair *pair, double u, double *t) {
  orbit o;
  ln_status status = read_orbit(cx, pair, &o);
  if (status != LN_OK) return status;
  if (o.s < 0) { /* w2, s and u turned over: p and m change places */
    double P = o.P;
    o.P = o.M, o.M = P, o.s = -o.s, o.u0 = -o.u0, o.residual0 = -o.residual0, u = -u;
  }
  double s = o.s, rho = o.rho, P = o.P, M = o.M, om = o.om, u0 = o.u0, k = sqrt(P) * sqrt(M);
  if (u == u0) return *t = 0, LN_OK;
  *t = NAN;
  if (o.residual0 == 0 || P + M == 0 || (P == 0 && u >= 0) || (om == 0 && rho == 0)) return LN_OK;
  double R = hypot(2 * u, k), R0 = hypot(2 * u0, k);
  double y = u >= 0 ? (2 * u + R) / P : M / (R - 2 * u); /* e^(2 th) */
  double x = 2 * (u - u0) * (y + 1) / (R + R0);          /* y - 1 */
  if (om == 0) {
    double late = 2 * x / (rho * (M - y * P));
    if (late >= 0) *t = late;
    return LN_OK;
  }
  if (P == 0) {
    if (x >= -1e-14)
      *t = log1p(4 * s * fmax(x, 0) / (4 * s + rho * M)) / (2 * s); /* there already, to rounding */
    return LN_OK;
  }
  double gap = rho > 0 && u == s / rho ? 0 : fma(-rho, u, s), q = rho * M / (4 * (om + s));
  double f = gap * (1 + (s + rho * u) / (om + rho * R / 2));
  double f0 = o.residual0 * (1 + (s + rho * u0) / (om + rho * R0 / 2));
  double e = f / f0 * ((0.5 + q) / (y / 2 + q)); /* e^(-2 om t) */
  if (e <= 0.5) {
    if (e >= 0) *t = -log(e) / (2 * om);
    return LN_OK;
  }
  /* 1 - e from the small change of u itself; both forms of its denominator are 2 residual0 + ... */
  double below = x < -0.5 ? y * (om + s) - rho * P * q + rho * (M - P * y) / 2
                          : 2 * o.residual0 + x * (om + s - rho * P / 2);
  double F = 2 * om * x / below;
  if (F >= 0 && F <= 1) *t = -log1p(-F) / (2 * om);
  return LN_OK;
}

ln_status ln_pair_descend(ln_context *cx, const ln_pair *pair, double rate, double momentum, double decay,
                          const uint64_t *steps, size_t count, double *w1, double *w2, double *u) {
  orbit o;
  ln_status status = read_orbit(cx, pair, &o);
  if (status == LN_OK) status = ln_check_descent(cx, rate, momentum, decay, steps, count);
  if (status != LN_OK) return status;
  /* p and m keep their directions here too: only their lengths, relative to the start, need steps. */
  double p = 1, m = 1, vp = 0, vm = 0;
  uint64_t step = 0;
  for (size_t i = 0; i < count && status == LN_OK; i++) {
    for (; step < steps[i] && status == LN_OK; step++) {
      double r = o.s - o.rho * (o.P * p * p - o.M * m * m) / 4;
      vp = momentum * vp + rate * (r - decay) * p;
      vm = momentum * vm - rate * (r + decay) * m;
      p += vp, m += vm;
      status = isfinite(p * p) && isfinite(m * m)
                   ? ln_poll(cx)
                   : ln_fail(cx, LN_EDIVERGED, "descent left the range of double precision after %llu steps",
                             (unsigned long long)step + 1);
    }
    for (size_t k = 0; k < pair->n; k++) {
      double plus = p * (pair->w1[k] + pair->w2[k]) / 2, minus = m * (pair->w1[k] - pair->w2[k]) / 2;
      w1[i * pair->n + k] = plus + minus, w2[i * pair->n + k] = plus - minus;
    }
    u[i] = (o.P * p * p - o.M * m * m) / 4;
  }
  return status;
}
