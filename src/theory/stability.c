#include "theory/stability.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "core/ode.h"
#include "theory/checks.h"
#include "theory/end_to_end.h"
#include "theory/hessian.h"
#include "theory/moments.h"

#define RANK 1e-12 /* singular values below, relative, are rounding */

/* ---- the balanced minimum ---- */

/* The best map of its rank, W_r = [Syx R]_r R with R = Sxx^(-1/2) on the inputs in the data, by its SVD. */
typedef struct best_map {
  ln_matrix U, V; /* outputs x k and inputs x inputs (the first k belong to s) */
  double *s;      /* k = min(outputs, inputs) */
  size_t rank;
  bool complete; /* nothing of Syx is left over */
} best_map;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t count_values(const double *s, size_t n) {
  size_t rank = 0;
  while (rank < n && s[rank] > RANK * s[0]) rank++;
  return rank;
}

/* W = [Syx R]_r R; *complete: its rank is that of Syx. */
static ln_status restrict_map(ln_context *cx, ln_matrix Sxx, ln_matrix Syx, size_t rank, ln_matrix W,
                              bool *complete) {
  size_t inputs = Sxx.rows, outputs = Syx.rows, k = smaller(inputs, outputs);
  ln_mark mark = ln_begin(cx);
  ln_matrix Q = ln_take_matrix(cx, inputs, inputs), B = ln_take_matrix(cx, outputs, inputs),
            P = ln_take_matrix(cx, outputs, k), S = ln_take_matrix(cx, inputs, k);
  double *l = ln_reals(cx, inputs), *s = ln_reals(cx, k);
  if (!Q.data || !B.data || !P.data || !S.data || !l || !s) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_input_spectrum(cx, Sxx, l, Q);
  if (status == LN_OK) status = ln_input_correlation(cx, Syx, l, Q, B);
  for (size_t j = 0; j < inputs && status == LN_OK; j++)
    if (l[j] > 0) ln_scale(1 / sqrt(l[j]), ln_block_of(B, 0, j, outputs, 1));
  if (status == LN_OK) status = ln_svd(cx, B, P, s, S);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t full = count_values(s, k), r = smaller(rank, full);
  *complete = r == full;
  for (size_t j = 0; j < r; j++) ln_scale(s[j], ln_block_of(P, 0, j, outputs, 1));
  for (size_t i = 0; i < inputs; i++)
    for (size_t j = 0; j < r; j++) LN_AT(S, i, j) = l[i] > 0 ? LN_AT(S, i, j) / sqrt(l[i]) : 0;
  ln_gemm(LN_N, LN_T, 1, ln_block_of(P, 0, 0, outputs, r), ln_block_of(S, 0, 0, inputs, r), 0, B);
  ln_gemm(LN_N, LN_T, 1, B, Q, 0, W);
  return ln_end(cx, mark, LN_OK);
}

static ln_status find_best_map(ln_context *cx, ln_matrix Sxx, ln_matrix Syx, size_t rank, best_map *best) {
  size_t inputs = Sxx.rows, outputs = Syx.rows, k = smaller(inputs, outputs);
  ln_matrix W = ln_take_matrix(cx, outputs, inputs), U = ln_take_matrix(cx, outputs, outputs);
  *best = (best_map){.U = U, .V = ln_take_matrix(cx, inputs, inputs), .s = ln_reals(cx, k)};
  if (!W.data || !U.data || !best->V.data || !best->s) return LN_EMEMORY;
  ln_status status = restrict_map(cx, Sxx, Syx, rank, W, &best->complete);
  if (status == LN_OK) status = ln_svd(cx, W, U, best->s, best->V);
  if (status != LN_OK) return status;
  best->rank = smaller(rank, count_values(best->s, k));
  return LN_OK;
}

/* The largest eigenvalue of M'Sxx M with M = V diag(m(s_1, s_j))^(1/2). */
static ln_status curvature_without_residual(ln_context *cx, const best_map *best, ln_matrix Sxx, size_t depth,
                                            double *curvature) {
  size_t n = Sxx.rows;
  ln_matrix SV = ln_take_matrix(cx, n, n), M = ln_take_matrix(cx, n, n);
  double *w = ln_reals(cx, n), s1 = best->rank ? best->s[0] : 0;
  if (!SV.data || !M.data || !w) return LN_EMEMORY;
  for (size_t j = 0; j < n; j++) {
    double gain = ln_balanced_gain(s1, j < best->rank ? best->s[j] : 0, depth);
    ln_scale(sqrt(gain), ln_block_of(best->V, 0, j, n, 1));
  }
  ln_status status = ln_charge(cx, 4.0 * (double)n * (double)n * (double)n);
  if (status != LN_OK) return status;
  ln_gemm(LN_N, LN_N, 1, Sxx, best->V, 0, SV);
  ln_gemm(LN_T, LN_N, 1, best->V, SV, 0, M);
  ln_symmetrize(M);
  status = ln_eigh(cx, M, w, (ln_matrix){0});
  if (status == LN_OK) *curvature = n ? w[n - 1] : 0;
  return status;
}

