/* The singular value decomposition: identities over shapes and ranks, signs, bases of equal values. */
#include "matrices.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(svd_gives_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(where_gesdd_fails_gesvd_takes_over, set_up, tear_down),
      cmocka_unit_test_setup_teardown(svd_holds_at_the_ends_of_the_range, set_up, tear_down),
      cmocka_unit_test_setup_teardown(equal_singular_values_get_a_basis_that_rounding_cannot_choose, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(close_singular_values_still_give_the_matrix_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(groups_are_chained_neighbours, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
