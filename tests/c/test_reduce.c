#include <float.h>
#include <stdlib.h>

#include "core/order.h"
#include "core/reduce.h"
#include "matrices.h"
#include "scarce.h"

enum { MOST = 5000 };
static double x[MOST], y[MOST];

static const size_t counts[] = {0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 511, 512, 513, 1000, 5000};
#define EACH_COUNT(n)                                                                                        \
  size_t n_ = 0, n;                                                                                          \
  n_ < sizeof counts / sizeof *counts && ((n = counts[n_]), true);                                           \
  n_++

static void random_numbers(size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = normal(), y[i] = normal();
}

static int begin(void **unused) {
  (void)unused;
  ln_context_init(cx, NULL, NULL);
  state = 20240229;
  return 0;
}

/* ---- sums ---- */

static void sums_agree_with_extended_precision(void **unused) {
  (void)unused;
  for (EACH_COUNT(n)) {
    random_numbers(n);
    long double sum = 0, absolute = 0, products = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
      sum += x[i], absolute += fabsl(x[i]), products += (long double)x[i] * y[i];
      squares += (long double)x[i] * x[i];
    }
    double rounding = 16 * DBL_EPSILON; /* log2(5000) additions in a row, and some */
    assert_true(fabs(ln_sum(n, x) - (double)sum) <= rounding * (double)absolute);
    assert_close(ln_sum_abs(n, x), (double)absolute, rounding);
    assert_true(fabs(ln_sum_products(n, x, y) - (double)products) <= rounding * (double)squares);
    assert_close(ln_norm_of(n, x), (double)sqrtl(squares), rounding);
  }
}

static void norms_neither_overflow_nor_underflow(void **unused) {
  (void)unused;
  const double scales[] = {1, 0x1p-1074, 0x1p-1060, 1e-300, 1e-160, 1e160, 1e300};
  for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
    double three_four[] = {3 * scales[k], 0, -4 * scales[k]};
    double expected = 5 * scales[k];
    assert_true(fabs(ln_norm_of(3, three_four) - expected) <= 4 * DBL_EPSILON * expected);
  }
  assert_true(ln_norm_of(2, (double[]){INFINITY, 1}) == INFINITY);
  assert_true(isnan(ln_norm_of(3, (double[]){1, NAN, INFINITY})));
  assert_true(ln_norm_of(2, (double[]){0, 0}) == 0);
  assert_true(ln_norm_of(2, (double[]){DBL_MAX, DBL_MAX}) == INFINITY);
}

static void the_variance_does_not_cancel(void **unused) {
  (void)unused;
  for (size_t i = 0; i < 1000; i++) x[i] = 1e9 + (double)(i % 10); /* exact in a double */
  assert_close(ln_variance(1000, x), 8.25 * 1000 / 999, 1e-13);
  assert_true(isnan(ln_variance(1, x)) && isnan(ln_variance(0, x)) && isnan(ln_mean(0, x)));
}

/* ---- the largest and the smallest ---- */

static void searches_find_the_first_of_the_largest(void **unused) {
  (void)unused;
  for (EACH_COUNT(n)) {
    if (!n) continue;
    for (size_t i = 0; i < n; i++) x[i] = floor(20 * uniform()) - 10; /* many are equal */
    size_t largest = 0, smallest = 0;
    for (size_t i = 1; i < n; i++) {
      if (x[i] > x[largest]) largest = i;
      if (x[i] < x[smallest]) smallest = i;
    }
    assert_int_equal(ln_place_of_largest(n, x), largest);
    assert_int_equal(ln_place_of_smallest(n, x), smallest);
    size_t nan = n / 2;
    x[nan] = NAN;
    assert_int_equal(ln_place_of_largest(n, x), nan);
    assert_int_equal(ln_place_of_smallest(n, x), nan);
  }
}

/* ---- lines ---- */

