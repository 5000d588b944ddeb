/* mode.h: the strength of one input-output mode under gradient flow, at any depth.
 *
 * A network of `depth` equal, aligned layers with product a learns a mode as
 *
 *     da/dt = depth |a|^p (s - rho a),     p = 2 - 2/depth,     a(0) = a0,     target s/rho
 *
 * s is the singular value of the input-output correlation Syx = YX'/P, rho >= 0 the variance of the input in
 * this direction (the eigenvalue of Sxx = XX'/P), and t = rate * (full-batch steps). depth is any real number
 * >= 1 or infinity; in an infinitely deep network learning is infinitely fast, so there every time stands for
 * depth * t. A single layer has no saddle at 0; from depth 2 on the mode never leaves it (a0 = 0 stays), and
 * a start of the sign opposite to s decays to it. Between depth 1 and 2 the saddle is reached in finite time
 * and what follows is not defined: such starts, and a0 = 0, are refused. rho = 0 (no such input in the data)
 * is accepted where s = 0 or depth <= 2.
 *
 * Saxe, McClelland and Ganguli (2014), exact solutions of the learning dynamics of deep linear networks, for
 * depth 2 and infinity; the laws for other depths are incomplete beta integrals, one for each side of the
 * target: see mode.c. */
#ifndef LN_MODE_H
#define LN_MODE_H

#include "core/context.h"

typedef struct ln_mode {
  double s, rho, a0, depth;
} ln_mode;

/* LN_EARG unless the numbers make sense together (see above). All calls below make this check. */
ln_status ln_mode_check(ln_context *cx, const ln_mode *mode);

/* a[i] = a(t[i]), n times >= 0 in any order, infinity included. Relative error about 1e-15 times the
 * condition of the answer: during the jump of a deep network, a changes by t da/dt/a times the relative
 * change of t, up to (rho a0/s)^(2/depth - 1). */
ln_status ln_mode_strength(ln_context *cx, const ln_mode *mode, const double *t, size_t n, double *a);

/* t[i] = the time at which the strength is a[i]: infinity for the limit of the mode, NaN where the mode never
 * is. */
ln_status ln_mode_time(ln_context *cx, const ln_mode *mode, const double *a, size_t n, double *t);

/* The same for a[i] = fraction[i] * s/rho, without losing the digits of 1 - fraction. LN_EARG if s or rho is
 * 0. */
ln_status ln_mode_time_to_fraction(ln_context *cx, const ln_mode *mode, const double *fraction, size_t n,
                                   double *t);

/* The largest curvature of the loss on the way of a mode that grows to its target, depth rho (s/rho)^p,
 * divided by depth at infinite depth: gradient descent is stable below 2/curvature. Also the rate at which
 * the mode approaches the target in the end. */
ln_status ln_mode_curvature(ln_context *cx, const ln_mode *mode, double *curvature);

/* How long a small start stays small: ln(s/(rho a0))/(2s) for two layers, |a0|^-(1 - 2/depth)/((depth - 2) s)
 * for more (times depth if that is infinite), 0 for one. Infinity where the mode never leaves the saddle.
 * LN_EARG if s or rho is 0, or the depth lies between 1 and 2. */
ln_status ln_mode_plateau(ln_context *cx, const ln_mode *mode, double *time);

#endif
