#include "data/structured.h"

#include <math.h>

/* ---- drawn ---- */

/* V diag(f(eigenvalue)) V', f the identity or the root. */
static ln_status symmetric(ln_context *cx, ln_matrix V, const double *eigenvalue, bool root, ln_matrix S) {
  const double n = (double)V.rows;
  ln_status status = ln_charge(cx, 2 * n * n * n);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix scaled = ln_take_matrix(cx, V.rows, V.cols);
  if (!scaled.data) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t k = 0; k < V.cols; k++) {
    const double factor = root ? sqrt(eigenvalue[k]) : eigenvalue[k];
    for (size_t i = 0; i < V.rows; i++) LN_AT(scaled, i, k) = factor * LN_AT(V, i, k);
  }
  ln_gemm(LN_N, LN_T, 1, scaled, V, 0, S);
  ln_symmetrize(S);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_covariance_of(ln_context *cx, ln_matrix V, const double *eigenvalue, ln_matrix C) {
  return symmetric(cx, V, eigenvalue, false, C);
}

ln_status ln_draw_field(ln_context *cx, ln_stream stream, ln_matrix V, const double *eigenvalue,
                        ln_matrix Y) {
  ln_mark mark = ln_begin(cx);
  ln_matrix root = ln_take_matrix(cx, V.rows, V.rows), normals = ln_take_matrix(cx, Y.cols, Y.rows);
  ln_status status = root.data && normals.data ? LN_OK : LN_EMEMORY;
  if (status == LN_OK) status = symmetric(cx, V, eigenvalue, true, root);
  if (status == LN_OK) status = ln_charge(cx, 2 * (double)Y.cols * (double)Y.cols * (double)Y.rows);
  if (status == LN_OK) {
    ln_random_normals(&stream, normals, 0, 1); /* a column for each feature */
    ln_gemm(LN_T, LN_N, 1, normals, root, 0, Y);
  }
  return ln_end(cx, mark, status);
}

static double sign_of(ln_stream *stream) { return ln_random_word(stream) >> 63 ? 1 : -1; }

ln_status ln_draw_diffusion(ln_context *cx, ln_stream stream, const double *branching, const double *flip,
                            size_t depth, ln_matrix Y) {
  ln_mark mark = ln_begin(cx);
  double *value = ln_reals(cx, Y.cols);
  ln_status status = value ? LN_OK : LN_EMEMORY;
  for (size_t f = 0; f < Y.rows && status == LN_OK; f++) {
    size_t nodes = 1;
    value[0] = sign_of(&stream);
    for (size_t l = 0; l < depth; l++) {
      const size_t children = (size_t)branching[l];
      for (size_t node = nodes;
           node-- > 0;) { /* from the last, so that a level replaces the one above in place */
        const double parent = value[node];
        for (size_t c = children; c-- > 0;)
          value[node * children + c] = ln_random_uniform(&stream) < flip[l] ? -parent : parent;
      }
      nodes *= children;
    }
    for (size_t i = 0; i < Y.cols; i++) LN_AT(Y, f, i) = value[i];
    status = ln_charge(cx, 20 * (double)Y.cols);
  }
  return ln_end(cx, mark, status);
}

ln_status ln_draw_crossed(ln_context *cx, ln_stream stream, size_t columns, size_t of_rows, ln_matrix Y) {
  const size_t rows = Y.cols / columns, classes = rows > columns ? rows : columns;
  ln_mark mark = ln_begin(cx);
  double *value = ln_reals(cx, classes);
  ln_status status = value ? LN_OK : LN_EMEMORY;
  for (size_t f = 0; f < Y.rows && status == LN_OK; f++) {
    const bool by_row = f < of_rows;
    for (size_t c = 0; c < (by_row ? rows : columns); c++) value[c] = sign_of(&stream);
    for (size_t i = 0; i < Y.cols; i++) LN_AT(Y, f, i) = value[by_row ? i / columns : i % columns];
    status = ln_charge(cx, 20 * (double)Y.cols);
  }
  return ln_end(cx, mark, status);
}

/* ---- owned ---- */

void ln_crossed_items(size_t rows, size_t columns, size_t per_row, size_t per_column, ln_matrix Y) {
  const size_t of_rows = rows * per_row;
  for (size_t i = 0; i < Y.cols; i++) {
    for (size_t f = 0; f < of_rows; f++) LN_AT(Y, f, i) = f / per_row == i / columns;
    for (size_t f = of_rows; f < Y.rows; f++) LN_AT(Y, f, i) = (f - of_rows) / per_column == i % columns;
  }
}

/* ---- modes ---- */

double ln_contrast(size_t n, size_t k, size_t i) {
  if (k == 0) return 1 / sqrt((double)n);
  const double scale = 1 / sqrt((double)k * (double)(k + 1));
  return i < k ? scale : i == k ? -(double)k * scale : 0;
}

ln_status ln_tree_vectors(ln_context *cx, const double *branching, size_t depth, ln_matrix V) {
  const size_t items = V.rows;
  ln_status status = ln_charge(cx, (double)items * (double)items);
  if (status != LN_OK) return status;
  ln_fill(V, 0);
  for (size_t i = 0; i < items; i++) LN_AT(V, i, 0) = 1 / sqrt((double)items);
  size_t column = 1, nodes = 1;
  for (size_t l = 0; l < depth; l++) {
    const size_t children = (size_t)branching[l], below = items / (nodes * children);
    for (size_t node = 0; node < nodes; node++)
      for (size_t k = 1; k < children; k++, column++)
        for (size_t c = 0; c < children; c++)
          for (size_t i = 0; i < below; i++)
            LN_AT(V, (node * children + c) * below + i, column) =
                ln_contrast(children, k, c) / sqrt((double)below);
    nodes *= children;
  }
  return LN_OK;
}

ln_status ln_crossed_modes(ln_context *cx, size_t rows, size_t columns, double of_rows, double of_columns,
                           double *eigenvalue, ln_matrix V) {
  ln_status status = ln_charge(cx, 20 * (double)V.rows * (double)V.cols);
  if (status != LN_OK) return status;
  const double row = of_rows * (double)columns, column = of_columns * (double)rows;
  /* The mean of all, then what tells rows apart and what tells columns apart, the larger first, then the rest: 0. */
  size_t place = 0;
  for (int part = 0; part < 4; part++) {
    const bool with_row = part == 3 || (part > 0 && (part == 1) == (row >= column));
    const bool with_column = part == 3 || (part > 0 && !with_row);
    for (size_t k = with_row; k < (with_row ? rows : 1); k++)
      for (size_t l = with_column; l < (with_column ? columns : 1); l++, place++) {
        eigenvalue[place] = part == 0 ? row + column : part == 3 ? 0 : with_row ? row : column;
        for (size_t i = 0; i < V.rows; i++)
          LN_AT(V, i, place) = ln_contrast(rows, k, i / columns) * ln_contrast(columns, l, i % columns);
      }
  }
  return LN_OK;
}
