/* The Marchenko-Pastur law, decays over it, and the shallow student, against identities, each other and sampled data. The
 * values that another program computed are in tests/data/generalization_values.json. */
#include "theory/given_student.h"

#include "check.h"
#include "core/linalg.h"
#include "core/random.h"

static const double gammas[] = {1e-6, 0.1, 0.5, 0.9, 0.999, 1, 1.001, 1.3, 4, 50, 1e5};
enum { GAMMAS = sizeof gammas / sizeof *gammas };

static ln_context cx;

static int open_context(void **state) {
  (void)state;
  ln_context_init(&cx, NULL, NULL);
  return 0;
}

static ln_marchenko_pastur law_of(double gamma) {
  ln_marchenko_pastur law;
  assert_int_equal(ln_marchenko_pastur_law(&cx, gamma, &law), LN_OK);
  return law;
}

static void the_rule_integrates_moments_and_resolvents(void **state) {
  (void)state;
  enum { N = 400 };
  double x[N], w[N];
  for (size_t i = 0; i < GAMMAS; i++) {
    ln_marchenko_pastur law = law_of(gammas[i]);
    ln_marchenko_pastur_rule(&law, N, x, w);
    for (unsigned k = 1; k < 8; k++) {
      double sum = 0, moment = ln_marchenko_pastur_moment(&law, k);
      for (size_t j = 0; j < N; j++) sum += w[j] * pow(x[j], k - 1);
      assert_close(sum / moment, 1, 1e-13);
    }
    double kappa = 0.3 * law.upper, sum = 1 / kappa, squares = 1 / (kappa * kappa);
    for (size_t j = 0; j < N; j++) {
      sum += w[j] * (1 / (x[j] + kappa) - 1 / kappa) / x[j];
      squares += w[j] * (1 / ((x[j] + kappa) * (x[j] + kappa)) - 1 / (kappa * kappa)) / x[j];
    }
    assert_close(ln_marchenko_pastur_resolvent(&law, kappa) / sum, 1, 1e-12);
    assert_close(ln_marchenko_pastur_resolvent2(&law, kappa) / squares, 1, 1e-11);
    assert_close(creal(ln_marchenko_pastur_stieltjes(&law, -kappa)) / sum, 1, 1e-12);
  }
}

static void the_distribution_is_the_integral_of_the_density(void **state) {
  (void)state;
  const double pi = acos(-1);
  for (size_t i = 0; i < GAMMAS; i++) {
    ln_marchenko_pastur law = law_of(gammas[i]);
    for (double part = 0.1; part < 1; part += 0.2) {
      double top = part * pi, sum = 0;
      enum { STEPS = 4000 };
      for (int k = 0; k < STEPS; k++) { /* midpoints in the angle, where the density is smooth */
        double psi = top * (k + 0.5) / STEPS, half = sin(psi / 2), x = law.lower + 4 * law.root * half * half;
        sum += ln_marchenko_pastur_density(&law, x) * 2 * law.root * sin(psi) * top / STEPS;
      }
      double half = sin(top / 2), x = law.lower + 4 * law.root * half * half,
             p = ln_marchenko_pastur_cdf(&law, x);
      assert_close(p, law.atom + sum, 3e-5);
      assert_close(ln_marchenko_pastur_quantile(&law, p) / x, 1, 1e-10);
      double above = cimag(ln_marchenko_pastur_stieltjes(&law, x + 0.0 * I)) / pi;
      assert_close(above / ln_marchenko_pastur_density(&law, x), 1, 1e-9);
    }
    assert_close(ln_marchenko_pastur_cdf(&law, law.lower), law.atom, 1e-10);
    assert_close(ln_marchenko_pastur_cdf(&law, law.upper * (1 - 1e-15)), 1, 1e-10);
    assert_true(ln_marchenko_pastur_cdf(&law, -1) == 0 && ln_marchenko_pastur_cdf(&law, 2 * law.upper) == 1);
    assert_true(ln_marchenko_pastur_density(&law, law.upper + 1) == 0);
  }
  ln_marchenko_pastur law;
  const double refused[] = {0, -1, INFINITY, NAN};
  for (size_t i = 0; i < 4; i++) assert_int_equal(ln_marchenko_pastur_law(&cx, refused[i], &law), LN_EARG);
}

/* The means by the second rule with far more nodes than are asked for. */
static ln_relaxed by_many_nodes(const ln_marchenko_pastur *law, double t, double rate) {
  enum { N = 20000 };
  static double x[N], w[N];
  ln_marchenko_pastur_rule(law, N, x, w);
  ln_relaxed m = {.kept = 1};
  for (size_t j = 0; j < N; j++) {
    double e = rate > 0 ? pow(1 - rate * x[j], t) - 1 : expm1(-x[j] * t);
    m.kept += w[j] * e * (e + 2) / x[j];
    m.fading += w[j] * (e + 1) * (e + 1);
    m.noise += w[j] * (e / x[j]) * (e / x[j]);
    m.learned += w[j] * e * e / x[j];
  }
  m.moving = m.kept - law->atom;
  return m;
}

