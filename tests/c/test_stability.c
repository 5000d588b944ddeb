#include "networks.h"

#include "core/lanczos.h"
#include "core/linalg.h"
#include "theory/end_to_end.h"
#include "theory/hessian.h"
#include "theory/stability.h"

/* The depth, then the sizes. */
static const size_t networks[][6] = {
    {1, 3, 2}, {2, 3, 4, 2}, {3, 2, 3, 2, 4}, {2, 1, 1, 1}, {4, 3, 5, 2, 1, 3}};
enum { NETWORKS = sizeof networks / sizeof *networks };

/* ---- the Hessian ---- */

static double *weight(ln_matrix *W, size_t index) {
  while (index >= W->rows * W->cols) index -= W->rows * W->cols, W++;
  return &LN_AT(*W, index % W->rows, index / W->rows);
}

static void the_hessian_is_the_second_difference_of_the_loss(void **unused) {
  (void)unused;
  const double step = 1e-3;
  for (size_t i = 0; i < NETWORKS; i++)
    for (int decays = 0; decays < 2; decays++) {
      size_t depth = networks[i][0];
      const size_t *sizes = networks[i] + 1;
      double decay = decays * 0.3;
      ln_matrix *W = random_layers(sizes, depth, 0.8), X = random_matrix(sizes[0], 4),
                Y = random_matrix(sizes[depth], 4);
      ln_hessian h;
      assert_ok(ln_hessian_prepare(cx, W, depth, second_moment(X, X), second_moment(Y, X), decay, &h));
      size_t n = h.count;
      ln_matrix H = make(n, n);
      double *g = ln_reals(cx, n);
      assert_ok(ln_hessian_matrix(cx, &h, H));
      ln_hessian_gradient(&h, g);
      double size = ln_norm(H), steepness = ln_norm(ln_window(g, n, 1));
      for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b <= a; b++) {
          double corner[3][3], kept = *weight(W, a), other = *weight(W, b);
          for (int p = -1; p <= 1; p++)
            for (int q = -1; q <= 1; q++) {
              *weight(W, a) = kept + p * step;
              *weight(W, b) = (a == b ? *weight(W, b) : other) + q * step;
              corner[p + 1][q + 1] = plain_loss(W, depth, X, Y);
              *weight(W, a) = kept, *weight(W, b) = other;
            }
          double mixed = (corner[2][2] - corner[2][0] - corner[0][2] + corner[0][0]) / (4 * step * step);
          assert_true(fabs(LN_AT(H, a, b) - (mixed + (a == b ? decay : 0))) < 1e-4 * size);
          assert_true(LN_AT(H, a, b) == LN_AT(H, b, a));
          double slope = (corner[2][1] - corner[0][1]) / (2 * step) + decay * kept;
          if (b == 0 && a) assert_true(fabs(g[a] - slope) < 1e-4 * steepness + 1e-9);
        }
    }
}

static void the_largest_eigenvalue_of_a_large_network_is_found_by_products(void **unused) {
  (void)unused;
  static const size_t sizes[] = {9, 14, 8, 6};
  for (double scale = 1e-3; scale < 2; scale *= 9) {
    ln_matrix *W = random_layers(sizes, 3, scale), X = random_matrix(9, 20), Y = random_matrix(6, 20);
    ln_hessian h;
    double largest;
    assert_ok(ln_hessian_prepare(cx, W, 3, second_moment(X, X), second_moment(Y, X), 0, &h));
    assert_true(h.count > 200);
    double *w = ln_reals(cx, h.count);
    assert_ok(ln_hessian_spectrum(cx, &h, w));
    assert_ok(ln_hessian_largest(cx, &h, &largest));
    assert_close(largest / w[h.count - 1], 1, 1e-12);
  }
}

/* ---- Lanczos ---- */

typedef struct diagonal {
  const double *d;
  size_t n, products;
} diagonal;

