/* The linear algebra: identities over shapes (tall, wide, square, rank-deficient, empty), fixed signs and
 * bases, what is refused, and that no failed allocation leaks. */
#include "check.h"

#include <stdlib.h>

#include "core/lapack.h"

/* {=== making matrices */

static ln_context context;
static ln_context *const cx = &context;

static uint64_t state;

static double uniform(void) { /* xorshift64*: independent of linnet's own streams */
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return (double)((state * 2685821657736338717u) >> 11) * 0x1p-53;
}

static double normal(void) { return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform()); }

/* Every matrix has a gap between its columns, filled with NaN, so that a wrong leading dimension shows. */
static ln_matrix make(size_t rows, size_t cols) {
  const size_t gap = 3;
  ln_matrix A = ln_take_matrix(cx, rows + gap, cols);
  assert_non_null(A.data);
  ln_fill(A, NAN);
  return ln_block_of(A, 0, 0, rows, cols);
}

static ln_matrix random_matrix(size_t rows, size_t cols) {
  ln_matrix A = make(rows, cols);
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++) LN_AT(A, i, j) = normal();
  return A;
}

static ln_matrix product(ln_form ta, ln_form tb, ln_matrix A, ln_matrix B) {
  ln_matrix C = make(ta ? A.cols : A.rows, tb ? B.rows : B.cols);
  ln_gemm(ta, tb, 1, A, B, 0, C);
  return C;
}

static ln_matrix copy_of(ln_matrix A) {
  ln_matrix B = make(A.rows, A.cols);
  ln_copy(A, B);
  return B;
}

/* U diag(s) V' */
static ln_matrix compose(ln_matrix U, const double *s, ln_matrix V, size_t k) {
  ln_matrix scaled = copy_of(ln_block_of(U, 0, 0, U.rows, k));
  for (size_t j = 0; j < k; j++) ln_scale(s[j], ln_block_of(scaled, 0, j, U.rows, 1));
  return product(LN_N, LN_T, scaled, ln_block_of(V, 0, 0, V.rows, k));
}

static ln_matrix of_rank(size_t rows, size_t cols, size_t rank) {
  return product(LN_N, LN_N, random_matrix(rows, rank), random_matrix(rank, cols));
}

/* Orthonormal columns by Gram and Schmidt, twice. */
static ln_matrix orthonormal(size_t rows, size_t cols) {
  ln_matrix Q = random_matrix(rows, cols);
  for (size_t j = 0; j < cols; j++) {
    for (size_t c = 0; c < 2 * j; c++) {
      ln_matrix q = ln_block_of(Q, 0, c % j, rows, 1), v = ln_block_of(Q, 0, j, rows, 1);
      ln_axpy(-ln_dot(q, v), q, v);
    }
    ln_matrix v = ln_block_of(Q, 0, j, rows, 1);
    ln_scale(1 / ln_norm(v), v);
  }
  return Q;
}

static ln_matrix symmetric(size_t n) {
  ln_matrix A = random_matrix(n, n);
  ln_symmetrize(A);
  return A;
}

#define assert_same(A, B, tolerance) check_same((A), (B), (tolerance), #A " and " #B, __FILE__, __LINE__)
static void check_same(ln_matrix A, ln_matrix B, double tolerance, const char *what, const char *file,
                       int line) {
  assert_int_equal(A.rows, B.rows);
  assert_int_equal(A.cols, B.cols);
  double size = ln_larger(ln_largest(B), 1e-300), worst = 0;
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) {
      double d = fabs(LN_AT(A, i, j) - LN_AT(B, i, j));
      if (!(d <= worst)) worst = d;
    }
  if (worst <= tolerance * size) return;
  print_error("%s (%zux%zu) differ by %g of %g\n", what, A.rows, A.cols, worst, size);
  _fail(file, line);
}

#define assert_orthonormal(Q) check_orthonormal((Q), __FILE__, __LINE__)
static void check_orthonormal(ln_matrix Q, const char *file, int line) {
  ln_matrix unit = make(Q.cols, Q.cols);
  ln_identity(unit);
  check_same(product(LN_T, LN_N, Q, Q), unit, 1e-13, "Q'Q and I", file, line);
}

static void assert_oriented(ln_matrix V) {
  for (size_t j = 0; j < V.cols; j++) {
    double largest = ln_largest(ln_block_of(V, 0, j, V.rows, 1));
    size_t i = 0;
    while (fabs(LN_AT(V, i, j)) <= 1e-8 * largest) i++;
    assert_true(LN_AT(V, i, j) > 0);
  }
}

#define assert_ok(call) assert_int_equal((call), LN_OK)
#define assert_message(text) check_message((text), __FILE__, __LINE__)
static void check_message(const char *text, const char *file, int line) {
  if (strstr(cx->message, text)) return;
  print_error("expected a message with: %s\ngot: %s\n", text, cx->message);
  _fail(file, line);
}

static int set_up(void **unused) {
  (void)unused;
  ln_context_init(cx, NULL, NULL);
  state = 88172645463325252u;
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  ln_end(cx, NULL, LN_OK);
  return 0;
}

/* Rows, columns and rank; with sizes on both sides of LAPACK's blocks and of divide and conquer. */
static const struct {
  size_t m, n, rank;
} shapes[] = {{0, 0, 0},     {0, 3, 0},      {3, 0, 0},   {1, 1, 1},   {1, 1, 0},       {1, 6, 1},
              {6, 1, 1},     {2, 2, 1},      {4, 4, 4},   {5, 5, 3},   {9, 4, 4},       {9, 4, 2},
              {4, 9, 4},     {4, 9, 3},      {7, 7, 0},   {8, 8, 8},   {32, 32, 9},     {33, 33, 33},
              {40, 33, 33},  {33, 70, 20},   {120, 7, 7}, {7, 120, 5}, {130, 130, 130}, {150, 90, 10},
              {90, 150, 90}, {200, 180, 100}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ===} */

