/* Limiting spectra as Lua values.
 *
 * law:density(x)  law:cdf(x)  law:quantile(p)  law:moment(k)     in the shape of the argument
 * law:resolvent(kappa)  law:resolvent_square(kappa)  law:R(u)  law:S(u)
 * law:stieltjes(re, im) -> re, im                                the mean of 1/(lambda - z)
 * law:curve(points)     -> x, density                            for a plot
 * law:rule { t= | nodes= } -> x, w                               quadrature, by Marchenko and Pastur's law alone
 * law:distance(values)  -> distance, where                       Kolmogorov's, from a sample
 * law.name  law.lower  law.upper  law.edges  law.atoms           upper: of the continuous part
 */
#include "lua/lspectrum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/options.h"

#define CURVE_POINTS 400
#define SAME_PLACE 1e-13 /* of the largest: how far rounding takes an eigenvalue from an atom */

typedef struct spectrum {
  const char *name;
  ln_spectrum law;
} spectrum;

static void push_spectrum_type(lua_State *L);

ln_spectrum *push_spectrum(lua_State *L, const char *name, size_t room) {
  spectrum *s = lua_newuserdatauv(L, sizeof *s, 1);
  *s = (spectrum){.name = name};
  push_spectrum_type(L);
  lua_setmetatable(L, -2);
  const size_t words = sizeof(ln_interval) / sizeof(double);
  double *block = push_matrix(L, 2 * room + words * (room + 1), 1).data;
  s->law.value = block, s->law.weight = block + room, s->law.room = room;
  s->law.intervals = (ln_interval *)(void *)(block + 2 * room);
  lua_setiuservalue(L, -2, 1);
  return &s->law;
}

static const spectrum *self(lua_State *L, const char *name) {
  const spectrum *s = luaL_testudata(L, 1, SPECTRUM_TYPE);
  if (!s) fail_self(L, name, "a spectrum");
  return s;
}

/* ---- functions of one number ---- */

typedef ln_status (*answer_all)(ln_context *cx, const ln_spectrum *law, const double *x, size_t n, double *y);

static int answer(lua_State *L, const char *name, const char *what, double low, double high, answer_all f) {
  const spectrum *s = self(L, name);
  times x = argument_numbers(L, 2, name, what);
  for (size_t i = 0; i < x.n; i++)
    if (!(x.data[i] >= low && x.data[i] <= high)) {
      if (isinf(high)) fail(L, name, "%s must be >= %g; number %zu is %.14g", what, low, i + 1, x.data[i]);
      fail(L, name, "%s must lie between %g and %g; number %zu is %.14g", what, low, high, i + 1, x.data[i]);
    }
  double *y = push_like_times(L, &x);
  check(L, name, f(context_of(L), &s->law, x.data, x.n, y));
  return pop_like_times(L, &x);
}

static int density(lua_State *L) {
  return answer(L, "law:density", "x", -INFINITY, INFINITY, ln_spectrum_density);
}
static int cdf(lua_State *L) { return answer(L, "law:cdf", "x", -INFINITY, INFINITY, ln_spectrum_cdf); }
static int quantile(lua_State *L) { return answer(L, "law:quantile", "p", 0, 1, ln_spectrum_quantile); }

static ln_status all_resolvents(ln_context *cx, const ln_spectrum *law, const double *x, size_t n,
                                double *y) {
  ln_status status = LN_OK;
  for (size_t i = 0; i < n && status == LN_OK; i++)
    status = ln_spectrum_resolvent(cx, law, x[i], &y[i], &(double){0});
  return status;
}
static ln_status all_squares(ln_context *cx, const ln_spectrum *law, const double *x, size_t n, double *y) {
  ln_status status = LN_OK;
  for (size_t i = 0; i < n && status == LN_OK; i++)
    status = ln_spectrum_resolvent(cx, law, x[i], &(double){0}, &y[i]);
  return status;
}
static ln_status all_R(ln_context *cx, const ln_spectrum *law, const double *x, size_t n, double *y) {
  ln_status status = LN_OK;
  for (size_t i = 0; i < n && status == LN_OK; i++) status = ln_spectrum_R(cx, law, x[i], &y[i]);
  return status;
}
static ln_status all_S(ln_context *cx, const ln_spectrum *law, const double *x, size_t n, double *y) {
  ln_status status = LN_OK;
  for (size_t i = 0; i < n && status == LN_OK; i++) status = ln_spectrum_S(cx, law, x[i], &y[i]);
  return status;
}
static const double largest = 1.7976931348623157e308;
static int resolvent(lua_State *L) { return answer(L, "law:resolvent", "kappa", 0, largest, all_resolvents); }
static int resolvent_square(lua_State *L) {
  return answer(L, "law:resolvent_square", "kappa", 0, largest, all_squares);
}
static int R_transform(lua_State *L) { return answer(L, "law:R", "u", -largest, largest, all_R); }
static int S_transform(lua_State *L) { return answer(L, "law:S", "u", -largest, largest, all_S); }

