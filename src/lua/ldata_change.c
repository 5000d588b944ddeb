/* ldata_change.c: methods that make a new task from one. */
#include "lua/ldata_parts.h"

#include <math.h>
#include <string.h>

#include "core/random.h"
#include "data/transform.h"

/* What a task keeps, whichever of its examples are chosen and whatever is done to their numbers. */
#define ABOUT                                                                                                \
  "name", "source", "features", "classes", "input_names", "image", "teacher", "power", "snr", "noise"

static const ln_task *with_examples(lua_State *L, const char *call) {
  const ln_task *task = check_task(L, 1, call, "task");
  if (!task->examples) fail(L, call, "needs examples, and this task has only their moments");
  return task;
}

/* task.test of the task at index 1, or nil. */
static const ln_task *push_test(lua_State *L) {
  push_fields(L, 1);
  lua_getfield(L, -1, "test");
  lua_remove(L, -2);
  return luaL_testudata(L, -1, TASK_TYPE);
}

/* ---- some of the examples ---- */

/* Fields of the task made of n examples (counted from 0) of the one at `index`. */
static void push_chosen(lua_State *L, int index, const size_t *chosen, size_t n) {
  static const char *const about[] = {ABOUT, NULL};
  const ln_task *task = lua_touserdata(L, index);
  push_some_fields(L, index, about);
  int fields = lua_gettop(L);
  push_fields(L, index);
  ln_matrix X = push_matrix(L, task->inputs, n);
  ln_select_columns(task->X, chosen, X);
  if (task->Y.data == task->X.data) {
    lua_pushvalue(L, -1);
  } else {
    ln_matrix Y = push_matrix(L, task->outputs, n);
    ln_select_columns(task->Y, chosen, Y);
  }
  lua_setfield(L, fields, "Y");
  lua_setfield(L, fields, "X");
  if (lua_getfield(L, fields + 1, "labels") != LUA_TNIL) {
    const double *labels = test_matrix(L, -1)->data;
    ln_matrix kept = push_matrix(L, n, 1);
    for (size_t j = 0; j < n; j++) kept.data[j] = labels[chosen[j]];
    lua_setfield(L, fields, "labels");
  }
  if (lua_getfield(L, fields + 1, "items") != LUA_TNIL) {
    lua_createtable(L, (int)n, 0);
    for (size_t j = 0; j < n; j++) {
      lua_rawgeti(L, -2, (lua_Integer)chosen[j] + 1);
      lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, fields, "items");
  }
  if (lua_getfield(L, fields + 1, "alpha") != LUA_TNIL) {
    lua_pushnumber(L, (double)n / (double)task->inputs);
    lua_setfield(L, fields, "alpha");
  }
  lua_settop(L, fields);
}

static size_t *push_indices(lua_State *L, size_t count) {
  return lua_newuserdatauv(L, (count ? count : 1) * sizeof(size_t), 0);
}

/* task:split { test=0.2, seed= }: a share (below 1) or a number of examples, drawn at random, becomes the
 * test set; both parts keep the order of the examples. */
static int task_split(lua_State *L) {
  static const char *const names[] = {"test", "seed", NULL};
  const char *call = "task:split";
  const ln_task *task = with_examples(L, call);
  options o = options_read(L, 2, call, names);
  double share = option_positive(&o, "test"), P = (double)task->examples;
  double count = share < 1 ? round(share * P) : share;
  if (count != floor(count) || count < 1 || count > P - 1)
    option_fail(
        &o, "test",
        "= %g: must be a share between 0 and 1 or a number of examples, and leave at least one of the "
        "%zu on either side",
        share, task->examples);
  ln_stream stream = option_stream(&o, LN_FOR_SPLIT);
  size_t n = (size_t)count, *order = push_indices(L, task->examples),
         *chosen = push_indices(L, task->examples);
  ln_random_permutation(&stream, order, task->examples);
  for (size_t j = 0; j < task->examples; j++) chosen[j] = 0;
  for (size_t j = 0; j < n; j++) chosen[order[j]] = 1;
  size_t in_train = 0, in_test = task->examples - n; /* the training part first, then the test */
  for (size_t j = 0; j < task->examples; j++) order[chosen[j] ? in_test++ : in_train++] = j;
  push_chosen(L, 1, order, task->examples - n);
  push_chosen(L, 1, order + (task->examples - n), n);
  make_task(L);
  lua_setfield(L, -2, "test");
  make_task(L);
  return 1;
}

