/* mean_field.h: what a deep network of random weights does to its inputs and gradients, widths large.
 *
 * Layers h_l = W phi(scale h_{l-1}) + bias with independent entries of variance weight_variance/N and bias_variance. The
 * variance q of h goes from layer to layer as
 *
 *     q -> V(q) = weight_variance E phi^2 + bias_variance,        phi and phi' at scale sqrt(q) z, z normal
 *
 * to a fixed point, and gradients grow or shrink by chi = weight_variance E phi'^2 a layer (phi' includes the scale). Poole,
 * Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016); Schoenholz, Gilmer, Ganguli and Sohl-Dickstein (2017). The means are closed for
 * linear, relu, leaky_relu, hard_tanh and erf; for others the trapezoid rule, which converges like exp(-c/step) for functions
 * that are analytic near the real axis, and like step^2 where phi' jumps. */
#ifndef LN_MEAN_FIELD_H
#define LN_MEAN_FIELD_H

#include "network/activation.h"

typedef struct ln_unit {
  const ln_activation *activation; /* called with 256 numbers at most */
  double scale;                    /* > 0 */
  bool closed;                     /* one of those with closed means: ln_unit_of says */
} ln_unit;
ln_unit ln_unit_of(const ln_activation *activation, double scale);

typedef struct ln_unit_means {
  double square, slope2, slope4; /* E phi^2, E phi'^2, E phi'^4 */
  double gain;                   /* d E phi^2/dq */
  double error;                  /* largest relative change by the rule of twice the step; 0: closed */
} ln_unit_means;
/* q >= 0. LN_EARG where q scale^2 is so large (above 1e8) that the rule would need too many nodes. */
ln_status ln_unit_means_at(ln_context *cx, const ln_unit *unit, double q, ln_unit_means *means);

/* The variances for which q is a fixed point with chi = 1. LN_EARG if there are none: bias_variance would be negative. */
ln_status ln_critical_at(ln_context *cx, const ln_unit *unit, double q, double *weight_variance,
                         double *bias_variance);
/* The fixed point that small starts go to: infinity if the variance grows without end. LN_EARG where every q is
 * kept. */
ln_status ln_fixed_point(ln_context *cx, const ln_unit *unit, double weight_variance, double bias_variance,
                         double *q);

/* The first two moments of the squared singular values of the Jacobian of `depth` layers. */
void ln_jacobian_moments(const ln_unit_means *means, double weight_variance, double depth, bool orthogonal,
                         double *mean, double *square);

/* phi'^2 as a discrete law: how many nodes it has, and the squared slopes with their probabilities; each node stands for
 * itself (the rule is shifted so that z and -z do not meet). For finer steps than the means need: fineness > 1. */
size_t ln_slope_count(const ln_unit *unit, double q, double fineness);
ln_status ln_slope_law(ln_context *cx, const ln_unit *unit, double q, size_t count, double *value,
                       double *weight);
/* If phi' is 0 or the scale only (linear, relu, hard_tanh): the probability of the latter, else -1. */
double ln_slope_probability(const ln_unit *unit, double q);

#endif
