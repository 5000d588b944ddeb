/* lensemble.c: ens:train and ens:flow: what net:train and net:flow do, for every network of an ensemble, over the
 * workers of the context.
 *
 * All networks are read, checked and prepared first, one after the other, each with the stack that a single one would
 * have: what it leaves there is kept in a table and put back where its run is pushed. The workers touch no Lua. */
#include "lua/lensemble.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/parallel.h"
#include "lua/callback.h"
#include "lua/ldata.h"
#include "lua/lnetwork.h"

/* About how long an evaluation of the gradient takes, in seconds: what it costs at least, and operations a second. */
#define EVALUATION_LEAST 2e-6
#define SPEED 2e10
#define SPEED_IN_GROUPS 4e10

/* ---- the networks and their tasks ---- */

static bool same_layers(const ln_net *a, const ln_net *b) {
  bool same = a->depth == b->depth && a->bias == b->bias;
  for (size_t l = 0; same && l < a->depth; l++)
    same = a->layers[l].inputs == b->layers[l].inputs && a->layers[l].outputs == b->layers[l].outputs &&
           a->layers[l].activation == b->layers[l].activation;
  return same;
}

/* Raises unless argument 1 is a list of networks with the same layers, each of them there once. */
static size_t check_networks(lua_State *L, const char *call) {
  if (lua_type(L, 1) != LUA_TTABLE || !lua_getmetatable(L, 1)) fail_self(L, call, "an ensemble");
  luaL_getmetatable(L, ENSEMBLE_TYPE);
  if (!lua_rawequal(L, -1, -2)) fail_self(L, call, "an ensemble");
  lua_pop(L, 2);
  size_t count = lua_rawlen(L, 1);
  if (!count) fail(L, call, "the ensemble has no network");
  lua_newtable(L); /* where each network was seen */
  const ln_net *first = NULL;
  for (size_t i = 1; i <= count; i++) {
    char what[40];
    snprintf(what, sizeof what, "ens[%zu]", i);
    lua_rawgeti(L, 1, (lua_Integer)i);
    const ln_net *net = check_net(L, -1, call, what);
    if (!first) first = net;
    if (!same_layers(net, first)) {
      luaL_tolstring(L, -1, NULL);
      fail(L, call, "the networks of an ensemble have the same layers, and %s is a %s", what,
           lua_tostring(L, -1));
    }
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL)
      fail(L, call, "ens[%lld] and %s are the same network", (long long)lua_tointeger(L, -1), what);
    lua_pop(L, 1);
    lua_pushinteger(L, (lua_Integer)i);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  return count;
}

static void check_member_task(const ensemble *e, size_t i, bool from_function) {
  lua_State *L = e->L;
  char what[40];
  snprintf(what, sizeof what, from_function ? "task(%zu)" : "task[%zu]", i);
  const ln_task *task = check_task(L, -1, e->kind->call, what);
  lua_rawgeti(L, e->networks, (lua_Integer)i);
  const ln_net *net = check_net(L, -1, e->kind->call, "self");
  if (task->inputs != ln_inputs(net) || task->outputs != ln_outputs(net))
    fail(L, e->kind->call, "%s has %zu inputs and %zu outputs, and the networks have %zu and %zu", what,
         task->inputs, task->outputs, ln_inputs(net), ln_outputs(net));
  lua_pop(L, 1);
}

/* Pushes a list with the task of each network: option `task` is one for all, a list or a function of the number. */
static void push_tasks(const ensemble *e, const options *o) {
  lua_State *L = e->L;
  int type = option_push(o, "task"), task = lua_gettop(L);
  bool one = luaL_testudata(L, task, TASK_TYPE);
  if (!one && type != LUA_TTABLE && type != LUA_TFUNCTION)
    option_fail(o, "task",
                "must be a task, a list with one for each network, or a function of its number, got %s",
                describe(L, task));
  if (type == LUA_TTABLE && (size_t)luaL_len(L, task) != e->count)
    option_fail(o, "task", "is a list of %lld, and there are %zu networks", (long long)luaL_len(L, task),
                e->count);
  lua_createtable(L, (int)e->count, 0);
  for (size_t i = 1; i <= e->count; i++) {
    if (one) {
      lua_pushvalue(L, task);
    } else if (type == LUA_TTABLE) {
      lua_geti(L, task, (lua_Integer)i);
    } else {
      lua_pushvalue(L, task);
      lua_pushinteger(L, (lua_Integer)i);
      lua_call(L, 1, 1);
    }
    if (!one) check_member_task(e, i, type == LUA_TFUNCTION);
    lua_rawseti(L, -2, (lua_Integer)i);
  }
  lua_remove(L, task);
}

