#include "network/curvature.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "network/init.h"

#define STEPS_MAX 60     /* of Lanczos */
#define SETTLED 1e-3     /* relative change of the largest Ritz value in each of two steps */
#define DIFFERENCE 1e-8  /* relative to |theta|: small, so that few units pass their kinks on the way */
#define OFFSET 1e-2      /* of the start of a nonlinear network, relative to |theta| */
#define SHARE_OF_MAX 0.5 /* what is suggested of the largest stable rate */

/* ---- the Hessian's largest eigenvalue ---- */

typedef struct lanczos {
  const ln_plan *plan;
  const bool *frozen;
  double *theta;
  double *moved, *other; /* room for n numbers each */
} lanczos;

/* Sets the entries of frozen layers to 0. */
static void only_moving(const lanczos *z, double *v) {
  const ln_net *net = z->plan->net;
  for (size_t l = 0; z->frozen && l < net->depth; l++) {
    size_t first = net->layers[l].weights;
    size_t last = l + 1 < net->depth ? net->layers[l + 1].weights : net->count;
    if (z->frozen[l]) memset(v + first, 0, (last - first) * sizeof *v);
  }
}

/* w = H v for |v| = 1 */
static ln_status times_hessian(ln_context *cx, const lanczos *z, const double *v, double *w) {
  const ln_plan *plan = z->plan;
  size_t n = plan->net->count;
  double size = ln_norm(ln_window(z->theta, n, 1)), ignored;
  double step = DIFFERENCE * (size > 0 ? size : 1);
  double *sides[2] = {w, z->other};
  for (int side = 0; side < 2; side++) {
    ln_status status = ln_charge(cx, plan->flops);
    if (status != LN_OK) return status;
    for (size_t i = 0; i < n; i++) z->moved[i] = z->theta[i] + (side ? -step : step) * v[i];
    status = plan->evaluate(cx, plan, z->moved, sides[side], &ignored);
    if (status != LN_OK) return status;
  }
  for (size_t i = 0; i < n; i++) w[i] = (w[i] - z->other[i]) / (2 * step);
  only_moving(z, w);
  return LN_OK;
}

/* The largest eigenvalue of the symmetric tridiagonal k x k matrix T with diagonal a and b beside it, by
 * bisection: as many eigenvalues lie above x as pivots of T - x are positive. */
static double largest_of_tridiagonal(const double *a, const double *b, size_t k) {
  double low = -INFINITY, high = -INFINITY;
  for (size_t i = 0; i < k; i++) {
    double radius = (i ? fabs(b[i - 1]) : 0) + (i + 1 < k ? fabs(b[i]) : 0);
    low = fmax(low, a[i]);
    high = fmax(high, a[i] + radius);
  }
  while (high - low > SETTLED / 10 * fmax(fabs(high), fabs(low))) {
    double x = low + (high - low) / 2, pivot = 1;
    bool above = false;
    for (size_t i = 0; i < k && !above; i++) {
      pivot = a[i] - x - (i ? b[i - 1] * b[i - 1] / pivot : 0);
      above = pivot > 0;
      if (pivot == 0) pivot = -1e-300; /* an eigenvalue of the leading block: counted as below */
    }
    *(above ? &low : &high) = x;
  }
  return high;
}

ln_status ln_largest_curvature(ln_context *cx, const ln_plan *plan, const bool *frozen, const double *theta,
                               double *curvature) {
  ln_mark mark = ln_begin(cx);
  size_t n = plan->net->count;
  lanczos z = {plan, frozen, ln_reals(cx, n), ln_reals(cx, n), ln_reals(cx, n)};
  double *v = ln_reals(cx, n), *before = ln_reals(cx, n), *w = ln_reals(cx, n), a[STEPS_MAX], b[STEPS_MAX];
  if (!z.theta || !z.moved || !z.other || !v || !before || !w) return ln_end(cx, mark, LN_EMEMORY);
  ln_stream stream = ln_stream_of(0, 0);
  ln_matrix V = ln_window(v, n, 1), W = ln_window(w, n, 1);
  memcpy(z.theta, theta, n * sizeof *theta);
  if (!plan->net->linear) { /* off the kinks: a unit without input and bias sits on its own */
    ln_random_normals(&stream, V, 0, OFFSET * ln_norm(ln_window(z.theta, n, 1)) / sqrt((double)n));
    ln_axpy(1, V, ln_window(z.theta, n, 1));
  }
  ln_random_normals(&stream, V, 0, 1);
  only_moving(&z, v);
  ln_scale(1 / ln_norm(V), V);
  memset(before, 0, n * sizeof *before);

  *curvature = 0;
  size_t settled = 0;
  for (size_t k = 0; k < STEPS_MAX && settled < 2; k++) {
    ln_status status = times_hessian(cx, &z, v, w);
    if (status != LN_OK) return ln_end(cx, mark, status);
    a[k] = ln_dot(V, W);
    ln_axpy(-a[k], V, W);
    if (k) ln_axpy(-b[k - 1], ln_window(before, n, 1), W);
    b[k] = ln_norm(W);
    if (!isfinite(a[k]) || !isfinite(b[k]))
      return ln_end(cx, mark, ln_fail(cx, LN_ENUMERIC, "the curvature of the loss is not finite"));
    double last = *curvature;
    *curvature = largest_of_tridiagonal(a, b, k + 1);
    settled = k && fabs(*curvature - last) <= SETTLED * fabs(*curvature) ? settled + 1 : 0;
    if (b[k] <= SETTLED * SETTLED * fabs(*curvature)) break; /* all that this start can reach */
    double *next = before;
    before = v, v = w, w = next;
    V = ln_window(v, n, 1), W = ln_window(w, n, 1);
    ln_scale(1 / b[k], V);
  }
  return ln_end(cx, mark, LN_OK);
}

