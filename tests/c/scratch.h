/* scratch.h: what the tests of files share: a folder of their own, files of given bytes, damage. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "matrices.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

static char folder[] = "/tmp/linnet-test-XXXXXX";

/* The path of a file in the folder; good until the eighth call after. */
static inline const char *in_folder(const char *name) {
  static char paths[8][512];
  static int next;
  next = (next + 1) % 8;
  snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
  return paths[next];
}

static inline size_t files_in_folder(void) {
  DIR *all = opendir(folder);
  assert_non_null(all);
  size_t n = 0;
  for (struct dirent *file; (file = readdir(all));) n += file->d_name[0] != '.';
  closedir(all);
  return n;
}

static inline void put_file(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}

/* The bytes of a file, in work space. */
static inline unsigned char *get_file(const char *path, size_t *n) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  unsigned char *bytes = ln_take(cx, 1 << 20, 1);
  *n = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

/* A copy of the first n bytes in a block of just that size, so that reading behind them is found. */
static inline unsigned char *exact_copy(const void *bytes, size_t n) {
  unsigned char *copy = malloc(n ? n : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, n);
  return copy;
}

static inline int make_folder(void **unused) {
  set_up(unused);
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  return mkdtemp(folder) == NULL;
}

static inline int remove_folder(void **unused) {
  DIR *all = opendir(folder);
  for (struct dirent *file; all && (file = readdir(all));)
    if (file->d_name[0] != '.') unlink(in_folder(file->d_name));
  if (all) closedir(all);
  tear_down(unused);
  return rmdir(folder);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
