#include "theory/structure.h"

#include <math.h>

#include "core/linalg.h"
#include "core/order.h"
#include "data/structured.h"
#include "theory/hierarchy.h"

#define PI 3.14159265358979323846

static ln_status check_field(ln_context *cx, double weight, double sigma) {
  if (!(weight > 0 && isfinite(weight)))
    return ln_fail(cx, LN_EARG, "weight = %g: that of the graph's edges must be > 0 and finite", weight);
  if (!(sigma > 0 && isfinite(sigma)))
    return ln_fail(cx, LN_EARG, "sigma = %g: must be > 0 and finite", sigma);
  return LN_OK;
}

ln_status ln_structure_items(ln_context *cx, const ln_structure *s, size_t *items) {
  const bool plain = s->kind == LN_RING || s->kind == LN_CHAIN;
  const size_t least = s->kind == LN_RING ? 3 : 2;
  *items = plain ? s->n : s->n * s->m;
  if (!plain && (s->n < 1 || s->m < 1))
    return ln_fail(cx, LN_EARG, "%zu x %zu: both sizes must be >= 1", s->n, s->m);
  if (*items < least) return ln_fail(cx, LN_EARG, "%zu items: at least %zu are needed", *items, least);
  return check_field(cx, s->weight, s->sigma);
}

/* Of the Laplacian of a chain or ring of n with edges of weight 1. */
static double laplacian(bool ring, size_t n, size_t k) {
  double half = sin(PI * (double)k / (ring ? (double)n : 2 * (double)n));
  return 4 * half * half;
}

/* Entry i of eigenvector k, orthonormal. In a ring the pair k, n - k holds the cosine and the sine. */
static double wave(bool ring, size_t n, size_t k, size_t i) {
  double N = (double)n;
  if (k == 0) return sqrt(1 / N);
  if (!ring) return sqrt(2 / N) * cos(PI * (double)k * ((double)i + 0.5) / N);
  if (2 * k == n) return i % 2 ? -sqrt(1 / N) : sqrt(1 / N);
  double angle = 2 * PI * (double)(2 * k < n ? k : n - k) * (double)i / N;
  return sqrt(2 / N) * (2 * k < n ? cos(angle) : sin(angle));
}

static double laplacian_of(const ln_structure *s, size_t k) {
  if (s->kind == LN_GRID) return laplacian(false, s->n, k / s->m) + laplacian(false, s->m, k % s->m);
  if (s->kind == LN_CLUSTERS) return k % s->m ? (double)s->m : 0;
  return laplacian(s->kind == LN_RING, s->n, k);
}

static double vector_of(const ln_structure *s, size_t k, size_t i) {
  if (s->kind == LN_GRID)
    return wave(false, s->n, k / s->m, i / s->m) * wave(false, s->m, k % s->m, i % s->m);
  if (s->kind == LN_CLUSTERS) return k / s->m == i / s->m ? ln_contrast(s->m, k % s->m, i % s->m) : 0;
  return wave(s->kind == LN_RING, s->n, k, i);
}

ln_status ln_structure_modes(ln_context *cx, const ln_structure *s, double *eigenvalue, ln_matrix V) {
  size_t items;
  ln_status status = ln_structure_items(cx, s, &items);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  double *mu = ln_reals(cx, items);
  size_t *place = ln_take(cx, items, sizeof *place);
  if (!mu || !place) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t k = 0; k < items; k++) mu[k] = laplacian_of(s, k);
  status = ln_argsort(cx, items, mu, place);
  if (status == LN_OK) status = ln_charge(cx, 20 * (double)items * (double)(V.data ? items : 1));
  for (size_t k = 0; k < items && status == LN_OK; k++) {
    eigenvalue[k] = 1 / (s->weight * mu[place[k]] + 1 / (s->sigma * s->sigma));
    for (size_t i = 0; V.data && i < items; i++) LN_AT(V, i, k) = vector_of(s, place[k], i);
  }
  return ln_end(cx, mark, status);
}

ln_status ln_structure_tree(ln_context *cx, const double *branching, size_t depth, double weight,
                            double sigma, double *eigenvalue) {
  ln_levels y;
  ln_status status = ln_tree_levels(cx, &(ln_tree){depth, branching}, &y);
  if (status == LN_OK) status = check_field(cx, weight, sigma);
  if (status != LN_OK) return status;
  /* Modes of level l live on the levels below it: a chain, tridiagonal. Its last pivot, eliminated from the top, is the
   * reciprocal of the wanted corner of the inverse. */
  for (size_t l = 0; l <= depth; l++) {
    double pivot = 0;
    for (size_t k = l; k <= depth; k++) {
      double children = k < depth ? branching[k] : 0,
             own = weight * (children + (k > 0)) + 1 / (sigma * sigma);
      pivot = k == l ? own : own - weight * weight * branching[k - 1] / pivot;
    }
    eigenvalue[l] = 1 / pivot;
  }
  return LN_OK;
}