/* Which examples of the task at `index` have one of the labels that `wanted` marks. Pushes the list. */
static size_t *push_labelled(lua_State *L, int index, const char *call, const bool *wanted, size_t *n) {
  const ln_task *task = lua_touserdata(L, index);
  push_fields(L, index);
  lua_getfield(L, -1, "labels");
  const ln_matrix *labels = test_matrix(L, -1);
  if (!labels) fail(L, call, "the examples of this task have no labels");
  size_t *chosen = push_indices(L, task->examples);
  *n = 0;
  for (size_t j = 0; j < task->examples; j++)
    if (wanted[(size_t)labels->data[j] - 1]) chosen[(*n)++] = j;
  return chosen;
}

static size_t count_classes(lua_State *L, int index) {
  double most = 0;
  push_fields(L, index);
  lua_getfield(L, -1, "labels");
  const ln_matrix *labels = test_matrix(L, -1);
  for (size_t j = 0; labels && j < labels->rows; j++) most = fmax(most, labels->data[j]);
  lua_pop(L, 2);
  return (size_t)most;
}

/* The places (from 0) among `count` things that the list at `index` names or numbers. */
static size_t *push_choice(lua_State *L, int index, const char *call, const char *list, size_t count,
                           size_t *n) {
  if (!lua_istable(L, index))
    fail(L, call, "%s must be a list of names or numbers, got %s", list, describe(L, index));
  *n = (size_t)luaL_len(L, index);
  if (!*n) fail(L, call, "an empty list chooses no example");
  size_t *chosen = push_indices(L, *n);
  for (size_t i = 0; i < *n; i++) {
    lua_geti(L, index, (lua_Integer)i + 1);
    chosen[i] = (size_t)find_name(L, 1, -1, call, list, count) - 1;
    lua_pop(L, 1);
  }
  return chosen;
}

static int subset_by_label(lua_State *L, const char *call) {
  size_t n, classes = count_classes(L, 1);
  if (!classes) fail(L, call, "the examples of this task have no labels");
  push_test(L);
  int test = lua_gettop(L);
  const ln_task *has_test = luaL_testudata(L, test, TASK_TYPE);
  if (has_test && has_test->examples && count_classes(L, test) > classes) classes = count_classes(L, test);
  lua_getfield(L, 2, "labels");
  const size_t *labels = push_choice(L, lua_gettop(L), call, "classes", classes, &n);
  bool *wanted = lua_newuserdatauv(L, classes ? classes : 1, 0);
  for (size_t k = 0; k < classes; k++) wanted[k] = false;
  for (size_t k = 0; k < n; k++) wanted[labels[k]] = true;

  const size_t *chosen = push_labelled(L, 1, call, wanted, &n);
  if (!n) fail(L, call, "no example has one of these labels");
  push_chosen(L, 1, chosen, n);
  int fields = lua_gettop(L);
  if (has_test && has_test->examples) {
    chosen = push_labelled(L, test, call, wanted, &n);
    if (n) {
      push_chosen(L, test, chosen, n);
      make_task(L);
      lua_setfield(L, fields, "test");
    }
  }
  lua_settop(L, fields);
  make_task(L);
  return 1;
}

/* task:subset { 1, 5, "pine" }: these examples, by number or item, with the same test set;
 * task:subset { labels = {"0", 2} }: the examples of these classes, of the test set too. */
