#include "plain_flow.h"
#include "core/linalg.h"
#include "core/random.h"
#include "scarce.h"
#include "theory/riccati.h"

static ln_context context;
static ln_context *const cx = &context;
static ln_mark all;
static ln_stream stream;

static int set_up(void **state) {
  (void)state;
  ln_context_init(cx, NULL, NULL);
  all = ln_begin(cx);
  stream = ln_stream_of(11, 1);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ln_end(cx, all, LN_OK);
  return cx->scratch_bytes != 0;
}

static ln_matrix take(size_t rows, size_t cols) {
  ln_matrix A = ln_take_matrix(cx, rows, cols);
  assert_non_null(A.data);
  ln_fill(A, 0);
  return A;
}

static ln_matrix product(ln_form ta, ln_form tb, ln_matrix A, ln_matrix B) {
  ln_matrix C = take(ta ? A.cols : A.rows, tb ? B.rows : B.cols);
  ln_gemm(ta, tb, 1, A, B, 0, C);
  return C;
}

static ln_matrix orthogonal(size_t n) {
  ln_matrix Q = take(n, n);
  assert_int_equal(ln_random_orthogonal(cx, &stream, Q), LN_OK);
  return Q;
}

static ln_matrix columns(ln_matrix A, size_t count) { return ln_block_of(A, 0, 0, A.rows, count); }

/* A B' with A's column k multiplied by x[k] */
static ln_matrix compose(ln_matrix A, const double *x, ln_matrix B, size_t count) {
  ln_matrix scaled = take(A.rows, count);
  ln_copy(columns(A, count), scaled);
  for (size_t k = 0; k < count; k++) ln_scale(x[k], ln_block_of(scaled, 0, k, A.rows, 1));
  return product(LN_N, LN_T, scaled, columns(B, count));
}

static ln_matrix white(size_t n, double c) {
  ln_matrix Sxx = take(n, n);
  ln_identity(Sxx);
  ln_scale(c, Sxx);
  return Sxx;
}

/* A start in one of the classes, nowhere aligned with the task. kappa > 0: two scales. */
typedef struct start {
  size_t inputs, hidden, outputs;
  double scale, lambda, kappa; /* of the map; of the class */
  size_t rank;                 /* of Syx */
  double c, decay;
} start;

typedef struct problem {
  ln_matrix W[2], Sxx, Syx;
} problem;

static problem make(const start *s) {
  problem p = {.W = {take(s->hidden, s->inputs), take(s->outputs, s->hidden)}, .Sxx = white(s->inputs, s->c)};
  ln_matrix H = orthogonal(s->hidden), V = orthogonal(s->inputs), U = orthogonal(s->outputs);
  if (s->kappa > 0) {
    double g1 = (hypot(s->lambda, 2 * sqrt(s->kappa)) - s->lambda) / 2, g2 = s->kappa / g1;
    for (size_t j = 0; j < s->inputs; j++)
      ln_axpy(sqrt(g1), ln_block_of(H, 0, j, s->hidden, 1), ln_block_of(p.W[0], 0, j, s->hidden, 1));
    for (size_t i = 0; i < s->outputs; i++)
      for (size_t k = 0; k < s->hidden; k++) LN_AT(p.W[1], i, k) = sqrt(g2) * LN_AT(H, k, s->inputs + i);
  } else {
    /* b^2 - a^2 = lambda on min(hidden, inputs, outputs) directions; lambda != 0 also on those of the one layer that
     * are left over there */
    size_t both = s->inputs < s->outputs ? s->inputs : s->outputs;
    if (s->hidden < both) both = s->hidden;
    size_t most = s->lambda > 0 ? s->outputs : s->inputs, used = s->lambda == 0 || most < both ? both : most;
    if (used > s->hidden) used = s->hidden;
    double a[32] = {0}, b[32] = {0};
    for (size_t k = 0; k < used; k++) {
      double strength = k < both ? s->scale * (1 + (double)k) : 0;
      double large = sqrt((fabs(s->lambda) + hypot(s->lambda, 2 * strength)) / 2);
      a[k] = s->lambda > 0 ? strength / large : large, b[k] = s->lambda > 0 ? large : strength / large;
    }
    ln_matrix W1 = compose(H, a, V, s->lambda < 0 ? used : both),
              W2 = compose(U, b, H, s->lambda > 0 ? used : both);
    ln_copy(W1, p.W[0]), ln_copy(W2, p.W[1]);
  }
  double strengths[32];
  for (size_t k = 0; k < s->rank; k++) strengths[k] = 2.0 / (1 + (double)k);
  p.Syx = compose(orthogonal(s->outputs), strengths, orthogonal(s->inputs), s->rank);
  return p;
}

