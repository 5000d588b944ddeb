#include "theory/mode.h"

#include <float.h>
#include <math.h>

#include "theory/special.h"

ln_status ln_mode_check(ln_context *cx, const ln_mode *mode) {
  double s = mode->s, rho = mode->rho, a0 = mode->a0, depth = mode->depth;
  if (!isfinite(s)) return ln_fail(cx, LN_EARG, "s = %g must be finite", s);
  if (!isfinite(a0)) return ln_fail(cx, LN_EARG, "a0 = %g must be finite", a0);
  if (!(rho >= 0 && isfinite(rho)))
    return ln_fail(cx, LN_EARG, "rho = %g must be >= 0 and finite: it is the variance of the input", rho);
  if (!(depth >= 1)) return ln_fail(cx, LN_EARG, "depth = %g must be at least 1", depth);
  if (rho == 0 && s != 0 && depth != 1 && depth != 2)
    return ln_fail(
        cx, LN_EARG,
        "rho = 0 with s = %g: without a target the mode grows without limit; depth 1 or 2 is needed", s);
  if (depth > 1 && depth < 2 && (a0 == 0 || a0 * s < 0))
    return ln_fail(cx, LN_EARG,
                   "depth = %g with s = %g and a0 = %g: between depth 1 and 2 the start must lie on the side "
                   "of the target",
                   depth, s, a0);
  return LN_OK;
}

/* ---- depth > 1 but not 2, a0 > 0, rho > 0, s != 0, not at the target ----
 *
 * Each of the three courses has a coordinate q that only grows, from q0 to 1, with
 *
 *     dT = q^(alpha-1) (1-q)^(beta-1) dq,     T = depth rho (|s|/rho)^p t,     b = 2/depth
 *
 *     grows to the target     q = rho a/s               alpha = b - 1    beta = 0
 *     falls to the target     q = s/(rho a)             alpha = p        beta = 0
 *     decays to the saddle    q = |s|/(|s| + rho a)     alpha = p        beta = b - 1       (s < 0)
 *
 * so T is a piece of an incomplete beta integral: a series in q below 1/2 and one in w = 1 - q above. All is
 * kept relative to the start (T/q0^alpha, or T/w0^beta above 1/2), which neither overflows nor cancels at any
 * size of s and a0, takes s -> 0 to its limit, and holds for b = 0. */
typedef struct course {
  enum { GROWS, FALLS, DECAYS } kind;
  double alpha, beta;
  double q0, w0; /* w0 = 1 - q0, to full relative accuracy */
  double speed;  /* of T/q0^alpha if q0 <= 1/2, else of T/w0^beta, per unit of time */
} course;

/* s - rho a with one rounding. */
static double residual(const ln_mode *m, double a) { return fma(-m->rho, a, m->s); }

static course course_of(const ln_mode *m) {
  double s = fabs(m->s), rho = m->rho, a0 = m->a0, gap = residual(m, a0);
  double towards = (m->depth - 2) / m->depth; /* 1 - b */
  if (isinf(m->depth)) towards = 1;
  double p = 1 + towards, depth = isinf(m->depth) ? 1 : m->depth;
  course c;
  if (m->s < 0) {
    c = (course){.kind = DECAYS, .alpha = p, .beta = -towards, .q0 = s / (s + rho * a0)};
    c.w0 = rho * a0 / (s + rho * a0);
    c.speed = c.q0 <= 0.5 ? depth * rho * pow(s / rho + a0, p)
                          : depth * s * pow(a0, towards) * pow(1 + rho * a0 / s, -towards);
  } else if (gap < 0) {
    c = (course){.kind = FALLS, .alpha = p, .q0 = s / (rho * a0), .w0 = -gap / (rho * a0)};
    c.speed = depth * rho * pow(c.q0 <= 0.5 ? a0 : s / rho, p);
  } else {
    c = (course){.kind = GROWS, .alpha = -towards, .q0 = rho * a0 / s, .w0 = gap / s};
    c.speed = c.q0 <= 0.5 ? depth * s * pow(a0, towards) : depth * rho * pow(s / rho, p);
  }
  return c;
}

/* T/q0^alpha from the start to q = 1/2. */
static double first_half(const course *c) {
  return c->q0 > 0 ? ln_beta_piece(c->alpha, 1 - c->beta, c->q0, -log(2 * c->q0)) : INFINITY;
}

