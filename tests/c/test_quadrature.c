#include <stdlib.h>

#include "check.h"
#include "core/quadrature.h"
#include "scarce.h"

enum { MOST = 400 };
static double x[MOST], w[MOST];

/* Sum of w x^k, in long double so that only the rule's own errors show. */
static double moment(size_t n, size_t k) {
  long double sum = 0;
  for (size_t i = 0; i < n; i++) {
    long double power = 1;
    for (size_t j = 0; j < k; j++) power *= x[i];
    sum += w[i] * power;
  }
  return (double)sum;
}

static void assert_rising(size_t n) {
  for (size_t i = 0; i < n; i++) assert_true(isfinite(x[i]) && w[i] >= 0 && (i == 0 || x[i] > x[i - 1]));
}

static void assert_symmetric(size_t n) {
  for (size_t i = 0; i < n; i++) assert_true(x[i] == -x[n - 1 - i] && w[i] == w[n - 1 - i]);
}

static const size_t counts[] = {1, 2, 3, 5, 16, 33, 64, 100, 200};
#define EACH_COUNT(n)                                                                                        \
  size_t n_ = 0, n;                                                                                          \
  n_ < sizeof counts / sizeof *counts && ((n = counts[n_]), true);                                           \
  n_++

static void legendre_rules_integrate_powers_exactly(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (EACH_COUNT(n)) {
    assert_int_equal(ln_gauss_legendre(&cx, n, -1, 1, x, w), LN_OK);
    assert_rising(n);
    assert_symmetric(n);
    for (size_t k = 0; k < 2 * n; k += 2) { /* the odd ones vanish by symmetry */
      double relative = moment(n, k) * (double)(k + 1) / 2 - 1;
      assert_true(fabs(relative) < 2e-14);
    }
  }
}

static void legendre_rules_move_to_their_interval(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_gauss_legendre(&cx, 20, 1, 3, x, w), LN_OK);
  assert_rising(20);
  double sum = 0;
  for (size_t i = 0; i < 20; i++) sum += w[i] / x[i];
  assert_close(sum, log(3), 1e-15);
  assert_int_equal(ln_gauss_legendre(&cx, 8, 2, 2, x, w), LN_OK);
  for (size_t i = 0; i < 8; i++) assert_true(x[i] == 2 && w[i] == 0);
  assert_int_equal(ln_gauss_legendre(&cx, 8, -1.7e308, 1.7e308, x, w), LN_OK);
  assert_rising(8);
}

/* E z^k = (k-1)!! */
static void hermite_rules_give_the_moments_of_the_normal_distribution(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (EACH_COUNT(n)) {
    assert_int_equal(ln_gauss_hermite(&cx, n, x, w), LN_OK);
    assert_rising(n);
    assert_symmetric(n);
    double exact = 1;
    for (size_t k = 0; k < 2 * n && k < 300; k += 2) { /* 301!! is beyond a double */
      double relative = moment(n, k) / exact - 1;
      assert_true(fabs(relative) < 1e-15 * (double)(k + 20));
      exact *= (double)k + 1;
    }
  }
}

static void hermite_rules_give_known_expectations(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_gauss_hermite(&cx, 64, x, w), LN_OK);
  double erf_squared = 0, cosine = 0, exponential = 0;
  for (size_t i = 0; i < 64; i++) {
    erf_squared += w[i] * erf(x[i]) * erf(x[i]);
    cosine += w[i] * cos(x[i]);
    exponential += w[i] * exp(x[i]);
  }
  assert_close(erf_squared, 2 / acos(-1) * asin(2.0 / 3),
               2e-13); /* Williams 1997; the rule's own error is 1e-13 */
  assert_close(cosine, exp(-0.5), 1e-15);
  assert_close(exponential, exp(0.5), 2e-15);
}

/* Integral of e^-x x^k = k! */
static void laguerre_rules_give_factorials(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (EACH_COUNT(n)) {
    assert_int_equal(ln_gauss_laguerre(&cx, n, x, w), LN_OK);
    assert_rising(n);
    assert_true(x[0] > 0);
    double exact = 1;
    for (size_t k = 0; k < 2 * n && k <= 170; exact *= (double)++k)
      assert_true(fabs(moment(n, k) / exact - 1) < 1e-15 * (double)(k + 20));
  }
}

/* Nodes and weights of the two ends of Laguerre's rule for n = 100: roots of L_100 in 200-digit decimal
 * arithmetic. */
