/* riccati_lanes.h: the map of balanced layers (riccati_map.h) at four times side by side.
 *
 * The lanes of a vector register hold the same number at four times, so that a factorization and its solves, which
 * LAPACK does slowly at these sizes, are sums of products throughout. In the eigenvectors of F, with d, e, f, g, h of
 * each row and time,
 *
 *     H = e (C + Z'diag(g) Z) e + diag(d) = R'R,     T = [f R^-1; h Z e R^-1],     X = (P T)(Q T)'
 *
 * for P and Q with two entries in a row at most. */
#ifndef LN_RICCATI_LANES_H
#define LN_RICCATI_LANES_H

#include <stdbool.h>
#include <stddef.h>

#define LN_LANES 4

/* A row of P or Q: weights 0 where there are fewer. Rows of T count from 0; R^-1 has the first `rank`. */
typedef struct ln_two_rows {
  size_t row[2];
  double weight[2];
} ln_two_rows;

typedef struct ln_riccati_lanes {
  size_t rank, rest;      /* of H; rows of Z */
  size_t outputs, inputs; /* of X */
  double *C, *Z;          /* in panels: ln_riccati_lanes_fill */
  ln_two_rows *P, *Q;
  double *work; /* 64-byte aligned, as C and Z */
} ln_riccati_lanes;

/* How many numbers C, Z and the work space have; rank, rest, outputs and inputs are set. */
size_t ln_riccati_lanes_c(const ln_riccati_lanes *p);
size_t ln_riccati_lanes_z(const ln_riccati_lanes *p);
size_t ln_riccati_lanes_work(const ln_riccati_lanes *p);
/* What a group of four times takes, in floating-point operations. */
double ln_riccati_lanes_flops(const ln_riccati_lanes *p, bool diagonal);

/* Column-major C (rank x rank, symmetric) and Z (rest x rank) into their panels. */
void ln_riccati_lanes_fill(ln_riccati_lanes *p, const double *C, const double *Z);

size_t ln_riccati_lanes_rows(const ln_riccati_lanes *p); /* the rank, rounded up to whole panels */

/* Four numbers of each kind for a row, [row][lane]: d, e and f of H's rows, up to ln_riccati_lanes_rows with d = 0 and
 * e = f = 1 beyond the rank; g and h of Z's. */
typedef struct ln_riccati_rows {
  double *d, *e, *f, *g, *h;
} ln_riccati_rows;

/* X, outputs x inputs without gaps, of time l to X + l outputs inputs. diagonal: only its diagonal, all else is left
 * as it is. NaN where H is not positive definite. */
void ln_riccati_lanes_map(const ln_riccati_lanes *p, const ln_riccati_rows *rows, bool diagonal, double *X);

#endif
