#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER ((size_t)1 << 16)
#define ONCE ((size_t)1 << 22) /* read or written between two polls */

/* deflate never does better than 258 bytes from 2 bits. */
#define INFLATE_MOST 1032

void ln_short_name(char *name, size_t size, const char *path) {
  size_t length = strlen(path);
  if (length < size)
    memcpy(name, path, length + 1);
  else
    snprintf(name, size, "...%s", path + length - (size - 4));
}

ln_status ln_source_fail(ln_context *cx, const ln_source *source, const char *format, ...) {
  char message[700];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return ln_fail(cx, LN_EFILE, "%s: %s", source->name, message);
}

static ln_status fail_path(ln_context *cx, const char *path, const char *what) {
  char name[256];
  ln_short_name(name, sizeof name, path);
  return ln_fail(cx, LN_EFILE, "%s: %s", name, what);
}

/* ---- plain bytes ---- */

static ln_status pull_plain(ln_context *cx, ln_source *source, void *to, size_t n, size_t *got) {
  size_t ready = (size_t)(source->beyond - source->waiting);
  if (ready || source->file < 0) {
    *got = n < ready ? n : ready;
    if (*got) memcpy(to, source->waiting, *got);
    source->waiting += *got;
    return LN_OK;
  }
  ssize_t count;
  do count = read(source->file, to, n < ONCE ? n : ONCE);
  while (count < 0 && errno == EINTR);
  if (count < 0) return ln_source_fail(cx, source, "cannot be read: %s", strerror(errno));
  *got = (size_t)count;
  return LN_OK;
}

/* ---- gzip ---- */

static void *gzip_take(void *cx, unsigned count, unsigned size) { return ln_take(cx, count, size); }
static void gzip_give(void *cx, void *block) { (void)cx, (void)block; /* the caller's ln_end does */ }

/* Makes at least one byte wait, or none at the end of the file. */
static ln_status refill(ln_context *cx, ln_source *source) {
  if (source->waiting < source->beyond || source->file < 0) return LN_OK;
  size_t got;
  ln_status status = pull_plain(cx, source, source->buffer, BUFFER, &got);
  if (status != LN_OK) return status;
  source->waiting = source->buffer, source->beyond = source->buffer + got;
  return LN_OK;
}

static ln_status pull_gzip(ln_context *cx, ln_source *source, void *to, size_t n, size_t *got) {
  z_stream *gzip = source->gzip;
  n = n < ONCE ? n : ONCE;
  gzip->next_out = to, gzip->avail_out = (unsigned)n;
  for (;;) {
    ln_status status = refill(cx, source);
    if (status != LN_OK) return status;
    size_t ready = (size_t)(source->beyond - source->waiting);
    ready = ready < UINT_MAX ? ready : UINT_MAX;
    gzip->next_in = (unsigned char *)(uintptr_t)source->waiting, gzip->avail_in = (unsigned)ready;
    int result = inflate(gzip, Z_NO_FLUSH);
    source->waiting += ready - gzip->avail_in;
    *got = n - gzip->avail_out;
    if (result == Z_STREAM_END) { /* another member may follow */
      if ((status = refill(cx, source)) != LN_OK) return status;
      if (source->waiting < source->beyond && *source->waiting != 0x1f)
        return ln_source_fail(cx, source, "something else follows the gzip data");
      inflateReset(gzip);
      if (source->waiting == source->beyond) {
        source->left = *got, source->exact = true; /* known now; the caller takes *got off */
        source->pull = pull_plain;
        return LN_OK;
      }
    } else if (result == Z_MEM_ERROR) {
      return LN_EMEMORY;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return ln_source_fail(cx, source, "the gzip data are damaged after %llu bytes (%s)",
                            (unsigned long long)source->at + *got,
                            gzip->msg ? gzip->msg : "no more is known");
    } else if (!ready && !*got) {
      return ln_source_fail(cx, source, "the gzip data end too early, after %llu bytes",
                            (unsigned long long)source->at + *got);
    }
    if (*got) return LN_OK;
  }
}

/* ---- sources ---- */

void ln_source_close(ln_source *source) {
  if (source->close) source->close(source);
  if (source->file >= 0) close(source->file);
  source->close = NULL;
  source->file = -1;
}