/* ---- the rate ---- */

/* Where a network with linear units is balanced and has learned the map U diag(s) V' of least squares. */
static ln_status curvature_when_learned(ln_context *cx, const ln_plan *plan, const bool *frozen,
                                        double *curvature) {
  ln_mark mark = ln_begin(cx);
  size_t depth = plan->net->depth;
  ln_matrix target = plan->task->target;
  size_t k = target.rows < target.cols ? target.rows : target.cols;
  ln_layer *layers = ln_take(cx, depth, sizeof *layers);
  ln_matrix U = ln_take_matrix(cx, target.rows, k), V = ln_take_matrix(cx, target.cols, k);
  double *theta = ln_reals(cx, plan->net->count), *s = ln_reals(cx, k), *parts = ln_reals(cx, k * depth);
  if (!layers || !U.data || !V.data || !theta || !s || !parts) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t l = 0; l < depth; l++) {
    layers[l] = plan->net->layers[l];
    layers[l].activation = ln_find_activation("linear");
  }
  ln_net linear;
  ln_plan linear_plan;
  ln_stream stream = ln_stream_of(0, 0);
  ln_status status = ln_net_layout(cx, &linear, layers, depth, plan->net->bias);
  linear.parameters = theta;
  if (status == LN_OK) status = ln_svd(cx, target, U, s, V);
  for (size_t i = 0; status == LN_OK && i < k * depth; i++) parts[i] = pow(s[i / depth], 1 / (double)depth);
  if (status == LN_OK) status = ln_init_aligned(cx, &linear, &stream, U, V, parts);
  if (status == LN_OK) status = ln_make_plan(cx, &linear_plan, &linear, plan->task, LN_PLAN_AUTO);
  if (status == LN_OK) status = ln_largest_curvature(cx, &linear_plan, frozen, theta, curvature);
  return ln_end(cx, mark, status);
}

static ln_status larger_curvature(ln_context *cx, const ln_plan *plan, const ln_descent *how,
                                  double *curvature) {
  double now, learned;
  ln_status status = ln_largest_curvature(cx, plan, how->frozen, plan->net->parameters, &now);
  if (status == LN_OK) status = curvature_when_learned(cx, plan, how->frozen, &learned);
  if (status == LN_OK) *curvature = fmax(now, learned) + how->weight_decay;
  return status;
}

ln_status ln_stable_rate(ln_context *cx, const ln_plan *plan, const ln_descent *how, double *rate,
                         double *curvature) {
  ln_status status = larger_curvature(cx, plan, how, curvature);
  if (status != LN_OK) return status;
  if (!(*curvature > 0))
    return ln_fail(cx, LN_EARG,
                   "rate = \"auto\" follows from the curvature of the loss, and here there is none");
  *rate = SHARE_OF_MAX * how->optimizer->stable(how->momentum) / *curvature;
  return LN_OK;
}

/* ---- is a rate stable? ---- */

#define ABOVE 1.003 /* a rate that far above the limit is certain to be: the curvature has three digits */
/* What the two curvatures may cost: evaluations of the gradient, seconds for one of them at least, operations a second,
 * seconds that no run notices, and the share of a longer run. */
#define EVALUATIONS (4.0 * STEPS_MAX)
#define EVALUATION_LEAST 1e-6
#define SPEED 1e10
#define UNNOTICED 1e-3
#define SHARE_OF_RUN 0.05

/* No curvature at the start, or where balanced layers have learned the map, is larger than this. With n_l = |W_l|: the
 * second derivatives are sums over pairs of layers of products with the other layers, of Sxx and of G = W Sxx - Syx. */
static double bound_of_curvature(const ln_plan *plan) {
  const ln_net *net = plan->net;
  const ln_task *task = plan->task;
  size_t depth = net->depth;
  double inputs = ln_norm(task->Sxx), target = ln_norm(task->target), all = 1, least = INFINITY,
         next = INFINITY;
  for (size_t l = 0; l < depth; l++) {
    double size = ln_norm(ln_weights(net, net->parameters, l));
    all *= size;
    next = fmin(next, fmax(size, least));
    least = fmin(least, size);
  }
  double learned = (double)depth * inputs * pow(target, 2 - 2 / (double)depth);
  if (!(least > 0)) return INFINITY; /* the products without it are not all / least */
  double residual = all * inputs + ln_norm(task->Syx);
  double now = (double)depth * inputs * pow(all / least, 2);
  if (depth > 1) now += (double)(depth - 1) * residual * all / (least * next);
  return fmax(now, learned);
}

ln_status ln_check_rate(ln_context *cx, const ln_plan *plan, const ln_descent *how, size_t steps,
                        double *limit) {
  *limit = 0;
  bool knows = plan->net->linear && plan->task->has_target && how->optimizer->stable &&
               ln_plan_needs_moments(plan->net, plan->task, plan->choice);
  if (!knows || !steps) return LN_OK;
  double stable = how->optimizer->stable(how->momentum);
  if (!plan->net->bias && how->rate * (bound_of_curvature(plan) + how->weight_decay) < stable) return LN_OK;
  double one = EVALUATION_LEAST + plan->flops / SPEED, all = EVALUATIONS * one;
  if (all > UNNOTICED && all > SHARE_OF_RUN * (double)steps * one) return LN_OK;
  double curvature;
  ln_status status = larger_curvature(cx, plan, how, &curvature);
  if (status == LN_OK && how->rate * curvature > ABOVE * stable) *limit = stable / curvature;
  return status == LN_ENUMERIC ? LN_OK : status; /* weights so large that the run itself will tell */
}
