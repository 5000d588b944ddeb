/* structured.h: items whose features follow a structure: drawn from it, or owned by its parts.
 *
 * Y is features x items. The law of the features is told by the items' covariance C = E[y y'] of one feature y: its
 * eigenvalues lambda are those of Y'Y/features in the mean, so that Y has singular values near sqrt(features lambda).
 * Saxe, McClelland and Ganguli (2019); Kemp and Tenenbaum (2008). docs/structured.md. */
#ifndef LN_STRUCTURED_H
#define LN_STRUCTURED_H

#include "core/random.h"

/* ---- drawn: a stream gives the first features whatever their number ---- */

/* Independent rows from the Gaussian field of covariance V diag(eigenvalue) V' (V orthogonal, eigenvalues >= 0), by its
 * symmetric root: equal eigenvalues leave no trace of their arbitrary vectors. */
ln_status ln_draw_field(ln_context *cx, ln_stream stream, ln_matrix V, const double *eigenvalue, ln_matrix Y);

/* Branching diffusion: each feature is +-1 at the root and flips on an edge to level l with probability flip[l-1]; a node of
 * level l has branching[l] children, the leaves are the items. */
ln_status ln_draw_diffusion(ln_context *cx, ln_stream stream, const double *branching, const double *flip,
                            size_t depth, ln_matrix Y);

/* Items are the cells of a table with `columns` columns, row by row. Each of the first `of_rows` features is +-1 by the item's
 * row, each of the others by its column. */
ln_status ln_draw_crossed(ln_context *cx, ln_stream stream, size_t columns, size_t of_rows, ln_matrix Y);

/* ---- owned ---- */

/* The same items; 0/1: per_row features had by the items of row 1 alone, as many of row 2, ...; then per_column of each column. */
void ln_crossed_items(size_t rows, size_t columns, size_t per_row, size_t per_column, ln_matrix Y);

/* ---- modes ---- */

/* Entry i of vector k of an orthonormal basis of n numbers: 0 is constant, k = 1 .. n-1 tells item k from those before it
 * (Helmert). */
double ln_contrast(size_t n, size_t k, size_t i);

/* Orthonormal vectors over the leaves of a tree: column 0 constant; then level by level, node by node, what tells its children
 * apart. leaves x leaves. */
ln_status ln_tree_vectors(ln_context *cx, const double *branching, size_t depth, ln_matrix V);

/* Eigenvalues, falling, and orthonormal vectors of of_rows A + of_columns B, where A and B hold a 1 for two items of the same row
 * and of the same column. */
ln_status ln_crossed_modes(ln_context *cx, size_t rows, size_t columns, double of_rows, double of_columns,
                           double *eigenvalue, ln_matrix V);

/* C = V diag(eigenvalue) V'. */
ln_status ln_covariance_of(ln_context *cx, ln_matrix V, const double *eigenvalue, ln_matrix C);

#endif
