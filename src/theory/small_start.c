#include "theory/small_start.h"

#include <math.h>

#include "theory/checks.h"
#include "core/linalg.h"
#include "theory/joint.h"
#include "theory/mode.h"

#define NOTHING 1e-13 /* singular values of Syx up to this part of the largest are rounding */
#define EQUAL 1e-8    /* s and rho that differ by less, relative to the largest, are equal */

static ln_status check_sizes(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx) {
  if (W1.cols != Sxx.rows || W2.rows != Syx.rows || W2.cols != W1.rows || Syx.cols != Sxx.rows)
    return ln_fail(
        cx, LN_EARG,
        "W1 is %zux%zu and W2 is %zux%zu; they must chain from the task's %zu inputs to its %zu outputs",
        W1.rows, W1.cols, W2.rows, W2.cols, Sxx.rows, Syx.rows);
  ln_status status = ln_check_finite(cx, W1, "W1");
  return status == LN_OK ? ln_check_finite(cx, W2, "W2") : status;
}

/* |W1 v + W2'u|^2/4 */
static double half_of(ln_matrix W1, ln_matrix W2, ln_matrix v, ln_matrix u, ln_matrix room) {
  ln_gemm(LN_N, LN_N, 0.5, W1, v, 0, room);
  ln_gemm(LN_T, LN_N, 0.5, W2, u, 1, room);
  return ln_dot(room, room);
}

ln_status ln_small_start_of(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx,
                            ln_small_start *start) {
  ln_mark mark = ln_begin(cx);
  ln_status status = check_sizes(cx, W1, W2, Sxx, Syx);
  if (status != LN_OK) return ln_end(cx, mark, status);
  const ln_matrix weights[] = {W1, W2};
  ln_joint joint;
  ln_matrix room = ln_take_matrix(cx, W1.rows, 1);
  if (!room.data) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_joint_basis(cx, weights, 2, Sxx, Syx, NOTHING, &joint);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *start = (ln_small_start){.s = joint.s, .rho = joint.rho};
  while (start->modes < joint.modes && joint.s[start->modes] > 0) start->modes++;
  start->strength = ln_reals(cx, start->modes), start->half_time = ln_reals(cx, start->modes);
  if (!start->strength || !start->half_time) return ln_end(cx, mark, LN_EMEMORY);
  const double half = 0.5;
  for (size_t i = 0; i < start->modes && status == LN_OK; i++) {
    double u0 = half_of(W1, W2, ln_block_of(joint.V, 0, i, joint.V.rows, 1),
                        ln_block_of(joint.U, 0, i, joint.U.rows, 1), room);
    ln_mode mode = {.s = joint.s[i], .rho = joint.rho[i], .a0 = u0, .depth = 2};
    start->strength[i] = u0, start->half_time[i] = INFINITY;
    if (u0 > 0) status = ln_mode_time_to_fraction(cx, &mode, &half, 1, &start->half_time[i]);
  }
  return status == LN_OK ? LN_OK : ln_end(cx, mark, status);
}

/* ---- the aligned layers ---- */

static bool equal_modes(const ln_joint *joint, size_t i, size_t j) {
  return fabs(joint->s[i] - joint->s[j]) <= EQUAL * joint->s[0] &&
         fabs(joint->rho[i] - joint->rho[j]) <= EQUAL * fmax(joint->rho[i], joint->rho[j]);
}

/* A -= R R'A, twice: once leaves rounding of the size of what was taken off. */
static void remove_span(ln_matrix R, ln_matrix A, ln_matrix room) {
  for (int pass = 0; pass < 2; pass++) {
    ln_gemm(LN_T, LN_N, 1, R, A, 0, room);
    ln_gemm(LN_N, LN_N, -1, R, room, 1, A);
  }
}

/* Modes first .. first + count - 1, of equal s and rho, start from P's columns, what faster modes leave of them: from its
 * singular vectors, in the basis of the modes that these give. R has the vectors of the faster ones, and gets theirs. */
static ln_status start_group(ln_context *cx, const ln_joint *joint, size_t first, size_t count, ln_matrix P,
                             ln_matrix R, size_t *used, ln_small_layers *layers) {
  size_t least = P.rows < count ? P.rows : count, free = P.rows - *used,
         started = least < free ? least : free;
  if (!started) return LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix group = ln_block_of(P, 0, first, P.rows, count);
  ln_matrix H = ln_take_matrix(cx, P.rows, least), O = ln_take_matrix(cx, count, least);
  ln_matrix room = ln_take_matrix(cx, *used ? *used : 1, count);
  ln_matrix V = ln_take_matrix(cx, joint->V.rows, started), U = ln_take_matrix(cx, joint->U.rows, started);
  double *root = ln_reals(cx, least);
  if (!H.data || !O.data || !room.data || !V.data || !U.data || !root) return ln_end(cx, mark, LN_EMEMORY);
  if (*used) remove_span(ln_block_of(R, 0, 0, R.rows, *used), group, room);
  ln_status status = ln_svd(cx, group, H, root, O);
  if (status != LN_OK) return ln_end(cx, mark, status);
  O = ln_block_of(O, 0, 0, count, started), H = ln_block_of(H, 0, 0, H.rows, started);
  ln_gemm(LN_N, LN_N, 1, ln_block_of(joint->V, 0, first, joint->V.rows, count), O, 0, V);
  ln_gemm(LN_N, LN_N, 1, ln_block_of(joint->U, 0, first, joint->U.rows, count), O, 0, U);
  ln_copy(H, ln_block_of(R, 0, *used, R.rows, started));
  *used += started;
  for (size_t c = 0; c < started; c++) ln_scale(root[c], ln_block_of(H, 0, c, H.rows, 1));
  ln_gemm(LN_N, LN_T, 1, H, V, 1, layers->W1);
  ln_gemm(LN_N, LN_T, 1, U, H, 1, layers->W2);
  return ln_end(cx, mark, LN_OK);
}

