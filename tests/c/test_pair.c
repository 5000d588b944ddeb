#include "check.h"
#include "core/ode.h"
#include "theory/mode.h"
#include "theory/pair.h"

#define N 3

/* Starts of every kind: parallel or not, equal, opposite, zero, orthogonal, tiny, lopsided, nearly opposite.
 */
static const double starts[][2][N] = {
    {{0.1, 0, 0}, {0.4, 0, 0}},
    {{0.5, 0.1, -0.2}, {0.3, -0.4, 0.1}},
    {{0.3, 0.2, 0.1}, {0.3, 0.2, 0.1}},
    {{0.2, -0.1, 0.3}, {-0.2, 0.1, -0.3}},
    {{0, 0, 0}, {0.7, 0.1, 0}},
    {{0.6, 0, 0}, {0, 0.9, 0}},
    {{1e-8, 0, 0}, {3e-8, 0, 1e-8}},
    {{1e-3, 0, 0}, {2, 0, 0}},
    {{0.3, 0, 0}, {-0.2, 0, 0}},
    {{1, 0.5, 0}, {-1, -0.5, 1e-9}},
    {{2, 1, 0}, {2, 1, 0}},
    {{0, 0, 0}, {0, 0, 0}},
};
static const double problems[][2] = {{1.5, 0.7}, {0.4, 2},     {-1, 0.8}, {0, 1.2},
                                     {0.8, 0},   {1e-13, 0.5}, {0, 0}};
#define STARTS (sizeof starts / sizeof *starts)
#define PROBLEMS (sizeof problems / sizeof *problems)

static ln_pair pair_of(size_t start, size_t problem) {
  return (ln_pair){starts[start][0], starts[start][1], N, problems[problem][0], problems[problem][1]};
}

static ln_status ignore(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)cx, (void)ud, (void)index, (void)t, (void)y;
  return LN_OK;
}

static ln_status velocity(ln_context *cx, void *ud, double t, const double *w, double *dwdt) {
  (void)cx, (void)t;
  const ln_pair *pair = ud;
  double u = 0;
  for (size_t i = 0; i < N; i++) u += w[i] * w[N + i];
  for (size_t i = 0; i < N; i++) {
    dwdt[i] = w[N + i] * (pair->s - pair->rho * u);
    dwdt[N + i] = w[i] * (pair->s - pair->rho * u);
  }
  return LN_OK;
}

static void every_start_follows_the_equations_of_the_weights(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (size_t i = 0; i < STARTS; i++)
    for (size_t k = 0; k < PROBLEMS; k++) {
      ln_pair pair = pair_of(i, k);
      double y[2 * N], t0 = 0;
      memcpy(y, starts[i], sizeof y);
      const double times[] = {1e-3, 0.3, 2, 9};
      for (size_t j = 0; j < 4; t0 = times[j++]) {
        ln_ode ode = {
            .rhs = velocity, .output = ignore, .ud = &pair, .n = 2 * N, .rtol = 1e-13, .atol = 1e-22};
        assert_int_equal(ln_ode_solve(&cx, &ode, t0, y, &times[j], 1), LN_OK);
        double w1[N], w2[N], u, residual, product = 0;
        assert_int_equal(ln_pair_at(&cx, &pair, times[j], w1, w2, &u, &residual), LN_OK);
        for (size_t l = 0; l < N; l++) {
          assert_close(w1[l], y[l], 3e-11);
          assert_close(w2[l], y[N + l], 3e-11);
          product += w1[l] * w2[l];
        }
        assert_close(u, product, 1e-14);
        assert_close(residual, pair.s - pair.rho * product, 1e-13);
      }
    }
}

static void the_differences_of_the_layers_are_conserved(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (size_t i = 0; i < STARTS; i++)
    for (size_t k = 0; k < PROBLEMS; k++) {
      ln_pair pair = pair_of(i, k);
      double w1[N], w2[N];
      assert_int_equal(ln_pair_at(&cx, &pair, 3.7, w1, w2, NULL, NULL), LN_OK);
      double before = 0, after = 0, size = 0;
      for (size_t l = 0; l < N; l++) {
        before += starts[i][1][l] * starts[i][1][l] - starts[i][0][l] * starts[i][0][l];
        after += w2[l] * w2[l] - w1[l] * w1[l];
        size += w2[l] * w2[l] + w1[l] * w1[l];
      }
      assert_true(fabs(after - before) <= 1e-14 * size + 1e-300);
    }
}

