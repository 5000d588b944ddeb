/* Factorizations, and what the LU factors give: solutions, inverses, determinants. */
#include "matrices.h"

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

static void definite_systems_are_solved_and_their_condition_estimated(void **unused) {
  (void)unused;
  for (size_t n = 0; n < 140; n = 2 * n + 1) {
    ln_matrix F = random_matrix(n, 2 * n + 1), A = product(LN_N, LN_T, F, F), X0 = random_matrix(n, 3);
    ln_symmetrize(A);
    ln_matrix B = product(LN_N, LN_N, A, X0), X = make(n, 3);
    double rcond;
    assert_ok(ln_solve_definite(cx, A, B, X, &rcond));
    assert_same(X, X0, 1e-10);
    assert_ok(ln_solve_definite(cx, A, B, B, &rcond));
    assert_same(B, X, 0);
  }
  ln_matrix A = make(3, 3), B = random_matrix(3, 1), X = copy_of(B);
  double rcond;
  ln_identity(A);
  LN_AT(A, 1, 1) = 1e-6;
  assert_ok(ln_solve_definite(cx, A, B, X, &rcond));
  assert_close(rcond * 1e6, 1, 1e-12);
  LN_AT(A, 1, 1) = -1;
  ln_copy(B, X);
  assert_ok(ln_solve_definite(cx, A, B, X, &rcond));
  assert_true(rcond == 0);
  assert_same(X, B, 0);
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

  for (size_t n = 4; n <= 70; n += 66) { /* a subnormal block, in small and in large */
    ln_matrix S = random_matrix(n, n), one = random_matrix(n, 1), x = make(n, 1), y = make(n, 1);
    ln_matrix low = ln_block_of(S, n / 2, 0, n - n / 2, n);
    assert_ok(ln_solve(cx, S, one, x));
    ln_scale(0x1p-1030, low); /* the entries keep 44 bits */
    ln_scale(0x1p-1030, ln_block_of(one, n / 2, 0, n - n / 2, 1));
    assert_ok(ln_solve(cx, S, one, y));
    assert_same(y, x, 1e-7);
  }
  ln_matrix H = make(2, 2), right = make(2, 1), x = make(2, 1); /* whose elimination overflows */
  ln_fill(H, 1e308);
  ln_fill(right, 1e308);
  LN_AT(H, 1, 1) = -1e308, LN_AT(right, 1, 0) = 0;
  assert_ok(ln_solve(cx, H, right, x));
  assert_close(LN_AT(x, 0, 0), 0.5, 1e-15);
  assert_close(LN_AT(x, 1, 0), 0.5, 1e-15);
  double log_size, sign;
  assert_ok(ln_log_determinant(cx, H, &log_size, &sign));
  assert_close(log_size, log(2) + 616 * log(10), 1e-15);
  assert_close(sign, -1, 0);
  ln_fill(H, 1e-310);
  LN_AT(H, 1, 1) = -1e-310;
  assert_ok(ln_log_determinant(cx, H, &log_size, &sign));
  assert_close(log_size, log(2) - 620 * log(10), 1e-12);

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

static void the_determinant_is_the_product_of_the_eigenvalues(void **unused) {
  (void)unused;
  for (size_t n = 0; n < 40; n = 2 * n + 1) {
    ln_matrix A = symmetric(n);
    double *w = ln_reals(cx, n), log_size, sign, determinant, expected = 0, expected_sign = 1;
    assert_ok(ln_eigh(cx, A, w, (ln_matrix){0}));
    for (size_t i = 0; i < n; i++) expected += log(fabs(w[i])), expected_sign *= w[i] < 0 ? -1 : 1;
    assert_ok(ln_log_determinant(cx, A, &log_size, &sign));
    assert_close(log_size, expected, 1e-12);
    assert_close(sign, expected_sign, 0);
    assert_ok(ln_determinant(cx, A, &determinant));
    assert_close(determinant / (sign * exp(log_size)), 1, 1e-12);
  }
  ln_matrix A = make(3, 3); /* a cyclic permutation, then a zero row */
  double log_size, sign, determinant;
  ln_fill(A, 0);
  LN_AT(A, 0, 1) = LN_AT(A, 1, 2) = LN_AT(A, 2, 0) = 1e200;
  assert_ok(ln_log_determinant(cx, A, &log_size, &sign));
  assert_close(log_size, 600 * log(10), 1e-15);
  assert_close(sign, 1, 0);
  assert_ok(ln_determinant(cx, A, &determinant));
  assert_close(determinant, INFINITY, 0);
  LN_AT(A, 1, 2) = 0;
  assert_ok(ln_log_determinant(cx, A, &log_size, &sign));
  assert_close(log_size, -INFINITY, 0);
  assert_close(sign, 0, 0);
  assert_ok(ln_determinant(cx, A, &determinant));
  assert_close(determinant, 0, 0);
  LN_AT(A, 1, 2) = -1e-200, LN_AT(A, 2, 0) = 1e-30; /* partial products leave the range and come back */
  assert_ok(ln_determinant(cx, A, &determinant));
  assert_close(determinant / -1e-30, 1, 1e-15);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(qr_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(cholesky_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(definite_systems_are_solved_and_their_condition_estimated, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(solve_and_inverse_undo_the_product, set_up, tear_down),
      cmocka_unit_test_setup_teardown(only_what_is_singular_after_scaling_is_called_singular, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_large_condition_is_not_taken_for_singular_nor_the_other_way, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(the_determinant_is_the_product_of_the_eigenvalues, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
