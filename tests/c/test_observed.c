/* Tasks that observe the map itself: the loss and gradient of both kinds, and networks that learn from them. */
#include "check.h"
#include "scarce.h"

#include "core/linalg.h"
#include "network/flow.h"
#include "theory/balanced.h"
#include "theory/end_to_end.h"

enum { INPUTS = 4, OUTPUTS = 3, ENTRIES = INPUTS * OUTPUTS, SENSORS = 7, DEPTH_MOST = 3, COUNT_MAX = 100 };

/* Completion, or sensing, of a random map. */
typedef struct fixture {
  double W[ENTRIES], mask[ENTRIES], values[ENTRIES], sensors[ENTRIES * SENSORS], first_step[ENTRIES];
  double parameters[COUNT_MAX];
  ln_task task;
  ln_layer layers[DEPTH_MOST];
  ln_net net;
} fixture;

static ln_context context;

static void make_task(fixture *f, bool sensing) {
  ln_stream stream = ln_stream_of(3, 0);
  ln_matrix W = ln_window(f->W, OUTPUTS, INPUTS);
  ln_random_normals(&stream, W, 0, 1);
  ln_observed *o = &f->task.observed;
  f->task = (ln_task){.inputs = INPUTS, .outputs = OUTPUTS};
  *o = (ln_observed){.count = SENSORS, .normalisation = 2.5};
  if (sensing) {
    o->sensors = ln_window(f->sensors, ENTRIES, SENSORS), o->values = ln_window(f->values, SENSORS, 1);
    ln_random_normals(&stream, o->sensors, 0, 1);
    ln_observe_sensors(W, o->sensors, stream, 0, o->values);
  } else {
    o->mask = ln_window(f->mask, OUTPUTS, INPUTS), o->values = ln_window(f->values, OUTPUTS, INPUTS);
    assert_int_equal(ln_draw_mask(&context, stream, SENSORS, o->mask), LN_OK);
    ln_observe_entries(W, o->mask, stream, 0, o->values);
  }
  double room[SENSORS], zero[ENTRIES] = {0};
  f->task.Syx = ln_window(f->first_step, OUTPUTS, INPUTS);
  ln_observed_gradient(o, ln_window(zero, OUTPUTS, INPUTS), f->task.Syx, room);
  ln_scale(-1, f->task.Syx);
}

static void make_net(fixture *f, size_t depth) {
  for (size_t l = 0; l < depth; l++)
    f->layers[l] = (ln_layer){.inputs = l ? 5 : INPUTS,
                              .outputs = l + 1 < depth ? 5 : OUTPUTS,
                              .activation = ln_find_activation("linear")};
  assert_int_equal(ln_net_layout(&context, &f->net, f->layers, depth, false), LN_OK);
  assert_true(f->net.count <= COUNT_MAX);
  f->net.parameters = f->parameters;
  ln_stream stream = ln_stream_of(4, 0);
  ln_random_normals(&stream, ln_window(f->parameters, f->net.count, 1), 0, 0.6);
}

static void the_loss_is_the_sum_over_what_is_observed(void **state) {
  (void)state;
  double room[SENSORS], other[ENTRIES], gradient[ENTRIES];
  for (int sensing = 0; sensing < 2; sensing++) {
    fixture f;
    make_task(&f, sensing);
    const ln_observed *o = &f.task.observed;
    ln_matrix W = ln_window(other, OUTPUTS, INPUTS);
    ln_stream stream = ln_stream_of(9, 0);
    ln_random_normals(&stream, W, 0, 1);
    double sum = 0, seen = 0;
    for (size_t k = 0; k < (sensing ? SENSORS : ENTRIES); k++) {
      double residual = 0;
      for (size_t i = 0; i < ENTRIES; i++)
        residual += (sensing ? f.sensors[i + k * ENTRIES] : i == k ? f.mask[i] : 0) * (other[i] - f.W[i]);
      sum += residual * residual;
      seen += sensing ? 1 : f.mask[k];
    }
    assert_close(seen, SENSORS, 0);
    double loss = ln_observed_gradient(o, W, (ln_matrix){.ld = 1}, room);
    assert_close(loss, sum / 5, 1e-14);
    assert_close(ln_observed_gradient(o, W, ln_window(gradient, OUTPUTS, INPUTS), room), loss, 1e-15);
    /* and nothing at the map itself */
    assert_close(ln_observed_gradient(o, ln_window(f.W, OUTPUTS, INPUTS), (ln_matrix){.ld = 1}, room), 0,
                 1e-28);
  }
}

static void the_gradient_is_that_of_differences(void **state) {
  (void)state;
  for (int sensing = 0; sensing < 2; sensing++)
    for (size_t depth = 1; depth <= DEPTH_MOST; depth++) {
      fixture f;
      make_task(&f, sensing);
      make_net(&f, depth);
      ln_mark mark = ln_begin(&context);
      ln_plan plan;
      double gradient[COUNT_MAX], loss, above, below, h = 1e-5;
      assert_int_equal(ln_make_plan(&context, &plan, &f.net, &f.task, LN_PLAN_AUTO), LN_OK);
      assert_int_equal(plan.evaluate(&context, &plan, f.parameters, gradient, &loss), LN_OK);
      for (size_t i = 0; i < f.net.count; i++) {
        double before = f.parameters[i];
        f.parameters[i] = before + h;
        plan.evaluate(&context, &plan, f.parameters, NULL, &above);
        f.parameters[i] = before - h;
        plan.evaluate(&context, &plan, f.parameters, NULL, &below);
        f.parameters[i] = before;
        assert_close(gradient[i], (above - below) / (2 * h), 1e-8);
      }
      ln_end(&context, mark, LN_OK);
    }
}

