/* ldata_choose.c: methods that make a new task from some of the examples of one. */
#include "lua/ldata_parts.h"

#include <math.h>

#include "core/random.h"
#include "data/transform.h"

const ln_task *task_with_examples(lua_State *L, const char *call) {
  const ln_task *task = task_self(L, call);
  refuse_observed(L, task, call);
  if (!task->examples) fail(L, call, "needs examples, and this task has only their moments");
  return task;
}

const ln_task *push_task_test(lua_State *L) {
  push_fields(L, 1);
  lua_getfield(L, -1, "test");
  lua_remove(L, -2);
  return luaL_testudata(L, -1, TASK_TYPE);
}

/* A label as it stands in the task, which a script may have written to: 0 if it is none. */
static size_t class_of(double label) { return label >= 1 && label <= CLASSES_MOST ? (size_t)label : 0; }

/* Fields of the task made of n examples (counted from 0) of the one at `index`. */
static void push_chosen(lua_State *L, int index, const size_t *chosen, size_t n) {
  static const char *const about[] = {TASK_ABOUT, NULL};
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
  const ln_task *task = task_with_examples(L, call);
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

/* Which examples of the task at `index` have one of the labels, 1 to classes, that `wanted` marks. Pushes the list. */
static size_t *push_labelled(lua_State *L, int index, const char *call, const bool *wanted, size_t classes,
                             size_t *n) {
  const ln_task *task = lua_touserdata(L, index);
  push_fields(L, index);
  lua_getfield(L, -1, "labels");
  const ln_matrix *labels = test_matrix(L, -1);
  if (!labels) fail(L, call, "the examples of this task have no labels");
  size_t *chosen = push_indices(L, task->examples);
  *n = 0;
  for (size_t j = 0; j < task->examples; j++)
    if (class_of(labels->data[j]) <= classes && wanted[class_of(labels->data[j])]) chosen[(*n)++] = j;
  return chosen;
}

static size_t count_classes(lua_State *L, int index) {
  size_t most = 0;
  push_fields(L, index);
  lua_getfield(L, -1, "labels");
  const ln_matrix *labels = test_matrix(L, -1);
  for (size_t j = 0; labels && j < labels->rows; j++)
    if (class_of(labels->data[j]) > most) most = class_of(labels->data[j]);
  lua_pop(L, 2);
  return most;
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
  push_task_test(L);
  int test = lua_gettop(L);
  const ln_task *has_test = luaL_testudata(L, test, TASK_TYPE);
  if (has_test && has_test->examples && count_classes(L, test) > classes) classes = count_classes(L, test);
  lua_getfield(L, 2, "labels");
  const size_t *labels = push_choice(L, lua_gettop(L), call, "classes", classes, &n);
  bool *wanted = lua_newuserdatauv(L, classes + 1, 0);
  for (size_t k = 0; k <= classes; k++) wanted[k] = false;
  for (size_t k = 0; k < n; k++) wanted[labels[k] + 1] = true;

  const size_t *chosen = push_labelled(L, 1, call, wanted, classes, &n);
  if (!n) fail(L, call, "no example has one of these labels");
  push_chosen(L, 1, chosen, n);
  int fields = lua_gettop(L);
  if (has_test && has_test->examples) {
    chosen = push_labelled(L, test, call, wanted, classes, &n);
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
  const ln_task *task = task_with_examples(L, call);
  if (lua_istable(L, 2) && !lua_rawlen(L, 2) && (lua_pushnil(L), lua_next(L, 2))) {
    lua_settop(L, 2);
    options_read(L, 2, call, names);
    return subset_by_label(L, call);
  }
  lua_settop(L, 2);
  size_t n;
  const size_t *chosen = push_choice(L, 2, call, "items", task->examples, &n);
  push_chosen(L, 1, chosen, n);
  push_task_test(L);
  lua_setfield(L, -2, "test");
  make_task(L);
  return 1;
}

const luaL_Reg task_choices[] = {{"split", task_split}, {"subset", task_subset}, {NULL, NULL}};
