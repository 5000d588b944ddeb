/* lmatrix_print.c: a matrix as text: its shape, then its numbers, rounded, with their points one below the
 * other; what does not fit is left out in the middle. */
#include "lua/lmatrix.h"

#include "lua/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct format {
  int digits, width, rows; /* significant digits, columns of text, lines of numbers */
} format;

#define DIGITS_MAX 17
#define WHOLE_MAX 1e9 /* whole numbers below this are written out */
#define TEXT_MAX 32   /* of a number with so many digits: sign, point and exponent take less than the rest */

/* Each state has a format of its own, at this address in its registry. */
static const char format_key = 0;

static format *format_of(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &format_key) == LUA_TNIL) {
    lua_pop(L, 1);
    format *f = lua_newuserdatauv(L, sizeof *f, 0);
    *f = (format){.digits = 5, .width = 80, .rows = 10};
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &format_key);
  }
  format *f = lua_touserdata(L, -1);
  lua_pop(L, 1); /* the registry holds it */
  return f;
}

/* matrix.format { digits=5, width=80, rows=10 }: sets what is given; returns all three as they were */
static int set_format(lua_State *L) {
  static const char *const names[] = {"digits", "width", "rows", NULL};
  options o = options_read_optional(L, 1, "matrix.format", names);
  const format old = *format_of(L);
  const format new = {
      .digits = (int)option_integer_or(&o, "digits", 1, DIGITS_MAX, old.digits),
      .width = (int)option_integer_or(&o, "width", 20, 100000, old.width),
      .rows = (int)option_integer_or(&o, "rows", 2, 1000000, old.rows),
  };
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, old.digits), lua_setfield(L, -2, "digits");
  lua_pushinteger(L, old.width), lua_setfield(L, -2, "width");
  lua_pushinteger(L, old.rows), lua_setfield(L, -2, "rows");
  *format_of(L) = new;
  return 1;
}

/* ---- layout ---- */

/* Some of n lines: the first `head` and the last `tail`; all when they are n together. */
typedef struct cut {
  size_t n, head, tail;
} cut;

static bool is_cut(cut c) { return c.head + c.tail < c.n; }
static size_t shown(cut c) { return c.head + c.tail; }
/* The k-th that is shown, from 0. */
static size_t nth(cut c, size_t k) { return k < c.head ? k : c.n - shown(c) + k; }

static cut cut_to(size_t n, size_t most) {
  if (n <= most) return (cut){n, n, 0};
  return (cut){n, (most + 1) / 2, most / 2};
}

/* The number as text; returns how many characters stand before its point (or its end). */
static int write_number(char text[TEXT_MAX], double x, int digits) {
  if (isnan(x))
    snprintf(text, TEXT_MAX, "nan"); /* printf may give it a sign */
  else if (x == floor(x) && fabs(x) < WHOLE_MAX)
    snprintf(text, TEXT_MAX, "%.0f", x + 0.0); /* a zero without its sign */
  else
    snprintf(text, TEXT_MAX, "%.*g", digits, x);
  return (int)strcspn(text, ".e");
}

/* How wide a column is before and after the points. */
typedef struct widths {
  int before, after;
} widths;

static widths measure(ln_matrix A, size_t j, cut rows, int digits) {
  widths w = {0, 0};
  for (size_t k = 0; k < shown(rows); k++) {
    char text[TEXT_MAX];
    int before = write_number(text, LN_AT(A, nth(rows, k), j), digits), after = (int)strlen(text) - before;
    if (before > w.before) w.before = before;
    if (after > w.after) w.after = after;
  }
  return w;
}

static int text_width(widths w) { return 2 + w.before + w.after; } /* two spaces between columns */

/* As many columns as fit, taken from both ends in turn; all if all fit. */
static cut fit_columns(ln_matrix A, cut rows, const format *f) {
  int dots = 5, room = f->width;
  size_t j = 0;
  for (; j < A.cols && room >= 0; j++) room -= text_width(measure(A, j, rows, f->digits));
  if (room >= 0) return (cut){A.cols, A.cols, 0};
  cut cols = {A.cols, 0, 0};
  for (room = f->width - dots; shown(cols) < A.cols;) {
    bool head = cols.head <= cols.tail;
    room -= text_width(measure(A, head ? cols.head : A.cols - 1 - cols.tail, rows, f->digits));
    if (room < 0 && shown(cols)) break; /* one at least, however narrow the text */
    if (head)
      cols.head++;
    else
      cols.tail++;
  }
  return cols;
}

static void add_padded(luaL_Buffer *out, const char *text, int before, widths w) {
  for (int i = before; i < w.before + 2; i++) luaL_addchar(out, ' ');
  luaL_addstring(out, text);
}

static void add_row(luaL_Buffer *out, ln_matrix A, size_t i, cut cols, const widths *w, int digits) {
  int behind = 0; /* spaces owed by the number before; none at the end of a line */
  luaL_addchar(out, '\n');
  for (size_t k = 0; k < shown(cols); k++) {
    if (is_cut(cols) && k == cols.head) {
      while (behind-- > 0) luaL_addchar(out, ' ');
      luaL_addstring(out, "  ...");
    }
    char text[TEXT_MAX];
    int before = write_number(text, LN_AT(A, i, nth(cols, k)), digits);
    while (behind-- > 0) luaL_addchar(out, ' ');
    add_padded(out, text, before, w[k]);
    behind = w[k].after - ((int)strlen(text) - before);
  }
  if (is_cut(cols) && cols.tail == 0) luaL_addstring(out, "  ...");
}

/* tostring(A) */
static int to_string(lua_State *L) {
  ln_matrix A = self(L, "tostring");
  const format f = *format_of(L);
  cut rows = cut_to(A.rows, (size_t)f.rows);
  if (!count_of(A)) {
    lua_pushfstring(L, "%Ix%I matrix", (LUAI_UACINT)A.rows, (LUAI_UACINT)A.cols);
    return 1;
  }
  cut cols = fit_columns(A, rows, &f);
  widths *w = lua_newuserdatauv(L, shown(cols) * sizeof *w, 0);
  for (size_t k = 0; k < shown(cols); k++) w[k] = measure(A, nth(cols, k), rows, f.digits);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  char shape[64];
  snprintf(shape, sizeof shape, "%zux%zu matrix", A.rows, A.cols);
  luaL_addstring(&out, shape);
  for (size_t k = 0; k < shown(rows); k++) {
    if (is_cut(rows) && k == rows.head) luaL_addstring(&out, "\n  ...");
    add_row(&out, A, nth(rows, k), cols, w, f.digits);
  }
  luaL_pushresult(&out);
  return 1;
}

const luaL_Reg matrix_print_functions[] = {{"format", set_format}, {NULL, NULL}};
const luaL_Reg matrix_print_events[] = {{"__tostring", to_string}, {NULL, NULL}};
