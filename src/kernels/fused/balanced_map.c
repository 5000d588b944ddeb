/* balanced_map.c: a Cholesky factor, its solves and a product at four times side by side. */
#include "kernels/balanced_map.h"

#include <math.h>
#include <string.h>

#include "kernels/width.h"

typedef double lanes __attribute__((vector_size(LN_TIMES * sizeof(double))));

enum { ROWS = LN_PANEL };

static size_t panels(size_t rows) { return ln_padded(rows) / ROWS; }

/* ---- sums of products ---- */

/* sum[c][r] = sum over k of a[k][r] b[k][c], for two of b's rows: as many sums as registers hold with what is read. */
#define SUMS(load)                                                                                           \
  lanes s00 = {0}, s10 = {0}, s20 = {0}, s30 = {0}, s01 = {0}, s11 = {0}, s21 = {0}, s31 = {0};              \
  for (size_t k = 0; k < count; k++, a += ROWS, b += ROWS) {                                                 \
    const lanes b0 = load(b[0]), b1 = load(b[1]);                                                            \
    s00 += a[0] * b0, s10 += a[1] * b0, s20 += a[2] * b0, s30 += a[3] * b0;                                  \
    s01 += a[0] * b1, s11 += a[1] * b1, s21 += a[2] * b1, s31 += a[3] * b1;                                  \
  }                                                                                                          \
  sum[0] = s00, sum[1] = s10, sum[2] = s20, sum[3] = s30;                                                    \
  sum[4] = s01, sum[5] = s11, sum[6] = s21, sum[7] = s31
#define AS_IT_IS(x) (x)
#define IN_ALL_LANES(x) ((lanes){(x), (x), (x), (x)})

ALWAYS_INLINE void two_columns(const lanes *a, const lanes *b, size_t count, lanes *sum) { SUMS(AS_IT_IS); }
ALWAYS_INLINE void two_columns_of_numbers(const lanes *a, const double *b, size_t count, lanes *sum) {
  SUMS(IN_ALL_LANES);
}

/* The same of four rows by four: sum[column * ROWS + row]. */
ALWAYS_INLINE void products(const lanes *a, const lanes *b, size_t count, lanes *sum) {
  two_columns(a, b, count, sum);
  two_columns(a, b + 2, count, sum + 8);
}

ALWAYS_INLINE void take_root(lanes *x) {
  for (int l = 0; l < LN_TIMES; l++) (*x)[l] = sqrt((*x)[l]);
}

/* ---- R' row by row, and what it divides ---- */

/* A block of four by four, R'R = block: R' (lower) into the block, the reciprocals of its diagonal into `inverse`. */
static void factor(lanes *block, lanes *inverse) {
  for (size_t c = 0; c < ROWS; c++) {
    for (size_t k = 0; k < c; k++)
      for (size_t r = c; r < ROWS; r++) block[c * ROWS + r] -= block[k * ROWS + r] * block[k * ROWS + c];
    take_root(&block[c * ROWS + c]);
    inverse[c] = 1 / block[c * ROWS + c];
    for (size_t r = c + 1; r < ROWS; r++) block[c * ROWS + r] *= inverse[c];
  }
}

/* block <- block R^-1 for the four by four R' on the diagonal. */
ALWAYS_INLINE void divide(lanes *block, const lanes *triangle, const lanes *inverse) {
  for (size_t c = 0; c < ROWS; c++) {
    for (size_t k = 0; k < c; k++)
      for (size_t r = 0; r < ROWS; r++) block[c * ROWS + r] -= block[k * ROWS + r] * triangle[k * ROWS + c];
    for (size_t r = 0; r < ROWS; r++) block[c * ROWS + r] *= inverse[c];
  }
}

typedef struct course {
  const ln_balanced_map *p;
  const lanes *d, *e, *f, *g, *h;
  size_t width;                          /* of a panel */
  lanes *R, *T, *left, *right, *weighed; /* R' in panels, T, P T, Q T; four columns of Z times g */
} course;

static lanes *panel(lanes *A, size_t width, size_t i) { return A + i * ROWS * width; }

/* Rows 4i .. of R', from those of H. */
static void factor_rows(course *x, size_t i, lanes *inverse) {
  const ln_balanced_map *p = x->p;
  const double *Zi = p->Z + i * ROWS * p->rest;
  for (size_t k = 0; k < p->rest; k++)
    for (size_t r = 0; r < ROWS; r++) x->weighed[k * ROWS + r] = Zi[k * ROWS + r] * x->g[k];
  lanes *Ri = panel(x->R, x->width, i);
  for (size_t j = 0; j <= i; j++) {
    lanes block[ROWS * ROWS], known[ROWS * ROWS];
    const double *Zj = p->Z + j * ROWS * p->rest, *C = p->C + i * ROWS * x->width + j * ROWS * ROWS;
    two_columns_of_numbers(x->weighed, Zj, p->rest, block);
    two_columns_of_numbers(x->weighed, Zj + 2, p->rest, block + 8);
    lanes *Rj = panel(x->R, x->width, j), *to = Ri + j * ROWS * ROWS;
    products(Ri, Rj, j * ROWS, known);
    for (size_t c = 0; c < ROWS; c++)
      for (size_t r = 0; r < ROWS; r++) {
        lanes ee = x->e[i * ROWS + r] * x->e[j * ROWS + c];
        block[c * ROWS + r] = (C[c * ROWS + r] + block[c * ROWS + r]) * ee - known[c * ROWS + r];
      }
    if (j < i) {
      divide(block, Rj + j * ROWS * ROWS, inverse + j * ROWS);
    } else {
      for (size_t r = 0; r < ROWS; r++) block[r * ROWS + r] += x->d[i * ROWS + r];
      factor(block, inverse + i * ROWS);
    }
    memcpy(to, block, sizeof block);
  }
}

