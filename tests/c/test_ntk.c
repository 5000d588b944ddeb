#include "networks.h"

#include "core/linalg.h"
#include "theory/end_to_end.h"
#include "theory/ntk.h"

/* The depth, then the sizes. */
static const size_t networks[][6] = {
    {1, 3, 2}, {2, 3, 4, 2}, {3, 2, 3, 2, 4}, {2, 1, 1, 1}, {4, 3, 5, 2, 1, 3}};
enum { NETWORKS = sizeof networks / sizeof *networks };
static const size_t *sizes_of(size_t i) { return networks[i] + 1; }

/* The derivative of all outputs by all weights: an output is linear in each single weight, so that a difference is
 * exact whatever its step. */
static ln_matrix jacobian(ln_matrix *W, size_t depth, ln_matrix X) {
  size_t count = 0, at = 0, outputs = W[depth - 1].rows, P = X.cols;
  for (size_t l = 0; l < depth; l++) count += W[l].rows * W[l].cols;
  ln_matrix J = make(outputs * P, count), f = product(LN_N, LN_N, product_of(W, 0, depth, X.rows), X);
  for (size_t l = 0; l < depth; l++)
    for (size_t j = 0; j < W[l].cols; j++)
      for (size_t i = 0; i < W[l].rows; i++, at++) {
        double kept = LN_AT(W[l], i, j);
        LN_AT(W[l], i, j) += 1;
        ln_matrix moved = product(LN_N, LN_N, product_of(W, 0, depth, X.rows), X);
        LN_AT(W[l], i, j) = kept;
        for (size_t a = 0; a < outputs; a++)
          for (size_t m = 0; m < P; m++) LN_AT(J, a * P + m, at) = LN_AT(moved, a, m) - LN_AT(f, a, m);
      }
  return J;
}

static ln_matrix plain_kernel(ln_matrix *W, size_t depth, ln_matrix X) {
  ln_matrix J = jacobian(W, depth, X);
  return product(LN_N, LN_T, J, J);
}

static ln_matrix kernel_on(const ln_ntk *ntk, ln_matrix X) {
  size_t rows = ntk->outputs * (X.data ? X.cols : ntk->inputs);
  ln_matrix K = make(rows, rows);
  assert_ok(ln_ntk_matrix(cx, ntk, X, K));
  return K;
}

static void the_kernel_is_that_of_the_jacobian(void **unused) {
  (void)unused;
  for (size_t i = 0; i < NETWORKS; i++)
    for (size_t P = 1; P < 6; P += 2) {
      ln_matrix *W = random_layers(sizes_of(i), networks[i][0], 1), X = random_matrix(sizes_of(i)[0], P);
      ln_ntk ntk;
      assert_ok(ln_ntk_of_layers(cx, W, networks[i][0], &ntk));
      assert_same(kernel_on(&ntk, X), plain_kernel(W, networks[i][0], X), 1e-13);
      ln_matrix unit = make(X.rows, X.rows);
      ln_identity(unit);
      assert_same(kernel_on(&ntk, (ln_matrix){0}), plain_kernel(W, networks[i][0], unit), 1e-13);
    }
}

static void what_needs_no_kernel_agrees_with_it(void **unused) {
  (void)unused;
  for (size_t i = 0; i < NETWORKS; i++) {
    size_t P = 5, depth = networks[i][0], outputs = sizes_of(i)[depth];
    ln_matrix *W = random_layers(sizes_of(i), depth, 1), *Z = random_layers(sizes_of(i), depth, 0.7);
    ln_matrix X = random_matrix(sizes_of(i)[0], P), Y = random_matrix(outputs, P);
    ln_matrix K = plain_kernel(W, depth, X), other = plain_kernel(Z, depth, X);
    ln_matrix Sxx = second_moment(X, X), Syx = second_moment(Y, X);
    ln_ntk one, two;
    double inner, distance, alignment, tr_yy = ln_dot(Y, Y) / (double)P;
    assert_ok(ln_ntk_of_layers(cx, W, depth, &one));
    assert_ok(ln_ntk_of_layers(cx, Z, depth, &two));
    assert_ok(ln_ntk_product(cx, &one, &two, Sxx, &inner));
    assert_close(inner * (double)(P * P) / ln_dot(K, other), 1, 1e-13);
    assert_ok(ln_ntk_distance(cx, &one, &two, Sxx, &distance));
    assert_close(distance, 1 - ln_dot(K, other) / ln_norm(K) / ln_norm(other), 1e-14);
    assert_ok(ln_ntk_distance(cx, &one, &one, Sxx, &distance));
    assert_close(distance, 0, 1e-15);
    ln_matrix y = make(outputs * P, 1);
    for (size_t a = 0; a < outputs; a++)
      for (size_t m = 0; m < P; m++) y.data[a * P + m] = LN_AT(Y, a, m);
    double quadratic = ln_dot(y, product(LN_N, LN_N, K, y)) / ln_norm(K) / ln_dot(y, y);
    assert_ok(ln_ntk_alignment(cx, &one, Sxx, Syx, tr_yy, &alignment));
    assert_close(alignment, quadratic, 1e-14);
  }
}