static void lines_of_a_block_are_those_of_its_copy(void **unused) {
  (void)unused;
  static const ln_lines all[] = {LN_WHOLE, LN_COLUMNS, LN_ROWS};
  static const size_t sizes[][2] = {{1, 1}, {1, 20}, {20, 1}, {3, 17}, {16, 16}, {9, 300}, {0, 3}, {3, 0}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    ln_mark mark = ln_begin(cx);
    ln_matrix A = random_matrix(sizes[s][0], sizes[s][1]), dense = ln_take_matrix(cx, A.rows, A.cols);
    assert_non_null(dense.data);
    ln_copy(A, dense);
    for (size_t k = 0; k < 3; k++) {
      size_t n = ln_line_count(A, all[k]);
      ln_matrix a = ln_take_matrix(cx, n, 1), b = ln_take_matrix(cx, n, 1);
      assert_true(a.data && b.data);
      assert_int_equal(ln_reduce(cx, A, all[k], ln_sum, a.data), LN_OK);
      assert_int_equal(ln_reduce(cx, dense, all[k], ln_sum, b.data), LN_OK);
      if (n) assert_memory_equal(a.data, b.data, n * sizeof(double)); /* to the last bit */
      for (size_t l = 0; l < n; l++) {
        double sum = 0;
        for (size_t j = 0; j < A.cols; j++)
          for (size_t i = 0; i < A.rows; i++)
            if (all[k] == LN_WHOLE || l == (all[k] == LN_COLUMNS ? j : i)) sum += LN_AT(A, i, j);
        assert_close(a.data[l], sum, 1e-13);
      }
    }
    ln_end(cx, mark, LN_OK);
  }
}

/* ---- order ---- */

static int by_value(const void *a, const void *b) {
  double p = *(const double *)a, q = *(const double *)b;
  return isnan(p) || isnan(q) ? isnan(p) - isnan(q) : (p > q) - (p < q);
}

static void sorts_agree_with_the_c_library(void **unused) {
  (void)unused;
  for (EACH_COUNT(n)) {
    for (size_t i = 0; i < n; i++) x[i] = i % 50 == 13 ? NAN : floor(100 * normal());
    double sorted[MOST], found[MOST];
    size_t place[MOST];
    memcpy(sorted, x, n * sizeof *x), memcpy(found, x, n * sizeof *x);
    qsort(sorted, n, sizeof *sorted, by_value);
    assert_int_equal(ln_sort(cx, n, found), LN_OK);
    assert_int_equal(ln_argsort(cx, n, x, place), LN_OK);
    for (size_t i = 0; i < n; i++) {
      assert_true(by_value(&found[i], &sorted[i]) == 0);
      assert_true(by_value(&x[place[i]], &sorted[i]) == 0);
      if (i && by_value(&sorted[i], &sorted[i - 1]) == 0) assert_true(place[i] > place[i - 1]); /* stable */
    }
  }
}

/* Also for orders that are hard on quickselect: risen, fallen, all equal, two halves, a saw. */
static void quantiles_are_the_sorted_numbers(void **unused) {
  (void)unused;
  for (int kind = 0; kind < 6; kind++)
    for (EACH_COUNT(n)) {
      if (!n) continue;
      for (size_t i = 0; i < n; i++) {
        double k = (double)i, orders[] = {k, -k, 1, fmin(k, (double)(n - i)), (double)(i % 7), normal()};
        x[i] = orders[kind];
      }
      double sorted[MOST];
      memcpy(sorted, x, n * sizeof *x);
      qsort(sorted, n, sizeof *sorted, by_value);
      for (size_t k = 0; k < n; k += n / 7 + 1) {
        double q = n > 1 ? (double)k / (double)(n - 1) : 0;
        memcpy(y, x, n * sizeof *x);
        assert_close(ln_quantile(n, y, q), sorted[k], 1e-12);
      }
    }
}

static void a_quantile_is_fast_for_a_million_in_any_order(void **unused) {
  (void)unused;
  const size_t n = 1000000;
  double *many = malloc(n * sizeof *many);
  assert_non_null(many);
  for (int kind = 0; kind < 3; kind++) {
    for (size_t i = 0; i < n; i++)
      many[i] = kind == 0 ? (double)i : kind == 1 ? 1 : (double)(i < n / 2 ? i : n - i); /* organ pipes */
    double start = ln_clock();
    assert_close(ln_quantile(n, many, 0.5), kind == 0 ? 499999.5 : kind == 1 ? 1 : 250000, 0);
    assert_true(ln_clock() - start < 2); /* n^2 steps would take minutes */
  }
  free(many);
}

