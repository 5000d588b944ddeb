#include "lua/lrun.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linnet.h"
#include "network/flow.h"

/* Pushes the test set: option `test`, or the task's own; nil, and false, without one. */
static bool push_test(const options *o, const ln_net *net, int task) {
  if (option_push(o, "test") == LUA_TNIL) {
    lua_pop(o->L, 1);
    if (lua_getfield(o->L, task, "test") == LUA_TNIL) return false;
  }
  fitting_task(o->L, -1, o->call, net);
  return true;
}

run read_run(const options *o, int owner) {
  static const char *const plans[] = {"auto", "plain", NULL};
  lua_State *L = o->L;
  run r = {.L = L, .call = o->call, .owner = owner, .started = ln_clock()};
  r.net = check_net(L, owner, o->call, "net");
  check_finite_net(L, r.net, o->call);
  r.choice = option_choice_or(o, "plan", plans, 0) ? LN_PLAN_PLAIN : LN_PLAN_AUTO;
  option_push(o, "task");
  int task = lua_gettop(L);
  r.task = task_for(L, task, o->call, r.net, r.choice);
  bool has_test = push_test(o, r.net, task);
  int test = lua_gettop(L);
  r.subject = (ln_subject){
      .net = r.net, .task = r.task, .choice = r.choice, .examples = option_ntk_examples(o, r.task)};
  r.recording = read_recording(o, "record", &r.subject, owner, task, has_test, true);
  complete_subject(L, &r.recording, &r.subject, task, test, o->call);
  return r;
}

double read_tolerance(const options *o, const ln_net *net) {
  return option_between_or(o, "tolerance", 1e-13, 1e-1, ln_flow_tolerance(net));
}

ln_matrix push_rising_times(const options *o, bool limit) {
  times t = option_times(o, "times");
  if (!t.n) option_fail(o, "times", "is empty");
  for (size_t i = 0; i < t.n; i++) {
    if (!isfinite(t.data[i]) && !(limit && t.data[i] == INFINITY))
      option_fail(o, "times", "must be finite; number %zu is %g", i + 1, t.data[i]);
    if (i && t.data[i] < t.data[i - 1])
      option_fail(o, "times", "must rise; number %zu is %g and number %zu is %g", i, t.data[i - 1], i + 1,
                  t.data[i]);
  }
  return ln_window((double *)t.data, t.n, 1);
}

void push_run_records(run *r, size_t records) {
  push_records(r->L, &r->recording, &r->subject, records, r->call);
  r->t = push_matrix(r->L, records, 1);
}

/* batch: examples of a minibatch; 0: the full batch. frozen: that many layers below the first one that moves. */
static ln_status make_plan(ln_context *cx, run *r, size_t batch, size_t frozen) {
  r->parameters = r->net->parameters;
  if (r->predicts) {
    r->parameters = ln_reals(cx, r->net->count);
    if (!r->parameters) return LN_EMEMORY;
    memcpy(r->parameters, r->net->parameters, r->net->count * sizeof *r->parameters);
  }
  r->theta = r->parameters;
  bool has_moments = ln_plan_needs_moments(r->net, r->task, r->choice); /* which are what is reduced */
  if (r->evaluations > 0 && has_moments && r->choice == LN_PLAN_AUTO && !batch) {
    ln_status status =
        ln_reduce_network(cx, &r->reduction, r->net, r->task, r->evaluations, r->decay > 0, &r->reduced);
    if (status != LN_OK) return status;
  }
  ln_plan_choice choice = r->choice;
  if (choice == LN_PLAN_AUTO && !batch && ln_features_pay(r->net, r->task, frozen, r->unchanged))
    return ln_plan_features(cx, &r->plan, r->net, r->task, frozen);
  if (batch)
    choice = choice == LN_PLAN_AUTO && ln_is_small(r->net, batch) ? LN_PLAN_BATCHES : LN_PLAN_PLAIN_BATCHES;
  if (!r->reduced) return ln_make_plan(cx, &r->plan, r->net, r->task, choice);
  r->plan = r->reduction.plan;
  r->theta = r->reduction.theta;
  return LN_OK;
}

