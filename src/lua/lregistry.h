/* lregistry.h: a user's own activations, starts and observables, by name.
 *
 * lua/linnet/registry.lua checks them and adds them here; wherever a built-in name is read these are found too. They are
 * a state's own. */
#ifndef LREGISTRY_H
#define LREGISTRY_H

#include "lua/options.h"
#include "network/activation.h"

enum own_kind { OWN_ACTIVATION, OWN_INIT, OWN_OBSERVABLE };

/* Pushes the user's entry of that name (nil if there is none): the userdata of an activation, else the function. */
bool push_own(lua_State *L, enum own_kind kind, const char *name);
/* Pushes a block with the built-in names and, behind them, the user's in their order; ends with a null pointer. */
const char *const *push_known_names(lua_State *L, enum own_kind kind, const char *const built_in[]);

/* The activation of that name, a built-in or a user's; null if there is none. A user's lives as long as it is added, or a
 * network's user value (keep_activation) holds it. */
const ln_activation *find_activation(lua_State *L, const char *name);
const char *const *push_activation_names(lua_State *L);
/* Pushes what keeps the activation alive: nil for a built-in. */
void push_keeper(lua_State *L, const ln_activation *activation);

/* Adds own = { set=, apply= } to the module on top of the stack, for registry.lua. */
void add_registry(lua_State *L);

#endif
