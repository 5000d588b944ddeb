/* Moments, least-squares maps and modes of tasks, against their definitions. */
#include "matrices.h"

#include "data/task.h"

/* A task of these examples, with its moments. */
static ln_task task_of(ln_matrix X, ln_matrix Y) {
  ln_task task = {.inputs = X.rows, .outputs = Y.rows, .examples = X.cols, .X = X, .Y = Y};
  task.Sxx = make(X.rows, X.rows), task.Syx = make(Y.rows, X.rows);
  task.mean_x = ln_take_matrix(cx, X.rows, 1), task.mean_y = ln_take_matrix(cx, Y.rows, 1);
  assert_ok(ln_moments(cx, X, Y, task.Sxx, task.Syx, task.mean_x, task.mean_y, &task.tr_yy));
  task.has_moments = true;
  return task;
}

static void moments_are_means_over_examples(void **unused) {
  (void)unused;
  const size_t N = 4, No = 3, P = 50;
  ln_matrix X = random_matrix(N, P), Y = random_matrix(No, P);
  ln_task task = task_of(X, Y);
  for (size_t i = 0; i < N; i++) {
    double mean = 0;
    for (size_t p = 0; p < P; p++) mean += LN_AT(X, i, p) / P;
    assert_close(task.mean_x.data[i], mean, 1e-14);
    for (size_t j = 0; j < N; j++) {
      double sum = 0;
      for (size_t p = 0; p < P; p++) sum += LN_AT(X, i, p) * LN_AT(X, j, p) / P;
      assert_close(LN_AT(task.Sxx, i, j), sum, 1e-14);
    }
    for (size_t j = 0; j < No; j++) {
      double sum = 0;
      for (size_t p = 0; p < P; p++) sum += LN_AT(Y, j, p) * LN_AT(X, i, p) / P;
      assert_close(LN_AT(task.Syx, j, i), sum, 1e-14);
    }
  }
  double power = 0;
  for (size_t p = 0; p < P; p++)
    for (size_t j = 0; j < No; j++) power += LN_AT(Y, j, p) * LN_AT(Y, j, p) / P;
  assert_close(task.tr_yy, power, 1e-14);
}

static void moments_that_overflow_are_refused(void **unused) {
  (void)unused;
  ln_matrix X = random_matrix(2, 3), Y = random_matrix(1, 3), Sxx = make(2, 2), Syx = make(1, 2);
  ln_matrix mx = make(2, 1), my = make(1, 1);
  double tr_yy;
  LN_AT(X, 1, 2) = 1e200;
  assert_int_equal(ln_moments(cx, X, Y, Sxx, Syx, mx, my, &tr_yy), LN_EARG);
  assert_message("not finite");
}

static void the_target_is_the_shortest_least_squares_map(void **unused) {
  (void)unused;
  const size_t shapes_of_tasks[][4] = {/* inputs, outputs, examples, rank of X */
                                       {5, 3, 40, 5},
                                       {5, 3, 40, 2},
                                       {8, 2, 3, 3},
                                       {3, 7, 3000, 3},
                                       {1, 1, 1, 1}};
  for (size_t c = 0; c < sizeof shapes_of_tasks / sizeof *shapes_of_tasks; c++) {
    const size_t *n = shapes_of_tasks[c];
    ln_mark mark = ln_begin(cx);
    ln_matrix X = of_rank(n[0], n[2], n[3]), Y = random_matrix(n[1], n[2]), W = make(n[1], n[0]);
    ln_task task = task_of(X, Y);
    double loss;
    ln_mark inner = ln_begin(cx);
    assert_ok(ln_least_squares_map(cx, &task, W, &loss));
    assert_true(ln_begin(cx) == inner);
    ln_matrix inverse = make(n[2], n[0]);
    assert_ok(ln_pseudo_inverse(cx, X, 1e-9, inverse));
    ln_matrix expected = product(LN_N, LN_N, Y, inverse), R = product(LN_N, LN_N, expected, X);
    assert_same(W, expected, 1e-10);
    ln_axpy(-1, Y, R);
    assert_close(loss, ln_dot(R, R) / 2 / (double)n[2], 1e-12);
    ln_task moments = {
        .inputs = n[0], .outputs = n[1], .Sxx = task.Sxx, .Syx = task.Syx, .tr_yy = task.tr_yy};
    assert_ok(ln_least_squares_map(cx, &moments, W, &loss));
    assert_close(loss, ln_dot(R, R) / 2 / (double)n[2], 1e-12);
    ln_end(cx, mark, LN_OK);
  }
}

