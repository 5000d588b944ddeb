#include "plain_flow.h"
#include "core/random.h"
#include "scarce.h"
#include "theory/decoupled.h"

/* An aligned network and task: Sxx = V diag(rho) V', Syx = U diag(s) V', W_l = R_l diag(a_l) R_(l-1)'. */
typedef struct made {
  ln_context cx;
  ln_mark mark;
  size_t depth;
  ln_matrix W[PLAIN_DEPTH_MAX], R[PLAIN_DEPTH_MAX + 1], Sxx, Syx;
} made;

typedef struct plan {
  size_t depth, sizes[PLAIN_DEPTH_MAX + 1];
  double rho[5], s[3];          /* 5 inputs, 3 outputs */
  double a[PLAIN_DEPTH_MAX][3]; /* of each layer, for each mode */
  double hidden[2][3]; /* two layers: parts of w1 and w2 along a second hidden direction of each mode */
} plan;

static ln_matrix col(ln_matrix A, size_t j) { return ln_block_of(A, 0, j, A.rows, 1); }

/* C += x a b' */
static void add_outer(double x, ln_matrix a, ln_matrix b, ln_matrix C) { ln_gemm(LN_N, LN_T, x, a, b, 1, C); }

static made make(const plan *p) {
  made n = {.depth = p->depth};
  ln_context_init(&n.cx, NULL, NULL);
  n.mark = ln_begin(&n.cx);
  ln_stream stream = ln_stream_of(5, p->depth);
  for (size_t l = 0; l <= p->depth; l++) {
    size_t size = p->sizes[l];
    n.R[l] = ln_take_matrix(&n.cx, size, size);
    assert_int_equal(ln_random_orthogonal(&n.cx, &stream, n.R[l]), LN_OK);
  }
  size_t inputs = p->sizes[0], outputs = p->sizes[p->depth];
  n.Sxx = ln_take_matrix(&n.cx, inputs, inputs);
  n.Syx = ln_take_matrix(&n.cx, outputs, inputs);
  ln_fill(n.Sxx, 0), ln_fill(n.Syx, 0);
  for (size_t i = 0; i < inputs; i++) add_outer(p->rho[i], col(n.R[0], i), col(n.R[0], i), n.Sxx);
  ln_symmetrize(n.Sxx);
  for (size_t i = 0; i < outputs; i++) add_outer(p->s[i], col(n.R[p->depth], i), col(n.R[0], i), n.Syx);
  for (size_t l = 1; l <= p->depth; l++) {
    n.W[l - 1] = ln_take_matrix(&n.cx, p->sizes[l], p->sizes[l - 1]);
    ln_fill(n.W[l - 1], 0);
    for (size_t i = 0; i < 3; i++) add_outer(p->a[l - 1][i], col(n.R[l], i), col(n.R[l - 1], i), n.W[l - 1]);
  }
  for (size_t i = 0; i < 3 && p->depth == 2 && p->sizes[1] >= 6; i++) {
    add_outer(p->hidden[0][i], col(n.R[1], 3 + i), col(n.R[0], i), n.W[0]);
    add_outer(p->hidden[1][i], col(n.R[2], i), col(n.R[1], 3 + i), n.W[1]);
  }
  return n;
}

/* Largest relative difference over the layers between the closed weights and the integrated ones. */
static double error_against_the_flow(made *n, double decay, double t, ln_decoupled *d) {
  ln_mark mark = ln_begin(&n->cx);
  ln_matrix closed[PLAIN_DEPTH_MAX], plain[PLAIN_DEPTH_MAX];
  for (size_t l = 0; l < n->depth; l++) {
    closed[l] = ln_take_matrix(&n->cx, n->W[l].rows, n->W[l].cols);
    plain[l] = ln_take_matrix(&n->cx, n->W[l].rows, n->W[l].cols);
    ln_copy(n->W[l], plain[l]);
  }
  assert_int_equal(ln_decoupled_prepare(&n->cx, n->W, n->depth, n->Sxx, n->Syx, decay, d), LN_OK);
  assert_int_equal(ln_decoupled_at(&n->cx, d, t, closed, NULL), LN_OK);
  plain_network net = {n->depth, n->W, n->Sxx, n->Syx, decay};
  plain_flow(&n->cx, &net, t, plain);
  double worst = 0;
  for (size_t l = 0; l < n->depth; l++) worst = fmax(worst, relative_difference(closed[l], plain[l]));
  ln_end(&n->cx, mark, LN_OK);
  return worst;
}

