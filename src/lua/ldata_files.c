/* ldata_files.c: tasks from tables of text, IDX files and NumPy's archives. */
#include "lua/ldata_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/idx.h"

#define WORD_MOST 256 /* bytes of a name in a table */
#define CLASSES_MOST 65536

/* ---- words of a table ---- */

static ln_cell *push_cells(lua_State *L, const ln_csv *table) {
  return lua_newuserdatauv(L, table->cols * sizeof(ln_cell), 0);
}

static ln_csv_cursor first_row(const ln_csv *table, ln_cell *cells) {
  ln_csv_cursor cursor = ln_csv_start(table);
  if (table->header) ln_csv_next_row(&cursor, cells);
  return cursor;
}

/* Pushes a list of the words in a column, from top to bottom. */
static void push_words(lua_State *L, const char *name, const ln_csv *table, size_t column,
                       const char *expected) {
  lua_createtable(L, (int)table->rows, 0);
  ln_cell *cells = push_cells(L, table);
  ln_csv_cursor cursor = first_row(table, cells);
  for (size_t r = 0; r < table->rows; r++) {
    char word[WORD_MOST];
    ln_csv_next_row(&cursor, cells);
    const ln_cell *cell = &cells[column];
    if (!cell->size || cell->size >= WORD_MOST) {
      ln_cell_fail(context_of(L), table, cell, column, expected);
      raise_status(L, name, LN_EFILE);
    }
    lua_pushlstring(L, word, ln_cell_word(cell, word, sizeof word));
    lua_rawseti(L, -3, (lua_Integer)r + 1);
  }
  lua_pop(L, 1);
}

/* Pushes a list of the titles of n columns. */
static void push_titles(lua_State *L, const ln_csv *table, const size_t *chosen, size_t n) {
  lua_createtable(L, (int)n, 0);
  ln_cell *cells = push_cells(L, table);
  first_row(table, cells);
  for (size_t k = 0; k < n; k++) {
    char word[WORD_MOST];
    lua_pushlstring(L, word, ln_cell_word(&cells[chosen[k]], word, sizeof word));
    lua_rawseti(L, -3, (lua_Integer)k + 1);
  }
  lua_pop(L, 1);
}

/* ---- classes ---- */

typedef struct word {
  const char *text;
  double number;
  bool is_number;
} word;

/* Numbers first, rising, then words in the order of their bytes. */
static int compare_words(const void *a, const void *b) {
  const word *x = a, *y = b;
  if (x->is_number != y->is_number) return x->is_number ? -1 : 1;
  if (x->is_number && x->number != y->number) return x->number < y->number ? -1 : 1;
  return strcmp(x->text, y->text);
}

/* For the list of words at the top, whose fields are to go into the table at `fields`: labels and classes.
 * Returns how many classes there are. */
static size_t set_classes(lua_State *L, const char *name, int fields) {
  int list = lua_gettop(L);
  size_t rows = lua_rawlen(L, list), count = 0;
  lua_newtable(L); /* word -> true, later its class */
  int known = lua_gettop(L);
  for (size_t r = 1; r <= rows; r++) {
    lua_rawgeti(L, list, (lua_Integer)r);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, known) == LUA_TNIL) {
      if (++count > CLASSES_MOST) fail(L, name, "the labels have more than %d classes", CLASSES_MOST);
      lua_pushvalue(L, -2);
      lua_pushboolean(L, 1);
      lua_rawset(L, known);
    }
    lua_pop(L, 2);
  }
  word *words = lua_newuserdatauv(L, (count ? count : 1) * sizeof *words, 0);
  size_t n = 0;
  for (lua_pushnil(L); lua_next(L, known); lua_pop(L, 1)) {
    words[n].text = lua_tostring(L, -2);
    ln_cell cell = {.text = words[n].text, .size = strlen(words[n].text)};
    words[n].is_number = ln_cell_number(&cell, &words[n].number);
    n++;
  }
  qsort(words, count, sizeof *words, compare_words);
  lua_createtable(L, (int)count, 0);
  for (size_t k = 0; k < count; k++) {
    lua_pushstring(L, words[k].text);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)k + 1);
    lua_pushinteger(L, (lua_Integer)k + 1);
    lua_rawset(L, known);
  }
  lua_setfield(L, fields, "classes");
  ln_matrix labels = push_matrix(L, rows, 1);
  for (size_t r = 0; r < rows; r++) {
    lua_rawgeti(L, list, (lua_Integer)r + 1);
    lua_rawget(L, known);
    labels.data[r] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  lua_setfield(L, fields, "labels");
  lua_settop(L, list);
  return count;
}

