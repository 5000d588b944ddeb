/* balanced_map.h: what the kernel `balanced_map` works on: the map of two balanced layers (theory/riccati_map.h) at four
 * times side by side.
 *
 * The lanes of a vector hold the same number at four times, so that a factorization and its solves, which LAPACK does
 * slowly at these sizes, are sums of products throughout. In the eigenvectors of F, with d, e, f, g, h of each row and
 * time,
 *
 *     H = e (C + Z'diag(g) Z) e + diag(d) = R'R,     T = [f R^-1; h Z e R^-1],     X = (P T)(Q T)'
 *
 * for P and Q with two entries in a row at most.
 *
 * A panel holds four rows, column after column: [column][row of four]; a matrix with fewer rows is filled up. */
#ifndef LN_BALANCED_MAP_H
#define LN_BALANCED_MAP_H

#include <stddef.h>

enum { LN_TIMES = 4, LN_PANEL = 4 };

/* A row of P or Q: weights 0 where there are fewer. Rows of T count from 0; R^-1 has the first `rank`. */
typedef struct ln_two_rows {
  size_t row[2];
  double weight[2];
} ln_two_rows;

/* Four numbers of each kind for a row, [row][time]: d, e and f of H's rows, up to ln_padded(rank) with d = 0 and
 * e = f = 1 beyond the rank; g and h of Z's. */
typedef struct ln_balanced_rows {
  double *d, *e, *f, *g, *h;
} ln_balanced_rows;

typedef struct ln_balanced_map {
  size_t rank, rest;      /* of H; rows of Z */
  size_t outputs, inputs; /* of X */
  /* C in panels of rows, the identity beyond the rank: ln_padded(rank)^2 numbers. Z in panels of its columns, which then
   * take the place of rows, 0 beyond the rank: ln_padded(rank) rest. 64-byte aligned, as the work space. */
  double *C, *Z;
  ln_two_rows *P, *Q;
  double *work; /* ln_balanced_work numbers */
} ln_balanced_map;

static inline size_t ln_padded(size_t rows) { return (rows + LN_PANEL - 1) / LN_PANEL * LN_PANEL; }

static inline size_t ln_balanced_work(const ln_balanced_map *p) {
  size_t width = ln_padded(p->rank);
  size_t rows = 2 * width + ln_padded(p->rest) + ln_padded(p->outputs) + ln_padded(p->inputs);
  return LN_TIMES * (rows * width + LN_PANEL * p->rest);
}

#endif
