/* kernels.h: the inner loops whose speed depends on the width of the processor's vector registers.
 *
 * Every file of src/kernels is compiled once for each width that the compiler knows (Makefile): base, what every
 * processor has (on x86-64 SSE2); v3, AVX2 with FMA; v4, AVX-512. What is right for the processor is chosen at run time:
 * a context holds the table of its kernels, and whoever has a context calls cx->kernels->name(...).
 *
 * To add a kernel:
 *   1. Give it a line in kernels/list.h, with what it computes.
 *   2. Define `void KERNEL(name)(...)` in a file of src/kernels that includes "kernels/width.h". The table, the
 *      declarations and the Makefile follow by themselves. Everything else in the file is static.
 *   3. In src/kernels no multiplication is fused with an addition, and sums keep the order in which they are written:
 *      such kernels give the same bits at every width, and a test says so. Products, which gain from fusing, live in
 *      src/kernels/fused, where the compiler fuses: v3 and v4 give the same bits as long as each sum has its own order,
 *      base others.
 * Kernels know no context, take no memory and cannot fail; they run so short that nobody needs to interrupt them. What
 * differs between widths beyond the compiler's doing (the size of blocks) depends on LANES of width.h. */
#ifndef LN_KERNELS_H
#define LN_KERNELS_H

#include <float.h>
#include <stddef.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Rows of a small layer's arrays: a whole number of the widest vectors. */
#define LN_LAYER_PADDING 8

/* adam: how much of the gradient's mean, and of its square's, a step keeps; what is added to the root. */
#define LN_ADAM_FIRST 0.9
#define LN_ADAM_SECOND 0.999
#define LN_ADAM_LEAST 1e-8

struct ln_balanced_map;
struct ln_balanced_rows;
struct ln_linear_layers;
struct ln_side_by_side;
struct ln_wide_layers;

/* Activations that the kernels of small layers know: their slope follows from the value. */
typedef enum ln_shape { LN_SHAPE_OTHER, LN_SHAPE_LINEAR, LN_SHAPE_RELU, LN_SHAPE_TANH } ln_shape;

/* A weighted sum of derivatives of a Runge-Kutta method's stages: b[j] k[j], j < count. */
typedef struct ln_stages {
  size_t count;
  double b[16];
  const double *k[16];
} ln_stages;

/* What an error in an unknown between y and z is measured by; never 0, so that an error of 0 counts as 0 whatever atol
 * is. (fmax would be a call, as NaN must be heeded; here the errors carry it.) */
static inline double ln_error_unit(double rtol, double atol, double y, double z) {
  double a = y < 0 ? -y : y, b = z < 0 ? -z : z, unit = atol + rtol * (a > b ? a : b);
  return unit > DBL_MIN ? unit : DBL_MIN;
}

typedef struct ln_kernels {
  const char *name; /* "base", "v3" or "v4" */
  size_t lanes;     /* doubles in a vector register */
#define LN_KERNEL(result, name, parameters) result(*name) parameters;
#include "kernels/list.h"
} ln_kernels;

/* The widths that this processor has, widest first; ends with null. */
const ln_kernels *const *ln_kernels_here(void);
/* Those that a new context gets: the widest, or what the environment's LINNET_KERNELS (base, v3 or v4) allows. Settled
 * at the first call. */
const ln_kernels *ln_kernels_chosen(void);
/* Is this the name of a width? */
_Bool ln_is_kernel_width(const char *name);

#endif
