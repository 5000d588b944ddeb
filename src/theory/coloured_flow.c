#include "theory/coloured_flow.h"

#include "theory/complex_number.h"
#include <math.h>

/* The ellipse z = -hi sinh^2(w/2), w = lr + i phi, has foci 0 and hi and its left end at phi = 0. Every integrand takes conjugate
 * values at conjugate points, so that the nodes with phi > 0 are enough. */
#define DIGITS 20.0
#define SPARE 15.0
enum { SUBSTEPS = 4, NEWTON_MOST = 30, DESCENT_MOST = 200, GOLDEN_STEPS = 60 };
#define GOLDEN 0.61803398874989484820
#define LOG_EXCESS_LEAST (-20.0) /* of q above all v, relative */
#define LOG_EXCESS_MOST 20.0

typedef double complex number;

typedef struct contour {
  size_t nodes;   /* with phi > 0 */
  number *z, *k;  /* and the effective ridge there: k (1 - (1/alpha) sum p v/(v + k)) = -z */
  number *bias;   /* e^(-zt) k/z dz' */
  number *share;  /* of node m: 1/(v_j + k_m) for all j */
  number *weight; /* dz/(2 pi i) */
} contour;

/* sinh(a + ib) */
static number sinh_of(double a, double b) { return sinh(a) * cos(b) + I * (cosh(a) * sin(b)); }

/* e^w - 1 without cancellation. */
static number expm1_of(number w) {
  double a = creal(w), b = cimag(w), half = sin(b / 2);
  return expm1(a) * cos(b) - 2 * half * half + I * (exp(a) * sin(b));
}

/* f(k) = k (1 - (1/alpha) sum p v/(v + k)), and f'. */
static number ridge_of(const ln_coloured *p, number k, number *derivative) {
  number one = 0, two = 0;
  for (size_t j = 0; j < p->count; j++) {
    double v = p->variance[j];
    number share = v / (v + k);
    one += p->fraction[j] * share;
    two += p->fraction[j] * share * share;
  }
  *derivative = 1 - two / p->alpha; /* v k/(v + k)^2 and v/(v + k) together */
  return k * (1 - one / p->alpha);
}

double ln_coloured_effective_ridge(const ln_coloured *p, double ridge) {
  /* From the right f is convex and Newton comes down without overshooting. */
  double k = ridge;
  for (size_t j = 0; j < p->count; j++) k += p->fraction[j] * p->variance[j] / p->alpha;
  for (int i = 0; i < DESCENT_MOST; i++) {
    number slope, value = ridge_of(p, k, &slope);
    double next = k - (creal(value) - ridge) / creal(slope);
    if (!(next < k)) break;
    k = next;
  }
  return k;
}

static number follow_root(const ln_coloured *p, number z, number k) {
  for (int i = 0; i < NEWTON_MOST; i++) {
    number slope, value = ridge_of(p, k, &slope), step = (value + z) / slope;
    k -= step;
    if (cabs(step) < 1e-15 * cabs(k)) break;
  }
  return k;
}

/* The upper edge of the spectrum of Sxx: the lowest value of q (1 + (1/alpha) sum p v/(q - v)) over q > all v, which is convex. What is
 * found is never below the edge. */
static double upper_edge(const ln_coloured *p) {
  double top = 0, low = LOG_EXCESS_LEAST, high = LOG_EXCESS_MOST + fmax(0, -log(p->alpha)), at[2];
  for (size_t j = 0; j < p->count; j++) top = fmax(top, p->variance[j]);
  for (int i = 0; i < GOLDEN_STEPS; i++) {
    double x[2] = {high - GOLDEN * (high - low), low + GOLDEN * (high - low)};
    for (int side = 0; side < 2; side++) {
      double beyond = top * exp(x[side]), q = top + beyond, sum = 0;
      for (size_t j = 0; j < p->count; j++) {
        double v = p->variance[j];
        sum += p->fraction[j] * v / (top - v + beyond);
      }
      at[side] = q * (1 + sum / p->alpha);
    }
    if (at[0] < at[1])
      high = x[1];
    else
      low = x[0];
  }
  return fmin(at[0], at[1]);
}

