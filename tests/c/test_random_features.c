#include "check.h"
#include "scarce.h"
#include "theory/deep_student.h"
#include "theory/random_features.h"

#define RELU_REST 0.090845056908104665 /* 1/4 - 1/(2 pi) */

static ln_random_features relu(double width, double alpha) {
  return (ln_random_features){width, alpha, 0.25, RELU_REST, 1, 0.2};
}

static ln_random_features_errors at_ridge(ln_random_features p, double ridge) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_random_features_errors e;
  ln_status status = ln_random_features_ridge(&cx, &p, ridge, &e);
  if (status != LN_OK) print_error("%s\n", cx.message);
  assert_int_equal(status, LN_OK);
  return e;
}

static ln_random_features_errors at_time(ln_random_features p, double t) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_random_features_errors e;
  ln_status status = ln_random_features_flow(&cx, &p, &t, 1, &e);
  if (status != LN_OK) print_error("%s\n", cx.message);
  assert_int_equal(status, LN_OK);
  assert_null(cx.scratch);
  return e;
}

static double best_time(ln_random_features p, ln_random_features_errors *e) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double t = NAN;
  assert_int_equal(ln_random_features_best_time(&cx, &p, &t, e), LN_OK);
  assert_null(cx.scratch);
  return t;
}

/* 30 digits, by direct sums. */
static void errors_of_relu_features_agree_with_30_digits(void **state) {
  (void)state;
  ln_random_features_errors e = at_ridge(relu(3, 1.5), 0.05);
  assert_close(e.test, 0.7402478467486037, 1e-14);
  assert_close(e.train, 0.025466851473628975, 1e-14);
  assert_close(e.k, 0.2695696240791146, 1e-14);
  e = at_ridge(relu(1.51, 1.5), 0);
  assert_close(e.test, 76.89652004578942, 1e-13);
  e = at_time(relu(3, 1.5), 5);
  assert_close(e.test, 0.6919569298108337, 1e-12);
  assert_close(e.train, 0.06476842680263867, 1e-12);
}

/* More linear features than inputs see everything: least squares. */
static void linear_features_are_the_inputs(void **state) {
  (void)state;
  for (double width = 1; width < 50; width *= 3) {
    ln_random_features p = {width, 2.5, 1, 0, 1, 0.3};
    assert_close(at_ridge(p, 0).test, 0.3 * 2.5 / 1.5, 1e-14);
    assert_close(at_ridge(p, 0).train, 0.3 * 1.5 / 2.5, 1e-14);
  }
}

/* So many of them that their covariance is that of the inputs times width: the shallow student, faster. */
static void very_many_linear_features_learn_as_one_layer(void **state) {
  (void)state;
  double width = 1e7;
  ln_random_features p = {width, 0.5, 1, 0, 1, 0.25};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (double t = 0.5; t < 10; t *= 2) {
    ln_deep_student one = {.alpha = 0.5, .power = 1, .noise = 0.25, .strength = 1e-100, .depth = 1};
    ln_deep_errors e;
    assert_int_equal(ln_deep_at(&cx, &one, &t, 1, &e), LN_OK);
    assert_close(at_time(p, t / width).test, e.test, 1e-3);
    assert_close(at_time(p, t / width).train, e.train, 1e-3);
  }
}

static void the_threshold_is_infinite_and_both_sides_rise_alike(void **state) {
  (void)state;
  assert_true(isinf(at_ridge(relu(1.5, 1.5), 0).test) && at_ridge(relu(1.5, 1.5), 0).train == 0);
  ln_random_features only_rest = {1.5, 1.5, 0, 1, 1, 0.2};
  assert_true(isinf(at_ridge(only_rest, 0).test));
  for (double gap = 1e-4; gap > 1e-10; gap /= 10) {
    double below = at_ridge(relu(1.5 * (1 - gap), 1.5), 0).test,
           above = at_ridge(relu(1.5 * (1 + gap), 1.5), 0).test;
    assert_close(below / above, 1, 20 * gap + 1e-5);
  }
}

static void small_ridges_lead_to_none(void **state) {
  (void)state;
  for (double width = 0.5; width < 9; width *= 3) {
    ln_random_features_errors none = at_ridge(relu(width, 2), 0), small = at_ridge(relu(width, 2), 1e-11);
    assert_close(small.test, none.test, 1e-8);
    assert_close(small.train, none.train, 1e-8);
    assert_close(small.k, none.k, 1e-8);
  }
}

static void features_without_a_linear_part_are_a_limit(void **state) {
  (void)state;
  for (double width = 0.5; width < 9; width *= 4)
    for (double ridge = 0; ridge < 1; ridge += 0.3) {
      ln_random_features nearly = {width, 1.5, 1e-13, 1, 1, 0.2}, only_rest = nearly;
      only_rest.linear = 0;
      ln_random_features_errors a = at_ridge(nearly, ridge), b = at_ridge(only_rest, ridge);
      assert_close(a.test, b.test, 1e-9);
      assert_close(a.train, b.train, 1e-9);
      assert_close(a.k, b.k, 1e-9);
    }
}

