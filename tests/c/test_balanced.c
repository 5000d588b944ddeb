/* Balanced networks: the end-to-end equation against the layers', narrow layers against wide ones. */
#include "check.h"
#include "plain_flow.h"
#include "scarce.h"

#include "core/linalg.h"
#include "core/random.h"
#include "theory/balanced.h"
#include "theory/end_to_end.h"
#include "theory/small_start.h"

enum { INPUTS = 5, OUTPUTS = 4, EXAMPLES = 30, MOST = 8 };

/* A task with correlated inputs; the memory is the context's, above `mark`. */
typedef struct problem {
  ln_context cx;
  ln_mark mark;
  ln_task task;
  ln_stream stream;
} problem;

static void make(problem *p, uint64_t seed) {
  *p = (problem){.stream = ln_stream_of(seed, 0)};
  ln_context_init(&p->cx, NULL, NULL);
  p->mark = ln_begin(&p->cx);
  ln_task *t = &p->task;
  *t = (ln_task){.inputs = INPUTS, .outputs = OUTPUTS, .examples = EXAMPLES};
  t->X = ln_take_matrix(&p->cx, INPUTS, EXAMPLES), t->Y = ln_take_matrix(&p->cx, OUTPUTS, EXAMPLES);
  t->Sxx = ln_take_matrix(&p->cx, INPUTS, INPUTS), t->Syx = ln_take_matrix(&p->cx, OUTPUTS, INPUTS);
  t->mean_x = ln_take_matrix(&p->cx, INPUTS, 1), t->mean_y = ln_take_matrix(&p->cx, OUTPUTS, 1);
  t->target = ln_take_matrix(&p->cx, OUTPUTS, INPUTS);
  ln_random_normals(&p->stream, t->X, 0.4, 1);
  ln_random_normals(&p->stream, t->Y, -0.2, 2);
  assert_int_equal(ln_moments(&p->cx, t->X, t->Y, t->Sxx, t->Syx, t->mean_x, t->mean_y, &t->tr_yy), LN_OK);
  t->has_moments = true;
  assert_int_equal(ln_least_squares_map(&p->cx, t, t->target, &t->loss_min), LN_OK);
  t->has_target = true;
}

static void end(problem *p) {
  ln_end(&p->cx, p->mark, LN_OK);
  assert_int_equal(p->cx.scratch_bytes, 0);
}

/* A random map of this rank. */
static ln_matrix random_map(problem *p, size_t rank, double size) {
  ln_matrix A = ln_take_matrix(&p->cx, OUTPUTS, rank), B = ln_take_matrix(&p->cx, rank, INPUTS);
  ln_matrix W = ln_take_matrix(&p->cx, OUTPUTS, INPUTS);
  ln_random_normals(&p->stream, A, 0, 1);
  ln_random_normals(&p->stream, B, 0, 1);
  ln_gemm(LN_N, LN_N, size, A, B, 0, W);
  return W;
}

/* Balanced layers of W with `hidden` units, in hidden bases that are rotated at random. */
static void balanced_layers(problem *p, ln_matrix W, size_t depth, size_t hidden, ln_matrix *layers) {
  ln_matrix Q[PLAIN_DEPTH_MAX];
  for (size_t l = 0; l < depth; l++)
    layers[l] = ln_take_matrix(&p->cx, l + 1 < depth ? hidden : OUTPUTS, l ? hidden : INPUTS);
  assert_int_equal(ln_balanced_factors(&p->cx, W, depth, layers), LN_OK);
  for (size_t l = 1; l < depth; l++) {
    Q[l] = ln_take_matrix(&p->cx, hidden, hidden);
    assert_int_equal(ln_random_orthogonal(&p->cx, &p->stream, Q[l]), LN_OK);
  }
  for (size_t l = 0; l < depth; l++) {
    ln_matrix half = ln_take_matrix(&p->cx, layers[l].rows, layers[l].cols);
    ln_copy(layers[l], half);
    if (l + 1 < depth) ln_gemm(LN_N, LN_N, 1, Q[l + 1], layers[l], 0, half);
    ln_copy(half, layers[l]);
    if (l) ln_gemm(LN_N, LN_T, 1, half, Q[l], 0, layers[l]);
  }
}

