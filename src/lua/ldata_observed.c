/* ldata_observed.c: tasks that observe entries of a linear map, or measure it: completion and sensing. */
#include "lua/ldata_parts.h"

#include <math.h>

#include "data/teacher.h"

/* Parts of the seed's stream. */
enum { DRAW_MAP, DRAW_WHERE, DRAW_NOISE };

/* What both makers read: the map and how it is observed. */
typedef struct source {
  size_t inputs, outputs;
  ln_matrix W;                 /* the map itself; data null where only observations are known */
  int map;                     /* its stack index */
  double noise, normalisation; /* 0: the number of observations */
  ln_stream root;
} source;

#define MAP_OPTIONS "inputs", "outputs", "rank", "s", "power", "noise", "normalisation", "seed"

static source read_source(const options *o) {
  return (source){.noise = option_nonnegative_or(o, "noise", 0),
                  .normalisation = option_given(o, "normalisation") ? option_positive(o, "normalisation") : 0,
                  .root = option_stream(o, LN_FOR_OBSERVED)};
}

/* Draws a map of this rank or with these singular values; pushes it (and values that were converted). */
static void push_map(const options *o, source *from) {
  lua_State *L = o->L;
  option_exclusive(o, "rank", "s");
  option_exclusive(o, "power", "s");
  from->inputs = (size_t)option_integer(o, "inputs", 1, LN_DIMENSION_MAX);
  from->outputs = (size_t)option_integer(o, "outputs", 1, LN_DIMENSION_MAX);
  size_t most = from->inputs < from->outputs ? from->inputs : from->outputs, rank = 0;
  double power = option_positive_or(o, "power", 1);
  ln_matrix s = {0};
  if (option_given(o, "s"))
    s = push_singular_values(o, from->inputs, from->outputs);
  else if (option_given(o, "rank"))
    rank = (size_t)option_integer(o, "rank", 1, (lua_Integer)most);
  else
    option_fail(o, "rank", "or s = {singular values} is needed: what the map is like");
  from->W = push_sized_matrix(L, o->call, (lua_Number)from->outputs, (lua_Number)from->inputs);
  from->map = lua_gettop(L);
  ln_stream draw = ln_split(&from->root, DRAW_MAP);
  ln_context *cx = context_of(L);
  if (s.data)
    check(L, o->call, ln_teacher_modes(cx, draw, s.data, s.rows, from->W));
  else
    check(L, o->call, ln_teacher_rank(cx, draw, power, rank, from->W));
}

/* ---- a task from its observations ---- */

/* Pushes the task that has these observations; values (and mask, or sensors) are at the top of the stack, in this
 * order, and stay there. */
static void push_observed_task(lua_State *L, const char *call, const source *from,
                               const ln_observed *observed) {
  bool completion = observed->mask.data != NULL;
  int values = lua_gettop(L) - 1;
  ln_matrix room = push_matrix(L, ln_observed_room(observed), 1);
  ln_matrix zero = push_matrix(L, from->outputs, from->inputs);
  ln_fill(zero, 0);
  lua_newtable(L);
  int fields = lua_gettop(L);
  ln_matrix Syx = push_matrix(L, from->outputs, from->inputs);
  check(L, call,
        ln_charge(context_of(L),
                  4 * (double)Syx.rows * (double)Syx.cols * (double)(room.rows ? room.rows : 1)));
  ln_observed_gradient(observed, zero, Syx, room.data);
  ln_scale(-1, Syx);
  lua_setfield(L, fields, "Syx");
  lua_pushvalue(L, values);
  lua_setfield(L, fields, "values");
  if (from->map) /* the map, as far as it is known */
    lua_pushvalue(L, from->map);
  else if (completion)
    lua_pushvalue(L, values);
  else
    lua_getfield(L, fields, "Syx");
  lua_setfield(L, fields, "target");
  lua_pushnumber(L, 0);
  lua_setfield(L, fields, "loss_min");
  lua_pushvalue(L, values + 1);
  lua_setfield(L, fields, completion ? "mask" : "sensors");
  lua_pushinteger(L, (lua_Integer)observed->count);
  lua_setfield(L, fields, "observed");
  lua_pushnumber(L, observed->normalisation);
  lua_setfield(L, fields, "normalisation");
  lua_pushstring(L, completion ? "completion" : "sensing");
  lua_setfield(L, fields, "name");
  if (from->map) {
    lua_pushvalue(L, from->map);
    lua_setfield(L, fields, "teacher");
    lua_pushnumber(L, from->noise);
    lua_setfield(L, fields, "noise");
  }
  make_task(L);
  lua_replace(L, values + 2);
  lua_settop(L, values + 2);
}

/* Replaces the two values under the task at the top by it. */
static void keep_task(lua_State *L) {
  lua_replace(L, -3);
  lua_pop(L, 1);
}

static void set_test(lua_State *L) { /* test task at the top, the task under it */
  push_fields(L, -2);
  lua_insert(L, -2);
  lua_setfield(L, -2, "test");
  lua_pop(L, 1);
}

