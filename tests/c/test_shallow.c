#include "plain_flow.h"
#include "core/random.h"
#include "scarce.h"
#include "theory/shallow.h"

#define INPUTS 6
#define OUTPUTS 3

typedef struct problem {
  ln_context cx;
  ln_mark mark;
  ln_matrix W0, Sxx, Syx;
} problem;

/* P examples of a noisy teacher: P < INPUTS leaves inputs without data. */
static problem make(size_t examples) {
  problem p;
  ln_context_init(&p.cx, NULL, NULL);
  p.mark = ln_begin(&p.cx);
  ln_stream stream = ln_stream_of(11, examples);
  ln_matrix X = ln_take_matrix(&p.cx, INPUTS, examples), Y = ln_take_matrix(&p.cx, OUTPUTS, examples);
  p.W0 = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
  p.Sxx = ln_take_matrix(&p.cx, INPUTS, INPUTS);
  p.Syx = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
  ln_random_normals(&stream, X, 0, 1);
  ln_random_normals(&stream, Y, 0, 1);
  ln_random_normals(&stream, p.W0, 0, 1);
  ln_gram(LN_N, 1.0 / (double)examples, X, 0, p.Sxx);
  ln_gemm(LN_N, LN_T, 1.0 / (double)examples, Y, X, 0, p.Syx);
  return p;
}

static void flow_agrees_with_the_integrated_equation(void **state) {
  (void)state;
  const double decays[] = {0, 0.3};
  for (size_t examples = 4; examples <= 40; examples += 36)
    for (size_t k = 0; k < 2; k++) {
      problem p = make(examples);
      ln_shallow shallow;
      assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, decays[k], &shallow), LN_OK);
      ln_matrix W = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), plain = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
      const double times[] = {1e-9, 0.01, 1, 30};
      for (size_t i = 0; i < 4; i++) {
        plain_network net = {1, &p.W0, p.Sxx, p.Syx, decays[k]};
        ln_copy(p.W0, plain);
        plain_flow(&p.cx, &net, times[i], &plain);
        assert_int_equal(ln_shallow_flow(&p.cx, &shallow, times[i], W), LN_OK);
        assert_true(relative_difference(W, plain) < 1e-12);
      }
      ln_end(&p.cx, p.mark, LN_OK);
    }
}

static void flow_begins_at_the_start_and_ends_at_the_solution(void **state) {
  (void)state;
  for (size_t examples = 4; examples <= 40; examples += 36)
    for (double decay = 0; decay < 1; decay += 0.5) {
      problem p = make(examples);
      ln_shallow shallow;
      assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, decay, &shallow), LN_OK);
      ln_matrix W = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), E = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
      assert_int_equal(ln_shallow_flow(&p.cx, &shallow, 0, W), LN_OK);
      assert_true(relative_difference(W, p.W0) == 0);
      assert_int_equal(ln_shallow_flow(&p.cx, &shallow, INFINITY, W), LN_OK);
      /* at the limit Syx - W Sxx - k W = 0 */
      ln_copy(p.Syx, E);
      ln_gemm(LN_N, LN_N, -1, W, p.Sxx, 1, E);
      ln_axpy(-decay, W, E);
      assert_true(ln_norm(E) < 1e-13 * ln_norm(p.Syx));
      ln_matrix late = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
      assert_int_equal(ln_shallow_flow(&p.cx, &shallow, 1e8, late), LN_OK);
      assert_true(relative_difference(late, W) < 1e-12);
      ln_end(&p.cx, p.mark, LN_OK);
    }
}

static void inputs_that_are_not_in_the_data_never_move(void **state) {
  (void)state;
  problem p = make(4);
  ln_shallow shallow;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_OK);
  ln_matrix W = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), N = ln_take_matrix(&p.cx, OUTPUTS, INPUTS - 4);
  ln_matrix null = ln_block_of(shallow.V, 0, 0, INPUTS, INPUTS - 4);
  assert_true(shallow.l[INPUTS - 5] == 0 && shallow.l[INPUTS - 4] > 0);
  for (int limit = 0; limit < 2; limit++) {
    assert_int_equal(ln_shallow_flow(&p.cx, &shallow, limit ? INFINITY : 1e12, W), LN_OK);
    ln_axpy(-1, p.W0, W);
    ln_gemm(LN_N, LN_N, 1, W, null, 0, N);
    assert_true(ln_norm(N) < 1e-13);
  }
  assert_int_equal(ln_shallow_descent(&p.cx, &shallow, 0.1, 0.9, 1000000, W), LN_OK);
  ln_axpy(-1, p.W0, W);
  ln_gemm(LN_N, LN_N, 1, W, null, 0, N);
  assert_true(ln_norm(N) < 1e-13);
  ln_end(&p.cx, p.mark, LN_OK);
}

