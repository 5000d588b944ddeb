#include "check.h"
#include "core/ode.h"
#include "scarce.h"

/* A problem, what is recorded of its solution, and what may happen on the way. */
typedef struct problem {
  void (*f)(double t, const double *y, double *dydt);
  size_t n;
  double (*recorded)[18]; /* a row for each asked time */
  size_t outputs, evaluations;
  size_t fail_evaluation, fail_output; /* the first one is 1; 0: none */
  ln_status failure;
  size_t interrupt_at; /* evaluation */
  double (*exact)(double t);
  double worst; /* of the first unknown against exact */
} problem;

static ln_status right_side(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  problem *p = ud;
  p->evaluations++;
  if (p->evaluations == p->fail_evaluation) return ln_fail(cx, p->failure, "the right side failed");
  if (p->evaluations == p->interrupt_at) ln_interrupt(cx);
  p->f(t, y, dydt);
  return LN_OK;
}

static ln_status record(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  problem *p = ud;
  assert_int_equal(index, p->outputs);
  p->outputs++;
  if (p->outputs == p->fail_output) return ln_fail(cx, p->failure, "the output failed");
  if (p->recorded) memcpy(p->recorded[index], y, p->n * sizeof *y);
  if (p->exact) p->worst = fmax(p->worst, fabs(y[0] - p->exact(t)));
  return LN_OK;
}

static ln_ode equation(problem *p, double tolerance) {
  return (ln_ode){
      .rhs = right_side, .output = record, .ud = p, .n = p->n, .rtol = tolerance, .atol = tolerance};
}

static void oscillator(double t, const double *y, double *dydt) {
  (void)t;
  dydt[0] = y[1];
  dydt[1] = -y[0];
}

static void logistic(double t, const double *y, double *dydt) {
  (void)t;
  dydt[0] = y[0] * (1 - y[0]);
}

/* The restricted three-body problem of earth and moon; its orbit closes after one period (Hairer, Norsett and
 * Wanner, II.0). */
#define ARENSTORF_START 0.994, 0, 0, -2.00158510637908252240537862224
#define ARENSTORF_PERIOD 17.0652165601579625588917206249
static void arenstorf(double t, const double *y, double *dydt) {
  (void)t;
  const double mu = 0.012277471, nu = 1 - mu;
  double d1 = pow((y[0] + mu) * (y[0] + mu) + y[1] * y[1], 1.5),
         d2 = pow((y[0] - nu) * (y[0] - nu) + y[1] * y[1], 1.5);
  dydt[0] = y[2];
  dydt[1] = y[3];
  dydt[2] = y[0] + 2 * y[3] - nu * (y[0] + mu) / d1 - mu * (y[0] - nu) / d2;
  dydt[3] = y[1] - 2 * y[2] - nu * y[1] / d1 - mu * y[1] / d2;
}

/* Gradient flow of two 3 x 3 layers: dW1/dt = W2' (S - W2 W1), dW2/dt = (S - W2 W1) W1', column-major. */
static const double layers_start[18] = {.1,  -.03, 0,   .02, .05, .01, 0,   .04, .2,
                                        .05, .03,  .01, -.1, .1,  .02, .02, 0,   .1};
static void layers(double t, const double *y, double *dydt) {
  (void)t;
  static const double S[9] = {3, 0, 1, 1, 2, 0, 0, 1, 1};
  const double *W1 = y, *W2 = y + 9;
  double R[9];
  for (int j = 0; j < 3; j++)
    for (int i = 0; i < 3; i++) {
      R[i + 3 * j] = S[i + 3 * j];
      for (int k = 0; k < 3; k++) R[i + 3 * j] -= W2[i + 3 * k] * W1[k + 3 * j];
    }
  for (int j = 0; j < 3; j++)
    for (int i = 0; i < 3; i++) {
      dydt[i + 3 * j] = dydt[9 + i + 3 * j] = 0;
      for (int k = 0; k < 3; k++) {
        dydt[i + 3 * j] += W2[k + 3 * i] * R[k + 3 * j];
        dydt[9 + i + 3 * j] += R[i + 3 * k] * W1[j + 3 * k];
      }
    }
}

