/* state.h: what a linnet_state is, for the files of src/host. */
#ifndef STATE_H
#define STATE_H

#include "core/context.h"
#include "linnet.h"

struct linnet_state {
  ln_context cx;
  lua_State *L; /* the main thread */
  linnet_config config;
  unsigned caps;       /* what is left of config.caps */
  bool guest;          /* the Lua state is somebody else's (guest.c) */
  size_t memory, peak; /* bytes held now, and at most so far, without this struct */
  double seconds;      /* that calls have run so far */
  double began;        /* the outermost call that runs, on ln_clock() */
  /* The thread of Lua, main or a coroutine, that runs now: where linnet_interrupt_here sets its hook. */
  lua_State *_Atomic running;
  int depth;        /* calls of linnet_call that run now, one inside the other */
  int trips;        /* how often its end was raised since the outermost call began */
  int failure;      /* status of the failure that describe_failure saw; LINNET_OK: it saw none */
  char *message;    /* what linnet_message returns, or null */
  size_t room;      /* bytes allocated for it */
  bool warnings;    /* are they shown? */
  bool warned_part; /* is a warning's beginning written, and its end to come? */
};

/* Lua's lua_Alloc and the context's allocator: counts, and holds max_memory. ud is the linnet_state. */
void *allocate(void *ud, void *block, size_t old_size, size_t new_size);

/* The context as config says, and the registry's way from a Lua state to S. */
void ready_context(linnet_state *S);
void register_state(lua_State *L, linnet_state *S);

/* Work begins: what the limits allow counts from here; and ends. */
void open_account(linnet_state *S);
void close_account(linnet_state *S);

/* ---- interrupt.c ---- */

/* Is Lua code looked at while it runs, so that interrupts from other threads and limits of time end it? */
static inline bool watched(const linnet_state *S) {
  return S->config.interruptible || S->config.max_seconds > 0;
}

/* Around each run of Lua code in thread L: makes it the running one. Return what ran before, to be given to
 * leave. An interrupt that falls between the two is raised at the next instruction of whoever runs then. */
lua_State *enter(linnet_state *S, lua_State *L);
void leave(linnet_state *S, lua_State *before);
/* The hook that L has when nothing interrupts: the one that looks if the state is watched, else none. Keeps a
 * hook that debug.sethook has set. */
void set_resting_hook(linnet_state *S, lua_State *L);
/* For C functions that can run long: raises if all work is being ended. */
void raise_if_ending(lua_State *L, linnet_state *S);
/* Where an error has been caught, its value on top: raises it again if all work is being ended. S may be null. */
void let_ending_pass(lua_State *L, linnet_state *S);

/* ---- what replaces Lua's own functions ---- */

void replace_protected_calls(lua_State *L); /* protect.c: pcall, xpcall */
void replace_coroutines(lua_State *L);      /* coroutine.c: coroutine.resume, wrap, close */
void replace_output(lua_State *L);          /* output.c: print, and the warning function */
void put_up_gates(lua_State *L);            /* permissions.c: what reaches outside */
void replace_finalizers(lua_State *L);      /* finalizer.c: setmetatable */
void replace_long_calls(
    lua_State *L); /* long_calls.c: functions of string and table that can run without end */

/* output.c: to where print (stream 1) and warn (stream 2) write; size > 0. */
void write_out(linnet_state *S, int stream, const char *text, size_t size);

#endif