static ln_status make_contour(ln_context *cx, const ln_coloured *p, double t, contour *c) {
  double hi = upper_edge(p), left = t > 0 ? fmin(2 / t, hi) : hi, lr = 2 * asinh(sqrt(left / hi));
  double half = ceil(DIGITS / lr + SPARE);
  if (!(half < 1e6))
    return ln_fail(cx, LN_ENUMERIC, "t = %g would need %.3g nodes: give infinity for the limit", t, half);
  c->nodes = (size_t)half;
  c->z = ln_take(cx, c->nodes, sizeof *c->z), c->k = ln_take(cx, c->nodes, sizeof *c->k);
  c->bias = ln_take(cx, c->nodes, sizeof *c->bias), c->weight = ln_take(cx, c->nodes, sizeof *c->weight);
  c->share = ln_take(cx, c->nodes * p->count, sizeof *c->share);
  if (!c->z || !c->k || !c->bias || !c->weight || !c->share) return LN_EMEMORY;
  number k = ln_coloured_effective_ridge(p, left);
  double phi = 0;
  for (size_t m = 0; m < c->nodes; m++) {
    double next = M_PI * ((double)m + 0.5) / half;
    for (int i = 1; i <= SUBSTEPS; i++) {
      number s = sinh_of(lr / 2, (phi + (next - phi) * i / SUBSTEPS) / 2);
      c->z[m] = -hi * s * s;
      k = follow_root(p, c->z[m], k);
    }
    phi = next;
    c->k[m] = k;
    c->weight[m] = -hi / 2 * sinh_of(lr, phi) / (2 * half);
    c->bias[m] = cexp(-c->z[m] * t) * k / c->z[m] * c->weight[m];
    for (size_t j = 0; j < p->count; j++) c->share[m * p->count + j] = 1 / (p->variance[j] + k);
  }
  return LN_OK;
}

/* One pair of points, of which the second may be taken at its conjugate. */
static number pair_term(const ln_coloured *p, const number *a, const number *b, bool conjugate) {
  number top = 0, below = 0;
  for (size_t j = 0; j < p->count; j++) {
    double v = p->variance[j];
    number both = p->fraction[j] * v * a[j] * (conjugate ? conj(b[j]) : b[j]);
    top += (p->teacher[j] + p->start[j]) * both;
    below += v * both;
  }
  return top / (1 - below / p->alpha);
}

ln_status ln_coloured_flow(ln_context *cx, const ln_coloured *p, double t, double *excess, double *train) {
  ln_mark mark = ln_begin(cx);
  contour c = {0};
  ln_status status = make_contour(cx, p, t, &c);
  double bias = 0, variance = 0, noise_left = 0, bias_left = 0;
  for (size_t m = 0; m < c.nodes && status == LN_OK; m++) {
    const number *a = c.share + m * p->count;
    status = ln_charge(cx, 40.0 * (double)(p->count * (m + 1)));
    /* the pair (m, n) and its conjugates; both orders of it */
    for (size_t n = 0; n <= m; n++) {
      const number *b = c.share + n * p->count;
      double both = creal(c.bias[m] * c.bias[n] * pair_term(p, a, b, false)) +
                    creal(c.bias[m] * conj(c.bias[n]) * pair_term(p, a, b, true));
      bias += (n < m ? 4 : 2) * both;
    }
    number learned = -expm1_of(-c.z[m] * t) / c.z[m], later = cexp(-2 * c.z[m] * t) * c.k[m] * c.weight[m];
    number one = 0, power = 0;
    for (size_t j = 0; j < p->count; j++) {
      one += p->fraction[j] * a[j];
      power += p->fraction[j] * (p->teacher[j] + p->start[j]) * a[j];
    }
    variance += 2 * creal(learned * learned * c.k[m] * c.weight[m]);
    noise_left += 2 * creal(later / c.z[m] * one);
    bias_left += 2 * creal(later * power);
  }
  *excess = bias + p->noise * variance;
  *train = p->noise * (1 - 1 / p->alpha + noise_left / p->alpha) + bias_left;
  return ln_end(cx, mark, status);
}
