/* kernels.h: the inner loops whose speed depends on the width of the processor's vector registers.
 *
 * Every file of src/kernels is compiled once for each width that the compiler knows (Makefile): base, what every
 * processor has (on x86-64 SSE2); v3, AVX2 with FMA; v4, AVX-512. What is right for the processor is chosen at run time:
 * a context holds the table of its kernels, and whoever has a context calls cx->kernels->name(...).
 *
 * To add a kernel:
 *   1. Give it a line in LN_KERNEL_LIST, with what it computes.
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
struct ln_side_by_side;

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

/* y = f(x), y may be x; d = f'(x) with y = f(x) at hand, d may be x or y. */
#define LN_ACTIVATION_KERNELS(X, f)                                                                          \
  X(void, f, (size_t n, const double *x, double *y))                                                         \
  X(void, f##_slope, (size_t n, const double *x, const double *y, double *d))

/* X(result, name, parameters). Arrays overlap only where that is said. */
#define LN_KERNEL_LIST(X)                                                                                    \
  /* Y += a X, rows x cols with leading dimensions (Y may be X); Y *= a */                                   \
  X(void, axpy, (size_t rows, size_t cols, double a, const double *x, size_t ldx, double *y, size_t ldy))    \
  X(void, scale, (size_t rows, size_t cols, double a, double *y, size_t ldy))                                \
  /* y = e^x, e^x - 1; within 3 units in the last place over the whole range. y may be x. */                 \
  X(void, exp, (size_t n, const double *x, double *y))                                                       \
  X(void, expm1, (size_t n, const double *x, double *y))                                                     \
  LN_ACTIVATION_KERNELS(X, linear)                                                                           \
  LN_ACTIVATION_KERNELS(X, relu)                                                                             \
  LN_ACTIVATION_KERNELS(X, leaky_relu)                                                                       \
  LN_ACTIVATION_KERNELS(X, tanh) /* within 3 units, exactly odd */                                           \
  LN_ACTIVATION_KERNELS(X, erf)                                                                              \
  LN_ACTIVATION_KERNELS(X, sigmoid)                                                                          \
  LN_ACTIVATION_KERNELS(X, softplus)                                                                         \
  LN_ACTIVATION_KERNELS(X, hard_tanh)                                                                        \
  /* A step of n parameters w along g + decay w; v is the velocity, a and b adam's means of g and of g^2. */ \
  X(void, descend_gd, (size_t n, double rate, double decay, const double *g, double *w))                     \
  X(void, descend_momentum,                                                                                  \
    (size_t n, double rate, double decay, double momentum, const double *g, double *w, double *v))           \
  X(void, descend_nesterov,                                                                                  \
    (size_t n, double rate, double decay, double momentum, const double *g, double *w, double *v))           \
  X(void, descend_adam,                                                                                      \
    (size_t n, double rate, double decay, double share, const double *g, double *w, double *a, double *b))   \
  /* g = -g - decay w: the velocity of the gradient flow. */                                                 \
  X(void, turn_downhill, (size_t n, double decay, const double *w, double *g))                               \
  /* G = A diag(d) - S, all rows x cols (d null: G = A - S); returns <G, P - T>. A may be P or G. */         \
  X(double, moment_gradient,                                                                                 \
    (size_t rows, size_t cols, const double *d, const double *A, const double *S, const double *P,           \
     const double *T, double *G))                                                                            \
  /* R = mask o (W - Y), G = scale R; returns |R|^2. */                                                      \
  X(double, masked_gradient,                                                                                 \
    (size_t n, const double *mask, const double *Y, const double *W, double scale, double *G))               \
  /* out = base + h (sum of the stages); out may be base. */                                                 \
  X(void, add_stages, (size_t n, double h, const double *base, const ln_stages *stages, double *out))        \
  /* Sums of (e / ln_error_unit(y, z))^2 where e is the sum of these and those stages. */                    \
  X(void, stage_errors,                                                                                      \
    (size_t n, const ln_stages *these, const ln_stages *those, const double *y, const double *z,             \
     double rtol, double atol, double sums[2]))                                                              \
  /* Sums over k < n of w e (e + 2)/x, w (e + 1)^2/x, w (e + 1)^2, w e^2/x^2 and w e^2/x. */                 \
  X(void, relaxation_sums,                                                                                   \
    (size_t n, const double *e, const double *w, const double *w_over_x, const double *w_over_xx,            \
     double sums[5]))                                                                                        \
  /* X, outputs x inputs without gaps, of time i to X + i outputs inputs (balanced_map.h), or only its \
   * diagonal, all else being left as it is. NaN where H is not positive definite. */     \
  X(void, balanced_map,                                                                                      \
    (const struct ln_balanced_map *p, const struct ln_balanced_rows *rows, int diagonal, double *X))         \
  /* A layer of a network for n examples. Rows, and the addresses of what has rows, are multiples of \
   * LN_LAYER_PADDING numbers; lda and ldd are free. Z = f(W A + b): W is rows x inputs, f as the shape says   \
   * (other: the identity). */       \
  X(void, layer_forward,                                                                                     \
    (ln_shape shape, size_t rows, size_t n, size_t inputs, const double *W, const double *b,                 \
     const double *A, size_t lda, double *Z))                                                                \
  /* Z = b + V'A for few outputs, where V is rows x outputs and A rows x n. */                               \
  X(void, layer_forward_narrow,                                                                              \
    (size_t rows, size_t n, size_t outputs, const double *V, const double *b, const double *A, double *Z,    \
     size_t ldz))                                                                                            \
  /* Z = f' o (V D): V is rows x outputs, D has n columns; Z held f, or (other) f'. */                       \
  X(void, layer_backward,                                                                                    \
    (ln_shape shape, size_t rows, size_t n, size_t outputs, const double *V, const double *D, size_t ldd,    \
     double *Z))                                                                                             \
  /* G += D A', rows x cols; unless b is null, b += the sum of D's columns. */                               \
  X(void, layer_gradient,                                                                                    \
    (size_t rows, size_t cols, size_t n, const double *D, const double *A, size_t lda, double *G,            \
     double *b))                                                                                             \
  /* So many steps of descent (side_by_side.h); fewer if a network has to be looked at before the next. */   \
  X(size_t, descend_side_by_side, (struct ln_side_by_side * networks, size_t steps))

typedef struct ln_kernels {
  const char *name; /* "base", "v3" or "v4" */
  size_t lanes;     /* doubles in a vector register */
#define LN_POINTER(result, name, parameters) result(*name) parameters;
  LN_KERNEL_LIST(LN_POINTER)
#undef LN_POINTER
} ln_kernels;

/* The widths that this processor has, widest first; ends with null. */
const ln_kernels *const *ln_kernels_here(void);
/* Those that a new context gets: the widest, or what the environment's LINNET_KERNELS (base, v3 or v4) allows. Settled
 * at the first call. */
const ln_kernels *ln_kernels_chosen(void);
/* Is this the name of a width? */
_Bool ln_is_kernel_width(const char *name);

#endif
