/* probe.h: what can be observed of a network on a task, during training, along a flow or from a prediction.
 *
 * A probe measures one network layout on one task; it takes its work space when it is made and allocates
 * nothing that lasts later. A new observable is a row of the table in probe.c. */
#ifndef LN_PROBE_H
#define LN_PROBE_H

#include "network/reduce.h"

/* What a probe looks at, and what its observables need of it. */
typedef struct ln_subject {
  const ln_net *net;
  const ln_task *task, *test; /* test: null if nothing of it is asked for, or there is none */
  ln_plan_choice choice;      /* the paths on which loss and test loss are computed */
  ln_matrix U, V;             /* the task's modes: outputs x k and inputs x k; {0} if nothing needs them */
  const double *s;            /* and their k strengths, or null */
  const double *start;        /* parameters that distances are taken from; null if nothing needs them */
  size_t examples; /* the first so many of the task are those of what is a matrix over examples; 0: all */
} ln_subject;

typedef struct ln_probe {
  const ln_net *net;
  ln_plan task;
  ln_plan test; /* valid if has_test */
  bool has_test;
  ln_matrix U, V;
  bool in_modes; /* U and V are unit vectors in order: the product's diagonal has the modes */
  const double *s;
  double *start;               /* a copy, or null */
  ln_matrix X, Y;              /* the examples of what is a matrix over examples */
  ln_matrix product;           /* W_D ... W_1 */
  ln_matrix turned;            /* room for the product in the modes of the inputs */
  const double *theta;         /* whose product it is */
  ln_reduced *reduction;       /* null, or what the parameters to be measured are of */
  struct ln_probe *of_reduced; /* what is measured without the whole network's parameters */
  double *parameters;          /* the whole network's, where the others are measured, */
  bool is_lifted;              /* once they are lifted */
} ln_probe;

/* The windows of the subject must stay; its start is copied. */
ln_status ln_make_probe(ln_context *cx, ln_probe *probe, const ln_subject *subject);

/* From now on the probe is given the parameters of this reduction: it measures the loss, and the modes if their U and V
 * lie in the reduction's bases, on them, and else lifts them into `parameters` first. */
ln_status ln_probe_reduced(ln_context *cx, ln_probe *probe, ln_reduced *reduction, double *parameters);

typedef enum ln_observable_kind {
  LN_CURVES,     /* size numbers a record, or one: T x size */
  LN_PARAMETERS, /* the whole parameter array */
  LN_MATRIX,     /* a square matrix of order `size` */
  LN_MATRICES,   /* one for each hidden layer */
  LN_RECTANGLE,  /* a matrix of any shape, of the host's own */
} ln_observable_kind;

/* What an observable wants to be there. */
enum ln_need {
  LN_NEEDS_LINEAR = 1,
  LN_NEEDS_PLAIN = 2, /* linear units and no biases */
  LN_NEEDS_HIDDEN = 4,
  LN_NEEDS_TEST = 8,
  LN_NEEDS_MODES = 16,
  LN_NEEDS_START = 32,
  LN_NEEDS_MOMENTS = 64,
  LN_NEEDS_EXAMPLES = 128,
  LN_NEEDS_KERNEL = 256,    /* built on the examples where the network is not plain; else the moments */
  LN_OF_MAP = 512,          /* no more than the map of a plain network */
  LN_NEEDS_ROTATION = 1024, /* changes if a hidden layer of linear units is rotated with all its weights */
};

typedef struct ln_observable {
  const char *name, *doc;
  ln_observable_kind kind;
  unsigned needs;
  size_t (*size)(const ln_subject *subject); /* null: a single number */
  ln_status (*measure)(ln_context *cx, ln_probe *probe, const double *theta, double *out);
} ln_observable;

/* An observable of the host's own: for the thread that called the numerics alone. */
typedef struct ln_hosted_observable {
  ln_observable observable; /* the first field; size and measure are null */
  /* theta: the whole network's parameters; rows * cols numbers into out. */
  ln_status (*ask)(ln_context *cx, const struct ln_hosted_observable *self, const double *theta, double *out);
  size_t rows, cols; /* rows 1 for LN_CURVES */
} ln_hosted_observable;

/* The observable as one of the host's; null if it is none. */
static inline const ln_hosted_observable *ln_hosted(const ln_observable *observable) {
  return observable->measure ? NULL : (const ln_hosted_observable *)observable;
}

extern const ln_observable ln_observables[]; /* ends with a null name */

/* LN_EARG, with the reason as the end of a sentence, if the subject has not what the observable needs. The tasks' moments
 * and modes, and a test set to come, are the caller's to provide. */
ln_status ln_check_observable(ln_context *cx, const ln_observable *observable, const ln_subject *subject,
                              bool has_test, bool has_start);
/* What it needs of this subject, among ln_need, with LN_NEEDS_KERNEL resolved. */
unsigned ln_needs(const ln_observable *observable, const ln_subject *subject);

/* Is a record of it a single number? */
bool ln_is_number(const ln_observable *observable);
/* How many numbers a record of it has; it may be beyond all memory. */
double ln_numbers(const ln_observable *observable, const ln_subject *subject);

/* Measures one observable at theta; between calls with the same theta and `fresh` false, the product is
 * formed once. */
ln_status ln_measure(ln_context *cx, ln_probe *probe, const ln_observable *observable, const double *theta,
                     bool fresh, double *out);

#endif
