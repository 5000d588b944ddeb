/* riccati_map.h: the map W2 W1 of two balanced layers at many times, in the modes of the task.
 *
 * X(t) with W(t) = left X(t) right', left = U and right = V on all inputs, for the singular vectors of Syx: an observer of
 * modes or of the loss needs no more. For kappa = 0 it follows from the rows L_1 of L that have pivots, and the others, L_2,
 * by Z = L_2 L_1^-1, C = (L_1 L_1')^-1 and
 *
 *     H = e (C + Z'diag(g) Z) e + diag(d),     T = [f; h Z e] H^(-1/2),     M = O T T'O'
 *
 * where for rows that grow e = exp(-f t), d = (1 - e^2)/(2 f) and f = 1, for others in L_1 e = 1, f = exp(f t), and d, as g in
 * L_2, int exp(2 f x) dx: products and one Cholesky factor a time, nothing that grows but what has no pivot. It errs
 * by about the square of the condition of L_1 (its rows made equal), so it is left where that may cost more than 1e-11;
 * then, and for kappa > 0, M is formed as in riccati.h. */
#ifndef LN_RICCATI_MAP_H
#define LN_RICCATI_MAP_H

#include "kernels/balanced_map.h"
#include "theory/riccati.h"

typedef struct ln_riccati_map {
  const ln_riccati *riccati;
  ln_matrix left, right; /* outputs x outputs, and inputs x inputs of the data */
  ln_two_rows *P, *Q;    /* which rows of T make those of left'W2 and W1 right */
  bool quick;
  size_t *rows; /* of L: those of L_1, then those of L_2 */
  double error; /* an estimate of the quick form's, relative to |M| */
  ln_balanced_map lanes;
} ln_riccati_map;

/* r stays in use. LN_EARG if r->still. */
ln_status ln_riccati_map_prepare(ln_context *cx, const ln_riccati *r, ln_riccati_map *map);

/* X at each of the times, in any order and infinite ones too, to output, in order. A status other than LN_OK from it
 * ends the call. diagonal: only the diagonal of X, the strengths of the modes, is wanted; all else in it is undefined. */
typedef ln_status (*ln_riccati_map_output)(ln_context *cx, void *ud, size_t index, double t, ln_matrix X);
ln_status ln_riccati_map_follow(ln_context *cx, const ln_riccati_map *map, const double *times, size_t count,
                                bool diagonal, ln_riccati_map_output output, void *ud);

/* W(t) itself, outputs x inputs, at each of the times. */
ln_status ln_riccati_maps(ln_context *cx, const ln_riccati *r, const double *times, size_t count,
                          const ln_matrix *maps);

#endif