static void the_smallest_nodes_and_weights_have_small_relative_errors(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_gauss_laguerre(&cx, 2, x, w), LN_OK);
  assert_close(x[0], 2 - sqrt(2), 1e-15);
  assert_close(w[1], (2 - sqrt(2)) / 4, 1e-15);
  assert_int_equal(ln_gauss_laguerre(&cx, 100, x, w), LN_OK);
  assert_true(fabs(x[0] / 0.01438614699541967 - 1) < 1e-13);
  assert_true(fabs(w[0] / 0.036392605883401354 - 1) < 1e-13);
  assert_true(fabs(x[99] / 374.9841128343427 - 1) < 1e-15);
  assert_true(fabs(w[99] / 3.2465651634358093e-162 - 1) < 1e-12);
}

static void weights_too_small_for_a_double_are_zero(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_gauss_laguerre(&cx, MOST, x, w), LN_OK);
  assert_rising(MOST);
  assert_true(w[MOST - 1] == 0 && w[0] > 0);
  assert_close(moment(MOST, 2), 2, 1e-13);
  assert_int_equal(ln_gauss_hermite(&cx, MOST, x, w), LN_OK);
  assert_rising(MOST);
  assert_close(moment(MOST, 6), 15, 1e-13);
}

/* SciPy 1.10 scipy.special.roots_jacobi. */
static void jacobi_rules_agree_with_scipy(void **state) {
  (void)state;
  static const struct {
    size_t n;
    double a, b, x[7], w[7];
  } cases[] = {
      {5,
       0.3,
       -0.7,
       {-0.9756896050789754, -0.6789481636125049, -0.15128251584910626, 0.42684780523763166,
        0.8582391459696219},
       {2.273485758080997, 1.1322610137534415, 0.6864481151897198, 0.3533586825788008, 0.10888951835921269}},
      {6,
       2,
       5,
       {-0.6283866392267543, -0.3110470710142733, 0.026827498017924233, 0.3552002258027825,
        0.6427972060961678, 0.861977201376785},
       {0.005628713214485302, 0.08861200293557285, 0.36589236184833895, 0.5948924631599887,
        0.3931335023266382, 0.07565048032449967}},
      {4,
       -0.5,
       -0.5,
       {-0.9238795325112867, -0.3826834323650898, 0.3826834323650898, 0.9238795325112867},
       {0.7853981633974483, 0.7853981633974483, 0.7853981633974483, 0.7853981633974483}},
      {7,
       -0.4,
       -0.4,
       {-0.9697619635206662, -0.7732128078384348, -0.4278027154109496, 0.0, 0.4278027154109496,
        0.7732128078384348, 0.9697619635206662},
       {0.32995080505179664, 0.40309868108336167, 0.4331579065328085, 0.44208713314812165, 0.4331579065328085,
        0.40309868108336167, 0.32995080505179664}},
      {3,
       -0.6,
       -0.4,
       {-0.8340878618732906, 0.0577852908416149, 0.8963025710316759},
       {0.815442674378246, 1.060250547862672, 1.4275727769532067}},
  };
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    assert_int_equal(ln_gauss_jacobi(&cx, cases[c].n, cases[c].a, cases[c].b, x, w), LN_OK);
    for (size_t i = 0; i < cases[c].n; i++) {
      assert_close(x[i], cases[c].x[i], 1e-14);
      assert_close(w[i], cases[c].w[i], 1e-14);
    }
  }
}

/* With u = (1 + x)/2, the integral of (1-x)^a (1+x)^b u^k is 2^(a+b+1) B(a+1, b+k+1). */
static void jacobi_rules_integrate_powers_exactly(void **state) {
  (void)state;
  static const double exponents[][2] = {{0, 0},      {0.5, 0.5},   {-0.5, -0.5}, {-0.5, 0.5},
                                        {0.5, -0.5}, {-0.9, -0.1}, {-0.9, 0.9},  {3, 3},
                                        {0.25, 7},   {-0.99, 12},  {60, 100}};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (size_t c = 0; c < sizeof exponents / sizeof *exponents; c++)
    for (EACH_COUNT(n)) {
      double a = exponents[c][0], b = exponents[c][1];
      assert_int_equal(ln_gauss_jacobi(&cx, n, a, b, x, w), LN_OK);
      assert_rising(n);
      if (a == b) assert_symmetric(n);
      double exact = exp2(a + b + 1) * tgamma(a + 1) / tgamma(a + b + 2) * tgamma(b + 1);
      for (size_t k = 0; k < 2 * n; k++) {
        long double sum = 0;
        for (size_t i = 0; i < n; i++)
          sum += (long double)w[i] * powl(0.5L * (1 + (long double)x[i]), (long double)k);
        if (!(fabs((double)sum / exact - 1) < 1e-12))
          print_message("# %g %g n %zu k %zu: %g\n", a, b, n, k, (double)sum / exact - 1);
        exact *= (b + (double)k + 1) / (a + b + (double)k + 2);
      }
    }
}

