/* linear_layers.c: descent of small linear layers; kernels/linear_layers.h says what is where. A step is
 *     P_l = W_l P_(l-1),   G = W_D P_(D-1) Sxx - Syx,   T_D = G,   T_(l-1) = W_l' T_l,   W_l -= rate T_l P_(l-1)'
 * in products and nothing else: a layer changes as soon as its gradient is summed, because W_l' is read from a copy that
 * follows afterwards, and W_1 changes last. */
#include "kernels/fused/product.h"

static void store(const product *p) { multiply(STORE, false, p); }
static void gradient(const product *p) { multiply(GRADIENT, false, p); }
static void descend_first(const product *p) { multiply(DESCENT, false, p); }
static void descend(const product *p) { multiply(DESCENT, true, p); }
static void swing_first(const product *p) { multiply(VELOCITY, false, p); }
static void swing(const product *p) { multiply(VELOCITY, true, p); }

/* ---- transposes ---- */

#if LANES == 8
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
/* to = from', LANES x LANES */
ALWAYS_INLINE void flip(const double *from, size_t ld_from, double *to, size_t ld_to) {
  vec a[8], b[8];
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) a[j] = *(const vec *)(from + (size_t)j * ld_from);
#pragma GCC unroll 4
  for (int j = 0; j < 8; j += 2) {
    b[j] = SHUFFLE(a[j], a[j + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    b[j + 1] = SHUFFLE(a[j], a[j + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) {
    int k = j & ~2;
    a[j] = j & 2 ? SHUFFLE(b[k], b[k + 2], 2, 3, 10, 11, 6, 7, 14, 15)
                 : SHUFFLE(b[k], b[k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
  }
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) {
    int k = j & ~4;
    b[j] = j & 4 ? SHUFFLE(a[k], a[k + 4], 4, 5, 6, 7, 12, 13, 14, 15)
                 : SHUFFLE(a[k], a[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
  }
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) *(vec *)(to + (size_t)j * ld_to) = b[j];
}
#elif LANES == 4
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
ALWAYS_INLINE void flip(const double *from, size_t ld_from, double *to, size_t ld_to) {
  const vec a0 = *(const vec *)from, a1 = *(const vec *)(from + ld_from),
            a2 = *(const vec *)(from + 2 * ld_from), a3 = *(const vec *)(from + 3 * ld_from);
  const vec b0 = SHUFFLE(a0, a1, 0, 4, 2, 6), b1 = SHUFFLE(a0, a1, 1, 5, 3, 7),
            b2 = SHUFFLE(a2, a3, 0, 4, 2, 6), b3 = SHUFFLE(a2, a3, 1, 5, 3, 7);
  *(vec *)to = SHUFFLE(b0, b2, 0, 1, 4, 5);
  *(vec *)(to + ld_to) = SHUFFLE(b1, b3, 0, 1, 4, 5);
  *(vec *)(to + 2 * ld_to) = SHUFFLE(b0, b2, 2, 3, 6, 7);
  *(vec *)(to + 3 * ld_to) = SHUFFLE(b1, b3, 2, 3, 6, 7);
}
#else
ALWAYS_INLINE void flip(const double *from, size_t ld_from, double *to, size_t ld_to) {
  for (size_t j = 0; j < LANES; j++)
    for (size_t i = 0; i < LANES; i++) to[j + i * ld_to] = from[i + j * ld_from];
}
#endif

static void transpose(const double *from, size_t ld_from, double *to, size_t ld_to) {
  for (size_t j = 0; j < ld_to; j += LANES)
    for (size_t i = 0; i < ld_from; i += LANES)
      flip(from + i + j * ld_from, ld_from, to + j + i * ld_to, ld_to);
}

/* ---- a step ---- */

static void forward(const ln_linear_layers *n) {
  const double *P = n->layers[0].W;
  for (size_t l = 1; l < n->depth; l++) {
    const ln_linear_layer *layer = &n->layers[l];
    product p = {.rows = layer->ld,
                 .cols = n->inputs,
                 .inner = layer->cols,
                 .A = layer->W,
                 .B = P,
                 .C = layer->P,
                 .lda = layer->ld,
                 .ldb = n->layers[l - 1].ld,
                 .ldc = layer->ld};
    if (l + 1 < n->depth) {
      store(&p);
    } else {
      p.scale = n->scale, p.S = n->S;
      gradient(&p);
    }
    P = layer->P;
  }
}

static void change(const ln_linear_layers *n, product *p, const ln_linear_layer *layer, bool first) {
  p->C = layer->W, p->ldc = layer->ld;
  p->rule = &n->rule, p->V = layer->V;
  if (layer->V)
    (first ? swing_first : swing)(p);
  else
    (first ? descend_first : descend)(p);
}

static void backward(const ln_linear_layers *n) {
  const double *T = n->layers[n->depth - 1].P; /* G */
  for (size_t l = n->depth - 1; l > 0; l--) {
    const ln_linear_layer *layer = &n->layers[l], *below = &n->layers[l - 1];
    if (layer->moves) {
      product p = {.rows = layer->ld,
                   .cols = layer->cols,
                   .inner = n->inputs,
                   .A = T,
                   .B = l > 1 ? below->P : below->W,
                   .lda = layer->ld,
                   .ldb = below->ld};
      change(n, &p, layer, false);
    }
    if (l == n->lowest) return;
    product p = {.rows = below->ld,
                 .cols = n->inputs,
                 .inner = layer->rows,
                 .A = layer->transposed,
                 .B = T,
                 .C = below->T,
                 .lda = below->ld,
                 .ldb = layer->ld,
                 .ldc = below->ld};
    if (l == 1)
      change(n, &p, below, true);
    else
      store(&p);
    if (layer->moves) transpose(layer->W, layer->ld, layer->transposed, below->ld);
    T = below->T;
  }
}

size_t KERNEL(descend_layers)(const ln_linear_layers *n, size_t steps, double enough) {
  const size_t ld = n->layers[n->depth - 1].ld;
  const double *G = n->layers[n->depth - 1].P;
  for (size_t step = 0; step < steps; step++) {
    forward(n);
    if (enough >= 0) {
      double sum = 0;
      for (size_t j = 0; j < n->inputs; j++) {
        double squares = 0;
        for (size_t i = 0; i < ld; i++) squares += G[i + j * ld] * G[i + j * ld];
        sum += n->weight[j] * squares;
      }
      if (sum <= enough) return step;
    }
    backward(n);
  }
  return steps;
}