/* What waits decides: gzip if it begins with gzip's two bytes. `size` bytes are there in all. */
static ln_status begin(ln_context *cx, ln_source *source, uint64_t size) {
  source->left = size, source->exact = true, source->pull = pull_plain;
  if (source->beyond - source->waiting < 2 || source->waiting[0] != 0x1f || source->waiting[1] != 0x8b)
    return LN_OK;
  z_stream *gzip = ln_take(cx, 1, sizeof *gzip);
  if (!gzip) return LN_EMEMORY;
  *gzip = (z_stream){.zalloc = gzip_take, .zfree = gzip_give, .opaque = cx};
  if (inflateInit2(gzip, 16 + MAX_WBITS) != Z_OK) return LN_EMEMORY; /* the context has the message */
  source->gzip = gzip, source->pull = pull_gzip;
  source->left = size * INFLATE_MOST, source->exact = false;
  return LN_OK;
}

ln_status ln_source_open_memory(ln_context *cx, const char *name, const void *bytes, size_t size,
                                ln_source *source) {
  *source = (ln_source){.file = -1, .waiting = bytes, .beyond = (const unsigned char *)bytes + size};
  ln_short_name(source->name, sizeof source->name, name);
  return begin(cx, source, size);
}

ln_status ln_source_open(ln_context *cx, const char *path, ln_source *source) {
  *source = (ln_source){.file = -1};
  ln_short_name(source->name, sizeof source->name, path);
  ln_status status = ln_permit(cx, LN_MAY_READ, source->name);
  if (status != LN_OK) return status;
  source->buffer = ln_take(cx, BUFFER, 1);
  if (!source->buffer) return LN_EMEMORY;
  source->waiting = source->beyond = source->buffer;
  /* Not to hang on a pipe that nobody writes to. */
  source->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (source->file < 0) return ln_source_fail(cx, source, "cannot be opened: %s", strerror(errno));
  struct stat info;
  if (fstat(source->file, &info) != 0)
    status = ln_source_fail(cx, source, "cannot be read: %s", strerror(errno));
  else if (!S_ISREG(info.st_mode))
    status = ln_source_fail(cx, source,
                            S_ISDIR(info.st_mode) ? "is a folder, not a file" : "is not a regular file");
  else if ((status = refill(cx, source)) == LN_OK)
    status = begin(cx, source, (uint64_t)info.st_size);
  if (status != LN_OK) ln_source_close(source);
  return status;
}

ln_status ln_source_read(ln_context *cx, ln_source *source, void *to, size_t n, size_t *got) {
  *got = 0;
  while (*got < n) {
    size_t more;
    ln_status status = ln_poll(cx);
    if (status == LN_OK) status = source->pull(cx, source, (char *)to + *got, n - *got, &more);
    if (status != LN_OK) return status;
    if (!more) break;
    *got += more;
    source->at += more;
    source->left -= more < source->left ? more : source->left;
  }
  return LN_OK;
}

ln_status ln_source_need(ln_context *cx, ln_source *source, void *to, size_t n, const char *what) {
  size_t got;
  ln_status status = ln_source_read(cx, source, to, n, &got);
  if (status == LN_OK && got < n)
    return ln_source_fail(cx, source, "ends in the middle of %s, after %llu bytes", what,
                          (unsigned long long)source->at);
  return status;
}

ln_status ln_source_finish(ln_context *cx, ln_source *source, const char *what) {
  char extra;
  size_t got;
  ln_status status = ln_source_read(cx, source, &extra, 1, &got);
  if (status == LN_OK && got)
    return ln_source_fail(cx, source, "has more bytes than the %llu of %s",
                          (unsigned long long)source->at - 1, what);
  return status;
}

ln_status ln_source_text(ln_context *cx, ln_source *source, size_t most, char **text, size_t *size) {
  size_t room = source->exact && source->left < most ? (size_t)source->left : BUFFER;
  *size = 0;
  *text = ln_take(cx, room + 1, 1);
  if (!*text) return LN_EMEMORY;
  for (;;) {
    size_t got;
    ln_status status = ln_source_read(cx, source, *text + *size, room - *size, &got);
    if (status != LN_OK) return status;
    *size += got;
    if (*size < room || (source->exact && !source->left)) break;
    if (room >= most)
      return ln_source_fail(cx, source, "is larger than the %zu bytes that are read as text", most);
    size_t larger = room < most / 2 ? 2 * room : most;
    char *moved = ln_take(cx, larger + 1, 1);
    if (!moved) return LN_EMEMORY;
    memcpy(moved, *text, *size);
    *text = moved, room = larger;
  }
  (*text)[*size] = 0;
  return LN_OK;
}