/* {=== singular values */

static void svd_gives_the_matrix_back(void **unused) {
  (void)unused;
  for (int full = 0; full < 2; full++)
    for (size_t c = 0; c < SHAPES; c++) {
      size_t m = shapes[c].m, n = shapes[c].n, k = m < n ? m : n;
      ln_mark mark = ln_begin(cx);
      ln_matrix A = of_rank(m, n, shapes[c].rank), before = copy_of(A);
      ln_matrix U = make(m, full ? m : k), V = make(n, full ? n : k);
      double *s = ln_reals(cx, k), *only = ln_reals(cx, k);
      ln_mark inner = ln_begin(cx);
      assert_ok(ln_svd(cx, A, U, s, V));
      assert_ok(ln_svd(cx, A, (ln_matrix){0}, only, (ln_matrix){0}));
      assert_true(ln_begin(cx) == inner);
      assert_same(A, before, 0);
      assert_orthonormal(U);
      assert_orthonormal(V);
      assert_oriented(V);
      assert_same(compose(U, s, V, k), A, 1e-13);
      for (size_t i = 0; i < k; i++) {
        assert_true(s[i] >= 0 && (i == 0 || s[i] <= s[i - 1]));
        assert_close(s[i] / (s[0] + 1e-300), only[i] / (s[0] + 1e-300), 1e-14);
      }
      ln_end(cx, mark, LN_OK);
    }
}

static ln_status never_converges(ln_context *c, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt) {
  (void)U, (void)Vt;
  ln_fill(A, NAN); /* as LAPACK does, it leaves ruins */
  s[0] = NAN;
  return ln_fail(c, LN_ENUMERIC, "did not converge");
}

static void where_gesdd_fails_gesvd_takes_over(void **unused) {
  (void)unused;
  const ln_svd_driver drivers[] = {never_converges, ln_gesvd};
  for (size_t c = 0; c < SHAPES; c++) {
    size_t m = shapes[c].m, n = shapes[c].n, k = m < n ? m : n;
    ln_mark mark = ln_begin(cx);
    ln_matrix A = of_rank(m, n, shapes[c].rank), U = make(m, k), Vt = make(k, n);
    double *s = ln_reals(cx, k), *first = ln_reals(cx, k), *only = ln_reals(cx, k);
    assert_ok(ln_svd_by(cx, drivers, 2, A, U, s, Vt));
    assert_ok(ln_svd_by(cx, drivers, 2, A, (ln_matrix){0}, only, (ln_matrix){0}));
    assert_ok(ln_svd(cx, A, (ln_matrix){0}, first, (ln_matrix){0}));
    ln_matrix V = make(n, k);
    ln_transpose(Vt, V);
    assert_same(compose(U, s, V, k), A, 1e-13);
    for (size_t i = 0; i < k; i++) {
      assert_close(s[i] / (s[0] + 1e-300), first[i] / (s[0] + 1e-300), 1e-13);
      assert_close(only[i] / (s[0] + 1e-300), first[i] / (s[0] + 1e-300), 1e-13);
    }
    ln_end(cx, mark, LN_OK);
  }
  double s;
  ln_matrix one = random_matrix(1, 1);
  assert_int_equal(ln_svd_by(cx, drivers, 1, one, (ln_matrix){0}, &s, (ln_matrix){0}), LN_ENUMERIC);
}

static void svd_holds_at_the_ends_of_the_range(void **unused) {
  (void)unused;
  const double scales[] = {1e-300, 1e-160, 1e160, 1e300};
  for (int i = 0; i < 4; i++) {
    ln_matrix A = random_matrix(6, 4), U = make(6, 4), V = make(4, 4);
    double s[4], scaled[4];
    assert_ok(ln_svd(cx, A, U, s, V));
    ln_matrix B = copy_of(A);
    ln_scale(scales[i], B);
    ln_matrix U2 = make(6, 4), V2 = make(4, 4);
    assert_ok(ln_svd(cx, B, U2, scaled, V2));
    for (int j = 0; j < 4; j++) assert_close(scaled[j] / scales[i], s[j], 1e-13);
    assert_same(U2, U, 1e-12);
    assert_same(V2, V, 1e-12);
  }
}

/* Rotates each group of columns of Q; which: the group number of each column. */
static ln_matrix rotate_groups(ln_matrix Q, const double *values, size_t k, uint64_t seed) {
  ln_matrix R = copy_of(Q);
  uint64_t kept = state;
  state = seed;
  for (size_t first = 0, end; first < k; first = end) {
    for (end = first + 1; end < k && values[end] == values[first];) end++;
    ln_matrix W = orthonormal(end - first, end - first);
    ln_gemm(LN_N, LN_N, 1, ln_block_of(Q, 0, first, Q.rows, end - first), W, 0,
            ln_block_of(R, 0, first, Q.rows, end - first));
  }
  state = kept;
  return R;
}

/* The real Fourier basis: every row of the projector on a frequency has the same norm, so that all pivots
 * tie. */
static ln_matrix fourier(size_t n) {
  ln_matrix F = make(n, n);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) {
      double angle = 2 * M_PI * (double)((j + 1) / 2) * (double)i / (double)n;
      double norm = sqrt((j == 0 || (j == n - 1 && n % 2 == 0) ? 1.0 : 2.0) / (double)n);
      LN_AT(F, i, j) = norm * (j % 2 || j == 0 ? cos(angle) : sin(angle));
    }
  return F;
}

