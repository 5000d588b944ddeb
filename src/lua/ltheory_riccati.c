/* theory.riccati: two layers with white inputs from balanced weights (Braun et al. 2022, Domine et al. 2024).
 *
 * With A = W1'W1, B = W2 W2', W = W2 W1 and M = [A, W'; W, B] a start belongs to a class if, for J = diag(1
 * on inputs, -1 on outputs), M J M = kappa J - lambda M: zero-balanced weights (lambda = kappa = 0),
 * lambda-balanced ones (W2'W2 - W1 W1' = lambda 1 on the hidden directions in use, kappa = 0), and what wide
 * random layers tend to (kappa > 0). There W, A and B are closed forms at all times, where Sxx = c 1 on the
 * inputs of the data.
 *
 * All take weights = { W1, W2 } (or net.weights) and the moments of the task: Sxx (inputs x inputs) and Syx
 * (outputs x inputs), or task =. lambda and kappa (both or none; found from the weights if not given) name
 * the class; weight_decay > 0 assumes lambda = kappa = 0. If weights or inputs are further from what is
 * assumed than tolerance (0.01, relative) it is an error: the answer's error is of the order of that
 * distance. */
#include "lua/ltheory.h"

#include <math.h>

#include "theory/riccati_map.h"

#define TOLERANCE 1e-2 /* the answer is first order in the misfits: of percents, no further */

typedef struct problem {
  ln_matrix W1, W2, Sxx, Syx;
  const ln_balance *balance; /* null: to be found */
  ln_balance given;
  double decay, tolerance;
} problem;

static void read_layers(const options *o, ln_matrix *W1, ln_matrix *W2) {
  size_t depth;
  ln_matrix *layers = option_layers(o, "weights", 2, &depth);
  if (depth != 2) option_fail(o, "weights", "must be two layers { W1, W2 }, got %zu", depth);
  *W1 = layers[0], *W2 = layers[1];
  if (W2->cols != W1->rows)
    option_fail(o, "weights", "do not chain: W1 is %zux%zu and W2 %zux%zu", W1->rows, W1->cols, W2->rows,
                W2->cols);
}

static void read_problem(const options *o, problem *p) {
  *p = (problem){.decay = option_nonnegative_or(o, "weight_decay", 0),
                 .tolerance = option_nonnegative_or(o, "tolerance", TOLERANCE)};
  if (option_given(o, "lambda") || option_given(o, "kappa")) {
    p->given.lambda = option_number(o, "lambda"), p->given.kappa = option_nonnegative(o, "kappa");
    p->balance = &p->given;
  } else if (p->decay > 0) {
    p->balance = &p->given;
  }
  read_layers(o, &p->W1, &p->W2);
  option_moments(o, &p->Sxx, &p->Syx);
}

/* Prepares, and refuses what is not near enough. */
static ln_status prepare(ln_context *cx, const problem *p, ln_riccati *r) {
  ln_status status = ln_riccati_prepare(cx, p->W1, p->W2, p->Sxx, p->Syx, p->balance, p->decay, r);
  if (status != LN_OK) return status;
  if (!(r->white.misfit <= p->tolerance))
    return ln_fail(cx, LN_EARG,
                   "the inputs are not white: Sxx is %.3g (relative) from a multiple of 1, and the "
                   "tolerance is %g",
                   r->white.misfit, p->tolerance);
  if (!(r->balance.misfit <= p->tolerance))
    return ln_fail(cx, LN_EARG,
                   "the weights are not balanced: they are %.3g (relative) from the class of lambda = %g, "
                   "kappa = %g, and the tolerance is %g",
                   r->balance.misfit, r->balance.lambda, r->balance.kappa, p->tolerance);
  return LN_OK;
}

/* theory.riccati.class { weights= }: the nearest class of the weights: lambda, kappa, misfit (how far they
 * are from it: |M J M - kappa J + lambda M|/|M|^2) and rank (hidden directions in use). */
