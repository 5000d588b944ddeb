/* lmatrix_order.c: sorting, quantiles, running sums and histograms. */
#include "lua/lmatrix.h"

#include "core/grid.h"
#include "core/order.h"
#include "core/reduce.h"
#include "lua/options.h"

#include <math.h>
#include <string.h>

/* ---- results as long as their lines ---- */

/* Argument `index` as a dimension; left out it is the vector itself, or each column of a matrix. */
static ln_lines read_lines(lua_State *L, int index, ln_matrix A, const char *name) {
  int d = dimension(L, index, name);
  return d ? (ln_lines)d : is_vector(A) ? LN_WHOLE : LN_COLUMNS;
}

/* Writes n numbers into line k of B, which has no gaps. */
static void write_line(ln_matrix B, ln_lines lines, size_t k, size_t n, const double *x) {
  double *line = B.data + (lines == LN_COLUMNS ? k * B.ld : lines == LN_ROWS ? k : 0);
  size_t step = lines == LN_ROWS ? B.ld : 1;
  for (size_t i = 0; i < n; i++) line[i * step] = x[i];
}

struct lines_out {
  ln_context *cx;
  ln_matrix B;
  ln_lines lines;
  double *line;  /* work space for a line */
  size_t *place; /* and for its places */
};

static ln_status sort_line(void *ud, size_t k, size_t n, const double *x) {
  const struct lines_out *out = ud;
  if (n) memcpy(out->line, x, n * sizeof *x);
  ln_status status = ln_sort(out->cx, n, out->line);
  if (status == LN_OK) write_line(out->B, out->lines, k, n, out->line);
  return status;
}

static ln_status argsort_line(void *ud, size_t k, size_t n, const double *x) {
  const struct lines_out *out = ud;
  ln_status status = ln_argsort(out->cx, n, x, out->place);
  if (status != LN_OK) return status;
  for (size_t i = 0; i < n; i++) out->line[i] = (double)out->place[i] + 1;
  write_line(out->B, out->lines, k, n, out->line);
  return LN_OK;
}

static ln_status cumsum_line(void *ud, size_t k, size_t n, const double *x) {
  const struct lines_out *out = ud;
  double sum = 0;
  for (size_t i = 0; i < n; i++) out->line[i] = sum += x[i];
  write_line(out->B, out->lines, k, n, out->line);
  return LN_OK;
}

static ln_status each_line_out(ln_context *cx, ln_matrix A, ln_matrix B, ln_lines lines, ln_visit visit) {
  ln_mark mark = ln_begin(cx);
  size_t n = ln_line_length(A, lines);
  struct lines_out out = {cx, B, lines, ln_reals(cx, n), ln_take(cx, n, sizeof(size_t))};
  if (!out.line || !out.place) return ln_end(cx, mark, LN_EMEMORY);
  return ln_end(cx, mark, ln_each_line(cx, A, lines, visit, &out));
}

static int transform(lua_State *L, ln_visit visit, const char *name) {
  ln_matrix A = self(L, name);
  ln_lines lines = read_lines(L, 2, A, name);
  ln_matrix B = push_matrix(L, A.rows, A.cols);
  check(L, name, each_line_out(context_of(L), A, B, lines, visit));
  return 1;
}

/* A:sort([dim]), rising; A:argsort([dim]), the places from 1 in that order; A:cumsum([dim]). A vector as it
 * lies; a matrix down its columns unless dim says 2. */
static int sort(lua_State *L) { return transform(L, sort_line, "A:sort"); }
static int argsort(lua_State *L) { return transform(L, argsort_line, "A:argsort"); }
static int cumsum(lua_State *L) { return transform(L, cumsum_line, "A:cumsum"); }

/* ---- quantiles ---- */

struct quantiles {
  const double *q;
  size_t count;
  double *work; /* a line */
  double *out;  /* quantile i of line k at out[i * down + k * across] */
  size_t down, across;
};

static ln_status quantiles_of_line(void *ud, size_t k, size_t n, const double *x) {
  const struct quantiles *s = ud;
  memcpy(s->work, x, n * sizeof *x);
  for (size_t i = 0; i < s->count; i++)
    s->out[i * s->down + k * s->across] = ln_quantile(n, s->work, s->q[i]);
  return LN_OK;
}

static ln_status quantiles_of_lines(ln_context *cx, ln_matrix A, ln_lines lines, struct quantiles *s) {
  ln_mark mark = ln_begin(cx);
  s->work = ln_reals(cx, ln_line_length(A, lines));
  if (!s->work) return ln_end(cx, mark, LN_EMEMORY);
  return ln_end(cx, mark, ln_each_line(cx, A, lines, quantiles_of_line, s));
}

/* Pushes the `count` quantiles q: a number over all if `one`, else a count x 1 column; a row of them for the
 * columns (count x n), a column of them for the rows (m x count). */
static int push_quantiles(lua_State *L, ln_matrix A, ln_lines lines, const double *q, size_t count, bool one,
                          const char *name) {
  size_t n = ln_line_count(A, lines);
  if (n && !ln_line_length(A, lines))
    fail(L, name, "A is %zux%zu: there is no number to choose from", A.rows, A.cols);
  ln_matrix B = lines == LN_ROWS ? push_matrix(L, n, count) : push_matrix(L, count, n);
  struct quantiles s = {.q = q, .count = count, .out = B.data};
  s.down = lines == LN_ROWS ? B.ld : 1, s.across = lines == LN_ROWS ? 1 : B.ld;
  check(L, name, quantiles_of_lines(context_of(L), A, lines, &s));
  if (one && lines == LN_WHOLE) lua_pushnumber(L, B.data[0]);
  return 1;
}

