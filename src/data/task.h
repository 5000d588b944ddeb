/* task.h: what a network learns from: examples, or only their moments, or entries of the map (observed.h).
 *
 *     Sxx = X X'/P   inputs x inputs        Syx = Y X'/P   outputs x inputs        tr_yy = |Y|^2/P
 * A column of X (inputs x P) and Y (outputs x P) is an example. A linear network's full-batch gradient
 * contains nothing but these moments; with biases also the means, since a bias is the weight of an input
 * fixed to 1. */
#ifndef LN_TASK_H
#define LN_TASK_H

#include "data/observed.h"

typedef struct ln_task {
  size_t inputs, outputs;
  size_t examples; /* 0: only the moments are known, and X and Y are empty */
  ln_matrix X, Y;
  ln_observed observed; /* count > 0: no examples and no moments; but Syx = -dL/dW at W = 0, as always,
 and target, the map as far as it is known */
  /* valid once has_moments is set: */
  ln_matrix Sxx, Syx;
  ln_matrix mean_x,
      mean_y; /* columns; data null where only moments were given (then a bias cannot be trained on them) */
  double tr_yy;
  /* valid once has_target is set: */
  ln_matrix target; /* the least-squares map of smallest norm, W* = Syx Sxx^+, outputs x inputs */
  double loss_min;  /* its loss: where there are examples no cancellation is left in it */
  /* The directions that the inputs have, if the target was found through them; else data null: */
  ln_matrix basis;  /* orthonormal eigenvectors of Sxx, inputs x rank, by falling eigenvalue */
  double *spectrum; /* those eigenvalues, above 1e-14 of the largest */
  bool has_moments, has_target;
} ln_task;

/* The moments of X and Y into the windows given (sizes as above): one dsyrk and one dgemm. */
ln_status ln_moments(ln_context *cx, ln_matrix X, ln_matrix Y, ln_matrix Sxx, ln_matrix Syx, ln_matrix mean_x,
                     ln_matrix mean_y, double *tr_yy);

/* How many columns ln_input_basis needs: inputs, or the number of examples if there are fewer. */
size_t ln_input_basis_size(const ln_task *task);
/* Orthonormal eigenvectors of Sxx in V's first *rank columns, by falling eigenvalues w, those above 1e-14 of the
 * largest. V is inputs x ln_input_basis_size. Fewer examples than inputs: from the examples, in the basis of their
 * span; else from Sxx. */
ln_status ln_input_basis(ln_context *cx, const ln_task *task, ln_matrix V, double *w, size_t *rank);

/* The least-squares map from a task's moments (eigenvalues of Sxx below 1e-14 of the largest count as 0), and
 * its loss. By Cholesky where Sxx is well-conditioned. */
ln_status ln_least_squares_map(ln_context *cx, const ln_task *task, ln_matrix target, double *loss_min);
/* The same with room for ln_input_basis; *rank stays 0 if it was not needed. */
ln_status ln_least_squares_basis(ln_context *cx, const ln_task *task, ln_matrix target, double *loss_min,
                                 ln_matrix V, double *w, size_t *rank);

/* LN_EARG unless the moments can come from data: Sxx symmetric, no eigenvalue below -1e-12 of the largest,
 * the rows of Syx in the range of Sxx (residual at most 1e-9 of |Syx|: else a linear network's weights would
 * grow without limit). */
ln_status ln_check_moments(ln_context *cx, ln_matrix Sxx, ln_matrix Syx, double tr_yy);

/* The modes of the input-output correlation: Syx = U diag(s) V', thin, signs and equal singular values as
 * ln_svd says; within a group of equal s the basis diagonalises Sxx first, so that the modes decouple
 * wherever they can. Of observations it is the first step from zero whose modes these are. */
ln_status ln_task_modes(ln_context *cx, const ln_task *task, ln_matrix U, double *s, ln_matrix V);

#endif
