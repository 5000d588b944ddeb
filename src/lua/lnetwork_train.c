/* lnetwork_train.c: net:train and net:flow.
 *
 * Everything that a run needs is there before its first step: the records as Lua matrices, the work space in
 * a box that the collector frees whatever happens. Between stretches of steps nothing native is held, so that
 * the user's `stop` may raise an error. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lua/ldata.h"
#include "lua/lnetwork.h"
#include "lua/lrecord.h"
#include "network/flow.h"
#include "network/train.h"

#define RECORDS_DEFAULT 201
#define STEPS_MAX 9007199254740992.0 /* 2^53: whole numbers beyond are not exact in a time */
#define TOLERANCE_DEFAULT 1e-10

/* ---- what train and flow share ---- */

typedef struct run {
  lua_State *L;
  const char *call;
  const ln_net *net;
  const ln_task *task, *test; /* test may be null */
  ln_plan_choice choice;
  recording recording;
  ln_matrix U, V; /* the task's modes, if they are recorded */
  ln_matrix t;    /* T x 1 */
  box *box;
  ln_plan plan;
  ln_probe probe;
  ln_trainer trainer;
  size_t done; /* records */
  double started;
} run;

static const ln_task *optional_test(const options *o, const ln_net *net, ln_plan_choice choice) {
  lua_State *L = o->L;
  if (option_push(o, "test") == LUA_TNIL) {
    option_push(o, "task");
    lua_getfield(L, -1, "test");
    if (lua_isnil(L, -1)) return NULL;
  }
  return task_for(L, -1, o->call, net, choice); /* the value stays on the stack for as long as the run */
}

/* Reads net, task, test and record. */
static void read_run(const options *o, run *r) {
  lua_State *L = o->L;
  r->L = L;
  r->call = o->call;
  r->net = check_net(L, 1, o->call, "self");
  option_push(o, "task");
  r->task = task_for(L, -1, o->call, r->net, r->choice);
  int task = lua_gettop(L);
  r->test = optional_test(o, r->net, r->choice);
  r->recording = read_recording(o, "record", r->net, r->test != NULL);
  if (recording_needs_modes(&r->recording)) {
    push_task_modes(L, task, o->call);
    r->U = *test_matrix(L, -3);
    r->V = *test_matrix(L, -1);
  }
}

/* The numerical part of the preparation: all work space of the run. */
static ln_status prepare(ln_context *cx, run *r, double rate, size_t steps) {
  ln_mark mark = ln_begin(cx);
  ln_status status = ln_make_plan(cx, &r->plan, r->net, r->task, r->choice);
  if (status == LN_OK) status = ln_make_probe(cx, &r->probe, r->net, r->task, r->test, r->U, r->V, r->choice);
  if (status == LN_OK) status = ln_make_trainer(cx, &r->trainer, &r->plan, rate, steps);
  if (status != LN_OK) return ln_end(cx, mark, status);
  r->box->blocks = ln_detach(cx, mark);
  return LN_OK;
}

/* Pushes the run's table with what was recorded so far: record fields, t, net, plan, seconds. */
static void push_run(run *r) {
  lua_State *L = r->L;
  push_recorded(L, &r->recording, r->net, r->done);
  push_column(L, r->t.data, r->done);
  lua_setfield(L, -2, "t");
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "net");
  lua_pushstring(L, r->plan.description);
  lua_setfield(L, -2, "plan");
  lua_pushnumber(L, ln_clock() - r->started);
  lua_setfield(L, -2, "seconds");
  lua_createtable(L, (int)r->recording.n, 0);
  for (size_t i = 0; i < r->recording.n; i++) {
    lua_pushstring(L, r->recording.what[i]->name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "recorded");
  luaL_setmetatable(L, RUN_TYPE);
}

/* Raises the failure of a run that had begun: an error table with the record so far in `run`. The run is on
 * the stack. */
