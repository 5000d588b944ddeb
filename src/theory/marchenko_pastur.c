#include "theory/marchenko_pastur.h"

#include <math.h>

#define PI 3.14159265358979323846
/* The third rule beyond this many nodes is slower than the second is inexact. */
#define NODES_APART_MOST 4000
#define NEWTON_STEPS 200

ln_status ln_marchenko_pastur_law(ln_context *cx, double gamma, ln_marchenko_pastur *law) {
  if (!(gamma > 0) || isinf(gamma))
    return ln_fail(cx, LN_EARG, "gamma = %g: the inputs for each example must be > 0 and finite", gamma);
  double b = sqrt(gamma), gap = (1 - gamma) / (1 + b); /* 1 - b without cancellation */
  *law = (ln_marchenko_pastur){gamma, b, gap * gap, (1 + b) * (1 + b), gamma > 1 ? 1 - 1 / gamma : 0};
  return LN_OK;
}

/* ---- the law ---- */

double ln_marchenko_pastur_density(const ln_marchenko_pastur *law, double x) {
  if (isnan(x)) return x;
  if (x < law->lower || x > law->upper) return 0;
  if (x == 0) return INFINITY; /* at gamma = 1 */
  return sqrt((law->upper - x) * (x - law->lower)) / (2 * PI * law->gamma * x);
}

static double angle_of(const ln_marchenko_pastur *law, double x) {
  double part = (x - law->lower) / (4 * law->root);
  return 2 * asin(sqrt(part < 0 ? 0 : part > 1 ? 1 : part));
}

static double place_of(const ln_marchenko_pastur *law, double psi) {
  double half = sin(psi / 2);
  return law->lower + 4 * law->root * half * half;
}

/* The mass of the continuous part up to psi. */
static double mass_below(const ln_marchenko_pastur *law, double psi) {
  const double g = law->gamma, b = law->root, s = sin(psi), half = sin(psi / 2);
  if (g <= 1) {
    double turn = atan2(b * s, (1 - g) / (1 + b) + 2 * b * half * half);
    return (psi + s / b - turn * (1 - g) / g) / PI;
  }
  double turn = atan2(s, (g - 1) / (1 + b) + 2 * half * half);
  return (psi + b * s - turn * (g - 1)) / (PI * g);
}

double ln_marchenko_pastur_cdf(const ln_marchenko_pastur *law, double x) {
  if (isnan(x)) return x;
  if (x < 0) return 0;
  if (x >= law->upper) return 1;
  return x <= law->lower ? law->atom : law->atom + mass_below(law, angle_of(law, x));
}

double ln_marchenko_pastur_quantile(const ln_marchenko_pastur *law, double p) {
  if (!(p >= 0 && p <= 1)) return NAN;
  if (p <= law->atom) return law->atom > 0 ? 0 : law->lower;
  if (p == 1) return law->upper;
  double low = 0, high = PI, psi = PI / 2, mass = p - law->atom;
  for (int i = 0; i < NEWTON_STEPS && high - low > 4e-16 * high; i++) { /* Newton's, kept inside a bracket */
    double excess = mass_below(law, psi) - mass, s = sin(psi), slope = 2 / PI * s * s / place_of(law, psi);
    if (excess > 0)
      high = psi;
    else
      low = psi;
    double next = psi - excess / slope;
    if (fabs(next - psi) <= 2e-16 * psi) break;
    psi = next > low && next < high ? next : (low + high) / 2;
  }
  return place_of(law, psi);
}

double ln_marchenko_pastur_moment(const ln_marchenko_pastur *law, unsigned k) {
  double term = 1, sum = 1; /* g^r/(r+1) C(k, r) C(k-1, r), r = 0 */
  for (unsigned r = 0; k > 0 && r + 1 < k; r++) {
    term *= law->gamma * (double)(k - r) / (r + 1) * (double)(k - 1 - r) / (r + 2);
    sum += term;
  }
  return sum;
}

/* ---- transforms ---- */

static double root_of(const ln_marchenko_pastur *law, double kappa) {
  double B = 1 - law->gamma + kappa;
  return sqrt(B * B + 4 * law->gamma * kappa);
}

double ln_marchenko_pastur_resolvent(const ln_marchenko_pastur *law, double kappa) {
  double B = 1 - law->gamma + kappa, S = root_of(law, kappa);
  if (kappa == 0 && law->gamma >= 1) return INFINITY;
  return B >= 0 ? 2 / (B + S) : (S - B) / (2 * law->gamma * kappa);
}

double ln_marchenko_pastur_resolvent2(const ln_marchenko_pastur *law, double kappa) {
  double m = ln_marchenko_pastur_resolvent(law, kappa);
  return isinf(m) ? m : m * (1 + law->gamma * m) / root_of(law, kappa);
}

double complex ln_marchenko_pastur_stieltjes(const ln_marchenko_pastur *law, double complex z) {
  double complex s = csqrt(z - law->lower) * csqrt(z - law->upper), d = 1 - law->gamma - z;
  return cabs(d - s) >= cabs(d + s) ? 2 / (d - s) : (d + s) / (2 * law->gamma * z);
}

double ln_marchenko_pastur_R(const ln_marchenko_pastur *law, double u) { return 1 / (1 - law->gamma * u); }
double ln_marchenko_pastur_S(const ln_marchenko_pastur *law, double u) { return 1 / (1 + law->gamma * u); }

/* ---- integrals ---- */

size_t ln_marchenko_pastur_nodes(const ln_marchenko_pastur *law, double t) {
  return 24 + (size_t)ceil(9 * sqrt(law->root * t));
}

size_t ln_marchenko_pastur_nodes_apart(const ln_marchenko_pastur *law, double t) {
  double pole = fabs(log(law->gamma)), nodes = ceil((2 * law->lower * t + 40) / pole);
  if (!(nodes < NODES_APART_MOST)) return 0; /* also gamma = 1 */
  size_t least = ln_marchenko_pastur_nodes(law, t);
  return nodes > (double)least ? (size_t)nodes : least;
}

void ln_marchenko_pastur_rule(const ln_marchenko_pastur *law, size_t n, double *x, double *w) {
  double step = PI / (double)(n + 1);
  for (size_t k = 0; k < n; k++) {
    double psi = step * (double)(k + 1), s = sin(psi);
    x[k] = place_of(law, psi);
    w[k] = 2 * s * s / (double)(n + 1);
  }
}
