/* lnetwork_train.c: net:train and net:flow.
 *
 * Training goes in stretches of steps from record to record; between them nothing native is held, so that the
 * user's `stop` may do what it likes, raise an error included. */
#include "lua/callback.h"
#include "lua/lnetwork.h"
#include "lua/ltraining.h"

/* net:train { task=, rate= | "auto", steps= | times=, test=, stop_at=, optimizer=, momentum=,
 * weight_decay=, batch=, seed=, freeze=, record=, every=, progress=, stop=, diverge=, plan= } */
int network_train(lua_State *L) {
  static const char *const names[] = {TRAINING_OPTIONS, NULL};
  static const char *const diverge[] = {"error", "stop", NULL};
  lua_settop(L, 2);
  net_self(L, "net:train");
  options o = options_read(L, 2, "net:train", names);
  ln_context *cx = context_of(L);
  training t = {0};
  read_training(&o, 1, &t);
  bool keep_diverged = option_choice_or(&o, "diverge", diverge, 0) == 1;
  ln_progress watcher = cx->progress, shown = option_flag_or(&o, "progress", true) ? watcher : NULL;
  option_function(&o, "stop");
  int stop = lua_gettop(L);
  const bool can_be_asked = !lua_isnil(L, stop);

  prepare_training(&t, can_be_asked);
  if (t.trainer.descent.rate == 0) {
    double curvature, rate = stable_rate(&t, &curvature);
    set_rate(&o, &t, rate);
    append_details(&t.run, "; rate %.6g, half of the largest stable one by the curvature %.6g", rate,
                   curvature);
  } else {
    check_rate(&t);
    if (push_warning(&t)) {
      push_where(L);
      lua_pushfstring(L, "%snet:train: %s", lua_tostring(L, -1), lua_tostring(L, -2));
      lua_warning(L, lua_tostring(L, -1), false);
      lua_pop(L, 2);
    }
    lua_pop(L, 1);
  }
  ln_status status = LN_OK;
  bool stopped = false;
  while (status == LN_OK && training_goes_on(&t) && !stopped) {
    cx->progress = shown;
    status = train_to_record(begin_callbacks(L), &t);
    end_callbacks(cx);
    cx->progress = watcher;
    stopped = status == LN_OK && !t.trainer.stopped && can_be_asked && asked_to_stop(&t, stop);
  }
  if (status == LN_OK) status = ln_train_finish(begin_callbacks(L), &t.trainer);
  end_callbacks(cx);
  finish_run(&t.run);
  push_training(&t, status);
  if (status != LN_OK && !(status == LN_EDIVERGED && keep_diverged)) raise_with_run(L, t.run.call, status);
  return 1;
}

/* net:flow { task=, times=, weight_decay=0, tolerance=1e-10, record=, test=, plan= }: changes net as train
 * does. */
int network_flow(lua_State *L) {
  static const char *const names[] = {FLOW_OPTIONS, NULL};
  lua_settop(L, 2);
  net_self(L, "net:flow");
  options o = options_read(L, 2, "net:flow", names);
  ln_context *cx = context_of(L);
  flowing f = {0};
  read_flow(&o, 1, &f);
  prepare_flow(&f);
  ln_status status = follow_flow(begin_callbacks(L), &f);
  if (status == LN_EMEMORY && !f.run.done) { /* before it began: collect, and once more */
    lua_gc(L, LUA_GCCOLLECT, 0);
    status = follow_flow(begin_callbacks(L), &f);
  }
  end_callbacks(cx);
  finish_run(&f.run);
  push_flow(&f);
  if (status != LN_OK) raise_with_run(L, f.run.call, status);
  return 1;
}
