/* balanced.h: flows of deep linear networks with balanced layers, whose end-to-end map obeys an equation of its own.
 *
 * Gradient flow of any loss of W = W_D .. W_1 conserves Lam_l = W_(l+1)' W_(l+1) - W_l W_l', l = 1 .. D-1. Where all
 * of them are 0, W alone decides how it moves (end_to_end.h), and its rank never grows. What is integrated is not W
 * but the layers at rank width: their equation is polynomial, and smooth where singular values vanish or meet.
 * Arora, Cohen and Hazan (2018); Arora, Cohen, Hu and Luo (2019). */
#ifndef LN_BALANCED_H
#define LN_BALANCED_H

#include "network/flow.h"

/* Singular values of W up to this part of the largest are 0: a small power of what rounding leaves is not small. */
#define LN_NO_STRENGTH 1e-15

/* Balanced layers with W_D .. W_1 = W, of the sizes of the windows: s^(1/D) V', s^(1/D), .., U s^(1/D), and zeros in
 * the further hidden units. LN_EARG if a hidden layer is narrower than the rank of W. */
ln_status ln_balanced_factors(ln_context *cx, ln_matrix W, size_t depth, const ln_matrix *weights);

/* Lam_l into Lam[l-1] (N_l x N_l, l = 1 .. D-1; null: not wanted), and how far they are from balance: the largest
 * |Lam_l|/(|W_l|^2 + |W_(l+1)|^2), Frobenius norms; 0 for one layer. */
ln_status ln_conserved(ln_context *cx, const ln_matrix *weights, size_t depth, const ln_matrix *Lam,
                       double *distance);

/* Gradient flow as ln_flow, of a network whose layers are balanced: each hidden layer is carried in the directions
 * that the first one reaches, as many as W has rank. What these directions leave out of layers that are not balanced
 * stays as it is (but for weight decay, which keeps balance): an error of some 5 distance^2 in W (measured, depths 2
 * to 4), and none where nothing is left out. */
ln_status ln_balanced_flow(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                           double *theta, const double *times, size_t count, double tolerance,
                           ln_flow_output output, void *ud);

/* The map and its singular values (falling) at each of the rising times. */
typedef ln_status (*ln_map_output)(ln_context *cx, void *ud, size_t index, double t, ln_matrix W,
                                   const double *s);
/* The end-to-end map of a balanced network of any widths from W, integrated to the tolerance (see ln_flow). */
ln_status ln_end_to_end_flow(ln_context *cx, const ln_task *task, ln_matrix W, size_t depth,
                             double weight_decay, const double *times, size_t count, double tolerance,
                             ln_map_output output, void *ud);

#endif
