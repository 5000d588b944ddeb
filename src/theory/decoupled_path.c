#include "theory/decoupled.h"

#include <float.h>
#include <math.h>

#include "core/ode.h"
#include "theory/decoupled_law.h"
#include "theory/layers.h"
#include "theory/mode.h"
#include "theory/pair.h"

static ln_matrix column(ln_matrix A, size_t j) { return ln_block_of(A, 0, j, A.rows, 1); }

/* ---- two unequal layers that decay ----
 *
 * p = w1 + w2 and m = w1 - w2 keep their directions: p(t) = p e^x, m(t) = m e^(-x - 2kt), and
 * x' = s - k - rho u, u = (|p|^2 e^2x - |m|^2 e^(-2x - 4kt))/4. x tends to a constant where the mode is
 * learned. */
typedef struct decaying {
  double s, rho, k, P, M;
  double *x; /* at each asked time */
} decaying;

static ln_status decaying_velocity(ln_context *cx, void *ud, double t, const double *x, double *dxdt) {
  (void)cx;
  const decaying *p = ud;
  double u = (p->P * exp(2 * *x) - p->M * exp(-2 * *x - 4 * p->k * t)) / 4;
  *dxdt = p->s - p->k - p->rho * u;
  return LN_OK;
}

static ln_status decaying_output(ln_context *cx, void *ud, size_t index, double t, const double *x) {
  (void)cx, (void)t;
  decaying *p = ud;
  p->x[index] = *x;
  return LN_OK;
}

/* m is gone and p stands still. */
static bool decaying_settled(void *ud, double t, const double *x, const double *dxdt) {
  const decaying *p = ud;
  return p->M * exp(-2 * *x - 4 * p->k * t) <= DBL_EPSILON * p->P * exp(2 * *x) &&
         fabs(*dxdt) <= 16 * DBL_EPSILON * (fabs(p->s) + p->k);
}

static ln_status follow_decaying(ln_context *cx, const ln_decoupled *d, size_t i, const double *t,
                                 size_t count, double *x) {
  decaying p = {d->s[i], d->rho[i], d->decay, 0, 0, x};
  for (size_t k = 0; k < d->R[1].rows; k++) {
    double a = LN_AT(d->R[1], k, i), b = LN_AT(d->R[2], k, i);
    p.P += (a + b) * (a + b), p.M += (a - b) * (a - b);
  }
  double start = 0;
  ln_ode ode = {.rhs = decaying_velocity,
                .output = decaying_output,
                .settled = decaying_settled,
                .ud = &p,
                .n = 1,
                .rtol = LN_LAYERS_RTOL,
                .atol = LN_LAYERS_RTOL};
  return ln_ode_solve(cx, &ode, 0, &start, t, count);
}

/* ---- the state at one time ---- */

/* What the modes of two layers have at time t: into w1 and w2 (hidden x m) and u. */
static ln_status two_layers_at(ln_context *cx, const ln_decoupled *d, size_t i, double t, const double *path,
                               ln_matrix w1, ln_matrix w2, double *u) {
  size_t n = w1.rows;
  double *a = column(w1, i).data, *b = column(w2, i).data;
  ln_copy(column(d->R[1], i), column(w1, i));
  ln_copy(column(d->R[2], i), column(w2, i));
  if (d->law[i] == PAIR) {
    ln_pair pair = {a, b, n, d->s[i], d->rho[i]};
    if (d->decay >
        0) { /* equal or opposite: made so to the last digit, since the law holds for nothing else */
      double sign = ln_dot(column(w1, i), column(w2, i)) < 0 ? -1 : 1;
      for (size_t k = 0; k < n; k++) a[k] = (a[k] + sign * b[k]) / 2, b[k] = sign * a[k];
      pair.s -= sign * d->decay;
    }
    return ln_pair_at(cx, &pair, t, a, b, u, NULL);
  }
  double p = exp(*path), m = exp(-*path - 2 * d->decay * t);
  *u = 0;
  for (size_t k = 0; k < n; k++) {
    double plus = p * (a[k] + b[k]) / 2, minus = m * (a[k] - b[k]) / 2;
    a[k] = plus + minus, b[k] = plus - minus;
    *u += a[k] * b[k];
  }
  return LN_OK;
}

/* What mode i has in each layer of a deeper network: into a (depth numbers), and their product. */
static ln_status layers_at(ln_context *cx, const ln_decoupled *d, size_t i, double t, const double *path,
                           double *a, double *u) {
  size_t depth = d->depth;
  const double *start = column(d->a, i).data;
  *u = 1;
  if (d->law[i] == LAYERS) {
    for (size_t l = 0; l < depth; l++) *u *= a[l] = path[l];
    return LN_OK;
  }
  for (size_t l = 0; l < depth; l++) *u *= a[l] = start[l];
  if (d->law[i] == FROZEN) return LN_OK;
  ln_mode mode = {d->s[i], d->rho[i], *u, (double)depth};
  double u0 = *u;
  ln_status status = ln_mode_strength(cx, &mode, &t, 1, u);
  double growth = pow(*u / u0, 1 / (double)depth);
  for (size_t l = 0; l < depth; l++) a[l] *= growth;
  return status;
}

typedef struct state {
  ln_matrix *W;
  double *strengths;
  ln_matrix w1, w2; /* two layers: hidden x m */
  ln_matrix a;      /* deeper: depth x m */
  ln_matrix C;      /* widest layer x m */
} state;

