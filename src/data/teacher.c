#include "data/teacher.h"

#include <math.h>

#include "core/linalg.h"

void ln_teacher_full(ln_stream stream, double power, ln_matrix W) {
  ln_random_normals(&stream, W, 0, sqrt(power / (double)W.cols));
}

ln_status ln_teacher_rank(ln_context *cx, ln_stream stream, double power, size_t rank, ln_matrix W) {
  ln_mark mark = ln_begin(cx);
  ln_matrix A = ln_take_matrix(cx, W.rows, rank), B = ln_take_matrix(cx, rank, W.cols);
  if (!A.data || !B.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_random_normals(&stream, A, 0, 1);
  ln_random_normals(&stream, B, 0, 1);
  ln_gemm(LN_N, LN_N, sqrt(power / (double)W.cols / (double)rank), A, B, 0, W);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_teacher_modes(ln_context *cx, ln_stream stream, const double *s, size_t n, ln_matrix W) {
  ln_mark mark = ln_begin(cx);
  ln_matrix U = ln_take_matrix(cx, W.rows, n), V = ln_take_matrix(cx, W.cols, n);
  if (!U.data || !V.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_random_orthogonal(cx, &stream, U);
  if (status == LN_OK) status = ln_random_orthogonal(cx, &stream, V);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t k = 0; k < n; k++) ln_scale(s[k], ln_block_of(U, 0, k, U.rows, 1));
  ln_gemm(LN_N, LN_T, 1, U, V, 0, W);
  return ln_end(cx, mark, LN_OK);
}

/* The symmetric root of C: a column of C's is its own diagonal. */
static ln_status covariance_root(ln_context *cx, ln_matrix C, ln_matrix root) {
  size_t N = C.rows;
  ln_mark mark = ln_begin(cx);
  ln_matrix Q = ln_take_matrix(cx, N, N);
  double *w = ln_reals(cx, N);
  if (!Q.data || !w) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_eigh(cx, C, w, Q);
  if (status != LN_OK) return ln_end(cx, mark, status);
  if (N && w[0] < -1e-12 * w[N - 1])
    return ln_end(
        cx, mark,
        ln_fail(cx, LN_EARG, "covariance has the eigenvalue %g; a covariance has none below 0", w[0]));
  for (size_t j = 0; j < N; j++) ln_scale(w[j] > 0 ? pow(w[j], 0.25) : 0, ln_block_of(Q, 0, j, N, 1));
  ln_gram(LN_N, 1, Q, 0, root);
  return ln_end(cx, mark, LN_OK);
}

#define COLUMNS 1024 /* coloured at once */

ln_status ln_teacher_inputs(ln_context *cx, ln_stream stream, ln_matrix C, ln_matrix X) {
  size_t N = X.rows, P = X.cols;
  if (!C.data) return ln_random_normals(&stream, X, 0, 1), LN_OK;
  if (C.cols == 1) {
    ln_random_normals(&stream, X, 0, 1);
    for (size_t i = 0; i < N; i++) ln_scale(sqrt(C.data[i]), ln_block_of(X, i, 0, 1, P));
    return LN_OK;
  }
  size_t most = P < COLUMNS ? P : COLUMNS;
  ln_mark mark = ln_begin(cx);
  ln_matrix root = ln_take_matrix(cx, N, N), space = ln_take_matrix(cx, N, most);
  if (!root.data || !space.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = covariance_root(cx, C, root);
  for (size_t first = 0; first < P && status == LN_OK; first += most) {
    size_t n = P - first < most ? P - first : most;
    ln_matrix white = ln_block_of(space, 0, 0, N, n);
    status = ln_charge(cx, 2 * (double)N * (double)N * (double)n);
    ln_random_normals(&stream, white, 0, 1);
    ln_gemm(LN_N, LN_N, 1, root, white, 0, ln_block_of(X, 0, first, N, n));
  }
  return ln_end(cx, mark, status);
}

ln_status ln_teacher_outputs(ln_context *cx, ln_stream stream, ln_matrix W, double noise, ln_matrix X,
                             ln_matrix Y) {
  ln_status status = ln_charge(cx, 2 * (double)W.rows * (double)W.cols * (double)X.cols);
  if (status != LN_OK) return status;
  ln_random_normals(&stream, Y, 0, sqrt(noise));
  ln_gemm(LN_N, LN_N, 1, W, X, 1, Y);
  return LN_OK;
}

ln_status ln_teacher_population(ln_context *cx, ln_matrix W, ln_matrix C, double noise, ln_matrix Sxx,
                                ln_matrix Syx, double *tr_yy) {
  size_t N = W.cols;
  ln_status status = ln_charge(cx, C.cols > 1 ? 2 * (double)W.rows * (double)N * (double)N : 0);
  if (status != LN_OK) return status;
  if (C.cols > 1) {
    ln_copy(C, Sxx);
    ln_gemm(LN_N, LN_N, 1, W, C, 0, Syx);
  } else {
    ln_identity(Sxx);
    ln_copy(W, Syx);
    for (size_t i = 0; C.data && i < N; i++) {
      LN_AT(Sxx, i, i) = C.data[i];
      ln_scale(C.data[i], ln_block_of(Syx, 0, i, W.rows, 1));
    }
  }
  *tr_yy = ln_dot(W, Syx) + (double)W.rows * noise;
  return LN_OK;
}

ln_status ln_white_inputs(ln_context *cx, ln_stream stream, ln_matrix X) {
  ln_status status = ln_random_orthogonal(cx, &stream, X);
  if (status == LN_OK) ln_scale(sqrt((double)X.cols), X);
  return status;
}
