/* ldata_change.c: methods that make a new task with other numbers for the same examples. */
#include "lua/ldata_parts.h"

#include <string.h>

#include "core/random.h"
#include "data/transform.h"

/* ---- inputs (and outputs) under a map ---- */

/* A map of the inputs, row by row or as a matrix M, and of the outputs, row by row. Windows of values that
 * the caller keeps on the stack. */
typedef struct change {
  ln_affine x, y;
  ln_matrix M;
  bool other_inputs; /* they are not what they were: no longer pixels, or of the same names */
} change;

/* All fields of the task at `index` but its numbers, the test set and what the numbers decide. */
static void push_about(lua_State *L, int index) {
  static const char *const about[] = {TASK_ABOUT, "items", "labels", "alpha", NULL};
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
  bool means = task->mean_x.data != NULL;
  if (!means && !to->M.data) fail(L, call, "a task of moments without means cannot be centred");
  if (to->y.scale.data)
    fail(L, call, "outputs of a task of moments cannot be scaled: only their total power is known");
  push_about(L, index);
  int fields = lua_gettop(L);
  double tr_yy = task->tr_yy;
  size_t inputs = to->M.data ? to->M.rows : task->inputs;
  ln_matrix Sxx, Syx, mean_x = {.ld = 1}, mean_y = {.ld = 1};
  if (to->M.data) {
    Sxx = push_matrix(L, inputs, inputs), Syx = push_matrix(L, task->outputs, inputs);
    if (means) mean_x = push_matrix(L, inputs, 1), mean_y = push_dense(L, task->mean_y);
    ln_matrix half = push_matrix(L, inputs, task->inputs);
    double N = (double)task->inputs, n = (double)inputs;
    check(L, call, ln_charge(context_of(L), 2 * N * n * (N + n + (double)task->outputs)));
    ln_gemm(LN_N, LN_N, 1, to->M, task->Sxx, 0, half);
    ln_gemm(LN_N, LN_T, 1, half, to->M, 0, Sxx);
    ln_symmetrize(Sxx);
    ln_gemm(LN_N, LN_T, 1, task->Syx, to->M, 0, Syx);
    if (means) ln_gemm(LN_N, LN_N, 1, to->M, task->mean_x, 0, mean_x);
    lua_pop(L, 1);
  } else {
    Sxx = push_dense(L, task->Sxx), Syx = push_dense(L, task->Syx);
    mean_x = push_dense(L, task->mean_x), mean_y = push_dense(L, task->mean_y);
    ln_affine_moments(to->x, to->y.shift, Sxx, Syx, mean_x, mean_y, &tr_yy);
  }
  static const char *const parts[] = {"mean_y", "mean_x", "Syx", "Sxx"};
  for (int i = means ? 0 : 2; i < 4; i++) lua_setfield(L, fields, parts[i]);
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
  int tests = push_task_test(L) ? 2 : 1, at = lua_gettop(L);
  for (int i = tests; i >= 1; i--) {
    push_changed(L, i == 1 ? 1 : at, call, to);
    static const char *const of_inputs[] = {"teacher", "power", "snr",        "noise",
                                            "alpha",   "image", "input_names"};
    for (int k = 0; k < (to->other_inputs ? 7 : 5); k++) lua_pushnil(L), lua_setfield(L, -2, of_inputs[k]);
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
  const ln_task *task = task_self(L, call);
  refuse_observed(L, task, call);
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
  const ln_task *task = task_self(L, call);
  options o = options_read_optional(L, 2, call, names);
  bool symmetric = option_choice_or(&o, "method", methods, 0) == 1;
  double tolerance = option_between_or(&o, "tolerance", 0, 1, 1e-10);
  lua_Integer inputs = (lua_Integer)task->inputs;
  size_t components = (size_t)option_integer_or(&o, "components", 1, inputs, inputs), rank;
  task_with_moments(L, 1, call);
  ln_matrix all = push_matrix(L, task->inputs, task->inputs);
  check(L, call, ln_whitening(context_of(L), task->Sxx, tolerance, components, symmetric, all, &rank));
  change to = {.M = push_dense(L, ln_block_of(all, 0, 0, rank, task->inputs)), .other_inputs = !symmetric};
  if (task->examples) check(L, call, ln_polish_whitening(context_of(L), task->X, to.M));
  return push_changed_task(L, call, &to, lua_gettop(L));
}

/* The fields of the task at index 1 with its inputs and its test set: other outputs are to come. */
static void push_with_inputs(lua_State *L) {
  static const char *const kept[] = {TASK_ABOUT, "items", "labels", "alpha", "X", "test", NULL};
  push_some_fields(L, 1, kept);
}

/* task:shuffle_labels { seed= }: the outputs (and labels) change places among the examples; the test set
 * stays. */
static int task_shuffle_labels(lua_State *L) {
  static const char *const names[] = {"seed", NULL};
  const char *call = "task:shuffle_labels";
  const ln_task *task = task_with_examples(L, call);
  options o = options_read_optional(L, 2, call, names);
  ln_stream stream = option_stream(&o, LN_FOR_LABELS);
  size_t *order = lua_newuserdatauv(L, task->examples * sizeof *order, 0);
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
  const ln_task *task = task_with_examples(L, call);
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
  bool named = lua_getfield(L, -2, "features") != LUA_TNIL;
  named = lua_getfield(L, -2, "features") != LUA_TNIL && named;
  if (named) {
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
  refuse_observed(L, task_self(L, call), call);
  refuse_observed(L, check_task(L, 2, call, "other"), call);
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

const luaL_Reg task_changes[] = {{"center", task_center},
                                 {"standardize", task_standardize},
                                 {"whiten", task_whiten},
                                 {"shuffle_labels", task_shuffle_labels},
                                 {"add_noise", task_add_noise},
                                 {"join", task_join},
                                 {NULL, NULL}};
