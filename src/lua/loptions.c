/* linnet.options: arguments read as the bindings in C read them, for the modules that are written in Lua.
 *
 *     local options = require "linnet.options"
 *     local o = options.read(given, "plot.new", { title = "string", x = { "linear", "log" }, bins = "count!" })
 *
 * read(given, call, kinds)     a new table of the options that were given, each checked; kinds says which there are and
 *                              what each must be: a kind of the list below, with "!" behind it if it is required, or a list
 *                              of the words that are allowed; given = nil: no options
 * columns(value, call, what)   a number, a list, a list of rows or a matrix, as a list of its columns (lists of numbers, NaN
 *                              and infinities as they are), and the numbers of rows and columns
 * describe(value)              what came, for messages: "a 3x4 matrix", "the string 'fast'", "nil"
 * check_self(self, metatable, kind, call)   raises unless self has this metatable: a method was called with a dot
 * fail(call, message)          raises "file:line: call: message" with the line of the user's code */
#include "lua/modules.h"
#include "lua/options.h"

#include <stdlib.h>
#include <string.h>

/* ---- kinds ---- */

static void push_any(const options *o, const char *name) { option_push(o, name); }
static void push_string(const options *o, const char *name) {
  option_string(o, name);
  option_push(o, name); /* as it is: it may hold zero bytes */
}
static void push_flag(const options *o, const char *name) {
  lua_pushboolean(o->L, option_flag_or(o, name, false));
}
static void push_number(const options *o, const char *name) { lua_pushnumber(o->L, option_number(o, name)); }
static void push_positive(const options *o, const char *name) {
  lua_pushnumber(o->L, option_positive(o, name));
}
static void push_nonnegative(const options *o, const char *name) {
  lua_pushnumber(o->L, option_nonnegative(o, name));
}
static void push_integer(const options *o, const char *name) {
  lua_pushinteger(o->L, option_integer(o, name, LUA_MININTEGER, LUA_MAXINTEGER));
}
static void push_count(const options *o, const char *name) {
  lua_pushinteger(o->L, option_integer(o, name, 1, LUA_MAXINTEGER));
}
static void push_table(const options *o, const char *name) {
  if (option_push(o, name) != LUA_TTABLE) option_fail(o, name, "must be a table, got %s", describe(o->L, -1));
}
static void push_matrix_of(const options *o, const char *name) { option_matrix(o, name); }
static void push_numbers(const options *o, const char *name) { option_vector(o, name); }

static const struct kind {
  const char *name;
  void (*push)(const options *o, const char *name); /* the checked value, on top of the stack */
} kinds[] = {
    {"any", push_any},
    {"string", push_string},
    {"flag", push_flag},
    {"number", push_number},
    {"positive", push_positive},
    {"nonnegative", push_nonnegative},
    {"integer", push_integer},
    {"count", push_count}, /* a whole number >= 1 */
    {"function", option_function},
    {"table", push_table},
    {"matrix", push_matrix_of},
    {"numbers", push_numbers}, /* a vector, as a column */
    {NULL, NULL},
};

/* ---- read ---- */

static int compare_strings(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Pushes a block with the table's names, in their order, and a null pointer. The table keeps the strings. */
static const char **push_names(lua_State *L, int table) {
  size_t count = 0, n = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) count++;
  const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "linnet.options: names of options are strings");
    names[n++] = lua_tostring(L, -2);
  }
  names[n] = NULL;
  qsort(names, n, sizeof *names, compare_strings);
  return names;
}

/* Pushes the option's value, which must be one of the words in the list on top of the stack. */
static void push_choice(const options *o, const char *name) {
  lua_State *L = o->L;
  size_t count = lua_rawlen(L, -1);
  const char **words = lua_newuserdatauv(L, (count + 1) * sizeof *words, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    words[i] = luaL_checkstring(L, -1);
    lua_pop(L, 1);
  }
  words[count] = NULL;
  lua_pushstring(L, words[option_choice(o, name, words)]);
}

static void push_checked(const options *o, const char *name, const char *kind, bool required) {
  size_t length = strlen(kind) - required;
  for (const struct kind *k = kinds; k->name; k++)
    if (strlen(k->name) == length && !strncmp(k->name, kind, length)) {
      k->push(o, name);
      return;
    }
  luaL_error(o->L, "linnet.options: '%s' is no kind of option", kind);
}

static int options_read_table(lua_State *L) {
  const char *call = luaL_checkstring(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  const char **names = push_names(L, 3);
  options o = options_read_optional(L, 1, call, names);
  lua_newtable(L);
  int result = lua_gettop(L);
  for (; *names; names++) {
    lua_getfield(L, 3, *names);
    const char *kind = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    bool required = kind && *kind && kind[strlen(kind) - 1] == '!';
    if (required && !option_given(&o, *names)) option_fail(&o, *names, "is needed");
    if (option_given(&o, *names)) {
      if (kind)
        push_checked(&o, *names, kind, required);
      else
        push_choice(&o, *names);
      lua_setfield(L, result, *names);
    }
    lua_settop(L, result);
  }
  return 1;
}

/* ---- arguments that are not options ---- */

static int options_columns(lua_State *L) {
  const char *call = luaL_checkstring(L, 2), *what = luaL_checkstring(L, 3);
  ln_matrix A = convert_matrix(L, 1, call, what);
  lua_createtable(L, (int)A.cols, 0);
  for (size_t j = 0; j < A.cols; j++) {
    lua_createtable(L, (int)A.rows, 0);
    for (size_t i = 0; i < A.rows; i++) {
      lua_pushnumber(L, LN_AT(A, i, j));
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_rawseti(L, -2, (lua_Integer)j + 1);
  }
  lua_pushinteger(L, (lua_Integer)A.rows);
  lua_pushinteger(L, (lua_Integer)A.cols);
  return 3;
}

static int options_describe(lua_State *L) {
  describe(L, 1);
  return 1;
}

static int options_check_self(lua_State *L) {
  if (!lua_getmetatable(L, 1) || !lua_rawequal(L, -1, 2))
    fail_self(L, luaL_checkstring(L, 4), luaL_checkstring(L, 3));
  return 0;
}

static int options_fail(lua_State *L) { fail(L, luaL_checkstring(L, 1), "%s", luaL_checkstring(L, 2)); }

int luaopen_options(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"read", options_read_table},       {"columns", options_columns}, {"describe", options_describe},
      {"check_self", options_check_self}, {"fail", options_fail},       {NULL, NULL},
  };
  luaL_newlib(L, functions);
  return 1;
}