static int task_subset(lua_State *L) {
  static const char *const names[] = {"labels", NULL};
  const char *call = "task:subset";
  const ln_task *task = with_examples(L, call);
  if (lua_istable(L, 2) && !lua_rawlen(L, 2) && (lua_pushnil(L), lua_next(L, 2))) {
    lua_settop(L, 2);
    options_read(L, 2, call, names);
    return subset_by_label(L, call);
  }
  lua_settop(L, 2);
  size_t n;
  const size_t *chosen = push_choice(L, 2, call, "items", task->examples, &n);
  push_chosen(L, 1, chosen, n);
  push_test(L);
  lua_setfield(L, -2, "test");
  make_task(L);
  return 1;
}

/* ---- other numbers for the same examples ---- */

/* A map of the inputs, row by row or as a matrix M, and of the outputs, row by row. Windows of values that
 * the caller keeps on the stack. */
typedef struct change {
  ln_affine x, y;
  ln_matrix M;
} change;

/* All fields of the task at `index` but its numbers, the test set and what the numbers decide. */
static void push_about(lua_State *L, int index) {
  static const char *const about[] = {ABOUT, "items", "labels", "alpha", NULL};
  push_some_fields(L, index, about);
}

static void push_changed_examples(lua_State *L, int index, const char *call, const change *to) {
  const ln_task *task = lua_touserdata(L, index);
  push_about(L, index);
  int fields = lua_gettop(L);
  ln_matrix X = push_matrix(L, to->M.data ? to->M.rows : task->inputs, task->examples);
  if (to->M.data) {
    check(L, call, ln_charge(context_of(L), 2 * (double)X.rows * (double)task->inputs * (double)X.cols));
    ln_gemm(LN_N, LN_N, 1, to->M, task->X, 0, X);
  } else {
    ln_apply_affine(to->x, task->X, X);
  }
  lua_setfield(L, fields, "X");
  if (to->y.shift.data || to->y.scale.data) {
    ln_matrix Y = push_matrix(L, task->outputs, task->examples);
    ln_apply_affine(to->y, task->Y, Y);
  } else {
    push_fields(L, index);
    lua_getfield(L, -1, "Y");
  }
  lua_setfield(L, fields, "Y");
  lua_settop(L, fields);
}

static ln_matrix push_dense(lua_State *L, ln_matrix A) {
  ln_matrix B = push_matrix(L, A.rows, A.cols);
  ln_copy(A, B);
  return B;
}

static void push_changed_moments(lua_State *L, int index, const char *call, const change *to) {
  const ln_task *task = lua_touserdata(L, index);
  if (!task->mean_x.data) fail(L, call, "a task of moments without means cannot be centred");
  if (to->y.scale.data)
    fail(L, call, "outputs of a task of moments cannot be scaled: only their total power is known");
  push_about(L, index);
  int fields = lua_gettop(L);
  double tr_yy = task->tr_yy;
  size_t inputs = to->M.data ? to->M.rows : task->inputs;
  ln_matrix Sxx, Syx, mean_x, mean_y;
  if (to->M.data) {
    Sxx = push_matrix(L, inputs, inputs), Syx = push_matrix(L, task->outputs, inputs);
    mean_x = push_matrix(L, inputs, 1), mean_y = push_dense(L, task->mean_y);
    ln_matrix half = push_matrix(L, inputs, task->inputs);
    double N = (double)task->inputs, n = (double)inputs;
    check(L, call, ln_charge(context_of(L), 2 * N * n * (N + n + (double)task->outputs)));
    ln_gemm(LN_N, LN_N, 1, to->M, task->Sxx, 0, half);
    ln_gemm(LN_N, LN_T, 1, half, to->M, 0, Sxx);
    ln_symmetrize(Sxx);
    ln_gemm(LN_N, LN_T, 1, task->Syx, to->M, 0, Syx);
    ln_gemm(LN_N, LN_N, 1, to->M, task->mean_x, 0, mean_x);
    lua_pop(L, 1);
  } else {
    Sxx = push_dense(L, task->Sxx), Syx = push_dense(L, task->Syx);
    mean_x = push_dense(L, task->mean_x), mean_y = push_dense(L, task->mean_y);
    ln_affine_moments(to->x, to->y.shift, Sxx, Syx, mean_x, mean_y, &tr_yy);
  }
  static const char *const parts[] = {"mean_y", "mean_x", "Syx", "Sxx"};
  for (int i = 0; i < 4; i++) lua_setfield(L, fields, parts[i]);
  lua_pushnumber(L, tr_yy);
  lua_setfield(L, fields, "tr_yy");
}

