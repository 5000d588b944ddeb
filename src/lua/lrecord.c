#include "lua/lrecord.h"

#include "lua/callback.h"
#include "lua/lobservable.h"
#include "lua/lregistry.h"

#include <math.h>
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

/* What a recording is read for. */
typedef struct reading {
  const options *o;
  const char *option;
  const ln_subject *subject;
  int net, task; /* stack indices */
  bool has_test, has_start;
  int kept; /* of a table with the user's own observables */
} reading;

static void add(recording *r, const reading *in, const ln_observable *what) {
  for (size_t i = 0; i < r->n; i++)
    if (!strcmp(r->what[i]->name, what->name)) return;
  if (r->n == OBSERVABLES_MAX)
    option_fail(in->o, in->option, "has more than %d observables", OBSERVABLES_MAX);
  r->what[r->n++] = what;
  r->needs |= ln_needs(what, in->subject);
}

/* Names the nearest observable, or all of them. */
static _Noreturn void fail_unknown(const reading *in, const char *name) {
  const char *built_in[OBSERVABLES_MAX + 1] = {0};
  for (size_t i = 0; ln_observables[i].name; i++) built_in[i] = ln_observables[i].name;
  const char *const *known = push_known_names(in->o->L, OWN_OBSERVABLE, built_in);
  const char *likely = nearest(name, known);
  if (likely) option_fail(in->o, in->option, "has '%s'; did you mean '%s'?", name, likely);
  option_fail(in->o, in->option, "has '%s', which is none of %s", name, push_list(in->o->L, known));
}

/* The user's own of that name, asked once for the shape of its answers; null if there is none. */
static const ln_observable *find_own(const reading *in, const char *name) {
  lua_State *L = in->o->L;
  const ln_observable *own = push_own_observable(L, name, in->net, in->task, in->o->call);
  if (own) lua_setfield(L, in->kept, name);
  return own;
}

static void add_named(recording *r, const reading *in, const char *name) {
  const ln_observable *what = find(name);
  ln_context *cx = context_of(in->o->L);
  for (size_t i = 0; i < r->n; i++)
    if (!strcmp(r->what[i]->name, name)) return;
  if (!what) what = find_own(in, name);
  if (!what)
    fail_unknown(in, name);
  else if (ln_check_observable(cx, what, in->subject, in->has_test, in->has_start) != LN_OK)
    option_fail(in->o, in->option, "has '%s', %s", name, cx->message);
  else
    add(r, in, what);
}

recording read_recording(const options *o, const char *name, const ln_subject *subject, int net, int task,
                         bool has_test, bool has_start) {
  recording r = {0};
  lua_newtable(o->L);
  const reading in = {o, name, subject, net, task, has_test, has_start, lua_gettop(o->L)};
  if (option_push(o, name) == LUA_TNIL) {
    add(&r, &in, find("loss"));
    if (subject->net->linear) add(&r, &in, find("modes"));
    if (has_test) add(&r, &in, find("test_loss"));
  } else if (lua_type(o->L, -1) == LUA_TSTRING) {
    add_named(&r, &in, lua_tostring(o->L, -1));
  } else if (lua_type(o->L, -1) == LUA_TTABLE) {
    lua_Integer count = luaL_len(o->L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
      if (lua_geti(o->L, -1, i) != LUA_TSTRING)
        option_fail(o, name, "[%lld] must be the name of an observable, got %s", (long long)i,
                    describe(o->L, -1));
      add_named(&r, &in, lua_tostring(o->L, -1));
      lua_pop(o->L, 1);
    }
    if (!r.n) option_fail(o, name, "is empty; name what to record, as in { \"loss\" }");
  } else {
    option_fail(o, name, "must be a list of names of observables, got %s", describe(o->L, -1));
  }
  lua_pop(o->L, 1);
  return r;
}

void complete_subject(lua_State *L, const recording *r, ln_subject *subject, int task, int test,
                      const char *call) {
  if (r->needs & LN_NEEDS_MOMENTS) task_with_moments(L, task, call);
  if (r->needs & LN_NEEDS_TEST) subject->test = task_for(L, test, call, subject->net, subject->choice);
  if (r->needs & LN_NEEDS_MODES) {
    push_task_modes(L, task, call);
    subject->U = *test_matrix(L, -3);
    subject->s = test_matrix(L, -2)->data;
    subject->V = *test_matrix(L, -1);
  }
  if (r->needs & LN_NEEDS_START && !subject->start) subject->start = subject->net->parameters;
}

size_t option_ntk_examples(const options *o, const ln_task *task) {
  lua_Integer most = task->examples ? (lua_Integer)task->examples : LUA_MAXINTEGER;
  return (size_t)option_integer_or(o, "ntk_examples", 1, most, 0);
}

/* ---- room, and the records ---- */

