/* wide_layers.c: a step of two wide layers with few outputs in one pass over W1. With the hidden units' weights w_u as
 * rows of W1 and c_u as columns of W2, G = (sum of c_u w_u') diag(scale) - S,
 *     c_u -= rate G w_u,   w_u -= rate G'c_u
 * for two units at a time, which come from memory once, and for four of them their share of the next step's sum while they
 * are in the first-level cache. Products of ten rows by a library read W1 three times and use half of the registers. */
#include <string.h>

#include "kernels/fused/product.h"
#include "kernels/wide_layers.h"

#define AT(pointer) (*(const vec *)(pointer))

#define OUTPUTS_1(X) X(0)
#define OUTPUTS_2(X) OUTPUTS_1(X) X(1)
#define OUTPUTS_4(X) OUTPUTS_2(X) X(2) X(3)
#define OUTPUTS_8(X) OUTPUTS_4(X) X(4) X(5) X(6) X(7)
#define OUTPUTS_10(X) OUTPUTS_8(X) X(8) X(9)

/* ---- gradients of two units ---- */

typedef struct pair {
  double *u, *v;             /* their weights */
  const double *ahead;       /* weights that come next, from far away */
  const double *c_u, *c_v;   /* columns of W2 */
  double *dots_u, *dots_v;   /* G u and G v */
  double *share_u, *share_v; /* of G'c, of the outputs so far */
  double *swing_u, *swing_v; /* velocities */
} pair;

ALWAYS_INLINE double sum_of(vec x) {
#if LANES == 8
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5);
#elif LANES == 4
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1);
#endif
  return x[0] + x[1];
}

ALWAYS_INLINE void change(const ln_descent_rule *rule, vec gradient, double *w, double *v) {
  vec force = gradient + rule->decay * AT(w);
  if (v) {
    *(vec *)v = rule->momentum * AT(v) + force;
    force = rule->jump * force + rule->glide * AT(v);
  }
  *(vec *)w = AT(w) - rule->rate * force;
}

#define DOTS(o) vec a##o = {0}, b##o = {0};
#define TAKE(o)                                                                                              \
  {                                                                                                          \
    const vec g = AT(G + (o)*LANES);                                                                         \
    a##o += g * u, b##o += g * v;                                                                            \
    to_u += c_u[o] * g, to_v += c_v[o] * g;                                                                  \
  }
#define PUT(o) p->dots_u[first + (o)] = sum_of(a##o), p->dots_v[first + (o)] = sum_of(b##o);

/* Outputs first .. first + COUNT - 1; the last ones change the weights. */
#define PASS(COUNT)                                                                                          \
  static void pass_##COUNT(const ln_wide_layers *n, const pair *p, size_t first) {                           \
    const double *restrict G = n->G + first * LANES, *restrict c_u = p->c_u + first,                         \
                           *restrict c_v = p->c_v + first;                                                   \
    const double *const ahead = p->ahead;                                                                    \
    double *const at_u = p->u, *const at_v = p->v, *const swing_u = p->swing_u, *const swing_v = p->swing_v; \
    double *const share_u = p->share_u, *const share_v = p->share_v;                                         \
    const size_t padded = n->padded, slice = n->outputs * LANES;                                             \
    const ln_descent_rule rule = n->rule;                                                                    \
    const bool last = first + COUNT == n->outputs;                                                           \
    OUTPUTS_##COUNT(DOTS) for (size_t j = 0; j < padded; j += LANES, G += slice) {                           \
      const vec u = AT(at_u + j), v = AT(at_v + j);                                                          \
      __builtin_prefetch(ahead + j, 1), __builtin_prefetch(ahead + padded + j, 1);                           \
      vec to_u = {0}, to_v = {0};                                                                            \
      if (first) to_u = AT(share_u + j), to_v = AT(share_v + j);                                             \
      OUTPUTS_##COUNT(TAKE) if (last) {                                                                      \
        change(&rule, to_u, at_u + j, swing_u ? swing_u + j : NULL);                                         \
        change(&rule, to_v, at_v + j, swing_v ? swing_v + j : NULL);                                         \
      }                                                                                                      \
      else {                                                                                                 \
        *(vec *)(share_u + j) = to_u, *(vec *)(share_v + j) = to_v;                                          \
      }                                                                                                      \
    }                                                                                                        \
    OUTPUTS_##COUNT(PUT)                                                                                     \
  }

PASS(1)
PASS(2)
PASS(4)
#if LANES == 8
PASS(8)
PASS(10)
#endif

static void pass(const ln_wide_layers *n, const pair *p) {
  size_t left = n->outputs, first = 0;
#if LANES == 8
  for (; left >= 10; left -= 10, first += 10) pass_10(n, p, first);
  for (; left >= 8; left -= 8, first += 8) pass_8(n, p, first);
#endif
  for (; left >= 4; left -= 4, first += 4) pass_4(n, p, first);
  if (left >= 2) pass_2(n, p, first), left -= 2, first += 2;
  if (left) pass_1(n, p, first);
}

