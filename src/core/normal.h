/* normal.h: the standard normal distribution from + - * / and sqrt alone: the same bits on every machine,
 * where the last bit of libm's log differs between them. */
#ifndef LN_NORMAL_H
#define LN_NORMAL_H

#include <stddef.h>
#include <stdint.h>

/* Natural logarithm of a positive, finite number; error below 1 unit in the last place. */
double ln_portable_log(double x);

/* The x with P(Z <= x) = p: Wichura's AS 241 (PPND16, 1988), relative error about 1e-16. p = 0 and 1 give
 * -infinity and infinity, p outside [0, 1] NaN. */
double ln_normal_quantile(double p);

/* n random words become n standard normal numbers. A word's top bit is the sign, the next 52 choose p in (0,
 * 1/2): symmetric about 0, never 0, |x| < 8.3. */
void ln_normals_of_words(const uint64_t *words, size_t n, double *x);

#endif