static ln_matrix product_of(problem *p, const ln_matrix *layers, size_t depth) {
  ln_matrix P = layers[0];
  for (size_t l = 1; l < depth; l++) {
    ln_matrix next = ln_take_matrix(&p->cx, layers[l].rows, P.cols);
    ln_gemm(LN_N, LN_N, 1, layers[l], P, 0, next);
    P = next;
  }
  return P;
}

/* ---- the equation ---- */

/* -dL/dW */
static ln_matrix descent(problem *p, ln_matrix W) {
  ln_matrix E = ln_take_matrix(&p->cx, W.rows, W.cols);
  ln_copy(p->task.Syx, E);
  ln_gemm(LN_N, LN_N, -1, W, p->task.Sxx, 1, E);
  return E;
}

/* dW/dt = sum over l of W_D..W_(l+1) dW_l/dt W_(l-1)..W_1. */
static void the_map_moves_as_its_layers_make_it(void **state) {
  (void)state;
  for (size_t depth = 1; depth <= PLAIN_DEPTH_MAX; depth++)
    for (size_t rank = 1; rank <= 4; rank++) {
      problem p;
      make(&p, depth);
      ln_matrix W = random_map(&p, rank, 0.4), layers[PLAIN_DEPTH_MAX], rates[PLAIN_DEPTH_MAX];
      balanced_layers(&p, W, depth, 6, layers);
      double packed[400], velocity[400];
      plain_network net = {depth, layers, p.task.Sxx, p.task.Syx, 0};
      ln_matrix into[PLAIN_DEPTH_MAX];
      plain_unpack(&net, packed, into);
      for (size_t l = 0; l < depth; l++) ln_copy(layers[l], into[l]);
      assert_int_equal(plain_velocity(&p.cx, &net, 0, packed, velocity), LN_OK);
      plain_unpack(&net, velocity, rates);
      ln_matrix sum = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), dW = ln_take_matrix(&p.cx, OUTPUTS, INPUTS);
      ln_fill(sum, 0);
      for (size_t l = 0; l < depth; l++) {
        ln_matrix changed[PLAIN_DEPTH_MAX];
        memcpy(changed, layers, sizeof changed);
        changed[l] = rates[l];
        ln_axpy(1, product_of(&p, changed, depth), sum);
      }
      double ds[OUTPUTS];
      assert_int_equal(ln_balanced_motion(&p.cx, W, descent(&p, W), depth, dW, ds), LN_OK);
      assert_true(relative_difference(dW, sum) < 1e-12);
      /* singular values, by differences */
      const double h = 1e-6;
      double above[OUTPUTS], below[OUTPUTS];
      ln_axpy(h, dW, W);
      assert_int_equal(ln_svd(&p.cx, W, (ln_matrix){0}, above, (ln_matrix){0}), LN_OK);
      ln_axpy(-2 * h, dW, W);
      assert_int_equal(ln_svd(&p.cx, W, (ln_matrix){0}, below, (ln_matrix){0}), LN_OK);
      for (size_t r = 0; r < rank; r++) assert_close(ds[r], (above[r] - below[r]) / (2 * h), 1e-6);
      if (depth > 1)
        for (size_t r = rank; r < OUTPUTS; r++) assert_close(ds[r], 0, 0);
      end(&p);
    }
}

/* ---- flows ---- */

typedef struct trajectory {
  size_t n, seen;
  double states[3][400];
} trajectory;

static ln_status keep(ln_context *cx, void *ud, size_t index, double t, const double *theta) {
  (void)cx, (void)t;
  trajectory *kept = ud;
  memcpy(kept->states[index], theta, kept->n * sizeof *theta);
  kept->seen = index + 1;
  return LN_OK;
}

