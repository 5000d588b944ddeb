/* .npy: every type and order decodes to its numbers; a damaged or lying file is an error before memory is asked for. */
#include "scratch.h"

#include "core/npy.h"

/* A .npy of format 1.0 with this header text and these bytes behind it. */
static unsigned char *npy_of(const char *header, const void *data, size_t n, size_t *size) {
  size_t length = strlen(header);
  *size = 10 + length + n;
  unsigned char *bytes = malloc(*size);
  assert_non_null(bytes);
  memcpy(bytes, "\x93NUMPY\x01\x00", 8);
  bytes[8] = (unsigned char)(length & 255), bytes[9] = (unsigned char)(length >> 8);
  memcpy(bytes + 10, header, length);
  if (n) memcpy(bytes + 10 + length, data, n);
  return bytes;
}

/* Reads from memory; A is taken from the context. */
static ln_status read_npy(const void *bytes, size_t n, ln_matrix *A) {
  ln_source source;
  ln_npy npy;
  ln_status status = ln_source_open_memory(cx, "x.npy", bytes, n, &source);
  if (status == LN_OK) status = ln_npy_header(cx, &source, &npy);
  if (status != LN_OK) return status;
  *A = make(npy.rows, npy.cols);
  return ln_npy_numbers(cx, &source, &npy, *A);
}

static void every_type_decodes(void **unused) {
  (void)unused;
  const struct {
    const char *type;
    unsigned char bytes[8];
    size_t n;
    double number;
  } cases[] = {
      {"<f8", {0x18, 0x2d, 0x44, 0x54, 0xfb, 0x21, 0x09, 0x40}, 8, 3.141592653589793},
      {">f8", {0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18}, 8, 3.141592653589793},
      {"<f4", {0, 0, 0xc0, 0xbf}, 4, -1.5},
      {">f4", {0xbf, 0xc0, 0, 0}, 4, -1.5},
      {"<f2", {0x00, 0x3c}, 2, 1},
      {">f2", {0xc0, 0x00}, 2, -2},
      {"<f2", {0x01, 0x00}, 2, 0x1p-24}, /* the smallest above 0 */
      {"<f2", {0xff, 0x03}, 2, 0x1.ff8p-15},
      {"<f2", {0xff, 0x7b}, 2, 65504},
      {"<f2", {0x00, 0x7c}, 2, INFINITY},
      {"<f2", {0x01, 0x7e}, 2, NAN},
      {"|i1", {0x80}, 1, -128},
      {"|u1", {0x80}, 1, 128},
      {"<i2", {0xfe, 0xff}, 2, -2},
      {">i2", {0xff, 0xfe}, 2, -2},
      {"<u2", {0xfe, 0xff}, 2, 65534},
      {"<i4", {0, 0, 0, 0x80}, 4, -2147483648.0},
      {"<u4", {0, 0, 0, 0x80}, 4, 2147483648.0},
      {">u4", {0x80, 0, 0, 1}, 4, 2147483649.0},
      {"<i8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, -1},
      {"<u8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, 18446744073709551616.0},
      {"|b1", {1}, 1, 1},
      {"?", {0}, 0, 0}, /* not what NumPy writes */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char header[100];
    size_t size;
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (1, 1), }\n",
             cases[i].type);
    unsigned char *bytes = npy_of(header, cases[i].bytes, cases[i].n, &size);
    ln_matrix A;
    if (cases[i].n) {
      assert_ok(read_npy(bytes, size, &A));
      assert_close(A.data[0], cases[i].number, 0);
    } else {
      assert_int_equal(read_npy(bytes, size, &A), LN_EFILE);
    }
    free(bytes);
  }
}

