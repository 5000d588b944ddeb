/* root.h: where a continuous function of one variable changes sign (Brent 1973, Algorithms for Minimization without
 * Derivatives, chapter 4). */
#ifndef LN_ROOT_H
#define LN_ROOT_H

#include "core/context.h"

/* f(x) into *y; another status than LN_OK ends the search. */
typedef ln_status (*ln_function)(ln_context *cx, void *ud, double x, double *y);

/* *x in [low, high] with f = 0, to the last digits that f has; f must not have the same sign at both ends
 * (LN_ENUMERIC). */
ln_status ln_find_root(ln_context *cx, ln_function f, void *ud, double low, double high, double *x);

#endif
