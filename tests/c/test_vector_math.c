#include "check.h"
#include "core/vector_math.h"

/* |a - b| in units of b's last place. */
static double ulps(double a, long double b) {
  double nearest = (double)b;
  return (double)(fabsl((long double)a - b) /
                  (long double)(nextafter(fabs(nearest), INFINITY) - fabs(nearest)));
}

static void tanh_is_within_three_units_of_the_last_place(void **state) {
  (void)state;
  enum { COUNT = 20000 };
  static double x[COUNT], y[COUNT];
  for (size_t i = 0; i < COUNT; i++)
    x[i] =
        i % 2 ? 20 * (double)i / COUNT : exp(-700 * (double)i / COUNT); /* all sizes, and all of the bend */
  ln_tanh(COUNT, x, y);
  for (size_t i = 0; i < COUNT; i++) assert_true(ulps(y[i], tanhl(x[i])) <= 3);
}

static void tanh_is_odd_to_the_last_bit(void **state) {
  (void)state;
  double x[101], y[101], minus[101], mirror[101];
  for (int i = 0; i < 101; i++) x[i] = 0.0371 * i * i, minus[i] = -x[i];
  ln_tanh(101, x, y);
  ln_tanh(101, minus, mirror);
  for (int i = 0; i < 101; i++) assert_true(mirror[i] == -y[i] && signbit(mirror[i]));
}

static void tanh_takes_every_number(void **state) {
  (void)state;
  const double x[] = {0, -0.0, 5e-324, -1e-310, 1e308, -INFINITY, INFINITY, NAN};
  const double expected[] = {0, -0.0, 5e-324, -1e-310, 1, -1, 1, NAN};
  double y[8];
  ln_tanh(8, x, y);
  for (int i = 0; i < 8; i++)
    assert_true(isnan(x[i]) ? isnan(y[i]) : y[i] == expected[i] && signbit(y[i]) == signbit(x[i]));
}

static void tanh_of_any_count_may_take_the_place_of_its_argument(void **state) {
  (void)state;
  double x[200], y[200];
  for (size_t n = 0; n < 199; n++) {
    for (size_t i = 0; i < 200; i++) x[i] = sin((double)i);
    ln_tanh(n, x, y);
    ln_tanh(n, x, x);
    for (size_t i = 0; i < 200; i++) assert_true(x[i] == (i < n ? y[i] : sin((double)i)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tanh_is_within_three_units_of_the_last_place),
      cmocka_unit_test(tanh_is_odd_to_the_last_bit),
      cmocka_unit_test(tanh_takes_every_number),
      cmocka_unit_test(tanh_of_any_count_may_take_the_place_of_its_argument),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
