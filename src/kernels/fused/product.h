/* product.h: C = A B for matrices of a few to a few hundred rows and columns, with what becomes of each sum of products
 * (stored, or taken as a step of descent) while it is in a register. Included by kernels that are made of such products.
 *
 * Vectors lie along the rows of A and C, whose leading dimensions are multiples of LANES: rows beyond the last are zeros,
 * and stay so. B's numbers are read one by one, as they are or transposed. The sum over k runs in order for each
 * element: the same bits whatever LANES is, as long as multiplication and addition are fused or not. Blocks of C stay in
 * registers, as named variables: arrays would end on the stack. */
#ifndef LN_PRODUCT_H
#define LN_PRODUCT_H

#include <stdbool.h>

#include "kernels/linear_layers.h"
#include "kernels/width.h"

typedef double vec __attribute__((vector_size(LANES * sizeof(double)), may_alias));

/* What becomes of the sums; known where a product is compiled. */
typedef enum epilogue {
  STORE,    /* C = sum */
  GRADIENT, /* C = scale_j sum - S */
  DESCENT,  /* C -= rate (sum + decay C) */
  VELOCITY, /* force = sum + decay C; V = momentum V + force; C -= rate (jump force + glide V) */
} epilogue;

typedef struct product {
  size_t rows, cols, inner; /* rows of vectors' numbers: a multiple of LANES */
  const double *A, *B;
  double *C;
  size_t lda, ldb, ldc;
  const double *scale, *S; /* GRADIENT; S is laid out as C */
  const ln_descent_rule *rule;
  double *V; /* VELOCITY; laid out as C */
} product;

ALWAYS_INLINE void finish(epilogue what, const product *p, size_t at, size_t j, vec sum) {
  vec *C = (vec *)(p->C + at);
  if (what == STORE) {
    *C = sum;
  } else if (what == GRADIENT) {
    *C = p->scale[j] * sum - *(const vec *)(p->S + at);
  } else if (what == DESCENT) {
    *C -= p->rule->rate * (sum + p->rule->decay * *C);
  } else {
    vec *V = (vec *)(p->V + at), force = sum + p->rule->decay * *C;
    *V = p->rule->momentum * *V + force;
    *C -= p->rule->rate * (p->rule->jump * force + p->rule->glide * *V);
  }
}

#define COLUMNS_1(X, R) X(R, 0)
#define COLUMNS_2(X, R) COLUMNS_1(X, R) X(R, 1)
#define COLUMNS_4(X, R) COLUMNS_2(X, R) X(R, 2) X(R, 3)
#define COLUMNS_6(X, R) COLUMNS_4(X, R) X(R, 4) X(R, 5)
#define COLUMNS_8(X, R) COLUMNS_6(X, R) X(R, 6) X(R, 7)
#define ROWS_1(X, j) X(0, j)
#define ROWS_2(X, j) ROWS_1(X, j) X(1, j)

#define SUM(r, j) vec s##r##_##j = {0};
#define LOAD(r, unused) const vec a##r = *(const vec *)(a + r * LANES);
#define MULTIPLY(r, j) s##r##_##j += a##r * b##j;
#define FINISH(r, j) finish(what, p, i + r * LANES + (j0 + j) * p->ldc, j0 + j, s##r##_##j);
#define SUMS(R, j) ROWS_##R(SUM, j)
#define MULTIPLIES(R, j)                                                                                     \
  const double b##j = transposed ? b[j] : b[j * p->ldb];                                                     \
  ROWS_##R(MULTIPLY, j)
#define FINISHES(R, j) ROWS_##R(FINISH, j)

/* R vectors of rows from i on by C columns from j0 on. */
#define BLOCK(R, C)                                                                                          \
  ALWAYS_INLINE void block_##R##_##C(epilogue what, bool transposed, const product *p, size_t i,             \
                                     size_t j0) {                                                            \
    const double *a = p->A + i, *b = transposed ? p->B + j0 : p->B + j0 * p->ldb;                            \
    COLUMNS_##C(SUMS, R) for (size_t k = 0; k < p->inner; k++) {                                             \
      ROWS_##R(LOAD, ) COLUMNS_##C(MULTIPLIES, R) a += p->lda;                                               \
      b += transposed ? p->ldb : 1;                                                                          \
    }                                                                                                        \
    COLUMNS_##C(FINISHES, R)                                                                                 \
  }

/* A strip of R vectors of rows, in blocks of C columns and what is left. */
#define STRIP(R, C)                                                                                          \
  BLOCK(R, C)                                                                                                \
  BLOCK(R, 2)                                                                                                \
  BLOCK(R, 1)                                                                                                \
  ALWAYS_INLINE void strip_##R(epilogue what, bool transposed, const product *p, size_t i) {                 \
    size_t j = 0;                                                                                            \
    for (; j + C <= p->cols; j += C) block_##R##_##C(what, transposed, p, i, j);                             \
    if (C > 4 && j + 4 <= p->cols) block_##R##_4(what, transposed, p, i, j), j += 4;                         \
    for (; j + 2 <= p->cols; j += 2) block_##R##_2(what, transposed, p, i, j);                               \
    if (j < p->cols) block_##R##_1(what, transposed, p, i, j);                                               \
  }

/* As many sums as there are registers for: 32 with AVX-512, else 16. */
#if LANES == 8
BLOCK(1, 4)
BLOCK(2, 4)
STRIP(1, 8)
STRIP(2, 8)
#else
BLOCK(1, 4)
BLOCK(2, 4)
STRIP(1, 8)
STRIP(2, 6)
#endif

ALWAYS_INLINE void multiply(epilogue what, bool transposed, const product *p) {
  size_t i = 0;
  for (; i + 2 * LANES <= p->rows; i += 2 * LANES) strip_2(what, transposed, p, i);
  if (i < p->rows) strip_1(what, transposed, p, i);
}

#endif
