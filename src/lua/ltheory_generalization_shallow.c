/* theory.generalization: one-layer students of a noisy teacher. */
#include "lua/ltheory_generalization.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "lua/ldata.h"
#include "theory/given_student.h"

#define STUDENT_OPTIONS TEACHER_OPTIONS, "init_power", "seen"

/* ---- students ---- */

/* Each of alpha, power, noise, snr, init_power, seen and ridge is a number, or a list of one a student; those are equally
 * long. */
typedef struct students {
  times like; /* the shape of answers of one number a student */
  bool several;
  double inputs, examples; /* 0: not given */
  ln_shallow_student *each;
  double *seen;   /* by each student, of the teacher's inputs; 0 where sizes are not given */
  double *unseen; /* of each student's noise, the part that is of the teacher's inputs it does not see */
  double *ridge;  /* null if not given */
} students;

/* A parameter, or none: n = 0. Pushes what keeps it alive. */
static times option_list(const options *o, const char *name, bool positive, students *s) {
  if (!option_given(o, name)) return (times){0};
  times given = option_numbers(o, name);
  for (size_t i = 0; i < given.n; i++) {
    double x = given.data[i];
    if (positive ? !(x > 0) : !(x >= 0))
      option_fail(o, name, "must be %s 0; got %g", positive ? ">" : ">=", x);
  }
  if (given.shape == TIMES_NUMBER) return given;
  if (given.rows != 1 && given.cols != 1)
    option_fail(o, name, "must be a number or a list of one number a student, got a %zux%zu matrix",
                given.rows, given.cols);
  if (s->several && given.n != s->like.n)
    option_fail(o, name, "has %zu numbers, and there are %zu students", given.n, s->like.n);
  if (!s->several) s->like = given, s->several = true;
  return given;
}

static double entry(const times *given, size_t k, double otherwise) {
  return given->n == 0 ? otherwise : given->data[given->shape == TIMES_NUMBER ? 0 : k];
}

/* The sizes: alpha, or inputs and examples, or those of given data. */
static times read_sizes(const options *o, const ln_given_inputs *data, students *s) {
  if (data->inputs) {
    s->inputs = (double)data->inputs, s->examples = data->examples;
    return (times){0};
  }
  option_exclusive(o, "alpha", "inputs");
  option_exclusive(o, "alpha", "examples");
  if (option_given(o, "inputs") || option_given(o, "examples")) {
    s->inputs = option_size(o, "inputs"), s->examples = option_size(o, "examples");
    return (times){0};
  }
  if (!option_given(o, "alpha"))
    option_fail(o, "alpha", "(examples for each input), or inputs and examples, is needed");
  return option_list(o, "alpha", true, s);
}

/* Pushes what keeps the students alive. `known`: the teacher that a task was made by, or alpha = 0. */
static students read_students(const options *o, const ln_given_inputs *data, const teacher *known) {
  students s = {.like = {.n = 1, .rows = 1, .cols = 1, .shape = TIMES_NUMBER}};
  option_exclusive(o, "noise", "snr");
  bool by_ratio = option_given(o, "snr");
  if (!by_ratio && !option_given(o, "noise") && known->alpha == 0)
    option_fail(o, "noise", "(the variance of the labels' noise) or snr (power/noise) is needed");
  times alpha = read_sizes(o, data, &s), power = option_list(o, "power", by_ratio, &s),
        noise = option_list(o, by_ratio ? "snr" : "noise", by_ratio, &s),
        start = option_list(o, "init_power", false, &s), seen = option_list(o, "seen", true, &s),
        ridge = option_list(o, "ridge", false, &s);
  s.each = lua_newuserdatauv(o->L, (s.like.n + 1) * sizeof *s.each, 0);
  if (seen.n > 0 && (s.inputs == 0 || data->inputs)) option_fail(o, "seen", "goes with inputs and examples");
  s.seen = lua_newuserdatauv(o->L, (s.like.n + 1) * sizeof *s.seen, 0);
  s.unseen = lua_newuserdatauv(o->L, (s.like.n + 1) * sizeof *s.unseen, 0);
  s.ridge = option_given(o, "ridge") ? lua_newuserdatauv(o->L, (s.like.n + 1) * sizeof *s.ridge, 0) : NULL;
  for (size_t k = 0; k < s.like.n; k++) {
    double of_teacher = entry(&power, k, known->alpha > 0 ? known->power : 1), part = 1;
    s.seen[k] = entry(&seen, k, s.inputs);
    if (s.seen[k] != floor(s.seen[k]) || s.seen[k] > s.inputs)
      option_fail(o, "seen", "is how many of the %g inputs the student sees, got %g", s.inputs, s.seen[k]);
    if (s.seen[k] < s.inputs) part = s.seen[k] / s.inputs;
    double of_labels = entry(&noise, k, known->noise);
    if (by_ratio) of_labels = of_teacher / of_labels;
    s.unseen[k] = of_teacher * (1 - part);
    s.each[k] = (ln_shallow_student){.alpha = s.inputs > 0 ? s.examples / s.seen[k] : entry(&alpha, k, 0),
                                     .power = of_teacher * part,
                                     .noise = of_labels + s.unseen[k],
                                     .init_power = entry(&start, k, 0)};
    check(o->L, o->call, ln_shallow_check(context_of(o->L), &s.each[k]));
    if (s.ridge) s.ridge[k] = entry(&ridge, k, 0);
  }
  return s;
}

