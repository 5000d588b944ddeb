/* Eigenvalues of symmetric and of general matrices. */
#include "core/lapack.h"

#include <math.h>

ln_status ln_eigh(ln_context *cx, ln_matrix A, double *w, ln_matrix Q) {
  ln_status status = ln_need_symmetric(cx, A);
  if (status != LN_OK || A.rows == 0) return status;
  bool vectors = Q.data != NULL;
  double n = (double)A.rows;
  status = ln_charge(cx, vectors ? 9 * n * n * n : 4.0 / 3 * n * n * n);
  if (status != LN_OK) return status;

  ln_mark mark = ln_begin(cx);
  ln_matrix F = vectors ? Q : ln_take_matrix(cx, A.rows, A.cols); /* LAPACK turns A into Q in its place */
  lapack_int *integers = ln_take(cx, 3 + 5 * A.rows, sizeof *integers);
  if (!F.data || !integers) return ln_end(cx, mark, LN_EMEMORY);
  ln_copy(A, F);
  lapack_int order = ln_lapack_int(A.rows), ld = ln_lapack_int(F.ld), integer_count = 3 + 5 * order;
  char job = vectors ? 'V' : 'N';
  double count = vectors ? 1 + 6 * n + 2 * n * n : 2 * n + 1; /* as documented */
  if (A.rows > LN_UNBLOCKED && count <= LN_DIMENSION_MAX) {
    double best = 0;
    lapack_int best_integers = 0;
    LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', order, F.data, ld, w, &best, -1, &best_integers, -1);
    count = ln_larger(count, best);
  }
  ln_work work;
  status = ln_take_work(cx, count, &work);
  if (status != LN_OK) return ln_end(cx, mark, status);
  lapack_int info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', order, F.data, ld, w, work.data,
                                        work.count, integers, integer_count);
  if (info)
    return ln_end(
        cx, mark,
        ln_fail(cx, LN_ENUMERIC, "the eigenvalues of a %zux%zu matrix did not converge", A.rows, A.cols));
  if (vectors) {
    status = ln_fix_groups(cx, w, A.rows, Q, (ln_matrix){0});
    for (size_t j = 0; j < Q.cols && status == LN_OK; j++) ln_orient(Q, j);
  }
  return ln_end(cx, mark, status);
}

/* The order in which linalg.h has the eigenvalues, pairs together: place[i] is LAPACK's index of the i-th. */
static void sort_eigenvalues(const double *wr, const double *wi, size_t n, size_t *place) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) place[i] = i, largest = ln_larger(largest, hypot(wr[i], wi[i]));
  for (size_t i = 1; i < n; i++) { /* by falling real part; stable, so that pairs keep together */
    size_t moved = place[i], j = i;
    for (; j > 0 && wr[place[j - 1]] < wr[moved]; j--) place[j] = place[j - 1];
    place[j] = moved;
  }
  const double gap = LN_EQUAL * largest;
  for (size_t first = 0, end; first < n; first = end) {
    for (end = first + 1; end < n && wr[place[end - 1]] - wr[place[end]] <= gap;) end++;
    for (size_t i = first + 1; i < end; i++) { /* by falling modulus of the imaginary part, also stable */
      size_t moved = place[i], j = i;
      for (; j > first && fabs(wi[place[j - 1]]) < fabs(wi[moved]); j--) place[j] = place[j - 1];
      place[j] = moved;
    }
  }
}

/* Turns the complex vector x + i y so that its first entry above 1e-8 of the largest is real and positive. */
static void orient_pair(double *x, double *y, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = ln_larger(largest, hypot(x[i], y[i]));
  size_t first = 0;
  while (!(hypot(x[first], y[first]) > LN_EQUAL * largest)) first++;
  double size = hypot(x[first], y[first]), cosine = x[first] / size, sine = -y[first] / size;
  for (size_t i = 0; i < n; i++) {
    double real = cosine * x[i] - sine * y[i];
    y[i] = sine * x[i] + cosine * y[i];
    x[i] = real;
  }
  y[first] = 0;
}

ln_status ln_eig(ln_context *cx, ln_matrix A, double *wr, double *wi, ln_matrix V) {
  ln_status status = ln_need_square(cx, A, "");
  if (status == LN_OK) status = ln_need_finite(cx, A, "A");
  if (status != LN_OK || A.rows == 0) return status;
  bool vectors = V.data != NULL;
  size_t n = A.rows;
  double size = (double)n;
  status = ln_charge(cx, (vectors ? 25 : 10) * size * size * size);
  if (status != LN_OK) return status;

  ln_mark mark = ln_begin(cx);
  ln_matrix F = ln_take_matrix(cx, n, n), unsorted = {.ld = 1};
  double *real = ln_reals(cx, n), *imaginary = ln_reals(cx, n);
  size_t *place = ln_take(cx, n, sizeof *place);
  if (vectors) unsorted = ln_take_matrix(cx, n, n);
  if (!F.data || !real || !imaginary || !place || (vectors && !unsorted.data))
    return ln_end(cx, mark, LN_EMEMORY);
  ln_copy(A, F);
  lapack_int order = ln_lapack_int(n), ld = ln_lapack_int(unsorted.ld);
  char job = vectors ? 'V' : 'N';
  double best = 0;
  LAPACKE_dgeev_work(LAPACK_COL_MAJOR, 'N', job, order, F.data, order, real, imaginary, NULL, 1,
                     unsorted.data, ld, &best, -1);
  ln_work work;
  status = ln_take_work(cx, best, &work);
  if (status != LN_OK) return ln_end(cx, mark, status);
  lapack_int info = LAPACKE_dgeev_work(LAPACK_COL_MAJOR, 'N', job, order, F.data, order, real, imaginary,
                                       NULL, 1, unsorted.data, ld, work.data, work.count);
  if (info)
    return ln_end(cx, mark,
                  ln_fail(cx, LN_ENUMERIC, "the eigenvalues of a %zux%zu matrix did not converge", n, n));

  sort_eigenvalues(real, imaginary, n, place);
  for (size_t j = 0; j < n; j++) {
    wr[j] = real[place[j]];
    wi[j] = imaginary[place[j]];
    for (size_t i = 0; i < V.rows; i++) LN_AT(V, i, j) = LN_AT(unsorted, i, place[j]);
  }
  for (size_t j = 0; j < V.cols; j++) {
    if (wi[j] == 0) ln_orient(V, j);
    if (wi[j] > 0) orient_pair(&LN_AT(V, 0, j), &LN_AT(V, 0, j + 1), n);
  }
  return ln_end(cx, mark, LN_OK);
}
