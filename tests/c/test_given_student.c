/* The student on given data against descent itself, which maps the teacher's weights, the noise and the first weights linearly
 * to what the student has: the mean errors are the squares of those maps. */
#include "theory/given_student.h"

#include "matrices.h"

#include "core/random.h"

typedef struct sample {
  ln_matrix X, S;
  double *w;
  ln_given_inputs given;
} sample;

static sample draw(size_t inputs, size_t examples) {
  sample s = {.X = ln_take_matrix(cx, inputs, examples), .S = ln_take_matrix(cx, inputs, inputs)};
  ln_stream stream = ln_stream_of(5, examples);
  ln_random_normals(&stream, s.X, 0, 1);
  ln_gram(LN_N, 1 / (double)examples, s.X, 0, s.S);
  s.w = ln_reals(cx, inputs);
  assert_ok(ln_eigh(cx, s.S, s.w, (ln_matrix){0}));
  s.given = (ln_given_inputs){s.w, inputs, (double)examples};
  return s;
}

/* kept: what is left of w(0) - wbar; from_noise: examples x inputs, what the noise has become. */
static ln_shallow_errors errors_of(const ln_shallow_student *p, const sample *s, ln_matrix kept,
                                   ln_matrix from_noise) {
  size_t N = s->X.rows, P = s->X.cols;
  double far = (p->power + p->init_power) / (double)N;
  ln_matrix wrong = ln_take_matrix(cx, N, P), fitted = ln_take_matrix(cx, P, P);
  ln_gemm(LN_N, LN_N, 1, kept, s->X, 0, wrong);
  ln_gemm(LN_N, LN_N, -1, from_noise, s->X, 0, fitted);
  for (size_t i = 0; i < P; i++) LN_AT(fitted, i, i) += 1;
  ln_matrix learned = ln_take_matrix(cx, N, N);
  ln_identity(learned);
  ln_axpy(-1, kept, learned);
  double excess = far * ln_dot(kept, kept) + p->noise * ln_dot(from_noise, from_noise);
  return (ln_shallow_errors){
      .test = p->noise + excess,
      .train = (far * ln_dot(wrong, wrong) + p->noise * ln_dot(fitted, fitted)) / (double)P,
      .power = (p->init_power * ln_dot(kept, kept) + p->power * ln_dot(learned, learned)) / (double)N +
               p->noise * ln_dot(from_noise, from_noise),
      .excess = excess};
}

static void assert_same_errors(ln_shallow_errors a, ln_shallow_errors b, double tolerance) {
  assert_close(a.test, b.test, tolerance);
  assert_close(a.train, b.train, tolerance);
  assert_close(a.power, b.power, tolerance);
  assert_close(a.excess, b.excess, tolerance);
}

static const ln_shallow_student student = {1, 1.3, 0.4, 0.7};

static void descent_has_these_mean_errors(void **unused) {
  (void)unused;
  for (size_t P = 4; P <= 10; P += 3) { /* fewer examples than the 7 inputs, as many, more */
    sample s = draw(7, P);
    ln_matrix kept = ln_take_matrix(cx, 7, 7), noise = ln_take_matrix(cx, P, 7),
              step = ln_take_matrix(cx, 7, 7), other = ln_take_matrix(cx, P, 7);
    ln_identity(kept);
    ln_fill(noise, 0);
    double rate = 0.3 / s.w[6];
    ln_identity(step);
    ln_axpy(-rate, s.S, step);
    for (int n = 0; n <= 60; n++) {
      ln_shallow_errors e;
      assert_ok(ln_given_after(cx, &student, &s.given, rate, n, &e));
      assert_same_errors(e, errors_of(&student, &s, kept, noise), 1e-12);
      ln_matrix next = ln_take_matrix(cx, 7, 7);
      ln_gemm(LN_N, LN_N, 1, kept, step, 0, next);
      ln_copy(next, kept);
      ln_gemm(LN_N, LN_N, 1, noise, step, 0, other);
      ln_copy(other, noise);
      ln_matrix transposed = ln_take_matrix(cx, P, 7);
      ln_transpose(s.X, transposed);
      ln_axpy(rate / (double)P, transposed, noise);
    }
  }
}

