#include "theory/low_rank.h"

#include <math.h>

#include "core/quadrature.h"
#include "theory/mode.h"

/* Both errors are sums over singular values of the data, those of the noise by quadrature:
 *
 *     excess = power + sum_j a_j s_j^2 - 2 b_j s_j,     target = sum_j a_j (s_hat_j - s_j)^2
 *
 * s_j the student's strength there. Which points, and which weights, is all that tells the forms apart. */
typedef struct points {
  size_t count;
  double *s_hat, *a, *b;
  double power;
  double start, depth, rate; /* of the student */
} points;

/* Functions of the singular value are smooth over a piece of this many nodes. */
enum { NODES = 24, HALVINGS_MOST = 50, PIECES_MOST = 4000 };
#define GRID 400
#define GRID_SPAN 1e-4     /* the earliest time of the grid, of the last */
#define LEARNED (1 - 1e-6) /* a mode is learned */
#define GOLDEN 0.61803398874989484820
#define GOLDEN_STEPS 60

/* ---- checks ---- */

static ln_status check_size(ln_context *cx, const char *name, double n) {
  return n >= 1 && isfinite(n) ? LN_OK
                               : ln_fail(cx, LN_EARG, "%s = %g must be at least 1 and finite", name, n);
}

static ln_status check_student(ln_context *cx, double noise, double start, double depth) {
  if (!(noise >= 0 && isfinite(noise)))
    return ln_fail(cx, LN_EARG, "noise = %g must be >= 0 and finite", noise);
  if (!(start > 0 && isfinite(start)))
    return ln_fail(cx, LN_EARG, "start = %g must be > 0 and finite: the strength of each mode at t = 0",
                   start);
  if (!(depth >= 1 && isfinite(depth)))
    return ln_fail(cx, LN_EARG, "depth = %g must be at least 1 and finite", depth);
  return LN_OK;
}

ln_status ln_low_rank_check(ln_context *cx, const ln_low_rank *p) {
  ln_status status = check_size(cx, "outputs", p->outputs);
  if (status == LN_OK) status = check_size(cx, "inputs", p->inputs);
  if (status == LN_OK) status = check_size(cx, "examples", p->examples);
  if (status == LN_OK) status = check_student(cx, p->noise, p->start, p->depth);
  if (status != LN_OK) return status;
  for (size_t k = 0; k < p->modes; k++)
    if (!(p->s[k] > 0 && isfinite(p->s[k])))
      return ln_fail(cx, LN_EARG, "s[%zu] = %g must be > 0 and finite", k + 1, p->s[k]);
  double count = ln_low_rank_scales_of(p).count;
  if (!((double)p->modes < count))
    return ln_fail(cx, LN_EARG, "s has %zu modes; the data have %g, and the teacher must have fewer",
                   p->modes, count);
  return LN_OK;
}

ln_low_rank_scales ln_low_rank_scales_of(const ln_low_rank *p) {
  double count = fmin(fmin(p->outputs, p->inputs), p->examples);
  if (p->examples >= p->inputs)
    return (ln_low_rank_scales){p->outputs / p->inputs, sqrt(p->noise * p->inputs / p->examples), 1, 1,
                                count};
  return (ln_low_rank_scales){p->outputs / p->examples, sqrt(p->noise * p->examples / p->inputs),
                              sqrt(p->examples / p->inputs), p->inputs / p->examples, count};
}

/* ---- quadrature over the noise: s_hat = sig sqrt(lam(theta)), theta in (0, pi) ----
 *
 * The spikes bring poles as close to theta = 0 as |1 - sqrt(A) u|, u = (sig/s)^2, and sqrt(lam) one as close to pi as
 * |1 - sqrt(A)|: pieces are halved towards both ends until no longer than that. */

typedef struct rule {
  size_t count;
  double *theta, *weight;
} rule;

static int halvings(double distance) {
  int n = 0;
  while (n < HALVINGS_MOST && ldexp(M_PI_2, -n) > distance) n++;
  return n;
}

