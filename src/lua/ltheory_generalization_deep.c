/* theory.generalization: deep linear students with one output. */
#include "lua/ltheory_generalization.h"

#include <math.h>

#include "lua/ldata.h"
#include "theory/deep_student.h"
#include "theory/one_output.h"

/* ---- large size ---- */

#define START_OPTIONS "depth", "strength", "c0", "v0", "h0", "hidden", "scale"

/* Gaussian weights of two layers: only one direction of the hidden units grows from a small start. */
static void start_from_weights(const options *o, const teacher *t, ln_deep_student *s) {
  double hidden = option_size(o, "hidden");
  if (t->inputs == 0)
    option_fail(o, "inputs", "must be given with scale: the start depends on how many there are");
  times scale = option_numbers(o, "scale");
  if (scale.n > 2 || scale.n == 0) option_fail(o, "scale", "must be a number, or { of W1, of W2 }");
  double first = scale.data[0], second = scale.data[scale.n - 1];
  if (!(first >= 0 && second >= 0 && isfinite(first + second)) || first + second == 0)
    option_fail(o, "scale", "must be >= 0, finite and not 0: standard deviations of the weights");
  lua_pop(o->L, 1);
  double both = hypot(first, second), correlation = t->power * (1 + 1 / t->alpha) + t->noise / t->alpha;
  s->c0 = sqrt(hidden) * second * (second / both);
  s->h0 = sqrt(hidden) * first * (first / both) / sqrt(correlation);
  s->v0 = t->inputs * first * first;
}

static ln_deep_student option_student(const options *o, const teacher *t) {
  ln_deep_student s = {.alpha = t->alpha, .power = t->power, .noise = t->noise};
  option_exclusive(o, "c0", "strength");
  option_exclusive(o, "scale", "strength");
  option_exclusive(o, "scale", "c0");
  if (option_given(o, "strength")) {
    s.strength = option_positive(o, "strength");
    s.depth = option_between_or(o, "depth", 1, 1e6, 2);
  } else if (option_given(o, "c0")) {
    s.rank_one = true;
    s.c0 = option_nonnegative(o, "c0"), s.v0 = option_nonnegative_or(o, "v0", 0);
    s.h0 = option_nonnegative_or(o, "h0", 0);
  } else if (option_given(o, "scale")) {
    s.rank_one = true;
    start_from_weights(o, t, &s);
  } else {
    option_fail(o, "strength",
                "(of a balanced start), c0 (rank one), or scale and hidden (random weights) is needed");
  }
  if (s.rank_one && option_given(o, "depth"))
    option_fail(o, "depth", "goes with strength; this start has two layers");
  if (!option_given(o, "scale") && option_given(o, "hidden")) option_fail(o, "hidden", "goes with scale");
  if (!option_given(o, "c0") && (option_given(o, "v0") || option_given(o, "h0")))
    option_fail(o, option_given(o, "v0") ? "v0" : "h0", "goes with c0");
  return s;
}

typedef struct curves {
  const times *t;
  const size_t *order;
  ln_deep_errors *errors;
} curves;

/* Sets a field of the table on top of the stack, in the shape of t: the number at this place of each answer. */
static void put_curve(lua_State *L, const char *name, const curves *c, size_t offset) {
  double *answers = push_like_times(L, c->t);
  for (size_t i = 0; i < c->t->n; i++)
    answers[c->order[i]] = *(const double *)((const char *)&c->errors[i] + offset);
  put_like_times(L, name, c->t);
}

/* theory.generalization.deep { alpha= or inputs=, examples=, noise= or snr=, power=1, strength=, depth=2 | c0=, v0=0, h0=0 |
 * scale=, hidden=, t=, left= } */
static int generalization_deep(lua_State *L) {
  static const char *const names[] = {TEACHER_OPTIONS, START_OPTIONS, "t", "left", NULL};
  options o = options_read(L, 1, "theory.generalization.deep", names);
  teacher task = option_teacher(&o);
  ln_deep_student s = option_student(&o, &task);
  double left = option_between_or(&o, "left", 0, 1, 0.5), train_time = 0, t_opt;
  bool timed = option_given(&o, "t"), asked = option_given(&o, "left");
  if (left == 0 || left == 1) option_fail(&o, "left", "must lie between 0 and 1, got %g", left);
  times t = {0};
  if (timed) t = option_times(&o, "t");
  curves c = {.t = &t, .order = push_order(L, t.data, t.n)};
  double *rising = push_matrix(L, t.n, 1).data;
  for (size_t i = 0; i < t.n; i++) rising[i] = t.data[c.order[i]];
  c.errors = lua_newuserdatauv(L, (t.n + 1) * sizeof *c.errors, 0);
  ln_context *cx = context_of(L);
  ln_deep_errors final, best;
  check(L, o.call, ln_deep_limit(cx, &s, &final));
  check(L, o.call, ln_deep_at(cx, &s, rising, t.n, c.errors));
  check(L, o.call, ln_deep_best(cx, &s, &t_opt, &best));
  if (asked) check(L, o.call, ln_deep_train_time(cx, &s, left, &train_time));
  lua_createtable(L, 0, 16);
  if (timed) {
    put_curve(L, "test_error", &c, offsetof(ln_deep_errors, test));
    put_curve(L, "excess_error", &c, offsetof(ln_deep_errors, excess));
    put_curve(L, "train_error", &c, offsetof(ln_deep_errors, train));
    put_curve(L, "size", &c, offsetof(ln_deep_errors, size));
    if (s.rank_one) put_curve(L, "c", &c, offsetof(ln_deep_errors, c));
  }
  put_number(L, "final", final.test);
  put_number(L, "final_size", final.size);
  if (s.rank_one) {
    put_number(L, "final_c", final.c);
    put_number(L, "c0", s.c0), put_number(L, "v0", s.v0), put_number(L, "h0", s.h0);
  }
  put_number(L, "best", best.test), put_number(L, "t_opt", t_opt);
  if (asked) put_number(L, "time_to_train", train_time);
  return 1;
}

