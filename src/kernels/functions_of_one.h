/* functions_of_one.h: exp, expm1, tanh and their kin of one number, in operations that have a vector form: a loop
 * over one of them, in a kernel, takes as many numbers at once as a register holds.
 *
 * Multiplications, additions and divisions only, in a fixed order: the same bits at every width. Errors are in
 * units in the last place, found over millions of arguments of all sizes; infinities, NaN, subnormal numbers and
 * the signs of zeros are those of libm. */
#ifndef LN_FUNCTIONS_OF_ONE_H
#define LN_FUNCTIONS_OF_ONE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/kernels.h"

#define LN_LOG2_E 0x1.71547652b82fep+0
#define LN_LN2_HIGH 0x1.62e42fee00000p-1 /* so few digits that a product with a small whole number is exact */
#define LN_LN2_LOW 0x1.a39ef35793c76p-33
#define LN_ROUNDER 0x1.8p52 /* x + ROUNDER has x, rounded to a whole number, in its last digits */
#define LN_SIGN_BIT ((uint64_t)1 << 63)
/* Beyond these e^x is infinite, 0, and (to rounding) less than 1 by 1; tanh x is 1. */
#define LN_EXP_MOST 710
#define LN_EXP_LEAST -746
#define LN_EXPM1_LEAST -50
#define LN_TANH_MOST 19.1

ALWAYS_INLINE uint64_t ln_bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

ALWAYS_INLINE double ln_of_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

ALWAYS_INLINE double ln_with_sign_of(double x, double size) {
  return ln_of_bits(ln_bits_of(size) | (ln_bits_of(x) & LN_SIGN_BIT));
}

/* 2^k for a whole -1023 < k < 1024. */
ALWAYS_INLINE double ln_power_of_2(double k) { return ln_of_bits((ln_bits_of(k + LN_ROUNDER) + 1023) << 52); }

/* k and r of x = k ln 2 + r with k whole and |r| <= ln 2 / 2. */
typedef struct ln_by_ln2 {
  double k, r;
} ln_by_ln2;

ALWAYS_INLINE ln_by_ln2 ln_reduce_by_ln2(double x) {
  double k = (x * LN_LOG2_E + LN_ROUNDER) - LN_ROUNDER;
  return (ln_by_ln2){k, (x - k * LN_LN2_HIGH) - k * LN_LN2_LOW};
}

/* e^r - 1 for |r| <= ln 2 / 2: Taylor's series to r^13. */
ALWAYS_INLINE double ln_expm1_near_0(double r) {
  static const double c[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                             1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                             1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  double sum = c[11];
  for (int i = 10; i >= 0; i--) sum = sum * r + c[i];
  return r + r * r * sum;
}

/* Error below 1. The power of 2 in two factors: one alone would overflow before e^x does, and subnormal values
 * would be rounded twice. */
ALWAYS_INLINE double ln_exp_of(double x) {
  x = x > LN_EXP_MOST ? LN_EXP_MOST : x;
  x = x < LN_EXP_LEAST ? LN_EXP_LEAST : x;
  ln_by_ln2 of = ln_reduce_by_ln2(x);
  double half = (of.k * 0.5 + LN_ROUNDER) - LN_ROUNDER;
  return (1 + ln_expm1_near_0(of.r)) * ln_power_of_2(half) * ln_power_of_2(of.k - half);
}

/* Error below 2. */
ALWAYS_INLINE double ln_expm1_of(double x) {
  double size = x > LN_EXP_MOST ? LN_EXP_MOST : x;
  size = size < LN_EXPM1_LEAST ? LN_EXPM1_LEAST : size;
  ln_by_ln2 of = ln_reduce_by_ln2(size);
  double last = of.k > 1023 ? 2 : 1, power = ln_power_of_2(of.k > 1023 ? 1023 : of.k);
  return ln_with_sign_of(x, (power * ln_expm1_near_0(of.r) + (power - 1)) * last);
}

/* Error below 3; exactly odd. With |x| = k ln 2 / 2 + r and h = r coth r - r,
 *     e^2|x| = 2^k (1 + 2r/h),    tanh |x| = y / (y + 2h),    y = 2^k 2r + (2^k - 1) h;
 * r coth r is even, which halves the terms. They are those of the polynomial in r^2 that meets its series,
 * 1 + sum_n 2^2n B_2n / (2n)! r^2n, at the five Chebyshev nodes of r^2 <= (ln 2 / 4)^2: they err by 4e-18. */
ALWAYS_INLINE double ln_tanh_of(double x) {
  static const double c[] = {0x1.5555555555553p-2, -0x1.6c16c16c0abf9p-6, 0x1.1566ab5c1473dp-9,
                             -0x1.bbd532227cf4dp-13, 0x1.63f27409701ecp-16};
  double size = fabs(x);
  size = size > LN_TANH_MOST ? LN_TANH_MOST : size;
  double k = (size * (2 * LN_LOG2_E) + LN_ROUNDER) - LN_ROUNDER, power = ln_power_of_2(k);
  double r = (size - k * (LN_LN2_HIGH / 2)) - k * (LN_LN2_LOW / 2), square = r * r, sum = c[4];
  for (int i = 3; i >= 0; i--) sum = sum * square + c[i];
  double h = (1 - r) + square * sum;
  double y = power * (r + r) + (power - 1) * h;
  return ln_with_sign_of(x, y / (y + (h + h)));
}

/* 1 / (1 + e^-x), error below 3: from a decaying exponential only, which keeps all digits at both ends. */
ALWAYS_INLINE double ln_logistic_of(double x) {
  double e = ln_exp_of(-fabs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

/* Its derivative, error below 5. */
ALWAYS_INLINE double ln_logistic_slope_of(double x) {
  double e = ln_exp_of(-fabs(x)), whole = 1 + e;
  return e / (whole * whole);
}

/* log(1 + e^x), error below 3: log1p e = 2 artanh(e / (2 + e)) for the decaying e, with an argument up to 1/3. */
ALWAYS_INLINE double ln_softplus_of(double x) {
  double e = ln_exp_of(-fabs(x)), s = e / (2 + e), square = s * s, sum = 1.0 / 35;
  for (int n = 33; n > 1; n -= 2) sum = sum * square + 1.0 / n;
  return (x < 0 ? 0 : x) + 2 * (s + s * square * sum);
}

#endif
