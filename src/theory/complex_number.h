/* complex_number.h: <complex.h>, with the macro CMPLX where the C library keeps it from the compiler (glibc's from
 * clang). */
#ifndef LN_COMPLEX_NUMBER_H
#define LN_COMPLEX_NUMBER_H

#include <complex.h>

#ifndef CMPLX
#define CMPLX(re, im) __builtin_complex((double)(re), (double)(im))
#endif

#endif
