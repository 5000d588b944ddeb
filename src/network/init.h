/* init.h: how a network starts. Each layer draws from a stream of its own (part l of the given one), so that
 * a layer's start does not depend on the others' sizes. Biases start at 0. Every function writes
 * net->parameters. */
#ifndef LN_INIT_H
#define LN_INIT_H

#include "core/random.h"
#include "network/net.h"

/* Independent normal entries: sd[l] for layer l (from 0). */
ln_status ln_init_gaussian(ln_context *cx, const ln_net *net, const ln_stream *stream, const double *sd);
/* gain times a Haar-random matrix with orthonormal columns (or rows, where there are fewer). */
ln_status ln_init_orthogonal(ln_context *cx, const ln_net *net, const ln_stream *stream, double gain);
/* scale times ones on each layer's diagonal. */
void ln_init_identity(const ln_net *net, double scale);
void ln_init_zeros(const ln_net *net);

/* W_l = R_(l+1) diag(a_l) R_l' with R_1 = V, R_(D+1) = U and Haar-random R_l between: the start that the
 * closed forms for decoupled modes assume (Saxe, McClelland & Ganguli 2014). U is outputs x k, V inputs x k;
 * the first r modes start, r the smallest of k and the hidden widths. layer[l + i*depth] is a_l of mode i. */
ln_status ln_init_aligned(ln_context *cx, const ln_net *net, const ln_stream *stream, ln_matrix U,
                          ln_matrix V, const double *layer);
/* Layers in balance, W_(l+1)' W_(l+1) = W_l W_l', around the end-to-end map U S V' of a Gaussian matrix,
 * scaled so that its largest singular value is strength; its rank is the smallest width. */
ln_status ln_init_balanced(ln_context *cx, const ln_net *net, const ln_stream *stream, double strength);
/* Two layers with W_2' W_2 - W_1 W_1' = lambda on the hidden directions in use (Domine et al. 2024), around
 * the same end-to-end map as ln_init_balanced. LN_EARG unless depth is 2. With lambda > 0 at most `outputs`
 * hidden directions are in use, with lambda < 0 at most `inputs`; the others carry no weight. */
ln_status ln_init_lambda(ln_context *cx, const ln_net *net, const ln_stream *stream, double strength,
                         double lambda);

#endif
