/* The functions of string and table that can run for minutes without a look at anything: in watched states they are
 * replaced by ones that look. Elsewhere Lua's own run. */
#include "host/pattern.h"

#include <lualib.h>
#include <string.h>

#define PIECE 100000 /* elements between two looks */

/* Lua's own function, upvalue 1, in the frame of the one that replaces it. */
static int lua_own(lua_State *L) { return lua_tocfunction(L, lua_upvalueindex(1))(L); }

static bool is_watched(lua_State *L) { return watched(linnet_of(L)); }

/* ---- string: find, match, gmatch, gsub, rep ---- */

/* The place in the text that `init`, argument i, means: from 0, perhaps behind the end. */
static size_t first_place(lua_State *L, int i, size_t size) {
  lua_Integer init = luaL_optinteger(L, i, 1);
  if (init > 0) return (size_t)init - 1;
  if (init == 0 || init < -(lua_Integer)size) return 0;
  return size - (size_t)-init;
}

static bool is_plain(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (text[i] && strchr("^$*+?.([%-", text[i])) return false;
  return true;
}

static int nothing_found(lua_State *L) {
  luaL_pushfail(L);
  return 1;
}

static int search(lua_State *L, bool find) {
  size_t text_size, size;
  const char *text = luaL_checklstring(L, 1, &text_size), *p = luaL_checklstring(L, 2, &size);
  size_t first = first_place(L, 3, text_size);
  if (first > text_size) return nothing_found(L);
  if (find && (lua_toboolean(L, 4) || is_plain(p, size))) {
    const char *at = memmem(text + first, text_size - first, p, size); /* in linear time */
    if (!at) return nothing_found(L);
    lua_pushinteger(L, at - text + 1);
    lua_pushinteger(L, at - text + (ptrdiff_t)size);
    return 2;
  }
  bool anchored = *p == '^';
  pattern m = pattern_of(L, text, text_size, p + anchored, size - anchored);
  for (const char *from = text + first; from <= m.text_end; from++) {
    const char *to = pattern_match(&m, from);
    if (to && !find) return push_captures(&m, from, to);
    if (to) {
      lua_pushinteger(L, from - text + 1);
      lua_pushinteger(L, to - text);
      return 2 + push_captures(&m, NULL, NULL);
    }
    if (anchored) break;
  }
  return nothing_found(L);
}

static int string_find(lua_State *L) { return is_watched(L) ? search(L, true) : lua_own(L); }
static int string_match(lua_State *L) { return is_watched(L) ? search(L, false) : lua_own(L); }

/* What gmatch goes on from; its user values are the text and the pattern. */
typedef struct walk {
  pattern m;
  const char *next, *last; /* where to look; where the last match ended */
} walk;

static int next_match(lua_State *L) {
  walk *w = lua_touserdata(L, lua_upvalueindex(1));
  w->m.L = L;
  for (; w->next <= w->m.text_end; w->next++) {
    const char *from = w->next, *to = pattern_match(&w->m, from);
    if (!to || to == w->last) continue;
    w->next = w->last = to;
    return push_captures(&w->m, from, to);
  }
  return 0;
}

static int string_gmatch(lua_State *L) {
  if (!is_watched(L)) return lua_own(L);
  size_t text_size, size;
  const char *text = luaL_checklstring(L, 1, &text_size), *p = luaL_checklstring(L, 2, &size);
  size_t first = first_place(L, 3, text_size);
  lua_settop(L, 2);
  walk *w = lua_newuserdatauv(L, sizeof *w, 2);
  *w = (walk){.m = pattern_of(L, text, text_size, p, size),
              .next = first > text_size ? text + text_size + 1 : text + first};
  for (int i = 1; i <= 2; i++) {
    lua_pushvalue(L, i);
    lua_setiuservalue(L, 3, i);
  }
  lua_pushcclosure(L, next_match, 1);
  return 1;
}

/* The replacement text, argument 3, with its %0 to %9 filled in. */
static void add_text(pattern *m, luaL_Buffer *out, const char *from, const char *to) {
  size_t size;
  lua_State *L = m->L;
  const char *text = lua_tolstring(L, 3, &size), *end = text + size;
  for (;;) {
    const char *escape = memchr(text, '%', (size_t)(end - text));
    luaL_addlstring(out, text, (size_t)((escape ? escape : end) - text));
    if (!escape) return;
    char c = escape[1];
    text = escape + 2;
    if (c == '%') {
      luaL_addchar(out, '%');
    } else if (c == '0') {
      luaL_addlstring(out, from, (size_t)(to - from));
    } else if (c >= '1' && c <= '9') {
      push_capture(m, c - '1', from, to);
      luaL_tolstring(L, -1, NULL);
      lua_remove(L, -2);
      luaL_addvalue(out);
    } else {
      luaL_error(L, "invalid use of '%%' in replacement string");
    }
  }
}

/* Adds what stands for a match; whether it may differ from the match itself. */
static bool add_replacement(pattern *m, luaL_Buffer *out, const char *from, const char *to, int type) {
  lua_State *L = m->L;
  if (type != LUA_TFUNCTION && type != LUA_TTABLE) return add_text(m, out, from, to), true;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(m, from, to), 1);
  } else {
    push_capture(m, 0, from, to);
    lua_gettable(L, 3);
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    luaL_addlstring(out, from, (size_t)(to - from));
    return false;
  }
  if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  luaL_addvalue(out);
  return true;
}