static ln_status multiply_diagonal(ln_context *c, void *ud, const double *x, double *y) {
  (void)c;
  diagonal *A = ud;
  A->products++;
  for (size_t i = 0; i < A->n; i++) y[i] = A->d[i] * x[i];
  return LN_OK;
}

static void lanczos_finds_the_largest_of_any_spectrum(void **unused) {
  (void)unused;
  static double d[2000];
  static const size_t orders[] = {1, 2, 11, 12, 35, 36, 37, 38, 100, 2000};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    for (int kind = 0; kind < 6; kind++) {
      size_t n = orders[i];
      double expected = -INFINITY, largest;
      for (size_t j = 0; j < n; j++) {
        double x = (double)(j + 1) / (double)n;
        const double kinds[] = {x, -x, j % 2 ? 1 : -3, 0, x * x * x - 0.5, 1e-300 * x};
        d[j] = kinds[kind];
        expected = fmax(expected, d[j]);
      }
      diagonal A = {d, n, 0};
      assert_ok(ln_largest_eigenvalue(cx, multiply_diagonal, &A, n, &largest));
      assert_true(fabs(largest - expected) <= 1e-11 * fmax(fabs(expected), fabs(d[0])));
      if (kind == 2 || kind == 3) assert_true(A.products <= 4); /* an invariant space is noticed */
    }
  d[1] = NAN;
  diagonal A = {d, 40, 0};
  double largest;
  assert_int_equal(ln_largest_eigenvalue(cx, multiply_diagonal, &A, 40, &largest), LN_ENUMERIC);
}

/* ---- rates ---- */

static ln_matrix identity(size_t n) {
  ln_matrix A = make(n, n);
  ln_identity(A);
  return A;
}

static void at_a_balanced_minimum_with_white_inputs_curvature_is_that_of_the_largest_mode(void **unused) {
  (void)unused;
  const double s[] = {1.7, 0.6};
  static const size_t sizes[] = {3, 4, 3, 2};
  for (size_t depth = 1; depth <= 3; depth++) {
    size_t widths[] = {sizes[0], sizes[1], sizes[2], 2};
    widths[depth] = 2;
    ln_matrix U = orthonormal(2, 2), V = orthonormal(3, 2), Syx = compose(U, s, V, 2);
    ln_matrix *W = balanced_layers(widths, depth, U, s, V, 2);
    ln_rate_limits r;
    assert_ok(ln_largest_rate(cx, W, depth, identity(3), Syx, 0, 0, &r));
    double expected = (double)depth * pow(1.7, 2 - 2 / (double)depth);
    assert_close(r.now, expected, 1e-13);
    assert_close(r.minimum, expected, 1e-13);
    assert_close(r.rate, 2 / expected, 1e-13);
    assert_ok(ln_largest_rate(cx, W, depth, identity(3), Syx, 0.25, 0.5, &r));
    assert_close(r.rate, 3 / (expected + 0.25), 1e-13);
  }
}

static void at_a_lambda_balanced_minimum_curvature_is_that_of_the_hyperbola(void **unused) {
  (void)unused;
  const double s = 1.3, lambda = 2.1; /* b^2 - a^2 = lambda, a b = s */
  double b = sqrt((lambda + sqrt(lambda * lambda + 4 * s * s)) / 2), a = s / b;
  ln_matrix U = orthonormal(2, 2), V = orthonormal(2, 2), R = orthonormal(2, 2);
  const double first[] = {a, a}, second[] = {b, b}, both[] = {s, s};
  ln_matrix W[] = {compose(R, first, V, 2), compose(U, second, R, 2)};
  ln_rate_limits r;
  assert_ok(ln_largest_rate(cx, W, 2, identity(2), compose(U, both, V, 2), 0, 0, &r));
  assert_close(r.now, sqrt(lambda * lambda + 4 * s * s), 1e-13);
  assert_close(r.minimum, 2 * s, 1e-13);
}

