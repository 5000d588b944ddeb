#include <string.h>

#include "check.h"
#include "core/linalg.h"
#include "core/random.h"
#include "scarce.h"
#include "theory/riccati_map.h"

static ln_context context;
static ln_context *const cx = &context;
static ln_mark all;
static ln_stream stream;

static int set_up(void **state) {
  (void)state;
  ln_context_init(cx, NULL, NULL);
  all = ln_begin(cx);
  stream = ln_stream_of(5, 2);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ln_end(cx, all, LN_OK);
  return cx->scratch_bytes != 0;
}

static ln_matrix take(size_t rows, size_t cols) {
  ln_matrix A = ln_take_matrix(cx, rows, cols);
  assert_non_null(A.data);
  ln_fill(A, 0);
  return A;
}

static ln_matrix orthogonal(size_t n) {
  ln_matrix Q = take(n, n);
  assert_int_equal(ln_random_orthogonal(cx, &stream, Q), LN_OK);
  return Q;
}

/* A diag(x) B' of their first `count` columns. */
static ln_matrix compose(ln_matrix A, const double *x, ln_matrix B, size_t count) {
  ln_matrix scaled = take(A.rows, count), C = take(A.rows, B.rows);
  ln_copy(ln_block_of(A, 0, 0, A.rows, count), scaled);
  for (size_t k = 0; k < count; k++) ln_scale(x[k], ln_block_of(scaled, 0, k, A.rows, 1));
  ln_gemm(LN_N, LN_T, 1, scaled, ln_block_of(B, 0, 0, B.rows, count), 0, C);
  return C;
}

typedef struct kind {
  size_t inputs, hidden, outputs, modes; /* of Syx */
  double scale, lambda, c, decay;        /* scale: of the map at the start */
} kind;

typedef struct problem {
  ln_matrix W1, W2, Sxx, Syx;
} problem;

/* A balanced start, nowhere aligned with the task. */
static problem make(const kind *s) {
  enum { MOST = 80 };
  double a[MOST], b[MOST], strengths[MOST];
  size_t both = s->inputs < s->outputs ? s->inputs : s->outputs;
  if (s->hidden < both) both = s->hidden;
  for (size_t k = 0; k < both; k++) {
    double strength = s->scale * (1 + (double)k / (double)both);
    double large = sqrt((fabs(s->lambda) + hypot(s->lambda, 2 * strength)) / 2);
    a[k] = s->lambda > 0 ? strength / large : large, b[k] = s->lambda > 0 ? large : strength / large;
  }
  for (size_t k = 0; k < s->modes; k++) strengths[k] = 3 * (1 - (double)k / (double)(s->modes + 1));
  ln_matrix H = orthogonal(s->hidden), Sxx = take(s->inputs, s->inputs);
  ln_identity(Sxx), ln_scale(s->c, Sxx);
  return (problem){compose(H, a, orthogonal(s->inputs), both), compose(orthogonal(s->outputs), b, H, both),
                   Sxx, compose(orthogonal(s->outputs), strengths, orthogonal(s->inputs), s->modes)};
}

static const kind kinds[] = {
    /* inputs, hidden, outputs, modes, scale, lambda, c, decay */
    {3, 3, 3, 3, 0.3, 0, 1, 0},       {8, 8, 8, 8, 1e-3, 0, 1, 0},    {5, 3, 4, 4, 0.01, 0, 1, 0},
    {4, 9, 7, 2, 0.1, 0, 0.4, 0},     {6, 5, 6, 6, 1e-6, 0, 1, 0},    {7, 7, 2, 2, 0.5, -0.3, 1, 0},
    {6, 6, 6, 5, 0.2, 0.8, 1.5, 0},   {5, 5, 5, 5, 1e-9, 1e-8, 1, 0}, {4, 4, 4, 4, 0.1, 0, 1, 0.3},
    {12, 12, 12, 12, 0.1, 0, 0.7, 0}, {13, 1, 9, 6, 0.2, 0, 1, 0},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static ln_riccati prepare(const problem *p, const kind *s) {
  ln_riccati r;
  const ln_balance zero = {0};
  const ln_balance *balance = s->decay > 0 ? &zero : NULL;
  assert_int_equal(ln_riccati_prepare(cx, p->W1, p->W2, p->Sxx, p->Syx, balance, s->decay, &r), LN_OK);
  return r;
}

static const double times[] = {2, 0, 1e-4, 0.3, 0.9, 1.7, INFINITY, 3, 5, 8, 13, 40, 300};
enum { TIMES = sizeof times / sizeof *times };

static double largest_difference(ln_matrix A, ln_matrix B) {
  double most = 0;
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) most = fmax(most, fabs(LN_AT(A, i, j) - LN_AT(B, i, j)));
  return most;
}

