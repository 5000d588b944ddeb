#include "check.h"
#include "scarce.h"
#include "theory/low_rank.h"
#include "theory/mode.h"

static const double teacher[] = {3, 2, 0.7};

static ln_low_rank problem(double outputs, double inputs, double examples) {
  return (ln_low_rank){.s = teacher,
                       .modes = 3,
                       .outputs = outputs,
                       .inputs = inputs,
                       .examples = examples,
                       .noise = 1,
                       .start = 0.01,
                       .depth = 2};
}

typedef struct both {
  double excess, target;
} both;

static both at(ln_low_rank p, bool published, double t) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  both e;
  ln_status status = ln_low_rank_at(&cx, &p, published, &t, 1, &(ln_low_rank_errors){&e.excess, &e.target});
  if (status != LN_OK) print_error("%s\n", cx.message);
  assert_int_equal(status, LN_OK);
  assert_null(cx.scratch);
  return e;
}

static double best(ln_low_rank p, bool published, double *excess) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double t = NAN;
  assert_int_equal(ln_low_rank_best(&cx, &p, published, &t, excess), LN_OK);
  assert_null(cx.scratch);
  return t;
}

static void spikes_agree_with_30_digits(void **state) {
  (void)state;
  ln_spike s = ln_spike_of(1.2, 0.5, 1);
  assert_close(s.s_hat, 1.8130698337963218, 1e-15);
  assert_close(s.output_overlap, 0.7505248259174656, 1e-15);
  assert_close(s.input_overlap, 0.6692232400259965, 1e-15);
  assert_close(s.shrunk, 0.60272238686452, 1e-15);
  s = ln_spike_of(0.8, 0.5, 1);
  assert_close(s.s_hat, 1.7071067811865475, 1e-15);
  assert_true(s.output_overlap == 0 && s.input_overlap == 0 && s.shrunk == 0 && !s.visible);
}

static void without_noise_a_spike_is_itself(void **state) {
  (void)state;
  ln_spike s = ln_spike_of(1.2, 0.5, 0);
  assert_true(s.visible && s.s_hat == 1.2 && s.output_overlap == 1 && s.input_overlap == 1 &&
              s.shrunk == 1.2);
  s = ln_spike_of(0, 0.5, 1);
  assert_true(!s.visible && s.shrunk == 0);
  assert_close(ln_spike_of(1e200, 2, 1e-200).s_hat, 1e200, 1e-15);
}

/* In the end the map is Syx: the teacher, as far as it is visible, and P N' entries of noise variance / P each. */
static void what_is_learned_in_the_end_is_known_exactly(void **state) {
  (void)state;
  both e = at(problem(100, 200, 200), false, INFINITY);
  assert_close(e.excess, 100.0, 1e-12);
  assert_close(e.target, 0, 1e-12);
  e = at(problem(200, 200, 500), false, INFINITY);
  assert_close(e.excess, 200.0 * 200 / 500, 1e-12);
  e = at(problem(300, 200, 500), false, INFINITY);
  assert_close(e.excess, 300.0 * 200 / 500, 1e-12);
  e = at(problem(120, 300, 150), false, INFINITY); /* half of the teacher's power is out of sight */
  assert_close(e.excess, 0.5 * (9 + 4 + 0.49) + 120 * 150 / 300.0, 1e-12);
}

/* One layer from (almost) nothing is (1 - e^-t) Syx. */
static void one_layer_shrinks_the_data(void **state) {
  (void)state;
  ln_low_rank p = problem(100, 200, 250);
  p.depth = 1, p.start = 1e-14;
  double power = 9 + 4 + 0.49, noise = 100 * 200 / 250.0;
  for (double t = 0.1; t < 20; t *= 3) {
    double kept = exp(-t), learned = -expm1(-t);
    both e = at(p, false, t);
    assert_close(e.excess, kept * kept * power + learned * learned * noise, 1e-10);
    assert_close(e.target, kept * kept * (power + noise), 1e-10);
  }
}