static void push_changed(lua_State *L, int index, const char *call, const change *to) {
  if (((const ln_task *)lua_touserdata(L, index))->examples)
    push_changed_examples(L, index, call, to);
  else
    push_changed_moments(L, index, call, to);
}

/* The task at index 1 and its test set, both changed; if `extra`, the matrix at that index is a field of
 * both. The map of the inputs carries a teacher along only where it leaves them alone. */
static int push_changed_task(lua_State *L, const char *call, const change *to, int extra) {
  int tests = push_test(L) ? 2 : 1, at = lua_gettop(L);
  for (int i = tests; i >= 1; i--) {
    push_changed(L, i == 1 ? 1 : at, call, to);
    static const char *const of_teacher[] = {"teacher", "power", "snr", "noise"};
    for (int k = 0; k < 4; k++) lua_pushnil(L), lua_setfield(L, -2, of_teacher[k]);
    if (extra) lua_pushvalue(L, extra), lua_setfield(L, -2, "whitening");
    if (i == 1 && tests == 2) lua_pushvalue(L, -2), lua_setfield(L, -2, "test");
    make_task(L);
  }
  return 1;
}

/* Means, and deviations if asked for, of the inputs (outputs); the values stay on the stack. */
static ln_affine push_affine(lua_State *L, const ln_task *task, const char *call, bool of_inputs,
                             bool scale) {
  ln_affine map = {{.ld = 1}, {.ld = 1}};
  ln_matrix A = of_inputs ? task->X : task->Y, kept = of_inputs ? task->mean_x : task->mean_y;
  size_t n = of_inputs ? task->inputs : task->outputs;
  if (!task->examples && !kept.data) fail(L, call, "a task of moments without means cannot be centred");
  map.shift = push_matrix(L, n, 1);
  if (task->examples)
    ln_row_means(A, map.shift);
  else
    ln_copy(kept, map.shift);
  if (!scale) return map;
  map.scale = push_matrix(L, n, 1);
  if (task->examples)
    ln_row_deviations(A, map.shift, map.scale);
  else
    ln_deviations_of_moments(task->Sxx, map.shift, map.scale);
  for (size_t i = 0; i < n; i++) map.scale.data[i] = 1 / map.scale.data[i];
  return map;
}

static int center_or_scale(lua_State *L, const char *call, bool scale) {
  static const char *const names[] = {"outputs", NULL};
  const ln_task *task = check_task(L, 1, call, "task");
  options o = options_read_optional(L, 2, call, names);
  bool outputs = option_flag_or(&o, "outputs", false);
  if (outputs && scale && !task->examples)
    fail(L, call, "outputs of a task of moments cannot be scaled: only their total power is known");
  change to = {.M = {.ld = 1}};
  to.x = push_affine(L, task, call, true, scale);
  if (outputs) to.y = push_affine(L, task, call, false, scale);
  return push_changed_task(L, call, &to, 0);
}

/* task:center { outputs=false }: inputs (and outputs) of mean 0. */
static int task_center(lua_State *L) { return center_or_scale(L, "task:center", false); }

/* task:standardize { outputs=false }: inputs (and outputs) of mean 0 and variance 1; constant ones become 0.
 */
static int task_standardize(lua_State *L) { return center_or_scale(L, "task:standardize", true); }

