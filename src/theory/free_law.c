#include "theory/free_law.h"

#include <float.h>
#include <math.h>

#include "core/root.h"

#define PI 3.14159265358979323846
/* What keeps the path on its branch: other solutions lie outside of the image of the upper half plane. */
#define MOVE_MOST 0.2    /* of |zeta| in one step */
#define CONTRACTION 0.15 /* of Newton's second move against the first */
#define LEAVE_AXIS 1e-9  /* how far below the axis a last move may end where the root is on it */
#define WARM_LEAST 1e-4
#define PATH_STEPS 20000
#define POLISH_STEPS 30
#define CIRCLE_LEAST 64
#define CIRCLE_MOST (1u << 20)

double ln_free_top(const ln_free_law *law) {
  double top = 0;
  for (size_t i = 0; i < law->n; i++) top = fmax(top, law->value[i]);
  return top;
}

ln_free_point ln_free_at(const ln_free_law *law, double complex zeta) {
  double a = creal(zeta), b = cimag(zeta), re = 0, im = 0, rest_re = 0, rest_im = 0, slope_re = 0,
         slope_im = 0;
  for (size_t i = 0; i < law->n; i++) { /* by parts: the compiler's complex division looks for infinities */
    double d = law->value[i], u = a - d, part = law->weight[i] / (u * u + b * b);
    re += part * d * u, im -= part * d * b;
    rest_re += part * (a * u + b * b);
    rest_im -= part * d * b;
    part *= d / (u * u + b * b);
    slope_re -= part * (u * u - b * b), slope_im += part * 2 * u * b;
  }
  /* 1 + M as the sum of p zeta/(zeta - d): near x = 0 it is small. */
  double complex M = CMPLX(re, im), rest = CMPLX(rest_re, rest_im), dM = CMPLX(slope_re, slope_im), by_M = 0;
  ln_free_point at = {.zeta = zeta, .M = M, .one_plus_M = rest};
  at.log_x = law->log_scale + law->power * clog(zeta);
  at.log_slope = law->power / zeta;
  if (law->power != 1) at.log_x += (law->power - 1) * clog(M), by_M += (law->power - 1) / M;
  if (law->one_plus != 0) at.log_x += law->one_plus * clog(rest), by_M += law->one_plus / rest;
  if (law->ratio > 0) at.log_x += clog(1 + law->ratio * M), by_M += law->ratio / (1 + law->ratio * M);
  if (law->smooth > 0) at.log_x += law->smooth * M, by_M += law->smooth;
  if (law->bounded > 0) at.log_x += law->bounded * M / rest, by_M += law->bounded / (rest * rest);
  at.log_slope += dM * by_M;
  return at;
}

/* ---- the way to a target ---- */

/* Where a root is real, rounding must not take it to the other side: the logarithms' arguments would jump. */
static double complex above_axis(double complex zeta) {
  return CMPLX(creal(zeta), fmax(cimag(zeta), 1e-30 * cabs(zeta)));
}

/* Newton's steps from *point to ln x = aim. False if they do not contract, or leave the half plane by more than `below`. */
static bool correct(const ln_free_law *law, double complex aim, double below, ln_free_point *point) {
  ln_free_point at = *point;
  double last = INFINITY;
  for (int i = 0; i < 8; i++) {
    double complex move = (aim - at.log_x) / at.log_slope;
    double size = cabs(move), reach = cabs(at.zeta);
    /* On the real axis, outside of the spectrum, a root is real to rounding. */
    if (!(size <= MOVE_MOST * reach) || cimag(at.zeta + move) <= -below * reach) return false;
    if (size > CONTRACTION * last && size > 1e-12 * reach) return false;
    at = ln_free_at(law, above_axis(at.zeta + move));
    if (size <= 1e-9 * reach) {
      *point = at;
      return true;
    }
    last = size;
  }
  return false;
}

