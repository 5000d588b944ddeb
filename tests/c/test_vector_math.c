#include "check.h"
#include "kernels/functions_of_one.h"

/* The widest; that the others give the same bits test_kernels says. */
static void many_exp(size_t n, const double *x, double *y) { ln_kernels_here()[0]->exp(n, x, y); }
static void many_expm1(size_t n, const double *x, double *y) { ln_kernels_here()[0]->expm1(n, x, y); }
static void many_tanh(size_t n, const double *x, double *y) { ln_kernels_here()[0]->tanh(n, x, y); }

/* The function of many numbers (null: there is none), of one number, and to more digits; its largest error in
 * units in the last place, and the arguments beyond which nothing new comes. */
typedef struct function {
  const char *name;
  void (*many)(size_t n, const double *x, double *y);
  double (*one)(double x);
  long double (*exact)(long double x);
  double error, low, high;
} function;

static double exp_of(double x) { return ln_exp_of(x); }
static double expm1_of(double x) { return ln_expm1_of(x); }
static double tanh_of(double x) { return ln_tanh_of(x); }
static double logistic_of(double x) { return ln_logistic_of(x); }
static double logistic_slope_of(double x) { return ln_logistic_slope_of(x); }
static double softplus_of(double x) { return ln_softplus_of(x); }

static long double logistic(long double x) { return x >= 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x)); }
static long double logistic_slope(long double x) {
  long double e = expl(-fabsl(x));
  return e / ((1 + e) * (1 + e));
}
static long double softplus(long double x) { return fmaxl(x, 0) + log1pl(expl(-fabsl(x))); }

static const function functions[] = {
    {"exp", many_exp, exp_of, expl, 1, -750, 715},
    {"expm1", many_expm1, expm1_of, expm1l, 2, -60, 715},
    {"tanh", many_tanh, tanh_of, tanhl, 3, -20, 20},
    {"logistic", NULL, logistic_of, logistic, 3, -750, 60},
    {"logistic_slope", NULL, logistic_slope_of, logistic_slope, 5, -750, 750},
    {"softplus", NULL, softplus_of, softplus, 3, -750, 60},
};
#define EACH_FUNCTION                                                                                        \
  for (const function *f = functions; f < functions + sizeof functions / sizeof *functions; f++)

/* |a - b| in units of b's last place; 0 if both are the same infinity, or NaN. */
static double ulps(double a, long double b) {
  double nearest = (double)b, size = fabs(nearest);
  if (!isfinite(nearest)) return a == nearest || (isnan(a) && isnan(nearest)) ? 0 : INFINITY;
  double unit = size < 1e308 ? nextafter(size, INFINITY) - size : size - nextafter(size, 0);
  return (double)(fabsl((long double)a - b) / (long double)unit);
}

static void check(const function *f, double x) {
  double y = f->one(x), error = ulps(y, f->exact(x));
  if (error <= f->error) return;
  print_error("%s(%.17g) = %.17g: %g units in the last place from %.17Lg\n", f->name, x, y, error,
              f->exact(x));
  fail();
}

enum { COUNT = 40000 };

/* Arguments from end to end, around 0, and of all sizes and both signs down to the subnormal ones. */
static double argument(const function *f, size_t i) {
  double part = (double)(i / 3) / (double)(COUNT / 3), size = exp(-744 * part);
  return i % 3 == 0 ? f->low + part * (f->high - f->low) : i % 3 == 1 ? 4 * part - 2 : i % 2 ? size : -size;
}

static void errors_stay_within_the_units_in_the_last_place_that_are_promised(void **state) {
  (void)state;
  EACH_FUNCTION for (size_t i = 0; i < COUNT; i++) check(f, argument(f, i));
}

static void the_ends_of_the_range_are_where_they_belong(void **state) {
  (void)state;
  const double x[] = {0,      -0.0,      5e-324, -5e-324, -1e-310, 709.78271289338397, 709.7827128933841,
                      -708.5, -745.1332, -745.2, 1e308,   -1e308,  INFINITY,           -INFINITY,
                      NAN};
  EACH_FUNCTION for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
    check(f, x[i]);
    if (x[i] == 0) assert_int_equal(signbit(f->one(x[i])), signbit((double)f->exact(x[i])));
  }
}

static void the_bits_are_the_same_for_many_numbers_as_for_one(void **state) {
  (void)state;
  static double x[COUNT], y[COUNT];
  EACH_FUNCTION if (f->many) {
    for (size_t i = 0; i < COUNT; i++) x[i] = argument(f, i);
    f->many(COUNT, x, y);
    for (size_t i = 0; i < COUNT; i++) {
      double one = f->one(x[i]);
      assert_memory_equal(&y[i], &one, sizeof one);
    }
  }
}

static void tanh_is_odd_to_the_last_bit(void **state) {
  (void)state;
  double x[101], y[101], minus[101], mirror[101];
  for (int i = 0; i < 101; i++) x[i] = 0.0371 * i * i, minus[i] = -x[i];
  many_tanh(101, x, y);
  many_tanh(101, minus, mirror);
  for (int i = 0; i < 101; i++) assert_true(mirror[i] == -y[i] && signbit(mirror[i]));
}

static void any_count_of_values_may_take_the_place_of_the_arguments(void **state) {
  (void)state;
  double x[200], y[200];
  EACH_FUNCTION for (size_t n = 0; f->many && n < 199; n++) {
    for (size_t i = 0; i < 200; i++) x[i] = sin((double)i);
    f->many(n, x, y);
    f->many(n, x, x);
    for (size_t i = 0; i < 200; i++) assert_true(x[i] == (i < n ? y[i] : sin((double)i)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_stay_within_the_units_in_the_last_place_that_are_promised),
      cmocka_unit_test(the_ends_of_the_range_are_where_they_belong),
      cmocka_unit_test(the_bits_are_the_same_for_many_numbers_as_for_one),
      cmocka_unit_test(tanh_is_odd_to_the_last_bit),
      cmocka_unit_test(any_count_of_values_may_take_the_place_of_the_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
