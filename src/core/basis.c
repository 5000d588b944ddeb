/* Bases that depend on a subspace alone: signs, the members of groups of equal values, complements.
 *
 * Vectors that belong to equal values are determined up to a rotation, which rounding chooses. What rounding
 * cannot touch (much) is the projector P on their span. The columns of its pivoted Cholesky factor, P = L L',
 * are an orthonormal basis of the span: the column-pivoted QR of P by another name, without forming the QR.
 * The pivot is the first among the diagonal entries that tie for the largest, because structured data (trees,
 * rings) tie in earnest and rounding must not choose there either. */
#include "core/lapack.h"

#include <cblas.h>
#include <math.h>

static double largest_of(const double *values, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = ln_larger(largest, fabs(values[i]));
  return largest;
}

/* Where the group that begins at `first` ends: neighbours in it are at most `gap` apart. */
static size_t group_end(const double *values, size_t n, size_t first, double gap) {
  size_t end = first + 1;
  while (end < n && fabs(values[end] - values[end - 1]) <= gap) end++;
  return end;
}

size_t ln_groups(const double *values, size_t n, double tolerance, size_t *start) {
  const double gap = tolerance * largest_of(values, n);
  size_t count = 0;
  for (size_t first = 0; first < n; first = group_end(values, n, first, gap)) start[count++] = first;
  start[count] = n;
  return count;
}

bool ln_orient(ln_matrix V, size_t j) {
  double *v = &LN_AT(V, 0, j);
  double largest = largest_of(v, V.rows);
  size_t first = 0;
  while (first < V.rows && !(fabs(v[first]) > LN_EQUAL * largest)) first++;
  if (first == V.rows || v[first] > 0) return false;
  for (size_t i = 0; i < V.rows; i++) v[i] = -v[i];
  return true;
}

/* y = alpha op(A) x + beta y; x and y have the given steps. Empty A: y = beta y. */
static void multiply(ln_form t, double alpha, ln_matrix A, const double *x, size_t xstep, double beta,
                     double *y) {
  size_t n = t ? A.cols : A.rows;
  if (!A.rows || !A.cols) {
    for (size_t i = 0; i < n; i++) y[i] *= beta;
    return;
  }
  cblas_dgemv(CblasColMajor, t ? CblasTrans : CblasNoTrans, ln_lapack_int(A.rows), ln_lapack_int(A.cols),
              alpha, A.data, ln_lapack_int(A.ld), x, ln_lapack_int(xstep), beta, y, 1);
}

/* The first entry that ties for the largest. */
static size_t first_largest(const double *d, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = ln_larger(largest, d[i]);
  size_t first = 0;
  while (first + 1 < n && !(d[first] >= (1 - LN_EQUAL) * largest)) first++;
  return first;
}

/* The projector P = X X', or I - X X' if complement; X has orthonormal columns. */
typedef struct projector {
  ln_matrix X;
  bool complement;
  ln_matrix P; /* its lower triangle, where many columns are needed; else its data is null */
} projector;

static void projector_column(const projector *p, size_t pivot, double *column) {
  size_t n = p->X.rows;
  if (p->P.data) {
    for (size_t i = 0; i < pivot; i++) column[i] = LN_AT(p->P, pivot, i);
    for (size_t i = pivot; i < n; i++) column[i] = LN_AT(p->P, i, pivot);
    return;
  }
  for (size_t i = 0; i < n; i++) column[i] = 0;
  multiply(LN_N, p->complement ? -1 : 1, p->X, &LN_AT(p->X, pivot, 0), p->X.ld, 0, column);
  if (p->complement) column[pivot] += 1;
}

/* P += alpha X X', the lower triangle. */
static void add_gram(double alpha, ln_matrix X, ln_matrix P) {
  if (!X.cols) return;
  cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, ln_lapack_int(P.rows), ln_lapack_int(X.cols), alpha,
              X.data, ln_lapack_int(X.ld), 1, P.data, ln_lapack_int(P.ld));
}

/* L's columns: the first ones of P's pivoted Cholesky factor, n x g. They are orthonormal to about sqrt(n)
 * roundings. With P formed, what a block of columns takes from it is taken in one product. */
