/* Networks in the lanes of vectors learn as each does alone, whatever the sizes, the optimizer and their neighbours. */
#include "check.h"

#include <stdlib.h>

#include "core/random.h"
#include "network/group.h"

enum { EXAMPLES = 12, DEPTH_MAX = 4, WIDTH_MAX = 32, MANY = 4 * WIDTH_MAX * WIDTH_MAX };

/* A network with its task, its plan and its trainer. */
typedef struct learner {
  ln_task task;
  ln_layer layers[DEPTH_MAX];
  ln_net net;
  ln_plan plan;
  ln_trainer trainer;
} learner;

typedef struct problem {
  const char *optimizer;
  size_t depth, sizes[DEPTH_MAX + 1];
  bool white, frozen[DEPTH_MAX];
  double rate, momentum, decay;
} problem;

static ln_context cx;

static ln_matrix random_matrix(ln_stream *stream, size_t rows, size_t cols, double sd) {
  ln_matrix A = ln_take_matrix(&cx, rows, cols);
  assert_non_null(A.data);
  ln_random_normals(stream, A, 0, sd);
  return A;
}

/* Its task and start depend on the seed alone. */
static void make_learner(learner *l, const problem *p, uint64_t seed) {
  ln_stream stream = ln_stream_of(seed, 1);
  size_t inputs = p->sizes[0], outputs = p->sizes[p->depth];
  ln_task *task = &l->task;
  *task = (ln_task){.inputs = inputs, .outputs = outputs};
  ln_matrix X = random_matrix(&stream, inputs, EXAMPLES, 1), Y = random_matrix(&stream, outputs, EXAMPLES, 1);
  task->Sxx = ln_take_matrix(&cx, inputs, inputs);
  task->Syx = ln_take_matrix(&cx, outputs, inputs);
  task->target = ln_take_matrix(&cx, outputs, inputs);
  assert_int_equal(ln_moments(&cx, X, Y, task->Sxx, task->Syx, ln_take_matrix(&cx, inputs, 1),
                              ln_take_matrix(&cx, outputs, 1), &task->tr_yy),
                   LN_OK);
  if (p->white) {
    ln_identity(task->Sxx);
    for (size_t j = 0; j < inputs; j++) LN_AT(task->Sxx, j, j) = 0.5 + 0.1 * (double)j;
    task->tr_yy *= 100;
  }
  task->has_moments = true;
  assert_int_equal(ln_least_squares_map(&cx, task, task->target, &task->loss_min), LN_OK);
  task->has_target = true;
  for (size_t k = 0; k < p->depth; k++)
    l->layers[k] = (ln_layer){
        .inputs = p->sizes[k], .outputs = p->sizes[k + 1], .activation = ln_find_activation("linear")};
  assert_int_equal(ln_net_layout(&cx, &l->net, l->layers, p->depth, false), LN_OK);
  l->net.parameters = random_matrix(&stream, l->net.count, 1, 0.3).data;
  assert_int_equal(ln_make_plan(&cx, &l->plan, &l->net, task, LN_PLAN_AUTO), LN_OK);
  while (p->frozen[l->plan.lowest]) l->plan.lowest++;
  const ln_optimizer *optimizer = ln_optimizers;
  while (strcmp(optimizer->name, p->optimizer) != 0) optimizer++;
  l->trainer = (ln_trainer){.plan = &l->plan,
                            .descent = {.optimizer = optimizer,
                                        .rate = p->rate,
                                        .momentum = p->momentum,
                                        .weight_decay = p->decay,
                                        .frozen = p->frozen},
                            .stop_loss = -1,
                            .theta = l->net.parameters,
                            .steps = 100};
  assert_int_equal(ln_make_trainer(&cx, &l->trainer), LN_OK);
}

