#include "theory/spectrum.h"

#include <float.h>
#include <math.h>

#include "theory/product.h"

#define PI 3.14159265358979323846
#define QUANTILE_STEPS 200

/* ---- laws in closed form ---- */

static void one_value(ln_spectrum *law, double power, double one_plus) {
  law->value[0] = 1, law->weight[0] = 1;
  law->free =
      (ln_free_law){.value = law->value, .weight = law->weight, .n = 1, .power = power, .one_plus = one_plus};
}

ln_status ln_spectrum_marchenko_pastur(ln_context *cx, double gamma, double variance, ln_spectrum *law) {
  ln_status status = ln_marchenko_pastur_law(cx, gamma, &law->white);
  if (status != LN_OK) return status;
  law->kind = LN_LAW_MARCHENKO_PASTUR, law->scale = variance;
  if (law->white.atom > 0) law->atoms[law->atom_count++] = (ln_atom){0, law->white.atom};
  law->intervals[law->interval_count++] =
      (ln_interval){variance * law->white.lower, variance * law->white.upper, law->white.atom};
  return LN_OK;
}

ln_status ln_spectrum_product(ln_context *cx, double depth, double weight_variance, ln_spectrum *law) {
  double log_scale = depth * log(weight_variance), upper = ln_product_upper(depth) * exp(log_scale);
  if (!(upper < INFINITY) || exp(log_scale) == 0)
    return ln_fail(cx, LN_EARG, "weight_variance = %g: its power %g is beyond the range of numbers",
                   weight_variance, depth);
  one_value(law, depth, 1);
  law->kind = LN_LAW_PRODUCT, law->scale = exp(log_scale), law->depth = depth;
  law->free.log_scale = log_scale;
  law->largest_M = 1 / depth, law->right = 1 + depth;
  law->intervals[law->interval_count++] = (ln_interval){0, upper, 0};
  return LN_OK;
}

/* ---- density and distribution ---- */

static const ln_interval *interval_of(const ln_spectrum *law, double x) {
  for (size_t i = 0; i < law->interval_count; i++)
    if (x >= law->intervals[i].lower && x <= law->intervals[i].upper) return &law->intervals[i];
  return NULL;
}

/* Solutions one after the other, each from the last if it lies in the same interval. */
typedef struct walk {
  const ln_interval *interval;
  ln_free_point point;
} walk;

static ln_status walk_to(ln_context *cx, const ln_spectrum *law, walk *w, const ln_interval *interval,
                         double log_x) {
  ln_status status = ln_free_solve(cx, &law->free, log_x, w->interval == interval, &w->point);
  w->interval = status == LN_OK ? interval : NULL;
  return status;
}

ln_status ln_spectrum_density(ln_context *cx, const ln_spectrum *law, const double *x, size_t n,
                              double *density) {
  walk w = {0};
  for (size_t i = 0; i < n; i++) {
    if (law->kind == LN_LAW_MARCHENKO_PASTUR) {
      density[i] = ln_marchenko_pastur_density(&law->white, x[i] / law->scale) / law->scale;
      continue;
    }
    if (law->kind == LN_LAW_PRODUCT) {
      density[i] = ln_product_density(law->depth, x[i] / law->scale) / law->scale;
      continue;
    }
    const ln_interval *interval = interval_of(law, x[i]);
    if (!interval || x[i] == interval->upper || (x[i] == interval->lower && x[i] > 0)) {
      density[i] = 0;
    } else if (x[i] == 0) {
      density[i] = INFINITY;
    } else {
      ln_status status = walk_to(cx, law, &w, interval, log(x[i]));
      if (status != LN_OK) return status;
      density[i] = fmax(0, -cimag(w.point.M) / (PI * x[i]));
    }
  }
  return LN_OK;
}

/* Outside of the intervals: their masses and those of the atoms are known. */
static double mass_outside(const ln_spectrum *law, double x) {
  if (x < 0) return 0;
  size_t i = law->interval_count;
  while (i > 0 && law->intervals[i - 1].lower > x) i--;
  /* Between two intervals what is below the next; before the first its atom; above the last, all but the atom on top. */
  if (i > 0 && i < law->interval_count) return law->intervals[i].below;
  if (i < law->interval_count) return law->atom_count && law->atoms[0].place <= x ? law->atoms[0].mass : 0;
  double mass = 1;
  for (size_t a = 0; a < law->atom_count; a++)
    if (law->atoms[a].place > x) mass -= law->atoms[a].mass;
  return mass;
}