static double largest(ln_matrix A) { return largest_difference(A, take(A.rows, A.cols)); }

/* ---- the two forms ---- */

/* By the orthogonal factor and in lanes, in units of the largest of product and representations; how many starts of a
 * kind could take the second way. */
static size_t compare_forms(const kind *s, size_t starts, double tolerance) {
  size_t quick = 0;
  for (size_t k = 0; k < starts; k++) {
    ln_mark mark = ln_begin(cx);
    problem p = make(s);
    ln_riccati r = prepare(&p, s);
    ln_riccati_map map;
    assert_int_equal(ln_riccati_map_prepare(cx, &r, &map), LN_OK);
    quick += map.quick;
    ln_matrix maps[TIMES];
    for (size_t i = 0; i < TIMES; i++) maps[i] = take(s->outputs, s->inputs);
    assert_int_equal(ln_riccati_maps(cx, &r, times, TIMES, maps), LN_OK);
    ln_matrix W = take(s->outputs, s->inputs), A = take(s->inputs, s->inputs),
              B = take(s->outputs, s->outputs);
    for (size_t i = 0; i < TIMES; i++) {
      assert_int_equal(ln_riccati_at(cx, &r, times[i], W, A, B), LN_OK);
      double size = fmax(largest(W), fmax(largest(A), largest(B)));
      assert_close(largest_difference(W, maps[i]), 0, tolerance * fmax(size, 1e-300));
    }
    ln_end(cx, mark, LN_OK);
  }
  return quick;
}

static void the_map_alone_is_that_of_the_closed_form(void **state) {
  (void)state;
  size_t quick = 0;
  for (size_t k = 0; k < KINDS; k++) quick += compare_forms(&kinds[k], 40, 1e-11);
  assert_true(quick > KINDS * 30);
}

static void large_layers_too(void **state) {
  (void)state;
  size_t quick = compare_forms(&(kind){64, 64, 64, 64, 1e-3, 0, 1, 0}, 4, 1e-11);
  assert_true(quick > 0);
}

static void every_width_of_registers_gives_it(void **state) {
  (void)state;
  for (size_t k = 0; k < KINDS; k++) {
    const kind *s = &kinds[k];
    problem p = make(s);
    ln_riccati r = prepare(&p, s);
    ln_matrix first[TIMES], maps[TIMES];
    for (size_t i = 0; i < TIMES; i++)
      first[i] = take(s->outputs, s->inputs), maps[i] = take(s->outputs, s->inputs);
    assert_int_equal(ln_riccati_maps(cx, &r, times, TIMES, first), LN_OK);
    const ln_kernels *widest = cx->kernels;
    for (const ln_kernels *const *width = ln_kernels_here(); *width; width++) {
      cx->kernels = *width;
      assert_int_equal(ln_riccati_maps(cx, &r, times, TIMES, maps), LN_OK);
      bool fuses = strcmp((*width)->name, "base") != 0;
      for (size_t i = 0; i < TIMES; i++)
        assert_true(largest_difference(first[i], maps[i]) <= (fuses ? 0 : 1e-11 * largest(first[i])));
    }
    cx->kernels = widest;
  }
}

/* ---- in the modes ---- */

typedef struct seen {
  const ln_riccati_map *map;
  const ln_matrix *maps;
  const ln_riccati *r;
  bool diagonal;
  size_t calls;
} seen;

static ln_status look(ln_context *c, void *ud, size_t index, double t, ln_matrix X) {
  (void)c;
  seen *s = ud;
  assert_int_equal(index, s->calls++);
  assert_true(t == times[index]);
  ln_mark mark = ln_begin(cx);
  ln_matrix left = s->map->left, right = s->map->right, half = take(left.cols, right.rows);
  ln_matrix expected = take(left.cols, right.cols);
  ln_gemm(LN_T, LN_N, 1, left, s->maps[index], 0, half);
  ln_gemm(LN_N, LN_N, 1, half, right, 0, expected);
  for (size_t j = 0; j < X.cols; j++)
    for (size_t i = 0; i < X.rows; i++)
      if (i == j || !s->diagonal) assert_close(LN_AT(X, i, j), LN_AT(expected, i, j), 1e-13);
  return ln_end(cx, mark, LN_OK);
}

static void it_is_handed_out_in_the_modes_whole_or_the_diagonal_alone(void **state) {
  (void)state;
  for (size_t k = 0; k < KINDS; k++) {
    const kind *s = &kinds[k];
    problem p = make(s);
    ln_riccati r = prepare(&p, s);
    ln_riccati_map map;
    assert_int_equal(ln_riccati_map_prepare(cx, &r, &map), LN_OK);
    ln_matrix maps[TIMES];
    for (size_t i = 0; i < TIMES; i++) maps[i] = take(s->outputs, s->inputs);
    assert_int_equal(ln_riccati_maps(cx, &r, times, TIMES, maps), LN_OK);
    for (int diagonal = 0; diagonal < 2; diagonal++) {
      seen found = {&map, maps, &r, diagonal, 0};
      assert_int_equal(ln_riccati_map_follow(cx, &map, times, TIMES, diagonal, look, &found), LN_OK);
      assert_int_equal(found.calls, TIMES);
    }
  }
}

