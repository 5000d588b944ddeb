#include "data/task.h"

#include <math.h>

#include "core/linalg.h"
#include "data/transform.h"

/* Eigenvalues of Sxx below this share of the largest belong to directions that the inputs do not have. */
#define NO_INPUT 1e-14
/* Where the reciprocal condition of Sxx is above this, all directions count and Cholesky is as good as
 * eigenvectors: both err by the rounding over it. */
#define WELL_CONDITIONED 1e-11
/* An error below this share of tr_yy has lost digits as a difference, and is summed over the examples. */
#define CANCELS 0.01
/* Columns of a residual formed at once: enough for a full-speed product, and no second copy of the outputs.
 */
#define RESIDUAL_COLUMNS 2048

/* ---- moments ---- */

/* Syx = Y X'/P. With few outputs as the transpose of X Y', which takes OpenBLAS half the time. */
static ln_status output_moments(ln_context *cx, ln_matrix X, ln_matrix Y, ln_matrix Syx) {
  const double share = 1 / (double)X.cols;
  if (4 * Y.rows > X.rows) return ln_gemm(LN_N, LN_T, share, Y, X, 0, Syx), LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix Sxy = ln_take_matrix(cx, X.rows, Y.rows);
  if (!Sxy.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_T, share, X, Y, 0, Sxy);
  ln_transpose(Sxy, Syx);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_moments(ln_context *cx, ln_matrix X, ln_matrix Y, ln_matrix Sxx, ln_matrix Syx, ln_matrix mean_x,
                     ln_matrix mean_y, double *tr_yy) {
  double N = (double)X.rows, P = (double)X.cols;
  if (P < 1) return ln_fail(cx, LN_EARG, "the moments of no examples are not defined");
  ln_status status = ln_charge(cx, P * N * (N + 2 * (double)Y.rows));
  if (status != LN_OK) return status;
  ln_gram(LN_N, 1 / P, X, 0, Sxx);
  status = output_moments(cx, X, Y, Syx);
  if (status != LN_OK) return status;
  ln_row_means(X, mean_x);
  ln_row_means(Y, mean_y);
  *tr_yy = ln_dot(Y, Y) / P;
  size_t i, j;
  if (ln_find_not_finite(Sxx, &i, &j) || ln_find_not_finite(Syx, &i, &j) || !isfinite(*tr_yy))
    return ln_fail(cx, LN_EARG,
                   "the second moments are not finite: inputs or outputs have NaN, or overflow when squared");
  return LN_OK;
}

/* ---- the least-squares map ---- */

/* sum over examples of |y - W x|^2 / P, a slice of examples at a time. */
static ln_status mean_residual(ln_context *cx, const ln_task *task, ln_matrix W, double *mean) {
  ln_mark mark = ln_begin(cx);
  size_t P = task->examples, most = P < RESIDUAL_COLUMNS ? P : RESIDUAL_COLUMNS;
  ln_matrix space = ln_take_matrix(cx, task->outputs, most);
  if (!space.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  double sum = 0;
  for (size_t first = 0; first < P && status == LN_OK; first += most) {
    size_t n = P - first < most ? P - first : most;
    ln_matrix R = ln_block_of(space, 0, 0, task->outputs, n);
    status = ln_charge(cx, 2 * (double)n * (double)task->inputs * (double)task->outputs);
    ln_copy(ln_block_of(task->Y, 0, first, task->outputs, n), R);
    ln_gemm(LN_N, LN_N, -1, W, ln_block_of(task->X, 0, first, task->inputs, n), 1, R);
    sum += ln_dot(R, R);
  }
  *mean = sum / (double)P;
  return ln_end(cx, mark, status);
}

size_t ln_input_basis_size(const ln_task *task) {
  return task->examples && task->examples < task->inputs ? task->examples : task->inputs;
}

/* Z's columns are in the order of rising eigenvalues: turns them, and w, around. */
static void turn_around(ln_matrix Z, double *w) {
  for (size_t j = 0, k = Z.cols; j + 1 < k--; j++) {
    double swapped = w[j];
    w[j] = w[k], w[k] = swapped;
    for (size_t i = 0; i < Z.rows; i++) {
      swapped = LN_AT(Z, i, j);
      LN_AT(Z, i, j) = LN_AT(Z, i, k), LN_AT(Z, i, k) = swapped;
    }
  }
}

ln_status ln_input_basis(ln_context *cx, const ln_task *task, ln_matrix V, double *w, size_t *rank) {
  ln_mark mark = ln_begin(cx);
  size_t k = V.cols;
  ln_status status;
  if (k < task->inputs) { /* X = Q R: the eigenvectors of R R' are those of Sxx in the basis Q */
    ln_matrix Q = ln_take_matrix(cx, task->inputs, k), R = ln_take_matrix(cx, k, k),
              K = ln_take_matrix(cx, k, k);
    if (!Q.data || !R.data || !K.data) return ln_end(cx, mark, LN_EMEMORY);
    status = ln_qr(cx, task->X, Q, R);
    if (status != LN_OK) return ln_end(cx, mark, status);
    ln_gram(LN_N, 1 / (double)task->examples, R, 0, K);
    status = ln_eigh(cx, K, w, R);
    if (status != LN_OK) return ln_end(cx, mark, status);
    turn_around(R, w);
    status = ln_charge(cx, 2 * (double)task->inputs * (double)k * (double)k);
    ln_gemm(LN_N, LN_N, 1, Q, R, 0, V);
  } else {
    status = ln_eigh(cx, task->Sxx, w, V);
    if (status != LN_OK) return ln_end(cx, mark, status);
    turn_around(V, w);
  }
  *rank = 0;
  while (*rank < k && w[*rank] > NO_INPUT * w[0]) ++*rank;
  return ln_end(cx, mark, status);
}

/* Syx Sxx^-1; *found says whether Sxx is so well-conditioned that this is the map. */
static ln_status divide_by_moments(ln_context *cx, const ln_task *task, ln_matrix target, bool *found) {
  ln_mark mark = ln_begin(cx);
  ln_matrix B = ln_take_matrix(cx, task->inputs, task->outputs);
  double rcond;
  if (!B.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_transpose(task->Syx, B);
  ln_status status = ln_solve_definite(cx, task->Sxx, B, B, &rcond);
  *found = status == LN_OK && rcond > WELL_CONDITIONED;
  if (*found) ln_transpose(B, target);
  return ln_end(cx, mark, status);
}

/* The mean of |y - W x|^2 from the moments: a difference, as exact as tr_yy is. */
static ln_status unexplained(ln_context *cx, const ln_task *task, ln_matrix W, double *error) {
  ln_mark mark = ln_begin(cx);
  ln_matrix WS = ln_take_matrix(cx, W.rows, W.cols);
  if (!WS.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_charge(cx, 2 * (double)W.rows * (double)W.cols * (double)W.cols);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_gemm(LN_N, LN_N, 1, W, task->Sxx, 0, WS);
  *error = task->tr_yy - 2 * ln_dot(W, task->Syx) + ln_dot(WS, W);
  return ln_end(cx, mark, LN_OK);
}

/* Syx V diag(1/w) V' */
static ln_status divide_in_basis(ln_context *cx, const ln_task *task, ln_matrix V, const double *w,
                                 ln_matrix target) {
  ln_mark mark = ln_begin(cx);
  ln_matrix S = ln_take_matrix(cx, task->outputs, V.cols);
  if (!S.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_charge(cx, 4 * (double)S.rows * (double)V.rows * (double)V.cols);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_gemm(LN_N, LN_N, 1, task->Syx, V, 0, S);
  for (size_t j = 0; j < V.cols; j++) ln_scale(1 / w[j], ln_block_of(S, 0, j, S.rows, 1));
  ln_gemm(LN_N, LN_T, 1, S, V, 0, target);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_least_squares_basis(ln_context *cx, const ln_task *task, ln_matrix target, double *loss_min,
                                 ln_matrix V, double *w, size_t *rank) {
  bool found = false;
  *rank = 0;
  ln_status status = LN_OK;
  if (V.cols == task->inputs) status = divide_by_moments(cx, task, target, &found);
  if (status == LN_OK && !found) {
    status = ln_input_basis(cx, task, V, w, rank);
    if (status == LN_OK) status = divide_in_basis(cx, task, ln_block_of(V, 0, 0, V.rows, *rank), w, target);
  }
  if (status != LN_OK) return status;

  double error = 0;
  status = unexplained(cx, task, target, &error);
  if (status == LN_OK && task->examples && error < CANCELS * task->tr_yy)
    status = mean_residual(cx, task, target, &error);
  else if (error < 1e-14 * task->tr_yy)
    error =
        0; /* below the rounding of the difference nothing is known, and a task without noise has no error */
  *loss_min = error / 2;
  return status;
}

ln_status ln_least_squares_map(ln_context *cx, const ln_task *task, ln_matrix target, double *loss_min) {
  ln_mark mark = ln_begin(cx);
  size_t k = ln_input_basis_size(task), rank;
  ln_matrix V = ln_take_matrix(cx, task->inputs, k);
  double *w = ln_reals(cx, k);
  if (!V.data || !w) return ln_end(cx, mark, LN_EMEMORY);
  return ln_end(cx, mark, ln_least_squares_basis(cx, task, target, loss_min, V, w, &rank));
}

/* ---- moments that a user gave ---- */

/* The eigenvectors of Sxx that the inputs have, times Syx: V = Syx Q, scaled by 1/w where the eigenvalue w
 * counts and 0 elsewhere. */
static ln_status regress(ln_context *cx, ln_matrix Sxx, ln_matrix Syx, ln_matrix Q, ln_matrix V, double *w) {
  ln_status status = ln_eigh(cx, Sxx, w, Q);
  if (status != LN_OK) return status;
  status = ln_charge(cx, 2 * (double)Syx.rows * (double)Syx.cols * (double)Syx.cols);
  if (status != LN_OK) return status;
  ln_gemm(LN_N, LN_N, 1, Syx, Q, 0, V);
  double largest = Sxx.rows ? w[Sxx.rows - 1] : 0;
  for (size_t j = 0; j < Sxx.rows; j++)
    ln_scale(w[j] > NO_INPUT * largest ? 1 / w[j] : 0, ln_block_of(V, 0, j, V.rows, 1));
  return LN_OK;
}

ln_status ln_check_moments(ln_context *cx, ln_matrix Sxx, ln_matrix Syx, double tr_yy) {
  size_t N = Sxx.rows;
  ln_mark mark = ln_begin(cx);
  ln_matrix Q = ln_take_matrix(cx, N, N), V = ln_take_matrix(cx, Syx.rows, N),
            R = ln_take_matrix(cx, Syx.rows, N);
  double *w = ln_reals(cx, N);
  if (!Q.data || !V.data || !R.data || !w) return ln_end(cx, mark, LN_EMEMORY);

  double size = 0; /* the largest entry */
  for (size_t j = 0; j < N; j++)
    for (size_t i = 0; i < N; i++) size = fmax(size, fabs(LN_AT(Sxx, i, j)));
  for (size_t j = 0; j < N; j++)
    for (size_t i = j + 1; i < N; i++)
      if (!(fabs(LN_AT(Sxx, i, j) - LN_AT(Sxx, j, i)) <= 1e-10 * size))
        return ln_end(cx, mark,
                      ln_fail(cx, LN_EARG, "Sxx is not symmetric: (%zu, %zu) is %g and (%zu, %zu) is %g",
                              i + 1, j + 1, LN_AT(Sxx, i, j), j + 1, i + 1, LN_AT(Sxx, j, i)));

  ln_status status = regress(cx, Sxx, Syx, Q, V, w);
  if (status != LN_OK) return ln_end(cx, mark, status);
  if (N && w[0] < -1e-12 * w[N - 1])
    return ln_end(
        cx, mark,
        ln_fail(cx, LN_EARG, "Sxx has the eigenvalue %g; second moments X X'/P have none below 0", w[0]));

  /* Syx = Y X'/P lives where the inputs do: the part outside is Syx - (Syx Q_r) Q_r'. */
  double explained = 0;
  for (size_t j = 0; j < N; j++)
    for (size_t i = 0; i < V.rows; i++) {
      explained += w[j] * LN_AT(V, i, j) * LN_AT(V, i, j);
      LN_AT(V, i, j) *= w[j];
    }
  ln_copy(Syx, R);
  ln_gemm(LN_N, LN_T, -1, V, Q, 1, R);
  double outside = ln_norm(R), whole = ln_norm(Syx);
  if (outside > 1e-9 * whole)
    status =
        ln_fail(cx, LN_EARG,
                "Syx does not lie in the range of Sxx (%.3g of %.3g is outside): no data have such moments, "
                "and weights would grow without limit",
                outside, whole);
  else if (tr_yy < (1 - 1e-9) * explained)
    status = ln_fail(cx, LN_EARG,
                     "tr_yy = %.17g is less than the %.17g that the inputs explain; it is the mean of |y|^2",
                     tr_yy, explained);
  return ln_end(cx, mark, status);
}

/* ---- modes ---- */

/* The sign rule of ln_svd, for a pair of columns. */
static void fix_sign(ln_matrix u, ln_matrix v) {
  double largest = 0;
  for (size_t i = 0; i < v.rows; i++) largest = fmax(largest, fabs(v.data[i]));
  for (size_t i = 0; i < v.rows; i++) {
    if (fabs(v.data[i]) <= 1e-8 * largest) continue;
    if (v.data[i] < 0) ln_scale(-1, u), ln_scale(-1, v);
    return;
  }
}

/* Rotates the n columns of a group of equal singular values so that V' Sxx V is diagonal, falling. */
static ln_status decouple(ln_context *cx, ln_matrix Sxx, ln_matrix U, ln_matrix V) {
  size_t n = V.cols, N = V.rows, No = U.rows;
  ln_mark mark = ln_begin(cx);
  ln_matrix SV = ln_take_matrix(cx, N, n), M = ln_take_matrix(cx, n, n), Q = ln_take_matrix(cx, n, n);
  ln_matrix space = ln_take_matrix(cx, N > No ? N : No, n);
  double *w = ln_reals(cx, n);
  if (!SV.data || !M.data || !Q.data || !space.data || !w) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, Sxx, V, 0, SV);
  ln_gemm(LN_T, LN_N, 1, V, SV, 0, M);
  ln_symmetrize(M);

  /* Where the inputs are white on the group, every basis decouples: the one at hand stays. */
  double largest = 0, away = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(LN_AT(M, i, i)));
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) away = fmax(away, fabs(LN_AT(M, i, j) - (i == j ? LN_AT(M, 0, 0) : 0)));
  if (away <= 1e-10 * largest) return ln_end(cx, mark, LN_OK);

  ln_status status = ln_eigh(cx, M, w, Q);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t j = 0; j < n; j++) ln_copy(ln_block_of(Q, 0, n - 1 - j, n, 1), ln_block_of(M, 0, j, n, 1));
  for (int side = 0; side < 2; side++) {
    ln_matrix A = side ? U : V, rotated = ln_block_of(space, 0, 0, A.rows, n);
    ln_gemm(LN_N, LN_N, 1, A, M, 0, rotated);
    ln_copy(rotated, A);
  }
  for (size_t j = 0; j < n; j++) fix_sign(ln_block_of(U, 0, j, No, 1), ln_block_of(V, 0, j, N, 1));
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_task_modes(ln_context *cx, const ln_task *task, ln_matrix U, double *s, ln_matrix V) {
  ln_status status = ln_svd(cx, task->Syx, U, s, V);
  if (status != LN_OK || task->observed.count) return status;
  ln_mark mark = ln_begin(cx);
  size_t k = V.cols;
  size_t *start = ln_take(cx, k + 1, sizeof *start);
  if (!start) return ln_end(cx, mark, LN_EMEMORY);
  size_t groups = ln_groups(s, k, LN_EQUAL, start);
  for (size_t g = 0; g < groups && status == LN_OK; g++) {
    size_t first = start[g], n = start[g + 1] - first;
    if (n > 1)
      status =
          decouple(cx, task->Sxx, ln_block_of(U, 0, first, U.rows, n), ln_block_of(V, 0, first, V.rows, n));
  }
  return ln_end(cx, mark, status);
}
