/* ldata_make.c: tasks from matrices, and of given singular values. */
#include "lua/ldata_parts.h"

#include <math.h>

#include "data/teacher.h"
#include "data/transform.h"

/* ---- what comes with the numbers ---- */

void take_names(const options *o, const char *name, size_t count, const char *what) {
  lua_State *L = o->L;
  if (!option_given(o, name)) return;
  if (option_push(o, name) != LUA_TTABLE)
    option_fail(o, name, "must be a list of names, got %s", describe(L, -1));
  size_t n = (size_t)luaL_len(L, -1);
  if (n != count) option_fail(o, name, "has %zu names, and there are %zu %s", n, count, what);
  lua_createtable(L, (int)n, 0);
  for (size_t i = 1; i <= n; i++) {
    int type = lua_geti(L, -2, (lua_Integer)i);
    if (type != LUA_TSTRING && type != LUA_TNUMBER)
      option_fail(o, name, "must be a list of names; number %zu is %s", i, describe(L, -1));
    lua_tolstring(L, -1, NULL);
    lua_rawseti(L, -2, (lua_Integer)i);
  }
  lua_remove(L, -2);
  lua_setfield(L, -2, name);
}

static void take_string(const options *o, const char *name) {
  if (!option_given(o, name)) return;
  lua_pushstring(o->L, option_string(o, name));
  lua_setfield(o->L, -2, name);
}

static void take_test(const options *o, size_t inputs, size_t outputs) {
  lua_State *L = o->L;
  if (!option_given(o, "test")) return;
  option_push(o, "test");
  const ln_task *test = check_task(L, -1, o->call, "test");
  if (test->inputs != inputs || test->outputs != outputs)
    option_fail(o, "test", "has %zu inputs and %zu outputs; the task has %zu and %zu", test->inputs,
                test->outputs, inputs, outputs);
  lua_setfield(L, -2, "test");
}

/* The labels as a column of class numbers, left on the stack; returns how many classes there are. */
static size_t push_labels(const options *o, size_t examples) {
  lua_State *L = o->L;
  ln_matrix labels = option_vector(o, "labels");
  if (labels.rows != examples)
    option_fail(o, "labels", "has %zu numbers, and there are %zu examples", labels.rows, examples);
  double classes = 0;
  for (size_t j = 0; j < examples; j++) {
    double label = labels.data[j];
    if (!(label >= 1 && label <= CLASSES_MOST && label == floor(label)))
      option_fail(o, "labels", "must be class numbers from 1; number %zu is %g", j + 1, label);
    classes = fmax(classes, label);
  }
  ln_matrix kept = push_matrix(L, examples, 1);
  ln_copy(labels, kept);
  lua_remove(L, -2);
  return (size_t)classes;
}

/* A dense copy of an option's matrix: what a script does with its own later is not the task's affair. */
static ln_matrix push_copy(const options *o, const char *name) {
  ln_matrix A = option_matrix(o, name), copy = push_matrix(o->L, A.rows, A.cols);
  ln_copy(A, copy);
  lua_remove(o->L, -2);
  return copy;
}

/* ---- data.task ---- */

static void task_from_examples(const options *o) {
  lua_State *L = o->L;
  int fields = lua_gettop(L);
  ln_matrix X = push_copy(o, "X"), Y;
  if (!X.rows || !X.cols)
    option_fail(o, "X", "is %zux%zu; a task needs an input and an example", X.rows, X.cols);
  lua_setfield(L, fields, "X");
  size_t classes = 0;
  if (option_given(o, "labels")) {
    classes = push_labels(o, X.cols);
    lua_setfield(L, fields, "labels");
  }
  if (option_given(o, "classes")) {
    if (!option_given(o, "labels")) option_fail(o, "classes", "names the classes of labels; give labels too");
    option_push(o, "classes");
    size_t named = lua_istable(L, -1) ? (size_t)luaL_len(L, -1) : 0;
    lua_pop(L, 1);
    if (named < classes)
      option_fail(o, "classes", "names %zu classes and the labels go up to %zu", named, classes);
    classes = named;
    take_names(o, "classes", classes, "classes");
  }
  if (option_given(o, "Y")) {
    Y = push_copy(o, "Y");
    if (Y.cols != X.cols)
      fail(L, o->call, "X is %zux%zu and Y is %zux%zu; a column is an example, so both need as many columns",
           X.rows, X.cols, Y.rows, Y.cols);
    if (!Y.rows) option_fail(o, "Y", "is %zux%zu; a task needs an output", Y.rows, Y.cols);
  } else {
    if (!classes) option_fail(o, "Y", "is missing: the outputs, a column for each example (or give labels)");
    lua_getfield(L, fields, "labels");
    Y = push_one_hot(L, test_matrix(L, -1)->data, X.cols, classes);
    lua_remove(L, -2);
    if (lua_getfield(L, fields, "classes") == LUA_TTABLE)
      lua_setfield(L, fields, "features");
    else
      lua_pop(L, 1);
  }
  lua_setfield(L, fields, "Y");
  take_names(o, "items", X.cols, "examples");
  take_names(o, "features", Y.rows, "outputs");
  take_test(o, X.rows, Y.rows);
}