/* Two modes whose p have the cosine c show each other's directions while the slower one has the share f of its strength
 * and the faster one is half learned: about c sqrt(f) sqrt(sigma_i sigma_j). The sum over pairs, squared, relative to
 * that of sigma^2, sigma = s/rho. */
static double interference_of(const ln_joint *joint, size_t modes, ln_matrix P) {
  double sum = 0, whole = 0;
  for (size_t i = 0; i < modes; i++) {
    double sigma = joint->s[i] / joint->rho[i];
    ln_matrix p = ln_block_of(P, 0, i, P.rows, 1);
    whole += sigma * sigma;
    for (size_t j = i + 1; j < modes; j++) {
      if (equal_modes(joint, i, j)) continue;
      ln_matrix q = ln_block_of(P, 0, j, P.rows, 1);
      double sigma_j = joint->s[j] / joint->rho[j], both = ln_norm(p) * ln_norm(q);
      double cosine = both > 0 ? ln_dot(p, q) / both : 0, start = fmin(ln_dot(q, q) / sigma_j, 1);
      sum += cosine * cosine * pow(start, 1 - joint->s[j] / joint->s[i]) * sigma * sigma_j;
    }
  }
  return sqrt(sum / whole);
}

static ln_status largest_value(ln_context *cx, ln_matrix A, double *value) {
  ln_mark mark = ln_begin(cx);
  double *s = ln_reals(cx, A.rows < A.cols ? A.rows : A.cols);
  if (!s) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_svd(cx, A, (ln_matrix){0}, s, (ln_matrix){0});
  if (status == LN_OK) *value = s[0];
  return ln_end(cx, mark, status);
}

ln_status ln_small_start_layers(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx,
                                ln_small_layers *layers) {
  ln_mark mark = ln_begin(cx);
  ln_status status = check_sizes(cx, W1, W2, Sxx, Syx);
  if (status != LN_OK) return ln_end(cx, mark, status);
  const ln_matrix weights[] = {W1, W2};
  *layers = (ln_small_layers){.W1 = ln_take_matrix(cx, W1.rows, W1.cols),
                              .W2 = ln_take_matrix(cx, W2.rows, W2.cols)};
  if (!layers->W1.data || !layers->W2.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_fill(layers->W1, 0), ln_fill(layers->W2, 0);
  ln_joint joint;
  status = ln_joint_basis(cx, weights, 2, Sxx, Syx, NOTHING, &joint);
  if (status != LN_OK) return ln_end(cx, mark, status);
  layers->data_misfit = joint.misfit;
  size_t modes = 0, used = 0;
  while (modes < joint.modes && joint.s[modes] > 0) modes++;
  double largest = 0, values[2] = {0, 0};
  for (size_t i = 0; i < modes; i++) largest = fmax(largest, joint.s[i] / joint.rho[i]);
  for (size_t l = 0; l < 2 && status == LN_OK; l++) status = largest_value(cx, weights[l], &values[l]);
  if (status != LN_OK) return ln_end(cx, mark, status);
  double value = fmax(values[0], values[1]);
  layers->size = largest > 0 ? value * value / largest : INFINITY;
  if (!modes) return LN_OK;
  ln_matrix P = ln_take_matrix(cx, W1.rows, modes), R = ln_take_matrix(cx, W1.rows, W1.rows);
  if (!P.data || !R.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 0.5, W1, ln_block_of(joint.V, 0, 0, joint.V.rows, modes), 0, P);
  ln_gemm(LN_T, LN_N, 0.5, W2, ln_block_of(joint.U, 0, 0, joint.U.rows, modes), 1, P);
  layers->interference = interference_of(&joint, modes, P);
  for (size_t i = 0, next; i < modes && status == LN_OK; i = next) {
    for (next = i + 1; next < modes && equal_modes(&joint, next - 1, next);) next++;
    status = start_group(cx, &joint, i, next - i, P, R, &used, layers);
  }
  return status == LN_OK ? LN_OK : ln_end(cx, mark, status);
}
