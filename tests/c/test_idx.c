/* IDX files: every type decodes; counts are held against the bytes. */
#include "scratch.h"

#include "core/idx.h"

static ln_status read_idx(const void *bytes, size_t n, double scale, ln_idx *idx, ln_matrix *A) {
  ln_source source;
  ln_status status = ln_source_open_memory(cx, "x.idx", bytes, n, &source);
  if (status == LN_OK) status = ln_idx_header(cx, &source, idx);
  if (status != LN_OK) return status;
  *A = make(idx->values, idx->items);
  return ln_idx_numbers(cx, &source, idx, scale, *A);
}

static void items_become_columns(void **unused) {
  (void)unused;
  const unsigned char bytes[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};
  ln_idx idx;
  ln_matrix A;
  assert_ok(read_idx(bytes, sizeof bytes, 1.0 / 255, &idx, &A));
  assert_int_equal(idx.items, 2);
  assert_int_equal(idx.values, 6);
  assert_int_equal(idx.size[1], 2);
  assert_int_equal(idx.size[2], 3);
  assert_close(LN_AT(A, 3, 0), 4 / 255.0, 1e-16);
  assert_close(LN_AT(A, 5, 1), 1, 0);
}

static void every_type_decodes(void **unused) {
  (void)unused;
  const struct {
    unsigned char type, bytes[8];
    size_t n;
    double number;
  } cases[] = {{8, {200}, 1, 200},
               {9, {200}, 1, -56},
               {0x0B, {0xff, 0xfe}, 2, -2},
               {0x0C, {0x80, 0, 0, 0}, 4, -2147483648.0},
               {0x0D, {0xbf, 0xc0, 0, 0}, 4, -1.5},
               {0x0E, {0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18}, 8, 3.141592653589793}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned char bytes[16] = {0, 0, cases[i].type, 1, 0, 0, 0, 1};
    memcpy(bytes + 8, cases[i].bytes, cases[i].n);
    ln_idx idx;
    ln_matrix A;
    assert_ok(read_idx(bytes, 8 + cases[i].n, 1, &idx, &A));
    assert_close(A.data[0], cases[i].number, 0);
  }
}

static void a_long_file_is_read_in_pieces(void **unused) {
  (void)unused;
  const size_t items = 1000, values = 300; /* no multiple of a buffer */
  unsigned char *bytes = ln_take(cx, 12 + 2 * items * values, 1);
  memcpy(bytes, (unsigned char[]){0, 0, 0x0B, 2, 0, 0, 3, 0xe8, 0, 0, 1, 0x2c}, 12);
  for (size_t k = 0; k < items * values; k++) {
    bytes[12 + 2 * k] = (unsigned char)(k % 30000 >> 8);
    bytes[13 + 2 * k] = (unsigned char)(k % 30000);
  }
  ln_idx idx;
  ln_matrix A;
  assert_ok(read_idx(bytes, 12 + 2 * items * values, 1, &idx, &A));
  for (size_t k = 0; k < items * values; k++)
    assert_true(LN_AT(A, k % values, k / values) == (double)(k % 30000));
}

static void damage_is_found_at_every_byte(void **unused) {
  (void)unused;
  const unsigned char bytes[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 1, 2, 3, 4};
  ln_idx idx;
  ln_matrix A;
  assert_ok(read_idx(bytes, sizeof bytes, 1, &idx, &A));
  for (size_t n = 0; n < sizeof bytes; n++) {
    unsigned char *part = exact_copy(bytes, n);
    assert_int_equal(read_idx(part, n, 1, &idx, &A), LN_EFILE);
    assert_message("x.idx: ");
    free(part);
    for (int bit = 0; bit < 8; bit++) {
      unsigned char *damaged = exact_copy(bytes, sizeof bytes);
      damaged[n] ^= (unsigned char)(1 << bit);
      ln_status status = read_idx(damaged, sizeof bytes, 1, &idx, &A);
      assert_true(status == LN_EFILE || n >= 16 || n == 2 || n == 3); /* the sizes are checked */
      free(damaged);
    }
  }
}

static void bad_headers_say_what_is_wrong(void **unused) {
  (void)unused;
  const struct {
    unsigned char bytes[20];
    size_t n;
    const char *says;
  } cases[] = {
      {{1, 0, 8, 1}, 4, "is not an IDX file: it begins with 01000801"},
      {{0, 0, 7, 1}, 4, "is not an IDX file"},
      {{0, 0, 8, 0}, 4, "declares 0 dimensions"},
      {{0, 0, 8, 5}, 4, "declares 5 dimensions"},
      {{0, 0, 8, 1, 0, 0}, 6, "ends in the middle of the IDX header"},
      {{0, 0, 8, 1, 0, 0, 0, 3, 1, 2}, 10, "declares 3 items of 1 numbers of 1 bytes, and 2 bytes are there"},
      {{0, 0, 8, 1, 0, 0, 0, 1, 1, 2}, 10, "declares 1 items of 1 numbers of 1 bytes, and 2 bytes are there"},
      {{0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff, 1}, 9, "declares 4294967295 items"},
      {{0, 0, 8, 3, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
       17,
       "items of more than 2147483647"},
      {{0, 0, 0x0E, 2, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 1}, 13, "and 1 bytes are there"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ln_idx idx;
    ln_matrix A;
    assert_int_equal(read_idx(cases[i].bytes, cases[i].n, 1, &idx, &A), LN_EFILE);
    assert_message(cases[i].says);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_a_folder(items_become_columns),          in_a_folder(every_type_decodes),
      in_a_folder(a_long_file_is_read_in_pieces), in_a_folder(damage_is_found_at_every_byte),
      in_a_folder(bad_headers_say_what_is_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
