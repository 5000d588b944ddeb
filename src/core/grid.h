/* grid.h: evenly spaced numbers. */
#ifndef LN_GRID_H
#define LN_GRID_H

#include <stddef.h>

/* n numbers from a to b, both included and exact; n = 1 gives a. Finite a and b of any size. */
void ln_linspace(double a, double b, size_t n, double *x);
/* 10 to the power of the same numbers. */
void ln_logspace(double a, double b, size_t n, double *x);

/* How many numbers a, a + step, ... there are up to b. b is one of them when it is a whole number of steps
 * away up to the rounding of a, b and step. 0 if b lies on the other side; step is not 0, all are finite. */
double ln_range_count(double a, double b, double step);
/* The first n of those numbers; the last is b itself where it is b up to rounding. */
void ln_range(double a, double b, double step, size_t n, double *x);

#endif