static ln_status pivoted_factor(ln_context *cx, projector *p, ln_matrix L) {
  const size_t block = 64;
  const size_t n = L.rows, g = L.cols;
  ln_mark mark = ln_begin(cx);
  double *d = ln_reals(cx, n);
  if (!d) return ln_end(cx, mark, LN_EMEMORY);
  if (g > block && n <= 8 * g) { /* P is then at most 8 times as large as L */
    p->P = ln_take_matrix(cx, n, n);
    if (!p->P.data) return ln_end(cx, mark, LN_EMEMORY);
  }
  ln_status status = ln_charge(cx, 4.0 * (double)n * (double)(p->P.data ? n : g) * (double)g);
  if (status != LN_OK) return ln_end(cx, mark, status);

  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t j = 0; j < p->X.cols; j++) sum += LN_AT(p->X, i, j) * LN_AT(p->X, i, j);
    d[i] = p->complement ? 1 - sum : sum;
  }
  if (p->P.data) {
    ln_fill(p->P, 0);
    for (size_t i = 0; i < n && p->complement; i++) LN_AT(p->P, i, i) = 1;
    add_gram(p->complement ? -1 : 1, p->X, p->P);
  }

  size_t done = 0; /* columns of L that P no longer holds */
  for (size_t c = 0; c < g; c++) {
    if ((status = ln_poll(cx)) != LN_OK) break;
    if (p->P.data && c - done == block) {
      add_gram(-1, ln_block_of(L, 0, done, n, block), p->P);
      done = c;
    }
    size_t pivot = first_largest(d, n);
    double *column = &LN_AT(L, 0, c);
    projector_column(p, pivot, column);
    multiply(LN_N, -1, ln_block_of(L, 0, done, n, c - done), &LN_AT(L, pivot, done), L.ld, 1, column);
    double root = sqrt(ln_larger(column[pivot], 0x1p-1022));
    for (size_t i = 0; i < n; i++) {
      column[i] /= root;
      d[i] -= column[i] * column[i];
    }
    d[pivot] = -1; /* taken: what rounding leaves there must not be chosen again */
  }
  p->P.data = NULL;
  return ln_end(cx, mark, status);
}

/* Makes B's columns orthonormal (they nearly are): B = Q R with R's diagonal positive. */
static ln_status polish(ln_context *cx, ln_matrix B) {
  ln_mark mark = ln_begin(cx);
  ln_matrix R = ln_take_matrix(cx, B.cols, B.cols);
  if (!R.data) return ln_end(cx, mark, LN_EMEMORY);
  return ln_end(cx, mark, ln_qr(cx, B, B, R));
}

static ln_status rotate_group(ln_context *cx, ln_matrix V, ln_matrix U) {
  size_t g = V.cols;
  ln_mark mark = ln_begin(cx);
  ln_matrix L = ln_take_matrix(cx, V.rows, g), Q = ln_take_matrix(cx, g, g), turned = {0};
  if (L.data && Q.data) turned = ln_take_matrix(cx, U.rows > V.rows ? U.rows : V.rows, g);
  if (!turned.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = pivoted_factor(cx, &(projector){.X = V}, L);
  if (status == LN_OK) {
    /* L = V Q for an orthogonal Q. Q itself is made orthonormal, so that V and U keep all their digits. */
    ln_gemm(LN_T, LN_N, 1, V, L, 0, Q);
    status = polish(cx, Q);
  }
  if (status == LN_OK) {
    ln_matrix part = ln_block_of(turned, 0, 0, V.rows, g);
    ln_gemm(LN_N, LN_N, 1, V, Q, 0, part);
    ln_copy(part, V);
    if (U.data) {
      part = ln_block_of(turned, 0, 0, U.rows, g);
      ln_gemm(LN_N, LN_N, 1, U, Q, 0, part);
      ln_copy(part, U);
    }
  }
  return ln_end(cx, mark, status);
}

double ln_rounding(size_t k) { return 0x1p-52 * (double)(k > 64 ? k : 64); }

ln_status ln_fix_groups(ln_context *cx, const double *values, size_t n, ln_matrix V, ln_matrix U) {
  const double gap = ln_rounding(V.cols) * largest_of(values, n);
  ln_status status = LN_OK;
  for (size_t first = 0, end; first < n && status == LN_OK; first = end) {
    end = group_end(values, n, first, gap);
    if (end - first == 1) continue;
    ln_matrix follow = U.data ? ln_block_of(U, 0, first, U.rows, end - first) : U;
    status = rotate_group(cx, ln_block_of(V, 0, first, V.rows, end - first), follow);
  }
  return status;
}

ln_status ln_complete_basis(ln_context *cx, ln_matrix B, size_t r) {
  if (r == B.cols) return LN_OK;
  ln_matrix given = ln_block_of(B, 0, 0, B.rows, r), rest = ln_block_of(B, 0, r, B.rows, B.cols - r);
  ln_status status = pivoted_factor(cx, &(projector){.X = given, .complement = true}, rest);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix overlap = ln_take_matrix(cx, r, rest.cols);
  if (!overlap.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_T, LN_N, 1, given, rest, 0, overlap);
  ln_gemm(LN_N, LN_N, -1, given, overlap, 1, rest);
  return ln_end(cx, mark, polish(cx, rest));
}