/* The strength after time t. */
static double advance(const ln_mode *m, const course *c, double t) {
  double y = c->speed * t, w, target = fabs(m->s) / m->rho;
  if (c->q0 > 0.5) {
    w = c->w0 * exp(ln_beta_piece_inverse(c->beta, 1 - c->alpha, c->w0, -y));
  } else {
    double half = first_half(c);
    if (y <= half) {
      double x; /* ln(q/q0) */
      if (c->alpha < 0 && y > half / 2) {
        /* The series from the start tends to a constant before the jump: count back from q = 1/2. */
        double back = (half - y) * pow(2 * c->q0, c->alpha);
        x = isinf(back) ? log1p(c->alpha * y) / c->alpha
                        : -log(2 * c->q0) + ln_beta_piece_inverse(c->alpha, 1 - c->beta, 0.5, -back);
      } else {
        x = ln_beta_piece_inverse(c->alpha, 1 - c->beta, c->q0, y);
      }
      if (c->kind == GROWS) return m->a0 * exp(x);
      if (c->kind == FALLS) return m->a0 * exp(-x);
      return (target + m->a0) * exp(-x) * (1 - c->q0 * exp(x));
    }
    double rest = (y - half) * pow(c->q0, c->alpha) * exp2(c->beta);
    w = 0.5 * exp(ln_beta_piece_inverse(c->beta, 1 - c->alpha, 0.5, -rest));
  }
  if (c->kind == GROWS) return target * (1 - w);
  if (c->kind == FALLS) return target / (1 - w);
  return target * w / (1 - w);
}

/* The time from the start to the strength a, with `gap` = s - rho a. */
static double elapsed(const ln_mode *m, const course *c, double a, double gap) {
  double gap0 = residual(m, m->a0), change = a - m->a0;
  double la = fabs(change) < 0.5 * m->a0 ? log1p(change / m->a0) : log(a / m->a0); /* ln(a/a0) */
  double lg = m->rho * change / gap0;                                              /* ln(gap/gap0) */
  lg = fabs(lg) < 0.5 ? log1p(-lg) : log(gap / gap0);
  double w, lq, lw; /* 1 - q, ln(q/q0), ln(w/w0) */
  if (c->kind == GROWS)
    w = gap / m->s, lq = la, lw = lg;
  else if (c->kind == FALLS)
    w = -gap / (m->rho * a), lq = -la, lw = lg - la;
  else
    w = m->rho * a / -gap, lq = -lg, lw = la - lg;
  double y;
  if (c->q0 > 0.5)
    y = -ln_beta_piece(c->beta, 1 - c->alpha, c->w0, lw);
  else if (w >= 0.5)
    y = ln_beta_piece(c->alpha, 1 - c->beta, c->q0, lq);
  else
    y = first_half(c) -
        exp2(-c->beta) * pow(c->q0, -c->alpha) * ln_beta_piece(c->beta, 1 - c->alpha, 0.5, log(2 * w));
  return y / c->speed;
}

/* ---- any mode, turned so that a0 >= 0 where depth >= 2 ---- */

static bool is_turned(const ln_mode *m) { return m->depth > 1 && m->a0 < 0; }

static ln_mode turned(const ln_mode *m) {
  return is_turned(m) ? (ln_mode){-m->s, m->rho, -m->a0, m->depth} : *m;
}

/* Where the mode goes as t grows. */
static double limit_of(const ln_mode *m) {
  if (m->depth == 1) {
    if (m->rho > 0) return m->s / m->rho;
    return m->s == 0 ? m->a0 : copysign(INFINITY, m->s);
  }
  if (m->a0 == 0 || m->s < 0) return 0;
  if (m->rho > 0) return m->s / m->rho;
  return m->s == 0 ? m->a0 : INFINITY;
}

static double power_of(const ln_mode *m) { return isinf(m->depth) ? 2 : 2 - 2 / m->depth; }

static double strength(const ln_mode *m, const course *c, double t) {
  double s = m->s, rho = m->rho, a0 = m->a0;
  if (t == 0) return a0;
  if (isinf(t)) return limit_of(m);
  if (m->depth == 1) {
    /* the mean of start and target with weights that are both exact */
    double forgotten = -expm1(-rho * t);
    return a0 * exp(-rho * t) + (rho * t < 1 ? s * t * ln_phi1(-rho * t) : s / rho * forgotten);
  }
  if (a0 == 0) return 0;
  if (s == 0) {
    double p = power_of(m), rate = isinf(m->depth) ? 2 : 2 * m->depth - 2; /* p * depth */
    return a0 * exp(-log1p(rate * rho * pow(a0, p) * t) / p);
  }
  if (m->depth == 2) {
    double x = 2 * fabs(s) * t, e = exp(-x), g = x < 1 ? 2 * t * ln_phi1(-x) : -expm1(-x) / fabs(s);
    return s > 0 ? a0 / (e + a0 * (rho * g)) : a0 * e / (1 + a0 * (rho * g));
  }
  if (residual(m, a0) == 0) return a0;
  return advance(m, c, t);
}