static ln_status free_cdf(ln_context *cx, const ln_spectrum *law, walk *w, double x, double *cdf) {
  const ln_interval *interval = interval_of(law, x);
  if (!interval || x <= interval->lower || x >= interval->upper) {
    *cdf = interval && x == interval->lower ? interval->below : mass_outside(law, x);
    return LN_OK;
  }
  ln_status status = walk_to(cx, law, w, interval, log(x));
  if (status == LN_OK) *cdf = ln_free_cdf(&law->free, &w->point);
  return status;
}

ln_status ln_spectrum_cdf(ln_context *cx, const ln_spectrum *law, const double *x, size_t n, double *cdf) {
  walk w = {0};
  for (size_t i = 0; i < n; i++) {
    ln_status status = LN_OK;
    if (law->kind == LN_LAW_MARCHENKO_PASTUR)
      cdf[i] = ln_marchenko_pastur_cdf(&law->white, x[i] / law->scale);
    else if (law->kind == LN_LAW_PRODUCT)
      cdf[i] = ln_product_cdf(law->depth, x[i] / law->scale);
    else
      status = free_cdf(cx, law, &w, x[i], &cdf[i]);
    if (status != LN_OK) return status;
  }
  return LN_OK;
}

/* Inside an interval: Newton's steps in ln x, kept inside a bracket. */
static ln_status free_quantile(ln_context *cx, const ln_spectrum *law, walk *w, const ln_interval *interval,
                               double p, double *x) {
  double high = log(interval->upper), low = interval->lower > 0 ? log(interval->lower) : -INFINITY,
         v = high - 0.5;
  if (v <= low) v = (low + high) / 2;
  ln_status status = LN_OK;
  for (int i = 0; i < QUANTILE_STEPS; i++) {
    if (v < log(DBL_MIN)) return *x = 0, LN_OK;
    status = walk_to(cx, law, w, interval, v);
    if (status != LN_OK) return status;
    double excess = ln_free_cdf(&law->free, &w->point) - p, slope = -cimag(w->point.M) / PI;
    if (excess > 0)
      high = v;
    else
      low = v;
    double next = v - excess / slope;
    if (isinf(low)) next = fmax(next, v - fmax(1, fabs(v)));
    if (fabs(next - v) <= 1e-15 * fmax(1, fabs(v)) || high - low <= 4e-16 * fmax(1, fabs(v))) break;
    if (!(next > low && next < high)) next = isinf(low) ? v - 1 : (low + high) / 2;
    v = next;
  }
  *x = exp(v);
  return LN_OK;
}

static ln_status one_quantile(ln_context *cx, const ln_spectrum *law, walk *w, double p, double *x) {
  if (law->kind == LN_LAW_MARCHENKO_PASTUR) {
    *x = law->scale * ln_marchenko_pastur_quantile(&law->white, p);
    return LN_OK;
  }
  if (law->kind == LN_LAW_PRODUCT) {
    *x = law->scale * ln_product_quantile(law->depth, p);
    return LN_OK;
  }
  double reached = 0; /* the mass of the atoms and intervals that have been passed */
  size_t a = 0, i = 0;
  *x = 0;
  while (a < law->atom_count || i < law->interval_count) {
    if (a < law->atom_count && (i == law->interval_count || law->atoms[a].place <= law->intervals[i].lower)) {
      *x = law->atoms[a].place;
      reached += law->atoms[a++].mass;
      if (p <= reached) return LN_OK;
      continue;
    }
    const ln_interval *here = &law->intervals[i++];
    double end = i < law->interval_count ? law->intervals[i].below : mass_outside(law, here->upper);
    *x = p <= reached ? here->lower : here->upper;
    reached = end;
    if (p <= here->below) return *x = here->lower, LN_OK;
    if (p < end) return free_quantile(cx, law, w, here, p, x);
    if (p == end) return LN_OK;
  }
  return LN_OK;
}

ln_status ln_spectrum_quantile(ln_context *cx, const ln_spectrum *law, const double *p, size_t n, double *x) {
  walk w = {0};
  ln_status status = LN_OK;
  for (size_t i = 0; i < n && status == LN_OK; i++) status = one_quantile(cx, law, &w, p[i], &x[i]);
  return status;
}

