#include "networks.h"

#include "core/linalg.h"
#include "theory/minibatch.h"

/* Adds w and (w - best)(w - best)' over all sequences of batches from here. */
typedef struct enumeration {
  ln_matrix X, y, best, mean, second;
  double rate, sequences;
  size_t batch;
} enumeration;

static void follow_all(enumeration *all, ln_matrix w, size_t steps) {
  if (!steps) {
    ln_matrix e = copy_of(w);
    ln_axpy(1, w, all->mean);
    ln_axpy(-1, all->best, e);
    ln_gram(LN_N, 1, e, 1, all->second);
    all->sequences++;
    return;
  }
  size_t P = all->X.cols, n = all->X.rows, batches = 1;
  for (size_t i = 0; i < all->batch; i++) batches *= P;
  for (size_t b = 0; b < batches; b++) {
    ln_matrix next = copy_of(w);
    for (size_t i = 0, code = b; i < all->batch; i++, code /= P) {
      ln_matrix x = ln_block_of(all->X, 0, code % P, n, 1);
      ln_axpy(all->rate / (double)all->batch * (all->y.data[code % P] - ln_dot(w, x)), x, next);
    }
    follow_all(all, next, steps - 1);
  }
}

static void moments_are_those_of_all_sequences_of_batches(void **unused) {
  (void)unused;
  static const size_t cases[][4] = {/* inputs, examples, batch, steps */
                                    {2, 4, 1, 4},
                                    {2, 3, 2, 3},
                                    {1, 5, 1, 3},
                                    {3, 2, 3, 2},
                                    {2, 3, 1, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const size_t *c = cases[i];
    ln_matrix X = random_matrix(c[0], c[1]), y = random_matrix(c[1], 1), w0 = random_matrix(c[0], 1);
    ln_matrix mean = make(c[0], 1), second = make(c[0], c[0]), across = make(c[1], c[0]);
    enumeration all = {X, y, make(c[0], 1), make(c[0], 1), make(c[0], c[0]), 0.2, 0, c[2]};
    ln_transpose(X, across);
    assert_ok(ln_least_squares(cx, across, y, -1, all.best));
    ln_fill(all.mean, 0), ln_fill(all.second, 0);
    follow_all(&all, w0, c[3]);
    assert_ok(ln_minibatch_moments(cx, X, y, w0, 0.2, (double)c[2], c[3], mean, second));
    assert_same(mean, scaled(1 / all.sequences, all.mean), 1e-13);
    assert_same(second, scaled(1 / all.sequences, all.second), 1e-13);
  }
}

static void large_batches_leave_full_batch_descent(void **unused) {
  (void)unused;
  ln_matrix X = random_matrix(2, 5), y = random_matrix(5, 1), w0 = random_matrix(2, 1), mean = make(2, 1),
            second = make(2, 2), across = make(5, 2), e = make(2, 1), square = make(2, 2);
  ln_transpose(X, across);
  assert_ok(ln_minibatch_moments(cx, X, y, w0, 0.1, 1e16, 50, mean, second));
  assert_ok(ln_least_squares(cx, across, y, -1, e));
  ln_scale(-1, e);
  ln_axpy(1, mean, e);
  ln_gram(LN_N, 1, e, 0, square);
  assert_same(second, square, 1e-12);
}

static void senseless_numbers_are_refused(void **unused) {
  (void)unused;
  ln_matrix X = random_matrix(2, 3), y = random_matrix(3, 1), w0 = random_matrix(2, 1), mean = make(2, 1),
            second = make(2, 2);
  assert_int_equal(ln_minibatch_moments(cx, X, w0, w0, 0.1, 1, 1, mean, second), LN_EARG);
  assert_message("y must have 3 numbers and w0 2; they have 2 and 2");
  assert_int_equal(ln_minibatch_moments(cx, ln_block_of(X, 0, 0, 2, 0), y, w0, 0.1, 1, 1, mean, second),
                   LN_EARG);
  assert_int_equal(ln_minibatch_moments(cx, X, y, w0, -0.1, 1, 1, mean, second), LN_EARG);
  assert_int_equal(ln_minibatch_moments(cx, X, y, w0, 0.1, 0, 1, mean, second), LN_EARG);
  assert_int_equal(ln_minibatch_moments(cx, X, y, w0, 0.1, NAN, 1, mean, second), LN_EARG);
  assert_int_equal(ln_minibatch_moments(cx, X, y, w0, 100, 1, 10000, mean, second), LN_EDIVERGED);
  LN_AT(X, 1, 2) = NAN;
  assert_int_equal(ln_minibatch_moments(cx, X, y, w0, 0.1, 1, 1, mean, second), LN_EARG);
  assert_message("X has nan at (2, 3)");
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **unused) {
  (void)unused;
  ln_matrix X = random_matrix(2, 3), y = random_matrix(3, 1), w0 = random_matrix(2, 1), mean = make(2, 1),
            second = make(2, 2);
  ln_status status = LN_EMEMORY;
  int granted = 0;
  for (; status == LN_EMEMORY; granted++) {
    int left = granted;
    ln_context scarce;
    ln_context_init(&scarce, allocate_scarce, &left);
    status = ln_minibatch_moments(&scarce, X, y, w0, 0.1, 1, 2, mean, second);
    assert_null(scarce.scratch);
  }
  assert_int_equal(status, LN_OK);
  assert_true(granted > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moments_are_those_of_all_sequences_of_batches),
      cmocka_unit_test(large_batches_leave_full_batch_descent),
      cmocka_unit_test(senseless_numbers_are_refused),
      cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
