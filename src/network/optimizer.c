#include "network/optimizer.h"

#include <math.h>

#include "core/every_width.h"

#define ADAM_FIRST 0.9 /* how much of the gradient's mean, and of its square's, a step keeps */
#define ADAM_SECOND 0.999
#define ADAM_LEAST 1e-8

EVERY_WIDTH static void gd(const ln_descent *how, uint64_t step, size_t n, const double *restrict g,
                           double *restrict w, double *memory, size_t stride) {
  (void)step, (void)memory, (void)stride;
  const double rate = how->rate, decay = how->weight_decay;
  for (size_t i = 0; i < n; i++) w[i] -= rate * (g[i] + decay * w[i]);
}

EVERY_WIDTH static void momentum(const ln_descent *how, uint64_t step, size_t n, const double *restrict g,
                                 double *restrict w, double *restrict v, size_t stride) {
  (void)step, (void)stride;
  const double rate = how->rate, decay = how->weight_decay, m = how->momentum;
  for (size_t i = 0; i < n; i++) {
    v[i] = m * v[i] + (g[i] + decay * w[i]);
    w[i] -= rate * v[i];
  }
}

EVERY_WIDTH static void nesterov(const ln_descent *how, uint64_t step, size_t n, const double *restrict g,
                                 double *restrict w, double *restrict v, size_t stride) {
  (void)step, (void)stride;
  const double rate = how->rate, decay = how->weight_decay, m = how->momentum;
  for (size_t i = 0; i < n; i++) {
    double force = g[i] + decay * w[i];
    v[i] = m * v[i] + force;
    w[i] -= rate * (force + m * v[i]);
  }
}

EVERY_WIDTH static void adam_loop(double rate, double decay, double share, size_t n, const double *restrict g,
                                  double *restrict w, double *restrict a, double *restrict b) {
  for (size_t i = 0; i < n; i++) {
    double force = g[i] + decay * w[i];
    a[i] = ADAM_FIRST * a[i] + (1 - ADAM_FIRST) * force;
    b[i] = ADAM_SECOND * b[i] + (1 - ADAM_SECOND) * (force * force);
    w[i] -= rate * a[i] / (sqrt(b[i] * share) + ADAM_LEAST);
  }
}

static void adam(const ln_descent *how, uint64_t step, size_t n, const double *g, double *w, double *memory,
                 size_t stride) {
  /* 1 - .9^n and 1 - .999^n, without cancellation */
  double first = -expm1((double)step * log(ADAM_FIRST)), second = -expm1((double)step * log(ADAM_SECOND));
  adam_loop(how->rate / first, how->weight_decay, 1 / second, n, g, w, memory, memory + stride);
}

static double gd_stable(double m) { return (void)m, 2; }
static double momentum_stable(double m) { return 2 * (1 + m); }
static double nesterov_stable(double m) { return 2 * (1 + m) / (1 + 2 * m); }

const ln_optimizer ln_optimizers[] = {
    {"gd", "w -= rate g", 0, false, true, gd_stable, gd},
    {"momentum", "v = m v + g; w -= rate v", 1, true, true, momentum_stable, momentum},
    {"nesterov", "v = m v + g; w -= rate (g + m v)", 1, true, true, nesterov_stable, nesterov},
    {"adam", "rate times the gradient's mean over the root of its mean square", 2, false, false, NULL, adam},
    {0},
};

size_t ln_moving(const ln_net *net, const bool *frozen, size_t *layer, size_t *first) {
  size_t l = *layer;
  while (l < net->depth && frozen && frozen[l]) l++;
  if (l == net->depth) return 0;
  *first = net->layers[l].weights;
  while (l < net->depth && !(frozen && frozen[l])) l++;
  *layer = l;
  return (l < net->depth ? net->layers[l].weights : net->count) - *first;
}

void ln_descend(const ln_descent *how, const ln_net *net, uint64_t step, const double *gradient,
                double *theta, double *memory) {
  size_t first, n, layer = 0;
  while ((n = ln_moving(net, how->frozen, &layer, &first)))
    how->optimizer->update(how, step, n, gradient + first, theta + first,
                           how->optimizer->memory ? memory + first : NULL, net->count);
}
