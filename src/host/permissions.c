/* What a state may do besides computing. The library functions that reach outside are replaced by gates, which look
 * at the state's capabilities each time they are called: what is taken away later is gone for functions that a
 * script has kept, too. Files and programs of linnet's own modules are asked for in core (ln_permit). */
#include "host/state.h"

#include "lua/binding.h"

#include <lualib.h>
#include <string.h>

/* ---- what is refused ---- */

static const char *const meanings[] = {"reading files",      "writing files",  "running programs",
                                       "modules from files", "native code",    "the environment",
                                       "the debug library",  "further threads"};

static unsigned missing(lua_State *L, unsigned needs) { return needs & ~linnet_of(L)->caps; }

/* "WHAT: reading files is not permitted here", for the first capability that is missing. */
static const char *push_refusal(lua_State *L, const char *what, unsigned lacks) {
  int first = 0;
  while (!(lacks & 1u << first)) first++;
  return lua_pushfstring(L, "%s: %s: not permitted here", what, meanings[first]);
}

/* Raises EDENIED unless the state may do all of `needs`. */
static void need(lua_State *L, const char *what, unsigned needs) {
  unsigned lacks = missing(L, needs);
  if (!lacks) return;
  luaL_where(L, 1);
  lua_pushstring(L, push_refusal(L, what, lacks));
  lua_remove(L, -2);
  lua_concat(L, 2);
  push_error(L, LN_EDENIED, lua_tostring(L, -1));
  lua_error(L);
}

/* ---- gates that need one thing ----
 * Upvalues: 1 what the original has there, 2 the original, 3 its name, 4 what it needs. The original runs in the
 * gate's own frame, so that its messages name the function as the script called it. */

static int go_on(lua_State *L) { return lua_tocfunction(L, lua_upvalueindex(2))(L); }

static int gate(lua_State *L) {
  need(L, lua_tostring(L, lua_upvalueindex(3)), (unsigned)lua_tointeger(L, lua_upvalueindex(4)));
  return go_on(L);
}

/* io.close without a file closes the standard output. */
static int gate_without_argument(lua_State *L) { return lua_isnoneornil(L, 1) ? gate(L) : go_on(L); }

/* ---- gates that ask more ---- */

static int open_file(lua_State *L) {
  luaL_checkstring(L, 1);
  const char *mode = luaL_optstring(L, 2, "r");
  unsigned needs = *mode == 'r' ? LINNET_READ : LINNET_WRITE;
  if (strchr(mode, '+')) needs |= LINNET_READ | LINNET_WRITE;
  need(L, "io.open", needs);
  return go_on(L);
}

/* io.write where no file may be written: to where print writes. */
static int write_text(lua_State *L) {
  linnet_state *S = linnet_of(L);
  if (S->caps & LINNET_WRITE) return go_on(L);
  int count = lua_gettop(L);
  for (int i = 1; i <= count; i++) {
    size_t size;
    const char *text = luaL_checklstring(L, i, &size);
    if (size) write_out(S, 1, text, size);
  }
  return 0;
}

/* The mode at `index` without "b": bytecode can break out of Lua. */
static void only_text(lua_State *L, int index) {
  const char *mode = luaL_optstring(L, index, "t");
  bool text = strchr(mode, 't');
  if (lua_gettop(L) < index) lua_settop(L, index);
  lua_pushstring(L, text ? "t" : "");
  lua_replace(L, index);
}

/* load catches what its reader raises. */
static int load_chunk(lua_State *L) {
  if (missing(L, LINNET_NATIVE)) only_text(L, 3);
  int results = go_on(L);
  raise_if_ending(L, linnet_of(L));
  return results;
}

static int load_file(lua_State *L) {
  need(L, "loadfile", LINNET_READ);
  if (missing(L, LINNET_NATIVE)) only_text(L, 2);
  return go_on(L);
}

static int end_of_file(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L) - 1;
}

static int do_file(lua_State *L) {
  const char *path = luaL_optstring(L, 1, NULL);
  need(L, "dofile", LINNET_READ);
  lua_settop(L, 1);
  if (luaL_loadfilex(L, path, missing(L, LINNET_NATIVE) ? "t" : NULL) != LUA_OK) return lua_error(L);
  lua_callk(L, 0, LUA_MULTRET, 0, end_of_file);
  return end_of_file(L, LUA_OK, 0);
}

/* Without the debug library the metatables that all strings, or all files, share are out of reach. */
static int get_metatable(lua_State *L) {
  int type = lua_type(L, 1);
  if (!missing(L, LINNET_DEBUG) || (type != LUA_TSTRING && type != LUA_TUSERDATA)) return go_on(L);
  if (luaL_getmetafield(L, 1, "__metatable") == LUA_TNIL && luaL_getmetafield(L, 1, "__name") == LUA_TNIL)
    lua_pushboolean(L, 0);
  return 1;
}

/* ---- modules from files ---- */

static const char frozen_key = 0; /* a table with the package.path of the time when reading was taken away */

/* A searcher says why it found nothing instead of raising. */
static int search(lua_State *L) {
  unsigned lacks = missing(L, (unsigned)lua_tointeger(L, lua_upvalueindex(4)));
  if (lacks) {
    push_refusal(L, lua_tostring(L, lua_upvalueindex(3)), lacks);
    return 1;
  }
  if (missing(L, LINNET_READ)) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &frozen_key);
    lua_replace(L, lua_upvalueindex(1));
  }
  return go_on(L);
}

