/* curvature.h: how large a rate may be, from the largest eigenvalue of the loss's Hessian.
 *
 * Descent with a fixed rate converges to a minimum of curvature h only if rate * h is below a bound of its
 * optimizer (2 for gd). Training sharpens: a small start is flatter than where it ends, so the curvature is
 * taken both at the start and where a balanced network with linear units has learned the least-squares map.
 * For linear networks and white inputs that is the flattest of all minima, with h = D s_1^(2 - 2/D);
 * correlated inputs and unbalanced starts can end elsewhere, and nonlinear networks sharpen towards the
 * edge of stability: then it is a guide. */
#ifndef LN_CURVATURE_H
#define LN_CURVATURE_H

#include "network/optimizer.h"
#include "network/plan.h"

/* The largest (algebraic) eigenvalue of the Hessian of the plan's loss at theta, over the layers that are not
 * frozen (may be null): Lanczos on central differences of the gradient, to about three digits. LN_ENUMERIC if
 * the gradients are not finite. */
ln_status ln_largest_curvature(ln_context *cx, const ln_plan *plan, const bool *frozen, const double *theta,
                               double *curvature);

/* A rate that is stable by the larger of the two curvatures: half of the bound. The optimizer must have one.
 * plan->task->target is the least-squares map. LN_EARG if neither is above 0. */
ln_status ln_stable_rate(ln_context *cx, const ln_plan *plan, const ln_descent *how, double *rate,
                         double *curvature);

/* Is a rate stable for that many steps? *limit: the largest stable rate by the same two curvatures if the rate is above
 * it; 0 if it is not, or if that is not known at a small part of the run's cost: for nonlinear networks, minibatches,
 * optimizers without a bound and plans without moments. Rates that norms of the weights show to be stable cost nothing. */
ln_status ln_check_rate(ln_context *cx, const ln_plan *plan, const ln_descent *how, size_t steps,
                        double *limit);

#endif
