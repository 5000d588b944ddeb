/* Networks without Lua: gradients against differences on both paths, descent and flow, and failing allocations. */
#include "check.h"
#include "scarce.h"

#include "core/random.h"
#include "network/flow.h"
#include "network/init.h"
#include "network/probe.h"
#include "network/train.h"
#include "theory/predict.h"

enum { INPUTS = 4, HIDDEN = 5, OUTPUTS = 3, EXAMPLES = 150, COUNT_MAX = 200 };

/* A task and a network of their own, on arrays of the test. */
typedef struct fixture {
  double X[INPUTS * EXAMPLES], Y[OUTPUTS * EXAMPLES];
  double Sxx[INPUTS * INPUTS], Syx[OUTPUTS * INPUTS], mean_x[INPUTS], mean_y[OUTPUTS],
      target[OUTPUTS * INPUTS];
  double parameters[COUNT_MAX];
  ln_task task;
  ln_layer layers[3];
  ln_net net;
} fixture;

static ln_context context;

static void make_task(fixture *f) {
  ln_stream stream = ln_stream_of(7, 0);
  f->task = (ln_task){.inputs = INPUTS,
                      .outputs = OUTPUTS,
                      .examples = EXAMPLES,
                      .X = ln_window(f->X, INPUTS, EXAMPLES),
                      .Y = ln_window(f->Y, OUTPUTS, EXAMPLES),
                      .Sxx = ln_window(f->Sxx, INPUTS, INPUTS),
                      .Syx = ln_window(f->Syx, OUTPUTS, INPUTS),
                      .mean_x = ln_window(f->mean_x, INPUTS, 1),
                      .mean_y = ln_window(f->mean_y, OUTPUTS, 1),
                      .target = ln_window(f->target, OUTPUTS, INPUTS)};
  ln_task *t = &f->task;
  ln_random_normals(&stream, t->X, 0.3, 1);
  ln_random_normals(&stream, t->Y, -0.2, 1);
  assert_int_equal(ln_moments(&context, t->X, t->Y, t->Sxx, t->Syx, t->mean_x, t->mean_y, &t->tr_yy), LN_OK);
  t->has_moments = true;
  assert_int_equal(ln_least_squares_map(&context, t, t->target, &t->loss_min), LN_OK);
  t->has_target = true;
}

static void make_net(fixture *f, const char *activation, bool bias) {
  const size_t sizes[] = {INPUTS, HIDDEN, HIDDEN, OUTPUTS};
  for (size_t l = 0; l < 3; l++)
    f->layers[l] = (ln_layer){.inputs = sizes[l],
                              .outputs = sizes[l + 1],
                              .activation = ln_find_activation(l < 2 ? activation : "linear")};
  assert_int_equal(ln_net_layout(&context, &f->net, f->layers, 3, bias), LN_OK);
  assert_true(f->net.count <= COUNT_MAX);
  f->net.parameters = f->parameters;
  ln_stream stream = ln_stream_of(3, 0);
  ln_random_normals(&stream, ln_window(f->parameters, f->net.count, 1), 0, 0.5);
}

static int setup(void **state) {
  static fixture f;
  ln_context_init(&context, NULL, NULL);
  make_task(&f);
  *state = &f;
  return 0;
}

static void the_gradient_is_that_of_differences(void **state) {
  fixture *f = *state;
  for (const ln_activation *a = ln_activations; a->name; a++)
    for (int bias = 0; bias < 2; bias++)
      for (int choice = LN_PLAN_AUTO; choice <= LN_PLAN_PLAIN; choice++) {
        make_net(f, a->name, bias);
        ln_mark mark = ln_begin(&context);
        ln_plan plan;
        double gradient[COUNT_MAX], loss, h = 1e-5;
        assert_int_equal(ln_make_plan(&context, &plan, &f->net, &f->task, choice), LN_OK);
        assert_int_equal(plan.evaluate(&context, &plan, f->parameters, gradient, &loss), LN_OK);
        for (size_t i = 0; i < f->net.count; i++) {
          double before = f->parameters[i], above, below;
          f->parameters[i] = before + h;
          plan.evaluate(&context, &plan, f->parameters, NULL, &above);
          f->parameters[i] = before - h;
          plan.evaluate(&context, &plan, f->parameters, NULL, &below);
          f->parameters[i] = before;
          assert_close(gradient[i], (above - below) / (2 * h), 1e-7);
        }
        ln_end(&context, mark, LN_OK);
      }
}

