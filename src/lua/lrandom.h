/* lrandom.h: streams of random numbers as Lua values. */
#ifndef LRANDOM_H
#define LRANDOM_H

#include "core/random.h"
#include "lua/binding.h"

void push_stream(lua_State *L, ln_stream stream);
/* The stream at index, to be drawn from; raises if it is none. */
ln_stream *check_stream(lua_State *L, int index, const char *name);

#endif
