/* check.h: what every C test includes: cmocka, a context, and comparisons of doubles in double precision. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/context.h"

/* |a - b| <= tolerance * max(1, |b|); fails at the caller's line with both values. */
#define assert_close(a, b, tolerance) check_close((a), (b), (tolerance), #a, __FILE__, __LINE__)

static inline void check_close(double a, double b, double tolerance, const char *what, const char *file,
                               int line) {
  double size = fabs(b) > 1 ? fabs(b) : 1;
  if (a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= tolerance * size) return;
  print_error("%s = %.17g, expected %.17g (tolerance %g)\n", what, a, b, tolerance);
  _fail(file, line);
}

#endif
