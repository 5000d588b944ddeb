#include "lua/lrecord.h"

#include <stdio.h>
#include <string.h>

/* A recording beyond this is refused with its size: it is asked for by mistake. */
#define BYTES_MAX 17179869184.0

/* ---- which observables ---- */

static const ln_observable *find(const char *name) {
  for (const ln_observable *w = ln_observables; w->name; w++)
    if (!strcmp(w->name, name)) return w;
  return NULL;
}

static void add(recording *r, const ln_observable *what) {
  for (size_t i = 0; i < r->n; i++)
    if (r->what[i] == what) return;
  r->what[r->n++] = what;
}

static void add_named(recording *r, const options *o, const char *option, const char *name, const ln_net *net,
                      bool has_test) {
  const ln_observable *what = find(name);
  if (!what) {
    const char *known[OBSERVABLES_MAX + 1] = {0};
    for (size_t i = 0; ln_observables[i].name; i++) known[i] = ln_observables[i].name;
    const char *likely = nearest(name, known);
    if (likely) option_fail(o, option, "has '%s'; did you mean '%s'?", name, likely);
    luaL_Buffer list;
    luaL_buffinit(o->L, &list);
    for (size_t i = 0; known[i]; i++) {
      if (i) luaL_addstring(&list, ", ");
      luaL_addstring(&list, known[i]);
    }
    luaL_pushresult(&list);
    option_fail(o, option, "has '%s', which is none of %s", name, lua_tostring(o->L, -1));
  }
  if (what->needs_test && !has_test)
    option_fail(o, option, "has '%s', and there is no test set (give test=)", name);
  if (what->needs_linear && !net->linear)
    option_fail(o, option, "has '%s', which only a linear network has", name);
  add(r, what);
}

recording read_recording(const options *o, const char *name, const ln_net *net, bool has_test) {
  recording r = {0};
  if (option_push(o, name) == LUA_TNIL) {
    add(&r, find("loss"));
    if (net->linear) add(&r, find("modes"));
    if (has_test) add(&r, find("test_loss"));
  } else if (lua_type(o->L, -1) == LUA_TSTRING) {
    add_named(&r, o, name, lua_tostring(o->L, -1), net, has_test);
  } else if (lua_type(o->L, -1) == LUA_TTABLE) {
    lua_Integer count = luaL_len(o->L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
      if (lua_geti(o->L, -1, i) != LUA_TSTRING)
        option_fail(o, name, "[%lld] must be the name of an observable, got %s", (long long)i,
                    describe(o->L, -1));
      add_named(&r, o, name, lua_tostring(o->L, -1), net, has_test);
      lua_pop(o->L, 1);
    }
    if (!r.n) option_fail(o, name, "is empty; name what to record, as in { \"loss\" }");
  } else {
    option_fail(o, name, "must be a list of names of observables, got %s", describe(o->L, -1));
  }
  lua_pop(o->L, 1);
  return r;
}

bool recording_needs_modes(const recording *r) {
  for (size_t i = 0; i < r->n; i++)
    if (r->what[i]->needs_modes) return true;
  return false;
}

bool recording_needs_test(const recording *r) {
  for (size_t i = 0; i < r->n; i++)
    if (r->what[i]->needs_test) return true;
  return false;
}

/* ---- room, and the records ---- */

void push_records(lua_State *L, recording *r, const ln_net *net, size_t records, const char *call) {
  size_t widest = 1;
  luaL_checkstack(L, (int)r->n + 8, "recording");
  r->first = lua_gettop(L) + 1;
  r->records = records;
  for (size_t i = 0; i < r->n; i++) {
    size_t width = ln_width(r->what[i], net);
    double bytes = (double)width * (double)records * sizeof(double);
    if (bytes > BYTES_MAX)
      fail(L, call, "recording '%s' %zu times would take %.3g bytes; record it less often", r->what[i]->name,
           records, bytes);
    bool parameters = r->what[i]->kind == LN_PARAMETERS;
    r->width[i] = width;
    r->data[i] = (parameters ? push_matrix(L, width, records) : push_matrix(L, records, width)).data;
    if (!parameters && width > widest) widest = width;
  }
  r->row = push_matrix(L, widest, 1).data;
}

ln_status record(ln_context *cx, recording *r, ln_probe *probe, size_t k, const double *theta) {
  for (size_t i = 0; i < r->n; i++) {
    bool parameters = r->what[i]->kind == LN_PARAMETERS;
    double *row = parameters ? r->data[i] + k * r->width[i] : r->row;
    ln_status status = ln_measure(cx, probe, r->what[i], theta, i == 0, row);
    if (status != LN_OK) return status;
    for (size_t j = 0; !parameters && j < r->width[i]; j++) r->data[i][k + j * r->records] = row[j];
  }
  return LN_OK;
}

