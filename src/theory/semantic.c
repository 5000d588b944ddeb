#include "theory/semantic.h"

#include <math.h>
#include <stdlib.h>

#include "core/linalg.h"
#include "core/order.h"
#include "theory/special.h"

/* Times at which a sum of modes is looked at: so many for each sigma, around its half time, until the mode is done. */
#define LOOKS 200
#define REACH 20.0 /* in units of 1/sigma */
/* Excursions below this are rounding. */
#define NO_EXCURSION 1e-12
#define BISECTIONS 200

ln_status ln_distinguish(ln_context *cx, ln_matrix Y, ln_distinctions *modes) {
  size_t k = Y.rows < Y.cols ? Y.rows : Y.cols;
  if (k == 0) return ln_fail(cx, LN_EARG, "Y is %zux%zu: there must be properties and items", Y.rows, Y.cols);
  *modes = (ln_distinctions){.sigma = ln_reals(cx, k),
                             .u = ln_take_matrix(cx, Y.rows, k),
                             .v = ln_take_matrix(cx, Y.cols, k),
                             .group = ln_take(cx, k + 1, sizeof(size_t))};
  if (!modes->sigma || !modes->u.data || !modes->v.data || !modes->group) return LN_EMEMORY;
  ln_status status = ln_svd(cx, Y, modes->u, modes->sigma, modes->v);
  if (status != LN_OK) return status;
  if (modes->sigma[0] == 0)
    return ln_fail(cx, LN_EARG, "Y is 0: there is nothing to tell the items apart by");
  while (modes->count < k && modes->sigma[modes->count] > LN_NO_MODE * modes->sigma[0]) modes->count++;
  modes->u.cols = modes->v.cols = modes->count;
  for (size_t j = 0; j < modes->count; j++) {
    if (j > 0 && modes->sigma[j - 1] - modes->sigma[j] > LN_EQUAL * modes->sigma[0]) modes->groups++;
    modes->group[j] = modes->groups;
  }
  modes->groups++;
  return LN_OK;
}

/* ---- cells over time ---- */

/* The strengths of all modes at theta. */
static void strengths(const ln_distinctions *m, double a0, double theta, double *a) {
  for (size_t k = 0; k < m->count; k++) { /* the logistic curve without overflow: see mode.h */
    double x = 2 * m->sigma[k] * theta;
    a[k] = a0 / (exp(-x) + 2 * a0 * theta * ln_phi1(-x));
  }
}

static double half_time(double sigma, double a0) {
  return a0 >= sigma / 2 ? 0 : log((sigma - a0) / a0) / (2 * sigma);
}

/* Looks of all groups, rising, without doubles: *count of them in work space. */
static ln_status take_looks(ln_context *cx, const ln_distinctions *m, double a0, double **looks,
                            size_t *count) {
  size_t n = 0;
  double *times = *looks = ln_reals(cx, 1 + m->count * LOOKS);
  if (!times) return LN_EMEMORY;
  times[n++] = 0;
  for (size_t k = 0; k < m->count; k++) {
    if (k > 0 && m->group[k] == m->group[k - 1]) continue;
    double half = half_time(m->sigma[k], a0), from = fmax(0, half - REACH / m->sigma[k]),
           to = half + REACH / m->sigma[k];
    for (size_t i = 0; i < LOOKS; i++) times[n++] = from + (to - from) * (double)i / (LOOKS - 1);
  }
  ln_status status = ln_sort(cx, n, times);
  size_t kept = 1;
  for (size_t i = 1; i < n; i++)
    if (times[i] > times[kept - 1]) times[kept++] = times[i];
  *count = kept;
  return status;
}

static double share(const ln_distinctions *m, size_t f, size_t i, size_t k) {
  return LN_AT(m->u, f, k) * LN_AT(m->v, i, k);
}

/* How far y lies beyond the range from `low` to `high`, with its sign. */
static double beyond(double y, double low, double high) {
  return y > high ? y - high : y < low ? y - low : 0;
}

static ln_status check_start(ln_context *cx, double a0) {
  if (a0 > 0 && isfinite(a0)) return LN_OK;
  return ln_fail(cx, LN_EARG, "a0 = %g: the strength of the modes at first must be > 0 and finite", a0);
}

/* Of d(sum)/d(theta), where it is 0 between two looks: the time. */
static double turning_point(const ln_distinctions *m, double a0, size_t f, size_t i, double low, double high,
                            double *a) {
  double sign = 0;
  for (int step = 0; step < BISECTIONS && high - low > 4e-16 * high; step++) {
    double theta = (low + high) / 2, slope = 0;
    strengths(m, a0, step ? theta : low, a);
    for (size_t k = 0; k < m->count; k++) slope += share(m, f, i, k) * a[k] * (m->sigma[k] - a[k]);
    if (step == 0)
      sign = slope;
    else if (slope * sign > 0)
      low = theta;
    else
      high = theta;
  }
  return (low + high) / 2;
}

