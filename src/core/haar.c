/* Haar-distributed orthogonal matrices: the Q of a normal matrix's QR decomposition whose R has a positive
 * diagonal (Stewart 1980). Householder's reflections of shrinking normal vectors give that Q without the
 * matrix: column c of Q = H_1 H_2 .. H_n D is H_1 .. H_c e_c up to a sign. Own loops, because their sums have
 * one order on every machine. */
#include <math.h>
#include <string.h>

#include "core/random.h"

enum { PARTS = 8, PANEL = 16 }; /* partial sums of a dot product; columns that are reflected together */

static double dot(const double *restrict v, const double *restrict x, size_t n) {
  double part[PARTS] = {0};
  size_t i = 0;
  for (; i + PARTS <= n; i += PARTS)
    for (size_t k = 0; k < PARTS; k++) part[k] += v[i + k] * x[i + k];
  for (size_t k = 0; i < n; i++, k++) part[k] += v[i] * x[i];
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

static void subtract(double a, const double *restrict v, double *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] -= a * v[i];
}

/* Draws the vectors v_j that reflect, into column j of V from row j on: H_j = I - scale_j v_j v_j'. sign_j is
 * that of R_jj, which D undoes. */
static void draw_reflections(ln_stream *stream, ln_matrix V, double *scale, double *sign) {
  for (size_t j = 0; j < V.cols; j++) {
    size_t n = V.rows - j;
    double *v = &LN_AT(V, j, j);
    ln_random_normals(stream, ln_window(v, n, 1), 0, 1);
    double length = sqrt(dot(v, v, n)), first = v[0];
    scale[j] = 1 / (length * (length + fabs(first)));
    sign[j] = first < 0 ? 1 : -1;
    v[0] = first + copysign(length, first); /* the sign that does not cancel */
  }
}

/* Columns of Q over those of V, from the right: column c needs the reflections 0 .. c only. */
static ln_status multiply_out(ln_context *cx, ln_matrix V, const double *scale, const double *sign,
                              double *panel) {
  size_t m = V.rows;
  ln_status status = LN_OK;
  for (size_t end = V.cols; end > 0 && status == LN_OK; status = ln_poll(cx)) {
    size_t start = (end - 1) / PANEL * PANEL;
    memset(panel, 0, m * (end - start) * sizeof *panel);
    for (size_t c = start; c < end; c++) panel[c + (c - start) * m] = sign[c];
    for (size_t j = end; j-- > 0;) {
      const double *v = &LN_AT(V, j, j);
      for (size_t c = j > start ? j : start; c < end; c++) {
        double *x = panel + (c - start) * m + j;
        subtract(scale[j] * dot(v, x, m - j), v, x, m - j);
      }
    }
    ln_copy(ln_window(panel, m, end - start), ln_block_of(V, 0, start, m, end - start));
    end = start;
  }
  return status;
}

ln_status ln_random_orthogonal(ln_context *cx, ln_stream *stream, ln_matrix A) {
  bool wide = A.cols > A.rows;
  size_t m = wide ? A.cols : A.rows, n = wide ? A.rows : A.cols;
  ln_mark mark = ln_begin(cx);
  ln_matrix Q = wide ? ln_take_matrix(cx, m, n) : A;
  double *scale = Q.data ? ln_reals(cx, n) : NULL, *sign = scale ? ln_reals(cx, n) : NULL;
  double *panel = sign ? ln_take(cx, m, PANEL * sizeof(double)) : NULL;
  if (!panel) return ln_end(cx, mark, LN_EMEMORY);

  ln_status status = ln_charge(cx, 2.0 * (double)n * (double)n * ((double)m - (double)n / 3));
  if (status == LN_OK) {
    ln_stream drawn = *stream; /* what is interrupted has drawn nothing */
    draw_reflections(&drawn, Q, scale, sign);
    status = multiply_out(cx, Q, scale, sign, panel);
    if (status == LN_OK) *stream = drawn;
    if (status == LN_OK && wide) ln_transpose(Q, A);
  }
  return ln_end(cx, mark, status);
}
