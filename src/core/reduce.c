#include "core/reduce.h"

#include <float.h>
#include <math.h>

/* ---- sums ---- */

typedef double (*block_sum)(size_t n, const double *x, const double *y, double c);

#define BLOCK_SUM(name, term)                                                                                \
  static double name(size_t n, const double *x, const double *y, double c) {                                 \
    (void)y, (void)c;                                                                                        \
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0, rest = 0;                         \
    size_t i = 0;                                                                                            \
    for (; i + 8 <= n; i += 8) {                                                                             \
      s0 += term(i), s1 += term(i + 1), s2 += term(i + 2), s3 += term(i + 3);                                \
      s4 += term(i + 4), s5 += term(i + 5), s6 += term(i + 6), s7 += term(i + 7);                            \
    }                                                                                                        \
    for (; i < n; i++) rest += term(i);                                                                      \
    return (((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))) + rest;                                       \
  }
#define ITSELF(i) x[i]
#define ABSOLUTE(i) fabs(x[i])
#define PRODUCT(i) (x[i] * y[i])
#define FROM_CENTRE(i) (x[i] - c)
#define SQUARE_FROM_CENTRE(i) ((x[i] - c) * (x[i] - c))
#define SQUARE_SCALED(i) ((x[i] * c) * (x[i] * c))
BLOCK_SUM(block_plain, ITSELF)
BLOCK_SUM(block_absolute, ABSOLUTE)
BLOCK_SUM(block_products, PRODUCT)
BLOCK_SUM(block_from_centre, FROM_CENTRE)
BLOCK_SUM(block_squares_from_centre, SQUARE_FROM_CENTRE)
BLOCK_SUM(block_squares_scaled, SQUARE_SCALED)

static double pairwise(block_sum block, size_t n, const double *x, const double *y, double c) {
  if (n <= LN_SUM_BLOCK) return block(n, x, y, c);
  size_t blocks = (n + LN_SUM_BLOCK - 1) / LN_SUM_BLOCK, half = blocks / 2 * LN_SUM_BLOCK;
  return pairwise(block, half, x, y, c) + pairwise(block, n - half, x + half, y + half, c);
}

double ln_sum(size_t n, const double *x) { return pairwise(block_plain, n, x, x, 0); }
double ln_sum_abs(size_t n, const double *x) { return pairwise(block_absolute, n, x, x, 0); }
double ln_sum_products(size_t n, const double *x, const double *y) {
  return pairwise(block_products, n, x, y, 0);
}

double ln_norm_of(size_t n, const double *x) {
  double squares = pairwise(block_squares_scaled, n, x, x, 1);
  if (squares > DBL_MIN / DBL_EPSILON && squares <= DBL_MAX) return sqrt(squares);
  if (!n) return 0;
  double largest = 0; /* squares over- or underflowed, or are NaN: once more, scaled by the largest */
  for (size_t i = 0; i < n; i++)
    if (!(fabs(x[i]) <= largest)) largest = fabs(x[i]);
  if (!(largest > 0 && largest <= DBL_MAX)) return isnan(squares) ? squares : largest;
  int exponent;
  frexp(largest, &exponent); /* a power of two scales without rounding; 2^1074 would be no double */
  double scale = ldexp(1, exponent < -1000 ? 1000 : -exponent);
  return sqrt(pairwise(block_squares_scaled, n, x, x, scale)) / scale;
}

double ln_mean(size_t n, const double *x) { return n ? ln_sum(n, x) / (double)n : NAN; }

double ln_variance(size_t n, const double *x) {
  if (n < 2) return NAN;
  double mean = ln_mean(n, x);
  /* The second sum is 0 but for the rounding of the mean, which it removes from the first. */
  double squares = pairwise(block_squares_from_centre, n, x, x, mean);
  double rest = pairwise(block_from_centre, n, x, x, mean);
  return (squares - rest * rest / (double)n) / (double)(n - 1);
}

double ln_deviation(size_t n, const double *x) { return sqrt(ln_variance(n, x)); }

double ln_any(size_t n, const double *x) {
  for (size_t i = 0; i < n; i++)
    if (x[i] != 0) return 1;
  return 0;
}

double ln_all(size_t n, const double *x) {
  for (size_t i = 0; i < n; i++)
    if (x[i] == 0) return 0;
  return 1;
}

/* ---- largest and smallest ---- */

/* First the value, in four running maxima, then its place: two passes that the processor can overlap are
 * faster than one that can't. */
