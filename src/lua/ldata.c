#include "lua/ldata.h"

#include <math.h>
#include <string.h>

#include "lua/ldata_parts.h"
#include "lua/modules.h"

static const char *const field_names[] = {TASK_FIELDS, "inputs", "outputs", "examples", NULL};

/* Kept behind the names, where scripts do not see them. */
enum { MODES_U = 1, MODES_S, MODES_V, BASIS, SPECTRUM };

/* ---- tasks as values ---- */

static ln_task *to_task(lua_State *L, int index, const char *name, const char *what) {
  ln_task *task = luaL_testudata(L, index, TASK_TYPE);
  if (!task) fail(L, name, "%s must be a task, got %s", what, describe(L, index));
  return task;
}

const ln_task *check_task(lua_State *L, int index, const char *name, const char *what) {
  return to_task(L, index, name, what);
}

const ln_task *task_self(lua_State *L, const char *call) {
  const ln_task *task = luaL_testudata(L, 1, TASK_TYPE);
  if (!task) fail_self(L, call, "a task");
  return task;
}

void push_fields(lua_State *L, int index) { lua_getiuservalue(L, index, 1); }

void push_some_fields(lua_State *L, int index, const char *const names[]) {
  push_fields(L, index);
  lua_newtable(L);
  for (; *names; names++) {
    lua_getfield(L, -2, *names);
    lua_setfield(L, -2, *names);
  }
  lua_remove(L, -2);
}

/* The window of a matrix among the fields; data null if there is none. */
static ln_matrix window_of(lua_State *L, int fields, const char *name) {
  lua_getfield(L, fields, name);
  const ln_matrix *A = test_matrix(L, -1);
  lua_pop(L, 1);
  return A ? *A : (ln_matrix){.ld = 1};
}

void make_task(lua_State *L) {
  int fields = lua_gettop(L);
  ln_task *task = lua_newuserdatauv(L, sizeof *task, 1);
  *task = (ln_task){.X = window_of(L, fields, "X"),
                    .Y = window_of(L, fields, "Y"),
                    .Sxx = window_of(L, fields, "Sxx"),
                    .Syx = window_of(L, fields, "Syx"),
                    .mean_x = window_of(L, fields, "mean_x"),
                    .mean_y = window_of(L, fields, "mean_y")};
  task->has_moments = lua_getfield(L, fields, "tr_yy") == LUA_TNUMBER;
  task->tr_yy = lua_tonumber(L, -1);
  lua_pop(L, 1);
  task->examples = task->X.cols;
  task->inputs = task->examples ? task->X.rows : task->Syx.cols;
  task->outputs = task->examples ? task->Y.rows : task->Syx.rows;
  lua_getfield(L, fields, "observed");
  lua_getfield(L, fields, "normalisation");
  task->observed = (ln_observed){.count = (size_t)lua_tointeger(L, -2),
                                 .normalisation = lua_tonumber(L, -1),
                                 .mask = window_of(L, fields, "mask"),
                                 .sensors = window_of(L, fields, "sensors"),
                                 .values = window_of(L, fields, "values")};
  if (task->observed.count) task->target = window_of(L, fields, "target"), task->has_target = true;
  lua_pop(L, 2);
  lua_pushvalue(L, fields);
  lua_setiuservalue(L, -2, 1);
  luaL_setmetatable(L, TASK_TYPE);
  lua_replace(L, fields);
}

/* ---- what is computed when it is first asked for ---- */

void refuse_observed(lua_State *L, const ln_task *task, const char *call) {
  if (task->observed.count)
    fail(L, call, "the task observes %s of the map itself: it has no examples and none of their moments",
         task->observed.mask.data ? "entries" : "measurements");
}

static ln_task *with_moments(lua_State *L, int index, const char *name) {
  ln_task *task = to_task(L, index, name, "task");
  if (task->has_moments) return task;
  refuse_observed(L, task, name);
  int top = lua_gettop(L);
  push_fields(L, index);
  ln_matrix Sxx = push_matrix(L, task->inputs, task->inputs),
            Syx = push_matrix(L, task->outputs, task->inputs);
  ln_matrix mean_x = push_matrix(L, task->inputs, 1), mean_y = push_matrix(L, task->outputs, 1);
  double tr_yy;
  check(L, name, ln_moments(context_of(L), task->X, task->Y, Sxx, Syx, mean_x, mean_y, &tr_yy));
  static const char *const names[] = {"mean_y", "mean_x", "Syx", "Sxx"};
  for (int i = 0; i < 4; i++) lua_setfield(L, top + 1, names[i]);
  lua_pushnumber(L, tr_yy);
  lua_setfield(L, top + 1, "tr_yy");
  lua_settop(L, top);
  task->Sxx = Sxx, task->Syx = Syx, task->mean_x = mean_x, task->mean_y = mean_y, task->tr_yy = tr_yy;
  task->has_moments = true;
  return task;
}