/* Y from the labels among the fields, and features that are the classes. */
static void set_one_hot(lua_State *L, int fields, size_t classes) {
  lua_getfield(L, fields, "labels");
  ln_matrix labels = *test_matrix(L, -1);
  push_one_hot(L, labels.data, labels.rows, classes);
  lua_setfield(L, fields, "Y");
  lua_getfield(L, fields, "classes");
  lua_setfield(L, fields, "features");
  lua_pop(L, 1);
}

/* ---- tables of text ---- */

void push_table_fields(lua_State *L, const char *name, const ln_csv *table, const columns *use,
                       double scale) {
  ln_context *cx = context_of(L);
  if (!table->rows) fail(L, name, "%s: has a header and no rows", table->name);
  lua_newtable(L);
  int fields = lua_gettop(L);
  if (use->one_hot_inputs) {
    ln_identity(push_matrix(L, table->rows, table->rows));
  } else {
    ln_matrix X = push_matrix(L, use->input_count, table->rows);
    check(L, name, ln_csv_numbers(cx, table, use->inputs, use->input_count, true, true, X));
    if (scale != 1) ln_scale(scale, X);
  }
  lua_setfield(L, fields, "X");
  if (use->items >= 0) {
    push_words(L, name, table, (size_t)use->items, "a name");
    lua_setfield(L, fields, "items");
  }
  size_t classes = 0;
  if (use->label >= 0) {
    push_words(L, name, table, (size_t)use->label, "a label");
    classes = set_classes(L, name, fields);
    lua_settop(L, fields);
  }
  if (use->one_hot_outputs) {
    set_one_hot(L, fields, classes);
  } else {
    ln_matrix Y = push_matrix(L, use->output_count, table->rows);
    check(L, name, ln_csv_numbers(cx, table, use->outputs, use->output_count, true, true, Y));
    lua_setfield(L, fields, "Y");
  }
  if (table->header && !use->one_hot_inputs) {
    push_titles(L, table, use->inputs, use->input_count);
    lua_setfield(L, fields, "input_names");
  }
  if (table->header && !use->one_hot_outputs) {
    push_titles(L, table, use->outputs, use->output_count);
    lua_setfield(L, fields, "features");
  }
}

/* What a column is used for. */
enum { UNUSED, INPUT, OUTPUT, LABEL, ITEMS };

/* The column that the value at the top names: a title or a number from 1. Pops it. `titles` is the index of
 * the list of titles, 0 if there are none. */
static size_t pop_column(const options *o, const char *option, const ln_csv *table, int titles) {
  lua_State *L = o->L;
  if (lua_type(L, -1) == LUA_TNUMBER) {
    lua_Integer j = check_integer(L, -1, o->call, option, 1, (lua_Integer)table->cols);
    lua_pop(L, 1);
    return (size_t)j - 1;
  }
  if (lua_type(L, -1) != LUA_TSTRING)
    option_fail(o, option, "must name columns of the table or give their numbers, got %s", describe(L, -1));
  const char *title = lua_tostring(L, -1);
  if (!titles)
    option_fail(o, option, "= '%s': the table has no header; give the number of the column", title);
  const char **choices = lua_newuserdatauv(L, (table->cols + 1) * sizeof *choices, 0);
  for (size_t j = 0; j < table->cols; j++) {
    lua_rawgeti(L, titles, (lua_Integer)j + 1);
    choices[j] = lua_tostring(L, -1);
    lua_pop(L, 1);
    if (!strcmp(choices[j], title)) return lua_pop(L, 2), j;
  }
  choices[table->cols] = NULL;
  const char *near = nearest(title, choices);
  if (near) option_fail(o, option, "= '%s' is no column of the table; did you mean '%s'?", title, near);
  option_fail(o, option, "= '%s' is no column of the table; the first is '%s'", title, choices[0]);
}

static void assign_column(const options *o, const char *option, const ln_csv *table, int titles, char *role,
                          char as) {
  size_t j = pop_column(o, option, table, titles);
  if (role[j] != UNUSED) option_fail(o, option, "has column %zu, which is already used", j + 1);
  role[j] = as;
}

/* The columns that an option names, one or a list, get a role. */
static void assign_columns(const options *o, const char *option, const ln_csv *table, int titles, char *role,
                           char as) {
  lua_State *L = o->L;
  int type = option_push(o, option);
  if (type != LUA_TTABLE) {
    if (type == LUA_TNIL)
      lua_pop(L, 1);
    else
      assign_column(o, option, table, titles, role, as);
    return;
  }
  size_t n = (size_t)luaL_len(L, -1);
  if (!n) option_fail(o, option, "must name at least one column");
  for (size_t k = 1; k <= n; k++) {
    lua_geti(L, -1, (lua_Integer)k);
    assign_column(o, option, table, titles, role, as);
  }
  lua_pop(L, 1);
}

