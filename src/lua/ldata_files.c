/* ldata_files.c: tasks from IDX files and NumPy's archives. */
#include "lua/ldata_parts.h"

#include <math.h>
#include <string.h>

#include "core/idx.h"

void set_file_name(lua_State *L, int fields, const char *path) {
  const char *slash = strrchr(path, '/');
  lua_pushstring(L, slash ? slash + 1 : path);
  lua_setfield(L, fields, "name");
}

/* ---- IDX ---- */

static ln_idx read_header(lua_State *L, const char *name, const char *path, bool embedded,
                          open_files *files) {
  ln_idx idx;
  open_source(L, name, path, embedded, &files->source);
  check(L, name, ln_idx_header(context_of(L), &files->source, &idx));
  return idx;
}

/* Class numbers from 0 in the file, from 1 in the task. */
static void set_idx_labels(lua_State *L, const char *name, int fields, const char *path, bool embedded,
                           size_t items, open_files *files) {
  ln_idx idx = read_header(L, name, path, embedded, files);
  if (idx.values != 1) fail(L, name, "%s: has %zu numbers for each item; a label is one", path, idx.values);
  if (idx.items != items)
    fail(L, name, "%s: has %zu labels, and there are %zu images", path, idx.items, items);
  ln_matrix labels = push_matrix(L, items, 1);
  ln_matrix row = {labels.data, 1, items, 1};
  check(L, name, ln_idx_numbers(context_of(L), &files->source, &idx, 1, row));
  ln_source_close(&files->source);
  size_t classes = 0;
  for (size_t j = 0; j < items; j++) {
    double label = labels.data[j];
    if (!(label >= 0 && label < CLASSES_MOST && label == floor(label)))
      fail(L, name, "%s: label %zu is %g; labels are whole numbers from 0 to %d", path, j + 1, label,
           CLASSES_MOST - 1);
    labels.data[j] = label + 1;
    if (label + 1 > (double)classes) classes = (size_t)label + 1;
  }
  lua_setfield(L, fields, "labels");
  lua_createtable(L, (int)classes, 0);
  for (size_t k = 0; k < classes; k++) {
    lua_pushfstring(L, "%d", (int)k);
    lua_rawseti(L, -2, (lua_Integer)k + 1);
  }
  lua_setfield(L, fields, "classes");
  set_one_hot(L, fields, classes);
}

void push_idx_fields(lua_State *L, const char *name, const char *images, const char *labels, bool embedded,
                     open_files *files) {
  ln_idx idx = read_header(L, name, images, embedded, files);
  if (!idx.items || !idx.values)
    fail(L, name, "%s: has %zu items of %zu numbers", images, idx.items, idx.values);
  lua_newtable(L);
  int fields = lua_gettop(L);
  ln_matrix X = push_matrix(L, idx.values, idx.items);
  double scale = idx.type == LN_IDX_UNSIGNED_BYTE ? 1.0 / 255 : 1;
  check(L, name, ln_idx_numbers(context_of(L), &files->source, &idx, scale, X));
  ln_source_close(&files->source);
  check_finite(L, X, name, images);
  lua_pushvalue(L, -1);
  lua_setfield(L, fields, "Y");
  lua_setfield(L, fields, "X");
  if (idx.dimensions == 3) {
    lua_createtable(L, 2, 0);
    for (int i = 1; i <= 2; i++) lua_pushinteger(L, (lua_Integer)idx.size[i]), lua_rawseti(L, -2, i);
    lua_setfield(L, fields, "image");
  }
  if (labels) set_idx_labels(L, name, fields, labels, embedded, idx.items, files);
}

static int idx_task(lua_State *L) {
  static const char *const name = "data.idx";
  open_files *files = lua_touserdata(L, 1);
  const char *images = check_path(L, 2, name), *labels = lua_isnil(L, 3) ? NULL : check_path(L, 3, name);
  push_idx_fields(L, name, images, labels, false, files);
  set_file_name(L, lua_gettop(L), images);
  make_task(L);
  return 1;
}

/* data.idx(images [, labels]): pixels of one byte scale to [0, 1], row after row; without labels the outputs
 * are the inputs. */
static int data_idx(lua_State *L) {
  open_files files = NO_FILES;
  lua_settop(L, 2);
  return with_release(L, idx_task, &files, close_files);
}