static void equal_singular_values_get_a_basis_that_rounding_cannot_choose(void **unused) {
  (void)unused;
  const double s10[] = {3, 2, 2, 2, 1, 0.5, 0.5, 0, 0, 0}, s8[] = {2, 1, 1, 0.7, 0.7, 0.3, 0.3, 0.1};
  double ones[150];
  for (size_t i = 0; i < 150; i++) ones[i] = i < 70 ? 2 : i < 140 ? 1 : 0;
  const struct {
    size_t m, n, k;
    const double *s;
    bool structured;
  } cases[] = {{10, 10, 10, s10, false},    {30, 10, 10, s10, false}, {10, 30, 10, s10, false},
               {8, 8, 8, s8, true},         {12, 8, 8, s8, true},     {200, 150, 150, ones, false},
               {150, 170, 150, ones, false}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
    for (int full = 0; full < 2; full++) {
      size_t m = cases[c].m, n = cases[c].n, k = cases[c].k;
      ln_mark mark = ln_begin(cx);
      ln_matrix U0 = cases[c].structured ? fourier(m) : orthonormal(m, k);
      ln_matrix V0 = cases[c].structured ? fourier(n) : orthonormal(n, k);
      U0 = ln_block_of(U0, 0, 0, m, k);
      ln_matrix U[2], V[2];
      for (int i = 0; i < 2; i++) { /* the same matrix but for rounding */
        uint64_t seed = 1000 + (uint64_t)i;
        ln_matrix A = compose(rotate_groups(U0, cases[c].s, k, seed), cases[c].s,
                              rotate_groups(V0, cases[c].s, k, seed), k);
        U[i] = make(m, full ? m : k), V[i] = make(n, full ? n : k);
        double *s = ln_reals(cx, k);
        assert_ok(ln_svd(cx, A, U[i], s, V[i]));
        assert_same(compose(U[i], s, V[i], k), A, 1e-13);
        assert_orthonormal(U[i]);
        assert_orthonormal(V[i]);
        for (size_t j = 0; j < k; j++) assert_close(s[j], cases[c].s[j], 1e-13);
      }
      assert_same(U[0], U[1], 1e-9);
      assert_same(V[0], V[1], 1e-9);
      ln_end(cx, mark, LN_OK);
    }
}

static void close_singular_values_still_give_the_matrix_back(void **unused) {
  (void)unused;
  const double s[] = {1, 1 - 1e-9, 1 - 2e-9, 1e-9, 3e-10, 1e-11};
  ln_matrix U0 = orthonormal(9, 6), V0 = orthonormal(6, 6), A = compose(U0, s, V0, 6), U = make(9, 6),
            V = make(6, 6);
  double found[6];
  assert_ok(ln_svd(cx, A, U, found, V));
  assert_same(compose(U, found, V, 6), A, 1e-14);
  size_t start[7];
  assert_int_equal(ln_groups(found, 6, LN_EQUAL, start), 2);
  assert_int_equal(start[1], 3);
  assert_int_equal(start[2], 6);
}

static void groups_are_chained_neighbours(void **unused) {
  (void)unused;
  size_t start[8];
  const double values[] = {-2, -2, 0, 0.5, 0.9, 1.3, 4};
  assert_int_equal(ln_groups(values, 7, 0.11, start), 4); /* gaps up to 0.44 */
  const size_t expected[] = {0, 2, 3, 6, 7};
  /* 0 and 0.5 are apart, 0.5, 0.9, 1.3 chained */
  for (int g = 0; g <= 4; g++) assert_int_equal(start[g], expected[g]);
  assert_int_equal(ln_groups(values, 0, 0.1, start), 0);
  assert_int_equal(start[0], 0);
  const double zeros[] = {0, 0, 0};
  assert_int_equal(ln_groups(zeros, 3, 0, start), 1);
}

/* ===} */

/* {=== eigenvalues */

static void eigh_gives_the_matrix_back(void **unused) {
  (void)unused;
  const size_t sizes[] = {0, 1, 2, 3, 8, 25, 26, 32, 33, 64, 130};
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
    size_t n = sizes[c];
    ln_mark mark = ln_begin(cx);
    ln_matrix A = symmetric(n), before = copy_of(A), Q = make(n, n);
    double *w = ln_reals(cx, n), *only = ln_reals(cx, n);
    assert_ok(ln_eigh(cx, A, w, Q));
    assert_ok(ln_eigh(cx, A, only, (ln_matrix){0}));
    assert_same(A, before, 0);
    assert_orthonormal(Q);
    assert_oriented(Q);
    assert_same(compose(Q, w, Q, n), A, 1e-13);
    for (size_t i = 0; i < n; i++) {
      assert_true(i == 0 || w[i] >= w[i - 1]);
      assert_close(w[i], only[i], 1e-13);
    }
    ln_end(cx, mark, LN_OK);
  }
}

static void equal_eigenvalues_get_a_basis_that_rounding_cannot_choose(void **unused) {
  (void)unused;
  double w[150];
  for (int structured = 0; structured < 2; structured++)
    for (size_t n = 8; n < 150; n += 141) {
      for (size_t i = 0; i < n; i++) w[i] = n == 8 ? floor((double)(i + 1) / 2) - 2 : i < 100 ? 0 : 1;
      ln_mark mark = ln_begin(cx);
      ln_matrix Q0 = structured ? fourier(n) : orthonormal(n, n), Q[2];
      for (int i = 0; i < 2; i++) {
        ln_matrix R = rotate_groups(Q0, w, n, 77 + (uint64_t)i), A = compose(R, w, R, n);
        ln_symmetrize(A);
        double *found = ln_reals(cx, n);
        Q[i] = make(n, n);
        assert_ok(ln_eigh(cx, A, found, Q[i]));
        assert_same(compose(Q[i], found, Q[i], n), A, 1e-13);
        assert_orthonormal(Q[i]);
      }
      assert_same(Q[0], Q[1], 1e-9);
      ln_end(cx, mark, LN_OK);
    }
}