static double time_to(const ln_mode *m, const course *c, double a, double gap) {
  double s = m->s, rho = m->rho, a0 = m->a0, limit = limit_of(m);
  if (a == a0) return 0;
  if (a == limit) return a0 == 0 && m->depth > 1 ? NAN : INFINITY;
  if (!(a > fmin(a0, limit) && a < fmax(a0, limit))) return NAN;
  double gap0 = residual(m, a0), change = a - a0;
  if (m->depth == 1) {
    /* ln(gap0/gap)/rho, through the small difference where it is small */
    if (rho == 0) return change / s;
    double x = rho * change / gap;
    return (fabs(x) < 1 ? log1p(x) : log(gap0 / gap)) / rho;
  }
  double la = fabs(change) < 0.5 * a0 ? log1p(change / a0) : log(a / a0); /* ln(a/a0) */
  if (s == 0) {
    double p = power_of(m), rate = isinf(m->depth) ? 2 : 2 * m->depth - 2;
    return expm1(-p * la) / (rate * rho * pow(a0, p));
  }
  if (m->depth == 2) {
    /* ln(a gap0/(a0 gap))/(2s); the argument of the logarithm is 1 + x */
    double x = s * change / (a0 * gap);
    return (fabs(x) < 0.5 ? log1p(x) : la + log(gap0 / gap)) / (2 * s);
  }
  return elapsed(m, c, a, gap);
}

static bool needs_course(const ln_mode *m) {
  return m->depth > 1 && m->depth != 2 && m->a0 != 0 && m->s != 0 && residual(m, m->a0) != 0;
}

/* Products and powers of the numbers given left the range of doubles. */
static ln_status out_of_range(ln_context *cx, const ln_mode *m) {
  return ln_fail(cx, LN_ENUMERIC,
                 "s = %g, rho = %g, a0 = %g, depth = %g: beyond the range of double precision", m->s, m->rho,
                 m->a0, m->depth);
}

ln_status ln_mode_strength(ln_context *cx, const ln_mode *mode, const double *t, size_t n, double *a) {
  ln_status status = ln_mode_check(cx, mode);
  if (status != LN_OK) return status;
  ln_mode m = turned(mode);
  course c = needs_course(&m) ? course_of(&m) : (course){0};
  for (size_t i = 0; i < n && status == LN_OK; i++) {
    if (!(t[i] >= 0)) return ln_fail(cx, LN_EARG, "t = %g must be >= 0", t[i]);
    double x = strength(&m, &c, t[i]);
    if (isnan(x)) return out_of_range(cx, mode);
    a[i] = is_turned(mode) ? -x : x;
    status = ln_poll(cx);
  }
  return status;
}

ln_status ln_mode_time(ln_context *cx, const ln_mode *mode, const double *a, size_t n, double *t) {
  ln_status status = ln_mode_check(cx, mode);
  if (status != LN_OK) return status;
  ln_mode m = turned(mode);
  course c = needs_course(&m) ? course_of(&m) : (course){0};
  for (size_t i = 0; i < n && status == LN_OK; i++) {
    double x = is_turned(mode) ? -a[i] : a[i];
    t[i] = time_to(&m, &c, x, residual(&m, x));
    status = ln_poll(cx);
  }
  return status;
}

ln_status ln_mode_time_to_fraction(ln_context *cx, const ln_mode *mode, const double *fraction, size_t n,
                                   double *t) {
  ln_status status = ln_mode_check(cx, mode);
  if (status != LN_OK) return status;
  if (mode->s == 0 || mode->rho == 0)
    return ln_fail(cx, LN_EARG,
                   "s = %g, rho = %g: a fraction of the target s/rho needs both to differ from 0", mode->s,
                   mode->rho);
  ln_mode m = turned(mode);
  course c = needs_course(&m) ? course_of(&m) : (course){0};
  for (size_t i = 0; i < n && status == LN_OK; i++) {
    t[i] = time_to(&m, &c, fraction[i] * (m.s / m.rho), m.s * (1 - fraction[i]));
    status = ln_poll(cx);
  }
  return status;
}

ln_status ln_mode_curvature(ln_context *cx, const ln_mode *mode, double *curvature) {
  ln_status status = ln_mode_check(cx, mode);
  if (status != LN_OK) return status;
  if (mode->rho == 0) return *curvature = 0, LN_OK;
  double depth = isinf(mode->depth) ? 1 : mode->depth;
  *curvature = depth * mode->rho * pow(fabs(mode->s) / mode->rho, power_of(mode));
  return LN_OK;
}

ln_status ln_mode_plateau(ln_context *cx, const ln_mode *mode, double *time) {
  ln_status status = ln_mode_check(cx, mode);
  if (status != LN_OK) return status;
  if (mode->s == 0 || mode->rho == 0)
    return ln_fail(cx, LN_EARG, "s = %g, rho = %g: only a mode with a target has a plateau before it",
                   mode->s, mode->rho);
  if (mode->depth > 1 && mode->depth < 2)
    return ln_fail(cx, LN_EARG, "depth = %g: the plateau has a formula for one layer and from two on",
                   mode->depth);
  ln_mode m = turned(mode);
  if (m.depth == 1)
    *time = 0;
  else if (m.s < 0 || m.a0 == 0)
    *time = INFINITY;
  else if (m.depth == 2)
    *time = fmax(0, log(m.s / (m.rho * m.a0)) / (2 * m.s));
  else if (isinf(m.depth))
    *time = 1 / (m.a0 * m.s);
  else
    *time = pow(m.a0, -(m.depth - 2) / m.depth) / ((m.depth - 2) * m.s);
  return LN_OK;
}