static int string_gsub(lua_State *L) {
  if (!is_watched(L)) return lua_own(L);
  size_t text_size, size;
  const char *text = luaL_checklstring(L, 1, &text_size), *p = luaL_checklstring(L, 2, &size);
  int type = lua_type(L, 3);
  luaL_argexpected(L,
                   type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
                   3, "string/function/table");
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)text_size + 1), count = 0;
  bool anchored = *p == '^', changed = false;
  pattern m = pattern_of(L, text, text_size, p + anchored, size - anchored);
  const char *last = NULL;
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  while (count < most) {
    const char *to = pattern_match(&m, text);
    if (to && to != last) {
      count++;
      changed |= add_replacement(&m, &out, text, to, type);
      text = last = to;
    } else if (text < m.text_end) {
      luaL_addchar(&out, *text++);
    } else {
      break;
    }
    if (anchored) break;
  }
  if (changed) {
    luaL_addlstring(&out, text, (size_t)(m.text_end - text));
    luaL_pushresult(&out);
  } else {
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, count);
  return 2;
}

/* Nothing, repeated, is nothing; Lua's own function would repeat it. */
static int string_rep(lua_State *L) {
  size_t size = 1, between = 0;
  luaL_checklstring(L, 1, &size);
  luaL_checkinteger(L, 2);
  luaL_optlstring(L, 3, "", &between);
  if (size + between) return lua_own(L);
  lua_pushliteral(L, "");
  return 1;
}

/* ---- table: move, insert, remove, sort ----
 * The length of a table is bounded by memory, one that a metamethod gives is not. */

static bool invents_length(lua_State *L) {
  if (!is_watched(L) || lua_type(L, 1) != LUA_TTABLE || luaL_getmetafield(L, 1, "__len") == LUA_TNIL)
    return false;
  lua_pop(L, 1);
  return true;
}

/* list[to + i] = list[from + i] for i = 0 .. count - 1, or from the last on. */
static void shift(lua_State *L, lua_Integer from, lua_Integer to, lua_Unsigned count, bool backwards) {
  for (lua_Unsigned k = 0; k < count; k++) {
    lua_Integer i = (lua_Integer)(backwards ? count - 1 - k : k);
    if (k % PIECE == 0) raise_if_ending(L, linnet_of(L));
    lua_geti(L, 1, from + i);
    lua_seti(L, 1, to + i);
  }
}

static int table_insert(lua_State *L) {
  if (!invents_length(L) || lua_gettop(L) != 3) return lua_own(L);
  lua_Integer behind = (lua_Integer)((lua_Unsigned)luaL_len(L, 1) + 1), at = luaL_checkinteger(L, 2);
  luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)behind, 2, "position out of bounds");
  shift(L, at, at + 1, (lua_Unsigned)(behind - at), true);
  lua_seti(L, 1, at);
  return 0;
}

static int table_remove(lua_State *L) {
  if (!invents_length(L) || lua_isnoneornil(L, 2)) return lua_own(L);
  lua_Integer size = luaL_len(L, 1), at = luaL_checkinteger(L, 2);
  if (at != size) luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)size, 1, "position out of bounds");
  lua_geti(L, 1, at);
  if (at < size) shift(L, at + 1, at, (lua_Unsigned)(size - at), false);
  lua_pushnil(L);
  lua_seti(L, 1, at < size ? size : at);
  return 1;
}

static int table_sort(lua_State *L) {
  const lua_Integer most = 1000000;
  if (invents_length(L)) luaL_argcheck(L, luaL_len(L, 1) <= most, 1, "array too big");
  return lua_own(L);
}

/* In pieces, in the order in which Lua's own function goes. */
static int table_move(lua_State *L) {
  if (!is_watched(L) || lua_type(L, 1) != LUA_TTABLE) return lua_own(L);
  lua_Integer from = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
  int target = lua_isnoneornil(L, 5) ? 1 : 5;
  bool sizes = from > 0 || last < LUA_MAXINTEGER + from;
  if (last < from || !sizes || last - from < PIECE || to > LUA_MAXINTEGER - (last - from))
    return lua_own(L); /* quick, or an error */
  bool upwards = to > last || to <= from || (target != 1 && !lua_compare(L, 1, target, LUA_OPEQ));
  lua_Unsigned left = (lua_Unsigned)(last - from) + 1;
  for (lua_Unsigned done = 0, count; left; done += count, left -= count) {
    raise_if_ending(L, linnet_of(L));
    count = left < PIECE ? left : PIECE;
    lua_Integer offset = (lua_Integer)(upwards ? done : left - count);
    lua_pushcfunction(L, lua_tocfunction(L, lua_upvalueindex(1)));
    lua_pushvalue(L, 1);
    lua_pushinteger(L, from + offset);
    lua_pushinteger(L, from + offset + (lua_Integer)count - 1);
    lua_pushinteger(L, to + offset);
    lua_pushvalue(L, target);
    lua_call(L, 5, 0);
  }
  lua_pushvalue(L, target);
  return 1;
}

void replace_long_calls(lua_State *L) {
  static const struct {
    const char *library, *name;
    lua_CFunction function;
  } calls[] = {
      {LUA_STRLIBNAME, "find", string_find},     {LUA_STRLIBNAME, "match", string_match},
      {LUA_STRLIBNAME, "gmatch", string_gmatch}, {LUA_STRLIBNAME, "gsub", string_gsub},
      {LUA_STRLIBNAME, "rep", string_rep},       {LUA_TABLIBNAME, "insert", table_insert},
      {LUA_TABLIBNAME, "move", table_move},      {LUA_TABLIBNAME, "remove", table_remove},
      {LUA_TABLIBNAME, "sort", table_sort},
  };
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    lua_getglobal(L, calls[i].library);
    lua_getfield(L, -1, calls[i].name);
    lua_pushcclosure(L, calls[i].function, 1);
    lua_setfield(L, -2, calls[i].name);
    lua_pop(L, 1);
  }
}
