/* Eigenvalues of symmetric and of general matrices. */
#include "matrices.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(eigh_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(equal_eigenvalues_get_a_basis_that_rounding_cannot_choose, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(eig_satisfies_its_definition_and_is_sorted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(eig_keeps_pairs_together_where_real_parts_are_equal, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