static const start starts[] = {
    /* inputs, hidden, outputs, scale, lambda, kappa, rank, c, decay */
    {3, 3, 3, 0.3, 0, 0, 3, 1, 0},      {4, 6, 2, 0.05, 0, 0, 2, 0.4, 0}, {2, 5, 6, 1e-4, 0, 0, 1, 2.5, 0},
    {5, 2, 4, 0.1, 0, 0, 4, 1, 0},      {4, 1, 5, 1e-6, 0, 0, 3, 1.3, 0}, {3, 4, 3, 0.1, 1.2, 0, 3, 1, 0},
    {5, 4, 4, 0.1, -0.8, 0, 2, 0.7, 0}, {2, 7, 5, 1e-5, 0.3, 0, 2, 1, 0}, {6, 6, 3, 0.1, -1e-7, 0, 3, 1, 0},
    {3, 3, 4, 1e-7, 1e-9, 0, 3, 1, 0},  {2, 5, 3, 0, 0.5, 0.3, 2, 1, 0},  {3, 9, 2, 0, -0.4, 0.02, 2, 1.7, 0},
    {2, 4, 2, 0, 1e-4, 3e-9, 2, 1, 0},  {4, 5, 3, 0.2, 0, 0, 3, 1, 0.3},  {3, 4, 5, 0.01, 0, 0, 2, 0.6, 0.05},
    {1, 1, 1, 0.01, 0.2, 0, 1, 1, 0},   {4, 3, 4, 0.1, 0, 0, 0, 1, 0},
};
enum { STARTS = sizeof starts / sizeof *starts };

static ln_riccati prepare(const problem *p, const start *s) {
  ln_riccati r;
  const ln_balance zero = {0};
  assert_int_equal(
      ln_riccati_prepare(cx, p->W[0], p->W[1], p->Sxx, p->Syx, s->decay > 0 ? &zero : NULL, s->decay, &r),
      LN_OK);
  return r;
}

/* ---- classes ---- */

static void the_class_of_a_start_is_found(void **state) {
  (void)state;
  for (size_t k = 0; k < STARTS; k++) {
    problem p = make(&starts[k]);
    ln_balance b;
    assert_int_equal(ln_find_balance(cx, p.W[0], p.W[1], &b), LN_OK);
    assert_true(b.misfit < 1e-14);
    double size = ln_dot(p.W[0], p.W[0]) + ln_dot(p.W[1], p.W[1]);
    assert_true(fabs(b.lambda - starts[k].lambda) <= 1e-14 * size);
    assert_true(fabs(b.kappa - starts[k].kappa) <= 1e-14 * size * size);
  }
}

