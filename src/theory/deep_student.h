/* deep_student.h: generalization of a deep linear student with one output, at large size.
 *
 * The teacher is y = wbar x + eps with N inputs that are independent of variance 1, entries of wbar of variance power/N and
 * label noise of variance `noise`; there are P examples, N and P large, alpha = P/N. The student follows gradient flow on
 * L = 1/(2P) sum (y - w x)^2. Two starts close in a few scalars and one function of the eigenvalues of Sxx:
 *
 *     balanced   depth >= 1 equal, aligned layers (any real depth) with an isotropic map of norm |w(0)| = strength:
 *                    dw/dt = R^(2-2/depth) (g + (depth - 1) w (w.g)/R^2),    R = |w|, g = Syx' - Sxx w
 *     rank one   two layers of rank one, w = c z, dz/dt = c g, dc/dt = z.g, which is what small random weights become:
 *                    c(0) = c0, z(0) = h0 s + isotropic part of power v0,    s = Syx'
 *
 * After Advani and Saxe (2017), High-dimensional dynamics of generalization error in neural networks; equations and
 * derivation: docs/theory/generalization_deep.md. */
#ifndef LN_DEEP_STUDENT_H
#define LN_DEEP_STUDENT_H

#include "core/context.h"

typedef struct ln_deep_student {
  double alpha, power, noise;
  bool rank_one;
  double depth, strength; /* balanced */
  double c0, v0, h0;      /* rank one */
} ln_deep_student;

/* LN_EARG unless alpha > 0, power and noise >= 0 and not both 0, depth >= 1 and strength > 0, or c0, v0, h0 >= 0 and not c0 = h0 =
 * 0: from there the student never moves. All calls below make this check. */
ln_status ln_deep_check(ln_context *cx, const ln_deep_student *student);

typedef struct ln_deep_errors {
  double excess, test; /* E(wbar x - w x)^2, and with the label noise */
  double train;        /* (1/P) sum (y - w x)^2 */
  double left;         /* of train: what lies above its limit, without cancellation */
  double size;         /* |w| */
  double c;            /* of rank one; the |w| of a balanced start */
  double drift;        /* of the conserved quantity, relative: what the integration lost */
} ln_deep_errors;

/* At n times t, rising, infinity allowed. Relative error about 1e-9. LN_ENUMERIC as ln_ode_solve. */
ln_status ln_deep_at(ln_context *cx, const ln_deep_student *student, const double *t, size_t n,
                     ln_deep_errors *errors);

/* At t = infinity, in closed form: infinite errors at alpha = 1 with noise. */
ln_status ln_deep_limit(ln_context *cx, const ln_deep_student *student, ln_deep_errors *r);

/* The time at which the training error has come down to its limit plus `left` times what it was above it at first,
 * 0 < left < 1. */
ln_status ln_deep_train_time(ln_context *cx, const ln_deep_student *student, double left, double *time);

/* The lowest test error over time, and when: the first minimum, unless the start or the limit (time infinity) is lower. It is
 * looked for while learning goes on, at most to sqrt(1/alpha) * (the shallow student's time) = 1e4. */
ln_status ln_deep_best(ln_context *cx, const ln_deep_student *student, double *time, ln_deep_errors *errors);

#endif
