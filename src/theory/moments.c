#include "theory/moments.h"

#include <math.h>

#include "core/linalg.h"
#include "theory/checks.h"

#define ROUNDING 1e-14
#define NEGATIVE (-1e-12)
#define OUTSIDE 1e-9

ln_status ln_input_spectrum(ln_context *cx, ln_matrix Sxx, double *l, ln_matrix V) {
  size_t n = Sxx.rows;
  ln_status status = ln_eigh(cx, Sxx, l, V);
  if (status != LN_OK || n == 0) return status;
  double largest = fmax(fabs(l[0]), fabs(l[n - 1]));
  if (l[0] < NEGATIVE * largest)
    return ln_fail(cx, LN_EARG,
                   "Sxx has the eigenvalue %g (the largest is %g): a covariance has none below 0", l[0],
                   l[n - 1]);
  for (size_t i = 0; i < n; i++)
    if (l[i] <= ROUNDING * largest) l[i] = 0;
  return LN_OK;
}

ln_status ln_check_outside(ln_context *cx, double outside, double size) {
  if (outside <= OUTSIDE * size) return LN_OK;
  return ln_fail(
      cx, LN_EARG,
      "the rows of Syx leave the range of Sxx by %.3g of |Syx|: no data gives such moments, and the "
      "weights would grow without limit",
      outside / size);
}

ln_status ln_input_correlation(ln_context *cx, ln_matrix Syx, const double *l, ln_matrix V, ln_matrix B) {
  ln_status status = ln_check_finite(cx, Syx, "Syx");
  if (status != LN_OK) return status;
  status = ln_charge(cx, 2.0 * (double)Syx.rows * (double)Syx.cols * (double)Syx.cols);
  if (status != LN_OK) return status;
  ln_gemm(LN_N, LN_N, 1, Syx, V, 0, B);
  double outside = 0, size = ln_norm(Syx);
  for (size_t j = 0; j < B.cols; j++) {
    if (l[j] > 0) continue;
    ln_matrix column = ln_block_of(B, 0, j, B.rows, 1);
    outside = hypot(outside, ln_norm(column));
    ln_fill(column, 0);
  }
  return ln_check_outside(cx, outside, size);
}

/* Eigenvalues and, behind those that are 0, the eigenvectors of Sxx; of a diagonal one they can be read off. */
static ln_status span_of(ln_context *cx, ln_matrix Sxx, double *l, ln_matrix V) {
  size_t n = Sxx.rows;
  double largest = 0, least = 0;
  bool diagonal = Sxx.cols == n && ln_is_diagonal(Sxx) && ln_check_finite(cx, Sxx, "Sxx") == LN_OK;
  for (size_t i = 0; diagonal && i < n; i++)
    largest = fmax(largest, LN_AT(Sxx, i, i)), least = fmin(least, LN_AT(Sxx, i, i));
  if (!diagonal || least < 0) return ln_input_spectrum(cx, Sxx, l, V);
  size_t unused = 0, next = 0;
  for (size_t i = 0; i < n; i++) unused += LN_AT(Sxx, i, i) <= ROUNDING * largest;
  ln_fill(V, 0);
  for (size_t i = 0, none = 0; i < n; i++) {
    bool used = LN_AT(Sxx, i, i) > ROUNDING * largest;
    size_t at = used ? unused + next++ : none++;
    l[at] = used ? LN_AT(Sxx, i, i) : 0;
    LN_AT(V, i, at) = 1;
  }
  return LN_OK;
}

ln_status ln_white_span(ln_context *cx, ln_matrix Sxx, ln_white *white) {
  size_t n = Sxx.rows, unused = 0;
  double *l = ln_reals(cx, n);
  ln_matrix V = ln_take_matrix(cx, n, n);
  if (!l || !V.data) return LN_EMEMORY;
  ln_status status = span_of(cx, Sxx, l, V);
  if (status != LN_OK) return status;
  while (unused < n && l[unused] == 0) unused++;
  *white = (ln_white){.used = n - unused, .all = unused == 0, .V = ln_block_of(V, 0, unused, n, n - unused)};
  for (size_t i = unused; i < n; i++) white->c += l[i] / (double)white->used;
  for (size_t i = unused; i < n; i++) white->misfit = hypot(white->misfit, l[i] / white->c - 1);
  return LN_OK;
}