static void descent_is_the_plain_loop(void **state) {
  (void)state;
  /* rates on both sides of rate * l = 1/2, 1 and of stability; with momentum on both sides of critical
   * damping */
  const double rates[] = {1e-5, 0.01, 0.1, 0.4, 0.9};
  const double momenta[] = {0, 0.3, 0.9, 0.99};
  const size_t steps[] = {0, 1, 2, 3, 17, 200};
  for (size_t examples = 4; examples <= 40; examples += 36)
    for (size_t r = 0; r < 5; r++)
      for (size_t m = 0; m < 4; m++)
        for (size_t n = 0; n < 6; n++) {
          problem p = make(examples);
          double decay = r % 2 ? 0.2 : 0;
          ln_shallow shallow;
          assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, decay, &shallow), LN_OK);
          ln_matrix W = ln_take_matrix(&p.cx, OUTPUTS, INPUTS),
                    plain = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
          plain_network net = {1, &p.W0, p.Sxx, p.Syx, decay};
          ln_copy(p.W0, plain);
          plain_descend(&p.cx, &net, rates[r], momenta[m], steps[n], &plain);
          assert_int_equal(ln_shallow_descent(&p.cx, &shallow, rates[r], momenta[m], steps[n], W), LN_OK);
          assert_true(relative_difference(W, plain) < 1e-12);
          ln_end(&p.cx, p.mark, LN_OK);
        }
}

static void a_small_rate_descends_along_the_flow(void **state) {
  (void)state;
  problem p = make(40);
  ln_shallow shallow;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_OK);
  ln_matrix W = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), flow = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
  double error[2];
  assert_int_equal(ln_shallow_flow(&p.cx, &shallow, 1.5, flow), LN_OK);
  for (size_t i = 0; i < 2; i++) {
    uint64_t steps = i ? 1 << 21 : 1 << 20;
    assert_int_equal(ln_shallow_descent(&p.cx, &shallow, 1.5 / (double)steps, 0, steps, W), LN_OK);
    error[i] = relative_difference(W, flow);
  }
  assert_true(error[0] < 1e-5);
  assert_close(error[0] / error[1], 2, 1e-3); /* first order */
  ln_end(&p.cx, p.mark, LN_OK);
}

static void descent_converges_below_the_stable_rate_and_not_above(void **state) {
  (void)state;
  for (double momentum = 0; momentum < 1; momentum += 0.6) {
    problem p = make(40);
    ln_shallow shallow;
    ln_shallow_rates rates;
    assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0.1, &shallow), LN_OK);
    assert_int_equal(ln_shallow_fastest(&p.cx, p.Sxx, 0.1, momentum, &rates), LN_OK);
    assert_close(rates.largest, shallow.l[INPUTS - 1] + 0.1, 1e-13);
    assert_close(rates.smallest, shallow.l[0] + 0.1, 1e-13);
    ln_matrix W = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), limit = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
    assert_int_equal(ln_shallow_flow(&p.cx, &shallow, INFINITY, limit), LN_OK);
    assert_int_equal(ln_shallow_descent(&p.cx, &shallow, 0.99 * rates.stable, momentum, 20000, W), LN_OK);
    assert_true(relative_difference(W, limit) < 1e-12);
    assert_int_equal(ln_shallow_descent(&p.cx, &shallow, 1.01 * rates.stable, momentum, 1000000, W),
                     LN_EDIVERGED);
    assert_non_null(strstr(p.cx.message, "converges below"));
    ln_end(&p.cx, p.mark, LN_OK);
  }
}

