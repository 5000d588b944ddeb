/* Functions of square matrices: exponential, square root, powers. */
#include "core/lapack.h"

#include <math.h>

/* {=== exponential */

/* Numerators of the Pade approximants of exp, from the constant upwards, and the largest 1-norm for which
 * each is exact to rounding (Higham 2005, table 2.3). */
static const double pade3[] = {120, 60, 12, 1};
static const double pade5[] = {30240, 15120, 3360, 420, 30, 1};
static const double pade7[] = {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1};
static const double pade9[] = {17643225600, 8821612800, 2075673600, 302702400, 30270240,
                               2162160,     110880,     3960,       90,        1};
static const double pade13[] = {64764752532480000,
                                32382376266240000,
                                7771770303897600,
                                1187353796428800,
                                129060195264000,
                                10559470521600,
                                670442572800,
                                33522128640,
                                1323241920,
                                40840800,
                                960960,
                                16380,
                                182,
                                1};
typedef struct approximant {
  size_t order;
  const double *numerator;
  double largest_norm;
} approximant;
static const approximant approximants[] = {{3, pade3, 1.495585217958292e-2},
                                           {5, pade5, 2.539398330063230e-1},
                                           {7, pade7, 9.504178996162932e-1},
                                           {9, pade9, 2.097847961257068e0},
                                           {13, pade13, 5.371920351148152e0}};

static double one_norm(ln_matrix A) {
  double norm = 0;
  for (size_t j = 0; j < A.cols; j++) {
    double sum = 0;
    for (size_t i = 0; i < A.rows; i++) sum += fabs(LN_AT(A, i, j));
    norm = ln_larger(norm, sum);
  }
  return norm;
}

static ln_status product(ln_context *cx, ln_matrix A, ln_matrix B, ln_matrix C) {
  double n = (double)A.rows;
  ln_status status = ln_charge(cx, 2 * n * n * n);
  if (status == LN_OK) ln_gemm(LN_N, LN_N, 1, A, B, 0, C);
  return status;
}

static void add_identity(double alpha, ln_matrix X) {
  for (size_t i = 0; i < X.rows; i++) LN_AT(X, i, i) += alpha;
}

/* B X = C; both are overwritten, C by X. False if B is singular. */
static ln_status solve_in_place(ln_context *cx, ln_matrix B, ln_matrix C) {
  double n = (double)B.rows;
  ln_mark mark = ln_begin(cx);
  ln_status status = ln_charge(cx, 8.0 / 3 * n * n * n);
  if (status != LN_OK) return status;
  lapack_int *pivots = ln_take(cx, B.rows, sizeof *pivots);
  if (!pivots) return ln_end(cx, mark, LN_EMEMORY);
  lapack_int order = ln_lapack_int(B.rows);
  lapack_int info = LAPACKE_dgesv_work(LAPACK_COL_MAJOR, order, order, B.data, ln_lapack_int(B.ld), pivots,
                                       C.data, ln_lapack_int(C.ld));
  return ln_end(cx, mark,
                info ? ln_fail(cx, LN_ENUMERIC, "a singular denominator in the exponential") : LN_OK);
}

/* X = r(S), the approximant of order m: odd and even powers apart, U = S * (sum of odd terms), V = even
 * terms, (V - U) r = V + U. power[i] = S^(2 i). */
