/* ldata_task.c: methods that ask a task something. */
#include "lua/ldata_parts.h"

#include <string.h>

/* The names of the list at the top as an array for nearest(), kept in a userdata that is pushed. A script can reach the
 * list, so it may hold anything by now. */
static const char *const *push_choices(lua_State *L) {
  size_t count = (size_t)lua_rawlen(L, -1);
  const char **choices = lua_newuserdatauv(L, (count + 1) * sizeof *choices, 0);
  for (size_t i = 0; i < count; i++) {
    choices[i] = lua_rawgeti(L, -2, (lua_Integer)i + 1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    lua_pop(L, 1); /* the list holds the string */
  }
  choices[count] = NULL;
  return choices;
}

/* "can fly" is one of "can_fly": a space and an underscore are the same. */
static bool same_name(const char *a, const char *b) {
  for (; *a || *b; a++, b++)
    if (*a != *b && !((*a == ' ' || *a == '_') && (*b == ' ' || *b == '_'))) return false;
  return true;
}

lua_Integer find_name(lua_State *L, int task, int index, const char *call, const char *list, size_t count) {
  index = lua_absindex(L, index);
  int top = lua_gettop(L);
  const char *one = !strcmp(list, "items") ? "item" : !strcmp(list, "features") ? "feature" : "class";
  if (lua_type(L, index) == LUA_TNUMBER) return check_integer(L, index, call, one, 1, (lua_Integer)count);
  if (lua_type(L, index) != LUA_TSTRING)
    fail(L, call, "%s must be a name or a number, got %s", one, describe(L, index));
  const char *name = lua_tostring(L, index);
  push_fields(L, task);
  if (lua_getfield(L, -1, list) != LUA_TTABLE)
    fail(L, call, "the %s of this task have no names; numbers from 1 to %zu name them", list, count);
  const char *const *choices = push_choices(L);
  for (lua_Integer i = 0; i < (lua_Integer)count && choices[i]; i++)
    if (same_name(choices[i], name)) return lua_settop(L, top), i + 1;
  const char *near = nearest(name, choices);
  if (near) fail(L, call, "there is no %s '%s'; did you mean '%s'?", one, name, near);
  fail(L, call, "there is no %s '%s'; the first of the %s is '%s'", one, name, list,
       choices[0] ? choices[0] : "");
}

static int task_item(lua_State *L) {
  const ln_task *task = task_self(L, "task:item");
  lua_pushinteger(L, find_name(L, 1, 2, "task:item", "items", task->examples));
  return 1;
}

static int task_feature(lua_State *L) {
  const ln_task *task = task_self(L, "task:feature");
  lua_pushinteger(L, find_name(L, 1, 2, "task:feature", "features", task->outputs));
  return 1;
}

static int task_svd(lua_State *L) {
  task_self(L, "task:svd");
  push_task_modes(L, 1, "task:svd");
  int first = lua_gettop(L) - 2;
  for (int i = 0; i < 3; i++) { /* copies: the task keeps its own */
    ln_matrix kept = *test_matrix(L, first + i), copy = push_matrix(L, kept.rows, kept.cols);
    ln_copy(kept, copy);
  }
  return 3;
}

const luaL_Reg task_methods[] = {
    {"item", task_item}, {"feature", task_feature}, {"svd", task_svd}, {NULL, NULL}};
