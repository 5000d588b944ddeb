/* layers.c: small layers of a network, for a few examples at a time whose values stay in the first-level cache.
 *
 * Vectors run along the rows of the result; the other factor is read number by number, so that its layout is free. A
 * piece of the result is held in registers while its sums grow: one or two vectors by up to MOST columns. The sums
 * are variables with names, as gcc keeps arrays of vectors in memory. */
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include "kernels/functions_of_one.h"
#include "kernels/width.h"

typedef double vector __attribute__((vector_size(LANES * sizeof(double)), may_alias));
typedef long long bits __attribute__((vector_size(LANES * sizeof(long long))));

/* Where the sums of a piece begin, and what becomes of them. */
typedef enum piece_kind {
  FORWARD,             /* at the biases */
  FORWARD_RELU,        /* the same; negative sums become 0 */
  BACKWARD,            /* at 0; times what C holds */
  BACKWARD_LINEAR,     /* at 0 */
  BACKWARD_RELU,       /* at 0; times the slopes of the values that C holds */
  BACKWARD_TANH,       /* the same */
  GRADIENT,            /* at C */
  GRADIENT_WITH_BIASES /* at C; the sum of P's columns is added to the biases */
} piece_kind;

#ifdef __AVX512F__
enum { MOST = 8 }; /* 16 sums in 32 registers */
#else
enum { MOST = 6 }; /* 12 in 16 */
#endif

#define AT(pointer) (*(const vector *)(pointer))
#define PUT(pointer) (*(vector *)(pointer))
#define EACH_COLUMN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* max(x, 0); NaN stays. */
ALWAYS_INLINE vector relu(vector x) {
  const vector zero = {0};
#ifdef __AVX512F__
  return _mm512_max_pd(zero, x); /* gcc would take three instructions */
#else
  return (vector)(~(x < zero) & (bits)x);
#endif
}

ALWAYS_INLINE vector result_of(piece_kind kind, vector sum, const double *old) {
  const vector zero = {0};
  switch (kind) {
  case FORWARD_RELU: return relu(sum);
  case BACKWARD: return sum * AT(old);
  case BACKWARD_RELU: return (vector)((AT(old) > zero) & (bits)sum);
  case BACKWARD_TANH: return sum * ((1 - AT(old)) * (1 + AT(old)));
  default: return sum;
  }
}

#define BEGIN(c)                                                                                             \
  vector a##c = {0}, b##c = {0};                                                                             \
  if (c < cols && from) {                                                                                    \
    a##c = AT(from + c * from_ld);                                                                           \
    if (two) b##c = AT(from + c * from_ld + LANES);                                                          \
  }
#define ADD(c)                                                                                               \
  if (c < cols) {                                                                                            \
    a##c += x * q[c * across];                                                                               \
    if (two) b##c += y * q[c * across];                                                                      \
  }