/* ---- each network's part of the stack ---- */

/* Takes everything above the base off the stack, for network i (from 0). */
static void keep_stack(const ensemble *e, size_t i) {
  lua_State *L = e->L;
  int n = lua_gettop(L) - e->base;
  lua_createtable(L, n, 1);
  lua_insert(L, e->base + 1);
  for (int k = n; k >= 1; k--) lua_rawseti(L, e->base + 1, k);
  lua_pushinteger(L, n);
  lua_rawseti(L, -2, 0);
  lua_rawseti(L, e->kept, (lua_Integer)i + 1);
}

static void put_stack_back(const ensemble *e, size_t i) {
  lua_State *L = e->L;
  lua_settop(L, e->base);
  lua_rawgeti(L, e->kept, (lua_Integer)i + 1);
  lua_rawgeti(L, -1, 0);
  int n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  reserve_stack(L, n + 16);
  for (int k = 1; k <= n; k++) lua_rawgeti(L, e->base + 1, k);
  lua_remove(L, e->base + 1);
}

/* ---- preparing ---- */

/* Pushes the options as network i (from 0) has them: its own task, and the seed for its batches. */
static options member_options(const ensemble *e, const options *o, size_t i) {
  lua_State *L = e->L;
  lua_newtable(L);
  for (const char *const *name = e->kind->options; *name; name++) {
    option_push(o, *name);
    lua_setfield(L, -2, *name);
  }
  lua_rawgeti(L, e->tasks, (lua_Integer)i + 1);
  lua_setfield(L, -2, "task");
  if (option_given(o, "seed")) {
    lua_Integer seed = option_integer(o, "seed", LUA_MININTEGER, LUA_MAXINTEGER);
    lua_pushinteger(L, (lua_Integer)((lua_Unsigned)seed + i));
    lua_setfield(L, -2, "seed");
  }
  return (options){L, lua_gettop(L), o->call};
}

static bool same_observable(const ln_observable *a, const ln_observable *b) {
  const ln_hosted_observable *hosted = ln_hosted(a), *other = ln_hosted(b);
  if (!hosted || !other) return a == b;
  return !strcmp(a->name, b->name) && hosted->rows == other->rows && hosted->cols == other->cols;
}

static bool same_recording(const recording *a, const recording *b) {
  bool same = a->n == b->n;
  for (size_t i = 0; same && i < a->n; i++) same = same_observable(a->what[i], b->what[i]);
  return same;
}

static void prepare(ensemble *e, const options *o, bool can_be_asked) {
  lua_State *L = e->L;
  for (size_t i = 0; i < e->count; i++) {
    lua_rawgeti(L, e->networks, (lua_Integer)i + 1);
    options own = member_options(e, o, i);
    e->kind->read(&own, e->base + 1, &e->at[i], can_be_asked);
    if (!same_recording(&e->at[i].as.run.recording, &e->at[0].as.run.recording))
      fail(L, e->kind->call,
           "network %zu would not record what the first one does (only one of them has a test set, or an "
           "observable's answers differ in shape): say what to record",
           i + 1);
    keep_stack(e, i);
    check(L, e->kind->call, ln_poll(context_of(L)));
  }
}

static void read_for_training(const options *o, int owner, member *m, bool can_be_asked) {
  read_training(o, owner, &m->as.training);
  prepare_training(&m->as.training, can_be_asked);
}

