/* How running work is ended: by an interrupt, or because its time or its budget is used up. Native work polls the
 * context. Lua code is stopped by a count hook: it is always on in watched states, and set by
 * linnet_interrupt_here otherwise. Hooks belong to a thread of Lua, so who runs must be known: coroutine.c
 * tells. While work is being ended no error is caught, so that neither pcall nor a coroutine can keep it
 * alive. */
#include "host/state.h"

#include "lua/binding.h"

#include <string.h>

#define BETWEEN_LOOKS 1000 /* instructions; a look costs as much as some tens of them */
#define TO_CLEAN_UP 100000 /* instructions that __close metamethods have: about a millisecond */

static void look(lua_State *L, lua_Debug *ar);

/* Why all that runs must end, or LN_OK: what has been told stays so until the outermost call ends. */
static ln_status ending(linnet_state *S) {
  if (S->cx.ended == LN_OK) S->cx.ended = ln_ending(&S->cx);
  return S->cx.ended;
}

/* The first error leaves time to clean up; whoever goes on all the same is stopped at each instruction. A
 * count that runs already is not begun again: interrupts that keep coming must not put off the end. */
static void arm(linnet_state *S, lua_State *L) {
  int count = S->trips == 1 ? TO_CLEAN_UP : 1;
  if (lua_gethook(L) != look || lua_gethookcount(L) != count) lua_sethook(L, look, LUA_MASKCOUNT, count);
}

void set_resting_hook(linnet_state *S, lua_State *L) {
  if (lua_gethook(L) && lua_gethook(L) != look) return;
  if (watched(S))
    lua_sethook(L, look, LUA_MASKCOUNT, BETWEEN_LOOKS);
  else
    lua_sethook(L, NULL, 0, 0);
}

/* Pushes "file:line: interrupted", or what else the status means, for the function at this level, and returns it. */
static const char *place(lua_State *L, int level, ln_status status) {
  luaL_where(L, level);
  lua_pushstring(L, ln_status_meaning(status));
  lua_concat(L, 2);
  return lua_tostring(L, -1);
}

static void look(lua_State *L, lua_Debug *ar) {
  (void)ar;
  linnet_state *S = linnet_of(L);
  bool raised = S->cx.ended != LN_OK && !S->trips; /* by native work: this is the cleaning up */
  ln_status status = ending(S);
  if (status == LN_OK) { /* or the hook was left in a coroutine by an end that is past */
    if (lua_gethookcount(L) != BETWEEN_LOOKS) set_resting_hook(S, L);
    return;
  }
  S->trips++;
  arm(S, L);
  if (raised) return;
  push_error(L, status, place(L, 0, status));
  lua_error(L);
}

lua_State *enter(linnet_state *S, lua_State *L) {
  lua_State *before = S->running;
  S->running = L;
  if (ending(S) != LN_OK)
    arm(S, L);
  else if (watched(S) && lua_gethook(L) != look) /* made before the state was watched */
    set_resting_hook(S, L);
  return before;
}

void leave(linnet_state *S, lua_State *before) {
  S->running = before;
  if (ending(S) != LN_OK) arm(S, before);
}

static bool is_error_of(lua_State *L, ln_status status) {
  if (!lua_istable(L, -1)) return false;
  lua_pushliteral(L, "code");
  lua_rawget(L, -2);
  const char *code = lua_tostring(L, -1);
  bool yes = code && !strcmp(code, ln_status_name(status));
  lua_pop(L, 1);
  return yes;
}

void raise_if_ending(lua_State *L, linnet_state *S) {
  ln_status status = ending(S);
  if (status == LN_OK) return;
  if (!S->trips) S->trips = 1;
  arm(S, L);
  push_error(L, status, place(L, 1, status));
  lua_error(L);
}

void let_ending_pass(lua_State *L, linnet_state *S) {
  ln_status status = S ? ending(S) : LN_OK;
  if (status == LN_OK) return;
  if (!S->trips) S->trips = 1;
  arm(S, L);
  if (!is_error_of(L,
                   status)) { /* an error that fell together with it, or what a message handler made of it */
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (!strstr(text, ln_status_meaning(status))) text = place(L, 1, status);
    push_error(L, status, text);
  }
  lua_error(L);
}

void linnet_interrupt(linnet_state *S) { ln_interrupt(&S->cx); }

void linnet_interrupt_here(linnet_state *S) {
  ln_interrupt(&S->cx);
  if (atomic_load(&S->cx.interrupted) > 0) arm(S, S->running);
}