static void the_minimum_of_any_task_is_where_balanced_layers_meet_it(void **unused) {
  (void)unused;
  static const size_t sizes[] = {4, 5, 4, 3};
  for (size_t depth = 1; depth <= 3; depth++)
    for (size_t rank = 1; rank <= 3; rank++) { /* of the widths inside */
      size_t widths[] = {sizes[0], rank, rank, 3};
      widths[depth] = 3;
      if (depth == 1 && rank < 3) continue;
      ln_matrix X = random_matrix(4, 9), Sxx = second_moment(X, X), root = make(4, 4), half = make(4, 4);
      ln_matrix Syx = product(LN_N, LN_N, random_matrix(3, 4), Sxx);
      assert_ok(ln_square_root(cx, Sxx, root));
      assert_ok(ln_inverse(cx, root, half));
      ln_matrix U = make(3, 3), V = make(4, 3);
      double s[3];
      assert_ok(ln_svd(cx, product(LN_N, LN_N, Syx, half), U, s, V));
      ln_matrix best = product(LN_N, LN_N, compose(U, s, V, rank), half);
      assert_ok(ln_svd(cx, best, U, s, V));
      ln_matrix *W = balanced_layers(widths, depth, U, s, V, rank);
      ln_rate_limits r;
      assert_ok(ln_largest_rate(cx, W, depth, Sxx, Syx, 0, 0, &r));
      assert_close(r.minimum / r.now, 1, 1e-11);
    }
}

static void a_task_without_anything_to_learn_allows_any_rate(void **unused) {
  (void)unused;
  static const size_t sizes[] = {2, 3, 2};
  ln_matrix *W = random_layers(sizes, 2, 0), nothing = make(2, 2);
  ln_fill(nothing, 0);
  ln_rate_limits r;
  assert_ok(ln_largest_rate(cx, W, 2, identity(2), nothing, 0, 0, &r));
  assert_true(isinf(r.rate) && r.rate > 0);
}

/* ---- a finite rate ---- */

static void descend(ln_hessian *h, double *theta, double rate, size_t steps) {
  double *g = ln_reals(cx, h->count);
  for (size_t i = 0; i < steps; i++) {
    ln_hessian_move(h, theta);
    ln_hessian_gradient(h, g);
    ln_axpy(-rate, ln_window(g, h->count, 1), ln_window(theta, h->count, 1));
  }
}

typedef struct found {
  double theta[64], error, size;
  size_t count;
} found;

static ln_status keep(ln_context *c, void *ud, size_t index, const double *theta, double error, double size) {
  (void)c, (void)index;
  found *f = ud;
  memcpy(f->theta, theta, f->count * sizeof *theta);
  f->error = error, f->size = size;
  return LN_OK;
}

static void descent_follows_the_modified_flow_to_second_order(void **unused) {
  (void)unused;
  static const size_t sizes[] = {3, 4, 2};
  static const double time[] = {1};
  ln_matrix *W = random_layers(sizes, 2, 0.5), X = random_matrix(3, 8), Y = random_matrix(2, 8);
  ln_matrix Sxx = second_moment(X, X), Syx = second_moment(Y, X);
  double away[2], estimated[2], descended[64];
  for (size_t i = 0; i < 2; i++) {
    size_t steps = i ? 800 : 400;
    ln_hessian h;
    assert_ok(ln_hessian_prepare(cx, W, 2, Sxx, Syx, 0.1, &h));
    found f = {.count = h.count};
    ln_finite_rate request = {1 / (double)steps, 0.1, 1e-12, time, 1, keep, &f};
    assert_ok(ln_follow_finite_rate(cx, W, 2, Sxx, Syx, &request));
    size_t at = 0;
    for (size_t l = 0; l < 2; at += W[l].rows * W[l].cols, l++)
      ln_copy(W[l], ln_window(descended + at, W[l].rows, W[l].cols));
    descend(&h, descended, request.rate, steps);
    ln_axpy(-1, ln_window(f.theta, h.count, 1), ln_window(descended, h.count, 1));
    away[i] = ln_norm(ln_window(descended, h.count, 1));
    estimated[i] = f.error;
  }
  assert_close(away[0] / away[1], 4, 0.05);
  assert_close(estimated[0] / estimated[1], 2, 0.02);
  assert_true(away[1] < 0.01 * estimated[1]);
}