static ln_status take_state(ln_context *cx, const ln_decoupled *d, state *now) {
  size_t widest = 0;
  now->W = ln_take(cx, d->depth, sizeof *now->W);
  if (!now->W) return LN_EMEMORY;
  for (size_t l = 0; l < d->depth; l++) {
    now->W[l] = ln_take_matrix(cx, d->weights[l].rows, d->weights[l].cols);
    if (!now->W[l].data) return LN_EMEMORY;
    if (d->weights[l].rows > widest) widest = d->weights[l].rows;
  }
  bool two = d->depth == 2;
  now->strengths = ln_reals(cx, d->modes);
  now->w1 = ln_take_matrix(cx, two ? d->R[1].rows : 0, d->modes);
  now->w2 = ln_take_matrix(cx, two ? d->R[1].rows : 0, d->modes);
  now->a = ln_take_matrix(cx, two ? 0 : d->depth, d->modes);
  now->C = ln_take_matrix(cx, two ? 0 : widest, d->modes);
  return now->strengths && now->w1.data && now->w2.data && now->a.data && now->C.data ? LN_OK : LN_EMEMORY;
}

/* The weights are what they were, plus what the modes have gained; with decay what belongs to no mode shrinks
 * by `kept`. path[i] is where mode i's integrated numbers for this time are. */
static ln_status state_at(ln_context *cx, const ln_decoupled *d, double t, double *const *path, size_t index,
                          state *now) {
  size_t m = d->modes, depth = d->depth;
  double kept = d->decay > 0 ? exp(-d->decay * t) : 1, flops = 0;
  for (size_t l = 0; l < depth; l++)
    flops += 2.0 * (double)d->weights[l].rows * (double)d->weights[l].cols * (double)m;
  ln_status status = ln_charge(cx, flops);
  for (size_t i = 0; i < m && status == LN_OK; i++)
    status = depth == 2 ? two_layers_at(cx, d, i, t, path[i] ? path[i] + index : NULL, now->w1, now->w2,
                                        &now->strengths[i])
                        : layers_at(cx, d, i, t, path[i] ? path[i] + index * depth : NULL,
                                    column(now->a, i).data, &now->strengths[i]);
  if (status != LN_OK) return status;
  for (size_t l = 0; l < depth; l++) {
    ln_copy(d->weights[l], now->W[l]);
    ln_scale(kept, now->W[l]);
  }
  if (depth == 2) {
    ln_axpy(-kept, d->R[1], now->w1);
    ln_axpy(-kept, d->R[2], now->w2);
    ln_gemm(LN_N, LN_T, 1, now->w1, d->V, 1, now->W[0]);
    ln_gemm(LN_N, LN_T, 1, d->U, now->w2, 1, now->W[1]);
    return LN_OK;
  }
  for (size_t l = 1; l <= depth; l++) {
    ln_matrix C = ln_block_of(now->C, 0, 0, d->R[l].rows, m);
    for (size_t i = 0; i < m; i++) {
      double gain = LN_AT(now->a, l - 1, i) - kept * LN_AT(d->a, l - 1, i);
      for (size_t k = 0; k < C.rows; k++) LN_AT(C, k, i) = gain * LN_AT(d->R[l], k, i);
    }
    ln_gemm(LN_N, LN_T, 1, C, d->R[l - 1], 1, now->W[l - 1]);
  }
  return LN_OK;
}

ln_status ln_decoupled_follow(ln_context *cx, const ln_decoupled *d, const double *times, size_t count,
                              ln_decoupled_output output, void *ud) {
  for (size_t k = 0; k < count; k++) {
    if (!(times[k] >= (k ? times[k - 1] : 0)))
      return ln_fail(cx, LN_EARG, "times must be >= 0 and rise; number %zu is %g", k + 1, times[k]);
    if (isinf(times[k]) && !d->closed)
      return ln_fail(cx, LN_EARG, "t = infinity: some modes have no closed form here; give a finite time");
  }
  ln_mark mark = ln_begin(cx);
  state now;
  ln_status status = take_state(cx, d, &now);
  double **path = ln_take(cx, d->modes, sizeof *path);
  if (status != LN_OK || !path) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < d->modes && status == LN_OK; i++) {
    path[i] = NULL;
    if (d->law[i] == PAIR_DECAY) {
      path[i] = ln_reals(cx, count);
      status = path[i] ? follow_decaying(cx, d, i, times, count, path[i]) : LN_EMEMORY;
    } else if (d->law[i] == LAYERS) {
      ln_layers layers = {column(d->a, i).data, d->depth, d->s[i], d->rho[i], d->decay};
      path[i] = ln_take(cx, count, d->depth * sizeof(double));
      status = path[i] ? ln_layers_follow(cx, &layers, times, count, path[i]) : LN_EMEMORY;
    }
  }
  for (size_t k = 0; k < count && status == LN_OK; k++) {
    status = state_at(cx, d, times[k], path, k, &now);
    if (status == LN_OK) status = output(cx, ud, k, times[k], now.W, now.strengths);
  }
  return ln_end(cx, mark, status);
}

typedef struct target {
  const ln_decoupled *d;
  ln_matrix *W;
  double *strengths;
} target;

static ln_status copy_state(ln_context *cx, void *ud, size_t index, double t, const ln_matrix *W,
                            const double *strengths) {
  (void)cx, (void)index, (void)t;
  const target *to = ud;
  for (size_t l = 0; l < to->d->depth; l++) ln_copy(W[l], to->W[l]);
  for (size_t i = 0; i < to->d->modes && to->strengths; i++) to->strengths[i] = strengths[i];
  return LN_OK;
}

ln_status ln_decoupled_at(ln_context *cx, const ln_decoupled *d, double t, ln_matrix *W, double *strengths) {
  return ln_decoupled_follow(cx, d, &t, 1, copy_state, &(target){d, W, strengths});
}
