#include "theory/layers.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/ode.h"
#include "theory/checks.h"

typedef struct motion {
  const ln_layers *layers;
  double *below; /* products of the layers before each */
  double *a;     /* the answer */
  double floor;  /* what is 0 beside the start */
} motion;

static ln_status check(ln_context *cx, const ln_layers *y) {
  if (y->depth == 0) return ln_fail(cx, LN_EARG, "a mode needs at least one layer");
  if (!isfinite(y->s)) return ln_fail(cx, LN_EARG, "s = %g must be finite", y->s);
  if (!(y->rho >= 0 && isfinite(y->rho)))
    return ln_fail(cx, LN_EARG, "rho = %g must be >= 0 and finite: it is the variance of the input", y->rho);
  ln_status status = ln_check_decay(cx, y->decay);
  if (status != LN_OK) return status;
  for (size_t l = 0; l < y->depth; l++)
    if (!isfinite(y->a0[l]))
      return ln_fail(cx, LN_EARG, "layer %zu is %g: it must be finite", l + 1, y->a0[l]);
  return LN_OK;
}

/* dadt, the terms of each component added in size if `sizes` is given. */
static void velocity(const motion *m, const double *a, double *dadt, double *sizes) {
  const ln_layers *y = m->layers;
  double product = 1;
  for (size_t l = 0; l < y->depth; l++) m->below[l] = product, product *= a[l];
  double r = y->s - y->rho * product, r_size = fabs(y->s) + fabs(y->rho * product), above = 1;
  for (size_t l = y->depth; l-- > 0; above *= a[l]) {
    dadt[l] = m->below[l] * above * r - y->decay * a[l];
    if (sizes) sizes[l] = fabs(m->below[l] * above) * r_size + y->decay * fabs(a[l]);
  }
}

static ln_status right_side(ln_context *cx, void *ud, double t, const double *a, double *dadt) {
  (void)cx, (void)t;
  velocity(ud, a, dadt, NULL);
  return LN_OK;
}

static ln_status record(ln_context *cx, void *ud, size_t index, double t, const double *a) {
  (void)cx, (void)t;
  const motion *m = ud;
  memcpy(m->a + index * m->layers->depth, a, m->layers->depth * sizeof *a);
  return LN_OK;
}

/* At a fixed point that is not the start's plateau: all that moves is rounding of terms that cancel (an integrator at the
 * edge of what it damps leaves some 20 units of it), or all
 * has decayed. */
static bool settled(void *ud, double t, const double *a, const double *dadt) {
  (void)t;
  motion *m = ud;
  size_t depth = m->layers->depth;
  double *again = m->below + depth, *sizes = again + depth;
  velocity(m, a, again, sizes);
  bool still = true, gone = true;
  for (size_t l = 0; l < depth; l++) {
    still = still && fabs(dadt[l]) <= 64 * DBL_EPSILON * sizes[l];
    gone = gone && fabs(a[l]) <= m->floor;
  }
  return still || gone;
}

ln_status ln_layers_follow(ln_context *cx, const ln_layers *layers, const double *times, size_t count,
                           double *a) {
  ln_status status = check(cx, layers);
  if (status != LN_OK) return status;
  for (size_t i = 0; i < count; i++)
    if (!(times[i] >= (i ? times[i - 1] : 0) && isfinite(times[i])))
      return ln_fail(cx, LN_EARG, "times must be finite, >= 0 and rise; number %zu is %g", i + 1, times[i]);
  size_t depth = layers->depth;
  ln_mark mark = ln_begin(cx);
  motion m = {.layers = layers, .a = a};
  double *y = ln_reals(cx, depth);
  m.below = depth < SIZE_MAX / 3 ? ln_reals(cx, 3 * depth) : NULL;
  if (!y || !m.below) return ln_end(cx, mark, LN_EMEMORY);
  double least = INFINITY;
  for (size_t l = 0; l < depth; l++) {
    y[l] = layers->a0[l];
    if (y[l] != 0) least = fmin(least, fabs(y[l]));
  }
  m.floor = isinf(least) ? 0 : LN_LAYERS_RTOL * 1e-3 * least;
  ln_ode ode = {.rhs = right_side,
                .output = record,
                .settled = settled,
                .ud = &m,
                .n = depth,
                .rtol = LN_LAYERS_RTOL,
                .atol = fmax(m.floor, DBL_MIN)};
  return ln_end(cx, mark, ln_ode_solve(cx, &ode, 0, y, times, count));
}

ln_status ln_layers_descend(ln_context *cx, const ln_layers *layers, double rate, double momentum,
                            const uint64_t *steps, size_t count, double *a) {
  ln_status status = check(cx, layers);
  if (status != LN_OK) return status;
  status = ln_check_descent(cx, rate, momentum, layers->decay, steps, count);
  if (status != LN_OK) return status;
  size_t depth = layers->depth;
  ln_mark mark = ln_begin(cx);
  motion m = {.layers = layers};
  double *y = ln_reals(cx, depth), *v = ln_reals(cx, depth), *dadt = ln_reals(cx, depth);
  m.below = ln_reals(cx, depth);
  if (!y || !v || !dadt || !m.below) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t l = 0; l < depth; l++) y[l] = layers->a0[l], v[l] = 0;
  uint64_t step = 0;
  for (size_t i = 0; i < count && status == LN_OK; i++) {
    for (; step < steps[i] && status == LN_OK; step++) {
      velocity(&m, y, dadt, NULL);
      bool finite = true;
      for (size_t l = 0; l < depth; l++) {
        v[l] = momentum * v[l] + rate * dadt[l];
        y[l] += v[l];
        finite = finite && isfinite(y[l]);
      }
      status = finite
                   ? ln_poll(cx)
                   : ln_fail(cx, LN_EDIVERGED, "descent left the range of double precision after %llu steps",
                             (unsigned long long)step + 1);
    }
    memcpy(a + i * depth, y, depth * sizeof *y);
  }
  return ln_end(cx, mark, status);
}
