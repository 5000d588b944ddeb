/* shallow_student.h: generalization of a one-layer student at large size (given data: given_student.h).
 *
 * The teacher is y = wbar.x + eps: N inputs that are independent with variance 1, entries of wbar of variance power/N, label
 * noise of variance `noise`. The student follows gradient flow on L = 1/(2P) sum (y - w.x)^2 from entries of variance
 * init_power/N. At large N and P it depends on alpha = P/N alone. Test errors are E(y - w.x)^2 of new examples, label noise
 * included; training errors the mean over the examples (twice the loss). An error is infinite where it is: at alpha = 1 after
 * infinite time with noise.
 *
 * Advani and Saxe (2017), High-dimensional dynamics of generalization error in neural networks; limits as in Hastie, Montanari,
 * Rosset and Tibshirani (2019), Surprises in high-dimensional ridgeless least squares interpolation. Derivations:
 * docs/theory/generalization.md. */
#ifndef LN_SHALLOW_STUDENT_H
#define LN_SHALLOW_STUDENT_H

#include "core/matrix.h"
#include "theory/relaxation.h"

typedef struct ln_shallow_student {
  double alpha, power, noise, init_power;
} ln_shallow_student;

typedef struct ln_shallow_errors {
  double test, train;
  double power;  /* E|w|^2 of the student's weights */
  double excess; /* test - noise, without cancellation */
} ln_shallow_errors;

/* LN_EARG unless alpha > 0, the rest >= 0 and not all 0. All calls below make this check. */
ln_status ln_shallow_check(ln_context *cx, const ln_shallow_student *s);

/* At the time t >= 0, infinity included; and after `steps` steps of descent. A test error that fades keeps a relative accuracy,
 * and, if `train`, so does a training error; else it is good to 1e-16 of that at first. */
ln_status ln_shallow_at(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double t, bool train,
                        ln_shallow_errors *e);
ln_status ln_shallow_after(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double rate,
                           double steps, ln_shallow_errors *e);

/* The same limit at finite size, for Gaussian inputs: N inputs, P examples. Infinite for |P - N| <= 1 with noise. */
ln_status ln_shallow_limit(ln_context *cx, const ln_shallow_student *s, double inputs, double examples,
                           ln_shallow_errors *e);

/* When the test error is lowest: infinity without noise, 0 if there is nothing but noise. */
ln_status ln_shallow_best_time(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double *t);

/* The first time at which the test error is within `excess` (relative, > 0) of its lowest. LN_EARG without noise: then the
 * lowest is reached at no time. */
ln_status ln_shallow_accuracy_time(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s,
                                   double excess, double *t);

/* The time at which the training error has come down to its limit plus `left` times what it was above it at first,
 * 0 < left < 1. */
ln_status ln_shallow_train_time(ln_context *cx, ln_relaxation *r, const ln_shallow_student *s, double left,
                                double *t);

/* Least squares with the penalty (ridge/2) |w|^2 on the loss. */
ln_status ln_shallow_ridge(ln_context *cx, const ln_shallow_student *s, double ridge, ln_shallow_errors *e);
/* The ridge of the lowest test error, noise/(alpha power), and that error: no linear estimator has a lower one. */
ln_status ln_shallow_best_ridge(ln_context *cx, const ln_shallow_student *s, double *ridge, double *test);

#endif