static void eig_satisfies_its_definition_and_is_sorted(void **unused) {
  (void)unused;
  const size_t sizes[] = {0, 1, 2, 3, 8, 31, 80};
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
    size_t n = sizes[c];
    ln_mark mark = ln_begin(cx);
    ln_matrix A = random_matrix(n, n), V = make(n, n);
    double *wr = ln_reals(cx, n), *wi = ln_reals(cx, n), *only = ln_reals(cx, 2 * n);
    assert_ok(ln_eig(cx, A, wr, wi, V));
    assert_ok(ln_eig(cx, A, only, only + n, (ln_matrix){0}));
    ln_matrix AV = product(LN_N, LN_N, A, V), expected = make(n, n);
    double trace = 0;
    for (size_t j = 0; j < n; j++) {
      trace += LN_AT(A, j, j) - wr[j];
      assert_close(only[j], wr[j], 1e-11);
      assert_close(only[n + j], wi[j], 1e-11);
      assert_true(j == 0 || wr[j] <= wr[j - 1] + 1e-6);
      size_t other = wi[j] > 0 ? j + 1 : wi[j] < 0 ? j - 1 : j; /* the column with the other part */
      double length = 0;
      for (size_t i = 0; i < n; i++) {
        /* (wr + i wi)(x + i y): the real part in x's column, the imaginary one in y's */
        LN_AT(expected, i, j) = wr[j] * LN_AT(V, i, j) + (wi[j] == 0 ? 0 : -wi[j] * LN_AT(V, i, other));
        length +=
            LN_AT(V, i, j) * LN_AT(V, i, j) + (wi[j] == 0 ? 0 : LN_AT(V, i, other) * LN_AT(V, i, other));
      }
      assert_close(length, 1, 1e-12);
      if (wi[j] > 0) {
        assert_close(wi[j + 1], -wi[j], 0);
        assert_true(LN_AT(V, 0, j) > 0 && LN_AT(V, 0, j + 1) == 0);
      }
    }
    assert_close(trace, 0, 1e-11);
    assert_same(AV, expected, 1e-11);
    ln_end(cx, mark, LN_OK);
  }
}

static void eig_keeps_pairs_together_where_real_parts_are_equal(void **unused) {
  (void)unused;
  ln_matrix A = make(5, 5), V = make(5, 5); /* turns with frequencies 1 and 3, and a zero */
  double wr[5], wi[5];
  ln_fill(A, 0);
  LN_AT(A, 0, 1) = -1, LN_AT(A, 1, 0) = 1, LN_AT(A, 3, 4) = -3, LN_AT(A, 4, 3) = 3;
  assert_ok(ln_eig(cx, A, wr, wi, V));
  const double expected[] = {3, -3, 1, -1, 0};
  for (int i = 0; i < 5; i++) {
    assert_close(wr[i], 0, 1e-14);
    assert_close(wi[i], expected[i], 1e-14);
  }
}

/* ===} */

/* {=== factors and solutions */

static void qr_gives_the_matrix_back(void **unused) {
  (void)unused;
  for (size_t c = 0; c < SHAPES; c++) {
    size_t m = shapes[c].m, n = shapes[c].n, k = m < n ? m : n;
    ln_mark mark = ln_begin(cx);
    ln_matrix A = of_rank(m, n, shapes[c].rank), before = copy_of(A), Q = make(m, k), R = make(k, n);
    assert_ok(ln_qr(cx, A, Q, R));
    assert_same(A, before, 0);
    assert_orthonormal(Q);
    assert_same(product(LN_N, LN_N, Q, R), A, 1e-13);
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < k; i++)
        assert_true(i < j ? true : i == j ? LN_AT(R, i, j) >= 0 : LN_AT(R, i, j) == 0);
    if (m >= n) { /* in its own place */
      ln_matrix S = make(k, n);
      assert_ok(ln_qr(cx, A, A, S));
      assert_same(A, Q, 0);
      assert_same(S, R, 0);
    }
    ln_end(cx, mark, LN_OK);
  }
}

static void cholesky_gives_the_matrix_back(void **unused) {
  (void)unused;
  for (size_t n = 0; n < 140; n = 2 * n + 1) {
    ln_matrix X = random_matrix(n, 2 * n + 1), A = product(LN_N, LN_T, X, X), L = make(n, n);
    ln_symmetrize(A);
    assert_ok(ln_cholesky(cx, A, L));
    assert_same(product(LN_N, LN_T, L, L), A, 1e-13);
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i <= j; i++) assert_true(i < j ? LN_AT(L, i, j) == 0 : LN_AT(L, i, j) > 0);
  }
  ln_matrix A = make(3, 3), L = make(3, 3);
  ln_identity(A);
  LN_AT(A, 1, 1) = -1;
  assert_int_equal(ln_cholesky(cx, A, L), LN_ENUMERIC);
  assert_message("minor of order 2");
}

static void solve_and_inverse_undo_the_product(void **unused) {
  (void)unused;
  const size_t sizes[] = {0, 1, 2, 3, 8, 32, 33, 70, 150};
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++)
    for (size_t rights = 0; rights < 4; rights += 3) {
      size_t n = sizes[c];
      ln_mark mark = ln_begin(cx);
      ln_matrix A = random_matrix(n, n), X0 = random_matrix(n, rights), B = product(LN_N, LN_N, A, X0);
      ln_matrix X = make(n, rights), inverse = make(n, n), unit = make(n, n);
      ln_identity(unit);
      assert_ok(ln_solve(cx, A, B, X));
      assert_same(X, X0, 1e-10);
      assert_ok(ln_inverse(cx, A, inverse));
      assert_same(product(LN_N, LN_N, A, inverse), unit, 1e-10);
      ln_end(cx, mark, LN_OK);
    }
}

