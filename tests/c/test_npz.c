/* .npz archives: written and read back; the same bytes every time; damage and lies are errors. */
#include "scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "core/npy.h"
#include "core/npz.h"

/* Reads every member; the numbers are thrown away. */
static ln_status read_npz(const char *path) {
  ln_npz npz;
  ln_status status = ln_npz_open(cx, path, &npz);
  for (size_t i = 0; status == LN_OK && i < npz.count; i++) {
    ln_source source;
    ln_npy npy;
    status = ln_npz_source(cx, &npz, i, &source);
    if (status != LN_OK) break;
    status = ln_npy_header(cx, &source, &npy);
    if (status == LN_OK) status = ln_npy_numbers(cx, &source, &npy, make(npy.rows, npy.cols));
    ln_source_close(&source);
  }
  ln_npz_close(&npz);
  return status;
}

static void what_is_written_is_read_back(void **unused) {
  (void)unused;
  const char *const names[] = {"W1", "b", "empty", "sub/dir"};
  const ln_matrix A[] = {random_matrix(30, 20), random_matrix(1, 7), make(0, 3), random_matrix(200, 300)};
  assert_ok(ln_npz_save(cx, in_folder("x.npz"), names, A, 4));
  assert_int_equal(files_in_folder(), 1);
  ln_npz npz;
  assert_ok(ln_npz_open(cx, in_folder("x.npz"), &npz));
  assert_int_equal(npz.count, 4);
  for (size_t i = 0; i < 4; i++) {
    size_t n;
    const char *name = ln_npz_member(&npz, i, &n);
    assert_int_equal(n, strlen(names[i]));
    assert_memory_equal(name, names[i], n);
    ln_source source;
    ln_npy npy;
    assert_ok(ln_npz_source(cx, &npz, i, &source));
    assert_ok(ln_npy_header(cx, &source, &npy));
    ln_matrix B = make(npy.rows, npy.cols);
    assert_ok(ln_npy_numbers(cx, &source, &npy, B));
    ln_source_close(&source);
    assert_same(B, A[i], 0);
  }
  ln_npz_close(&npz);
}

static void the_same_matrices_give_the_same_bytes(void **unused) {
  (void)unused;
  const char *const names[] = {"a"};
  ln_matrix A = random_matrix(5, 4);
  size_t n, m;
  assert_ok(ln_npz_save(cx, in_folder("x.npz"), names, &A, 1));
  unsigned char *first = get_file(in_folder("x.npz"), &n);
  setenv("TZ", "Asia/Tokyo", 1);
  tzset();
  assert_ok(ln_npz_save(cx, in_folder("y.npz"), names, &A, 1));
  unsetenv("TZ");
  tzset();
  unsigned char *second = get_file(in_folder("y.npz"), &m);
  assert_int_equal(n, m);
  assert_memory_equal(first, second, n);
}

static void damage_is_found_at_every_byte(void **unused) {
  (void)unused;
  const char *const names[] = {"a", "b"};
  const ln_matrix A[] = {random_matrix(3, 2), random_matrix(1, 1)};
  const char *path = in_folder("x.npz");
  char kept[512];
  strcpy(kept, path);
  assert_ok(ln_npz_save(cx, kept, names, A, 2));
  size_t size;
  unsigned char *bytes = get_file(kept, &size);
  for (size_t n = 0; n < size; n++) {
    put_file(kept, bytes, n);
    assert_int_equal(read_npz(kept), LN_EFILE);
    assert_message("x.npz");
  }
  for (size_t n = 0; n < size; n++) {
    bytes[n] ^= 0x11;
    put_file(kept, bytes, size);
    bytes[n] ^= 0x11;
    ln_status status = read_npz(kept);
    assert_true(status == LN_OK || status == LN_EFILE);
  }
}

static void a_wrong_number_is_found_by_its_checksum(void **unused) {
  (void)unused;
  const char *const names[] = {"a"};
  ln_matrix A = make(2, 2);
  ln_fill(A, 3.5);
  char path[512];
  strcpy(path, in_folder("x.npz"));
  assert_ok(ln_npz_save(cx, path, names, &A, 1));
  size_t size, at = 0;
  unsigned char *bytes = get_file(path, &size);
  const double number = 3.5;
  while (memcmp(bytes + at, &number, sizeof number)) at++;
  bytes[at] ^= 1;
  put_file(path, bytes, size);
  assert_int_equal(read_npz(path), LN_EFILE);
  assert_message("x.npz, member 'a': is damaged: CRC error");
}

static void a_failed_save_leaves_the_old_file(void **unused) {
  (void)unused;
  const char *const names[] = {"a"};
  char path[512];
  strcpy(path, in_folder("x.npz"));
  ln_matrix small = random_matrix(2, 2), large = random_matrix(100, 100);
  assert_ok(ln_npz_save(cx, path, names, &small, 1));
  size_t before_size, after_size;
  unsigned char *before = get_file(path, &before_size);
  struct rlimit limit, least;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  least = (struct rlimit){4096, limit.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &least);
  ln_status status = ln_npz_save(cx, path, names, &large, 1);
  setrlimit(RLIMIT_FSIZE, &limit);
  assert_int_equal(status, LN_EFILE);
  assert_message("x.npz: cannot be written: ");
  ln_interrupt(cx);
  assert_int_equal(ln_npz_save(cx, path, names, &large, 1), LN_EINTERRUPT);
  cx->interrupted = 0;
  unsigned char *after = get_file(path, &after_size);
  assert_int_equal(before_size, after_size);
  assert_memory_equal(before, after, after_size);
  assert_int_equal(files_in_folder(), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_a_folder(what_is_written_is_read_back),      in_a_folder(the_same_matrices_give_the_same_bytes),
      in_a_folder(damage_is_found_at_every_byte),     in_a_folder(a_wrong_number_is_found_by_its_checksum),
      in_a_folder(a_failed_save_leaves_the_old_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
