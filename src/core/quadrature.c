#include "core/quadrature.h"

#include <lapacke.h>
#include <math.h>

#include "core/matrix.h"

/* The orthonormal polynomials of a weight obey b[k+1] p_{k+1} = (x - a[k]) p_k - b[k] p_{k-1} (b[0] is not
 * used). The Jacobi matrix has the a on its diagonal and the b beside it. */
typedef struct recurrence {
  double *a, *b;
  double mass; /* integral of the weight */
  bool even;   /* the weight is: a = 0, and the rule is symmetric */
} recurrence;

/* b[n] p_n(x) p_{n-1}(x) / K with K = sum over k < n of p_k(x)^2: near a node, Newton's correction of x (by
 * Christoffel and Darboux K = b[n] p_n' p_{n-1} there). *weight = 1 / K: at a node, its weight. Where K is
 * too large for a double its weight is too small for one, and the sum is scaled on the way. */
static double correction(const recurrence *r, size_t n, double x, double *weight) {
  const double large = 0x1p300, down = 0x1p-150;
  double before = 0, p = 1, sum = 1, scale = 1;
  for (size_t k = 0; k + 1 < n; k++) {
    double next = ((x - r->a[k]) * p - (k ? r->b[k] * before : 0)) / r->b[k + 1];
    before = p;
    p = next;
    sum += p * p;
    if (sum > large) {
      before *= down;
      p *= down;
      sum *= down * down;
      scale *= down * down;
    }
  }
  double end = (x - r->a[n - 1]) * p - (n > 1 ? r->b[n - 1] * before : 0);
  *weight = r->mass * scale / sum;
  return end * p / sum;
}

static void make_symmetric(size_t n, double *x, double *w) {
  for (size_t i = 0; i < n / 2; i++) {
    size_t j = n - 1 - i;
    x[j] = 0.5 * (x[j] - x[i]);
    x[i] = -x[j];
    w[i] = w[j] = 0.5 * (w[i] + w[j]);
  }
  if (n % 2) x[n / 2] = 0;
}

static ln_status check_count(ln_context *cx, size_t n) {
  if (n == 0 || n > LN_DIMENSION_MAX)
    return ln_fail(cx, LN_EARG, "a quadrature rule with %zu nodes: it must have between 1 and %u", n,
                   LN_DIMENSION_MAX);
  return LN_OK;
}

static ln_status take_recurrence(ln_context *cx, size_t n, recurrence *r) {
  ln_status status = check_count(cx, n);
  if (status != LN_OK) return status;
  r->a = ln_reals(cx, n);
  r->b = r->a ? ln_reals(cx, n) : NULL;
  return r->b ? ln_charge(cx, 50.0 * (double)n * (double)n) : LN_EMEMORY;
}

/* Nodes: eigenvalues of the Jacobi matrix, good to their largest one's rounding, then to their own by
 * Newton's method. Weights: 1 / K, which has small relative errors for the smallest too. */
static ln_status make_rule(ln_context *cx, const recurrence *r, size_t n, double *x, double *w) {
  for (size_t k = 0; k < n; k++) x[k] = r->a[k];
  for (size_t k = 0; k + 1 < n; k++) w[k] = r->b[k + 1];
  if (LAPACKE_dsterf_work((lapack_int)n, x, w) != 0)
    return ln_fail(cx, LN_ENUMERIC, "the nodes of a Gauss rule with %zu nodes could not be found", n);
  ln_status status = LN_OK;
  for (size_t i = 0; i < n && status == LN_OK; i++, status = ln_poll(cx)) {
    for (int repeat = 0; repeat < 2; repeat++) x[i] -= correction(r, n, x[i], &w[i]);
    correction(r, n, x[i], &w[i]);
  }
  if (r->even) make_symmetric(n, x, w);
  return status;
}

