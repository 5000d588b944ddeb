/* batch.h: the order in which minibatches go through the examples.
 *
 * Each epoch takes every example once, in a random order of its own; the last batch of an epoch is smaller if
 * the batches do not divide the examples. The order depends on the stream alone. */
#ifndef LN_BATCH_H
#define LN_BATCH_H

#include "core/random.h"

typedef struct ln_batches {
  ln_stream stream;
  size_t examples, size; /* 1 <= size <= examples */
  size_t *order;         /* of this epoch: a permutation of the examples, from 0 */
  size_t next;           /* where in it the next batch begins */
} ln_batches;

/* stream, examples and size are set; takes the order's memory from the context. */
ln_status ln_make_batches(ln_context *cx, ln_batches *batches);

/* The examples of the next batch, *n of them; valid until the next call. */
const size_t *ln_next_batch(ln_batches *batches, size_t *n);

#endif
