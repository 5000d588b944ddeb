/* width.h: what a kernel's source needs to know of the width it is compiled for. Included by the files of src/kernels
 * alone. */
#ifndef LN_KERNEL_WIDTH_H
#define LN_KERNEL_WIDTH_H

#include "kernels/kernels.h"

/* base, v3 or v4: the Makefile says which; programs that only read the source get along with one. */
#ifndef LN_WIDTH
#define LN_WIDTH base
#endif
#define LN_PASTE2(name, width) ln_##name##_##width
#define LN_PASTE(name, width) LN_PASTE2(name, width)
#define KERNEL(name) LN_PASTE(name, LN_WIDTH)

/* doubles in a vector register */
#if defined __AVX512F__
#define LANES 8
#elif defined __AVX__
#define LANES 4
#else
#define LANES 2
#endif

#define LN_KERNEL(result, name, parameters) result KERNEL(name) parameters;
#include "kernels/list.h"

#endif
