/* elementwise.h: functions applied to every entry, and operations on two matrices entry by entry.
 *
 * NaN and infinity are carried as IEEE 754 says; a comparison with NaN is false (0). */
#ifndef LN_ELEMENTWISE_H
#define LN_ELEMENTWISE_H

#include "core/matrix.h"

typedef enum ln_function {
  LN_EXP,
  LN_LOG,
  LN_LOG1P,
  LN_EXPM1,
  LN_SQRT,
  LN_ABS,
  LN_SIN,
  LN_COS,
  LN_TANH,
  LN_ERF,
  LN_RELU, /* max(x, 0); NaN stays NaN */
  LN_SIGN, /* -1, 0 or 1; zeros and NaN stay as they are */
  LN_FLOOR,
  LN_NEGATE,
  LN_IS_FINITE /* 1 or 0 */
} ln_function;

/* Y = f(X). Y has X's shape; it is X's own window or does not overlap it. */
void ln_apply(ln_function f, ln_matrix X, ln_matrix Y);

typedef enum ln_operation {
  LN_ADD,
  LN_SUBTRACT,
  LN_TIMES,
  LN_OVER,
  LN_POWER_OF, /* pow(a, b) */
  LN_GREATER,  /* 1 where a > b, else 0; so the next */
  LN_LESS,
  LN_GREATER_EQUAL,
  LN_LESS_EQUAL,
  LN_EQUALS
} ln_operation;

/* One side of an operation: entry (i, j) is data[i * down + j * across]. A stride of 0 spreads a column over
 * the columns, a row over the rows, or one number over all; down is 0 or 1. */
typedef struct ln_operand {
  const double *data;
  size_t down, across;
} ln_operand;

/* C = a op b, where one operand at least is not spread. C may be that operand's own window; no other overlap.
 */
void ln_combine(ln_operation op, ln_operand a, ln_operand b, ln_matrix C);

/* Y = X with every entry below low set to low and above high to high; NaN stays NaN. Overlap as ln_apply. */
void ln_clamp(double low, double high, ln_matrix X, ln_matrix Y);

bool ln_equal(ln_matrix A, ln_matrix B); /* same shape assumed; a NaN equals nothing */

#endif
