/* Small networks by their own kernels, against the plain passes over the examples. */
#include "check.h"
#include "scarce.h"

#include "core/linalg.h"
#include "core/random.h"
#include "network/train.h"

static ln_context context;

enum { LAYERS_MAX = 4 };

/* Sizes end with 0, activations go with the layers; every kind of layer is in some case: narrow and wide, first, inner
 * and last, above one of either kind. */
typedef struct shape {
  size_t sizes[LAYERS_MAX + 2];
  const char *activations[LAYERS_MAX];
  size_t examples;
} shape;

static const shape shapes[] = {
    {{1, 1}, {"tanh"}, 1},
    {{3, 1}, {"relu"}, 9},
    {{40, 2}, {"sigmoid"}, 30}, /* narrow from the inputs on */
    {{10, 100, 1}, {"tanh", "linear"}, 203},
    {{10, 100, 1}, {"relu", "linear"}, 64},
    {{10, 100, 1}, {"linear", "tanh"}, 17},
    {{5, 17, 9}, {"softplus", "relu"}, 33},
    {{7, 33, 2, 21}, {"leaky_relu", "tanh", "erf"}, 100}, /* a bottleneck */
    {{4, 50, 1, 50, 3}, {"hard_tanh", "softplus", "linear", "sigmoid"}, 75},
    {{12, 8, 16, 24, 12}, {"relu", "tanh", "relu", "linear"}, 40},
    {{2, 130, 110}, {"erf", "linear"}, 70},
};
#define EACH_SHAPE for (const shape *s = shapes; s < shapes + sizeof shapes / sizeof *shapes; s++)

typedef struct fixture {
  ln_task task;
  ln_layer layers[LAYERS_MAX];
  ln_net net;
} fixture;

static void fill(ln_stream *stream, ln_matrix A, double spread) {
  ln_matrix dense = ln_take_matrix(&context, A.rows, A.cols);
  ln_random_normals(stream, dense, 0, spread);
  ln_copy(dense, A);
}

/* Inputs and targets with gaps between the columns, full of NaN. */
static ln_matrix columns(ln_stream *stream, size_t rows, size_t cols) {
  ln_matrix A = ln_take_matrix(&context, rows + 3, cols);
  ln_fill(A, NAN);
  A = ln_block_of(A, 0, 0, rows, cols);
  fill(stream, A, 1);
  return A;
}

static void make(fixture *f, const shape *s, bool bias) {
  ln_stream stream = ln_stream_of(3, 0);
  size_t depth = 0;
  for (; s->sizes[depth + 1]; depth++)
    f->layers[depth] = (ln_layer){.inputs = s->sizes[depth],
                                  .outputs = s->sizes[depth + 1],
                                  .activation = ln_find_activation(s->activations[depth])};
  assert_int_equal(ln_net_layout(&context, &f->net, f->layers, depth, bias), LN_OK);
  f->net.parameters = ln_reals(&context, f->net.count);
  ln_random_normals(&stream, ln_window(f->net.parameters, f->net.count, 1), 0, 0.5);
  f->task = (ln_task){.inputs = s->sizes[0], .outputs = s->sizes[depth], .examples = s->examples};
  f->task.X = columns(&stream, f->task.inputs, s->examples);
  f->task.Y = columns(&stream, f->task.outputs, s->examples);
}

/* The gradients agree from layer `lowest` on, and so do the losses. */
static void compare(const fixture *f, const double *g, const double *h, size_t lowest, double loss,
                    double expected) {
  double size = 0;
  for (size_t i = f->layers[lowest].weights; i < f->net.count; i++) size = fmax(size, fabs(h[i]));
  for (size_t i = f->layers[lowest].weights; i < f->net.count; i++)
    assert_close(g[i] / size, h[i] / size, 1e-13);
  assert_close(loss, expected, 1e-13 * fmax(1, 1 / expected));
}

static void check_all(const shape *s, bool bias) {
  ln_mark mark = ln_begin(&context);
  fixture f;
  make(&f, s, bias);
  double *g = ln_reals(&context, f.net.count), *h = ln_reals(&context, f.net.count), loss, expected;
  ln_plan small, plain;
  assert_int_equal(ln_make_plan(&context, &plain, &f.net, &f.task, LN_PLAN_PLAIN_BATCHES), LN_OK);
  assert_int_equal(ln_make_plan(&context, &small, &f.net, &f.task, LN_PLAN_BATCHES), LN_OK);
  assert_non_null(strstr(small.description, "in the first cache"));
  assert_null(strstr(plain.description, "in the first cache"));
  for (size_t lowest = 0; lowest < f.net.depth; lowest++) {
    small.lowest = plain.lowest = lowest;
    assert_int_equal(plain.evaluate(&context, &plain, f.net.parameters, h, &expected), LN_OK);
    assert_int_equal(small.evaluate(&context, &small, f.net.parameters, g, &loss), LN_OK);
    compare(&f, g, h, lowest, loss, expected);
    /* again: nothing of the last evaluation is left */
    assert_int_equal(small.evaluate(&context, &small, f.net.parameters, g, &loss), LN_OK);
    compare(&f, g, h, lowest, loss, expected);
    assert_int_equal(small.evaluate(&context, &small, f.net.parameters, NULL, &loss), LN_OK);
    assert_close(loss, expected, 1e-13);
  }
  size_t batch[12];
  for (size_t j = 0; j < 12; j++) batch[j] = j * 7 % s->examples;
  small.lowest = plain.lowest = 0;
  plain.evaluate_batch(&context, &plain, batch, 12, f.net.parameters, h, &expected);
  small.evaluate_batch(&context, &small, batch, 12, f.net.parameters, g, &loss);
  compare(&f, g, h, 0, loss, expected);
  ln_end(&context, mark, LN_OK);
}