/* sharpness: the inverse length over which the student's strength changes, in theta. */
static ln_status make_rule(ln_context *cx, double at_zero, double at_pi, double sharpness, rule *r) {
  int left = halvings(at_zero), right = halvings(at_pi);
  double pieces_wanted = fmin(ceil(sharpness * M_PI_2 / 6), PIECES_MOST);
  size_t most = ((size_t)pieces_wanted * 2 + (size_t)left + (size_t)right + 4) * 2 * NODES;
  double x[NODES], w[NODES];
  ln_status status = ln_gauss_legendre(cx, NODES, 0, 1, x, w);
  r->theta = ln_reals(cx, most), r->weight = ln_reals(cx, most), r->count = 0;
  if (status != LN_OK || !r->theta || !r->weight) return status == LN_OK ? LN_EMEMORY : status;
  for (int side = 0; side < 2; side++) {
    int n = side ? right : left;
    for (int j = 0; j <= n; j++) { /* [pi/4, pi/2], [pi/8, pi/4], ..., [0, pi/2^(n+1)] */
      double high = ldexp(M_PI_2, -j), low = j < n ? high / 2 : 0;
      size_t pieces = (size_t)fmax(1, ceil(pieces_wanted * (high - low) / M_PI_2));
      for (size_t q = 0; q < pieces; q++)
        for (size_t i = 0; i < NODES; i++, r->count++) {
          double from = low + (high - low) * ((double)q + x[i]) / (double)pieces;
          r->theta[r->count] = side ? M_PI - from : from;
          r->weight[r->count] = w[i] * (high - low) / (double)pieces;
        }
    }
  }
  return LN_OK;
}

static void add_point(points *p, double s_hat, double a, double b) {
  p->s_hat[p->count] = s_hat, p->a[p->count] = a, p->b[p->count] = b;
  p->count++;
}

typedef struct bulk {
  double aspect, sig;
  rule r;
} bulk;

static double bulk_value(const bulk *n, double theta) {
  double root = sqrt(n->aspect), half = cos(theta / 2);
  return n->sig * sqrt((1 - root) * (1 - root) + 4 * root * half * half);
}

/* The density of the nonzero noise modes at theta. */
static double bulk_density(const bulk *n, double theta) {
  double root = sqrt(n->aspect), half = cos(theta / 2),
         lam = (1 - root) * (1 - root) + 4 * root * half * half;
  return M_2_PI * fmax(1, n->aspect) * sin(theta) * sin(theta) / lam;
}

/* Room for the bulk and `more` points; nothing in it yet. t_last is the last finite time. */
static ln_status begin_points(ln_context *cx, points *p, bulk *n, double at_zero, double t_last,
                              size_t more) {
  double root = sqrt(n->aspect), sharpness = n->sig * fmin(1, root) * p->depth * p->rate * t_last;
  ln_status status = make_rule(cx, at_zero, fabs(1 - root) / sqrt(root), sharpness, &n->r);
  if (status != LN_OK) return status;
  size_t most = n->r.count + more;
  p->count = 0;
  p->s_hat = ln_reals(cx, most), p->a = ln_reals(cx, most), p->b = ln_reals(cx, most);
  return p->s_hat && p->a && p->b ? LN_OK : LN_EMEMORY;
}

/* ---- the two forms ---- */

static ln_status published_points(ln_context *cx, const ln_low_rank *t, double t_last, points *p) {
  ln_low_rank_scales c = ln_low_rank_scales_of(t);
  bulk n = {.aspect = c.aspect, .sig = c.sig};
  ln_status status = begin_points(cx, p, &n, M_PI, t_last, t->modes);
  if (status != LN_OK) return status;
  for (size_t j = 0; j < n.r.count; j++) {
    double theta = n.r.theta[j];
    add_point(p, bulk_value(&n, theta),
              (c.count - (double)t->modes) * bulk_density(&n, theta) * n.r.weight[j], 0);
  }
  for (size_t k = 0; k < t->modes; k++) {
    ln_spike spike = ln_spike_of(c.visible * t->s[k], c.aspect, c.sig);
    add_point(p, spike.s_hat, 1, t->s[k] * c.visible * spike.output_overlap * spike.input_overlap);
  }
  return LN_OK;
}