static ln_status all_moments(ln_context *cx, const ln_spectrum *law, const double *k, size_t n, double *y) {
  for (size_t i = 0; i < n; i++) {
    if (k[i] != floor(k[i]))
      return ln_fail(cx, LN_EARG, "k must be whole numbers; number %zu is %.14g", i + 1, k[i]);
    ln_status status = ln_spectrum_moment(cx, law, (unsigned)k[i], &y[i]);
    if (status != LN_OK) return status;
  }
  return LN_OK;
}
static int moment(lua_State *L) { return answer(L, "law:moment", "k", 0, 1000, all_moments); }

static int stieltjes(lua_State *L) {
  const char *name = "law:stieltjes";
  const spectrum *s = self(L, name);
  double re = check_number(L, 2, name, "re"), im = lua_isnoneornil(L, 3) ? 0 : check_number(L, 3, name, "im");
  double complex m = 0;
  check(L, name, ln_spectrum_stieltjes(context_of(L), &s->law, CMPLX(re, im), &m));
  lua_pushnumber(L, creal(m));
  lua_pushnumber(L, cimag(m));
  return 2;
}

/* ---- for plots and samples ---- */

/* Places crowd at the edges, where the density turns steeply; where it is infinite the edge itself is left out. */
static int curve(lua_State *L) {
  const char *name = "law:curve";
  const spectrum *s = self(L, name);
  size_t points = CURVE_POINTS, count = s->law.interval_count;
  if (!lua_isnoneornil(L, 2)) points = (size_t)check_integer(L, 2, name, "points", 2, 1000000);
  ln_matrix x = push_matrix(L, points * count, 1), y = push_matrix(L, points * count, 1);
  for (size_t i = 0; i < count; i++) {
    const ln_interval *interval = &s->law.intervals[i];
    bool hard = interval->lower == 0;
    for (size_t k = 0; k < points; k++) {
      double part = ((double)k + (hard ? 1 : 0)) / (double)(points - (hard ? 0 : 1));
      double half = sin(part * acos(-1) / 2);
      x.data[i * points + k] = k + 1 == points
                                   ? interval->upper
                                   : interval->lower + (interval->upper - interval->lower) * half * half;
    }
  }
  check(L, name, ln_spectrum_density(context_of(L), &s->law, x.data, x.rows, y.data));
  return 2;
}

static int rule(lua_State *L) {
  static const char *const names[] = {"nodes", "t", "positive", NULL};
  const spectrum *s = self(L, "law:rule");
  options o = options_read(L, 2, "law:rule", names);
  const ln_marchenko_pastur *white = &s->law.white;
  if (s->law.kind != LN_LAW_MARCHENKO_PASTUR)
    fail(L, o.call, "is for the Marchenko-Pastur law; this is %s", s->name);
  option_exclusive(&o, "nodes", "t");
  bool positive = option_flag_or(&o, "positive", false);
  double n;
  if (option_given(&o, "nodes")) {
    n = (double)option_integer(&o, "nodes", 1, 10000000);
  } else {
    double t = option_nonnegative(&o, "t") * s->law.scale;
    n = 24 + 9 * sqrt(white->root * t); /* so many, before they are counted in whole numbers */
    if (!(n <= 1e7)) option_fail(&o, "t", "= %g needs more than 1e7 nodes", t);
    size_t apart = positive ? ln_marchenko_pastur_nodes_apart(white, t) : 0;
    n = (double)(apart ? apart : ln_marchenko_pastur_nodes(white, t));
  }
  ln_matrix x = push_matrix(L, (size_t)n, 1), w = push_matrix(L, (size_t)n, 1);
  ln_marchenko_pastur_rule(white, x.rows, x.data, w.data);
  for (size_t i = 0; i < x.rows; i++) x.data[i] *= s->law.scale, w.data[i] *= s->law.scale;
  return 2;
}

