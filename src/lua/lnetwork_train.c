/* lnetwork_train.c: net:train and net:flow.
 *
 * Training goes in stretches of steps from record to record; between them nothing native is held, so that the
 * user's `stop` may do what it likes, raise an error included. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lua/lnetwork.h"
#include "lua/lrun.h"
#include "lua/ldata.h"
#include "network/curvature.h"
#include "network/flow.h"

#define RECORDS_DEFAULT 201
#define STEPS_MAX 9007199254740992.0 /* 2^53: whole numbers beyond are not exact in a time */
/* What reductions have to pay over where nothing says how many steps there will be. */
#define STEPS_UNKNOWN 1e4
#define MOMENTUM_DEFAULT 0.9

/* ---- when to record ---- */

typedef struct schedule {
  size_t count, steps;
  const double *asked; /* times, or null */
  double rate;
  size_t every; /* steps between records; 0: evenly, count of them */
} schedule;

static size_t step_of(const schedule *s, size_t k) {
  if (s->asked) return (size_t)round(s->asked[k] / s->rate);
  if (s->every) return k * s->every < s->steps ? k * s->every : s->steps;
  return s->count > 1 ? (size_t)round((double)k * (double)s->steps / (double)(s->count - 1)) : s->steps;
}

static schedule read_schedule(const options *o) {
  schedule s = {0};
  option_exclusive(o, "steps", "times");
  option_exclusive(o, "every", "times");
  if (option_given(o, "times")) {
    ln_matrix t = push_rising_times(o, false);
    s.asked = t.data;
    s.count = t.rows;
    return s;
  }
  if (!option_given(o, "steps"))
    fail(o->L, o->call, "give steps = the number of steps, or times = the times to record at");
  s.steps = (size_t)option_integer(o, "steps", 0, (lua_Integer)STEPS_MAX);
  if (option_given(o, "every")) {
    s.every = (size_t)option_integer(o, "every", 1, LUA_MAXINTEGER);
    s.count = s.steps / s.every + 1 + (s.steps % s.every != 0);
  } else {
    s.count = s.steps < RECORDS_DEFAULT ? s.steps + 1 : RECORDS_DEFAULT;
  }
  return s;
}

/* Times become steps only with the rate. */
static void set_rate(const options *o, schedule *s, double rate) {
  s->rate = rate;
  if (!s->asked) return;
  double last = s->asked[s->count - 1];
  if (last / rate > STEPS_MAX)
    option_fail(o, "times", "end at %g, which takes %g steps of rate %g", last, last / rate, rate);
  s->steps = step_of(s, s->count - 1);
}

/* ---- how to descend ---- */

#define OPTIMIZERS_MAX 16

/* optimizer=, momentum=, weight_decay=; a momentum without an optimizer means the optimizer of that name. */
static ln_descent read_descent(const options *o) {
  const char *names[OPTIMIZERS_MAX + 1] = {0};
  int heavy_ball = 0;
  for (int i = 0; ln_optimizers[i].name; i++) {
    names[i] = ln_optimizers[i].name;
    if (!strcmp(names[i], "momentum")) heavy_ball = i;
  }
  int otherwise = option_given(o, "momentum") ? heavy_ball : 0;
  ln_descent how = {.optimizer = &ln_optimizers[option_choice_or(o, "optimizer", names, otherwise)]};
  if (how.optimizer->has_momentum) {
    how.momentum = option_between_or(o, "momentum", 0, 1, MOMENTUM_DEFAULT);
    if (how.momentum == 1) option_fail(o, "momentum", "must be below 1: with 1 nothing ever slows down");
  } else if (option_given(o, "momentum")) {
    option_fail(o, "momentum", "means nothing to optimizer = '%s'", how.optimizer->name);
  }
  how.weight_decay = option_nonnegative_or(o, "weight_decay", 0);
  return how;
}