/* The largest error at the end, and the evaluations it took. */
static double solve_to(void (*f)(double, const double *, double *), size_t n, const double *start, double end,
                       const double *expected, double tolerance, size_t *evaluations) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  problem p = {.f = f, .n = n};
  ln_ode ode = equation(&p, tolerance);
  double y[18], worst = 0;
  memcpy(y, start, n * sizeof *y);
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, &end, 1), LN_OK);
  assert_int_equal(ode.evaluations, p.evaluations);
  assert_true(ode.t == end && p.outputs == 1);
  assert_int_equal(cx.scratch_bytes, 0);
  for (size_t i = 0; i < n; i++) worst = fmax(worst, fabs(y[i] - expected[i]));
  *evaluations = ode.evaluations;
  return worst;
}

/* SciPy 1.10's DOP853 has the same formulas and another step control: errors and numbers of evaluations must
 * be of its size, and the error must follow the tolerance. */
static void error_and_cost_follow_the_tolerance_as_scipys_do(void **state) {
  (void)state;
  static const double tolerance[5] = {1e-6, 1e-8, 1e-10, 1e-12, 1e-13};
  static const struct {
    const char *name;
    void (*f)(double, const double *, double *);
    size_t n;
    double start[4], end;
    double scipy_error[5];
    size_t scipy_evaluations[5];
  } cases[] = {
      {"oscillator",
       oscillator,
       2,
       {0, 1},
       20,
       {2.3e-6, 2.6e-8, 2.9e-10, 2.9e-12, 2.9e-13},
       {230, 398, 698, 1214, 1622}},
      {"logistic",
       logistic,
       1,
       {1e-3},
       20,
       {4.1e-10, 4.1e-11, 1.6e-12, 2.9e-14, 4.2e-15},
       {182, 314, 470, 806, 998}},
      {"arenstorf",
       arenstorf,
       4,
       {ARENSTORF_START},
       ARENSTORF_PERIOD,
       {6.9e-3, 8.4e-5, 1.3e-6, 1.5e-9, 8.7e-10},
       {1070, 1778, 2870, 4286, 5078}},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    double expected[4] = {0};
    if (c == 0) expected[0] = sin(20), expected[1] = cos(20);
    if (c == 1) expected[0] = 1 / (1 + 999 * exp(-20));
    if (c == 2) memcpy(expected, cases[c].start, sizeof expected);
    for (size_t k = 0; k < 5; k++) {
      size_t evaluations;
      double error = solve_to(cases[c].f, cases[c].n, cases[c].start, cases[c].end, expected, tolerance[k],
                              &evaluations);
      print_message("# %s %.0e: error %.2g (%.2g), %zu evaluations (%zu)\n", cases[c].name, tolerance[k],
                    error, cases[c].scipy_error[k], evaluations, cases[c].scipy_evaluations[k]);
      assert_true(error < 5 * cases[c].scipy_error[k] + 2e-14);
      assert_true((double)evaluations < 1.2 * (double)cases[c].scipy_evaluations[k] + 30);
    }
  }
}

/* With fixed steps, halving them divides the error of one step by 2^9. */
static void one_step_has_order_eight(void **state) {
  (void)state;
  double error[3];
  for (int k = 0; k < 3; k++) {
    ln_context cx;
    ln_context_init(&cx, NULL, NULL);
    problem p = {.f = oscillator, .n = 2};
    ln_ode ode = equation(&p, 1e3);
    double h = 1.0 / (1 << k), y[2] = {0, 1};
    ode.first_step = h;
    assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, &h, 1), LN_OK);
    assert_int_equal(ode.steps, 1);
    error[k] = hypot(y[0] - sin(h), y[1] - cos(h));
  }
  for (int k = 1; k < 3; k++) assert_close(log2(error[k - 1] / error[k]), 9, 0.05);
}

/* Halving a step divides the error of dense output within it by 2^8. */
static void dense_output_has_order_seven(void **state) {
  (void)state;
  double error[3];
  for (int k = 0; k < 3; k++) {
    ln_context cx;
    ln_context_init(&cx, NULL, NULL);
    problem p = {.f = oscillator, .n = 2, .exact = cos};
    ln_ode ode = equation(&p, 1e3);
    double h = 1.0 / (1 << k), y[2] = {1, 0}, times[33];
    for (int i = 0; i <= 32; i++) times[i] = h * i / 32;
    ode.first_step = h;
    assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, times, 33), LN_OK);
    assert_int_equal(ode.steps, 1);
    assert_int_equal(ode.evaluations, 1 + 12 + 3);
    error[k] = p.worst;
  }
  for (int k = 1; k < 3; k++) assert_close(log2(error[k - 1] / error[k]), 8, 0.1);
}