static void task_from_moments(const options *o) {
  lua_State *L = o->L;
  int fields = lua_gettop(L);
  static const char *const of_examples[] = {"X", "Y", "items", "labels", "classes", NULL};
  for (const char *const *name = of_examples; *name; name++)
    if (option_given(o, *name))
      option_fail(o, *name, "belongs to examples, and Sxx, Syx and tr_yy are their moments");
  ln_matrix Sxx = push_copy(o, "Sxx"), Syx = push_copy(o, "Syx");
  double tr_yy = option_nonnegative(o, "tr_yy");
  if (Sxx.rows != Sxx.cols || Syx.cols != Sxx.rows || !Sxx.rows || !Syx.rows)
    fail(L, o->call, "Sxx is %zux%zu and Syx is %zux%zu; they must be inputs x inputs and outputs x inputs",
         Sxx.rows, Sxx.cols, Syx.rows, Syx.cols);
  check(L, o->call, ln_check_moments(context_of(L), Sxx, Syx, tr_yy));
  lua_setfield(L, fields, "Syx");
  lua_setfield(L, fields, "Sxx");
  lua_pushnumber(L, tr_yy);
  lua_setfield(L, fields, "tr_yy");
  take_names(o, "features", Syx.rows, "outputs");
  take_test(o, Sxx.rows, Syx.rows);
}

/* data.task { X=, Y= [, items=, features=, labels=, classes=, test=, name=] }
 * data.task { Sxx=, Syx=, tr_yy= [, features=, test=, name=] } */
static int data_task(lua_State *L) {
  static const char *const names[] = {"X",        "Y",      "Sxx",     "Syx",  "tr_yy", "items",
                                      "features", "labels", "classes", "test", "name",  NULL};
  options o = options_read(L, 1, "data.task", names);
  lua_newtable(L);
  if (option_given(&o, "Sxx") || option_given(&o, "Syx") || option_given(&o, "tr_yy"))
    task_from_moments(&o);
  else
    task_from_examples(&o);
  take_string(&o, "name");
  make_task(L);
  return 1;
}

/* ---- data.spectrum ---- */

ln_matrix push_singular_values(const options *o, size_t inputs, size_t outputs) {
  ln_matrix s = option_vector(o, "s");
  size_t most = inputs < outputs ? inputs : outputs;
  if (!s.rows) option_fail(o, "s", "must have at least one singular value");
  if (s.rows > most)
    option_fail(o, "s", "has %zu singular values, and a %zux%zu map has %zu", s.rows, outputs, inputs, most);
  for (size_t k = 0; k < s.rows; k++)
    if (s.data[k] < 0) option_fail(o, "s", "must be >= 0; number %zu is %g", k + 1, s.data[k]);
  return s;
}

/* data.spectrum { s=, inputs=, outputs= [, examples=inputs, seed=] }: white inputs, Syx = U diag(s) V'. */
static int data_spectrum(lua_State *L) {
  static const char *const names[] = {"s", "inputs", "outputs", "examples", "seed", NULL};
  const char *call = "data.spectrum";
  options o = options_read(L, 1, call, names);
  size_t inputs = (size_t)option_integer(&o, "inputs", 1, LN_DIMENSION_MAX);
  size_t outputs = (size_t)option_integer(&o, "outputs", 1, LN_DIMENSION_MAX);
  lua_Integer examples = option_integer_or(&o, "examples", 1, LN_DIMENSION_MAX, (lua_Integer)inputs);
  if ((size_t)examples < inputs)
    option_fail(&o, "examples", "= %lld: %zu inputs are white only with as many examples",
                (long long)examples, inputs);
  ln_matrix s = push_singular_values(&o, inputs, outputs);
  ln_stream root = option_stream(&o, LN_FOR_SPECTRUM);
  lua_newtable(L);
  int fields = lua_gettop(L);
  ln_matrix X = push_matrix(L, inputs, (size_t)examples), Y = push_matrix(L, outputs, (size_t)examples);
  ln_matrix Sxx = push_matrix(L, inputs, inputs), Syx = push_matrix(L, outputs, inputs);
  ln_matrix mean_x = push_matrix(L, inputs, 1), mean_y = push_matrix(L, outputs, 1);

  ln_context *cx = context_of(L);
  check(L, call, ln_teacher_modes(cx, ln_split(&root, 0), s.data, s.rows, Syx));
  check(L, call, ln_white_inputs(cx, ln_split(&root, 1), X));
  check(L, call, ln_teacher_outputs(cx, ln_split(&root, 2), Syx, 0, X, Y));
  /* The moments as they were asked for, not as rounding of X X'/P has them. */
  ln_identity(Sxx);
  ln_row_means(X, mean_x);
  ln_row_means(Y, mean_y);
  static const char *const parts[] = {"mean_y", "mean_x", "Syx", "Sxx", "Y", "X"};
  for (int i = 0; i < 6; i++) lua_setfield(L, fields, parts[i]);
  lua_pushnumber(L, ln_dot(s, s));
  lua_setfield(L, fields, "tr_yy");
  lua_pushliteral(L, "spectrum");
  lua_setfield(L, fields, "name");
  make_task(L);
  return 1;
}

const luaL_Reg generator_makers[] = {{"task", data_task}, {"spectrum", data_spectrum}, {NULL, NULL}};
