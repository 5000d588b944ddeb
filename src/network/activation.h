/* activation.h: the functions that act on each unit of a layer. */
#ifndef LN_ACTIVATION_H
#define LN_ACTIVATION_H

#include "core/context.h"
#include "kernels/kernels.h"

typedef struct ln_activation {
  const char *name, *doc;
  /* y[i] = f(x[i]); x and y may be the same array. */
  ln_status (*f)(ln_context *cx, void *ud, const double *x, double *y, size_t n);
  /* d[i] = f'(x[i]), with y = f(x) at hand; d may be x or y. At a kink: the derivative from the left. */
  ln_status (*df)(ln_context *cx, void *ud, const double *x, const double *y, double *d, size_t n);
  /* Null for the built-in ones; else f and df are the host's, for the thread that called the numerics alone. */
  void *ud;
  bool linear;    /* f(x) = x */
  bool kinked;    /* f' jumps somewhere */
  ln_shape shape; /* what the kernels of small layers know it as */
} ln_activation;

/* linear relu leaky_relu tanh erf sigmoid softplus hard_tanh; null if the name is another. */
const ln_activation *ln_find_activation(const char *name);
extern const ln_activation ln_activations[]; /* ends with a null name */

#endif
