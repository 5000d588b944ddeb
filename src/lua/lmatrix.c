/* lmatrix.c: the matrix module: its table, and what A[i], A.name, A[i] = x and #A do. */
#include "lua/lmatrix.h"

#include "lua/modules.h"
#include "lua/options.h"

#include <string.h>

static const luaL_Reg *const methods[] = {
    matrix_view_methods,        matrix_shape_methods,
    matrix_arith_methods,       matrix_inplace_methods,
    matrix_linalg_methods,      matrix_file_methods,
    matrix_elementwise_methods, matrix_reduce_methods,
    matrix_order_methods,       NULL,
};
static const luaL_Reg *const functions[] = {
    matrix_make_functions,        matrix_shape_functions, matrix_file_functions,
    matrix_elementwise_functions, matrix_print_functions, NULL,
};
static const luaL_Reg *const events[] = {
    matrix_arith_events,
    matrix_print_events,
    NULL,
};

/* ---- arguments ---- */

double any_number(lua_State *L, int index, const char *name, const char *what) {
  if (lua_type(L, index) != LUA_TNUMBER)
    fail(L, name, "%s must be a number, got %s", what, describe(L, index));
  return lua_tonumber(L, index);
}

int dimension(lua_State *L, int index, const char *name) {
  return lua_isnoneornil(L, index) ? 0 : (int)check_integer(L, index, name, "the dimension", 1, 2);
}

ln_matrix push_vector(lua_State *L, int index, const char *name, const char *what) {
  lua_pushvalue(L, index);
  ln_matrix A = convert_matrix(L, -1, name, what);
  if (!is_vector(A)) fail(L, name, "%s must be a vector or a list, got %s", what, describe(L, -1));
  if (ln_is_dense(A) && A.cols == 1) return A;
  ln_matrix column = push_matrix(L, count_of(A), 1);
  ln_transpose(A, column);
  lua_remove(L, -2);
  return column;
}

/* ---- A[i], A.name ---- */

/* What `methods` holds for a name that is not a method but a number or a copy. */
enum property { ROWS = 1, COLS, COUNT, TRANSPOSE };
static const struct {
  const char *name;
  enum property property;
} properties[] = {{"rows", ROWS}, {"cols", COLS}, {"count", COUNT}, {"T", TRANSPOSE}};
#define PROPERTIES (sizeof properties / sizeof *properties)

static size_t length_of(ln_matrix A) { return is_vector(A) ? count_of(A) : A.rows; }

static int length(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)length_of(self(L, "#")));
  return 1;
}

static int push_property(lua_State *L, ln_matrix A, lua_Integer property) {
  switch (property) {
  case ROWS: lua_pushinteger(L, (lua_Integer)A.rows); break;
  case COLS: lua_pushinteger(L, (lua_Integer)A.cols); break;
  case COUNT: lua_pushinteger(L, (lua_Integer)count_of(A)); break;
  default: ln_transpose(A, push_matrix(L, A.cols, A.rows));
  }
  return 1;
}

/* Raises for a name that a matrix doesn't have; the nearest that it has is looked for among all. */
static _Noreturn void unknown_name(lua_State *L, const char *name) {
  size_t n = PROPERTIES, k = 0;
  for (size_t i = 0; methods[i]; i++)
    for (const luaL_Reg *r = methods[i]; r->name; r++) n++;
  const char **names = lua_newuserdatauv(L, (n + 1) * sizeof *names, 0);
  for (size_t i = 0; i < PROPERTIES; i++) names[k++] = properties[i].name;
  for (size_t i = 0; methods[i]; i++)
    for (const luaL_Reg *r = methods[i]; r->name; r++) names[k++] = r->name;
  names[n] = NULL;
  const char *likely = nearest(name, names);
  if (likely) fail(L, "matrix", "there is no A.%s; did you mean %s?", name, likely);
  fail(L, "matrix", "there is no A.%s", name);
}

static _Noreturn void bad_index(lua_State *L, ln_matrix A, int index) {
  const char *came = describe(L, index);
  size_t n = length_of(A);
  if (is_vector(A))
    fail(L, "matrix", "A[%s]: A is a %zux%zu vector; whole numbers from 1 to %zu are valid", came, A.rows,
         A.cols, n);
  fail(L, "matrix", "A[%s]: A is a %zux%zu matrix, and A[i] a row; whole numbers from 1 to %zu are valid",
       came, A.rows, A.cols, n);
}

