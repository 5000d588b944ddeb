/* order.h: sorting and quantiles. Numbers rise; NaN comes last, as in NumPy. */
#ifndef LN_ORDER_H
#define LN_ORDER_H

#include "core/context.h"

ln_status ln_sort(ln_context *cx, size_t n, double *x);

/* place[k] is the index from 0 of the number that a sort of x puts at k; equal numbers keep their order. */
ln_status ln_argsort(ln_context *cx, size_t n, const double *x, size_t *place);

/* The q-quantile, 0 <= q <= 1: linear between the two numbers around (n - 1) q in their order (Hyndman &
 * Fan's definition 7, NumPy's and R's default). NaN if a number is NaN. n > 0. Rearranges x. */
double ln_quantile(size_t n, double *x, double q);

#endif
