/* lunit.h: the options activation and scale: a unit phi(scale x), phi by its name, a built-in or a user's. */
#ifndef LUNIT_H
#define LUNIT_H

#include "lua/options.h"
#include "theory/mean_field.h"

#define UNIT_OPTIONS "activation", "scale"

/* Pushes two values, which keep the names and the activation alive. A user's function is called by the numerics that use the unit. */
ln_unit option_unit(const options *o);

#endif
