/* file.h: the bytes of files: read as a stream, plain or gzip'd as their content says, and written whole or
 * not at all.
 *
 * All file access of the numerics is here. A failure is LN_EFILE, and its message begins with the name of the
 * file. Before a declared size is believed, and memory asked for, it is held against what the source can
 * still give (ln_source.left). */
#ifndef LN_FILE_H
#define LN_FILE_H

#include <stdint.h>

#include "core/context.h"

/* ---- reading ---- */

typedef struct ln_source {
  char name[256]; /* for messages; the end of it where it is longer */
  uint64_t at;    /* bytes given so far */
  uint64_t left;  /* at most so many are to come; just so many if exact */
  bool exact;

  /* Where the bytes come from: more of them into `to`, *got = 0 at the end. */
  ln_status (*pull)(ln_context *cx, struct ln_source *source, void *to, size_t n, size_t *got);
  void (*close)(struct ln_source *source);
  int file;                              /* -1: none */
  void *member;                          /* of an archive (npz.c) */
  const unsigned char *waiting, *beyond; /* bytes at hand: of a memory, or read ahead from a file */
  unsigned char *buffer;                 /* what they are read into */
  struct z_stream_s *gzip;               /* null: plain */
} ln_source;

/* Opens a regular file; its work space comes from the context and lasts until the caller's ln_end. Nothing is
 * held if it fails; a closed source may be closed again. */
ln_status ln_source_open(ln_context *cx, const char *path, ln_source *source);
/* The same for bytes in memory, which must stay where they are. */
ln_status ln_source_open_memory(ln_context *cx, const char *name, const void *bytes, size_t size,
                                ln_source *source);
void ln_source_close(ln_source *source);

/* Up to n bytes, fewer only at the end. */
ln_status ln_source_read(ln_context *cx, ln_source *source, void *to, size_t n, size_t *got);
/* Just n bytes, else LN_EFILE "NAME: ends in the middle of WHAT". */
ln_status ln_source_need(ln_context *cx, ln_source *source, void *to, size_t n, const char *what);
/* LN_EFILE unless nothing follows. */
ln_status ln_source_finish(ln_context *cx, ln_source *source, const char *what);
/* All that follows, with a zero byte behind it (not counted), in work space. LN_EFILE if it is more than
 * `most`. */
ln_status ln_source_text(ln_context *cx, ln_source *source, size_t most, char **text, size_t *size);
/* Sets "NAME: ..." and returns LN_EFILE. */
ln_status ln_source_fail(ln_context *cx, const ln_source *source, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A name for messages: the path, or "..." and the end of a long one. */
void ln_short_name(char *name, size_t size, const char *path);

/* ---- writing ---- */

/* A file is written under a temporary name in the folder where it will be, and renamed when it is whole;
 * until then, and after any failure, what was there before stays as it was. Links are followed, permissions
 * kept. */
typedef struct ln_writer {
  char *path, *temporary;
  int file;
  unsigned char *buffer;
  size_t filled;
} ln_writer;

ln_status ln_writer_open(ln_context *cx, const char *path, ln_writer *writer);
ln_status ln_write(ln_context *cx, ln_writer *writer, const void *bytes, size_t n);
/* Renames if status is LN_OK, else removes; returns status, or what went wrong now. */
ln_status ln_writer_close(ln_context *cx, ln_writer *writer, ln_status status);

#endif