/* ---- layers in balance ---- */

static void balanced_layers_move_their_product_by_the_end_to_end_equation(void **unused) {
  (void)unused;
  const double s[] = {1.4, 0.5, 0};
  static const size_t sizes[] = {4, 3, 5, 3, 3, 3};
  for (size_t depth = 1; depth <= 5; depth++)
    for (size_t rank = 1; rank <= 3; rank++) {
      size_t widths[6];
      memcpy(widths, sizes, sizeof widths);
      widths[depth] = 3;
      ln_matrix U = orthonormal(3, 3), V = orthonormal(4, 3), X = random_matrix(4, 9),
                Y = random_matrix(3, 9);
      ln_matrix Sxx = second_moment(X, X), Syx = second_moment(Y, X), map = compose(U, s, V, rank);
      ln_matrix *W = balanced_layers(widths, depth, U, s, V, rank), E = copy_of(Syx), sum = make(3, 4),
                velocity = make(3, 4);
      ln_gemm(LN_N, LN_N, -1, map, Sxx, 1, E);
      ln_fill(sum, 0);
      for (size_t l = 0; l < depth; l++) {
        ln_matrix a = product_of(W, 0, l, 4), b = product_of(W, l + 1, depth, W[l].rows);
        ln_matrix left = product(LN_N, LN_N, product(LN_N, LN_T, b, b), E);
        ln_axpy(1, product(LN_N, LN_N, left, product(LN_T, LN_N, a, a)), sum);
      }
      assert_ok(ln_balanced_velocity(cx, map, Sxx, Syx, depth, velocity));
      assert_same(velocity, sum, 1e-12);
    }
}

static void the_gain_is_the_quotient_where_that_has_no_pole(void **unused) {
  (void)unused;
  for (size_t depth = 1; depth < 8; depth++) {
    double x = 1.7, y = 0.3, b = 2 / (double)depth;
    assert_close(ln_balanced_gain(x, y, depth), (x * x - y * y) / (pow(x, b) - pow(y, b)), 1e-14);
    assert_close(ln_balanced_gain(x, x, depth), (double)depth * pow(x, 2 - b), 1e-14);
    assert_close(ln_balanced_gain(0, 0, depth), depth == 1, 0);
    assert_close(ln_balanced_gain(x, 0, depth), pow(x, 2 - b), 1e-14);
  }
}

/* ---- what cannot be ---- */

static void senseless_problems_are_refused(void **unused) {
  (void)unused;
  static const size_t sizes[] = {2, 3, 2};
  static const double falling[] = {2, 1};
  ln_matrix *W = random_layers(sizes, 2, 1), white = identity(2), Syx = random_matrix(2, 2);
  ln_rate_limits r;
  ln_hessian h;
  assert_int_equal(ln_largest_rate(cx, W, 2, white, Syx, -1, 0, &r), LN_EARG);
  assert_int_equal(ln_largest_rate(cx, W, 2, white, Syx, 0, 1, &r), LN_EARG);
  assert_int_equal(ln_largest_rate(cx, W, 2, identity(3), Syx, 0, 0, &r), LN_EARG);
  assert_int_equal(ln_largest_rate(cx, W, 0, white, Syx, 0, 0, &r), LN_EARG);
  assert_int_equal(ln_largest_rate(cx, W, 2, white, random_matrix(3, 2), 0, 0, &r), LN_EARG);
  assert_message("there are 3 outputs");
  assert_int_equal(ln_hessian_prepare(cx, W, 2, white, Syx, NAN, &h), LN_EARG);
  ln_matrix flat = make(2, 2);
  ln_fill(flat, 0);
  assert_int_equal(ln_largest_rate(cx, W, 2, flat, Syx, 0, 0, &r), LN_EARG);
  assert_message("leave the range of Sxx");
  found f = {.count = 12};
  ln_finite_rate request = {0.1, 0, 1e-9, falling, 2, keep, &f};
  assert_int_equal(ln_follow_finite_rate(cx, W, 2, white, Syx, &request), LN_EARG);
  request.rate = -1, request.count = 1;
  assert_int_equal(ln_follow_finite_rate(cx, W, 2, white, Syx, &request), LN_EARG);
  assert_int_equal(ln_balanced_velocity(cx, Syx, white, Syx, 0, make(2, 2)), LN_EARG);
  assert_int_equal(ln_balanced_velocity(cx, random_matrix(3, 2), white, Syx, 2, make(3, 2)), LN_EARG);
  LN_AT(Syx, 0, 1) = INFINITY;
  assert_int_equal(ln_hessian_prepare(cx, W, 2, white, Syx, 0, &h), LN_EARG);
  assert_message("Syx has inf at (1, 2)");
}