static double normalisation_of(const source *from, size_t count) {
  return from->normalisation > 0 ? from->normalisation : (double)count;
}

/* ---- data.completion ---- */

/* How many entries are observed: count = a number, or observed = a fraction of all. */
static size_t read_count(const options *o, size_t entries) {
  option_exclusive(o, "observed", "count");
  if (option_given(o, "count")) return (size_t)option_integer(o, "count", 1, (lua_Integer)entries);
  if (!option_given(o, "observed"))
    option_fail(o, "observed",
                "is missing: the fraction of the entries that is observed (or count =, or mask =)");
  double fraction = option_between(o, "observed", 0, 1), count = round(fraction * (double)entries);
  if (count < 1) option_fail(o, "observed", "= %g of %zu entries is none", fraction, entries);
  return (size_t)count;
}

/* Pushes the mask that is given, checked, or drawn; returns how many entries it has. */
static size_t push_mask(const options *o, const source *from, ln_matrix *mask) {
  lua_State *L = o->L;
  if (!option_given(o, "mask")) {
    size_t count = read_count(o, from->outputs * from->inputs);
    *mask = push_matrix(L, from->outputs, from->inputs);
    check(L, o->call, ln_draw_mask(context_of(L), ln_split(&from->root, DRAW_WHERE), count, *mask));
    return count;
  }
  option_exclusive(o, "mask", "observed");
  option_exclusive(o, "mask", "count");
  ln_matrix given = option_matrix_sized(o, "mask", from->outputs, from->inputs);
  *mask = push_matrix(L, from->outputs, from->inputs);
  ln_copy(given, *mask);
  lua_remove(L, -2);
  size_t count = 0;
  for (size_t j = 0; j < mask->cols; j++)
    for (size_t i = 0; i < mask->rows; i++) {
      double x = LN_AT(*mask, i, j);
      if (x != 0 && x != 1)
        option_fail(o, "mask", "must be 1 where an entry is observed and 0 elsewhere; (%zu, %zu) is %g",
                    i + 1, j + 1, x);
      count += x != 0;
    }
  if (!count) option_fail(o, "mask", "observes no entry");
  return count;
}

/* Sets the test set of the task at the top: the entries that are held out, as the map has them. */
static void set_held_out(lua_State *L, const char *call, const source *from, ln_matrix mask, size_t count) {
  size_t held_out = from->outputs * from->inputs - count;
  if (!held_out) return;
  ln_observed test = {.count = held_out, .normalisation = normalisation_of(from, held_out)};
  test.values = push_matrix(L, from->outputs, from->inputs);
  test.mask = push_matrix(L, from->outputs, from->inputs);
  ln_fill(test.mask, 1);
  ln_axpy(-1, mask, test.mask);
  ln_observe_entries(from->W, test.mask, from->root, 0, test.values);
  push_observed_task(L, call, from, &test);
  keep_task(L);
  set_test(L);
}

/* data.completion { inputs=, outputs=, rank= or s=, observed= or count= or mask=, noise=0, normalisation=, seed= }
 * data.completion { Y= [, known=true], observed= or count= or mask=, ... } */
static int data_completion(lua_State *L) {
  static const char *const names[] = {MAP_OPTIONS, "Y", "known", "observed", "count", "mask", NULL};
  static const char *const of_drawn[] = {"inputs", "outputs", "rank", "s", "power", NULL};
  options o = options_read(L, 1, "data.completion", names);
  source from = read_source(&o);
  bool known = option_flag_or(&o, "known", true);
  if (option_given(&o, "Y")) {
    for (const char *const *name = of_drawn; *name; name++) option_exclusive(&o, "Y", *name);
    ln_matrix Y = option_matrix(&o, "Y");
    if (!Y.rows || !Y.cols)
      option_fail(&o, "Y", "is %zux%zu; a map has an input and an output", Y.rows, Y.cols);
    from.inputs = Y.cols, from.outputs = Y.rows;
    from.W = push_matrix(L, Y.rows, Y.cols);
    from.map = lua_gettop(L);
    ln_copy(Y, from.W);
    if (!known && !option_given(&o, "mask"))
      option_fail(&o, "known", "= false: then mask says where Y is known");
  } else {
    option_exclusive(&o, "known", "inputs");
    push_map(&o, &from);
  }
  ln_observed observed = {0};
  ln_matrix W = from.W;
  observed.values = push_matrix(L, from.outputs, from.inputs);
  observed.count = push_mask(&o, &from, &observed.mask);
  observed.normalisation = normalisation_of(&from, observed.count);
  ln_observe_entries(W, observed.mask, ln_split(&from.root, DRAW_NOISE), from.noise, observed.values);
  if (!known) from.map = 0;
  push_observed_task(L, o.call, &from, &observed);
  if (known) set_held_out(L, o.call, &from, observed.mask, observed.count);
  return 1;
}

/* ---- data.sensing ---- */

