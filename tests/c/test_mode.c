#include "check.h"
#include "core/ode.h"
#include "theory/mode.h"

static double strength(double s, double rho, double a0, double depth, double t) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double a = NAN;
  assert_int_equal(ln_mode_strength(&cx, &(ln_mode){s, rho, a0, depth}, &t, 1, &a), LN_OK);
  return a;
}

static double time_to(double s, double rho, double a0, double depth, double a) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double t = -1;
  assert_int_equal(ln_mode_time(&cx, &(ln_mode){s, rho, a0, depth}, &a, 1, &t), LN_OK);
  return t;
}

static double time_to_fraction(double s, double rho, double a0, double depth, double fraction) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double t = -1;
  assert_int_equal(ln_mode_time_to_fraction(&cx, &(ln_mode){s, rho, a0, depth}, &fraction, 1, &t), LN_OK);
  return t;
}

/* The implicit law in hypergeometric form, solved by bisection in 120 digits (800 for the tiny starts). */
static const struct {
  double s, rho, a0, depth, t, a, tolerance;
} known[] = {
    {2.0, 1.3, 0.01, 3, 1.5, 0.18995158566558558351, 1e-14},
    {1.0, 1.0, 1e-12, 4, 490000.0, 2.4999999877499975511e-9, 1e-13},
    {1.5, 0.8, 1e-300, 10, 8e+238, 5.5901699437494859016e-299, 1e-12},
    {1.0, 2.0, 0.3, 2.5, 0.7, 0.43151090237854318046, 1e-14},
    {3.0, 0.5, 0.2, 10000.0, 0.00018, 3.8613930742256844661, 1e-13},
    {1.0, 1.0, 0.05, 999.5, 0.03, 0.99970680206019189786, 1e-14},
    {1.0, 1.0, 0.05, 1000, 0.03, 0.99971115122348461173, 1e-14},
    {2.0, 0.5, 9.0, 3, 0.05, 5.8245926746724218991, 1e-14},
    {1e-09, 1.0, 0.7, 6, 40.0, 0.027389634228956351656, 1e-14},
    {1e-300, 1.0, 2.0, 5, 3.0, 0.13603872546168820051, 1e-14},
    {-1.0, 0.9, 0.4, 4, 3.0, 0.015697151731076038238, 1e-14},
    {-1e-08, 1.0, 0.7, 10, 2.0, 0.13273218919689591579, 1e-14},
    {-2.0, 3.0, 5.0, 7, 1e8, 2.5118864179718379182e-13, 1e-13},
    {-1e-300, 0.5, 2.0, 3, 10000.0, 0.00059459470883331135107, 1e-14},
    {0.7, 1.1, 1e-200, 1.5, 3.0, 0.4648648857329848384, 1e-14},
    {1.0, 1.0, 0.01, INFINITY, 104.0, 0.69796363086170464448, 1e-13},
    {2.0, 0.5, 30.0, INFINITY, 0.01, 10.925798513401726959, 1e-14},
    {-1.0, 1.0, 0.5, INFINITY, 1e8, 9.9999980677935074918e-9, 1e-14},
    {1.0, 1.0, 1e-06, 2.0000001, 14.0, 0.99999930855877063282, 1e-14},
    {-0.5, 0.2, 0.001, 3.141592653589793, 20.0, 0.00016426362050182772708, 1e-14},
};

static void the_strength_agrees_with_120_digits(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double a = strength(known[i].s, known[i].rho, known[i].a0, known[i].depth, known[i].t);
    assert_close(a / known[i].a, 1, known[i].tolerance);
    double turned = strength(-known[i].s, known[i].rho, -known[i].a0, known[i].depth, known[i].t);
    assert_close(turned / -known[i].a, 1, known[i].tolerance);
  }
}

static ln_status ignore(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)cx, (void)ud, (void)index, (void)t, (void)y;
  return LN_OK;
}