static double logistic_from_1e_3(double t) { return 1 / (1 + 999 * exp(-t)); }

/* Dense output errs more than the steps do, as SciPy 1.10's does on the same problem and times. */
static void dense_output_is_as_good_as_scipys_and_leaves_the_steps(void **state) {
  (void)state;
  enum { N = 2001 };
  static const double tolerance[4] = {1e-6, 1e-8, 1e-10, 1e-12},
                      scipy_error[4] = {9.2e-6, 1.5e-7, 2.0e-9, 2.7e-11};
  static double times[N];
  for (size_t i = 0; i < N; i++) times[i] = 20.0 * (double)i / (N - 1);
  for (size_t k = 0; k < 4; k++) {
    ln_context cx;
    ln_context_init(&cx, NULL, NULL);
    problem p = {.f = logistic, .n = 1, .exact = logistic_from_1e_3}, plain = {.f = logistic, .n = 1};
    ln_ode ode = equation(&p, tolerance[k]), bare = equation(&plain, tolerance[k]);
    double y = 1e-3, z = 1e-3;
    assert_int_equal(ln_ode_solve(&cx, &ode, 0, &y, times, N), LN_OK);
    assert_int_equal(p.outputs, N);
    assert_true(p.worst < 1.5 * scipy_error[k]);
    assert_int_equal(ln_ode_solve(&cx, &bare, 0, &z, times + N - 1, 1), LN_OK);
    assert_true(y == z && ode.steps == bare.steps);
    assert_true(ode.evaluations <= bare.evaluations + 3 * ode.steps);
  }
}

/* SciPy 1.10 solve_ivp, DOP853 at 1e-13, which agrees with its Radau at 1e-12 to 6e-14. */
static void two_layers_agree_with_scipy(void **state) {
  (void)state;
  static const double times[4] = {0.5, 1, 3, 10},
                      expected[4][18] = {{0x1.85bb6f3ed58abp-2, -0x1.dd05820f0432bp-3, 0x1.3d1507a0db31dp-3,
                                          0x1.4e1985bc0ba70p-3, 0x1.05081d1e8716ep-3, 0x1.9ce09907b1f52p-4,
                                          0x1.9d665031f35d4p-5, 0x1.ec5a91bd89ca4p-4, 0x1.3cfec64cd2eddp-2,
                                          0x1.817864903846cp-2, 0x1.c4ffbf0d8aea4p-4, 0x1.d637f3ad5a1a8p-4,
                                          -0x1.d2fae1b0910d6p-3, 0x1.c258377d2a8b4p-3, -0x1.5ab720890f2c8p-11,
                                          0x1.01d4350192765p-3, 0x1.400dcf608784dp-3, 0x1.f59e3e5373bc8p-3},
                                         {0x1.272e645a1a70cp+0, -0x1.50831450e2492p-1, 0x1.08eabe6a18ec3p-1,
                                          0x1.29a61ab98fca6p-1, 0x1.2eebf37fffe29p-2, 0x1.af7e6d06beae9p-2,
                                          0x1.4c0af916b0bb5p-3, 0x1.10a82707cc612p-2, 0x1.16a8fb04b011fp-1,
                                          0x1.31321079eb9f4p+0, 0x1.882b742ab8ab5p-2, 0x1.61255fa0b49c4p-2,
                                          -0x1.2f8d3ee94f51ap-1, 0x1.fe510a64018ffp-2, -0x1.3b5818c4e681bp-4,
                                          0x1.ee3ed536ec853p-2, 0x1.f6ca952e6ac72p-2, 0x1.f34bba8bc6c65p-2},
                                         {0x1.50d96b347283cp+0, -0x1.0900685781a7bp+0, 0x1.18ca7ae085ac1p-1,
                                          0x1.ecce7eda8212fp-1, 0x1.d8e5676b82730p-1, 0x1.f4a81aeb540aep-2,
                                          -0x1.6e0df83914bfep-4, 0x1.2a3b3ed848b54p-2, 0x1.03c652eef90b1p+0,
                                          0x1.84faa86871940p+0, 0x1.2dd7671255febp-1, 0x1.a2fc91757004fp-5,
                                          -0x1.833acefe6e789p-1, 0x1.23384a068be8fp+0, -0x1.9809a62b27495p-2,
                                          0x1.a23caa41341ccp-2, 0x1.7ae3c97e7773dp-1, 0x1.d126ba6a11fe9p-1},
                                         {0x1.4f555ce7b7476p+0, -0x1.0a10135eb6124p+0, 0x1.1d17e42c44f2ap-1,
                                          0x1.ff8fbf1917833p-1, 0x1.e57bdbf730a77p-1, 0x1.bedb524841f24p-2,
                                          -0x1.33789fb8ae710p-3, 0x1.0150779579c2fp-2, 0x1.1a32a8705955bp+0,
                                          0x1.8a3d9f6df5e77p+0, 0x1.3247da3a82c5ap-1, -0x1.1b30c95a96d2bp-6,
                                          -0x1.7c2cf3de8294ep-1, 0x1.24d7d25a6fc91p+0, -0x1.c78b5d08ceac7p-2,
                                          0x1.8419c0a701226p-2, 0x1.74abfe6410681p-1, 0x1.0197abd96f986p+0}};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double recorded[4][18], y[18];
  problem p = {.f = layers, .n = 18, .recorded = recorded};
  ln_ode ode = equation(&p, 1e-13);
  memcpy(y, layers_start, sizeof y);
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, times, 4), LN_OK);
  for (size_t k = 0; k < 4; k++)
    for (size_t i = 0; i < 18; i++) assert_close(recorded[k][i], expected[k][i], 1e-12);
  assert_memory_equal(y, recorded[3], sizeof y);
}