#define CORRELATED                                                                                           \
  { 1.3, 0.9, 0.6, 0.4, 0.2 }
#define WHITE                                                                                                \
  { 0.8, 0.8, 0.8, 0.8, 0.8 }

static void aligned_networks_follow_the_flow(void **state) {
  (void)state;
  const plan plans[] = {
      /* two layers: equal, unequal, opposite; then hidden vectors that are not parallel */
      {2, {5, 4, 3}, CORRELATED, {2, 1, 0.5}, {{0.3, 0.2, 0.4}, {0.3, 0.2, 0.4}}, {{0}}},
      {2, {5, 7, 3}, CORRELATED, {2, 1, 0.5}, {{0.3, 0.2, -0.4}, {0.1, -0.7, 0.4}}, {{0}}},
      {2, {5, 6, 3}, CORRELATED, {2, 1, 0.5}, {{0.3, 0.2, 0}, {0.1, 0.1, 0}}, {{0.2, 0, 0.5}, {0.5, 0.3, 0}}},
      /* deeper: equal, unequal, one sign turned, one layer without the mode, two layers without it */
      {3, {5, 4, 6, 3}, CORRELATED, {2, 1, 0.5}, {{0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}}, {{0}}},
      {3,
       {5, 4, 6, 3},
       CORRELATED,
       {2, 1, 0.5},
       {{0.6, 0.5, 0.7}, {-0.5, 0.5, 0.9}, {0.6, -0.3, 0.2}},
       {{0}}},
      {4,
       {5, 3, 4, 5, 3},
       CORRELATED,
       {2, 1, 0.5},
       {{0.9, 0.5, 0.7}, {0.9, 0, 0.7}, {0.9, 0.6, 0}, {0.9, 0.8, 0}},
       {{0}}},
      {3, {5, 4, 6, 3}, CORRELATED, {2, 1, 0.5}, {{0, 0.5, 0.7}, {0.4, 0.5, 0.7}, {0.6, 0.5, 0}}, {{0}}},
      /* directions that the task leaves open: equal rho, equal s, s = 0 with strength, inputs without data */
      {2, {5, 4, 3}, WHITE, {2, 1, 0.5}, {{0.3, 0.2, 0.4}, {0.3, 0.2, 0.1}}, {{0}}},
      {2, {5, 4, 3}, WHITE, {1, 1, 1}, {{0.3, 0.2, 0.4}, {0.3, 0.2, 0.4}}, {{0}}},
      {2, {5, 7, 3}, WHITE, {1, 1, 1}, {{0.3, 0.3, 0.4}, {0.3, 0.3, -0.4}}, {{0}}},
      {2, {5, 6, 3}, WHITE, {1, 1, 0}, {{0.3, 0.2, 0.4}, {0.2, 0.3, 0.4}}, {{0}}},
      {2, {5, 6, 3}, WHITE, {1, 1, 1}, {{0.2, 0.4, 0.4}, {0.4, 0.2, 0.4}}, {{0}}},
      {2, {5, 6, 3}, CORRELATED, {2, 0, 0}, {{0.3, 0.2, 0.4}, {0.2, 0.7, 0.4}}, {{0}}},
      {2, {5, 6, 3}, WHITE, {0, 0, 0}, {{0.3, 0.2, 0.4}, {0.2, 0.7, 0.4}}, {{0}}},
      {3, {5, 4, 6, 3}, WHITE, {1, 1, 1}, {{0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}}, {{0}}},
      {3, {5, 4, 6, 3}, WHITE, {1, 1, 1}, {{0.6, 0.6, 0.6}, {0.6, 0.6, 0.6}, {0.6, 0.6, 0.6}}, {{0}}},
      {3, {5, 4, 6, 3}, WHITE, {1, 1, 1}, {{0.2, 0.6, 0.3}, {0.6, 0.2, 0.6}, {0.3, 0.3, 0.2}}, {{0}}},
      {3, {5, 4, 6, 3}, WHITE, {1, 0, 0}, {{0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}}, {{0}}},
      {2, {5, 4, 3}, {1.3, 0.9, 0.6, 0, 0}, {2, 1, 0.5}, {{0.3, 0.2, 0.4}, {0.3, 0.2, 0.4}}, {{0}}},
      {3,
       {5, 4, 6, 3},
       {1.3, 1.3, 0.6, 0, 0},
       {1, 1, 0},
       {{0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}},
       {{0}}},
  };
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
    made n = make(&plans[i]);
    if (plans[i].rho[4] == 0) /* weights from inputs that the data do not have */
      for (size_t k = 0; k < n.W[0].rows; k++) add_outer(0.2, col(n.R[1], k), col(n.R[0], 3 + k % 2), n.W[0]);
    bool opposite = plans[i].a[0][2] == -plans[i].a[1][2];
    const double decays[] = {0, 0.1};
    const double times[] = {1e-3, 0.7, 4, 40};
    for (size_t k = 0; k < 2; k++)
      for (size_t j = 0; j < 4; j++) {
        ln_decoupled d;
        if (opposite && times[j] > 5) continue; /* the saddle is unstable: rounding leaves it in the end */
        double error = error_against_the_flow(&n, decays[k], times[j], &d);
        if (!(error < 2e-11) || !(d.weight_misfit < 1e-13) || !(d.data_misfit < 1e-13))
          print_error("plan %zu, decay %g, t = %g: error %g, misfits %g %g\n", i, decays[k], times[j], error,
                      d.data_misfit, d.weight_misfit);
        assert_true(error < 2e-11);
        assert_true(d.data_misfit < 1e-13);
        assert_true(d.weight_misfit < 1e-13);
      }
    ln_end(&n.cx, n.mark, LN_OK);
  }
}