static void flow_begins_with_nothing_and_ends_without_a_ridge(void **state) {
  (void)state;
  for (double width = 0.5; width < 9; width *= 4) {
    ln_random_features_errors e = at_time(relu(width, 1.5), 0), end = at_ridge(relu(width, 1.5), 0);
    assert_true(e.test == 1.2 && e.train == 1.2);
    e = at_time(relu(width, 1.5), 1e-9);
    assert_close(e.test, 1.2, 1e-8);
    e = at_time(relu(width, 1.5), 3000);
    assert_close(e.test, end.test, 1e-6);
    assert_close(e.train, end.train, 1e-6);
    e = at_time(relu(width, 1.5), INFINITY);
    assert_true(e.test == end.test && e.train == end.train);
  }
}

/* Overtraining against the number of features: worst where they are as many as the examples. */
static void overtraining_peaks_at_the_threshold(void **state) {
  (void)state;
  static const double known[][2] = {{0.2, 1.078}, {0.5, 1.253}, {1, 2.089}, {1.4, 9.311}, {1.6, 9.786},
                                    {2, 2.539},   {3, 1.382},   {5, 1.101}, {10, 1.017}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    ln_random_features p = relu(known[i][0], 1.5);
    ln_random_features_errors lowest;
    double t = best_time(p, &lowest);
    assert_close(at_ridge(p, 0).test / lowest.test, known[i][1], 5e-4);
    assert_close(at_time(p, t).test, lowest.test, 1e-12);
    assert_true(at_time(p, 0.99 * t).test >= lowest.test && at_time(p, 1.01 * t).test >= lowest.test);
  }
}

static void the_best_ridge_is_the_lowest(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (double width = 0.5; width < 2e6; width *= 10) {
    ln_random_features p = relu(width, 1.5);
    ln_random_features_errors best;
    double ridge;
    assert_int_equal(ln_random_features_best_ridge(&cx, &p, &ridge, &best), LN_OK);
    assert_true(width > 10 ? ridge == 0
                           : ridge > 0 && isfinite(ridge)); /* the rest of many features is a ridge */
    for (double factor = 0.5; factor < 2.1; factor *= 1.1)
      assert_true(at_ridge(p, (ridge + 1e-3) * factor).test >= best.test - 1e-14);
  }
  ln_random_features noise = {2, 1, 0.25, 0.1, 0, 1}, clean = {1, 2, 1, 0, 1, 0};
  ln_random_features_errors best;
  double ridge;
  assert_int_equal(ln_random_features_best_ridge(&cx, &noise, &ridge, &best), LN_OK);
  assert_true(isinf(ridge) && best.test == 1);
  assert_int_equal(ln_random_features_best_ridge(&cx, &clean, &ridge, &best), LN_OK);
  assert_true(ridge == 0 && best.test == 0);
}

static void any_allocation_may_fail(void **state) {
  (void)state;
  ln_status status = LN_EMEMORY;
  ln_random_features p = relu(2, 1.5);
  for (int granted = 0; status == LN_EMEMORY; granted++) {
    int left = granted;
    ln_context cx;
    ln_context_init(&cx, allocate_scarce, &left);
    ln_random_features_errors e;
    static const double t = 1;
    status = ln_random_features_flow(&cx, &p, &t, 1, &e);
    assert_null(cx.scratch);
    assert_true(granted < 100);
  }
  assert_int_equal(status, LN_OK);
}

static void expect_refused(ln_random_features p, const char *message) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_random_features_check(&cx, &p), LN_EARG);
  if (!strstr(cx.message, message)) fail_msg("'%s' does not say '%s'", cx.message, message);
}

static void senseless_features_are_refused(void **state) {
  (void)state;
  expect_refused(relu(0, 1), "width = 0 must be > 0");
  expect_refused(relu(1, NAN), "alpha = nan");
  expect_refused((ln_random_features){1, 1, -1, 1, 1, 1}, "linear = -1");
  expect_refused((ln_random_features){1, 1, 0, 0, 1, 1}, "features are constant");
  expect_refused((ln_random_features){1, 1, 1, 1, 0, 0}, "nothing to learn");
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_random_features p = relu(1, 1);
  ln_random_features_errors e;
  double t = -1;
  assert_int_equal(ln_random_features_ridge(&cx, &p, -1, &e), LN_EARG);
  assert_int_equal(ln_random_features_flow(&cx, &p, &t, 1, &e), LN_EARG);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(errors_of_relu_features_agree_with_30_digits),
                                     cmocka_unit_test(linear_features_are_the_inputs),
                                     cmocka_unit_test(very_many_linear_features_learn_as_one_layer),
                                     cmocka_unit_test(the_threshold_is_infinite_and_both_sides_rise_alike),
                                     cmocka_unit_test(small_ridges_lead_to_none),
                                     cmocka_unit_test(features_without_a_linear_part_are_a_limit),
                                     cmocka_unit_test(flow_begins_with_nothing_and_ends_without_a_ridge),
                                     cmocka_unit_test(overtraining_peaks_at_the_threshold),
                                     cmocka_unit_test(the_best_ridge_is_the_lowest),
                                     cmocka_unit_test(any_allocation_may_fail),
                                     cmocka_unit_test(senseless_features_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
