/* theory.mode: the strength of single input-output modes over time.
 *
 * s is the singular value of Syx = YX'/P, rho the variance of the input in its direction (eigenvalue of Sxx;
 * 1 for white inputs), a0 the strength at first, depth the number of layers, t = rate * steps. The target is
 * s/rho. */
#include "lua/ltheory.h"

#include <math.h>

#include "theory/mode.h"

/* ---- several modes at once ---- */

/* s, a0 and rho are numbers, or lists of one number a mode; the answers of K modes are T x K. */
typedef struct modes {
  times s, a0, rho;
  size_t count;
  bool several;
  double depth, decay;
} modes;

static void match_count(const options *o, const char *name, const times *given, modes *m) {
  if (given->shape == TIMES_NUMBER) return;
  if (given->rows != 1 && given->cols != 1)
    option_fail(o, name, "must be a number or a list of one number a mode, got a %zux%zu matrix", given->rows,
                given->cols);
  if (m->several && given->n != m->count)
    option_fail(o, name, "has %zu numbers, and there are %zu modes", given->n, m->count);
  m->count = given->n, m->several = true;
}

static modes read_modes(const options *o, double depth) {
  modes m = {.count = 1, .depth = depth};
  m.s = option_numbers(o, "s");
  m.a0 = option_numbers(o, "a0");
  if (!option_given(o, "rho")) {
    static const double white = 1;
    m.rho = (times){&white, 1, 1, 1, TIMES_NUMBER};
  } else {
    m.rho = option_numbers(o, "rho");
  }
  match_count(o, "s", &m.s, &m);
  match_count(o, "a0", &m.a0, &m);
  match_count(o, "rho", &m.rho, &m);
  return m;
}

static double entry(const times *given, size_t k) {
  return given->data[given->shape == TIMES_NUMBER ? 0 : k];
}

static ln_mode mode_of(const modes *m, size_t k) {
  return (ln_mode){entry(&m->s, k), entry(&m->rho, k), entry(&m->a0, k), m->depth};
}

/* One layer forgets at the rate k, two equal ones learn s - k in place of s; others have no closed form. */
static void apply_decay(const options *o, modes *m, ln_mode *mode) {
  if (m->decay == 0) return;
  if (m->depth == 1)
    mode->rho += m->decay;
  else if (m->depth == 2)
    mode->s -= copysign(m->decay, mode->a0);
  else
    option_fail(o, "weight_decay",
                "has a closed form for depth 1 and 2 only; theory.mode.layers integrates others");
}

/* Computes one curve of answers for each mode. */
typedef ln_status curve(ln_context *cx, const ln_mode *mode, const double *asked, size_t n, double *answers);

static int push_curves(const options *o, modes *m, const times *asked, curve *compute) {
  lua_State *L = o->L;
  ln_matrix answers = m->several ? push_matrix(L, asked->n, m->count) : (ln_matrix){0};
  double *single = m->several ? NULL : push_like_times(L, asked);
  for (size_t k = 0; k < m->count; k++) {
    ln_mode mode = mode_of(m, k);
    apply_decay(o, m, &mode);
    check(L, o->call,
          compute(context_of(L), &mode, asked->data, asked->n,
                  m->several ? answers.data + k * answers.ld : single));
  }
  return m->several ? 1 : pop_like_times(L, asked);
}

static double option_depth(const options *o) { return option_between_or(o, "depth", 1, INFINITY, 2); }

/* Where a time is asked in units of 1/depth, and must be at infinite depth. */
static const double *push_divided(lua_State *L, const times *t, double depth) {
  double *scaled = push_matrix(L, t->n, 1).data;
  for (size_t i = 0; i < t->n; i++) scaled[i] = t->data[i] / depth;
  return scaled;
}

/* theory.mode.strength { s=, a0=, depth=2, rho=1, t=, weight_decay=0 }: the strength of a mode at time t, in
 * the shape of t; T x K for K modes (lists s, a0, rho). depth is any number >= 1, whole or not. In place of
 * t: depth_time = depth * t, which is what time is for an infinitely deep network (depth = math.huge). */
