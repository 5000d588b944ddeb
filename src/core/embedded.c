#include "core/embedded.h"

#include <string.h>

const ln_embedded *ln_find_embedded(const char *path) {
  for (const ln_embedded *file = ln_embedded_files; file->path; file++)
    if (!strcmp(file->path, path)) return file;
  return NULL;
}
