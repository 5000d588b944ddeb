#include "network/batch.h"

ln_status ln_make_batches(ln_context *cx, ln_batches *batches) {
  batches->order = ln_take(cx, batches->examples, sizeof *batches->order);
  batches->next = batches->examples; /* the first call begins an epoch */
  return batches->order ? LN_OK : LN_EMEMORY;
}

const size_t *ln_next_batch(ln_batches *batches, size_t *n) {
  if (batches->next == batches->examples) {
    ln_random_permutation(&batches->stream, batches->order, batches->examples);
    batches->next = 0;
  }
  const size_t *batch = batches->order + batches->next;
  size_t left = batches->examples - batches->next;
  *n = left < batches->size ? left : batches->size;
  batches->next += *n;
  return batch;
}