static void polish(const ln_free_law *law, double complex aim, ln_free_point *point) {
  double last = INFINITY;
  for (int i = 0; i < POLISH_STEPS; i++) {
    double complex move = (aim - point->log_x) / point->log_slope;
    double size = cabs(move);
    if (!(size < last)) return;
    *point = ln_free_at(law, above_axis(point->zeta + move));
    if (size <= DBL_EPSILON * cabs(point->zeta)) return;
    last = size;
  }
}

static ln_status follow(ln_context *cx, const ln_free_law *law, double complex target, ln_free_point *point) {
  double complex from = point->log_x;
  double done = 0, step = 0.25;
  for (int i = 0; i < PATH_STEPS && done < 1; i++) {
    double next = fmin(1, done + step);
    double complex aim = next < 1 ? from + next * (target - from) : target;
    if (correct(law, aim, next < 1 ? 0 : LEAVE_AXIS, point))
      done = next, step *= 2;
    else
      step /= 2;
    if (step < 1e-14) break;
    ln_status status = i % 64 == 63 ? ln_poll(cx) : LN_OK;
    if (status != LN_OK) return status;
  }
  if (done < 1)
    return ln_fail(cx, LN_ENUMERIC, "the spectrum at x = %g could not be followed from infinity",
                   exp(creal(target)));
  polish(law, target, point);
  return LN_OK;
}

ln_status ln_free_solve(ln_context *cx, const ln_free_law *law, double complex target, bool warm,
                        ln_free_point *point) {
  /* From the axis itself Newton's steps never leave it. */
  warm = warm && cimag(point->zeta) > WARM_LEAST * cabs(point->zeta);
  if (warm && follow(cx, law, target, point) == LN_OK) return LN_OK;
  double far = 20 + 4 * law->power + 4 * law->ratio + 4 * law->smooth + 4 * law->bounded;
  *point = ln_free_at(law, CMPLX(0, far * ln_free_top(law)));
  return follow(cx, law, target, point);
}

double ln_free_cdf(const ln_free_law *law, const ln_free_point *point) {
  double complex M = point->M, rest = point->one_plus_M, F = (law->power - 1) * M;
  for (size_t i = 0; i < law->n; i++)
    if (law->value[i] > 0) F += law->power * law->weight[i] * clog(1 - law->value[i] / point->zeta);
  if (law->one_plus != 0) F += law->one_plus * (M - clog(rest));
  if (law->ratio > 0) F += M - clog(1 + law->ratio * M) / law->ratio;
  if (law->smooth > 0) F += law->smooth * M * M / 2;
  if (law->bounded > 0) F += law->bounded * (clog(rest) + 1 / rest);
  return fmin(1, fmax(0, 1 - cimag(F) / PI));
}

/* ---- on the real axis ---- */

typedef struct search {
  const ln_free_law *law;
  double aim, mean;
} search;

/* At zeta = -e^v: M in (-1, 0), 1 + M as a sum of positive terms, and ln(-x). */
static double negative_side(const ln_free_law *law, double v, double *M, double *one_plus_M) {
  double y = exp(v), sum = 0, rest = 0;
  for (size_t i = 0; i < law->n; i++) {
    double d = law->value[i];
    sum -= law->weight[i] * d / (y + d);
    rest += law->weight[i] * y / (y + d);
  }
  *M = sum, *one_plus_M = rest;
  double inside = 1 + law->ratio * sum;
  if (!(inside > 0)) return -INFINITY;
  return law->log_scale + law->power * v + (law->power - 1) * log(-sum) + law->one_plus * log(rest) +
         log(inside) + law->smooth * sum + law->bounded * sum / rest;
}

static ln_status above_aim(ln_context *cx, void *ud, double v, double *y) {
  (void)cx;
  const search *s = ud;
  double M, rest;
  *y = fmax(negative_side(s->law, v, &M, &rest) - s->aim, -1e300);
  return LN_OK;
}