/* The list of matrices `sensors` as columns, pushed; all of one size, which is the map's. */
static ln_matrix push_given_sensors(const options *o, source *from) {
  lua_State *L = o->L;
  if (option_push(o, "sensors") != LUA_TTABLE)
    option_fail(o, "sensors", "must be a list of matrices outputs x inputs, got %s", describe(L, -1));
  int list = lua_gettop(L);
  lua_Integer count = luaL_len(L, list);
  if (count < 1) option_fail(o, "sensors", "is empty; give a matrix outputs x inputs for each measurement");
  ln_matrix all = {0};
  for (lua_Integer k = 0; k < count; k++) {
    lua_geti(L, list, k + 1);
    const ln_matrix *A = test_matrix(L, -1);
    if (!A) option_fail(o, "sensors", "[%lld] must be a matrix, got %s", (long long)k + 1, describe(L, -1));
    if (k == 0) {
      from->outputs = A->rows, from->inputs = A->cols;
      if (!A->rows || !A->cols) option_fail(o, "sensors", "[1] is %zux%zu", A->rows, A->cols);
      all = push_sized_matrix(L, o->call, (lua_Number)A->rows * (lua_Number)A->cols, (lua_Number)count);
      lua_insert(L, list + 1);
    }
    if (A->rows != from->outputs || A->cols != from->inputs)
      option_fail(o, "sensors", "[%lld] is %zux%zu and the first is %zux%zu", (long long)k + 1, A->rows,
                  A->cols, from->outputs, from->inputs);
    size_t i, j;
    if (ln_find_not_finite(*A, &i, &j))
      option_fail(o, "sensors", "[%lld] has %g at (%zu, %zu)", (long long)k + 1, LN_AT(*A, i, j), i + 1,
                  j + 1);
    ln_copy(*A, ln_window(&LN_AT(all, 0, (size_t)k), A->rows, A->cols));
    lua_settop(L, list + 1);
  }
  lua_remove(L, list);
  return all;
}

/* The whole map as the test set of the task at the top: <A, W - W*>^2 over all normal A has the mean |W - W*|^2. */
static void set_whole_map(lua_State *L, const char *call, const source *from) {
  ln_observed test = {.count = from->outputs * from->inputs, .normalisation = 1};
  test.values = push_matrix(L, from->outputs, from->inputs);
  ln_copy(from->W, test.values);
  test.mask = push_matrix(L, from->outputs, from->inputs);
  ln_fill(test.mask, 1);
  push_observed_task(L, call, from, &test);
  keep_task(L);
  set_test(L);
}

/* data.sensing { inputs=, outputs=, rank= or s=, measurements=, noise=0, normalisation=, seed= }
 * data.sensing { sensors={A_1, ...}, values=, normalisation= } */
static int data_sensing(lua_State *L) {
  static const char *const names[] = {MAP_OPTIONS, "measurements", "sensors", "values", NULL};
  static const char *const of_drawn[] = {"inputs", "outputs", "rank",         "s", "power",
                                         "noise",  "seed",    "measurements", NULL};
  options o = options_read(L, 1, "data.sensing", names);
  source from = read_source(&o);
  ln_observed observed = {0};
  if (option_given(&o, "sensors") || option_given(&o, "values")) {
    for (const char *const *name = of_drawn; *name; name++) {
      option_exclusive(&o, "sensors", *name);
      option_exclusive(&o, "values", *name);
    }
    ln_matrix sensors = push_given_sensors(&o, &from), values = option_vector(&o, "values");
    if (values.rows != sensors.cols)
      option_fail(&o, "values", "has %zu numbers, and there are %zu sensors", values.rows, sensors.cols);
    int given = lua_gettop(L);
    observed.values = push_matrix(L, values.rows, 1);
    ln_copy(values, observed.values);
    lua_pushvalue(L, given - 1);
    observed.sensors = sensors;
    observed.count = sensors.cols;
  } else {
    size_t count = (size_t)option_integer(&o, "measurements", 1, LN_DIMENSION_MAX);
    push_map(&o, &from);
    observed.count = count;
    observed.values = push_matrix(L, count, 1);
    observed.sensors =
        push_sized_matrix(L, o.call, (lua_Number)(from.outputs * from.inputs), (lua_Number)count);
    check(L, o.call, ln_charge(context_of(L), 2 * (double)count * (double)(from.outputs * from.inputs)));
    ln_stream draw = ln_split(&from.root, DRAW_WHERE);
    ln_random_normals(&draw, observed.sensors, 0, 1);
    ln_observe_sensors(from.W, observed.sensors, ln_split(&from.root, DRAW_NOISE), from.noise,
                       observed.values);
  }
  observed.normalisation = normalisation_of(&from, observed.count);
  push_observed_task(L, o.call, &from, &observed);
  if (from.map) set_whole_map(L, o.call, &from);
  return 1;
}

const luaL_Reg observed_makers[] = {{"completion", data_completion}, {"sensing", data_sensing}, {NULL, NULL}};
