/* pattern.h: Lua's patterns (reference manual, 6.4.1), matched by a routine that can be ended.
 *
 * Some patterns take a time that grows exponentially with the text, and Lua's own routine looks at nothing while it
 * searches. This one gives the same results and errors, and raises when all work of its state is being ended. */
#ifndef PATTERN_H
#define PATTERN_H

#include "host/state.h"

#include <lauxlib.h>

#define CAPTURES_MAX 32

typedef struct capture {
  const char *start;
  ptrdiff_t length; /* or what pattern.c says */
} capture;

typedef struct pattern {
  lua_State *L;
  linnet_state *S;
  const char *text, *text_end, *start, *end; /* of the text, and of the pattern */
  int depth;                                 /* further recursions that are allowed */
  unsigned steps;
  int count; /* of captures */
  capture captures[CAPTURES_MAX];
} pattern;

pattern pattern_of(lua_State *L, const char *text, size_t text_size, const char *start, size_t size);

/* Where the match that begins at `from` ends, or null. Raises what is wrong with the pattern. */
const char *pattern_match(pattern *m, const char *from);

/* Pushes all captures of the match, or the whole of it if there are none and `from` is given; how many. */
int push_captures(pattern *m, const char *from, const char *to);
/* Pushes capture number i from 0; without captures number 0 is the whole match. */
void push_capture(pattern *m, int i, const char *from, const char *to);

#endif
