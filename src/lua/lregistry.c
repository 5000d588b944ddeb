#include "lua/lregistry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lua/callback.h"
#include "lua/lnetwork.h"

static const char own_keys[] = {OWN_ACTIVATION, OWN_INIT, OWN_OBSERVABLE}; /* their addresses are the keys */

/* ---- names ---- */

/* Pushes the table name -> entry of a kind. */
static void push_entries(lua_State *L, enum own_kind kind) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &own_keys[kind]) != LUA_TNIL) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &own_keys[kind]);
}

bool push_own(lua_State *L, enum own_kind kind, const char *name) {
  push_entries(L, kind);
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  return !lua_isnil(L, -1);
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *push_known_names(lua_State *L, enum own_kind kind, const char *const built_in[]) {
  size_t count = 0, own = 0;
  while (built_in[count]) count++;
  push_entries(L, kind);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) own++;
  const char **names = lua_newuserdatauv(L, (count + own + 1) * sizeof *names, 1);
  memcpy(names, built_in, count * sizeof *names);
  size_t n = count;
  for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) names[n++] = lua_tostring(L, -2);
  names[n] = NULL;
  qsort(names + count, n - count, sizeof *names, compare_names);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, 1); /* which keeps the strings */
  return names;
}

/* ---- activations ---- */

/* A userdata with user values f, df and the name. */
typedef struct own_activation {
  ln_activation activation; /* the first field: what the numerics know */
} own_activation;
enum { VALUE_F = 1, VALUE_DF, VALUE_NAME };

/* One call of f or df on n numbers. */
typedef struct application {
  own_activation *of;
  int which; /* VALUE_F or VALUE_DF */
  const double *x;
  double *out; /* may be x */
  size_t n;
} application;

/* Called in protected mode. */
static int apply_function(lua_State *L) {
  const application *a = lua_touserdata(L, 1);
  push_findable(L, a->of);
  lua_getiuservalue(L, -1, a->which);
  ln_matrix X = push_matrix(L, a->n, 1);
  memcpy(X.data, a->x, a->n * sizeof *a->x);
  lua_call(L, 1, 1);
  const char *function = a->which == VALUE_F ? "f" : "df";
  const ln_matrix *Y = test_matrix(L, -1);
  if (!Y || Y->rows != a->n || Y->cols != 1) {
    lua_pushfstring(L, "%s must return a %Ix1 matrix, as it was given, and it returned %s", function,
                    (LUAI_UACINT)a->n, describe(L, -1));
    return lua_error(L);
  }
  for (size_t i = 0; i < a->n; i++) {
    if (!isnan(Y->data[i]) || !isfinite(a->x[i])) continue;
    lua_pushfstring(L, "%s gives NaN at %f", function, a->x[i]);
    return lua_error(L);
  }
  memcpy(a->out, Y->data, a->n * sizeof *a->out);
  return 0;
}

static ln_status apply_own(ln_context *cx, void *ud, int which, const double *x, double *out, size_t n) {
  own_activation *own = ud;
  application a = {own, which, x, out, n};
  return n ? call_lua(cx, apply_function, &a, "activation", own->activation.name) : LN_OK;
}

static ln_status own_f(ln_context *cx, void *ud, const double *x, double *y, size_t n) {
  return apply_own(cx, ud, VALUE_F, x, y, n);
}

static ln_status own_df(ln_context *cx, void *ud, const double *x, const double *y, double *d, size_t n) {
  (void)y;
  return apply_own(cx, ud, VALUE_DF, x, d, n);
}

const ln_activation *find_activation(lua_State *L, const char *name) {
  const ln_activation *found = ln_find_activation(name);
  if (found) return found;
  const own_activation *own = push_own(L, OWN_ACTIVATION, name) ? lua_touserdata(L, -1) : NULL;
  lua_pop(L, 1);
  return own ? &own->activation : NULL;
}

const char *const *push_activation_names(lua_State *L) {
  const char *names[32] = {0};
  for (size_t i = 0; ln_activations[i].name && i < 31; i++) names[i] = ln_activations[i].name;
  return push_known_names(L, OWN_ACTIVATION, names);
}

void push_keeper(lua_State *L, const ln_activation *activation) {
  if (activation->ud)
    push_findable(L, activation->ud);
  else
    lua_pushnil(L);
}

/* (name, f, df, kinked) */
static void push_activation(lua_State *L) {
  own_activation *own = lua_newuserdatauv(L, sizeof *own, 3);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, -2, VALUE_F);
  lua_pushvalue(L, 4);
  lua_setiuservalue(L, -2, VALUE_DF);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, VALUE_NAME);
  own->activation = (ln_activation){.name = lua_tostring(L, 2),
                                    .f = own_f,
                                    .df = own_df,
                                    .ud = own,
                                    .kinked = lua_toboolean(L, 5),
                                    .shape = LN_SHAPE_OTHER};
  make_findable(L, -1);
}

/* ---- for registry.lua, which has checked everything ---- */

/* set("activation", name, f, df, kinked), set("init" | "observable", name, f); f = nil takes it away. */
static int set(lua_State *L) {
  static const char *const kinds[] = {"activation", "init", "observable", NULL};
  enum own_kind kind = (enum own_kind)luaL_checkoption(L, 1, NULL, kinds);
  luaL_checkstring(L, 2);
  lua_settop(L, 5);
  push_entries(L, kind);
  lua_pushvalue(L, 2);
  if (kind == OWN_ACTIVATION && !lua_isnil(L, 3))
    push_activation(L);
  else
    lua_pushvalue(L, 3);
  lua_rawset(L, -3);
  return 0;
}

/* apply(name, X, slope): a built-in's f(X) or f'(X) */
static int apply(lua_State *L) {
  const ln_activation *activation = ln_find_activation(luaL_checkstring(L, 1));
  bool slope = lua_toboolean(L, 3);
  lua_pushfstring(L, "network.activations.%s.%s", lua_tostring(L, 1), slope ? "df" : "f");
  const char *call = lua_tostring(L, -1);
  ln_matrix X = convert_matrix(L, 2, call, "X"), x = push_matrix(L, X.rows, X.cols),
            y = push_matrix(L, X.rows, X.cols);
  ln_context *cx = context_of(L);
  size_t n = X.rows * X.cols;
  ln_copy(X, x);
  check(L, call, activation->f(cx, activation->ud, x.data, y.data, n));
  if (slope) check(L, call, activation->df(cx, activation->ud, x.data, y.data, y.data, n));
  return 1;
}

void add_registry(lua_State *L) {
  static const luaL_Reg functions[] = {{"set", set}, {"apply", apply}, {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_newtable(L); /* the built-in activations: name = { doc=, kinked= } */
  for (const ln_activation *a = ln_activations; a->name; a++) {
    lua_createtable(L, 0, 2);
    lua_pushstring(L, a->doc);
    lua_setfield(L, -2, "doc");
    lua_pushboolean(L, a->kinked);
    lua_setfield(L, -2, "kinked");
    lua_setfield(L, -2, a->name);
  }
  lua_setfield(L, -2, "activations");
  push_init_docs(L);
  lua_setfield(L, -2, "inits");
  lua_setfield(L, -2, "own");
}
