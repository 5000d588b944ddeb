/* descent.c: a step of each optimizer, entry by entry. */
#include <math.h>

#include "kernels/width.h"

void KERNEL(descend_gd)(size_t n, double rate, double decay, const double *restrict g, double *restrict w) {
  for (size_t i = 0; i < n; i++) w[i] -= rate * (g[i] + decay * w[i]);
}

void KERNEL(descend_momentum)(size_t n, double rate, double decay, double momentum, const double *restrict g,
                              double *restrict w, double *restrict v) {
  for (size_t i = 0; i < n; i++) {
    v[i] = momentum * v[i] + (g[i] + decay * w[i]);
    w[i] -= rate * v[i];
  }
}

void KERNEL(descend_nesterov)(size_t n, double rate, double decay, double momentum, const double *restrict g,
                              double *restrict w, double *restrict v) {
  for (size_t i = 0; i < n; i++) {
    double force = g[i] + decay * w[i];
    v[i] = momentum * v[i] + force;
    w[i] -= rate * (force + momentum * v[i]);
  }
}

void KERNEL(descend_adam)(size_t n, double rate, double decay, double share, const double *restrict g,
                          double *restrict w, double *restrict a, double *restrict b) {
  for (size_t i = 0; i < n; i++) {
    double force = g[i] + decay * w[i];
    a[i] = LN_ADAM_FIRST * a[i] + (1 - LN_ADAM_FIRST) * force;
    b[i] = LN_ADAM_SECOND * b[i] + (1 - LN_ADAM_SECOND) * (force * force);
    w[i] -= rate * a[i] / (sqrt(b[i] * share) + LN_ADAM_LEAST);
  }
}

void KERNEL(turn_downhill)(size_t n, double decay, const double *restrict w, double *restrict g) {
  if (decay == 0)
    for (size_t i = 0; i < n; i++) g[i] = -g[i];
  else
    for (size_t i = 0; i < n; i++) g[i] = -g[i] - decay * w[i];
}
