/* files.h: what bindings that read files share. All of it is called inside with_release (scope.h), which
 * closes what is open. */
#ifndef FILES_H
#define FILES_H

#include "core/csv.h"
#include "core/npz.h"
#include "lua/scope.h"

typedef struct open_files {
  ln_source source;
  ln_npz archive;
} open_files;

#define NO_FILES                                                                                             \
  {                                                                                                          \
    .source = {.file = -1 }                                                                                  \
  }
void close_files(void *held); /* the release of with_release */

/* A path from Lua; raises unless it is a string without zero bytes. */
const char *check_path(lua_State *L, int index, const char *name);

/* Pushes the array of a .npy source. */
ln_matrix push_npy(lua_State *L, const char *name, ln_source *source);
/* Pushes a table with the arrays of a .npz by name. */
void push_npz(lua_State *L, const char *name, const char *path, open_files *files);
/* Opens a file, or one that is compiled into the library if `embedded`. */
void open_source(lua_State *L, const char *name, const char *path, bool embedded, ln_source *source);
/* Reads a table of text and scans it; the text lasts as long as the scope. */
ln_csv read_table(lua_State *L, const char *name, const char *path, bool embedded, char separator,
                  ln_csv_header header, open_files *files);

#endif
