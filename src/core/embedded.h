/* embedded.h: files of the source tree (lua/, data/) that the build compiles into the library, under their
 * paths. */
#ifndef LN_EMBEDDED_H
#define LN_EMBEDDED_H

#include <stddef.h>

typedef struct ln_embedded {
  const char *path;          /* "data/iris.csv.gz", "lua/linnet/plot.lua" */
  const unsigned char *data; /* a zero byte follows the last one */
  size_t size;
} ln_embedded;

/* Ends with a null path. */
extern const ln_embedded ln_embedded_files[];

/* The file of that path, or a null pointer. */
const ln_embedded *ln_find_embedded(const char *path);

#endif