static int compare_numbers(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int distance(lua_State *L) {
  const char *name = "law:distance";
  const spectrum *s = self(L, name);
  times given = argument_numbers(L, 2, name, "values");
  if (given.n == 0) fail(L, name, "values must hold a number or more");
  for (size_t i = 0; i < given.n; i++)
    if (isinf(given.data[i])) fail(L, name, "values must be finite; number %zu is %g", i + 1, given.data[i]);
  ln_matrix sample = push_column(L, given.data, given.n);
  qsort(sample.data, sample.rows, sizeof(double), compare_numbers);
  double reach = SAME_PLACE * fmax(fabs(sample.data[0]), fabs(sample.data[sample.rows - 1])), most = 0,
         at = 0;
  check(L, name, ln_spectrum_distance(context_of(L), &s->law, sample.data, sample.rows, reach, &most, &at));
  lua_pushnumber(L, most);
  lua_pushnumber(L, at);
  return 2;
}

/* ---- fields ---- */

static void push_edges(lua_State *L, const ln_spectrum *law) {
  ln_matrix edges = push_matrix(L, law->interval_count, 2);
  for (size_t i = 0; i < law->interval_count; i++)
    edges.data[i] = law->intervals[i].lower, edges.data[i + edges.ld] = law->intervals[i].upper;
}

static void push_atoms(lua_State *L, const ln_spectrum *law) {
  lua_createtable(L, (int)law->atom_count, 0);
  for (size_t a = 0; a < law->atom_count; a++) {
    lua_createtable(L, 0, 2);
    lua_pushnumber(L, law->atoms[a].place);
    lua_setfield(L, -2, "place");
    lua_pushnumber(L, law->atoms[a].mass);
    lua_setfield(L, -2, "mass");
    lua_rawseti(L, -2, (lua_Integer)a + 1);
  }
}

static int index_spectrum(lua_State *L) {
  const spectrum *s = lua_touserdata(L, 1);
  const ln_spectrum *law = &s->law;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  static const char *const fields[] = {"name", "lower", "upper", "edges", "atoms", NULL};
  if (!strcmp(key, "name"))
    lua_pushstring(L, s->name);
  else if (!strcmp(key, "edges"))
    push_edges(L, law);
  else if (!strcmp(key, "atoms"))
    push_atoms(L, law);
  else if (!strcmp(key, "lower") || !strcmp(key, "upper")) {
    if (law->interval_count == 0) return lua_pushnil(L), 1; /* atoms alone */
    lua_pushnumber(L,
                   key[0] == 'l' ? law->intervals[0].lower : law->intervals[law->interval_count - 1].upper);
  } else {
    const char *likely = nearest(key, fields);
    fail(L, "law", likely ? "a spectrum has no '%s'; did you mean '%s'?" : "a spectrum has no '%s'", key,
         likely);
  }
  return 1;
}

static int print_spectrum(lua_State *L) {
  const spectrum *s = self(L, "tostring");
  luaL_Buffer text;
  char part[80];
  luaL_buffinit(L, &text);
  luaL_addstring(&text, s->name);
  for (size_t i = 0; i < s->law.interval_count; i++) {
    snprintf(part, sizeof part, "%s %.6g .. %.6g", i ? "," : ":", s->law.intervals[i].lower,
             s->law.intervals[i].upper);
    luaL_addstring(&text, part);
  }
  for (size_t a = 0; a < s->law.atom_count; a++) {
    snprintf(part, sizeof part, "; atom of %.6g at %.6g", s->law.atoms[a].mass, s->law.atoms[a].place);
    luaL_addstring(&text, part);
  }
  luaL_pushresult(&text);
  return 1;
}

static void push_spectrum_type(lua_State *L) {
  static const luaL_Reg methods[] = {{"density", density},
                                     {"cdf", cdf},
                                     {"quantile", quantile},
                                     {"moment", moment},
                                     {"resolvent", resolvent},
                                     {"resolvent_square", resolvent_square},
                                     {"R", R_transform},
                                     {"S", S_transform},
                                     {"stieltjes", stieltjes},
                                     {"curve", curve},
                                     {"rule", rule},
                                     {"distance", distance},
                                     {NULL, NULL}};
  if (!luaL_newmetatable(L, SPECTRUM_TYPE)) return;
  luaL_newlib(L, methods);
  lua_pushcclosure(L, index_spectrum, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, print_spectrum);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, SPECTRUM_TYPE);
  lua_setfield(L, -2, "__metatable");
}
