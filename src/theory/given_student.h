/* given_student.h: the errors of a one-layer student on given data: exact means over the teacher's weights, the label noise and
 * the student's first weights, at any size.
 *
 * Of the data only the eigenvalues of Sxx matter, and how many examples there are. The rest is as in shallow_student.h; the student's
 * alpha is not looked at. (The best ridge is that of large size: for Gaussian weights and noise it is the posterior mean.) A new example has independent inputs of variance 1. Derivation: docs/theory/generalization.md. */
#ifndef LN_GIVEN_STUDENT_H
#define LN_GIVEN_STUDENT_H

#include "theory/shallow_student.h"

typedef struct ln_given_inputs {
  const double *
      eigenvalues; /* all of them, zeros included, in any order; those below 1e-12 of the largest count as 0 */
  size_t inputs;
  double examples;
} ln_given_inputs;

/* LN_EARG unless the eigenvalues are >= 0 and finite and the powers make sense. The calls below make this check. */
ln_status ln_given_check(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given);

/* At the time t >= 0, infinity included; and after `steps` steps of descent (LN_EARG unless 0 < rate < 2/largest eigenvalue). */
ln_status ln_given_at(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given, double t,
                      ln_shallow_errors *e);
ln_status ln_given_after(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given,
                         double rate, double steps, ln_shallow_errors *e);

/* When the test error is lowest: the best of all its minima. Infinity without noise, 0 if there is nothing but noise. */
ln_status ln_given_best_time(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given,
                             double *t);

/* Least squares with the penalty (ridge/2) |w|^2 on the loss; without one, the weights of smallest norm. */
ln_status ln_given_ridge(ln_context *cx, const ln_shallow_student *s, const ln_given_inputs *given,
                         double ridge, ln_shallow_errors *e);

#endif