static void both_paths_agree(void **state) {
  fixture *f = *state;
  for (int bias = 0; bias < 2; bias++) {
    make_net(f, "linear", bias);
    ln_mark mark = ln_begin(&context);
    ln_plan moments, examples;
    double g[COUNT_MAX], h[COUNT_MAX], l, m;
    ln_make_plan(&context, &moments, &f->net, &f->task, LN_PLAN_AUTO);
    ln_make_plan(&context, &examples, &f->net, &f->task, LN_PLAN_PLAIN);
    moments.evaluate(&context, &moments, f->parameters, g, &l);
    examples.evaluate(&context, &examples, f->parameters, h, &m);
    assert_close(l, m, 1e-14);
    for (size_t i = 0; i < f->net.count; i++) assert_close(g[i], h[i], 1e-13);
    ln_end(&context, mark, LN_OK);
  }
}

/* At a minimum to rounding the loss above L_min is a sum of squares, far below what its expanded form can give. */
static void the_loss_does_not_cancel(void **state) {
  fixture *f = *state;
  make_net(f, "linear", false);
  ln_matrix W1 = ln_weights(&f->net, f->parameters, 0), W2 = ln_weights(&f->net, f->parameters, 1);
  ln_identity(W1), ln_identity(W2);
  ln_matrix W3 = ln_weights(&f->net, f->parameters, 2);
  ln_fill(W3, 0);
  ln_copy(f->task.target, ln_block_of(W3, 0, 0, OUTPUTS, INPUTS));
  double distance = 1e-9;
  W3.data[0] += distance;
  f->task.loss_min = 0; /* the loss is then what lies above it */
  ln_mark mark = ln_begin(&context);
  ln_plan plan;
  double loss;
  ln_make_plan(&context, &plan, &f->net, &f->task, LN_PLAN_AUTO);
  plan.evaluate(&context, &plan, f->parameters, NULL, &loss);
  ln_end(&context, mark, LN_OK);
  double expected = distance * distance * f->Sxx[0] / 2;
  assert_true(fabs(loss - expected) < 1e-5 * expected);
}

static void layouts_that_are_too_large_are_refused(void **state) {
  (void)state;
  ln_layer layers[2] = {{.inputs = 1 << 20, .outputs = 1 << 20, .activation = ln_find_activation("linear")}};
  ln_net net;
  assert_int_equal(ln_net_layout(&context, &net, layers, 1, false), LN_EARG);
  assert_non_null(strstr(context.message, "more than 2147483647 parameters"));
}

static ln_status keep_last(ln_context *cx, void *ud, size_t index, double t, const double *theta) {
  (void)cx, (void)index, (void)t;
  memcpy(ud, theta, sizeof(double));
  return LN_OK;
}

/* Everything a run does, on the context given. */
static ln_status whole_run(ln_context *cx, fixture *f) {
  ln_mark mark = ln_begin(cx);
  ln_plan plan;
  ln_probe probe;
  double U[OUTPUTS * OUTPUTS] = {0}, V[INPUTS * OUTPUTS] = {0}, strengths[] = {3, 2, 2}, out[COUNT_MAX],
                     first;
  ln_stream stream = ln_stream_of(1, 0);
  ln_status status = ln_init_balanced(cx, &f->net, &stream, 0.5);
  if (status == LN_OK) status = ln_make_plan(cx, &plan, &f->net, &f->task, LN_PLAN_AUTO);
  if (status == LN_OK)
    status = ln_make_probe(cx, &probe,
                           &(ln_subject){.net = &f->net,
                                         .task = &f->task,
                                         .test = &f->task,
                                         .U = ln_window(U, OUTPUTS, OUTPUTS),
                                         .V = ln_window(V, INPUTS, OUTPUTS),
                                         .s = strengths,
                                         .start = f->parameters,
                                         .examples = 4});
  ln_trainer trainer = {.plan = &plan,
                        .descent = {.optimizer = ln_optimizers, .rate = 0.05},
                        .stop_loss = -1,
                        .theta = f->parameters,
                        .steps = 3};
  if (status == LN_OK) status = ln_make_trainer(cx, &trainer);
  if (status == LN_OK) status = ln_train_until(cx, &trainer, 3);
  for (const ln_observable *o = ln_observables; o->name && status == LN_OK; o++)
    status = ln_measure(cx, &probe, o, f->parameters, true, out);
  double times[] = {0.5, 1};
  double *start = ln_reals(cx, f->net.count);
  if (!start) return ln_end(cx, mark, LN_EMEMORY);
  memcpy(start, f->parameters, f->net.count * sizeof *start);
  ln_request request = {.times = times,
                        .count = 2,
                        .tolerance = 1e-8,
                        .plan = &plan,
                        .theta = start,
                        .output = keep_last,
                        .ud = &first};
  for (const ln_solution *s = ln_solutions; s->name && status == LN_OK; s++) {
    ln_assumption assumptions[LN_ASSUMPTIONS_MAX];
    size_t count = 0;
    status = s->measure(cx, &f->net, &f->task, 0, assumptions, &count);
  }
  if (status == LN_OK) status = ln_predict(cx, ln_find_solution("decoupled"), &f->net, &f->task, &request);
  if (status == LN_OK) status = ln_predict(cx, ln_find_solution("flow"), &f->net, &f->task, &request);
  return ln_end(cx, mark, status);
}

