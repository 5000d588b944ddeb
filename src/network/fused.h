/* fused.h: full-batch descent of small linear layers on moments, many steps at once without a call of a library: 2 to 3
 * times as fast as evaluating the plan and descending, for layers of up to some hundred units.
 *
 * The same steps as the moments path takes, to rounding; for a diagonal Sxx (white or one-hot inputs, or inputs rotated to
 * Sxx's eigenbasis), no biases, two layers or more, and optimizers with at most a velocity. */
#ifndef LN_FUSED_H
#define LN_FUSED_H

#include "network/optimizer.h"
#include "network/plan.h"

typedef struct ln_fused ln_fused;

/* Takes the memory from the context; *fused is null if these steps can't be fused, or if that would not pay. */
ln_status ln_make_fused(ln_context *cx, ln_fused **fused, const ln_plan *plan, const ln_descent *how);

/* Up to `steps` steps from theta and the optimizer's memory: into `after` (which may be theta), and into memory if
 * ln_fused_keep follows. *done: fewer than `steps` if before the next one the loss may be at most stop_loss (negative:
 * never), which the caller looks at. Allocates nothing. */
void ln_fused_descend(const ln_context *cx, ln_fused *fused, const ln_descent *how, const double *theta,
                      const double *memory, size_t steps, double stop_loss, double *after, size_t *done);
void ln_fused_keep(const ln_fused *fused, double *memory);

#endif