static void assert_same_means(ln_relaxed a, ln_relaxed b, double tolerance) {
  assert_close(a.kept, b.kept, tolerance);
  assert_close(a.moving, b.moving, tolerance);
  assert_close(a.fading, b.fading, tolerance);
  assert_close(a.noise, b.noise, tolerance);
  assert_close(a.learned, b.learned, tolerance);
}

static void decays_have_as_many_nodes_as_they_need(void **state) {
  (void)state;
  const double times[] = {0, 1e-3, 1, 10, 99, 101, 1000, 1e4};
  ln_relaxation r;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(ln_begin_relaxation(&cx, &r), LN_OK);
  for (size_t i = 0; i < GAMMAS; i++) {
    ln_marchenko_pastur law = law_of(gammas[i]);
    for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
      ln_relaxed m, apart;
      assert_int_equal(ln_relax(&cx, &r, &law, times[k], &m), LN_OK);
      assert_int_equal(ln_relax_late(&cx, &r, &law, times[k], &apart), LN_OK);
      assert_same_means(m, by_many_nodes(&law, times[k], 0), 2e-13);
      if (law.lower * times[k] < 1) apart.noise = m.noise, apart.learned = m.learned;
      assert_same_means(apart, m, 2e-13);
    }
    const double rates[] = {0.01, 0.5, 1.5, 1.999}, steps[] = {0, 1, 3, 50, 3000};
    for (size_t k = 0; k < 4; k++)
      for (size_t s = 0; s < 5; s++) {
        ln_relaxed m;
        double rate = rates[k] / law.upper;
        assert_int_equal(ln_relax_steps(&cx, &r, &law, rate, steps[s], &m), LN_OK);
        assert_same_means(m, by_many_nodes(&law, steps[s], rate), 3e-12);
      }
    assert_int_equal(ln_relax_steps(&cx, &r, &law, 2.01 / law.upper, 1, &(ln_relaxed){0}), LN_EARG);
  }
  ln_end(&cx, mark, LN_OK);
}

/* Late, and next to gamma = 1, where the lower edge has hardly begun to act: sqrt(t) growth of the noise, its coefficient from
 * Bessel functions' asymptotes; errors that fade keep their digits until they underflow. */
static void late_times_have_no_special_places(void **state) {
  (void)state;
  ln_relaxation r;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(ln_begin_relaxation(&cx, &r), LN_OK);
  const double pi = acos(-1);
  for (double t = 1e8; t < 1e200; t *= 1e12) {
    const double near[] = {1, 1 - 1e-7 / sqrt(t), 1 + 1e-7 / sqrt(t)};
    for (int i = 0; i < 3; i++) {
      ln_marchenko_pastur law = law_of(near[i]);
      ln_relaxed m;
      assert_int_equal(ln_relax(&cx, &r, &law, t, &m), LN_OK);
      double noise = 2 / sqrt(pi) * (2 - sqrt(2)) * sqrt(t) - 0.5, kept = 1 / sqrt(2 * pi * t);
      assert_close(m.noise / noise, 1, 1e-6);
      assert_close(m.kept / kept, 1, 1e-6);
      assert_close(m.fading / (kept / (4 * t)), 1, 1e-6);
    }
  }
  for (double t = 20; t < 700; t *= 2) { /* by the third rule with very many nodes */
    enum { N = 40000 };
    static double x[N], w[N];
    const double apart[] = {0.5, 1.5};
    for (int i = 0; i < 2; i++) {
      ln_marchenko_pastur law = law_of(apart[i]);
      ln_marchenko_pastur_rule(&law, N, x, w);
      double moving = 0, fading = 0;
      for (size_t k = 0; k < N; k++)
        moving += w[k] / x[k] * exp(-2 * x[k] * t), fading += w[k] * exp(-2 * x[k] * t);
      ln_relaxed m;
      assert_int_equal(ln_relax_late(&cx, &r, &law, t, &m), LN_OK);
      assert_true(moving > 0);
      assert_close(m.moving / moving, 1, 1e-12);
      assert_close(m.fading / fading, 1, 1e-12);
    }
  }
  ln_end(&cx, mark, LN_OK);
}