static const problem problems[] = {
    {"gd", 1, {5, 3}, false, {false}, 0.05, 0, 0},
    {"gd", 1, {5, 3}, true, {false}, 0.05, 0, 0.1},
    {"gd", 2, {4, 4, 4}, true, {false}, 0.05, 0, 0},
    {"gd", 2, {20, 20, 20}, false, {false}, 0.01, 0, 0},
    {"gd", 2, {32, 32, 32}, true, {false}, 0.01, 0, 0},
    {"gd", 2, {1, 1, 1}, true, {false}, 0.1, 0, 0},
    {"gd", 3, {7, 6, 3, 5}, false, {false}, 0.02, 0, 0.01},
    {"gd", 4, {3, 9, 2, 11, 6}, true, {false}, 0.02, 0, 0},
    {"momentum", 2, {6, 10, 3}, true, {false}, 0.01, 0.9, 0},
    {"momentum", 3, {3, 5, 7, 2}, false, {false}, 0.01, 0.5, 0.02},
    {"nesterov", 2, {6, 2, 3}, false, {false}, 0.01, 0.8, 0.01},
    {"gd", 3, {4, 5, 6, 3}, true, {true, false, false}, 0.05, 0, 0},
    {"momentum", 3, {4, 5, 6, 3}, false, {true, true, false}, 0.02, 0.9, 0},
    {"nesterov", 3, {4, 5, 6, 3}, true, {false, true, false}, 0.02, 0.9, 0.1},
};
enum { PROBLEMS = sizeof problems / sizeof *problems };

static void each_learns_as_it_does_alone(void **state) {
  (void)state;
  for (const ln_kernels *const *kernels = ln_kernels_here(); *kernels; kernels++)
    for (size_t p = 0; p < PROBLEMS; p++)
      for (size_t count = 1; count <= LN_NETWORKS; count++) {
        ln_mark mark = ln_begin(&cx);
        cx.kernels = *kernels;
        learner alone[LN_NETWORKS], together[LN_NETWORKS];
        ln_group group = {.count = count};
        for (size_t i = 0; i < count; i++) {
          make_learner(&alone[i], &problems[p], 10 * p + i);
          make_learner(&together[i], &problems[p], 10 * p + i);
          assert_true(ln_can_group(&together[i].trainer));
          assert_true(ln_same_group(&together[0].trainer, &together[i].trainer));
          group.trainers[i] = &together[i].trainer;
        }
        assert_int_equal(ln_make_group(&cx, &group), LN_OK);
        const size_t stops[] = {0, 1, 7, 100};
        for (size_t k = 0; k < 4; k++) {
          assert_int_equal(ln_group_until(&cx, &group, stops[k]), LN_OK);
          for (size_t i = 0; i < count; i++) {
            assert_int_equal(ln_train_until(&cx, &alone[i].trainer, stops[k]), LN_OK);
            assert_int_equal(together[i].trainer.step, stops[k]);
            for (size_t j = 0; j < alone[i].net.count; j++)
              assert_close(together[i].trainer.theta[j], alone[i].trainer.theta[j], 1e-11);
          }
        }
        ln_end(&cx, mark, LN_OK);
      }
  cx.kernels = ln_kernels_chosen();
}

static void neighbours_change_no_bit(void **state) {
  (void)state;
  static double bits[LN_NETWORKS][MANY];
  const problem *p = &problems[6];
  for (size_t place = 0; place < LN_NETWORKS; place++) {
    ln_mark mark = ln_begin(&cx);
    learner l[LN_NETWORKS];
    ln_group group = {.count = place + 1};
    for (size_t i = 0; i <= place; i++) {
      make_learner(&l[i], p, i == place ? 1000 : place * 10 + i);
      group.trainers[i] = &l[i].trainer;
    }
    assert_int_equal(ln_make_group(&cx, &group), LN_OK);
    assert_int_equal(ln_group_until(&cx, &group, 50), LN_OK);
    memcpy(bits[place], l[place].trainer.theta, l[place].net.count * sizeof(double));
    assert_memory_equal(bits[place], bits[0], l[place].net.count * sizeof(double));
    ln_end(&cx, mark, LN_OK);
  }
}