static int mode_strength(lua_State *L) {
  static const char *const names[] = {"s", "a0", "depth", "rho", "t", "depth_time", "weight_decay", NULL};
  options o = options_read(L, 1, "theory.mode.strength", names);
  modes m = read_modes(&o, option_depth(&o));
  m.decay = option_nonnegative_or(&o, "weight_decay", 0);
  option_exclusive(&o, "t", "depth_time");
  bool scaled = option_given(&o, "depth_time");
  if (!scaled && isinf(m.depth))
    option_fail(&o, "depth",
                "is infinite: learning takes no time at all there; give depth_time (depth * t), not t");
  times t = option_times(&o, scaled ? "depth_time" : "t");
  if (scaled && isfinite(m.depth)) t.data = push_divided(L, &t, m.depth);
  return push_curves(&o, &m, &t, ln_mode_strength);
}

static ln_status plain_time(ln_context *cx, const ln_mode *mode, const double *a, size_t n, double *t) {
  return ln_mode_time(cx, mode, a, n, t);
}
static ln_status fraction_time(ln_context *cx, const ln_mode *mode, const double *fraction, size_t n,
                               double *t) {
  return ln_mode_time_to_fraction(cx, mode, fraction, n, t);
}
/* Times of an infinitely deep network are depth * t already. */
static double time_unit(const ln_mode *mode) { return isinf(mode->depth) ? 1 : mode->depth; }
static ln_status plain_depth_time(ln_context *cx, const ln_mode *mode, const double *a, size_t n, double *t) {
  ln_status status = ln_mode_time(cx, mode, a, n, t);
  for (size_t i = 0; i < n && status == LN_OK; i++) t[i] *= time_unit(mode);
  return status;
}
static ln_status fraction_depth_time(ln_context *cx, const ln_mode *mode, const double *fraction, size_t n,
                                     double *t) {
  ln_status status = ln_mode_time_to_fraction(cx, mode, fraction, n, t);
  for (size_t i = 0; i < n && status == LN_OK; i++) t[i] *= time_unit(mode);
  return status;
}

static const char *const time_names[] = {"s", "a0", "depth", "rho", "fraction", "strength", NULL};

static int push_times_to(const options *o, double depth, curve *to_fraction, curve *to_strength) {
  modes m = read_modes(o, depth);
  option_exclusive(o, "fraction", "strength");
  bool fraction = option_given(o, "fraction");
  if (!fraction && !option_given(o, "strength"))
    option_fail(o, "fraction", "(of the target) or strength is needed");
  times asked = option_numbers(o, fraction ? "fraction" : "strength");
  return push_curves(o, &m, &asked, fraction ? to_fraction : to_strength);
}

/* theory.mode.time { s=, a0=, depth=2, rho=1, fraction= or strength= }: when a mode reaches a fraction of its
 * target, or a strength, in the shape of what is asked. Infinity for the target itself, NaN for what is never
 * reached. */
static int mode_time(lua_State *L) {
  options o = options_read(L, 1, "theory.mode.time", time_names);
  double depth = option_depth(&o);
  if (isinf(depth))
    option_fail(&o, "depth",
                "is infinite: learning takes no time at all there; theory.mode.depth_time gives depth * t");
  return push_times_to(&o, depth, fraction_time, plain_time);
}

/* theory.mode.depth_time { s=, a0=, depth=2, rho=1, fraction= or strength= }: the same in depth * t, which
 * has a limit for depth = math.huge; at a rate of c/(depth rho (s/rho)^(2-2/depth)) it counts steps. */
static int mode_depth_time(lua_State *L) {
  options o = options_read(L, 1, "theory.mode.depth_time", time_names);
  return push_times_to(&o, option_depth(&o), fraction_depth_time, plain_depth_time);
}

static ln_status plateau_curve(ln_context *cx, const ln_mode *mode, const double *asked, size_t n,
                               double *t) {
  (void)asked, (void)n;
  return ln_mode_plateau(cx, mode, t);
}

/* theory.mode.plateau { s=, a0=, depth=2, rho=1 }: how long a small start stays small (to leading order in
 * a0): ln(s/(rho a0))/(2s) for two layers, a0^-(1-2/depth)/((depth-2) s) for more; depth * t if depth =
 * math.huge. */
static int mode_plateau(lua_State *L) {
  static const char *const names[] = {"s", "a0", "depth", "rho", NULL};
  static const double once = 0;
  static const times one = {&once, 1, 1, 1, TIMES_NUMBER};
  options o = options_read(L, 1, "theory.mode.plateau", names);
  modes m = read_modes(&o, option_depth(&o));
  return push_curves(&o, &m, &one, plateau_curve);
}

/* ---- depth ---- */