static void nothing_happens_at_the_threshold(void **state) {
  (void)state;
  double s = pow(0.5, 0.25); /* sig = 1 */
  ln_low_rank p = problem(100, 200, 200);
  p.modes = 1;
  for (double t = 0.5; t < 9; t *= 2) {
    double below = s * (1 - 1e-9), exactly = s, above = s * (1 + 1e-9);
    p.s = &below;
    both a = at(p, false, t);
    p.s = &above;
    both b = at(p, false, t);
    p.s = &exactly;
    both e = at(p, false, t);
    assert_close(a.excess, e.excess, 1e-7);
    assert_close(b.excess, e.excess, 1e-7);
    assert_close(b.target, a.target, 1e-7);
  }
}

static void the_forms_agree_at_large_size(void **state) {
  (void)state;
  for (double n = 1e3; n < 1e6; n *= 10) {
    both exact = at(problem(n, n, n), false, 1.5), published = at(problem(n, n, n), true, 1.5);
    assert_true(fabs(exact.excess - published.excess) < 10);
    assert_close(exact.excess / published.excess, 1, 50 / n);
    assert_close(exact.target / published.target, 1, 50 / n);
  }
}

static void late_times_need_no_more_digits(void **state) {
  (void)state;
  double t = 300;
  both late = at(problem(100, 200, 200), false, t), limit = at(problem(100, 200, 200), false, INFINITY);
  assert_close(late.excess, limit.excess, 1e-10); /* the slowest of these modes has s_hat = 0.29 */
}

static void without_noise_the_modes_are_single_ones(void **state) {
  (void)state;
  ln_low_rank p = problem(10, 20, 20);
  p.noise = 0;
  double excess = 0, t = 1.3, s;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (int k = 0; k < 3; k++) {
    ln_mode_strength(&cx, &(ln_mode){teacher[k], 1, 0.01, 2}, &t, 1, &s);
    excess += (teacher[k] - s) * (teacher[k] - s);
  }
  ln_mode_strength(&cx, &(ln_mode){0, 1, 0.01, 2}, &t, 1, &s);
  excess += 7 * s * s; /* the modes that have nothing to learn */
  both e = at(p, true, t);
  assert_close(e.excess, excess, 1e-13);
  assert_close(e.target, excess, 1e-13);
  p.noise = 1e-18;
  assert_close(at(p, true, t).excess, excess, 1e-8);
  p.noise = 0;
  double lowest;
  assert_true(isinf(best(p, false, &lowest)) && lowest == 0);
}

/* Two layers, 100 x 100, a start of 1e-3: computed with 30 digits. */
static void the_best_time_and_error_of_one_mode(void **state) {
  (void)state;
  static const double known[][4] = {{1.5, 1.3802, 0.8765, 0.9003},
                                    {2, 1.4992, 0.5956, 0.6077},
                                    {3, 1.3816, 0.2365, 0.2381},
                                    {4, 1.2058, 0.1255, 0.1258},
                                    {6, 0.9372, 0.0551, 0.0551}};
  for (int k = 0; k < 5; k++) {
    ln_low_rank p = problem(100, 100, 100);
    p.s = known[k], p.modes = 1, p.start = 1e-3;
    double exact, published, t = best(p, false, &exact);
    best(p, true, &published);
    assert_close(t, known[k][1], 1e-4);
    assert_close(exact / (p.s[0] * p.s[0]), known[k][2], 1e-4);
    assert_close(published / (p.s[0] * p.s[0]), known[k][3], 1e-4);
    assert_close(at(p, false, t).excess, exact, 1e-12);
  }
}

static ln_transfer pair(double overlap) {
  return (ln_transfer){.s = {1.2, 6},
                       .outputs = {100, 200},
                       .overlap = overlap,
                       .inputs = 300,
                       .examples = 300,
                       .noise = 1,
                       .start = 1e-4,
                       .depth = 2};
}

static double benefit(ln_transfer p) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_low_rank alone = ln_transfer_alone(&p);
  double t, joint, apart;
  assert_int_equal(ln_transfer_best(&cx, &p, &t, &joint), LN_OK);
  assert_int_equal(ln_low_rank_best(&cx, &alone, true, &t, &apart), LN_OK);
  assert_null(cx.scratch);
  return apart - joint;
}