static void infinities_have_quantiles(void **unused) {
  (void)unused;
  assert_true(ln_quantile(3, (double[]){1, INFINITY, INFINITY}, 0.75) == INFINITY);
  assert_true(ln_quantile(2, (double[]){-INFINITY, 2}, 1) == 2);
  assert_true(ln_quantile(2, (double[]){INFINITY, 2}, 0.5) == INFINITY);
  assert_true(ln_quantile(2, (double[]){-INFINITY, 2}, 0.25) == -INFINITY);
  assert_true(isnan(ln_quantile(2, (double[]){-INFINITY, INFINITY}, 0.5)));
  assert_true(ln_quantile(2, (double[]){-DBL_MAX, DBL_MAX}, 0.5) == 0);
  assert_true(isnan(ln_quantile(3, (double[]){1, NAN, 2}, 0)));
}

/* ---- histograms ---- */

static void even_bins_count_as_uneven_ones_do(void **unused) {
  (void)unused;
  enum { BINS = 10 };
  double edges[BINS + 1], even[BINS], uneven[BINS];
  for (size_t b = 0; b <= BINS; b++) edges[b] = 0.1 * (double)b;
  edges[BINS] = 1;
  for (size_t i = 0; i < MOST; i++) /* on the edges, beside them, between and outside */
    x[i] = i % 3 == 0   ? edges[i % (BINS + 1)]
           : i % 3 == 1 ? nextafter(edges[i % (BINS + 1)], i % 2 ? -1 : 2)
                        : 1.5 * uniform() - 0.25;
  x[5] = NAN;
  ln_histogram(MOST, x, BINS, edges, true, even);
  ln_histogram(MOST, x, BINS, edges, false, uneven);
  size_t within = 0;
  for (size_t i = 0; i < MOST; i++) within += x[i] >= 0 && x[i] <= 1;
  assert_memory_equal(even, uneven, sizeof even);
  assert_close(ln_sum(BINS, even), (double)within, 0);
  for (size_t b = 0; b < BINS; b++) {
    size_t count = 0;
    for (size_t i = 0; i < MOST; i++)
      count += x[i] >= edges[b] && (x[i] < edges[b + 1] || (b + 1 == BINS && x[i] == 1));
    assert_true(even[b] == (double)count);
  }
}

/* ---- memory ---- */

static void without_memory_nothing_is_lost(void **unused) {
  (void)unused;
  int left = 0;
  ln_context none;
  ln_context_init(&none, allocate_scarce, &left);
  double numbers[] = {3, 1, 2, 4}, out[2];
  size_t place[4];
  ln_matrix block = ln_block_of(ln_window(numbers, 2, 2), 0, 0, 1, 2);
  assert_int_equal(ln_reduce(&none, block, LN_ROWS, ln_sum, out), LN_EMEMORY);
  left = 0;
  assert_int_equal(ln_reduce(&none, block, LN_WHOLE, ln_sum, out), LN_EMEMORY);
  left = 0;
  assert_int_equal(ln_sort(&none, 4, numbers), LN_EMEMORY);
  left = 0;
  assert_int_equal(ln_argsort(&none, 4, numbers, place), LN_EMEMORY);
  assert_true(numbers[0] == 3 && numbers[1] == 1 && numbers[2] == 2 && numbers[3] == 4);
}

static void an_interrupt_ends_a_long_sort(void **unused) {
  (void)unused;
  random_numbers(MOST);
  ln_interrupt(cx);
  assert_int_equal(ln_sort(cx, MOST, x), LN_EINTERRUPT);
  atomic_store(&cx->interrupted, 0);
  assert_int_equal(ln_sort(cx, MOST, x), LN_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_agree_with_extended_precision),
      cmocka_unit_test(norms_neither_overflow_nor_underflow),
      cmocka_unit_test(the_variance_does_not_cancel),
      cmocka_unit_test(searches_find_the_first_of_the_largest),
      cmocka_unit_test(lines_of_a_block_are_those_of_its_copy),
      cmocka_unit_test(sorts_agree_with_the_c_library),
      cmocka_unit_test(quantiles_are_the_sorted_numbers),
      cmocka_unit_test(a_quantile_is_fast_for_a_million_in_any_order),
      cmocka_unit_test(infinities_have_quantiles),
      cmocka_unit_test(even_bins_count_as_uneven_ones_do),
      cmocka_unit_test(without_memory_nothing_is_lost),
      cmocka_unit_test(an_interrupt_ends_a_long_sort),
  };
  return cmocka_run_group_tests(tests, begin, NULL);
}
