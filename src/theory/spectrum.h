/* spectrum.h: the limiting laws of eigenvalues and squared singular values, all asked in the same way.
 *
 * A law has a continuous part on one or more intervals, and atoms. Its constructor fills an ln_spectrum whose arrays the
 * caller provides; theories without a closed form are free laws (free_law.h), found by continuation. */
#ifndef LN_SPECTRUM_H
#define LN_SPECTRUM_H

#include "theory/free_law.h"
#include "theory/marchenko_pastur.h"

typedef struct ln_atom {
  double place, mass;
} ln_atom;

typedef struct ln_interval {
  double lower, upper, below; /* below: P(lambda <= lower), with an atom that lies there */
} ln_interval;

typedef struct ln_spectrum {
  enum { LN_LAW_MARCHENKO_PASTUR, LN_LAW_PRODUCT, LN_LAW_FREE } kind;
  double scale; /* of the first two: the law of scale * lambda */
  ln_marchenko_pastur white;
  double depth;
  ln_free_law free;       /* also of a product, for its transforms */
  double *value, *weight; /* what free points to; room for `room` numbers each */
  size_t room;
  ln_interval *intervals; /* rising; room + 1 of them */
  size_t interval_count;
  ln_atom atoms[2]; /* rising */
  size_t atom_count;
  double right;     /* a zeta above the base law's top, at or near that of the largest lambda */
  double largest_M; /* M there at an edge; infinity at an atom */
} ln_spectrum;

/* ---- constructors; LN_EARG for what makes no sense. value, weight, intervals and room are set before ---- */

/* X X'/P for N x P white X with entries of this variance, gamma = N/P. */
ln_status ln_spectrum_marchenko_pastur(ln_context *cx, double gamma, double variance, ln_spectrum *law);
/* A product of depth Gaussian N x N matrices with entries of variance weight_variance/N, at any real depth >= 1. */
ln_status ln_spectrum_product(ln_context *cx, double depth, double weight_variance, ln_spectrum *law);

/* The end-to-end Jacobian of `depth` layers: each is a random matrix (Gaussian with entries of variance weight_variance/N,
 * or orthogonal times its root) and N slopes. */
typedef struct ln_jacobian {
  size_t depth;
  bool orthogonal;
  double weight_variance;
} ln_jacobian;
/* Slopes 1 with probability p, else 0: law->room >= 2. */
ln_status ln_spectrum_jacobian_piecewise(ln_context *cx, const ln_jacobian *net, double p, ln_spectrum *law);
/* law->value and law->weight hold `count` squared slopes and their probabilities: nodes of a continuous law that reaches down
 * to 0, or (discrete) all the slopes that there are. LN_EARG for one orthogonal layer, whose
 * spectrum is that list. */
ln_status ln_spectrum_jacobian(ln_context *cx, const ln_jacobian *net, size_t count, bool discrete,
                               ln_spectrum *law);
/* Infinitely many orthogonal layers at criticality, for a fixed variance of the squared singular values: slopes near 1
 * (smooth), or 1 and rarely 0 (bernoulli). */
ln_status ln_spectrum_isometry_limit(ln_context *cx, bool bernoulli, double variance, ln_spectrum *law);
/* X X'/P for columns x = Sigma^(1/2) z, P/N = alpha: law->value and law->weight hold `count` eigenvalues of Sigma and
 * their fractions, in any order; they are sorted. */
ln_status ln_spectrum_coloured(ln_context *cx, double alpha, size_t count, ln_spectrum *law);

/* ---- questions ---- */

/* Of the continuous part, n places in any order (rising ones are quickest). Relative error 1e-12. */
ln_status ln_spectrum_density(ln_context *cx, const ln_spectrum *law, const double *x, size_t n,
                              double *density);
/* P(lambda <= x). Absolute error 1e-14. */
ln_status ln_spectrum_cdf(ln_context *cx, const ln_spectrum *law, const double *x, size_t n, double *cdf);
/* The smallest x with cdf(x) >= p, 0 <= p <= 1; the lower end for p = 0. */
ln_status ln_spectrum_quantile(ln_context *cx, const ln_spectrum *law, const double *p, size_t n, double *x);
ln_status ln_spectrum_moment(ln_context *cx, const ln_spectrum *law, unsigned k, double *moment);
/* The mean of 1/(lambda - z); on the real axis the limit from above. z = 0 is refused where lambda comes near 0. */
ln_status ln_spectrum_stieltjes(ln_context *cx, const ln_spectrum *law, double complex z, double complex *m);
/* The means of 1/(lambda + kappa) and its square, kappa > 0; kappa = 0 too by Marchenko and Pastur's law. */
ln_status ln_spectrum_resolvent(ln_context *cx, const ln_spectrum *law, double kappa, double *m, double *m2);
ln_status ln_spectrum_R(ln_context *cx, const ln_spectrum *law, double u, double *R);
ln_status ln_spectrum_S(ln_context *cx, const ln_spectrum *law, double u, double *S);

/* The largest distance between the law's distribution function and that of n rising numbers, and where it is. Numbers nearer
 * to an atom than reach may lie at it: only what is farther away is told from the continuous part. */
ln_status ln_spectrum_distance(ln_context *cx, const ln_spectrum *law, const double *rising, size_t n,
                               double reach, double *distance, double *at);

#endif