ln_status ln_gauss_legendre(ln_context *cx, size_t n, double low, double high, double *x, double *w) {
  if (!(low <= high && isfinite(low) && isfinite(high)))
    return ln_fail(cx, LN_EARG, "a Gauss-Legendre rule from %g to %g: the ends must be finite and rising",
                   low, high);
  ln_mark mark = ln_begin(cx);
  recurrence r = {.mass = 2, .even = true};
  ln_status status = take_recurrence(cx, n, &r);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t k = 0; k < n; k++) {
    double j = (double)k;
    r.a[k] = 0;
    r.b[k] = j / sqrt(4 * j * j - 1); /* NaN for k = 0 is never read */
  }
  status = make_rule(cx, &r, n, x, w);
  double centre = 0.5 * low + 0.5 * high, half = 0.5 * high - 0.5 * low;
  for (size_t i = 0; i < n && status == LN_OK; i++) {
    x[i] = centre + half * x[i];
    w[i] *= half;
  }
  return ln_end(cx, mark, status);
}

ln_status ln_gauss_hermite(ln_context *cx, size_t n, double *x, double *w) {
  ln_mark mark = ln_begin(cx);
  recurrence r = {.mass = 1, .even = true};
  ln_status status = take_recurrence(cx, n, &r);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t k = 0; k < n; k++) {
    r.a[k] = 0;
    r.b[k] = sqrt((double)k);
  }
  return ln_end(cx, mark, make_rule(cx, &r, n, x, w));
}

ln_status ln_gauss_laguerre(ln_context *cx, size_t n, double *x, double *w) {
  ln_mark mark = ln_begin(cx);
  recurrence r = {.mass = 1};
  ln_status status = take_recurrence(cx, n, &r);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t k = 0; k < n; k++) {
    r.a[k] = 2 * (double)k + 1;
    r.b[k] = (double)k;
  }
  return ln_end(cx, mark, make_rule(cx, &r, n, x, w));
}

/* Integral of (1-x)^a (1+x)^b over (-1, 1): 2^(a+b+1) B(a+1, b+1). */
static double jacobi_mass(double a, double b) {
  const double gamma_overflows = 170;
  if (a + b + 2 < gamma_overflows) return exp2(a + b + 1) * tgamma(a + 1) / tgamma(a + b + 2) * tgamma(b + 1);
  int sign; /* always positive here; plain lgamma would write to a global variable */
  return exp((a + b + 1) * log(2) + lgamma_r(a + 1, &sign) + lgamma_r(b + 1, &sign) -
             lgamma_r(a + b + 2, &sign));
}

/* x_i = cos of equally spaced angles, as an odd function of the distance from the middle: exactly symmetric.
 */
static void chebyshev_second_kind(size_t n, double *x, double *w) {
  const double pi = 3.14159265358979323846;
  for (size_t i = 0; i < n; i++) {
    double angle = pi * (2 * (double)i + 1 - (double)n) / (2 * ((double)n + 1)), c = cos(angle);
    x[i] = sin(angle);
    w[i] = pi / ((double)n + 1) * c * c;
  }
}

ln_status ln_gauss_jacobi(ln_context *cx, size_t n, double a, double b, double *x, double *w) {
  if (!(a > -1 && b > -1 && a < INFINITY && b < INFINITY))
    return ln_fail(cx, LN_EARG,
                   "a Gauss-Jacobi rule with exponents %g and %g: both must be above -1 and finite", a, b);
  ln_mark mark = ln_begin(cx);
  recurrence r = {.mass = jacobi_mass(a, b), .even = a == b};
  ln_status status = check_count(cx, n);
  if (status == LN_OK && a == 0.5 && b == 0.5) return chebyshev_second_kind(n, x, w), LN_OK;
  if (status == LN_OK) status = take_recurrence(cx, n, &r);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t i = 0; i < n; i++) {
    /* The general coefficients at k = 0 and 1 have factors k + a + b, or 2k + a + b - 1, above and below that
     * can both be 0; they cancel. */
    double k = (double)i, s = 2 * k + a + b;
    r.a[i] = i == 0 ? (b - a) / (a + b + 2) : (b - a) / s * ((b + a) / (s + 2));
    r.b[i] = i == 1 ? 2 / s * sqrt((1 + a) * (1 + b) / (s + 1))
                    : 2 / s * sqrt(k * (k + a) * (k + b) / (s + 1) * ((k + a + b) / (s - 1)));
  }
  return ln_end(cx, mark, make_rule(cx, &r, n, x, w));
}
