/* probe.h: what can be observed of a network on a task, during training, along a flow or from a prediction.
 *
 * A probe measures one network layout on one task; it takes its work space when it is made and allocates
 * nothing that lasts later. A new observable is a row of the table in probe.c. */
#ifndef LN_PROBE_H
#define LN_PROBE_H

#include "network/reduce.h"

typedef struct ln_probe {
  const ln_net *net;
  ln_plan task;
  ln_plan test; /* valid if has_test */
  bool has_test;
  ln_matrix U, V; /* the task's modes: outputs x k and inputs x k; data null if no mode will be asked for */
  ln_matrix product;           /* W_D ... W_1 */
  const double *theta;         /* whose product it is */
  ln_reduced *reduction;       /* null, or what the parameters to be measured are of */
  struct ln_probe *of_reduced; /* what is measured without the whole network's parameters */
  double *parameters;          /* the whole network's, where the others are measured, */
  bool is_lifted;              /* once they are lifted */
} ln_probe;

/* test may be null; U and V may be {0}. Loss and test loss are computed on the paths that `choice` gives. */
ln_status ln_make_probe(ln_context *cx, ln_probe *probe, const ln_net *net, const ln_task *task,
                        const ln_task *test, ln_matrix U, ln_matrix V, ln_plan_choice choice);

/* From now on the probe is given the parameters of this reduction: it measures the loss, and the modes if their U and V
 * lie in the reduction's bases, on them, and else lifts them into `parameters` first. */
ln_status ln_probe_reduced(ln_context *cx, ln_probe *probe, ln_reduced *reduction, double *parameters);

typedef enum ln_observable_kind {
  LN_CURVES,     /* width numbers a record: T x width */
  LN_PARAMETERS, /* the whole parameter array */
} ln_observable_kind;

typedef struct ln_observable {
  const char *name, *doc;
  ln_observable_kind kind;
  bool needs_linear, needs_test, needs_modes;
  size_t (*width)(const ln_net *net); /* null: a single number */
  ln_status (*measure)(ln_context *cx, ln_probe *probe, const double *theta, double *out);
} ln_observable;

extern const ln_observable ln_observables[]; /* ends with a null name */

size_t ln_width(const ln_observable *observable, const ln_net *net);

/* Measures one observable at theta; between calls with the same theta and `fresh` false, the product is
 * formed once. */
ln_status ln_measure(ln_context *cx, ln_probe *probe, const ln_observable *observable, const double *theta,
                     bool fresh, double *out);

#endif