static void descend_outputs(const ln_wide_layers *n, size_t unit, const double *dots) {
  for (size_t o = 0; o < n->outputs; o++) {
    double *w = &n->W2[o + unit * n->outputs], force = dots[o] + n->rule.decay * *w;
    if (n->V2) {
      double *v = &n->V2[o + unit * n->outputs];
      *v = n->rule.momentum * *v + force;
      force = n->rule.jump * force + n->rule.glide * *v;
    }
    *w -= n->rule.rate * force;
  }
}

static void descend_two(const ln_wide_layers *n, size_t unit) {
  const size_t next = unit + 1 < n->hidden ? unit + 1 : unit;
  double dots[2][LN_WIDE_OUTPUTS_MOST];
  /* alone, a unit is its own neighbour, which changes it into the share's room */
  double *alone = n->share + 2 * n->padded;
  if (next == unit) memcpy(alone, n->W1 + unit * n->padded, n->padded * sizeof(double));
  const pair p = {.u = n->W1 + unit * n->padded,
                  .v = next == unit ? alone : n->W1 + next * n->padded,
                  .ahead = n->W1 + (unit + 4 <= n->hidden ? unit + 2 : 0) * n->padded,
                  .c_u = n->W2 + unit * n->outputs,
                  .c_v = n->W2 + next * n->outputs,
                  .dots_u = dots[0],
                  .dots_v = dots[1],
                  .share_u = n->share,
                  .share_v = n->share + n->padded,
                  .swing_u = n->V1 ? n->V1 + unit * n->padded : NULL,
                  .swing_v = n->V1 && next != unit ? n->V1 + next * n->padded : NULL};
  pass(n, &p);
  descend_outputs(n, unit, dots[0]);
  if (next != unit) descend_outputs(n, next, dots[1]);
}

/* ---- the units' sum ---- */

/* M += the share of four units. */
static void add_four(const ln_wide_layers *n, size_t unit) {
  const double *w = n->W1 + unit * n->padded, *c = n->W2 + unit * n->outputs;
  double *M = n->M;
  const size_t m = n->outputs;
  for (size_t j = 0; j < n->padded; j += LANES) {
    const vec w0 = AT(w + j), w1 = AT(w + n->padded + j), w2 = AT(w + 2 * n->padded + j),
              w3 = AT(w + 3 * n->padded + j);
    for (size_t o = 0; o < m; o++, M += LANES)
      *(vec *)M = AT(M) + c[o] * w0 + c[m + o] * w1 + c[2 * m + o] * w2 + c[3 * m + o] * w3;
  }
}

static void add_one(const ln_wide_layers *n, size_t unit) {
  const double *w = n->W1 + unit * n->padded, *c = n->W2 + unit * n->outputs;
  double *M = n->M;
  for (size_t j = 0; j < n->padded; j += LANES)
    for (size_t o = 0; o < n->outputs; o++, M += LANES) *(vec *)M = AT(M) + c[o] * AT(w + j);
}

/* G = M diag(scale) - S, and M = 0. */
static void take_gradient(const ln_wide_layers *n) {
  double *G = n->G, *M = n->M;
  const double *S = n->S;
  for (size_t j = 0; j < n->padded; j += LANES)
    for (size_t o = 0; o < n->outputs; o++, G += LANES, M += LANES, S += LANES) {
      *(vec *)G = AT(M) * AT(n->scale + j) - AT(S);
      *(vec *)M = (vec){0};
    }
}

static double weighted_squares(const ln_wide_layers *n) {
  const double *G = n->G;
  vec sum = {0};
  for (size_t j = 0; j < n->padded; j += LANES)
    for (size_t o = 0; o < n->outputs; o++, G += LANES) sum += AT(G) * AT(G) * AT(n->weight + j);
  return sum_of(sum);
}

size_t KERNEL(descend_wide)(const ln_wide_layers *n, size_t steps, double enough) {
  size_t unit = 0;
  memset(n->M, 0, n->padded * n->outputs * sizeof(double));
  for (; unit + 4 <= n->hidden; unit += 4) add_four(n, unit);
  for (; unit < n->hidden; unit++) add_one(n, unit);
  take_gradient(n);
  for (size_t step = 0; step < steps; step++) {
    if (enough >= 0 && weighted_squares(n) <= enough) return step;
    for (unit = 0; unit + 4 <= n->hidden; unit += 4) {
      descend_two(n, unit);
      descend_two(n, unit + 2);
      add_four(n, unit);
    }
    for (; unit < n->hidden; unit += 2) {
      descend_two(n, unit);
      add_one(n, unit);
      if (unit + 1 < n->hidden) add_one(n, unit + 1);
    }
    take_gradient(n);
  }
  return steps;
}
