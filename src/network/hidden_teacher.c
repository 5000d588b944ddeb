#include "network/hidden_teacher.h"

#include <math.h>

#include "data/teacher.h"
#include "data/transform.h"

#define COLUMNS 1000 /* answered at once */
enum { DRAW_W1, DRAW_W2, DRAW_INPUTS };

/* Y += W2 f(W1 X), some columns at a time. */
static ln_status add_answers(ln_context *cx, const ln_hidden_teacher *teacher, ln_matrix X, ln_matrix Y) {
  size_t hidden = teacher->W1.rows, P = X.cols, most = P < COLUMNS ? P : COLUMNS;
  ln_mark mark = ln_begin(cx);
  ln_matrix H = ln_take_matrix(cx, hidden, most);
  if (!H.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  for (size_t first = 0; first < P && status == LN_OK; first += most) {
    size_t n = P - first < most ? P - first : most;
    ln_matrix part = ln_block_of(H, 0, 0, hidden, n);
    status = ln_charge(cx, 2 * (double)hidden * (double)n * (double)(X.rows + Y.rows));
    if (status != LN_OK) break;
    ln_gemm(LN_N, LN_N, 1, teacher->W1, ln_block_of(X, 0, first, X.rows, n), 0, part);
    status = teacher->f->f(cx, teacher->f->ud, part.data, part.data, hidden * n);
    ln_gemm(LN_N, LN_N, 1, teacher->W2, part, 1, ln_block_of(Y, 0, first, Y.rows, n));
  }
  return ln_end(cx, mark, status);
}

/* Scales W2 and sets b2 so that the outputs have mean 0 and this power. */
static ln_status standardise(ln_context *cx, ln_stream stream, double power, ln_matrix C,
                             const ln_hidden_teacher *teacher) {
  size_t outputs = teacher->W2.rows;
  ln_mark mark = ln_begin(cx);
  ln_matrix X = ln_take_matrix(cx, teacher->W1.cols, LN_HIDDEN_TEACHER_SAMPLE),
            Y = ln_take_matrix(cx, outputs, LN_HIDDEN_TEACHER_SAMPLE), mean = ln_take_matrix(cx, outputs, 1),
            deviation = ln_take_matrix(cx, outputs, 1);
  if (!X.data || !Y.data || !mean.data || !deviation.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_teacher_inputs(cx, stream, C, X);
  ln_fill(Y, 0);
  if (status == LN_OK) status = add_answers(cx, teacher, X, Y);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_row_means(Y, mean);
  for (size_t i = 0; i < outputs; i++) {
    double sum = 0;
    for (size_t j = 0; j < Y.cols; j++)
      sum += (LN_AT(Y, i, j) - mean.data[i]) * (LN_AT(Y, i, j) - mean.data[i]);
    double sd = sqrt(sum / (double)Y.cols);
    if (!(sd > 1e-12 * fabs(mean.data[i]) && isfinite(sd)))
      return ln_end(
          cx, mark,
          ln_fail(cx, LN_ENUMERIC, "output %zu of the teacher is %g for all inputs", i + 1, mean.data[i]));
    double scale = sqrt(power) / sd;
    ln_scale(scale, ln_block_of(teacher->W2, i, 0, 1, teacher->W2.cols));
    teacher->b2.data[i] = -scale * mean.data[i];
  }
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_draw_hidden_teacher(ln_context *cx, ln_stream stream, double power, ln_matrix C,
                                 const ln_hidden_teacher *teacher) {
  ln_stream first = ln_split(&stream, DRAW_W1), second = ln_split(&stream, DRAW_W2);
  ln_random_normals(&first, teacher->W1, 0, 1 / sqrt((double)teacher->W1.cols));
  ln_random_normals(&second, teacher->W2, 0, 1 / sqrt((double)teacher->W2.cols));
  return standardise(cx, ln_split(&stream, DRAW_INPUTS), power, C, teacher);
}

ln_status ln_hidden_teacher_outputs(ln_context *cx, ln_stream stream, const ln_hidden_teacher *teacher,
                                    double noise, ln_matrix X, ln_matrix Y) {
  ln_random_normals(&stream, Y, 0, sqrt(noise));
  for (size_t j = 0; j < Y.cols; j++) ln_axpy(1, teacher->b2, ln_block_of(Y, 0, j, Y.rows, 1));
  return add_answers(cx, teacher, X, Y);
}
