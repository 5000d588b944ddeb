#include "core/ode.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/dop853.h"
#include "core/matrix.h"

/* Hairer's choices for DOP853: a step aims at SAFETY of the error allowed and changes by these factors at
 * most. */
#define SAFETY 0.9
#define SHRINK_MOST (1.0 / 3)
#define GROW_MOST 6.0
#define SHRINK_NOT_FINITE 0.1 /* where a trial step gave no number to go by */
/* Where the solution comes to rest, error control lets a step grow to where the fast directions swing (h |lambda| = 6.1) and
 * beyond; the error at the step's end does not show it, but dense output does (1e-7 at a tolerance of 1e-10). Below this
 * limit they are damped, for a fifth more steps at rest. */
#define STABILITY_LIMIT 5.0
#define SPEED_KEPT 0.9    /* a step, where the power method has lost the direction */
#define SPEED_STEADY 0.01 /* relative: a change that lets the next STEPS_TRUSTED steps go by */
#define STEPS_TRUSTED 3
#define STEP_MAX 1e300 /* a solution at rest lets steps grow for ever, up to a last time of infinity */
#define DEFAULT_MAX_STEPS 10000000
#define FLOPS_PER_UNKNOWN 190.0 /* of a step's sums */

typedef struct integration {
  ln_context *cx;
  ln_ode *ode;
  double t;                 /* of y */
  double from, h;           /* beginning and size of the step that is tried, or was accepted last */
  double next_h;            /* the step to try next */
  double *fast, speed;      /* the fastest direction of f, about, and its |lambda| */
  size_t trusted;           /* for so many steps still */
  double *y;                /* the caller's: always the last accepted state */
  double *other;            /* the trial state; once it is accepted, the state at the step's beginning */
  double *stage;            /* argument of f; a state to be put out */
  double *k[DOP853_STAGES]; /* derivatives of the stages: see slot */
  double e3[DOP853_STAGES]; /* solution of order 8 minus that of order 3 */
} integration;

/* Where the derivative of a stage is: stages 1 to 4 are not read any more when 12 to 15 are computed. */
static size_t slot(size_t stage) { return stage < DOP853_STAGES ? stage : stage - DOP853_STAGES + 1; }

/* The sum over j < terms of a[j] k_j; where a[j] = 0, k_j is never read. */
static ln_stages stages_of(const integration *in, const double *a, size_t terms) {
  ln_stages stages = {0};
  for (size_t j = 0; j < terms; j++) {
    if (a[j] == 0) continue;
    stages.b[stages.count] = a[j];
    stages.k[stages.count++] = in->k[slot(j)];
  }
  return stages;
}

/* out = base + h sum over j < terms of a[j] k_j. */
static void combine(const integration *in, const double *base, const double *a, size_t terms, double *out) {
  ln_stages stages = stages_of(in, a, terms);
  in->cx->kernels->add_stages(in->ode->n, in->h, base, &stages, out);
}

/* sqrt(mean((e / unit)^2)) of Hairer's combination of the errors of orders 5 and 3, which behaves as order 8. */
static double step_error(const integration *in) {
  ln_stages fifth = stages_of(in, dop853_e5, DOP853_STAGES), third = stages_of(in, in->e3, DOP853_STAGES);
  double sums[2];
  in->cx->kernels->stage_errors(in->ode->n, &fifth, &third, in->y, in->other, in->ode->rtol, in->ode->atol,
                                sums);
  double both = sums[0] + 0.01 * sums[1];
  return both == 0 ? 0 : in->h * sums[0] / sqrt(both * (double)in->ode->n);
}

/* sqrt(mean((x / unit)^2)), x relative to the tolerance at y. */
static double weighted_norm(const integration *in, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < in->ode->n; i++) {
    double e = x[i] / ln_error_unit(in->ode->rtol, in->ode->atol, in->y[i], 0);
    sum += e * e;
  }
  return in->ode->n ? sqrt(sum / (double)in->ode->n) : 0;
}

static bool all_finite(double *x, size_t n) {
  size_t i, j;
  return !ln_find_not_finite(ln_window(x, n, 1), &i, &j);
}

