/* theory.generalization: one-layer students of a noisy teacher. */
#include "lua/ltheory_generalization.h"

#include "theory/shallow_student.h"

#define STUDENT_OPTIONS TEACHER_OPTIONS, "init_power"

static ln_shallow_student option_student(const options *o) {
  teacher t = option_teacher(o);
  return (ln_shallow_student){t.alpha, t.power, t.noise, option_nonnegative_or(o, "init_power", 0)};
}

static ln_status accuracy_time(ln_context *cx, const ln_shallow_student *s, double margin, double *t) {
  ln_mark mark = ln_begin(cx);
  ln_relaxation r;
  ln_status status = ln_begin_relaxation(cx, &r);
  if (status == LN_OK) status = ln_shallow_accuracy_time(cx, &r, s, margin, t);
  return ln_end(cx, mark, status);
}

/* theory.generalization.time_to_accuracy { alpha= or inputs=, examples=, noise= or snr=, power=1, init_power=0, margin= }: the
 * first time at which the test error is within `margin` (relative) of its lowest. */
static int time_to_accuracy(lua_State *L) {
  static const char *const names[] = {STUDENT_OPTIONS, "margin", NULL};
  options o = options_read(L, 1, "theory.generalization.time_to_accuracy", names);
  ln_shallow_student s = option_student(&o);
  double margin = option_positive(&o, "margin"), t;
  check(L, o.call, accuracy_time(context_of(L), &s, margin, &t));
  lua_pushnumber(L, t);
  return 1;
}

static ln_status train_time(ln_context *cx, const ln_shallow_student *s, double left, double *t) {
  ln_mark mark = ln_begin(cx);
  ln_relaxation r;
  ln_status status = ln_begin_relaxation(cx, &r);
  if (status == LN_OK) status = ln_shallow_train_time(cx, &r, s, left, t);
  return ln_end(cx, mark, status);
}

/* theory.generalization.time_to_train { the same, left= }: the time at which the training error has come down to its limit
 * plus `left` times what it was above it at first. */
static int time_to_train(lua_State *L) {
  static const char *const names[] = {STUDENT_OPTIONS, "left", NULL};
  options o = options_read(L, 1, "theory.generalization.time_to_train", names);
  ln_shallow_student s = option_student(&o);
  double left = option_between(&o, "left", 0, 1), t;
  check(L, o.call, train_time(context_of(L), &s, left, &t));
  lua_pushnumber(L, t);
  return 1;
}

const luaL_Reg generalization_shallow_functions[] = {
    {"time_to_accuracy", time_to_accuracy}, {"time_to_train", time_to_train}, {NULL, NULL}};
