#include "check.h"
#include "theory/coloured_flow.h"
#include "theory/deep_student.h"

static ln_deep_student balanced(double alpha, double strength, double depth) {
  return (ln_deep_student){.alpha = alpha, .power = 1, .noise = 0.25, .strength = strength, .depth = depth};
}

static ln_deep_student rank_one(double alpha, double c0, double v0, double h0) {
  return (ln_deep_student){
      .alpha = alpha, .power = 1, .noise = 0.25, .rank_one = true, .c0 = c0, .v0 = v0, .h0 = h0};
}

static void at_times(ln_deep_student s, const double *t, size_t n, ln_deep_errors *e) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_status status = ln_deep_at(&cx, &s, t, n, e);
  if (status != LN_OK) print_error("%s\n", cx.message);
  assert_int_equal(status, LN_OK);
  assert_null(cx.scratch);
}

static ln_deep_errors at(ln_deep_student s, double t) {
  ln_deep_errors e;
  at_times(s, &t, 1, &e);
  return e;
}

static ln_deep_errors limit(ln_deep_student s) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_deep_errors e;
  assert_int_equal(ln_deep_limit(&cx, &s, &e), LN_OK);
  return e;
}

static double train_time(ln_deep_student s, double left) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double t = NAN;
  ln_status status = ln_deep_train_time(&cx, &s, left, &t);
  if (status != LN_OK) print_error("%s\n", cx.message);
  assert_int_equal(status, LN_OK);
  assert_null(cx.scratch);
  return t;
}

static double best(ln_deep_student s, ln_deep_errors *e) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double t = NAN;
  assert_int_equal(ln_deep_best(&cx, &s, &t, e), LN_OK);
  assert_null(cx.scratch);
  return t;
}

/* Bessel functions by SciPy's ive: test = noise + (power + a^2) h(4t) + noise (J(2t) - J(4t)/2), train = noise h(4t) + (power +
 * a^2) e^-4t I1(4t)/(2t), h(u) = e^-u (I0 + I1), J(u) = e^-u ((1 + 2u) I0 + 2u I1) - 1. */
static void one_layer_with_as_many_examples_as_inputs_is_a_matter_of_bessel_functions(void **state) {
  (void)state;
  static const double t[] = {0.5, 3, 40},
                      test[] = {0.8487401640144148, 0.6729668621913245, 1.2424250883490802},
                      train[] = {0.3655879282319942, 0.07722197783028822, 0.016185955656427328};
  ln_deep_errors e[3];
  at_times(balanced(1, 0.3, 1), t, 3, e);
  for (int i = 0; i < 3; i++) {
    assert_close(e[i].test, test[i], 1e-13);
    assert_close(e[i].train, train[i], 1e-13);
  }
}

static void one_layer_agrees_with_contour_integrals(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  static const double one = 1, power = 1, start = 0.09;
  for (double alpha = 0.25; alpha < 9; alpha *= 2)
    for (double t = 0.3; t < 40; t *= 5) {
      ln_coloured white = {1, &one, &one, &power, &start, alpha, 0.25};
      double excess = NAN, train = NAN;
      assert_int_equal(ln_coloured_flow(&cx, &white, t, &excess, &train), LN_OK);
      ln_deep_errors e = at(balanced(alpha, 0.3, 1), t);
      assert_close(e.excess, excess, 1e-11);
      assert_close(e.train, train, 1e-11);
    }
}

/* Depth 2, balanced: z = w/c with c^2 = |z|^2 = |w|. */
static void two_balanced_layers_are_of_rank_one(void **state) {
  (void)state;
  static const double t[] = {0, 1, 3, 5, 9, 50};
  for (double alpha = 0.5; alpha < 3; alpha += 0.5) {
    ln_deep_errors layers[6], one[6];
    at_times(balanced(alpha, 0.04, 2), t, 6, layers);
    at_times(rank_one(alpha, 0.2, 0.04, 0), t, 6, one);
    for (int i = 0; i < 6; i++) {
      assert_close(one[i].test, layers[i].test, 1e-9);
      assert_close(one[i].train, layers[i].train, 1e-9);
      assert_close(one[i].size, layers[i].size, 1e-9);
      assert_close(one[i].c * one[i].c, layers[i].c, 1e-9);
    }
    ln_deep_errors a = limit(balanced(alpha, 0.04, 2)), b = limit(rank_one(alpha, 0.2, 0.04, 0));
    assert_close(b.test, a.test, 1e-13);
    assert_close(b.size, a.size, 1e-13);
  }
}