/* task:whiten { method="pca", tolerance=1e-10, components= }: inputs whose second moments are 1. */
static int task_whiten(lua_State *L) {
  static const char *const names[] = {"method", "tolerance", "components", NULL};
  static const char *const methods[] = {"pca", "zca", NULL};
  const char *call = "task:whiten";
  const ln_task *task = check_task(L, 1, call, "task");
  options o = options_read_optional(L, 2, call, names);
  bool symmetric = option_choice_or(&o, "method", methods, 0) == 1;
  double tolerance = option_between_or(&o, "tolerance", 0, 1, 1e-10);
  lua_Integer inputs = (lua_Integer)task->inputs;
  size_t components = (size_t)option_integer_or(&o, "components", 1, inputs, inputs), rank;
  task_with_moments(L, 1, call);
  ln_matrix all = push_matrix(L, task->inputs, task->inputs);
  check(L, call, ln_whitening(context_of(L), task->Sxx, tolerance, components, symmetric, all, &rank));
  change to = {.M = push_dense(L, ln_block_of(all, 0, 0, rank, task->inputs))};
  return push_changed_task(L, call, &to, lua_gettop(L));
}

/* The fields of the task at index 1 with its inputs and its test set: other outputs are to come. */
static void push_with_inputs(lua_State *L) {
  static const char *const kept[] = {ABOUT, "items", "labels", "alpha", "X", "test", NULL};
  push_some_fields(L, 1, kept);
}

/* task:shuffle_labels { seed= }: the outputs (and labels) change places among the examples; the test set
 * stays. */
static int task_shuffle_labels(lua_State *L) {
  static const char *const names[] = {"seed", NULL};
  const char *call = "task:shuffle_labels";
  const ln_task *task = with_examples(L, call);
  options o = options_read_optional(L, 2, call, names);
  ln_stream stream = option_stream(&o, LN_FOR_LABELS);
  size_t *order = push_indices(L, task->examples);
  push_with_inputs(L);
  int fields = lua_gettop(L);
  ln_random_permutation(&stream, order, task->examples);
  ln_select_columns(task->Y, order, push_matrix(L, task->outputs, task->examples));
  lua_setfield(L, fields, "Y");
  if (lua_getfield(L, fields, "labels") != LUA_TNIL) {
    const double *labels = test_matrix(L, -1)->data;
    ln_matrix moved = push_matrix(L, task->examples, 1);
    for (size_t j = 0; j < task->examples; j++) moved.data[j] = labels[order[j]];
    lua_setfield(L, fields, "labels");
  }
  lua_settop(L, fields);
  make_task(L);
  return 1;
}

/* task:add_noise { sd=, seed= }: independent normal noise on the outputs; the test set stays. */
static int task_add_noise(lua_State *L) {
  static const char *const names[] = {"sd", "seed", NULL};
  const char *call = "task:add_noise";
  const ln_task *task = with_examples(L, call);
  options o = options_read(L, 2, call, names);
  double sd = option_nonnegative(&o, "sd");
  ln_stream stream = option_stream(&o, LN_FOR_NOISE);
  push_with_inputs(L);
  int fields = lua_gettop(L);
  ln_matrix Y = push_matrix(L, task->outputs, task->examples);
  ln_random_normals(&stream, Y, 0, sd);
  ln_axpy(1, task->Y, Y);
  lua_setfield(L, fields, "Y");
  if (lua_getfield(L, fields, "noise") != LUA_TNIL) { /* a teacher's: variances add */
    double noise = lua_tonumber(L, -1) + sd * sd;
    lua_getfield(L, fields, "power");
    lua_pushnumber(L, lua_tonumber(L, -1) / noise);
    lua_setfield(L, fields, "snr");
    lua_pushnumber(L, noise);
    lua_setfield(L, fields, "noise");
  }
  lua_settop(L, fields);
  make_task(L);
  return 1;
}

/* ---- two tasks on the same inputs ---- */

static bool same_numbers(ln_matrix A, ln_matrix B) {
  if (A.rows != B.rows || A.cols != B.cols) return false;
  for (size_t j = 0; j < A.cols; j++)
    if (memcmp(A.data + j * A.ld, B.data + j * B.ld, A.rows * sizeof(double))) return false;
  return true;
}

