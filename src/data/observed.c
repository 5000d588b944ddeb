#include "data/observed.h"

#include <math.h>

size_t ln_observed_room(const ln_observed *observed) { return observed->mask.data ? 0 : observed->count; }

static double masked_squares(const double *mask, const double *Y, const double *W, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double residual = mask[i] * (W[i] - Y[i]);
    sum += residual * residual;
  }
  return sum;
}

double ln_observed_gradient(const ln_observed *o, ln_matrix W, ln_matrix G, double *room) {
  double scale = 1 / o->normalisation;
  size_t n = W.rows * W.cols;
  if (o->mask.data) {
    double squares =
        G.data ? ln_kernels_chosen()->masked_gradient(n, o->mask.data, o->values.data, W.data, scale, G.data)
               : masked_squares(o->mask.data, o->values.data, W.data, n);
    return squares * scale / 2;
  }
  ln_matrix residuals = ln_window(room, o->count, 1);
  ln_copy(o->values, residuals);
  ln_gemm(LN_T, LN_N, 1, o->sensors, ln_window(W.data, n, 1), -1, residuals);
  if (G.data) ln_gemm(LN_N, LN_N, scale, o->sensors, residuals, 0, ln_window(G.data, n, 1));
  return ln_dot(residuals, residuals) * scale / 2;
}

ln_status ln_draw_mask(ln_context *cx, ln_stream stream, size_t count, ln_matrix mask) {
  ln_mark mark = ln_begin(cx);
  size_t n = mask.rows * mask.cols, *order = ln_take(cx, n, sizeof *order);
  if (!order) return ln_end(cx, mark, LN_EMEMORY);
  ln_random_permutation(&stream, order, n);
  ln_fill(mask, 0);
  for (size_t k = 0; k < count; k++) mask.data[order[k]] = 1;
  return ln_end(cx, mark, LN_OK);
}

void ln_observe_entries(ln_matrix W, ln_matrix mask, ln_stream stream, double noise, ln_matrix values) {
  ln_random_normals(&stream, values, 0, sqrt(noise));
  for (size_t j = 0; j < W.cols; j++)
    for (size_t i = 0; i < W.rows; i++)
      LN_AT(values, i, j) = LN_AT(mask, i, j) != 0 ? LN_AT(W, i, j) + LN_AT(values, i, j) : 0;
}

void ln_observe_sensors(ln_matrix W, ln_matrix sensors, ln_stream stream, double noise, ln_matrix values) {
  ln_random_normals(&stream, values, 0, sqrt(noise));
  ln_gemm(LN_T, LN_N, 1, sensors, ln_window(W.data, W.rows * W.cols, 1), 1, values);
}
