#include "core/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "core/npy.h"

#define INFLATE_MOST 1032 /* deflate never does better */
#define DOS_DATE 0x0021   /* 1980-01-01, as NumPy writes it */

/* ---- reading ---- */

static ln_status fail_npz(ln_context *cx, const ln_npz *npz, const char *format, const char *member) {
  char message[300];
  snprintf(message, sizeof message, format, member);
  return ln_fail(cx, LN_EFILE, "%s: %s", npz->name, message);
}

void ln_npz_close(ln_npz *npz) {
  if (npz->archive) zip_discard(npz->archive);
  npz->archive = NULL;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static ln_status check_members(ln_context *cx, const ln_npz *npz) {
  ln_mark mark = ln_begin(cx);
  const char **names = ln_take(cx, npz->count, sizeof *names);
  if (!names) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < npz->count; i++) {
    zip_stat_t info;
    zip_stat_init(&info);
    if (zip_stat_index(npz->archive, i, 0, &info) != 0 || !info.name)
      return ln_end(cx, mark, fail_npz(cx, npz, "its table of members is damaged%s", ""));
    names[i] = info.name;
    size_t length = strlen(info.name);
    if (length < 4 || strcmp(info.name + length - 4, ".npy"))
      return ln_end(cx, mark, fail_npz(cx, npz, "has the member '%.200s', which is not a .npy", info.name));
    if (!(info.valid & ZIP_STAT_SIZE) || !(info.valid & ZIP_STAT_COMP_SIZE) || info.comp_size > npz->bytes ||
        info.size / INFLATE_MOST > info.comp_size)
      return ln_end(cx, mark,
                    ln_fail(cx, LN_EFILE,
                            "%s: member '%.200s' declares %llu bytes, more than its %llu can hold", npz->name,
                            info.name, (unsigned long long)info.size, (unsigned long long)info.comp_size));
  }
  qsort(names, npz->count, sizeof *names, by_name);
  for (size_t i = 1; i < npz->count; i++)
    if (!strcmp(names[i - 1], names[i]))
      return ln_end(cx, mark, fail_npz(cx, npz, "has the member '%.200s' twice", names[i]));
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_npz_open(ln_context *cx, const char *path, ln_npz *npz) {
  *npz = (ln_npz){0};
  ln_short_name(npz->name, sizeof npz->name, path);
  /* Whether it can be read at all is for the source to say. */
  ln_mark mark = ln_begin(cx);
  ln_source source;
  ln_status status = ln_source_open(cx, path, &source);
  if (status == LN_OK && source.left == 0)
    status = ln_source_fail(cx, &source, "is empty; a .npz was expected");
  npz->bytes = status == LN_OK ? source.left : 0;
  if (status == LN_OK) ln_source_close(&source);
  if (ln_end(cx, mark, status) != LN_OK) return status;

  int code = 0;
  npz->archive = zip_open(path, ZIP_RDONLY, &code);
  if (!npz->archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    status = fail_npz(cx, npz, "cannot be read as a .npz: %s", zip_error_strerror(&error));
    zip_error_fini(&error);
    return status;
  }
  npz->count = (size_t)zip_get_num_entries(npz->archive, 0);
  status = check_members(cx, npz);
  if (status != LN_OK) ln_npz_close(npz);
  return status;
}

const char *ln_npz_member(const ln_npz *npz, size_t i, size_t *size) {
  const char *name = zip_get_name(npz->archive, i, ZIP_FL_ENC_RAW);
  *size = strlen(name) - 4;
  return name;
}

static ln_status pull_member(ln_context *cx, ln_source *source, void *to, size_t n, size_t *got) {
  const size_t once = (size_t)1 << 22;
  zip_int64_t count = zip_fread(source->member, to, n < once ? n : once);
  if (count < 0)
    return ln_source_fail(cx, source, "is damaged: %s",
                          zip_error_strerror(zip_file_get_error(source->member)));
  *got = (size_t)count;
  return LN_OK;
}

static void close_member(ln_source *source) { zip_fclose(source->member); }

ln_status ln_npz_source(ln_context *cx, const ln_npz *npz, size_t i, ln_source *source) {
  size_t length;
  const char *member = ln_npz_member(npz, i, &length);
  char name[512];
  snprintf(name, sizeof name, "%s, member '%.*s'", npz->name, length < 100 ? (int)length : 100, member);
  *source = (ln_source){.file = -1, .pull = pull_member};
  ln_short_name(source->name, sizeof source->name, name);
  zip_stat_t info;
  zip_stat_init(&info);
  zip_stat_index(npz->archive, i, 0, &info); /* checked when the archive was opened */
  source->left = info.size, source->exact = true;
  source->member = zip_fopen_index(npz->archive, i, 0);
  if (!source->member) return ln_source_fail(cx, source, "cannot be read: %s", zip_strerror(npz->archive));
  source->close = close_member;
  return LN_OK;
}

/* ---- writing ---- */

/* A matrix as the bytes of a .npy, which libzip asks for when it writes the archive. */
typedef struct member {
  ln_matrix A;
  char header[LN_NPY_HEADER_MOST];
  size_t header_size, at, size;
  zip_error_t error;
} member;

/* The next bytes that lie together in memory, at most n. */
static size_t copy_bytes(member *m, void *to, size_t n) {
  const char *from;
  size_t there;
  if (m->at < m->header_size) {
    from = m->header + m->at, there = m->header_size - m->at;
  } else {
    size_t place = m->at - m->header_size, column = m->A.rows * sizeof(double);
    if (ln_is_dense(m->A)) column *= m->A.cols;
    from = (const char *)(m->A.data + place / column * m->A.ld) + place % column;
    there = column - place % column;
  }
  if (n > there) n = there;
  memcpy(to, from, n);
  m->at += n;
  return n;
}

static zip_int64_t give_member(void *ud, void *data, zip_uint64_t length, zip_source_cmd_t command) {
  member *m = ud;
  switch (command) {
  case ZIP_SOURCE_OPEN: m->at = 0; return 0;
  case ZIP_SOURCE_READ: {
    size_t done = 0;
    while (done < length && m->at < m->size) done += copy_bytes(m, (char *)data + done, length - done);
    return (zip_int64_t)done;
  }
  case ZIP_SOURCE_STAT: {
    zip_stat_t *info = data;
    zip_stat_init(info);
    info->size = m->size;
    info->valid = ZIP_STAT_SIZE;
    return sizeof *info;
  }
  case ZIP_SOURCE_ERROR: return zip_error_to_data(&m->error, data, length);
  case ZIP_SOURCE_CLOSE:
  case ZIP_SOURCE_FREE: return 0;
  case ZIP_SOURCE_SUPPORTS:
    return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                          ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
  default: zip_error_set(&m->error, ZIP_ER_OPNOTSUPP, 0); return -1;
  }
}

static ln_status add_member(ln_context *cx, zip_t *archive, member *m, const char *name, ln_matrix A) {
  *m = (member){.A = A};
  zip_error_init(&m->error);
  m->header_size = ln_npy_format_header(A, m->header);
  m->size = m->header_size + A.rows * A.cols * sizeof(double);
  ln_mark mark = ln_begin(cx);
  size_t room = strlen(name) + 5;
  char *file = ln_take(cx, room, 1);
  if (!file) return ln_end(cx, mark, LN_EMEMORY);
  snprintf(file, room, "%s.npy", name);
  zip_source_t *source = zip_source_function(archive, give_member, m);
  zip_int64_t index = source ? zip_file_add(archive, file, source, ZIP_FL_ENC_UTF_8) : -1;
  if (index < 0) {
    if (source) zip_source_free(source);
    return ln_end(
        cx, mark,
        ln_fail(cx, LN_EFILE, "the array '%.200s' cannot be added: %s", name, zip_strerror(archive)));
  }
  zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0);
  zip_file_set_dostime(archive, (zip_uint64_t)index, 0, DOS_DATE, 0);
  return ln_end(cx, mark, LN_OK);
}

