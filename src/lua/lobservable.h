/* lobservable.h: a user's own observables, as the recordings know them. */
#ifndef LOBSERVABLE_H
#define LOBSERVABLE_H

#include "lua/lnetwork.h"
#include "network/probe.h"

/* Pushes the user's observable of that name for the network and the task at these stack indices, asked once to learn what
 * it returns; what goes wrong in it is its own error. Null, and nothing is pushed, if there is none. */
const ln_observable *push_own_observable(lua_State *L, const char *name, int net, int task, const char *call);

#endif
