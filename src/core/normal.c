#include "core/normal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define SIGN_BIT ((uint64_t)1 << 63)
#define FRACTION_BITS 52
#define FRACTION ((((uint64_t)1) << FRACTION_BITS) - 1)

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and log(1 + f) = 2 atanh(s), s = f / (2 + f), |s| <
 * 0.172. Written as f - (f^2/2 - s (f^2/2 + R)), R = 2 (s^2/3 + s^4/5 + ...), so that only f itself enters at
 * full size; ln 2 in two parts of which k times the first is exact. */
double ln_portable_log(double x) {
  static const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
  int k = -1023;
  if (x < DBL_MIN) x *= 0x1p54, k -= 54; /* a subnormal number has no exponent of its own */
  uint64_t bits = bits_of(x);
  k += (int)(bits >> FRACTION_BITS);
  double m = double_of((bits & FRACTION) | bits_of(1));
  if (m >= 0x1.6a09e667f3bcdp0) m *= 0.5, k++;
  double f = m - 1, s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  double R = 2.0 / 23;
  for (int odd = 21; odd >= 3; odd -= 2) R = R * z + 2.0 / odd;
  R *= z;
  return k * ln2_high - ((half - (s * (half + R) + k * ln2_low)) - f);
}

/* The three rational approximations of AS 241: quotients of two polynomials of degree 7, by Horner's rule. */
static double quotient(const double a[8], const double b[8], double r) {
  double above = a[7], below = b[7];
  for (int i = 6; i >= 0; i--) above = above * r + a[i], below = below * r + b[i];
  return above / below;
}

#define CENTRE 0.425 /* the first serves |p - 1/2| up to here */

static const double centre_above[8] = {
    3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
    4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
static const double centre_below[8] = {1,
                                       4.2313330701600911252e+1,
                                       6.8718700749205790830e+2,
                                       5.3941960214247511077e+3,
                                       2.1213794301586595867e+4,
                                       3.9307895800092710610e+4,
                                       2.8729085735721942674e+4,
                                       5.2264952788528545610e+3};
static const double middle_above[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                       5.76949722146069140550e0,  3.64784832476320460504e0,
                                       1.27045825245236838258e0,  2.41780725177450611770e-1,
                                       2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double middle_below[8] = {1,
                                       2.05319162663775882187e0,
                                       1.67638483018380384940e0,
                                       6.89767334985100004550e-1,
                                       1.48103976427480074590e-1,
                                       1.51986665636164571966e-2,
                                       5.47593808499534494600e-4,
                                       1.05075007164441684324e-9};
static const double far_above[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                    1.78482653991729133580e0,  2.96560571828504891230e-1,
                                    2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                    2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double far_below[8] = {1,
                                    5.99832206555887937690e-1,
                                    1.36929880922735805310e-1,
                                    1.48753612908506148525e-2,
                                    7.86869131145613259100e-4,
                                    1.84631831751005468180e-5,
                                    1.42151175831644588870e-7,
                                    2.04426310338993978564e-15};

/* The quantile at 1/2 + q, |q| <= CENTRE. */
static inline double near_centre(double q) {
  return q * quotient(centre_above, centre_below, CENTRE * CENTRE - q * q);
}

/* Minus the quantile at p, 0 < p < 1/2 - CENTRE. */
static double in_tail(double p) {
  double r = sqrt(-ln_portable_log(p));
  return r <= 5 ? quotient(middle_above, middle_below, r - 1.6) : quotient(far_above, far_below, r - 5);
}

double ln_normal_quantile(double p) {
  double q = p - 0.5, tail = q < 0 ? p : 1 - p;
  if (fabs(q) <= CENTRE) return near_centre(q);
  if (!(tail >= 0)) return NAN;
  return tail == 0 ? q * INFINITY : copysign(in_tail(tail), q);
}

/* (k + 1/2) 2^-53 for the 52 bits below the top one: exact, as is its distance from 1/2. */
static inline double lower_half(uint64_t word) {
  const double two52 = 0x1p52; /* its fraction's last bit is a one: k lies in the fraction as it is */
  uint64_t k = word << 1 >> (64 - FRACTION_BITS);
  return (double_of(k | bits_of(two52)) - two52 + 0.5) * 0x1p-53;
}

void ln_normals_of_words(const uint64_t *words, size_t n, double *x) {
  enum { BLOCK = 256 };
  for (size_t start = 0; start < n; start += BLOCK) {
    size_t count = n - start < BLOCK ? n - start : BLOCK, tails = 0;
    unsigned char tail[BLOCK];
    const uint64_t *w = words + start;
    double *y = x + start;
    /* The centre's formula for all, without a branch, then the 15% that are tails once more. */
    for (size_t i = 0; i < count; i++)
      y[i] = double_of(bits_of(near_centre(0.5 - lower_half(w[i]))) ^ (w[i] & SIGN_BIT));
    for (size_t i = 0; i < count; i++) {
      tail[tails] = (unsigned char)i;
      tails += 0.5 - lower_half(w[i]) > CENTRE;
    }
    for (size_t i = 0; i < tails; i++) {
      uint64_t word = w[tail[i]];
      y[tail[i]] = double_of(bits_of(in_tail(lower_half(word))) ^ (word & SIGN_BIT));
    }
  }
}
