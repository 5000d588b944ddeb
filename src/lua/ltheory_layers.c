/* theory.mode, second part: single modes whose layers differ: two layers with any hidden vectors, more layers
 * by their scalars, and both under descent. s, rho and t as in ltheory_mode.c. */
#include "lua/ltheory.h"

#include <math.h>

#include "theory/layers.h"
#include "theory/pair.h"

/* ---- two layers, any hidden vectors ---- */

static ln_pair read_pair(const options *o) {
  ln_pair pair = {.s = option_number(o, "s"), .rho = option_nonnegative_or(o, "rho", 1)};
  ln_matrix w1 = option_vector(o, "w1"), w2 = option_vector(o, "w2");
  if (w1.rows != w2.rows)
    option_fail(o, "w2", "has %zu numbers and w1 has %zu; both are vectors of the hidden layer", w2.rows,
                w1.rows);
  pair.w1 = w1.data, pair.w2 = w2.data, pair.n = w1.rows;
  return pair;
}

/* The state over times: for one number vectors, for more T x n. */
static ln_matrix push_vectors(lua_State *L, const times *t, size_t n) {
  return t->shape == TIMES_NUMBER ? push_matrix(L, n, 1) : push_matrix(L, t->n, n);
}
static void put_vector(const times *t, ln_matrix to, size_t i, const double *w, size_t n) {
  for (size_t k = 0; k < n; k++)
    if (t->shape == TIMES_NUMBER)
      LN_AT(to, k, 0) = w[k];
    else
      LN_AT(to, i, k) = w[k];
}

static ln_status pair_over(ln_context *cx, const ln_pair *pair, const times *t, ln_matrix w1, ln_matrix w2,
                           double *strength, double *residual) {
  ln_mark mark = ln_begin(cx);
  double *a = ln_reals(cx, pair->n), *b = ln_reals(cx, pair->n);
  ln_status status = a && b ? LN_OK : LN_EMEMORY;
  for (size_t i = 0; i < t->n && status == LN_OK; i++) {
    status = ln_pair_at(cx, pair, t->data[i], a, b, &strength[i], &residual[i]);
    if (status == LN_OK) status = ln_poll(cx);
    put_vector(t, w1, i, a, pair->n), put_vector(t, w2, i, b, pair->n);
  }
  return ln_end(cx, mark, status);
}

/* theory.mode.pair { w1=, w2=, s=, rho=1, t= }: a mode of two layers from any hidden vectors w1 = W1 v, w2 =
 * W2' u (lists of the same length; numbers for one hidden unit), equal or not, parallel or not. A table: w1,
 * w2 (columns; T x n for more than one time), strength = w1.w2 and residual = s - rho strength, in the shape
 * of t. */
static int mode_pair(lua_State *L) {
  static const char *const names[] = {"w1", "w2", "s", "rho", "t", NULL};
  options o = options_read(L, 1, "theory.mode.pair", names);
  ln_pair pair = read_pair(&o);
  times t = option_times(&o, "t");
  int first = lua_gettop(L) + 1;
  ln_matrix w1 = push_vectors(L, &t, pair.n), w2 = push_vectors(L, &t, pair.n);
  double *strength = push_like_times(L, &t), *residual = push_like_times(L, &t);
  check(L, o.call, pair_over(context_of(L), &pair, &t, w1, w2, strength, residual));
  lua_createtable(L, 0, 4);
  put_field(L, "w1", first, NULL);
  put_field(L, "w2", first + 1, NULL);
  put_field(L, "strength", first + 2, &t);
  put_field(L, "residual", first + 3, &t);
  return 1;
}

static ln_status pair_times(ln_context *cx, const ln_pair *pair, const times *asked, double *t) {
  ln_status status = LN_OK;
  for (size_t i = 0; i < asked->n && status == LN_OK; i++)
    status = ln_pair_time(cx, pair, asked->data[i], &t[i]);
  return status;
}

/* theory.mode.pair_time { w1=, w2=, s=, rho=1, strength= }: when w1.w2 is first this strength, in its shape;
 * infinity for the limit, NaN for what is never reached. */
static int mode_pair_time(lua_State *L) {
  static const char *const names[] = {"w1", "w2", "s", "rho", "strength", NULL};
  options o = options_read(L, 1, "theory.mode.pair_time", names);
  ln_pair pair = read_pair(&o);
  times asked = option_numbers(&o, "strength");
  double *t = push_like_times(L, &asked);
  check(L, o.call, pair_times(context_of(L), &pair, &asked, t));
  return pop_like_times(L, &asked);
}

/* ---- unequal layers ---- */

/* The layers of one mode over rising `asked` numbers, from a list of states one after the other, back in the
 * order that was given; strength is their product. */
static void put_layers(const times *asked, const size_t *order, const double *states, size_t depth,
                       ln_matrix layers, double *strength) {
  for (size_t i = 0; i < asked->n; i++) {
    double product = 1;
    for (size_t l = 0; l < depth; l++) product *= states[i * depth + l];
    put_vector(asked, layers, order[i], states + i * depth, depth);
    strength[order[i]] = product;
  }
}

static ln_layers read_layers(const options *o) {
  ln_layers y = {.s = option_number(o, "s"), .rho = option_nonnegative_or(o, "rho", 1)};
  y.decay = option_nonnegative_or(o, "weight_decay", 0);
  ln_matrix a = option_vector(o, "layers");
  y.a0 = a.data, y.depth = a.rows;
  if (!y.depth) option_fail(o, "layers", "must hold a number for each layer, got none");
  return y;
}

