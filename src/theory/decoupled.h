/* decoupled.h: every weight of a deep linear network whose modes learn independently of each other.
 *
 * The network is f(x) = W_D .. W_1 x with W_l of size N_l x N_(l-1), and the task gives Sxx = XX'/P and
 * Syx = YX'/P. If there is one basis for both (joint.h),
 *
 *     Sxx = V diag(rho) V',   Syx = U diag(s) V',
 *
 * and the weights map these directions onto each other mode by mode, then mode i is a scalar problem with its
 * own s and rho, and the weights are what they were plus what the modes have gained. For two layers it is
 * enough that the hidden vectors W1 v_i and W2'u_i of different modes are orthogonal (pair.h); more layers
 * must be aligned, W_l = R_(l+1) diag(a_l) R_l' on the modes. Saxe, McClelland and Ganguli (2014).
 *
 * ln_decoupled_prepare finds the nearest such description of any network and task, and says how far they are
 * from it; what is near enough is for the caller to decide. A small misfit costs an error of about
 * 0.7 data_misfit + 0.3 weight_misfit in W(t), relative to the map that is learned. */
#ifndef LN_DECOUPLED_H
#define LN_DECOUPLED_H

#include "core/matrix.h"

typedef struct ln_decoupled {
  size_t depth;
  const ln_matrix *weights; /* the caller's W_1 .. W_D at t = 0: must stay as long as this is used */
  double decay;             /* weight decay k: dW_l/dt = -dL/dW_l - k W_l */

  size_t modes;         /* m: directions of the data that have an output direction; s falling, 0 at the end */
  ln_matrix V, U;       /* inputs x m and outputs x m */
  double *s, *rho;      /* m each */
  double data_misfit;   /* of the joint basis: |offdiag((Syx V)'(Syx V))|/|(Syx V)'(Syx V)| */
  double weight_misfit; /* of the weights, relative to their norm */
  bool closed; /* every mode has a closed form; else some are integrated, to a relative tolerance of 1e-13 */

  /* How the modes sit in the layers. Two layers: R[1] = W1 V, R[2] = W2'U, hidden x m. Deeper: unit vectors
   * R[l], N_l x m, l = 0 .. D, and the modes' part a of each layer, D x m, with sign. */
  ln_matrix *R;
  ln_matrix a;
  unsigned char *law; /* m: which solution each mode has */
} ln_decoupled;

/* D >= 2 layers that chain from Sxx.rows inputs to Syx.rows outputs. The memory is taken from the context and
 * goes back with the caller's mark. LN_EARG for sizes that do not fit, numbers that are not finite, decay <
 * 0, and moments that no data gives (moments.h). */
ln_status ln_decoupled_prepare(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                               ln_matrix Syx, double decay, ln_decoupled *d);

/* The weights at time t >= 0 into W[0 .. D-1], of the sizes of the given ones, and the modes' strengths
 * u_i' W v_i (m numbers; may be null). t = infinity gives the limit if d->closed, and is LN_EARG else. */
ln_status ln_decoupled_at(ln_context *cx, const ln_decoupled *d, double t, ln_matrix *W, double *strengths);

/* The same for a whole trajectory: calls output with the state at each of the times, which must rise. Modes
 * that are integrated are so once through all of them. A status other than LN_OK from output ends it. */
typedef ln_status (*ln_decoupled_output)(ln_context *cx, void *ud, size_t index, double t, const ln_matrix *W,
                                         const double *strengths);
ln_status ln_decoupled_follow(ln_context *cx, const ln_decoupled *d, const double *times, size_t count,
                              ln_decoupled_output output, void *ud);

#endif
