/* theory.depth: what pretraining brings, and why products of Gaussian matrices are bad starts. */
#include "lua/ltheory.h"

#include "theory/pretraining.h"

/* theory.depth.fine_tuning_time { depth=, s=1, lambda=1, c0=1, d0=0, fraction=0.9 }: depth - 1 equal layers from c0 and a last one
 * from d0 learn a mode of correlation s and input variance lambda. (1, 0) is where pretraining ends. */
static int depth_fine_tuning_time(lua_State *L) {
  static const char *const names[] = {"depth", "s", "lambda", "c0", "d0", "fraction", NULL};
  options o = options_read(L, 1, "theory.depth.fine_tuning_time", names);
  ln_fine_tuning y = {.depth = option_number(&o, "depth"),
                      .s = option_number_or(&o, "s", 1),
                      .lambda = option_number_or(&o, "lambda", 1),
                      .c0 = option_number_or(&o, "c0", 1),
                      .d0 = option_number_or(&o, "d0", 0)};
  double fraction = option_number_or(&o, "fraction", 0.9), time;
  check(L, o.call, ln_fine_tuning_time(context_of(L), &y, fraction, &time));
  lua_pushnumber(L, time);
  return 1;
}

/* theory.depth.gaussian_exponents { width= }: singular value i of a product of D Gaussian matrices with entries of variance 1/width
 * behaves as exp(D exponent[i]); a column, falling. */
static int depth_gaussian_exponents(lua_State *L) {
  static const char *const names[] = {"width", NULL};
  options o = options_read(L, 1, "theory.depth.gaussian_exponents", names);
  size_t n = (size_t)option_integer(&o, "width", 1, 10000000);
  double *exponent = push_matrix(L, n, 1).data;
  check(L, o.call, ln_gaussian_exponents(context_of(L), n, exponent));
  return 1;
}

const luaL_Reg pretraining_functions[] = {{"fine_tuning_time", depth_fine_tuning_time},
                                          {"gaussian_exponents", depth_gaussian_exponents},
                                          {NULL, NULL}};
