/* What the linear algebra refuses, and that no failed allocation leaks. */
#include "matrices.h"

#include "scarce.h"

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
  case 17: return (int)ln_column_space(cx, A, -1, results[0], &count);
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
  double number; /* sizes are checked before any entry is read */
  ln_matrix huge = ln_window(&number, 30000, 30000);
  assert_int_equal(ln_gesdd(cx, huge, huge, &number, huge), LN_EARG);
  assert_message("too large for LAPACK");
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
      int left;
      cx->scratch = NULL;
      cx->allocate = allocate_scarce;
      cx->allocate_ud = &left;
      for (int allowed = 0; status == LN_EMEMORY && allowed < 1000; allowed++) {
        left = allowed;
        status = call(i, A, A, results, values);
        assert_null(cx->scratch);
        if (status == LN_EMEMORY) assert_message("out of memory");
      }
      cx->scratch = kept;
      cx->allocate = plenty;
      cx->allocate_ud = NULL;
      assert_int_equal(status, expected);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
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