static ln_status velocity(ln_context *cx, void *ud, double t, const double *a, double *dadt) {
  (void)cx, (void)t;
  const ln_mode *m = ud;
  *dadt = m->depth * pow(fabs(*a), 2 - 2 / m->depth) * (m->s - m->rho * *a);
  return LN_OK;
}

static void the_strength_solves_its_equation_at_every_depth_sign_and_side_of_the_target(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double depths[] = {1, 1.5, 2, 2.01, 3, 4, 7.3, 40};
  const double starts[][3] = {
      {1.4, 0.6, 0.02}, {1.4, 0.6, 4.5}, {-0.8, 0.6, 0.9}, {0, 0.6, 1.3}, {0.8, 0.6, -0.9}};
  for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++) {
      ln_mode m = {starts[k][0], starts[k][1], starts[k][2], depths[d]};
      if (m.depth == 1.5 && m.a0 * m.s < 0) continue; /* reaches 0 in finite time: refused */
      double t[] = {0.05, 0.4, 1.1, 2.5}, a[4];
      assert_int_equal(ln_mode_strength(&cx, &m, t, 4, a), LN_OK);
      double y = m.a0, t0 = 0;
      for (size_t i = 0; i < 4; t0 = t[i++]) {
        ln_ode ode = {.rhs = velocity, .output = ignore, .ud = &m, .n = 1, .rtol = 1e-13, .atol = 1e-16};
        assert_int_equal(ln_ode_solve(&cx, &ode, t0, &y, &t[i], 1), LN_OK);
        assert_close(a[i], y, 2e-11);
      }
    }
}

static void the_ends_are_exact(void **state) {
  (void)state;
  const double depths[] = {1, 2, 2.5, 3, 1000, INFINITY};
  for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
    double depth = depths[d];
    assert_true(strength(2, 0.7, 0.3, depth, 0) == 0.3);
    assert_true(strength(2, 0.7, 0.3, depth, INFINITY) == 2 / 0.7);
    assert_true(strength(1.4, 0.7, 2, depth, 3) == 2); /* at the target */
    assert_close(strength(2, 0.7, 0.3, depth, 1e8), 2 / 0.7, 1e-15);
    assert_close(strength(2, 0.7, 30, depth, 1e8), 2 / 0.7, 1e-15);
    if (depth == 1) {
      assert_true(strength(-2, 0.5, 0.3, depth, INFINITY) == -4);
      assert_true(strength(0, 0, 0.3, depth, INFINITY) == 0.3);
      assert_true(strength(2, 0, 0.3, depth, 5) == 10.3);
      continue;
    }
    assert_true(strength(-2, 0.7, 0.3, depth, INFINITY) == 0);
    assert_true(strength(0, 0.7, 0.3, depth, INFINITY) == 0);
    assert_true(strength(0, 0, 0.3, depth, INFINITY) == 0.3);
    assert_true(strength(2, 0.7, 0, depth, 1e8) == 0); /* the saddle */
    assert_true(time_to(2, 0.7, 0, depth, 0) == 0);
    assert_true(isnan(time_to(2, 0.7, 0, depth, 1)));
  }
  assert_close(strength(2, 0, 0.3, 2, 5), 0.3 * exp(20), 1e-15);
}

