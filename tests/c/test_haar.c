#include <stdlib.h>

#include "check.h"
#include "core/random.h"
#include "scarce.h"
#include "statistics.h"

static void columns_or_rows_are_orthonormal(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1},   {2, 2},   {1, 7},    {7, 1},    {16, 16},  {17, 17},
                                     {40, 33}, {33, 40}, {300, 35}, {20, 129}, {150, 150}};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream stream = ln_stream_of(1, 0);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    size_t m = shapes[s][0], n = shapes[s][1], ld = m + 3;
    double *data = malloc(ld * n * sizeof *data);
    for (size_t i = 0; i < ld * n; i++) data[i] = 77;
    ln_matrix A = {data, m, n, ld};
    assert_int_equal(ln_random_orthogonal(&cx, &stream, A), LN_OK);
    bool tall = m >= n;
    size_t k = tall ? n : m, inner = tall ? m : n;
    for (size_t a = 0; a < k; a++)
      for (size_t b = 0; b <= a; b++) {
        double product = 0;
        for (size_t i = 0; i < inner; i++)
          product += tall ? LN_AT(A, i, a) * LN_AT(A, i, b) : LN_AT(A, a, i) * LN_AT(A, b, i);
        assert_close(product, a == b, 1e-14);
      }
    for (size_t j = 0; j < n; j++) /* the gap between the columns is not ours */
      for (size_t i = m; i < ld; i++) assert_true(data[i + j * ld] == 77);
    free(data);
  }
  assert_int_equal(cx.scratch_bytes, 0);
}

/* An entry of a Haar matrix is a coordinate of a uniform point on the sphere: for n = 3 uniform on (-1, 1),
 * in every place. */
static void entries_of_a_3_by_3_matrix_are_uniform(void **state) {
  (void)state;
  enum { N = 20000 };
  static double entry[9][N];
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream stream = ln_stream_of(2, 0);
  for (size_t k = 0; k < N; k++) {
    double q[9];
    assert_int_equal(ln_random_orthogonal(&cx, &stream, ln_window(q, 3, 3)), LN_OK);
    for (size_t e = 0; e < 9; e++) entry[e][k] = 0.5 * (q[e] + 1);
  }
  for (size_t e = 0; e < 9; e++) assert_true(kolmogorov(entry[e], N) < KOLMOGOROV_LIMIT);
}

/* Half of O(2) are rotations, and both a rotation's and a reflection's angle is uniform. */
static void angles_of_a_2_by_2_matrix_are_uniform(void **state) {
  (void)state;
  enum { N = 20000 };
  static double angle[2][N];
  size_t count[2] = {0};
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream stream = ln_stream_of(3, 0);
  for (size_t k = 0; k < N; k++) {
    double q[4];
    assert_int_equal(ln_random_orthogonal(&cx, &stream, ln_window(q, 2, 2)), LN_OK);
    int kind = q[0] * q[3] - q[1] * q[2] > 0;
    angle[kind][count[kind]++] = 0.5 + atan2(q[1], q[0]) / (2 * acos(-1));
  }
  assert_true(fabs((double)count[0] - N / 2.0) < 3.9 * sqrt(N / 4.0));
  for (int kind = 0; kind < 2; kind++) assert_true(kolmogorov(angle[kind], count[kind]) < KOLMOGOROV_LIMIT);
}

/* The phases of the eigenvalues, by their power sums: for j >= 1 and n large enough tr Q^j has the mean 1 for
 * even j, 0 for odd j, and the variance j (Diaconis and Shahshahani 1994). A QR decomposition without its
 * signs fixed fails. */
