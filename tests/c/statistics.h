/* statistics.h: distances between a sample and a distribution, for tests with fixed seeds (what passes once
 * passes always). */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* Upper 1e-4 points of the chi-square distribution (scipy.stats.chi2.ppf), rounded up, by degrees of freedom.
 */
enum { CHI2_1 = 16, CHI2_2 = 19, CHI2_5 = 26, CHI2_9 = 34, CHI2_23 = 58, CHI2_63 = 114, CHI2_255 = 348 };

static inline double chi_square(const size_t *counts, size_t cells, double expected) {
  double sum = 0;
  for (size_t i = 0; i < cells; i++) {
    double difference = (double)counts[i] - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

static inline int statistics_rising(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* sqrt(n) times Kolmogorov's distance between the sample, mapped to (0, 1) by its distribution function, and
 * the uniform one; sorts u. */
#define KOLMOGOROV_LIMIT 2.23 /* exceeded with probability 1e-4 */
static inline double kolmogorov(double *u, size_t n) {
  qsort(u, n, sizeof *u, statistics_rising);
  double worst = 0;
  for (size_t i = 0; i < n; i++)
    worst = fmax(worst, fmax((double)(i + 1) / (double)n - u[i], u[i] - (double)i / (double)n));
  return worst * sqrt((double)n);
}

#endif
