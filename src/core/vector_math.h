/* vector_math.h: functions of many numbers at once, several times as fast as a call of libm's for each.
 *
 * The operations are the same whatever vectors the machine has, and no two of them are fused: the same bits
 * everywhere. Infinities, NaN, subnormal numbers and the signs of zeros are as in libm. */
#ifndef LN_VECTOR_MATH_H
#define LN_VECTOR_MATH_H

#include <stddef.h>

/* y[i] = f(x[i]); y may be x. Within 3 units in the last place over the whole range; tanh is exactly odd. */
void ln_exp(size_t n, const double *x, double *y);
void ln_expm1(size_t n, const double *x, double *y);
void ln_tanh(size_t n, const double *x, double *y);

#endif
