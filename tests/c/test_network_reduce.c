/* Reduced networks without Lua: steps against those of the whole one, failing allocations, and starts that stay
 * whole. */
#include "matrices.h"
#include "scarce.h"

#include "network/probe.h"
#include "network/train.h"

enum { INPUTS = 9, HIDDEN = 14, OUTPUTS = 3, EXAMPLES = 5 };

typedef struct fixture {
  ln_task task;
  ln_layer layers[2];
  ln_net net;
} fixture;

static void make_fixture(fixture *f, bool bias) {
  ln_matrix X = random_matrix(INPUTS, EXAMPLES), Y = random_matrix(OUTPUTS, EXAMPLES);
  f->task = (ln_task){.inputs = INPUTS, .outputs = OUTPUTS, .examples = EXAMPLES, .X = X, .Y = Y};
  ln_task *t = &f->task;
  t->Sxx = ln_take_matrix(cx, INPUTS, INPUTS), t->Syx = ln_take_matrix(cx, OUTPUTS, INPUTS);
  t->mean_x = ln_take_matrix(cx, INPUTS, 1), t->mean_y = ln_take_matrix(cx, OUTPUTS, 1);
  t->target = ln_take_matrix(cx, OUTPUTS, INPUTS);
  t->basis = ln_take_matrix(cx, INPUTS, EXAMPLES);
  t->spectrum = ln_reals(cx, EXAMPLES);
  size_t rank;
  assert_ok(ln_moments(cx, X, Y, t->Sxx, t->Syx, t->mean_x, t->mean_y, &t->tr_yy));
  assert_ok(ln_least_squares_basis(cx, t, t->target, &t->loss_min, t->basis, t->spectrum, &rank));
  assert_int_equal(rank, EXAMPLES);
  t->has_moments = t->has_target = true;
  const ln_activation *linear = ln_find_activation("linear");
  f->layers[0] = (ln_layer){.inputs = INPUTS, .outputs = HIDDEN, .activation = linear};
  f->layers[1] = (ln_layer){.inputs = HIDDEN, .outputs = OUTPUTS, .activation = linear};
  assert_ok(ln_net_layout(cx, &f->net, f->layers, 2, bias));
  f->net.parameters = ln_reals(cx, f->net.count);
  for (size_t i = 0; i < f->net.count; i++) f->net.parameters[i] = 0.4 * normal();
}

/* A step of the network with these parameters, which it changes. */
static void step(const ln_plan *plan, double *theta) {
  size_t count = plan->net->count;
  double loss, *gradient = ln_reals(cx, count);
  assert_ok(plan->evaluate(cx, plan, theta, gradient, &loss));
  ln_axpy(-0.1, ln_window(gradient, count, 1), ln_window(theta, count, 1));
}

static void a_reduced_step_is_a_step_of_the_whole(void **unused) {
  (void)unused;
  for (int bias = 0; bias < 2; bias++) {
    fixture f;
    make_fixture(&f, bias);
    ln_reduced r;
    bool pays;
    assert_ok(ln_reduce_network(cx, &r, &f.net, &f.task, 1e6, false, &pays));
    assert_true(pays);
    assert_int_equal(ln_inputs(&r.net), EXAMPLES);
    assert_int_equal(r.net.layers[0].outputs, EXAMPLES + OUTPUTS + bias);
    ln_plan whole;
    assert_ok(ln_make_plan(cx, &whole, &f.net, &f.task, LN_PLAN_PLAIN));
    ln_matrix lifted = ln_take_matrix(cx, f.net.count, 1),
              theta = ln_window(f.net.parameters, f.net.count, 1);
    ln_copy(theta, lifted);
    for (int i = 0; i < 20; i++) {
      step(&whole, f.net.parameters);
      step(&r.plan, r.theta);
      ln_lift(&r, r.theta, lifted.data);
      assert_same(lifted, theta, 1e-13);
    }
  }
}