/* ---- NumPy ---- */

/* "a, b, c": the names of the arrays in the table at `archive`. */
static const char *push_array_names(lua_State *L, int archive) {
  lua_pushliteral(L, "");
  for (lua_pushnil(L); lua_next(L, archive); lua_pop(L, 1)) {
    lua_pushfstring(L, *lua_tostring(L, -3) ? "%s, %s" : "%s%s", lua_tostring(L, -3), lua_tostring(L, -2));
    lua_replace(L, -4);
  }
  return lua_tostring(L, -1);
}

/* Pushes the array in the table at `archive` that an option names, with examples in columns. */
static ln_matrix push_array(const options *o, const char *option, const char *otherwise, int archive,
                            bool in_rows) {
  lua_State *L = o->L;
  const char *array = option_string_or(o, option, otherwise);
  if (lua_getfield(L, archive, array) == LUA_TNIL)
    option_fail(o, option, "= '%s': the archive has no such array; it has %s", array,
                push_array_names(L, archive));
  ln_matrix A = *test_matrix(L, -1);
  check_finite(L, A, o->call, array);
  if (!in_rows) return A;
  ln_matrix T = push_matrix(L, A.cols, A.rows);
  ln_transpose(A, T);
  lua_remove(L, -2);
  return T;
}

/* The labels among the fields, from an array of class numbers. Returns how many classes there are. */
static size_t set_array_labels(const options *o, int fields, int archive, size_t examples) {
  lua_State *L = o->L;
  ln_matrix A = push_array(o, "labels", "labels", archive, false);
  if (A.rows * A.cols != examples || (A.rows != 1 && A.cols != 1))
    option_fail(o, "labels", "must have one number for each of the %zu examples, got %s", examples,
                describe(L, -1));
  lua_createtable(L, (int)examples, 0);
  for (size_t j = 0; j < examples; j++) {
    double x = A.cols == 1 ? A.data[j] : A.data[j * A.ld];
    lua_Integer whole;
    if (lua_numbertointeger(x, &whole) && (double)whole == x)
      lua_pushfstring(L, "%I", (LUAI_UACINT)whole);
    else
      lua_pushfstring(L, "%f", x);
    lua_rawseti(L, -2, (lua_Integer)j + 1);
  }
  size_t classes = set_classes(L, o->call, fields);
  lua_settop(L, fields);
  return classes;
}

static int npz(lua_State *L) {
  static const char *const name = "data.npz";
  static const char *const names[] = {"inputs", "outputs", "labels", "rows", NULL};
  open_files *files = lua_touserdata(L, 1);
  const char *path = check_path(L, 2, name);
  options o = options_read_optional(L, 3, name, names);
  bool in_rows = option_flag_or(&o, "rows", false);
  push_npz(L, name, path, files);
  int archive = lua_gettop(L);
  lua_newtable(L);
  int fields = lua_gettop(L);
  ln_matrix X = push_array(&o, "inputs", "X", archive, in_rows);
  if (!X.rows || !X.cols)
    option_fail(&o, "inputs", "is a %zux%zu array; a task needs an example", X.rows, X.cols);
  lua_setfield(L, fields, "X");
  size_t classes = option_given(&o, "labels") ? set_array_labels(&o, fields, archive, X.cols) : 0;
  if (classes && !option_given(&o, "outputs")) {
    set_one_hot(L, fields, classes);
  } else {
    ln_matrix Y = push_array(&o, "outputs", "Y", archive, in_rows);
    if (Y.cols != X.cols || !Y.rows)
      fail(L, name,
           "the inputs are %zux%zu and the outputs %zux%zu; a column is an example (rows = true: a row)",
           X.rows, X.cols, Y.rows, Y.cols);
    lua_setfield(L, fields, "Y");
  }
  set_file_name(L, fields, path);
  make_task(L);
  return 1;
}

/* data.npz(path, { inputs="X", outputs="Y", labels=, rows=false }): arrays by name; a column is an example,
 * or a row with rows = true; labels (class numbers) become one-hot outputs unless outputs are named. */
static int data_npz(lua_State *L) {
  open_files files = NO_FILES;
  lua_settop(L, 2);
  return with_release(L, npz, &files, close_files);
}

const luaL_Reg file_makers[] = {{"idx", data_idx}, {"npz", data_npz}, {NULL, NULL}};