static size_t *push_places(lua_State *L, const char *role, size_t cols, char as, size_t *n) {
  size_t *places = lua_newuserdatauv(L, cols * sizeof *places, 0);
  *n = 0;
  for (size_t j = 0; j < cols; j++)
    if (role[j] == as) places[(*n)++] = j;
  return places;
}

static long place_of(const char *role, size_t cols, char as) {
  for (size_t j = 0; j < cols; j++)
    if (role[j] == as) return (long)j;
  return -1;
}

/* Settles what every column is, from the options and, where they are silent: with items and no inputs, an
 * input for each row; else the inputs are the rest. Outputs are the classes of the label, or the rest. */
static columns settle_columns(const options *o, const ln_csv *table, int titles) {
  lua_State *L = o->L;
  char *role = lua_newuserdatauv(L, table->cols, 0);
  memset(role, UNUSED, table->cols);
  assign_columns(o, "inputs", table, titles, role, INPUT);
  assign_columns(o, "outputs", table, titles, role, OUTPUT);
  static const char *const single[] = {"label", "items"};
  for (int i = 0; i < 2; i++) {
    if (!option_given(o, single[i])) continue;
    option_push(o, single[i]);
    assign_column(o, single[i], table, titles, role, i ? ITEMS : LABEL);
  }
  bool inputs = option_given(o, "inputs"), outputs = option_given(o, "outputs"),
       label = option_given(o, "label"), items = option_given(o, "items");
  if (!inputs && !outputs && !label && !items)
    fail(L, o->call,
         "say which columns are outputs or which is the label (inputs=, outputs=, label=, items=)");
  columns use = {.one_hot_inputs = items && !inputs};
  use.one_hot_outputs = !outputs && label && !use.one_hot_inputs;
  char rest = !inputs && !use.one_hot_inputs ? INPUT : !outputs && !use.one_hot_outputs ? OUTPUT : UNUSED;
  for (size_t j = 0; j < table->cols; j++)
    if (role[j] == UNUSED) role[j] = rest;
  use.label = place_of(role, table->cols, LABEL), use.items = place_of(role, table->cols, ITEMS);
  use.inputs = push_places(L, role, table->cols, INPUT, &use.input_count);
  use.outputs = push_places(L, role, table->cols, OUTPUT, &use.output_count);
  if (!use.input_count && !use.one_hot_inputs) fail(L, o->call, "no column is left for the inputs");
  if (!use.output_count && !use.one_hot_outputs) fail(L, o->call, "no column is left for the outputs");
  return use;
}

/* The name of a task from a file: the path without its folder. */
static void set_file_name(lua_State *L, int fields, const char *path) {
  const char *slash = strrchr(path, '/');
  lua_pushstring(L, slash ? slash + 1 : path);
  lua_setfield(L, fields, "name");
}

static int csv(lua_State *L) {
  static const char *const name = "data.csv";
  static const char *const names[] = {"inputs", "outputs", "label", "items", "header", "separator", NULL};
  static const char *const separators[] = {"auto",  ",",         ";",   "\t",    " ",
                                           "comma", "semicolon", "tab", "space", NULL};
  static const char characters[] = {0, ',', ';', '\t', ' ', ',', ';', '\t', ' '};
  open_files *files = lua_touserdata(L, 1);
  const char *path = check_path(L, 2, name);
  options o = options_read(L, 3, name, names);
  char separator = characters[option_choice_or(&o, "separator", separators, 0)];
  ln_csv_header header = LN_HEADER_AUTO;
  int type = option_push(&o, "header");
  if (type == LUA_TBOOLEAN)
    header = lua_toboolean(L, -1) ? LN_HEADER_YES : LN_HEADER_NO;
  else if (type != LUA_TNIL && (type != LUA_TSTRING || strcmp(lua_tostring(L, -1), "auto")))
    option_fail(&o, "header", "must be true, false or 'auto', got %s", describe(L, -1));
  lua_settop(L, 3);

  ln_csv table = read_table(L, name, path, false, separator, header, files);
  int titles = 0;
  if (table.header) {
    size_t *all = lua_newuserdatauv(L, table.cols * sizeof *all, 0);
    for (size_t j = 0; j < table.cols; j++) all[j] = j;
    push_titles(L, &table, all, table.cols);
    titles = lua_gettop(L);
  }
  columns use = settle_columns(&o, &table, titles);
  push_table_fields(L, name, &table, &use, 1);
  set_file_name(L, lua_gettop(L), path);
  make_task(L);
  return 1;
}

/* data.csv(path, { inputs=, outputs=, label=, items=, header="auto", separator="auto" }) */
static int data_csv(lua_State *L) {
  open_files files = NO_FILES;
  lua_settop(L, 2);
  return with_release(L, csv, &files, close_files);
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

const luaL_Reg file_makers[] = {{"csv", data_csv}, {"idx", data_idx}, {"npz", data_npz}, {NULL, NULL}};