static void nothing_is_evaluated_for_times_at_the_start(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double recorded[2][18], y[2] = {3, 4};
  const double times[2] = {1.5, 1.5};
  problem p = {.f = oscillator, .n = 2, .recorded = recorded};
  ln_ode ode = equation(&p, 1e-8);
  assert_int_equal(ln_ode_solve(&cx, &ode, 1.5, y, times, 2), LN_OK);
  assert_int_equal(ln_ode_solve(&cx, &ode, 1.5, y, NULL, 0), LN_OK);
  assert_int_equal(p.evaluations, 0);
  assert_int_equal(p.outputs, 2);
  assert_true(recorded[1][0] == 3 && recorded[1][1] == 4);
}

static void equal_and_close_times_are_all_put_out(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double times[] = {0, 0, 5e-324, 1e-300, 0.5, 0.5, nextafter(0.5, 1), 1, 1}, y[2] = {0, 1};
  enum { N = sizeof times / sizeof *times };
  problem p = {.f = oscillator, .n = 2, .exact = sin};
  ln_ode ode = equation(&p, 1e-12);
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, times, N), LN_OK);
  assert_int_equal(p.outputs, N);
  assert_true(p.worst < 1e-11);
  /* A whole integration of one unit in the last place. */
  double end = nextafter(1, 2);
  assert_int_equal(ln_ode_solve(&cx, &ode, 1, y, (p.outputs = 0, &end), 1), LN_OK);
  assert_true(ode.t == end && ode.steps == 1);
}

static void zero_unknowns_and_zero_states_are_solved(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double end = 100, y[2] = {0, 0};
  problem p = {.f = oscillator, .n = 2};
  ln_ode ode = equation(&p, 0);
  ode.rtol = 1e-10; /* with atol = 0 a state of zeros has no scale */
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, &end, 1), LN_OK);
  assert_true(y[0] == 0 && y[1] == 0);
  p.outputs = 0;
  p.n = ode.n = 0;
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, &end, 1), LN_OK);
  assert_int_equal(p.outputs, 1);
}

static bool at_rest(void *ud, double t, const double *y, const double *dydt) {
  (void)ud, (void)t;
  return fabs(dydt[0]) <= 1e-12 * y[0];
}

static void a_settled_solution_holds_for_all_later_times(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double recorded[4][18], y = 0.5;
  const double times[] = {1, 20, 1e9, INFINITY};
  problem p = {.f = logistic, .n = 1, .recorded = recorded};
  ln_ode ode = equation(&p, 1e-10);
  ode.settled = at_rest;
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, &y, times, 4), LN_OK);
  assert_int_equal(p.outputs, 4);
  assert_true(ode.t > 27 && ode.t < 100);
  assert_close(recorded[1][0], 1 / (1 + exp(-20)), 1e-9);
  assert_true(recorded[2][0] == y && recorded[3][0] == y && recorded[1][0] != y);
  assert_close(y, 1, 1e-11);
}

