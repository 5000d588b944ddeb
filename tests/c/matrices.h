/* matrices.h: what the tests of the linear algebra share: a context, matrices of all kinds, and comparisons.
 */
#ifndef MATRICES_H
#define MATRICES_H

#include "check.h"

#include "core/lapack.h"

static ln_context context;
static ln_context *const cx = &context;

static uint64_t state;

static inline double uniform(void) { /* xorshift64*: independent of linnet's own streams */
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return (double)((state * 2685821657736338717u) >> 11) * 0x1p-53;
}

static inline double normal(void) { return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform()); }

/* Every matrix has a gap between its columns, filled with NaN, so that a wrong leading dimension shows. */
static inline ln_matrix make(size_t rows, size_t cols) {
  const size_t gap = 3;
  ln_matrix A = ln_take_matrix(cx, rows + gap, cols);
  assert_non_null(A.data);
  ln_fill(A, NAN);
  return ln_block_of(A, 0, 0, rows, cols);
}

static inline ln_matrix random_matrix(size_t rows, size_t cols) {
  ln_matrix A = make(rows, cols);
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++) LN_AT(A, i, j) = normal();
  return A;
}

static inline ln_matrix product(ln_form ta, ln_form tb, ln_matrix A, ln_matrix B) {
  ln_matrix C = make(ta ? A.cols : A.rows, tb ? B.rows : B.cols);
  ln_gemm(ta, tb, 1, A, B, 0, C);
  return C;
}

static inline ln_matrix copy_of(ln_matrix A) {
  ln_matrix B = make(A.rows, A.cols);
  ln_copy(A, B);
  return B;
}

/* U diag(s) V' */
static inline ln_matrix compose(ln_matrix U, const double *s, ln_matrix V, size_t k) {
  ln_matrix scaled = copy_of(ln_block_of(U, 0, 0, U.rows, k));
  for (size_t j = 0; j < k; j++) ln_scale(s[j], ln_block_of(scaled, 0, j, U.rows, 1));
  return product(LN_N, LN_T, scaled, ln_block_of(V, 0, 0, V.rows, k));
}

static inline ln_matrix of_rank(size_t rows, size_t cols, size_t rank) {
  return product(LN_N, LN_N, random_matrix(rows, rank), random_matrix(rank, cols));
}

/* Orthonormal columns by Gram and Schmidt, twice. */
static inline ln_matrix orthonormal(size_t rows, size_t cols) {
  ln_matrix Q = random_matrix(rows, cols);
  for (size_t j = 0; j < cols; j++) {
    for (size_t c = 0; c < 2 * j; c++) {
      ln_matrix q = ln_block_of(Q, 0, c % j, rows, 1), v = ln_block_of(Q, 0, j, rows, 1);
      ln_axpy(-ln_dot(q, v), q, v);
    }
    ln_matrix v = ln_block_of(Q, 0, j, rows, 1);
    ln_scale(1 / ln_norm(v), v);
  }
  return Q;
}

static inline ln_matrix symmetric(size_t n) {
  ln_matrix A = random_matrix(n, n);
  ln_symmetrize(A);
  return A;
}

#define assert_same(A, B, tolerance) check_same((A), (B), (tolerance), #A " and " #B, __FILE__, __LINE__)
static inline void check_same(ln_matrix A, ln_matrix B, double tolerance, const char *what, const char *file,
                              int line) {
  assert_int_equal(A.rows, B.rows);
  assert_int_equal(A.cols, B.cols);
  double size = ln_larger(ln_largest(B), 1e-300), worst = 0;
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++) {
      double d = fabs(LN_AT(A, i, j) - LN_AT(B, i, j));
      if (!(d <= worst)) worst = d;
    }
  if (worst <= tolerance * size) return;
  print_error("%s (%zux%zu) differ by %g of %g\n", what, A.rows, A.cols, worst, size);
  _fail(file, line);
}

