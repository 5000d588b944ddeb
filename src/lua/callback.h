/* callback.h: Lua functions that the numerics come to: a user's activations and observables.
 *
 *     ln_context *cx = begin_callbacks(L);      from here on the numerics may call Lua, on L
 *     ln_status status = ln_train_until(cx, ...);
 *     end_callbacks(cx);
 *
 * Nothing that such a function does crosses native code: an error, an interrupt, a lack of memory and an attempt to yield
 * become a status, and the numerics give back what they hold. */
#ifndef CALLBACK_H
#define CALLBACK_H

#include "lua/binding.h"

ln_context *begin_callbacks(lua_State *L); /* the context of L */
void end_callbacks(ln_context *cx);

/* `check` for a call that may come to a Lua function. */
#define check_calling(L, name, call)                                                                         \
  do {                                                                                                       \
    ln_context *calling = begin_callbacks(L);                                                                \
    ln_status calling_status = (call);                                                                       \
    if (calling_status == LN_EMEMORY) {                                                                      \
      end_callbacks(calling);                                                                                \
      lua_gc((L), LUA_GCCOLLECT, 0);                                                                         \
      begin_callbacks(L);                                                                                    \
      calling_status = (call);                                                                               \
    }                                                                                                        \
    end_callbacks(calling);                                                                                  \
    if (calling_status != LN_OK) raise_status((L), (name), calling_status);                                  \
  } while (0)

/* Calls body in protected mode with `held` as a light userdata, on the context's caller. LN_ERUN with the message
 * "kind 'name': ..." if it raises an error; what ends all work (an interrupt, a limit) is told as that. */
ln_status call_lua(ln_context *cx, lua_CFunction body, void *held, const char *kind, const char *name);

/* A userdata that the numerics know by its address. Pushes it, where it is sure to be alive. */
void make_findable(lua_State *L, int index);
void push_findable(lua_State *L, const void *address);

#endif
