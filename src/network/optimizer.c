#include "network/optimizer.h"

#include <math.h>

static void gd(const ln_kernels *kernels, const ln_descent *how, uint64_t step, size_t n, const double *g,
               double *w, double *memory, size_t stride) {
  (void)step, (void)memory, (void)stride;
  kernels->descend_gd(n, how->rate, how->weight_decay, g, w);
}

static void momentum(const ln_kernels *kernels, const ln_descent *how, uint64_t step, size_t n,
                     const double *g, double *w, double *v, size_t stride) {
  (void)step, (void)stride;
  kernels->descend_momentum(n, how->rate, how->weight_decay, how->momentum, g, w, v);
}

static void nesterov(const ln_kernels *kernels, const ln_descent *how, uint64_t step, size_t n,
                     const double *g, double *w, double *v, size_t stride) {
  (void)step, (void)stride;
  kernels->descend_nesterov(n, how->rate, how->weight_decay, how->momentum, g, w, v);
}

static void adam(const ln_kernels *kernels, const ln_descent *how, uint64_t step, size_t n, const double *g,
                 double *w, double *memory, size_t stride) {
  /* 1 - .9^n and 1 - .999^n, without cancellation */
  double first = -expm1((double)step * log(LN_ADAM_FIRST));
  double second = -expm1((double)step * log(LN_ADAM_SECOND));
  kernels->descend_adam(n, how->rate / first, how->weight_decay, 1 / second, g, w, memory, memory + stride);
}

static ln_descent_rule gd_rule(const ln_descent *how) {
  return (ln_descent_rule){.rate = how->rate, .decay = how->weight_decay};
}

static ln_descent_rule momentum_rule(const ln_descent *how) {
  return (ln_descent_rule){
      .rate = how->rate, .decay = how->weight_decay, .momentum = how->momentum, .jump = 0, .glide = 1};
}

static ln_descent_rule nesterov_rule(const ln_descent *how) {
  return (ln_descent_rule){.rate = how->rate,
                           .decay = how->weight_decay,
                           .momentum = how->momentum,
                           .jump = 1,
                           .glide = how->momentum};
}

static double gd_stable(double m) { return (void)m, 2; }
static double momentum_stable(double m) { return 2 * (1 + m); }
static double nesterov_stable(double m) { return 2 * (1 + m) / (1 + 2 * m); }

const ln_optimizer ln_optimizers[] = {
    {"gd", "w -= rate g", 0, false, true, gd_stable, gd, gd_rule},
    {"momentum", "v = m v + g; w -= rate v", 1, true, true, momentum_stable, momentum, momentum_rule},
    {"nesterov", "v = m v + g; w -= rate (g + m v)", 1, true, true, nesterov_stable, nesterov, nesterov_rule},
    {"adam", "rate times the gradient's mean over the root of its mean square", 2, false, false, NULL, adam,
     NULL},
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

void ln_descend(const ln_context *cx, const ln_descent *how, const ln_net *net, uint64_t step,
                const double *gradient, double *theta, double *memory) {
  size_t first, n, layer = 0;
  while ((n = ln_moving(net, how->frozen, &layer, &first)))
    how->optimizer->update(cx->kernels, how, step, n, gradient + first, theta + first,
                           how->optimizer->memory ? memory + first : NULL, net->count);
}