static void power_sums_of_the_eigenvalues_have_their_moments(void **state) {
  (void)state;
  enum { N = 20000, SIZE = 8, POWERS = 4 };
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream stream = ln_stream_of(4, 0);
  double sum[POWERS + 1] = {0}, square[POWERS + 1] = {0};
  for (size_t k = 0; k < N; k++) {
    double q[SIZE * SIZE], power[SIZE * SIZE], next[SIZE * SIZE];
    assert_int_equal(ln_random_orthogonal(&cx, &stream, ln_window(q, SIZE, SIZE)), LN_OK);
    memcpy(power, q, sizeof q);
    for (int j = 1; j <= POWERS; j++) {
      double trace = 0;
      for (size_t i = 0; i < SIZE; i++) trace += power[i * (SIZE + 1)];
      sum[j] += trace;
      square[j] += (trace - (j % 2 == 0)) * (trace - (j % 2 == 0));
      ln_gemm(LN_N, LN_N, 1, ln_window(q, SIZE, SIZE), ln_window(power, SIZE, SIZE), 0,
              ln_window(next, SIZE, SIZE));
      memcpy(power, next, sizeof q);
    }
  }
  for (int j = 1; j <= POWERS; j++) {
    assert_close(sum[j] / N, j % 2 == 0, 3.9 * sqrt(j / (double)N));
    assert_close(square[j] / N, j,
                 3.9 * sqrt(2.0 / N)); /* a normal variable's square: variance 2 j^2, relative to j */
  }
}

static void a_wide_matrix_is_the_transpose_of_the_tall_one(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream one = ln_stream_of(5, 0), two = one;
  double tall[15], wide[15];
  assert_int_equal(ln_random_orthogonal(&cx, &one, ln_window(tall, 5, 3)), LN_OK);
  assert_int_equal(ln_random_orthogonal(&cx, &two, ln_window(wide, 3, 5)), LN_OK);
  for (size_t i = 0; i < 15; i++) assert_true(tall[i] == wide[i / 5 + 3 * (i % 5)]);
  assert_true(one.position == two.position && one.position == 5 + 4 + 3);
}

/* Stored, as those of test_random.c. */
static void the_bits_are_those_of_the_first_release(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream stream = ln_stream_of(6, 0);
  static double Q[40 * 40];
  assert_int_equal(ln_random_orthogonal(&cx, &stream, ln_window(Q, 40, 40)), LN_OK);
  assert_true(Q[0] == 0x1.2b9a6737a9d8p-6);
  assert_true(Q[777] == -0x1.fe7379c2b9d6bp-5);
  assert_true(Q[1599] == -0x1.d981fc203e2dap-5);
}

static void an_interrupted_draw_leaves_the_stream(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream stream = ln_stream_of(7, 0);
  double q[9];
  ln_interrupt(&cx);
  assert_int_equal(ln_random_orthogonal(&cx, &stream, ln_window(q, 3, 3)), LN_EINTERRUPT);
  assert_true(stream.position == 0 && cx.scratch_bytes == 0);
}

static void no_memory_is_an_error_that_draws_nothing(void **state) {
  (void)state;
  for (int granted = 0;; granted++) {
    int left = granted;
    ln_context cx;
    ln_context_init(&cx, allocate_scarce, &left);
    ln_stream stream = ln_stream_of(8, 0);
    double q[15];
    ln_status status = ln_random_orthogonal(&cx, &stream, ln_window(q, 3, 5));
    assert_int_equal(cx.scratch_bytes, 0);
    if (status == LN_OK) {
      assert_int_equal(granted, 4);
      break;
    }
    assert_int_equal(status, LN_EMEMORY);
    assert_true(stream.position == 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_or_rows_are_orthonormal),
      cmocka_unit_test(entries_of_a_3_by_3_matrix_are_uniform),
      cmocka_unit_test(angles_of_a_2_by_2_matrix_are_uniform),
      cmocka_unit_test(power_sums_of_the_eigenvalues_have_their_moments),
      cmocka_unit_test(a_wide_matrix_is_the_transpose_of_the_tall_one),
      cmocka_unit_test(the_bits_are_those_of_the_first_release),
      cmocka_unit_test(an_interrupted_draw_leaves_the_stream),
      cmocka_unit_test(no_memory_is_an_error_that_draws_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
