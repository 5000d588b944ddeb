/* Activations, starts, observables and solutions in C: closures around them go into the same tables that take those
 * written in Lua. */
#include "linnet.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "host/state.h"
#include "lua/binding.h"
#include "lua/ldata.h"
#include "lua/lnetwork.h"
#include "lua/lrandom.h"

/* ---- adding ---- */

/* Pushes the table that is `field` of the module, network.activations for one. */
static void push_table_of(lua_State *L, const char *module, const char *field) {
  lua_getglobal(L, "require");
  lua_pushstring(L, module);
  lua_call(L, 1, 1);
  lua_getfield(L, -1, field);
  lua_remove(L, -2);
}

/* Pushes a copy of the struct: the upvalue of the closures. */
static void push_struct(lua_State *L, const void *from, size_t size) {
  memcpy(lua_newuserdatauv(L, size, 0), from, size);
}

static void push_closure(lua_State *L, int upvalue, lua_CFunction f) {
  lua_pushvalue(L, upvalue);
  lua_pushcclosure(L, f, 1);
}

static void *own(lua_State *L) { return lua_touserdata(L, lua_upvalueindex(1)); }

/* Sets the entry on top of the stack under its name, and takes it off. */
static void add(lua_State *L, const char *module, const char *field, const char *name) {
  push_table_of(L, module, field);
  lua_insert(L, -2);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

static void refuse_status(lua_State *L, const char *kind, const char *name, int status) {
  if (status == LINNET_OK) return;
  if (status < 0 || status >= LINNET_STATUS_COUNT) status = LINNET_ERUN;
  linnet_raise(L, status, "%s '%s': %s", kind, name, ln_status_meaning((ln_status)status));
}

/* ---- activations ---- */

static int apply(lua_State *L, bool slope) {
  const linnet_activation *a = own(L);
  ln_matrix given = check_matrix(L, 1, a->name, "X"), X = push_matrix(L, given.rows, given.cols),
            Y = push_matrix(L, given.rows, given.cols);
  ln_copy(given, X);
  (slope ? a->df : a->f)(a->ud, X.data, Y.data, X.rows * X.cols);
  return 1;
}

static int apply_f(lua_State *L) { return apply(L, false); }
static int apply_df(lua_State *L) { return apply(L, true); }

void linnet_addactivation(lua_State *L, const linnet_activation *activation) {
  push_struct(L, activation, sizeof *activation);
  int upvalue = lua_gettop(L);
  lua_createtable(L, 0, 3);
  push_closure(L, upvalue, apply_f);
  lua_setfield(L, -2, "f");
  push_closure(L, upvalue, apply_df);
  lua_setfield(L, -2, "df");
  lua_pushstring(L, activation->doc);
  lua_setfield(L, -2, "doc");
  add(L, "linnet.network", "activations", activation->name);
  lua_pop(L, 1);
}

/* ---- starts ---- */

static double draw_normal(void *stream) { return ln_random_normal(stream); }
static double draw_uniform(void *stream) { return ln_random_uniform(stream); }

static linnet_matrix window(ln_matrix A) {
  return (linnet_matrix){A.data, (ptrdiff_t)A.rows, (ptrdiff_t)A.cols, (ptrdiff_t)A.ld};
}

/* (sizes, options, stream) */
static int fill_start(lua_State *L) {
  const linnet_init *init = own(L);
  size_t depth = (size_t)luaL_len(L, 1) - 1;
  size_t *sizes = lua_newuserdatauv(L, (depth + 1) * sizeof *sizes, 0);
  for (size_t l = 0; l <= depth; l++) {
    lua_geti(L, 1, (lua_Integer)l + 1);
    sizes[l] = (size_t)luaL_checkinteger(L, -1);
    lua_pop(L, 1);
  }
  linnet_matrix *W = lua_newuserdatauv(L, (depth + 1) * sizeof *W, 0);
  lua_createtable(L, (int)depth, 0);
  for (size_t l = 0; l < depth; l++) {
    ln_matrix layer = push_matrix(L, sizes[l + 1], sizes[l]);
    ln_fill(layer, 0);
    W[l] = window(layer);
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  refuse_status(
      L, "start", init->name,
      init->fill(init->ud, depth, sizes, W, draw_normal, draw_uniform, check_stream(L, 3, init->name)));
  return 1;
}

void linnet_addinit(lua_State *L, const linnet_init *init) {
  push_struct(L, init, sizeof *init);
  push_closure(L, lua_gettop(L), fill_start);
  add(L, "linnet.network", "inits", init->name);
  lua_pop(L, 1);
}

/* ---- observables and solutions ---- */

/* Pushes four blocks that hold the windows of the network at `index`. */
static linnet_net push_windows(lua_State *L, int index, const char *name) {
  const ln_net *net = check_net(L, index, name, "net");
  size_t depth = net->depth;
  size_t *sizes = lua_newuserdatauv(L, (depth + 1) * sizeof *sizes, 0);
  linnet_matrix *W = lua_newuserdatauv(L, depth * sizeof *W, 0),
                *b = lua_newuserdatauv(L, depth * sizeof *b, 0);
  const char **activation = lua_newuserdatauv(L, depth * sizeof *activation, 0);
  sizes[0] = ln_inputs(net);
  for (size_t l = 0; l < depth; l++) {
    sizes[l + 1] = net->layers[l].outputs;
    W[l] = window(ln_weights(net, net->parameters, l));
    b[l] = window(ln_biases(net, net->parameters, l));
    activation[l] = net->layers[l].activation->name;
  }
  return (linnet_net){depth, sizes, W, b, activation};
}

static linnet_task windows_of_task(lua_State *L, int index, const char *name) {
  const ln_task *task = check_task(L, index, name, "task");
  if (!task->observed.count) task = task_with_moments(L, index, name);
  linnet_task out = {task->inputs, task->outputs, task->examples, .tr_yy = task->tr_yy};
  if (task->examples) out.X = window(task->X), out.Y = window(task->Y);
  if (task->has_moments) out.Sxx = window(task->Sxx), out.Syx = window(task->Syx);
  return out;
}

/* (net, task) */
static int observe(lua_State *L) {
  const linnet_observable *o = own(L);
  linnet_net net = push_windows(L, 1, o->name);
  linnet_task task = windows_of_task(L, 2, o->name);
  size_t rows = 1, cols = 1;
  o->shape(o->ud, &net, &task, &rows, &cols);
  ln_matrix value = push_sized_matrix(L, o->name, (lua_Number)rows, (lua_Number)cols);
  refuse_status(L, "observable", o->name, o->eval(o->ud, &net, &task, value.data));
  if (rows == 1 && cols == 1) lua_pushnumber(L, value.data[0]);
  return 1;
}

void linnet_addobservable(lua_State *L, const linnet_observable *observable) {
  push_struct(L, observable, sizeof *observable);
  push_closure(L, lua_gettop(L), observe);
  add(L, "linnet.network", "observables", observable->name);
  lua_pop(L, 1);
}

/* (net, task) -> distance, why */
static int solution_distance(lua_State *L) {
  const linnet_solution *s = own(L);
  linnet_net net = push_windows(L, 1, s->name);
  linnet_task task = windows_of_task(L, 2, s->name);
  const char *why = NULL;
  double distance = s->distance(s->ud, &net, &task, &why);
  lua_pushnumber(L, distance);
  lua_pushstring(L, why);
  return 2;
}

/* (net, task, t) -> { W1, ... } */
static int solution_weights(lua_State *L) {
  const linnet_solution *s = own(L);
  double t = luaL_checknumber(L, 3);
  linnet_net net = push_windows(L, 1, s->name);
  linnet_task task = windows_of_task(L, 2, s->name);
  linnet_matrix *W = lua_newuserdatauv(L, net.depth * sizeof *W, 0);
  lua_createtable(L, (int)net.depth, 0);
  for (size_t l = 0; l < net.depth; l++) {
    W[l] = window(push_matrix(L, net.sizes[l + 1], net.sizes[l]));
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  refuse_status(L, "solution", s->name, s->weights(s->ud, &net, &task, t, W));
  return 1;
}

void linnet_addsolution(lua_State *L, const linnet_solution *solution) {
  push_struct(L, solution, sizeof *solution);
  int upvalue = lua_gettop(L);
  lua_createtable(L, 0, 4);
  push_closure(L, upvalue, solution_distance);
  lua_setfield(L, -2, "applies");
  push_closure(L, upvalue, solution_weights);
  lua_setfield(L, -2, "weights");
  lua_pushboolean(L, solution->exact);
  lua_setfield(L, -2, "exact");
  lua_pushstring(L, solution->source);
  lua_setfield(L, -2, "source");
  add(L, "linnet.theory", "solutions", solution->name);
  lua_pop(L, 1);
}

/* ---- for functions of modules ---- */

void linnet_checkversion_(lua_State *L, int version) {
  if (version / 100 != LINNET_VERSION_NUM / 100)
    luaL_error(L, "this module was compiled for linnet %d.%d, and %s runs", version / 10000,
               version / 100 % 100, LINNET_VERSION);
  if (!linnet_of(L)) luaL_error(L, "linnet is not in this Lua state: require \"linnet\" first");
}

void *linnet_scratch(lua_State *L, size_t bytes) {
  const uintptr_t alignment = 64;
  if (bytes > PTRDIFF_MAX) linnet_raise(L, LINNET_EMEMORY, "%s", "not enough memory for the work space");
  uintptr_t start = (uintptr_t)lua_newuserdatauv(L, bytes + alignment, 0);
  return (void *)((start + alignment - 1) / alignment * alignment); /* NOLINT: inside the block */
}

int linnet_poll(linnet_state *S) { return (int)ln_poll(&S->cx); }
int linnet_charge(linnet_state *S, double flops) { return (int)ln_charge(&S->cx, flops); }

int linnet_raise(lua_State *L, int status, const char *format, ...) {
  va_list arguments;
  push_where(L);
  va_start(arguments, format);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  lua_concat(L, 2);
  if (status != LINNET_ERUN && status != LINNET_EARG && status > LINNET_OK && status < LINNET_STATUS_COUNT)
    push_error(L, (ln_status)status, lua_tostring(L, -1));
  return lua_error(L);
}
