#include <Random123/philox.h>

#include "check.h"
#include "core/random.h"
#include "statistics.h"

/* ---- the generator ---- */

static void philox_gives_its_authors_known_answers(void **state) {
  /* Random123, tests/kat_vectors, "philox4x32 10": counter, key, result. */
  static const uint32_t known[3][10] = {{0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                                        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
                                         0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                                        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822,
                                         0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
  (void)state;
  for (int i = 0; i < 3; i++) {
    philox4x32_ctr_t counter;
    philox4x32_key_t key;
    memcpy(&counter, known[i], sizeof counter);
    memcpy(&key, known[i] + 4, sizeof key);
    philox4x32_ctr_t result = philox4x32_R(10, counter, key);
    assert_memory_equal(&result, known[i] + 6, sizeof result);
  }
  ln_stream stream = ln_stream_of(0, 0);
  assert_true(ln_random_word(&stream) == 0xe169c58d6627e8d5);
  assert_true(ln_random_word(&stream) == 0x9b00dbd8bc57ac4c);
}

static void a_word_is_a_function_of_seed_number_and_position(void **state) {
  (void)state;
  const uint64_t seed = 0x299f31d0a4093822, number = 0x0370734413198a2e, block = 0x00a308d3243f6a88;
  philox4x32_ctr_t counter = {{0x243f6a88, 0x00a308d3, 0x13198a2e, 0x03707344}};
  philox4x32_key_t key = {{0xa4093822, 0x299f31d0}};
  philox4x32_ctr_t r = philox4x32_R(10, counter, key);
  ln_stream stream = {seed, number, 2 * block};
  assert_true(ln_random_word(&stream) == (r.v[0] | (uint64_t)r.v[1] << 32));
  assert_true(ln_random_word(&stream) == (r.v[2] | (uint64_t)r.v[3] << 32));
  assert_true(stream.position == 2 * block + 2);
}

/* Stored: they change only if the streams do, and with them every seeded result of every user. */
static void the_streams_are_those_of_the_first_release(void **state) {
  (void)state;
  ln_stream stream = ln_stream_of(1, 2), child = ln_split(&stream, 3);
  assert_true(child.seed == 0x9d12dc05439b10b1 && child.number == 0xba13bb3ead88ac2c);
  static const double normals[] = {-0x1.a3d6b2efa6eb8p+0, 0x1.c27b05a2b94cfp+0, -0x1.7b4b811c9eb9cp-2};
  static const double uniforms[] = {0x1.c1679e688a83p-5, 0x1.6a159ece4fbcep-2, 0x1.fa79df4e84b5p-2};
  static const int64_t integers[] = {-201203, 483090, -599934};
  static const size_t permutation[] = {6, 3, 1, 7, 5, 2, 4, 0};
  for (int i = 0; i < 3; i++) assert_true(ln_random_normal(&stream) == normals[i]);
  for (int i = 0; i < 3; i++) assert_true(ln_random_uniform(&stream) == uniforms[i]);
  for (int i = 0; i < 3; i++) assert_true(ln_random_integer(&stream, -1000000, 1000000) == integers[i]);
  size_t order[8];
  ln_random_permutation(&stream, order, 8);
  assert_memory_equal(order, permutation, sizeof order);
}

static void filling_a_matrix_draws_what_single_calls_draw(void **state) {
  (void)state;
  enum { ROWS = 317, COLS = 3, LD = 331 };
  static double dense[ROWS * COLS], gaps[LD * COLS];
  for (uint64_t start = 0; start < 2; start++) {
    ln_stream single = {11, 12, start}, once = single, pieces = single, spaced = single;
    ln_random_normals(&once, ln_window(dense, ROWS, COLS), 0, 1);
    ln_random_normals(&spaced, (ln_matrix){gaps, ROWS, COLS, LD}, 0, 1);
    for (size_t e = 0; e < ROWS * COLS; e++) {
      double x = ln_random_normal(&single);
      assert_true(dense[e] == x && gaps[e % ROWS + e / ROWS * LD] == x);
    }
    assert_true(once.position == start + ROWS * COLS);
    assert_true(once.position == single.position && spaced.position == single.position);
    static double parts[ROWS * COLS];
    for (size_t from = 0, size = 1; from < ROWS * COLS; from += size, size = size * 3 % 101) {
      if (size > ROWS * COLS - from) size = ROWS * COLS - from;
      ln_random_normals(&pieces, ln_window(parts + from, size, 1), 0, 1);
    }
    assert_memory_equal(parts, dense, sizeof dense);
  }
}

static void every_kind_of_draw_takes_one_position(void **state) {
  (void)state;
  double x[64];
  ln_matrix A = ln_window(x, 8, 8);
  ln_stream stream = ln_stream_of(5, 0), single = stream;
  ln_random_uniforms(&stream, A, -2, 6);
  for (int i = 0; i < 64; i++) assert_close(x[i], -2 + 8 * ln_random_uniform(&single), 1e-15);
  ln_random_integers(&stream, A, -3, 3);
  for (int i = 0; i < 64; i++) assert_true(x[i] == (double)ln_random_integer(&single, -3, 3));
  ln_random_signs(&stream, A);
  for (int i = 0; i < 64; i++) assert_true(x[i] == (ln_random_word(&single) >> 63 ? -1 : 1));
  ln_random_normals(&stream, A, 10, 0.5);
  for (int i = 0; i < 64; i++) assert_true(x[i] == 10 + 0.5 * ln_random_normal(&single));
  /* A quarter of the words is refused here. */
  ln_random_integers(&stream, A, 0, (int64_t)1 << 62);
  for (int i = 0; i < 64; i++) assert_true(x[i] == (double)ln_random_integer(&single, 0, (int64_t)1 << 62));
  assert_true(stream.position == single.position && stream.position == 5 * 64);
}

static void empty_matrices_draw_nothing(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_stream stream = ln_stream_of(5, 0);
  double none;
  ln_random_normals(&stream, ln_window(&none, 0, 3), 0, 1);
  ln_random_uniforms(&stream, ln_window(&none, 3, 0), 0, 1);
  ln_random_permutation(&stream, NULL, 0);
  assert_int_equal(ln_random_orthogonal(&cx, &stream, ln_window(&none, 0, 3)), LN_OK);
  assert_int_equal(ln_random_orthogonal(&cx, &stream, ln_window(&none, 3, 0)), LN_OK);
  assert_true(stream.position == 0);
}

static void splits_do_not_depend_on_what_was_drawn_and_differ(void **state) {
  (void)state;
  enum { N = 1000 };
  ln_stream parent = ln_stream_of(9, 4), later = parent;
  ln_random_word(&later);
  static uint64_t first[N + 1];
  for (uint64_t k = 0; k < N; k++) {
    ln_stream child = ln_split(&parent, k), same = ln_split(&later, k);
    assert_true(child.seed == same.seed && child.number == same.number && child.position == 0);
    first[k] = ln_random_word(&child);
    for (uint64_t i = 0; i < k; i++) assert_true(first[i] != first[k]);
  }
  ln_stream child = ln_split(&parent, 0), grandchild = ln_split(&child, 0);
  assert_true(child.seed != grandchild.seed && child.number != grandchild.number);
}

/* Children, and neighbouring seeds and numbers, are as independent as the words of one stream. */
static void neighbouring_streams_are_uncorrelated(void **state) {
  (void)state;
  enum { N = 10000 };
  for (int kind = 0; kind < 3; kind++) {
    ln_stream parent = ln_stream_of(21, 0), last = parent;
    double sum = 0;
    for (uint64_t k = 1; k <= N; k++) {
      ln_stream next = kind == 0   ? ln_split(&parent, k)
                       : kind == 1 ? ln_stream_of(21, k)
                                   : ln_stream_of(21 + k, 0);
      ln_stream copy = next;
      sum += ln_random_normal(&last) * ln_random_normal(&copy);
      last = next;
    }
    assert_true(fabs(sum) < 3.9 * sqrt(N));
  }
}

/* ---- distributions ---- */

static void uniforms_are_uniform(void **state) {
  (void)state;
  enum { N = 100000 };
  static double x[N];
  ln_stream stream = ln_stream_of(1, 0);
  ln_random_uniforms(&stream, ln_window(x, N, 1), 0, 1);
  size_t cells[256] = {0}, pairs[64] = {0};
  for (size_t i = 0; i < N; i++) {
    assert_true(x[i] > 0 && x[i] < 1);
    cells[(size_t)(256 * x[i])]++;
    if (i % 2) pairs[(size_t)(8 * x[i]) + 8 * (size_t)(8 * x[i - 1])]++;
  }
  assert_true(chi_square(cells, 256, N / 256.0) < CHI2_255);
  assert_true(chi_square(pairs, 64, N / 2 / 64.0) < CHI2_63);
  assert_true(kolmogorov(x, N) < KOLMOGOROV_LIMIT);
}

static void uniforms_stay_between_their_ends(void **state) {
  (void)state;
  static const double ends[][2] = {
      {-1, 1},           {0.1, 0.1}, {0.1, 0x1.999999999999bp-4}, {-1.7e308, 1.7e308}, {1e308, 1.1e308},
      {-1e-300, 1e-300}, {3, 5}};
  enum { N = 2000 };
  double x[N];
  ln_stream stream = ln_stream_of(2, 0);
  for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
    double low = ends[k][0], high = ends[k][1], sum = 0;
    ln_random_uniforms(&stream, ln_window(x, N, 1), low, high);
    for (size_t i = 0; i < N; i++) {
      assert_true(x[i] >= low && x[i] <= high);
      sum += high > low ? (x[i] / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    }
    assert_close(sum / N, 0.5, 3.9 / sqrt(12 * N));
  }
}

static void normals_are_normal(void **state) {
  (void)state;
  enum { N = 200000 };
  static double x[N];
  ln_stream stream = ln_stream_of(3, 0);
  ln_random_normals(&stream, ln_window(x, N, 1), 0, 1);
  double moment[7] = {0}, lag = 0;
  size_t beyond_3 = 0;
  for (size_t i = 0; i < N; i++) {
    double power = 1;
    for (int k = 0; k < 7; k++, power *= x[i]) moment[k] += power / N;
    beyond_3 += fabs(x[i]) > 3;
    if (i) lag += x[i] * x[i - 1] / N;
  }
  /* Var x^k = (2k-1)!! - ((k-1)!!)^2 for even k, (2k-1)!! for odd k. */
  static const double expected[7] = {1, 0, 1, 0, 3, 0, 15}, variance[7] = {0, 1, 2, 15, 96, 945, 10170};
  for (int k = 1; k < 7; k++)
    assert_close(moment[k], expected[k], 3.9 * sqrt(variance[k] / N) / fmax(1, expected[k]));
  assert_close(lag, 0, 3.9 / sqrt(N));
  double tail = erfc(3 / sqrt(2));
  assert_close((double)beyond_3 / N, tail, 3.9 * sqrt(tail / N));
  for (size_t i = 0; i < N; i++) x[i] = 0.5 * erfc(-x[i] / sqrt(2));
  assert_true(kolmogorov(x, N) < KOLMOGOROV_LIMIT);
}

static void integers_are_equally_likely(void **state) {
  (void)state;
  enum { N = 60000 };
  ln_stream stream = ln_stream_of(4, 0);
  size_t dice[6] = {0}, ten[10] = {0};
  for (int i = 0; i < N; i++) {
    int64_t a = ln_random_integer(&stream, 1, 6), b = ln_random_integer(&stream, -4, 5);
    assert_true(a >= 1 && a <= 6 && b >= -4 && b <= 5);
    dice[a - 1]++;
    ten[b + 4]++;
  }
  assert_true(chi_square(dice, 6, N / 6.0) < CHI2_5);
  assert_true(chi_square(ten, 10, N / 10.0) < CHI2_9);
  assert_true(ln_random_integer(&stream, 7, 7) == 7);
  assert_true(ln_random_integer(&stream, INT64_MIN, INT64_MIN) == INT64_MIN);
  assert_true(ln_random_integer(&stream, INT64_MAX, INT64_MAX) == INT64_MAX);
}

/* Ranges near 2^64 that a remainder, or a product without refusals, would serve unevenly: thirds of 3 * 2^62,
 * halves of 2^63 + 2, and the whole of the 64-bit integers by their high and low bits. */
static void integers_are_unbiased_in_awkward_ranges(void **state) {
  (void)state;
  enum { N = 30000 };
  const int64_t quarter = (int64_t)1 << 62;
  ln_stream stream = ln_stream_of(6, 0);
  size_t thirds[3] = {0}, modulo_3[3] = {0}, halves[2] = {0}, parity[2] = {0}, high[64] = {0}, low[64] = {0};
  for (int i = 0; i < N; i++) {
    uint64_t a = (uint64_t)ln_random_integer(&stream, INT64_MIN, quarter - 1) - (uint64_t)INT64_MIN;
    assert_true(a < 3 * (uint64_t)quarter);
    thirds[a / (uint64_t)quarter]++;
    modulo_3[a % 3]++;
    int64_t b = ln_random_integer(&stream, -quarter - 1, quarter);
    assert_true(b >= -quarter - 1 && b <= quarter);
    halves[b >= 0]++;
    parity[b & 1]++;
    uint64_t c = (uint64_t)ln_random_integer(&stream, INT64_MIN, INT64_MAX);
    high[c >> 58]++;
    low[c & 63]++;
  }
  assert_true(chi_square(thirds, 3, N / 3.0) < CHI2_2);
  assert_true(chi_square(modulo_3, 3, N / 3.0) < CHI2_2);
  assert_true(chi_square(halves, 2, N / 2.0) < CHI2_1);
  assert_true(chi_square(parity, 2, N / 2.0) < CHI2_1);
  assert_true(chi_square(high, 64, N / 64.0) < CHI2_63);
  assert_true(chi_square(low, 64, N / 64.0) < CHI2_63);
}

static void signs_are_fair(void **state) {
  (void)state;
  enum { N = 40000 };
  static double x[N];
  ln_stream stream = ln_stream_of(8, 0);
  ln_random_signs(&stream, ln_window(x, N / 4, 4));
  double sum = 0;
  for (size_t i = 0; i < N; i++) {
    assert_true(x[i] == 1 || x[i] == -1);
    sum += x[i];
  }
  assert_true(fabs(sum) < 3.9 * sqrt(N));
}

static void each_order_of_four_is_equally_likely(void **state) {
  (void)state;
  enum { N = 48000 };
  ln_stream stream = ln_stream_of(10, 0);
  size_t counts[256] = {0}, orders[24], found = 0;
  for (int i = 0; i < N; i++) {
    size_t order[4];
    ln_random_permutation(&stream, order, 4);
    assert_true(((1u << order[0]) | (1u << order[1]) | (1u << order[2]) | (1u << order[3])) == 15);
    counts[order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3]]++;
  }
  for (size_t i = 0; i < 256; i++)
    if (counts[i]) orders[found++] = counts[i];
  assert_int_equal(found, 24);
  assert_true(chi_square(orders, 24, N / 24.0) < CHI2_23);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_gives_its_authors_known_answers),
      cmocka_unit_test(a_word_is_a_function_of_seed_number_and_position),
      cmocka_unit_test(the_streams_are_those_of_the_first_release),
      cmocka_unit_test(filling_a_matrix_draws_what_single_calls_draw),
      cmocka_unit_test(every_kind_of_draw_takes_one_position),
      cmocka_unit_test(empty_matrices_draw_nothing),
      cmocka_unit_test(splits_do_not_depend_on_what_was_drawn_and_differ),
      cmocka_unit_test(neighbouring_streams_are_uncorrelated),
      cmocka_unit_test(uniforms_are_uniform),
      cmocka_unit_test(uniforms_stay_between_their_ends),
      cmocka_unit_test(normals_are_normal),
      cmocka_unit_test(integers_are_equally_likely),
      cmocka_unit_test(integers_are_unbiased_in_awkward_ranges),
      cmocka_unit_test(signs_are_fair),
      cmocka_unit_test(each_order_of_four_is_equally_likely),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