static int riccati_class(lua_State *L) {
  static const char *const names[] = {"weights", NULL};
  options o = options_read(L, 1, "theory.riccati.class", names);
  ln_matrix W1, W2;
  read_layers(&o, &W1, &W2);
  ln_balance b;
  check(L, o.call, ln_find_balance(context_of(L), W1, W2, &b));
  lua_createtable(L, 0, 4);
  lua_pushnumber(L, b.lambda), lua_setfield(L, -2, "lambda");
  lua_pushnumber(L, b.kappa), lua_setfield(L, -2, "kappa");
  lua_pushnumber(L, b.misfit), lua_setfield(L, -2, "misfit");
  lua_pushinteger(L, (lua_Integer)b.rank), lua_setfield(L, -2, "rank");
  return 1;
}

/* ---- product and representations ---- */

/* For each time. */
typedef struct answers {
  const ln_matrix *product, *inputs, *outputs;
} answers;

static ln_status solve(ln_context *cx, const problem *p, const times *t, const answers *a) {
  ln_mark mark = ln_begin(cx);
  ln_riccati r;
  ln_status status = prepare(cx, p, &r);
  for (size_t i = 0; i < t->n && status == LN_OK; i++) {
    status = ln_poll(cx);
    if (status == LN_OK)
      status = ln_riccati_at(cx, &r, t->data[i], a->product[i], a->inputs[i], a->outputs[i]);
  }
  return ln_end(cx, mark, status);
}

static ln_status solve_product(ln_context *cx, const problem *p, const times *t, const ln_matrix *W) {
  ln_mark mark = ln_begin(cx);
  ln_riccati r;
  ln_status status = prepare(cx, p, &r);
  if (status == LN_OK) status = ln_riccati_maps(cx, &r, t->data, t->n, W);
  return ln_end(cx, mark, status);
}

/* theory.riccati.product { weights=, Sxx=, Syx= (or task=), t=, weight_decay=0, lambda=, kappa=,
 * tolerance=0.01 }: W2 W1 at time t; a list of matrices for several times. t = math.huge is the limit. To 1e-11 of the
 * largest of product and representations, mostly much better. */
static int riccati_product(lua_State *L) {
  static const char *const names[] = {"weights", "Sxx",   "Syx",          "task",      "t",
                                      "lambda",  "kappa", "weight_decay", "tolerance", NULL};
  options o = options_read(L, 1, "theory.riccati.product", names);
  problem p;
  read_problem(&o, &p);
  times t = option_times(&o, "t");
  ln_matrix *W = push_matrices(L, t.n, p.Syx.rows, p.Syx.cols);
  check(L, o.call, solve_product(context_of(L), &p, &t, W));
  return pop_matrices(L, &t);
}

/* The table of product, inputs and outputs over the times. */
static int representations(const options *o, const problem *p, const times *t) {
  lua_State *L = o->L;
  size_t inputs = p->Syx.cols, outputs = p->Syx.rows;
  int first = lua_gettop(L) + 1; /* each pushes its windows and its list */
  answers a = {.product = push_matrices(L, t->n, outputs, inputs)};
  a.inputs = push_matrices(L, t->n, inputs, inputs);
  a.outputs = push_matrices(L, t->n, outputs, outputs);
  check(L, o->call, solve(context_of(L), p, t, &a));
  static const char *const fields[] = {"product", "inputs", "outputs"};
  lua_createtable(L, 0, 3);
  for (int k = 0; k < 3; k++) {
    lua_pushvalue(L, first + 2 * k + 1);
    pop_matrices(L, t);
    lua_setfield(L, first + 6, fields[k]);
    lua_settop(L, first + 6);
  }
  return 1;
}

/* theory.riccati.representations { as for product }: a table of the product W2 W1, of inputs = W1'W1 (how
 * similar the hidden layer's answers to two inputs are) and of outputs = W2 W2' at time t; lists for several
 * times. The neural tangent kernel is outputs (x) 1 + 1 (x) inputs. */
