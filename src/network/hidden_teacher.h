/* hidden_teacher.h: a teacher with a hidden layer, y = W2 f(W1 x) + b2 + eps, whose outputs have mean 0 and a given variance.
 *
 * W1 (hidden x inputs) has normal entries of variance 1/inputs, W2 (outputs x hidden) of variance 1/hidden before its outputs are
 * standardised, over HIDDEN_TEACHER_SAMPLE fresh inputs, by W2 and b2. Streams are passed by value. */
#ifndef LN_HIDDEN_TEACHER_H
#define LN_HIDDEN_TEACHER_H

#include "core/random.h"
#include "network/activation.h"

#define LN_HIDDEN_TEACHER_SAMPLE 100000

typedef struct ln_hidden_teacher {
  ln_matrix W1, W2, b2; /* the caller's; b2 a column */
  const ln_activation *f;
} ln_hidden_teacher;

/* Fills W1, W2 and b2; C as in ln_teacher_inputs. LN_ENUMERIC if an output is constant. */
ln_status ln_draw_hidden_teacher(ln_context *cx, ln_stream stream, double power, ln_matrix C,
                                 const ln_hidden_teacher *teacher);
/* Y (outputs x P) = what it answers to X, plus noise of this variance. */
ln_status ln_hidden_teacher_outputs(ln_context *cx, ln_stream stream, const ln_hidden_teacher *teacher,
                                    double noise, ln_matrix X, ln_matrix Y);

#endif
