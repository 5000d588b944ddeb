#include "check.h"
#include "core/normal.h"
#include "core/random.h"

/* The root of Phi(x) = p by Newton's method in 1100-digit decimal arithmetic, rounded. */
static void the_quantile_agrees_with_high_precision(void **state) {
  static const double known[][2] = {
      {0x0.0000000000001p-1022, -0x1.33bd3f27fcd03p+5},
      {0x1.0000000000000p-1022, -0x1.2c27b05bf1a0bp+5},
      {0x1.56e1fc2f8f359p-997, -0x1.286074064c26ep+5},
      {0x1.bff2ee48e0530p-333, -0x1.546010d755221p+4},
      {0x1.4484bfeebc2a0p-100, -0x1.6ed94a4dacdc8p+3},
      {0x1.79ca10c924223p-67, -0x1.2865170b43a4cp+3},
      {0x1.c965971ea9c5cp-37, -0x1.aaba256709820p+2},
      {0x1.ec94ca210599ep-37, -0x1.aa07c04a264fbp+2},
      {0x1.0000000000000p-53, -0x1.06b48528cea52p+3},
      {0x1.b7cdfd9d7bdbbp-34, -0x1.97203597a2155p+2},
      {0x1.0c6f7a0b5ed8dp-20, -0x1.30381a9799f7ep+2},
      {0x1.0624dd2f1a9fcp-10, -0x1.8b8cbb7204471p+1},
      {0x1.47ae147ae147bp-7, -0x1.29c5c4630ff0fp+1},
      {0x1.32ca57a786c22p-4, -0x1.70b374817af52p+0},
      {0x1.3333333333333p-4, -0x1.7085226d3e524p+0},
      {0x1.339c0ebedfa44p-4, -0x1.7056dc6686c9bp+0},
      {0x1.0000000000000p-2, -0x1.5956b87528a49p-1},
      {0x1.999999999999ap-2, -0x1.036d6c4a04b59p-2},
      {0x1.f5c28f5c28f5cp-2, -0x1.9aba9f4786911p-6},
      {0x1.fffff94a03595p-2, -0x1.0d25ac61904eep-22},
      {0x1.0000000000000p-1, 0x0.0p+0},
      {0x1.0000035afe535p-1, 0x1.0d25ac5f0e9c8p-22},
      {0x1.8000000000000p-1, 0x1.5956b87528a49p-1},
      {0x1.d70a3d70a3d71p-1, 0x1.67b2c51011cf0p+0},
      {0x1.dc28f5c28f5c3p-1, 0x1.79cd70d9c27f4p+0},
      {0x1.ffffde7210be9p-1, 0x1.30381a97985efp+2},
  };
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double x = ln_normal_quantile(known[i][0]);
    assert_true(fabs(x - known[i][1]) <= 1e-15 * fabs(known[i][1]));
  }
}

static void the_quantile_is_defined_for_all_numbers(void **state) {
  (void)state;
  assert_true(ln_normal_quantile(0) == -INFINITY);
  assert_true(ln_normal_quantile(1) == INFINITY);
  assert_true(isnan(ln_normal_quantile(-1e-300)));
  assert_true(isnan(ln_normal_quantile(1.0000001)));
  assert_true(isnan(ln_normal_quantile(NAN)));
  assert_true(isnan(ln_normal_quantile(INFINITY)));
}

static void the_quantile_rises(void **state) {
  (void)state;
  double last = -INFINITY;
  for (double p = 0x1p-60; p < 1; p += p < 1e-3 ? p / 64 : 0x1p-12) {
    double x = ln_normal_quantile(p);
    assert_true(x > last);
    last = x;
  }
}

/* libm's long double logarithm has 11 bits more. */
static void the_logarithm_is_good_to_one_unit_in_the_last_place(void **state) {
  (void)state;
  ln_stream stream = ln_stream_of(7, 0);
  double worst = 0;
  for (int i = 0; i < 200000; i++) {
    double u = ln_random_uniform(&stream), x = u;
    if (i % 3 == 1) x = 1 + (u - 0.5) / (1 << i % 40 % 30);
    if (i % 3 == 2) x = ldexp(u, (int)ln_random_integer(&stream, -1022, 1023));
    long double exact = logl((long double)x);
    double rounded = (double)exact, unit = fabs(nextafter(rounded, INFINITY) - rounded);
    if (exact != 0) worst = fmax(worst, (double)fabsl((long double)ln_portable_log(x) - exact) / unit);
  }
  print_message("# worst error of the logarithm: %.3f units in the last place\n", worst);
  assert_true(worst < 1);
  assert_true(ln_portable_log(1) == 0);
  assert_close(ln_portable_log(5e-324), -1074 * log(2), 1e-15);
}

static void words_give_the_quantile_of_their_lower_half_with_a_sign(void **state) {
  (void)state;
  const uint64_t top = (uint64_t)1 << 63;
  uint64_t words[] = {0,       top,        top - 1, ~(uint64_t)0, 0x123456789abcdef0, 0xfedcba9876543210,
                      5 << 11, top | 0x7ff};
  enum { N = sizeof words / sizeof *words };
  double x[N];
  ln_normals_of_words(words, N, x);
  for (size_t i = 0; i < N; i++) {
    double p = ((double)((words[i] & (top - 1)) >> 11) + 0.5) * 0x1p-53, expected = -ln_normal_quantile(p);
    assert_true(x[i] == (words[i] & top ? -expected : expected));
    assert_true(x[i] != 0 && fabs(x[i]) < 8.3);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_quantile_agrees_with_high_precision),
      cmocka_unit_test(the_quantile_is_defined_for_all_numbers),
      cmocka_unit_test(the_quantile_rises),
      cmocka_unit_test(the_logarithm_is_good_to_one_unit_in_the_last_place),
      cmocka_unit_test(words_give_the_quantile_of_their_lower_half_with_a_sign),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