static void only_what_is_singular_after_scaling_is_called_singular(void **unused) {
  (void)unused;
  /* badly scaled and regular: D1 A D2 with a well-conditioned A */
  const double rows[] = {1, 1e-30, 1e200, 1e-3}, cols[] = {1e-100, 1, 1e20, 1e3};
  ln_matrix A = random_matrix(4, 4), scaled = make(4, 4), B = random_matrix(4, 2), X = make(4, 2),
            inverse = make(4, 4);
  for (size_t j = 0; j < 4; j++)
    for (size_t i = 0; i < 4; i++) LN_AT(scaled, i, j) = rows[i] * LN_AT(A, i, j) * cols[j];
  assert_ok(ln_solve(cx, A, B, X));
  ln_matrix expected = copy_of(X);
  for (size_t j = 0; j < 2; j++)
    for (size_t i = 0; i < 4; i++) LN_AT(B, i, j) *= rows[i];
  assert_ok(ln_solve(cx, scaled, B, X));
  for (size_t j = 0; j < 2; j++)
    for (size_t i = 0; i < 4; i++) LN_AT(X, i, j) *= cols[i];
  assert_same(X, expected, 1e-12);
  ln_matrix plain = make(4, 4);
  assert_ok(ln_inverse(cx, A, plain));
  assert_ok(ln_inverse(cx, scaled, inverse));
  for (size_t j = 0; j < 4; j++)
    for (size_t i = 0; i < 4; i++) LN_AT(inverse, i, j) *= cols[i] * rows[j];
  assert_same(inverse, plain, 1e-12);

  const double ends[] = {1e-310, 1e-300, 1e300, 1e308};
  for (int i = 0; i < 4; i++) {
    ln_matrix D = make(2, 2), one = make(2, 1), x = make(2, 1);
    ln_fill(D, 0);
    ln_fill(one, ends[i]);
    LN_AT(D, 0, 0) = ends[i], LN_AT(D, 1, 1) = -ends[i], LN_AT(D, 0, 1) = ends[i];
    assert_ok(ln_solve(cx, D, one, x));
    assert_close(LN_AT(x, 0, 0), 2, 1e-15);
    assert_close(LN_AT(x, 1, 0), -1, 1e-15);
  }

  for (size_t c = 0; c < SHAPES; c++) {
    size_t n = shapes[c].n;
    if (shapes[c].m != n || shapes[c].rank == n) continue;
    ln_matrix S = of_rank(n, n, shapes[c].rank), Y = make(n, n);
    assert_int_equal(ln_inverse(cx, S, Y), LN_ENUMERIC);
    assert_message("singular to working precision: its reciprocal condition is");
    assert_int_equal(ln_solve(cx, S, S, Y), LN_ENUMERIC);
  }
}

static void a_large_condition_is_not_taken_for_singular_nor_the_other_way(void **unused) {
  (void)unused;
  for (size_t n = 2; n <= 60; n += 29) {
    double *s = ln_reals(cx, n);
    for (size_t i = 0; i < n; i++) s[i] = pow(10, -13.0 * (double)i / (double)(n - 1));
    ln_matrix U = orthonormal(n, n), V = orthonormal(n, n), X = make(n, n);
    assert_ok(ln_inverse(cx, compose(U, s, V, n), X));
    s[n - 1] = 1e-18;
    assert_int_equal(ln_inverse(cx, compose(U, s, V, n), X), LN_ENUMERIC);
  }
}

static void least_squares_and_pseudo_inverse_agree(void **unused) {
  (void)unused;
  for (size_t c = 0; c < SHAPES; c++) {
    size_t m = shapes[c].m, n = shapes[c].n;
    ln_mark mark = ln_begin(cx);
    ln_matrix A = of_rank(m, n, shapes[c].rank), before = copy_of(A), B = random_matrix(m, 3), X = make(n, 3);
    ln_matrix P = make(n, m);
    assert_ok(ln_pseudo_inverse(cx, A, -1, P));
    assert_ok(ln_least_squares(cx, A, B, -1, X));
    assert_same(A, before, 0);
    assert_same(X, product(LN_N, LN_N, P, B), 1e-10);
    /* Moore and Penrose */
    ln_matrix AP = product(LN_N, LN_N, A, P), PA = product(LN_N, LN_N, P, A), APt = make(m, m),
              PAt = make(n, n);
    ln_transpose(AP, APt);
    ln_transpose(PA, PAt);
    assert_same(product(LN_N, LN_N, AP, A), A, 1e-11);
    assert_same(product(LN_N, LN_N, PA, P), P, 1e-11);
    assert_same(APt, AP, 1e-10);
    assert_same(PAt, PA, 1e-10);
    ln_end(cx, mark, LN_OK);
  }
}

static void rank_condition_range_and_null_space_follow_from_the_singular_values(void **unused) {
  (void)unused;
  for (size_t c = 0; c < SHAPES; c++) {
    size_t m = shapes[c].m, n = shapes[c].n, k = m < n ? m : n, r = shapes[c].rank, rank, found;
    ln_mark mark = ln_begin(cx);
    ln_matrix A = of_rank(m, n, r), B = make(m, k), N = make(n, n);
    double *s = ln_reals(cx, k), condition;
    assert_ok(ln_rank(cx, A, -1, &rank));
    assert_int_equal(rank, r);
    assert_ok(ln_range(cx, A, -1, B, &found));
    assert_int_equal(found, r);
    ln_matrix range = ln_block_of(B, 0, 0, m, r);
    assert_orthonormal(range);
    assert_same(product(LN_N, LN_N, range, product(LN_T, LN_N, range, A)), A, 1e-12);
    assert_ok(ln_null_space(cx, A, -1, N, &found));
    assert_int_equal(found, n - r);
    ln_matrix null = ln_block_of(N, 0, 0, n, found);
    assert_orthonormal(null);
    assert_oriented(null);
    assert_true(ln_largest(product(LN_N, LN_N, A, null)) <= 1e-13 * ln_larger(1, ln_norm(A)));
    assert_ok(ln_condition(cx, A, &condition));
    assert_ok(ln_svd(cx, A, (ln_matrix){0}, s, (ln_matrix){0}));
    assert_close(condition, k == 0 ? 1 : r == 0 ? INFINITY : s[0] / s[k - 1], 1e-15);
    assert_ok(ln_rank(cx, A, 1.5, &rank)); /* above the largest */
    assert_int_equal(rank, 0);
    ln_end(cx, mark, LN_OK);
  }
}