static void the_laws_join_where_their_forms_change(void **state) {
  (void)state;
  /* s -> 0 from both sides, the target from both sides, depth -> 2 and depth -> infinity at fixed depth * t
   */
  const double depths[] = {2, 3, 30, INFINITY};
  for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
    double depth = depths[d], zero = strength(0, 0.8, 0.6, depth, 0.7);
    assert_close(strength(1e-13, 0.8, 0.6, depth, 0.7), zero, 1e-12);
    assert_close(strength(-1e-13, 0.8, 0.6, depth, 0.7), zero, 1e-12);
    assert_close(strength(5e-324, 0.8, 0.6, depth, 0.7), zero, 1e-15);
    assert_close(strength(-5e-324, 0.8, 0.6, depth, 0.7), zero, 1e-15);
    assert_close(strength(1, 1, 1 + 1e-12, depth, 0.1), 1, 2e-12);
    assert_close(strength(1, 1, 1 - 1e-12, depth, 0.1), 1, 2e-12);
  }
  const double starts[][3] = {{1, 0.8, 1e-3}, {1, 0.8, 3}, {-1, 0.8, 0.4}};
  for (size_t k = 0; k < 3; k++) {
    double s = starts[k][0], rho = starts[k][1], a0 = starts[k][2];
    assert_close(strength(s, rho, a0, 2 + 1e-13, 2), strength(s, rho, a0, 2, 2), 1e-11);
    assert_close(strength(s, rho, a0, 1e15, 2e-15), strength(s, rho, a0, INFINITY, 2), 1e-11);
    assert_close(strength(s, rho, a0, 1000 - 1e-9, 2e-3), strength(s, rho, a0, 1000, 2e-3), 1e-11);
  }
  assert_close(strength(1, 0.8, 0.1, 1 + 1e-13, 2), strength(1, 0.8, 0.1, 1, 2), 1e-11);
}

static void time_is_the_inverse_of_strength(void **state) {
  (void)state;
  const double depths[] = {1, 1.5, 2, 2.5, 3, 6, 2000, INFINITY};
  const double starts[][3] = {{1.4, 0.6, 0.02}, {1.4, 0.6, 4.5}, {-0.8, 0.6, 0.9}, {0, 0.6, 1.3}};
  for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++) {
      double s = starts[k][0], rho = starts[k][1], a0 = starts[k][2], depth = depths[d];
      if (depth == 1.5 && s < 0) continue;
      const double times[] = {1e-7, 0.003, 0.2, 1.5};
      for (size_t i = 0; i < 4; i++) {
        double t = isinf(depth) ? times[i] : times[i] / depth;
        double a = strength(s, rho, a0, depth, t);
        double velocity =
            (isinf(depth) ? 1 : depth) * pow(a, isinf(depth) ? 2 : 2 - 2 / depth) * (s - rho * a);
        /* as far as the rounding of a itself lets it */
        assert_close(time_to(s, rho, a0, depth, a) / t, 1, 1e-13 + 1e-15 * fabs(a / velocity) / t);
        assert_close(time_to(-s, rho, -a0, depth, -a) / t, 1, 1e-13 + 1e-15 * fabs(a / velocity) / t);
      }
    }
}

static void a_mode_never_is_where_it_does_not_pass(void **state) {
  (void)state;
  assert_true(time_to(1, 1, 0.1, 2, 1) == INFINITY);
  assert_true(time_to(1, 1, 0.1, 3, 0.1) == 0);
  assert_true(isnan(time_to(1, 1, 0.1, 3, 1.1)));
  assert_true(isnan(time_to(1, 1, 0.1, 3, 0.09)));
  assert_true(isnan(time_to(1, 1, 0.1, 3, NAN)));
  assert_true(isnan(time_to(-1, 1, 0.1, 3, -0.5))); /* stopped by the saddle */
  assert_true(time_to(-1, 1, 0.1, 3, 0) == INFINITY);
  assert_close(time_to(-1, 1, 0.1, 1, -0.5), log(1.1 / 0.5), 1e-15);
}

static void a_fraction_keeps_the_digits_of_what_is_missing(void **state) {
  (void)state;
  /* the last stage is exponential at the rate depth * rho * (s/rho)^p */
  for (double depth = 1; depth < 6; depth++) {
    double rate = depth * 0.9 * pow(1.7 / 0.9, 2 - 2 / depth);
    double early = time_to_fraction(1.7, 0.9, 0.05, depth, 1 - 0x1p-30);
    double late = time_to_fraction(1.7, 0.9, 0.05, depth, 1 - 0x1p-52);
    assert_close((late - early) * rate, 22 * log(2), 1e-8);
  }
  assert_true(time_to_fraction(1.7, 0.9, 0.05, 3, 1) == INFINITY);
}