/* ---- writing ---- */

static char *take_string(ln_context *cx, size_t size, const char *text) {
  char *copy = ln_take(cx, size, 1);
  if (copy) snprintf(copy, size, "%s", text);
  return copy;
}

/* The file that a path names, through links; itself where there is none yet. */
static ln_status resolve(ln_context *cx, const char *path, char **resolved, mode_t *mode) {
  char buffer[PATH_MAX];
  struct stat info;
  *mode = 0;
  bool there = stat(path, &info) == 0;
  if (there && S_ISDIR(info.st_mode)) return fail_path(cx, path, "cannot be written: it is a folder");
  if (there && !S_ISREG(info.st_mode))
    return fail_path(cx, path, "cannot be written: it is not a regular file");
  if (there && (access(path, W_OK) != 0 || !realpath(path, buffer))) {
    char what[160];
    snprintf(what, sizeof what, "cannot be written: %s", strerror(errno));
    return fail_path(cx, path, what);
  }
  if (there) *mode = info.st_mode & 07777;
  *resolved = take_string(cx, strlen(there ? buffer : path) + 1, there ? buffer : path);
  return *resolved ? LN_OK : LN_EMEMORY;
}

ln_status ln_writer_open(ln_context *cx, const char *path, ln_writer *writer) {
  const int tries = 100;
  mode_t mode;
  *writer = (ln_writer){.file = -1};
  ln_status status = ln_permit(cx, LN_MAY_WRITE, path);
  if (status == LN_OK) status = resolve(cx, path, &writer->path, &mode);
  if (status != LN_OK) return status;
  size_t size = strlen(writer->path) + 40;
  writer->temporary = take_string(cx, size, "");
  writer->buffer = ln_take(cx, BUFFER, 1);
  if (!writer->temporary || !writer->buffer) return LN_EMEMORY;
  for (int i = 0; i < tries && writer->file < 0; i++) {
    snprintf(writer->temporary, size, "%s.%ld-%d.new", writer->path, (long)getpid(), i);
    writer->file = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (writer->file < 0 && errno != EEXIST) break;
  }
  if (writer->file < 0 || (mode && fchmod(writer->file, mode) != 0)) {
    char what[160];
    snprintf(what, sizeof what, "cannot be written: %s", strerror(errno));
    return ln_writer_close(cx, writer, fail_path(cx, path, what));
  }
  return LN_OK;
}

static ln_status write_out(ln_context *cx, ln_writer *writer, const unsigned char *bytes, size_t n) {
  while (n) {
    ln_status status = ln_poll(cx);
    if (status != LN_OK) return status;
    ssize_t count = write(writer->file, bytes, n < ONCE ? n : ONCE);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      char what[160];
      snprintf(what, sizeof what, "cannot be written: %s", strerror(errno));
      return fail_path(cx, writer->path, what);
    }
    bytes += count, n -= (size_t)count;
  }
  return LN_OK;
}

static ln_status flush(ln_context *cx, ln_writer *writer) {
  size_t n = writer->filled;
  writer->filled = 0;
  return write_out(cx, writer, writer->buffer, n);
}

ln_status ln_write(ln_context *cx, ln_writer *writer, const void *bytes, size_t n) {
  if (n > BUFFER - writer->filled) {
    ln_status status = flush(cx, writer);
    if (status != LN_OK) return status;
    if (n >= BUFFER) return write_out(cx, writer, bytes, n);
  }
  memcpy(writer->buffer + writer->filled, bytes, n);
  writer->filled += n;
  return LN_OK;
}

ln_status ln_writer_close(ln_context *cx, ln_writer *writer, ln_status status) {
  if (writer->file < 0) return status;
  if (status == LN_OK) status = flush(cx, writer);
  int bad = close(writer->file);
  writer->file = -1;
  if (status == LN_OK && (bad || rename(writer->temporary, writer->path) != 0)) {
    char what[160];
    snprintf(what, sizeof what, "cannot be written: %s", strerror(errno));
    status = fail_path(cx, writer->path, what);
  }
  if (status != LN_OK) unlink(writer->temporary);
  return status;
}