void push_records(lua_State *L, recording *r, const ln_subject *subject, size_t records, const char *call) {
  size_t widest = 1;
  reserve_stack(L, (int)r->n + 8);
  r->first = lua_gettop(L) + 1;
  r->records = records;
  for (size_t i = 0; i < r->n; i++) {
    const ln_observable *what = r->what[i];
    double width = ln_numbers(what, subject), bytes = width * (double)records * sizeof(double);
    bool curves = what->kind == LN_CURVES;
    if (bytes > BYTES_MAX)
      fail(L, call, "recording '%s' %zu times would take %.3g bytes; record it less often%s", what->name,
           records, bytes, what->needs & LN_NEEDS_EXAMPLES ? ", or on fewer examples (ntk_examples)" : "");
    r->width[i] = (size_t)width;
    r->data[i] = (curves ? push_matrix(L, records, r->width[i]) : push_matrix(L, r->width[i], records)).data;
    if (curves && r->width[i] > widest) widest = r->width[i];
  }
  r->row = push_matrix(L, widest, 1).data;
}

ln_status record(ln_context *cx, recording *r, ln_probe *probe, size_t k, const double *theta) {
  for (size_t i = 0; i < r->n; i++) {
    bool curves = r->what[i]->kind == LN_CURVES;
    double *row = curves ? r->row : r->data[i] + k * r->width[i];
    ln_status status = ln_measure(cx, probe, r->what[i], theta, i == 0, row);
    if (status != LN_OK) return status;
    for (size_t j = 0; curves && j < r->width[i]; j++) r->data[i][k + j * r->records] = row[j];
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

/* The `parts` matrices that follow each other in `data`, as views: a list, or the only one itself. */
static void push_matrices(lua_State *L, int root, double *data, size_t rows, size_t cols, size_t parts,
                          bool list) {
  if (list) lua_createtable(L, (int)parts, 0);
  for (size_t l = 0; l < parts; l++) {
    push_view(L, root, ln_window(data + l * rows * cols, rows, cols));
    if (list) lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
}

static void push_matrices_by_record(lua_State *L, const recording *r, size_t i, const ln_net *net,
                                    size_t count) {
  const ln_observable *what = r->what[i];
  bool list = what->kind == LN_MATRICES;
  size_t parts = list ? net->depth - 1 : 1;
  size_t order = (size_t)lround(sqrt((double)r->width[i] / (double)parts)); /* of square ones */
  const ln_hosted_observable *hosted = ln_hosted(what);
  lua_createtable(L, (int)count, 0);
  for (size_t k = 0; k < count; k++) {
    push_matrices(L, r->first + (int)i, r->data[i] + k * r->width[i], hosted ? hosted->rows : order,
                  hosted ? hosted->cols : order, parts, list);
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
    } else if (r->what[i]->kind != LN_CURVES) {
      push_matrices_by_record(L, r, i, net, count);
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

static ln_status observe_once(ln_context *cx, recording *r, const ln_subject *subject) {
  ln_mark mark = ln_begin(cx);
  ln_probe probe;
  ln_status status = ln_make_probe(cx, &probe, subject);
  if (status == LN_OK) status = record(cx, r, &probe, 0, subject->net->parameters);
  return ln_end(cx, mark, status);
}

/* Option start: a network of the same layers, from which distances are taken; null if it is not given. */
static const double *read_start(const options *o, const ln_net *net) {
  if (option_push(o, "start") == LUA_TNIL) return lua_pop(o->L, 1), NULL;
  const ln_net *start = check_net(o->L, -1, o->call, "start");
  bool same = start->depth == net->depth && start->count == net->count && start->bias == net->bias;
  for (size_t l = 0; same && l < net->depth; l++)
    same = start->layers[l].inputs == net->layers[l].inputs &&
           start->layers[l].outputs == net->layers[l].outputs;
  if (!same)
    option_fail(o, "start", "must have the layers of the network itself, got %s",
                luaL_tolstring(o->L, -1, NULL));
  return start->parameters;
}

/* net:observe(task, names[, { start=, ntk_examples= }]) */
int network_observe(lua_State *L) {
  static const char call[] = "net:observe";
  static const char *const names[] = {"record", NULL}, *const others[] = {"start", "ntk_examples", NULL};
  const ln_net *net = net_self(L, call);
  lua_settop(L, 4);
  options more = options_read_optional(L, 4, call, others);
  lua_createtable(L, 0, 1); /* the names as an option, for the one reader of them */
  lua_pushvalue(L, 3);
  lua_setfield(L, -2, "record");
  options o = options_read(L, -1, call, names);
  ln_subject of = {
      .net = net, .task = task_for(L, 2, call, net, LN_PLAN_AUTO), .start = read_start(&more, net)};
  of.examples = option_ntk_examples(&more, of.task);
  bool has_test = lua_getfield(L, 2, "test") != LUA_TNIL;
  int test = lua_gettop(L);
  recording r = read_recording(&o, "record", &of, 1, 2, has_test, of.start != NULL);
  complete_subject(L, &r, &of, 2, test, call);
  push_records(L, &r, &of, 1, call);
  check_calling(L, call, observe_once(calling, &r, &of));
  push_recorded(L, &r, net, 1);
  for (size_t i = 0; i < r.n; i++) { /* of the one record: a number, a row, a matrix, or the list of layers */
    bool is_number = ln_is_number(r.what[i]);
    if (r.what[i]->kind == LN_CURVES && !is_number) continue;
    lua_getfield(L, -1, r.what[i]->name);
    if (is_number)
      lua_pushnumber(L, r.data[i][0]);
    else
      lua_geti(L, -1, 1);
    lua_setfield(L, -3, r.what[i]->name);
    lua_pop(L, 1);
  }
  return 1;
}