/* A:median([dim]) */
static int median(lua_State *L) {
  ln_matrix A = self(L, "A:median");
  ln_lines lines = (ln_lines)dimension(L, 2, "A:median");
  const double half = 0.5;
  return push_quantiles(L, A, lines, &half, 1, true, "A:median");
}

/* A:quantile(q[, dim]), q a number, a list or a vector */
static int quantile(lua_State *L) {
  const char *name = "A:quantile";
  ln_matrix A = self(L, name);
  ln_lines lines = (ln_lines)dimension(L, 3, name);
  bool one = lua_type(L, 2) == LUA_TNUMBER;
  ln_matrix q = push_vector(L, 2, name, "q");
  for (size_t i = 0; i < q.rows; i++)
    if (!(q.data[i] >= 0 && q.data[i] <= 1)) fail(L, name, "q = %g: must lie between 0 and 1", q.data[i]);
  return push_quantiles(L, A, lines, q.data, q.rows, one, name);
}

/* ---- histogram ---- */

/* Pushes the edges of `bins` equal bins over the option `range`, or over A's numbers. */
static ln_matrix push_even_edges(lua_State *L, const options *o, ln_matrix A, lua_Integer bins) {
  double low = 0, high = 1; /* of no numbers, as NumPy has it */
  if (option_given(o, "range")) {
    ln_matrix range = option_vector(o, "range");
    if (range.rows != 2 || !(range.data[0] < range.data[1]))
      option_fail(o, "range", "must be { low, high } with low < high");
    low = range.data[0], high = range.data[1];
  } else if (count_of(A)) {
    check_finite(L, A, o->call, "A");
    low = INFINITY, high = -INFINITY;
    for (size_t j = 0; j < A.cols; j++)
      for (size_t i = 0; i < A.rows; i++) low = fmin(low, LN_AT(A, i, j)), high = fmax(high, LN_AT(A, i, j));
    if (low == high) low -= 0.5, high += 0.5;
  }
  ln_matrix edges = push_matrix(L, (size_t)bins + 1, 1);
  ln_linspace(low, high, edges.rows, edges.data);
  return edges;
}

struct counting {
  const double *edges;
  size_t bins;
  bool even;
  double *counts;
};

static ln_status count_line(void *ud, size_t k, size_t n, const double *x) {
  const struct counting *c = ud;
  (void)k;
  ln_histogram(n, x, c->bins, c->edges, c->even, c->counts);
  return LN_OK;
}

/* A:histogram { bins = 10 or the edges, range = { low, high } } -> { counts, density, edges, centers },
 * columns. A bin holds its left edge, the last one both. Numbers outside the range, and NaN, count nowhere.
 */
static int histogram(lua_State *L) {
  static const char *const names[] = {"bins", "range", NULL};
  ln_matrix A = self(L, "A:histogram");
  options o = options_read_optional(L, 2, "A:histogram", names);
  int type = option_push(&o, "bins");
  bool even = type == LUA_TNIL || type == LUA_TNUMBER;
  ln_matrix edges;
  if (even) {
    edges = push_even_edges(L, &o, A, option_integer_or(&o, "bins", 1, LN_DIMENSION_MAX - 1, 10));
  } else {
    option_exclusive(&o, "bins", "range"); /* edges have their own range */
    edges = option_vector(&o, "bins");
    if (edges.rows < 2) option_fail(&o, "bins", "must be a number of bins or at least two edges");
    for (size_t i = 1; i < edges.rows; i++)
      if (edges.data[i] <= edges.data[i - 1])
        option_fail(&o, "bins", "must rise; edge %zu is %g after %g", i + 1, edges.data[i],
                    edges.data[i - 1]);
  }
  size_t bins = edges.rows - 1;
  int edges_at = lua_gettop(L);
  ln_matrix counts = push_matrix(L, bins, 1), density = push_matrix(L, bins, 1),
            centers = push_matrix(L, bins, 1);
  struct counting c = {edges.data, bins, even, counts.data};
  check(L, o.call, ln_each_line(context_of(L), A, LN_WHOLE, count_line, &c));
  double total = ln_sum(bins, counts.data);
  for (size_t b = 0; b < bins; b++) {
    double low = edges.data[b], high = edges.data[b + 1];
    density.data[b] = counts.data[b] / (total * (high - low));
    centers.data[b] = low + (high - low) / 2;
  }
  lua_createtable(L, 0, 4);
  static const char *const results[] = {"edges", "counts", "density", "centers"};
  for (int i = 0; i < 4; i++) {
    lua_pushvalue(L, edges_at + i);
    lua_setfield(L, -2, results[i]);
  }
  return 1;
}

const luaL_Reg matrix_order_methods[] = {
    {"sort", sort},         {"argsort", argsort},     {"cumsum", cumsum}, {"median", median},
    {"quantile", quantile}, {"histogram", histogram}, {NULL, NULL},
};
