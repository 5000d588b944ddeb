/* theory.generalization: random features, and a student that sees only some of the inputs. */
#include "lua/ltheory_generalization.h"

#include <math.h>

#include "theory/gaussian_coefficients.h"
#include "theory/random_features.h"

/* ---- activations ---- */

static ln_gaussian_coefficients option_coefficients(const options *o, const char *usual) {
  const char *name = usual ? option_string_or(o, "activation", usual) : option_string(o, "activation");
  const ln_activation *phi = ln_find_activation(name);
  if (!phi) {
    const char *known[16];
    size_t n = 0;
    for (const ln_activation *a = ln_activations; a->name && n < 15; a++) known[n++] = a->name;
    known[n] = NULL;
    const char *near = nearest(name, known);
    option_fail(o, "activation", "'%s' is not known%s%s%s", name, near ? "; did you mean '" : "",
                near ? near : "", near ? "'?" : "");
  }
  double scale = option_positive_or(o, "scale", 1);
  ln_gaussian_coefficients c;
  check(o->L, o->call, ln_gaussian_coefficients_of(context_of(o->L), phi, scale, &c));
  return c;
}

/* theory.generalization.gaussian_coefficients { activation=, scale=1 } */
static int generalization_gaussian_coefficients(lua_State *L) {
  static const char *const names[] = {"activation", "scale", NULL};
  options o = options_read(L, 1, "theory.generalization.gaussian_coefficients", names);
  ln_gaussian_coefficients c = option_coefficients(&o, NULL);
  lua_createtable(L, 0, 3);
  put_number(L, "mu0", c.mean), put_number(L, "mu1", c.linear), put_number(L, "mustar2", c.rest);
  return 1;
}

/* ---- random features ---- */

typedef struct features {
  ln_random_features p;
  double labels; /* noise of the labels alone */
} features;

static features option_features(const options *o) {
  teacher task = option_teacher(o);
  features f = {.labels = task.noise};
  f.p = (ln_random_features){.alpha = task.alpha, .power = task.power};
  f.p.noise = task.noise + option_nonnegative_or(o, "nonlinear", 0);
  option_exclusive(o, "width", "hidden");
  if (option_given(o, "width")) {
    f.p.width = option_positive(o, "width");
  } else if (option_given(o, "hidden")) {
    if (task.inputs == 0) option_fail(o, "inputs", "must be given with hidden: width is hidden/inputs");
    f.p.width = option_size(o, "hidden") / task.inputs;
  } else {
    option_fail(o, "width", "(features per input), or inputs and hidden, is needed");
  }
  option_exclusive(o, "activation", "mu1");
  if (option_given(o, "mu1") || option_given(o, "mustar2")) {
    double mu1 = option_number(o, "mu1");
    if (option_given(o, "scale")) option_fail(o, "scale", "goes with activation");
    f.p.linear = mu1 * mu1, f.p.rest = option_nonnegative(o, "mustar2");
  } else {
    ln_gaussian_coefficients c = option_coefficients(o, "relu");
    f.p.linear = c.linear * c.linear, f.p.rest = c.rest;
  }
  check(o->L, o->call, ln_random_features_check(context_of(o->L), &f.p));
  return f;
}

static ln_status at_ridges(ln_context *cx, const ln_random_features *p, const times *ridge,
                           ln_random_features_errors *errors) {
  ln_status status = LN_OK;
  for (size_t i = 0; i < ridge->n && status == LN_OK; i++)
    status = ln_random_features_ridge(cx, p, ridge->data[i], &errors[i]);
  return status;
}

/* Sets a field of the table on top of the stack, in the shape of t: the number at this place of each answer, less `off`. */
static void put_curve(lua_State *L, const char *name, const ln_random_features_errors *errors, const times *t,
                      size_t offset, double off) {
  double *answers = push_like_times(L, t);
  for (size_t i = 0; i < t->n; i++) answers[i] = *(const double *)((const char *)&errors[i] + offset) - off;
  put_like_times(L, name, t);
}

/* theory.generalization.random_features { width= or inputs=, hidden=, alpha= or inputs=, examples=, activation="relu", scale=1 | mu1=,
 * mustar2=, noise= or snr=, power=1, nonlinear=0, ridge=0 | t= } */
static int generalization_random_features(lua_State *L) {
  static const char *const names[] = {TEACHER_OPTIONS, "width",     "hidden", "activation", "scale", "mu1",
                                      "mustar2",       "nonlinear", "ridge",  "t",          NULL};
  static const double none = 0;
  options o = options_read(L, 1, "theory.generalization.random_features", names);
  features f = option_features(&o);
  option_exclusive(&o, "t", "ridge");
  bool timed = option_given(&o, "t");
  times x = {&none, 1, 1, 1, TIMES_NUMBER};
  if (timed) x = option_times(&o, "t");
  if (option_given(&o, "ridge")) x = option_times(&o, "ridge");
  ln_random_features_errors *errors = lua_newuserdatauv(L, (x.n + 1) * sizeof *errors, 0), best, final;
  ln_context *cx = context_of(L);
  double where;
  check(L, o.call, ln_random_features_ridge(cx, &f.p, 0, &final));
  if (timed) {
    check(L, o.call, ln_random_features_flow(cx, &f.p, x.data, x.n, errors));
    check(L, o.call, ln_random_features_best_time(cx, &f.p, &where, &best));
  } else {
    check(L, o.call, at_ridges(cx, &f.p, &x, errors));
    check(L, o.call, ln_random_features_best_ridge(cx, &f.p, &where, &best));
  }
  lua_createtable(L, 0, 8);
  put_curve(L, "test_error", errors, &x, offsetof(ln_random_features_errors, test), 0);
  put_curve(L, "excess_error", errors, &x, offsetof(ln_random_features_errors, test), f.labels);
  put_curve(L, "train_error", errors, &x, offsetof(ln_random_features_errors, train), 0);
  if (!timed) put_curve(L, "k", errors, &x, offsetof(ln_random_features_errors, k), 0);
  put_number(L, timed ? "t_opt" : "best_ridge", where);
  put_number(L, "best", best.test), put_number(L, "final", final.test);
  return 1;
}

/* theory.generalization.misspecified { inputs=, seen=, examples=, noise= or snr=, power=1 } */
static int generalization_misspecified(lua_State *L) {
  static const char *const names[] = {"inputs", "seen", "examples", "power", "noise", "snr", NULL};
  options o = options_read(L, 1, "theory.generalization.misspecified", names);
  double inputs = option_size(&o, "inputs"), seen = option_size(&o, "seen"),
         examples = option_size(&o, "examples");
  if (seen > inputs) option_fail(&o, "seen", "= %g is more than the %g inputs that there are", seen, inputs);
  double power, noise;
  option_power_and_noise(&o, &power, &noise);
  if (power == 0 && noise == 0) option_fail(&o, "power", "and noise are both 0: there is nothing to learn");
  lua_createtable(L, 0, 3);
  put_number(L, "alpha", examples / seen);
  put_number(L, "power", power * (seen / inputs));
  put_number(L, "noise", noise + power * ((inputs - seen) / inputs));
  return 1;
}

const luaL_Reg generalization_features_functions[] = {
    {"gaussian_coefficients", generalization_gaussian_coefficients},
    {"random_features", generalization_random_features},
    {"misspecified", generalization_misspecified},
    {NULL, NULL}};
