/* riccati.h: two layers with white inputs from any balanced start, in closed form.
 *
 *     dW1/dt = W2'(Syx - W Sxx) - k W1,   dW2/dt = (Syx - W Sxx) W1' - k W2,   W = W2 W1,   Sxx = c V V'
 *
 * With Q = [W1'; W2], M = Q Q' holds the product and both representations, [W1'W1, W'; W, W2 W2']. For starts
 * of the class M J M = kappa J - lambda M (balance.h) it obeys, with c = 1, a matrix Riccati equation
 *
 *     dM/dt = F M + M F - M^2 + kappa 1,     F = [[-lambda/2, Syx'], [Syx, lambda/2]],
 *
 * which is solved in the eigenvectors of F with decaying exponentials only: no time is too long and no start
 * too small, layers and Syx may have any sizes and ranks. Braun, Domine, Fitzgerald and Saxe (2022), Domine
 * et al. (2024); the form used here: docs/theory/riccati.md.
 *
 * M leaves a rotation of the hidden layer open. It is exact where the weights have one direction, and else
 * follows from an integration (to a relative tolerance of 1e-13) in which M is corrected to its exact value.
 * */
#ifndef LN_RICCATI_H
#define LN_RICCATI_H

#include "theory/balance.h"
#include "theory/moments.h"

/* A column of O: a part on a singular vector of Syx for the outputs, and one for the inputs. */
typedef struct ln_riccati_column {
  size_t output, input;       /* which vector */
  double on_output, on_input; /* 0: has no part there */
} ln_riccati_column;

typedef struct ln_riccati {
  ln_matrix W1, W2; /* the caller's at t = 0: must stay as long as this is used */
  double decay;
  ln_white white;     /* of the inputs, with its misfit */
  ln_balance balance; /* of the weights on the data's inputs, with its misfit */
  bool
      any_rotation; /* set by the caller: weights up to a rotation of the hidden layer will do, so none is integrated */
  bool still; /* W1 has weights on inputs that are not in the data: there it never moves */

  /* All below for Q sqrt(c), W1 on the data's inputs only; f falls. */
  size_t n, rank; /* of F; of Q */
  double lambda, kappa;
  ln_matrix U, V; /* of Syx on the data's inputs: all of them, square */
  double *s;
  ln_matrix O; /* F = O diag(f) O' */
  ln_riccati_column *columns;
  double *f;
  ln_matrix L, R; /* O'Q = L R: L n x rank in echelon form, R rank x hidden with orthonormal rows */
  size_t *pivots; /* the row in which each column of L begins */
} ln_riccati;

/* balance: the class to be assumed, its lambda and kappa; null: the nearest. How far data and weights are
 * from what is assumed is told by white.misfit and balance.misfit; what is near enough is for the caller to
 * decide. The memory is taken from the context and goes back with the caller's mark.
 * LN_EARG for sizes that do not fit, numbers that are not finite, moments that no data gives (moments.h), Sxx
 * = 0, kappa < 0, and a decay > 0 unless lambda = kappa = 0 is given: no other class is kept under decay. */
ln_status ln_riccati_prepare(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx,
                             const ln_balance *balance, double decay, ln_riccati *riccati);

/* At time t >= 0 the product W2 W1 (outputs x inputs), and the representations W1'W1 (inputs x inputs) and
 * W2 W2' (outputs x outputs), each of which may have null data. t = infinity is the limit. Relative error
 * about 1e-14 of the largest of the three. LN_EARG if riccati->still: what inputs outside of the data give
 * depends on the weights themselves. */
ln_status ln_riccati_at(ln_context *cx, const ln_riccati *riccati, double t, ln_matrix product,
                        ln_matrix inputs, ln_matrix outputs);

/* The weights at each of the rising times (the last may be infinite) to output, in order. A status other than
 * LN_OK from it ends the call. */
typedef ln_status (*ln_riccati_output)(ln_context *cx, void *ud, size_t index, double t, ln_matrix W1,
                                       ln_matrix W2);
ln_status ln_riccati_follow(ln_context *cx, const ln_riccati *riccati, const double *times, size_t count,
                            ln_riccati_output output, void *ud);

/* ---- what the two share ---- */

/* M = O (T T' + diag(d)) O' at time t > 0: T n x rank, d n numbers, 0 where kappa = 0. */
ln_status ln_riccati_state(ln_context *cx, const ln_riccati *riccati, double t, ln_matrix T, double *d);
/* Rows of equal f, to rounding, have no directions of their own: where the group of row i ends. */
size_t ln_riccati_group(const ln_riccati *riccati, size_t i);

#endif