/* ---- moments and transforms ---- */

ln_status ln_spectrum_moment(ln_context *cx, const ln_spectrum *law, unsigned k, double *moment) {
  if (law->kind == LN_LAW_FREE) return ln_free_moment(cx, &law->free, law->right, k, moment);
  double plain = law->kind == LN_LAW_PRODUCT ? ln_product_moment(law->depth, k)
                                             : ln_marchenko_pastur_moment(&law->white, k);
  *moment = pow(law->scale, k) * plain;
  return LN_OK;
}

ln_status ln_spectrum_stieltjes(ln_context *cx, const ln_spectrum *law, double complex z, double complex *m) {
  if (law->kind == LN_LAW_MARCHENKO_PASTUR) {
    *m = ln_marchenko_pastur_stieltjes(&law->white, z / law->scale) / law->scale;
    return LN_OK;
  }
  if (z == 0) return ln_fail(cx, LN_EARG, "z = 0: the mean of 1/lambda is not offered for this law");
  bool below = cimag(z) < 0;
  double complex upper =
      below ? conj(z) : CMPLX(creal(z), cimag(z) + 0.0); /* + 0: -0 is above the axis too */
  ln_free_point point;
  ln_status status = ln_free_solve(cx, &law->free, clog(upper), false, &point);
  if (status != LN_OK) return status;
  double complex answer = -point.one_plus_M / upper;
  *m = below ? conj(answer) : answer;
  return LN_OK;
}

ln_status ln_spectrum_resolvent(ln_context *cx, const ln_spectrum *law, double kappa, double *m, double *m2) {
  if (law->kind == LN_LAW_MARCHENKO_PASTUR) {
    *m = ln_marchenko_pastur_resolvent(&law->white, kappa / law->scale) / law->scale;
    *m2 = ln_marchenko_pastur_resolvent2(&law->white, kappa / law->scale) / (law->scale * law->scale);
    return LN_OK;
  }
  if (!(kappa > 0)) return ln_fail(cx, LN_EARG, "kappa = %g: must be above 0 for this law", kappa);
  return ln_free_resolvent(cx, &law->free, kappa, m, m2);
}

ln_status ln_spectrum_R(ln_context *cx, const ln_spectrum *law, double u, double *R) {
  if (law->kind != LN_LAW_MARCHENKO_PASTUR) return ln_free_R(cx, &law->free, law->largest_M, u, R);
  *R = law->scale * ln_marchenko_pastur_R(&law->white, law->scale * u);
  return LN_OK;
}

ln_status ln_spectrum_S(ln_context *cx, const ln_spectrum *law, double u, double *S) {
  if (law->kind != LN_LAW_MARCHENKO_PASTUR) return ln_free_S(cx, &law->free, u, S);
  *S = ln_marchenko_pastur_S(&law->white, u) / law->scale;
  return LN_OK;
}

/* ---- against a sample ---- */

ln_status ln_spectrum_distance(ln_context *cx, const ln_spectrum *law, const double *rising, size_t n,
                               double reach, double *distance, double *at) {
  ln_mark mark = ln_begin(cx);
  double *before = ln_reals(cx, n), *upto = ln_reals(cx, n);
  if (!before || !upto) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < n; i++) {
    before[i] = upto[i] = rising[i];
    for (size_t a = 0; a < law->atom_count; a++)
      if (fabs(rising[i] - law->atoms[a].place) <= reach)
        before[i] = law->atoms[a].place - 2 * reach, upto[i] = law->atoms[a].place + reach;
  }
  ln_status status = LN_OK;
  *distance = 0, *at = n ? rising[0] : 0;
  for (size_t first = 0, last; first < n && status == LN_OK; first = last) {
    for (last = first + 1; last < n && upto[last] == upto[first];) last++;
    double cdf[2], places[2] = {before[first], upto[first]};
    status = ln_spectrum_cdf(cx, law, places, 2, cdf);
    double largest = fmax(fabs(cdf[0] - (double)first / (double)n), fabs(cdf[1] - (double)last / (double)n));
    if (status == LN_OK && largest > *distance) *distance = largest, *at = rising[first];
  }
  return ln_end(cx, mark, status);
}