static void shapes_and_orders(void **unused) {
  (void)unused;
  const double numbers[] = {1, 2, 3, 4, 5, 6};
  const struct {
    const char *order, *shape;
    size_t rows, cols;
    double at_1_0, at_0_1; /* NAN: outside */
  } cases[] = {{"False", "(2, 3)", 2, 3, 4, 2},   {"True", "(2, 3)", 2, 3, 2, 3},
               {"False", "(6,)", 6, 1, 2, NAN},   {"True", "(6,)", 6, 1, 2, NAN},
               {"False", "(1, 6)", 1, 6, NAN, 2}, {"False", "(6L, 1L)", 6, 1, 2, NAN}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char header[100];
    size_t size;
    snprintf(header, sizeof header, "{\"shape\":%s,'fortran_order':%s , 'descr' :'<f8'}", cases[i].shape,
             cases[i].order);
    unsigned char *bytes = npy_of(header, numbers, sizeof numbers, &size);
    ln_matrix A;
    assert_ok(read_npy(bytes, size, &A));
    assert_int_equal(A.rows, cases[i].rows);
    assert_int_equal(A.cols, cases[i].cols);
    if (A.rows > 1) assert_close(LN_AT(A, 1, 0), cases[i].at_1_0, 0);
    if (A.cols > 1) assert_close(LN_AT(A, 0, 1), cases[i].at_0_1, 0);
    free(bytes);
  }
}

static void what_is_written_is_read_back(void **unused) {
  (void)unused;
  const size_t sizes[][2] = {{0, 0}, {0, 3}, {1, 1}, {1, 5}, {5, 1}, {4, 3}, {300, 500}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ln_matrix A = random_matrix(sizes[i][0], sizes[i][1]); /* with gaps between its columns */
    assert_ok(ln_npy_save(cx, in_folder("x.npy"), A));
    ln_source source;
    ln_npy npy;
    assert_ok(ln_source_open(cx, in_folder("x.npy"), &source));
    assert_ok(ln_npy_header(cx, &source, &npy));
    assert_int_equal(source.at % 64, 0);
    for (int dense = 0; dense < 2; dense++) {
      ln_matrix B = dense ? ln_take_matrix(cx, npy.rows, npy.cols) : make(npy.rows, npy.cols);
      ln_source again;
      assert_ok(ln_source_open(cx, in_folder("x.npy"), &again));
      assert_ok(ln_npy_header(cx, &again, &npy));
      assert_ok(ln_npy_numbers(cx, &again, &npy, B));
      ln_source_close(&again);
      assert_same(B, A, 0);
    }
    ln_source_close(&source);
  }
}

static void damage_is_found_at_every_byte(void **unused) {
  (void)unused;
  ln_matrix A = random_matrix(3, 2), B;
  assert_ok(ln_npy_save(cx, in_folder("x.npy"), A));
  size_t size;
  unsigned char *bytes = get_file(in_folder("x.npy"), &size);
  for (size_t n = 0; n < size; n++) {
    unsigned char *part = exact_copy(bytes, n);
    assert_int_equal(read_npy(part, n, &B), LN_EFILE);
    assert_message("x.npy: ");
    free(part);
  }
  unsigned char *longer = exact_copy(bytes, size + 1);
  assert_int_equal(read_npy(longer, size + 1, &B), LN_EFILE);
  free(longer);
  for (size_t n = 0; n < size; n++)
    for (int bit = 0; bit < 8; bit++) { /* an error, or a matrix: never more */
      unsigned char *damaged = exact_copy(bytes, size);
      damaged[n] ^= (unsigned char)(1 << bit);
      ln_status status = read_npy(damaged, size, &B);
      assert_true(status == LN_OK || status == LN_EFILE);
      free(damaged);
    }
}