static ln_status pade(ln_context *cx, const approximant *p, ln_matrix S, ln_matrix X) {
  const double *b = p->numerator;
  size_t n = S.rows, powers = p->order == 13 ? 3 : p->order / 2;
  ln_mark mark = ln_begin(cx);
  ln_matrix power[5], odd = ln_take_matrix(cx, n, n), even = ln_take_matrix(cx, n, n);
  if (!odd.data || !even.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  for (size_t i = 1; i <= powers && status == LN_OK; i++) {
    power[i] = ln_take_matrix(cx, n, n);
    if (!power[i].data) return ln_end(cx, mark, LN_EMEMORY);
    status = product(cx, i == 1 ? S : power[i - 1], i == 1 ? S : power[1], power[i]);
  }
  if (status != LN_OK) return ln_end(cx, mark, status);

  ln_fill(odd, 0);
  ln_fill(even, 0);
  if (p->order == 13) { /* the terms above S^6 as S^6 times a polynomial: six products in all */
    for (size_t i = 1; i <= 3; i++) {
      ln_axpy(b[7 + 2 * i], power[i], odd);
      ln_axpy(b[6 + 2 * i], power[i], even);
    }
    if ((status = product(cx, power[3], odd, X)) == LN_OK) {
      ln_copy(X, odd);
      if ((status = product(cx, power[3], even, X)) == LN_OK) ln_copy(X, even);
    }
  }
  for (size_t i = 1; i <= powers; i++) {
    ln_axpy(b[2 * i + 1], power[i], odd);
    ln_axpy(b[2 * i], power[i], even);
  }
  add_identity(b[1], odd);
  add_identity(b[0], even);
  if (status == LN_OK) status = product(cx, S, odd, X);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_copy(even, odd);
  ln_axpy(-1, X, odd); /* V - U */
  ln_axpy(1, even, X); /* V + U */
  return ln_end(cx, mark, solve_in_place(cx, odd, X));
}

ln_status ln_exponential(ln_context *cx, ln_matrix A, ln_matrix X) {
  ln_status status = ln_need_square(cx, A, "");
  if (status == LN_OK) status = ln_need_finite(cx, A, "A");
  if (status != LN_OK || A.rows == 0) return status;

  ln_mark mark = ln_begin(cx);
  ln_matrix S = ln_take_matrix(cx, A.rows, A.rows), square = ln_take_matrix(cx, A.rows, A.rows);
  if (!S.data || !square.data) return ln_end(cx, mark, LN_EMEMORY);
  const size_t last = sizeof approximants / sizeof *approximants - 1;
  const double norm = one_norm(A);
  size_t chosen = 0;
  while (chosen < last && norm > approximants[chosen].largest_norm) chosen++;
  int squarings = 0;
  ln_copy(A, S);
  if (norm > approximants[last].largest_norm && norm < INFINITY) {
    frexp(norm / approximants[last].largest_norm, &squarings);
    ln_scale(ldexp(1, -squarings), S);
  }
  status = pade(cx, &approximants[chosen], S, X);
  for (int i = 0; i < squarings && status == LN_OK; i++) {
    status = product(cx, X, X, square);
    if (status == LN_OK) ln_copy(square, X);
  }
  size_t i, j;
  if (status == LN_OK && ln_find_not_finite(X, &i, &j))
    status = ln_fail(cx, LN_ENUMERIC, "the exponential overflows: A (%zux%zu) has the 1-norm %.3g", A.rows,
                     A.cols, norm);
  return ln_end(cx, mark, status);
}

/* ===} */

/* {=== square root */

static ln_status root_of_symmetric(ln_context *cx, ln_matrix A, ln_matrix X) {
  size_t n = A.rows;
  ln_mark mark = ln_begin(cx);
  ln_matrix Q = ln_take_matrix(cx, n, n);
  double *w = ln_reals(cx, n);
  if (!Q.data || !w) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_eigh(cx, A, w, Q);
  if (status == LN_OK && w[0] < -ln_rank_tolerance(A) * fmax(-w[0], w[n - 1]))
    status = ln_fail(cx, LN_ENUMERIC,
                     "A has the negative eigenvalue %.6g, so it has no principal square root", w[0]);
  if (status == LN_OK) status = ln_charge(cx, 2 * (double)n * (double)n * (double)n);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t j = 0; j < n; j++) { /* X = (Q w^(1/4)) (Q w^(1/4))' is symmetric to the last bit */
    double fourth = sqrt(sqrt(w[j] > 0 ? w[j] : 0));
    for (size_t i = 0; i < n; i++) LN_AT(Q, i, j) *= fourth;
  }
  ln_gram(LN_N, 1, Q, 0, X);
  return ln_end(cx, mark, LN_OK);
}

/* inverse = M^-1 and log|det M| / n, which the scaling needs; LN_ENUMERIC if M is exactly singular. */
static ln_status invert(ln_context *cx, ln_matrix M, lapack_int *pivots, ln_work work, ln_matrix inverse,
                        double *mean_log) {
  double n = (double)M.rows;
  ln_status status = ln_charge(cx, 2 * n * n * n);
  if (status != LN_OK) return status;
  ln_copy(M, inverse);
  lapack_int order = ln_lapack_int(M.rows), ld = ln_lapack_int(inverse.ld);
  if (LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, order, order, inverse.data, ld, pivots)) return LN_ENUMERIC;
  *mean_log = 0;
  for (size_t i = 0; i < M.rows; i++) *mean_log += log(fabs(LN_AT(inverse, i, i))) / n;
  LAPACKE_dgetri_work(LAPACK_COL_MAJOR, order, inverse.data, ld, pivots, work.data, work.count);
  return LN_OK;
}

static double distance_from_identity(ln_matrix M) {
  double sum = 0;
  for (size_t j = 0; j < M.cols; j++) {
    for (size_t i = 0; i < M.rows; i++) {
      double d = LN_AT(M, i, j) - (i == j);
      sum += d * d;
    }
  }
  return sqrt(sum);
}