const ln_task *task_with_moments(lua_State *L, int index, const char *name) {
  return with_moments(L, index, name);
}

const ln_task *task_with_target(lua_State *L, int index, const char *name) {
  ln_task *task = to_task(L, index, name, "task");
  if (task->has_target) return task;
  with_moments(L, index, name);
  int top = lua_gettop(L);
  push_fields(L, index);
  int fields = top + 1;
  size_t most = ln_input_basis_size(task), rank;
  ln_matrix target = push_matrix(L, task->outputs, task->inputs);
  ln_matrix basis = push_matrix(L, task->inputs, most), spectrum = push_matrix(L, most, 1);
  double loss_min;
  check(L, name, ln_least_squares_basis(context_of(L), task, target, &loss_min, basis, spectrum.data, &rank));
  if (rank) {
    lua_rawseti(L, fields, SPECTRUM);
    lua_rawseti(L, fields, BASIS);
    task->basis = ln_block_of(basis, 0, 0, basis.rows, rank), task->spectrum = spectrum.data;
  }
  lua_settop(L, fields + 1);
  lua_setfield(L, fields, "target");
  lua_pushnumber(L, loss_min);
  lua_setfield(L, fields, "loss_min");
  lua_settop(L, top);
  task->target = target, task->loss_min = loss_min, task->has_target = true;
  return task;
}

void push_task_modes(lua_State *L, int index, const char *name) {
  index = lua_absindex(L, index);
  const ln_task *task = to_task(L, index, name, "task");
  if (!task->observed.count) with_moments(L, index, name);
  push_fields(L, index);
  int fields = lua_gettop(L);
  if (lua_rawgeti(L, fields, MODES_V) == LUA_TNIL) {
    size_t k = task->inputs < task->outputs ? task->inputs : task->outputs;
    ln_matrix U = push_matrix(L, task->outputs, k), s = push_matrix(L, k, 1),
              V = push_matrix(L, task->inputs, k);
    check(L, name, ln_task_modes(context_of(L), task, U, s.data, V));
    for (int i = MODES_U; i <= MODES_V; i++) { /* V last: where it is, the others are */
      lua_pushvalue(L, fields + 1 + i);
      lua_rawseti(L, fields, i);
    }
  }
  lua_settop(L, fields);
  for (int i = MODES_U; i <= MODES_V; i++) lua_rawgeti(L, fields, i);
  lua_remove(L, fields);
}

/* ---- fields and methods ---- */

static const luaL_Reg *const method_lists[] = {task_methods, task_choices, task_changes};
#define METHOD_LISTS (sizeof method_lists / sizeof *method_lists)

static const char *nearest_method(const char *key) {
  const char *names[32];
  size_t count = 0;
  for (size_t i = 0; i < METHOD_LISTS; i++)
    for (const luaL_Reg *method = method_lists[i]; method->name; method++) names[count++] = method->name;
  names[count] = NULL;
  return nearest(key, names);
}

static int task_index(lua_State *L) {
  const ln_task *task = luaL_checkudata(L, 1, TASK_TYPE);
  lua_settop(L, 2);
  if (lua_type(L, 2) != LUA_TSTRING) fail(L, "task", "a task has no examples by index; task.X:col(i) is one");
  const char *key = lua_tostring(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1; /* a method */
  push_fields(L, 1);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TNIL) return 1;

  static const char *const of_moments[] = {"Sxx", "Syx", "mean_x", "mean_y", "tr_yy", NULL};
  for (const char *const *name = of_moments; *name; name++)
    if (!strcmp(key, *name)) return task_with_moments(L, 1, "task"), lua_getfield(L, -2, key), 1;
  if (!strcmp(key, "target") || !strcmp(key, "loss_min"))
    return task_with_target(L, 1, "task"), lua_getfield(L, -2, key), 1;
  size_t sizes[] = {task->inputs, task->outputs, task->examples};
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(key, field_names[sizeof field_names / sizeof *field_names - 4 + i])) continue;
    lua_pushinteger(L, (lua_Integer)sizes[i]);
    return 1;
  }
  for (const char *const *name = field_names; *name; name++)
    if (!strcmp(key, *name)) return lua_pushnil(L), 1; /* a task can have it; this one has not */

  const char *near = nearest(key, field_names);
  if (!near) near = nearest_method(key);
  fail(L, "task", "a task has no '%s'%s%s%s", key, near ? "; did you mean '" : "", near ? near : "",
       near ? "'?" : "");
}

static int task_newindex(lua_State *L) {
  fail(L, "task", "the fields of a task cannot be set; data.task { ... } and a task's methods make new ones");
}

/* ---- printing ---- */

