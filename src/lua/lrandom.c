/* lrandom.c: the random module: streams as values. */
#include <math.h>

#include "core/random.h"
#include "lua/lrandom.h"
#include "lua/modules.h"
#include "lua/options.h"

#define STREAM_TYPE "linnet.Stream"
#define EXACT_MAX ((lua_Integer)1 << 53) /* whole numbers beyond are not all doubles */

/* ---- arguments ---- */

static ln_stream *self(lua_State *L, const char *name) {
  ln_stream *stream = luaL_testudata(L, 1, STREAM_TYPE);
  if (!stream)
    fail(L, name, "called without a stream, with %s; write r:%s(...)", describe(L, 1),
         name + sizeof "stream");
  return stream;
}

static double number_or(lua_State *L, int index, const char *name, const char *what, double otherwise) {
  if (lua_isnoneornil(L, index)) return otherwise;
  double x = check_number(L, index, name, what);
  if (isinf(x)) fail(L, name, "%s must be finite, got %g", what, x);
  return x;
}

/* Pushes a matrix with the rows and columns of arguments 2 and 3; columns may be left out: `cols`. */
static ln_matrix push_result(lua_State *L, const char *name, lua_Number cols) {
  lua_Number rows = check_number(L, 2, name, "the number of rows");
  if (!lua_isnoneornil(L, 3)) cols = check_number(L, 3, name, "the number of columns");
  return push_sized_matrix(L, name, rows, cols);
}

/* ---- streams ---- */

void push_stream(lua_State *L, ln_stream stream) {
  *(ln_stream *)lua_newuserdatauv(L, sizeof stream, 0) = stream;
  luaL_setmetatable(L, STREAM_TYPE);
}

ln_stream *check_stream(lua_State *L, int index, const char *name) {
  ln_stream *stream = luaL_testudata(L, index, STREAM_TYPE);
  if (!stream) fail(L, name, "a stream is needed, got %s", describe(L, index));
  return stream;
}

/* random.stream(seed[, k]): the stream number k (0) of a seed; both any whole number of 64 bits. */
static int stream_new(lua_State *L) {
  const char *name = "random.stream";
  lua_Integer seed = check_integer(L, 1, name, "the seed", LUA_MININTEGER, LUA_MAXINTEGER), k = 0;
  if (!lua_isnoneornil(L, 2))
    k = check_integer(L, 2, name, "the stream's number", LUA_MININTEGER, LUA_MAXINTEGER);
  push_stream(L, ln_stream_of((uint64_t)seed, (uint64_t)k));
  return 1;
}

/* r:split(k): a stream of its own, the same whatever r has drawn. */
static int stream_split(lua_State *L) {
  const char *name = "stream:split";
  const ln_stream *stream = self(L, name);
  lua_Integer k = check_integer(L, 2, name, "the part's number", 0, LUA_MAXINTEGER);
  push_stream(L, ln_split(stream, (uint64_t)k));
  return 1;
}

/* ---- draws ---- */

/* A fill of core/random.h with its two parameters. */
typedef void (*filler)(ln_stream *stream, ln_matrix A, const double parameter[2]);

/* Fills a whole matrix in parts, between which it can be interrupted; then nothing has been drawn. */
static ln_status fill_in_parts(ln_context *cx, ln_stream *stream, ln_matrix A, filler fill,
                               const double parameter[2]) {
  const size_t part = 1 << 20, count = A.rows * A.cols;
  ln_stream drawn = *stream;
  for (size_t i = 0; i < count; i += part) {
    ln_status status = ln_poll(cx);
    if (status != LN_OK) return status;
    fill(&drawn, ln_window(A.data + i, count - i < part ? count - i : part, 1), parameter);
  }
  *stream = drawn;
  return LN_OK;
}

static bool without_size(lua_State *L) { return lua_isnoneornil(L, 2) && lua_isnoneornil(L, 3); }

/* The draw with the size of arguments 2 and 3; a number where there are none. */
static int draw(lua_State *L, const char *name, ln_stream *stream, filler fill, const double parameter[2]) {
  if (without_size(L)) {
    double x;
    fill(stream, ln_window(&x, 1, 1), parameter);
    lua_pushnumber(L, x);
  } else {
    ln_matrix A = push_result(L, name, 1);
    check(L, name, fill_in_parts(context_of(L), stream, A, fill, parameter));
  }
  return 1;
}

static void normals(ln_stream *stream, ln_matrix A, const double mean_sd[2]) {
  ln_random_normals(stream, A, mean_sd[0], mean_sd[1]);
}

/* r:normal(m[, n=1, mean=0, sd=1]); r:normal() is a number, and so it is for all draws below that have no
 * size. */
static int stream_normal(lua_State *L) {
  const char *name = "stream:normal";
  ln_stream *stream = self(L, name);
  double mean = number_or(L, 4, name, "the mean", 0), sd = number_or(L, 5, name, "the standard deviation", 1);
  if (sd < 0) fail(L, name, "the standard deviation must be >= 0, got %g", sd);
  return draw(L, name, stream, normals, (double[]){mean, sd});
}

