#include "theory/hessian.h"

#include "core/lanczos.h"
#include "core/linalg.h"
#include "theory/checks.h"

#define DENSE 100 /* parameters up to which all eigenvalues cost less than the largest by products */

/* Layer l (from 0) of an array of all layers. */
static ln_matrix layer(const ln_hessian *h, const double *theta, size_t l) {
  for (size_t m = 0; m < l; m++) theta += h->W[m].rows * h->W[m].cols;
  return ln_window((double *)theta, h->W[l].rows, h->W[l].cols);
}

/* The products that belong to h->W. */
static void refresh(ln_hessian *h) {
  size_t D = h->depth;
  h->a[0] = h->W[0];
  for (size_t l = 1; l < D; l++) ln_gemm(LN_N, LN_N, 1, h->W[l], h->a[l - 1], 0, h->a[l]);
  ln_copy(h->Syx, h->t[D - 1]);
  ln_gemm(LN_N, LN_N, 1, h->a[D - 1], h->Sxx, -1, h->t[D - 1]);
  for (size_t l = D - 1; l > 0; l--) ln_gemm(LN_T, LN_N, 1, h->W[l], h->t[l], 0, h->t[l - 1]);
}

ln_status ln_hessian_prepare(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                             ln_matrix Syx, double decay, ln_hessian *h) {
  ln_status status = ln_check_layers_on(cx, weights, depth, Sxx, Syx);
  if (status == LN_OK) status = ln_check_finite(cx, Sxx, "Sxx");
  if (status == LN_OK) status = ln_check_finite(cx, Syx, "Syx");
  if (status == LN_OK) status = ln_check_decay(cx, decay);
  if (status != LN_OK) return status;
  *h = (ln_hessian){.depth = depth, .inputs = Sxx.rows, .Sxx = Sxx, .Syx = Syx, .decay = decay};
  ln_matrix **lists[] = {&h->W, &h->a, &h->t, &h->da};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (!(*lists[i] = ln_take(cx, depth, sizeof **lists[i]))) return LN_EMEMORY;
  size_t widest = 0;
  for (size_t l = 0; l < depth; l++) {
    h->W[l] = weights[l];
    h->count += weights[l].rows * weights[l].cols;
    if (weights[l].rows > widest) widest = weights[l].rows;
    h->t[l] = ln_take_matrix(cx, weights[l].rows, h->inputs);
    if (!h->t[l].data) return LN_EMEMORY;
    if (!l) continue; /* a_1 and its derivative are windows */
    h->a[l] = ln_take_matrix(cx, weights[l].rows, h->inputs);
    h->da[l] = ln_take_matrix(cx, weights[l].rows, h->inputs);
    if (!h->a[l].data || !h->da[l].data) return LN_EMEMORY;
  }
  h->even = ln_reals(cx, widest * h->inputs);
  h->odd = ln_reals(cx, widest * h->inputs);
  if (!h->even || !h->odd) return LN_EMEMORY;
  refresh(h);
  return LN_OK;
}

void ln_hessian_move(ln_hessian *h, const double *theta) {
  for (size_t l = 0; l < h->depth; l++) h->W[l] = layer(h, theta, l);
  refresh(h);
}

void ln_hessian_gradient(const ln_hessian *h, double *gradient) {
  for (size_t l = 0; l < h->depth; l++) {
    ln_matrix g = layer(h, gradient, l);
    if (l)
      ln_gemm(LN_N, LN_T, 1, h->t[l], h->a[l - 1], 0, g);
    else
      ln_copy(h->t[0], g);
    if (h->decay > 0) ln_axpy(h->decay, h->W[l], g);
  }
}

ln_status ln_hessian_apply(ln_context *cx, void *ud, const double *v, double *y) {
  ln_hessian *h = ud;
  double flops = 0;
  for (size_t l = 0; l < h->depth; l++)
    flops += 12.0 * (double)h->inputs * (double)(h->W[l].rows * h->W[l].cols);
  ln_status status = ln_charge(cx, flops);
  if (status != LN_OK) return status;

  size_t D = h->depth;
  h->da[0] = layer(h, v, 0);
  for (size_t l = 1; l < D; l++) {
    ln_gemm(LN_N, LN_N, 1, layer(h, v, l), h->a[l - 1], 0, h->da[l]);
    ln_gemm(LN_N, LN_N, 1, h->W[l], h->da[l - 1], 1, h->da[l]);
  }
  ln_matrix dt = ln_window(D % 2 ? h->odd : h->even, h->W[D - 1].rows, h->inputs); /* d(b_l'G) */
  ln_gemm(LN_N, LN_N, 1, h->da[D - 1], h->Sxx, 0, dt);
  for (size_t l = D - 1; l > 0; l--) {
    ln_matrix out = layer(h, y, l), below = ln_window(l % 2 ? h->odd : h->even, h->W[l].cols, h->inputs);
    ln_gemm(LN_N, LN_T, 1, dt, h->a[l - 1], 0, out);
    ln_gemm(LN_N, LN_T, 1, h->t[l], h->da[l - 1], 1, out);
    ln_gemm(LN_T, LN_N, 1, h->W[l], dt, 0, below);
    ln_gemm(LN_T, LN_N, 1, layer(h, v, l), h->t[l], 1, below);
    dt = below;
  }
  ln_copy(dt, layer(h, y, 0));
  if (h->decay > 0) ln_axpy(h->decay, ln_window((double *)v, h->count, 1), ln_window(y, h->count, 1));
  return LN_OK;
}

ln_status ln_hessian_matrix(ln_context *cx, ln_hessian *h, ln_matrix H) {
  ln_mark mark = ln_begin(cx);
  double *v = ln_reals(cx, h->count);
  if (!v) return ln_end(cx, mark, LN_EMEMORY);
  ln_fill(ln_window(v, h->count, 1), 0);
  ln_status status = LN_OK;
  for (size_t j = 0; j < h->count && status == LN_OK; j++) {
    v[j] = 1;
    status = ln_hessian_apply(cx, h, v, &LN_AT(H, 0, j));
    v[j] = 0;
  }
  for (size_t j = 0; j < h->count && status == LN_OK; j++) /* it is symmetric; rounding is not */
    for (size_t i = 0; i < j; i++) LN_AT(H, i, j) = LN_AT(H, j, i) = (LN_AT(H, i, j) + LN_AT(H, j, i)) / 2;
  return ln_end(cx, mark, status);
}

ln_status ln_hessian_spectrum(ln_context *cx, ln_hessian *h, double *eigenvalues) {
  ln_mark mark = ln_begin(cx);
  ln_matrix H = ln_take_matrix(cx, h->count, h->count);
  ln_status status = H.data ? ln_hessian_matrix(cx, h, H) : LN_EMEMORY;
  if (status == LN_OK) status = ln_eigh(cx, H, eigenvalues, (ln_matrix){0});
  return ln_end(cx, mark, status);
}

ln_status ln_hessian_largest(ln_context *cx, ln_hessian *h, double *largest) {
  if (h->count > DENSE) return ln_largest_eigenvalue(cx, ln_hessian_apply, h, h->count, largest);
  ln_mark mark = ln_begin(cx);
  double *eigenvalues = ln_reals(cx, h->count);
  ln_status status = eigenvalues ? ln_hessian_spectrum(cx, h, eigenvalues) : LN_EMEMORY;
  if (status == LN_OK) *largest = h->count ? eigenvalues[h->count - 1] : 0;
  return ln_end(cx, mark, status);
}
