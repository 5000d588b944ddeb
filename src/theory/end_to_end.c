#include "theory/end_to_end.h"

#include <math.h>

#include "core/linalg.h"
#include "theory/checks.h"

#define NO_VALUE                                                                                             \
  1e-15 /* below, relative, a singular value is rounding: its (2/D)-th power would not be small */

double ln_balanced_gain(double x, double y, size_t depth) {
  double p = pow(x, 2 / (double)depth), q = pow(y, 2 / (double)depth), sum = 0, power = 1;
  for (size_t j = 0; j < depth; j++) {
    sum = sum * p + power;
    power *= q;
  }
  return sum;
}

ln_status ln_balanced_motion(ln_context *cx, ln_matrix W, ln_matrix E, size_t depth, ln_matrix velocity,
                             double *rates) {
  ln_status status = ln_check_finite(cx, W, "W");
  if (status == LN_OK && !depth) status = ln_fail(cx, LN_EARG, "a network has one layer or more, got none");
  if (status != LN_OK) return status;
  size_t outputs = W.rows, inputs = W.cols, k = outputs < inputs ? outputs : inputs;
  ln_mark mark = ln_begin(cx);
  ln_matrix U = ln_take_matrix(cx, outputs, outputs), V = ln_take_matrix(cx, inputs, inputs),
            M = ln_take_matrix(cx, outputs, inputs), turned = ln_take_matrix(cx, outputs, inputs);
  double *s = ln_reals(cx, k);
  if (!U.data || !V.data || !M.data || !turned.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_svd(cx, W, U, s, V);
  double Ni = (double)inputs, No = (double)outputs;
  if (status == LN_OK) status = ln_charge(cx, 2 * No * Ni * (2 * Ni + 2 * No + (double)depth));
  if (status != LN_OK) return ln_end(cx, mark, status);

  ln_gemm(LN_T, LN_N, 1, U, E, 0, turned);
  ln_gemm(LN_N, LN_N, 1, turned, V, 0, M);
  double least = k ? NO_VALUE * s[0] : 0;
  for (size_t j = 0; j < inputs; j++)
    for (size_t i = 0; i < outputs; i++) {
      double x = i < k && s[i] > least ? s[i] : 0, y = j < k && s[j] > least ? s[j] : 0;
      LN_AT(M, i, j) *= ln_balanced_gain(x, y, depth);
    }
  for (size_t r = 0; rates && r < k; r++) rates[r] = LN_AT(M, r, r);
  ln_gemm(LN_N, LN_N, 1, U, M, 0, turned);
  ln_gemm(LN_N, LN_T, 1, turned, V, 0, velocity);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_balanced_velocity(ln_context *cx, ln_matrix W, ln_matrix Sxx, ln_matrix Syx, size_t depth,
                               ln_matrix velocity) {
  ln_status status = ln_check_layers_on(cx, &W, 1, Sxx, Syx);
  if (status == LN_OK) status = ln_check_finite(cx, Sxx, "Sxx");
  if (status == LN_OK) status = ln_check_finite(cx, Syx, "Syx");
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix E = ln_take_matrix(cx, W.rows, W.cols);
  if (!E.data) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_charge(cx, 2 * (double)W.rows * (double)W.cols * (double)W.cols);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_copy(Syx, E);
  ln_gemm(LN_N, LN_N, -1, W, Sxx, 1, E);
  return ln_end(cx, mark, ln_balanced_motion(cx, W, E, depth, velocity, NULL));
}