static const plan equal_layers = {
    2, {5, 4, 3}, CORRELATED, {2, 1, 0.5}, {{0.3, 0.2, 0.4}, {0.3, 0.2, 0.4}}, {{0}}};
static const plan three_layers = {
    3, {5, 4, 6, 3}, CORRELATED, {2, 1, 0.5}, {{0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}, {0.6, 0.5, 0.7}}, {{0}}};

static void the_basis_is_that_of_the_task(void **state) {
  (void)state;
  made n = make(&equal_layers);
  ln_decoupled d;
  assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 2, n.Sxx, n.Syx, 0, &d), LN_OK);
  assert_int_equal(d.modes, 3);
  assert_true(d.closed);
  for (size_t i = 0; i < 3; i++) {
    assert_close(d.s[i], equal_layers.s[i], 1e-14);
    assert_close(d.rho[i], equal_layers.rho[i], 1e-14);
    assert_close(fabs(ln_dot(col(d.V, i), col(n.R[0], i))), 1, 1e-14);
    assert_close(ln_dot(col(d.V, i), col(n.R[0], i)) * ln_dot(col(d.U, i), col(n.R[2], i)), 1, 1e-14);
  }
  ln_end(&n.cx, n.mark, LN_OK);
}

static void the_limit_learns_what_the_layers_let_through(void **state) {
  (void)state;
  for (int depth = 2; depth <= 3; depth++) {
    made n = make(depth == 2 ? &equal_layers : &three_layers);
    ln_decoupled d;
    assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, n.depth, n.Sxx, n.Syx, 0, &d), LN_OK);
    ln_matrix W[3];
    double strengths[3];
    for (size_t l = 0; l < n.depth; l++) W[l] = ln_take_matrix(&n.cx, n.W[l].rows, n.W[l].cols);
    assert_int_equal(ln_decoupled_at(&n.cx, &d, INFINITY, W, strengths), LN_OK);
    for (size_t i = 0; i < 3; i++) assert_close(strengths[i], d.s[i] / d.rho[i], 1e-14);
    assert_int_equal(ln_decoupled_at(&n.cx, &d, 0, W, strengths), LN_OK);
    for (size_t l = 0; l < n.depth; l++) assert_true(relative_difference(W[l], n.W[l]) < 1e-15);
    ln_end(&n.cx, n.mark, LN_OK);
  }
}

