#include "host/state.h"

#include "lua/binding.h"
#include "lua/open.h"

#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAME(name, meaning)                                                                                  \
  _Static_assert((int)LINNET_##name == (int)LN_##name, "linnet.h and core/status.h");
LINNET_STATUS_LIST(SAME)
#undef SAME
_Static_assert((int)LINNET_READ == (int)LN_MAY_READ && (int)LINNET_WRITE == (int)LN_MAY_WRITE &&
                   (int)LINNET_PROCESS == (int)LN_MAY_RUN,
               "linnet.h and core/context.h");
#define COUNT(name, meaning) +1
_Static_assert((int)LINNET_STATUS_COUNT == LN_STATUS_LIST(COUNT), "linnet.h and core/status.h");
#undef COUNT

static const char state_key = 0;

const char *linnet_version(void) { return LINNET_VERSION; }
const char *linnet_kernels(void) { return ln_kernels_chosen()->name; }

/* ---- memory ---- */

static void *allocate_by_realloc(void *ud, void *block, size_t old_size, size_t new_size) {
  (void)ud, (void)old_size;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

void *allocate(void *ud, void *block, size_t old_size, size_t new_size) {
  linnet_state *S = ud;
  size_t held = block ? old_size : 0; /* without a block Lua gives the kind of object instead of a size */
  if (new_size > held && S->config.max_memory && new_size - held > S->config.max_memory - S->memory)
    return NULL;
  void *moved = S->config.alloc(S->config.alloc_ud, block, old_size, new_size);
  if (moved || !new_size) S->memory += new_size - held;
  if (S->memory > S->peak) S->peak = S->memory;
  return moved;
}

/* ---- limits ---- */

void open_account(linnet_state *S) {
  S->trips = 0;
  S->cx.ended = LN_OK;
  S->began = ln_clock();
  S->cx.deadline = S->config.max_seconds > 0 ? S->began + S->config.max_seconds : INFINITY;
  S->cx.flops_left = S->config.max_flops > 0 ? S->config.max_flops : INFINITY;
}

void close_account(linnet_state *S) {
  S->seconds += ln_clock() - S->began;
  S->cx.ended = LN_OK;
  S->cx.deadline = S->cx.flops_left = INFINITY;
}

int linnet_limit(linnet_state *S, double seconds, double flops) {
  if (!(seconds >= 0) || !(flops >= 0)) return LINNET_EARG;
  S->config.max_seconds = seconds;
  S->config.max_flops = flops;
  if (!S->depth) set_resting_hook(S, S->L);
  return LINNET_OK;
}

linnet_usage linnet_stats(const linnet_state *S) {
  double running = S->depth ? ln_clock() - S->began : 0;
  return (linnet_usage){
      .memory = S->memory, .peak = S->peak, .seconds = S->seconds + running, .flops = S->cx.flops_used};
}

/* ---- opening and closing ---- */

void linnet_config_init(linnet_config *config) {
  *config = (linnet_config){.size = sizeof *config, .caps = LINNET_ALL, .threads = 1};
}

/* Defaults, with what `given` says put over them. */
static bool read_config(const linnet_config *given, linnet_config *config) {
  linnet_config_init(config);
  if (given) {
    if (given->size < sizeof given->size || given->size > sizeof *config) return false;
    memcpy(config, given, given->size);
    config->size = sizeof *config;
  }
  if (!config->alloc) config->alloc = allocate_by_realloc;
  return config->threads >= 1 && config->max_seconds >= 0 && config->max_flops >= 0;
}

/* package.searchers: what the host finds. */
static int search_host(lua_State *L) {
  const linnet_state *S = linnet_of(L);
  const char *name = luaL_checkstring(L, 1), *text;
  size_t size;
  if (!S->config.find(S->config.ud, name, &text, &size))
    return lua_pushfstring(L, "no module '%s' in the host", name), 1;
  lua_pushfstring(L, "=%s", name);
  if (luaL_loadbufferx(L, text, size, lua_tostring(L, -1), "t") != LUA_OK)
    return luaL_error(L, "error loading module '%s' from the host:\n\t%s", name, lua_tostring(L, -1));
  lua_pushliteral(L, "host");
  return 2;
}

static void add_host_modules(lua_State *L) {
  if (linnet_of(L)->config.find) add_searcher(L, search_host);
}

void register_state(lua_State *L, linnet_state *S) {
  lua_pushlightuserdata(L, S);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);
}

static int open_inside(lua_State *L) {
  linnet_state *S = lua_touserdata(L, 1);
  luaL_checkversion(L);
  register_state(L, S);
  if (S->config.ignore_environment || !(S->config.caps & LINNET_ENVIRONMENT)) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  }
  luaL_openlibs(L);
  replace_protected_calls(L);
  replace_coroutines(L);
  replace_output(L);
  replace_finalizers(L);
  replace_long_calls(L);
  put_up_gates(L);
  set_context(L, &S->cx);
  open_modules(L, true);
  lua_pop(L, 1);
  add_host_modules(L);
  linnet_restrict(S, S->config.caps);
  set_resting_hook(S, L);
  return 0;
}

void ready_context(linnet_state *S) {
  S->caps = LINNET_ALL;
  ln_context_init(&S->cx, allocate, S);
  S->cx.workers = S->config.threads;
  S->cx.progress = S->config.progress;
  S->cx.progress_ud = S->config.ud;
  atomic_store(&S->cx.interrupted, -1);
}

int linnet_open(const linnet_config *given, linnet_state **opened) {
  linnet_config config;
  *opened = NULL;
  if (!read_config(given, &config)) return LINNET_EARG;
  linnet_state *S = config.alloc(config.alloc_ud, NULL, 0, sizeof *S);
  if (!S) return LINNET_EMEMORY;
  *S = (linnet_state){.config = config};
  ready_context(S);
  S->L = lua_newstate(allocate, S);
  if (S->L) {
    S->running = S->L;
    lua_pushcfunction(S->L, open_inside);
    lua_pushlightuserdata(S->L, S);
    if (lua_pcall(S->L, 1, 0, 0) == LUA_OK) {
      *opened = S;
      return LINNET_OK;
    }
  }
  linnet_close(S); /* only for want of memory: all that runs here is linnet's own */
  return LINNET_EMEMORY;
}

void linnet_close(linnet_state *S) {
  if (!S || S->guest) return;
  open_account(S); /* finalizers have as long as a call */
  if (S->L) lua_close(S->L);
  ln_end(&S->cx, NULL, LN_OK);
  if (S->message) allocate(S, S->message, S->room, 0);
  S->config.alloc(S->config.alloc_ud, S, sizeof *S, 0);
}

lua_State *linnet_lua(linnet_state *S) { return S->L; }

linnet_state *linnet_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
  linnet_state *S = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return S;
}
