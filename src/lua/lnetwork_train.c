/* lnetwork_train.c: net:train and net:flow.
 *
 * Training goes in stretches of steps from record to record; between them nothing native is held, so that the
 * user's `stop` may do what it likes, raise an error included. */
#include <math.h>

#include "lua/lnetwork.h"
#include "lua/lrun.h"
#include "network/flow.h"
#include "network/train.h"

#define RECORDS_DEFAULT 201
#define STEPS_MAX 9007199254740992.0 /* 2^53: whole numbers beyond are not exact in a time */
#define TOLERANCE_DEFAULT 1e-10

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

static schedule read_schedule(const options *o, double rate) {
  schedule s = {.rate = rate};
  option_exclusive(o, "steps", "times");
  option_exclusive(o, "every", "times");
  if (option_given(o, "times")) {
    ln_matrix t = push_rising_times(o);
    double last = t.data[t.rows - 1];
    if (last / rate > STEPS_MAX)
      option_fail(o, "times", "end at %g, which takes %g steps of rate %g", last, last / rate, rate);
    s.asked = t.data;
    s.count = t.rows;
    s.steps = step_of(&s, s.count - 1);
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

/* Calls stop(state) with { step, t, net, loss, ... } of the last record; true ends the run. */
static bool asked_to_stop(const run *r, int stop, size_t step) {
  lua_State *L = r->L;
  if (lua_isnil(L, stop)) return false;
  lua_pushvalue(L, stop);
  lua_createtable(L, 0, 6);
  lua_pushinteger(L, (lua_Integer)step);
  lua_setfield(L, -2, "step");
  lua_pushnumber(L, r->t.data[r->done - 1]);
  lua_setfield(L, -2, "t");
  lua_pushvalue(L, r->owner);
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

/* net:train { task=, rate=, steps= | times=, test=, stop_at=, optimizer=, record=, every=, progress=, stop=,
 * diverge=, plan= } */
int network_train(lua_State *L) {
  static const char *const names[] = {"task",    "test",      "rate",   "steps", "times",
                                      "stop_at", "optimizer", "record", "every", "progress",
                                      "stop",    "diverge",   "plan",   NULL};
  static const char *const optimizers[] = {"gd", NULL}, *const diverge[] = {"error", "stop", NULL};
  lua_settop(L, 2);
  net_self(L, "net:train");
  options o = options_read(L, 2, "net:train", names);
  ln_context *cx = context_of(L);
  run r = read_run(&o, 1);
  option_choice_or(&o, "optimizer", optimizers, 0);
  double rate = option_positive(&o, "rate"), stop_loss = read_stop_at(&o);
  bool keep_diverged = option_choice_or(&o, "diverge", diverge, 0) == 1;
  bool progress = option_flag_or(&o, "progress", true);
  schedule s = read_schedule(&o, rate);
  option_function(&o, "stop");
  int stop = lua_gettop(L);

  push_run_records(&r, s.count);
  double *steps = push_matrix(L, s.count, 1).data, *gradient;
  prepare_run(&r, r.net->count, &gradient);
  ln_trainer trainer = {.plan = &r.plan,
                        .rate = rate,
                        .stop_loss = stop_loss,
                        .theta = r.net->parameters,
                        .gradient = gradient,
                        .steps = s.steps};

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
    if (status == LN_OK) stopped = trainer.stopped || asked_to_stop(&r, stop, trainer.step);
  }
  if (status == LN_OK) status = ln_train_finish(cx, &trainer);
  empty_box(r.box);

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

/* net:flow { task=, times=, tolerance=1e-10, record=, test=, plan= }: changes net as train does. */
int network_flow(lua_State *L) {
  static const char *const names[] = {"task", "test", "times", "tolerance", "record", "plan", NULL};
  lua_settop(L, 2);
  net_self(L, "net:flow");
  options o = options_read(L, 2, "net:flow", names);
  ln_context *cx = context_of(L);
  run r = read_run(&o, 1);
  double tolerance = option_between_or(&o, "tolerance", 1e-13, 1e-1, TOLERANCE_DEFAULT);
  ln_matrix asked = push_rising_times(&o);

  push_run_records(&r, asked.rows);
  prepare_run(&r, 0, NULL);
  double *theta = r.net->parameters;
  ln_status status = ln_flow(cx, &r.plan, theta, asked.data, asked.rows, tolerance, record_next, &r);
  if (status == LN_EMEMORY && !r.done) { /* before it began: collect, and once more */
    lua_gc(L, LUA_GCCOLLECT, 0);
    status = ln_flow(cx, &r.plan, theta, asked.data, asked.rows, tolerance, record_next, &r);
  }
  empty_box(r.box);

  push_run(&r);
  lua_pushnumber(L, tolerance);
  lua_setfield(L, -2, "tolerance");
  if (status != LN_OK) raise_with_run(&r, status);
  return 1;
}