static void the_fastest_rates_give_their_factors(void **state) {
  (void)state;
  problem p = make(40);
  ln_shallow shallow;
  ln_shallow_rates r;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_OK);
  assert_int_equal(ln_shallow_fastest(&p.cx, p.Sxx, 0, 0, &r), LN_OK);
  ln_matrix W = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), limit = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
  assert_int_equal(ln_shallow_flow(&p.cx, &shallow, INFINITY, limit), LN_OK);
  double error[4];
  for (size_t i = 0; i < 4; i++) {
    uint64_t steps = i % 2 ? 30 : 20;
    double rate = i < 2 ? r.rate : r.momentum_rate, momentum = i < 2 ? 0 : r.momentum;
    assert_int_equal(ln_shallow_descent(&p.cx, &shallow, rate, momentum, steps, W), LN_OK);
    ln_axpy(-1, limit, W);
    error[i] = ln_norm(W);
  }
  assert_close(pow(error[1] / error[0], 0.1), r.factor, 1e-2);
  assert_close(pow(error[3] / error[2] * 20 / 30, 0.1), r.momentum_factor, 2e-2); /* critical: n factor^n */
  assert_true(r.momentum_factor < r.factor);
  ln_end(&p.cx, p.mark, LN_OK);
}

static void moments_that_no_data_gives_are_refused(void **state) {
  (void)state;
  problem p = make(4);
  ln_shallow shallow;
  ln_matrix wrong = ln_take_matrix(&p.cx, OUTPUTS, INPUTS + 1);
  ln_fill(wrong, 0);
  assert_int_equal(ln_shallow_prepare(&p.cx, wrong, p.Sxx, p.Syx, 0, &shallow), LN_EARG);
  assert_non_null(strstr(p.cx.message, "3x7"));
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, -1, &shallow), LN_EARG);
  LN_AT(p.Syx, 1, 1) += 1;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_EARG);
  assert_non_null(strstr(p.cx.message, "range of Sxx"));
  LN_AT(p.Syx, 1, 1) = NAN;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_EARG);
  assert_non_null(strstr(p.cx.message, "(2, 2)"));
  ln_end(&p.cx, p.mark, LN_OK);
  p = make(40);
  LN_AT(p.W0, 0, 2) = INFINITY;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_EARG);
  assert_non_null(strstr(p.cx.message, "W0 has inf at (1, 3)"));
  LN_AT(p.W0, 0, 2) = 0;
  LN_AT(p.Sxx, 0, 0) = LN_AT(p.Sxx, 0, 0) - 100;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_EARG);
  assert_non_null(strstr(p.cx.message, "covariance has none below 0"));
  LN_AT(p.Sxx, 0, 1) += 1;
  assert_int_equal(ln_shallow_prepare(&p.cx, p.W0, p.Sxx, p.Syx, 0, &shallow), LN_EARG);
  ln_shallow_rates rates;
  ln_fill(p.Sxx, 0);
  assert_int_equal(ln_shallow_fastest(&p.cx, p.Sxx, 0, 0, &rates), LN_EARG);
  assert_int_equal(ln_shallow_fastest(&p.cx, p.Sxx, 0.1, 1, &rates), LN_EARG);
  assert_int_equal(ln_shallow_fastest(&p.cx, p.Sxx, 0.1, 0, &rates), LN_OK);
  assert_close(rates.largest, 0.1, 0);
  ln_end(&p.cx, p.mark, LN_OK);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state) {
  (void)state;
  problem p = make(40);
  for (int granted = 0;; granted++) {
    int left = granted;
    ln_context cx;
    ln_context_init(&cx, allocate_scarce, &left);
    ln_shallow shallow;
    double numbers[OUTPUTS * INPUTS];
    ln_matrix W = ln_window(numbers, OUTPUTS, INPUTS);
    ln_mark mark = ln_begin(&cx);
    ln_status status = ln_shallow_prepare(&cx, p.W0, p.Sxx, p.Syx, 0, &shallow);
    if (status == LN_OK) status = ln_shallow_flow(&cx, &shallow, 1, W);
    if (status == LN_OK) status = ln_shallow_descent(&cx, &shallow, 0.1, 0.5, 10, W);
    ln_end(&cx, mark, status);
    assert_int_equal(cx.scratch_bytes, 0);
    if (status == LN_OK) break;
    assert_int_equal(status, LN_EMEMORY);
  }
  ln_end(&p.cx, p.mark, LN_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flow_agrees_with_the_integrated_equation),
      cmocka_unit_test(flow_begins_at_the_start_and_ends_at_the_solution),
      cmocka_unit_test(inputs_that_are_not_in_the_data_never_move),
      cmocka_unit_test(descent_is_the_plain_loop),
      cmocka_unit_test(a_small_rate_descends_along_the_flow),
      cmocka_unit_test(descent_converges_below_the_stable_rate_and_not_above),
      cmocka_unit_test(the_fastest_rates_give_their_factors),
      cmocka_unit_test(moments_that_no_data_gives_are_refused),
      cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