static void the_misfit_is_the_distance_from_the_class(void **state) {
  (void)state;
  problem p = make(&starts[5]);
  ln_matrix Q = take(6, 4);
  for (size_t k = 0; k < 2; k++) LN_AT(p.W[k], 0, 0) += 0.1;
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 4; j++)
      LN_AT(Q, i, j) = LN_AT(p.W[0], j, i), LN_AT(Q, 3 + i, j) = LN_AT(p.W[1], i, j);
  ln_matrix M = product(LN_N, LN_T, Q, Q), J = white(6, 1);
  for (size_t i = 3; i < 6; i++) LN_AT(J, i, i) = -1;
  ln_matrix D = product(LN_N, LN_N, M, product(LN_N, LN_N, J, M));
  ln_balance b = {.lambda = 0.9, .kappa = 0.2};
  ln_axpy(b.lambda, M, D), ln_axpy(-b.kappa, J, D);
  assert_int_equal(ln_measure_balance(cx, p.W[0], p.W[1], &b), LN_OK);
  assert_close(b.misfit, ln_norm(D) / ln_dot(M, M), 1e-14);
  assert_true(b.misfit > 1e-3);
  for (int exponent = -170; exponent <= 140;
       exponent += 310) { /* relative: no scale is too small or too large */
    problem scaled = make(&starts[0]);
    for (size_t k = 0; k < 2; k++) ln_scale(ldexp(1, exponent), scaled.W[k]);
    assert_int_equal(ln_find_balance(cx, scaled.W[0], scaled.W[1], &b), LN_OK);
    assert_true(b.misfit < 1e-14);
    assert_int_equal(b.rank, 3);
  }
  ln_matrix nothing = take(3, 3);
  assert_int_equal(ln_find_balance(cx, nothing, nothing, &b), LN_OK);
  assert_true(b.misfit == 0 && b.rank == 0 && b.lambda == 0 && b.kappa == 0);
}

/* ---- against the integrated flow ---- */

typedef struct kept {
  const problem *p;
  const start *s;
  const ln_riccati *r;
  double worst_weights, worst_forms, balance;
  size_t calls;
} kept;

static double difference(ln_matrix A, ln_matrix B, double size) {
  double most = 0;
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) most = fmax(most, fabs(LN_AT(A, i, j) - LN_AT(B, i, j)) / size);
  return most;
}

static double largest(ln_matrix A) {
  double most = 0;
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) most = fmax(most, fabs(LN_AT(A, i, j)));
  return most;
}

static ln_status compare_with_flow(ln_context *c, void *ud, size_t index, double t, ln_matrix W1,
                                   ln_matrix W2) {
  (void)c, (void)index;
  kept *k = ud;
  ln_mark mark = ln_begin(cx);
  ln_matrix W[2] = {take(W1.rows, W1.cols), take(W2.rows, W2.cols)};
  ln_copy(k->p->W[0], W[0]), ln_copy(k->p->W[1], W[1]);
  plain_network net = {2, k->p->W, k->p->Sxx, k->p->Syx, k->s->decay};
  plain_flow(cx, &net, t, W);
  double size = fmax(largest(W[0]), largest(W[1]));
  k->worst_weights = fmax(k->worst_weights, fmax(difference(W1, W[0], size), difference(W2, W[1], size)));
  ln_matrix C = product(LN_N, LN_N, W[1], W[0]), A = product(LN_T, LN_N, W[0], W[0]);
  ln_matrix B = product(LN_N, LN_T, W[1], W[1]);
  ln_matrix C2 = take(C.rows, C.cols), A2 = take(A.rows, A.cols), B2 = take(B.rows, B.cols);
  if (!k->r->still) {
    assert_int_equal(ln_riccati_at(cx, k->r, t, C2, A2, B2), LN_OK);
    size = fmax(largest(C), fmax(largest(A), largest(B)));
    k->worst_forms = fmax(k->worst_forms, fmax(difference(C2, C, size),
                                               fmax(difference(A2, A, size), difference(B2, B, size))));
  }
  ln_balance b = k->r->balance;
  ln_matrix on_data = k->r->white.all ? W1 : product(LN_N, LN_N, W1, k->r->white.V);
  assert_int_equal(ln_measure_balance(cx, on_data, W2, &b), LN_OK);
  k->balance = fmax(k->balance, b.misfit);
  k->calls++;
  return ln_end(cx, mark, LN_OK);
}