static ln_status exact_points(ln_context *cx, const ln_low_rank *t, double t_last, points *p) {
  ln_low_rank_scales c = ln_low_rank_scales_of(t);
  double root = sqrt(c.aspect), closest = M_PI;
  for (size_t k = 0; k < t->modes; k++) {
    double x = c.sig / (c.visible * t->s[k]), u = x * x;
    if (u > 0) closest = fmin(closest, fabs(1 - root * u) / sqrt(root * u));
  }
  bulk n = {.aspect = c.aspect, .sig = c.sig};
  ln_status status = begin_points(cx, p, &n, closest, t_last, t->modes + 2);
  if (status != LN_OK) return status;
  double modes = (double)t->modes, edge = 0.25; /* weight of the bulk's upper edge */
  for (size_t j = 0; j < n.r.count; j++) {
    double theta = n.r.theta[j], half = sin(theta / 2), s_hat = bulk_value(&n, theta), overlap = 0, shift = 0;
    for (size_t k = 0; k < t->modes; k++) {
      /* in u, as in spike.c */
      double x = c.sig / (c.visible * t->s[k]), u = x * x, gap = root * u - 1;
      double den = gap * gap + 4 * u * root * half * half;
      shift += gap * (root * u + 1) / den;
      if (c.sig > 0) overlap += t->s[k] * u * x * c.aspect * sin(theta) * sin(theta) * c.sig / (s_hat * den);
    }
    double density = c.count * bulk_density(&n, theta) - (1 + modes) * 0.5 * M_1_PI;
    add_point(p, s_hat, (density + 0.5 * M_1_PI * shift) * n.r.weight[j],
              c.visible * M_2_PI * overlap * n.r.weight[j]);
    edge -= 0.5 * M_1_PI * shift * n.r.weight[j];
  }
  for (size_t k = 0; k < t->modes; k++) {
    ln_spike spike = ln_spike_of(c.visible * t->s[k], c.aspect, c.sig);
    if (spike.visible)
      add_point(p, spike.s_hat, 1, t->s[k] * c.visible * spike.output_overlap * spike.input_overlap);
    edge += spike.visible ? -0.5 : 0.5;
  }
  add_point(p, c.sig * fabs(1 - root), 0.25, 0);
  add_point(p, c.sig * (1 + root), edge, 0);
  return LN_OK;
}

static ln_status make_points(ln_context *cx, const ln_low_rank *t, bool published, double t_last, points *p) {
  *p = (points){.start = t->start, .depth = t->depth, .rate = ln_low_rank_scales_of(t).rate};
  for (size_t k = 0; k < t->modes; k++) p->power += t->s[k] * t->s[k];
  return (published ? published_points : exact_points)(cx, t, t_last, p);
}

/* ---- over time ---- */

static ln_status errors_of(ln_context *cx, const points *p, const double *t, size_t n,
                           const ln_low_rank_errors *e) {
  ln_mark mark = ln_begin(cx);
  double *scaled = ln_reals(cx, n), *s = ln_reals(cx, n);
  if (!scaled || !s) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < n; i++) {
    scaled[i] = p->rate * t[i];
    if (e->excess) e->excess[i] = p->power;
    if (e->target) e->target[i] = 0;
  }
  for (size_t j = 0; j < p->count; j++) {
    ln_status status = ln_poll(cx);
    ln_mode mode = {.s = p->s_hat[j], .rho = 1, .a0 = p->start, .depth = p->depth};
    if (status == LN_OK) status = ln_mode_strength(cx, &mode, scaled, n, s);
    if (status != LN_OK) return ln_end(cx, mark, status);
    for (size_t i = 0; i < n; i++) {
      double miss = p->s_hat[j] - s[i];
      if (e->excess) e->excess[i] += (p->a[j] * s[i] - 2 * p->b[j]) * s[i];
      if (e->target) e->target[i] += p->a[j] * miss * miss;
    }
  }
  return ln_end(cx, mark, LN_OK);
}

static double last_finite(const double *t, size_t n) {
  double last = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(t[i])) last = fmax(last, t[i]);
  return last;
}

ln_status ln_low_rank_at(ln_context *cx, const ln_low_rank *t, bool published, const double *times, size_t n,
                         const ln_low_rank_errors *errors) {
  ln_status status = ln_low_rank_check(cx, t);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  points p;
  status = make_points(cx, t, published, last_finite(times, n), &p);
  if (status == LN_OK) status = errors_of(cx, &p, times, n, errors);
  return ln_end(cx, mark, status);
}