/* Adds noise of relative size eps to every layer. */
static void disturb(made *n, double eps) {
  ln_stream stream = ln_stream_of(9, 1);
  for (size_t l = 0; l < n->depth; l++) {
    ln_matrix noise = ln_take_matrix(&n->cx, n->W[l].rows, n->W[l].cols);
    ln_random_normals(&stream, noise, 0, 1);
    ln_axpy(eps * ln_norm(n->W[l]) / ln_norm(noise), noise, n->W[l]);
  }
}

static void the_weight_misfit_is_the_distance_and_bounds_the_error(void **state) {
  (void)state;
  for (int depth = 2; depth <= 3; depth++) {
    double last = 0;
    for (double eps = 1e-2; eps > 1e-7; eps /= 100) {
      made n = make(depth == 2 ? &equal_layers : &three_layers);
      disturb(&n, eps);
      ln_decoupled d;
      double error = error_against_the_flow(&n, 0, 3, &d);
      assert_true(d.weight_misfit > 0.2 * eps && d.weight_misfit < 20 * eps);
      assert_true(error < 3 * d.weight_misfit && error > 1e-3 * eps);
      if (last > 0) assert_true(fabs(log(last / d.weight_misfit) - log(100)) < 0.5); /* first order */
      last = d.weight_misfit;
      ln_end(&n.cx, n.mark, LN_OK);
    }
  }
}

static void the_data_misfit_is_the_distance_of_the_moments(void **state) {
  (void)state;
  double last = 0;
  for (double eps = 1e-2; eps > 1e-7; eps /= 100) {
    made n = make(&equal_layers);
    ln_stream stream = ln_stream_of(3, 3);
    ln_matrix noise = ln_take_matrix(&n.cx, 5, 5);
    ln_random_normals(&stream, noise, 0, eps);
    ln_gemm(LN_N, LN_T, 1, noise, n.R[0], 1, n.Sxx);
    ln_gemm(LN_N, LN_T, 1, n.R[0], noise, 1, n.Sxx);
    ln_decoupled d;
    assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 2, n.Sxx, n.Syx, 0, &d), LN_OK);
    assert_true(d.data_misfit > 0.1 * eps && d.data_misfit < 30 * eps);
    if (last > 0) assert_true(fabs(log(last / d.data_misfit) - log(100)) < 0.5);
    last = d.data_misfit;
    ln_end(&n.cx, n.mark, LN_OK);
  }
}

/* Anything may be asked, and nothing that is far from decoupled looks near. */
static void unaligned_networks_have_a_large_misfit(void **state) {
  (void)state;
  for (size_t depth = 2; depth <= 4; depth++)
    for (int white = 0; white < 2; white++) {
      plan p = {depth, {5, 4, 4, 4, 3}, CORRELATED, {2, 1, 0.5}, {{0}}, {{0}}};
      p.sizes[depth] = 3;
      for (size_t i = 0; i < 5 && white; i++) p.rho[i] = 1;
      made n = make(&p);
      ln_stream stream = ln_stream_of(7, depth);
      for (size_t l = 0; l < depth; l++) ln_random_normals(&stream, n.W[l], 0, 0.5);
      ln_decoupled d;
      assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, depth, n.Sxx, n.Syx, 0, &d), LN_OK);
      assert_true(d.weight_misfit > 0.1);
      ln_random_normals(&stream, n.Syx, 0, 1);
      assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, depth, n.Sxx, n.Syx, 0, &d), LN_OK);
      assert_true(white ? d.data_misfit < 1e-13 : d.data_misfit > 0.1);
      ln_end(&n.cx, n.mark, LN_OK);
    }
}

static ln_status count_outputs(ln_context *cx, void *ud, size_t index, double t, const ln_matrix *W,
                               const double *strengths) {
  (void)t, (void)W, (void)strengths;
  size_t *count = ud;
  assert_int_equal(index, *count);
  return ++*count == 3 ? ln_fail(cx, LN_EINTERRUPT, "enough") : LN_OK;
}