static _Noreturn void raise_with_run(run *r, ln_status status) {
  lua_State *L = r->L;
  luaL_where(L, 1);
  lua_pushfstring(L, "%s%s: %s", lua_tostring(L, -1), r->call, context_of(L)->message);
  push_error(L, status, lua_tostring(L, -1));
  lua_pushvalue(L, -4);
  lua_setfield(L, -2, "run");
  lua_error(L);
  __builtin_unreachable();
}

/* ---- train: when to record ---- */

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

/* Pushes the rising times of option `times` as a column. */
static ln_matrix push_rising_times(const options *o) {
  times t = option_times(o, "times");
  if (!t.n) option_fail(o, "times", "is empty");
  for (size_t i = 0; i < t.n; i++) {
    if (!isfinite(t.data[i])) option_fail(o, "times", "must be finite; number %zu is %g", i + 1, t.data[i]);
    if (i && t.data[i] < t.data[i - 1])
      option_fail(o, "times", "must rise; number %zu is %g and number %zu is %g", i, t.data[i - 1], i + 1,
                  t.data[i]);
  }
  return ln_window((double *)t.data, t.n, 1);
}

static schedule read_schedule(const options *o, double rate) {
  schedule s = {.rate = rate};
  option_exclusive(o, "steps", "times");
  option_exclusive(o, "every", "times");
  if (option_given(o, "times")) {
    ln_matrix t = push_rising_times(o);
    s.asked = t.data;
    s.count = t.rows;
    if (t.data[t.rows - 1] / rate > STEPS_MAX)
      option_fail(o, "times", "would take %g steps at this rate", t.data[t.rows - 1] / rate);
    s.steps = step_of(&s, s.count - 1);
    return s;
  }
  if (!option_given(o, "steps"))
    fail(o->L, o->call, "give steps = a number of steps, or times = the times to record at");
  s.steps = (size_t)option_integer(o, "steps", 0, (lua_Integer)STEPS_MAX);
  if (option_given(o, "every")) {
    s.every = (size_t)option_integer(o, "every", 1, LUA_MAXINTEGER);
    s.count = s.steps / s.every + 1 + (s.steps % s.every != 0);
  } else {
    s.count = s.steps < RECORDS_DEFAULT ? s.steps + 1 : RECORDS_DEFAULT;
  }
  return s;
}

/* ---- train ---- */

/* Records the trainer's present step. */
static ln_status record_step(ln_context *cx, run *r, double *steps) {
  const ln_trainer *trainer = &r->trainer;
  ln_status status = record(cx, &r->recording, &r->probe, r->done, trainer->theta);
  if (status != LN_OK) return status;
  steps[r->done] = (double)trainer->step;
  r->t.data[r->done] = trainer->rate * (double)trainer->step;
  r->done++;
  return LN_OK;
}

/* Calls stop(state) with { step, t, net, loss, ... } of the last record; true ends the run. */
static bool asked_to_stop(run *r, int stop) {
  lua_State *L = r->L;
  if (lua_isnil(L, stop)) return false;
  lua_pushvalue(L, stop);
  lua_createtable(L, 0, 4);
  lua_pushinteger(L, (lua_Integer)r->trainer.step);
  lua_setfield(L, -2, "step");
  lua_pushnumber(L, r->t.data[r->done - 1]);
  lua_setfield(L, -2, "t");
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "net");
  for (size_t i = 0; i < r->recording.n; i++) {
    if (r->recording.what[i]->width) continue;
    lua_pushnumber(L, r->recording.data[i][r->done - 1]);
    lua_setfield(L, -2, r->recording.what[i]->name);
  }
  lua_call(L, 1, 1);
  bool stop_now = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return stop_now;
}

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