/* ---- what goes wrong ---- */

static double never_reached(double t) { return t; }
static void square(double t, const double *y, double *dydt) {
  (void)t;
  dydt[0] = y[0] * y[0];
}
static void not_a_number_from_1_on(double t, const double *y, double *dydt) { dydt[0] = t < 1 ? -y[0] : NAN; }

static void a_pole_is_an_error_that_says_when(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double y = 1, end = 2;
  problem p = {.f = square, .n = 1};
  ln_ode ode = equation(&p, 1e-8);
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, &y, &end, 1), LN_ENUMERIC);
  print_message("# %s\n", cx.message);
  assert_non_null(strstr(cx.message, "step size fell to"));
  assert_non_null(strstr(cx.message, "at t = 1"));
  assert_close(ode.t, 1, 1e-6);
  assert_true(isfinite(y) && y > 1e6);
  assert_int_equal(cx.scratch_bytes, 0);
}

static void a_right_side_that_is_not_finite_is_an_error_that_says_when(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double y = 1, end = 2;
  problem p = {.f = not_a_number_from_1_on, .n = 1};
  ln_ode ode = equation(&p, 1e-8);
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, &y, &end, 1), LN_ENUMERIC);
  print_message("# %s\n", cx.message);
  assert_non_null(strstr(cx.message, "not finite"));
  assert_true(ode.t < 1);
  assert_close(ode.t, 1, 1e-10);
  assert_close(y, exp(-1), 1e-7);

  assert_int_equal(ln_ode_solve(&cx, &ode, 1, &y, &end, 1), LN_ENUMERIC);
  assert_non_null(strstr(cx.message, "at the start, t = 1"));
  y = INFINITY;
  p.f = logistic;
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, &y, &end, 1), LN_ENUMERIC);
}

static void too_many_steps_are_an_error_that_says_how_far_they_led(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double y[2] = {0, 1}, end = 1e6;
  problem p = {.f = oscillator, .n = 2};
  ln_ode ode = equation(&p, 1e-8);
  ode.max_steps = 50;
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, &end, 1), LN_ENUMERIC);
  assert_int_equal(ode.steps + ode.rejected, 50);
  assert_non_null(strstr(cx.message, "50 steps led only to t = "));
  assert_close(y[0], sin(ode.t), 1e-6);
}

static void an_interrupt_keeps_the_last_accepted_state(void **state) {
  (void)state;
  for (size_t at = 1; at < 300; at += 7) {
    ln_context cx;
    ln_context_init(&cx, NULL, NULL);
    double y[2] = {0, 1}, end = 1000;
    problem p = {.f = oscillator, .n = 2, .interrupt_at = at};
    ln_ode ode = equation(&p, 1e-12);
    assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, &end, 1), LN_EINTERRUPT);
    assert_true(ode.evaluations < at + 14);
    assert_close(y[0], sin(ode.t), 1e-10);
    assert_close(y[1], cos(ode.t), 1e-10);
    assert_int_equal(cx.scratch_bytes, 0);
  }
}

static void a_status_of_the_callbacks_is_passed_on(void **state) {
  (void)state;
  double y[2], times[40];
  for (size_t i = 0; i < 40; i++) times[i] = (double)i / 4;
  for (size_t at = 1; at < 150; at++) {
    ln_context cx;
    ln_context_init(&cx, NULL, NULL);
    problem p = {.f = oscillator, .n = 2, .fail_evaluation = at, .failure = LN_EDIVERGED};
    ln_ode ode = equation(&p, 1e-8);
    y[0] = 0, y[1] = 1;
    assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, times, 40), LN_EDIVERGED);
    assert_string_equal(cx.message, "the right side failed");
    assert_int_equal(p.evaluations, at);
    assert_close(y[0], sin(ode.t), 1e-6);
  }
  for (size_t at = 1; at <= 40; at++) {
    ln_context cx;
    ln_context_init(&cx, NULL, NULL);
    problem p = {.f = oscillator, .n = 2, .fail_output = at, .failure = LN_EMEMORY};
    ln_ode ode = equation(&p, 1e-8);
    y[0] = 0, y[1] = 1;
    assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, times, 40), LN_EMEMORY);
    assert_int_equal(p.outputs, at);
    assert_close(y[0], sin(ode.t), 1e-6);
    assert_true(ode.t >= times[at - 1]);
  }
}