/* " a, b, c, ... (12)" for a list of names among the fields. */
static void add_names(lua_State *L, luaL_Buffer *text, int fields, const char *what) {
  const lua_Integer shown = 6;
  if (lua_getfield(L, fields, what) != LUA_TTABLE) {
    lua_pop(L, 1);
    return;
  }
  lua_Integer count = luaL_len(L, -1);
  lua_pushfstring(L, "\n  %s: ", what);
  for (lua_Integer i = 1; i <= count && i <= shown; i++) {
    if (i > 1) lua_pushliteral(L, ", ");
    lua_geti(L, i > 1 ? -3 : -2, i);
    lua_concat(L, i > 1 ? 3 : 2);
  }
  if (count > shown) lua_pushfstring(L, ", ... (%I)", (LUAI_UACINT)count), lua_concat(L, 2);
  lua_remove(L, -2);
  luaL_addvalue(text);
}

static void add_number(lua_State *L, luaL_Buffer *text, int fields, const char *what) {
  bool given = lua_getfield(L, fields, what) == LUA_TNUMBER;
  double x = lua_tonumber(L, -1);
  lua_pop(L, 1);
  if (!given) return;
  lua_pushfstring(L, "  %s = ", what);
  luaL_addvalue(text);
  char *digits = luaL_prepbuffsize(text, 32);
  luaL_addsize(text, (size_t)snprintf(digits, 32, "%.6g", x));
}

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

static int task_tostring(lua_State *L) {
  const ln_task *task = luaL_checkudata(L, 1, TASK_TYPE);
  push_fields(L, 1);
  lua_getfield(L, 2, "name");
  lua_getfield(L, 2, "source");
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  lua_pushfstring(L, "task%s%s: %I input%s, %I output%s, ", lua_isstring(L, 3) ? " " : "",
                  lua_isstring(L, 3) ? lua_tostring(L, 3) : "", (LUAI_UACINT)task->inputs,
                  plural(task->inputs), (LUAI_UACINT)task->outputs, plural(task->outputs));
  luaL_addvalue(&text);
  if (task->examples) {
    lua_pushfstring(L, "%I example%s", (LUAI_UACINT)task->examples, plural(task->examples));
    luaL_addvalue(&text);
  } else if (task->observed.count) {
    bool entries = task->observed.mask.data;
    lua_pushfstring(L, entries ? "%I of %I entries observed" : "%I measurements of its %I entries",
                    (LUAI_UACINT)task->observed.count,
                    (LUAI_UACINT)task->inputs * (LUAI_UACINT)task->outputs);
    luaL_addvalue(&text);
  } else {
    luaL_addstring(&text, "moments only");
  }
  if (lua_isstring(L, 4)) lua_pushfstring(L, "\n  source: %s", lua_tostring(L, 4)), luaL_addvalue(&text);
  add_names(L, &text, 2, "items");
  add_names(L, &text, 2, "features");
  lua_getfield(L, 2, "features");
  lua_getfield(L, 2, "classes");
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (!same) add_names(L, &text, 2, "classes");
  if (lua_getfield(L, 2, "teacher") != LUA_TNIL) {
    const ln_matrix *W = test_matrix(L, -1);
    lua_pop(L, 1);
    if (W) luaL_addstring(&text, "\n  teacher:");
    static const char *const numbers[] = {"power", "noise", "snr", "alpha", NULL};
    for (const char *const *name = numbers; *name; name++) add_number(L, &text, 2, *name);
  } else {
    lua_pop(L, 1);
  }
  lua_getfield(L, 2, "test");
  const ln_task *test = luaL_testudata(L, -1, TASK_TYPE);
  lua_pop(L, 1);
  if (test && test->examples)
    lua_pushfstring(L, "\n  test: %I examples", (LUAI_UACINT)test->examples), luaL_addvalue(&text);
  else if (test && test->observed.count)
    lua_pushfstring(L, "\n  test: %I entries", (LUAI_UACINT)test->observed.count), luaL_addvalue(&text);
  else if (test)
    luaL_addstring(&text, "\n  test: the population, by its moments");
  luaL_pushresult(&text);
  return 1;
}

/* ---- one-hot ---- */

ln_matrix push_one_hot(lua_State *L, const double *labels, size_t count, size_t classes) {
  ln_matrix Y = push_matrix(L, classes, count);
  ln_fill(Y, 0);
  for (size_t j = 0; j < count; j++) LN_AT(Y, (size_t)labels[j] - 1, j) = 1;
  return Y;
}

/* ---- the module ---- */

int luaopen_data(lua_State *L) {
  luaL_newmetatable(L, TASK_TYPE);
  lua_newtable(L);
  for (size_t i = 0; i < METHOD_LISTS; i++) luaL_setfuncs(L, method_lists[i], 0);
  lua_pushcclosure(L, task_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, task_newindex);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, task_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
  lua_newtable(L);
  luaL_setfuncs(L, generator_makers, 0);
  luaL_setfuncs(L, structured_makers, 0);
  luaL_setfuncs(L, teacher_makers, 0);
  luaL_setfuncs(L, observed_makers, 0);
  luaL_setfuncs(L, table_makers, 0);
  luaL_setfuncs(L, file_makers, 0);
  luaL_setfuncs(L, bundled_makers, 0);
  return 1;
}
