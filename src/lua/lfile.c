/* linnet.file: files written whole or not at all (core/file.h), for linnet's own modules in Lua.
 *
 *     file.write(path, text, call)      errors are errors of `call` */
#include "core/file.h"
#include "lua/binding.h"
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

int luaopen_file(lua_State *L) {
  static const luaL_Reg functions[] = {{"write", file_write}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