static void product_representations_and_weights_follow_the_flow(void **state) {
  (void)state;
  const double times[] = {0, 1e-3, 0.4, 1.5, 1.5, 6, 12};
  for (size_t k = 0; k < STARTS; k++) {
    problem p = make(&starts[k]);
    ln_riccati r = prepare(&p, &starts[k]);
    kept found = {&p, &starts[k], &r, 0, 0, 0, 0};
    assert_int_equal(ln_riccati_follow(cx, &r, times, 7, compare_with_flow, &found), LN_OK);
    assert_int_equal(found.calls, 7);
    if (!(found.worst_forms < 2e-12 && found.worst_weights < 2e-11))
      print_error("start %zu: %.3g and %.3g\n", k, found.worst_forms, found.worst_weights);
    assert_true(found.worst_forms < 2e-12);
    assert_true(found.worst_weights < 2e-11);
    assert_true(found.balance < 1e-12); /* conserved */
  }
}

/* Three orthogonal examples of five inputs: Sxx = c V V'. */
static void inputs_without_data_stay_where_they_are(void **state) {
  (void)state;
  const double times[] = {0.3, 2, 12};
  for (int decay = 0; decay < 2; decay++)
    for (int still = 0; still < 2; still++) {
      start s = {3, 6, 4, 0.1, decay ? 0 : 0.6, 0, 3, 0.8, decay ? 0.1 : 0};
      problem p = make(&s);
      ln_matrix V = orthogonal(5), W1 = product(LN_N, LN_T, p.W[0], columns(V, 3));
      if (still)
        ln_axpy(0.5,
                ln_block_of(product(LN_N, LN_N, orthogonal(6), ln_block_of(orthogonal(6), 0, 0, 6, 5)), 0, 0,
                            6, 5),
                W1);
      ln_matrix P = product(LN_N, LN_T, columns(V, 3), columns(V, 3)), all_of = product(LN_N, LN_N, W1, P);
      if (still) { /* any weights outside; those on the data's inputs are the balanced ones */
        ln_axpy(-1, all_of, W1);
        ln_axpy(1, product(LN_N, LN_T, p.W[0], columns(V, 3)), W1);
      }
      ln_scale(s.c, P), ln_symmetrize(P);
      problem wide = {{W1, p.W[1]}, P, product(LN_N, LN_T, p.Syx, columns(V, 3))};
      ln_riccati r = prepare(&wide, &s);
      assert_int_equal(r.white.used, 3);
      assert_true(r.white.misfit < 1e-14 && r.balance.misfit < 1e-14);
      assert_int_equal(r.still, still);
      kept found = {&wide, &s, &r, 0, 0, 0, 0};
      assert_int_equal(ln_riccati_follow(cx, &r, times, 3, compare_with_flow, &found), LN_OK);
      assert_true(found.worst_weights < 2e-11 && found.worst_forms < 2e-12);
      if (still) assert_int_equal(ln_riccati_at(cx, &r, 1, take(4, 5), take(5, 5), take(4, 4)), LN_EARG);
    }
}

/* ---- long times, small starts ---- */

typedef struct copies {
  ln_matrix W[4][2];
} copies;

static ln_status copy_weights(ln_context *c, void *ud, size_t index, double t, ln_matrix W1, ln_matrix W2) {
  (void)c, (void)t;
  copies *to = ud;
  ln_copy(W1, to->W[index][0]), ln_copy(W2, to->W[index][1]);
  return LN_OK;
}

static copies room_for(const start *s) {
  copies c;
  for (size_t k = 0; k < 4; k++)
    c.W[k][0] = take(s->hidden, s->inputs), c.W[k][1] = take(s->outputs, s->hidden);
  return c;
}