#define SEARCH(name, beats)                                                                                  \
  size_t name(size_t n, const double *x) {                                                                   \
    double m0 = x[0], m1 = x[0], m2 = x[0], m3 = x[0];                                                       \
    size_t i = 0;                                                                                            \
    int nan = 0;                                                                                             \
    for (; i + 4 <= n; i += 4) {                                                                             \
      m0 = x[i] beats m0 ? x[i] : m0, m1 = x[i + 1] beats m1 ? x[i + 1] : m1;                                \
      m2 = x[i + 2] beats m2 ? x[i + 2] : m2, m3 = x[i + 3] beats m3 ? x[i + 3] : m3;                        \
      nan |= (x[i] != x[i]) | (x[i + 1] != x[i + 1]) | (x[i + 2] != x[i + 2]) | (x[i + 3] != x[i + 3]);      \
    }                                                                                                        \
    for (; i < n; i++) {                                                                                     \
      m0 = x[i] beats m0 ? x[i] : m0;                                                                        \
      nan |= x[i] != x[i];                                                                                   \
    }                                                                                                        \
    m0 = m1 beats m0 ? m1 : m0, m2 = m3 beats m2 ? m3 : m2, m0 = m2 beats m0 ? m2 : m0;                      \
    size_t place = 0;                                                                                        \
    while (nan ? x[place] == x[place] : x[place] != m0) place++;                                             \
    return place;                                                                                            \
  }
SEARCH(ln_place_of_largest, >)
SEARCH(ln_place_of_smallest, <)

/* ---- the lines of a matrix ---- */

size_t ln_line_count(ln_matrix A, ln_lines lines) {
  return lines == LN_WHOLE ? 1 : lines == LN_COLUMNS ? A.cols : A.rows;
}

size_t ln_line_length(ln_matrix A, ln_lines lines) {
  return lines == LN_WHOLE ? A.rows * A.cols : lines == LN_COLUMNS ? A.rows : A.cols;
}

static ln_status each_row(ln_context *cx, ln_matrix A, ln_visit visit, void *ud) {
  const size_t together = 8; /* doubles in a cache line, each read once */
  ln_mark mark = ln_begin(cx);
  ln_matrix copy = ln_take_matrix(cx, A.cols, together);
  if (!copy.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  for (size_t i = 0; i < A.rows && status == LN_OK; i += together) {
    size_t count = A.rows - i < together ? A.rows - i : together;
    for (size_t j = 0; j < A.cols; j++)
      for (size_t r = 0; r < count; r++) LN_AT(copy, j, r) = LN_AT(A, i + r, j);
    for (size_t r = 0; r < count && status == LN_OK; r++)
      status = visit(ud, i + r, A.cols, copy.data + r * copy.ld);
  }
  return ln_end(cx, mark, status);
}

ln_status ln_each_line(ln_context *cx, ln_matrix A, ln_lines lines, ln_visit visit, void *ud) {
  if (lines == LN_COLUMNS) {
    ln_status status = LN_OK;
    for (size_t j = 0; j < A.cols && status == LN_OK; j++) status = visit(ud, j, A.rows, A.data + j * A.ld);
    return status;
  }
  if (lines == LN_ROWS && A.cols != 1) return each_row(cx, A, visit, ud);
  if (lines == LN_ROWS) {
    ln_status status = LN_OK;
    for (size_t i = 0; i < A.rows && status == LN_OK; i++) status = visit(ud, i, 1, A.data + i);
    return status;
  }
  if (ln_is_dense(A)) return visit(ud, 0, A.rows * A.cols, A.data);
  ln_mark mark = ln_begin(cx);
  ln_matrix copy = ln_take_matrix(cx, A.rows, A.cols);
  if (!copy.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_copy(A, copy);
  return ln_end(cx, mark, visit(ud, 0, A.rows * A.cols, copy.data));
}

struct reducing {
  ln_reduction f;
  double *out;
};

static ln_status reduce_line(void *ud, size_t k, size_t n, const double *x) {
  const struct reducing *r = ud;
  r->out[k] = r->f(n, x);
  return LN_OK;
}

ln_status ln_reduce(ln_context *cx, ln_matrix A, ln_lines lines, ln_reduction f, double *out) {
  return ln_each_line(cx, A, lines, reduce_line, &(struct reducing){f, out});
}

/* ---- counting ---- */

/* The bin of x, which lies within the edges. */
static size_t bin_by_halving(double x, size_t bins, const double *edges) {
  size_t low = 0, high = bins; /* edges[low] <= x, and x < edges[high] or high is the last */
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (x < edges[middle])
      high = middle;
    else
      low = middle;
  }
  return low;
}

void ln_histogram(size_t n, const double *x, size_t bins, const double *edges, bool even, double *counts) {
  for (size_t b = 0; b < bins; b++) counts[b] = 0;
  double low = edges[0], high = edges[bins], per_unit = (double)bins / (high - low);
  for (size_t i = 0; i < n; i++) {
    if (!(x[i] >= low && x[i] <= high)) continue;
    size_t b;
    if (even && isfinite(per_unit)) { /* rounding may be off by one: the edges decide */
      b = (size_t)((x[i] - low) * per_unit);
      if (b >= bins) b = bins - 1;
      if (b > 0 && x[i] < edges[b]) b--;
      if (b + 1 < bins && x[i] >= edges[b + 1]) b++;
    } else {
      b = bin_by_halving(x[i], bins, edges);
    }
    counts[b]++;
  }
}