static ln_status layers_over(ln_context *cx, const ln_layers *y, const times *t, const size_t *order,
                             ln_matrix layers, double *strength) {
  ln_mark mark = ln_begin(cx);
  double *sorted = ln_reals(cx, t->n), *states = ln_take(cx, t->n, y->depth * sizeof *states);
  if (!sorted || !states) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < t->n; i++) sorted[i] = t->data[order[i]];
  ln_status status = LN_OK;
  if (y->depth == 2 && y->decay == 0) { /* closed */
    ln_pair pair = {&y->a0[0], &y->a0[1], 1, y->s, y->rho};
    for (size_t i = 0; i < t->n && status == LN_OK; i++)
      status = ln_pair_at(cx, &pair, sorted[i], &states[2 * i], &states[2 * i + 1], NULL, NULL);
  } else {
    status = ln_layers_follow(cx, y, sorted, t->n, states);
  }
  if (status == LN_OK) put_layers(t, order, states, y->depth, layers, strength);
  return ln_end(cx, mark, status);
}

/* theory.mode.layers { layers={a1, a2, ...}, s=, rho=1, t=, weight_decay=0 }: a mode whose layers differ, any
 * depth and signs. A table: layers (a column; T x depth for more than one time) and strength (their product,
 * in the shape of t). Closed for two layers without decay, integrated to a relative tolerance of 1e-13 else.
 */
static int mode_layers(lua_State *L) {
  static const char *const names[] = {"layers", "s", "rho", "t", "weight_decay", NULL};
  options o = options_read(L, 1, "theory.mode.layers", names);
  ln_layers y = read_layers(&o);
  times t = option_times(&o, "t");
  const size_t *order = push_order(L, t.data, t.n);
  int first = lua_gettop(L) + 1;
  ln_matrix layers = push_vectors(L, &t, y.depth);
  double *strength = push_like_times(L, &t);
  check(L, o.call, layers_over(context_of(L), &y, &t, order, layers, strength));
  lua_createtable(L, 0, 2);
  put_field(L, "layers", first, NULL);
  put_field(L, "strength", first + 1, &t);
  return 1;
}

/* ---- descent ---- */

typedef struct descent {
  ln_layers layers; /* either these ... */
  ln_pair pair;     /* ... or two vectors */
  bool vectors;
  double rate, momentum, decay;
} descent;

static ln_status descend(ln_context *cx, const descent *d, const counts *steps, const size_t *order,
                         ln_matrix w1, ln_matrix w2, double *strength) {
  ln_mark mark = ln_begin(cx);
  size_t count = steps->asked.n, n = d->vectors ? d->pair.n : d->layers.depth;
  uint64_t *sorted = ln_take(cx, count, sizeof *sorted);
  double *a = ln_take(cx, count, n * sizeof *a), *b = ln_take(cx, count, n * sizeof *b),
         *u = ln_reals(cx, count);
  if (!sorted || !a || !b || !u) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < count; i++) sorted[i] = steps->data[order[i]];
  ln_status status;
  if (d->vectors) {
    status = ln_pair_descend(cx, &d->pair, d->rate, d->momentum, d->decay, sorted, count, a, b, u);
    for (size_t i = 0; i < count && status == LN_OK; i++) {
      put_vector(&steps->asked, w1, order[i], a + i * n, n);
      put_vector(&steps->asked, w2, order[i], b + i * n, n);
      strength[order[i]] = u[i];
    }
  } else {
    status = ln_layers_descend(cx, &d->layers, d->rate, d->momentum, sorted, count, a);
    if (status == LN_OK) put_layers(&steps->asked, order, a, n, w1, strength);
  }
  return ln_end(cx, mark, status);
}

/* theory.mode.descent { layers={a1, a2, ...} or w1= and w2=, s=, rho=1, rate=, steps=, momentum=0,
 * weight_decay=0 }: the same modes under full-batch descent, step by step: exactly what a network does whose
 * modes are decoupled. A table: layers, or w1 and w2, and strength, in the shape of steps. */
static int mode_descent(lua_State *L) {
  static const char *const names[] = {"layers", "w1",       "w2",           "s", "rho", "rate",
                                      "steps",  "momentum", "weight_decay", NULL};
  options o = options_read(L, 1, "theory.mode.descent", names);
  option_exclusive(&o, "layers", "w1");
  option_exclusive(&o, "layers", "w2");
  descent d = {.vectors = !option_given(&o, "layers"),
               .rate = option_nonnegative(&o, "rate"),
               .momentum = option_nonnegative_or(&o, "momentum", 0),
               .decay = option_nonnegative_or(&o, "weight_decay", 0)};
  if (d.vectors && !option_given(&o, "w1")) option_fail(&o, "layers", "or w1 and w2 are needed");
  if (d.vectors)
    d.pair = read_pair(&o);
  else
    d.layers = read_layers(&o);
  counts steps = option_steps(&o, "steps");
  const size_t *order = push_order(L, steps.asked.data, steps.asked.n);
  int first = lua_gettop(L) + 1;
  ln_matrix w1 = push_vectors(L, &steps.asked, d.vectors ? d.pair.n : d.layers.depth);
  ln_matrix w2 = push_vectors(L, &steps.asked, d.vectors ? d.pair.n : 0);
  double *strength = push_like_times(L, &steps.asked);
  check(L, o.call, descend(context_of(L), &d, &steps, order, w1, w2, strength));
  lua_createtable(L, 0, 3);
  put_field(L, d.vectors ? "w1" : "layers", first, NULL);
  if (d.vectors) put_field(L, "w2", first + 1, NULL);
  put_field(L, "strength", first + 2, &steps.asked);
  return 1;
}

const luaL_Reg layer_functions[] = {{"pair", mode_pair},
                                    {"pair_time", mode_pair_time},
                                    {"layers", mode_layers},
                                    {"descent", mode_descent},
                                    {NULL, NULL}};
