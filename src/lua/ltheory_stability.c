/* theory.stability: curvature and rates of descent of deep linear networks.
 *
 * All take weights = { W1, W2, ... } or net = a network, and the moments of the task (Sxx and Syx, or task =).
 * weight_decay = k adds k/2 sum |W_l|^2 to the loss. */
#include "lua/ltheory.h"

#include <string.h>

#include "theory/hessian.h"
#include "theory/stability.h"

#define BYTES_MAX 17179869184.0 /* a larger Hessian is asked for by mistake */
#define TOLERANCE_DEFAULT 1e-10

#define PROBLEM_OPTIONS "weights", "net", "Sxx", "Syx", "task", "weight_decay"

typedef struct problem {
  const char *call;
  ln_matrix *layers, Sxx, Syx;
  size_t depth, count; /* count: of weights */
  double decay;
} problem;

static problem read_problem(const options *o) {
  problem p = {.call = o->call};
  p.layers = option_weights_or_net(o, &p.depth);
  option_moments(o, &p.Sxx, &p.Syx);
  p.decay = option_nonnegative_or(o, "weight_decay", 0);
  for (size_t l = 0; l < p.depth; l++) p.count += p.layers[l].rows * p.layers[l].cols;
  return p;
}

/* ---- the Hessian ---- */

/* What is asked of the Hessian, by one call of the numerics. */
typedef struct question {
  ln_matrix H;         /* the matrix, or null data */
  double *eigenvalues; /* all of them, or null */
  double largest;      /* else */
} question;

static ln_status answer(ln_context *cx, const problem *p, question *q) {
  ln_mark mark = ln_begin(cx);
  ln_hessian h;
  ln_status status = ln_hessian_prepare(cx, p->layers, p->depth, p->Sxx, p->Syx, p->decay, &h);
  if (status == LN_OK && q->H.data)
    status = ln_hessian_matrix(cx, &h, q->H);
  else if (status == LN_OK && q->eigenvalues)
    status = ln_hessian_spectrum(cx, &h, q->eigenvalues);
  else if (status == LN_OK)
    status = ln_hessian_largest(cx, &h, &q->largest);
  return ln_end(cx, mark, status);
}

static problem read_small_problem(const options *o) {
  problem p = read_problem(o);
  double bytes = (double)p.count * (double)p.count * sizeof(double);
  if (bytes > BYTES_MAX)
    fail(o->L, o->call,
         "the Hessian of %zu weights would take %.3g bytes; theory.stability.curvature gives its largest "
         "eigenvalue",
         p.count, bytes);
  return p;
}

/* theory.stability.hessian { weights= | net=, Sxx=, Syx= | task=, weight_decay=0 }: the matrix of second derivatives of
 * the loss; the weights are numbered layer after layer, each down its columns. */
static int stability_hessian(lua_State *L) {
  static const char *const names[] = {PROBLEM_OPTIONS, NULL};
  options o = options_read(L, 1, "theory.stability.hessian", names);
  problem p = read_small_problem(&o);
  question q = {.H = push_matrix(L, p.count, p.count)};
  check(L, o.call, answer(context_of(L), &p, &q));
  return 1;
}

/* theory.stability.spectrum { the same }: all its eigenvalues, rising, as a column. */
static int stability_spectrum(lua_State *L) {
  static const char *const names[] = {PROBLEM_OPTIONS, NULL};
  options o = options_read(L, 1, "theory.stability.spectrum", names);
  problem p = read_small_problem(&o);
  question q = {.eigenvalues = push_matrix(L, p.count, 1).data};
  check(L, o.call, answer(context_of(L), &p, &q));
  return 1;
}

/* theory.stability.curvature { the same }: its largest eigenvalue, for networks of any size. */
static int stability_curvature(lua_State *L) {
  static const char *const names[] = {PROBLEM_OPTIONS, NULL};
  options o = options_read(L, 1, "theory.stability.curvature", names);
  problem p = read_problem(&o);
  question q = {0};
  check(L, o.call, answer(context_of(L), &p, &q));
  lua_pushnumber(L, q.largest);
  return 1;
}

/* ---- rates ---- */

static void set_number(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, name);
}

/* theory.stability.max_rate { the same, momentum=0 }: a table:
 *   rate          2 (1 + momentum) over the larger of the two curvatures
 *   suggested     half of it
 *   now           the largest eigenvalue of the Hessian at these weights
 *   minimum       that at the minimum with balanced layers, which small starts reach */
