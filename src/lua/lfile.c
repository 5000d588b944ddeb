/* linnet.file: files written whole or not at all (core/file.h), for linnet's own modules in Lua.
 *
 *     file.write(path, text, call)      errors are errors of `call`
 *     file.load(path, call)             as matrix.load
 *     file.save(path, arrays, call)     as matrix.save */
#include "core/file.h"
#include "lua/lmatrix.h"
#include "lua/modules.h"

#include <string.h>

static ln_status write_whole(ln_context *cx, const char *path, const char *text, size_t size) {
  ln_mark mark = ln_begin(cx);
  ln_writer writer;
  ln_status status = ln_writer_open(cx, path, &writer);
  if (status == LN_OK) status = ln_writer_close(cx, &writer, ln_write(cx, &writer, text, size));
  return ln_end(cx, mark, status);
}

static int file_write(lua_State *L) {
  size_t length, size;
  const char *path = luaL_checklstring(L, 1, &length), *text = luaL_checklstring(L, 2, &size);
  const char *call = luaL_checkstring(L, 3);
  if (strlen(path) != length) fail(L, call, "the file's name has a zero byte in it");
  check(L, call, write_whole(context_of(L), path, text, size));
  return 0;
}

/* The call's name leaves the stack: as a constant of the function in Lua that calls it lives on. */
static int file_load(lua_State *L) { return load_matrices(L, luaL_checkstring(L, 2)); }
static int file_save(lua_State *L) { return save_matrices(L, luaL_checkstring(L, 3)); }

int luaopen_file(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"write", file_write}, {"load", file_load}, {"save", file_save}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
