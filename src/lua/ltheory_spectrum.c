/* theory.spectrum: limiting spectra of random matrices. Every law is asked in the same way: lspectrum.c. */
#include "lua/ltheory.h"

#include <math.h>

#include "lua/lspectrum.h"
#include "lua/callback.h"
#include "lua/lunit.h"
#include "theory/spike.h"

#define DEPTH_MOST 1000000

/* theory.spectrum.marchenko_pastur { gamma= | alpha=, variance=1 }: eigenvalues of XX'/P for N x P white X with entries of
 * this variance, gamma = N/P = 1/alpha. */
static int marchenko_pastur(lua_State *L) {
  static const char *const names[] = {"gamma", "alpha", "variance", NULL};
  options o = options_read(L, 1, "theory.spectrum.marchenko_pastur", names);
  option_exclusive(&o, "gamma", "alpha");
  bool inverse = option_given(&o, "alpha");
  double gamma = inverse ? 1 / option_positive(&o, "alpha") : option_positive(&o, "gamma");
  double variance = option_positive_or(&o, "variance", 1);
  ln_spectrum *law = push_spectrum(L, "marchenko_pastur", 1);
  check(L, o.call, ln_spectrum_marchenko_pastur(context_of(L), gamma, variance, law));
  return 1;
}

/* theory.spectrum.product { depth=, weight_variance=1 }: squared singular values of a product of depth Gaussian N x N
 * matrices with entries of variance weight_variance/N. */
static int product(lua_State *L) {
  static const char *const names[] = {"depth", "weight_variance", NULL};
  options o = options_read(L, 1, "theory.spectrum.product", names);
  double depth = (double)option_integer(&o, "depth", 1, DEPTH_MOST);
  double variance = option_positive_or(&o, "weight_variance", 1);
  ln_spectrum *law = push_spectrum(L, "product", 1);
  check(L, o.call, ln_spectrum_product(context_of(L), depth, variance, law));
  return 1;
}

static int option_ensemble(const options *o) {
  static const char *const ensembles[] = {"gaussian", "orthogonal", NULL};
  return option_choice_or(o, "weights", ensembles, 0);
}

/* The law of a network's squared slopes at its fixed point. */
static int push_jacobian(const options *o, ln_jacobian *net) {
  lua_State *L = o->L;
  ln_context *cx = context_of(L);
  ln_unit unit = option_unit(o);
  bool given = option_given(o, "weight_variance"), fixed = option_given(o, "bias_variance");
  double q = option_nonnegative_or(o, "q", 1), fineness = net->depth < 4 ? 16 : 4;
  if (given) net->weight_variance = option_positive(o, "weight_variance");
  bool straight = unit.closed && ln_slope_probability(&unit, 1) == ln_slope_probability(&unit, 2);
  bool leaky = unit.closed && ln_slope_count(&unit, 1, 1) == 2;
  option_exclusive(o, "q", "bias_variance");
  if (fixed) {
    double sb = option_nonnegative(o, "bias_variance");
    if (!given) option_fail(o, "weight_variance", "is needed beside bias_variance");
    check_calling(L, o->call, ln_fixed_point(cx, &unit, net->weight_variance, sb, &q));
    if (isinf(q))
      option_fail(o, "bias_variance", "= %g: the variance grows without end; there is no fixed point", sb);
  } else if (!option_given(o, "q") && !(straight && ln_slope_probability(&unit, 1) >= 0) && !leaky) {
    option_fail(o, "q",
                "(the variance of the layers' inputs) is needed, or weight_variance and bias_variance");
  }
  ln_unit_means m = {0};
  check_calling(L, o->call, ln_unit_means_at(cx, &unit, q, &m));
  if (!(m.slope2 > 0)) option_fail(o, "q", "= %g: the slopes of the activation are 0 there", q);
  if (!given) net->weight_variance = 1 / m.slope2; /* critical: chi = 1 */
  double p = ln_slope_probability(&unit, q), s2 = unit.scale * unit.scale;
  if (p >= 0 || q == 0) { /* at q = 0 all slopes are alike */
    net->weight_variance *= p >= 0 ? s2 : m.slope2;
    ln_spectrum *law = push_spectrum(L, "jacobian", 2);
    check(L, o->call, ln_spectrum_jacobian_piecewise(cx, net, p >= 0 ? p : 1, law));
    return 1;
  }
  size_t count = ln_slope_count(&unit, q, fineness);
  ln_spectrum *law = push_spectrum(L, "jacobian", count);
  check_calling(L, o->call, ln_slope_law(cx, &unit, q, count, law->value, law->weight));
  check(L, o->call, ln_spectrum_jacobian(cx, net, count, leaky, law));
  return 1;
}