static void inputs_without_data_have_no_part_in_it(void **state) {
  (void)state;
  const kind s = {3, 4, 3, 3, 0.1, 0, 1, 0};
  problem p = make(&s);
  ln_matrix V = ln_block_of(orthogonal(6), 0, 0, 6, 3), Sxx = take(6, 6), Syx = take(3, 6), W1 = take(4, 6);
  ln_gram(LN_N, 1, V, 0, Sxx);
  ln_gemm(LN_N, LN_T, 1, p.Syx, V, 0, Syx);
  ln_gemm(LN_N, LN_T, 1, p.W1, V, 0, W1);
  problem wide = {W1, p.W2, Sxx, Syx};
  ln_riccati r = prepare(&wide, &s), small = prepare(&p, &s);
  ln_matrix W[2] = {take(3, 6), take(3, 6)}, expected = take(3, 6), narrow = take(3, 3);
  assert_int_equal(ln_riccati_maps(cx, &r, (double[]){0.5, 3}, 2, W), LN_OK);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(ln_riccati_at(cx, &small, i ? 3 : 0.5, narrow, (ln_matrix){0}, (ln_matrix){0}), LN_OK);
    ln_gemm(LN_N, LN_T, 1, narrow, V, 0, expected);
    assert_close(largest_difference(W[i], expected), 0, 1e-13);
  }
  LN_AT(W1, 0, 0) += 1; /* which acts on no example */
  assert_int_equal(ln_riccati_prepare(cx, W1, p.W2, Sxx, Syx, NULL, 0, &r), LN_OK);
  assert_int_equal(ln_riccati_maps(cx, &r, times, 1, W), LN_EARG);
}

static void times_below_zero_are_refused(void **state) {
  (void)state;
  problem p = make(&kinds[0]);
  ln_riccati r = prepare(&p, &kinds[0]);
  ln_matrix W[2] = {take(3, 3), take(3, 3)};
  assert_int_equal(ln_riccati_maps(cx, &r, (double[]){1, -1}, 2, W), LN_EARG);
  assert_non_null(strstr(cx->message, "t = -1 must be >= 0"));
}

static ln_status say_no(ln_context *c, void *ud, size_t index, double t, ln_matrix X) {
  (void)ud, (void)t, (void)X;
  return index < 2 ? LN_OK : ln_fail(c, LN_EINTERRUPT, "enough");
}

static void an_output_can_end_it(void **state) {
  (void)state;
  problem p = make(&kinds[1]);
  ln_riccati r = prepare(&p, &kinds[1]);
  ln_riccati_map map;
  assert_int_equal(ln_riccati_map_prepare(cx, &r, &map), LN_OK);
  assert_int_equal(ln_riccati_map_follow(cx, &map, times, TIMES, false, say_no, NULL), LN_EINTERRUPT);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state) {
  (void)state;
  for (size_t k = 0; k < KINDS; k++) {
    problem p = make(&kinds[k]);
    ln_matrix W[TIMES];
    for (size_t i = 0; i < TIMES; i++) W[i] = take(p.Syx.rows, p.Syx.cols);
    for (int granted = 0;; granted++) {
      int left = granted;
      ln_context scarce;
      ln_context_init(&scarce, allocate_scarce, &left);
      ln_riccati r;
      const ln_balance zero = {0};
      ln_mark mark = ln_begin(&scarce);
      ln_status status = ln_riccati_prepare(&scarce, p.W1, p.W2, p.Sxx, p.Syx,
                                            kinds[k].decay > 0 ? &zero : NULL, kinds[k].decay, &r);
      if (status == LN_OK) status = ln_riccati_maps(&scarce, &r, times, TIMES, W);
      ln_end(&scarce, mark, status);
      assert_int_equal(scarce.scratch_bytes, 0);
      if (status == LN_OK) break;
      assert_int_equal(status, LN_EMEMORY);
    }
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_map_alone_is_that_of_the_closed_form),
      TEST(large_layers_too),
      TEST(every_width_of_registers_gives_it),
      TEST(it_is_handed_out_in_the_modes_whole_or_the_diagonal_alone),
      TEST(inputs_without_data_have_no_part_in_it),
      TEST(times_below_zero_are_refused),
      TEST(an_output_can_end_it),
      TEST(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests_name("riccati_map", tests, NULL, NULL);
}