static void what_is_conserved_stays_and_the_limit_is_reached(void **state) {
  (void)state;
  static const double t[] = {0, 0.1, 2, 7, 30, 1e3};
  const ln_deep_student students[] = {balanced(0.5, 1e-6, 2),     balanced(0.5, 0.1, 3),
                                      balanced(0.3, 2, 4),        balanced(4, 0.01, 2.5),
                                      balanced(3, 0.1, 1.5),      rank_one(0.5, 0.1, 0.3, 0),
                                      rank_one(0.4, 0, 0.1, 0.1), rank_one(2.5, 1e-4, 0, 1e-4)};
  for (size_t k = 0; k < sizeof students / sizeof *students; k++) {
    ln_deep_errors e[6], end = limit(students[k]);
    at_times(students[k], t, 6, e);
    for (int i = 0; i < 6; i++) assert_true(e[i].drift < 1e-9);
    assert_close(e[5].test, end.test, 1e-9);
    assert_close(e[5].train, end.train, 1e-9);
    assert_close(e[5].size, end.size, 1e-9);
    assert_close(e[5].c, end.c, 1e-9);
    for (int i = 1; i < 6; i++) assert_true(e[i].train <= e[i - 1].train);
  }
}

static void at_first_nothing_is_learned(void **state) {
  (void)state;
  ln_deep_errors e = at(balanced(0.5, 0.1, 3), 0);
  assert_close(e.excess, 1.01, 1e-14);
  assert_close(e.test, 1.26, 1e-14);
  assert_close(e.train, 1.26, 1e-14);
  assert_close(e.size, 0.1, 1e-14);
}

static void alpha_one_is_no_special_place(void **state) {
  (void)state;
  for (double depth = 1; depth <= 4; depth += 1.5) {
    ln_deep_errors e = at(balanced(1, 0.1, depth), 6);
    for (double gap = 1e-3; gap > 1e-12; gap *= 1e-3) {
      ln_deep_errors below = at(balanced(1 - gap, 0.1, depth), 6),
                     above = at(balanced(1 + gap, 0.1, depth), 6);
      assert_close((below.test + above.test) / 2, e.test, 1e-9 + 10 * gap * gap);
      assert_close((below.train + above.train) / 2, e.train, 1e-9 + 10 * gap * gap);
    }
  }
}

static void limits_are_exact(void **state) {
  (void)state;
  ln_deep_errors e = limit(balanced(1, 0.1, 3));
  assert_true(isinf(e.test) && isinf(e.excess) && isinf(e.size) && e.train == 0);
  e = limit(rank_one(1, 0.1, 0.1, 0));
  assert_true(isinf(e.test) && isinf(e.size) && isinf(e.c) && e.train == 0);
  ln_deep_student clean = balanced(1, 0.1, 3);
  clean.noise = 0;
  e = limit(clean);
  assert_true(e.test == 0 && e.train == 0 && e.size == 1);
  e = limit(balanced(2, 0.1, 3));
  assert_close(e.test, 0.5, 1e-15);
  assert_close(e.train, 0.125, 1e-15);
  assert_close(e.size, sqrt(1.25), 1e-15);
  double t = INFINITY;
  at_times(balanced(0.5, 0.1, 4), &t, 1, &e);
  assert_close(e.test, 1.1455596080676267, 1e-14); /* 30 digits */
}

static void the_best_time_is_that_of_a_fine_grid(void **state) {
  (void)state;
  const ln_deep_student students[] = {balanced(0.5, 0.01, 3), balanced(2, 0.3, 2), balanced(0.5, 0.1, 1),
                                      rank_one(0.8, 0.1, 0.1, 0.05)};
  for (size_t k = 0; k < 4; k++) {
    ln_deep_errors lowest, grid[401];
    double t[401], where = best(students[k], &lowest);
    for (int i = 0; i <= 400; i++) t[i] = where * (0.5 + i / 400.0);
    at_times(students[k], t, 401, grid);
    for (int i = 0; i <= 400; i++) assert_true(grid[i].test >= lowest.test - 1e-9);
    assert_close(grid[200].test, lowest.test, 1e-9);
  }
}

