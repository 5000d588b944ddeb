#include "theory/pathways.h"

#include <math.h>

#include "core/ode.h"
#include "core/root.h"

#define RTOL 1e-11

static double answer(const ln_race *r, double b, double c) {
  return r->layers == 3 ? sqrt(r->contexts) * b * b * b + c * c * c : b * b + c * c;
}

static ln_status check(ln_context *cx, const ln_race *r) {
  const struct {
    const char *name;
    double value, least;
  } numbers[] = {{"contexts", r->layers == 3 ? r->contexts : 1, 1}, {"per_context", r->partners, 1}};
  for (int i = 0; i < 2; i++)
    if (!(numbers[i].value >= numbers[i].least && isfinite(numbers[i].value)))
      return ln_fail(cx, LN_EARG, "%s = %g: must be >= %g", numbers[i].name, numbers[i].value,
                     numbers[i].least);
  if (!(r->s > 0 && isfinite(r->s))) return ln_fail(cx, LN_EARG, "s = %g: must be > 0 and finite", r->s);
  if (!(r->b0 > 0)) return ln_fail(cx, LN_EARG, "b0 = %g: the shared layers' start must be > 0", r->b0);
  if (!(r->c0 > 0)) return ln_fail(cx, LN_EARG, "c0 = %g: the dedicated layers' start must be > 0", r->c0);
  double first = answer(r, r->b0, r->c0);
  if (!(first < r->s))
    return ln_fail(cx, LN_EARG, "b0 and c0 answer %g at first: must be below s = %g", first, r->s);
  return LN_OK;
}

/* ---- the end ---- */

/* Three layers: the shared path b, with 1/c following from what is conserved. */
static ln_status left_shared(ln_context *cx, void *ud, double b, double *y) {
  (void)cx;
  const ln_race *r = ud;
  double g = 1 / r->c0 - (1 / r->b0 - 1 / b) / (r->partners * sqrt(r->contexts));
  *y = (sqrt(r->contexts) * b * b * b - r->s) * g * g * g + 1;
  return LN_OK;
}

/* The same in terms of c. */
static ln_status left_dedicated(ln_context *cx, void *ud, double c, double *y) {
  (void)cx;
  const ln_race *r = ud;
  double h = 1 / r->b0 - r->partners * sqrt(r->contexts) * (1 / r->c0 - 1 / c);
  *y = (c * c * c - r->s) * h * h * h + sqrt(r->contexts);
  return LN_OK;
}

/* Two layers: b, with c = c0 (b/b0)^(1/K). */
static ln_status left_two(ln_context *cx, void *ud, double b, double *y) {
  (void)cx;
  const ln_race *r = ud;
  double c = r->c0 * pow(b / r->b0, 1 / r->partners);
  *y = b * b + c * c - r->s;
  return LN_OK;
}

ln_status ln_race_finish(ln_context *cx, const ln_race *race, ln_race_end *end) {
  ln_status status = check(cx, race);
  if (status != LN_OK) return status;
  ln_race r = *race;
  if (r.layers == 2) {
    status = ln_find_root(cx, left_two, &r, r.b0, sqrt(r.s), &end->b);
    end->c = r.c0 * pow(end->b / r.b0, 1 / r.partners);
    end->share = end->b * end->b / r.s;
    return status;
  }
  double root = sqrt(r.contexts), scale = r.partners * root;
  if (r.c0 / r.b0 < scale) { /* the shared path grows the faster: nothing cancels in 1/c */
    status = ln_find_root(cx, left_shared, &r, r.b0, cbrt(r.s / root), &end->b);
    end->c = 1 / (1 / r.c0 - (1 / r.b0 - 1 / end->b) / scale);
  } else {
    status = ln_find_root(cx, left_dedicated, &r, r.c0, cbrt(r.s), &end->c);
    end->b = 1 / (1 / r.b0 - scale * (1 / r.c0 - 1 / end->c));
  }
  end->share = root * end->b * end->b * end->b / r.s;
  return status;
}

/* ---- the way ---- */

typedef struct motion {
  const ln_race *race;
  double *b, *c;
} motion;

static ln_status velocity(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)cx, (void)t;
  const ln_race *r = ((motion *)ud)->race;
  double b = y[0], c = y[1], e = r->s - answer(r, b, c);
  if (r->layers == 3) {
    dydt[0] = b * b * e / sqrt(r->contexts);
    dydt[1] = c * c * e / (r->contexts * r->partners);
  } else {
    dydt[0] = b * e / r->contexts;
    dydt[1] = c * e / (r->contexts * r->partners);
  }
  return LN_OK;
}

static ln_status record(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)cx, (void)t;
  motion *m = ud;
  m->b[index] = y[0], m->c[index] = y[1];
  return LN_OK;
}

/* At the end only rounding moves. */
static bool settled(void *ud, double t, const double *y, const double *dydt) {
  (void)t, (void)dydt;
  const ln_race *r = ((motion *)ud)->race;
  return fabs(r->s - answer(r, y[0], y[1])) <= 64e-16 * r->s;
}

ln_status ln_race_follow(ln_context *cx, const ln_race *race, const double *t, size_t n, double *b,
                         double *c) {
  ln_status status = check(cx, race);
  if (status != LN_OK) return status;
  if (!(race->contexts >= 1)) return ln_fail(cx, LN_EARG, "contexts = %g: must be >= 1", race->contexts);
  motion m = {race, b, c};
  double y[2] = {race->b0, race->c0};
  ln_ode ode = {
      .rhs = velocity, .output = record, .settled = settled, .ud = &m, .n = 2, .rtol = RTOL, .atol = 1e-300};
  return ln_ode_solve(cx, &ode, 0, y, t, n);
}