static void chebyshevs_closed_form_is_the_general_rule(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  static double x_near[MOST], w_near[MOST];
  for (EACH_COUNT(n)) {
    assert_int_equal(ln_gauss_jacobi(&cx, n, 0.5, nextafter(0.5, 1), x_near, w_near), LN_OK);
    assert_int_equal(ln_gauss_jacobi(&cx, n, 0.5, 0.5, x, w), LN_OK);
    for (size_t i = 0; i < n; i++) {
      assert_close(x[i], x_near[i], 1e-15);
      assert_close(w[i], w_near[i], 1e-14);
    }
  }
}

static void large_exponents_do_not_overflow(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double mass = 0, mean = 0;
  assert_int_equal(ln_gauss_jacobi(&cx, 10, 200, 100, x, w), LN_OK);
  for (size_t i = 0; i < 10; i++) mass += w[i], mean += w[i] * x[i];
  assert_close(mean / mass, (100.0 - 200) / 302, 1e-14);
  assert_close(log(mass), 301 * log(2) + lgamma(201) + lgamma(101) - lgamma(302), 1e-13);
}

/* ---- what goes wrong ---- */

static void bad_arguments_are_refused(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_int_equal(ln_gauss_legendre(&cx, 0, -1, 1, x, w), LN_EARG);
  assert_non_null(strstr(cx.message, "0 nodes"));
  assert_int_equal(ln_gauss_hermite(&cx, 0, x, w), LN_EARG);
  assert_int_equal(ln_gauss_laguerre(&cx, SIZE_MAX, x, w), LN_EARG);
  assert_int_equal(ln_gauss_jacobi(&cx, 0, 0.5, 0.5, x, w), LN_EARG);
  assert_int_equal(ln_gauss_legendre(&cx, 3, 1, -1, x, w), LN_EARG);
  assert_non_null(strstr(cx.message, "from 1 to -1"));
  assert_int_equal(ln_gauss_legendre(&cx, 3, NAN, 1, x, w), LN_EARG);
  assert_int_equal(ln_gauss_legendre(&cx, 3, 0, INFINITY, x, w), LN_EARG);
  assert_int_equal(ln_gauss_jacobi(&cx, 3, -1, 0, x, w), LN_EARG);
  assert_non_null(strstr(cx.message, "exponents -1 and 0"));
  assert_int_equal(ln_gauss_jacobi(&cx, 3, 0, NAN, x, w), LN_EARG);
  assert_int_equal(ln_gauss_jacobi(&cx, 3, INFINITY, 0, x, w), LN_EARG);
  assert_int_equal(cx.scratch_bytes, 0);
}

static void every_allocation_may_fail_and_an_interrupt_is_heeded(void **state) {
  (void)state;
  for (int granted = 0;; granted++) {
    int left = granted;
    ln_context cx;
    ln_context_init(&cx, allocate_scarce, &left);
    ln_status status = ln_gauss_hermite(&cx, 10, x, w);
    assert_int_equal(cx.scratch_bytes, 0);
    if (status == LN_OK) break;
    assert_int_equal(status, LN_EMEMORY);
    assert_true(granted < 10);
  }
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_interrupt(&cx);
  assert_int_equal(ln_gauss_hermite(&cx, 10, x, w), LN_EINTERRUPT);
  assert_int_equal(cx.scratch_bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(legendre_rules_integrate_powers_exactly),
      cmocka_unit_test(legendre_rules_move_to_their_interval),
      cmocka_unit_test(hermite_rules_give_the_moments_of_the_normal_distribution),
      cmocka_unit_test(hermite_rules_give_known_expectations),
      cmocka_unit_test(laguerre_rules_give_factorials),
      cmocka_unit_test(the_smallest_nodes_and_weights_have_small_relative_errors),
      cmocka_unit_test(weights_too_small_for_a_double_are_zero),
      cmocka_unit_test(jacobi_rules_agree_with_scipy),
      cmocka_unit_test(jacobi_rules_integrate_powers_exactly),
      cmocka_unit_test(chebyshevs_closed_form_is_the_general_rule),
      cmocka_unit_test(large_exponents_do_not_overflow),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(every_allocation_may_fail_and_an_interrupt_is_heeded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
