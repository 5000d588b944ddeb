/* every_width.h: loops that are compiled for each width of vector registers; which version runs is settled when the
 * program starts. Multiplications and additions are never fused (the Makefile says so), and sums keep their order: all
 * versions give the same bits. What such a function calls is compiled with it only if it is ALWAYS_INLINE. */
#ifndef LN_EVERY_WIDTH_H
#define LN_EVERY_WIDTH_H

#include <features.h>

/* clang would want the attribute at the declarations too, and gets by with one width. */
#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__
#define EVERY_WIDTH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_WIDTH
#endif
#define ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
