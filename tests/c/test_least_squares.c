/* Least squares, pseudo-inverses and what the singular values say of a matrix. */
#include "matrices.h"

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
    assert_ok(ln_column_space(cx, A, -1, B, &found));
    assert_int_equal(found, r);
    ln_matrix range = ln_block_of(B, 0, 0, m, r);
    assert_orthonormal(range);
    assert_oriented(range);
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

static void a_tolerance_reaches_below_rounding(void **unused) {
  (void)unused;
  ln_matrix A = make(3, 2), B = make(3, 2);
  size_t found;
  ln_fill(A, 0);
  LN_AT(A, 0, 0) = 1, LN_AT(A, 2, 1) = 1e-20;
  assert_ok(ln_column_space(cx, A, -1, B, &found));
  assert_int_equal(found, 1);
  assert_ok(ln_column_space(cx, A, 0, B, &found));
  assert_int_equal(found, 2);
  assert_close(LN_AT(B, 2, 1), 1, 1e-15); /* the third axis, not any vector orthogonal to the first */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(least_squares_and_pseudo_inverse_agree, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rank_condition_range_and_null_space_follow_from_the_singular_values,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_tolerance_reaches_below_rounding, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