static void the_steps_of_a_deep_network_saturate_at_fixed_product(void **state) {
  (void)state;
  /* steps to 95% at rate 0.1/(depth s^p), s = rho = 1, a0 = 0.01: computed by quadrature */
  const double depths[] = {1, 2, 3, 4, 6, 10, 30, 100, 1000, INFINITY};
  const double steps[] = {29.9, 75.4, 145.2, 221.0, 356.3, 541.3, 845.0, 992.9, 1057.4, 1064.9};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (size_t i = 0; i < 10; i++) {
    ln_mode m = {1, 1, 0.01, depths[i]};
    double fraction = 0.95, t, curvature;
    assert_int_equal(ln_mode_time_to_fraction(&cx, &m, &fraction, 1, &t), LN_OK);
    assert_int_equal(ln_mode_curvature(&cx, &m, &curvature), LN_OK);
    assert_true(fabs(t * curvature / 0.1 - steps[i]) < 0.051);
  }
}

static void the_plateau_is_most_of_the_way_from_a_tiny_start(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double depths[] = {2, 3, 5, 100, INFINITY};
  for (size_t i = 0; i < 5; i++) {
    ln_mode m = {1.3, 0.7, -1e-9, depths[i]};
    m.s = -m.s; /* both turned over: the same */
    double half = 0.5, t, plateau;
    assert_int_equal(ln_mode_time_to_fraction(&cx, &m, &half, 1, &t), LN_OK);
    assert_int_equal(ln_mode_plateau(&cx, &m, &plateau), LN_OK);
    assert_close(plateau / t, 1, depths[i] == 2 ? 1e-9 : 0.01);
  }
}

static void senseless_modes_are_refused(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const struct {
    ln_mode mode;
    const char *message;
  } bad[] = {{{NAN, 1, 1, 2}, "s = "},
             {{1, -1, 1, 2}, "rho = -1"},
             {{1, NAN, 1, 2}, "rho = "},
             {{1, 1, INFINITY, 2}, "a0 = "},
             {{1, 1, 1, 0.5}, "depth = 0.5"},
             {{1, 1, 1, NAN}, "depth = "},
             {{1, 0, 1, 3}, "rho = 0"},
             {{-1, 1, 1, 1.5}, "side of the target"},
             {{1, 1, 0, 1.5}, "side of the target"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    double t = 1, a;
    assert_int_equal(ln_mode_strength(&cx, &bad[i].mode, &t, 1, &a), LN_EARG);
    assert_non_null(strstr(cx.message, bad[i].message));
  }
  double t = -1, a;
  assert_int_equal(ln_mode_strength(&cx, &(ln_mode){1, 1, 1, 2}, &t, 1, &a), LN_EARG);
  assert_non_null(strstr(cx.message, "t = -1"));
  t = NAN;
  assert_int_equal(ln_mode_strength(&cx, &(ln_mode){1, 1, 1, 2}, &t, 1, &a), LN_EARG);
  assert_int_equal(ln_mode_time_to_fraction(&cx, &(ln_mode){0, 1, 1, 2}, &t, 1, &a), LN_EARG);
  t = 1;
  ln_interrupt(&cx);
  assert_int_equal(ln_mode_strength(&cx, &(ln_mode){1, 1, 1, 2}, &t, 1, &a), LN_EINTERRUPT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_strength_agrees_with_120_digits),
      cmocka_unit_test(the_strength_solves_its_equation_at_every_depth_sign_and_side_of_the_target),
      cmocka_unit_test(the_ends_are_exact),
      cmocka_unit_test(the_laws_join_where_their_forms_change),
      cmocka_unit_test(time_is_the_inverse_of_strength),
      cmocka_unit_test(a_mode_never_is_where_it_does_not_pass),
      cmocka_unit_test(a_fraction_keeps_the_digits_of_what_is_missing),
      cmocka_unit_test(the_steps_of_a_deep_network_saturate_at_fixed_product),
      cmocka_unit_test(the_plateau_is_most_of_the_way_from_a_tiny_start),
      cmocka_unit_test(senseless_modes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
