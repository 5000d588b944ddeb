/* fused.h: full-batch descent of linear networks on moments, many steps at once without a call of a library.
 *
 * The same steps as the moments path takes, to rounding, where Sxx is diagonal (white or one-hot inputs, or inputs rotated
 * to Sxx's eigenbasis), there are no biases, and the optimizer has at most a velocity:
 *   small layers   two or more, of up to some hundred units, in products whose sums become steps in registers: up to 2.5
 *                  times as fast as evaluating the plan and descending (src/network/fused.c)
 *   wide layers    two, with few outputs, in one pass over the first one: twice as fast (src/network/fused_wide.c) */
#ifndef LN_FUSED_H
#define LN_FUSED_H

#include "network/optimizer.h"
#include "network/plan.h"

typedef struct ln_fused ln_fused;

/* One way to take such steps; none of these functions allocates anything. */
struct ln_fused {
  const char *name;
  /* Takes theta and the optimizer's memory over. */
  void (*begin)(ln_fused *fused, const double *theta, const double *memory);
  /* Up to `steps` steps; returns how many: fewer if before the next one the loss may be at most stop_loss (negative: never),
   * which the caller looks at. */
  size_t (*descend)(const ln_context *cx, ln_fused *fused, const ln_descent *how, size_t steps,
                    double stop_loss);
  /* Gives theta back, and the optimizer's memory unless that is null. */
  void (*end)(const ln_fused *fused, double *theta, double *memory);
};

/* Takes the memory from the context; *fused is null if these steps can't be fused, or if that would not pay. */
ln_status ln_make_fused(ln_context *cx, ln_fused **fused, const ln_plan *plan, const ln_descent *how);

/* ---- for its parts ---- */

ln_status ln_make_fused_wide(ln_context *cx, ln_fused **fused, const ln_plan *plan, const ln_descent *how);
size_t ln_whole_vectors(const ln_context *cx, size_t n);         /* to whole vectors */
double *ln_take_zeros(ln_context *cx, size_t rows, size_t cols); /* null: no memory */
/* What the inputs weigh in the sum of squares of G that is twice the loss above its least: 1/Sxx_jj, or 0 where so small a
 * variance tells nothing. */
void ln_loss_weights(const ln_task *task, double *weight);
/* That sum at a loss of stop_loss, and a little more; negative: never. */
double ln_enough(const ln_task *task, double stop_loss);

#endif