/* theory.spectrum.jacobian { depth=, weights="gaussian" | "orthogonal", weight_variance=, activation= (scale=1), q= | bias_variance= } or { depth=, weights=, weight_variance=, p= }: squared singular values of the end-to-end
 * Jacobian of a deep network at random weights, with the slopes of an activation at the variance q, or slopes 1 with
 * probability p and 0 else. Without weight_variance: the critical one, for which they are 1 on average. */
static int jacobian(lua_State *L) {
  static const char *const names[] = {UNIT_OPTIONS,    "p",     "q",       "weight_variance",
                                      "bias_variance", "depth", "weights", NULL};
  options o = options_read(L, 1, "theory.spectrum.jacobian", names);
  ln_jacobian net = {.depth = (size_t)option_integer(&o, "depth", 1, DEPTH_MOST),
                     .orthogonal = option_ensemble(&o)};
  option_exclusive(&o, "p", "activation");
  if (!option_given(&o, "p")) {
    if (!option_given(&o, "activation"))
      option_fail(&o, "activation", "is needed, or p (the probability that a slope is 1, not 0)");
    return push_jacobian(&o, &net);
  }
  static const char *const others[] = {"scale", "q", "bias_variance", NULL};
  for (const char *const *other = others; *other; other++)
    if (option_given(&o, *other)) option_fail(&o, *other, "goes with an activation, not with p");
  double p = option_between(&o, "p", 0, 1);
  if (p == 0) option_fail(&o, "p", "must be above 0 (and at most 1), got 0");
  net.weight_variance = option_positive_or(&o, "weight_variance", 1 / p);
  ln_spectrum *law = push_spectrum(L, "jacobian", 2);
  check(L, o.call, ln_spectrum_jacobian_piecewise(context_of(L), &net, p, law));
  return 1;
}

/* theory.spectrum.isometry_limit { class="smooth" | "bernoulli", variance= }: infinitely many orthogonal layers at
 * criticality, at this variance of the squared singular values. */
static int isometry_limit(lua_State *L) {
  static const char *const names[] = {"class", "variance", NULL};
  static const char *const classes[] = {"smooth", "bernoulli", NULL};
  options o = options_read(L, 1, "theory.spectrum.isometry_limit", names);
  bool bernoulli = option_choice(&o, "class", classes) == 1;
  double variance = option_positive(&o, "variance");
  ln_spectrum *law = push_spectrum(L, "isometry_limit", 1);
  check(L, o.call, ln_spectrum_isometry_limit(context_of(L), bernoulli, variance, law));
  return 1;
}

/* theory.spectrum.coloured { variances=, fractions=, alpha= | gamma= }: eigenvalues of XX'/P for inputs whose covariance
 * has the eigenvalues `variances` (a vector), fractions of each (all alike if left out), alpha = P/N. */