static int riccati_representations(lua_State *L) {
  static const char *const names[] = {"weights", "Sxx",   "Syx",          "task",      "t",
                                      "lambda",  "kappa", "weight_decay", "tolerance", NULL};
  options o = options_read(L, 1, "theory.riccati.representations", names);
  problem p;
  read_problem(&o, &p);
  times t = option_times(&o, "t");
  return representations(&o, &p, &t);
}

/* theory.riccati.limit { as for product, without t }: where product and representations go. The product is
 * Syx/c as far as the hidden layer lets it through and the start has a part in its modes. */
static int riccati_limit(lua_State *L) {
  static const char *const names[] = {"weights", "Sxx",          "Syx",       "task", "lambda",
                                      "kappa",   "weight_decay", "tolerance", NULL};
  static const double end = INFINITY;
  static const times t = {&end, 1, 1, 1, TIMES_NUMBER};
  options o = options_read(L, 1, "theory.riccati.limit", names);
  problem p;
  read_problem(&o, &p);
  return representations(&o, &p, &t);
}

/* ---- weights ---- */

typedef struct weights_request {
  const problem *p;
  const double *rising;
  const size_t *order;
  size_t count;
  const ln_matrix *W1, *W2;
} weights_request;

static ln_status store(ln_context *cx, void *ud, size_t index, double t, ln_matrix W1, ln_matrix W2) {
  (void)cx, (void)t;
  const weights_request *q = ud;
  ln_copy(W1, q->W1[q->order[index]]);
  ln_copy(W2, q->W2[q->order[index]]);
  return LN_OK;
}

static ln_status follow(ln_context *cx, weights_request *q) {
  ln_mark mark = ln_begin(cx);
  ln_riccati r;
  ln_status status = prepare(cx, q->p, &r);
  if (status == LN_OK) status = ln_riccati_follow(cx, &r, q->rising, q->count, store, q);
  return ln_end(cx, mark, status);
}

/* theory.riccati.weights { as for product }: { W1, W2 } at time t; a list of these for several times. W2 W1,
 * W1'W1 and W2 W2' are those of the closed form; the rotation of the hidden layer, which they leave open, is
 * integrated to a relative tolerance of 1e-13 (with one hidden direction there is none). */
static int riccati_weights(lua_State *L) {
  static const char *const names[] = {"weights", "Sxx",   "Syx",          "task",      "t",
                                      "lambda",  "kappa", "weight_decay", "tolerance", NULL};
  options o = options_read(L, 1, "theory.riccati.weights", names);
  problem p;
  read_problem(&o, &p);
  times t = option_times(&o, "t");
  size_t *order = push_order(L, t.data, t.n);
  double *rising = push_matrix(L, t.n, 1).data;
  for (size_t i = 0; i < t.n; i++) rising[i] = t.data[order[i]];
  weights_request q = {.p = &p, .rising = rising, .order = order, .count = t.n};
  q.W1 = push_matrices(L, t.n, p.W1.rows, p.W1.cols);
  int first = lua_gettop(L);
  q.W2 = push_matrices(L, t.n, p.W2.rows, p.W2.cols);
  int second = lua_gettop(L);
  check(L, o.call, follow(context_of(L), &q));
  lua_createtable(L, (int)t.n, 0);
  for (size_t i = 0; i < t.n; i++) {
    lua_createtable(L, 2, 0);
    lua_rawgeti(L, first, (lua_Integer)i + 1), lua_rawseti(L, -2, 1);
    lua_rawgeti(L, second, (lua_Integer)i + 1), lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return pop_matrices(L, &t);
}

const luaL_Reg riccati_functions[] = {
    {"class", riccati_class}, {"product", riccati_product}, {"representations", riccati_representations},
    {"limit", riccati_limit}, {"weights", riccati_weights}, {NULL, NULL}};
