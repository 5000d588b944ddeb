/* Work space that is kept: given back into a store, handed out again, and freed in the end. */
#include "check.h"
#include "core/context.h"
#include "scarce.h"

static void a_block_comes_back(void **unused) {
  (void)unused;
  int left = 3;
  ln_context cx;
  ln_context_init(&cx, allocate_scarce, &left);
  ln_store store = {0};
  cx.store = &store;
  ln_mark mark = ln_begin(&cx);
  double *first = ln_reals(&cx, 1000);
  assert_non_null(first);
  ln_end(&cx, mark, LN_OK);
  assert_int_equal(cx.scratch_bytes, 0);

  double *again = ln_reals(&cx, 900); /* fits, and is more than half of it */
  assert_ptr_equal(again, first);
  double *beside = ln_reals(&cx, 900); /* the first is in use */
  assert_true(beside && beside != first);
  ln_end(&cx, mark, LN_OK);
  assert_int_equal(cx.scratch_bytes, 0);

  assert_true(ln_reals(&cx, 100) != NULL); /* a store's blocks are not wasted on what is much smaller */
  assert_int_equal(left, 0);
  ln_end(&cx, mark, LN_OK);
  cx.store = NULL;
  ln_empty_store(&cx, &store);
  assert_null(store.blocks);
}

static void a_store_is_emptied_where_memory_is_short(void **unused) {
  (void)unused;
  int left = 1;
  ln_context cx;
  ln_context_init(&cx, allocate_scarce, &left);
  ln_store store = {0};
  cx.store = &store;
  ln_mark mark = ln_begin(&cx);
  assert_non_null(ln_reals(&cx, 10));
  ln_end(&cx, mark, LN_OK);
  assert_null(ln_reals(&cx, 1000));
  assert_null(store.blocks);
  assert_int_equal(cx.scratch_bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_block_comes_back),
      cmocka_unit_test(a_store_is_emptied_where_memory_is_short),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