static int coloured(lua_State *L) {
  static const char *const names[] = {"variances", "fractions", "alpha", "gamma", NULL};
  options o = options_read(L, 1, "theory.spectrum.coloured", names);
  option_exclusive(&o, "alpha", "gamma");
  bool inverse = option_given(&o, "gamma");
  double alpha = inverse ? 1 / option_positive(&o, "gamma") : option_positive(&o, "alpha");
  ln_matrix sigma = option_vector(&o, "variances"), fraction = {0};
  if (sigma.rows == 0) option_fail(&o, "variances", "must hold an eigenvalue or more");
  if (option_given(&o, "fractions")) {
    fraction = option_vector(&o, "fractions");
    if (fraction.rows != sigma.rows)
      option_fail(&o, "fractions", "has %zu numbers, and there are %zu variances", fraction.rows, sigma.rows);
  }
  double sum = 0;
  for (size_t i = 0; i < sigma.rows; i++) {
    if (sigma.data[i] < 0)
      option_fail(&o, "variances", "must be >= 0; number %zu is %g", i + 1, sigma.data[i]);
    double p = fraction.data ? fraction.data[i] : 1 / (double)sigma.rows;
    if (p < 0) option_fail(&o, "fractions", "must be >= 0; number %zu is %g", i + 1, p);
    sum += p;
  }
  if (fabs(sum - 1) > 1e-12) option_fail(&o, "fractions", "must sum to 1; the sum is %.15g", sum);
  ln_spectrum *law = push_spectrum(L, "coloured", sigma.rows);
  for (size_t i = 0; i < sigma.rows; i++) {
    law->value[i] = sigma.data[i];
    law->weight[i] = fraction.data ? fraction.data[i] : 1 / (double)sigma.rows;
  }
  check(L, o.call, ln_spectrum_coloured(context_of(L), alpha, sigma.rows, law));
  return 1;
}

/* theory.spectrum.spike { s= | s_hat=, aspect=, noise=1 }: what noise (entries of variance noise^2/inputs) makes of
 * modes of strength s; aspect = outputs/inputs. s, s_hat, output_overlap, input_overlap and shrunk (the strength of the best
 * estimate) in the shape of what is given; threshold, below which s is not seen; edge, the largest singular value of the
 * noise; bulk, the law of the noise's squared singular values. From s_hat: s is NaN within the noise. */
static int spike(lua_State *L) {
  static const char *const names[] = {"s", "s_hat", "aspect", "noise", NULL};
  options o = options_read(L, 1, "theory.spectrum.spike", names);
  option_exclusive(&o, "s", "s_hat");
  bool inverse = option_given(&o, "s_hat");
  double aspect = option_positive(&o, "aspect"), noise = option_positive_or(&o, "noise", 1);
  times given = option_times(&o, inverse ? "s_hat" : "s");
  lua_createtable(L, 0, 8);
  int table = lua_gettop(L);
  static const char *const columns[] = {"s", "s_hat", "output_overlap", "input_overlap", "shrunk"};
  double *fields[5];
  for (size_t k = 0; k < 5; k++) fields[k] = push_like_times(L, &given);
  for (size_t i = 0; i < given.n; i++) {
    double s = inverse ? ln_spike_inverse(given.data[i], aspect, noise) : given.data[i];
    ln_spike seen = ln_spike_of(s, aspect, noise);
    fields[0][i] = s, fields[1][i] = inverse ? given.data[i] : seen.s_hat;
    fields[2][i] = seen.output_overlap, fields[3][i] = seen.input_overlap, fields[4][i] = seen.shrunk;
  }
  lua_pushvalue(L, table);
  for (int k = 0; k < 5; k++) put_field(L, columns[k], table + 1 + k, &given);
  lua_pushnumber(L, noise * sqrt(sqrt(aspect)));
  lua_setfield(L, -2, "threshold");
  lua_pushnumber(L, noise * (1 + sqrt(aspect)));
  lua_setfield(L, -2, "edge");
  ln_spectrum *law = push_spectrum(L, "marchenko_pastur", 1);
  check(L, o.call, ln_spectrum_marchenko_pastur(context_of(L), aspect, noise * noise, law));
  lua_setfield(L, -2, "bulk");
  return 1;
}

const luaL_Reg spectrum_functions[] = {{"marchenko_pastur", marchenko_pastur},
                                       {"product", product},
                                       {"jacobian", jacobian},
                                       {"isometry_limit", isometry_limit},
                                       {"coloured", coloured},
                                       {"spike", spike},
                                       {NULL, NULL}};