static ln_status trade_off(ln_context *cx, ln_deep_student *s, double left, double *answers[4], size_t at) {
  ln_deep_errors final, best;
  ln_status status = ln_deep_train_time(cx, s, left, &answers[0][at]);
  if (status == LN_OK) status = ln_deep_best(cx, s, &answers[3][at], &best);
  if (status == LN_OK) status = ln_deep_limit(cx, s, &final);
  if (status != LN_OK) return status;
  answers[1][at] = best.test, answers[2][at] = final.test;
  return LN_OK;
}

/* theory.generalization.speed_accuracy { alpha= or inputs=, examples=, noise= or snr=, power=1, depth=2, strength=, left=0.01 } */
static int generalization_speed_accuracy(lua_State *L) {
  static const char *const names[] = {TEACHER_OPTIONS, "depth", "strength", "left", NULL};
  static const char *const fields[] = {"time", "best", "final", "t_opt"};
  static const double two = 2;
  options o = options_read(L, 1, "theory.generalization.speed_accuracy", names);
  teacher task = option_teacher(&o);
  double left = option_between_or(&o, "left", 0, 1, 0.01);
  if (left == 0 || left == 1) option_fail(&o, "left", "must lie between 0 and 1, got %g", left);
  times strength = option_times(&o, "strength"), depth = {&two, 1, 1, 1, TIMES_NUMBER};
  if (option_given(&o, "depth")) depth = option_numbers(&o, "depth");
  bool several = depth.shape != TIMES_NUMBER;
  for (size_t i = 0; i < depth.n; i++)
    if (!(depth.data[i] >= 1 && depth.data[i] <= 1e6))
      option_fail(&o, "depth", "must be at least 1 and finite; number %zu is %g", i + 1, depth.data[i]);
  for (size_t i = 0; i < strength.n; i++)
    if (!(strength.data[i] > 0 && isfinite(strength.data[i])))
      option_fail(&o, "strength", "must be > 0 and finite; number %zu is %g", i + 1, strength.data[i]);
  int first = lua_gettop(L) + 1;
  double *answers[4];
  for (size_t f = 0; f < 4; f++)
    answers[f] = several ? push_matrix(L, strength.n, depth.n).data : push_like_times(L, &strength);
  ln_deep_student s = {.alpha = task.alpha, .power = task.power, .noise = task.noise};
  for (size_t k = 0; k < depth.n; k++)
    for (size_t i = 0; i < strength.n; i++) {
      s.depth = depth.data[k], s.strength = strength.data[i];
      check(L, o.call, trade_off(context_of(L), &s, left, answers, k * strength.n + i));
    }
  lua_createtable(L, 0, 4);
  for (int f = 0; f < 4; f++) put_field(L, fields[f], first + f, several ? NULL : &strength);
  return 1;
}

/* ---- given data ---- */

static ln_one_output option_reduction(const options *o) {
  ln_one_output s = {.depth = 2};
  option_moments(o, &s.Sxx, &s.Syx);
  if (s.Syx.rows != 1)
    option_fail(o, option_given(o, "task") ? "task" : "Syx", "must have one output; this one has %zu",
                s.Syx.rows);
  static const char *const starts[] = {"net", "weights", "z", "w"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < i; j++) option_exclusive(o, starts[j], starts[i]);
  if (option_given(o, "net") || option_given(o, "weights")) {
    size_t depth;
    ln_matrix *layers = option_weights_or_net(o, &depth);
    const char *name = option_given(o, "net") ? "net" : "weights";
    if (depth != 2) option_fail(o, name, "must have two layers, and has %zu", depth);
    s.start = LN_START_LAYERS, s.W1 = layers[0], s.W2 = layers[1];
  } else if (option_given(o, "z")) {
    s.start = LN_START_RANK_ONE, s.c0 = option_number(o, "c"), s.first = option_vector(o, "z");
  } else if (option_given(o, "w")) {
    s.start = LN_START_BALANCED, s.first = option_vector(o, "w");
    s.depth = option_between_or(o, "depth", 1, 1e6, 2);
  } else {
    option_fail(o, "weights",
                "(two layers) or net, c and z (rank one), or w and depth (balanced) are needed");
  }
  if (s.start != LN_START_BALANCED && option_given(o, "depth")) option_fail(o, "depth", "goes with w");
  if (s.start != LN_START_RANK_ONE && option_given(o, "c")) option_fail(o, "c", "goes with z");
  return s;
}