static void the_determinant_is_the_product_of_the_eigenvalues(void **unused) {
  (void)unused;
  for (size_t n = 0; n < 40; n = 2 * n + 1) {
    ln_matrix A = symmetric(n);
    double *w = ln_reals(cx, n), log_size, sign, expected = 0, expected_sign = 1;
    assert_ok(ln_eigh(cx, A, w, (ln_matrix){0}));
    for (size_t i = 0; i < n; i++) expected += log(fabs(w[i])), expected_sign *= w[i] < 0 ? -1 : 1;
    assert_ok(ln_log_determinant(cx, A, &log_size, &sign));
    assert_close(log_size, expected, 1e-12);
    assert_close(sign, expected_sign, 0);
  }
  ln_matrix A = make(3, 3); /* a cyclic permutation, then a zero row */
  double log_size, sign;
  ln_fill(A, 0);
  LN_AT(A, 0, 1) = LN_AT(A, 1, 2) = LN_AT(A, 2, 0) = 1e200;
  assert_ok(ln_log_determinant(cx, A, &log_size, &sign));
  assert_close(log_size, 600 * log(10), 1e-15);
  assert_close(sign, 1, 0);
  LN_AT(A, 1, 2) = 0;
  assert_ok(ln_log_determinant(cx, A, &log_size, &sign));
  assert_close(log_size, -INFINITY, 0);
  assert_close(sign, 0, 0);
}

/* ===} */

/* {=== functions */

static void exponential_has_its_closed_forms(void **unused) {
  (void)unused;
  const double sizes[] = {0, 1e-3, 0.1, 0.5, 1.5, 4, 30, 300}; /* one for each approximant, then squarings */
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
    double a = sizes[c];
    ln_matrix turn = make(2, 2), X = make(2, 2);
    ln_fill(turn, 0);
    LN_AT(turn, 0, 1) = -a, LN_AT(turn, 1, 0) = a;
    assert_ok(ln_exponential(cx, turn, X));
    assert_close(LN_AT(X, 0, 0), cos(a), 1e-13);
    assert_close(LN_AT(X, 1, 0), sin(a), 1e-13);
    assert_close(LN_AT(X, 0, 1), -sin(a), 1e-13);

    ln_matrix S = symmetric(5), Q = make(5, 5), E = make(5, 5);
    double w[5], e[5];
    ln_scale(a / ln_norm(S), S);
    assert_ok(ln_eigh(cx, S, w, Q));
    for (int i = 0; i < 5; i++) e[i] = exp(w[i]);
    assert_ok(ln_exponential(cx, S, E));
    assert_same(E, compose(Q, e, Q, 5), 1e-12);
  }
  ln_matrix N = make(3, 3), X = make(3, 3);
  ln_fill(N, 0);
  LN_AT(N, 0, 1) = LN_AT(N, 1, 2) = 3;
  assert_ok(ln_exponential(cx, N, X));
  assert_close(LN_AT(X, 0, 2), 4.5, 1e-15);
  ln_matrix decay = make(2, 2), Y = make(2, 2);
  ln_identity(decay);
  ln_scale(-1e6, decay);
  assert_ok(ln_exponential(cx, decay, Y));
  assert_true(ln_largest(Y) == 0);
  ln_scale(-1, decay);
  assert_int_equal(ln_exponential(cx, decay, Y), LN_ENUMERIC);
  assert_message("overflows");
}

static void square_root_squares_to_the_matrix(void **unused) {
  (void)unused;
  for (size_t n = 0; n < 60; n = 2 * n + 1)
    for (int i = 0; i < 2; i++) { /* symmetric and singular; general with eigenvalues around 1 */
      ln_matrix G = random_matrix(n, n), A, X = make(n, n);
      if (i == 0) {
        A = of_rank(n, n, n / 2);
        A = product(LN_N, LN_T, A, A);
        ln_symmetrize(A);
      } else {
        A = copy_of(G);
        ln_scale(0.5 / sqrt((double)n + 1), A);
        for (size_t j = 0; j < n; j++) LN_AT(A, j, j) += 1;
      }
      assert_ok(ln_square_root(cx, A, X));
      assert_same(product(LN_N, LN_N, X, X), A, 1e-12);
    }
  ln_matrix A = make(2, 2), X = make(2, 2);
  ln_fill(A, 0);
  LN_AT(A, 0, 0) = 1e100, LN_AT(A, 1, 1) = 4, LN_AT(A, 0, 1) = 1;
  assert_ok(ln_square_root(cx, A, X));
  assert_close(LN_AT(X, 0, 0), 1e50, 1e-14);
  assert_close(LN_AT(X, 1, 1), 2, 1e-12);
}

static void what_has_no_principal_root_is_refused(void **unused) {
  (void)unused;
  const double none[][4] = {{-1, 0, 0, -1}, {1, 0, 0, -2}, {0, 0, 1, 0}, {-1, 0, 2, 3}, {1, 2, 3, 4}};
  for (size_t c = 0; c < sizeof none / sizeof *none; c++) {
    ln_matrix A = make(2, 2), X = make(2, 2);
    for (size_t i = 0; i < 4; i++) LN_AT(A, i % 2, i / 2) = none[c][i];
    assert_int_equal(ln_square_root(cx, A, X), LN_ENUMERIC);
    assert_message("principal square root");
  }
}

