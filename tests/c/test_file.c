/* Sources and writers: what is read is what was written, gzip'd or not; a file is replaced whole or not at all. */
#include "scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

static size_t compress_to(const void *bytes, size_t n, unsigned char *to, size_t room) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = (unsigned char *)(uintptr_t)bytes, z.avail_in = (unsigned)n;
  z.next_out = to, z.avail_out = (unsigned)room;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  size_t size = room - z.avail_out;
  deflateEnd(&z);
  return size;
}

static ln_status read_memory(const void *bytes, size_t n, size_t most, char **text, size_t *size) {
  ln_source source;
  ln_status status = ln_source_open_memory(cx, "memory", bytes, n, &source);
  if (status == LN_OK) status = ln_source_text(cx, &source, most, text, size);
  ln_source_close(&source);
  return status;
}

static void gzip_is_told_by_content_and_read_whole(void **unused) {
  (void)unused;
  const size_t sizes[] = {0, 1, 1000, 65536, 300000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t n = sizes[i], size;
    unsigned char *plain = ln_take(cx, n, 1), *packed = ln_take(cx, 2 * n + 100, 1);
    for (size_t k = 0; k < n; k++) plain[k] = (unsigned char)(k % 7 + uniform() * 9);
    size_t packed_size = compress_to(plain, n, packed, 2 * n + 100);
    char *text;
    for (int twice = 0; twice < 2;
         twice++) { /* the second time as two members, as `cat a.gz b.gz` makes them */
      if (twice) packed_size += compress_to("more", 4, packed + packed_size, 100);
      put_file(in_folder("x.gz"), packed, packed_size);
      for (int from_file = 0; from_file < 2; from_file++) {
        ln_source source;
        if (from_file)
          assert_ok(ln_source_open(cx, in_folder("x.gz"), &source));
        else
          assert_ok(ln_source_open_memory(cx, "m", packed, packed_size, &source));
        assert_ok(ln_source_text(cx, &source, 1 << 20, &text, &size));
        ln_source_close(&source);
        assert_int_equal(size, n + (twice ? 4 : 0));
        assert_memory_equal(text, plain, n);
        assert_int_equal(text[size], 0);
      }
    }
  }
}

static void a_gzip_that_ends_early_is_an_error_at_every_length(void **unused) {
  (void)unused;
  const char words[] = "a text that is long enough to be worth compressing, compressing, compressing";
  unsigned char packed[200];
  size_t size, packed_size = compress_to(words, sizeof words, packed, sizeof packed);
  char *text;
  for (size_t n = 2; n < packed_size; n++) {
    unsigned char *part = exact_copy(packed, n);
    assert_int_equal(read_memory(part, n, 1000, &text, &size), LN_EFILE);
    assert_message("memory: the gzip data");
    free(part);
  }
  for (size_t n = 0; n < packed_size; n++) { /* and where a byte is wrong: an error, or the right bytes */
    unsigned char *damaged = exact_copy(packed, packed_size);
    damaged[n] ^= 0x40;
    if (read_memory(damaged, packed_size, 1000, &text, &size) == LN_OK && n >= 2)
      assert_memory_equal(text, words, sizeof words);
    free(damaged);
  }
  packed[packed_size] = 'x';
  assert_int_equal(read_memory(packed, packed_size + 1, 1000, &text, &size), LN_EFILE);
  assert_message("something else follows");
}

static void text_above_the_cap_is_refused_however_well_it_is_packed(void **unused) {
  (void)unused;
  const size_t n = 1 << 20;
  char *zeros = calloc(n, 1), *text;
  unsigned char packed[4096];
  size_t size, packed_size = compress_to(zeros, n, packed, sizeof packed);
  free(zeros);
  ln_mark mark = ln_begin(cx);
  cx->scratch_peak = 0;
  assert_int_equal(read_memory(packed, packed_size, 100000, &text, &size), LN_EFILE);
  assert_message("larger than the 100000 bytes");
  assert_true(cx->scratch_peak < 500000);
  ln_end(cx, mark, LN_OK);
}