static ln_status derivative(integration *in, double t, const double *y, double *k) {
  in->ode->evaluations++;
  return in->ode->rhs(in->cx, in->ode->ud, t, y, k);
}

static ln_status put_out(integration *in, size_t index, double t, const double *y) {
  return in->ode->output(in->cx, in->ode->ud, index, t, y);
}

/* Hairer's starting step: small against the solution's first and second derivative (II.4, algorithm 4.14). */
static ln_status starting_step(integration *in, double span) {
  double *k = in->k[0], *k_later = in->k[1];
  double size = weighted_norm(in, in->y), slope = weighted_norm(in, k);
  double h = fmin(size < 1e-5 || slope < 1e-5 ? 1e-6 : 0.01 * size / slope, span);
  for (size_t i = 0; i < in->ode->n; i++) in->stage[i] = in->y[i] + h * k[i];
  ln_status status = derivative(in, in->t + h, in->stage, k_later);
  if (status != LN_OK) return status;
  for (size_t i = 0; i < in->ode->n; i++) in->stage[i] = k_later[i] - k[i];
  double bend = weighted_norm(in, in->stage) / h;
  bend = bend < slope ? slope : bend;
  double better = bend <= 1e-15 ? fmax(1e-6, h * 1e-3) : pow(0.01 / bend, 1.0 / 8);
  in->next_h = isfinite(bend) ? fmin(fmin(100 * h, better), span) : h * SHRINK_NOT_FINITE;
  return LN_OK;
}

/* One trial step: the state after it into `other`, the derivative there into slot(DOP853_END), and the error
 * relative to the tolerance; NaN or infinity if something in the step is not finite. */
static ln_status try_step(integration *in, double *error) {
  for (size_t i = 1; i < DOP853_STAGES; i++) {
    combine(in, in->y, dop853_a[i], i, in->stage);
    ln_status status = derivative(in, in->t + dop853_c[i] * in->h, in->stage, in->k[i]);
    if (status != LN_OK) return status;
  }
  combine(in, in->y, dop853_a[DOP853_END], DOP853_STAGES, in->other);
  *error = step_error(in);
  if (!(*error <= 1)) return LN_OK;
  double *k_end = in->k[slot(DOP853_END)];
  ln_status status = derivative(in, in->t + in->h, in->other, k_end);
  if (status == LN_OK && !(all_finite(in->other, in->ode->n) && all_finite(k_end, in->ode->n))) *error = NAN;
  return status;
}

/* The three derivatives that dense output needs beyond those of the step. */
static ln_status prepare_dense(integration *in) {
  for (size_t i = DOP853_END + 1; i < DOP853_ALL; i++) {
    combine(in, in->other, dop853_a[i], i, in->stage);
    ln_status status = derivative(in, in->from + dop853_c[i] * in->h, in->stage, in->k[slot(i)]);
    if (status != LN_OK) return status;
  }
  return LN_OK;
}

/* stage = the solution at the fraction x of the step that led from `other` to y. */
static void interpolate(integration *in, double x) {
  double z = 1 - x, rise = x * x * (1 + 2 * z); /* Hermite's cubic for the part of y - other */
  double weight[DOP853_ALL];
  const double base[DOP853_DENSE] = {x * x * z * z, x * x * x * z * z, x * x * x * z * z * z,
                                     x * x * x * x * z * z * z};
  for (size_t j = 0; j < DOP853_ALL; j++) {
    weight[j] = 0;
    for (size_t i = 0; i < DOP853_DENSE; i++) weight[j] += base[i] * dop853_d[i][j];
  }
  weight[0] += x * z * z;
  weight[DOP853_END] -= x * x * z;
  for (size_t i = 0; i < in->ode->n; i++) in->stage[i] = in->other[i] + rise * (in->y[i] - in->other[i]);
  combine(in, in->stage, weight, DOP853_ALL, in->stage);
}

