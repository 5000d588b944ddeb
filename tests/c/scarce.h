/* scarce.h: an allocator that grants a given number of blocks and then refuses, to make every allocation of a
 * call fail in turn. */
#ifndef SCARCE_H
#define SCARCE_H

#include <stdlib.h>

/* Use as ln_context_init(&cx, allocate_scarce, &left), int left. */
static inline void *allocate_scarce(void *left, void *block, size_t old_size, size_t new_size) {
  (void)old_size;
  if (new_size == 0) return free(block), NULL;
  return (*(int *)left)-- > 0 ? realloc(block, new_size) : NULL;
}

#endif
