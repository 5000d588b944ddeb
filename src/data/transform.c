#include "data/transform.h"

#include <math.h>

#include "core/linalg.h"

#define POLISH_BLOCK 512 /* examples at a time */

/* A deviation below this share of the root mean square is rounding of a constant. */
#define CONSTANT 1e-12

void ln_row_means(ln_matrix A, ln_matrix mean) {
  ln_fill(mean, 0);
  for (size_t j = 0; j < A.cols; j++) ln_axpy(1, ln_block_of(A, 0, j, A.rows, 1), mean);
  ln_scale(1 / (double)A.cols, mean);
}

void ln_row_deviations(ln_matrix A, ln_matrix mean, ln_matrix deviation) {
  ln_fill(deviation, 0);
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) {
      double d = LN_AT(A, i, j) - mean.data[i];
      deviation.data[i] += d * d;
    }
  for (size_t i = 0; i < A.rows; i++) {
    double d = sqrt(deviation.data[i] / (double)A.cols);
    deviation.data[i] = d > CONSTANT * hypot(d, mean.data[i]) ? d : 1;
  }
}

void ln_deviations_of_moments(ln_matrix S, ln_matrix mean, ln_matrix deviation) {
  for (size_t i = 0; i < S.rows; i++) {
    double m = mean.data[i], d = sqrt(fmax(0, LN_AT(S, i, i) - m * m));
    /* A difference of squares: what is below the root of the rounding cannot be told from a constant. */
    deviation.data[i] = d > 1e-7 * fabs(m) ? d : 1;
  }
}

void ln_apply_affine(ln_affine map, ln_matrix A, ln_matrix B) {
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) {
      double a = LN_AT(A, i, j);
      if (map.shift.data) a -= map.shift.data[i];
      if (map.scale.data) a *= map.scale.data[i];
      LN_AT(B, i, j) = a;
    }
}

void ln_affine_moments(ln_affine fx, ln_matrix shift_y, ln_matrix Sxx, ln_matrix Syx, ln_matrix mean_x,
                       ln_matrix mean_y, double *tr_yy) {
  const double *b = fx.shift.data, *c = fx.scale.data, *m = mean_x.data, *d = shift_y.data;
  for (size_t j = 0; j < Sxx.cols; j++) {
    double bj = b ? b[j] : 0, cj = c ? c[j] : 1;
    for (size_t i = 0; i < Sxx.rows; i++) {
      double bi = b ? b[i] : 0, ci = c ? c[i] : 1;
      LN_AT(Sxx, i, j) = ci * cj * (LN_AT(Sxx, i, j) - bi * m[j] - m[i] * bj + bi * bj);
    }
    for (size_t i = 0; i < Syx.rows; i++) {
      double di = d ? d[i] : 0;
      LN_AT(Syx, i, j) = cj * (LN_AT(Syx, i, j) - mean_y.data[i] * bj - di * m[j] + di * bj);
    }
  }
  for (size_t i = 0; d && i < Syx.rows; i++) {
    *tr_yy += d[i] * (d[i] - 2 * mean_y.data[i]);
    mean_y.data[i] -= d[i];
  }
  ln_apply_affine(fx, mean_x, mean_x);
}

ln_status ln_whitening(ln_context *cx, ln_matrix Sxx, double tolerance, size_t components, bool symmetric,
                       ln_matrix M, size_t *rank) {
  size_t N = Sxx.rows;
  ln_mark mark = ln_begin(cx);
  ln_matrix Q = ln_take_matrix(cx, N, N);
  double *w = ln_reals(cx, N);
  if (!Q.data || !w) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_eigh(cx, Sxx, w, Q);
  if (status != LN_OK) return ln_end(cx, mark, status);
  size_t r = 0;
  while (r < N && r < components && w[N - 1 - r] > tolerance * w[N - 1]) r++;
  if (!r) return ln_end(cx, mark, ln_fail(cx, LN_EARG, "all inputs are 0: nothing can be made white"));
  ln_matrix kept = ln_block_of(Q, 0, N - r, N, r); /* rising */
  if (symmetric) {
    for (size_t j = 0; j < r; j++) ln_scale(pow(w[N - r + j], -0.25), ln_block_of(kept, 0, j, N, 1));
    ln_gram(LN_N, 1, kept, 0, M);
    *rank = N;
  } else {
    for (size_t k = 0; k < r; k++) {
      double scale = 1 / sqrt(w[N - 1 - k]);
      for (size_t i = 0; i < N; i++) LN_AT(M, k, i) = scale * LN_AT(Q, i, N - 1 - k);
    }
    *rank = r;
  }
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_polish_whitening(ln_context *cx, ln_matrix X, ln_matrix M) {
  size_t block = X.cols < POLISH_BLOCK ? X.cols : POLISH_BLOCK;
  ln_mark mark = ln_begin(cx);
  ln_matrix G = ln_take_matrix(cx, M.rows, M.rows), before = ln_take_matrix(cx, M.rows, M.cols);
  double *room = ln_reals(cx, M.rows * block);
  if (!G.data || !before.data || !room) return ln_end(cx, mark, LN_EMEMORY);
  ln_fill(G, 0);
  for (size_t first = 0; first < X.cols; first += block) {
    size_t n = X.cols - first < block ? X.cols - first : block;
    double rows = (double)M.rows;
    ln_status status = ln_charge(cx, rows * (double)n * (2 * (double)M.cols + rows));
    if (status != LN_OK) return ln_end(cx, mark, status);
    ln_matrix white = ln_window(room, M.rows, n);
    ln_gemm(LN_N, LN_N, 1, M, ln_block_of(X, 0, first, X.rows, n), 0, white);
    ln_gram(LN_N, 1 / (double)X.cols, white, 1, G);
  }
  ln_copy(M, before);
  ln_gemm(LN_N, LN_N, -0.5, G, before, 1.5, M);
  return ln_end(cx, mark, LN_OK);
}

void ln_halve_images(ln_matrix A, size_t side, ln_matrix B) {
  size_t half = side / 2;
  for (size_t j = 0; j < A.cols; j++)
    for (size_t r = 0; r < half; r++)
      for (size_t c = 0; c < half; c++) {
        const double *upper = &LN_AT(A, 2 * r * side + 2 * c, j), *lower = upper + side;
        LN_AT(B, r * half + c, j) = (upper[0] + upper[1] + lower[0] + lower[1]) / 4;
      }
}

void ln_select_columns(ln_matrix A, const size_t *from, ln_matrix B) {
  for (size_t j = 0; j < B.cols; j++)
    ln_copy(ln_block_of(A, 0, from[j], A.rows, 1), ln_block_of(B, 0, j, A.rows, 1));
}