/* Sxx = V diag(w) V', whatever the inputs' rank and however few the examples. */
static void the_input_basis_diagonalises_the_inputs(void **unused) {
  (void)unused;
  const size_t shapes_of_inputs[][3] = {/* inputs, examples, rank of X */
                                        {5, 40, 5},
                                        {5, 40, 2},
                                        {9, 4, 4},
                                        {70, 50, 30},
                                        {4, 1, 1}};
  for (size_t c = 0; c < sizeof shapes_of_inputs / sizeof *shapes_of_inputs; c++) {
    const size_t *n = shapes_of_inputs[c];
    ln_mark mark = ln_begin(cx);
    ln_task task = task_of(of_rank(n[0], n[1], n[2]), random_matrix(2, n[1]));
    size_t k = ln_input_basis_size(&task), rank;
    assert_int_equal(k, n[0] < n[1] ? n[0] : n[1]);
    ln_matrix V = make(n[0], k);
    double w[70];
    assert_ok(ln_input_basis(cx, &task, V, w, &rank));
    assert_int_equal(rank, n[2]);
    V = ln_block_of(V, 0, 0, n[0], rank);
    assert_orthonormal(V);
    for (size_t j = 1; j < rank; j++) assert_true(w[j] <= w[j - 1]);
    assert_same(compose(V, w, V, rank), task.Sxx, 1e-13);
    ln_end(cx, mark, LN_OK);
  }
  ln_matrix X = make(3, 5), W = make(2, 3);
  ln_fill(X, 0);
  ln_task task = task_of(X, random_matrix(2, 5));
  double loss;
  assert_ok(ln_least_squares_map(cx, &task, W, &loss));
  assert_true(ln_norm(W) == 0);
  assert_close(loss, task.tr_yy / 2, 1e-14);
}

static void without_noise_the_least_loss_is_zero_and_not_a_difference(void **unused) {
  (void)unused;
  ln_matrix X = random_matrix(6, 30), Y = product(LN_N, LN_N, random_matrix(2, 6), X), W = make(2, 6);
  ln_task task = task_of(X, Y);
  double loss;
  assert_ok(ln_least_squares_map(cx, &task, W, &loss));
  assert_true(loss >= 0 && loss < 1e-27);
  task.examples = 0;
  assert_ok(ln_least_squares_map(cx, &task, W, &loss));
  assert_true(loss == 0);
}

/* As exact as the residual is, whether it is formed or the moments' difference is as good. */
static void the_least_loss_keeps_its_digits_for_any_noise(void **unused) {
  (void)unused;
  for (double noise = 1; noise > 1e-7; noise /= 5) {
    ln_matrix X = random_matrix(6, 50), Y = product(LN_N, LN_N, random_matrix(2, 6), X), W = make(2, 6);
    ln_axpy(noise, random_matrix(2, 50), Y);
    ln_task task = task_of(X, Y);
    double loss;
    assert_ok(ln_least_squares_map(cx, &task, W, &loss));
    ln_matrix R = product(LN_N, LN_N, W, X);
    ln_axpy(-1, Y, R);
    assert_close(loss / (ln_dot(R, R) / 100), 1, 1e-13);
  }
}