static void who_reaches_its_loss_or_diverges_rests(void **state) {
  (void)state;
  ln_mark mark = ln_begin(&cx);
  const problem *p = &problems[2];
  learner alone[LN_NETWORKS], together[LN_NETWORKS];
  ln_group group = {.count = LN_NETWORKS};
  for (size_t i = 0; i < LN_NETWORKS; i++) {
    make_learner(&alone[i], p, i);
    make_learner(&together[i], p, i);
    group.trainers[i] = &together[i].trainer;
  }
  ln_trainer *both[] = {&alone[1].trainer, &together[1].trainer};
  for (int k = 0; k < 2; k++) { /* one starts where it grows without end, one has not far to go */
    for (size_t j = 0; j < alone[1].net.count; j++) both[k]->theta[j] *= 1e3;
    (k ? &together[2] : &alone[2])->trainer.stop_loss = together[2].task.loss_min + 0.5;
  }
  assert_int_equal(ln_make_group(&cx, &group), LN_OK);
  assert_int_equal(ln_group_until(&cx, &group, 100), LN_OK);
  for (size_t i = 0; i < LN_NETWORKS; i++) {
    ln_status status = ln_train_until(&cx, &alone[i].trainer, 100);
    assert_int_equal(status, i == 1 ? LN_EDIVERGED : LN_OK);
    assert_int_equal(group.status[i], status);
    assert_int_equal(group.rests[i], i == 1 || i == 2);
    assert_int_equal(together[i].trainer.stopped, alone[i].trainer.stopped);
    assert_int_equal(together[i].trainer.stopped, i == 2);
    assert_int_equal(together[i].trainer.step, alone[i].trainer.step);
    assert_true(alone[i].trainer.step < 100 || i == 0 || i == 3);
    for (size_t j = 0; j < alone[i].net.count; j++) {
      double size = fmax(1, fabs(alone[i].trainer.theta[j]));
      assert_close(together[i].trainer.theta[j] / size, alone[i].trainer.theta[j] / size, 1e-9);
    }
  }
  ln_end(&cx, mark, LN_OK);
}

static void a_budget_ends_a_group_at_a_whole_step(void **state) {
  (void)state;
  ln_mark mark = ln_begin(&cx);
  const problem *p = &problems[3];
  learner alone, together[2];
  ln_group group = {.count = 2};
  make_learner(&alone, p, 1);
  for (size_t i = 0; i < 2; i++)
    make_learner(&together[i], p, 1 + i), group.trainers[i] = &together[i].trainer;
  assert_int_equal(ln_make_group(&cx, &group), LN_OK);
  cx.flops_left = 1000 * alone.plan.flops;
  assert_int_equal(ln_group_until(&cx, &group, 1000000), LN_EFLOPS);
  cx.flops_left = INFINITY;
  cx.ended = LN_OK;
  size_t step = together[0].trainer.step;
  assert_true(step > 300 && step < 500);
  assert_int_equal(together[1].trainer.step, step);
  assert_int_equal(ln_train_until(&cx, &alone.trainer, step), LN_OK);
  for (size_t j = 0; j < alone.net.count; j++)
    assert_close(together[0].trainer.theta[j], alone.trainer.theta[j], 1e-11);
  ln_end(&cx, mark, LN_OK);
}

static void what_does_not_fit_is_known(void **state) {
  (void)state;
  ln_mark mark = ln_begin(&cx);
  learner l, wide, other;
  make_learner(&l, &problems[2], 1);
  make_learner(&other, &problems[3], 1);
  make_learner(&wide, &(problem){"gd", 2, {4, 33, 4}, true, {false}, 0.05, 0, 0}, 1);
  assert_true(ln_can_group(&l.trainer));
  assert_false(ln_can_group(&wide.trainer));
  assert_false(ln_same_group(&l.trainer, &other.trainer));
  l.trainer.batches.size = 2;
  assert_false(ln_can_group(&l.trainer));
  l.trainer.batches.size = 0;
  while (strcmp(l.trainer.descent.optimizer->name, "adam") != 0) l.trainer.descent.optimizer++;
  assert_false(ln_can_group(&l.trainer));
  ln_end(&cx, mark, LN_OK);
}

int main(void) {
  ln_context_init(&cx, NULL, NULL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_learns_as_it_does_alone),
      cmocka_unit_test(neighbours_change_no_bit),
      cmocka_unit_test(who_reaches_its_loss_or_diverges_rests),
      cmocka_unit_test(a_budget_ends_a_group_at_a_whole_step),
      cmocka_unit_test(what_does_not_fit_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