static void powers_add_their_exponents(void **unused) {
  (void)unused;
  ln_matrix A = random_matrix(4, 4), X = make(4, 4), Y = make(4, 4), unit = make(4, 4);
  ln_identity(unit);
  assert_ok(ln_power(cx, A, 0, X));
  assert_same(X, unit, 0);
  ln_matrix expected = copy_of(unit);
  for (int p = 1; p <= 13; p++) {
    expected = product(LN_N, LN_N, expected, A);
    assert_ok(ln_power(cx, A, p, X));
    assert_same(X, expected, 1e-12);
    assert_ok(ln_power(cx, A, -p, Y));
    assert_same(product(LN_N, LN_N, X, Y), unit, 1e-6);
  }
  ln_matrix flip = make(2, 2), Z = make(2, 2);
  ln_fill(flip, 0);
  LN_AT(flip, 0, 1) = LN_AT(flip, 1, 0) = 1;
  assert_ok(ln_power(cx, flip, (-9223372036854775807LL - 1), Z));
  assert_close(LN_AT(Z, 0, 0), 1, 0);
  assert_ok(ln_power(cx, flip, 9223372036854775807LL, Z));
  assert_same(Z, flip, 0);
}

/* ===} */

/* {=== what is refused */

/* All functions on one matrix, for the checks below: the i-th of them, or -1 behind the last. */
static int call(int i, ln_matrix A, ln_matrix B, ln_matrix *results, double *values) {
  size_t count;
  ln_matrix none = {0};
  switch (i) {
  case 0: return (int)ln_svd(cx, A, results[0], values, results[1]);
  case 1: return (int)ln_svd(cx, A, none, values, none);
  case 2: return (int)ln_eigh(cx, A, values, results[0]);
  case 3: return (int)ln_eigh(cx, A, values, none);
  case 4: return (int)ln_eig(cx, A, values, values + A.rows, results[0]);
  case 5: return (int)ln_eig(cx, A, values, values + A.rows, none);
  case 6: return (int)ln_qr(cx, A, results[0], results[1]);
  case 7: return (int)ln_cholesky(cx, A, results[0]);
  case 8: return (int)ln_solve(cx, A, B, results[0]);
  case 9: return (int)ln_inverse(cx, A, results[0]);
  case 10: return (int)ln_least_squares(cx, A, B, -1, results[0]);
  case 11: return (int)ln_pseudo_inverse(cx, A, -1, results[0]);
  case 12: return (int)ln_rank(cx, A, -1, &count);
  case 13: return (int)ln_condition(cx, A, values);
  case 14: return (int)ln_log_determinant(cx, A, values, values + 1);
  case 15: return (int)ln_exponential(cx, A, results[0]);
  case 16: return (int)ln_square_root(cx, A, results[0]);
  case 17: return (int)ln_range(cx, A, -1, results[0], &count);
  case 18: return (int)ln_null_space(cx, A, -1, results[0], &count);
  case 19: return (int)ln_power(cx, A, -3, results[0]);
  case 20: {
    ln_matrix Vt = results[1];
    return (int)ln_svd_by(cx, (const ln_svd_driver[]){never_converges, ln_gesvd}, 2, A, results[0], values,
                          Vt);
  }
  default: return -1;
  }
}

static const size_t size = 70; /* above every block size, so that no path is left out */

static ln_matrix positive(void) {
  ln_matrix X = random_matrix(size, 2 * size), A = product(LN_N, LN_T, X, X);
  ln_symmetrize(A);
  return A;
}

static void nan_and_infinity_are_refused_with_their_place(void **unused) {
  (void)unused;
  ln_matrix results[] = {make(size, size), make(size, size)};
  double values[140];
  for (int bad = 0; bad < 2; bad++)
    for (int i = 0; call(i, positive(), positive(), results, values) >= 0; i++) {
      ln_matrix A = positive();
      LN_AT(A, 4, 2) = LN_AT(A, 2, 4) = bad ? -INFINITY : NAN;
      if (i == 20) continue; /* below the checks */
      assert_int_equal(call(i, A, A, results, values), LN_EARG);
      assert_message(bad ? "A has an infinity at (5, 3)" : "A has NaN at (5, 3)");
      assert_null(strstr(cx->message, "\n"));
    }
  ln_matrix B = random_matrix(size, 2);
  LN_AT(B, 1, 1) = NAN;
  ln_matrix X = make(size, 2);
  assert_int_equal(ln_solve(cx, positive(), B, X), LN_EARG);
  assert_message("B has NaN at (2, 2)");
  assert_int_equal(ln_least_squares(cx, positive(), B, -1, X), LN_EARG);
  assert_message("B has NaN at (2, 2)");
}

static void wrong_shapes_are_refused_with_what_is_needed(void **unused) {
  (void)unused;
  ln_matrix A = random_matrix(3, 4), results[] = {make(4, 4), make(4, 4)};
  double values[8];
  const int square[] = {2, 4, 7, 8, 9, 14, 15, 16, 19};
  for (size_t i = 0; i < sizeof square / sizeof *square; i++) {
    assert_int_equal(call(square[i], A, A, results, values), LN_EARG);
    assert_message("A is 3x4; a square matrix is needed");
  }
  assert_int_equal(ln_solve(cx, random_matrix(3, 3), random_matrix(4, 1), make(3, 1)), LN_EARG);
  assert_message("A is 3x3 and B is 4x1");
  assert_int_equal(ln_least_squares(cx, A, random_matrix(4, 1), -1, make(4, 1)), LN_EARG);
  assert_message("A is 3x4 and B is 4x1");
  ln_matrix S = symmetric(4);
  LN_AT(S, 3, 1) = 5, LN_AT(S, 1, 3) = 5 + 1e-8;
  assert_int_equal(ln_eigh(cx, S, values, results[0]), LN_EARG);
  assert_message("not symmetric: 5 at (4, 2)");
  LN_AT(S, 1, 3) = 5 + 1e-13;
  assert_ok(ln_eigh(cx, S, values, results[0]));
}