/* Puts out the asked times up to in->t, the end of the last step. */
static ln_status put_out_step(integration *in, const double *times, size_t count, size_t *next) {
  ln_status status = LN_OK;
  if (*next < count && times[*next] < in->t) status = prepare_dense(in);
  for (; status == LN_OK && *next < count && times[*next] < in->t; ++*next) {
    interpolate(in, (times[*next] - in->from) / in->h);
    status = put_out(in, *next, times[*next], in->stage);
  }
  for (; status == LN_OK && *next < count && times[*next] == in->t; ++*next)
    status = put_out(in, *next, in->t, in->y);
  return status;
}

static ln_status check_arguments(ln_context *cx, const ln_ode *ode, double t0, const double *times,
                                 size_t count) {
  if (!(ode->rtol >= 0 && ode->atol >= 0 && ode->rtol + ode->atol > 0 && ode->rtol + ode->atol < INFINITY))
    return ln_fail(cx, LN_EARG, "tolerances rtol = %g, atol = %g: both must be >= 0 and one of them > 0",
                   ode->rtol, ode->atol);
  if (!(ode->first_step >= 0 && ode->first_step < INFINITY))
    return ln_fail(cx, LN_EARG, "a first step of %g: it must be > 0, or 0 to have it chosen",
                   ode->first_step);
  if (!isfinite(t0)) return ln_fail(cx, LN_EARG, "a start at t = %g: it must be finite", t0);
  double last = t0;
  for (size_t i = 0; i < count; last = times[i++])
    if (!(times[i] >= last))
      return ln_fail(cx, LN_EARG, "times[%zu] = %g comes after %g: times must rise from the start on", i + 1,
                     times[i], last);
  if (last == INFINITY && !ode->settled)
    return ln_fail(cx, LN_EARG, "times[%zu] is infinite: nothing says when the solution has settled", count);
  return LN_OK;
}

static ln_status take_memory(integration *in) {
  double **vectors[] = {&in->other, &in->stage, &in->fast};
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    if (!(*vectors[i] = ln_reals(in->cx, in->ode->n))) return LN_EMEMORY;
  for (size_t i = 0; i < DOP853_STAGES; i++)
    if (!(in->k[i] = ln_reals(in->cx, in->ode->n))) return LN_EMEMORY;
  return LN_OK;
}

/* The derivative at the start, and the first step to try. */
static ln_status begin(integration *in, double end) {
  ln_status status = derivative(in, in->t, in->y, in->k[0]);
  if (status != LN_OK) return status;
  if (!all_finite(in->y, in->ode->n) || !all_finite(in->k[0], in->ode->n))
    return ln_fail(in->cx, LN_ENUMERIC, "the state or its derivative is not finite at the start, t = %.10g",
                   in->t);
  memcpy(in->fast, in->k[0], in->ode->n * sizeof *in->fast);
  if (in->ode->first_step > 0) return in->next_h = in->ode->first_step, LN_OK;
  return starting_step(in, end - in->t);
}

static double euclid(double *x, size_t n) { return sqrt(ln_dot(ln_window(x, n, 1), ln_window(x, n, 1))); }

/* One step of the power method on differences of f, as Sommeijer, Shampine and Verwer's RKC does: `fast` turns to the
 * fastest direction and speed to its |lambda|. */
static ln_status measure_speed(integration *in) {
  size_t n = in->ode->n;
  double size = euclid(in->fast, n), reach = sqrt(DBL_EPSILON) * euclid(in->y, n);
  if (!(size > 0 && reach > 0)) return LN_OK; /* nothing moves, or there is nothing to measure by */
  double *k = in->k[slot(DOP853_END)];
  for (size_t i = 0; i < n; i++) in->stage[i] = in->y[i] + reach / size * in->fast[i];
  ln_status status = derivative(in, in->t, in->stage, k);
  if (status != LN_OK) return status;
  for (size_t i = 0; i < n; i++) in->fast[i] = k[i] - in->k[0][i];
  double speed = euclid(in->fast, n) / reach;
  if (fabs(speed - in->speed) <= SPEED_STEADY * in->speed) in->trusted = STEPS_TRUSTED;
  if (isfinite(speed)) in->speed = fmax(speed, SPEED_KEPT * in->speed);
  return LN_OK;
}

