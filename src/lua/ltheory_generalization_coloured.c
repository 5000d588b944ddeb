/* theory.generalization: one-layer students of inputs with a covariance. */
#include <math.h>

#include "core/linalg.h"
#include "lua/ltheory_generalization.h"
#include "theory/coloured_student.h"

/* A list of one number a variance, or one number for all, or `otherwise`. Pushes it. */
static double *option_each(const options *o, const char *name, size_t count, double otherwise) {
  lua_State *L = o->L;
  times given = {.n = 1, .data = &otherwise, .shape = TIMES_NUMBER};
  if (option_given(o, name)) given = option_numbers(o, name);
  if (given.shape != TIMES_NUMBER && given.n != count)
    option_fail(o, name, "has %zu numbers, and there are %zu variances", given.n, count);
  double *each = push_matrix(L, count, 1).data;
  for (size_t j = 0; j < count; j++) each[j] = given.data[given.shape == TIMES_NUMBER ? 0 : j];
  return each;
}

static ln_matrix push_covariance_of(const options *o) {
  ln_matrix C = option_matrix(o, "covariance");
  if (C.rows == 1 || C.cols == 1) return lua_pop(o->L, 1), option_vector(o, "covariance");
  if (C.rows != C.cols)
    option_fail(o, "covariance", "must be square or a vector of variances, got %s", describe(o->L, -1));
  return C;
}

/* The powers of given weights in the directions of a covariance: N times the square of each component. */
static double *push_powers(const options *o, ln_matrix Q, size_t inputs) {
  option_exclusive(o, "teacher", "power");
  ln_matrix w = option_vector(o, "teacher");
  if (w.rows != inputs)
    option_fail(o, "teacher", "has %zu weights, and the covariance is of %zu inputs", w.rows, inputs);
  ln_matrix along = push_matrix(o->L, inputs, 1);
  if (Q.data)
    ln_gemm(LN_T, LN_N, 1, Q, w, 0, along);
  else
    ln_copy(w, along);
  for (size_t j = 0; j < inputs; j++) along.data[j] *= (double)inputs * along.data[j];
  return along.data;
}

/* variances and fractions, or a covariance and perhaps the teacher's weights; with the powers. Pushes what keeps them alive. */
static ln_coloured read_directions(const options *o) {
  lua_State *L = o->L;
  option_exclusive(o, "variances", "covariance");
  option_exclusive(o, "fractions", "covariance");
  ln_coloured p = {0};
  double *along = NULL;
  if (option_given(o, "covariance")) {
    ln_matrix C = push_covariance_of(o), Q = {0};
    p.count = C.rows;
    if (C.cols == 1) {
      p.variance = C.data;
    } else {
      double *w = push_matrix(L, C.rows, 1).data;
      Q = push_matrix(L, C.rows, C.rows);
      check(L, o->call, ln_eigh(context_of(L), C, w, Q));
      for (size_t j = 0; j < C.rows; j++) /* rounding */
        if (w[j] < 0 && w[j] > -1e-12 * w[C.rows - 1]) w[j] = 0;
      p.variance = w;
    }
    if (option_given(o, "teacher")) along = push_powers(o, Q, C.rows);
  } else {
    if (!option_given(o, "variances"))
      option_fail(o, "variances", "(of the inputs' directions) or covariance is needed");
    if (option_given(o, "teacher"))
      option_fail(o, "teacher", "goes with covariance; give power along the variances");
    ln_matrix v = option_vector(o, "variances");
    p.variance = v.data, p.count = v.rows;
  }
  if (!p.count)
    option_fail(o, option_given(o, "covariance") ? "covariance" : "variances", "must hold a number or more");
  p.fraction = option_each(o, "fractions", p.count, 1 / (double)p.count);
  p.teacher = along ? along : option_each(o, "power", p.count, 1);
  p.start = option_each(o, "init_power", p.count, 0);
  return p;
}