/* Rows 4i .. of T: those of f, or of h Z e, times R^-1. */
static void divide_rows(course *x, size_t i, const lanes *inverse) {
  const ln_balanced_map *p = x->p;
  size_t blocks = panels(p->rank), first = i < blocks ? i : 0;
  lanes *Ti = panel(x->T, x->width, i);
  if (first) memset(Ti, 0, first * ROWS * ROWS * sizeof *Ti);
  for (size_t j = first; j < blocks; j++) {
    lanes block[ROWS * ROWS], known[ROWS * ROWS];
    const lanes *Rj = panel(x->R, x->width, j);
    products(Ti + first * ROWS * ROWS, Rj + first * ROWS * ROWS, (j - first) * ROWS, known);
    for (size_t c = 0; c < ROWS; c++)
      for (size_t r = 0; r < ROWS; r++) {
        lanes given = {0};
        size_t row = (i - blocks) * ROWS + r; /* of Z */
        if (i < blocks) {
          if (i == j && r == c) given = x->f[i * ROWS + r];
        } else if (row < p->rest) {
          given = p->Z[j * ROWS * p->rest + row * ROWS + c] * x->h[row] * x->e[j * ROWS + c];
        }
        block[c * ROWS + r] = given - known[c * ROWS + r];
      }
    divide(block, Rj + j * ROWS * ROWS, inverse + j * ROWS);
    memcpy(Ti + j * ROWS * ROWS, block, sizeof block);
  }
}

/* ---- the map ---- */

static const lanes *row_of(const course *x, size_t row) {
  size_t rank = x->p->rank, at = row < rank ? row : row - rank;
  return panel(x->T, x->width, at / ROWS + (row < rank ? 0 : panels(rank))) + at % ROWS;
}

/* A = P T. */
static void combine(const course *x, const ln_two_rows *P, size_t count, lanes *A) {
  for (size_t i = 0; i < ln_padded(count); i++) {
    lanes *to = panel(A, x->width, i / ROWS) + i % ROWS;
    if (i >= count) {
      for (size_t k = 0; k < x->width; k++) to[k * ROWS] = (lanes){0};
      continue;
    }
    const lanes *one = row_of(x, P[i].row[0]), *two = row_of(x, P[i].row[1]);
    double a = P[i].weight[0], b = P[i].weight[1];
    for (size_t k = 0; k < x->width; k++) to[k * ROWS] = a * one[k * ROWS] + b * two[k * ROWS];
  }
}

static void put(const course *x, size_t i, size_t j, const lanes *value, double *X) {
  size_t outputs = x->p->outputs, size = outputs * x->p->inputs;
  for (size_t l = 0; l < LN_TIMES; l++) X[l * size + i + j * outputs] = (*value)[l];
}

static void multiply_out(const course *x, double *X) {
  const ln_balanced_map *p = x->p;
  for (size_t i = 0; i < panels(p->outputs); i++)
    for (size_t j = 0; j < panels(p->inputs); j++) {
      lanes block[ROWS * ROWS];
      products(panel(x->left, x->width, i), panel(x->right, x->width, j), x->width, block);
      for (size_t c = 0; c < ROWS && j * ROWS + c < p->inputs; c++)
        for (size_t r = 0; r < ROWS && i * ROWS + r < p->outputs; r++)
          put(x, i * ROWS + r, j * ROWS + c, &block[c * ROWS + r], X);
    }
}

static void multiply_diagonal(const course *x, double *X) {
  const ln_balanced_map *p = x->p;
  for (size_t i = 0; i < p->outputs && i < p->inputs; i++) {
    const lanes *a = panel(x->left, x->width, i / ROWS) + i % ROWS,
                *b = panel(x->right, x->width, i / ROWS) + i % ROWS;
    lanes sum = {0};
    for (size_t k = 0; k < x->width; k++) sum += a[k * ROWS] * b[k * ROWS];
    put(x, i, i, &sum, X);
  }
}

void KERNEL(balanced_map)(const ln_balanced_map *p, const ln_balanced_rows *rows, int diagonal, double *X) {
  size_t width = ln_padded(p->rank);
  lanes *work = (lanes *)p->work;
  course x = {.p = p,
              .e = (const lanes *)rows->e,
              .f = (const lanes *)rows->f,
              .d = (const lanes *)rows->d,
              .g = (const lanes *)rows->g,
              .h = (const lanes *)rows->h,
              .width = width,
              .R = work};
  x.T = x.R + width * width;
  x.left = x.T + (width + ln_padded(p->rest)) * width;
  x.right = x.left + ln_padded(p->outputs) * width;
  x.weighed = x.right + ln_padded(p->inputs) * width;
  lanes *inverse = x.left; /* not needed any more when that is filled */
  for (size_t i = 0; i < panels(p->rank); i++) factor_rows(&x, i, inverse);
  for (size_t i = 0; i < panels(p->rank) + panels(p->rest); i++) divide_rows(&x, i, inverse);
  combine(&x, p->P, p->outputs, x.left);
  combine(&x, p->Q, p->inputs, x.right);
  if (diagonal)
    multiply_diagonal(&x, X);
  else
    multiply_out(&x, X);
}
