/* map_view.h: the map W(t) of a prediction as a network of one layer, in the modes of the task.
 *
 * What is observed of the map alone (loss, modes, singular values, ...) needs neither the layers' weights nor the rotation
 * of the hidden layer between them. A solution that knows the map by itself hands out left'W right, for bases in which it
 * is simple; a probe made for `whole`, and told of `reduction`, measures it there, or lifts it. */
#ifndef LN_MAP_VIEW_H
#define LN_MAP_VIEW_H

#include "network/flow.h"
#include "network/probe.h"
#include "theory/riccati_map.h"

typedef struct ln_map_view {
  ln_net whole;
  ln_reduced reduction;
  double *parameters; /* of `whole`, for the probe to lift into */
  ln_layer layer, reduced_layer;
  ln_riccati riccati;
  ln_riccati_map map;
} ln_map_view;

/* The two layers of `net` in their nearest class; under weight decay only zero-balanced weights stay in theirs. */
ln_status ln_riccati_of_net(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                            ln_riccati *r);

/* Of the two balanced layers in `net` on the task with white inputs (riccati.h), which has its target. *known is false
 * where the map depends on the weights themselves. The memory is the context's, to be kept or let go by the caller. */
ln_status ln_map_view_prepare(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                              ln_map_view *view, bool *known);

/* The reduced layer at each time, in order, as parameters of view->reduction.net. modes: only its diagonal is wanted. */
ln_status ln_map_view_follow(ln_context *cx, const ln_map_view *view, const double *times, size_t count,
                             bool modes, ln_flow_output output, void *ud);

#endif