static void representations_give_the_kernel_of_two_layers(void **unused) {
  (void)unused;
  static const size_t sizes[][3] = {{3, 2, 4}, {3, 5, 2}, {1, 1, 1}};
  for (size_t i = 0; i < 3; i++) {
    ln_matrix *W = random_layers(sizes[i], 2, 1), X = random_matrix(sizes[i][0], 4);
    ln_ntk layers, representations;
    assert_ok(ln_ntk_of_layers(cx, W, 2, &layers));
    assert_ok(ln_ntk_of_representations(cx, product(LN_T, LN_N, W[0], W[0]), product(LN_N, LN_T, W[1], W[1]),
                                        &representations));
    assert_same(kernel_on(&representations, X), kernel_on(&layers, X), 1e-13);
  }
}

static void balanced_kernels_have_the_eigenvalues_of_the_map(void **unused) {
  (void)unused;
  const double s[] = {2, 0.7};
  static const size_t sizes[] = {3, 4, 3, 2, 2};
  for (size_t depth = 1; depth <= 4; depth++) {
    size_t widths[] = {sizes[0], sizes[1], sizes[2], sizes[3], 0};
    widths[depth] = 2;
    ln_matrix U = orthonormal(2, 2), V = orthonormal(3, 2), map = compose(U, s, V, 2);
    ln_matrix *W = balanced_layers(widths, depth, U, s, V, 2);
    ln_ntk layers, around;
    assert_ok(ln_ntk_of_layers(cx, W, depth, &layers));
    assert_ok(ln_ntk_of_balanced(cx, map, depth, &around));
    ln_matrix K = kernel_on(&around, (ln_matrix){0});
    assert_same(K, kernel_on(&layers, (ln_matrix){0}), 1e-13);
    double w[6], trace = 0, largest = ln_balanced_gain(2, 2, depth);
    for (size_t i = 0; i < 2; i++)
      for (size_t j = 0; j < 3; j++) trace += ln_balanced_gain(s[i], j < 2 ? s[j] : 0, depth);
    assert_ok(ln_eigh(cx, K, w, (ln_matrix){0}));
    assert_close(w[5], largest, 1e-13);
    assert_close(largest, (double)depth * pow(2, 2 - 2 / (double)depth), 1e-14);
    double sum = 0;
    for (size_t i = 0; i < 6; i++) sum += w[i];
    assert_close(sum, trace, 1e-13);
  }
}

static void networks_without_weights_are_told_apart(void **unused) {
  (void)unused;
  static const size_t sizes[] = {2, 3, 2};
  ln_matrix *W = random_layers(sizes, 2, 1), *zero = random_layers(sizes, 2, 0), Sxx = symmetric(2);
  Sxx = product(LN_N, LN_T, Sxx, Sxx);
  ln_ntk one, nothing;
  double value;
  assert_ok(ln_ntk_of_layers(cx, W, 2, &one));
  assert_ok(ln_ntk_of_layers(cx, zero, 2, &nothing));
  assert_ok(ln_ntk_distance(cx, &one, &nothing, Sxx, &value));
  assert_true(value == 1);
  assert_ok(ln_ntk_distance(cx, &nothing, &nothing, Sxx, &value));
  assert_true(value == 0);
  assert_ok(ln_ntk_alignment(cx, &nothing, Sxx, random_matrix(2, 2), 1, &value));
  assert_true(value == 0);
}