static void the_best_may_be_the_start_or_the_limit(void **state) {
  (void)state;
  ln_deep_errors e;
  ln_deep_student s = rank_one(2, 0.1, 0, 0.1);
  s.power = 0; /* nothing but noise: every step makes it worse */
  assert_true(best(s, &e) == 0);
  assert_close(e.excess, 0.125 * 1e-4, 1e-14);
  s = balanced(2, 0.1, 2);
  s.noise = 0;
  assert_true(isinf(best(s, &e)));
  assert_true(e.test == 0);
}

static void the_training_time_is_when_the_error_has_come_down(void **state) {
  (void)state;
  const ln_deep_student students[] = {balanced(0.5, 0.01, 3), balanced(2, 0.3, 2), balanced(1, 0.1, 1),
                                      rank_one(0.8, 0.1, 0.1, 0.05), balanced(0.5, 1e-4, 4)};
  for (size_t k = 0; k < 5; k++) {
    double t = train_time(students[k], 0.03);
    assert_close(at(students[k], t).left / at(students[k], 0).left, 0.03, 1e-9);
  }
}

/* R (1 - cos^2)^(depth/2) is conserved in the linear phase: one more e-fold of a start costs two layers 1/(2|s|); deeper
 * networks a power of it, a^-(1-2/depth) B(1/2, (depth-2)/2)/(2|s|). */
static void small_starts_cost_time_as_the_linear_phase_says(void **state) {
  (void)state;
  double size = sqrt(3 + 0.5); /* |Syx| at alpha = 1/2 */
  double more = train_time(balanced(0.5, 1e-9, 2), 0.01) - train_time(balanced(0.5, 1e-8, 2), 0.01);
  assert_close(more, log(10) / (2 * size), 1e-6);
  more = train_time(balanced(0.5, 1e-9, 4), 0.01) - train_time(balanced(0.5, 4e-9, 4), 0.01);
  assert_close(more / ((1 / sqrt(1e-9) - 1 / sqrt(4e-9)) / size), 1, 1e-3);
  more = train_time(balanced(0.5, 1e-9, 3), 0.01) - train_time(balanced(0.5, 8e-9, 3), 0.01);
  assert_close(more / ((1e3 - 500) * M_PI_2 / size), 1, 1e-2);
}

static void expect_refused(ln_deep_student s, const char *message) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_deep_check(&cx, &s), LN_EARG);
  if (!strstr(cx.message, message)) fail_msg("'%s' does not say '%s'", cx.message, message);
}

static void senseless_students_are_refused(void **state) {
  (void)state;
  expect_refused(balanced(0, 1, 2), "alpha = 0 must be > 0");
  expect_refused(balanced(NAN, 1, 2), "alpha = nan");
  expect_refused(balanced(1, 0, 2), "strength = 0 must be > 0");
  expect_refused(balanced(1, 1, 0.5), "depth = 0.5 must be at least 1");
  expect_refused(rank_one(1, -1, 0, 0), "c0 = -1 must be >= 0");
  expect_refused(rank_one(1, 0, 1, 0), "stays at the saddle");
  ln_deep_student s = balanced(1, 1, 2);
  s.noise = -1;
  expect_refused(s, "noise = -1");
  s.noise = s.power = 0;
  expect_refused(s, "nothing to learn");
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_deep_errors e[2];
  s = balanced(1, 1, 2);
  static const double falling[] = {2, 1};
  double t;
  assert_int_equal(ln_deep_at(&cx, &s, falling, 2, e), LN_EARG);
  assert_int_equal(ln_deep_train_time(&cx, &s, 1, &t), LN_EARG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_layer_with_as_many_examples_as_inputs_is_a_matter_of_bessel_functions),
      cmocka_unit_test(one_layer_agrees_with_contour_integrals),
      cmocka_unit_test(two_balanced_layers_are_of_rank_one),
      cmocka_unit_test(what_is_conserved_stays_and_the_limit_is_reached),
      cmocka_unit_test(at_first_nothing_is_learned),
      cmocka_unit_test(alpha_one_is_no_special_place),
      cmocka_unit_test(limits_are_exact),
      cmocka_unit_test(the_best_time_is_that_of_a_fine_grid),
      cmocka_unit_test(the_best_may_be_the_start_or_the_limit),
      cmocka_unit_test(the_training_time_is_when_the_error_has_come_down),
      cmocka_unit_test(small_starts_cost_time_as_the_linear_phase_says),
      cmocka_unit_test(senseless_students_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