static ln_status keep_map(ln_context *cx, void *ud, size_t index, double t, ln_matrix W, const double *s) {
  (void)cx, (void)t, (void)s;
  trajectory *kept = ud;
  memcpy(kept->states[index], W.data, W.rows * W.cols * sizeof(double));
  kept->seen = index + 1;
  return LN_OK;
}

/* A network on the given layers: its parameters in `theta`. */
static ln_net network_on(problem *p, const ln_matrix *layers, size_t depth, ln_layer *layout, double *theta) {
  ln_net net;
  for (size_t l = 0; l < depth; l++)
    layout[l] = (ln_layer){
        .inputs = layers[l].cols, .outputs = layers[l].rows, .activation = ln_find_activation("linear")};
  assert_int_equal(ln_net_layout(&p->cx, &net, layout, depth, false), LN_OK);
  net.parameters = theta;
  for (size_t l = 0; l < depth; l++) ln_copy(layers[l], ln_weights(&net, theta, l));
  return net;
}

static void narrow_layers_and_the_map_give_the_flow_of_wide_ones(void **state) {
  (void)state;
  const double times[] = {0, 0.7, 6};
  for (double decay = 0; decay < 0.2; decay += 0.1)
    for (size_t depth = 1; depth <= 4; depth++)
      for (size_t rank = 1; rank <= 4; rank += 3)
        for (double size = 1e-6; size < 1; size *= 1e3) {
          problem p;
          make(&p, 20 + depth);
          ln_matrix W = random_map(&p, rank, size), layers[PLAIN_DEPTH_MAX], at[PLAIN_DEPTH_MAX];
          balanced_layers(&p, W, depth, MOST, layers);
          ln_layer layout[PLAIN_DEPTH_MAX];
          double theta[400], start[400];
          ln_net net = network_on(&p, layers, depth, layout, theta);
          memcpy(start, theta, sizeof start);
          trajectory kept = {.n = net.count}, maps = {0};
          assert_int_equal(ln_balanced_flow(&p.cx, &net, &p.task, decay, theta, times, 3, 1e-12, keep, &kept),
                           LN_OK);
          assert_int_equal(kept.seen, 3);
          assert_int_equal(
              ln_end_to_end_flow(&p.cx, &p.task, W, depth, decay, times, 3, 1e-12, keep_map, &maps), LN_OK);
          assert_memory_equal(kept.states[0], start, net.count * sizeof(double));
          for (size_t k = 1; k < 3; k++) {
            plain_network plain = {depth, layers, p.task.Sxx, p.task.Syx, decay};
            plain_flow(&p.cx, &plain, times[k] - times[k - 1], layers);
            for (size_t l = 0; l < depth; l++) {
              at[l] = ln_weights(&net, kept.states[k], l);
              assert_true(relative_difference(at[l], layers[l]) < 1e-10);
            }
            ln_matrix P = product_of(&p, layers, depth);
            assert_true(relative_difference(product_of(&p, at, depth), P) < 1e-10);
            assert_true(relative_difference(ln_window(maps.states[k], OUTPUTS, INPUTS), P) < 1e-10);
            double s[OUTPUTS]; /* the rank stays */
            assert_int_equal(
                ln_svd(&p.cx, ln_window(maps.states[k], OUTPUTS, INPUTS), (ln_matrix){0}, s, (ln_matrix){0}),
                LN_OK);
            for (size_t r = rank; r < OUTPUTS && depth > 1; r++) assert_true(s[r] < 1e-14 * s[0]);
          }
          end(&p);
        }
}

