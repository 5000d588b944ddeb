#include "theory/ntk.h"

#include <math.h>

#include "core/linalg.h"
#include "theory/checks.h"

#define NEGATIVE (-1e-12) /* eigenvalues of a representation down to here, relative, are rounding */

/* ---- its factors ---- */

static ln_status take_factors(ln_context *cx, size_t depth, ln_ntk *ntk) {
  ntk->depth = depth;
  ntk->a = ln_take(cx, depth, sizeof *ntk->a);
  ntk->b = ln_take(cx, depth, sizeof *ntk->b);
  return ntk->a && ntk->b ? LN_OK : LN_EMEMORY;
}

/* C = A B in new work space; A itself if B is the identity, and the other way round. */
static ln_status multiply(ln_context *cx, ln_matrix A, ln_matrix B, ln_matrix *C) {
  if (!A.data || !B.data) return *C = A.data ? A : B, LN_OK;
  *C = ln_take_matrix(cx, A.rows, B.cols);
  if (!C->data) return LN_EMEMORY;
  ln_status status = ln_charge(cx, 2.0 * (double)A.rows * (double)A.cols * (double)B.cols);
  if (status == LN_OK) ln_gemm(LN_N, LN_N, 1, A, B, 0, *C);
  return status;
}

ln_status ln_ntk_of_layers(ln_context *cx, const ln_matrix *weights, size_t depth, ln_ntk *ntk) {
  ln_status status = ln_check_layers(cx, weights, depth);
  if (status == LN_OK) status = take_factors(cx, depth, ntk);
  if (status != LN_OK) return status;
  ntk->inputs = weights[0].cols, ntk->outputs = weights[depth - 1].rows;
  ntk->a[0] = ntk->b[depth - 1] = (ln_matrix){0};
  for (size_t l = 1; l < depth && status == LN_OK; l++) {
    status = multiply(cx, weights[l - 1], ntk->a[l - 1], &ntk->a[l]);
    if (status == LN_OK) status = multiply(cx, ntk->b[depth - l], weights[depth - l], &ntk->b[depth - l - 1]);
  }
  return status;
}

/* F with R = F F'. */
static ln_status factor(ln_context *cx, ln_matrix R, const char *name, ln_matrix *F) {
  size_t n = R.rows;
  *F = ln_take_matrix(cx, n, n);
  double *w = ln_reals(cx, n);
  if (!F->data || !w) return LN_EMEMORY;
  ln_status status = ln_eigh(cx, R, w, *F);
  if (status != LN_OK || !n) return status;
  if (w[0] < NEGATIVE * fmax(fabs(w[0]), w[n - 1]))
    return ln_fail(cx, LN_EARG,
                   "%s has the eigenvalue %g (the largest is %g); a representation has none below 0", name,
                   w[0], w[n - 1]);
  for (size_t j = 0; j < n; j++) ln_scale(w[j] > 0 ? sqrt(w[j]) : 0, ln_block_of(*F, 0, j, n, 1));
  return LN_OK;
}

ln_status ln_ntk_of_representations(ln_context *cx, ln_matrix A, ln_matrix B, ln_ntk *ntk) {
  ln_status status = take_factors(cx, 2, ntk);
  if (status != LN_OK) return status;
  ntk->inputs = A.rows, ntk->outputs = B.rows;
  ntk->a[0] = ntk->b[1] = ntk->a[1] = (ln_matrix){0};
  status = factor(cx, B, "B", &ntk->b[0]);
  if (status != LN_OK) return status;
  ln_matrix F, across = ln_take_matrix(cx, A.rows, A.rows);
  if (!across.data) return LN_EMEMORY;
  status = factor(cx, A, "A", &F);
  if (status != LN_OK) return status;
  ln_transpose(F, across);
  ntk->a[1] = across;
  return LN_OK;
}

