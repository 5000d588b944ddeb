/* theory.shallow: one-layer linear networks, W(t) in closed form.
 *
 * All take the moments of the task: Sxx (inputs x inputs) and Syx (outputs x inputs), or task =. W0 is the
 * start (outputs x inputs; zeros if not given). weight_decay = k adds k/2 |W|^2 to the loss (ridge). Saxe,
 * McClelland and Ganguli (2014); the descent and momentum laws are the powers of the same linear recursion.
 */
#include "lua/ltheory.h"

#include <math.h>

#include "theory/shallow.h"

typedef struct problem {
  ln_matrix W0, Sxx, Syx;
  double decay;
} problem;

static problem read_problem(const options *o) {
  problem p = {.decay = option_nonnegative_or(o, "weight_decay", 0)};
  option_moments(o, &p.Sxx, &p.Syx);
  if (option_given(o, "W0")) {
    p.W0 = option_matrix_sized(o, "W0", p.Syx.rows, p.Syx.cols);
  } else {
    p.W0 = push_matrix(o->L, p.Syx.rows, p.Syx.cols);
    ln_fill(p.W0, 0);
  }
  return p;
}

/* theory.shallow.flow { W0=, Sxx=, Syx=, t=, weight_decay=0 }: W at time t of gradient flow, t = rate *
 * steps. A list or matrix of times gives a list of matrices. t = math.huge is the limit. */
static ln_status flow_at(ln_context *cx, const problem *p, const times *t, const ln_matrix *W) {
  ln_mark mark = ln_begin(cx);
  ln_shallow shallow;
  ln_status status = ln_shallow_prepare(cx, p->W0, p->Sxx, p->Syx, p->decay, &shallow);
  for (size_t i = 0; i < t->n && status == LN_OK; i++)
    status = ln_shallow_flow(cx, &shallow, t->data[i], W[i]);
  return ln_end(cx, mark, status);
}

static int shallow_flow(lua_State *L) {
  static const char *const names[] = {"W0", "Sxx", "Syx", "task", "t", "weight_decay", NULL};
  options o = options_read(L, 1, "theory.shallow.flow", names);
  problem p = read_problem(&o);
  times t = option_times(&o, "t");
  ln_matrix *W = push_matrices(L, t.n, p.W0.rows, p.W0.cols);
  check(L, o.call, flow_at(context_of(L), &p, &t, W));
  return pop_matrices(L, &t);
}

/* theory.shallow.limit { W0=, Sxx=, Syx=, weight_decay=0 }: where W goes: Syx (Sxx + k)^-1, and without decay
 * what W0 is on inputs that are not in the data. */
static int shallow_limit(lua_State *L) {
  static const char *const names[] = {"W0", "Sxx", "Syx", "task", "weight_decay", NULL};
  static const double end = INFINITY;
  static const times t = {&end, 1, 1, 1, TIMES_NUMBER};
  options o = options_read(L, 1, "theory.shallow.limit", names);
  problem p = read_problem(&o);
  ln_matrix W = push_matrix(L, p.W0.rows, p.W0.cols);
  check(L, o.call, flow_at(context_of(L), &p, &t, &W));
  return 1;
}

/* theory.shallow.descent { W0=, Sxx=, Syx=, rate=, steps=, momentum=0, weight_decay=0 }: W after full-batch
 * gradient descent (heavy ball with momentum: v = momentum v - rate * gradient; W = W + v), without taking
 * the steps. A list of steps gives a list of matrices. */
static ln_status descent_at(ln_context *cx, const problem *p, double rate, double momentum,
                            const counts *steps, const ln_matrix *W) {
  ln_mark mark = ln_begin(cx);
  ln_shallow shallow;
  ln_status status = ln_shallow_prepare(cx, p->W0, p->Sxx, p->Syx, p->decay, &shallow);
  for (size_t i = 0; i < steps->asked.n && status == LN_OK; i++)
    status = ln_shallow_descent(cx, &shallow, rate, momentum, steps->data[i], W[i]);
  return ln_end(cx, mark, status);
}

static int shallow_descent(lua_State *L) {
  static const char *const names[] = {"W0",    "Sxx",      "Syx",          "task", "rate",
                                      "steps", "momentum", "weight_decay", NULL};
  options o = options_read(L, 1, "theory.shallow.descent", names);
  problem p = read_problem(&o);
  double rate = option_nonnegative(&o, "rate"), momentum = option_nonnegative_or(&o, "momentum", 0);
  counts steps = option_steps(&o, "steps");
  ln_matrix *W = push_matrices(L, steps.asked.n, p.W0.rows, p.W0.cols);
  check(L, o.call, descent_at(context_of(L), &p, rate, momentum, &steps, W));
  return pop_matrices(L, &steps.asked);
}

/* theory.shallow.rates { Sxx=, weight_decay=0, momentum=0 }: how fast descent can be. A table:
 *   max_rate             descent with this momentum converges below it: 2 (1 + momentum)/largest
 *   rate, factor         fastest without momentum: 2/(smallest + largest), and its error's factor a step
 *   momentum_rate, momentum, momentum_factor      the fastest heavy ball
 *   smallest, largest    curvatures (eigenvalues of Sxx, plus the decay) of the inputs that move */
static int shallow_rates(lua_State *L) {
  static const char *const names[] = {"Sxx", "task", "weight_decay", "momentum", NULL};
  options o = options_read(L, 1, "theory.shallow.rates", names);
  double decay = option_nonnegative_or(&o, "weight_decay", 0);
  double momentum = option_nonnegative_or(&o, "momentum", 0);
  ln_matrix Sxx = option_inputs(&o);
  ln_shallow_rates r;
  check(L, o.call, ln_shallow_fastest(context_of(L), Sxx, decay, momentum, &r));
  const struct {
    const char *name;
    double value;
  } fields[] = {{"max_rate", r.stable},   {"rate", r.rate},
                {"factor", r.factor},     {"momentum_rate", r.momentum_rate},
                {"momentum", r.momentum}, {"momentum_factor", r.momentum_factor},
                {"smallest", r.smallest}, {"largest", r.largest}};
  lua_createtable(L, 0, sizeof fields / sizeof *fields);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    lua_pushnumber(L, fields[i].value);
    lua_setfield(L, -2, fields[i].name);
  }
  return 1;
}

const luaL_Reg shallow_functions[] = {{"flow", shallow_flow},
                                      {"limit", shallow_limit},
                                      {"descent", shallow_descent},
                                      {"rates", shallow_rates},
                                      {NULL, NULL}};