/* ---- putting the gates up ---- */

/* The function on top is replaced by a gate before it. */
static void close_with(lua_State *L, lua_CFunction gate_function, const char *library, const char *name,
                       unsigned needs) {
  if (!lua_getupvalue(L, -1, 1)) lua_pushnil(L);
  lua_insert(L, -2);
  lua_pushfstring(L, *library ? "%s.%s" : "%s%s", library, name);
  lua_pushinteger(L, needs);
  lua_pushcclosure(L, gate_function, 4);
}

static void put_up(lua_State *L, const char *library, const char *name, lua_CFunction gate_function,
                   unsigned needs) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, *library ? library : LUA_GNAME);
  lua_getfield(L, -1, name);
  close_with(L, gate_function, library, name, needs);
  lua_setfield(L, -2, name);
  lua_pop(L, 2);
}

static void put_up_debug(lua_State *L) {
  lua_getglobal(L, LUA_DBLIBNAME);
  for (lua_pushnil(L); lua_next(L, -2);) {
    const char *name = lua_tostring(L, -2);
    if (strcmp(name, "traceback") != 0) {
      close_with(L, gate, LUA_DBLIBNAME, name, LINNET_DEBUG);
      lua_setfield(L, -3, name); /* an entry that is there: the traversal may go on */
    } else {
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

static void put_up_searchers(lua_State *L) {
  static const struct {
    lua_Integer at;
    unsigned needs;
  } searchers[] = {{2, LINNET_REQUIRE}, {3, LINNET_NATIVE}, {4, LINNET_NATIVE}};
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_createtable(L, 0, 1);
  lua_getfield(L, -2, "path");
  lua_setfield(L, -2, "path");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &frozen_key);
  lua_getfield(L, -1, "searchers");
  for (size_t i = 0; i < sizeof searchers / sizeof *searchers; i++) {
    lua_rawgeti(L, -1, searchers[i].at);
    close_with(L, search, "", "require", searchers[i].needs);
    lua_rawseti(L, -2, searchers[i].at);
  }
  lua_pop(L, 2);
}

static const char streams_key = 0; /* the table io */

void put_up_gates(lua_State *L) {
  static const struct {
    const char *library, *name;
    lua_CFunction gate;
    unsigned needs;
  } gates[] = {
      {"", "dofile", do_file, 0},
      {"", "getmetatable", get_metatable, 0},
      {"", "load", load_chunk, 0},
      {"", "loadfile", load_file, 0},
      {"io", "close", gate_without_argument, LINNET_WRITE},
      {"io", "input", gate, LINNET_READ},
      {"io", "lines", gate, LINNET_READ},
      {"io", "open", open_file, 0},
      {"io", "output", gate, LINNET_WRITE},
      {"io", "popen", gate, LINNET_PROCESS},
      {"io", "read", gate, LINNET_READ},
      {"io", "tmpfile", gate, LINNET_WRITE},
      {"io", "write", write_text, 0},
      {"os", "execute", gate, LINNET_PROCESS},
      {"os", "exit", gate, LINNET_PROCESS},
      {"os", "getenv", gate, LINNET_ENVIRONMENT},
      {"os", "remove", gate, LINNET_WRITE},
      {"os", "rename", gate, LINNET_WRITE},
      {"os", "setlocale", gate, LINNET_PROCESS},
      {"os", "tmpname", gate, LINNET_WRITE},
      {"package", "loadlib", gate, LINNET_NATIVE},
      {"package", "searchpath", gate, LINNET_READ},
  };
  for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
    put_up(L, gates[i].library, gates[i].name, gates[i].gate, gates[i].needs);
  put_up_debug(L);
  put_up_searchers(L);
  lua_getglobal(L, LUA_IOLIBNAME);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &streams_key);
}

/* ---- taking away ---- */

/* A string that is there already, as an entry that is there already: needs no memory. */
static void freeze_path(lua_State *L) {
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &frozen_key);
  lua_pushliteral(L, "path");
  if (lua_istable(L, -3)) {
    lua_pushvalue(L, -1);
    lua_rawget(L, -4);
    if (lua_type(L, -1) == LUA_TSTRING)
      lua_rawset(L, -3);
    else
      lua_pop(L, 2);
  } else {
    lua_pop(L, 1);
  }
  lua_pop(L, 2);
}

static void remove_stream(lua_State *L, const char *name) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &streams_key);
  lua_pushstring(L, name);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

static int take_away(lua_State *L) {
  unsigned gone = (unsigned)lua_tointeger(L, 1);
  if (gone & LINNET_READ) {
    freeze_path(L);
    remove_stream(L, "stdin");
  }
  if (gone & LINNET_WRITE) {
    remove_stream(L, "stdout");
    remove_stream(L, "stderr");
  }
  return 0;
}

unsigned linnet_restrict(linnet_state *S, unsigned caps) {
  unsigned gone = S->caps & ~caps;
  S->caps &= caps;
  S->cx.permissions = S->caps & (LN_MAY_READ | LN_MAY_WRITE | LN_MAY_RUN);
  if (!(S->caps & LINNET_THREADS)) S->cx.workers = 1;
  lua_State *L = S->running;
  if (gone && !S->guest && lua_checkstack(L, 3)) {
    lua_pushcfunction(L, take_away);
    lua_pushinteger(L, gone);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1);
  }
  return S->caps;
}