/* Noise reaches what is observed, with the variance asked for, and nothing else. */
static void noise_is_on_the_observations(void **state) {
  (void)state;
  enum { SIDE = 60 };
  static double W[SIDE * SIDE], mask[SIDE * SIDE], values[SIDE * SIDE];
  ln_stream stream = ln_stream_of(1, 0);
  ln_matrix map = ln_window(W, SIDE, SIDE), where = ln_window(mask, SIDE, SIDE);
  ln_random_normals(&stream, map, 0, 1);
  assert_int_equal(ln_draw_mask(&context, ln_stream_of(2, 0), 2000, where), LN_OK);
  ln_observe_entries(map, where, ln_stream_of(3, 0), 0.25, ln_window(values, SIDE, SIDE));
  double sum = 0, count = 0;
  for (size_t i = 0; i < SIDE * SIDE; i++) {
    if (mask[i] == 0) assert_close(values[i], 0, 0);
    sum += mask[i] * pow(values[i] - W[i], 2), count += mask[i];
  }
  assert_close(count, 2000, 0);
  assert_true(fabs(sum / count - 0.25) < 5 * 0.25 * sqrt(2 / count));
}

static ln_status keep(ln_context *cx, void *ud, size_t index, double t, const double *theta) {
  (void)cx, (void)index, (void)t;
  fixture *f = ud;
  memcpy(f->parameters, theta, f->net.count * sizeof *theta);
  return LN_OK;
}

/* Balance and the end-to-end equation hold for any loss of the map. */
static void the_balanced_map_moves_by_its_own_equation(void **state) {
  (void)state;
  for (int sensing = 0; sensing < 2; sensing++)
    for (size_t depth = 1; depth <= DEPTH_MOST; depth++) {
      fixture f;
      make_task(&f, sensing);
      make_net(&f, depth);
      ln_mark mark = ln_begin(&context);
      ln_matrix layers[DEPTH_MOST];
      for (size_t l = 0; l < depth; l++) layers[l] = ln_weights(&f.net, f.parameters, l);
      ln_matrix W = ln_take_matrix(&context, OUTPUTS, INPUTS), dW = ln_take_matrix(&context, OUTPUTS, INPUTS);
      ln_matrix after = ln_take_matrix(&context, OUTPUTS, INPUTS);
      ln_stream stream = ln_stream_of(6, 0);
      ln_random_normals(&stream, W, 0, 0.5);
      assert_int_equal(ln_balanced_factors(&context, W, depth, layers), LN_OK);
      double room[SENSORS];
      ln_observed_gradient(&f.task.observed, W, after, room);
      ln_scale(-1, after);
      assert_int_equal(ln_balanced_motion(&context, W, after, depth, dW, NULL), LN_OK);
      ln_plan plan;
      const double h = 1e-8, times[] = {h};
      double distance;
      assert_int_equal(ln_make_plan(&context, &plan, &f.net, &f.task, LN_PLAN_AUTO), LN_OK);
      assert_int_equal(ln_flow(&context, &plan, 0, f.parameters, times, 1, 1e-13, keep, &f), LN_OK);
      assert_int_equal(ln_product(&context, &f.net, f.parameters, after), LN_OK);
      for (size_t i = 0; i < ENTRIES; i++) /* first order */
        assert_close((after.data[i] - W.data[i]) / h, dW.data[i], 1e-5);
      assert_int_equal(ln_conserved(&context, layers, depth, NULL, &distance), LN_OK);
      assert_true(distance < 1e-13);
      ln_end(&context, mark, LN_OK);
    }
}

static void networks_that_have_no_map_are_refused(void **state) {
  (void)state;
  fixture f;
  ln_plan plan;
  make_task(&f, false);
  make_net(&f, 2);
  f.layers[0].activation = ln_find_activation("tanh");
  f.net.linear = false;
  assert_int_equal(ln_make_plan(&context, &plan, &f.net, &f.task, LN_PLAN_AUTO), LN_EARG);
  assert_non_null(strstr(context.message, "a network with nonlinear units does not have"));
  assert_int_equal(ln_make_plan(&context, &plan, &f.net, &f.task, LN_PLAN_PLAIN), LN_EARG);
  assert_int_equal(context.scratch_bytes, 0);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state) {
  (void)state;
  for (int sensing = 0; sensing < 2; sensing++) {
    fixture f;
    make_task(&f, sensing);
    make_net(&f, 3);
    int granted = 0;
    for (ln_status status = LN_EMEMORY; status != LN_OK; granted++) {
      int left = granted;
      ln_context cx;
      ln_context_init(&cx, allocate_scarce, &left);
      ln_mark mark = ln_begin(&cx);
      ln_plan plan;
      double gradient[COUNT_MAX], loss, map[ENTRIES];
      status = ln_make_plan(&cx, &plan, &f.net, &f.task, LN_PLAN_AUTO);
      if (status == LN_OK) status = plan.evaluate(&cx, &plan, f.parameters, gradient, &loss);
      if (status == LN_OK) status = ln_draw_mask(&cx, ln_stream_of(1, 0), 3, ln_window(map, OUTPUTS, INPUTS));
      ln_end(&cx, mark, status);
      assert_int_equal(cx.scratch_bytes, 0);
      assert_true(status == LN_OK || status == LN_EMEMORY);
    }
    assert_true(granted > 7);
  }
}

static int setup(void **state) {
  (void)state;
  ln_context_init(&context, NULL, NULL);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_loss_is_the_sum_over_what_is_observed),
      cmocka_unit_test(the_gradient_is_that_of_differences),
      cmocka_unit_test(noise_is_on_the_observations),
      cmocka_unit_test(the_balanced_map_moves_by_its_own_equation),
      cmocka_unit_test(networks_that_have_no_map_are_refused),
      cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}
