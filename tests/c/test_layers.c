#include "check.h"
#include "theory/layers.h"
#include "theory/mode.h"
#include "theory/pair.h"

static void equal_layers_are_the_closed_mode(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double times[] = {0, 0.1, 1, 5, 1e7};
  for (size_t depth = 1; depth <= 6; depth++)
    for (int sign = -1; sign <= 1; sign += 2) {
      double a0[6], a[5 * 6], u[5], product = 1;
      for (size_t l = 0; l < depth; l++) product *= a0[l] = l == 0 ? sign * 0.6 : 0.6;
      if (depth > 2 && sign < 0) continue; /* decays to the saddle, which rounding leaves again */
      ln_layers layers = {a0, depth, sign * 1.4, 0.7, 0};
      ln_mode mode = {sign * 1.4, 0.7, product, (double)depth};
      assert_int_equal(ln_layers_follow(&cx, &layers, times, 5, a), LN_OK);
      assert_int_equal(ln_mode_strength(&cx, &mode, times, 5, u), LN_OK);
      for (size_t i = 0; i < 5; i++) {
        product = 1;
        for (size_t l = 0; l < depth; l++) product *= a[i * depth + l];
        assert_close(product, u[i], 2e-12);
      }
    }
}

static void unequal_layers_conserve_the_differences_of_squares(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double a0[] = {0.1, -0.8, 0, 1.2}, times[] = {0.01, 1, 30, 1e6};
  const double decays[] = {0, 0.05};
  for (size_t k = 0; k < 2; k++) {
    double a[16];
    ln_layers layers = {a0, 4, 1.4, 0.7, decays[k]};
    assert_int_equal(ln_layers_follow(&cx, &layers, times, 4, a), LN_OK);
    for (size_t i = 0; i < 4; i++)
      for (size_t l = 1; l < 4; l++) {
        double before = a0[l] * a0[l] - a0[0] * a0[0],
               after = a[4 * i + l] * a[4 * i + l] - a[4 * i] * a[4 * i];
        assert_close(after, before * exp(-2 * decays[k] * times[i]), 1e-11);
      }
    if (k == 0) assert_close(a[12] * a[13] * a[14] * a[15], 2, 1e-12); /* at the target */
  }
}

static void two_layers_with_decay_end_where_decay_and_learning_balance(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double a0[] = {0.1, 0.9}, times[] = {1e5};
  double a[2];
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){a0, 2, 1.4, 0.7, 0.3}, times, 1, a), LN_OK);
  assert_close(a[0] * a[1], 1.1 / 0.7, 1e-12);
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){a0, 2, 1.4, 0.7, 1.6}, times, 1, a), LN_OK);
  assert_close(a[0], 0, 1e-15); /* too much decay: nothing is learned */
}

static void descent_is_the_same_recursion_for_scalars_and_vectors(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double w[] = {0.3, -0.2};
  const uint64_t steps[] = {0, 1, 1, 17, 200};
  for (double momentum = 0; momentum < 1; momentum += 0.45)
    for (double decay = 0; decay < 0.2; decay += 0.1) {
      ln_layers layers = {w, 2, 1.2, 0.6, decay};
      ln_pair pair = {&w[0], &w[1], 1, 1.2, 0.6};
      double a[10], w1[5], w2[5], u[5], x = w[0], y = w[1], vx = 0, vy = 0;
      assert_int_equal(ln_layers_descend(&cx, &layers, 0.05, momentum, steps, 5, a), LN_OK);
      assert_int_equal(ln_pair_descend(&cx, &pair, 0.05, momentum, decay, steps, 5, w1, w2, u), LN_OK);
      uint64_t step = 0;
      for (size_t i = 0; i < 5; i++) {
        for (; step < steps[i]; step++) {
          double r = 1.2 - 0.6 * x * y;
          vx = momentum * vx + 0.05 * (y * r - decay * x);
          vy = momentum * vy + 0.05 * (x * r - decay * y);
          x += vx, y += vy;
        }
        assert_close(a[2 * i], x, 1e-14);
        assert_close(a[2 * i + 1], y, 1e-14);
        assert_close(w1[i], x, 1e-13);
        assert_close(w2[i], y, 1e-13);
        assert_close(u[i], x * y, 1e-13);
      }
    }
}

static void small_steps_follow_the_flow(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double a0[] = {0.2, 0.7, 0.5}, t = 2;
  ln_layers layers = {a0, 3, 1.4, 0.7, 0};
  double flow[3], stepped[3], error[2];
  assert_int_equal(ln_layers_follow(&cx, &layers, &t, 1, flow), LN_OK);
  for (size_t i = 0; i < 2; i++) {
    uint64_t steps = i ? 40000 : 20000;
    assert_int_equal(ln_layers_descend(&cx, &layers, t / (double)steps, 0, &steps, 1, stepped), LN_OK);
    error[i] = fabs(stepped[0] - flow[0]);
  }
  assert_close(error[0] / error[1], 2, 1e-3);
}

static void senseless_layers_are_refused(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  const double a0[] = {1, NAN}, good[] = {1, 2}, t = 1, falling[] = {2, 1}, late = INFINITY;
  const uint64_t steps[] = {3, 2};
  double a[4];
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){a0, 2, 1, 1, 0}, &t, 1, a), LN_EARG);
  assert_non_null(strstr(cx.message, "layer 2 is nan"));
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){good, 0, 1, 1, 0}, &t, 1, a), LN_EARG);
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){good, 2, INFINITY, 1, 0}, &t, 1, a), LN_EARG);
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){good, 2, 1, -1, 0}, &t, 1, a), LN_EARG);
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){good, 2, 1, 1, -1}, &t, 1, a), LN_EARG);
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){good, 2, 1, 1, 0}, falling, 2, a), LN_EARG);
  assert_int_equal(ln_layers_follow(&cx, &(ln_layers){good, 2, 1, 1, 0}, &late, 1, a), LN_EARG);
  assert_int_equal(ln_layers_descend(&cx, &(ln_layers){good, 2, 1, 1, 0}, 0.1, 0, steps, 2, a), LN_EARG);
  assert_int_equal(ln_layers_descend(&cx, &(ln_layers){good, 2, 1, 1, 0}, -1, 0, steps, 1, a), LN_EARG);
  assert_int_equal(ln_layers_descend(&cx, &(ln_layers){good, 2, 1, 1, 0}, 1, 1, steps, 1, a), LN_EARG);
  const uint64_t many = 10000;
  assert_int_equal(ln_layers_descend(&cx, &(ln_layers){good, 2, 1, 1, 0}, 10, 0, &many, 1, a), LN_EDIVERGED);
  assert_int_equal(
      ln_pair_descend(&cx, &(ln_pair){&good[0], &good[1], 1, 1, 1}, 10, 0, 0, &many, 1, a, a + 1, a + 2),
      LN_EDIVERGED);
  ln_interrupt(&cx);
  assert_int_equal(ln_layers_descend(&cx, &(ln_layers){good, 2, 1, 1, 0}, 0.1, 0, &many, 1, a),
                   LN_EINTERRUPT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_layers_are_the_closed_mode),
      cmocka_unit_test(unequal_layers_conserve_the_differences_of_squares),
      cmocka_unit_test(two_layers_with_decay_end_where_decay_and_learning_balance),
      cmocka_unit_test(descent_is_the_same_recursion_for_scalars_and_vectors),
      cmocka_unit_test(small_steps_follow_the_flow),
      cmocka_unit_test(senseless_layers_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