/* ---- given data ---- */

static double number_of(lua_State *L, int task, const char *name) {
  lua_getfield(L, task, name);
  double x = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return x;
}

/* The eigenvalues of the inputs of a task, or those given; inputs = 0 if neither is. Pushes what keeps them alive. */
static ln_given_inputs read_data(const options *o, teacher *known) {
  lua_State *L = o->L;
  static const char *const sizes[] = {"alpha", "inputs"};
  option_exclusive(o, "task", "eigenvalues");
  ln_given_inputs given = {0};
  bool task = option_given(o, "task");
  if (!task && !option_given(o, "eigenvalues")) return given;
  for (size_t i = 0; i < 2; i++) option_exclusive(o, task ? "task" : "eigenvalues", sizes[i]);
  if (!task) {
    ln_matrix w = option_vector(o, "eigenvalues");
    if (!w.rows) option_fail(o, "eigenvalues", "must be those of Sxx, one for each input; got none");
    return (ln_given_inputs){w.data, w.rows, option_size(o, "examples")};
  }
  option_exclusive(o, "task", "examples");
  option_push(o, "task");
  int index = lua_gettop(L);
  check_task(L, index, o->call, "task");
  const ln_task *of = task_with_moments(L, index, o->call);
  if (!of->examples) option_fail(o, "task", "has no examples, only moments; give eigenvalues and examples");
  if (lua_getfield(L, index, "power") == LUA_TNUMBER && of->outputs == 1) {
    known->alpha = 1;
    known->power = number_of(L, index, "power"), known->noise = number_of(L, index, "noise");
  }
  lua_pop(L, 1);
  double *w = push_matrix(L, of->inputs, 1).data;
  check(L, o->call, ln_eigh(context_of(L), of->Sxx, w, (ln_matrix){0}));
  return (ln_given_inputs){w, of->inputs, (double)of->examples};
}

/* ---- shallow ---- */

/* The answers: curves, and numbers of each student. */
typedef enum curve { TEST, TRAIN, EXCESS, POWER, NORM, CURVES } curve;
typedef enum summary {
  T_OPT,
  BEST,
  FINAL,
  FINAL_TRAIN,
  OVERTRAINING,
  BEST_RIDGE,
  BEST_RIDGE_ERROR,
  RIDGE_TEST,
  RIDGE_TRAIN,
  SUMMARIES
} summary;
static const char *const curve_names[] = {"test_error",   "train_error", "excess_error",
                                          "weight_power", "weight_norm", NULL};
static const char *const summary_names[] = {"t_opt",
                                            "best",
                                            "final",
                                            "final_train_error",
                                            "overtraining",
                                            "best_ridge",
                                            "best_ridge_error",
                                            "ridge_error",
                                            "ridge_train_error"};

typedef struct question {
  const students *s;
  const ln_given_inputs *data; /* inputs 0: large size */
  times t;
  const size_t *order; /* of the times, rising: neighbours share quadrature rules */
  double rate;         /* 0: t are times, else numbers of steps */
  double *curves[CURVES], *summaries[SUMMARIES];
} question;

/* Of student k after so much time, or so many steps at the rate. */
static ln_status errors_at(ln_context *cx, const question *q, ln_relaxation *r, size_t k, double rate,
                           double t, ln_shallow_errors *e) {
  const ln_shallow_student *s = &q->s->each[k];
  if (q->data->inputs)
    return rate > 0 ? ln_given_after(cx, s, q->data, rate, t, e) : ln_given_at(cx, s, q->data, t, e);
  if (isinf(t) && q->s->inputs > 0) return ln_shallow_limit(cx, s, q->s->seen[k], q->s->examples, e);
  return rate > 0 ? ln_shallow_after(cx, r, s, rate, t, e)
                  : ln_shallow_at(cx, r, s, t, q->curves[TRAIN] != NULL, e);
}