/* freeze = {1, 3} or 1: sets their entries of frozen and returns it, or null if no layer is frozen. */
static const bool *read_freeze(const options *o, size_t depth, bool *frozen) {
  lua_State *L = o->L;
  size_t count = 0;
  int type = option_push(o, "freeze");
  if (type == LUA_TNUMBER) {
    lua_createtable(L, 1, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
  } else if (type != LUA_TNIL && type != LUA_TTABLE) {
    option_fail(o, "freeze", "must be a list of layers' numbers, got %s", describe(L, -1));
  }
  memset(frozen, 0, depth * sizeof *frozen);
  lua_Integer n = type == LUA_TNIL ? 0 : luaL_len(L, -1);
  if (type == LUA_TTABLE && n == 0) {
    lua_pushnil(L);
    if (lua_next(L, -2))
      option_fail(o, "freeze", "must be a list of layers' numbers, and has %s", describe(L, -2));
  }
  for (lua_Integer i = 1; i <= n; i++) {
    lua_geti(L, -1, i);
    size_t layer = (size_t)check_integer(L, -1, o->call, "a layer in freeze", 1, (lua_Integer)depth);
    count += !frozen[layer - 1];
    frozen[layer - 1] = true;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  if (count == depth) option_fail(o, "freeze", "has every layer, so that there is nothing to train");
  return count ? frozen : NULL;
}

/* batch=, seed=. A batch of all examples is the full batch. */
static ln_batches read_batches(const options *o, const ln_task *task) {
  ln_batches batches = {.stream = option_stream(o, LN_FOR_BATCHES), .examples = task->examples};
  if (!option_given(o, "batch")) return batches;
  size_t size = (size_t)option_integer(o, "batch", 1, LUA_MAXINTEGER);
  if (!task->examples) option_fail(o, "batch", "needs examples, and the task has none");
  if (size > task->examples)
    option_fail(o, "batch", "= %zu: the task has only %zu examples", size, task->examples);
  if (size < task->examples) batches.size = size;
  return batches;
}

/* rate = a number, or "auto", which answers 0: the rate is then chosen when the plan is made. */
static double read_rate(const options *o, const ln_trainer *trainer) {
  int type = option_push(o, "rate");
  bool is_auto = type == LUA_TSTRING && !strcmp(lua_tostring(o->L, -1), "auto");
  if (type == LUA_TSTRING && !is_auto)
    option_fail(o, "rate", "must be a number above 0 or \"auto\", got %s", describe(o->L, -1));
  lua_pop(o->L, 1);
  if (!is_auto) return option_positive(o, "rate");
  if (!trainer->descent.optimizer->stable)
    option_fail(
        o, "rate",
        "= \"auto\" follows from the curvature of the loss, which sets no bound to '%s': give a number",
        trainer->descent.optimizer->name);
  if (trainer->batches.size)
    option_fail(o, "rate", "= \"auto\" is for the full batch: with minibatches give a number");
  return 0;
}

/* The rate that is stable, told in the details of the plan. */
static double choose_rate(run *r, const ln_descent *how) {
  double rate, curvature;
  /* on the whole network, so that the rate does not depend on what can be reduced */
  check(r->L, r->call, ln_stable_rate(context_of(r->L), &r->probe.task, how, &rate, &curvature));
  size_t used = strlen(r->details);
  snprintf(r->details + used, sizeof r->details - used,
           "; rate %.6g, half of the largest stable one by the curvature %.6g", rate, curvature);
  return rate;
}

/* ---- train ---- */

/* stop_at = { loss = 1e-6 }: the loss at which the run is done; -1 if it is not given. */
static double read_stop_at(const options *o) {
  static const char *const names[] = {"loss", NULL};
  double loss = -1;
  if (option_push(o, "stop_at") != LUA_TNIL) {
    options inner = options_read(o->L, -1, "net:train (stop_at)", names);
    loss = option_nonnegative(&inner, "loss");
  }
  lua_pop(o->L, 1);
  return loss;
}

/* Calls stop(state) with { step, t, net, loss, ... } of the last record; true ends the run. shown: room for the
 * parameters of a reduced run, which stop may not change. */
static bool asked_to_stop(run *r, int stop, size_t step, double *shown) {
  lua_State *L = r->L;
  if (lua_isnil(L, stop)) return false;
  const size_t bytes = r->net->count * sizeof *shown;
  show_parameters(r);
  if (r->reduced) memcpy(shown, r->net->parameters, bytes);
  lua_pushvalue(L, stop);
  lua_createtable(L, 0, 6);
  lua_pushinteger(L, (lua_Integer)step);
  lua_setfield(L, -2, "step");
  lua_pushnumber(L, r->t.data[r->done - 1]);
  lua_setfield(L, -2, "t");
  lua_pushvalue(L, r->owner);
  lua_setfield(L, -2, "net");
  for (size_t i = 0; i < r->recording.n; i++) {
    if (r->recording.what[i]->size) continue;
    lua_pushnumber(L, r->recording.data[i][r->done - 1]);
    lua_setfield(L, -2, r->recording.what[i]->name);
  }
  lua_call(L, 1, 1);
  bool stop_now = lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (r->reduced && memcmp(shown, r->net->parameters, bytes) != 0)
    fail(L, r->call,
         "`stop` changed the network, which is trained in a reduced form here: give plan = \"plain\" to "
         "change it");
  return stop_now;
}

/* net:train { task=, rate= | "auto", steps= | times=, test=, stop_at=, optimizer=, momentum=,
 * weight_decay=, batch=, seed=, freeze=, record=, every=, progress=, stop=, diverge=, plan= } */
int network_train(lua_State *L) {
  static const char *const names[] = {"task",     "test",      "rate",     "steps",        "times",
                                      "stop_at",  "optimizer", "momentum", "batch",        "weight_decay",
                                      "seed",     "freeze",    "record",   "ntk_examples", "every",
                                      "progress", "stop",      "diverge",  "plan",         NULL};
  static const char *const diverge[] = {"error", "stop", NULL};
  lua_settop(L, 2);
  net_self(L, "net:train");
  options o = options_read(L, 2, "net:train", names);
  ln_context *cx = context_of(L);
  run r = read_run(&o, 1);
  bool frozen[LN_DEPTH_MAX];
  ln_trainer trainer = {.descent = read_descent(&o),
                        .batches = read_batches(&o, r.task),
                        .stop_loss = read_stop_at(&o),
                        .theta = r.net->parameters};
  trainer.descent.frozen = read_freeze(&o, r.net->depth, frozen);
  double rate = read_rate(&o, &trainer);
  bool keep_diverged = option_choice_or(&o, "diverge", diverge, 0) == 1;
  bool progress = option_flag_or(&o, "progress", true);
  schedule s = read_schedule(&o);
  if (rate > 0) {
    set_rate(&o, &s, rate);
  } else {
    option_push(&o, "task");
    task_with_target(L, lua_gettop(L), o.call);
  }
  option_function(&o, "stop");
  int stop = lua_gettop(L);

  push_run_records(&r, s.count);
  double *steps = push_matrix(L, s.count, 1).data;
  r.evaluations = !trainer.descent.optimizer->rotates ? 0 : rate > 0 ? (double)s.steps : STEPS_UNKNOWN;
  r.decay = trainer.descent.weight_decay;
  prepare_run(&r, &trainer);
  bool shows = r.reduced && !lua_isnil(L, stop);
  double *shown = shows ? push_matrix(L, r.net->count, 1).data : NULL;
  ln_describe_training(&trainer, r.details, sizeof r.details);
  if (rate == 0) set_rate(&o, &s, rate = choose_rate(&r, &trainer.descent));
  trainer.descent.rate = rate;
  trainer.steps = s.steps;

  ln_progress watcher = cx->progress;
  ln_status status = LN_OK;
  bool stopped = false;
  while (status == LN_OK && r.done < s.count && !stopped) {
    cx->progress = progress ? watcher : NULL;
    status = ln_train_until(cx, &trainer, step_of(&s, r.done));
    cx->progress = watcher;
    if (status != LN_OK) break;
    steps[r.done] = (double)trainer.step;
    status = record_next(cx, &r, r.done, rate * (double)trainer.step, trainer.theta);
    if (status == LN_OK) stopped = trainer.stopped || asked_to_stop(&r, stop, trainer.step, shown);
  }
  if (status == LN_OK) status = ln_train_finish(cx, &trainer);
  finish_run(&r);

  push_run(&r);
  push_column(L, steps, r.done);
  lua_setfield(L, -2, "steps");
  lua_pushnumber(L, rate);
  lua_setfield(L, -2, "rate");
  lua_pushboolean(L, status == LN_EDIVERGED);
  lua_setfield(L, -2, "diverged");
  if (status != LN_OK && !(status == LN_EDIVERGED && keep_diverged)) raise_with_run(&r, status);
  return 1;
}

/* ---- flow ---- */

/* net:flow { task=, times=, weight_decay=0, tolerance=1e-10, record=, test=, plan= }: changes net as train
 * does. */
int network_flow(lua_State *L) {
  static const char *const names[] = {"task",         "test", "times", "weight_decay", "tolerance", "record",
                                      "ntk_examples", "plan", NULL};
  lua_settop(L, 2);
  net_self(L, "net:flow");
  options o = options_read(L, 2, "net:flow", names);
  ln_context *cx = context_of(L);
  run r = read_run(&o, 1);
  double tolerance = read_tolerance(&o, r.net);
  double weight_decay = option_nonnegative_or(&o, "weight_decay", 0);
  ln_matrix asked = push_rising_times(&o, false);

  push_run_records(&r, asked.rows);
  r.evaluations = FLOW_EVALUATIONS;
  r.decay = weight_decay;
  prepare_run(&r, NULL);
  ln_status status =
      ln_flow(cx, &r.plan, weight_decay, r.theta, asked.data, asked.rows, tolerance, record_next, &r);
  if (status == LN_EMEMORY && !r.done) { /* before it began: collect, and once more */
    lua_gc(L, LUA_GCCOLLECT, 0);
    status = ln_flow(cx, &r.plan, weight_decay, r.theta, asked.data, asked.rows, tolerance, record_next, &r);
  }
  finish_run(&r);

  describe_decay(&r);
  push_run(&r);
  lua_pushnumber(L, tolerance);
  lua_setfield(L, -2, "tolerance");
  if (status != LN_OK) raise_with_run(&r, status);
  return 1;
}
