/* list.h: the kernels, one after another: LN_KERNEL(result, name, parameters), with what it computes. Included wherever
 * something follows for each of them, with that as LN_KERNEL. Arrays overlap only where that is said. */

/* Y += a X, rows x cols with leading dimensions (Y may be X); Y *= a */
LN_KERNEL(void, axpy,
          (size_t rows, size_t cols, double a, const double *x, size_t ldx, double *y, size_t ldy))
LN_KERNEL(void, scale, (size_t rows, size_t cols, double a, double *y, size_t ldy))
/* y = e^x, e^x - 1; within 3 units in the last place over the whole range. y may be x. */
LN_KERNEL(void, exp, (size_t n, const double *x, double *y))
LN_KERNEL(void, expm1, (size_t n, const double *x, double *y))
/* y = f(x), y may be x; d = f'(x) with y = f(x) at hand, d may be x or y. */
#define LN_ACTIVATION(f)                                                                                     \
  LN_KERNEL(void, f, (size_t n, const double *x, double *y))                                                 \
  LN_KERNEL(void, f##_slope, (size_t n, const double *x, const double *y, double *d))
LN_ACTIVATION(linear)
LN_ACTIVATION(relu)
LN_ACTIVATION(leaky_relu)
LN_ACTIVATION(tanh) /* within 3 units, exactly odd */
LN_ACTIVATION(erf)
LN_ACTIVATION(sigmoid)
LN_ACTIVATION(softplus)
LN_ACTIVATION(hard_tanh)
/* A step of n parameters w along g + decay w; v is the velocity, a and b adam's means of g and of g^2. */
LN_KERNEL(void, descend_gd, (size_t n, double rate, double decay, const double *g, double *w))
LN_KERNEL(void, descend_momentum,
          (size_t n, double rate, double decay, double momentum, const double *g, double *w, double *v))
LN_KERNEL(void, descend_nesterov,
          (size_t n, double rate, double decay, double momentum, const double *g, double *w, double *v))
LN_KERNEL(void, descend_adam,
          (size_t n, double rate, double decay, double share, const double *g, double *w, double *a,
           double *b))
/* g = -g - decay w: the velocity of the gradient flow. */
LN_KERNEL(void, turn_downhill, (size_t n, double decay, const double *w, double *g))
/* G = A diag(d) - S, all rows x cols (d null: G = A - S); returns <G, P - T>. A may be P or G. */
LN_KERNEL(double, moment_gradient,
          (size_t rows, size_t cols, const double *d, const double *A, const double *S, const double *P,
           const double *T, double *G))
/* R = mask o (W - Y), G = scale R; returns |R|^2. */
LN_KERNEL(double, masked_gradient,
          (size_t n, const double *mask, const double *Y, const double *W, double scale, double *G))
/* out = base + h (sum of the stages); out may be base. */
LN_KERNEL(void, add_stages, (size_t n, double h, const double *base, const ln_stages *stages, double *out))
/* Sums of (e / ln_error_unit(y, z))^2 where e is the sum of these and those stages. */
LN_KERNEL(void, stage_errors,
          (size_t n, const ln_stages *these, const ln_stages *those, const double *y, const double *z,
           double rtol, double atol, double sums[2]))
/* With e = exp(-x t) - 1, n a multiple of 8: sums of w e (e + 2)/x, w (e + 1)^2/x, w (e + 1)^2, w e^2/x^2 and w e^2/x. */
LN_KERNEL(void, relaxation_sums,
          (size_t n, double t, const double *x, const double *w, const double *w_over_x,
           const double *w_over_xx, double sums[5]))
/* The same without the first, 1 + e with all its digits, e with those that are left where x t > 1. */
LN_KERNEL(void, late_relaxation_sums,
          (size_t n, double t, const double *x, const double *w, const double *w_over_x,
           const double *w_over_xx, double sums[4]))
/* X, outputs x inputs without gaps, of time i to X + i outputs inputs (balanced_map.h), or only its
 * diagonal, all else being left as it is. NaN where H is not positive definite. */
LN_KERNEL(void, balanced_map,
          (const struct ln_balanced_map *p, const struct ln_balanced_rows *rows, int diagonal, double *X))
/* So many steps, or until sum over j of weight[j] |column j of G|^2 is at most `enough` (< 0: never) before
 * one; returns how many were done. */
LN_KERNEL(size_t, descend_layers, (const struct ln_linear_layers *layers, size_t steps, double enough))
LN_KERNEL(size_t, descend_wide, (const struct ln_wide_layers *layers, size_t steps, double enough))
/* A layer of a network for n examples. Rows, and the addresses of what has rows, are multiples of
 * LN_LAYER_PADDING numbers; lda and ldd are free. Z = f(W A + b): W is rows x inputs, f as the shape says
 * (other: the identity). */
LN_KERNEL(void, layer_forward,
          (ln_shape shape, size_t rows, size_t n, size_t inputs, const double *W, const double *b,
           const double *A, size_t lda, double *Z))
/* Z = b + V'A for few outputs, where V is rows x outputs and A rows x n. */
LN_KERNEL(void, layer_forward_narrow,
          (size_t rows, size_t n, size_t outputs, const double *V, const double *b, const double *A,
           double *Z, size_t ldz))
/* Z = f' o (V D): V is rows x outputs, D has n columns; Z held f, or (other) f'. */
LN_KERNEL(void, layer_backward,
          (ln_shape shape, size_t rows, size_t n, size_t outputs, const double *V, const double *D,
           size_t ldd, double *Z))
/* G += D A', rows x cols; unless b is null, b += the sum of D's columns. */
LN_KERNEL(void, layer_gradient,
          (size_t rows, size_t cols, size_t n, const double *D, const double *A, size_t lda, double *G,
           double *b))
/* So many steps of descent (side_by_side.h); fewer if a network has to be looked at before the next. */
LN_KERNEL(size_t, descend_side_by_side, (struct ln_side_by_side * networks, size_t steps))

#undef LN_ACTIVATION
#undef LN_KERNEL
