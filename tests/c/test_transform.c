/* Maps of a task's numbers: the form for moments does to moments what the form for examples does to examples. */
#include "matrices.h"

#include "data/task.h"
#include "data/transform.h"

static void moments_change_as_examples_do(void **unused) {
  (void)unused;
  const size_t N = 4, No = 3, P = 60;
  ln_matrix X = random_matrix(N, P), Y = random_matrix(No, P);
  ln_affine fx = {ln_take_matrix(cx, N, 1), ln_take_matrix(cx, N, 1)},
            fy = {.shift = ln_take_matrix(cx, No, 1)};
  for (size_t i = 0; i < N; i++) fx.shift.data[i] = normal(), fx.scale.data[i] = 1 + uniform();
  for (size_t i = 0; i < No; i++) fy.shift.data[i] = normal();
  ln_matrix Sxx = make(N, N), Syx = make(No, N), S2 = make(N, N), S3 = make(No, N);
  ln_matrix mx = make(N, 1), my = make(No, 1), mx2 = make(N, 1), my2 = make(No, 1);
  double tr, tr2;
  assert_ok(ln_moments(cx, X, Y, Sxx, Syx, mx, my, &tr));
  ln_affine_moments(fx, fy.shift, Sxx, Syx, mx, my, &tr);
  ln_apply_affine(fx, X, X);
  ln_apply_affine(fy, Y, Y);
  assert_ok(ln_moments(cx, X, Y, S2, S3, mx2, my2, &tr2));
  assert_same(Sxx, S2, 1e-13);
  assert_same(Syx, S3, 1e-13);
  assert_same(mx, mx2, 1e-13);
  assert_same(my, my2, 1e-13);
  assert_close(tr, tr2, 1e-13);
}

static void deviations_are_root_mean_squares_and_1_for_constants(void **unused) {
  (void)unused;
  ln_matrix A = make(3, 4), mean = make(3, 1), deviation = make(3, 1), S = make(3, 3), again = make(3, 1);
  const double rows[3][4] = {{1, 2, 3, 4}, {0.1, 0.1, 0.1, 0.1}, {0, 0, 0, 0}};
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 4; j++) LN_AT(A, i, j) = rows[i][j];
  ln_row_means(A, mean);
  ln_row_deviations(A, mean, deviation);
  const double expected[] = {sqrt(1.25), 1, 1};
  ln_gram(LN_N, 0.25, A, 0, S);
  ln_deviations_of_moments(S, mean, again);
  for (size_t i = 0; i < 3; i++) {
    assert_close(deviation.data[i], expected[i], 1e-15);
    assert_close(again.data[i], expected[i], 1e-15);
  }
}

static void whitening_makes_second_moments_1(void **unused) {
  (void)unused;
  for (size_t rank = 1; rank <= 6; rank++)
    for (int symmetric_form = 0; symmetric_form < 2; symmetric_form++) {
      ln_mark mark = ln_begin(cx);
      ln_matrix A = of_rank(6, 9, rank), S = make(6, 6), M = make(6, 6);
      ln_gram(LN_N, 1, A, 0, S);
      size_t kept;
      assert_ok(ln_whitening(cx, S, 1e-10, 6, symmetric_form, M, &kept));
      assert_int_equal(kept, symmetric_form ? 6 : rank);
      ln_matrix used = ln_block_of(M, 0, 0, kept, 6);
      ln_matrix white = product(LN_N, LN_T, product(LN_N, LN_N, used, S), used);
      if (symmetric_form) { /* a projector of that rank; 1 where the rank is full */
        assert_same(product(LN_N, LN_N, white, white), white, 1e-10);
        double trace = 0;
        for (size_t i = 0; i < 6; i++) trace += LN_AT(white, i, i);
        assert_close(trace, (double)rank, 1e-10);
      } else {
        ln_matrix one = make(kept, kept);
        ln_identity(one);
        assert_same(white, one, 1e-10);
      }
      if (!symmetric_form && rank > 2) { /* the first components alone */
        assert_ok(ln_whitening(cx, S, 1e-10, 2, false, M, &kept));
        assert_int_equal(kept, 2);
      }
      ln_end(cx, mark, LN_OK);
    }
  ln_matrix zero = make(3, 3), M = make(3, 3);
  size_t kept;
  ln_fill(zero, 0);
  assert_int_equal(ln_whitening(cx, zero, 1e-10, 3, false, M, &kept), LN_EARG);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(moments_change_as_examples_do),
      TEST(deviations_are_root_mean_squares_and_1_for_constants),
      TEST(whitening_makes_second_moments_1),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