int network_train(lua_State *L) {
  static const char *const names[] = {"task",    "test",      "rate",   "steps", "times",
                                      "stop_at", "optimizer", "record", "every", "progress",
                                      "stop",    "diverge",   "plan",   NULL};
  static const char *const optimizers[] = {"gd", NULL}, *const plans[] = {"auto", "plain", NULL},
                           *const diverge[] = {"error", "stop", NULL};
  lua_settop(L, 2);
  options o = options_read(L, 2, "net:train", names);
  ln_context *cx = context_of(L);
  run r = {.choice = option_choice_or(&o, "plan", plans, 0) ? LN_PLAN_PLAIN : LN_PLAN_AUTO,
           .started = ln_clock()};
  read_run(&o, &r);
  option_choice_or(&o, "optimizer", optimizers, 0);
  double rate = option_positive(&o, "rate"), stop_loss = read_stop_at(&o);
  bool stop_on_divergence = option_choice_or(&o, "diverge", diverge, 0) == 1;
  bool progress = option_flag_or(&o, "progress", true);
  schedule s = read_schedule(&o, rate);
  option_function(&o, "stop");
  int stop = lua_gettop(L);

  push_records(L, &r.recording, r.net, s.count, o.call);
  r.t = push_matrix(L, s.count, 1);
  double *steps = push_matrix(L, s.count, 1).data;
  r.box = push_box(L);
  check(L, o.call, prepare(cx, &r, rate, s.steps));
  r.trainer.stop_loss = stop_loss;

  ln_progress watcher = cx->progress;
  ln_status status = LN_OK;
  bool stopped = false;
  while (status == LN_OK && r.done < s.count && !stopped) {
    if (!progress) cx->progress = NULL;
    status = ln_train_until(cx, &r.trainer, step_of(&s, r.done));
    if (status == LN_OK) status = record_step(cx, &r, steps);
    cx->progress = watcher;
    if (status == LN_OK) stopped = r.trainer.stopped || asked_to_stop(&r, stop);
  }
  empty_box(r.box);

  push_run(&r);
  push_column(L, steps, r.done);
  lua_setfield(L, -2, "steps");
  lua_pushnumber(L, rate);
  lua_setfield(L, -2, "rate");
  lua_pushboolean(L, status == LN_EDIVERGED);
  lua_setfield(L, -2, "diverged");
  if (status != LN_OK && !(status == LN_EDIVERGED && stop_on_divergence)) raise_with_run(&r, status);
  return 1;
}

/* ---- flow ---- */

static ln_status record_flow(ln_context *cx, void *ud, size_t index, double t, const double *theta) {
  run *r = ud;
  ln_status status = record(cx, &r->recording, &r->probe, index, theta);
  if (status != LN_OK) return status;
  r->t.data[index] = t;
  r->done = index + 1;
  return LN_OK;
}

/* net:flow { task=, times=, tolerance=1e-10, record=, test=, plan= }: changes net as train does. */
int network_flow(lua_State *L) {
  static const char *const names[] = {"task", "test", "times", "tolerance", "record", "plan", NULL};
  static const char *const plans[] = {"auto", "plain", NULL};
  lua_settop(L, 2);
  options o = options_read(L, 2, "net:flow", names);
  ln_context *cx = context_of(L);
  run r = {.choice = option_choice_or(&o, "plan", plans, 0) ? LN_PLAN_PLAIN : LN_PLAN_AUTO,
           .started = ln_clock()};
  read_run(&o, &r);
  double tolerance = option_between_or(&o, "tolerance", 1e-14, 1e-1, TOLERANCE_DEFAULT);
  ln_matrix times = push_rising_times(&o);

  push_records(L, &r.recording, r.net, times.rows, o.call);
  r.t = push_matrix(L, times.rows, 1);
  r.box = push_box(L);
  check(L, o.call, prepare(cx, &r, 0, 0));
  ln_status status =
      ln_flow(cx, &r.plan, r.trainer.theta, times.data, times.rows, tolerance, record_flow, &r);
  empty_box(r.box);

  push_run(&r);
  lua_pushnumber(L, tolerance);
  lua_setfield(L, -2, "tolerance");
  if (status != LN_OK) raise_with_run(&r, status);
  return 1;
}
