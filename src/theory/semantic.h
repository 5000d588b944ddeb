/* semantic.h: what a network with one hidden layer learns of items and their properties.
 *
 * Item i is input i alone (one-hot), column i of Y (properties x items) is what it has. Y = sum over k of sigma_k u_k v_k':
 * each mode is a distinction, v_k says where every item stands on it and u_k which properties it decides. From a small
 * aligned start the modes grow one after the other, sigma falling, as theory.mode says: s = lambda sigma, rho = lambda, where
 * lambda = 1/items is the variance of an input (and any other for white inputs). Saxe, McClelland and Ganguli (2019), A
 * mathematical theory of semantic development in deep neural networks; docs/theory/semantic.md. */
#ifndef LN_SEMANTIC_H
#define LN_SEMANTIC_H

#include "core/matrix.h"

/* Singular values below this share of the largest are no distinctions. */
#define LN_NO_MODE 1e-12

typedef struct ln_distinctions {
  size_t count;   /* of modes */
  double *sigma;  /* falling, > 0 */
  ln_matrix u, v; /* properties x count, items x count; signs as linalg.h fixes them */
  size_t
      *group; /* group[k]: modes with the same number, from 0, have equal sigma and no vectors of their own */
  size_t groups;
} ln_distinctions;

/* In work space of the caller's scope. LN_EARG if Y is 0 or not finite. */
ln_status ln_distinguish(ln_context *cx, ln_matrix Y, ln_distinctions *modes);

/* ---- illusory correlations ----
 * One property of one item over time is sum over k of c_k a_k(t), c_k = u_k v_k, a_k the strengths from a0. They rise one after
 * the other, so that the sum may leave the range between its start and its end: the network believes for a while what is not
 * so. */

typedef struct ln_illusion {
  double excursion; /* beyond the range, with its sign; 0: none */
  double extreme;   /* the value there ... */
  double time;      /* ... and when; both NaN without excursion */
} ln_illusion;

/* Of property f and item i (from 0), in theta = lambda t. LN_EARG unless a0 > 0. */
ln_status ln_find_illusion(ln_context *cx, const ln_distinctions *modes, double a0, size_t f, size_t i,
                           ln_illusion *illusion);
/* The excursions of all cells, properties x items. */
ln_status ln_find_illusions(ln_context *cx, const ln_distinctions *modes, double a0, ln_matrix excursions);

/* The plateaus of this cell for a0 -> 0: what is believed when the first m groups of modes are learned, m = 0 .. groups. */
void ln_staircase(const ln_distinctions *modes, size_t f, size_t i, double *stairs);

#endif