#define assert_orthonormal(Q) check_orthonormal((Q), __FILE__, __LINE__)
static inline void check_orthonormal(ln_matrix Q, const char *file, int line) {
  ln_matrix unit = make(Q.cols, Q.cols);
  ln_identity(unit);
  check_same(product(LN_T, LN_N, Q, Q), unit, 1e-13, "Q'Q and I", file, line);
}

static inline void assert_oriented(ln_matrix V) {
  for (size_t j = 0; j < V.cols; j++) {
    double largest = ln_largest(ln_block_of(V, 0, j, V.rows, 1));
    size_t i = 0;
    while (fabs(LN_AT(V, i, j)) <= 1e-8 * largest) i++;
    assert_true(LN_AT(V, i, j) > 0);
  }
}

#define assert_ok(call) assert_int_equal((call), LN_OK)
#define assert_message(text) check_message((text), __FILE__, __LINE__)
static inline void check_message(const char *text, const char *file, int line) {
  if (strstr(cx->message, text)) return;
  print_error("expected a message with: %s\ngot: %s\n", text, cx->message);
  _fail(file, line);
}

static inline int set_up(void **unused) {
  (void)unused;
  ln_context_init(cx, NULL, NULL);
  state = 88172645463325252u;
  return 0;
}

static inline int tear_down(void **unused) {
  (void)unused;
  ln_end(cx, NULL, LN_OK);
  return 0;
}

/* Rows, columns and rank; with sizes on both sides of LAPACK's blocks and of divide and conquer. */
static const struct {
  size_t m, n, rank;
} shapes[] = {{0, 0, 0},     {0, 3, 0},      {3, 0, 0},   {1, 1, 1},   {1, 1, 0},       {1, 6, 1},
              {6, 1, 1},     {2, 2, 1},      {4, 4, 4},   {5, 5, 3},   {9, 4, 4},       {9, 4, 2},
              {4, 9, 4},     {4, 9, 3},      {7, 7, 0},   {8, 8, 8},   {32, 32, 9},     {33, 33, 33},
              {40, 33, 33},  {33, 70, 20},   {120, 7, 7}, {7, 120, 5}, {130, 130, 130}, {150, 90, 10},
              {90, 150, 90}, {200, 180, 100}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static inline ln_status never_converges(ln_context *c, ln_matrix A, ln_matrix U, double *s, ln_matrix Vt) {
  (void)U, (void)Vt;
  ln_fill(A, NAN); /* as LAPACK does, it leaves ruins */
  s[0] = NAN;
  return ln_fail(c, LN_ENUMERIC, "did not converge");
}

/* Rotates each group of columns of Q; which: the group number of each column. */
static inline ln_matrix rotate_groups(ln_matrix Q, const double *values, size_t k, uint64_t seed) {
  ln_matrix R = copy_of(Q);
  uint64_t kept = state;
  state = seed;
  for (size_t first = 0, end; first < k; first = end) {
    for (end = first + 1; end < k && values[end] == values[first];) end++;
    ln_matrix W = orthonormal(end - first, end - first);
    ln_gemm(LN_N, LN_N, 1, ln_block_of(Q, 0, first, Q.rows, end - first), W, 0,
            ln_block_of(R, 0, first, Q.rows, end - first));
  }
  state = kept;
  return R;
}

/* The real Fourier basis: every row of the projector on a frequency has the same norm, so that all pivots
 * tie. */
static inline ln_matrix fourier(size_t n) {
  ln_matrix F = make(n, n);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) {
      double angle = 2 * M_PI * (double)((j + 1) / 2) * (double)i / (double)n;
      double norm = sqrt((j == 0 || (j == n - 1 && n % 2 == 0) ? 1.0 : 2.0) / (double)n);
      LN_AT(F, i, j) = norm * (j % 2 || j == 0 ? cos(angle) : sin(angle));
    }
  return F;
}

#endif