/* The upper matrix over the lower one, of the same number of columns. */
static void push_stacked(lua_State *L, ln_matrix upper, ln_matrix lower) {
  ln_matrix A = push_matrix(L, upper.rows + lower.rows, upper.cols);
  ln_copy(upper, ln_block_of(A, 0, 0, upper.rows, upper.cols));
  ln_copy(lower, ln_block_of(A, upper.rows, 0, lower.rows, upper.cols));
}

/* Fields of the joined task of those at two indices. */
static void push_joined(lua_State *L, const char *call, int first, int second) {
  static const char *const kept[] = {"name",        "source", "items", "labels", "classes",
                                     "input_names", "image",  "alpha", "X",      NULL};
  const ln_task *a = lua_touserdata(L, first), *b = lua_touserdata(L, second);
  if (a->inputs != b->inputs || a->examples != b->examples)
    fail(L, call, "the tasks have %zu and %zu inputs, %zu and %zu examples; joined tasks share them",
         a->inputs, b->inputs, a->examples, b->examples);
  if (a->examples ? !same_numbers(a->X, b->X) : !same_numbers(a->Sxx, b->Sxx))
    fail(L, call, "the inputs of the two tasks differ; joined tasks share them");
  push_some_fields(L, first, kept);
  int fields = lua_gettop(L);
  if (a->examples) {
    push_stacked(L, a->Y, b->Y);
    lua_setfield(L, fields, "Y");
  } else {
    push_stacked(L, a->Syx, b->Syx);
    lua_setfield(L, fields, "Syx");
    static const char *const shared[] = {"Sxx", "mean_x", NULL};
    push_some_fields(L, first, shared);
    for (int i = 0; i < 2; i++) lua_getfield(L, -1, shared[i]), lua_setfield(L, fields, shared[i]);
    if (a->mean_y.data && b->mean_y.data) {
      push_stacked(L, a->mean_y, b->mean_y);
      lua_setfield(L, fields, "mean_y");
    }
    lua_pushnumber(L, a->tr_yy + b->tr_yy);
    lua_setfield(L, fields, "tr_yy");
  }
  push_fields(L, first);
  push_fields(L, second);
  if (lua_getfield(L, -2, "features") != LUA_TNIL && lua_getfield(L, -2, "features") != LUA_TNIL) {
    lua_createtable(L, (int)(a->outputs + b->outputs), 0);
    for (size_t i = 0; i < a->outputs + b->outputs; i++) {
      bool upper = i < a->outputs;
      lua_rawgeti(L, upper ? -3 : -2, (lua_Integer)(upper ? i : i - a->outputs) + 1);
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, fields, "features");
  }
  lua_settop(L, fields);
}

/* task:join(other): the outputs of both on the inputs that they share. */
static int task_join(lua_State *L) {
  const char *call = "task:join";
  check_task(L, 1, call, "task");
  check_task(L, 2, call, "other");
  lua_settop(L, 2);
  for (int i = 1; i <= 2; i++) push_fields(L, i), lua_getfield(L, -1, "test"), lua_remove(L, -2);
  bool tested = luaL_testudata(L, 3, TASK_TYPE) && luaL_testudata(L, 4, TASK_TYPE);
  push_joined(L, call, 1, 2);
  if (tested) {
    push_joined(L, "task:join (test sets)", 3, 4);
    make_task(L);
    lua_setfield(L, -2, "test");
  }
  make_task(L);
  return 1;
}

const luaL_Reg task_changes[] = {{"split", task_split},
                                 {"subset", task_subset},
                                 {"center", task_center},
                                 {"standardize", task_standardize},
                                 {"whiten", task_whiten},
                                 {"shuffle_labels", task_shuffle_labels},
                                 {"add_noise", task_add_noise},
                                 {"join", task_join},
                                 {NULL, NULL}};
