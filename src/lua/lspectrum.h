/* lspectrum.h: a limiting spectrum as a Lua value: law:density(x), law.edges, ... */
#ifndef LSPECTRUM_H
#define LSPECTRUM_H

#include "lua/binding.h"
#include "theory/spectrum.h"

#define SPECTRUM_TYPE "linnet.Spectrum"

/* Pushes a law without content, with room for a base law of `room` values; its constructor fills it. `name`, a string that
 * stays (a literal), is what it prints as. */
ln_spectrum *push_spectrum(lua_State *L, const char *name, size_t room);

#endif