static void gradients_are_those_of_the_plain_passes_at_every_width(void **state) {
  (void)state;
  for (const ln_kernels *const *k = ln_kernels_here(); *k; k++) {
    context.kernels = *k;
    EACH_SHAPE {
      check_all(s, true);
      check_all(s, false);
    }
  }
  context.kernels = ln_kernels_chosen();
}

static void the_gradient_is_the_derivative_of_the_loss(void **state) {
  (void)state;
  EACH_SHAPE {
    ln_mark mark = ln_begin(&context);
    fixture f;
    make(&f, s, true);
    double *theta = f.net.parameters, *g = ln_reals(&context, f.net.count), above, below, step = 1e-6;
    ln_plan plan;
    assert_int_equal(ln_make_plan(&context, &plan, &f.net, &f.task, LN_PLAN_BATCHES), LN_OK);
    plan.evaluate(&context, &plan, theta, g, &above);
    for (size_t i = 0; i < f.net.count; i += 1 + f.net.count / 50) {
      double w = theta[i];
      theta[i] = w + step, plan.evaluate(&context, &plan, theta, NULL, &above);
      theta[i] = w - step, plan.evaluate(&context, &plan, theta, NULL, &below);
      theta[i] = w;
      assert_close((above - below) / (2 * step), g[i], 1e-6 * fmax(1, above));
    }
    ln_end(&context, mark, LN_OK);
  }
}

static ln_status run(ln_context *cx, fixture *f, ln_plan_choice choice, int *left) {
  ln_mark mark = ln_begin(cx);
  ln_plan plan;
  ln_trainer trainer = {.plan = &plan,
                        .descent = {.optimizer = &ln_optimizers[1], .rate = 1e-3, .momentum = 0.9},
                        .stop_loss = -1,
                        .theta = f->net.parameters,
                        .steps = 20};
  ln_status status = ln_make_plan(cx, &plan, &f->net, &f->task, choice);
  if (status == LN_OK) status = ln_make_trainer(cx, &trainer);
  if (status == LN_OK) {
    *left = 0;
    assert_int_equal(ln_train_until(cx, &trainer, 20), LN_OK);
    assert_int_equal(*left, 0);
  }
  return ln_end(cx, mark, status);
}

static void all_memory_is_there_before_the_first_step(void **state) {
  (void)state;
  for (ln_plan_choice choice = LN_PLAN_AUTO; choice <= LN_PLAN_PLAIN; choice++) {
    ln_mark mark = ln_begin(&context);
    fixture f;
    make(&f, &shapes[7], true);
    ln_status status = LN_EMEMORY;
    for (int granted = 0; status != LN_OK; granted++) {
      int left = granted;
      ln_context scarce;
      ln_context_init(&scarce, allocate_scarce, &left);
      status = run(&scarce, &f, choice, &left);
      assert_true(status == LN_OK || status == LN_EMEMORY);
      assert_null(scarce.scratch);
      assert_true(granted < 1000);
    }
    ln_end(&context, mark, LN_OK);
  }
}

static void large_networks_and_few_examples_take_the_plain_passes(void **state) {
  (void)state;
  ln_mark mark = ln_begin(&context);
  fixture f;
  make(&f, &(shape){{60, 60, 2}, {"tanh", "linear"}, 3}, true);
  assert_false(ln_is_small(&f.net, 10));
  assert_true(ln_is_small(&f.net, 1000));
  make(&f, &(shape){{784, 256, 10}, {"tanh", "linear"}, 3}, true);
  assert_false(ln_is_small(&f.net, 100000));
  ln_plan plan;
  assert_int_equal(ln_make_plan(&context, &plan, &f.net, &f.task, LN_PLAN_AUTO), LN_OK);
  assert_null(strstr(plan.description, "in the first cache"));
  ln_end(&context, mark, LN_OK);
}

static int setup(void **state) {
  (void)state;
  ln_context_init(&context, NULL, NULL);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradients_are_those_of_the_plain_passes_at_every_width),
      cmocka_unit_test(the_gradient_is_the_derivative_of_the_loss),
      cmocka_unit_test(all_memory_is_there_before_the_first_step),
      cmocka_unit_test(large_networks_and_few_examples_take_the_plain_passes),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}