ln_status ln_ntk_of_balanced(ln_context *cx, ln_matrix W, size_t depth, ln_ntk *ntk) {
  ln_status status = ln_check_layers(cx, &W, 1);
  if (status == LN_OK && !depth) status = ln_fail(cx, LN_EARG, "a network has one layer or more, got none");
  if (status == LN_OK) status = take_factors(cx, depth, ntk);
  if (status != LN_OK) return status;
  size_t k = W.rows < W.cols ? W.rows : W.cols;
  ln_matrix U = ln_take_matrix(cx, W.rows, k), V = ln_take_matrix(cx, W.cols, k);
  double *s = ln_reals(cx, k);
  if (!U.data || !V.data || !s) return LN_EMEMORY;
  status = ln_svd(cx, W, U, s, V);
  if (status != LN_OK) return status;
  ntk->inputs = W.cols, ntk->outputs = W.rows;
  ntk->a[0] = ntk->b[depth - 1] = (ln_matrix){0};
  for (size_t l = 1; l < depth; l++) {
    ln_matrix a = ntk->a[l] = ln_take_matrix(cx, k, W.cols);
    ln_matrix b = ntk->b[depth - 1 - l] = ln_take_matrix(cx, W.rows, k);
    if (!a.data || !b.data) return LN_EMEMORY;
    ln_transpose(V, a);
    ln_copy(U, b);
    for (size_t i = 0; i < k; i++) { /* rounding must stay small: (1e-16)^(1/D) is not */
      double root = s[i] > 1e-15 * s[0] ? pow(s[i], (double)l / (double)depth) : 0;
      ln_scale(root, ln_block_of(a, i, 0, 1, W.cols));
      ln_scale(root, ln_block_of(b, 0, i, W.rows, 1));
    }
  }
  return LN_OK;
}

/* ---- the kernel itself ---- */

