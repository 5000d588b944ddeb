/* reduce.h: a smaller linear network that learns exactly as the whole one does.
 *
 * Under full-batch descent, with momentum, weight decay and frozen layers too, and under gradient flow,
 *   inputs   the rows of dL/dW_1 lie in the span of the inputs. With V the eigenvectors of Sxx that have an
 *            eigenvalue, W_1 V is what learns, on inputs V'x, whose Sxx is diagonal; W_1 (1 - V V') acts on no
 *            example and stays, or decays by itself;
 *   hidden   the gradients on both sides of hidden layer l stay in the range of [W_l, b_l, W_(l+1)']. With Q_l an
 *            orthonormal basis of it, Q_l'W_l, Q_l'b_l and W_(l+1) Q_l learn in the same way;
 *   outputs  the same with the range of [W_D, Syx], and for white inputs with that of [W_1', Syx'].
 * A reduction of one layer can allow one of the next: they are repeated until nothing shrinks. The bases of tall
 * layers come from QR, ranks that sizes do not tell by the singular values of normalised columns.
 * Optimizers that look at single entries (adam) learn differently in another basis: not for them. */
#ifndef LN_NETWORK_REDUCE_H
#define LN_NETWORK_REDUCE_H

#include "network/plan.h"

typedef struct ln_reduced {
  ln_plan plan;  /* of the reduced network on the reduced moments; its net and task are those below */
  double *theta; /* the reduced network's parameters: what is trained */
  ln_net net;
  ln_task task;
  const ln_net *whole;
  ln_matrix
      *basis; /* of layer l = 0 .. D, N_l x the reduced width, orthonormal columns; data null: the identity */
  ln_matrix frozen; /* W_1 (1 - V V'); data null if the inputs have all directions */
  bool decays;      /* the last reduced input is one that no example has: its weight, 1 at first, tells how
                       `frozen` has decayed */
  double *start;    /* theta at first; until it moves, the whole network's parameters are as they are */
  bool moved;
  double *room; /* of ln_lift */
} ln_reduced;

/* Reduces `net`, at its parameters, on `task` (which has its target) by all that pays over so many evaluations of
 * the gradient; *pays says whether anything did: else nothing is held. decays: is there weight decay? The memory
 * comes from the context, to be kept by ln_detach or let go by ln_end; net, task and r must stay where they are. */
ln_status ln_reduce_network(ln_context *cx, ln_reduced *r, const ln_net *net, const ln_task *task,
                            double evaluations, bool decays, bool *pays);

/* parameters = the whole network's where the reduced one's are theta (an array like r->theta); the same array at
 * each call, which at first holds the start. Allocates nothing. */
void ln_lift(ln_reduced *r, const double *theta, double *parameters);

/* B = Q'A, the columns of A in the reduced coordinates of layer l, and whether columns of norm 1 lie in what these
 * span, to rounding. */
ln_status ln_reduced_columns(ln_context *cx, const ln_reduced *r, size_t l, ln_matrix A, ln_matrix B,
                             bool *inside);

#endif
