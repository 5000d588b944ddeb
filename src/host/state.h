/* state.h: what a linnet_state is, for the files of src/host. */
#ifndef STATE_H
#define STATE_H

#include "core/context.h"
#include "linnet.h"

struct linnet_state {
  ln_context cx;
  lua_State *L; /* the main thread */
  linnet_config config;
  size_t memory; /* bytes held now, without this struct */
  /* The thread of Lua, main or a coroutine, that runs now: where linnet_interrupt_here sets its hook. */
  lua_State *_Atomic running;
  int depth;        /* calls of linnet_call that run now, one inside the other */
  int trips;        /* how often the interrupt was raised since the outermost call began */
  int failure;      /* status of the failure that describe_failure saw; LINNET_OK: it saw none */
  char *message;    /* what linnet_message returns, or null */
  size_t room;      /* bytes allocated for it */
  bool warnings;    /* are they shown? */
  bool warned_part; /* is a warning's beginning written, and its end to come? */
};

/* Lua's lua_Alloc and the context's allocator: counts, and holds max_memory. ud is the linnet_state. */
void *allocate(void *ud, void *block, size_t old_size, size_t new_size);

/* ---- interrupt.c ---- */

/* Around each run of Lua code in thread L: makes it the running one. Return what ran before, to be given to
 * leave. An interrupt that falls between the two is raised at the next instruction of whoever runs then. */
lua_State *enter(linnet_state *S, lua_State *L);
void leave(linnet_state *S, lua_State *before);
/* The hook that L has when nothing interrupts: the one that looks for interrupts if the state is
 * interruptible, else none. Keeps a hook that debug.sethook has set. */
void set_resting_hook(linnet_state *S, lua_State *L);
/* Where an error has been caught, its value on top: raises it again if an interrupt is ending the call. */
void let_interrupt_pass(lua_State *L, linnet_state *S);

/* ---- what replaces Lua's own functions ---- */

void replace_protected_calls(lua_State *L); /* protect.c: pcall, xpcall */
void replace_coroutines(lua_State *L);      /* coroutine.c: coroutine.resume, wrap, close */
void replace_output(lua_State *L);          /* output.c: print, and the warning function */

#endif
