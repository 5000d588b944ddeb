/* hierarchy.h: items that are the leaves of a regular tree, and what a network learns of them level by level.
 *
 * Levels 0 (root) .. D (leaves); a node of level l < D has branching[l] children, M_l leaves lie below it (M_D = 1), there are
 * n_l = M_0/M_l nodes. The modes of level l are constant on its nodes and sum to 0 among the children of each node above: n_l -
 * n_(l-1) of them with equal singular values, which fall with the level: coarse distinctions before fine ones. Saxe, McClelland
 * and Ganguli (2019); docs/theory/semantic.md. */
#ifndef LN_HIERARCHY_H
#define LN_HIERARCHY_H

#include "core/matrix.h"

#define LN_LEVELS_MAX 60

typedef struct ln_tree {
  size_t depth; /* D */
  const double *branching;
} ln_tree;

/* What the levels have in common; arrays of D + 1. */
typedef struct ln_levels {
  size_t count;                    /* D + 1 */
  double below[LN_LEVELS_MAX + 1]; /* M_l */
  double nodes[LN_LEVELS_MAX + 1]; /* n_l */
  double multiplicity[LN_LEVELS_MAX + 1];
} ln_levels;

/* LN_EARG unless there are 1 .. LN_LEVELS_MAX levels below the root, each of whole numbers of 2 children or more, and all sizes are
 * exact. */
ln_status ln_tree_levels(ln_context *cx, const ln_tree *tree, ln_levels *y);

/* Branching diffusion: a feature is +-1 at the root and flips on each edge to level l with probability flip[l-1], D of them in
 * [0, 1/2]. correlation[l] is that of two items whose last common ancestor is at level l, eigenvalue[l] of the items' correlation
 * matrix, so that many such features F have singular values sqrt(F eigenvalue). */
ln_status ln_tree_diffusion(ln_context *cx, const ln_tree *tree, const double *flip, double *correlation,
                            double *eigenvalue);

/* Features owned by nodes: features[l] of them at each node of level l, 0 .. D, had by all leaves below. sigma[l]: singular values
 * of Y, exactly. */
ln_status ln_tree_features(ln_context *cx, const ln_tree *tree, const double *features, double *sigma);
/* That Y itself: rows by level, nodes in order, a node's features together; (sum over l of n_l features[l]) x M_0. */
void ln_tree_items(const ln_levels *y, const double *features, ln_matrix Y);

/* From the strengths a[l] of the levels' modes: the hidden similarity of two items that part below level l (l = D: of an item with
 * itself), their squared distance, and how far a new property of the one is projected to the other. */
void ln_tree_similarity(const ln_levels *y, const double *a, double *similarity, double *distance2,
                        double *projection);

#endif
