/* npz.h: NumPy's archives of arrays: a zip file of .npy members, stored or deflated. */
#ifndef LN_NPZ_H
#define LN_NPZ_H

#include "core/file.h"
#include "core/matrix.h"

typedef struct ln_npz {
  char name[256]; /* for messages */
  struct zip *archive;
  size_t count;   /* of members */
  uint64_t bytes; /* of the whole file */
} ln_npz;

/* Opens an archive of which every member is a .npy, each name is there once and no member declares more than
 * its compressed bytes can hold. A closed one may be closed again. */
ln_status ln_npz_open(ln_context *cx, const char *path, ln_npz *npz);
void ln_npz_close(ln_npz *npz);
/* The name of member i without ".npy": *size bytes, not zero-ended. */
const char *ln_npz_member(const ln_npz *npz, size_t i, size_t *size);
/* Opens member i for ln_npy_header and ln_npy_numbers; close it before the archive. The end of a member's
 * source is where its checksum is found right or wrong. */
ln_status ln_npz_source(ln_context *cx, const ln_npz *npz, size_t i, ln_source *source);

/* Writes an archive of n matrices, stored, in the order given: the same matrices give the same bytes. */
ln_status ln_npz_save(ln_context *cx, const char *path, const char *const names[], const ln_matrix matrices[],
                      size_t n);

#endif
