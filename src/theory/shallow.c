#include "theory/shallow.h"

#include <math.h>

#include "theory/checks.h"
#include "theory/moments.h"
#include "theory/special.h"

ln_status ln_shallow_prepare(ln_context *cx, ln_matrix W0, ln_matrix Sxx, ln_matrix Syx, double decay,
                             ln_shallow *shallow) {
  size_t inputs = Sxx.rows, outputs = Syx.rows;
  if (Sxx.cols != inputs || Syx.cols != inputs || W0.cols != inputs || W0.rows != outputs)
    return ln_fail(
        cx, LN_EARG,
        "W0 is %zux%zu, Sxx %zux%zu, Syx %zux%zu; Sxx must be inputs x inputs, the others outputs x "
        "inputs",
        W0.rows, W0.cols, Sxx.rows, Sxx.cols, Syx.rows, Syx.cols);
  ln_status status = ln_check_decay(cx, decay);
  if (status != LN_OK) return status;
  status = ln_check_finite(cx, W0, "W0");
  if (status != LN_OK) return status;
  *shallow = (ln_shallow){.W0 = W0, .decay = decay};
  shallow->l = ln_reals(cx, inputs);
  shallow->V = ln_take_matrix(cx, inputs, inputs);
  shallow->W = ln_take_matrix(cx, outputs, inputs);
  shallow->B = ln_take_matrix(cx, outputs, inputs);
  if (!shallow->l || !shallow->V.data || !shallow->W.data || !shallow->B.data) return LN_EMEMORY;
  status = ln_input_spectrum(cx, Sxx, shallow->l, shallow->V);
  if (status != LN_OK) return status;
  status = ln_charge(cx, 2.0 * (double)outputs * (double)inputs * (double)inputs);
  if (status != LN_OK) return status;
  ln_gemm(LN_N, LN_N, 1, W0, shallow->V, 0, shallow->W);
  return ln_input_correlation(cx, Syx, shallow->l, shallow->V, shallow->B);
}

/* W = (W0 V diag(keep) + Syx V diag(learn)) V' */
static ln_status assemble(ln_context *cx, const ln_shallow *s, const double *keep, const double *learn,
                          ln_matrix W) {
  ln_mark mark = ln_begin(cx);
  ln_matrix C = ln_take_matrix(cx, W.rows, W.cols);
  if (!C.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_charge(cx, 2.0 * (double)W.rows * (double)W.cols * (double)W.cols);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t j = 0; j < C.cols; j++)
    for (size_t i = 0; i < C.rows; i++)
      LN_AT(C, i, j) = LN_AT(s->W, i, j) * keep[j] + LN_AT(s->B, i, j) * learn[j];
  ln_gemm(LN_N, LN_T, 1, C, s->V, 0, W);
  return ln_end(cx, mark, LN_OK);
}

static ln_status check_target(ln_context *cx, const ln_shallow *s, ln_matrix W) {
  if (W.rows == s->B.rows && W.cols == s->B.cols) return LN_OK;
  return ln_fail(cx, LN_EARG, "the result is %zux%zu, the weights are %zux%zu", W.rows, W.cols, s->B.rows,
                 s->B.cols);
}

ln_status ln_shallow_flow(ln_context *cx, const ln_shallow *s, double t, ln_matrix W) {
  ln_status status = check_target(cx, s, W);
  if (status != LN_OK) return status;
  if (!(t >= 0)) return ln_fail(cx, LN_EARG, "t = %g must be >= 0", t);
  if (t == 0) return ln_copy(s->W0, W), LN_OK;
  ln_mark mark = ln_begin(cx);
  double *keep = ln_reals(cx, W.cols), *learn = ln_reals(cx, W.cols);
  if (!keep || !learn) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t j = 0; j < W.cols; j++) {
    double rate = s->l[j] + s->decay, x = rate * t;
    keep[j] = rate > 0 ? exp(-x) : 1;
    learn[j] = rate == 0 ? 0 : x < 1 ? t * ln_phi1(-x) : -expm1(-x) / rate; /* B is 0 where the rate is */
  }
  return ln_end(cx, mark, assemble(cx, s, keep, learn, W));
}

/* One eigendirection of descent: W_n = keep W_0 + learn B. x = rate (l + k). */
static void power(double x, double rate, uint64_t steps, double *keep, double *learn) {
  double n = (double)steps;
  if (steps == 0) {
    *keep = 1, *learn = 0;
  } else if (x == 0) {
    *keep = 1, *learn = rate * n;
  } else if (x < 1) {
    double log_keep = n * (x <= 0.5 ? log1p(-x) : log(1 - x)); /* 1 - x is exact above 1/2 */
    *keep = exp(log_keep), *learn = -expm1(log_keep) / x * rate;
  } else {
    *keep = pow(1 - x, n), *learn = (1 - *keep) / x * rate;
  }
}