static void bad_headers_say_what_is_wrong(void **unused) {
  (void)unused;
#define F8(order, shape) "{'descr': '<f8', 'fortran_order': " order ", 'shape': " shape ", }"
  const struct {
    const char *header, *says;
  } cases[] = {
      {"", "{ was expected"},
      {"{", "'descr', 'fortran_order' or 'shape' was expected"},
      {"{}", "has no 'descr'"},
      {"{'descr': '<f8', 'shape': (1, 1)}", "has no 'fortran_order'"},
      {"{'descr': '<f8', 'fortran_order': False}", "has no 'shape'"},
      {F8("False", "(1, 1)") "x", "the end of the header was expected"},
      {F8("false", "(1, 1)"), "True or False was expected"},
      {F8("__import__('os')", "(1, 1)"), "True or False was expected"},
      {F8("False", "(1)"), "a comma was expected"},
      {F8("False", "1"), "a shape such as"},
      {F8("False", "(-1, 2)"), "a whole number >= 0 was expected at \"-1"},
      {F8("False", "(1.5, 2)"), "a comma was expected"},
      {F8("False", "(2, 3, 4)"), "has 3 dimensions"},
      {F8("False", "(99999999999999999999, 1)"), "a size that exists"},
      {F8("False", "(4294967296, 1)"), "rows and columns must lie between 0 and 2147483647"},
      {F8("False", "(2147483647, 2147483647)"), "would take"},
      {F8("False", "(2000000000, 1)"),
       "declares a 2000000000 x 1 array of 16000000000 bytes, and 8 are there"},
      {F8("False", "(1, 2)"), "of 16 bytes, and 8 are there"},
      {F8("False", "(0, 2)"), "of 0 bytes, and 8 are there"},
      {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}", "'descr' twice"},
      {"{'descr': '<f8', 'fortran': False, 'shape': (1, 1)}", "'fortran' that no .npy header has"},
      {"{'descr': '<f16', 'fortran_order': False, 'shape': (1, 1)}", "floats of this size (dtype '<f16')"},
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1)}", "complex numbers (dtype '<c8')"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}", "Python objects"},
      {"{'descr': '<U2', 'fortran_order': False, 'shape': (1, 1)}", "text (dtype '<U2')"},
      {"{'descr': '|V8', 'fortran_order': False, 'shape': (1, 1)}", "records or raw bytes"},
      {"{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1, 1)}", "a structured dtype"},
      {"{'descr': '<M8[D]', 'fortran_order': False, 'shape': (1, 1)}", "dates or times"},
      {"{'descr': '', 'fortran_order': False, 'shape': (1, 1)}", "something unknown"},
      {"{'descr': '<f8888888', 'fortran_order': False, 'shape': (1, 1)}", "floats of this size"},
      {"{'descr': '<f8, 'fortran_order': False, 'shape': (1, 1)}", "(dtype '<f8, ')"},
      {"{'descr': <f8', 'fortran_order': False, 'shape': (1, 1)}", "a dtype such as"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const double number = 1;
    size_t size;
    unsigned char *bytes = npy_of(cases[i].header, &number, sizeof number, &size);
    ln_matrix A;
    ln_mark mark = ln_begin(cx);
    cx->scratch_peak = 0;
    assert_int_equal(read_npy(bytes, size, &A), LN_EFILE);
    assert_message("x.npy: ");
    assert_message(cases[i].says);
    assert_true(cx->scratch_peak < 1 << 20); /* no memory for what is not there */
    ln_end(cx, mark, LN_OK);
    free(bytes);
  }
  ln_matrix A;
  assert_int_equal(read_npy("\x93NUMPY\x04\x00    ", 12, &A), LN_EFILE);
  assert_message("format 4.0; 1.0, 2.0 and 3.0 are read");
  assert_int_equal(read_npy("\x93NUMPY\x02\x00\xff\xff\xff\x7f{}", 14, &A), LN_EFILE);
  assert_message("declares a header of 2147483647 bytes");
  assert_int_equal(read_npy("PK\x03\x04 not this", 12, &A), LN_EFILE);
  assert_message("is not a .npy file");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_a_folder(every_type_decodes),
      in_a_folder(shapes_and_orders),
      in_a_folder(what_is_written_is_read_back),
      in_a_folder(damage_is_found_at_every_byte),
      in_a_folder(bad_headers_say_what_is_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