static void a_path_continues_from_any_of_its_points(void **state) {
  (void)state;
  static const start small[] = {{4, 5, 3, 1e-12, 0, 0, 3, 1, 0},
                                {3, 4, 4, 1e-10, 1e-3, 0, 2, 1, 0},
                                {3, 2, 4, 1e-12, 0, 0, 3, 1, 0},
                                {2, 6, 3, 0, 1e-11, 1e-20, 2, 1, 0}};
  for (size_t k = 0; k < sizeof small / sizeof *small; k++) {
    const start *s = &small[k];
    problem p = make(s);
    const double times[] = {3, 15, 400, 1e4}, later[] = {12, 397, 1e4 - 3};
    ln_riccati r = prepare(&p, s);
    copies first = room_for(s), second = room_for(s);
    assert_int_equal(ln_riccati_follow(cx, &r, times, 4, copy_weights, &first), LN_OK);
    problem from = {{first.W[0][0], first.W[0][1]}, p.Sxx, p.Syx};
    ln_riccati again = prepare(&from, s);
    assert_int_equal(ln_riccati_follow(cx, &again, later, 3, copy_weights, &second), LN_OK);
    for (size_t i = 0; i < 3; i++)
      for (size_t l = 0; l < 2; l++) {
        double size = fmax(largest(first.W[i + 1][0]), largest(first.W[i + 1][1]));
        assert_true(difference(second.W[i][l], first.W[i + 1][l], size) < 1e-9);
      }
    ln_matrix C = take(s->outputs, s->inputs), none = {0};
    assert_int_equal(ln_riccati_at(cx, &r, 1e4, C, none, none), LN_OK);
    assert_true(difference(C, product(LN_N, LN_N, first.W[3][1], first.W[3][0]), largest(C)) < 1e-14);
  }
}

static void the_limit_is_the_best_map_that_the_hidden_layer_lets_through(void **state) {
  (void)state;
  ln_matrix none = {0};
  for (size_t k = 0; k < STARTS; k++) {
    const start *s = &starts[k];
    problem p = make(s);
    ln_riccati r = prepare(&p, s);
    ln_matrix W = take(s->outputs, s->inputs), U = take(s->outputs, s->outputs),
              V = take(s->inputs, s->inputs);
    double strengths[32];
    assert_int_equal(ln_svd(cx, p.Syx, U, strengths, V), LN_OK);
    size_t rank = s->rank < s->hidden ? s->rank : s->hidden;
    for (size_t i = 0; i < rank; i++) strengths[i] = fmax(0, strengths[i] - s->decay) / s->c;
    assert_int_equal(ln_riccati_at(cx, &r, INFINITY, W, none, none), LN_OK);
    assert_true(difference(W, compose(U, strengths, V, rank), 1) < 1e-13);
    ln_matrix A = take(s->inputs, s->inputs), B = take(s->outputs, s->outputs),
              C = take(s->outputs, s->inputs);
    assert_int_equal(ln_riccati_at(cx, &r, INFINITY, none, A, B), LN_OK);
    assert_int_equal(ln_riccati_at(cx, &r, 1e13, C, none, none), LN_OK);
    assert_true(difference(C, W, 1) < 1e-9);
    copies end = room_for(s);
    const double times[] = {1, INFINITY};
    assert_int_equal(ln_riccati_follow(cx, &r, times, 2, copy_weights, &end), LN_OK);
    assert_true(difference(product(LN_T, LN_N, end.W[1][0], end.W[1][0]), A, 1) < 1e-13);
    assert_true(difference(product(LN_N, LN_T, end.W[1][1], end.W[1][1]), B, 1) < 1e-13);
    assert_true(difference(product(LN_N, LN_N, end.W[1][1], end.W[1][0]), W, 1) < 1e-13);
  }
}