static void the_flow_is_descent_with_small_steps(void **unused) {
  (void)unused;
  sample s = draw(6, 9);
  ln_shallow_errors flow, steps;
  for (double t = 0.1; t < 100; t *= 3) {
    assert_ok(ln_given_at(cx, &student, &s.given, t, &flow));
    assert_ok(ln_given_after(cx, &student, &s.given, t / 1e7, 1e7, &steps));
    assert_same_errors(flow, steps, 1e-5);
  }
  assert_ok(ln_given_at(cx, &student, &s.given, INFINITY, &flow));
  assert_ok(ln_given_after(cx, &student, &s.given, 0.5 / s.w[5], INFINITY, &steps));
  assert_same_errors(flow, steps, 1e-14);
}

static void ridge_solves_its_equations(void **unused) {
  (void)unused;
  for (size_t P = 4; P <= 10; P += 3) {
    sample s = draw(7, P);
    ln_shallow_student at_rest = student;
    at_rest.init_power = 0;
    for (double ridge = 0.01; ridge < 100; ridge *= 10) {
      ln_matrix A = ln_take_matrix(cx, 7, 7), inverse = ln_take_matrix(cx, 7, 7),
                noise = ln_take_matrix(cx, P, 7);
      ln_copy(s.S, A);
      for (size_t i = 0; i < 7; i++) LN_AT(A, i, i) += ridge;
      assert_ok(ln_inverse(cx, A, inverse));
      ln_gemm(LN_T, LN_N, 1 / (double)P, s.X, inverse, 0, noise);
      ln_scale(ridge, inverse);
      ln_shallow_errors e;
      assert_ok(ln_given_ridge(cx, &at_rest, &s.given, ridge, &e));
      assert_same_errors(e, errors_of(&at_rest, &s, inverse, noise), 1e-11);
    }
    ln_shallow_errors none, late, all;
    assert_ok(ln_given_ridge(cx, &at_rest, &s.given, 0, &none));
    assert_ok(ln_given_at(cx, &at_rest, &s.given, INFINITY, &late));
    assert_same_errors(none, late, 1e-11);
    assert_ok(ln_given_ridge(cx, &at_rest, &s.given, INFINITY, &all));
    assert_close(all.test, at_rest.power + at_rest.noise, 1e-15);
  }
}

/* Two far groups of directions with noise of their own have two minima in time, of which the lower one is meant. */
static void the_best_time_is_the_best_of_all(void **unused) {
  (void)unused;
  const double spread[] = {4, 4, 4, 4, 4, 4, 4, 4, 1e-3, 1e-3}, narrow[] = {0.5, 1, 1.5};
  const ln_given_inputs data[] = {{spread, 10, 3}, {narrow, 3, 10}};
  for (size_t d = 0; d < 2; d++)
    for (double noise = 1e-3; noise < 100; noise *= 3) {
      ln_shallow_student s = {1, 1, noise, 0.1};
      double best;
      ln_shallow_errors e, other;
      assert_ok(ln_given_best_time(cx, &s, &data[d], &best));
      assert_ok(ln_given_at(cx, &s, &data[d], best, &e));
      for (double t = 1e-4; t < 1e8; t *= 1.01) {
        assert_ok(ln_given_at(cx, &s, &data[d], t, &other));
        assert_true(other.test >= e.test * (1 - 1e-14));
      }
    }
  ln_shallow_student quiet = {1, 1, 0, 0}, idle = {1, 0, 1, 0};
  double t;
  assert_ok(ln_given_best_time(cx, &quiet, &data[0], &t));
  assert_true(isinf(t));
  assert_ok(ln_given_best_time(cx, &idle, &data[0], &t));
  assert_true(t == 0);
}

static void bad_data_is_refused(void **unused) {
  (void)unused;
  const double bad[] = {1, -0.1, 2};
  const ln_given_inputs data = {bad, 3, 4}, good = {bad, 1, 4};
  ln_shallow_errors e;
  assert_int_equal(ln_given_at(cx, &student, &data, 1, &e), LN_EARG);
  assert_message("eigenvalue 2 is -0.1");
  assert_int_equal(ln_given_at(cx, &student, &good, -1, &e), LN_EARG);
  assert_message("t = -1");
  assert_int_equal(ln_given_after(cx, &student, &good, 2, 1, &e), LN_EARG);
  assert_message("rate = 2");
  assert_int_equal(ln_given_after(cx, &student, &good, 1, -1, &e), LN_EARG);
  assert_message("steps = -1");
  assert_int_equal(ln_given_ridge(cx, &student, &good, -1, &e), LN_EARG);
  assert_message("ridge = -1");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(descent_has_these_mean_errors), TEST(the_flow_is_descent_with_small_steps),
      TEST(ridge_solves_its_equations),    TEST(the_best_time_is_the_best_of_all),
      TEST(bad_data_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