static int stability_max_rate(lua_State *L) {
  static const char *const names[] = {PROBLEM_OPTIONS, "momentum", NULL};
  options o = options_read(L, 1, "theory.stability.max_rate", names);
  problem p = read_problem(&o);
  double momentum = option_nonnegative_or(&o, "momentum", 0);
  ln_rate_limits r;
  check(L, o.call, ln_largest_rate(context_of(L), p.layers, p.depth, p.Sxx, p.Syx, p.decay, momentum, &r));
  lua_createtable(L, 0, 4);
  set_number(L, "rate", r.rate);
  set_number(L, "suggested", r.rate / 2);
  set_number(L, "now", r.now);
  set_number(L, "minimum", r.minimum);
  return 1;
}

typedef struct pursuit {
  const size_t *order; /* the places of the rising times in the answer */
  double **theta, *error, *relative;
  size_t count;
} pursuit;

static ln_status store(ln_context *cx, void *ud, size_t index, const double *theta, double error,
                       double size) {
  (void)cx;
  pursuit *p = ud;
  size_t i = p->order[index];
  memcpy(p->theta[i], theta, p->count * sizeof *theta);
  p->error[i] = error;
  p->relative[i] = error > 0 ? error / size : 0;
  return LN_OK;
}

/* theory.stability.finite_rate { the same, rate=, t=, tolerance=1e-10 }: what steps of this rate do that the gradient flow
 * does not, to first order, without taking them. A table, with a row for each time t = rate * steps:
 *   weights       { W1, W2, ... } under the flow of L + (rate/4) |grad L|^2, which descent follows to second order
 *   error         |W - W_flow| of the end-to-end maps; relative: over |W_flow| */
static int stability_finite_rate(lua_State *L) {
  static const char *const names[] = {PROBLEM_OPTIONS, "rate", "t", "tolerance", NULL};
  options o = options_read(L, 1, "theory.stability.finite_rate", names);
  problem p = read_problem(&o);
  double rate = option_nonnegative(&o, "rate");
  double tolerance = option_between_or(&o, "tolerance", 1e-13, 1e-1, TOLERANCE_DEFAULT);
  times t = option_times(&o, "t");
  pursuit found = {.order = push_order(L, t.data, t.n), .count = p.count};
  double *rising = push_matrix(L, t.n, 1).data;
  for (size_t i = 0; i < t.n; i++) rising[i] = t.data[found.order[i]];
  found.theta = lua_newuserdatauv(L, (t.n + 1) * sizeof *found.theta, 0);
  lua_createtable(L, (int)t.n, 0);
  int roots = lua_gettop(L);
  for (size_t i = 0; i < t.n; i++) {
    found.theta[i] = push_matrix(L, p.count, 1).data;
    lua_rawseti(L, roots, (lua_Integer)i + 1);
  }
  found.error = push_like_times(L, &t);
  found.relative = push_like_times(L, &t);
  ln_finite_rate request = {rate, p.decay, tolerance, rising, t.n, store, &found};
  check(L, o.call, ln_follow_finite_rate(context_of(L), p.layers, p.depth, p.Sxx, p.Syx, &request));

  lua_createtable(L, 0, 3);
  put_field(L, "error", roots + 1, &t);
  put_field(L, "relative", roots + 2, &t);
  lua_createtable(L, (int)t.n, 0);
  for (size_t i = 0; i < t.n; i++) {
    lua_rawgeti(L, roots, (lua_Integer)i + 1);
    lua_createtable(L, (int)p.depth, 0);
    double *theta = found.theta[i];
    for (size_t l = 0; l < p.depth; l++) {
      push_view(L, -2, ln_window(theta, p.layers[l].rows, p.layers[l].cols));
      lua_rawseti(L, -2, (lua_Integer)l + 1);
      theta += p.layers[l].rows * p.layers[l].cols;
    }
    lua_rawseti(L, -3, (lua_Integer)i + 1);
    lua_pop(L, 1);
  }
  pop_matrices(L, &t);
  lua_setfield(L, roots + 3, "weights");
  lua_settop(L, roots + 3);
  return 1;
}

const luaL_Reg stability_functions[] = {
    {"hessian", stability_hessian},         {"spectrum", stability_spectrum},
    {"curvature", stability_curvature},     {"max_rate", stability_max_rate},
    {"finite_rate", stability_finite_rate}, {NULL, NULL}};
