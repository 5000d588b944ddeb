#include "theory/one_output.h"

#include <math.h>
#include <stdint.h>

#include "core/ode.h"
#include "theory/checks.h"

#define RTOL 1e-12
#define ATOL 1e-15 /* of the largest entry at the start, or of s */

typedef struct flow {
  const ln_one_output *student;
  size_t inputs;
  ln_matrix g; /* N x 1 */
  ln_matrix W;
  double *last;
} flow;

/* A vector of the state; A of two layers follows w and q. */
static ln_matrix part(const double *y, size_t first, size_t rows, size_t cols) {
  return ln_window((double *)(uintptr_t)(y + first), rows, cols);
}

/* g = s - scale S w */
static void gradient(const flow *f, double scale, ln_matrix w) {
  ln_transpose(f->student->Syx, f->g);
  ln_gemm(LN_N, LN_N, -scale, f->student->Sxx, w, 1, f->g);
}

static ln_status move_layers(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)t;
  const flow *f = ud;
  size_t n = f->inputs;
  ln_status status = ln_charge(cx, 8.0 * (double)n * (double)n);
  if (status != LN_OK) return status;
  ln_matrix w = part(y, 0, n, 1), A = part(y, n + 1, n, n), dw = part(dydt, 0, n, 1);
  gradient(f, 1, w);
  ln_gemm(LN_N, LN_N, 1, A, f->g, 0, dw);
  ln_axpy(y[n], f->g, dw);
  dydt[n] = 2 * ln_dot(f->g, w);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) dydt[n + 1 + i + j * n] = f->g.data[i] * y[j] + y[i] * f->g.data[j];
  return LN_OK;
}

static ln_status move_rank_one(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)t;
  const flow *f = ud;
  size_t n = f->inputs;
  ln_status status = ln_charge(cx, 2.0 * (double)n * (double)n);
  if (status != LN_OK) return status;
  ln_matrix z = part(y, 0, n, 1);
  gradient(f, y[n], z);
  for (size_t i = 0; i < n; i++) dydt[i] = y[n] * f->g.data[i];
  dydt[n] = ln_dot(z, f->g);
  return LN_OK;
}

static ln_status move_balanced(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)t;
  const flow *f = ud;
  size_t n = f->inputs;
  ln_status status = ln_charge(cx, 2.0 * (double)n * (double)n);
  if (status != LN_OK) return status;
  double depth = f->student->depth;
  ln_matrix w = part(y, 0, n, 1);
  double size = ln_norm(w), speed = pow(size, 2 - 2 / depth);
  gradient(f, 1, w);
  double along = depth > 1 ? (depth - 1) * (ln_dot(w, f->g) / size) / size : 0;
  for (size_t i = 0; i < n; i++) dydt[i] = speed * (f->g.data[i] + along * y[i]);
  return LN_OK;
}

static ln_status put_out(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)cx, (void)t;
  const flow *f = ud;
  size_t n = f->inputs;
  if (f->student->start == LN_START_LAYERS) f->last[index] = sqrt(fmax(y[n], 0));
  if (f->student->start == LN_START_RANK_ONE) f->last[index] = y[n];
  if (f->student->start == LN_START_BALANCED)
    f->last[index] = pow(ln_norm(part(y, 0, n, 1)), 1 / f->student->depth);
  for (size_t i = 0; i < n; i++) LN_AT(f->W, index, i) = y[i];
  return LN_OK;
}

static ln_status check_start(ln_context *cx, const ln_one_output *s) {
  size_t n = s->Sxx.rows;
  ln_status status = ln_check_finite(cx, s->Sxx, "Sxx");
  if (status == LN_OK) status = ln_check_finite(cx, s->Syx, "Syx");
  if (status != LN_OK) return status;
  if (s->Sxx.cols != n || s->Syx.cols != n || s->Syx.rows != 1)
    return ln_fail(cx, LN_EARG,
                   "Sxx is %zux%zu and Syx %zux%zu; with N inputs and one output they are N x N and 1 x N",
                   s->Sxx.rows, s->Sxx.cols, s->Syx.rows, s->Syx.cols);
  if (s->start == LN_START_LAYERS) {
    ln_matrix layers[] = {s->W1, s->W2};
    return ln_check_layers_on(cx, layers, 2, s->Sxx, s->Syx);
  }
  if (s->first.rows != n || s->first.cols != 1)
    return ln_fail(cx, LN_EARG, "the start has %zu entries, and there are %zu inputs",
                   s->first.rows * s->first.cols, n);
  status = ln_check_finite(cx, s->first, s->start == LN_START_RANK_ONE ? "z" : "w");
  if (status != LN_OK) return status;
  if (s->start == LN_START_RANK_ONE)
    return isfinite(s->c0) ? LN_OK : ln_fail(cx, LN_EARG, "c = %g must be finite", s->c0);
  if (!(s->depth >= 1 && isfinite(s->depth)))
    return ln_fail(cx, LN_EARG, "depth = %g must be at least 1 and finite", s->depth);
  if (s->depth > 1 && ln_norm(s->first) == 0)
    return ln_fail(cx, LN_EARG, "w = 0 at the start: from there a network of depth %g never moves", s->depth);
  return LN_OK;
}

static size_t unknowns(const ln_one_output *s) {
  size_t n = s->Sxx.rows;
  return s->start == LN_START_LAYERS ? n + 1 + n * n : s->start == LN_START_RANK_ONE ? n + 1 : n;
}

static void begin_state(const ln_one_output *s, double *y) {
  size_t n = s->Sxx.rows;
  if (s->start == LN_START_LAYERS) {
    ln_gemm(LN_T, LN_T, 1, s->W1, s->W2, 0, ln_window(y, n, 1));
    y[n] = ln_dot(s->W2, s->W2);
    ln_gram(LN_T, 1, s->W1, 0, ln_window(y + n + 1, n, n));
    return;
  }
  ln_copy(s->first, ln_window(y, n, 1));
  if (s->start == LN_START_RANK_ONE) y[n] = s->c0;
}

ln_status ln_one_output_at(ln_context *cx, const ln_one_output *s, const double *t, size_t n, ln_matrix W,
                           double *last) {
  static const ln_ode_rhs motions[] = {[LN_START_LAYERS] = move_layers,
                                       [LN_START_RANK_ONE] = move_rank_one,
                                       [LN_START_BALANCED] = move_balanced};
  ln_status status = check_start(cx, s);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  size_t count = unknowns(s);
  flow f = {.student = s, .inputs = s->Sxx.rows, .W = W, .last = last};
  double *y = ln_reals(cx, count);
  f.g = ln_take_matrix(cx, f.inputs, 1);
  if (!y || !f.g.data) return ln_end(cx, mark, LN_EMEMORY);
  begin_state(s, y);
  double size = 0;
  for (size_t i = 0; i < count; i++) size = fmax(size, fabs(y[i]));
  if (size == 0) size = ln_norm(s->Syx);
  ln_ode ode = {
      .rhs = motions[s->start], .output = put_out, .ud = &f, .n = count, .rtol = RTOL, .atol = ATOL * size};
  if (ode.n == 0 || size == 0) ode.atol = ATOL;
  status = ln_ode_solve(cx, &ode, 0, y, t, n);
  return ln_end(cx, mark, status);
}
