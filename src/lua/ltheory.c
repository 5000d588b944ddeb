/* The families of theory that take numbers and matrices: what they share, and their tables. */
#include "lua/ltheory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lua/ldata.h"
#include "lua/lnetwork.h"
#include "lua/modules.h"

/* ---- what the families share ---- */

static const ln_task *option_task(const options *o) {
  option_exclusive(o, "task", "Sxx");
  option_exclusive(o, "task", "Syx");
  option_push(o, "task");
  check_task(o->L, -1, o->call, "task");
  return task_with_moments(o->L, lua_gettop(o->L), o->call);
}

ln_matrix option_inputs(const options *o) {
  return option_given(o, "task") ? option_task(o)->Sxx : option_matrix(o, "Sxx");
}

void option_moments(const options *o, ln_matrix *Sxx, ln_matrix *Syx) {
  if (option_given(o, "task")) {
    const ln_task *task = option_task(o);
    *Sxx = task->Sxx, *Syx = task->Syx;
    return;
  }
  *Sxx = option_matrix(o, "Sxx");
  if (Sxx->rows != Sxx->cols)
    option_fail(o, "Sxx", "must be square, inputs x inputs; got %s", describe(o->L, -1));
  *Syx = option_matrix(o, "Syx");
  if (Syx->cols != Sxx->rows)
    option_fail(o, "Syx", "must be outputs x inputs with %zu columns, as Sxx; got %s", Sxx->rows,
                describe(o->L, -1));
}

/* The weights of the network on top of the stack, if it is one: replaced by the network's list of them. */
static void weights_of_network(const options *o, const char *name) {
  if (!luaL_testudata(o->L, -1, NETWORK_TYPE)) return;
  const ln_net *net = check_net(o->L, -1, o->call, name);
  if (!net->linear || net->bias)
    option_fail(o, name, "must be a linear network without biases; its %s",
                net->linear ? "layers have biases" : "units are not linear");
  lua_getfield(o->L, -1, "weights");
  lua_remove(o->L, -2);
}

ln_matrix *option_layers(const options *o, const char *name, size_t least, size_t *depth) {
  lua_State *L = o->L;
  option_push(o, name);
  weights_of_network(o, name);
  bool list = lua_type(L, -1) == LUA_TTABLE;
  if (!list && !test_matrix(L, -1) && luaL_getmetafield(L, -1, "__len") != LUA_TNIL) { /* net.weights */
    list = true;
    lua_pop(L, 1);
  }
  if (!list) option_fail(o, name, "must be the list { W1, W2, ... } of the layers, got %s", describe(L, -1));
  size_t n = (size_t)luaL_len(L, -1);
  if (n < least)
    option_fail(o, name, "must hold %s, got %zu", least > 1 ? "two layers or more" : "one layer or more", n);
  lua_createtable(L, (int)n, 0); /* keeps them alive */
  ln_matrix *layers = lua_newuserdatauv(L, n * sizeof *layers, 0);
  for (size_t l = 0; l < n; l++) {
    char what[64];
    snprintf(what, sizeof what, "%s[%zu]", name, l + 1);
    lua_geti(L, -3, (lua_Integer)l + 1);
    layers[l] = convert_matrix(L, -1, o->call, what);
    check_finite(L, layers[l], o->call, what);
    lua_rawseti(L, -3, (lua_Integer)l + 1);
  }
  lua_remove(L, -3);
  *depth = n;
  return layers;
}

ln_matrix *option_weights_or_net(const options *o, size_t *depth) {
  option_exclusive(o, "weights", "net");
  return option_layers(o, option_given(o, "net") ? "net" : "weights", 1, depth);
}

counts option_steps(const options *o, const char *name) {
  const double most = 9007199254740992; /* 2^53: beyond, whole numbers have gaps */
  counts c = {.asked = option_times(o, name)};
  c.data = lua_newuserdatauv(o->L, (c.asked.n + 1) * sizeof *c.data, 0);
  for (size_t i = 0; i < c.asked.n; i++) {
    double n = c.asked.data[i];
    if (!(n <= most) || n != floor(n))
      option_fail(o, name, "must be whole numbers up to 2^53; number %zu is %.17g", i + 1, n);
    c.data[i] = (uint64_t)n;
  }
  return c;
}

static int compare_numbers(const void *a, const void *b) {
  const double x = **(const double *const *)a, y = **(const double *const *)b;
  return (x > y) - (x < y);
}

size_t *push_order(lua_State *L, const double *numbers, size_t n) {
  size_t *order = lua_newuserdatauv(L, (n + 1) * sizeof *order, 0);
  const double **sorted = lua_newuserdatauv(L, (n + 1) * sizeof *sorted, 0);
  for (size_t i = 0; i < n; i++) sorted[i] = numbers + i;
  qsort(sorted, n, sizeof *sorted, compare_numbers);
  for (size_t i = 0; i < n; i++) order[i] = (size_t)(sorted[i] - numbers);
  lua_pop(L, 1);
  return order;
}

ln_matrix *push_matrices(lua_State *L, size_t count, size_t rows, size_t cols) {
  ln_matrix *windows = lua_newuserdatauv(L, (count + 1) * sizeof *windows, 0);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    windows[i] = push_matrix(L, rows, cols);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return windows;
}

int pop_matrices(lua_State *L, const times *t) {
  if (t->shape == TIMES_NUMBER) lua_rawgeti(L, -1, 1);
  return 1;
}

void put_number(lua_State *L, const char *name, double x) {
  lua_pushnumber(L, x);
  lua_setfield(L, -2, name);
}

void put_field(lua_State *L, const char *name, int index, const times *t) {
  int table = lua_gettop(L);
  lua_pushvalue(L, index);
  if (t) pop_like_times(L, t);
  lua_setfield(L, table, name);
  lua_settop(L, table);
}

/* ---- the module ---- */

/* Sets the family `name` of the module on top of the stack: the functions of up to five files. */
static void add_family(lua_State *L, const char *name, const luaL_Reg *const parts[]) {
  lua_newtable(L);
  for (size_t i = 0; parts[i]; i++) luaL_setfuncs(L, parts[i], 0);
  lua_setfield(L, -2, name);
}

int luaopen_theory_core(lua_State *L) {
  static const struct {
    const char *name;
    const luaL_Reg *parts[6];
  } families[] = {
      {"mode", {mode_functions, layer_functions, decoupled_functions}},
      {"shallow", {shallow_functions, minibatch_functions}},
      {"ntk", {ntk_functions}},
      {"stability", {stability_functions}},
      {"riccati", {riccati_functions}},
      {"balanced", {balanced_functions}},
      {"semantic", {semantic_functions}},
      {"pathways", {pathways_functions}},
      {"generalization",
       {generalization_shallow_functions, generalization_deep_functions, generalization_low_rank_functions,
        generalization_features_functions, generalization_coloured_functions}},
      {"spectrum", {spectrum_functions}},
      {"depth", {mean_field_functions, pretraining_functions}},
  };
  const size_t count = sizeof families / sizeof *families;
  lua_createtable(L, 0, (int)count);
  for (size_t i = 0; i < count; i++) add_family(L, families[i].name, families[i].parts);
  return 1;
}
