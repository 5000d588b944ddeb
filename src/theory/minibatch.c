#include "theory/minibatch.h"

#include <math.h>

#include "core/linalg.h"
#include "theory/checks.h"

typedef struct recursion {
  ln_matrix X, S;
  ln_matrix r;       /* residuals of w_LS */
  ln_matrix best, e; /* w_LS, and E w - w_LS */
  ln_matrix M;
  ln_matrix SM, SMS, next, MX, projection; /* projection: x_mu . ebar */
  double rate, batch;
} recursion;

static ln_status check(ln_context *cx, ln_matrix X, ln_matrix y, ln_matrix w0, double rate, double batch) {
  if (!X.cols) return ln_fail(cx, LN_EARG, "X has no examples (a column is an example)");
  if (y.rows != X.cols || y.cols != 1 || w0.rows != X.rows || w0.cols != 1)
    return ln_fail(cx, LN_EARG, "X is %zux%zu, so y must have %zu numbers and w0 %zu; they have %zu and %zu",
                   X.rows, X.cols, X.cols, X.rows, y.rows * y.cols, w0.rows * w0.cols);
  if (!(batch >= 1 && isfinite(batch)))
    return ln_fail(cx, LN_EARG, "a batch of %g examples; it has one or more", batch);
  ln_status status = ln_check_finite(cx, X, "X");
  if (status == LN_OK) status = ln_check_finite(cx, y, "y");
  if (status == LN_OK) status = ln_check_finite(cx, w0, "w0");
  if (status == LN_OK) status = ln_check_descent(cx, rate, 0, 0, NULL, 0);
  return status;
}

static ln_status prepare(ln_context *cx, recursion *q, ln_matrix y, ln_matrix w0) {
  size_t n = q->X.rows, P = q->X.cols;
  ln_matrix across = ln_take_matrix(cx, P, n);
  ln_matrix *squares[] = {&q->S, &q->M, &q->SM, &q->SMS, &q->next};
  for (size_t i = 0; i < sizeof squares / sizeof *squares; i++)
    if (!(*squares[i] = ln_take_matrix(cx, n, n)).data) return LN_EMEMORY;
  q->r = ln_take_matrix(cx, P, 1), q->projection = ln_take_matrix(cx, P, 1);
  q->best = ln_take_matrix(cx, n, 1), q->e = ln_take_matrix(cx, n, 1);
  q->MX = ln_take_matrix(cx, n, P);
  if (!across.data || !q->r.data || !q->projection.data || !q->best.data || !q->e.data || !q->MX.data)
    return LN_EMEMORY;
  ln_transpose(q->X, across);
  ln_status status = ln_least_squares(cx, across, y, -1, q->best);
  if (status != LN_OK) return status;
  ln_copy(y, q->r);
  ln_gemm(LN_N, LN_N, -1, across, q->best, 1, q->r);
  ln_copy(w0, q->e);
  ln_axpy(-1, q->best, q->e);
  ln_gram(LN_N, 1 / (double)P, q->X, 0, q->S);
  ln_gram(LN_N, 1, q->e, 0, q->M);
  return LN_OK;
}

static void step(recursion *q) {
  size_t n = q->X.rows, P = q->X.cols;
  double rate = q->rate, square = rate * rate;
  ln_gemm(LN_N, LN_N, 1, q->S, q->M, 0, q->SM);
  ln_gemm(LN_N, LN_N, 1, q->SM, q->S, 0, q->SMS);
  ln_gemm(LN_N, LN_N, 1, q->M, q->X, 0, q->MX);
  ln_gemm(LN_T, LN_N, 1, q->X, q->e, 0, q->projection);
  for (size_t m = 0; m < P; m++) {
    ln_matrix x = ln_block_of(q->X, 0, m, n, 1), Mx = ln_block_of(q->MX, 0, m, n, 1);
    double r = q->r.data[m], z = r * r - 2 * r * q->projection.data[m] + ln_dot(x, Mx);
    ln_copy(x, Mx);
    ln_scale(z, Mx);
  }
  ln_gemm(LN_N, LN_T, square / ((double)P * q->batch), q->MX, q->X, 0, q->next);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++)
      LN_AT(q->next, i, j) += LN_AT(q->M, i, j) - rate * (LN_AT(q->SM, i, j) + LN_AT(q->SM, j, i)) +
                              square * (1 - 1 / q->batch) * LN_AT(q->SMS, i, j);
  ln_symmetrize(q->next);
  ln_copy(q->next, q->M);
  ln_gemm(LN_N, LN_N, -rate, q->S, q->e, 0, ln_block_of(q->SM, 0, 0, n, n ? 1 : 0));
  ln_axpy(1, ln_block_of(q->SM, 0, 0, n, n ? 1 : 0), q->e);
}

ln_status ln_minibatch_moments(ln_context *cx, ln_matrix X, ln_matrix y, ln_matrix w0, double rate,
                               double batch, uint64_t steps, ln_matrix mean, ln_matrix second) {
  ln_status status = check(cx, X, y, w0, rate, batch);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  recursion q = {.X = X, .rate = rate, .batch = batch};
  status = prepare(cx, &q, y, w0);
  double n = (double)X.rows, flops = 4 * n * n * (n + (double)X.cols);
  for (uint64_t i = 0; i < steps && status == LN_OK; i++) {
    status = ln_charge(cx, flops);
    if (status != LN_OK) break;
    step(&q);
    size_t row, col;
    if (ln_find_not_finite(q.M, &row, &col))
      status =
          ln_fail(cx, LN_EDIVERGED, "the second moment left the range of double precision after %llu steps",
                  (unsigned long long)i + 1);
  }
  if (status == LN_OK) {
    ln_copy(q.best, mean);
    ln_axpy(1, q.e, mean);
    ln_copy(q.M, second);
  }
  return ln_end(cx, mark, status);
}