static void equal_layers_are_the_mode_of_depth_two(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double times[] = {0, 1e-6, 0.5, 4, 30, 1e4, INFINITY};
  for (size_t k = 0; k < PROBLEMS; k++)
    for (size_t i = 0; i < 7; i++) {
      double w = 0.3, a, u, w1, w2;
      ln_pair pair = {&w, &w, 1, problems[k][0], problems[k][1]};
      ln_mode mode = {problems[k][0], problems[k][1], w * w, 2};
      assert_int_equal(ln_mode_strength(&cx, &mode, &times[i], 1, &a), LN_OK);
      assert_int_equal(ln_pair_at(&cx, &pair, times[i], &w1, &w2, &u, NULL), LN_OK);
      if (isinf(a)) {
        assert_true(isinf(u) && isinf(w1) && isinf(w2));
        continue;
      }
      assert_true(fabs(u - a) <= 1e-13 * a);
      assert_true(fabs(w1 * w2 - a) <= 1e-13 * a);
    }
}

/* 1000-digit arithmetic on the orbit in another form: |p|^2/2 and |m|^2/2 as ratios of e^(-2 om t). */
static void the_orbit_keeps_its_digits_far_out(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const struct {
    double w1, w2, s, rho, t, u, residual;
  } far[] = {
      {1e-08, 3e-08, 2.0, 1.0, 9.0, 0.92602821126296678157, 1.0739717887370332184},
      {1e-100, 2e-100, 1.0, 0.5, 231.0, 1.6642503972223399371, 0.16787480138883003144},
      {0.3, -0.2, 1.0, 1.0, 2.5, 0.28292704675985687626, 0.71707295324014312374},
      {0.2, -0.2, 1.0, 1.0, 300.0, -1.0193832896170427305e-262, 1.0},
      {0.001, 2.0, 3.0, 0.6, 20.0, 5.000000000000000185, 8.7248232061693824637e-56},
      {0.4, 0.9, -1.0, 0.8, 100.0, -1.2499999999999999306, -2.7299609935605748505e-89},
      {0.6, 0.1, 0.0, 1.2, 50.0, 4.4231602496152897867e-11, -5.3077922995383475476e-11},
      {5.0, 5.0, 0.0, 0.3, 100000000.0, 1.666666665555555618e-8, -4.9999999966666666689e-9},
      {0.5, -0.5000001, 0.7, 1.1, 11.0, -1.9822578888332843328e-8, 0.70000002180483673276},
      {0.0, 1.5, 0.4, 2.0, 25.0, 0.2000000000000000111, 9.7270121343523845739e-51},
      {0.7, 0.7, 1e-12, 1.0, 100000000.0, 5.0004999656462591829e-9, -4.9994999656462591829e-9},
      {1.0, -0.9, -1e-09, 2.0, 40.0, -4.3327229740145969119e-8, 8.5654459480291938176e-8},
  };
  for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
    ln_pair pair = {&far[i].w1, &far[i].w2, 1, far[i].s, far[i].rho};
    double u, residual;
    assert_int_equal(ln_pair_at(&cx, &pair, far[i].t, NULL, NULL, &u, &residual), LN_OK);
    double condition = 1 + fabs(far[i].s) * far[i].t;
    assert_close(u / far[i].u, 1, 1e-14 + 4e-16 * condition);
    assert_close(residual / far[i].residual, 1, 1e-14 + 4e-16 * condition);
  }
}

static void time_is_the_inverse_of_the_strength(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double times[] = {1e-3, 0.3, 2, 9};
  for (size_t i = 0; i < STARTS; i++)
    for (size_t k = 0; k < PROBLEMS; k++)
      for (size_t j = 0; j < 4; j++) {
        ln_pair pair = pair_of(i, k);
        double u, u0, w1[N], w2[N], residual, t;
        assert_int_equal(ln_pair_at(&cx, &pair, 0, NULL, NULL, &u0, NULL), LN_OK);
        assert_int_equal(ln_pair_at(&cx, &pair, times[j], w1, w2, &u, &residual), LN_OK);
        assert_int_equal(ln_pair_time(&cx, &pair, u, &t), LN_OK);
        double squares = 0;
        for (size_t l = 0; l < N; l++) squares += w1[l] * w1[l] + w2[l] * w2[l];
        double velocity_of_u = squares * residual;
        if (u == u0) { /* never moves */
          assert_true(t == 0);
        } else {
          double blur = 4e-16 * (fabs(u) + fabs(u0)) / fabs(velocity_of_u);
          if (blur < 1) assert_true(fabs(t - times[j]) <= 1e-13 * times[j] + blur);
        }
      }
}