/* theory.mode.scaling { depths={1, 2, 3, 5, 10, 100, math.huge}, a0= or layer=, s=1, rho=1, fraction=0.95,
 * relative_rate=0.1 }
 *
 * How learning time depends on depth, from the same product a0 at every depth, or the same strength `layer`
 * of each layer (a0 = layer^depth). The curvature on the way, depth rho (s/rho)^(2-2/depth), limits the rate:
 * relative_rate is in units of 1/curvature, below 2 for stability. A table of columns: depth, a0, curvature,
 * time, rate, steps. For depth = math.huge the time is depth * t, curvature and rate those of one layer. */
typedef struct scaling {
  double s, rho, fraction, relative_rate;
  double *depth, *a0, *curvature, *time, *rate, *steps;
} scaling;

static ln_status scaling_at(ln_context *cx, const scaling *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    ln_mode mode = {x->s, x->rho, x->a0[i], x->depth[i]};
    ln_status status = ln_mode_time_to_fraction(cx, &mode, &x->fraction, 1, &x->time[i]);
    if (status == LN_OK) status = ln_mode_curvature(cx, &mode, &x->curvature[i]);
    if (status != LN_OK) return status;
    if (mode.a0 == 0) x->time[i] = INFINITY; /* layer^depth is too small for any number */
    x->rate[i] = x->relative_rate / x->curvature[i];
    x->steps[i] = x->time[i] / x->rate[i];
  }
  return LN_OK;
}

static int mode_scaling(lua_State *L) {
  static const char *const names[] = {"depths", "a0", "layer", "s", "rho", "fraction", "relative_rate", NULL};
  static const double usual[] = {1, 2, 3, 5, 10, 100, INFINITY};
  options o = options_read(L, 1, "theory.mode.scaling", names);
  scaling x = {.s = option_positive_or(&o, "s", 1),
               .rho = option_positive_or(&o, "rho", 1),
               .fraction = option_positive_or(&o, "fraction", 0.95),
               .relative_rate = option_positive_or(&o, "relative_rate", 0.1)};
  if (x.fraction >= 1) option_fail(&o, "fraction", "must lie between 0 and 1, got %g", x.fraction);
  option_exclusive(&o, "a0", "layer");
  bool by_layer = option_given(&o, "layer");
  double start = option_positive(&o, by_layer ? "layer" : "a0");
  times depths = {usual, sizeof usual / sizeof *usual, sizeof usual / sizeof *usual, 1, TIMES_LIST};
  if (option_given(&o, "depths")) depths = option_times(&o, "depths");
  static const char *const columns[] = {"depth", "a0", "curvature", "time", "rate", "steps"};
  double **fields[] = {&x.depth, &x.a0, &x.curvature, &x.time, &x.rate, &x.steps};
  lua_createtable(L, 0, 6);
  for (size_t k = 0; k < 6; k++) {
    *fields[k] = push_matrix(L, depths.n, 1).data;
    lua_setfield(L, -2, columns[k]);
  }
  for (size_t i = 0; i < depths.n; i++) {
    x.depth[i] = depths.data[i];
    x.a0[i] = by_layer ? pow(start, depths.data[i]) : start;
  }
  check(L, o.call, scaling_at(context_of(L), &x, depths.n));
  return 1;
}

/* theory.mode.curvature { s=, depth=2, rho=1 }: the largest curvature of the loss on the way of a mode that
 * grows to its target, depth rho (s/rho)^(2-2/depth), and without the factor depth if that is math.huge;
 * descent is stable below the rate 2/curvature. Also the rate at which the mode approaches the target in the
 * end. */
static int mode_curvature(lua_State *L) {
  static const char *const names[] = {"s", "depth", "rho", NULL};
  options o = options_read(L, 1, "theory.mode.curvature", names);
  ln_mode mode = {option_number(&o, "s"), option_nonnegative_or(&o, "rho", 1), 1, option_depth(&o)};
  mode.a0 = copysign(1, mode.s); /* on the side of the target: it plays no part */
  double curvature;
  check(L, o.call, ln_mode_curvature(context_of(L), &mode, &curvature));
  lua_pushnumber(L, curvature);
  return 1;
}

const luaL_Reg mode_functions[] = {{"strength", mode_strength},
                                   {"time", mode_time},
                                   {"depth_time", mode_depth_time},
                                   {"plateau", mode_plateau},
                                   {"curvature", mode_curvature},
                                   {"scaling", mode_scaling},
                                   {NULL, NULL}};
