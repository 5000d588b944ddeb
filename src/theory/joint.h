/* joint.h: the directions in which a task and a deep linear network decouple, if there are any.
 *
 *     Sxx = V diag(rho) V',   Syx = U diag(s) V'
 *
 * exists iff Sxx and Syx'Syx commute. Where the task leaves directions open (equal rho and equal s, or s =
 * 0), the given weights decide: the basis is taken in which the network's own maps are diagonal, if there is
 * one. */
#ifndef LN_JOINT_H
#define LN_JOINT_H

#include "core/matrix.h"

typedef struct ln_joint {
  size_t used;     /* input directions with rho > 0 */
  size_t modes;    /* those that have an output direction; they come first, s falling */
  ln_matrix V;     /* inputs x used, orthonormal */
  ln_matrix U;     /* outputs x modes, orthonormal as far as misfit says */
  double *s, *rho; /* used each; s = 0 beyond the rank of Syx */
  double misfit;   /* |offdiag(T'T)|/|T'T| with T = Syx V (Frobenius): 0 iff the basis exists */
} ln_joint;

/* weights: W_1 .. W_depth, which chain from Sxx.rows inputs to Syx.rows outputs (the caller has checked). Singular
 * values of Syx up to `nothing`, relative to the largest, count as 0. The memory is taken from the context and goes back with the caller's mark. Errors as in moments.h. */
ln_status ln_joint_basis(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx, ln_matrix Syx,
                         double nothing, ln_joint *joint);

/* What A lacks to have its columns span the space: an orthonormal basis of the complement of A's
 * (orthonormal) columns, rows x (rows - cols); empty if there is nothing left. Work space is taken as above.
 */
ln_status ln_complement(ln_context *cx, ln_matrix A, ln_matrix *complement);

#endif
