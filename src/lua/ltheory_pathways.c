/* theory.pathways: gated deep linear networks, in which a shared pathway races against dedicated ones. */
#include "lua/ltheory.h"

#include <math.h>

#include "theory/pathways.h"

/* theory.pathways.race { contexts=, per_context=, s=1, b0=, c0=, layers=3 [, t=] }: contexts (input domains, and as many output
 * domains), each trained with per_context others; b0, c0: the layers' start on the shared and on the dedicated paths. Answers the
 * end: b, c and share, how much of s the shared path answers; with t also the curves over it, shared and dedicated. */
static int pathways_race(lua_State *L) {
  static const char *const names[] = {"contexts", "per_context", "s", "b0", "c0", "layers", "t", NULL};
  options o = options_read(L, 1, "theory.pathways.race", names);
  ln_race race = {.layers = (int)option_integer_or(&o, "layers", 2, 3, 3)};
  bool follows = option_given(&o, "t");
  race.partners = option_between(&o, "per_context", 1, 1e15);
  race.contexts = race.layers == 3 || follows || option_given(&o, "contexts")
                      ? option_between(&o, "contexts", 1, 1e15)
                      : 1;
  race.s = option_positive_or(&o, "s", 1);
  race.b0 = option_positive(&o, "b0"), race.c0 = option_positive(&o, "c0");
  ln_race_end end;
  check(L, o.call, ln_race_finish(context_of(L), &race, &end));
  double *b = NULL, *c = NULL, *sorted = NULL, *b_sorted = NULL, *c_sorted = NULL;
  times t = {0};
  size_t *order = NULL;
  if (follows) {
    t = option_times(&o, "t");
    for (size_t i = 0; i < t.n; i++)
      if (isinf(t.data[i])) option_fail(&o, "t", "must be finite: b, c and share are the end");
    order = push_order(L, t.data, t.n);
    sorted = lua_newuserdatauv(L, (3 * t.n + 1) * sizeof *sorted, 0);
    b_sorted = sorted + t.n, c_sorted = b_sorted + t.n;
    for (size_t i = 0; i < t.n; i++) sorted[i] = t.data[order[i]];
    b = push_like_times(L, &t), c = push_like_times(L, &t);
    int at = lua_gettop(L);
    check(L, o.call, ln_race_follow(context_of(L), &race, sorted, t.n, b_sorted, c_sorted));
    double root = sqrt(race.contexts);
    for (size_t i = 0; i < t.n; i++) {
      double x = b_sorted[i], y = c_sorted[i];
      b[order[i]] = race.layers == 3 ? root * x * x * x : x * x;
      c[order[i]] = race.layers == 3 ? y * y * y : y * y;
    }
    lua_createtable(L, 0, 5);
    put_field(L, "shared", at - 1, &t);
    put_field(L, "dedicated", at, &t);
  } else {
    lua_createtable(L, 0, 3);
  }
  put_number(L, "b", end.b), put_number(L, "c", end.c);
  put_number(L, "share", end.share);
  return 1;
}

const luaL_Reg pathways_functions[] = {{"race", pathways_race}, {NULL, NULL}};
