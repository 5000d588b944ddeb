#include "check.h"
#include "theory/special.h"

/* Quadrature in ln y with 40 digits. */
static const struct {
  double a, c, q, x, y;
} known[] = {
    {-1, 2, 0.3, -5.0, -150.7539137960881026},
    {-0.5, 1, 1e-12, 20.0, 1.9999092441985330109},
    {-0.5, 1.5, 0.5, -1e-09, -2.8284271233319767133e-9},
    {0, 0.3, 0.45, -3.0, -3.1543703968562535577},
    {2, 1, 0.01, 3.5, 709.97361073337123808},
    {-1, -1, 0.3, -10.0, -22022.465794806716517},
    {-0.999, 1, 0.2, 0.5, 0.52898487991609483712},
    {1e-17, 0.5, 0.4, 0.2, 0.26814576648738025994},
    {0.6666666666666666, 1, 0.49, 0.02, 0.03986600621895642138},
};

static void pieces_of_the_beta_integral_agree_with_quadrature(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    assert_close(ln_beta_piece(known[i].a, known[i].c, known[i].q, known[i].x) / known[i].y, 1, 2e-15);
}

static void pieces_add_up(void **state) {
  (void)state;
  /* q^-a from q to q e^x and on to q e^(x+z) */
  for (double a = -1; a < 2.1; a += 0.25)
    for (double c = -1; c < 2.1; c += 0.5) {
      double q = 0.02, x = 1.3, z = 1.7;
      double both = ln_beta_piece(a, c, q, x + z), first = ln_beta_piece(a, c, q, x);
      double second = ln_beta_piece(a, c, q * exp(x), z) * exp(a * x);
      assert_close((first + second) / both, 1, 1e-14);
      assert_close(ln_beta_piece(a, c, q * exp(x), -x) * exp(a * x), -first, 1e-14);
    }
}

static void pieces_keep_their_limits(void **state) {
  (void)state;
  assert_close(ln_beta_piece(0.5, 1, 0, 3), expm1(1.5) / 0.5, 1e-15);
  assert_true(ln_beta_piece(0, 1, 0, 3) == 3);
  assert_close(ln_beta_piece(1.5, 1, 1e-300, 300) / (exp(450) / 1.5), 1, 1e-13);
  assert_true(ln_beta_piece(2, 1, 1e-300, 600) == INFINITY); /* beyond the range, not NaN */
  assert_true(isfinite(ln_beta_piece(-1, 1, 1e-308, 708)));
  assert_close(ln_beta_piece(-1, 1, 5e-324, 743), 1, 1e-15);
}

static void the_inverse_undoes_the_piece(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double x = ln_beta_piece_inverse(known[i].a, known[i].c, known[i].q, known[i].y);
    /* as far as the rounding of y lets it: x changes by dy/(dy/dx) */
    double slope = exp(known[i].a * x) * pow(1 - known[i].q * exp(x), -known[i].c);
    assert_close(x / known[i].x, 1, 4e-16 * (2 + fabs(known[i].y / (slope * known[i].x))));
  }
  for (double a = -1; a < 2.1; a += 0.25)
    for (double q = 1e-300; q < 0.5; q *= 1e20)
      for (double share = 0.001; share < 1; share += 0.0908) {
        double x = -share * log(2 * q), y = ln_beta_piece(a, 1, q, x);
        if (isinf(y) || a < 0) continue; /* a < 0: the piece saturates; see mode.c */
        assert_close(ln_beta_piece_inverse(a, 1, q, y) / x, 1, 1e-13);
      }
  assert_true(ln_beta_piece_inverse(0.5, 1, 0.1, 0) == 0);
}

static void phi1_is_smooth_at_0_and_has_its_limits(void **state) {
  (void)state;
  assert_true(ln_phi1(0) == 1);
  assert_close(ln_phi1(1e-20), 1, 1e-16);
  assert_close(ln_phi1(-1e-8), 1 - 0.5e-8, 1e-16);
  assert_close(ln_phi1(1), exp(1) - 1, 1e-15);
  assert_true(ln_phi1(-INFINITY) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_of_the_beta_integral_agree_with_quadrature),
      cmocka_unit_test(pieces_add_up),
      cmocka_unit_test(pieces_keep_their_limits),
      cmocka_unit_test(the_inverse_undoes_the_piece),
      cmocka_unit_test(phi1_is_smooth_at_0_and_has_its_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
