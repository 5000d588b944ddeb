#include "lua/binding.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ALIGNMENT 64

/* ---- the context ---- */

static const char context_key = 0;

void set_context(lua_State *L, ln_context *cx) {
  lua_pushlightuserdata(L, cx);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &context_key);
}

ln_context *context_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &context_key);
  ln_context *cx = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return cx;
}

/* ---- errors ---- */

static int error_to_string(lua_State *L) {
  lua_getfield(L, 1, "message");
  return 1;
}

bool create_error_type(lua_State *L) {
  bool made = luaL_newmetatable(L, ERROR_TYPE);
  if (made) {
    lua_pushcfunction(L, error_to_string);
    lua_setfield(L, -2, "__tostring");
  }
  lua_pop(L, 1);
  return made;
}

void push_error(lua_State *L, ln_status status, const char *message) {
  lua_createtable(L, 0, 4);
  lua_pushstring(L, message);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, ln_status_name(status));
  lua_setfield(L, -2, "code");
  luaL_setmetatable(L, ERROR_TYPE);
}

void push_where(lua_State *L) {
  static const char own[] = "=linnet.";
  lua_Debug caller;
  int level = 1;
  while (lua_getstack(L, level, &caller) && lua_getinfo(L, "S", &caller) &&
         !strncmp(caller.source, own, sizeof own - 1))
    level++;
  luaL_where(L, level);
}

_Noreturn void raise_status(lua_State *L, const char *name, ln_status status) {
  push_where(L);
  lua_pushfstring(L, "%s%s: %s", lua_tostring(L, -1), name, context_of(L)->message);
  if (status == LN_EINTERRUPT || status == LN_ETIME || status == LN_EFLOPS || status == LN_EMEMORY ||
      status == LN_EDENIED || status == LN_EDIVERGED)
    push_error(L, status, lua_tostring(L, -1));
  lua_error(L);
  __builtin_unreachable();
}

_Noreturn void fail(lua_State *L, const char *name, const char *format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  push_where(L);
  lua_pushfstring(L, "%s%s: %s", lua_tostring(L, -1), name, message);
  lua_error(L);
  __builtin_unreachable();
}

_Noreturn void fail_self(lua_State *L, const char *name, const char *kind) {
  fail(L, name, "called without %s, with %s; write %s(...)", kind, describe(L, 1), name);
}

void reserve_stack(lua_State *L, int n) {
  if (!lua_checkstack(L, n)) luaL_error(L, "not enough memory for %d values on the stack", n);
}

const char *describe(lua_State *L, int index) {
  const ln_matrix *A = test_matrix(L, index);
  if (A) return lua_pushfstring(L, "a %Ix%I matrix", (LUAI_UACINT)A->rows, (LUAI_UACINT)A->cols);
  switch (lua_type(L, index)) {
  case LUA_TNIL:
  case LUA_TNONE: return lua_pushliteral(L, "nil");
  case LUA_TBOOLEAN: return lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
  case LUA_TNUMBER:
    if (isnan(lua_tonumber(L, index))) return lua_pushliteral(L, "NaN");
    lua_pushvalue(L, index); /* a copy: lua_tostring would change the number itself */
    return lua_tostring(L, -1);
  case LUA_TSTRING: {
    char text[48];
    snprintf(text, sizeof text, "%s", lua_tostring(L, index));
    return lua_pushfstring(L, "the string '%s'%s", text, lua_rawlen(L, index) >= sizeof text ? "..." : "");
  }
  default: return lua_pushfstring(L, "a %s", luaL_typename(L, index));
  }
}

/* ---- matrices ---- */

/* The metatable is found in the registry by the address of this, and known by the same address in its own
 * entry [1]: a look-up in a table's array, where one by name would cost more than a small matrix's sum. No script
 * can put the address elsewhere. */
static const char matrix_key = 0;

void push_matrix_type(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &matrix_key) != LUA_TNIL) return;
  lua_pop(L, 1);
  lua_createtable(L, 1, 16);
  lua_pushlightuserdata(L, (void *)&matrix_key);
  lua_rawseti(L, -2, 1);
  lua_pushliteral(L, MATRIX_TYPE);
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &matrix_key);
}

static ln_matrix *new_header(lua_State *L, size_t extra, int uservalues) {
  ln_matrix *A = lua_newuserdatauv(L, sizeof *A + extra, uservalues);
  *A = (ln_matrix){.ld = 1}; /* valid and empty, whatever happens next */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &matrix_key);
  lua_setmetatable(L, -2);
  return A;
}

