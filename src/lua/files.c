#include "lua/files.h"

#include <string.h>

#include "core/embedded.h"
#include "core/npy.h"

void close_files(void *held) {
  open_files *files = held;
  ln_source_close(&files->source);
  ln_npz_close(&files->archive);
}

const char *check_path(lua_State *L, int index, const char *name) {
  if (lua_type(L, index) != LUA_TSTRING)
    fail(L, name, "the path must be a string, got %s", describe(L, index));
  const char *path = lua_tostring(L, index);
  if (strlen(path) != lua_rawlen(L, index)) fail(L, name, "the path has a zero byte in it");
  return path;
}

ln_matrix push_npy(lua_State *L, const char *name, ln_source *source) {
  ln_npy npy;
  check(L, name, ln_npy_header(context_of(L), source, &npy));
  ln_matrix A = push_matrix(L, npy.rows, npy.cols);
  check(L, name, ln_npy_numbers(context_of(L), source, &npy, A));
  return A;
}

void push_npz(lua_State *L, const char *name, const char *path, open_files *files) {
  ln_context *cx = context_of(L);
  check(L, name, ln_npz_open(cx, path, &files->archive));
  lua_createtable(L, 0, (int)files->archive.count);
  for (size_t i = 0; i < files->archive.count; i++) {
    size_t size;
    const char *member = ln_npz_member(&files->archive, i, &size);
    lua_pushlstring(L, member, size);
    check(L, name, ln_npz_source(cx, &files->archive, i, &files->source));
    push_npy(L, name, &files->source);
    ln_source_close(&files->source);
    lua_rawset(L, -3);
  }
}

static ln_status open_any(ln_context *cx, const char *path, bool embedded, ln_source *source) {
  if (!embedded) return ln_source_open(cx, path, source);
  const ln_embedded *file = ln_find_embedded(path);
  if (!file) return ln_fail(cx, LN_EFILE, "%s: is not among the bundled files", path);
  return ln_source_open_memory(cx, path, file->data, file->size, source);
}

void open_source(lua_State *L, const char *name, const char *path, bool embedded, ln_source *source) {
  check(L, name, open_any(context_of(L), path, embedded, source));
}

/* Opens and reads, so that it can be done again where memory was short. */
static ln_status read_text(ln_context *cx, const char *path, bool embedded, ln_source *source, char **text,
                           size_t *size) {
  ln_status status = open_any(cx, path, embedded, source);
  if (status != LN_OK) return status;
  status = ln_source_text(cx, source, LN_CSV_TEXT_MOST, text, size);
  ln_source_close(source);
  return status;
}

ln_csv read_table(lua_State *L, const char *name, const char *path, bool embedded, char separator,
                  ln_csv_header header, open_files *files) {
  ln_context *cx = context_of(L);
  char *text = NULL;
  size_t size = 0;
  ln_csv table;
  check(L, name, read_text(cx, path, embedded, &files->source, &text, &size));
  check(L, name, ln_csv_scan(cx, path, text, size, separator, header, &table));
  return table;
}