void push_layer_views(lua_State *L, int root, const ln_net *net, const double *theta, bool biases) {
  lua_createtable(L, (int)net->depth, 0);
  for (size_t l = 0; l < net->depth; l++) {
    push_view(L, root, biases ? ln_biases(net, theta, l) : ln_weights(net, theta, l));
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
}

/* A list with an entry for each record: the list of its layers. */
static void push_layers_by_record(lua_State *L, int root, const ln_net *net, const double *data, size_t count,
                                  bool biases) {
  lua_createtable(L, (int)count, 0);
  for (size_t k = 0; k < count; k++) {
    push_layer_views(L, root, net, data + k * net->count, biases);
    lua_rawseti(L, -2, (lua_Integer)k + 1);
  }
}

void push_recorded(lua_State *L, const recording *r, const ln_net *net, size_t count) {
  lua_createtable(L, 0, (int)r->n + 8);
  for (size_t i = 0; i < r->n; i++) {
    int root = r->first + (int)i;
    if (r->what[i]->kind == LN_PARAMETERS) {
      push_layers_by_record(L, root, net, r->data[i], count, false);
      if (net->bias) {
        push_layers_by_record(L, root, net, r->data[i], count, true);
        lua_setfield(L, -3, "biases");
      }
    } else if (count == r->records) {
      lua_pushvalue(L, root);
    } else {
      ln_matrix kept = push_matrix(L, count, r->width[i]);
      ln_copy(ln_block_of(ln_window(r->data[i], r->records, r->width[i]), 0, 0, count, r->width[i]), kept);
    }
    lua_setfield(L, -2, r->what[i]->name);
  }
}

/* ---- tasks ---- */

const ln_task *fitting_task(lua_State *L, int index, const char *call, const ln_net *net) {
  const ln_task *task = check_task(L, index, call, "task");
  if (task->inputs != ln_inputs(net) || task->outputs != ln_outputs(net))
    fail(L, call, "the network maps %zu inputs to %zu outputs and the task has %zu and %zu", ln_inputs(net),
         ln_outputs(net), task->inputs, task->outputs);
  return task;
}

const ln_task *task_for(lua_State *L, int index, const char *call, const ln_net *net, ln_plan_choice choice) {
  const ln_task *task = fitting_task(L, index, call, net);
  return ln_plan_needs_moments(net, task, choice) ? task_with_target(L, index, call) : task;
}

/* ---- net:observe(task, names): the same observables, once ---- */

static ln_status observe_once(ln_context *cx, recording *r, const ln_net *net, const ln_task *task,
                              const ln_task *test, ln_matrix U, ln_matrix V) {
  ln_mark mark = ln_begin(cx);
  ln_probe probe;
  ln_status status = ln_make_probe(cx, &probe, net, task, test, U, V, LN_PLAN_AUTO);
  if (status == LN_OK) status = record(cx, r, &probe, 0, net->parameters);
  return ln_end(cx, mark, status);
}

int network_observe(lua_State *L) {
  static const char call[] = "net:observe";
  static const char *const names[] = {"record", NULL};
  const ln_net *net = net_self(L, call);
  lua_settop(L, 3);
  lua_createtable(L, 0, 1); /* the names as an option, for the one reader of them */
  lua_pushvalue(L, 3);
  lua_setfield(L, -2, "record");
  options o = options_read(L, -1, call, names);
  const ln_task *task = task_for(L, 2, call, net, LN_PLAN_AUTO), *test = NULL;
  bool has_test = lua_getfield(L, 2, "test") != LUA_TNIL;
  recording r = read_recording(&o, "record", net, has_test);
  if (recording_needs_test(&r)) test = task_for(L, -1, call, net, LN_PLAN_AUTO);
  ln_matrix U = {0}, V = {0};
  if (recording_needs_modes(&r)) {
    push_task_modes(L, 2, call);
    U = *test_matrix(L, -3);
    V = *test_matrix(L, -1);
  }
  push_records(L, &r, net, 1, call);
  check(L, call, observe_once(context_of(L), &r, net, task, test, U, V));
  push_recorded(L, &r, net, 1);
  for (size_t i = 0; i < r.n; i++) { /* of the one record: a number, a row, or the list of layers */
    if (r.what[i]->width && r.what[i]->kind == LN_CURVES) continue;
    lua_getfield(L, -1, r.what[i]->name);
    if (r.what[i]->width)
      lua_geti(L, -1, 1);
    else
      lua_pushnumber(L, r.data[i][0]);
    lua_setfield(L, -3, r.what[i]->name);
    lua_pop(L, 1);
  }
  return 1;
}
