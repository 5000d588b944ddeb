/* Interrupts. A flag in the context stops native work, which polls it. Lua code is stopped by a count hook:
 * it is always on in interruptible states, and set by linnet_interrupt_here otherwise. Hooks belong to a
 * thread of Lua, so who runs must be known: coroutine.c tells. While the flag is up no error is caught, so
 * that neither pcall nor a coroutine can keep what is being ended alive. */
#include "host/state.h"

#include "lua/binding.h"

#include <string.h>

#define BETWEEN_LOOKS 1000 /* instructions; a look costs as much as some tens of them */
#define TO_CLEAN_UP 100000 /* instructions that __close metamethods have: about a millisecond */

static const char told[] = "interrupted"; /* by ln_poll too */

static void look(lua_State *L, lua_Debug *ar);

/* The first error leaves time to clean up; whoever goes on all the same is stopped at each instruction. A
 * count that runs already is not begun again: interrupts that keep coming must not put off the end. */
static void arm(linnet_state *S, lua_State *L) {
  int count = S->trips == 1 ? TO_CLEAN_UP : 1;
  if (lua_gethook(L) != look || lua_gethookcount(L) != count) lua_sethook(L, look, LUA_MASKCOUNT, count);
}

void set_resting_hook(linnet_state *S, lua_State *L) {
  if (lua_gethook(L) && lua_gethook(L) != look) return;
  if (S->config.interruptible)
    lua_sethook(L, look, LUA_MASKCOUNT, BETWEEN_LOOKS);
  else
    lua_sethook(L, NULL, 0, 0);
}

/* Pushes "file:line: interrupted" for the function at this level and returns it. */
static const char *place(lua_State *L, int level) {
  luaL_where(L, level);
  lua_pushstring(L, told);
  lua_concat(L, 2);
  return lua_tostring(L, -1);
}

static void look(lua_State *L, lua_Debug *ar) {
  (void)ar;
  linnet_state *S = linnet_of(L);
  int interrupted = atomic_load_explicit(&S->cx.interrupted, memory_order_relaxed);
  if (interrupted <= 0) { /* or the hook was left in a coroutine by an interrupt that is over */
    if (lua_gethookcount(L) != BETWEEN_LOOKS) set_resting_hook(S, L);
    return;
  }
  bool raised = interrupted == 2 && !S->trips; /* by native work: this is the cleaning up */
  S->trips++;
  arm(S, L);
  if (raised) return;
  push_error(L, LN_EINTERRUPT, place(L, 0));
  lua_error(L);
}

lua_State *enter(linnet_state *S, lua_State *L) {
  lua_State *before = S->running;
  S->running = L;
  if (ln_interrupted(&S->cx)) arm(S, L);
  return before;
}

void leave(linnet_state *S, lua_State *before) {
  S->running = before;
  if (ln_interrupted(&S->cx)) arm(S, before);
}

static bool is_interrupt(lua_State *L) {
  if (!lua_istable(L, -1)) return false;
  lua_pushliteral(L, "code");
  lua_rawget(L, -2);
  const char *code = lua_tostring(L, -1);
  bool yes = code && !strcmp(code, ln_status_name(LN_EINTERRUPT));
  lua_pop(L, 1);
  return yes;
}

void let_interrupt_pass(lua_State *L, linnet_state *S) {
  if (!S || !ln_interrupted(&S->cx)) return;
  if (!S->trips) S->trips = 1;
  arm(S, L);
  if (!is_interrupt(L)) { /* an error that fell together with it, or what a message handler made of it */
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (!strstr(text, told)) text = place(L, 1);
    push_error(L, LN_EINTERRUPT, text);
  }
  lua_error(L);
}

void linnet_interrupt(linnet_state *S) { ln_interrupt(&S->cx); }

void linnet_interrupt_here(linnet_state *S) {
  ln_interrupt(&S->cx);
  if (ln_interrupted(&S->cx)) arm(S, S->running);
}