static void what_is_conserved_stays_in_any_network(void **state) {
  (void)state;
  problem p;
  make(&p, 5);
  ln_matrix layers[3], before[2], after[2];
  const size_t sizes[] = {INPUTS, 6, 3, OUTPUTS};
  for (size_t l = 0; l < 3; l++) {
    layers[l] = ln_take_matrix(&p.cx, sizes[l + 1], sizes[l]);
    ln_random_normals(&p.stream, layers[l], 0, 0.5);
    if (l < 2) {
      before[l] = ln_take_matrix(&p.cx, sizes[l + 1], sizes[l + 1]);
      after[l] = ln_take_matrix(&p.cx, sizes[l + 1], sizes[l + 1]);
    }
  }
  double distance, later;
  assert_int_equal(ln_conserved(&p.cx, layers, 3, before, &distance), LN_OK);
  assert_true(distance > 0.1);
  plain_network plain = {3, layers, p.task.Sxx, p.task.Syx, 0};
  plain_flow(&p.cx, &plain, 3, layers);
  assert_int_equal(ln_conserved(&p.cx, layers, 3, after, &later), LN_OK);
  for (size_t l = 0; l < 2; l++) assert_true(relative_difference(after[l], before[l]) < 1e-11);
  end(&p);
}

/* The error of what is not balanced falls with its square. */
static void unbalanced_layers_cost_the_square_of_their_distance(void **state) {
  (void)state;
  const double times[] = {1, 3, 6};
  double error[2], distance, decay = 0.05;
  for (size_t i = 0; i < 2; i++) {
    problem p;
    make(&p, 8);
    ln_matrix layers[3];
    balanced_layers(&p, random_map(&p, 4, 0.1), 3, MOST, layers);
    for (size_t l = 0; l < 3; l++) {
      ln_matrix noise = ln_take_matrix(&p.cx, layers[l].rows, layers[l].cols);
      ln_random_normals(&p.stream, noise, 0, 1);
      ln_axpy((i ? 5e-4 : 1e-3) * ln_norm(layers[l]) / ln_norm(noise), noise, layers[l]);
    }
    assert_int_equal(ln_conserved(&p.cx, layers, 3, NULL, &distance), LN_OK);
    ln_layer layout[3];
    double theta[400];
    ln_net net = network_on(&p, layers, 3, layout, theta);
    trajectory kept = {.n = net.count};
    assert_int_equal(ln_balanced_flow(&p.cx, &net, &p.task, decay, theta, times, 3, 1e-12, keep, &kept),
                     LN_OK);
    plain_network plain = {3, layers, p.task.Sxx, p.task.Syx, decay};
    plain_flow(&p.cx, &plain, times[2], layers);
    ln_matrix at[3];
    for (size_t l = 0; l < 3; l++) at[l] = ln_weights(&net, kept.states[2], l);
    error[i] = relative_difference(product_of(&p, at, 3), product_of(&p, layers, 3));
    assert_true(error[i] < 5 * distance * distance);
    end(&p);
  }
  assert_close(error[0] / error[1], 4, 0.1);
}

/* ---- small starts ---- */

static void a_small_start_tells_when_the_leading_mode_is_half_learned(void **state) {
  (void)state;
  problem p;
  make(&p, 12);
  ln_identity(p.task.Sxx);
  ln_matrix layers[] = {ln_take_matrix(&p.cx, 10, INPUTS), ln_take_matrix(&p.cx, OUTPUTS, 10)};
  for (size_t l = 0; l < 2; l++) ln_random_normals(&p.stream, layers[l], 0, 1e-3);
  ln_small_start start;
  assert_int_equal(ln_small_start_of(&p.cx, layers[0], layers[1], p.task.Sxx, p.task.Syx, &start), LN_OK);
  assert_int_equal(start.modes, OUTPUTS);
  plain_network plain = {2, layers, p.task.Sxx, p.task.Syx, 0};
  plain_flow(&p.cx, &plain, start.half_time[0], layers);
  double s[OUTPUTS];
  assert_int_equal(ln_svd(&p.cx, product_of(&p, layers, 2), (ln_matrix){0}, s, (ln_matrix){0}), LN_OK);
  assert_close(s[0] / (start.s[0] / start.rho[0]), 0.5, 0.02); /* the time is right to 0.1% of some 10/s */
  end(&p);
}

