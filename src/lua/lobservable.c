#include "lua/lobservable.h"

#include <stdio.h>
#include <string.h>

#include "lua/callback.h"
#include "lua/lregistry.h"

/* A userdata with these user values. The network is a copy, into which each record's parameters go. */
enum { VALUE_FUNCTION = 1, VALUE_NET, VALUE_TASK, VALUE_NAME };

typedef struct question {
  const ln_hosted_observable *of;
  const double *theta;
  double *out;
} question;

/* Calls the function of the observable at `index` with its network and task: pushes the matrix that it answers. */
static ln_matrix ask(lua_State *L, int index, const char *call) {
  char what[80];
  for (int value = VALUE_FUNCTION; value <= VALUE_TASK; value++) lua_getiuservalue(L, index, value);
  lua_getiuservalue(L, index, VALUE_NAME);
  snprintf(what, sizeof what, "what observable '%.40s' returns", lua_tostring(L, -1));
  lua_pop(L, 1);
  lua_call(L, 2, 1);
  return convert_matrix(L, -1, call, what);
}

/* Called in protected mode. */
static int answer(lua_State *L) {
  const question *q = lua_touserdata(L, 1);
  const ln_hosted_observable *o = q->of;
  push_findable(L, o);
  int own = lua_gettop(L);
  lua_getiuservalue(L, own, VALUE_NET);
  const ln_net *net = check_net(L, -1, "observable", "its network");
  memcpy(net->parameters, q->theta, net->count * sizeof *q->theta);
  ln_matrix A = ask(L, own, "observable");
  bool fits = A.rows == o->rows && A.cols == o->cols;
  if (o->observable.kind == LN_CURVES) fits = A.rows * A.cols == o->cols && (A.rows == 1 || A.cols == 1);
  if (!fits) {
    lua_pushfstring(L, "it returned %s, and a %Ix%I matrix at the start", describe(L, -1),
                    (LUAI_UACINT)o->rows, (LUAI_UACINT)o->cols);
    return lua_error(L);
  }
  ln_copy(A, ln_window(q->out, A.rows, A.cols));
  return 0;
}

static ln_status ask_protected(ln_context *cx, const ln_hosted_observable *self, const double *theta,
                               double *out) {
  question q = {self, theta, out};
  return call_lua(cx, answer, &q, "observable", self->observable.name);
}

const ln_observable *push_own_observable(lua_State *L, const char *name, int net, int task,
                                         const char *call) {
  int top = lua_gettop(L);
  if (!push_own(L, OWN_OBSERVABLE, name)) return lua_settop(L, top), NULL;
  ln_hosted_observable *own = lua_newuserdatauv(L, sizeof *own, 4);
  *own = (ln_hosted_observable){.observable.needs = LN_NEEDS_ROTATION, .ask = ask_protected};
  lua_insert(L, -2);
  lua_setiuservalue(L, top + 1, VALUE_FUNCTION);
  push_net_copy(L, net);
  lua_setiuservalue(L, top + 1, VALUE_NET);
  lua_pushvalue(L, task);
  lua_setiuservalue(L, top + 1, VALUE_TASK);
  own->observable.name = lua_pushstring(L, name);
  lua_setiuservalue(L, top + 1, VALUE_NAME);
  make_findable(L, top + 1);

  ln_matrix A = ask(L, top + 1, call);
  if (!A.rows || !A.cols)
    fail(L, call, "observable '%s' returned %s: there is nothing to record", name, describe(L, -1));
  bool is_vector = A.rows == 1 || A.cols == 1;
  own->observable.kind = is_vector ? LN_CURVES : LN_RECTANGLE;
  own->rows = is_vector ? 1 : A.rows;
  own->cols = is_vector ? A.rows * A.cols : A.cols;
  lua_settop(L, top + 1);
  return &own->observable;
}