ln_status ln_find_illusion(ln_context *cx, const ln_distinctions *m, double a0, size_t f, size_t i,
                           ln_illusion *illusion) {
  ln_status status = check_start(cx, a0);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  size_t n = 0, best = 0;
  double *times, *a = ln_reals(cx, m->count);
  status = a ? take_looks(cx, m, a0, &times, &n) : LN_EMEMORY;
  if (status == LN_OK) status = ln_charge(cx, 40 * (double)n * (double)m->count);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *illusion = (ln_illusion){.extreme = NAN, .time = NAN};
  double first = 0, target = 0;
  for (size_t k = 0; k < m->count; k++) {
    target += share(m, f, i, k) * m->sigma[k];
    first += share(m, f, i, k) * a0;
  }
  double low = fmin(first, target), high = fmax(first, target);
  for (size_t j = 0; j < n; j++) {
    double y = 0;
    strengths(m, a0, times[j], a);
    for (size_t k = 0; k < m->count; k++) y += share(m, f, i, k) * a[k];
    double past = beyond(y, low, high);
    if (fabs(past) > fabs(illusion->excursion)) illusion->excursion = past, best = j;
  }
  if (fabs(illusion->excursion) < NO_EXCURSION) return illusion->excursion = 0, ln_end(cx, mark, LN_OK);
  double theta =
      turning_point(m, a0, f, i, times[best ? best - 1 : 0], times[best + 1 < n ? best + 1 : best], a);
  strengths(m, a0, theta, a);
  illusion->extreme = 0;
  for (size_t k = 0; k < m->count; k++) illusion->extreme += share(m, f, i, k) * a[k];
  illusion->excursion = beyond(illusion->extreme, low, high);
  illusion->time = theta;
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_find_illusions(ln_context *cx, const ln_distinctions *m, double a0, ln_matrix excursions) {
  ln_status status = check_start(cx, a0);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  size_t n = 0, cells = m->u.rows * m->v.rows;
  ln_matrix low = ln_take_matrix(cx, m->u.rows, m->v.rows), high = ln_take_matrix(cx, m->u.rows, m->v.rows),
            Y = ln_take_matrix(cx, m->u.rows, m->v.rows), scaled = ln_take_matrix(cx, m->u.rows, m->count);
  double *a = ln_reals(cx, m->count), *times;
  if (!a || !low.data || !high.data || !Y.data || !scaled.data) return ln_end(cx, mark, LN_EMEMORY);
  status = take_looks(cx, m, a0, &times, &n);
  for (size_t j = 0; j < n + 2 && status == LN_OK; j++) { /* the end and the start, then all looks */
    if (j == 0)
      for (size_t k = 0; k < m->count; k++) a[k] = m->sigma[k];
    else
      strengths(m, a0, j == 1 ? 0 : times[j - 2], a);
    for (size_t k = 0; k < m->count; k++)
      for (size_t f = 0; f < scaled.rows; f++) LN_AT(scaled, f, k) = LN_AT(m->u, f, k) * a[k];
    status = ln_charge(cx, 2 * (double)cells * (double)m->count);
    if (status != LN_OK) break;
    ln_gemm(LN_N, LN_T, 1, scaled, m->v, 0, Y);
    if (j == 0) {
      ln_copy(Y, low), ln_copy(Y, high), ln_fill(excursions, 0);
      continue;
    }
    for (size_t i = 0; i < Y.cols; i++)
      for (size_t f = 0; f < Y.rows; f++) {
        double y = LN_AT(Y, f, i), *l = &LN_AT(low, f, i), *h = &LN_AT(high, f, i),
               *e = &LN_AT(excursions, f, i);
        if (j == 1) *l = fmin(*l, y), *h = fmax(*h, y);
        double past = beyond(y, *l, *h);
        if (fabs(past) > fabs(*e) && fabs(past) >= NO_EXCURSION) *e = past;
      }
  }
  return ln_end(cx, mark, status);
}

void ln_staircase(const ln_distinctions *m, size_t f, size_t i, double *stairs) {
  double sum = 0;
  stairs[0] = 0;
  for (size_t k = 0; k < m->count; k++) {
    sum += share(m, f, i, k) * m->sigma[k];
    stairs[m->group[k] + 1] = sum;
  }
}
