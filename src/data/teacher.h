/* teacher.h: examples from a linear teacher with noise, and the population they come from.
 *
 *     y = W x + eps    x: mean 0, covariance C (1 if not given)    eps: mean 0, variance `noise` in each
 * output
 *
 * W is Gaussian with entries of variance power/inputs, so that `power` is the mean power of an output for
 * white inputs (Advani & Saxe 2017); or of low rank (Lampinen & Ganguli 2019). Streams are passed by value: a
 * call that is made again draws the same numbers again. */
#ifndef LN_TEACHER_H
#define LN_TEACHER_H

#include "core/random.h"

/* W (outputs x inputs) with independent normal entries of variance power/inputs. */
void ln_teacher_full(ln_stream stream, double power, ln_matrix W);
/* W = A B of rank r <= min(outputs, inputs), A and B Gaussian; entries have the same variance. */
ln_status ln_teacher_rank(ln_context *cx, ln_stream stream, double power, size_t rank, ln_matrix W);
/* W = U diag(s) V' with Haar-distributed U and V; n <= min(outputs, inputs). */
ln_status ln_teacher_modes(ln_context *cx, ln_stream stream, const double *s, size_t n, ln_matrix W);

/* X (inputs x P) with independent normal columns of covariance C: {0} for white inputs, a column for a
 * diagonal one, else a symmetric matrix without negative eigenvalues. The first columns do not depend on P.
 */
ln_status ln_teacher_inputs(ln_context *cx, ln_stream stream, ln_matrix C, ln_matrix X);
/* Y = W X + noise. */
ln_status ln_teacher_outputs(ln_context *cx, ln_stream stream, ln_matrix W, double noise, ln_matrix X,
                             ln_matrix Y);
/* The moments of the population: Sxx = C, Syx = W C, tr_yy = tr(W C W') + outputs * noise. */
ln_status ln_teacher_population(ln_context *cx, ln_matrix W, ln_matrix C, double noise, ln_matrix Sxx,
                                ln_matrix Syx, double *tr_yy);

/* X (inputs x P, P >= inputs) with X X' / P = 1: sqrt(P) times random orthonormal rows. */
ln_status ln_white_inputs(ln_context *cx, ln_stream stream, ln_matrix X);

#endif