double ln_low_rank_train(const ln_low_rank *p, double target) {
  if (p->examples < p->inputs) return p->inputs / p->examples * target;
  return target + p->outputs * p->noise * (1 - p->inputs / p->examples);
}

/* When a mode at the bulk's edge, the slowest that a teacher can show as, has been learned. */
static ln_status end_of_search(ln_context *cx, double edge, const points *p, double *end) {
  ln_mode mode = {.s = edge, .rho = 1, .a0 = p->start, .depth = p->depth};
  const double learned = LEARNED;
  ln_status status = ln_mode_time_to_fraction(cx, &mode, &learned, 1, end);
  if (status != LN_OK) return status;
  if (!(*end > 0 && isfinite(*end))) /* it starts above: from there it comes down at this speed or faster */
    *end = -log1p(-learned) / (p->depth * pow(edge, 2 - 2 / p->depth));
  *end /= p->rate;
  return LN_OK;
}

static ln_status excess_at(ln_context *cx, const points *p, double t, double *excess) {
  return errors_of(cx, p, &t, 1, &(ln_low_rank_errors){.excess = excess});
}

/* On a grid from 0 on, then by golden section around the lowest; and in the limit. */
static ln_status lowest(ln_context *cx, const points *p, double end, double *time, double *excess) {
  double t[GRID + 1], e[GRID + 1];
  t[0] = 0;
  for (size_t i = 0; i < GRID; i++) t[i + 1] = end * pow(GRID_SPAN, 1 - (double)i / (GRID - 1));
  ln_status status = errors_of(cx, p, t, GRID + 1, &(ln_low_rank_errors){.excess = e});
  if (status != LN_OK) return status;
  size_t best = 0;
  for (size_t i = 1; i <= GRID; i++)
    if (e[i] < e[best]) best = i;
  *time = t[best], *excess = e[best];
  if (best > 0) {
    double low = t[best - 1], high = t[best < GRID ? best + 1 : GRID];
    double left = high - GOLDEN * (high - low), right = low + GOLDEN * (high - low), at_left, at_right;
    status = excess_at(cx, p, left, &at_left);
    if (status == LN_OK) status = excess_at(cx, p, right, &at_right);
    for (int i = 0; i < GOLDEN_STEPS && status == LN_OK; i++) {
      if (at_left < at_right) {
        high = right, right = left, at_right = at_left;
        left = high - GOLDEN * (high - low);
        status = excess_at(cx, p, left, &at_left);
      } else {
        low = left, left = right, at_left = at_right;
        right = low + GOLDEN * (high - low);
        status = excess_at(cx, p, right, &at_right);
      }
    }
    if (status != LN_OK) return status;
    if (fmin(at_left, at_right) < *excess) *time = at_left < at_right ? left : right;
    *excess = fmin(*excess, fmin(at_left, at_right));
  }
  double limit;
  status = excess_at(cx, p, INFINITY, &limit);
  if (status == LN_OK && limit < *excess) *time = INFINITY, *excess = limit;
  return status;
}

ln_status ln_low_rank_best(ln_context *cx, const ln_low_rank *t, bool published, double *time,
                           double *excess) {
  ln_status status = ln_low_rank_check(cx, t);
  if (status != LN_OK) return status;
  ln_low_rank_scales c = ln_low_rank_scales_of(t);
  if (t->noise == 0) { /* all that there is to see of the teacher, in the end */
    *time = INFINITY, *excess = 0;
    for (size_t k = 0; k < t->modes; k++) *excess += t->s[k] * t->s[k] * (1 - c.visible * c.visible);
    return LN_OK;
  }
  ln_mark mark = ln_begin(cx);
  points p = {.start = t->start, .depth = t->depth, .rate = c.rate};
  double end;
  status = end_of_search(cx, c.sig * (1 + sqrt(c.aspect)), &p, &end);
  if (status == LN_OK) status = make_points(cx, t, published, end, &p);
  if (status == LN_OK) status = lowest(cx, &p, end, time, excess);
  return ln_end(cx, mark, status);
}

/* ---- transfer ---- */

