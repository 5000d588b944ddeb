/* ldata_csv.c: tasks from tables of text. */
#include "lua/ldata_parts.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MOST 256 /* bytes of a name in a table */

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

size_t set_classes(lua_State *L, const char *name, int fields) {
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

void set_one_hot(lua_State *L, int fields, size_t classes) {
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

const luaL_Reg table_makers[] = {{"csv", data_csv}, {NULL, NULL}};