/* A student on one sample of data, averaged over teacher, noise and start, scatters around the large-size law by 1/N. */
static void large_samples_come_near_the_law(void **state) {
  (void)state;
  enum { N = 240 };
  const double times[] = {0.3, 2, 20};
  ln_relaxation r;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(ln_begin_relaxation(&cx, &r), LN_OK);
  for (size_t examples = 120; examples <= 480; examples *= 2) {
    ln_stream stream = ln_stream_of(1, examples);
    ln_matrix X = ln_take_matrix(&cx, N, examples), S = ln_take_matrix(&cx, N, N),
              Q = ln_take_matrix(&cx, N, N);
    double w[N];
    ln_random_normals(&stream, X, 0, 1);
    ln_gemm(LN_N, LN_T, 1 / (double)examples, X, X, 0, S);
    assert_int_equal(ln_eigh(&cx, S, w, Q), LN_OK);
    ln_shallow_student s = {(double)examples / N, 1, 0.4, 0.3};
    const ln_given_inputs data = {w, N, (double)examples};
    for (size_t i = 0; i < 3; i++) {
      ln_shallow_errors e, given;
      assert_int_equal(ln_shallow_at(&cx, &r, &s, times[i], true, &e), LN_OK);
      assert_int_equal(ln_given_at(&cx, &s, &data, times[i], &given), LN_OK);
      assert_true(fabs(given.test / e.test - 1) < 0.05 && fabs(given.train - e.train) < 0.02);
    }
  }
  ln_end(&cx, mark, LN_OK);
}

static void every_limit_is_a_number_or_infinity(void **state) {
  (void)state;
  const double alphas[] = {1e-3, 0.5, 1, 2, 1e3}, noises[] = {0, 0.3}, starts[] = {0, 0.7}, powers[] = {0, 1};
  ln_relaxation r;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(ln_begin_relaxation(&cx, &r), LN_OK);
  for (int c = 0; c < 5 * 2 * 2 * 2; c++) {
    ln_shallow_student s = {alphas[c % 5], powers[c / 5 % 2], noises[c / 10 % 2], starts[c / 20]};
    ln_shallow_errors e, late, ridge;
    double t, best, kappa;
    if (s.power + s.noise + s.init_power == 0) {
      assert_int_equal(ln_shallow_at(&cx, &r, &s, 1, true, &e), LN_EARG);
      continue;
    }
    assert_int_equal(ln_shallow_at(&cx, &r, &s, INFINITY, true, &e), LN_OK);
    assert_true(e.test >= s.noise && !isnan(e.train) && !isnan(e.power));
    assert_true(isinf(e.test) == (s.alpha == 1 && s.noise > 0));
    assert_int_equal(ln_shallow_at(&cx, &r, &s, 1e9, true, &late), LN_OK);
    if (s.alpha != 1) assert_close(late.test, e.test, 1e-12);
    assert_int_equal(ln_shallow_at(&cx, &r, &s, 0, true, &late), LN_OK);
    assert_close(late.test, s.power + s.noise + s.init_power, 1e-13);
    assert_close(late.train, late.test, 1e-13);
    assert_int_equal(ln_shallow_best_time(&cx, &r, &s, &t), LN_OK);
    if (s.noise > 0 && s.power + s.init_power > 0) { /* nothing near it is lower */
      double lower, higher;
      assert_int_equal(ln_shallow_at(&cx, &r, &s, t, true, &e), LN_OK);
      assert_int_equal(ln_shallow_at(&cx, &r, &s, t * 0.9, true, &late), LN_OK);
      lower = late.test;
      assert_int_equal(ln_shallow_at(&cx, &r, &s, t * 1.1, true, &late), LN_OK);
      higher = late.test;
      assert_true(e.test <= lower && e.test <= higher);
    } else {
      assert_true(s.noise > 0 ? t == 0 : isinf(t));
    }
    assert_int_equal(ln_shallow_best_ridge(&cx, &s, &kappa, &best), LN_OK);
    assert_int_equal(ln_shallow_ridge(&cx, &s, kappa, &ridge), LN_OK);
    assert_close(ridge.test, best, 1e-10);
    assert_int_equal(ln_shallow_ridge(&cx, &s, 0, &ridge), LN_OK);
    assert_true(!isnan(ridge.test) && !isnan(ridge.train) && !isnan(ridge.power));
    s.init_power = 0;
    if (s.power + s.noise > 0) { /* the ridgeless estimator is where flow from 0 ends */
      assert_int_equal(ln_shallow_at(&cx, &r, &s, INFINITY, true, &e), LN_OK);
      if (isfinite(e.test)) assert_close(ridge.test, e.test, 1e-10);
      if (isfinite(e.power)) assert_close(ridge.power, e.power, 1e-10);
      assert_close(ridge.train, e.train, 1e-10);
    }
  }
  ln_end(&cx, mark, LN_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_rule_integrates_moments_and_resolvents),
      cmocka_unit_test(the_distribution_is_the_integral_of_the_density),
      cmocka_unit_test(decays_have_as_many_nodes_as_they_need),
      cmocka_unit_test(late_times_have_no_special_places),
      cmocka_unit_test(large_samples_come_near_the_law),
      cmocka_unit_test(every_limit_is_a_number_or_infinity),
  };
  return cmocka_run_group_tests(tests, open_context, NULL);
}