static void senseless_networks_are_refused(void **unused) {
  (void)unused;
  static const size_t sizes[] = {2, 3, 2}, others[] = {4, 3, 2};
  ln_matrix *W = random_layers(sizes, 2, 1), *Z = random_layers(others, 2, 1);
  ln_ntk ntk, other;
  double value;
  assert_int_equal(ln_ntk_of_layers(cx, W, 0, &ntk), LN_EARG);
  assert_message("one layer or more");
  assert_int_equal(ln_ntk_of_balanced(cx, W[0], 0, &ntk), LN_EARG);
  ln_matrix broken[] = {W[1], W[1]};
  assert_int_equal(ln_ntk_of_layers(cx, broken, 2, &ntk), LN_EARG);
  assert_message("layer 2 is 2x3 and must have 2 columns");
  assert_ok(ln_ntk_of_layers(cx, W, 2, &ntk));
  assert_ok(ln_ntk_of_layers(cx, Z, 2, &other));
  assert_int_equal(ln_ntk_product(cx, &ntk, &other, symmetric(2), &value), LN_EARG);
  assert_message("2 inputs to 2 outputs and the other 4 to 2");
  assert_int_equal(ln_ntk_product(cx, &ntk, &ntk, symmetric(3), &value), LN_EARG);
  assert_int_equal(ln_ntk_alignment(cx, &ntk, symmetric(2), random_matrix(2, 3), 1, &value), LN_EARG);
  assert_int_equal(ln_ntk_matrix(cx, &ntk, random_matrix(3, 2), make(4, 4)), LN_EARG);
  assert_int_equal(ln_ntk_matrix(cx, &ntk, random_matrix(2, 2), make(5, 5)), LN_EARG);
  ln_matrix negative = make(2, 2);
  ln_identity(negative);
  LN_AT(negative, 1, 1) = -1;
  assert_int_equal(ln_ntk_of_representations(cx, negative, negative, &ntk), LN_EARG);
  assert_message("eigenvalue -1");
  LN_AT(W[0], 1, 0) = NAN;
  assert_int_equal(ln_ntk_of_layers(cx, W, 2, &ntk), LN_EARG);
  assert_message("layer 1 has nan at (2, 1)");
}

/* Everything, once. */
static ln_status all_of_it(ln_context *c, ln_matrix *W, ln_matrix X, ln_matrix Sxx, ln_matrix Syx,
                           ln_matrix K, double *value) {
  ln_mark mark = ln_begin(c);
  ln_ntk ntk, balanced, representations;
  ln_status status = ln_ntk_of_layers(c, W, 3, &ntk);
  if (status == LN_OK) status = ln_ntk_of_balanced(c, Syx, 3, &balanced);
  if (status == LN_OK) status = ln_ntk_of_representations(c, Sxx, Sxx, &representations);
  if (status == LN_OK) status = ln_ntk_matrix(c, &ntk, X, K);
  if (status == LN_OK) status = ln_ntk_distance(c, &ntk, &balanced, Sxx, value);
  if (status == LN_OK) status = ln_ntk_alignment(c, &ntk, Sxx, Syx, 1, value);
  return ln_end(c, mark, status);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **unused) {
  (void)unused;
  static const size_t sizes[] = {2, 3, 4, 2};
  ln_matrix *W = random_layers(sizes, 3, 1), X = random_matrix(2, 3), Y = random_matrix(2, 3);
  ln_matrix Sxx = second_moment(X, X), Syx = second_moment(Y, X), K = make(6, 6);
  ln_status status = LN_EMEMORY;
  int granted = 0;
  for (; status == LN_EMEMORY; granted++) {
    int left = granted;
    ln_context scarce;
    ln_context_init(&scarce, allocate_scarce, &left);
    double value;
    status = all_of_it(&scarce, W, X, Sxx, Syx, K, &value);
    assert_null(scarce.scratch);
  }
  assert_int_equal(status, LN_OK);
  assert_true(granted > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_kernel_is_that_of_the_jacobian),
      cmocka_unit_test(what_needs_no_kernel_agrees_with_it),
      cmocka_unit_test(representations_give_the_kernel_of_two_layers),
      cmocka_unit_test(balanced_kernels_have_the_eigenvalues_of_the_map),
      cmocka_unit_test(networks_without_weights_are_told_apart),
      cmocka_unit_test(senseless_networks_are_refused),
      cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
