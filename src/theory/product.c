#include "theory/product.h"

#include <math.h>

#define PI 3.14159265358979323846
#define HALVINGS 200

double ln_product_upper(double depth) { return depth * exp((depth + 1) * log1p(1 / depth)); }

/* phi and delta = pi/(depth + 1) - phi, each with all its digits. */
typedef struct angle {
  double phi, delta;
} angle;

static angle from_above(double depth, double phi) { return (angle){phi, PI / (depth + 1) - phi}; }
static angle from_below(double depth, double delta) { return (angle){PI / (depth + 1) - delta, delta}; }

typedef struct sines {
  double one, most, all; /* of phi, L phi and (L+1) phi */
} sines;

static sines sines_at(double depth, angle a) {
  double turn = (depth + 1) * (a.delta < a.phi ? a.delta : a.phi); /* both have the same sine */
  double most = a.delta < a.phi ? turn + a.phi : turn - a.phi;     /* pi - L phi, and L phi */
  return (sines){sin(a.phi), sin(most), sin(turn)};
}

static double log_x(double depth, angle a) {
  sines s = sines_at(depth, a);
  return log(s.all / s.one) + depth * log(s.all / s.most);
}

static double mass_below(double depth, angle a) {
  sines s = sines_at(depth, a);
  double above = depth * s.one * s.all / s.most;
  /* Beyond the middle (L+1)phi = pi - (L+1)delta: the difference from 1 is formed first. */
  if (a.delta < a.phi) return ((depth + 1) * a.delta + above) / PI;
  return 1 - ((depth + 1) * a.phi - above) / PI;
}

/* The angle at which a function that falls with phi takes the value aim, by bisection in the logarithm of the smaller of
 * phi and delta. */
static angle find(double depth, double (*f)(double, angle), double aim) {
  double half = PI / (depth + 1) / 2;
  bool above = f(depth, from_above(depth, half)) < aim; /* phi is below the middle */
  double low = -740, high = log(half);
  for (int i = 0; i < HALVINGS && high - low > 1e-16 * fabs(high); i++) {
    double middle = (low + high) / 2, part = exp(middle);
    if (middle == low || middle == high) break;
    double value = f(depth, above ? from_above(depth, part) : from_below(depth, part));
    if ((value > aim) == above)
      low = middle;
    else
      high = middle;
  }
  double part = exp((low + high) / 2);
  return above ? from_above(depth, part) : from_below(depth, part);
}

static double density_at(double depth, angle a) {
  sines s = sines_at(depth, a);
  return exp(2 * log(s.one / s.most) + log(s.most / PI) - depth * log(s.all / s.most));
}

double ln_product_density(double depth, double x) {
  if (isnan(x)) return x;
  if (x < 0 || x >= ln_product_upper(depth)) return 0;
  if (x == 0) return INFINITY;
  return density_at(depth, find(depth, log_x, log(x)));
}

double ln_product_cdf(double depth, double x) {
  if (isnan(x)) return x;
  if (x <= 0) return 0;
  if (x >= ln_product_upper(depth)) return 1;
  return mass_below(depth, find(depth, log_x, log(x)));
}

double ln_product_quantile(double depth, double p) {
  if (p <= 0) return 0;
  if (p >= 1) return ln_product_upper(depth);
  return exp(log_x(depth, find(depth, mass_below, p)));
}

double ln_product_moment(double depth, unsigned k) {
  double m = 1;
  for (unsigned j = 1; j <= k; j++) m *= (depth * k + j) / j; /* the binomial of (L+1)k over k */
  return m / (depth * k + 1);
}