static void moments_of_data_pass_and_others_are_refused(void **unused) {
  (void)unused;
  ln_task task = task_of(of_rank(5, 20, 3), random_matrix(2, 20));
  assert_ok(ln_check_moments(cx, task.Sxx, task.Syx, task.tr_yy));
  ln_matrix S = copy_of(task.Sxx), Syx = copy_of(task.Syx);
  LN_AT(S, 3, 1) += 0.01;
  assert_int_equal(ln_check_moments(cx, S, Syx, task.tr_yy), LN_EARG);
  assert_message("Sxx is not symmetric: (4, 2) is");
  LN_AT(S, 1, 3) += 0.01;
  assert_int_equal(ln_check_moments(cx, S, Syx, task.tr_yy),
                   LN_EARG); /* rank 3, so one eigenvalue fell below 0 */
  assert_message("eigenvalue -");
  LN_AT(Syx, 1, 2) += 0.01;
  assert_int_equal(ln_check_moments(cx, task.Sxx, Syx, task.tr_yy), LN_EARG);
  assert_message("range of Sxx");
  assert_int_equal(ln_check_moments(cx, task.Sxx, task.Syx, 1e-3 * task.tr_yy), LN_EARG);
  assert_message("less than");
  LN_AT(S, 0, 0) = NAN;
  assert_int_equal(ln_check_moments(cx, S, Syx, 1), LN_EARG);
}

/* Equal singular values leave the basis open; that of the modes is the one in which the inputs are uncorrelated. */
static void modes_decouple_where_singular_values_are_equal(void **unused) {
  (void)unused;
  const double values[][5] = {
      {3, 2, 2, 1, 0.5}, {2, 2, 2, 2, 2}, {3, 3, 1, 0, 0}, {1, 0, 0, 0, 0}, {5, 4, 3, 2, 1}};
  for (size_t c = 0; c < sizeof values / sizeof *values; c++)
    for (int tall = 0; tall < 2; tall++) {
      const size_t k = 5, N = tall ? 5 : 9, No = tall ? 9 : 5;
      ln_mark mark = ln_begin(cx);
      ln_matrix U0 = orthonormal(No, k), V0 = orthonormal(N, k), G = random_matrix(N, 20), Sxx = make(N, N);
      ln_gram(LN_N, 1, G, 0, Sxx);
      ln_task task = {.inputs = N, .outputs = No, .Sxx = Sxx, .Syx = compose(U0, values[c], V0, k)};
      ln_matrix U = make(No, k), V = make(N, k);
      double s[5];
      assert_ok(ln_task_modes(cx, &task, U, s, V));
      assert_same(compose(U, s, V, k), task.Syx, 1e-13);
      assert_orthonormal(U);
      assert_orthonormal(V);
      assert_oriented(V);
      ln_matrix M = product(LN_T, LN_N, V, product(LN_N, LN_N, Sxx, V));
      for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < i; j++) {
          if (fabs(s[i] - s[j]) > 1e-9) continue;
          assert_close(LN_AT(M, i, j), 0, 1e-11);
          assert_true(LN_AT(M, j, j) >= LN_AT(M, i, i)); /* falling */
        }
      ln_end(cx, mark, LN_OK);
    }
}

static void white_inputs_leave_the_basis_of_the_decomposition(void **unused) {
  (void)unused;
  const double values[] = {2, 2, 1, 1};
  ln_matrix Sxx = make(4, 4), U = make(6, 4), V = make(4, 4), U1 = make(6, 4), V1 = make(4, 4);
  ln_identity(Sxx);
  ln_scale(0.25, Sxx);
  ln_task task = {.inputs = 4, .outputs = 6, .Sxx = Sxx};
  task.Syx = compose(orthonormal(6, 4), values, orthonormal(4, 4), 4);
  double s[4];
  assert_ok(ln_task_modes(cx, &task, U, s, V));
  assert_ok(ln_svd(cx, task.Syx, U1, s, V1));
  assert_same(U, U1, 0);
  assert_same(V, V1, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(moments_are_means_over_examples),
      TEST(moments_that_overflow_are_refused),
      TEST(the_target_is_the_shortest_least_squares_map),
      TEST(the_input_basis_diagonalises_the_inputs),
      TEST(without_noise_the_least_loss_is_zero_and_not_a_difference),
      TEST(the_least_loss_keeps_its_digits_for_any_noise),
      TEST(moments_of_data_pass_and_others_are_refused),
      TEST(modes_decouple_where_singular_values_are_equal),
      TEST(white_inputs_leave_the_basis_of_the_decomposition),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