/* M <- (I + (c M + M^-1 / c) / 2) / 2 and X <- sqrt(c) X (I + M^-1 / c) / 2 with c = |det M|^(-1/n), from M =
 * X = A: M goes to I and X to the root. c = 1 once M is near I, where the convergence is quadratic by itself.
 */
static ln_status denman_beavers(ln_context *cx, ln_matrix A, ln_matrix X) {
  const int most = 60;      /* ten are usual */
  const double near = 1e-2; /* of I: no more scaling */
  size_t n = A.rows;
  ln_mark mark = ln_begin(cx);
  ln_matrix M = ln_take_matrix(cx, n, n), inverse = ln_take_matrix(cx, n, n), next = ln_take_matrix(cx, n, n);
  lapack_int *pivots = ln_take(cx, n, sizeof *pivots);
  if (!M.data || !inverse.data || !next.data || !pivots) return ln_end(cx, mark, LN_EMEMORY);
  ln_work work;
  ln_status status = ln_take_work(cx, (double)n * LN_BLOCK, &work);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_copy(A, M);
  ln_copy(A, X);
  double before = INFINITY, now = INFINITY;
  for (int i = 0; i < most; i++) {
    double mean_log = 0;
    status = invert(cx, M, pivots, work, inverse, &mean_log);
    if (status != LN_OK) break;
    double c = now < near ? 1 : exp(-mean_log);
    ln_scale(1 / c, inverse);
    ln_scale(c / 4, M);
    ln_axpy(0.25, inverse, M);
    add_identity(0.5, M);
    add_identity(1, inverse);
    if ((status = product(cx, X, inverse, next)) != LN_OK) break;
    ln_copy(next, X);
    ln_scale(sqrt(c) / 2, X);
    before = now;
    now = distance_from_identity(M);
    if (!(now < INFINITY) || (now < 1e-6 && !(now < before / 4)))
      break; /* as near as rounding lets it come */
  }
  if (status == LN_OK && !(now < 1e-6)) status = LN_ENUMERIC;
  if (status == LN_OK && (status = product(cx, X, X, next)) == LN_OK) {
    double size = ln_norm(X);
    ln_axpy(-1, A, next);
    if (!(ln_norm(next) <= 1e-8 * size * size)) status = LN_ENUMERIC;
  }
  if (status == LN_ENUMERIC)
    ln_fail(cx, LN_ENUMERIC,
            "A (%zux%zu) has no principal square root that could be found: it is singular, has a negative "
            "eigenvalue or is close to such a matrix",
            n, n);
  return ln_end(cx, mark, status);
}

ln_status ln_square_root(ln_context *cx, ln_matrix A, ln_matrix X) {
  ln_status status = ln_need_square(cx, A, "");
  if (status == LN_OK) status = ln_need_finite(cx, A, "A");
  if (status != LN_OK || A.rows == 0) return status;
  size_t i, j;
  bool symmetric = ln_asymmetry(A, &i, &j) <= ln_rank_tolerance(A) * ln_largest(A);
  return symmetric ? root_of_symmetric(cx, A, X) : denman_beavers(cx, A, X);
}

/* ===} */

ln_status ln_power(ln_context *cx, ln_matrix A, long long p, ln_matrix X) {
  ln_status status = ln_need_square(cx, A, "");
  if (status != LN_OK) return status;
  if (p == -1) return ln_inverse(cx, A, X);

  ln_mark mark = ln_begin(cx);
  ln_matrix base = ln_take_matrix(cx, A.rows, A.rows), next = ln_take_matrix(cx, A.rows, A.rows);
  if (!base.data || !next.data) return ln_end(cx, mark, LN_EMEMORY);
  unsigned long long left = p < 0 ? 0 - (unsigned long long)p : (unsigned long long)p;
  if (p < 0)
    status = ln_inverse(cx, A, base);
  else
    ln_copy(A, base);
  bool started = false; /* X holds a power already */
  if (left == 0) ln_identity(X);
  while (status == LN_OK && left) {
    if (left & 1) {
      if (!started)
        ln_copy(base, X);
      else if ((status = product(cx, X, base, next)) == LN_OK)
        ln_copy(next, X);
      started = true;
    }
    left >>= 1;
    if (left && status == LN_OK && (status = product(cx, base, base, next)) == LN_OK) {
      ln_matrix swapped = base;
      base = next;
      next = swapped;
    }
  }
  return ln_end(cx, mark, status);
}
