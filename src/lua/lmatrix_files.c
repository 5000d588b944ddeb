/* lmatrix_files.c: matrices in .npy, .npz and .csv files. */
#include "lua/lmatrix.h"

#include <string.h>
#include <strings.h>

#include "core/npy.h"
#include "lua/files.h"

/* ---- what a path says ---- */

typedef enum format { NPY, CSV, NPZ } format;
static const char *const endings[] = {".npy", ".csv", ".npz"};

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

static void push_csv(lua_State *L, const char *name, const char *path, open_files *files) {
  ln_context *cx = context_of(L);
  ln_csv table = read_table(L, name, path, false, 0, LN_HEADER_AUTO, files);
  size_t *columns = lua_newuserdatauv(L, table.cols * sizeof *columns, 0);
  for (size_t j = 0; j < table.cols; j++) columns[j] = j;
  ln_matrix A = push_matrix(L, table.rows, table.cols);
  check(L, name, ln_csv_numbers(cx, &table, columns, table.cols, false, false, A));
}

/* The file at the path in argument 2; argument 3 is the name of the call. */
static int load(lua_State *L) {
  open_files *files = lua_touserdata(L, 1);
  const char *name = lua_tostring(L, 3);
  const char *path = check_path(L, 2, name);
  switch (format_of(L, path, name, true)) {
  case NPY:
    open_source(L, name, path, false, &files->source);
    push_npy(L, name, &files->source);
    break;
  case CSV: push_csv(L, name, path, files); break;
  case NPZ: push_npz(L, name, path, files); break;
  }
  return 1;
}

int load_matrices(lua_State *L, const char *name) {
  open_files files = NO_FILES;
  lua_settop(L, 1);
  lua_pushstring(L, name);
  return with_release(L, load, &files, close_files);
}

/* matrix.load(path): a matrix from .npy or .csv, a table of matrices by name from .npz. */
static int matrix_load(lua_State *L) { return load_matrices(L, "matrix.load"); }

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

int save_matrices(lua_State *L, const char *name) {
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

/* matrix.save(path, { name = A, ... }) for .npz; matrix.save(path, A) for the others. */
static int matrix_save(lua_State *L) { return save_matrices(L, "matrix.save"); }

const luaL_Reg matrix_file_methods[] = {{"save", save}, {NULL, NULL}};
const luaL_Reg matrix_file_functions[] = {{"load", matrix_load}, {"save", matrix_save}, {NULL, NULL}};