ln_status ln_free_resolvent(ln_context *cx, const ln_free_law *law, double kappa, double *m, double *m2) {
  search s = {law, log(kappa), 0};
  double low = log(kappa) - 1, high = log(kappa) + 1, y, v;
  for (int i = 0; i < 60; i++, low -= ldexp(1, i))
    if (above_aim(cx, &s, low, &y), y < 0) break;
  for (int i = 0; i < 60; i++, high += ldexp(1, i))
    if (above_aim(cx, &s, high, &y), y > 0) break;
  ln_status status = ln_find_root(cx, above_aim, &s, low, high, &v);
  if (status != LN_OK) return status;
  double M, rest;
  negative_side(law, v, &M, &rest);
  *m = rest / kappa;
  double size = exp(v), slope = 0,
         by_M = (law->power - 1) / M + law->one_plus / rest + law->ratio / (1 + law->ratio * M) +
                law->smooth + law->bounded / (rest * rest);
  for (size_t i = 0; i < law->n; i++) { /* dM/dv */
    double d = law->value[i];
    slope += law->weight[i] * d * size / ((size + d) * (size + d));
  }
  *m2 = (rest - slope / (law->power + slope * by_M)) / (kappa * kappa);
  return LN_OK;
}

/* M at zeta = 1/w: rises with w from -P(value > 0) to infinity at 1/top. */
static ln_status at_inverse(ln_context *cx, void *ud, double w, double *y) {
  (void)cx;
  const search *s = ud;
  double M = 0;
  for (size_t i = 0; i < s->law->n; i++) {
    double dw = s->law->value[i] * w;
    M += s->law->weight[i] * dw / (1 - dw);
  }
  *y = M - s->aim;
  return LN_OK;
}

/* u zeta where M(zeta) = u: finite at u = 0, where it is the mean of the base law. */
static ln_status product_at(ln_context *cx, const ln_free_law *law, double u, double *product) {
  double mean = 0, positive = 0, top = ln_free_top(law), only = top;
  bool single = true;
  for (size_t i = 0; i < law->n; i++) {
    if (law->value[i] > 0) positive += law->weight[i], single = single && law->value[i] == only;
    mean += law->weight[i] * law->value[i];
  }
  if (!(u > -positive))
    return ln_fail(cx, LN_EARG, "u = %g: must be above -%.6g, the part of the spectrum that is not 0", u,
                   positive);
  if (single || u == 0) {
    *product = single ? only * (u + positive) : mean;
    return LN_OK;
  }
  search s = {law, u, 0};
  double low = u > 0 ? 0 : -1 / top, high = u > 0 ? (1 - DBL_EPSILON) / top : 0, y, w = 0;
  for (int i = 0; i < 1000 && u < 0 && (at_inverse(cx, &s, low, &y), y > 0); i++) low *= 2;
  ln_status status = ln_find_root(cx, at_inverse, &s, low, high, &w);
  if (status == LN_OK) *product = u / w;
  return status;
}

ln_status ln_free_S(ln_context *cx, const ln_free_law *law, double u, double *S) {
  double product = 0;
  ln_status status = product_at(cx, law, u, &product);
  if (status != LN_OK) return status;
  if (law->ratio > 0 && !(1 + law->ratio * u > 0))
    return ln_fail(cx, LN_EARG, "u = %g: must be above -%.6g, the part of the spectrum that is not 0", u,
                   1 / law->ratio);
  double log_xu = law->log_scale + law->power * log(product) + law->smooth * u + log1p(law->ratio * u);
  double rest = law->one_plus != 1 ? (1 - law->one_plus) * log1p(u) : 0;
  *S = exp(rest - log_xu - (law->bounded > 0 ? law->bounded * u / (1 + u) : 0));
  return LN_OK;
}

/* w S(w), which is the mean of 1/(x - lambda) where that of lambda/(x - lambda) is w. */
static ln_status transform_at(ln_context *cx, void *ud, double w, double *y) {
  const search *s = ud;
  double S;
  ln_status status = ln_free_S(cx, s->law, w, &S);
  *y = w * S - s->aim;
  return status;
}