static void strengths_off_the_orbit_are_never_reached(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double t, w1 = 0.3, w2 = -0.2, zero = 0, same = -0.3;
  ln_pair pair = {&w1, &w2, 1, 1, 0.5};
  assert_int_equal(ln_pair_time(&cx, &pair, 2, &t), LN_OK);
  assert_true(t == INFINITY); /* the target */
  assert_int_equal(ln_pair_time(&cx, &pair, 2.1, &t), LN_OK);
  assert_true(isnan(t));
  assert_int_equal(ln_pair_time(&cx, &pair, -0.07, &t), LN_OK);
  assert_true(isnan(t));
  pair = (ln_pair){&w1, &same, 1, 1, 0.5}; /* exactly opposite: decays to 0 */
  assert_int_equal(ln_pair_time(&cx, &pair, 0.1, &t), LN_OK);
  assert_true(isnan(t));
  pair = (ln_pair){&zero, &zero, 1, 1, 0.5};
  assert_int_equal(ln_pair_time(&cx, &pair, 0, &t), LN_OK);
  assert_true(t == 0);
  assert_int_equal(ln_pair_time(&cx, &pair, 0.1, &t), LN_OK);
  assert_true(isnan(t));
}

static void the_limit_is_the_target_or_the_saddle(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (size_t i = 0; i < STARTS; i++)
    for (size_t k = 0; k < 4; k++) {
      ln_pair pair = pair_of(i, k);
      double w1[N], w2[N], u, residual, far;
      assert_int_equal(ln_pair_at(&cx, &pair, INFINITY, w1, w2, &u, &residual), LN_OK);
      assert_true(fabs(residual) < 1e-300 || fabs(u) < 1e-300);
      assert_int_equal(ln_pair_at(&cx, &pair, 1e10, w1, w2, &far, NULL), LN_OK);
      assert_close(u, far, 1e-9);
    }
}

static void the_result_may_replace_the_start(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double a[N], b[N], c[N], d[N];
  memcpy(a, starts[1][0], sizeof a), memcpy(b, starts[1][1], sizeof b);
  ln_pair pair = {a, b, N, 1.5, 0.7};
  assert_int_equal(ln_pair_at(&cx, &pair, 2, c, d, NULL, NULL), LN_OK);
  assert_int_equal(ln_pair_at(&cx, &pair, 2, a, b, NULL, NULL), LN_OK);
  assert_memory_equal(a, c, sizeof a);
  assert_memory_equal(b, d, sizeof b);
}

static void senseless_pairs_are_refused(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double one = 1, bad = NAN, huge = 1e200, t;
  assert_int_equal(ln_pair_at(&cx, &(ln_pair){&one, &one, 1, 1, -1}, 1, NULL, NULL, &t, NULL), LN_EARG);
  assert_int_equal(ln_pair_at(&cx, &(ln_pair){&one, &one, 1, NAN, 1}, 1, NULL, NULL, &t, NULL), LN_EARG);
  assert_int_equal(ln_pair_at(&cx, &(ln_pair){&one, &bad, 1, 1, 1}, 1, NULL, NULL, &t, NULL), LN_EARG);
  assert_int_equal(ln_pair_at(&cx, &(ln_pair){&one, &huge, 1, 1, 1}, 1, NULL, NULL, &t, NULL), LN_EARG);
  assert_int_equal(ln_pair_at(&cx, &(ln_pair){&one, &one, 1, 1, 1}, -1, NULL, NULL, &t, NULL), LN_EARG);
  assert_int_equal(ln_pair_time(&cx, &(ln_pair){&one, &one, 1, INFINITY, 1}, 1, &t), LN_EARG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_start_follows_the_equations_of_the_weights),
      cmocka_unit_test(the_differences_of_the_layers_are_conserved),
      cmocka_unit_test(equal_layers_are_the_mode_of_depth_two),
      cmocka_unit_test(the_orbit_keeps_its_digits_far_out),
      cmocka_unit_test(time_is_the_inverse_of_the_strength),
      cmocka_unit_test(strengths_off_the_orbit_are_never_reached),
      cmocka_unit_test(the_limit_is_the_target_or_the_saddle),
      cmocka_unit_test(the_result_may_replace_the_start),
      cmocka_unit_test(senseless_pairs_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