static void bad_arguments_are_refused_before_anything_is_evaluated(void **state) {
  (void)state;
  static const struct {
    double rtol, atol, first_step, t0, times[2];
    const char *message;
  } cases[] = {
      {-1e-8, 1e-8, 0, 0, {1, 2}, "rtol = -1e-08"},
      {1e-8, -1, 0, 0, {1, 2}, "atol = -1"},
      {0, 0, 0, 0, {1, 2}, "one of them > 0"},
      {NAN, 1, 0, 0, {1, 2}, "rtol = nan"},
      {INFINITY, 1, 0, 0, {1, 2}, "rtol = inf"},
      {1e-8, 1e-8, -1, 0, {1, 2}, "a first step of -1"},
      {1e-8, 1e-8, NAN, 0, {1, 2}, "a first step of nan"},
      {1e-8, 1e-8, 0, NAN, {1, 2}, "a start at t = nan"},
      {1e-8, 1e-8, 0, 3, {1, 2}, "times[1] = 1 comes after 3"},
      {1e-8, 1e-8, 0, 0, {2, 1}, "times[2] = 1 comes after 2"},
      {1e-8, 1e-8, 0, 0, {1, NAN}, "times[2] = nan"},
      {1e-8, 1e-8, 0, 0, {1, INFINITY}, "times[2] is infinite"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ln_context cx;
    ln_context_init(&cx, NULL, NULL);
    problem p = {.f = logistic, .n = 1, .exact = never_reached};
    ln_ode ode = equation(&p, 0);
    ode.rtol = cases[i].rtol, ode.atol = cases[i].atol, ode.first_step = cases[i].first_step;
    double y = 0.5;
    assert_int_equal(ln_ode_solve(&cx, &ode, cases[i].t0, &y, cases[i].times, 2), LN_EARG);
    assert_non_null(strstr(cx.message, cases[i].message));
    assert_true(y == 0.5 && p.evaluations == 0 && p.outputs == 0);
  }
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (int granted = 0;; granted++) {
    int left = granted;
    ln_context cx;
    ln_context_init(&cx, allocate_scarce, &left);
    problem p = {.f = oscillator, .n = 2};
    ln_ode ode = equation(&p, 1e-8);
    double y[2] = {0, 1}, end = 1;
    ln_status status = ln_ode_solve(&cx, &ode, 0, y, &end, 1);
    assert_int_equal(cx.scratch_bytes, 0);
    if (status == LN_OK) break;
    assert_int_equal(status, LN_EMEMORY);
    assert_true(p.evaluations == 0 && y[0] == 0 && y[1] == 1);
    assert_true(granted < 30);
  }
}

static void the_flop_budget_ends_an_integration(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  cx.flops_left = 10000;
  problem p = {.f = oscillator, .n = 2};
  ln_ode ode = equation(&p, 1e-8);
  double y[2] = {0, 1}, end = 1e6;
  assert_int_equal(ln_ode_solve(&cx, &ode, 0, y, &end, 1), LN_EFLOPS);
  assert_true(ode.t > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(error_and_cost_follow_the_tolerance_as_scipys_do),
      cmocka_unit_test(one_step_has_order_eight),
      cmocka_unit_test(dense_output_has_order_seven),
      cmocka_unit_test(dense_output_is_as_good_as_scipys_and_leaves_the_steps),
      cmocka_unit_test(two_layers_agree_with_scipy),
      cmocka_unit_test(nothing_is_evaluated_for_times_at_the_start),
      cmocka_unit_test(equal_and_close_times_are_all_put_out),
      cmocka_unit_test(zero_unknowns_and_zero_states_are_solved),
      cmocka_unit_test(a_settled_solution_holds_for_all_later_times),
      cmocka_unit_test(a_pole_is_an_error_that_says_when),
      cmocka_unit_test(a_right_side_that_is_not_finite_is_an_error_that_says_when),
      cmocka_unit_test(too_many_steps_are_an_error_that_says_how_far_they_led),
      cmocka_unit_test(an_interrupt_keeps_the_last_accepted_state),
      cmocka_unit_test(a_status_of_the_callbacks_is_passed_on),
      cmocka_unit_test(bad_arguments_are_refused_before_anything_is_evaluated),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(the_flop_budget_ends_an_integration),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