/* tr_yy - 2 w Syx' + w Sxx w' of row i of W. */
static double squared_error(ln_matrix W, size_t row, const ln_task *task) {
  double sum = task->tr_yy;
  for (size_t j = 0; j < W.cols; j++) {
    double along = -2 * LN_AT(task->Syx, 0, j);
    for (size_t i = 0; i < W.cols; i++) along += LN_AT(W, row, i) * LN_AT(task->Sxx, i, j);
    sum += LN_AT(W, row, j) * along;
  }
  return sum;
}

/* Pushes the errors of all maps on the task at index, and sets the field of the table at `into`. */
static void put_errors(const options *o, const char *name, int into, int task, ln_matrix W, const times *t,
                       const size_t *order) {
  lua_State *L = o->L;
  const ln_task *moments = task_with_moments(L, task, o->call);
  if (moments->inputs != W.cols || moments->outputs != 1)
    option_fail(o, "test", "has %zu inputs and %zu outputs; %zu and 1 are needed", moments->inputs,
                moments->outputs, W.cols);
  double *errors = push_like_times(L, t);
  for (size_t i = 0; i < t->n; i++) errors[order[i]] = squared_error(W, order[i], moments);
  pop_like_times(L, t);
  lua_setfield(L, into, name);
  lua_settop(L, into);
}

/* theory.generalization.one_output { task= or Sxx=, Syx=, weights= or net= | c=, z= | w=, depth=2, t=, test=task.test } */
static int generalization_one_output(lua_State *L) {
  static const char *const names[] = {"task", "Sxx", "Syx",   "weights", "net",  "c",
                                      "z",    "w",   "depth", "t",       "test", NULL};
  options o = options_read(L, 1, "theory.generalization.one_output", names);
  ln_one_output s = option_reduction(&o);
  times t = option_times(&o, "t");
  for (size_t i = 0; i < t.n; i++)
    if (isinf(t.data[i])) option_fail(&o, "t", "must be finite; number %zu is infinite", i + 1);
  int train = 0, test = 0;
  if (option_given(&o, "task")) option_push(&o, "task"), train = lua_gettop(L);
  if (option_given(&o, "test")) {
    option_push(&o, "test"), test = lua_gettop(L);
  } else if (train) {
    lua_getfield(L, train, "test");
    if (!lua_isnil(L, -1)) test = lua_gettop(L);
  }
  if (test) check_task(L, test, o.call, "test");
  const size_t *order = push_order(L, t.data, t.n);
  double *rising = push_matrix(L, t.n, 1).data;
  for (size_t i = 0; i < t.n; i++) rising[i] = t.data[order[i]];
  ln_matrix sorted = push_matrix(L, t.n, s.Sxx.rows); /* afterwards, for rank one, z in the order of t */
  int z = lua_gettop(L);
  double *sorted_last = push_matrix(L, t.n, 1).data;
  ln_matrix W = push_matrix(L, t.n, s.Sxx.rows);
  int product = lua_gettop(L);
  double *last = push_like_times(L, &t);
  check(L, o.call, ln_one_output_at(context_of(L), &s, rising, t.n, sorted, sorted_last));
  bool rank_one = s.start == LN_START_RANK_ONE;
  for (size_t i = 0; i < t.n; i++) {
    last[order[i]] = sorted_last[i];
    for (size_t j = 0; j < W.cols; j++) LN_AT(W, order[i], j) = LN_AT(sorted, i, j);
  }
  if (rank_one) {
    ln_copy(W, sorted);
    for (size_t j = 0; j < W.cols; j++)
      for (size_t i = 0; i < t.n; i++) LN_AT(W, i, j) *= last[i];
  }
  lua_createtable(L, 0, 5);
  int table = lua_gettop(L);
  if (train) put_errors(&o, "train_error", table, train, W, &t, order);
  if (test) put_errors(&o, "test_error", table, test, W, &t, order);
  put_field(L, "product", product, NULL);
  put_field(L, rank_one ? "c" : "last", product + 1, &t);
  if (rank_one) put_field(L, "z", z, NULL);
  return 1;
}

const luaL_Reg generalization_deep_functions[] = {{"deep", generalization_deep},
                                                  {"speed_accuracy", generalization_speed_accuracy},
                                                  {"one_output", generalization_one_output},
                                                  {NULL, NULL}};
