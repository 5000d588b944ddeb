/* side_by_side.c: steps of full-batch descent on moments, of several linear networks at once.
 *
 *     G = W Sxx - Syx,   dL/dW_l = T_l P_(l-1)',   T_D = G,   T_(l-1) = W_l' T_l
 * as in src/network/moments.c. Each W_l is changed in the registers in which its gradient was summed, from the last layer
 * down, once T_(l-1) has been formed with what it was; W_1, for which T_0 is the gradient and from which that of W_2 is
 * formed, into a place beside it. The sum over k of each entry runs in order, whatever the block it is computed in. */
#include "kernels/side_by_side.h"

#include "kernels/width.h"

typedef double lanes __attribute__((vector_size(LN_NETWORKS * sizeof(double))));

/* Sums that registers hold beside what they are made of: 32 registers or 16. */
enum { ROWS = 4, COLS = LANES > 4 ? 4 : 3 };

/* A factor as its entry (i, k), or (k, j), lies at i or j times `outer` plus k times `inner`. */
typedef struct factor {
  const lanes *x;
  size_t outer, inner;
} factor;

/* What becomes of the sum at entry (i, j), number `at` in a matrix without gaps. */
typedef enum closing { STORE, DIAGONAL, FULL, GD, MOMENTUM, NESTEROV } closing;

typedef struct target {
  lanes *C;
  const ln_side_by_side *of;
  const lanes *W;  /* of a step: C before it */
  lanes *velocity; /* and its velocity */
  const lanes *P;  /* FULL: W_D .. W_1 */
  lanes above;     /* DIAGONAL, FULL: <G, P - W*> */
  lanes squares;   /* DIAGONAL: of G in a column of a block */
} target;

ALWAYS_INLINE void close(closing how, target *t, size_t at, size_t j, const lanes *sums) {
  const ln_side_by_side *of = t->of;
  const lanes sum = *sums;
  if (how == STORE) {
    t->C[at] = sum;
  } else if (how == DIAGONAL) {
    const lanes g = ((const lanes *)of->d)[j] * sum - ((const lanes *)of->Syx)[at];
    t->squares += g * g;
    t->C[at] = g;
  } else if (how == FULL) {
    const lanes g = sum - ((const lanes *)of->Syx)[at];
    t->above += g * (t->P[at] - ((const lanes *)of->target)[at]);
    t->C[at] = g;
  } else {
    const lanes w = t->W[at], force = sum + of->decay * w;
    if (how == GD) {
      t->C[at] = w - of->rate * force;
    } else {
      const lanes v = of->momentum * t->velocity[at] + force;
      t->velocity[at] = v;
      t->C[at] = w - of->rate * (how == MOMENTUM ? v : force + of->momentum * v);
    }
  }
}

/* A column of a block is closed. */
ALWAYS_INLINE void add_squares(target *t, size_t j) {
  const lanes zero = {0};
  t->above += t->squares * ((const lanes *)t->of->inverse)[j];
  t->squares = zero;
}

/* R x C entries, at most 4 x 4; which sums there are is known when this is compiled. */
#define ROW(r)                                                                                               \
  if (r < R) {                                                                                               \
    const lanes x = a[r * A.outer];                                                                          \
    s##r##0 += x * b0;                                                                                       \
    if (C > 1) s##r##1 += x * b1;                                                                            \
    if (C > 2) s##r##2 += x * b2;                                                                            \
    if (C > 3) s##r##3 += x * b3;                                                                            \
  }