static void what_cannot_be_read_says_so(void **unused) {
  (void)unused;
  const struct {
    const char *path, *says;
  } cases[] = {{in_folder("none"), "none: cannot be opened: No such file"},
               {folder, "is a folder"},
               {"/dev/zero", "/dev/zero: is not a regular file"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ln_source source;
    assert_int_equal(ln_source_open(cx, cases[i].path, &source), LN_EFILE);
    assert_message(cases[i].says);
  }
  assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
  ln_source source;
  assert_int_equal(ln_source_open(cx, in_folder("pipe"), &source), LN_EFILE); /* and does not wait */
}

static void reading_can_be_interrupted(void **unused) {
  (void)unused;
  char *text;
  size_t size;
  ln_interrupt(cx);
  assert_int_equal(read_memory("abc", 3, 10, &text, &size), LN_EINTERRUPT);
}

static ln_status write_text(const char *path, const char *text, size_t times) {
  ln_writer writer;
  ln_status status = ln_writer_open(cx, path, &writer);
  if (status != LN_OK) return status;
  for (size_t i = 0; i < times && status == LN_OK; i++) status = ln_write(cx, &writer, text, strlen(text));
  return ln_writer_close(cx, &writer, status);
}

static void assert_holds(const char *path, const char *text) {
  size_t n;
  unsigned char *bytes = get_file(path, &n);
  assert_int_equal(n, strlen(text));
  assert_memory_equal(bytes, text, n);
}

static void a_file_is_replaced_only_when_the_new_one_is_whole(void **unused) {
  (void)unused;
  const char *path = in_folder("x");
  put_file(path, "old", 3);
  ln_writer writer;
  assert_ok(ln_writer_open(cx, path, &writer));
  assert_ok(ln_write(cx, &writer, "new", 3));
  assert_holds(path, "old");
  assert_int_equal(ln_writer_close(cx, &writer, LN_EINTERRUPT), LN_EINTERRUPT);
  assert_holds(path, "old");
  assert_int_equal(files_in_folder(), 1);
  assert_ok(write_text(path, "new", 1));
  assert_holds(path, "new");
  assert_int_equal(files_in_folder(), 1);
}

static void a_full_disk_leaves_the_old_file(void **unused) {
  (void)unused;
  const char *path = in_folder("x");
  put_file(path, "old", 3);
  struct rlimit before, small = {4096, 4096};
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small.rlim_max = before.rlim_max;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  ln_status status = write_text(path, "0123456789", 20000);
  setrlimit(RLIMIT_FSIZE, &before);
  assert_int_equal(status, LN_EFILE);
  assert_message("cannot be written: File too large");
  assert_holds(path, "old");
  assert_int_equal(files_in_folder(), 1);
}

static void links_are_followed_and_permissions_kept(void **unused) {
  (void)unused;
  const char *path = in_folder("x"), *link = in_folder("link");
  put_file(path, "old", 3);
  assert_int_equal(chmod(path, 0640), 0);
  assert_int_equal(symlink(path, link), 0);
  assert_ok(write_text(link, "new", 1));
  struct stat info;
  assert_int_equal(lstat(link, &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0640);
  assert_holds(path, "new");
}

static void what_cannot_be_written_says_so(void **unused) {
  (void)unused;
  const struct {
    const char *path, *says;
  } cases[] = {{in_folder("none/x"), "none/x: cannot be written: No such file"},
               {folder, "cannot be written: it is a folder"},
               {"/dev/full", "/dev/full: cannot be written: it is not a regular file"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(write_text(cases[i].path, "x", 1), LN_EFILE);
    assert_message(cases[i].says);
  }
}

static void long_names_keep_their_end(void **unused) {
  (void)unused;
  char name[12];
  ln_short_name(name, sizeof name, "short");
  assert_string_equal(name, "short");
  ln_short_name(name, sizeof name, "/a/very/long/path/x.npy");
  assert_string_equal(name, "...th/x.npy");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_a_folder(gzip_is_told_by_content_and_read_whole),
      in_a_folder(a_gzip_that_ends_early_is_an_error_at_every_length),
      in_a_folder(text_above_the_cap_is_refused_however_well_it_is_packed),
      in_a_folder(what_cannot_be_read_says_so),
      in_a_folder(reading_can_be_interrupted),
      in_a_folder(a_file_is_replaced_only_when_the_new_one_is_whole),
      in_a_folder(a_full_disk_leaves_the_old_file),
      in_a_folder(links_are_followed_and_permissions_kept),
      in_a_folder(what_cannot_be_written_says_so),
      in_a_folder(long_names_keep_their_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
