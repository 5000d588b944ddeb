/* box.h: work space of the numerics as a Lua value: it outlives the call that took it, and goes with the collector at the
 * latest, whatever error comes in between. */
#ifndef BOX_H
#define BOX_H

#include "lua/binding.h"

typedef struct box {
  ln_context *cx;
  ln_mark blocks; /* from ln_detach */
  ln_store store; /* for what repeats */
} box;

/* Pushes an empty box; the caller puts what ln_detach gives into it. */
box *push_box(lua_State *L);
/* Gives the work space back at once. */
void empty_box(box *b);

#endif
