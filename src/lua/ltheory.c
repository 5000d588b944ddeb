/* The families of theory that are closed formulas: theory.mode, theory.shallow. */
#include "lua/ltheory.h"

#include <math.h>
#include <stdlib.h>

#include "lua/ldata.h"
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

void put_field(lua_State *L, const char *name, int index, const times *t) {
  int table = lua_gettop(L);
  lua_pushvalue(L, index);
  if (t) pop_like_times(L, t);
  lua_setfield(L, table, name);
  lua_settop(L, table);
}

/* ---- the module ---- */

int luaopen_theory_core(lua_State *L) {
  lua_createtable(L, 0, 2);
  lua_newtable(L);
  luaL_setfuncs(L, mode_functions, 0);
  luaL_setfuncs(L, layer_functions, 0);
  luaL_setfuncs(L, decoupled_functions, 0);
  lua_setfield(L, -2, "mode");
  lua_newtable(L);
  luaL_setfuncs(L, shallow_functions, 0);
  lua_setfield(L, -2, "shallow");
  return 1;
}
