/* binding.h: what every binding uses: the context of a state, matrices as Lua values, errors.
 *
 * A binding reads and checks all its arguments, then allocates its results as Lua values, then computes, then
 * returns. Nothing is held across a Lua error, and no Lua function is called while the numerics hold work
 * space. */
#ifndef BINDING_H
#define BINDING_H

#include <lauxlib.h>
#include <lua.h>

#include "core/matrix.h"

#define MATRIX_TYPE "linnet.Matrix" /* what getmetatable gives of a matrix */
#define ERROR_TYPE "linnet.Error"

/* ---- the context ---- */

void set_context(lua_State *L, ln_context *cx); /* once for each state, by whoever made it */
ln_context *context_of(lua_State *L);

/* ---- errors ---- */

/* Calls the numerics and raises what they refuse as an error of `name`. Where memory was short it collects
 * fully and calls once more: the numerics change nothing before they have their memory. */
#define check(L, name, call)                                                                                 \
  do {                                                                                                       \
    ln_status check_status = (call);                                                                         \
    if (check_status == LN_EMEMORY) {                                                                        \
      lua_gc((L), LUA_GCCOLLECT, 0);                                                                         \
      check_status = (call);                                                                                 \
    }                                                                                                        \
    if (check_status != LN_OK) raise_status((L), (name), check_status);                                      \
  } while (0)

/* Raises "where: name: message" with the message of the state's context. An interrupt, a limit, a lack of
 * memory and divergence are raised as error tables (push_error), everything else as a string. */
_Noreturn void raise_status(lua_State *L, const char *name, ln_status status);
/* Pushes "file:line: " of the code that called linnet: its own modules in Lua are passed over. */
void push_where(lua_State *L);
/* Raises "where: name: ..." as a string. */
_Noreturn void fail(lua_State *L, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Raises that the method `name` ("net:train") was called without its object, as by a dot in place of a colon; `kind`
 * is what argument 1 should have been. */
_Noreturn void fail_self(lua_State *L, const char *name, const char *kind);
/* Pushes an error that can carry data: { code = "EINTERRUPT", message = ... }, which prints as its message.
 */
void push_error(lua_State *L, ln_status status, const char *message);
bool create_error_type(lua_State *L); /* false: it is there already */

/* Room for n more values on the Lua stack. Raises for want of memory (luaL_checkstack says "stack overflow" then). */
void reserve_stack(lua_State *L, int n);

/* What came, for messages: "a 3x4 matrix", "nil", "the string 'fast'", "-2". Pushes the text and returns it.
 */
const char *describe(lua_State *L, int index);

/* ---- matrices ----
 * A matrix is a userdata. A root has its numbers in its own block, 64-byte aligned, so that the collector
 * sees their size; a view shares those of a root, which its user value keeps alive. */

void push_matrix_type(lua_State *L); /* the metatable, made when first asked for */
/* Pushes a root; the numbers are not set. Raises if it is too large or there is no memory. */
ln_matrix push_matrix(lua_State *L, size_t rows, size_t cols);
/* The same for sizes that a user gave, which may be senseless: the error names the call. */
ln_matrix push_sized_matrix(lua_State *L, const char *name, lua_Number rows, lua_Number cols);
/* Pushes a view of `window`, a part of the matrix at `root` (a root or itself a view). */
void push_view(lua_State *L, int root, ln_matrix window);
/* Pushes a column that holds these n numbers. */
ln_matrix push_column(lua_State *L, const double *numbers, size_t n);

const ln_matrix *test_matrix(lua_State *L, int index); /* null if the value is not a matrix */
ln_matrix check_matrix(lua_State *L, int index, const char *name,
                       const char *what); /* raises "name: what must be a matrix, got ..." */
/* As check_matrix, and takes a number (1 x 1), a list of numbers (a column) or a list of rows as well:
 * replaces the value at `index` by the matrix made from it. */
ln_matrix convert_matrix(lua_State *L, int index, const char *name, const char *what);

/* Raises "name: what has NaN at (2, 3)" unless every number is finite. */
void check_finite(lua_State *L, ln_matrix A, const char *name, const char *what);
/* A whole number between low and high from the value at index. */
lua_Integer check_integer(lua_State *L, int index, const char *name, const char *what, lua_Integer low,
                          lua_Integer high);
double check_number(lua_State *L, int index, const char *name, const char *what); /* NaN is refused */

#endif
