/* Eigenvalues of XX'/P for columns x = Sigma^(1/2) z: x = zeta (1 + g M(zeta)), g = N/P, M over Sigma's eigenvalues.
 *
 * Where zeta is real and dx/dzeta = 1 - g sum p sigma^2/(zeta - sigma)^2 is positive, x lies outside of the spectrum
 * (Silverstein and Choi 1995): its edges are the ends of those pieces, at most one between any two neighbours of Sigma's
 * eigenvalues, one below and one above them all. */
#include <math.h>

#include "theory/spectrum.h"

#define HALVINGS 200

/* g sum p sigma^2/(zeta - sigma)^2 - 1, and a sign of its slope. */
static double excess(const ln_free_law *law, double zeta, double *slope) {
  double sum = -1;
  *slope = 0;
  for (size_t i = 0; i < law->n; i++) {
    double sigma = law->value[i], away = zeta - sigma;
    double part = sigma > 0 ? law->ratio * law->weight[i] * (sigma / away) * (sigma / away) : 0;
    sum += part, *slope -= 2 * part / away;
  }
  return sum;
}

/* Where the excess changes its sign between two points, at one of which it is not finite perhaps: by halving. */
static double crossing(const ln_free_law *law, double positive, double negative) {
  double slope;
  for (int i = 0; i < HALVINGS; i++) {
    double middle = positive + (negative - positive) / 2;
    if (middle == positive || middle == negative) break;
    if (excess(law, middle, &slope) > 0)
      positive = middle;
    else
      negative = middle;
  }
  return negative;
}

static double x_at(const ln_free_law *law, double zeta) {
  double M = 0;
  for (size_t i = 0; i < law->n; i++) M += law->weight[i] * law->value[i] / (zeta - law->value[i]);
  return zeta * (1 + law->ratio * M);
}

/* The lowest place of the excess between two eigenvalues: it is convex there. */
static double lowest(const ln_free_law *law, double low, double high) {
  double slope;
  for (int i = 0; i < HALVINGS; i++) {
    double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    excess(law, middle, &slope);
    if (slope > 0)
      high = middle;
    else
      low = middle;
  }
  return low;
}

/* Insertion: the lists are short, and mostly in order. */
static void sort(size_t count, double *value, double *weight) {
  for (size_t i = 1; i < count; i++)
    for (size_t j = i; j > 0 && value[j] < value[j - 1]; j--) {
      double v = value[j], w = weight[j];
      value[j] = value[j - 1], weight[j] = weight[j - 1];
      value[j - 1] = v, weight[j - 1] = w;
    }
}

ln_status ln_spectrum_coloured(ln_context *cx, double alpha, size_t count, ln_spectrum *law) {
  size_t kept = 0; /* no direction has the others */
  for (size_t i = 0; i < count; i++)
    if (law->weight[i] > 0) law->value[kept] = law->value[i], law->weight[kept++] = law->weight[i];
  count = kept;
  sort(count, law->value, law->weight);
  double positive = 0, top = law->value[count - 1], g = 1 / alpha;
  size_t first = count; /* of the eigenvalues above 0 that some direction has */
  for (size_t i = count; i-- > 0;)
    if (law->value[i] > 0) positive += law->weight[i], first = i;
  if (first == count) return ln_fail(cx, LN_EARG, "variances: all are 0");
  positive = fmin(positive, 1);
  law->kind = LN_LAW_FREE;
  law->free = (ln_free_law){.value = law->value, .weight = law->weight, .n = count, .power = 1, .ratio = g};
  double atom = 1 - fmin(positive, alpha), passed = 0;
  if (atom > 0) law->atoms[law->atom_count++] = (ln_atom){0, atom};
  /* The lower edge comes from zeta < 0 with fewer examples than directions, from zeta > 0 with more. */
  double least = law->value[first], low = alpha > positive ? 0 : -top, slope, lower = 0;
  while (alpha < positive && excess(&law->free, low, &slope) > 0) low *= 2;
  if (alpha != positive)
    lower = fmax(0, x_at(&law->free, crossing(&law->free, alpha > positive ? least : 0, low)));
  law->intervals[law->interval_count++] = (ln_interval){lower, 0, atom};
  for (size_t i = first; i < count; i++) {
    passed += law->weight[i];
    size_t next = i + 1;
    while (next < count && law->value[next] == law->value[i]) passed += law->weight[next++];
    if (next == count) break;
    double bottom = lowest(&law->free, law->value[i], law->value[next]);
    if (excess(&law->free, bottom, &slope) < 0) { /* a gap */
      law->intervals[law->interval_count - 1].upper =
          x_at(&law->free, crossing(&law->free, law->value[i], bottom));
      double above = x_at(&law->free, crossing(&law->free, law->value[next], bottom));
      law->intervals[law->interval_count++] = (ln_interval){above, 0, 1 - positive + passed};
    }
    i = next - 1;
  }
  double high = 2 * top;
  while (excess(&law->free, high, &slope) > 0) high *= 2;
  law->right = crossing(&law->free, top, high);
  law->intervals[law->interval_count - 1].upper = x_at(&law->free, law->right);
  law->largest_M = 0;
  for (size_t i = 0; i < count; i++)
    law->largest_M += law->weight[i] * law->value[i] / (law->right - law->value[i]);
  return LN_OK;
}