/* ---- bad input, memory ---- */

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  problem p;
  make(&p, 1);
  ln_matrix W = random_map(&p, 4, 1), dW = ln_take_matrix(&p.cx, OUTPUTS, INPUTS), layers[2];
  assert_int_equal(ln_balanced_motion(&p.cx, W, dW, 0, dW, NULL), LN_EARG);
  layers[0] = ln_take_matrix(&p.cx, 3, INPUTS), layers[1] = ln_take_matrix(&p.cx, OUTPUTS, 3);
  assert_int_equal(ln_balanced_factors(&p.cx, W, 2, layers), LN_EARG);
  assert_non_null(strstr(p.cx.message, "W has rank 4, and hidden layer 1 has 3 units"));
  layers[1] = W;
  double distance;
  assert_int_equal(ln_conserved(&p.cx, layers, 2, NULL, &distance), LN_EARG);
  assert_non_null(strstr(p.cx.message, "W1 is 3x5 and W2 is 4x5: they do not chain"));
  ln_small_start start;
  assert_int_equal(ln_small_start_of(&p.cx, layers[0], W, p.task.Sxx, p.task.Syx, &start), LN_EARG);
  LN_AT(W, 1, 2) = NAN;
  assert_int_equal(ln_balanced_motion(&p.cx, W, W, 2, dW, NULL), LN_EARG);
  assert_non_null(strstr(p.cx.message, "W has nan at (2, 3)"));
  end(&p);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state) {
  (void)state;
  problem p;
  make(&p, 2);
  const double times[] = {0.5, 1};
  ln_matrix W = random_map(&p, 2, 0.1), layers[3];
  balanced_layers(&p, W, 3, 5, layers);
  ln_layer layout[3];
  double theta[400];
  ln_net net = network_on(&p, layers, 3, layout, theta);
  ln_matrix two[] = {layers[0], ln_take_matrix(&p.cx, OUTPUTS, 5)};
  ln_fill(two[1], 0.01);
  int granted = 0;
  for (ln_status status = LN_EMEMORY; status != LN_OK; granted++) {
    int left = granted;
    ln_context cx;
    ln_context_init(&cx, allocate_scarce, &left);
    ln_mark mark = ln_begin(&cx);
    trajectory kept = {.n = net.count};
    ln_small_start start;
    network_on(&p, layers, 3, layout, theta);
    status = ln_balanced_flow(&cx, &net, &p.task, 0.1, theta, times, 2, 1e-8, keep, &kept);
    if (status == LN_OK)
      status = ln_end_to_end_flow(&cx, &p.task, W, 3, 0.1, times, 2, 1e-8, keep_map, &kept);
    if (status == LN_OK) status = ln_small_start_of(&cx, two[0], two[1], p.task.Sxx, p.task.Syx, &start);
    ln_small_layers small;
    if (status == LN_OK) status = ln_small_start_layers(&cx, two[0], two[1], p.task.Sxx, p.task.Syx, &small);
    ln_end(&cx, mark, status);
    assert_int_equal(cx.scratch_bytes, 0);
    assert_true(status == LN_OK || status == LN_EMEMORY);
    assert_true(granted < 1000);
  }
  assert_true(granted > 30);
  end(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_map_moves_as_its_layers_make_it),
      cmocka_unit_test(narrow_layers_and_the_map_give_the_flow_of_wide_ones),
      cmocka_unit_test(what_is_conserved_stays_in_any_network),
      cmocka_unit_test(unbalanced_layers_cost_the_square_of_their_distance),
      cmocka_unit_test(a_small_start_tells_when_the_leading_mode_is_half_learned),
      cmocka_unit_test(what_does_not_fit_is_refused),
      cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
