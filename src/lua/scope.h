/* scope.h: native things that must be given back, and Lua errors.
 *
 * Reading a file holds a descriptor and work space of the context while matrices, strings and tables are
 * made, and making them can raise. Such a call runs its body in protected mode, gives everything back, and
 * only then goes on with the body's results or its error. */
#ifndef SCOPE_H
#define SCOPE_H

#include "lua/binding.h"

/* Calls body with `held` (a light userdata) and all values on the stack as arguments; then release(held) and
 * the work space of the context as it was. Returns the number of results, which are all that is left on the
 * stack. An error that is a string gets the place of the caller in front. */
int with_release(lua_State *L, lua_CFunction body, void *held, void (*release)(void *held));

#endif