static ln_status curve_of(ln_context *cx, const question *q, ln_relaxation *r, size_t k) {
  ln_status status = LN_OK;
  for (size_t i = 0; i < q->t.n && status == LN_OK; i++) {
    size_t at = q->order[i], place = k * q->t.n + at;
    ln_shallow_errors e = {0};
    status = errors_at(cx, q, r, k, q->rate, q->t.data[at], &e);
    const double found[] = {[TEST] = e.test,
                            [TRAIN] = e.train,
                            [EXCESS] = e.excess + q->s->unseen[k],
                            [POWER] = e.power,
                            [NORM] = sqrt(e.power)};
    for (size_t c = 0; c < CURVES; c++)
      if (q->curves[c]) q->curves[c][place] = found[c];
    if (status == LN_OK) status = ln_poll(cx);
  }
  return status;
}

/* The best and the last of the flow. */
static ln_status summary_of(ln_context *cx, const question *q, ln_relaxation *r, size_t k) {
  const ln_shallow_student *s = &q->s->each[k];
  ln_shallow_errors best = {0}, final = {0};
  ln_status status = q->data->inputs ? ln_given_best_time(cx, s, q->data, &q->summaries[T_OPT][k])
                                     : ln_shallow_best_time(cx, r, s, &q->summaries[T_OPT][k]);
  if (status == LN_OK) status = errors_at(cx, q, r, k, 0, q->summaries[T_OPT][k], &best);
  if (status == LN_OK) status = errors_at(cx, q, r, k, 0, INFINITY, &final);
  q->summaries[BEST][k] = best.test;
  q->summaries[FINAL][k] = final.test, q->summaries[FINAL_TRAIN][k] = final.train;
  q->summaries[OVERTRAINING][k] = best.test == final.test ? 1 : final.test / best.test;
  return status;
}

static ln_status ridge_of(ln_context *cx, const question *q, size_t k) {
  const ln_shallow_student *s = &q->s->each[k];
  ln_shallow_errors e = {0};
  ln_status status =
      ln_shallow_best_ridge(cx, s, &q->summaries[BEST_RIDGE][k], &q->summaries[BEST_RIDGE_ERROR][k]);
  if (status == LN_OK && q->data->inputs) {
    status = ln_given_ridge(cx, s, q->data, q->summaries[BEST_RIDGE][k], &e);
    q->summaries[BEST_RIDGE_ERROR][k] = e.test;
  }
  if (status != LN_OK || !q->s->ridge) return status;
  status = q->data->inputs ? ln_given_ridge(cx, s, q->data, q->s->ridge[k], &e)
                           : ln_shallow_ridge(cx, s, q->s->ridge[k], &e);
  q->summaries[RIDGE_TEST][k] = e.test, q->summaries[RIDGE_TRAIN][k] = e.train;
  return status;
}

static ln_status answer(ln_context *cx, const question *q) {
  ln_mark mark = ln_begin(cx);
  ln_relaxation r;
  ln_status status = ln_begin_relaxation(cx, &r);
  for (size_t k = 0; k < q->s->like.n && status == LN_OK; k++) {
    status = curve_of(cx, q, &r, k);
    if (status == LN_OK) status = summary_of(cx, q, &r, k);
    if (status == LN_OK) status = ridge_of(cx, q, k);
  }
  return ln_end(cx, mark, status);
}

/* t, or rate and steps, or neither. Pushes what keeps them alive. */
static void read_times(const options *o, question *q) {
  option_exclusive(o, "t", "steps");
  if (option_given(o, "steps")) {
    q->t = option_times(o, "steps");
    for (size_t i = 0; i < q->t.n; i++)
      if (q->t.data[i] != floor(q->t.data[i]))
        option_fail(o, "steps", "must be whole numbers; number %zu is %.17g", i + 1, q->t.data[i]);
    q->rate = option_positive(o, "rate");
  } else {
    if (option_given(o, "rate"))
      option_fail(o, "rate", "goes with steps; t = rate * steps is the time of the flow");
    if (option_given(o, "t")) q->t = option_times(o, "t");
  }
  q->order = push_order(o->L, q->t.data, q->t.n);
}

/* Which curves are wanted: all of them, or those that record names. */
static void read_record(const options *o, bool recorded[CURVES]) {
  lua_State *L = o->L;
  bool timed = option_given(o, "t") || option_given(o, "steps"), all = timed && !option_given(o, "record");
  for (size_t i = 0; i < CURVES; i++) recorded[i] = all;
  if (!option_given(o, "record")) return;
  if (!timed) option_fail(o, "record", "names curves over time; give t, or rate and steps");
  int type = option_push(o, "record");
  if (type != LUA_TTABLE && type != LUA_TSTRING)
    option_fail(o, "record", "must be a list of names, got %s", describe(L, -1));
  size_t count = type == LUA_TTABLE ? (size_t)luaL_len(L, -1) : 1;
  for (size_t k = 1; k <= count; k++) {
    if (type == LUA_TTABLE)
      lua_geti(L, -1, (lua_Integer)k);
    else
      lua_pushvalue(L, -1);
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    size_t i = 0;
    while (i < CURVES && strcmp(name, curve_names[i])) i++;
    if (i < CURVES) {
      recorded[i] = true;
    } else {
      const char *likely = nearest(name, curve_names);
      if (likely) option_fail(o, "record", "does not know '%s'; did you mean '%s'?", name, likely);
      option_fail(o, "record",
                  "has %s, and knows test_error, train_error, excess_error, weight_power and weight_norm",
                  describe(L, -1));
    }
    lua_pop(L, 1);
  }
}