/* W1 = U'-like and W2 such that one mode has p = w1 + w2 = 0: it goes into the saddle and stays there. */
static void a_mode_without_overlap_is_never_learned(void **state) {
  (void)state;
  ln_matrix W1 = white(2, 0.1), W2 = white(2, 0.1), Syx = white(2, 1), C = take(2, 2), none = {0};
  LN_AT(W2, 1, 1) = -0.1, LN_AT(Syx, 0, 0) = 3;
  ln_riccati r;
  assert_int_equal(ln_riccati_prepare(cx, W1, W2, white(2, 1), Syx, NULL, 0, &r), LN_OK);
  const double times[] = {1, 100, 1e9, INFINITY};
  start s = {.inputs = 2, .hidden = 2, .outputs = 2};
  copies path = room_for(&s);
  assert_int_equal(ln_riccati_follow(cx, &r, times, 4, copy_weights, &path), LN_OK);
  for (size_t k = 0; k < 4; k++) {
    assert_int_equal(ln_riccati_at(cx, &r, times[k], C, none, none), LN_OK);
    double e = exp(-2 * times[k]);
    assert_close(LN_AT(C, 1, 1), -0.01 * e / (1 + 0.01 * (1 - e)), 1e-16);
    assert_close(LN_AT(C, 0, 1), 0, 1e-16);
    double grown = exp(-6 * times[k]);
    assert_close(LN_AT(C, 0, 0), 0.01 / (grown + 0.01 * (1 - grown) / 3), 1e-14);
    assert_true(fabs(LN_AT(path.W[k][0], 1, 1)) <= 0.1);
  }
}

/* ---- refusals ---- */

static void what_makes_no_sense_is_refused(void **state) {
  (void)state;
  problem p = make(&starts[1]);
  ln_matrix Sxx = p.Sxx, W1 = p.W[0], W2 = p.W[1];
  ln_riccati r;
  const ln_balance negative = {.kappa = -1}, endless = {.lambda = INFINITY}, zero = {0}, some = {.lambda = 1};
  const struct {
    ln_matrix W1, W2, Sxx, Syx;
    const ln_balance *balance;
    double decay;
    const char *why;
  } bad[] = {
      {W2, W1, Sxx, p.Syx, NULL, 0, "W1 must be hidden x inputs"},
      {W1, W2, W2, p.Syx, NULL, 0, "Sxx inputs x inputs"},
      {W1, W2, Sxx, W2, NULL, 0, "Syx outputs x inputs"},
      {W1, W2, Sxx, p.Syx, NULL, -1, "must be >= 0"},
      {W1, W2, Sxx, p.Syx, NULL, 0.1, "only zero-balanced"},
      {W1, W2, Sxx, p.Syx, &some, 0.1, "only zero-balanced"},
      {W1, W2, Sxx, p.Syx, &negative, 0, "kappa >= 0"},
      {W1, W2, Sxx, p.Syx, &endless, 0, "must be finite"},
      {W1, W2, white(4, 0), p.Syx, &zero, 0, "Sxx is 0"},
      {W1, W2, white(4, -1), p.Syx, NULL, 0, "has none below 0"},
  };
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    ln_mark mark = ln_begin(cx);
    assert_int_equal(ln_riccati_prepare(cx, bad[k].W1, bad[k].W2, bad[k].Sxx, bad[k].Syx, bad[k].balance,
                                        bad[k].decay, &r),
                     LN_EARG);
    if (!strstr(cx->message, bad[k].why)) fail_msg("'%s' does not say '%s'", cx->message, bad[k].why);
    ln_end(cx, mark, LN_OK);
  }
  LN_AT(Sxx, 3, 3) = 0;
  assert_int_equal(ln_riccati_prepare(cx, W1, W2, Sxx, p.Syx, NULL, 0, &r), LN_EARG);
  assert_non_null(strstr(cx->message, "leave the range of Sxx"));
  problem q = make(&starts[0]);
  ln_riccati fine = prepare(&q, &starts[0]);
  ln_matrix C = take(3, 3);
  assert_int_equal(ln_riccati_at(cx, &fine, -1, C, C, C), LN_EARG);
  assert_int_equal(ln_riccati_at(cx, &fine, NAN, C, C, C), LN_EARG);
  const double falling[] = {1, 0.5}, before[] = {-1};
  copies to = room_for(&starts[0]);
  assert_int_equal(ln_riccati_follow(cx, &fine, falling, 2, copy_weights, &to), LN_EARG);
  assert_int_equal(ln_riccati_follow(cx, &fine, before, 1, copy_weights, &to), LN_EARG);
  LN_AT(q.W[0], 1, 0) = NAN;
  assert_int_equal(ln_riccati_prepare(cx, q.W[0], q.W[1], q.Sxx, q.Syx, NULL, 0, &r), LN_EARG);
  assert_non_null(strstr(cx->message, "W1 has nan at (2, 1)"));
}