static void read_for_flow(const options *o, int owner, member *m, bool can_be_asked) {
  (void)can_be_asked;
  read_flow(o, owner, &m->as.flow);
  prepare_flow(&m->as.flow);
  const run *r = &m->as.run;
  m->start = push_column(o->L, r->theta, r->plan.net->count).data;
}

/* rate = "auto": the least of all networks' stable rates, so that they share their times. */
static void choose_rate(const ensemble *e, const options *o) {
  double rate = INFINITY;
  for (size_t i = 0; i < e->count; i++) {
    double curvature, own = stable_rate(&e->at[i].as.training, &curvature);
    rate = fmin(rate, own);
  }
  for (size_t i = 0; i < e->count; i++) {
    training *t = &e->at[i].as.training;
    set_rate(o, t, rate);
    append_details(&t->run, "; rate %.6g, half of the largest that is stable for all networks", rate);
  }
}

/* ---- working ---- */

static ln_status train_member(ln_context *cx, member *m) {
  training *t = &m->as.training;
  ln_status status = LN_OK;
  while (status == LN_OK && training_goes_on(t)) status = train_to_record(cx, t);
  return status == LN_OK ? ln_train_finish(cx, &t->trainer) : status;
}

static ln_status flow_member(ln_context *cx, member *m) {
  run *r = &m->as.run;
  memcpy(r->theta, m->start, r->plan.net->count * sizeof *m->start);
  r->done = 0;
  return follow_flow(cx, &m->as.flow);
}

void note_end(member *m, ln_status status) {
  m->diverged = status == LN_EDIVERGED;
  m->ended = status == LN_OK || m->diverged;
}

static ln_status work(ln_context *cx, void *ud, size_t job) {
  const ensemble *e = ud;
  member *m = &e->at[job];
  if (m->ended) return LN_OK;
  ln_status status = e->kind->work(cx, m);
  note_end(m, status);
  return m->diverged ? LN_OK : status;
}

/* May a worker compute this? What a user wrote in Lua runs on the state's own thread. */
static bool is_native(const run *r) {
  bool native = true;
  for (size_t l = 0; l < r->net->depth; l++) native = native && !r->net->layers[l].activation->ud;
  for (size_t i = 0; i < r->recording.n; i++) native = native && !ln_hosted(r->recording.what[i]);
  return native;
}

/* About how long all takes on one thread. */
static double seconds(const ensemble *e) {
  const run *r = &e->at[0].as.run;
  double evaluations = FLOW_EVALUATIONS, flops = r->plan.flops;
  if (e->kind->work == train_member) {
    const training *t = &e->at[0].as.training;
    evaluations = (double)t->schedule.steps;
    if (t->trainer.batches.size) flops *= (double)t->trainer.batches.size / (double)r->task->examples;
  }
  double one = e->groups ? flops / SPEED_IN_GROUPS : EVALUATION_LEAST + flops / SPEED;
  return (double)e->count * evaluations * one;
}

/* Over all workers; where something is written in Lua, one after another on this thread. */
static ln_status run_jobs(ensemble *e) {
  if (e->groups) release_groups(e);
  ln_job job = e->groups ? work_in_groups : work;
  size_t jobs = e->groups ? e->groups : e->count;
  if (is_native(&e->at[0].as.run)) return ln_parallel(context_of(e->L), jobs, seconds(e), job, e);
  ln_context *cx = begin_callbacks(e->L);
  ln_status status = LN_OK;
  for (size_t i = 0; i < jobs && status == LN_OK; i++) status = job(cx, e, i);
  end_callbacks(cx);
  return status;
}

static ln_status work_all(ensemble *e) {
  for (size_t i = 0; i < e->count; i++) e->at[i].as.run.in_worker = true;
  ln_status status = run_jobs(e);
  if (status == LN_EMEMORY) {
    lua_gc(e->L, LUA_GCCOLLECT, 0);
    status = run_jobs(e);
  }
  for (size_t i = 0; i < e->count; i++) finish_run(&e->at[i].as.run);
  if (e->groups) empty_box(e->box);
  return status;
}

