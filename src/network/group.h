/* group.h: the descent of several small linear networks side by side, one to each lane of the vectors.
 *
 * Each trainer of a group goes on as it would alone, to rounding: its network's layers and descent are those of the
 * others, its task is its own. Groups do not depend on each other; nor do the networks in one, whose numbers are the same
 * whatever stands beside them. */
#ifndef LN_GROUP_H
#define LN_GROUP_H

#include "kernels/side_by_side.h"
#include "network/train.h"

typedef struct ln_group {
  size_t count; /* 1 .. LN_NETWORKS */
  ln_trainer *trainers[LN_NETWORKS];
  ln_status status[LN_NETWORKS]; /* LN_EDIVERGED: of those that did, which rest from then on, */
  bool rests[LN_NETWORKS];       /* as those do whose stop_loss was reached */
  size_t step;
  bool begun;
  ln_side_by_side networks;
  ln_side_layer *layers;
  double *done, *least, *most;
} ln_group;

/* Is it worth it, and possible? For full-batch descent on moments by an optimizer that the kernel knows, without biases, and
 * layers of at most 32. All trainers have the same descent and plans of the same kind. */
bool ln_can_group(const ln_trainer *trainer);
/* Do the two networks have the same layers, so that they can be in one group? */
bool ln_same_group(const ln_trainer *a, const ln_trainer *b);

/* trainers and count are set; takes all memory. */
ln_status ln_make_group(ln_context *cx, ln_group *group);

/* As ln_train_until, for all that do not rest: after every return, whatever its status, each trainer is at its last whole
 * step. Divergence is told in `status` and is no failure. Allocates nothing. */
ln_status ln_group_until(ln_context *cx, ln_group *group, size_t until);

#endif