static void every_allocation_may_fail(void **state) {
  fixture *f = *state;
  make_net(f, "linear", false);
  assert_int_equal(whole_run(&context, f), LN_OK);
  int granted = 0;
  for (ln_status status = LN_EMEMORY; status != LN_OK; granted++) {
    int left = granted;
    ln_context scarce;
    ln_context_init(&scarce, allocate_scarce, &left);
    status = whole_run(&scarce, f);
    assert_true(status == LN_OK || status == LN_EMEMORY);
    assert_null(scarce.scratch);
    assert_int_equal(scarce.scratch_bytes, 0);
    assert_true(granted < 1000);
  }
  assert_true(granted > 50);
}

static void interrupts_deadlines_and_budgets_end_a_run(void **state) {
  fixture *f = *state;
  make_net(f, "tanh", true);
  ln_mark mark = ln_begin(&context);
  ln_plan plan;
  ln_make_plan(&context, &plan, &f->net, &f->task, LN_PLAN_AUTO);
  ln_trainer trainer = {.plan = &plan,
                        .descent = {.optimizer = ln_optimizers, .rate = 1e-3},
                        .stop_loss = -1,
                        .theta = f->parameters,
                        .steps = 1000000000};
  assert_int_equal(ln_make_trainer(&context, &trainer), LN_OK);
  ln_interrupt(&context);
  assert_int_equal(ln_train_until(&context, &trainer, trainer.steps), LN_EINTERRUPT);
  atomic_store(&context.interrupted, 0);
  context.deadline = ln_clock() + 0.05;
  assert_int_equal(ln_train_until(&context, &trainer, trainer.steps), LN_ETIME);
  assert_true(trainer.step > 0);
  context.deadline = INFINITY;
  context.flops_left = 10 * plan.flops;
  size_t before = trainer.step;
  assert_int_equal(ln_train_until(&context, &trainer, trainer.steps), LN_EFLOPS);
  assert_int_equal(trainer.step - before, 10);
  for (size_t i = 0; i < f->net.count; i++) assert_true(isfinite(f->parameters[i]));
  ln_end(&context, mark, LN_OK);
}

typedef struct reports {
  int count;
  double last;
} reports;

static void count_report(void *ud, const char *what, double fraction) {
  reports *r = ud;
  assert_string_equal(what, "gradient flow");
  assert_true(fraction >= 0 && fraction <= 1);
  r->count++;
  r->last = fraction;
}

static void a_flow_reports_between_its_records(void **state) {
  fixture *f = *state;
  make_net(f, "tanh", true);
  double times[] = {0, 20}, first;
  reports seen = {0};
  ln_mark mark = ln_begin(&context);
  ln_plan plan;
  assert_int_equal(ln_make_plan(&context, &plan, &f->net, &f->task, LN_PLAN_AUTO), LN_OK);
  context.progress = count_report;
  context.progress_ud = &seen;
  ln_status status = ln_flow(&context, &plan, 0, f->parameters, times, 2, 1e-10, keep_last, &first);
  context.progress = NULL;
  ln_end(&context, mark, LN_OK);
  assert_int_equal(status, LN_OK);
  assert_true(seen.count > 10);
  assert_true(seen.last == 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_gradient_is_that_of_differences, setup),
      cmocka_unit_test_setup(both_paths_agree, setup),
      cmocka_unit_test_setup(the_loss_does_not_cancel, setup),
      cmocka_unit_test_setup(layouts_that_are_too_large_are_refused, setup),
      cmocka_unit_test_setup(every_allocation_may_fail, setup),
      cmocka_unit_test_setup(interrupts_deadlines_and_budgets_end_a_run, setup),
      cmocka_unit_test_setup(a_flow_reports_between_its_records, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
