/* theory.shallow.minibatch: stochastic descent of one linear layer with one output. */
#include "lua/ltheory.h"

#include "theory/minibatch.h"

/* theory.shallow.minibatch { X=, y=, w0=, rate=, batch=, steps= }: mean and spread of w under descent by batches drawn
 * with replacement, exactly, in place of many runs. X is inputs x P, y has P numbers, w0 starts at 0 if it is not given.
 * A table:
 *   mean       the expected w (a column): the path of full-batch descent
 *   second     E (w - w_LS)(w - w_LS)', around the least-squares solution w_LS */
static int shallow_minibatch(lua_State *L) {
  static const char *const names[] = {"X", "y", "w0", "rate", "batch", "steps", NULL};
  options o = options_read(L, 1, "theory.shallow.minibatch", names);
  ln_matrix X = option_matrix(&o, "X"), y = option_vector(&o, "y"), w0;
  if (option_given(&o, "w0")) {
    w0 = option_vector(&o, "w0");
  } else {
    w0 = push_matrix(L, X.rows, 1);
    ln_fill(w0, 0);
  }
  double rate = option_nonnegative(&o, "rate");
  double batch = (double)option_integer(&o, "batch", 1, LUA_MAXINTEGER);
  uint64_t steps = (uint64_t)option_integer(&o, "steps", 0, LUA_MAXINTEGER);
  ln_matrix mean = push_matrix(L, X.rows, 1);
  int first = lua_gettop(L);
  ln_matrix second = push_matrix(L, X.rows, X.rows);
  check(L, o.call, ln_minibatch_moments(context_of(L), X, y, w0, rate, batch, steps, mean, second));
  lua_createtable(L, 0, 2);
  put_field(L, "mean", first, NULL);
  put_field(L, "second", first + 1, NULL);
  return 1;
}

const luaL_Reg minibatch_functions[] = {{"minibatch", shallow_minibatch}, {NULL, NULL}};