/* Blocks from here on are asked for on trial first, so that a refusal can say how much was wanted. */
#define LARGE_BLOCK ((size_t)1 << 25)

static bool can_be_had(lua_State *L, size_t bytes) {
  void *ud;
  lua_Alloc allocate = lua_getallocf(L, &ud);
  void *block = allocate(ud, NULL, LUA_TUSERDATA, bytes);
  if (block) allocate(ud, block, bytes, 0);
  return block != NULL;
}

/* The name of the C function that runs, as its caller wrote it: for errors of the few calls that give none. */
static const char *running(lua_State *L) {
  lua_Debug call;
  return lua_getstack(L, 0, &call) && lua_getinfo(L, "n", &call) && call.name ? call.name : "matrix";
}

static ln_matrix new_matrix(lua_State *L, const char *name, size_t rows, size_t cols) {
  size_t bytes = rows * cols * sizeof(double), extra = bytes + ALIGNMENT;
  if (extra >= LARGE_BLOCK && !can_be_had(L, extra)) {
    lua_gc(L, LUA_GCCOLLECT, 0);
    if (!can_be_had(L, extra)) {
      ln_fail(context_of(L), LN_EMEMORY, "not enough memory: a %zux%zu matrix takes %zu bytes", rows, cols,
              bytes);
      raise_status(L, name ? name : running(L), LN_EMEMORY);
    }
  }
  ln_matrix *A = new_header(L, extra, 0);
  uintptr_t start = (uintptr_t)(A + 1);
  *A = ln_window((double *)((char *)A + ((start + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - (uintptr_t)A)),
                 rows, cols);
  return *A;
}

ln_matrix push_matrix(lua_State *L, size_t rows, size_t cols) {
  return push_sized_matrix(L, NULL, (lua_Number)rows, (lua_Number)cols); /* above 2^53 refused all the same */
}

ln_matrix push_sized_matrix(lua_State *L, const char *name, lua_Number rows, lua_Number cols) {
  const size_t small = 32767; /* most matrices: nothing about their size can be wrong */
  if (rows >= 0 && rows <= (lua_Number)small && cols >= 0 && cols <= (lua_Number)small) {
    size_t m = (size_t)rows, n = (size_t)cols;
    if ((lua_Number)m == rows && (lua_Number)n == cols) return new_matrix(L, name, m, n);
  }
  size_t bytes;
  if (!name) name = running(L);
  if (rows != floor(rows) || cols != floor(cols))
    fail(L, name, "rows and columns must be whole numbers, got %.14g x %.14g", rows, cols);
  if (ln_check_size(context_of(L), rows, cols, &bytes) != LN_OK) raise_status(L, name, LN_EARG);
  return new_matrix(L, name, (size_t)rows, (size_t)cols);
}

void push_view(lua_State *L, int root, ln_matrix window) {
  root = lua_absindex(L, root);
  ln_matrix *A = new_header(L, 0, 1);
  if (lua_getiuservalue(L, root, 1) == LUA_TNONE) { /* a root itself */
    lua_pop(L, 1);
    lua_pushvalue(L, root);
  }
  lua_setiuservalue(L, -2, 1);
  *A = window;
}

ln_matrix push_column(lua_State *L, const double *numbers, size_t n) {
  ln_matrix A = push_matrix(L, n, 1);
  if (n) memcpy(A.data, numbers, n * sizeof *numbers);
  return A;
}

const ln_matrix *test_matrix(lua_State *L, int index) {
  const ln_matrix *A = lua_touserdata(L, index);
  if (!A || !lua_getmetatable(L, index)) return NULL;
  lua_rawgeti(L, -1, 1);
  bool same = lua_touserdata(L, -1) == &matrix_key;
  lua_pop(L, 2);
  return same ? A : NULL;
}

ln_matrix check_matrix(lua_State *L, int index, const char *name, const char *what) {
  const ln_matrix *A = test_matrix(L, index);
  if (!A) fail(L, name, "%s must be a matrix, got %s", what, describe(L, index));
  return *A;
}

/* One number of a list; `row` is 0 in a plain list. */
static double element(lua_State *L, const char *name, const char *what, lua_Integer row, lua_Integer col) {
  if (lua_type(L, -1) != LUA_TNUMBER) {
    const char *came = describe(L, -1);
    if (row)
      fail(L, name, "%s[%lld][%lld] must be a number, got %s", what, (long long)row, (long long)col, came);
    fail(L, name, "%s[%lld] must be a number, got %s", what, (long long)col, came);
  }
  double x = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return x;
}

/* As #value, which a metamethod may answer with anything. */
static size_t length_of(lua_State *L, int index, const char *name, const char *what) {
  int whole;
  lua_len(L, index);
  lua_Integer length = lua_tointegerx(L, -1, &whole);
  if (!whole || length < 0) fail(L, name, "%s has a list in it whose length is %s", what, describe(L, -1));
  lua_pop(L, 1);
  return (size_t)length;
}

static ln_matrix from_rows(lua_State *L, int index, const char *name, const char *what, size_t rows) {
  if (lua_geti(L, index, 1) != LUA_TTABLE) fail(L, name, "%s[1] changes while it is read", what);
  size_t cols = length_of(L, -1, name, what);
  lua_pop(L, 1);
  ln_matrix A = push_sized_matrix(L, name, (lua_Number)rows, (lua_Number)cols);
  for (size_t i = 0; i < rows; i++) {
    if (lua_geti(L, index, (lua_Integer)i + 1) != LUA_TTABLE)
      fail(L, name, "%s[%zu] must be a row of %zu numbers, got %s", what, i + 1, cols, describe(L, -1));
    size_t count = length_of(L, -1, name, what);
    if (count != cols)
      fail(L, name, "%s: row %zu has %zu numbers and row 1 has %zu", what, i + 1, count, cols);
    for (size_t j = 0; j < cols; j++) {
      lua_geti(L, -1, (lua_Integer)j + 1);
      LN_AT(A, i, j) = element(L, name, what, (lua_Integer)i + 1, (lua_Integer)j + 1);
    }
    lua_pop(L, 1);
  }
  return A;
}

static ln_matrix from_list(lua_State *L, int index, const char *name, const char *what, size_t n) {
  ln_matrix A = push_sized_matrix(L, name, (lua_Number)n, 1);
  for (size_t i = 0; i < n; i++) {
    lua_geti(L, index, (lua_Integer)i + 1);
    A.data[i] = element(L, name, what, 0, (lua_Integer)i + 1);
  }
  return A;
}

ln_matrix convert_matrix(lua_State *L, int index, const char *name, const char *what) {
  const ln_matrix *given = test_matrix(L, index);
  if (given) return *given;
  index = lua_absindex(L, index);
  int top = lua_gettop(L);
  ln_matrix A;
  if (lua_type(L, index) == LUA_TNUMBER) {
    A = push_matrix(L, 1, 1);
    A.data[0] = lua_tonumber(L, index);
  } else if (lua_type(L, index) == LUA_TTABLE) {
    size_t n = length_of(L, index, name, what);
    lua_pushnil(L);
    if (n == 0 && lua_next(L, index))
      fail(L, name, "%s must be a list of numbers or of rows; this table has no entry [1]", what);
    lua_settop(L, top);
    bool rows = lua_geti(L, index, 1) == LUA_TTABLE;
    lua_pop(L, 1);
    A = rows ? from_rows(L, index, name, what, n) : from_list(L, index, name, what, n);
  } else {
    fail(L, name, "%s must be a matrix or a list of numbers, got %s", what, describe(L, index));
  }
  lua_replace(L, index);
  return A;
}

void check_finite(lua_State *L, ln_matrix A, const char *name, const char *what) {
  size_t i, j;
  if (ln_find_not_finite(A, &i, &j))
    fail(L, name, "%s has %s at (%zu, %zu)", what, isnan(LN_AT(A, i, j)) ? "NaN" : "an infinity", i + 1,
         j + 1);
}

double check_number(lua_State *L, int index, const char *name, const char *what) {
  if (lua_type(L, index) != LUA_TNUMBER)
    fail(L, name, "%s must be a number, got %s", what, describe(L, index));
  double x = lua_tonumber(L, index);
  if (isnan(x)) fail(L, name, "%s must be a number, got NaN", what);
  return x;
}

lua_Integer check_integer(lua_State *L, int index, const char *name, const char *what, lua_Integer low,
                          lua_Integer high) {
  int whole = 0;
  lua_Integer n = lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &whole) : 0;
  if (!whole) fail(L, name, "%s must be a whole number, got %s", what, describe(L, index));
  if (n < low && high == LUA_MAXINTEGER)
    fail(L, name, "%s = %lld: must be at least %lld", what, (long long)n, (long long)low);
  if (n < low || n > high)
    fail(L, name, "%s = %lld: must lie between %lld and %lld", what, (long long)n, (long long)low,
         (long long)high);
  return n;
}
