/* Teachers: powers, ranks and covariances are those asked for, and samples agree with their population. */
#include "matrices.h"

#include "data/task.h"
#include "data/teacher.h"

static ln_matrix dense(size_t rows, size_t cols) { return ln_take_matrix(cx, rows, cols); }

static void entries_have_variance_power_over_inputs(void **unused) {
  (void)unused;
  ln_matrix W = make(100, 200);
  ln_teacher_full(ln_stream_of(3, 0), 5, W);
  assert_close(ln_dot(W, W) / (100 * 200), 5.0 / 200,
               5 * 0.025 * sqrt(2.0 / 20000)); /* five standard errors */
  for (size_t rank = 1; rank <= 100; rank += 33) {
    assert_ok(ln_teacher_rank(cx, ln_stream_of(4, rank), 5, rank, W));
    size_t found;
    assert_ok(ln_rank(cx, W, -1, &found));
    assert_int_equal(found, rank);
    /* |A B|^2 has the relative variance of a product of Wishart matrices: 2/rank (1/100 + 1/200) + O(1/n^2). */
    double scale = ln_dot(W, W) / (100 * 200) / (5.0 / 200);
    assert_close(scale, 1, 5 * sqrt(2.0 / (double)rank * (1.0 / 100 + 1.0 / 200)));
  }
}

static void modes_are_those_asked_for(void **unused) {
  (void)unused;
  const double s[] = {3, 2, 2, 0};
  ln_matrix W = make(7, 5);
  double found[5];
  assert_ok(ln_teacher_modes(cx, ln_stream_of(1, 0), s, 4, W));
  assert_ok(ln_svd(cx, W, (ln_matrix){0}, found, (ln_matrix){0}));
  for (size_t k = 0; k < 5; k++) assert_close(found[k], k < 4 ? s[k] : 0, 1e-14);
}

static void white_inputs_are_white_to_rounding(void **unused) {
  (void)unused;
  for (size_t P = 5; P < 40; P += 11) {
    ln_matrix X = make(5, P), S = make(5, 5), one = make(5, 5);
    assert_ok(ln_white_inputs(cx, ln_stream_of(1, P), X));
    ln_gram(LN_N, 1 / (double)P, X, 0, S);
    ln_identity(one);
    assert_same(S, one, 1e-14);
  }
}

/* The moments of many examples lie within five standard errors of the population's. */
static void samples_agree_with_the_population(void **unused) {
  (void)unused;
  const size_t N = 4, No = 2, P = 40000;
  for (int form = 0; form < 3; form++) { /* white, diagonal, full */
    ln_mark mark = ln_begin(cx);
    ln_matrix C = {0};
    if (form == 1) {
      C = dense(N, 1);
      for (size_t i = 0; i < N; i++) C.data[i] = (double)i; /* one without variance */
    } else if (form == 2) {
      C = make(N, N);
      ln_gram(LN_N, 0.25, random_matrix(N, 6), 0, C);
    }
    ln_matrix W = dense(No, N), X = dense(N, P), Y = dense(No, P);
    ln_teacher_full(ln_stream_of(2, 0), 3, W);
    assert_ok(ln_teacher_inputs(cx, ln_stream_of(2, 1), C, X));
    assert_ok(ln_teacher_outputs(cx, ln_stream_of(2, 2), W, 0.5, X, Y));
    ln_matrix S[2], Syx[2];
    for (int i = 0; i < 2; i++) S[i] = dense(N, N), Syx[i] = dense(No, N);
    double tr[2];
    assert_ok(ln_moments(cx, X, Y, S[0], Syx[0], dense(N, 1), dense(No, 1), &tr[0]));
    assert_ok(ln_teacher_population(cx, W, C, 0.5, S[1], Syx[1], &tr[1]));
    double error = 5 * sqrt(2.0 / P), scale = fmax(1, ln_largest(S[1]));
    for (size_t j = 0; j < N; j++) {
      for (size_t i = 0; i < N; i++) assert_true(fabs(LN_AT(S[0], i, j) - LN_AT(S[1], i, j)) < error * scale);
      for (size_t i = 0; i < No; i++)
        assert_true(fabs(LN_AT(Syx[0], i, j) - LN_AT(Syx[1], i, j)) < error * sqrt(scale * tr[1]));
    }
    assert_close(tr[0], tr[1], error * tr[1]);
    ln_end(cx, mark, LN_OK);
  }
}

static void the_first_examples_do_not_depend_on_how_many_there_are(void **unused) {
  (void)unused;
  for (int coloured = 0; coloured < 2; coloured++) {
    ln_matrix C = {0}, few = dense(3, 10), many = dense(3, 3000);
    if (coloured) {
      C = make(3, 3);
      ln_gram(LN_N, 1, random_matrix(3, 5), 0, C);
    }
    assert_ok(ln_teacher_inputs(cx, ln_stream_of(9, 1), C, few));
    assert_ok(ln_teacher_inputs(cx, ln_stream_of(9, 1), C, many));
    assert_same(few, ln_block_of(many, 0, 0, 3, 10), 1e-15);
  }
}

static void a_covariance_without_a_root_is_refused(void **unused) {
  (void)unused;
  ln_matrix C = make(2, 2);
  ln_identity(C);
  LN_AT(C, 1, 0) = LN_AT(C, 0, 1) = 2;
  assert_int_equal(ln_teacher_inputs(cx, ln_stream_of(1, 1), C, make(2, 5)), LN_EARG);
  assert_message("covariance has the eigenvalue -1");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(entries_have_variance_power_over_inputs),
      TEST(modes_are_those_asked_for),
      TEST(white_inputs_are_white_to_rounding),
      TEST(samples_agree_with_the_population),
      TEST(the_first_examples_do_not_depend_on_how_many_there_are),
      TEST(a_covariance_without_a_root_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