static void work_space_that_lapack_cannot_count_is_refused(void **unused) {
  (void)unused;
  ln_work work;
  assert_int_equal(ln_take_work(cx, 4.0 * 30000 * 30000, &work), LN_EARG);
  assert_message("too large for LAPACK");
  assert_int_equal(ln_take_work(cx, NAN, &work), LN_EARG);
  assert_ok(ln_take_work(cx, 0, &work));
  assert_int_equal(work.count, 1);
}

static void a_budget_an_interrupt_and_a_deadline_stop_every_function(void **unused) {
  (void)unused;
  ln_matrix A = positive(), results[] = {make(size, size), make(size, size)};
  double values[140];
  for (int i = 0; i <= 20; i++) {
    cx->flops_left = 100;
    assert_int_equal(call(i, A, A, results, values), LN_EFLOPS);
    cx->flops_left = INFINITY;
    ln_interrupt(cx);
    assert_int_equal(call(i, A, A, results, values), LN_EINTERRUPT);
    atomic_store(&cx->interrupted, 0);
    cx->deadline = ln_clock() - 1;
    assert_int_equal(call(i, A, A, results, values), LN_ETIME);
    cx->deadline = INFINITY;
    cx->flops_used = 0;
    assert_ok(call(i, A, A, results, values));
    assert_true(cx->flops_used >= 0.3 * (double)(size * size * size));
  }
}

static long allocations_left;

static void *scarce(void *ud, void *block, size_t old_size, size_t new_size) {
  (void)ud, (void)old_size;
  if (!new_size) {
    free(block);
    return NULL;
  }
  return allocations_left-- > 0 ? realloc(block, new_size) : NULL;
}

/* A matrix that makes the functions take their rarer paths. */
static ln_matrix special(int kind) {
  ln_matrix A = positive();
  if (kind == 1) { /* groups of equal values, large and small, and of zeros */
    ln_matrix V = orthonormal(size, size);
    double *w = ln_reals(cx, size);
    for (size_t i = 0; i < size; i++) w[i] = i < 2 ? 2 : i < 68 ? 1 : 0;
    A = compose(V, w, V, size);
    ln_symmetrize(A);
  } else if (kind == 2) { /* not symmetric, and so scaled that it is factorized twice */
    A = random_matrix(size, size);
    ln_scale(1 / ln_norm(A), A);
    for (size_t i = 0; i < size; i++) LN_AT(A, i, i) += 1;
    ln_scale(1e-30, ln_block_of(A, 3, 0, 1, size));
  }
  return A;
}

static void every_failed_allocation_is_an_error_that_leaks_nothing(void **unused) {
  (void)unused;
  for (int kind = 0; kind < 3; kind++) {
    ln_matrix A = special(kind), results[] = {make(size, size), make(size, size)};
    double values[140];
    for (int i = 0; i <= 20; i++) {
      int expected = call(i, A, A, results, values), status = LN_EMEMORY;
      struct ln_block *kept = cx->scratch; /* the test's own matrices */
      ln_allocator plenty = cx->allocate;
      cx->scratch = NULL;
      cx->allocate = scarce;
      for (long allowed = 0; status == LN_EMEMORY && allowed < 1000; allowed++) {
        allocations_left = allowed;
        status = call(i, A, A, results, values);
        assert_null(cx->scratch);
        if (status == LN_EMEMORY) assert_message("out of memory");
      }
      cx->scratch = kept;
      cx->allocate = plenty;
      assert_int_equal(status, expected);
    }
  }
}

/* ===} */

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(svd_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(where_gesdd_fails_gesvd_takes_over, set_up, tear_down),
      cmocka_unit_test_setup_teardown(svd_holds_at_the_ends_of_the_range, set_up, tear_down),
      cmocka_unit_test_setup_teardown(equal_singular_values_get_a_basis_that_rounding_cannot_choose, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(close_singular_values_still_give_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(groups_are_chained_neighbours, set_up, tear_down),
      cmocka_unit_test_setup_teardown(eigh_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(equal_eigenvalues_get_a_basis_that_rounding_cannot_choose, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(eig_satisfies_its_definition_and_is_sorted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(eig_keeps_pairs_together_where_real_parts_are_equal, set_up, tear_down),
      cmocka_unit_test_setup_teardown(qr_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(cholesky_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(solve_and_inverse_undo_the_product, set_up, tear_down),
      cmocka_unit_test_setup_teardown(only_what_is_singular_after_scaling_is_called_singular, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_large_condition_is_not_taken_for_singular_nor_the_other_way, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(least_squares_and_pseudo_inverse_agree, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rank_condition_range_and_null_space_follow_from_the_singular_values,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_determinant_is_the_product_of_the_eigenvalues, set_up, tear_down),
      cmocka_unit_test_setup_teardown(exponential_has_its_closed_forms, set_up, tear_down),
      cmocka_unit_test_setup_teardown(square_root_squares_to_the_matrix, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_has_no_principal_root_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(powers_add_their_exponents, set_up, tear_down),
      cmocka_unit_test_setup_teardown(nan_and_infinity_are_refused_with_their_place, set_up, tear_down),
      cmocka_unit_test_setup_teardown(wrong_shapes_are_refused_with_what_is_needed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(work_space_that_lapack_cannot_count_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_budget_an_interrupt_and_a_deadline_stop_every_function, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(every_failed_allocation_is_an_error_that_leaks_nothing, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