#define END(c)                                                                                               \
  if (c < cols) {                                                                                            \
    double *to = C + c * ldc;                                                                                \
    PUT(to) = result_of(kind, a##c, to);                                                                     \
    if (two) PUT(to + LANES) = result_of(kind, b##c, to + LANES);                                            \
  }

/* A product: C from sum_k P(:, k) Q(k, :), where Q(k, c) = Q[k * down + c * across]. */
typedef struct factors {
  size_t depth;
  const double *P, *Q;
  size_t ldp, down, across, ldc;
} factors;

/* One or two vectors of rows, cols columns. */
ALWAYS_INLINE void piece(piece_kind kind, _Bool two, size_t cols, factors f, size_t row, double *C,
                         double *biases) {
  const size_t ldc = f.ldc, across = f.across, from_ld = kind <= FORWARD_RELU ? 0 : ldc;
  const double *from = kind <= FORWARD_RELU ? biases : kind >= GRADIENT ? C : NULL;
  EACH_COLUMN(BEGIN)
  vector total = {0}, second = {0};
  if (kind == GRADIENT_WITH_BIASES) {
    total = AT(biases);
    if (two) second = AT(biases + LANES);
  }
  for (size_t k = 0; k < f.depth; k++) {
    const double *p = f.P + k * f.ldp + row, *q = f.Q + k * f.down;
    vector x = AT(p), y = {0};
    if (two) y = AT(p + LANES);
    EACH_COLUMN(ADD)
    if (kind == GRADIENT_WITH_BIASES) total += x, second += y;
  }
  EACH_COLUMN(END)
  if (kind == GRADIENT_WITH_BIASES) {
    PUT(biases) = total;
    if (two) PUT(biases + LANES) = second;
  }
}

/* All rows of cols columns. */
ALWAYS_INLINE void strip(piece_kind kind, size_t rows, size_t cols, factors f, double *C, double *biases) {
  const _Bool has_biases = kind <= FORWARD_RELU || kind == GRADIENT_WITH_BIASES;
  size_t i = 0;
  for (; i + 2 * LANES <= rows; i += 2 * LANES)
    piece(kind, 1, cols, f, i, C + i, has_biases ? biases + i : NULL);
  if (i < rows) piece(kind, 0, cols, f, i, C + i, has_biases ? biases + i : NULL);
}

ALWAYS_INLINE void product(piece_kind kind, size_t rows, size_t cols, factors f, double *C, double *biases) {
  /* strips of nearly the same size: narrow ones leave the arithmetic units waiting */
  size_t strips = (cols + MOST - 1) / MOST, size = cols / strips, larger = cols % strips;
  for (size_t s = 0; s < strips; s++) {
    size_t count = size + (s < larger);
    switch (count) {
#define STRIP(n)                                                                                             \
  case n: strip(kind, rows, n, f, C, biases); break;
      STRIP(1)
      STRIP(2)
      STRIP(3)
      STRIP(4)
      STRIP(5)
      STRIP(6)
#ifdef __AVX512F__
      STRIP(7)
      STRIP(8)
#endif
    }
    f.Q += count * f.across;
    C += count * f.ldc;
    if (kind == GRADIENT_WITH_BIASES) kind = GRADIENT; /* once is enough */
  }
}

void KERNEL(layer_forward)(ln_shape shape, size_t rows, size_t n, size_t inputs, const double *W,
                           const double *b, const double *A, size_t lda, double *Z) {
  const factors f = {.depth = inputs, .P = W, .Q = A, .ldp = rows, .down = 1, .across = lda, .ldc = rows};
  if (shape == LN_SHAPE_RELU)
    product(FORWARD_RELU, rows, n, f, Z, (double *)b);
  else
    product(FORWARD, rows, n, f, Z, (double *)b);
  if (shape == LN_SHAPE_TANH)
    for (size_t i = 0; i < rows * n; i++) Z[i] = ln_tanh_of(Z[i]);
}

void KERNEL(layer_backward)(ln_shape shape, size_t rows, size_t n, size_t outputs, const double *V,
                            const double *D, size_t ldd, double *Z) {
  const factors f = {.depth = outputs, .P = V, .Q = D, .ldp = rows, .down = 1, .across = ldd, .ldc = rows};
  switch (shape) {
  case LN_SHAPE_OTHER: product(BACKWARD, rows, n, f, Z, NULL); break;
  case LN_SHAPE_LINEAR: product(BACKWARD_LINEAR, rows, n, f, Z, NULL); break;
  case LN_SHAPE_RELU: product(BACKWARD_RELU, rows, n, f, Z, NULL); break;
  case LN_SHAPE_TANH: product(BACKWARD_TANH, rows, n, f, Z, NULL); break;
  }
}

void KERNEL(layer_gradient)(size_t rows, size_t cols, size_t n, const double *D, const double *A, size_t lda,
                            double *G, double *b) {
  const factors f = {.depth = n, .P = D, .Q = A, .ldp = rows, .down = lda, .across = 1, .ldc = rows};
  if (b)
    product(GRADIENT_WITH_BIASES, rows, cols, f, G, b);
  else
    product(GRADIENT, rows, cols, f, G, NULL);
}

#undef BEGIN
#undef ADD
#undef END
#define BEGIN(c) vector a##c = {0};
#define ADD(c)                                                                                               \
  if (c < cols) a##c += v * AT(A + c * rows + i);
#define END(c)                                                                                               \
  if (c < cols) {                                                                                            \
    double sum = bias;                                                                                       \
    for (size_t lane = 0; lane < LANES; lane++) sum += a##c[lane];                                           \
    z[c * ldz] = sum;                                                                                        \
  }

/* z[c * ldz] = bias + <w, A(:, c)>, c < cols. */
ALWAYS_INLINE void inner_products(size_t cols, size_t rows, const double *w, double bias, const double *A,
                                  double *z, size_t ldz) {
  EACH_COLUMN(BEGIN)
  for (size_t i = 0; i < rows; i += LANES) {
    const vector v = AT(w + i);
    EACH_COLUMN(ADD)
  }
  EACH_COLUMN(END)
}

void KERNEL(layer_forward_narrow)(size_t rows, size_t n, size_t outputs, const double *V, const double *b,
                                  const double *A, double *Z, size_t ldz) {
  for (size_t k = 0; k < outputs; k++) {
    size_t j = 0;
    for (; j + 8 <= n; j += 8)
      inner_products(8, rows, V + k * rows, b[k], A + j * rows, Z + j * ldz + k, ldz);
    for (; j < n; j++) inner_products(1, rows, V + k * rows, b[k], A + j * rows, Z + j * ldz + k, ldz);
  }
}
