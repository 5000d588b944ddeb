#include "lua/ltraining.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lua/callback.h"
#include "lua/ldata.h"
#include "network/curvature.h"
#include "network/flow.h"

#define RECORDS_DEFAULT 201
#define STEPS_MAX 9007199254740992.0 /* 2^53: whole numbers beyond are not exact in a time */
/* What reductions have to pay over where nothing says how many steps there will be. */
#define STEPS_UNKNOWN 1e4
#define MOMENTUM_DEFAULT 0.9

/* ---- when to record ---- */

size_t step_of(const schedule *s, size_t k) {
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
void set_rate(const options *o, training *t, double rate) {
  schedule *s = &t->schedule;
  t->trainer.descent.rate = s->rate = rate;
  if (s->asked) {
    double last = s->asked[s->count - 1];
    if (last / rate > STEPS_MAX)
      option_fail(o, "times", "end at %g, which takes %g steps of rate %g", last, last / rate, rate);
    s->steps = step_of(s, s->count - 1);
  }
  t->trainer.steps = s->steps;
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

double stable_rate(training *t, double *curvature) {
  double rate;
  run *r = &t->run;
  /* on the whole network, so that the rate does not depend on what can be reduced */
  check_calling(r->L, r->call,
                ln_stable_rate(calling, &r->probe.task, &t->trainer.descent, &rate, curvature));
  return rate;
}

void check_rate(training *t) {
  run *r = &t->run;
  const ln_trainer *trainer = &t->trainer;
  if (trainer->batches.size) return;
  /* of what is trained: a reduced network never leaves its coordinates, and the check is as cheap as its steps */
  const ln_plan *plan = r->reduced ? &r->plan : &r->probe.task;
  check(r->L, r->call,
        ln_check_rate(context_of(r->L), plan, &trainer->descent, t->schedule.steps, &t->limit));
}

bool push_warning(const training *t) {
  lua_State *L = t->run.L;
  char text[200];
  if (t->limit == 0) return lua_pushnil(L), false;
  snprintf(text, sizeof text,
           "rate = %.6g is above %.6g, the largest that is stable by the curvature of the loss: descent may "
           "swing, end elsewhere than the flow, or diverge",
           t->trainer.descent.rate, t->limit);
  lua_pushstring(L, text);
  return true;
}

void append_details(run *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  size_t used = strlen(r->details);
  vsnprintf(r->details + used, sizeof r->details - used, format, arguments);
  va_end(arguments);
}

/* ---- when to end ---- */

/* stop_at = { loss = 1e-6 }: the loss at which the run is done; -1 if it is not given. */
static double read_stop_at(const options *o) {
  static const char *const names[] = {"loss", NULL};
  double loss = -1;
  if (option_push(o, "stop_at") != LUA_TNIL) {
    const char *call = lua_pushfstring(o->L, "%s (stop_at)", o->call);
    lua_insert(o->L, -2);
    options inner = options_read(o->L, -1, call, names);
    loss = option_nonnegative(&inner, "loss");
    lua_remove(o->L, -2);
  }
  lua_pop(o->L, 1);
  return loss;
}

bool asked_to_stop(training *t, int stop) {
  run *r = &t->run;
  lua_State *L = r->L;
  const size_t bytes = r->net->count * sizeof *t->shown;
  show_parameters(r);
  if (r->reduced) memcpy(t->shown, r->net->parameters, bytes);
  lua_pushvalue(L, stop);
  lua_createtable(L, 0, 6);
  lua_pushinteger(L, (lua_Integer)t->trainer.step);
  lua_setfield(L, -2, "step");
  lua_pushnumber(L, r->t.data[r->done - 1]);
  lua_setfield(L, -2, "t");
  lua_pushvalue(L, r->owner);
  lua_setfield(L, -2, "net");
  for (size_t i = 0; i < r->recording.n; i++) {
    if (!ln_is_number(r->recording.what[i])) continue;
    lua_pushnumber(L, r->recording.data[i][r->done - 1]);
    lua_setfield(L, -2, r->recording.what[i]->name);
  }
  lua_call(L, 1, 1);
  bool stop_now = lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (r->reduced && memcmp(t->shown, r->net->parameters, bytes) != 0)
    fail(L, r->call,
         "`stop` changed the network, which is trained in a reduced form here: give plan = \"plain\" to "
         "change it");
  return stop_now;
}

/* ---- a training ---- */

void read_training(const options *o, int owner, training *t) {
  t->run = read_run(o, owner);
  t->trainer = (ln_trainer){.descent = read_descent(o),
                            .batches = read_batches(o, t->run.task),
                            .stop_loss = read_stop_at(o),
                            .theta = t->run.net->parameters};
  t->trainer.descent.frozen = read_freeze(o, t->run.net->depth, t->frozen);
  double rate = read_rate(o, &t->trainer);
  t->schedule = read_schedule(o);
  if (rate > 0) {
    set_rate(o, t, rate);
  } else {
    option_push(o, "task");
    task_with_target(o->L, lua_gettop(o->L), o->call);
  }
}

void prepare_training(training *t, bool can_be_asked) {
  run *r = &t->run;
  const ln_descent *how = &t->trainer.descent;
  push_run_records(r, t->schedule.count);
  t->steps = push_matrix(r->L, t->schedule.count, 1).data;
  const double steps = how->rate > 0 ? (double)t->schedule.steps : STEPS_UNKNOWN;
  r->evaluations = how->optimizer->rotates ? steps : 0;
  r->unchanged = can_be_asked ? 0 : steps; /* `stop` may change what it likes */
  r->decay = how->weight_decay;
  prepare_run(r, &t->trainer);
  if (r->reduced && can_be_asked) t->shown = push_matrix(r->L, r->net->count, 1).data;
  ln_describe_training(&t->trainer, r->details, sizeof r->details);
}

bool training_goes_on(const training *t) { return t->run.done < t->schedule.count && !t->trainer.stopped; }

ln_status train_to_record(ln_context *cx, training *t) {
  run *r = &t->run;
  ln_status status = ln_train_until(cx, &t->trainer, step_of(&t->schedule, r->done));
  return status == LN_OK ? record_training(cx, t) : status;
}

ln_status record_training(ln_context *cx, training *t) {
  run *r = &t->run;
  t->steps[r->done] = (double)t->trainer.step;
  return record_next(cx, r, r->done, t->schedule.rate * (double)t->trainer.step, t->trainer.theta);
}

void push_training(training *t, ln_status status) {
  run *r = &t->run;
  lua_State *L = r->L;
  push_run(r);
  push_column(L, t->steps, r->done);
  lua_setfield(L, -2, "steps");
  lua_pushnumber(L, t->schedule.rate);
  lua_setfield(L, -2, "rate");
  lua_pushboolean(L, status == LN_EDIVERGED);
  lua_setfield(L, -2, "diverged");
  push_warning(t);
  lua_setfield(L, -2, "warning");
}

/* ---- a flow ---- */

void read_flow(const options *o, int owner, flowing *f) {
  f->run = read_run(o, owner);
  f->tolerance = read_tolerance(o, f->run.net);
  f->run.decay = option_nonnegative_or(o, "weight_decay", 0);
  f->asked = push_rising_times(o, false);
}

void prepare_flow(flowing *f) {
  run *r = &f->run;
  push_run_records(r, f->asked.rows);
  r->evaluations = FLOW_EVALUATIONS;
  prepare_run(r, NULL);
  describe_decay(r);
}

ln_status follow_flow(ln_context *cx, flowing *f) {
  run *r = &f->run;
  return ln_flow(cx, &r->plan, r->decay, r->theta, f->asked.data, f->asked.rows, f->tolerance, record_next,
                 r);
}

void push_flow(flowing *f) {
  push_run(&f->run);
  lua_pushnumber(f->run.L, f->tolerance);
  lua_setfield(f->run.L, -2, "tolerance");
}
