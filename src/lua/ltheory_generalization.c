/* What the functions of theory.generalization read alike. */
#include "lua/ltheory_generalization.h"

#include <math.h>

#define SIZE_MOST 9007199254740992 /* 2^53: beyond, whole numbers have gaps */

double option_size(const options *o, const char *name) {
  return (double)option_integer(o, name, 1, SIZE_MOST);
}

void option_power_and_noise(const options *o, double *power, double *noise) {
  *power = option_nonnegative_or(o, "power", 1);
  option_exclusive(o, "noise", "snr");
  if (option_given(o, "snr")) {
    double snr = option_between(o, "snr", 0, INFINITY);
    if (snr == 0 || *power == 0)
      option_fail(o, "snr",
                  "is power/noise and must be > 0 with power > 0; for a teacher without power give noise");
    *noise = *power / snr;
    if (isinf(*noise)) option_fail(o, "snr", "= %g: the noise, power/snr, is infinite", snr);
  } else if (option_given(o, "noise")) {
    *noise = option_nonnegative(o, "noise");
  } else {
    option_fail(o, "noise", "(the variance of the labels' noise) or snr (power/noise) is needed");
  }
}

void option_alpha(const options *o, teacher *t) {
  option_exclusive(o, "alpha", "examples");
  if (option_given(o, "inputs")) t->inputs = option_size(o, "inputs");
  if (option_given(o, "alpha")) {
    t->alpha = option_positive(o, "alpha");
  } else if (option_given(o, "examples")) {
    t->examples = option_size(o, "examples");
    if (t->inputs == 0) option_fail(o, "inputs", "must be given with examples: alpha is examples/inputs");
    t->alpha = t->examples / t->inputs;
  } else {
    option_fail(o, "alpha", "(examples for each input), or inputs and examples, is needed");
  }
}

teacher option_teacher(const options *o) {
  teacher t = {0};
  option_alpha(o, &t);
  option_power_and_noise(o, &t.power, &t.noise);
  return t;
}

void put_like_times(lua_State *L, const char *name, const times *t) {
  int table = lua_gettop(L) - 1;
  pop_like_times(L, t);
  lua_setfield(L, table, name);
  lua_settop(L, table);
}