ln_low_rank ln_transfer_alone(const ln_transfer *p) {
  return (ln_low_rank){.s = p->s,
                       .modes = 1,
                       .outputs = p->outputs[0],
                       .inputs = p->inputs,
                       .examples = p->examples,
                       .noise = p->noise,
                       .start = p->start,
                       .depth = p->depth};
}

ln_status ln_transfer_check(ln_context *cx, const ln_transfer *p) {
  if (!(fabs(p->overlap) <= 1))
    return ln_fail(cx, LN_EARG, "overlap = %g must lie between -1 and 1", p->overlap);
  ln_low_rank both = ln_transfer_alone(p);
  both.modes = 2;
  both.outputs = fmin(p->outputs[0], p->outputs[1]); /* of which each must have one */
  ln_status status = check_size(cx, "outputs", both.outputs);
  if (status != LN_OK) return status;
  both.outputs = p->outputs[0] + p->outputs[1];
  status = ln_low_rank_check(cx, &both);
  if (status != LN_OK) return status;
  if (p->examples < p->inputs)
    return ln_fail(cx, LN_EARG, "examples = %g: there must be as many as inputs, %g, or more", p->examples,
                   p->inputs);
  return LN_OK;
}

/* Outputs of both tasks stacked: two joint modes, of which task A has a share of each. */
static ln_status joint_points(ln_context *cx, const ln_transfer *t, double t_last, points *p) {
  double a = t->s[0] * t->s[0], b = t->s[1] * t->s[1], q = t->overlap;
  double middle = (a + b) / 2, off = (a - b) / 2, d = hypot(off, t->s[0] * t->s[1] * q);
  double square[2] = {middle + d, a * b * (1 - q) * (1 + q) / (middle + d)};
  double share[2] = {d > 0 ? (1 + off / d) / 2 : 1, 0};
  share[1] = 1 - share[0];
  double outputs = t->outputs[0] + t->outputs[1], part = t->outputs[0] / outputs;
  *p = (points){.power = a, .start = t->start, .depth = t->depth, .rate = 1};
  bulk n = {.aspect = outputs / t->inputs, .sig = sqrt(t->noise * t->inputs / t->examples)};
  ln_status status = begin_points(cx, p, &n, M_PI, t_last, 2);
  if (status != LN_OK) return status;
  double noisy = (fmin(outputs, t->inputs) - 2) * part;
  for (size_t j = 0; j < n.r.count; j++)
    add_point(p, bulk_value(&n, n.r.theta[j]), noisy * bulk_density(&n, n.r.theta[j]) * n.r.weight[j], 0);
  for (int j = 0; j < 2; j++) {
    ln_spike spike = ln_spike_of(sqrt(square[j]), n.aspect, n.sig);
    double seen = spike.output_overlap * spike.output_overlap;
    add_point(p, spike.s_hat, share[j] * seen + (1 - seen) * part, spike.shrunk * share[j]);
  }
  return LN_OK;
}

ln_status ln_transfer_at(ln_context *cx, const ln_transfer *t, const double *times, size_t n,
                         double *excess) {
  ln_status status = ln_transfer_check(cx, t);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  points p;
  status = joint_points(cx, t, last_finite(times, n), &p);
  if (status == LN_OK) status = errors_of(cx, &p, times, n, &(ln_low_rank_errors){.excess = excess});
  return ln_end(cx, mark, status);
}

ln_status ln_transfer_best(ln_context *cx, const ln_transfer *t, double *time, double *excess) {
  ln_status status = ln_transfer_check(cx, t);
  if (status != LN_OK) return status;
  if (t->noise == 0) return *time = INFINITY, *excess = 0, LN_OK;
  double aspect = (t->outputs[0] + t->outputs[1]) / t->inputs;
  ln_mark mark = ln_begin(cx);
  points p = {.start = t->start, .depth = t->depth, .rate = 1};
  double end;
  status = end_of_search(cx, sqrt(t->noise * t->inputs / t->examples) * (1 + sqrt(aspect)), &p, &end);
  if (status == LN_OK) status = joint_points(cx, t, end, &p);
  if (status == LN_OK) status = lowest(cx, &p, end, time, excess);
  return ln_end(cx, mark, status);
}