static ln_status stop_at_the_second(ln_context *c, void *ud, size_t index, double t, ln_matrix W1,
                                    ln_matrix W2) {
  (void)ud, (void)t, (void)W1, (void)W2;
  return index == 1 ? ln_fail(c, LN_ETIME, "enough") : LN_OK;
}

static void an_output_can_end_a_path(void **state) {
  (void)state;
  for (size_t k = 0; k < STARTS; k++) {
    problem p = make(&starts[k]);
    ln_riccati r = prepare(&p, &starts[k]);
    const double times[] = {0.1, 0.2, 0.3};
    ln_mark mark = ln_begin(cx);
    assert_int_equal(ln_riccati_follow(cx, &r, times, 3, stop_at_the_second, NULL), LN_ETIME);
    assert_true(ln_begin(cx) == mark);
  }
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state) {
  (void)state;
  static const size_t kinds[] = {1, 3, 4, 10};
  const double times[] = {0, 0.5, 2};
  for (size_t k = 0; k < 5; k++) {
    const start *s = &starts[kinds[k % 4]];
    problem p = make(s);
    if (k == 4) { /* inputs without data */
      ln_matrix V = columns(orthogonal(s->inputs + 2), s->inputs);
      p.W[0] = product(LN_N, LN_T, p.W[0], V), p.Syx = product(LN_N, LN_T, p.Syx, V);
      p.Sxx = product(LN_N, LN_T, V, V);
    }
    copies path = room_for(&(start){.inputs = p.Sxx.rows, .hidden = s->hidden, .outputs = s->outputs});
    ln_matrix C = take(p.Syx.rows, p.Syx.cols), A = take(p.Sxx.rows, p.Sxx.cols), none = {0};
    for (int granted = 0;; granted++) {
      int left = granted;
      ln_context scarce;
      ln_context_init(&scarce, allocate_scarce, &left);
      ln_riccati r;
      ln_mark mark = ln_begin(&scarce);
      ln_status status = ln_riccati_prepare(&scarce, p.W[0], p.W[1], p.Sxx, p.Syx, NULL, 0, &r);
      if (status == LN_OK) status = ln_riccati_at(&scarce, &r, 0.5, C, A, none);
      if (status == LN_OK) status = ln_riccati_follow(&scarce, &r, times, 3, copy_weights, &path);
      ln_end(&scarce, mark, status);
      assert_int_equal(scarce.scratch_bytes, 0);
      if (status == LN_OK) break;
      assert_int_equal(status, LN_EMEMORY);
    }
    assert_true(difference(product(LN_N, LN_N, path.W[1][1], path.W[1][0]), C, 1) < 1e-13);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_class_of_a_start_is_found),
      TEST(the_misfit_is_the_distance_from_the_class),
      TEST(product_representations_and_weights_follow_the_flow),
      TEST(inputs_without_data_stay_where_they_are),
      TEST(a_path_continues_from_any_of_its_points),
      TEST(the_limit_is_the_best_map_that_the_hidden_layer_lets_through),
      TEST(a_mode_without_overlap_is_never_learned),
      TEST(what_makes_no_sense_is_refused),
      TEST(an_output_can_end_a_path),
      TEST(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests_name("riccati", tests, NULL, NULL);
}
