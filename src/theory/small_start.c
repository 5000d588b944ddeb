#include "theory/small_start.h"

#include <math.h>

#include "theory/checks.h"
#include "theory/joint.h"
#include "theory/mode.h"

#define NOTHING 1e-13 /* singular values of Syx up to this part of the largest are rounding */

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