/* With the user's `stop` one network after the other. */
static ln_status train_and_ask(ensemble *e, int stop, ln_progress watcher) {
  ln_context *cx = context_of(e->L);
  ln_progress shown = cx->progress;
  ln_status status = LN_OK;
  for (size_t i = 0; i < e->count && status == LN_OK; i++) {
    training *t = &e->at[i].as.training;
    bool stopped = false;
    put_stack_back(e, i);
    while (status == LN_OK && training_goes_on(t) && !stopped) {
      cx->progress = shown;
      status = train_to_record(begin_callbacks(e->L), t);
      end_callbacks(cx);
      cx->progress = watcher;
      stopped = status == LN_OK && !t->trainer.stopped && asked_to_stop(t, stop);
    }
    if (status == LN_OK) status = ln_train_finish(begin_callbacks(e->L), &t->trainer);
    end_callbacks(cx);
    note_end(&e->at[i], status);
    finish_run(&t->run);
    if (e->at[i].diverged) status = LN_OK;
  }
  return status;
}

/* ---- the result ---- */

static void push_trained(member *m) { push_training(&m->as.training, m->diverged ? LN_EDIVERGED : LN_OK); }

static void push_flowed(member *m) { push_flow(&m->as.flow); }

/* Is network i among those that the statistics are over? They are those that came to their end; if none did, those that
 * have a record. */
static bool is_averaged(const member *m, bool some_ended) {
  return !m->diverged && (some_ended ? m->ended : m->as.run.done > 0);
}

/* Pushes the numbers of the networks that the statistics are over, and sets *least to the smallest
 * number of records of these, *which to one of them. */
static void push_averaged(const ensemble *e, size_t *least, size_t *which) {
  lua_State *L = e->L;
  bool some_ended = false;
  for (size_t i = 0; i < e->count; i++) some_ended = some_ended || (e->at[i].ended && !e->at[i].diverged);
  lua_newtable(L);
  lua_Integer n = 0;
  *least = *which = 0;
  for (size_t i = 0; i < e->count; i++) {
    if (!is_averaged(&e->at[i], some_ended)) continue;
    if (n == 0 || e->at[i].as.run.done < *least) *least = e->at[i].as.run.done, *which = i;
    lua_pushinteger(L, (lua_Integer)i + 1);
    lua_rawseti(L, -2, ++n);
  }
}

static void push_diverged(const ensemble *e) {
  lua_State *L = e->L;
  lua_newtable(L);
  lua_Integer n = 0;
  for (size_t i = 0; i < e->count; i++)
    if (e->at[i].diverged) {
      lua_pushinteger(L, (lua_Integer)i + 1);
      lua_rawseti(L, -2, ++n);
    }
}

/* Fills the result: run 1, run 2, ..., count, t, steps, rate, averaged, diverged, recorded, plan, seconds, made_with. */
static void fill_result(const ensemble *e) {
  static const char *const shared[] = {"rate", "tolerance", "recorded", "made_with", NULL};
  lua_State *L = e->L;
  for (size_t i = 0; i < e->count; i++) {
    put_stack_back(e, i);
    e->kind->push(&e->at[i]);
    for (const char *const *name = shared; i == 0 && *name; name++) {
      lua_pushstring(L, *name);
      lua_rawget(L, -2);
      lua_setfield(L, e->result, *name);
    }
    lua_rawseti(L, e->result, (lua_Integer)i + 1);
  }
  lua_settop(L, e->base);
  size_t least, which;
  push_averaged(e, &least, &which);
  lua_setfield(L, e->result, "averaged");
  push_diverged(e);
  lua_setfield(L, e->result, "diverged");
  const run *r = &e->at[which].as.run;
  push_column(L, r->t.data, least);
  lua_setfield(L, e->result, "t");
  if (e->kind->work == train_member) {
    push_column(L, e->at[which].as.training.steps, least);
    lua_setfield(L, e->result, "steps");
  }
  lua_pushfstring(L, "%d networks, %s: %s%s", (int)e->count,
                  e->groups ? "four side by side" : "one after another", r->plan.description, r->details);
  lua_setfield(L, e->result, "plan");
  lua_pushinteger(L, (lua_Integer)e->count);
  lua_setfield(L, e->result, "count");
  lua_pushnumber(L, ln_clock() - e->started);
  lua_setfield(L, e->result, "seconds");
  lua_pushvalue(L, e->result);
  luaL_setmetatable(L, ENSEMBLE_RUN_TYPE);
}