/* The next step is kept where the fastest direction is damped. */
static ln_status follow_fastest(integration *in) {
  if (in->trusted) {
    in->trusted--;
  } else {
    ln_status status = measure_speed(in);
    if (status != LN_OK) return status;
  }
  if (in->speed > 0) in->next_h = fmin(in->next_h, STABILITY_LIMIT / in->speed);
  return LN_OK;
}

/* Tries steps until one is accepted: then y is the state at t, `other` that at `from`. */
static ln_status advance(integration *in, double end) {
  ln_ode *ode = in->ode;
  size_t max_steps = ode->max_steps ? ode->max_steps : DEFAULT_MAX_STEPS;
  double least = 10 * (nextafter(in->t, INFINITY) - in->t), error, grow = GROW_MOST;
  bool last = false;
  in->h = fmax(in->next_h, least);
  for (;;) {
    ln_status status = ln_charge(in->cx, FLOPS_PER_UNKNOWN * (double)ode->n);
    if (status != LN_OK) return status;
    if (ode->steps + ode->rejected >= max_steps)
      return ln_fail(in->cx, LN_ENUMERIC, "%zu steps led only to t = %.10g of %.10g (step size %.3g)",
                     max_steps, in->t, end, in->h);
    last = in->t + 1.01 * in->h >= end;
    if (last) in->h = end - in->t;
    status = try_step(in, &error);
    if (status != LN_OK) return status;
    if (error <= 1) break;
    ode->rejected++;
    grow = 1;
    in->h *= isfinite(error) ? fmax(SHRINK_MOST, SAFETY * pow(error, -1.0 / 8)) : SHRINK_NOT_FINITE;
    if (in->h < least)
      return ln_fail(in->cx, LN_ENUMERIC, "the step size fell to %.3g at t = %.10g: the solution %s there",
                     in->h, in->t,
                     isfinite(error) ? "is not smooth enough for the tolerance" : "is not finite");
  }
  for (size_t i = 0; i < ode->n; i++) {
    double before = in->y[i];
    in->y[i] = in->other[i];
    in->other[i] = before;
  }
  ode->steps++;
  in->from = in->t;
  in->t = last ? end : in->t + in->h;
  double factor = error > 0 ? fmax(SHRINK_MOST, SAFETY * pow(error, -1.0 / 8)) : grow;
  in->next_h = fmin(in->h * fmin(factor, grow), STEP_MAX);
  return LN_OK;
}

static ln_status integrate(integration *in, const double *times, size_t count) {
  size_t next = 0;
  ln_status status = LN_OK;
  for (; status == LN_OK && next < count && times[next] == in->t; next++)
    status = put_out(in, next, in->t, in->y);
  if (status != LN_OK || next == count) return status;
  double end = times[count - 1];
  status = begin(in, end);
  while (status == LN_OK && next < count) {
    double *derivative_before = in->k[0];
    status = advance(in, end);
    if (status != LN_OK) return status;
    status = put_out_step(in, times, count, &next);
    in->k[0] = in->k[slot(DOP853_END)];
    in->k[slot(DOP853_END)] = derivative_before;
    if (status == LN_OK && next < count) status = follow_fastest(in);
    if (status == LN_OK && in->ode->settled && in->ode->settled(in->ode->ud, in->t, in->y, in->k[0]))
      for (; status == LN_OK && next < count; next++) status = put_out(in, next, times[next], in->y);
  }
  return status;
}

ln_status ln_ode_solve(ln_context *cx, ln_ode *ode, double t0, double *y, const double *times, size_t count) {
  ode->steps = ode->rejected = ode->evaluations = 0;
  ode->t = t0;
  ln_status status = check_arguments(cx, ode, t0, times, count);
  if (status != LN_OK) return status;
  integration in = {.cx = cx, .ode = ode, .t = t0, .y = y};
  for (size_t j = 0; j < DOP853_STAGES; j++) in.e3[j] = dop853_a[DOP853_END][j] - dop853_b3[j];
  ln_mark mark = ln_begin(cx);
  status = take_memory(&in);
  if (status == LN_OK) status = integrate(&in, times, count);
  ode->t = in.t;
  return ln_end(cx, mark, status);
}
