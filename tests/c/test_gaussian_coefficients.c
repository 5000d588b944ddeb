#include "check.h"
#include "theory/gaussian_coefficients.h"

/* By adaptive quadrature (SciPy's quad). */
static const struct {
  const char *activation;
  double scale, mean, linear, rest;
} known[] = {
    {"tanh", 0.1, 0, 0.0990194531244468, 6.16658467896536e-07},
    {"tanh", 1, 0, 0.605705509602159, 0.0274153260354303},
    {"tanh", 10, 0, 0.794631365694833, 0.289097856084481},
    {"sigmoid", 0.1, 0.5, 0.0249378103064186, 2.55293499563747e-09},
    {"sigmoid", 1, 0.5, 0.206620964141907, 0.000686813035161729},
    {"sigmoid", 10, 0.5, 0.392595601093641, 0.0566091338925588},
    {"softplus", 0.1, 0.694395623240809, 0.05, 3.10947829669045e-06},
    {"softplus", 1, 0.80605918334744, 0.5, 0.0215145018005587},
    {"softplus", 10, 4.05431303117115, 5, 8.65616287252738},
    {"erf", 0.1, 0, 0.111726185984569, 8.00006457306811e-07},
    {"erf", 1, 0, 0.65147001587056, 0.0401458728191524},
    {"erf", 10, 0, 0.795897298536997, 0.303017715900933},
    {"hard_tanh", 0.1, 0, 0.1, 2.90585539142398e-27},
    {"hard_tanh", 1, 0, 0.682689492137086, 0.0499936082873211},
    {"hard_tanh", 10, 0, 0.79655674554058, 0.312358182445303},
    {"linear", 0.5, 0, 0.5, 0},
    {"relu", 2, 0.79788456080286536, 1, 0.36338022763241866},
    {"leaky_relu", 1, 0.39495285759741838, 0.505, 0.089037240275633367},
};

static void coefficients_agree_with_quadrature(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    ln_gaussian_coefficients c;
    const ln_activation *phi = ln_find_activation(known[i].activation);
    assert_int_equal(ln_gaussian_coefficients_of(&cx, phi, known[i].scale, &c), LN_OK);
    assert_close(c.mean, known[i].mean, 1e-13);
    assert_close(c.linear, known[i].linear, 1e-13);
    if (known[i].rest > 0) assert_close(c.rest / known[i].rest, 1, 1e-8); /* however small */
    assert_close(c.rest, known[i].rest, 1e-13);
  }
}

static void large_scales_are_steps(void **state) {
  (void)state;
  static const char *const steps[] = {"tanh", "erf", "hard_tanh"};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  for (int i = 0; i < 3; i++) { /* sign(z): mu1 = sqrt(2/pi) */
    ln_gaussian_coefficients c;
    assert_int_equal(ln_gaussian_coefficients_of(&cx, ln_find_activation(steps[i]), 1e4, &c), LN_OK);
    assert_close(c.linear, 0.79788456080286536, 1e-7);
    assert_close(c.rest, 1 - 0.63661977236758134, 2e-4);
  }
}

static void senseless_scales_are_refused(void **state) {
  (void)state;
  static const double scales[] = {0, -1, NAN, 2e4, INFINITY};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_gaussian_coefficients c;
  for (int i = 0; i < 5; i++)
    assert_int_equal(ln_gaussian_coefficients_of(&cx, ln_find_activation("tanh"), scales[i], &c), LN_EARG);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(coefficients_agree_with_quadrature),
                                     cmocka_unit_test(large_scales_are_steps),
                                     cmocka_unit_test(senseless_scales_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
