/* Exponentials, square roots and powers against closed forms. */
#include "matrices.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(exponential_has_its_closed_forms, set_up, tear_down),
      cmocka_unit_test_setup_teardown(square_root_squares_to_the_matrix, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_has_no_principal_root_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(powers_add_their_exponents, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
