/* theory.balanced: deep networks whose layers are balanced, W_(l+1)'W_(l+1) = W_l W_l', at any depth.
 *
 * The task is task = (of examples, of moments, or of entries: data.completion, data.sensing), or Sxx and Syx. W is the
 * end-to-end map W_D .. W_1, outputs x inputs. Arora, Cohen and Hazan (2018); Arora, Cohen, Hu and Luo (2019). */
#include "lua/ltheory.h"

#include <math.h>

#include "core/linalg.h"
#include "lua/ldata.h"
#include "theory/balanced.h"
#include "theory/end_to_end.h"
#include "theory/small_start.h"

#define TOLERANCE_DEFAULT 1e-10

/* The task of an end-to-end equation; `own` holds it where only moments are given. Pushes what keeps it alive. */
static const ln_task *read_task(const options *o, ln_task *own) {
  lua_State *L = o->L;
  if (option_push(o, "task") != LUA_TNIL) {
    option_exclusive(o, "task", "Sxx");
    option_exclusive(o, "task", "Syx");
    const ln_task *task = check_task(L, -1, o->call, "task");
    return task->observed.count ? task : task_with_target(L, lua_gettop(L), o->call);
  }
  *own = (ln_task){.has_moments = true, .has_target = true};
  option_moments(o, &own->Sxx, &own->Syx);
  own->inputs = own->Syx.cols, own->outputs = own->Syx.rows;
  ln_context *cx = context_of(L);
  check(L, o->call, ln_check_moments(cx, own->Sxx, own->Syx, INFINITY));
  own->target = push_matrix(L, own->outputs, own->inputs);
  check(L, o->call, ln_least_squares_map(cx, own, own->target, &own->loss_min));
  own->tr_yy = ln_dot(own->target, own->Syx);
  return own;
}

static ln_status velocity_at(ln_context *cx, const ln_task *task, ln_matrix W, size_t depth,
                             ln_matrix velocity, double *rates) {
  ln_mark mark = ln_begin(cx);
  const ln_observed *observed = &task->observed;
  ln_matrix E = ln_take_matrix(cx, W.rows, W.cols), dense = ln_take_matrix(cx, W.rows, W.cols);
  double *room = ln_reals(cx, ln_observed_room(observed));
  if (!E.data || !dense.data || !room) return ln_end(cx, mark, LN_EMEMORY);
  if (observed->count) {
    ln_copy(W, dense);
    ln_observed_gradient(observed, dense, E, room);
    ln_scale(-1, E);
  } else {
    ln_copy(task->Syx, E);
    ln_gemm(LN_N, LN_N, -1, W, task->Sxx, 1, E);
  }
  return ln_end(cx, mark, ln_balanced_motion(cx, W, E, depth, velocity, rates));
}

/* theory.balanced.velocity { W=, depth=, task= | Sxx=, Syx= }: dW/dt of the end-to-end map W, and as a second value
 * that of its singular values (a column, as they fall). */
static int balanced_velocity(lua_State *L) {
  static const char *const names[] = {"W", "depth", "task", "Sxx", "Syx", NULL};
  options o = options_read(L, 1, "theory.balanced.velocity", names);
  ln_task own;
  const ln_task *task = read_task(&o, &own);
  size_t depth = (size_t)option_integer(&o, "depth", 1, 1000000);
  ln_matrix W = option_matrix_sized(&o, "W", task->outputs, task->inputs);
  ln_matrix velocity = push_matrix(L, W.rows, W.cols);
  ln_matrix rates = push_matrix(L, W.rows < W.cols ? W.rows : W.cols, 1);
  check(L, o.call, velocity_at(context_of(L), task, W, depth, velocity, rates.data));
  return 2;
}

typedef struct answers {
  const size_t *order;
  const ln_matrix *W;
  ln_matrix s; /* T x k, or k x 1 */
  bool one;
} answers;

static ln_status keep(ln_context *cx, void *ud, size_t index, double t, ln_matrix W, const double *s) {
  (void)t;
  const answers *a = ud;
  size_t at = a->order[index], k = a->one ? a->s.rows : a->s.cols;
  ln_copy(W, a->W[at]);
  for (size_t r = 0; r < k; r++) *(a->one ? &LN_AT(a->s, r, 0) : &LN_AT(a->s, at, r)) = s[r];
  return ln_poll(cx);
}

/* theory.balanced.flow { W=, depth=, task= | Sxx=, Syx=, t=, weight_decay=0, tolerance=1e-10 }: the end-to-end map of a balanced
 * network that starts as W. A table: W (a matrix for one time, a list for more) and singular_values (a column, T x k
 * for more). Integrated at the width of W's rank. */
