#include "matrices.h"

/* ---- overlap ---- */

enum { ROOT_ROWS = 4, ROOT_COLS = 3 };

/* Every block of a small matrix against every other, and against what marking its numbers says. */
static void overlap_of_two_blocks_is_exact(void **unused) {
  (void)unused;
  double numbers[ROOT_ROWS * ROOT_COLS];
  ln_matrix root = ln_window(numbers, ROOT_ROWS, ROOT_COLS), blocks[200];
  size_t count = 0;
  for (size_t i = 0; i < ROOT_ROWS; i++)
    for (size_t j = 0; j < ROOT_COLS; j++)
      for (size_t m = 1; i + m <= ROOT_ROWS; m++)
        for (size_t n = 1; j + n <= ROOT_COLS; n++) blocks[count++] = ln_block_of(root, i, j, m, n);
  assert_int_equal(count, 10 * 6);
  size_t shared = 0;
  for (size_t a = 0; a < count; a++)
    for (size_t b = 0; b < count; b++) {
      ln_fill(root, 0);
      ln_fill(blocks[a], 1);
      bool meet = false;
      for (size_t j = 0; j < blocks[b].cols; j++)
        for (size_t i = 0; i < blocks[b].rows; i++) meet |= LN_AT(blocks[b], i, j) == 1;
      assert_int_equal(ln_overlaps(blocks[a], blocks[b]), meet);
      shared += meet;
    }
  assert_true(shared > 0 && shared < count * count);
}

static void an_empty_block_overlaps_nothing(void **unused) {
  (void)unused;
  double numbers[4] = {0};
  ln_matrix root = ln_window(numbers, 2, 2);
  assert_false(ln_overlaps(root, ln_block_of(root, 0, 0, 0, 2)));
  assert_false(ln_overlaps(ln_block_of(root, 1, 1, 1, 0), root));
}

/* Each pair of blocks of one shape, copied in place and through a copy. */
static void a_copy_onto_itself_is_as_if_copied_first(void **unused) {
  (void)unused;
  enum { ROWS = 5, COLS = 4, M = 3, N = 2 };
  for (size_t from = 0; from <= (ROWS - M) * (COLS - N + 1) + (COLS - N); from++)
    for (size_t to = 0; to <= (ROWS - M) * (COLS - N + 1) + (COLS - N); to++) {
      double numbers[ROWS * COLS], expected[ROWS * COLS], between[M * N];
      for (size_t k = 0; k < ROWS * COLS; k++) numbers[k] = expected[k] = (double)k;
      ln_matrix A = ln_window(numbers, ROWS, COLS), E = ln_window(expected, ROWS, COLS);
      size_t i = from / (COLS - N + 1), j = from % (COLS - N + 1), k = to / (COLS - N + 1),
             l = to % (COLS - N + 1);
      ln_copy(ln_block_of(A, i, j, M, N), ln_block_of(A, k, l, M, N));
      ln_copy(ln_block_of(E, i, j, M, N), ln_window(between, M, N));
      ln_copy(ln_window(between, M, N), ln_block_of(E, k, l, M, N));
      assert_memory_equal(numbers, expected, sizeof numbers);
    }
}

/* ---- updates of dense matrices and of blocks ---- */

static void updates_of_a_block_leave_the_rest_alone(void **unused) {
  (void)unused;
  double numbers[20], x[6] = {1, 2, 3, 4, 5, 6};
  ln_matrix A = ln_window(numbers, 5, 4), B = ln_block_of(A, 1, 1, 3, 2);
  ln_fill(A, 7);
  ln_fill(B, 1);
  ln_axpy(2, ln_window(x, 3, 2), B);
  ln_scale(10, B);
  double inside = 0, outside = 0;
  for (size_t j = 0; j < 4; j++)
    for (size_t i = 0; i < 5; i++) {
      bool in = i >= 1 && i < 4 && j >= 1 && j < 3;
      if (in) assert_true(LN_AT(A, i, j) == 10 * (1 + 2 * x[i - 1 + 3 * (j - 1)]));
      *(in ? &inside : &outside) += LN_AT(A, i, j);
    }
  assert_true(inside == 480 && outside == 14 * 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(overlap_of_two_blocks_is_exact),
      cmocka_unit_test(an_empty_block_overlaps_nothing),
      cmocka_unit_test(a_copy_onto_itself_is_as_if_copied_first),
      cmocka_unit_test(updates_of_a_block_leave_the_rest_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