/* The index at `index`, from 0; any that is out of range comes out as at least the length. */
static size_t read_index(lua_State *L, int index, ln_matrix A) {
  int whole;
  lua_Integer i = lua_tointegerx(L, index, &whole);
  if (!whole || lua_type(L, index) != LUA_TNUMBER) bad_index(L, A, index);
  return (size_t)i - 1;
}

static double *element_of(ln_matrix A, size_t i) { return A.cols == 1 ? A.data + i : A.data + i * A.ld; }

static int read(lua_State *L) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    int type = lua_rawget(L, lua_upvalueindex(1));
    if (type == LUA_TFUNCTION) return 1; /* which looks itself at what it is called on */
    if (type == LUA_TNUMBER) return push_property(L, self(L, "matrix"), lua_tointeger(L, -1));
    unknown_name(L, lua_tostring(L, 2));
  }
  ln_matrix A = self(L, "matrix");
  size_t i = read_index(L, 2, A), n = length_of(A);
  if (i < n && is_vector(A)) {
    lua_pushnumber(L, *element_of(A, i));
  } else if (i < n) {
    push_view(L, 1, ln_block_of(A, i, 0, 1, A.cols));
  } else if (i == n) {
    lua_pushnil(L); /* ends a loop over ipairs(A) */
  } else {
    bad_index(L, A, 2);
  }
  return 1;
}

static int write(lua_State *L) {
  ln_matrix A = self(L, "A[i] = x");
  if (lua_type(L, 2) == LUA_TSTRING)
    fail(L, "matrix", "A.%s can't be assigned to; numbers are written as A[i][j] = x or A:set(i, j, x)",
         lua_tostring(L, 2));
  size_t i = read_index(L, 2, A);
  if (i >= length_of(A)) bad_index(L, A, 2);
  if (is_vector(A)) {
    *element_of(A, i) = any_number(L, 3, "A[i] = x", "x");
    return 0;
  }
  if (lua_type(L, 3) == LUA_TNUMBER)
    fail(L, "matrix", "A[i] = x: A is a %zux%zu matrix, and A[i] a row; write A[i][j] = x or A[i]:fill(x)",
         A.rows, A.cols);
  ln_matrix row = push_vector(L, 3, "A[i] = x", "x");
  if (row.rows != A.cols)
    fail(L, "matrix", "A[i] = x: a row of A has %zu numbers and x has %zu", A.cols, row.rows);
  for (size_t j = 0; j < A.cols; j++) LN_AT(A, i, j) = row.data[j];
  return 0;
}

/* ---- matrix {...} ---- */

static int call(lua_State *L) { /* 1 is the module itself */
  const char *name = "matrix";
  if (lua_gettop(L) > 2)
    fail(L, name, "takes one list of numbers or of rows; matrix.zeros(m, n) takes sizes");
  const ln_matrix *A = test_matrix(L, 2);
  if (A) {
    ln_copy(*A, push_matrix(L, A->rows, A->cols));
    return 1;
  }
  if (lua_type(L, 2) != LUA_TTABLE)
    fail(L, name, "a list of numbers or of rows is needed, got %s", describe(L, 2));
  convert_matrix(L, 2, name, "the list");
  lua_settop(L, 2);
  return 1;
}

/* ---- the module ---- */

static void set_all(lua_State *L, const luaL_Reg *const lists[]) {
  for (; *lists; lists++) luaL_setfuncs(L, *lists, 0);
}

int luaopen_matrix(lua_State *L) {
  push_matrix_type(L);
  set_all(L, events);
  lua_newtable(L);
  set_all(L, methods);
  for (size_t i = 0; i < PROPERTIES; i++) {
    lua_pushinteger(L, properties[i].property);
    lua_setfield(L, -2, properties[i].name);
  }
  lua_pushcclosure(L, read, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, write);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, length);
  lua_setfield(L, -2, "__len");
  lua_pushliteral(L, MATRIX_TYPE); /* what getmetatable(A) gives: scripts tell a matrix by it */
  lua_setfield(L, -2, "__metatable");

  lua_newtable(L);
  set_all(L, functions);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, call);
  lua_setfield(L, -2, "__call");
  lua_setmetatable(L, -2);
  return 1;
}
