/* structure.h: worlds of items on a graph: what varies smoothly over it.
 *
 * Features are drawn independently from a Gaussian field over the items, with the precision Q = weight * Laplacian + 1/sigma^2;
 * the items' covariance is C = Q^-1, with eigenvectors of the Laplacian (eigenvalues mu) and eigenvalues 1/(weight mu + 1/sigma^2):
 * the smoothest distinctions are the largest and are learned first. After Kemp and Tenenbaum (2008), The discovery of structural
 * form, as Saxe, McClelland and Ganguli (2019) use it; docs/theory/semantic.md. */
#ifndef LN_STRUCTURE_H
#define LN_STRUCTURE_H

#include "core/matrix.h"

typedef enum ln_structure_kind { LN_RING, LN_CHAIN, LN_GRID, LN_CLUSTERS } ln_structure_kind;

typedef struct ln_structure {
  ln_structure_kind kind;
  size_t n, m; /* items of a ring or chain; rows and columns of a grid; clusters and the size of each */
  double weight, sigma;
} ln_structure;

/* LN_EARG unless the sizes are possible (a ring has 3 items or more, the others 2), and weight and sigma > 0. */
ln_status ln_structure_items(ln_context *cx, const ln_structure *s, size_t *items);

/* The covariance's eigenvalues, falling, and (unless V.data is null) orthonormal eigenvectors, items x items, in closed form. */
ln_status ln_structure_modes(ln_context *cx, const ln_structure *s, double *eigenvalue, ln_matrix V);

/* A tree graph with hidden inner nodes (hierarchy.h), whose leaves are the items: the eigenvalue of each level's modes. */
ln_status ln_structure_tree(ln_context *cx, const double *branching, size_t depth, double weight,
                            double sigma, double *eigenvalue);

#endif