/* theory.generalization.shallow { alpha= | inputs=, examples= | task= | eigenvalues=, examples=, noise= or snr=, power=1,
 * init_power=0, seen=inputs, t= | rate=, steps=, ridge=, record= }: the errors of a one-layer student over time, when to stop and with which
 * ridge. See docs/theory/generalization.md. */
static int shallow(lua_State *L) {
  static const char *const names[] = {STUDENT_OPTIONS, "task",  "eigenvalues", "t", "rate",
                                      "steps",         "ridge", "record",      NULL};
  options o = options_read(L, 1, "theory.generalization.shallow", names);
  teacher known = {0};
  ln_given_inputs data = read_data(&o, &known);
  students s = read_students(&o, &data, &known);
  question q = {.s = &s, .data = &data};
  read_times(&o, &q);
  bool recorded[CURVES];
  read_record(&o, recorded);
  size_t summaries = s.ridge ? SUMMARIES : RIDGE_TEST;
  reserve_stack(L, CURVES + SUMMARIES + 10);
  int first = lua_gettop(L) + 1;
  for (size_t i = 0; i < summaries; i++) q.summaries[i] = push_like_times(L, &s.like);
  for (size_t i = 0; i < CURVES; i++)
    if (recorded[i])
      q.curves[i] = s.several ? push_matrix(L, q.t.n, s.like.n).data : push_like_times(L, &q.t);
  check(L, o.call, answer(context_of(L), &q));
  lua_createtable(L, 0, CURVES + SUMMARIES);
  for (size_t i = 0; i < summaries; i++) put_field(L, summary_names[i], first + (int)i, &s.like);
  int at = first + (int)summaries;
  for (size_t i = 0; i < CURVES; i++)
    if (recorded[i]) put_field(L, curve_names[i], at++, s.several ? NULL : &q.t);
  return 1;
}

/* ---- times ---- */

/* One number a student, by a function of the core that takes one more number. */
typedef ln_status timing(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double level,
                         double *t);

static ln_status time_all(ln_context *cx, const students *s, timing *of, double level, double *t) {
  ln_mark mark = ln_begin(cx);
  ln_relaxation r;
  ln_status status = ln_begin_relaxation(cx, &r);
  for (size_t k = 0; k < s->like.n && status == LN_OK; k++) status = of(cx, &r, &s->each[k], level, &t[k]);
  return ln_end(cx, mark, status);
}

static int push_timing(const options *o, timing *of, double level) {
  lua_State *L = o->L;
  static const ln_given_inputs large = {0};
  static const teacher unknown = {0};
  students s = read_students(o, &large, &unknown);
  double *t = push_like_times(L, &s.like);
  check(L, o->call, time_all(context_of(L), &s, of, level, t));
  return pop_like_times(L, &s.like);
}

/* theory.generalization.time_to_accuracy { alpha= or inputs=, examples=, noise= or snr=, power=1, init_power=0, seen=inputs, margin= }:
 * the first time at which the test error is within `margin` (relative) of its lowest. */
static int time_to_accuracy(lua_State *L) {
  static const char *const names[] = {STUDENT_OPTIONS, "margin", NULL};
  options o = options_read(L, 1, "theory.generalization.time_to_accuracy", names);
  return push_timing(&o, ln_shallow_accuracy_time, option_positive(&o, "margin"));
}

/* theory.generalization.time_to_train { the same, left= }: the time at which the training error has come down to its limit
 * plus `left` times what it was above it at first. */
static int time_to_train(lua_State *L) {
  static const char *const names[] = {STUDENT_OPTIONS, "left", NULL};
  options o = options_read(L, 1, "theory.generalization.time_to_train", names);
  return push_timing(&o, ln_shallow_train_time, option_between(&o, "left", 0, 1));
}

const luaL_Reg generalization_shallow_functions[] = {{"shallow", shallow},
                                                     {"time_to_accuracy", time_to_accuracy},
                                                     {"time_to_train", time_to_train},
                                                     {NULL, NULL}};
