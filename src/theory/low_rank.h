/* low_rank.h: generalization of linear students of a teacher of low rank with several outputs.
 *
 * The teacher is sum_k s_k u_k v_k' (outputs x inputs, few modes), the inputs are white on the sample (XX'/P = 1, or
 * orthogonal examples of power N if there are fewer than inputs), and each output has label noise of variance `noise`. The data's
 * singular values follow the spiked model (spike.h). The student starts along the data's modes, each of the P, N and outputs that the
 * data can have at strength `start`, and learns each by itself (mode.h, rho = 1). Errors are means over teachers and noise.
 *
 * Lampinen and Ganguli (2019), An analytic theory of generalization dynamics and transfer learning in deep linear networks,
 * published form; the exact one keeps the corrections of order 1 that it drops: docs/theory/low_rank.md. */
#ifndef LN_LOW_RANK_H
#define LN_LOW_RANK_H

#include "core/context.h"
#include "theory/spike.h"

typedef struct ln_low_rank {
  const double *s; /* the teacher's singular values */
  size_t modes;
  double outputs, inputs, examples;
  double noise;
  double start, depth; /* of the student */
} ln_low_rank;

/* What the sizes amount to: the data's matrix has `count` nonzero singular values, those of noise spread to sig (1 + sqrt(aspect)).
 * Fewer examples than inputs: only part of the teacher shows (factor visible), and learning is faster (factor rate). */
typedef struct ln_low_rank_scales {
  double aspect, sig, visible, rate, count;
} ln_low_rank_scales;

/* LN_EARG unless s > 0, start > 0, noise >= 0, depth >= 1, sizes >= 1, and there are more modes in the data than in the teacher. */
ln_status ln_low_rank_check(ln_context *cx, const ln_low_rank *p);
ln_low_rank_scales ln_low_rank_scales_of(const ln_low_rank *p);

typedef struct ln_low_rank_errors {
  double *excess; /* |W - teacher|^2; null: not wanted */
  double *target; /* |W - (what the data show)|^2 */
} ln_low_rank_errors;

/* At n times >= 0 in any order, infinity allowed. */
ln_status ln_low_rank_at(ln_context *cx, const ln_low_rank *t, bool published, const double *times, size_t n,
                         const ln_low_rank_errors *errors);
/* (1/P)|Y - W X|^2 from |W - (what the data show)|^2. */
double ln_low_rank_train(const ln_low_rank *p, double target);
/* The lowest excess error over time, and when (infinity: the limit). */
ln_status ln_low_rank_best(ln_context *cx, const ln_low_rank *t, bool published, double *time,
                           double *excess);

/* ---- two tasks on the same inputs, with one mode each, learned together ---- */

typedef struct ln_transfer {
  double s[2], outputs[2]; /* of task A, which is tested, and of task B */
  double overlap;          /* v_A . v_B */
  double inputs, examples, noise, start, depth;
} ln_transfer;

/* LN_EARG as above, and unless |overlap| <= 1 and there are at least as many examples as inputs. */
ln_status ln_transfer_check(ln_context *cx, const ln_transfer *p);
/* |W_A - teacher_A|^2 of the outputs of A, to leading order in the sizes. */
ln_status ln_transfer_at(ln_context *cx, const ln_transfer *t, const double *times, size_t n, double *excess);
ln_status ln_transfer_best(ln_context *cx, const ln_transfer *t, double *time, double *excess);
/* Task A by itself. `s` must outlive the answer: it is p->s. */
ln_low_rank ln_transfer_alone(const ln_transfer *p);

#endif