static void work_can_be_interrupted(void **unused) {
  (void)unused;
  static const size_t sizes[] = {12, 12, 12};
  ln_matrix *W = random_layers(sizes, 2, 1);
  ln_rate_limits r;
  ln_interrupt(cx);
  assert_int_equal(ln_largest_rate(cx, W, 2, identity(12), random_matrix(12, 12), 0, 0, &r), LN_EINTERRUPT);
  atomic_store(&cx->interrupted, 0);
}

static ln_status all_of_it(ln_context *c, ln_matrix *W, ln_matrix Sxx, ln_matrix Syx, ln_matrix velocity) {
  static const double time[] = {0.5};
  ln_rate_limits r;
  found f = {.count = W[0].rows * W[0].cols + W[1].rows * W[1].cols};
  ln_finite_rate request = {0.1, 0, 1e-6, time, 1, keep, &f};
  ln_status status = ln_largest_rate(c, W, 2, Sxx, Syx, 0, 0, &r);
  if (status == LN_OK) status = ln_follow_finite_rate(c, W, 2, Sxx, Syx, &request);
  if (status == LN_OK) status = ln_balanced_velocity(c, Syx, Sxx, Syx, 2, velocity);
  return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **unused) {
  (void)unused;
  static const size_t narrow[] = {3, 1, 2}, wide[] = {3, 2, 2}, *const both[] = {narrow, wide};
  for (size_t i = 0; i < 2; i++) {
    ln_matrix *W = random_layers(both[i], 2, 1), Syx = random_matrix(2, 3), velocity = make(2, 3);
    ln_status status = LN_EMEMORY;
    int granted = 0;
    for (; status == LN_EMEMORY; granted++) {
      int left = granted;
      ln_context scarce;
      ln_context_init(&scarce, allocate_scarce, &left);
      status = all_of_it(&scarce, W, identity(3), Syx, velocity);
      assert_null(scarce.scratch);
    }
    assert_int_equal(status, LN_OK);
    assert_true(granted > 30);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_hessian_is_the_second_difference_of_the_loss),
      cmocka_unit_test(the_largest_eigenvalue_of_a_large_network_is_found_by_products),
      cmocka_unit_test(lanczos_finds_the_largest_of_any_spectrum),
      cmocka_unit_test(at_a_balanced_minimum_with_white_inputs_curvature_is_that_of_the_largest_mode),
      cmocka_unit_test(at_a_lambda_balanced_minimum_curvature_is_that_of_the_hyperbola),
      cmocka_unit_test(the_minimum_of_any_task_is_where_balanced_layers_meet_it),
      cmocka_unit_test(a_task_without_anything_to_learn_allows_any_rate),
      cmocka_unit_test(descent_follows_the_modified_flow_to_second_order),
      cmocka_unit_test(balanced_layers_move_their_product_by_the_end_to_end_equation),
      cmocka_unit_test(the_gain_is_the_quotient_where_that_has_no_pole),
      cmocka_unit_test(senseless_problems_are_refused),
      cmocka_unit_test(work_can_be_interrupted),
      cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