/* The label noise, or that of a ratio to the mean power of the teacher's weights. */
static double read_noise(const options *o, const ln_coloured *p) {
  option_exclusive(o, "noise", "snr");
  if (option_given(o, "noise")) return option_nonnegative(o, "noise");
  if (!option_given(o, "snr"))
    option_fail(o, "noise", "(the variance of the labels' noise) or snr (power/noise) is needed");
  double power = 0, snr = option_between(o, "snr", 0, INFINITY);
  for (size_t j = 0; j < p->count; j++) power += p->fraction[j] * p->teacher[j];
  if (snr == 0 || power == 0) option_fail(o, "snr", "is power/noise and must be > 0 with power > 0");
  return power / snr;
}

typedef struct question {
  ln_coloured p;
  times t;
  double *excess, *train;
  double ridge, best_ridge;
  ln_coloured_errors final, best, with_ridge;
} question;

static ln_status answer(ln_context *cx, question *q) {
  ln_status status = ln_coloured_limit(cx, &q->p, &q->final);
  if (status == LN_OK) status = ln_coloured_best_ridge(cx, &q->p, &q->best_ridge, &q->best);
  if (status == LN_OK) status = ln_coloured_ridge(cx, &q->p, q->ridge, &q->with_ridge);
  for (size_t i = 0; i < q->t.n && status == LN_OK; i++) {
    if (isinf(q->t.data[i]))
      q->excess[i] = q->final.excess, q->train[i] = q->final.train;
    else
      status = ln_coloured_flow(cx, &q->p, q->t.data[i], &q->excess[i], &q->train[i]);
  }
  return status;
}

/* theory.generalization.coloured { variances=, fractions=, | covariance=, teacher=, alpha= or inputs=, examples=, noise= or snr=,
 * power=1, init_power=0, t=, ridge=0 }: the errors of a one-layer student of inputs with a covariance. */
static int coloured(lua_State *L) {
  static const char *const names[] = {"variances",  "fractions", "covariance", "teacher", TEACHER_OPTIONS,
                                      "init_power", "t",         "ridge",      NULL};
  options o = options_read(L, 1, "theory.generalization.coloured", names);
  teacher sizes = {0};
  option_alpha(&o, &sizes);
  question q = {.p = read_directions(&o)};
  q.p.alpha = sizes.alpha;
  q.p.noise = read_noise(&o, &q.p);
  bool timed = option_given(&o, "t"), penalty = option_given(&o, "ridge");
  q.ridge = option_between_or(&o, "ridge", 0, INFINITY, 0);
  double *test = NULL;
  int first = 0;
  if (timed) {
    q.t = option_times(&o, "t");
    first = lua_gettop(L) + 1;
    test = push_like_times(L, &q.t);
    q.excess = push_like_times(L, &q.t), q.train = push_like_times(L, &q.t);
  }
  check(L, o.call, answer(context_of(L), &q));
  for (size_t i = 0; i < q.t.n; i++) test[i] = q.excess[i] + q.p.noise;
  lua_createtable(L, 0, 12);
  static const char *const curves[] = {"test_error", "excess_error", "train_error"};
  for (int i = 0; timed && i < 3; i++) put_field(L, curves[i], first + i, &q.t);
  put_number(L, "final", q.final.excess + q.p.noise);
  put_number(L, "final_train_error", q.final.train);
  put_number(L, "best_ridge", q.best_ridge);
  put_number(L, "best_ridge_error", q.best.excess + q.p.noise);
  if (penalty) {
    put_number(L, "ridge_error", q.with_ridge.excess + q.p.noise);
    put_number(L, "ridge_train_error", q.with_ridge.train);
    put_number(L, "effective_ridge", q.with_ridge.k);
  }
  return 1;
}

const luaL_Reg generalization_coloured_functions[] = {{"coloured", coloured}, {NULL, NULL}};
