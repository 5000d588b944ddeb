/* lmatrix_files.c: matrices in .npy, .npz and .csv files. */
#include "lua/lmatrix.h"

#include <string.h>
#include <strings.h>

#include "core/csv.h"
#include "core/npy.h"
#include "core/npz.h"
#include "lua/scope.h"

/* ---- what a path says ---- */

typedef enum format { NPY, CSV, NPZ } format;
static const char *const endings[] = {".npy", ".csv", ".npz"};

static const char *check_path(lua_State *L, int index, const char *name) {
  if (lua_type(L, index) != LUA_TSTRING)
    fail(L, name, "the path must be a string, got %s", describe(L, index));
  const char *path = lua_tostring(L, index);
  if (strlen(path) != lua_rawlen(L, index)) fail(L, name, "the path has a zero byte in it");
  return path;
}

static bool ends_with(const char *path, size_t length, const char *ending) {
  size_t n = strlen(ending);
  return length >= n && !strncasecmp(path + length - n, ending, n);
}

/* By the ending of the path; ".gz" behind it does not count when it is read. */
static format format_of(lua_State *L, const char *path, const char *name, bool reading) {
  size_t length = strlen(path);
  if (reading && ends_with(path, length, ".gz")) length -= 3;
  for (int i = NPY; i <= NPZ; i++)
    if (ends_with(path, length, endings[i])) return i;
  fail(L, name, "'%s': what the file is to be must show in its ending; .npy, .csv and .npz are known%s", path,
       reading ? ", the first two also with .gz" : "");
}

/* ---- reading ---- */

typedef struct open_files {
  ln_source source;
  ln_npz archive;
} open_files;

static void close_files(void *held) {
  open_files *files = held;
  ln_source_close(&files->source);
  ln_npz_close(&files->archive);
}

static void push_npy(lua_State *L, const char *name, ln_source *source) {
  ln_npy npy;
  check(L, name, ln_npy_header(context_of(L), source, &npy));
  ln_matrix A = push_matrix(L, npy.rows, npy.cols);
  check(L, name, ln_npy_numbers(context_of(L), source, &npy, A));
}

static ln_status read_text(ln_context *cx, const char *path, ln_source *source, char **text, size_t *size) {
  ln_source_close(source);
  ln_status status = ln_source_open(cx, path, source);
  return status == LN_OK ? ln_source_text(cx, source, LN_CSV_TEXT_MOST, text, size) : status;
}

static void push_csv(lua_State *L, const char *name, const char *path, ln_source *source) {
  ln_context *cx = context_of(L);
  char *text = NULL;
  size_t size = 0;
  check(L, name, read_text(cx, path, source, &text, &size));
  ln_csv table;
  check(L, name, ln_csv_scan(cx, path, text, size, 0, LN_HEADER_AUTO, &table));
  size_t *columns = ln_take(cx, table.cols, sizeof *columns);
  if (!columns) raise_status(L, name, LN_EMEMORY);
  for (size_t j = 0; j < table.cols; j++) columns[j] = j;
  ln_matrix A = push_matrix(L, table.rows, table.cols);
  check(L, name, ln_csv_numbers(cx, &table, columns, table.cols, false, false, A));
}

static void push_npz(lua_State *L, const char *name, const char *path, open_files *files) {
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

static int load(lua_State *L) {
  static const char *const name = "matrix.load";
  open_files *files = lua_touserdata(L, 1);
  const char *path = check_path(L, 2, name);
  switch (format_of(L, path, name, true)) {
  case NPY:
    check(L, name, ln_source_open(context_of(L), path, &files->source));
    push_npy(L, name, &files->source);
    break;
  case CSV: push_csv(L, name, path, &files->source); break;
  case NPZ: push_npz(L, name, path, files); break;
  }
  return 1;
}

/* matrix.load(path): a matrix from .npy or .csv, a table of matrices by name from .npz. */
static int matrix_load(lua_State *L) {
  open_files files = {.source = {.file = -1}};
  lua_settop(L, 1);
  return with_release(L, load, &files, close_files);
}

/* ---- writing ---- */

static void save_one(lua_State *L, const char *name, ln_matrix A, const char *path) {
  ln_context *cx = context_of(L);
  switch (format_of(L, path, name, false)) {
  case NPY: check(L, name, ln_npy_save(cx, path, A)); break;
  case CSV: check(L, name, ln_csv_save(cx, path, A)); break;
  case NPZ: fail(L, name, "'%s': an .npz holds matrices by name; use matrix.save(path, { name = A })", path);
  }
}

/* A:save(path) */
static int save(lua_State *L) {
  ln_matrix A = self(L, "A:save");
  save_one(L, "A:save", A, check_path(L, 2, "A:save"));
  return 0;
}

/* The names of the table at 2 in order, as a list at the top. */
static size_t push_sorted_names(lua_State *L, const char *name) {
  size_t n = 0;
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      fail(L, name, "the matrices of an .npz need names; got one at [%s]", luaL_tolstring(L, -2, NULL));
    const char *key = lua_tostring(L, -2);
    if (!*key || strlen(key) != lua_rawlen(L, -2) || strlen(key) > 200)
      fail(L, name, "a name in an .npz must have 1 to 200 bytes, none of them zero");
    size_t place = ++n; /* insertion keeps the list in order: archives have few members */
    for (; place > 1; place--) {
      lua_rawgeti(L, -3, (lua_Integer)place - 1);
      bool before = strcmp(lua_tostring(L, -1), key) < 0;
      if (before) lua_pop(L, 1);
      if (before) break;
      lua_rawseti(L, -4, (lua_Integer)place);
    }
    lua_pushvalue(L, -2);
    lua_rawseti(L, -4, (lua_Integer)place);
  }
  if (!n) fail(L, name, "there is no matrix to save");
  return n;
}

/* matrix.save(path, { name = A, ... }) for .npz; matrix.save(path, A) for the others. */
static int matrix_save(lua_State *L) {
  static const char *const name = "matrix.save";
  const char *path = check_path(L, 1, name);
  lua_settop(L, 2);
  if (format_of(L, path, name, false) != NPZ) {
    save_one(L, name, convert_matrix(L, 2, name, "A"), path);
    return 0;
  }
  if (!lua_istable(L, 2))
    fail(L, name, "an .npz is made from a table { name = A, ... }, got %s", describe(L, 2));
  size_t n = push_sorted_names(L, name);
  const char **names = lua_newuserdatauv(L, n * sizeof *names, 0);
  ln_matrix *matrices = lua_newuserdatauv(L, n * sizeof *matrices, 0);
  lua_createtable(L, (int)n, 0); /* keeps what was converted */
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, 3, (lua_Integer)i + 1);
    names[i] = lua_tostring(L, -1); /* kept by the list */
    lua_rawget(L, 2);
    matrices[i] = convert_matrix(L, -1, name, names[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  check(L, name, ln_npz_save(context_of(L), path, names, matrices, n));
  return 0;
}

const luaL_Reg matrix_file_methods[] = {{"save", save}, {NULL, NULL}};
const luaL_Reg matrix_file_functions[] = {{"load", matrix_load}, {"save", matrix_save}, {NULL, NULL}};
