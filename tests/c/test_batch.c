/* Minibatches without Lua: their order, their gradients, and the memory of a run in batches. */
#include "check.h"
#include "scarce.h"

#include "core/linalg.h"
#include "core/random.h"
#include "network/curvature.h"
#include "network/train.h"

enum { INPUTS = 3, HIDDEN = 4, OUTPUTS = 2, EXAMPLES = 23, COUNT_MAX = 64 };

static ln_context context;

typedef struct fixture {
  double X[INPUTS * EXAMPLES], Y[OUTPUTS * EXAMPLES], parameters[COUNT_MAX];
  ln_task task;
  ln_layer layers[2];
  ln_net net;
} fixture;

static int setup(void **state) {
  static fixture f;
  ln_context_init(&context, NULL, NULL);
  ln_stream stream = ln_stream_of(11, 0);
  f.task = (ln_task){.inputs = INPUTS,
                     .outputs = OUTPUTS,
                     .examples = EXAMPLES,
                     .X = ln_window(f.X, INPUTS, EXAMPLES),
                     .Y = ln_window(f.Y, OUTPUTS, EXAMPLES)};
  ln_random_normals(&stream, f.task.X, 0, 1);
  ln_random_normals(&stream, f.task.Y, 0, 1);
  f.layers[0] = (ln_layer){.inputs = INPUTS, .outputs = HIDDEN, .activation = ln_find_activation("tanh")};
  f.layers[1] = (ln_layer){.inputs = HIDDEN, .outputs = OUTPUTS, .activation = ln_find_activation("linear")};
  assert_int_equal(ln_net_layout(&context, &f.net, f.layers, 2, true), LN_OK);
  f.net.parameters = f.parameters;
  ln_random_normals(&stream, ln_window(f.parameters, f.net.count, 1), 0, 0.5);
  *state = &f;
  return 0;
}

static void an_epoch_is_a_permutation(void **state) {
  (void)state;
  ln_mark mark = ln_begin(&context);
  for (size_t size = 1; size <= EXAMPLES; size++) {
    ln_batches batches = {.stream = ln_stream_of(1, LN_FOR_BATCHES), .examples = EXAMPLES, .size = size};
    assert_int_equal(ln_make_batches(&context, &batches), LN_OK);
    size_t first_order[EXAMPLES], same = 0;
    for (int epoch = 0; epoch < 2; epoch++) {
      bool seen[EXAMPLES] = {false};
      for (size_t at = 0, n; at < EXAMPLES; at += n) {
        const size_t *batch = ln_next_batch(&batches, &n);
        assert_int_equal(n, at + size <= EXAMPLES ? size : EXAMPLES - at);
        for (size_t i = 0; i < n; i++) {
          assert_true(batch[i] < EXAMPLES && !seen[batch[i]]);
          seen[batch[i]] = true;
          if (epoch == 0) first_order[at + i] = batch[i];
          if (epoch == 1) same += first_order[at + i] == batch[i];
        }
      }
    }
    assert_true(same < EXAMPLES / 2);
  }
  ln_end(&context, mark, LN_OK);
}

/* The gradient of a batch is that of a task which has only its examples. */
static void a_batch_has_the_gradient_of_its_examples(void **state) {
  fixture *f = *state;
  ln_mark mark = ln_begin(&context);
  const size_t batch[] = {7, 0, 22, 13, 7};
  enum { SIZE = sizeof batch / sizeof *batch };
  double X[INPUTS * SIZE], Y[OUTPUTS * SIZE];
  ln_task part = {.inputs = INPUTS,
                  .outputs = OUTPUTS,
                  .examples = SIZE,
                  .X = ln_window(X, INPUTS, SIZE),
                  .Y = ln_window(Y, OUTPUTS, SIZE)};
  for (size_t j = 0; j < SIZE; j++) {
    ln_copy(ln_block_of(f->task.X, 0, batch[j], INPUTS, 1), ln_block_of(part.X, 0, j, INPUTS, 1));
    ln_copy(ln_block_of(f->task.Y, 0, batch[j], OUTPUTS, 1), ln_block_of(part.Y, 0, j, OUTPUTS, 1));
  }
  ln_plan whole, alone;
  double g[COUNT_MAX], h[COUNT_MAX], loss, expected;
  assert_int_equal(ln_make_plan(&context, &whole, &f->net, &f->task, LN_PLAN_BATCHES), LN_OK);
  assert_int_equal(ln_make_plan(&context, &alone, &f->net, &part, LN_PLAN_AUTO), LN_OK);
  assert_null(alone.evaluate_batch);
  assert_int_equal(whole.evaluate_batch(&context, &whole, batch, SIZE, f->parameters, g, &loss), LN_OK);
  assert_int_equal(alone.evaluate(&context, &alone, f->parameters, h, &expected), LN_OK);
  assert_close(loss, expected, 1e-15);
  for (size_t i = 0; i < f->net.count; i++) assert_close(g[i], h[i], 1e-15);
  ln_end(&context, mark, LN_OK);
}

static void all_examples_in_any_order_have_the_full_gradient(void **state) {
  fixture *f = *state;
  ln_mark mark = ln_begin(&context);
  size_t order[EXAMPLES];
  ln_stream stream = ln_stream_of(2, 0);
  ln_random_permutation(&stream, order, EXAMPLES);
  ln_plan plan;
  double g[COUNT_MAX], h[COUNT_MAX], loss, expected;
  ln_make_plan(&context, &plan, &f->net, &f->task, LN_PLAN_BATCHES);
  plan.evaluate_batch(&context, &plan, order, EXAMPLES, f->parameters, g, &loss);
  plan.evaluate(&context, &plan, f->parameters, h, &expected);
  assert_close(loss, expected, 1e-14);
  for (size_t i = 0; i < f->net.count; i++) assert_close(g[i], h[i], 1e-14);
  ln_end(&context, mark, LN_OK);
}