/* The message of the networks that diverged, in the context's. */
static ln_status tell_divergence(const ensemble *e, ln_context *cx) {
  size_t first = 0, n = 0;
  for (size_t i = e->count; i-- > 0;)
    if (e->at[i].diverged) first = i, n++;
  if (!n) return LN_OK;
  const ln_trainer *t = &e->at[first].as.training.trainer;
  return ln_fail(
      cx, LN_EDIVERGED,
      "%zu of %zu networks diverged: the loss of number %zu is %g at step %zu; a smaller rate than %g "
      "is needed",
      n, e->count, first + 1, t->loss, t->step, t->descent.rate);
}

/* ---- the methods ---- */

/* Reads the two arguments and makes room; the networks' own options are read by prepare. */
static ensemble begin(lua_State *L, const kind *of) {
  ensemble e = {.L = L, .kind = of, .networks = 1, .started = ln_clock()};
  lua_settop(L, 2);
  e.count = check_networks(L, of->call);
  options o = options_read(L, 2, of->call, of->options);
  e.at = lua_newuserdatauv(L, e.count * sizeof *e.at, 0);
  memset(e.at, 0, e.count * sizeof *e.at);
  push_tasks(&e, &o);
  e.tasks = lua_gettop(L);
  lua_createtable(L, (int)e.count, 0);
  e.kept = lua_gettop(L);
  lua_createtable(L, (int)e.count, 12);
  e.result = e.base = lua_gettop(L);
  return e;
}

/* ens:train { task= one | a list | function(i), and as net:train; diverge = "stop" } */
int ensemble_train(lua_State *L) {
  static const char *const names[] = {TRAINING_OPTIONS, NULL};
  static const char *const diverge[] = {"stop", "error", NULL};
  static const kind of = {"ens:train", names, read_for_training, train_member, push_trained};
  ensemble e = begin(L, &of);
  options o = {L, 2, of.call};
  ln_context *cx = context_of(L);
  const bool keep_diverged = option_choice_or(&o, "diverge", diverge, 0) == 0;
  ln_progress watcher = cx->progress, shown = option_flag_or(&o, "progress", true) ? watcher : NULL;
  option_function(&o, "stop");
  const int stop = e.base = lua_gettop(L);
  const bool can_be_asked = !lua_isnil(L, stop);

  prepare(&e, &o, can_be_asked);
  if (e.at->as.training.trainer.descent.rate == 0)
    choose_rate(&e, &o);
  else
    for (size_t i = 0; i < e.count; i++) check_rate(&e.at[i].as.training);
  if (!can_be_asked) form_groups(&e);
  cx->progress = shown;
  ln_status status = can_be_asked ? train_and_ask(&e, stop, watcher) : work_all(&e);
  cx->progress = watcher;
  fill_result(&e);
  if (status == LN_OK && !keep_diverged) status = tell_divergence(&e, cx);
  if (status != LN_OK) raise_with_run(L, of.call, status);
  return 1;
}

/* ens:flow { task= one | a list | function(i), and as net:flow } */
int ensemble_flow(lua_State *L) {
  static const char *const names[] = {FLOW_OPTIONS, NULL};
  static const kind of = {"ens:flow", names, read_for_flow, flow_member, push_flowed};
  ensemble e = begin(L, &of);
  options o = {L, 2, of.call};
  prepare(&e, &o, false);
  ln_status status = work_all(&e);
  fill_result(&e);
  if (status != LN_OK) raise_with_run(L, of.call, status);
  return 1;
}