ln_status ln_free_R(ln_context *cx, const ln_free_law *law, double largest_M, double u, double *R) {
  double positive = 0, S, w = 0;
  for (size_t i = 0; i < law->n; i++) positive += law->value[i] > 0 ? law->weight[i] : 0;
  if (law->ratio > 0) positive = fmin(positive, 1 / law->ratio);
  search s = {law, u, 0};
  double low = u < 0 ? -positive * (1 - 1e-12) : 0, high = u < 0 ? 0 : fmin(largest_M, 1), least, most;
  ln_status status = transform_at(cx, &s, low, &least);
  if (status == LN_OK) status = transform_at(cx, &s, high, &most);
  for (int i = 0; status == LN_OK && most < 0 && high < largest_M && i < 200; i++) {
    high = fmin(largest_M, 2 * high);
    status = transform_at(cx, &s, high, &most);
  }
  if (status != LN_OK) return status;
  if (least > 0 || most < 0)
    return ln_fail(cx, LN_EARG,
                   "u = %g: R is defined between %.6g and %.6g, the means of 1/(x - lambda) at the edges", u,
                   u < 0 ? least + u : -INFINITY, u < 0 ? INFINITY : most + u);
  if (u != 0) status = ln_find_root(cx, transform_at, &s, low, high, &w);
  if (status == LN_OK) status = ln_free_S(cx, law, w, &S);
  if (status == LN_OK) *R = 1 / S;
  return status;
}

/* ---- edges ---- */

/* zeta d ln x/d zeta at zeta = top (1 + e^v), or at the part 1/(1 + e^-v) of the smallest value. */
static ln_status slope_above(ln_context *cx, void *ud, double v, double *y) {
  (void)cx;
  const search *s = ud;
  double zeta = s->mean * (1 + exp(v));
  *y = creal(ln_free_at(s->law, CMPLX(zeta, 0)).log_slope) * zeta;
  return LN_OK;
}
static ln_status slope_below(ln_context *cx, void *ud, double v, double *y) {
  (void)cx;
  const search *s = ud;
  double zeta = s->mean / (1 + exp(-v));
  *y = creal(ln_free_at(s->law, CMPLX(zeta, 0)).log_slope) * zeta;
  return LN_OK;
}

ln_status ln_free_upper(ln_context *cx, const ln_free_law *law, double *zeta) {
  search s = {law, 0, ln_free_top(law)};
  double v;
  ln_status status = ln_find_root(cx, slope_above, &s, -25, 40, &v);
  if (status == LN_OK) *zeta = s.mean * (1 + exp(v));
  return status;
}

ln_status ln_free_lower(ln_context *cx, const ln_free_law *law, double *zeta) {
  search s = {law, 0, INFINITY};
  for (size_t i = 0; i < law->n; i++) s.mean = fmin(s.mean, law->value[i]);
  double v;
  ln_status status = ln_find_root(cx, slope_below, &s, -34, 25, &v);
  if (status == LN_OK) *zeta = s.mean / (1 + exp(-v));
  return status;
}

ln_status ln_free_moment(ln_context *cx, const ln_free_law *law, double right, unsigned k, double *moment) {
  double centre = ln_free_top(law) / 2, radius = right - centre, before = NAN, sum = 0;
  if (k == 0) return *moment = 1, LN_OK;
  for (size_t n = CIRCLE_LEAST; n <= CIRCLE_MOST; n *= 2) {
    sum = 0;
    for (size_t j = 0; j < n / 2; j++) { /* the other half is the conjugate */
      double angle = 2 * PI * ((double)j + 0.5) / (double)n;
      double complex turn = CMPLX(radius * cos(angle), radius * sin(angle));
      ln_free_point at = ln_free_at(law, centre + turn);
      sum += creal(cexp(k * at.log_x) * at.M * at.log_slope * turn) * 2 / (double)n;
    }
    if (fabs(sum - before) <= 1e-14 * fabs(sum) * k) break;
    before = sum;
    ln_status status = ln_poll(cx);
    if (status != LN_OK) return status;
  }
  *moment = sum;
  return LN_OK;
}