/* A short run in batches; after ln_make_trainer no memory is asked for: *left is what is granted. */
static ln_status run_in_batches(ln_context *cx, fixture *f, int *left) {
  ln_mark mark = ln_begin(cx);
  ln_plan plan;
  double theta[COUNT_MAX];
  memcpy(theta, f->parameters, sizeof theta);
  ln_trainer trainer = {.plan = &plan,
                        .descent = {.optimizer = &ln_optimizers[3], .rate = 0.01},
                        .batches = {.stream = ln_stream_of(1, 0), .examples = EXAMPLES, .size = 5},
                        .stop_loss = 0,
                        .theta = theta,
                        .steps = 40};
  ln_status status = ln_make_plan(cx, &plan, &f->net, &f->task, LN_PLAN_BATCHES);
  if (status == LN_OK) status = ln_make_trainer(cx, &trainer);
  if (status == LN_OK) {
    *left = 0;
    assert_int_equal(ln_train_until(cx, &trainer, 40), LN_OK);
    assert_int_equal(ln_train_finish(cx, &trainer), LN_OK);
    assert_int_equal(*left, 0);
  }
  return ln_end(cx, mark, status);
}

static void all_memory_is_there_before_the_first_step(void **state) {
  fixture *f = *state;
  ln_status status = LN_EMEMORY;
  int granted = 0;
  for (; status != LN_OK; granted++) {
    int left = granted;
    ln_context scarce;
    ln_context_init(&scarce, allocate_scarce, &left);
    status = run_in_batches(&scarce, f, &left);
    assert_true(status == LN_OK || status == LN_EMEMORY);
    assert_null(scarce.scratch);
    assert_true(granted < 1000);
  }
  assert_true(granted > 8);
}

static void a_budget_counts_the_batch_alone(void **state) {
  fixture *f = *state;
  ln_mark mark = ln_begin(&context);
  ln_plan plan;
  double theta[COUNT_MAX];
  memcpy(theta, f->parameters, sizeof theta);
  ln_make_plan(&context, &plan, &f->net, &f->task, LN_PLAN_BATCHES);
  ln_trainer trainer = {.plan = &plan,
                        .descent = {.optimizer = ln_optimizers, .rate = 1e-3},
                        .batches = {.stream = ln_stream_of(1, 0), .examples = EXAMPLES, .size = 1},
                        .stop_loss = -1,
                        .theta = theta,
                        .steps = 1000};
  assert_int_equal(ln_make_trainer(&context, &trainer), LN_OK);
  context.flops_left = plan.flops * 1.01;
  assert_int_equal(ln_train_until(&context, &trainer, 1000), LN_EFLOPS);
  assert_int_equal(trainer.step, EXAMPLES);
  ln_end(&context, mark, LN_OK);
}

/* Against the Hessian written out by differences of the gradient along each axis, and its eigenvalues. */
static void the_largest_curvature_is_that_of_the_hessian(void **state) {
  fixture *f = *state;
  ln_mark mark = ln_begin(&context);
  ln_plan plan;
  size_t n = f->net.count;
  double above[COUNT_MAX], below[COUNT_MAX], w[COUNT_MAX], ignored, h = 1e-5, curvature;
  ln_make_plan(&context, &plan, &f->net, &f->task, LN_PLAN_AUTO);
  for (int layer = -1; layer < 2; layer++) { /* -1: none frozen */
    bool frozen[2] = {layer == 0, layer == 1};
    size_t first = layer == 0 ? f->layers[1].weights : 0, last = layer == 1 ? f->layers[1].weights : n;
    size_t m = last - first;
    ln_matrix H = ln_take_matrix(&context, m, m);
    for (size_t j = 0; j < m; j++) {
      double before = f->parameters[first + j];
      f->parameters[first + j] = before + h;
      plan.evaluate(&context, &plan, f->parameters, above, &ignored);
      f->parameters[first + j] = before - h;
      plan.evaluate(&context, &plan, f->parameters, below, &ignored);
      f->parameters[first + j] = before;
      for (size_t i = 0; i < m; i++) LN_AT(H, i, j) = (above[first + i] - below[first + i]) / (2 * h);
    }
    for (size_t j = 0; j < m; j++) /* symmetric but for the differences */
      for (size_t i = 0; i < j; i++) LN_AT(H, i, j) = LN_AT(H, j, i) = (LN_AT(H, i, j) + LN_AT(H, j, i)) / 2;
    assert_int_equal(ln_eigh(&context, H, w, (ln_matrix){0}), LN_OK);
    assert_int_equal(ln_largest_curvature(&context, &plan, frozen, f->parameters, &curvature), LN_OK);
    assert_true(fabs(curvature / w[m - 1] - 1) < 0.05); /* the point is off the given one by 1e-2 */
  }
  ln_end(&context, mark, LN_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(an_epoch_is_a_permutation, setup),
      cmocka_unit_test_setup(a_batch_has_the_gradient_of_its_examples, setup),
      cmocka_unit_test_setup(all_examples_in_any_order_have_the_full_gradient, setup),
      cmocka_unit_test_setup(all_memory_is_there_before_the_first_step, setup),
      cmocka_unit_test_setup(a_budget_counts_the_batch_alone, setup),
      cmocka_unit_test_setup(the_largest_curvature_is_that_of_the_hessian, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