/* The Hessian's largest eigenvalue at balanced layers of the given widths: W_1 = s^(1/D) V', .., W_D = U s^(1/D). */
static ln_status curvature_with_residual(ln_context *cx, const best_map *best, const ln_matrix *widths,
                                         size_t depth, ln_matrix Sxx, ln_matrix Syx, double *curvature) {
  ln_matrix *W = ln_take(cx, depth, sizeof *W);
  if (!W) return LN_EMEMORY;
  for (size_t l = 0; l < depth; l++) {
    W[l] = ln_take_matrix(cx, widths[l].rows, widths[l].cols);
    if (!W[l].data) return LN_EMEMORY;
    ln_fill(W[l], 0);
    for (size_t k = 0; k < best->rank; k++) {
      double root = pow(best->s[k], 1 / (double)depth);
      if (l == 0)
        for (size_t j = 0; j < W[l].cols; j++) LN_AT(W[l], k, j) = root * LN_AT(best->V, j, k);
      else if (l == depth - 1)
        for (size_t i = 0; i < W[l].rows; i++) LN_AT(W[l], i, k) = root * LN_AT(best->U, i, k);
      else
        LN_AT(W[l], k, k) = root;
    }
  }
  ln_hessian h;
  ln_status status = ln_hessian_prepare(cx, W, depth, Sxx, Syx, 0, &h);
  return status == LN_OK ? ln_hessian_largest(cx, &h, curvature) : status;
}

ln_status ln_largest_rate(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                          ln_matrix Syx, double decay, double momentum, ln_rate_limits *stable) {
  ln_status status = ln_check_descent(cx, 0, momentum, decay, NULL, 0);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_hessian h;
  status = ln_hessian_prepare(cx, weights, depth, Sxx, Syx, decay, &h);
  if (status == LN_OK) status = ln_hessian_largest(cx, &h, &stable->now);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t width = smaller(Sxx.rows, Syx.rows);
  for (size_t l = 0; l < depth; l++) width = smaller(width, weights[l].rows);
  best_map best;
  status = find_best_map(cx, Sxx, Syx, width, &best);
  if (status == LN_OK)
    status = best.complete ? curvature_without_residual(cx, &best, Sxx, depth, &stable->minimum)
                           : curvature_with_residual(cx, &best, weights, depth, Sxx, Syx, &stable->minimum);
  stable->minimum += decay;
  double most = fmax(stable->now, stable->minimum);
  stable->rate = most > 0 ? 2 * (1 + momentum) / most : INFINITY;
  return ln_end(cx, mark, status);
}

/* ---- a finite rate ---- */

/* The state is the weights under the flow, and behind them those under the modified flow. */
typedef struct pursuit {
  const ln_finite_rate *request;
  ln_hessian h;
  double *g;
  ln_matrix map;
} pursuit;

/* -(g + (rate/2) H g), with rate 0 for the flow itself. */
static ln_status velocity(ln_context *cx, pursuit *p, double rate, const double *theta, double *dtheta) {
  size_t n = p->h.count;
  ln_hessian_move(&p->h, theta);
  ln_hessian_gradient(&p->h, p->g);
  ln_status status = LN_OK;
  if (rate > 0)
    status = ln_hessian_apply(cx, &p->h, p->g, dtheta);
  else
    ln_fill(ln_window(dtheta, n, 1), 0);
  for (size_t i = 0; i < n && status == LN_OK; i++) dtheta[i] = -(p->g[i] + rate / 2 * dtheta[i]);
  return status;
}

static ln_status both_velocities(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)t;
  pursuit *p = ud;
  ln_status status = velocity(cx, p, 0, y, dydt);
  if (status == LN_OK) status = velocity(cx, p, p->request->rate, y + p->h.count, dydt + p->h.count);
  return status;
}

static ln_status hand_out(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)t;
  pursuit *p = ud;
  ln_hessian_move(&p->h, y);
  ln_matrix product = p->h.a[p->h.depth - 1];
  ln_copy(product, p->map);
  double size = ln_norm(product);
  ln_hessian_move(&p->h, y + p->h.count);
  ln_axpy(-1, product, p->map);
  return p->request->output(cx, p->request->ud, index, y + p->h.count, ln_norm(p->map), size);
}

ln_status ln_follow_finite_rate(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                                ln_matrix Syx, const ln_finite_rate *request) {
  ln_status status = ln_check_descent(cx, request->rate, 0, request->decay, NULL, 0);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  pursuit p = {.request = request};
  status = ln_hessian_prepare(cx, weights, depth, Sxx, Syx, request->decay, &p.h);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t n = p.h.count;
  double *y = ln_reals(cx, 2 * n);
  p.g = ln_reals(cx, n);
  p.map = ln_take_matrix(cx, Syx.rows, Sxx.rows);
  if (!y || !p.g || !p.map.data) return ln_end(cx, mark, LN_EMEMORY);
  double least = 1; /* the root mean square entry of the smallest layer that is not 0 */
  size_t at = 0;
  for (size_t l = 0; l < depth; l++) {
    ln_matrix W = weights[l];
    ln_copy(W, ln_window(y + at, W.rows, W.cols));
    at += W.rows * W.cols;
    double size = ln_norm(W) / sqrt((double)(W.rows * W.cols));
    if (size > 0 && size < least) least = size;
  }
  memcpy(y + n, y, n * sizeof *y);
  ln_ode ode = {.rhs = both_velocities,
                .output = hand_out,
                .ud = &p,
                .n = 2 * n,
                .rtol = request->tolerance,
                .atol = 1e-3 * request->tolerance * least};
  return ln_end(cx, mark, ln_ode_solve(cx, &ode, 0, y, request->times, request->count));
}
