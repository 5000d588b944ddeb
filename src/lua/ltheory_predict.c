/* ltheory_predict.c: the native part of theory.predict (lua/linnet/predict.lua chooses among the solutions).
 */
#include <math.h>
#include <string.h>

#include "lua/callback.h"
#include "lua/lnetwork.h"
#include "lua/lrun.h"
#include "lua/modules.h"
#include "theory/predict.h"

static const char call[] = "theory.predict";

static const ln_solution *check_solution(lua_State *L, int index) {
  const ln_solution *solution = ln_find_solution(luaL_checkstring(L, index));
  if (!solution) fail(L, call, "no built-in solution '%s'", lua_tostring(L, index));
  return solution;
}

/* read_predict(options): checks them all, and returns what is needed as a table with `times` a column. */
static int read_predict(lua_State *L) {
  static const char *const names[] = {"net",          "task",         "times",    "record",
                                      "ntk_examples", "test",         "solution", "force",
                                      "tolerance",    "weight_decay", NULL};
  lua_settop(L, 1);
  options o = options_read(L, 1, call, names);
  lua_createtable(L, 0, 8);
  option_push(&o, "net");
  const ln_net *net = check_net(L, -1, call, "net");
  check_finite_net(L, net, call);
  lua_setfield(L, 2, "net");
  option_push(&o, "task");
  task_for(L, lua_gettop(L), call, net, LN_PLAN_AUTO);
  lua_setfield(L, 2, "task");
  if (option_push(&o, "test") != LUA_TNIL) task_for(L, lua_gettop(L), call, net, LN_PLAN_AUTO);
  lua_setfield(L, 2, "test");
  ln_matrix asked = push_rising_times(&o, true);
  push_column(L, asked.data, asked.rows);
  lua_setfield(L, 2, "times");
  option_push(&o, "record");
  lua_setfield(L, 2, "record");
  option_push(&o, "ntk_examples");
  lua_setfield(L, 2, "ntk_examples");
  lua_pushstring(L, option_string_or(&o, "solution", "auto"));
  lua_setfield(L, 2, "solution");
  lua_pushboolean(L, option_flag_or(&o, "force", false));
  lua_setfield(L, 2, "force");
  lua_pushnumber(L, read_tolerance(&o, net));
  lua_setfield(L, 2, "tolerance");
  lua_pushnumber(L, option_nonnegative_or(&o, "weight_decay", 0));
  lua_setfield(L, 2, "weight_decay");
  lua_settop(L, 2);
  return 1;
}

/* describe(name): source, exact, approximate */
static int describe_solution(lua_State *L) {
  const ln_solution *solution = check_solution(L, 1);
  lua_pushstring(L, solution->source);
  lua_pushboolean(L, solution->exact);
  lua_pushboolean(L, solution->approximate);
  return 3;
}

/* measure(name, net, task, weight_decay): a list of { name, distance, error, holds } */
static int measure(lua_State *L) {
  const ln_solution *solution = check_solution(L, 1);
  const ln_net *net = check_net(L, 2, call, "net");
  const ln_task *task = task_for(L, 3, call, net, LN_PLAN_AUTO);
  double weight_decay = luaL_checknumber(L, 4);
  ln_assumption assumptions[LN_ASSUMPTIONS_MAX];
  size_t count = 0;
  check(L, call, solution->measure(context_of(L), net, task, weight_decay, assumptions, &count));
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, 0, 4);
    lua_pushstring(L, assumptions[i].name);
    lua_setfield(L, -2, "name");
    lua_pushnumber(L, assumptions[i].distance);
    lua_setfield(L, -2, "distance");
    lua_pushnumber(L, assumptions[i].cost);
    lua_setfield(L, -2, "error");
    lua_pushboolean(L, assumptions[i].distance < LN_EXACT);
    lua_setfield(L, -2, "holds");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* Is the map all that this is about? */
static bool of_map(const recording *r) {
  for (size_t i = 0; i < r->n; i++)
    if (!(r->what[i]->needs & LN_OF_MAP)) return false;
  return true;
}

static bool only_modes(const run *r) {
  return r->recording.n == 1 && !strcmp(r->recording.what[0]->name, "modes") && r->probe.of_reduced->in_modes;
}

static ln_status follow(ln_context *cx, const ln_solution *solution, run *r, const ln_request *request) {
  if (!r->has_view) return ln_predict(cx, solution, r->net, r->task, request);
  return ln_map_view_follow(cx, &r->view, request->times, request->count, only_modes(r), request->output,
                            request->ud);
}

/* evaluate(name, net, { task=, times=, record=, test=, tolerance=, weight_decay= }): the run that the solution gives */
static int evaluate(lua_State *L) {
  static const char *const names[] = {"task", "times",     "record",       "ntk_examples",
                                      "test", "tolerance", "weight_decay", NULL};
  const ln_solution *solution = check_solution(L, 1);
  lua_settop(L, 3);
  options o = options_read(L, 3, call, names);
  ln_context *cx = context_of(L);
  run r = read_run(&o, 2);
  double tolerance = read_tolerance(&o, r.net);
  r.decay = option_nonnegative_or(&o, "weight_decay", 0);
  ln_matrix asked = push_rising_times(&o, true);
  push_run_records(&r, asked.rows);
  r.predicts = true;
  r.evaluations = solution->has_plan ? FLOW_EVALUATIONS : 0;
  r.wants_view = solution->has_map && of_map(&r.recording);
  prepare_run(&r, NULL);
  ln_request request = {.times = asked.data,
                        .count = asked.rows,
                        .weight_decay = r.decay,
                        .tolerance = tolerance,
                        .any_rotation = !(r.recording.needs & LN_NEEDS_ROTATION),
                        .plan = &r.plan,
                        .theta = r.theta,
                        .output = record_next,
                        .ud = &r};
  ln_status status = follow(begin_callbacks(L), solution, &r, &request);
  if (status == LN_EMEMORY &&
      (!r.done || !solution->has_plan)) { /* a closed form can begin anew: collect first */
    lua_gc(L, LUA_GCCOLLECT, 0);
    status = follow(begin_callbacks(L), solution, &r, &request);
  }
  end_callbacks(cx);
  empty_box(r.box);
  describe_decay(&r);
  push_run(&r);
  if (solution->exact || solution->approximate)
    lua_pushfstring(L, "closed form%s: %s%s", solution->approximate ? ", approximate" : "", solution->name,
                    r.details);
  else
    lua_pushfstring(L, "integrated to a relative tolerance of %f; %s%s", tolerance, r.plan.description,
                    r.details);
  lua_setfield(L, -2, "plan");
  if (status != LN_OK) raise_with_run(L, r.call, status);
  return 1;
}

int luaopen_predict_core(lua_State *L) {
  static const luaL_Reg functions[] = {{"read_predict", read_predict},
                                       {"describe", describe_solution},
                                       {"measure", measure},
                                       {"evaluate", evaluate},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_pushnumber(L, LN_EXACT);
  lua_setfield(L, -2, "rounding");
  lua_newtable(L); /* the built-in solutions, strongest first */
  for (size_t i = 0; ln_solutions[i].name; i++) {
    lua_pushstring(L, ln_solutions[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "solutions");
  return 1;
}