ln_status ln_ntk_add(ln_context *cx, ln_matrix b, ln_matrix H, double shift, ln_matrix K) {
  size_t P = H.cols, outputs = P ? K.rows / P : 0;
  ln_mark mark = ln_begin(cx);
  ln_matrix G = ln_take_matrix(cx, P, P), B = ln_take_matrix(cx, outputs, outputs);
  if (!G.data || !B.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status =
      ln_charge(cx, (double)P * (double)P * (double)H.rows + 2.0 * (double)K.rows * (double)K.rows);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_fill(G, shift);
  ln_gram(LN_T, 1, H, 1, G);
  if (b.data)
    ln_gram(LN_N, 1, b, 0, B);
  else
    ln_identity(B);
  for (size_t j = 0; j < outputs; j++)
    for (size_t i = 0; i < outputs && status == LN_OK; i++) {
      if (LN_AT(B, i, j) != 0) ln_axpy(LN_AT(B, i, j), G, ln_block_of(K, i * P, j * P, P, P));
      status = ln_poll(cx);
    }
  return ln_end(cx, mark, status);
}

ln_status ln_ntk_matrix(ln_context *cx, const ln_ntk *ntk, ln_matrix X, ln_matrix K) {
  size_t P = X.data ? X.cols : ntk->inputs;
  if (X.data && X.rows != ntk->inputs)
    return ln_fail(cx, LN_EARG, "X is %zux%zu and the network takes %zu inputs (a column is an example)",
                   X.rows, X.cols, ntk->inputs);
  if (K.rows != ntk->outputs * P || K.cols != K.rows)
    return ln_fail(cx, LN_EARG, "K is %zux%zu and the kernel of %zu outputs on %zu inputs has %zu rows",
                   K.rows, K.cols, ntk->outputs, P, ntk->outputs * P);
  ln_fill(K, 0);
  ln_status status = LN_OK;
  for (size_t l = 0; l < ntk->depth && status == LN_OK; l++) {
    ln_mark mark = ln_begin(cx);
    ln_matrix H;
    status = multiply(cx, ntk->a[l], X, &H);
    if (status == LN_OK && !H.data) { /* both are the identity */
      H = ln_take_matrix(cx, P, P);
      status = H.data ? LN_OK : LN_EMEMORY;
      if (H.data) ln_identity(H);
    }
    if (status == LN_OK) status = ln_ntk_add(cx, ntk->b[l], H, 0, K);
    ln_end(cx, mark, status);
  }
  return status;
}

/* ---- inner products from the inputs' second moment ---- */

/* |A M B'|^2; an A or B without data is the identity. */
static ln_status square_of_product(ln_context *cx, ln_matrix A, ln_matrix M, ln_matrix B, double *square) {
  ln_mark mark = ln_begin(cx);
  ln_matrix AM;
  ln_status status = multiply(cx, A, M, &AM);
  if (status == LN_OK && B.data) {
    ln_matrix AMB = ln_take_matrix(cx, AM.rows, B.rows);
    status = AMB.data ? ln_charge(cx, 2.0 * (double)AM.rows * (double)B.rows * (double)B.cols) : LN_EMEMORY;
    if (status == LN_OK) {
      ln_gemm(LN_N, LN_T, 1, AM, B, 0, AMB);
      AM = AMB;
    }
  }
  if (status == LN_OK) *square = pow(ln_norm(AM), 2);
  return ln_end(cx, mark, status);
}

/* |b'c|^2. */
static ln_status square_across(ln_context *cx, ln_matrix b, ln_matrix c, size_t outputs, double *square) {
  if (!b.data && !c.data) return *square = (double)outputs, LN_OK;
  if (!b.data || !c.data) return *square = pow(ln_norm(b.data ? b : c), 2), LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix across = ln_take_matrix(cx, b.cols, c.cols);
  if (!across.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_charge(cx, 2.0 * (double)b.cols * (double)c.cols * (double)outputs);
  if (status == LN_OK) {
    ln_gemm(LN_T, LN_N, 1, b, c, 0, across);
    *square = pow(ln_norm(across), 2);
  }
  return ln_end(cx, mark, status);
}

static ln_status check_inputs(ln_context *cx, const ln_ntk *ntk, ln_matrix Sxx) {
  if (Sxx.rows == ntk->inputs && Sxx.cols == ntk->inputs) return ln_check_finite(cx, Sxx, "Sxx");
  return ln_fail(cx, LN_EARG, "Sxx is %zux%zu and the network takes %zu inputs", Sxx.rows, Sxx.cols,
                 ntk->inputs);
}

ln_status ln_ntk_product(ln_context *cx, const ln_ntk *ntk, const ln_ntk *other, ln_matrix Sxx,
                         double *product) {
  if (ntk->inputs != other->inputs || ntk->outputs != other->outputs)
    return ln_fail(cx, LN_EARG, "one network maps %zu inputs to %zu outputs and the other %zu to %zu",
                   ntk->inputs, ntk->outputs, other->inputs, other->outputs);
  ln_status status = check_inputs(cx, ntk, Sxx);
  double sum = 0;
  for (size_t l = 0; l < ntk->depth && status == LN_OK; l++) {
    ln_mark mark = ln_begin(cx);
    ln_matrix aS;
    status = multiply(cx, ntk->a[l], Sxx, &aS);
    for (size_t m = 0; m < other->depth && status == LN_OK; m++) {
      double left = 0, right = 0;
      status = square_across(cx, ntk->b[l], other->b[m], ntk->outputs, &left);
      if (status == LN_OK) status = square_of_product(cx, (ln_matrix){0}, aS, other->a[m], &right);
      if (status == LN_OK) sum += left * right, status = ln_poll(cx);
    }
    ln_end(cx, mark, status);
  }
  *product = sum;
  return status;
}

ln_status ln_ntk_distance(ln_context *cx, const ln_ntk *ntk, const ln_ntk *other, ln_matrix Sxx,
                          double *distance) {
  double cross, square, other_square;
  ln_status status = ln_ntk_product(cx, ntk, other, Sxx, &cross);
  if (status == LN_OK) status = ln_ntk_product(cx, ntk, ntk, Sxx, &square);
  if (status == LN_OK) status = ln_ntk_product(cx, other, other, Sxx, &other_square);
  if (status != LN_OK) return status;
  double size = sqrt(square) * sqrt(other_square);
  if (!(size > 0)) return *distance = square > 0 || other_square > 0, LN_OK;
  double gap = 1 - cross / size;
  return *distance = gap < 0 ? 0 : gap, LN_OK; /* below 0 by rounding only */
}

ln_status ln_ntk_alignment(ln_context *cx, const ln_ntk *ntk, ln_matrix Sxx, ln_matrix Syx, double tr_yy,
                           double *alignment) {
  if (Syx.rows != ntk->outputs || Syx.cols != ntk->inputs)
    return ln_fail(cx, LN_EARG, "Syx is %zux%zu and the network maps %zu inputs to %zu outputs", Syx.rows,
                   Syx.cols, ntk->inputs, ntk->outputs);
  double square, sum = 0;
  ln_status status = ln_check_finite(cx, Syx, "Syx");
  if (status == LN_OK) status = ln_ntk_product(cx, ntk, ntk, Sxx, &square);
  for (size_t l = 0; l < ntk->depth && status == LN_OK; l++) {
    ln_mark mark = ln_begin(cx);
    double share = 0;
    ln_matrix b = ntk->b[l], across = {0};
    if (b.data) {
      across = ln_take_matrix(cx, b.cols, b.rows);
      if (across.data)
        ln_transpose(b, across);
      else
        status = LN_EMEMORY;
    }
    if (status == LN_OK) status = square_of_product(cx, across, Syx, ntk->a[l], &share);
    sum += share;
    ln_end(cx, mark, status);
  }
  if (status != LN_OK) return status;
  double size = sqrt(square) * tr_yy;
  return *alignment = size > 0 ? sum / size : 0, LN_OK;
}
