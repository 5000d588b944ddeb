/* kernel.h: the neural tangent kernel of any network, and its hidden representations, over examples. */
#ifndef LN_KERNEL_H
#define LN_KERNEL_H

#include "network/net.h"

/* K[(a, mu), (b, nu)] = <df_a(x_mu)/dtheta, df_b(x_nu)/dtheta> over all weights and biases at theta, output-major,
 * (outputs P) x (outputs P) for the P columns of X. Linear networks without biases: theory/ntk.h; else by one pass
 * backward from each output: O(P^2 outputs^2 sum N_l). Work space as large as K, and the values of all layers. */
ln_status ln_kernel(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, ln_matrix K);

/* R = H'H (P x P) for the values H of layer `layer` (1 .. depth): the similarity of the examples there. */
ln_status ln_similarity(ln_context *cx, const ln_net *net, const double *theta, ln_matrix X, size_t layer,
                        ln_matrix R);

#endif