static void related_tasks_help_and_others_hurt(void **state) {
  (void)state;
  assert_close(benefit(pair(0.9)), 0.6908, 1e-4);
  assert_true(benefit(pair(1)) > benefit(pair(0.9)));
  assert_true(benefit(pair(0)) < 0);
  assert_close(benefit(pair(-0.9)), benefit(pair(0.9)), 1e-12);
}

/* Two halves of one task: the joint mode has both, and each half its share of it. The second joint mode, which is nothing,
 * counts at the edge in place of one of the bulk. */
static void halves_of_a_task_are_the_task(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_transfer p = pair(1);
  p.s[0] = p.s[1] = 2, p.outputs[0] = p.outputs[1] = 75;
  double whole = 2 * sqrt(2), half;
  ln_low_rank all = ln_transfer_alone(&p);
  all.s = &whole, all.outputs = 150;
  for (double t = 0.5; t < 5; t *= 2) {
    assert_int_equal(ln_transfer_at(&cx, &p, &t, 1, &half), LN_OK);
    both whole_task = at(all, true, t);
    assert_true(fabs(2 * half - whole_task.excess) < 3);
    if (t < 1) assert_close(2 * half, whole_task.excess, 1e-6);
  }
}

static void any_allocation_may_fail(void **state) {
  (void)state;
  ln_status status = LN_EMEMORY;
  ln_transfer tasks = pair(0.5);
  ln_low_rank p = problem(100, 200, 200);
  for (int granted = 0; status == LN_EMEMORY; granted++) {
    int left = granted;
    ln_context cx;
    ln_context_init(&cx, allocate_scarce, &left);
    double t = 1, excess, target;
    status = ln_low_rank_at(&cx, &p, false, &t, 1, &(ln_low_rank_errors){&excess, &target});
    if (status == LN_OK)
      status = ln_low_rank_at(&cx, &p, true, &t, 1, &(ln_low_rank_errors){&excess, &target});
    if (status == LN_OK) status = ln_transfer_at(&cx, &tasks, &t, 1, &excess);
    assert_null(cx.scratch);
    assert_true(granted < 100);
  }
  assert_int_equal(status, LN_OK);
}

static void expect_refused(ln_low_rank p, const char *message) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_low_rank_check(&cx, &p), LN_EARG);
  if (!strstr(cx.message, message)) fail_msg("'%s' does not say '%s'", cx.message, message);
}

static void senseless_problems_are_refused(void **state) {
  (void)state;
  static const double zero[] = {1, 0};
  ln_low_rank p = problem(100, 200, 200);
  p.s = zero, p.modes = 2;
  expect_refused(p, "s[2] = 0 must be > 0");
  p = problem(3, 200, 200);
  expect_refused(p, "the data have 3");
  p = problem(100, 200, 2);
  expect_refused(p, "the data have 2");
  p = problem(0, 200, 200);
  expect_refused(p, "outputs = 0 must be at least 1");
  p = problem(100, 200, 200), p.start = 0;
  expect_refused(p, "start = 0 must be > 0");
  p = problem(100, 200, 200), p.noise = NAN;
  expect_refused(p, "noise = nan");
  p = problem(100, 200, 200), p.depth = 0;
  expect_refused(p, "depth = 0");
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_transfer t = pair(1.1);
  assert_int_equal(ln_transfer_check(&cx, &t), LN_EARG);
  t = pair(0.5), t.examples = 200;
  assert_int_equal(ln_transfer_check(&cx, &t), LN_EARG);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(spikes_agree_with_30_digits),
                                     cmocka_unit_test(without_noise_a_spike_is_itself),
                                     cmocka_unit_test(what_is_learned_in_the_end_is_known_exactly),
                                     cmocka_unit_test(one_layer_shrinks_the_data),
                                     cmocka_unit_test(nothing_happens_at_the_threshold),
                                     cmocka_unit_test(the_forms_agree_at_large_size),
                                     cmocka_unit_test(late_times_need_no_more_digits),
                                     cmocka_unit_test(without_noise_the_modes_are_single_ones),
                                     cmocka_unit_test(the_best_time_and_error_of_one_mode),
                                     cmocka_unit_test(related_tasks_help_and_others_hurt),
                                     cmocka_unit_test(halves_of_a_task_are_the_task),
                                     cmocka_unit_test(any_allocation_may_fail),
                                     cmocka_unit_test(senseless_problems_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