static void starts_that_cannot_be_reduced_stay_whole(void **unused) {
  (void)unused;
  fixture f;
  make_fixture(&f, false);
  ln_reduced r;
  bool pays;
  const double starts[] = {NAN, INFINITY, 1e200};
  for (size_t i = 0; i < 3; i++) {
    f.net.parameters[7] = starts[i];
    ln_mark mark = ln_begin(cx);
    assert_ok(ln_reduce_network(cx, &r, &f.net, &f.task, 1e6, false, &pays));
    assert_false(pays);
    assert_true(ln_begin(cx) == mark);
  }
  f.net.parameters[7] = 0;
  assert_ok(ln_reduce_network(cx, &r, &f.net, &f.task, 0, false, &pays));
  assert_false(pays);
}

/* What is measured on the reduced network is what is measured on the whole one; and where a mode's vectors lie
 * outside the bases, all is lifted. */
static void observables_are_those_of_the_whole_network(void **unused) {
  (void)unused;
  fixture f;
  make_fixture(&f, false);
  for (int outside = 0; outside < 2; outside++) {
    ln_mark mark = ln_begin(cx);
    ln_matrix U = orthonormal(OUTPUTS, 3), V = orthonormal(INPUTS, 3), inside = copy_of(V);
    if (!outside) {
      ln_matrix part = product(LN_T, LN_N, f.task.basis, V), R = make(3, 3);
      inside = product(LN_N, LN_N, f.task.basis, part);
      assert_ok(ln_qr(cx, inside, inside, R));
    }
    ln_reduced r;
    bool pays;
    assert_ok(ln_reduce_network(cx, &r, &f.net, &f.task, 1e6, true, &pays));
    assert_true(pays && r.decays);
    ln_probe whole, reduced;
    const double s[] = {3, 2, 2};
    assert_true(U.cols <= 3);
    ln_subject subject = {.net = &f.net,
                          .task = &f.task,
                          .U = U,
                          .V = inside,
                          .s = s,
                          .start = f.net.parameters,
                          .examples = 2};
    assert_ok(ln_make_probe(cx, &whole, &subject));
    assert_ok(ln_make_probe(cx, &reduced, &subject));
    assert_ok(ln_probe_reduced(cx, &reduced, &r, f.net.parameters));
    assert_int_equal(reduced.of_reduced->U.data == NULL, outside);
    step(&r.plan, r.theta);
    double *theta = ln_reals(cx, f.net.count), a[200], b[200];
    ln_copy(ln_window(f.net.parameters, f.net.count, 1), ln_window(theta, f.net.count, 1));
    ln_lift(&r, r.theta, theta);
    for (const ln_observable *o = ln_observables; o->name; o++) {
      if (o->needs & LN_NEEDS_TEST || (o->needs & LN_NEEDS_EXAMPLES && !f.task.examples)) continue;
      size_t width = (size_t)ln_numbers(o, &subject);
      assert_true(width <= 200);
      assert_ok(ln_measure(cx, &whole, o, theta, true, a));
      assert_ok(ln_measure(cx, &reduced, o, r.theta, true, b));
      assert_same(ln_window(b, width, 1), ln_window(a, width, 1), 1e-13);
    }
    ln_end(cx, mark, LN_OK);
  }
}

static void every_allocation_may_fail(void **unused) {
  (void)unused;
  fixture f;
  make_fixture(&f, false);
  int granted = 0;
  for (ln_status status = LN_EMEMORY; status != LN_OK; granted++) {
    int left = granted;
    ln_context scarce;
    ln_context_init(&scarce, allocate_scarce, &left);
    ln_mark mark = ln_begin(&scarce);
    ln_reduced r;
    ln_probe probe;
    bool pays;
    status = ln_reduce_network(&scarce, &r, &f.net, &f.task, 1e6, true, &pays);
    assert_true(status == LN_OK || status == LN_EMEMORY);
    if (status != LN_OK) assert_null(scarce.scratch);
    if (status == LN_OK)
      status = ln_make_probe(&scarce, &probe, &(ln_subject){.net = &f.net, .task = &f.task});
    if (status == LN_OK) status = ln_probe_reduced(&scarce, &probe, &r, f.net.parameters);
    ln_end(&scarce, mark, LN_OK);
    assert_null(scarce.scratch);
    assert_true(granted < 1000);
  }
  assert_true(granted > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_reduced_step_is_a_step_of_the_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(starts_that_cannot_be_reduced_stay_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(observables_are_those_of_the_whole_network, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