static void a_trajectory_is_the_same_as_single_times(void **state) {
  (void)state;
  plan unequal = three_layers;
  unequal.a[1][0] = -0.2, unequal.a[2][1] = 0.05;
  made n = make(&unequal);
  ln_decoupled d;
  assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 3, n.Sxx, n.Syx, 0, &d), LN_OK);
  assert_false(d.closed);
  const double times[] = {0, 0.5, 0.5, 3, 3000, 1e9};
  size_t count = 0;
  assert_int_equal(ln_decoupled_follow(&n.cx, &d, times, 6, count_outputs, &count), LN_EINTERRUPT);
  assert_int_equal(count, 3);
  ln_matrix W[3];
  double strengths[3];
  for (size_t l = 0; l < 3; l++) W[l] = ln_take_matrix(&n.cx, n.W[l].rows, n.W[l].cols);
  assert_int_equal(ln_decoupled_at(&n.cx, &d, 1e9, W, strengths), LN_OK); /* holds once it has arrived */
  for (size_t i = 0; i < 3; i++) assert_close(strengths[i], d.s[i] / d.rho[i], 1e-12);
  assert_int_equal(ln_decoupled_at(&n.cx, &d, INFINITY, W, strengths), LN_EARG);
  assert_int_equal(ln_decoupled_at(&n.cx, &d, -1, W, strengths), LN_EARG);
  const double falling[] = {1, 0.5};
  assert_int_equal(ln_decoupled_follow(&n.cx, &d, falling, 2, count_outputs, &count), LN_EARG);
  ln_end(&n.cx, n.mark, LN_OK);
}

static void layers_that_do_not_fit_are_refused(void **state) {
  (void)state;
  made n = make(&three_layers);
  ln_decoupled d;
  assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 1, n.Sxx, n.Syx, 0, &d), LN_EARG);
  assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 2, n.Sxx, n.Syx, 0, &d), LN_EARG);
  assert_non_null(strstr(n.cx.message, "3 outputs"));
  ln_matrix wrong[] = {n.W[0], n.W[0], n.W[2]};
  assert_int_equal(ln_decoupled_prepare(&n.cx, wrong, 3, n.Sxx, n.Syx, 0, &d), LN_EARG);
  assert_non_null(strstr(n.cx.message, "layer 2 is 4x5 and must have 4 columns"));
  assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 3, n.Syx, n.Syx, 0, &d), LN_EARG);
  assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 3, n.Sxx, n.Syx, NAN, &d), LN_EARG);
  LN_AT(n.W[1], 2, 0) = NAN;
  assert_int_equal(ln_decoupled_prepare(&n.cx, n.W, 3, n.Sxx, n.Syx, 0, &d), LN_EARG);
  assert_non_null(strstr(n.cx.message, "layer 2 has nan at (3, 1)"));
  ln_end(&n.cx, n.mark, LN_OK);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state) {
  (void)state;
  plan plans[] = {equal_layers, three_layers};
  plans[1].a[1][0] = 0.3;
  for (size_t i = 0; i < 2; i++) {
    made n = make(&plans[i]);
    ln_matrix W[3];
    for (size_t l = 0; l < n.depth; l++) W[l] = ln_take_matrix(&n.cx, n.W[l].rows, n.W[l].cols);
    for (int granted = 0;; granted++) {
      int left = granted;
      ln_context cx;
      ln_context_init(&cx, allocate_scarce, &left);
      ln_decoupled d;
      ln_mark mark = ln_begin(&cx);
      ln_status status = ln_decoupled_prepare(&cx, n.W, n.depth, n.Sxx, n.Syx, 0.1, &d);
      if (status == LN_OK) status = ln_decoupled_at(&cx, &d, 0.5, W, NULL);
      ln_end(&cx, mark, status);
      assert_int_equal(cx.scratch_bytes, 0);
      if (status == LN_OK) break;
      assert_int_equal(status, LN_EMEMORY);
    }
    ln_end(&n.cx, n.mark, LN_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aligned_networks_follow_the_flow),
      cmocka_unit_test(the_basis_is_that_of_the_task),
      cmocka_unit_test(the_limit_learns_what_the_layers_let_through),
      cmocka_unit_test(the_weight_misfit_is_the_distance_and_bounds_the_error),
      cmocka_unit_test(the_data_misfit_is_the_distance_of_the_moments),
      cmocka_unit_test(unaligned_networks_have_a_large_misfit),
      cmocka_unit_test(a_trajectory_is_the_same_as_single_times),
      cmocka_unit_test(layers_that_do_not_fit_are_refused),
      cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