#define CLOSE(r, c)                                                                                          \
  if (r < R) close(how, t, i + r + (j + c) * m, j + c, &s##r##c);
#define CLOSE_COLUMN(c)                                                                                      \
  if (c < C) {                                                                                               \
    CLOSE(0, c) CLOSE(1, c) CLOSE(2, c) CLOSE(3, c) if (how == DIAGONAL) add_squares(t, j + c);              \
  }

ALWAYS_INLINE void block(const int R, const int C, closing how, target *t, size_t m, size_t i, size_t j,
                         size_t count, factor A, factor B) {
  const lanes *a = A.x + i * A.outer, *b = B.x + j * B.outer, zero = {0};
  lanes s00 = zero, s10 = zero, s20 = zero, s30 = zero, s01 = zero, s11 = zero, s21 = zero, s31 = zero;
  lanes s02 = zero, s12 = zero, s22 = zero, s32 = zero, s03 = zero, s13 = zero, s23 = zero, s33 = zero;
  for (size_t k = 0; k < count; k++, a += A.inner, b += B.inner) {
    const lanes b0 = b[0], b1 = C > 1 ? b[B.outer] : zero, b2 = C > 2 ? b[2 * B.outer] : zero,
                b3 = C > 3 ? b[3 * B.outer] : zero;
    ROW(0) ROW(1) ROW(2) ROW(3)
  }
  CLOSE_COLUMN(0) CLOSE_COLUMN(1) CLOSE_COLUMN(2) CLOSE_COLUMN(3)
}

ALWAYS_INLINE void columns(const int C, closing how, target *t, size_t m, size_t j, size_t count, factor A,
                           factor B) {
  size_t i = 0;
  for (; i + ROWS <= m; i += ROWS) block(ROWS, C, how, t, m, i, j, count, A, B);
  if (m - i >= 2) block(2, C, how, t, m, i, j, count, A, B), i += 2;
  if (m - i >= 1) block(1, C, how, t, m, i, j, count, A, B);
}

/* C = closing of A B, m x n over `count`. */
ALWAYS_INLINE void product_closed(closing how, target *t, size_t m, size_t n, size_t count, factor A,
                                  factor B) {
  size_t j = 0;
  for (; j + COLS <= n; j += COLS) columns(COLS, how, t, m, j, count, A, B);
  if (COLS > 2 && n - j >= 2) columns(2, how, t, m, j, count, A, B), j += 2;
  if (n - j >= 1) columns(1, how, t, m, j, count, A, B);
}

static void product(closing how, const target *given, size_t m, size_t n, size_t count, factor A, factor B,
                    lanes *above) {
  target t = *given;
  switch (how) {
  case STORE: product_closed(STORE, &t, m, n, count, A, B); break;
  case DIAGONAL: product_closed(DIAGONAL, &t, m, n, count, A, B); break;
  case FULL: product_closed(FULL, &t, m, n, count, A, B); break;
  case GD: product_closed(GD, &t, m, n, count, A, B); break;
  case MOMENTUM: product_closed(MOMENTUM, &t, m, n, count, A, B); break;
  case NESTEROV: product_closed(NESTEROV, &t, m, n, count, A, B); break;
  }
  if (above) *above = t.above;
}

/* A as it is, as a first factor or a second one; and A'. m: its rows. */
static factor left(const double *x, size_t m) { return (factor){(const lanes *)x, 1, m}; }
static factor right(const double *x, size_t m) { return (factor){(const lanes *)x, m, 1}; }
static factor turned_left(const double *x, size_t m) { return (factor){(const lanes *)x, m, 1}; }
static factor turned_right(const double *x, size_t m) { return (factor){(const lanes *)x, 1, m}; }

/* W_l .. W_1 */
static const double *product_up_to(const ln_side_by_side *s, size_t l) {
  return l ? s->layers[l].P : s->layers[l].W;
}

/* G, which needs no product, and <G, W - W*>. */
static void close_single_gradient(const ln_side_by_side *s, lanes *above) {
  const ln_side_layer *layer = s->layers;
  target t = {.C = (lanes *)s->G, .of = s};
  for (size_t j = 0; j < layer->cols; j++) {
    for (size_t at = j * layer->rows; at < (j + 1) * layer->rows; at++)
      close(DIAGONAL, &t, at, j, (const lanes *)layer->W + at);
    add_squares(&t, j);
  }
  *above = t.above;
}

/* G and <G, W - W*>. */
static void close_gradient(const ln_side_by_side *s, lanes *above) {
  const size_t inputs = s->layers[0].cols, last = s->depth - 1, outputs = s->layers[last].rows;
  const double *P = product_up_to(s, last);
  const target gradient = {.C = (lanes *)s->G, .of = s, .P = (const lanes *)P};
  if (last == 0 && s->d) {
    close_single_gradient(s, above);
    return;
  }
  for (size_t l = 1; l <= last; l++) {
    const ln_side_layer *layer = &s->layers[l];
    const factor W = left(layer->W, layer->rows), below = right(product_up_to(s, l - 1), layer->cols);
    if (l == last && s->d)
      product(DIAGONAL, &gradient, outputs, inputs, layer->cols, W, below, above);
    else
      product(STORE, &(target){.C = (lanes *)layer->P}, layer->rows, inputs, layer->cols, W, below, NULL);
  }
  if (!s->d)
    product(FULL, &gradient, outputs, inputs, inputs, left(P, outputs), right(s->Sxx, inputs), above);
}

/* Does a network have to be looked at? */
static bool is_out(const ln_side_by_side *s) {
  bool out = false;
  for (int i = 0; i < LN_NETWORKS; i++)
    out = out || (s->done[i] == 0 && !(s->loss[i] > s->least[i] && s->loss[i] <= s->most[i]));
  return out;
}

static closing step_of(const ln_side_by_side *s) {
  return s->how == LN_SIDE_GD ? GD : s->how == LN_SIDE_MOMENTUM ? MOMENTUM : NESTEROV;
}

ALWAYS_INLINE target step_target(const ln_side_by_side *s, const ln_side_layer *layer, double *to) {
  return (target){
      .C = (lanes *)to, .of = s, .W = (const lanes *)layer->W, .velocity = (lanes *)layer->velocity};
}

/* A network of one layer: G is its gradient. */
static void step_single(const ln_side_by_side *s) {
  const ln_side_layer *layer = s->layers;
  target t = step_target(s, layer, layer->W);
  const lanes *G = (const lanes *)s->G;
  for (size_t at = 0; layer->moves && at < layer->rows * layer->cols; at++) {
    switch (s->how) {
    case LN_SIDE_GD: close(GD, &t, at, 0, G + at); break;
    case LN_SIDE_MOMENTUM: close(MOMENTUM, &t, at, 0, G + at); break;
    case LN_SIDE_NESTEROV: close(NESTEROV, &t, at, 0, G + at); break;
    }
  }
}

static void step(ln_side_by_side *s) {
  const closing how = step_of(s);
  const size_t inputs = s->layers[0].cols;
  const double *T = s->G;
  for (size_t l = s->depth - 1; l > 0; l--) {
    ln_side_layer *layer = &s->layers[l], *below = layer - 1;
    const factor W = turned_left(layer->W, layer->rows), G = right(T, layer->rows);
    const target in_place = step_target(s, layer, layer->W), beside = step_target(s, below, below->next);
    double *down = l % 2 ? s->odd : s->even; /* T is not in it */
    if (l == 1 && below->moves)
      product(how, &beside, below->rows, inputs, layer->rows, W, G, NULL);
    else if (l > s->lowest)
      product(STORE, &(target){.C = (lanes *)down}, below->rows, inputs, layer->rows, W, G, NULL);
    if (layer->moves)
      product(how, &in_place, layer->rows, layer->cols, inputs, left(T, layer->rows),
              turned_right(product_up_to(s, l - 1), layer->cols), NULL);
    if (l == s->lowest) return;
    T = down;
  }
  ln_side_layer *first = s->layers;
  double *before = first->W;
  if (s->depth == 1) {
    step_single(s);
  } else if (first->moves) {
    first->W = first->next;
    first->next = before;
  }
}

size_t KERNEL(descend_side_by_side)(struct ln_side_by_side *s, size_t steps) {
  for (size_t n = 0; n < steps; n++) {
    lanes above;
    close_gradient(s, &above);
    for (int i = 0; i < LN_NETWORKS; i++) /* rounding can make a tiny sum negative; NaN stays */
      s->loss[i] = s->loss_min[i] + (above[i] < 0 ? 0 : above[i] / 2);
    if (is_out(s)) return n;
    step(s);
  }
  return steps;
}