/* The same with momentum: powers of T = [[1-x, b], [-x, b]] on (W, v) by doubling. Its eigenvalues collide at
 * critical damping and are of no use there. */
static void heavy_ball(double x, double rate, double b, uint64_t steps, double *keep, double *learn) {
  double A[2][2] = {{1, 0}, {0, 1}}, G[2][2] = {{0, 0}, {0, 0}}; /* T^m and sum of T^j over j < m */
  const double T[2][2] = {{1 - x, b}, {-x, b}};
  for (int bit = 63; bit >= 0; bit--) {
    if (!(steps >> bit)) continue;
    double AA[2][2], AG[2][2];
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++) {
        AA[i][j] = A[i][0] * A[0][j] + A[i][1] * A[1][j];
        AG[i][j] = G[i][j] + (A[i][0] * G[0][j] + A[i][1] * G[1][j]);
      }
    bool odd = steps >> bit & 1;
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++) {
        A[i][j] = odd ? T[i][0] * AA[0][j] + T[i][1] * AA[1][j] : AA[i][j];
        G[i][j] = odd ? (i == j) + (T[i][0] * AG[0][j] + T[i][1] * AG[1][j]) : AG[i][j];
      }
  }
  *keep = A[0][0], *learn = (G[0][0] + G[0][1]) * rate;
}

ln_status ln_shallow_descent(ln_context *cx, const ln_shallow *s, double rate, double momentum,
                             uint64_t steps, ln_matrix W) {
  ln_status status = check_target(cx, s, W);
  if (status != LN_OK) return status;
  status = ln_check_descent(cx, rate, momentum, s->decay, &steps, 1);
  if (status != LN_OK) return status;
  if (steps == 0) return ln_copy(s->W0, W), LN_OK;
  ln_mark mark = ln_begin(cx);
  double *keep = ln_reals(cx, W.cols), *learn = ln_reals(cx, W.cols), largest = 0;
  if (!keep || !learn) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t j = 0; j < W.cols; j++) {
    double x = rate * (s->l[j] + s->decay);
    largest = fmax(largest, x);
    if (momentum == 0)
      power(x, rate, steps, &keep[j], &learn[j]);
    else
      heavy_ball(x, rate, momentum, steps, &keep[j], &learn[j]);
    if (s->l[j] == 0) learn[j] = 0; /* B is 0 there */
  }
  status = assemble(cx, s, keep, learn, W);
  size_t i, j;
  if (status == LN_OK && ln_find_not_finite(W, &i, &j))
    status =
        ln_fail(cx, LN_EDIVERGED,
                "the weights have left the range of double precision: rate times the largest curvature is "
                "%.4g, and descent converges below %.4g",
                largest, 2 * (1 + momentum));
  return ln_end(cx, mark, status);
}

ln_status ln_shallow_fastest(ln_context *cx, ln_matrix Sxx, double decay, double momentum,
                             ln_shallow_rates *rates) {
  if (!(momentum >= 0 && momentum < 1))
    return ln_fail(cx, LN_EARG, "momentum = %g must lie in [0, 1)", momentum);
  ln_status status = ln_check_decay(cx, decay);
  if (status != LN_OK) return status;
  size_t n = Sxx.rows;
  ln_mark mark = ln_begin(cx);
  double *l = ln_reals(cx, n);
  if (!l) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_input_spectrum(cx, Sxx, l, (ln_matrix){0});
  if (status != LN_OK) return ln_end(cx, mark, status);
  double largest = n ? l[n - 1] + decay : 0, smallest = largest;
  for (size_t i = 0; i < n; i++)
    if (l[i] + decay > 0) smallest = fmin(smallest, l[i] + decay);
  if (!(largest > 0))
    return ln_end(cx, mark, ln_fail(cx, LN_EARG, "Sxx is 0 and there is no weight decay: nothing moves"));
  double a = sqrt(largest), b = sqrt(smallest), root = (a - b) / (a + b);
  *rates = (ln_shallow_rates){.largest = largest,
                              .smallest = smallest,
                              .stable = 2 * (1 + momentum) / largest,
                              .rate = 2 / (largest + smallest),
                              .factor = (largest - smallest) / (largest + smallest),
                              .momentum_rate = 4 / ((a + b) * (a + b)),
                              .momentum = root * root,
                              .momentum_factor = root};
  return ln_end(cx, mark, LN_OK);
}