static ln_status make_probe(ln_context *cx, run *r) {
  ln_status status = LN_OK;
  if (r->wants_view) status = ln_map_view_prepare(cx, r->net, r->task, r->decay, &r->view, &r->has_view);
  if (r->has_view) r->subject.net = &r->view.whole;
  if (status == LN_OK) status = ln_make_probe(cx, &r->probe, &r->subject);
  if (status == LN_OK && r->has_view)
    return ln_probe_reduced(cx, &r->probe, &r->view.reduction, r->view.parameters);
  return status == LN_OK && r->reduced ? ln_probe_reduced(cx, &r->probe, &r->reduction, r->parameters)
                                       : status;
}

static ln_status prepare(ln_context *cx, run *r, ln_trainer *trainer) {
  ln_mark mark = ln_begin(cx);
  size_t frozen = 0;
  while (trainer && trainer->descent.frozen && trainer->descent.frozen[frozen]) frozen++; /* one is not */
  ln_status status = make_plan(cx, r, trainer ? trainer->batches.size : 0, frozen);
  if (status == LN_OK) status = make_probe(cx, r);
  if (trainer) trainer->theta = r->theta;
  if (status == LN_OK && trainer) {
    r->plan.lowest = frozen;
    status = ln_make_trainer(cx, trainer);
  }
  if (status != LN_OK) return ln_end(cx, mark, status);
  r->box->blocks = ln_detach(cx, mark);
  return LN_OK;
}

void prepare_run(run *r, ln_trainer *trainer) {
  r->box = push_box(r->L);
  if (trainer) trainer->plan = &r->plan;
  check(r->L, r->call, prepare(context_of(r->L), r, trainer));
}

void describe_decay(run *r) {
  if (r->decay > 0) snprintf(r->details, sizeof r->details, "; weight decay %g", r->decay);
}

void show_parameters(run *r) {
  if (r->reduced) ln_lift(&r->reduction, r->theta, r->net->parameters);
}

void finish_run(run *r) {
  show_parameters(r);
  empty_box(r->box);
}

/* Measures the next record with the run's own work space. */
static ln_status record_in_store(ln_context *cx, run *r, size_t index, const double *theta) {
  ln_store *before = cx->store;
  cx->store = &r->box->store;
  ln_status status = record(cx, &r->recording, &r->probe, index, theta);
  cx->store = before;
  return status;
}

ln_status record_next(ln_context *cx, void *ud, size_t index, double t, const double *theta) {
  run *r = ud;
  ln_status status = record_in_store(cx, r, index, theta);
  if (status == LN_EMEMORY &&
      !r->in_worker) {         /* a run that got this far is not given up without a collection */
    void *caller = cx->caller; /* a finalizer can call the numerics */
    lua_gc(r->L, LUA_GCCOLLECT, 0);
    cx->caller = caller;
    status = record_in_store(cx, r, index, theta);
  }
  if (status != LN_OK) return status;
  r->t.data[index] = t;
  r->done = index + 1;
  return LN_OK;
}

void push_run(run *r) {
  lua_State *L = r->L;
  push_recorded(L, &r->recording, r->net, r->done);
  push_column(L, r->t.data, r->done);
  lua_setfield(L, -2, "t");
  lua_pushvalue(L, r->owner);
  lua_setfield(L, -2, "net");
  lua_pushfstring(L, "%s%s", r->plan.description, r->details);
  lua_setfield(L, -2, "plan");
  lua_pushnumber(L, ln_clock() - r->started);
  lua_setfield(L, -2, "seconds");
  char blas[120];
  ln_describe_blas(blas, sizeof blas);
  lua_pushfstring(L, "linnet %s (kernels %s), %s", LINNET_VERSION, context_of(L)->kernels->name, blas);
  lua_setfield(L, -2, "made_with");
  lua_createtable(L, (int)r->recording.n, 0);
  for (size_t i = 0; i < r->recording.n; i++) {
    lua_pushstring(L, r->recording.what[i]->name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "recorded");
  luaL_setmetatable(L, RUN_TYPE);
}

_Noreturn void raise_with_run(lua_State *L, const char *call, ln_status status) {
  luaL_where(L, 1);
  lua_pushfstring(L, "%s%s: %s", lua_tostring(L, -1), call, context_of(L)->message);
  push_error(L, status, lua_tostring(L, -1));
  lua_pushvalue(L, -4);
  lua_setfield(L, -2, "run");
  lua_error(L);
  __builtin_unreachable();
}