/* Asked by libzip while it writes. */
static int cancelled(zip_t *archive, void *cx) {
  (void)archive;
  return ln_poll(cx) != LN_OK;
}

/* The archive under the writer's temporary name. */
static ln_status write_archive(ln_context *cx, const char *path, const char *temporary,
                               const char *const names[], const ln_matrix matrices[], size_t n) {
  member *members = ln_take(cx, n, sizeof *members);
  if (!members) return LN_EMEMORY;
  zip_t *archive = zip_open(temporary, ZIP_CREATE | ZIP_TRUNCATE, NULL);
  if (!archive) return ln_fail(cx, LN_EFILE, "%s: cannot be written", path);
  ln_status status = LN_OK;
  for (size_t i = 0; i < n && status == LN_OK; i++)
    status = add_member(cx, archive, &members[i], names[i], matrices[i]);
  zip_register_cancel_callback_with_state(archive, cancelled, NULL, cx);
  if (status == LN_OK && zip_close(archive) == 0) return LN_OK;
  if (status == LN_OK) status = ln_poll(cx);
  if (status == LN_OK)
    status = ln_fail(cx, LN_EFILE, "%s: cannot be written: %s", path, zip_strerror(archive));
  zip_discard(archive);
  return status;
}

ln_status ln_npz_save(ln_context *cx, const char *path, const char *const names[], const ln_matrix matrices[],
                      size_t n) {
  ln_mark mark = ln_begin(cx);
  ln_writer writer;
  ln_status status = ln_writer_open(cx, path, &writer);
  if (status != LN_OK) return ln_end(cx, mark, status);
  char name[256];
  ln_short_name(name, sizeof name, path);
  status = write_archive(cx, name, writer.temporary, names, matrices, n);
  return ln_end(cx, mark, ln_writer_close(cx, &writer, status));
}
