#include "core/vector_math.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/every_width.h"

#define LOG2_E 0x1.71547652b82fep+0
#define LN_2_HIGH 0x1.62e42fee00000p-1 /* so few digits that a product with a small whole number is exact */
#define LN_2_LOW 0x1.a39ef35793c76p-33
#define ROUNDER 0x1.8p52 /* x + ROUNDER has x, rounded to a whole number, in its last digits */
#define TANH_IS_ONE 19.1

ALWAYS_INLINE uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

ALWAYS_INLINE double of_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* e^x - 1 for 0 <= x < 700: x = k ln 2 + r with |r| <= ln 2 / 2, and Taylor's series to r^13. */
ALWAYS_INLINE double expm1_of(double x) {
  static const double c[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                             1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                             1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  double whole = x * LOG2_E + ROUNDER, k = whole - ROUNDER;
  double r = (x - k * LN_2_HIGH) - k * LN_2_LOW, sum = c[11];
  for (int i = 10; i >= 0; i--) sum = sum * r + c[i];
  double power = of_bits((bits_of(whole) + 1023) << 52); /* 2^k */
  return power * (r + r * r * sum) + (power - 1);
}

/* (e^2|x| - 1) / (e^2|x| + 1), with the sign of x. */
ALWAYS_INLINE double tanh_of(double x) {
  const uint64_t sign = (uint64_t)1 << 63;
  double size = fabs(x), e = expm1_of(2 * (size > TANH_IS_ONE ? TANH_IS_ONE : size));
  return of_bits(bits_of(e / (e + 2)) | (bits_of(x) & sign));
}

EVERY_WIDTH void ln_tanh(size_t n, const double *x, double *y) {
  double part[64]; /* not y at once: it may be x, and then the compiler would take one number after another */
  const size_t most = sizeof part / sizeof *part;
  for (size_t count; n; n -= count, x += count, y += count) {
    count = n < most ? n : most;
    for (size_t i = 0; i < count; i++) part[i] = tanh_of(x[i]);
    memcpy(y, part, count * sizeof *part);
  }
}