static int balanced_flow(lua_State *L) {
  static const char *const names[] = {"W", "depth",        "task",      "Sxx", "Syx",
                                      "t", "weight_decay", "tolerance", NULL};
  options o = options_read(L, 1, "theory.balanced.flow", names);
  ln_task own;
  const ln_task *task = read_task(&o, &own);
  size_t depth = (size_t)option_integer(&o, "depth", 1, LN_DEPTH_MAX);
  double tolerance = option_between_or(&o, "tolerance", 1e-13, 1e-1, TOLERANCE_DEFAULT);
  double weight_decay = option_nonnegative_or(&o, "weight_decay", 0);
  ln_matrix start = option_matrix_sized(&o, "W", task->outputs, task->inputs);
  times t = option_times(&o, "t");
  for (size_t i = 0; i < t.n; i++)
    if (!isfinite(t.data[i])) option_fail(&o, "t", "must be finite; number %zu is %g", i + 1, t.data[i]);
  const size_t *order = push_order(L, t.data, t.n);
  double *rising = push_matrix(L, t.n, 1).data;
  for (size_t i = 0; i < t.n; i++) rising[i] = t.data[order[i]];
  size_t k = start.rows < start.cols ? start.rows : start.cols;
  answers a = {.order = order, .one = t.shape == TIMES_NUMBER};
  a.s = a.one ? push_matrix(L, k, 1) : push_matrix(L, t.n, k);
  int singular_values = lua_gettop(L);
  a.W = push_matrices(L, t.n, start.rows, start.cols);
  check(
      L, o.call,
      ln_end_to_end_flow(context_of(L), task, start, depth, weight_decay, rising, t.n, tolerance, keep, &a));
  pop_matrices(L, &t);
  lua_createtable(L, 0, 2);
  lua_insert(L, -2);
  lua_setfield(L, -2, "W");
  put_field(L, "singular_values", singular_values, NULL);
  return 1;
}

/* theory.balanced.factors { W=, depth=, hidden= }: balanced layers {W_1, .., W_D} with the product W; hidden units (the
 * rank of W if not given) in each hidden layer. */
static int balanced_factors(lua_State *L) {
  static const char *const names[] = {"W", "depth", "hidden", NULL};
  options o = options_read(L, 1, "theory.balanced.factors", names);
  ln_context *cx = context_of(L);
  size_t depth = (size_t)option_integer(&o, "depth", 1, LN_DEPTH_MAX), hidden;
  ln_matrix W = option_matrix(&o, "W");
  check(L, o.call, ln_rank(cx, W, LN_NO_STRENGTH, &hidden));
  hidden = (size_t)option_integer_or(&o, "hidden", 1, LN_DIMENSION_MAX, hidden ? (lua_Integer)hidden : 1);
  ln_matrix *layers = lua_newuserdatauv(L, depth * sizeof *layers, 0);
  lua_createtable(L, (int)depth, 0);
  for (size_t l = 0; l < depth; l++) {
    layers[l] = push_sized_matrix(L, o.call, (lua_Number)(l + 1 < depth ? hidden : W.rows),
                                  (lua_Number)(l ? hidden : W.cols));
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  check(L, o.call, ln_balanced_factors(cx, W, depth, layers));
  return 1;
}

/* theory.balanced.conserved { weights={W1, ..} | net= }: the list of W_(l+1)'W_(l+1) - W_l W_l', which gradient flow of
 * any loss of the product keeps, and as a second value the distance from balance: the largest of their norms over
 * |W_l|^2 + |W_(l+1)|^2. */
static int balanced_conserved(lua_State *L) {
  static const char *const names[] = {"weights", "net", NULL};
  options o = options_read(L, 1, "theory.balanced.conserved", names);
  size_t depth;
  const ln_matrix *layers = option_weights_or_net(&o, &depth);
  ln_matrix *conserved = lua_newuserdatauv(L, depth * sizeof *conserved, 0);
  lua_createtable(L, (int)depth - 1, 0);
  for (size_t l = 0; l + 1 < depth; l++) {
    conserved[l] = push_matrix(L, layers[l].rows, layers[l].rows);
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  double distance;
  check(L, o.call, ln_conserved(context_of(L), layers, depth, conserved, &distance));
  lua_pushnumber(L, distance);
  return 2;
}

static ln_status small_start(ln_context *cx, const ln_matrix *layers, ln_matrix Sxx, ln_matrix Syx,
                             ln_matrix all, size_t *modes) {
  ln_mark mark = ln_begin(cx);
  ln_small_start start;
  ln_status status = ln_small_start_of(cx, layers[0], layers[1], Sxx, Syx, &start);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *modes = start.modes;
  const double *columns[] = {start.s, start.rho, start.strength, start.half_time};
  for (size_t c = 0; c < 4; c++)
    for (size_t i = 0; i < start.modes; i++) LN_AT(all, i, c) = columns[c][i];
  return ln_end(cx, mark, LN_OK);
}

/* theory.balanced.small_start { weights={W1, W2} | net=, task= | Sxx=, Syx= }: what small weights of two layers,
 * balanced or not, come to. A table of columns with an entry for each mode, s falling: s, rho, strength (that of the
 * aligned start with the same course) and half_time (when it has half of s/rho). */
static int balanced_small_start(lua_State *L) {
  static const char *const names[] = {"weights", "net", "task", "Sxx", "Syx", NULL};
  static const char *const columns[] = {"s", "rho", "strength", "half_time"};
  options o = options_read(L, 1, "theory.balanced.small_start", names);
  size_t depth, modes;
  const ln_matrix *layers = option_weights_or_net(&o, &depth);
  if (depth != 2)
    option_fail(&o, option_given(&o, "net") ? "net" : "weights", "has %zu layers; the rule is one of two",
                depth);
  ln_matrix Sxx, Syx;
  option_moments(&o, &Sxx, &Syx);
  ln_matrix all = push_matrix(L, Sxx.rows, 4);
  check(L, o.call, small_start(context_of(L), layers, Sxx, Syx, all, &modes));
  lua_createtable(L, 0, 4);
  for (size_t c = 0; c < 4; c++) {
    push_column(L, &LN_AT(all, 0, c), modes);
    lua_setfield(L, -2, columns[c]);
  }
  return 1;
}

const luaL_Reg balanced_functions[] = {
    {"velocity", balanced_velocity},       {"flow", balanced_flow},
    {"factors", balanced_factors},         {"conserved", balanced_conserved},
    {"small_start", balanced_small_start}, {NULL, NULL}};