static void uniforms(ln_stream *stream, ln_matrix A, const double ends[2]) {
  ln_random_uniforms(stream, A, ends[0], ends[1]);
}

/* r:uniform(m[, n=1, low=0, high=1]) */
static int stream_uniform(lua_State *L) {
  const char *name = "stream:uniform";
  ln_stream *stream = self(L, name);
  double low = number_or(L, 4, name, "the lower end", 0), high = number_or(L, 5, name, "the upper end", 1);
  if (low > high) fail(L, name, "the lower end %g lies above the upper end %g", low, high);
  return draw(L, name, stream, uniforms, (double[]){low, high});
}

static void integers(ln_stream *stream, ln_matrix A, const double ends[2]) {
  ln_random_integers(stream, A, (int64_t)ends[0], (int64_t)ends[1]);
}

/* r:integers(m, n, low, high): each from low to high equally likely. */
static int stream_integers(lua_State *L) {
  const char *name = "stream:integers";
  ln_stream *stream = self(L, name);
  lua_Integer low = check_integer(L, 4, name, "the lowest integer", -EXACT_MAX, EXACT_MAX);
  lua_Integer high = check_integer(L, 5, name, "the highest integer", -EXACT_MAX, EXACT_MAX);
  if (low > high)
    fail(L, name, "the lowest integer %lld is above the highest, %lld", (long long)low, (long long)high);
  if (without_size(L)) return lua_pushinteger(L, ln_random_integer(stream, low, high)), 1;
  return draw(L, name, stream, integers, (double[]){(double)low, (double)high});
}

static void signs(ln_stream *stream, ln_matrix A, const double *unused) {
  (void)unused;
  ln_random_signs(stream, A);
}

/* r:rademacher(m[, n=1]): -1 or 1. */
static int stream_rademacher(lua_State *L) {
  const char *name = "stream:rademacher";
  return draw(L, name, self(L, name), signs, NULL);
}

/* r:orthogonal(m[, n=m]): orthonormal columns, or rows if n > m. */
static int stream_orthogonal(lua_State *L) {
  const char *name = "stream:orthogonal";
  ln_stream *stream = self(L, name);
  ln_matrix Q = push_result(L, name, check_number(L, 2, name, "the number of rows"));
  check(L, name, ln_random_orthogonal(context_of(L), stream, Q));
  return 1;
}

static ln_status permute(ln_context *cx, ln_stream *stream, ln_matrix column) {
  ln_mark mark = ln_begin(cx);
  size_t *order = ln_take(cx, column.rows, sizeof *order);
  if (!order) return ln_end(cx, mark, LN_EMEMORY);
  ln_random_permutation(stream, order, column.rows);
  for (size_t i = 0; i < column.rows; i++) column.data[i] = (double)order[i] + 1;
  return ln_end(cx, mark, LN_OK);
}

/* r:permutation(n): a column of 1 .. n in random order. */
static int stream_permutation(lua_State *L) {
  const char *name = "stream:permutation";
  ln_stream *stream = self(L, name);
  ln_matrix column = push_sized_matrix(L, name, check_number(L, 2, name, "the count"), 1);
  check(L, name, permute(context_of(L), stream, column));
  return 1;
}

/* ---- the module ---- */

/* Written as what makes the same stream, and how far it is. */
static int stream_to_string(lua_State *L) {
  const ln_stream *stream = self(L, "stream:tostring");
  lua_pushfstring(L, "random.stream(%I, %I) at position %I", (LUAI_UACINT)stream->seed,
                  (LUAI_UACINT)stream->number, (LUAI_UACINT)stream->position);
  return 1;
}

static const luaL_Reg methods[] = {
    {"normal", stream_normal},           {"uniform", stream_uniform},
    {"integers", stream_integers},       {"rademacher", stream_rademacher},
    {"orthogonal", stream_orthogonal},   {"split", stream_split},
    {"permutation", stream_permutation}, {NULL, NULL},
};

/* Asked for a name that is not a method. */
static int unknown_name(lua_State *L) {
  const char *names[sizeof methods / sizeof *methods];
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) names[i] = methods[i].name;
  const char *word = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
  const char *near = word ? nearest(word, names) : NULL;
  if (near) fail(L, "random", "a stream has no '%s'; did you mean '%s'?", word, near);
  fail(L, "random", "a stream has no %s", word ? lua_pushfstring(L, "'%s'", word) : describe(L, 2));
}

int luaopen_random(lua_State *L) {
  luaL_newmetatable(L, STREAM_TYPE);
  lua_pushcfunction(L, stream_to_string);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, STREAM_TYPE);
  lua_setfield(L, -2, "__metatable");
  luaL_newlib(L, methods);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, unknown_name);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);

  static const luaL_Reg functions[] = {{"stream", stream_new}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
