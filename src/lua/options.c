#include "lua/options.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- names ---- */

#define WORD_MAX 40

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Optimal string alignment: insertions, deletions, changes and swaps of neighbours cost 1. */
static size_t edit_distance(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b);
  if (n > WORD_MAX || m > WORD_MAX) return WORD_MAX;
  size_t d[WORD_MAX + 1][WORD_MAX + 1];
  for (size_t i = 0; i <= n; i++) d[i][0] = i;
  for (size_t j = 0; j <= m; j++) d[0][j] = j;
  for (size_t i = 1; i <= n; i++)
    for (size_t j = 1; j <= m; j++) {
      d[i][j] = smaller(smaller(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = smaller(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[n][m];
}

const char *nearest(const char *word, const char *const choices[]) {
  const char *best = NULL;
  size_t least = strlen(word) / 3 + 2;
  for (; *choices; choices++) {
    size_t distance = edit_distance(word, *choices);
    if (distance < least && distance < strlen(*choices)) least = distance, best = *choices;
  }
  return best;
}

/* "a, b, c" on the Lua stack. */
const char *push_list(lua_State *L, const char *const choices[]) {
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (size_t i = 0; choices[i]; i++) {
    if (i) luaL_addstring(&text, ", ");
    luaL_addstring(&text, choices[i]);
  }
  luaL_pushresult(&text);
  return lua_tostring(L, -1);
}

static bool known(const char *name, const char *const names[]) {
  for (; *names; names++)
    if (!strcmp(name, *names)) return true;
  return false;
}

options options_read(lua_State *L, int index, const char *call, const char *const names[]) {
  index = lua_absindex(L, index);
  if (lua_type(L, index) != LUA_TTABLE)
    fail(L, call, "a table of options is needed (%s), got %s", push_list(L, names), describe(L, index));
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      const char *key = luaL_tolstring(L, -2, NULL); /* before the list, which goes on top */
      fail(L, call, "options have names (%s); got a value at [%s]", push_list(L, names), key);
    }
    const char *name = lua_tostring(L, -2);
    if (known(name, names)) continue;
    const char *likely = nearest(name, names);
    if (likely) fail(L, call, "unknown option '%s'; did you mean '%s'?", name, likely);
    fail(L, call, "unknown option '%s'; it takes %s", name, push_list(L, names));
  }
  return (options){L, index, call};
}

options options_read_optional(lua_State *L, int index, const char *call, const char *const names[]) {
  if (lua_isnoneornil(L, index)) return (options){L, 0, call};
  return options_read(L, index, call, names);
}

bool option_given(const options *o, const char *name) {
  bool given = option_push(o, name) != LUA_TNIL;
  lua_pop(o->L, 1);
  return given;
}

int option_push(const options *o, const char *name) {
  if (o->index) return lua_getfield(o->L, o->index, name);
  lua_pushnil(o->L);
  return LUA_TNIL;
}

_Noreturn void option_fail(const options *o, const char *name, const char *format, ...) {
  char message[900];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  fail(o->L, o->call, "%s %s", name, message);
}

void option_exclusive(const options *o, const char *name, const char *other) {
  if (option_given(o, name) && option_given(o, other))
    fail(o->L, o->call, "%s and %s exclude each other; give one", name, other);
}

/* ---- numbers ---- */

/* Reads a number that must lie in [low, high] (above low if open); `sense` says so in words. */
static double number(const options *o, const char *name, double low, double high, bool open,
                     const char *sense) {
  if (option_push(o, name) != LUA_TNUMBER)
    option_fail(o, name, "must be %s, got %s", sense, describe(o->L, -1));
  double x = lua_tonumber(o->L, -1);
  lua_pop(o->L, 1);
  if (!(x >= low && x <= high) || (open && x == low)) {
    lua_pushnumber(o->L, x);
    option_fail(o, name, "must be %s, got %s", sense, describe(o->L, -1));
  }
  return x;
}

static const double largest = 1.7976931348623157e308;

double option_number(const options *o, const char *name) {
  return number(o, name, -largest, largest, false, "a finite number");
}
double option_number_or(const options *o, const char *name, double otherwise) {
  return option_given(o, name) ? option_number(o, name) : otherwise;
}
double option_positive(const options *o, const char *name) {
  return number(o, name, 0, largest, true, "a number above 0");
}
double option_positive_or(const options *o, const char *name, double otherwise) {
  return option_given(o, name) ? option_positive(o, name) : otherwise;
}
double option_nonnegative(const options *o, const char *name) {
  return number(o, name, 0, largest, false, "a number >= 0");
}
double option_nonnegative_or(const options *o, const char *name, double otherwise) {
  return option_given(o, name) ? option_nonnegative(o, name) : otherwise;
}
double option_between(const options *o, const char *name, double low, double high) {
  char sense[80];
  snprintf(sense, sizeof sense, "a number between %g and %g", low, high);
  return number(o, name, low, high, false, sense);
}
double option_between_or(const options *o, const char *name, double low, double high, double otherwise) {
  return option_given(o, name) ? option_between(o, name, low, high) : otherwise;
}

lua_Integer option_integer(const options *o, const char *name, lua_Integer low, lua_Integer high) {
  option_push(o, name);
  lua_Integer n = check_integer(o->L, -1, o->call, name, low, high);
  lua_pop(o->L, 1);
  return n;
}
lua_Integer option_integer_or(const options *o, const char *name, lua_Integer low, lua_Integer high,
                              lua_Integer otherwise) {
  return option_given(o, name) ? option_integer(o, name, low, high) : otherwise;
}

/* ---- words ---- */

bool option_flag_or(const options *o, const char *name, bool otherwise) {
  int type = option_push(o, name);
  if (type != LUA_TNIL && type != LUA_TBOOLEAN)
    option_fail(o, name, "must be true or false, got %s", describe(o->L, -1));
  bool flag = type == LUA_TNIL ? otherwise : lua_toboolean(o->L, -1);
  lua_pop(o->L, 1);
  return flag;
}

const char *option_string(const options *o, const char *name) {
  if (option_push(o, name) != LUA_TSTRING)
    option_fail(o, name, "must be a string, got %s", describe(o->L, -1));
  const char *text = lua_tostring(o->L, -1);
  lua_pop(o->L, 1); /* the table holds it */
  return text;
}
const char *option_string_or(const options *o, const char *name, const char *otherwise) {
  return option_given(o, name) ? option_string(o, name) : otherwise;
}

int option_choice(const options *o, const char *name, const char *const choices[]) {
  if (option_push(o, name) != LUA_TSTRING) {
    int value = lua_gettop(o->L);
    option_fail(o, name, "must be one of %s; got %s", push_list(o->L, choices), describe(o->L, value));
  }
  const char *word = lua_tostring(o->L, -1);
  for (int i = 0; choices[i]; i++)
    if (!strcmp(word, choices[i])) return lua_pop(o->L, 1), i;
  const char *likely = nearest(word, choices);
  if (likely) option_fail(o, name, "= '%s' is not known; did you mean '%s'?", word, likely);
  option_fail(o, name, "= '%s' is not known; it is one of %s", word, push_list(o->L, choices));
}
int option_choice_or(const options *o, const char *name, const char *const choices[], int otherwise) {
  return option_given(o, name) ? option_choice(o, name, choices) : otherwise;
}

ln_stream option_stream(const options *o, enum ln_purpose purpose) {
  lua_Integer seed = option_integer_or(o, "seed", LUA_MININTEGER, LUA_MAXINTEGER, 0);
  return ln_stream_of((uint64_t)seed, purpose);
}

void option_function(const options *o, const char *name) {
  int type = option_push(o, name);
  if (type != LUA_TNIL && type != LUA_TFUNCTION)
    option_fail(o, name, "must be a function, got %s", describe(o->L, -1));
}

/* ---- matrices and times ---- */

ln_matrix option_matrix(const options *o, const char *name) {
  option_push(o, name);
  ln_matrix A = convert_matrix(o->L, -1, o->call, name);
  check_finite(o->L, A, o->call, name);
  return A;
}

ln_matrix option_matrix_sized(const options *o, const char *name, size_t rows, size_t cols) {
  ln_matrix A = option_matrix(o, name);
  if (A.rows != rows || A.cols != cols)
    option_fail(o, name, "must be %zux%zu, got %s", rows, cols, describe(o->L, -1));
  return A;
}

ln_matrix option_vector(const options *o, const char *name) {
  ln_matrix A = option_matrix(o, name);
  if (A.cols != 1 && A.rows != 1) option_fail(o, name, "must be a vector, got %s", describe(o->L, -1));
  if (A.cols == 1) return A;
  ln_matrix column = push_matrix(o->L, A.cols, 1);
  ln_transpose(A, column);
  lua_remove(o->L, -2);
  return column;
}

times argument_numbers(lua_State *L, int index, const char *call, const char *name) {
  index = lua_absindex(L, index);
  int type = lua_type(L, index);
  ln_matrix A = convert_matrix(L, index, call, name);
  times t = {.n = A.rows * A.cols, .rows = A.rows, .cols = A.cols, .shape = TIMES_MATRIX};
  if (type == LUA_TNUMBER) t.shape = TIMES_NUMBER;
  if (type == LUA_TTABLE && A.cols == 1) t.shape = TIMES_LIST;
  if (!ln_is_dense(A)) {
    ln_matrix dense = push_matrix(L, A.rows, A.cols);
    ln_copy(A, dense);
    lua_replace(L, index);
    A = dense;
  }
  t.data = A.data;
  for (size_t i = 0; i < t.n; i++)
    if (isnan(t.data[i])) fail(L, call, "%s must be numbers; number %zu is NaN", name, i + 1);
  return t;
}

times option_numbers(const options *o, const char *name) {
  option_push(o, name);
  return argument_numbers(o->L, -1, o->call, name);
}

times option_times(const options *o, const char *name) {
  times t = option_numbers(o, name);
  for (size_t i = 0; i < t.n; i++)
    if (!(t.data[i] >= 0)) option_fail(o, name, "must be >= 0; number %zu is %g", i + 1, t.data[i]);
  return t;
}

double *push_like_times(lua_State *L, const times *t) { return push_matrix(L, t->rows, t->cols).data; }

int pop_like_times(lua_State *L, const times *t) {
  const ln_matrix *A = test_matrix(L, -1);
  if (t->shape == TIMES_NUMBER) {
    lua_pushnumber(L, A->data[0]);
  } else if (t->shape == TIMES_LIST) {
    lua_createtable(L, (int)t->n, 0);
    for (size_t i = 0; i < t->n; i++) {
      lua_pushnumber(L, A->data[i]);
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
  }
  return 1;
}
