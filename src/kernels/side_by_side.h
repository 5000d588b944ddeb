/* side_by_side.h: linear networks of the same layers that descend together, a network to each lane of a vector.
 *
 * Every number here stands LN_NETWORKS times in a row, once for each network: entry (i, j) of a matrix with m rows is at
 * [i + j m][network]. So no product has a remainder or a transpose, and no network's numbers depend on the others'. */
#ifndef LN_SIDE_BY_SIDE_H
#define LN_SIDE_BY_SIDE_H

#include <stdbool.h>
#include <stddef.h>

enum { LN_NETWORKS = 4 };

typedef struct ln_side_layer {
  size_t rows, cols;
  double *W, *velocity; /* rows x cols; velocity null without momentum */
  double *next; /* of the first of several layers: what a step makes of W, and then they change places */
  double
      *P; /* W_l .. W_1, rows x inputs; not for the first layer; for the last only if Sxx is not diagonal */
  bool moves; /* or is frozen */
} ln_side_layer;

typedef enum ln_side_step { LN_SIDE_GD, LN_SIDE_MOMENTUM, LN_SIDE_NESTEROV } ln_side_step;

typedef struct ln_side_by_side {
  size_t depth, lowest; /* the layers below `lowest` are frozen */
  ln_side_layer *layers;
  const double *d,
      *inverse; /* of a diagonal Sxx: its inputs entries, and 1/d where d > 0, else 0; or null, and then */
  const double *Sxx, *target;
  const double *Syx;
  double *G;          /* P Sxx - Syx, outputs x inputs */
  double *even, *odd; /* as large as the largest layer's P */
  ln_side_step how;
  double rate, decay, momentum;
  const double *loss_min;     /* of each network, */
  const double *least, *most; /* and where it has to be looked at: loss <= least, or not <= most */
  const double *done;         /* 1 for networks that are not looked at, else 0 */
  double loss[LN_NETWORKS];   /* before the last step */
} ln_side_by_side;

#endif
