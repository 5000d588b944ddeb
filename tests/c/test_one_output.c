#include "check.h"
#include "core/random.h"
#include "theory/one_output.h"
#include "theory/shallow.h"

enum { N = 5, HIDDEN = 3, EXAMPLES = 8, TIMES = 3 };
static const double times[TIMES] = {0.5, 3, 12};

typedef struct data {
  double Sxx[N * N], Syx[N];
} data;

/* A noisy teacher of two inputs. */
static data make_data(size_t examples) {
  double x[N * EXAMPLES], y[EXAMPLES];
  data d;
  ln_stream stream = ln_stream_of(3, 0);
  ln_matrix X = ln_window(x, N, examples), Y = ln_window(y, 1, examples);
  ln_random_normals(&stream, X, 0, 1);
  ln_random_normals(&stream, Y, 0, 0.3);
  for (size_t j = 0; j < examples; j++) y[j] += 1.5 * LN_AT(X, 0, j) - LN_AT(X, 2, j);
  double each = 1 / (double)examples;
  ln_gram(LN_N, each, X, 0, ln_window(d.Sxx, N, N));
  ln_gemm(LN_N, LN_T, each, Y, X, 0, ln_window(d.Syx, 1, N));
  return d;
}

static ln_one_output student_on(data *d) {
  return (ln_one_output){.Sxx = ln_window(d->Sxx, N, N), .Syx = ln_window(d->Syx, 1, N), .depth = 2};
}

static void run(const ln_one_output *s, double *W, double *last) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_status status = ln_one_output_at(&cx, s, times, TIMES, ln_window(W, TIMES, N), last);
  if (status != LN_OK) print_error("%s\n", cx.message);
  assert_int_equal(status, LN_OK);
  assert_null(cx.scratch);
}

static void a_rank_one_student_has_two_layers(void **state) {
  (void)state;
  data d = make_data(EXAMPLES);
  double z[N] = {0.1, -0.2, 0.05, 0.3, 0}, r[HIDDEN] = {0.6, 0, -0.8}, c0 = 0.25;
  double W1[HIDDEN * N], W2[HIDDEN], Z[TIMES * N], c[TIMES], W[TIMES * N], q[TIMES];
  ln_one_output s = student_on(&d);
  s.start = LN_START_RANK_ONE, s.c0 = c0, s.first = ln_window(z, N, 1);
  run(&s, Z, c);
  for (int i = 0; i < HIDDEN; i++) {
    W2[i] = c0 * r[i];
    for (int j = 0; j < N; j++) W1[i + j * HIDDEN] = r[i] * z[j];
  }
  s.start = LN_START_LAYERS, s.W1 = ln_window(W1, HIDDEN, N), s.W2 = ln_window(W2, 1, HIDDEN);
  run(&s, W, q);
  for (int k = 0; k < TIMES; k++) {
    double square = 0, at_first = 0;
    assert_close(q[k], fabs(c[k]), 1e-10);
    for (int j = 0; j < N; j++) {
      assert_close(W[k + j * TIMES], c[k] * Z[k + j * TIMES], 1e-10);
      square += Z[k + j * TIMES] * Z[k + j * TIMES], at_first += z[j] * z[j];
    }
    assert_close(c[k] * c[k] - square, c0 * c0 - at_first, 1e-10);
  }
}

static void two_balanced_layers_are_of_rank_one(void **state) {
  (void)state;
  data d = make_data(3); /* fewer examples than inputs */
  double w[N] = {0.03, 0, 0.04, 0, 0}, z[N], W[TIMES * N], R[TIMES], Z[TIMES * N], c[TIMES];
  ln_one_output s = student_on(&d);
  s.start = LN_START_BALANCED, s.first = ln_window(w, N, 1);
  run(&s, W, R);
  for (int j = 0; j < N; j++) z[j] = w[j] / sqrt(0.05);
  s.start = LN_START_RANK_ONE, s.c0 = sqrt(0.05), s.first = ln_window(z, N, 1);
  run(&s, Z, c);
  for (int k = 0; k < TIMES; k++) {
    assert_close(R[k], c[k], 1e-10);
    for (int j = 0; j < N; j++) assert_close(W[k + j * TIMES], c[k] * Z[k + j * TIMES], 1e-10);
  }
}

static void one_layer_has_a_closed_form(void **state) {
  (void)state;
  data d = make_data(EXAMPLES);
  double w[N] = {0, 0.5, 0, 0, -0.1}, W[TIMES * N], R[TIMES], exact[N];
  ln_one_output s = student_on(&d);
  s.start = LN_START_BALANCED, s.first = ln_window(w, N, 1), s.depth = 1;
  run(&s, W, R);
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_mark mark = ln_begin(&cx);
  ln_shallow shallow;
  assert_int_equal(ln_shallow_prepare(&cx, ln_window(w, 1, N), s.Sxx, s.Syx, 0, &shallow), LN_OK);
  for (int k = 0; k < TIMES; k++) {
    assert_int_equal(ln_shallow_flow(&cx, &shallow, times[k], ln_window(exact, 1, N)), LN_OK);
    for (int j = 0; j < N; j++) assert_close(W[k + j * TIMES], exact[j], 1e-10);
  }
  ln_end(&cx, mark, LN_OK);
}

static void expect_refused(const ln_one_output *s, const char *message) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  double W[N], last, t = 1;
  assert_int_equal(ln_one_output_at(&cx, s, &t, 1, ln_window(W, 1, N), &last), LN_EARG);
  if (!strstr(cx.message, message)) fail_msg("'%s' does not say '%s'", cx.message, message);
}

static void senseless_students_are_refused(void **state) {
  (void)state;
  data d = make_data(EXAMPLES);
  double w[N] = {0}, W1[HIDDEN * N] = {0}, W2[HIDDEN + 1] = {0};
  ln_one_output s = student_on(&d);
  s.start = LN_START_BALANCED, s.first = ln_window(w, N, 1);
  expect_refused(&s, "never moves");
  s.depth = 0.5;
  expect_refused(&s, "depth = 0.5");
  s.start = LN_START_RANK_ONE, s.c0 = NAN;
  expect_refused(&s, "c = nan");
  s.first = ln_window(w, N - 1, 1);
  expect_refused(&s, "has 4 entries, and there are 5 inputs");
  s.start = LN_START_LAYERS, s.W1 = ln_window(W1, HIDDEN, N), s.W2 = ln_window(W2, 1, HIDDEN + 1);
  expect_refused(&s, "3");
  s.Syx = ln_window(d.Sxx, 2, N);
  expect_refused(&s, "with N inputs and one output");
  d.Sxx[3] = INFINITY;
  expect_refused(&s, "Sxx");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_rank_one_student_has_two_layers),
                                     cmocka_unit_test(two_balanced_layers_are_of_rank_one),
                                     cmocka_unit_test(one_layer_has_a_closed_form),
                                     cmocka_unit_test(senseless_students_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
