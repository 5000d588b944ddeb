#include "theory/riccati.h"

#include <math.h>
#include <stdlib.h>

#include "core/linalg.h"
#include "theory/checks.h"

#define ROUNDING 2e-16   /* times n: singular values of Syx up to this part of the largest are 0 */
#define NO_PIVOT 8e-16   /* times n |Q|: what is left of a row is rounding */
#define EQUAL_RATES 1e-9 /* relative */
#define STILL 1e-14      /* relative: weights on inputs outside of the data */

/* ---- once: eigenvectors of F, and where Q lies in them ---- */

typedef struct rate {
  double f;
  size_t index; /* of the column, before sorting */
} rate;

static int compare_rates(const void *a, const void *b) {
  const rate *x = a, *y = b;
  if (x->f != y->f) return x->f < y->f ? 1 : -1;
  return (x->index > y->index) - (x->index < y->index);
}

/* Column k of the eigenvectors of F before sorting: k < 2 modes are pairs of a mode of Syx, then come inputs
 * and outputs that have none. */
static ln_riccati_column column_of(size_t outputs, size_t inputs, const double *s, double h, bool negative,
                                   size_t k) {
  size_t modes = inputs < outputs ? inputs : outputs;
  if (k >= 2 * modes && inputs > outputs) return (ln_riccati_column){.input = k - modes, .on_input = 1};
  if (k >= 2 * modes) return (ln_riccati_column){.output = k - modes, .on_output = 1};
  /* (small, big) with big^2 = (1 + h/w)/2: nothing cancels as lambda -> 0 or s -> 0 */
  size_t i = k / 2;
  double w = hypot(s[i], h), big = w > 0 ? sqrt((1 + h / w) / 2) : sqrt(0.5);
  double small = w > 0 ? s[i] / (2 * w * big) : sqrt(0.5);
  double on_v = negative ? big : small, on_u = negative ? small : big;
  bool falling = k % 2; /* the partner, with -w */
  return (ln_riccati_column){i, i, falling ? on_v : on_u, falling ? -on_u : on_v};
}

static void fill_column(const ln_riccati *r, const ln_riccati_column *c, ln_matrix o) {
  size_t inputs = r->V.rows, outputs = r->U.rows;
  ln_fill(o, 0);
  if (c->on_input != 0)
    ln_axpy(c->on_input, ln_block_of(r->V, 0, c->input, inputs, 1), ln_block_of(o, 0, 0, inputs, 1));
  if (c->on_output != 0)
    ln_axpy(c->on_output, ln_block_of(r->U, 0, c->output, outputs, 1), ln_block_of(o, inputs, 0, outputs, 1));
}

static ln_status diagonalize(ln_context *cx, ln_matrix Syx, ln_riccati *r) {
  size_t outputs = Syx.rows, inputs = Syx.cols, modes = inputs < outputs ? inputs : outputs, n = r->n;
  double h = fabs(r->lambda) / 2;
  r->O = ln_take_matrix(cx, n, n), r->f = ln_reals(cx, n), r->s = ln_reals(cx, modes);
  r->U = ln_take_matrix(cx, outputs, outputs), r->V = ln_take_matrix(cx, inputs, inputs);
  r->columns = ln_take(cx, n, sizeof *r->columns);
  if (!r->O.data || !r->f || !r->s || !r->U.data || !r->V.data || !r->columns) return LN_EMEMORY;
  ln_mark mark = ln_begin(cx);
  rate *rates = ln_take(cx, n, sizeof *rates);
  if (!rates) return ln_end(cx, mark, LN_EMEMORY);
  double *s = r->s;
  ln_status status = ln_svd(cx, Syx, r->U, s, r->V);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t i = modes; i-- > 0;)
    if (s[i] <= ROUNDING * (double)n * s[0]) s[i] = 0;
  for (size_t k = 0; k < n; k++) {
    double w = k < 2 * modes ? hypot(s[k / 2], h) : r->lambda / 2;
    bool negative = k < 2 * modes ? k % 2 : inputs > outputs;
    rates[k] = (rate){negative ? -w : w, k};
  }
  qsort(rates, n, sizeof *rates, compare_rates);
  for (size_t k = 0; k < n; k++) {
    r->f[k] = rates[k].f - r->decay;
    r->columns[k] = column_of(outputs, inputs, s, h, r->lambda < 0, rates[k].index);
    fill_column(r, &r->columns[k], ln_block_of(r->O, 0, k, n, 1));
  }
  return ln_end(cx, mark, LN_OK);
}

size_t ln_riccati_group(const ln_riccati *r, size_t i) {
  size_t end = i + 1;
  while (end < r->n && r->f[end - 1] - r->f[end] <= EQUAL_RATES * fabs(r->f[end - 1])) end++;
  return end;
}

/* q = L R row by row in the order of f, by reflections from the right: rows of size 1e-12 keep their digits
 * beside rows of size 1. Qt = q' is overwritten. */
static ln_status reduce_rows(ln_context *cx, ln_matrix Qt, ln_riccati *r) {
  size_t hidden = Qt.rows, n = Qt.cols, most = n < hidden ? n : hidden;
  double left = NO_PIVOT * (double)n * ln_norm(Qt);
  r->L = ln_take_matrix(cx, n, most), r->R = ln_take_matrix(cx, most, hidden);
  r->pivots = ln_take(cx, most, sizeof *r->pivots);
  if (!r->L.data || !r->R.data || !r->pivots) return LN_EMEMORY;
  ln_mark mark = ln_begin(cx);
  ln_matrix vectors = ln_take_matrix(cx, hidden, most), row = ln_take_matrix(cx, 1, n > hidden ? n : hidden);
  if (!vectors.data || !row.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_charge(cx, 4.0 * (double)n * (double)hidden * (double)most);
  size_t rank = 0;
  for (size_t i = 0; i < n && rank < most && status == LN_OK; i++) {
    ln_matrix rest = ln_block_of(Qt, rank, i, hidden - rank, 1);
    double size = ln_norm(rest);
    if (!(size > left)) continue;
    ln_matrix v = ln_block_of(vectors, rank, rank, hidden - rank, 1);
    double first = LN_AT(rest, 0, 0), image = first > 0 ? -size : size;
    ln_copy(rest, v);
    LN_AT(v, 0, 0) = first - image;
    ln_scale(sqrt(2) / ln_norm(v), v); /* the reflection is 1 - v v' */
    ln_matrix later = ln_block_of(Qt, rank, i, hidden - rank, n - i), w = ln_block_of(row, 0, 0, 1, n - i);
    ln_gemm(LN_T, LN_N, 1, v, later, 0, w);
    ln_gemm(LN_N, LN_N, -1, v, w, 1, later);
    ln_fill(rest, 0);
    LN_AT(rest, 0, 0) = image;
    r->pivots[rank++] = i;
    status = ln_poll(cx);
  }
  r->rank = rank;
  r->L.cols = r->R.rows = rank;
  size_t column = 0;
  for (size_t i = 0; i < n; i++) { /* what is right of a row's own pivot is rounding */
    if (column < rank && r->pivots[column] == i) column++;
    for (size_t j = 0; j < rank; j++) LN_AT(r->L, i, j) = j < column ? LN_AT(Qt, j, i) : 0;
  }
  ln_identity(r->R);
  for (size_t k = rank; k-- > 0;) {
    ln_matrix v = ln_block_of(vectors, k, k, hidden - k, 1), w = ln_block_of(row, 0, 0, 1, rank);
    ln_matrix part = ln_block_of(r->R, 0, k, rank, hidden - k);
    ln_gemm(LN_T, LN_T, 1, v, part, 0, w);
    ln_gemm(LN_T, LN_T, -1, w, v, 1, part);
  }
  return ln_end(cx, mark, status);
}

/* Q sqrt(c) with W1 on the data's inputs only, and whether it has weights elsewhere. */
static ln_status stack(ln_context *cx, ln_matrix W1, ln_riccati *r, ln_matrix Q) {
  size_t inputs = W1.cols, outputs = r->W2.rows;
  double root = sqrt(r->white.c);
  for (size_t j = 0; j < Q.cols; j++) {
    for (size_t i = 0; i < inputs; i++) LN_AT(Q, i, j) = root * LN_AT(W1, j, i);
    for (size_t i = 0; i < outputs; i++) LN_AT(Q, inputs + i, j) = root * LN_AT(r->W2, i, j);
  }
  if (r->white.all) return LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix rest = ln_take_matrix(cx, r->W1.rows, r->W1.cols);
  if (!rest.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_copy(r->W1, rest);
  ln_gemm(LN_N, LN_T, -1, W1, r->white.V, 1, rest);
  r->still = ln_norm(rest) > STILL * ln_norm(r->W1);
  return ln_end(cx, mark, LN_OK);
}

static ln_status check_problem(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx,
                               const ln_balance *balance, double decay) {
  size_t inputs = Sxx.rows, outputs = Syx.rows;
  if (Sxx.cols != inputs || Syx.cols != inputs || W1.cols != inputs || W2.rows != outputs ||
      W2.cols != W1.rows)
    return ln_fail(
        cx, LN_EARG,
        "W1 is %zux%zu, W2 %zux%zu, Sxx %zux%zu, Syx %zux%zu; W1 must be hidden x inputs, W2 outputs x "
        "hidden, Sxx inputs x inputs, Syx outputs x inputs",
        W1.rows, W1.cols, W2.rows, W2.cols, Sxx.rows, Sxx.cols, Syx.rows, Syx.cols);
  if (balance && !(isfinite(balance->lambda) && balance->kappa >= 0 && isfinite(balance->kappa)))
    return ln_fail(cx, LN_EARG, "lambda = %g, kappa = %g: both must be finite, and kappa >= 0",
                   balance->lambda, balance->kappa);
  ln_status status = ln_check_decay(cx, decay);
  if (status == LN_OK && decay > 0 && !(balance && balance->lambda == 0 && balance->kappa == 0))
    return ln_fail(cx, LN_EARG,
                   "with weight decay only zero-balanced weights (lambda = kappa = 0) have a closed form");
  if (status == LN_OK) status = ln_check_finite(cx, W1, "W1");
  return status == LN_OK ? ln_check_finite(cx, W2, "W2") : status;
}

/* Syx and W1 on the inputs that are in the data. */
static ln_status restrict_inputs(ln_context *cx, ln_matrix Sxx, ln_riccati *r, ln_matrix *Syx,
                                 ln_matrix *W1) {
  ln_status status = ln_white_span(cx, Sxx, &r->white);
  if (status != LN_OK) return status;
  if (r->white.used == 0) return ln_fail(cx, LN_EARG, "Sxx is 0: there is nothing to learn from");
  status = ln_check_finite(cx, *Syx, "Syx");
  if (status != LN_OK || r->white.all) return status;
  size_t used = r->white.used;
  ln_matrix S = ln_take_matrix(cx, Syx->rows, used), W = ln_take_matrix(cx, W1->rows, used);
  ln_matrix rest = ln_take_matrix(cx, Syx->rows, Syx->cols);
  if (!S.data || !W.data || !rest.data) return LN_EMEMORY;
  double rows = (double)Syx->rows + (double)W1->rows;
  status = ln_charge(cx, 4.0 * rows * (double)Syx->cols * (double)used);
  if (status != LN_OK) return status;
  ln_gemm(LN_N, LN_N, 1, *Syx, r->white.V, 0, S);
  ln_gemm(LN_N, LN_N, 1, *W1, r->white.V, 0, W);
  ln_copy(*Syx, rest);
  ln_gemm(LN_N, LN_T, -1, S, r->white.V, 1, rest);
  status = ln_check_outside(cx, ln_norm(rest), ln_norm(*Syx));
  *Syx = S, *W1 = W;
  return status;
}

ln_status ln_riccati_prepare(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_matrix Sxx, ln_matrix Syx,
                             const ln_balance *balance, double decay, ln_riccati *r) {
  ln_status status = check_problem(cx, W1, W2, Sxx, Syx, balance, decay);
  if (status != LN_OK) return status;
  *r = (ln_riccati){.W1 = W1, .W2 = W2, .decay = decay};
  if (balance) r->balance = *balance;
  status = restrict_inputs(cx, Sxx, r, &Syx, &W1);
  if (status == LN_OK)
    status = balance ? ln_measure_balance(cx, W1, W2, &r->balance) : ln_find_balance(cx, W1, W2, &r->balance);
  if (status != LN_OK) return status;
  double c = r->white.c;
  r->lambda = c * r->balance.lambda, r->kappa = c * c * r->balance.kappa;
  size_t n = r->n = W1.cols + W2.rows, hidden = W1.rows;
  status = diagonalize(cx, Syx, r);
  if (status != LN_OK) return status;
  ln_matrix Q = ln_take_matrix(cx, n, hidden), Qt = ln_take_matrix(cx, hidden, n);
  if (!Q.data || !Qt.data) return LN_EMEMORY;
  status = stack(cx, W1, r, Q);
  if (status == LN_OK) status = ln_charge(cx, 2.0 * (double)n * (double)n * (double)hidden);
  if (status != LN_OK) return status;
  ln_gemm(LN_T, LN_N, 1, Q, r->O, 0, Qt);
  return reduce_rows(cx, Qt, r);
}

/* ---- at any time ---- */

/* ln(e^a + e^b) */
static double log_sum(double a, double b) {
  double larger = a > b ? a : b, smaller = a > b ? b : a;
  return larger == -INFINITY ? larger : larger + log1p(exp(smaller - larger));
}

/* What time does to a row: M_0(t) = kappa G from zero, and Phi for what was there. In logarithms, since G and
 * Phi overflow; only their quotients are formed. */
typedef struct course {
  double phi, G, phi_over_root; /* ln Phi, ln G, ln(Phi/sqrt G) */
} course;

static course course_of(double f, double kappa, double t) {
  double om = hypot(f, sqrt(kappa)), x = 2 * om * t;
  if (x < 1e-18) return (course){0, log(t), -log(t) / 2}; /* Phi = 1, G = t to rounding */
  double far = om + fabs(f), near = kappa / far, grown = log(-expm1(-x));
  double slow = log_sum(log(far), log(near) - x); /* ln(far + near e), e = exp(-x) */
  if (f <= 0)
    return (course){log(2 * om) - x / 2 - slow, grown - slow, log(2 * om) - x / 2 - (slow + grown) / 2};
  double fast = log_sum(log(near), log(far) - x); /* ln(near + far e) */
  double scaled = log_sum(log(far), log(near) + x);
  return (course){log(2 * om) - x / 2 - fast, grown - fast, log(2 * om) - (scaled + grown) / 2};
}

/* Where M goes: kappa > 0 forgets the start; kappa = 0 learns, in each group of equal f > 0, the directions
 * in which the start has anything that is not also in a faster one. */
static ln_status limit(ln_context *cx, const ln_riccati *r, ln_matrix T, double *d) {
  ln_fill(T, 0);
  for (size_t i = 0; i < r->n; i++) {
    double far = hypot(r->f[i], sqrt(r->kappa)) + fabs(r->f[i]);
    d[i] = r->kappa > 0 ? (r->f[i] > 0 ? far : r->kappa / far) : 0;
  }
  if (r->kappa > 0) return LN_OK;
  for (size_t i = 0, end, first = 0, last; i < r->n && r->f[i] > 0; i = end, first = last) {
    end = ln_riccati_group(r, i);
    for (last = first; last < r->rank && r->pivots[last] < end; last++)
      ;
    if (last == first) continue;
    ln_mark mark = ln_begin(cx);
    ln_matrix triangle = ln_take_matrix(cx, last - first, last - first);
    ln_matrix part = ln_block_of(T, i, first, end - i, last - first);
    if (!triangle.data) return ln_end(cx, mark, LN_EMEMORY);
    ln_status status = ln_qr(cx, ln_block_of(r->L, i, first, part.rows, part.cols), part, triangle);
    if (ln_end(cx, mark, status) != LN_OK) return status;
    ln_scale(sqrt(2 * r->f[i]), part);
  }
  return LN_OK;
}

ln_status ln_riccati_state(ln_context *cx, const ln_riccati *r, double t, ln_matrix T, double *d) {
  if (t == INFINITY) return limit(cx, r, T, d);
  size_t n = r->n, rank = r->rank;
  ln_mark mark = ln_begin(cx);
  course *rows = ln_take(cx, n, sizeof *rows);
  ln_matrix stacked = ln_take_matrix(cx, rank + n, rank), orthonormal = ln_take_matrix(cx, rank + n, rank);
  ln_matrix triangle = ln_take_matrix(cx, rank, rank);
  if (!rows || !stacked.data || !orthonormal.data || !triangle.data) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < n; i++) {
    rows[i] = course_of(r->f[i], r->kappa, t);
    d[i] = r->kappa > 0 ? exp(log(r->kappa) + rows[i].G) : 0;
  }
  /* 1 + L'G L as the square of a stacked root: its Cholesky factor would square the condition. Column j is
   * divided by the growth of its pivot row; rows above have no part in it. */
  ln_fill(stacked, 0), ln_fill(T, 0);
  for (size_t j = 0; j < rank; j++) {
    size_t pivot = r->pivots[j];
    double divisor = fmax(0, rows[pivot].G / 2);
    LN_AT(stacked, j, j) = exp(-divisor);
    for (size_t i = pivot; i < n; i++) {
      LN_AT(stacked, rank + i, j) = exp(rows[i].G / 2 - divisor) * LN_AT(r->L, i, j);
      LN_AT(T, i, j) = exp(rows[i].phi - divisor) * LN_AT(r->L, i, j);
    }
  }
  ln_status status = ln_qr(cx, stacked, orthonormal, triangle);
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t j = 0; j < rank; j++) { /* T <- T triangle^-1 */
    ln_matrix column = ln_block_of(T, 0, j, n, 1);
    ln_gemm(LN_N, LN_N, -1, ln_block_of(T, 0, 0, n, j), ln_block_of(triangle, 0, j, j, 1), 1, column);
    for (size_t i = 0; i < n; i++) LN_AT(T, i, j) /= LN_AT(triangle, j, j);
  }
  ln_matrix learned = ln_block_of(orthonormal, rank, 0, n, rank);
  for (size_t i = 0; i < n; i++) { /* rows that have been learned are exact in the orthonormal factor */
    ln_matrix row = ln_block_of(learned, i, 0, 1, rank), to = ln_block_of(T, i, 0, 1, rank);
    if (ln_norm(row) <= 0.5) continue;
    ln_copy(row, to);
    ln_scale(exp(rows[i].phi_over_root), to);
  }
  return ln_end(cx, mark, LN_OK);
}

/* M/c for t > 0. */
static ln_status assemble(ln_context *cx, const ln_riccati *r, double t, ln_matrix M) {
  size_t n = r->n;
  ln_mark mark = ln_begin(cx);
  ln_matrix T = ln_take_matrix(cx, n, r->rank), OT = ln_take_matrix(cx, n, r->rank);
  ln_matrix scaled = ln_take_matrix(cx, n, r->kappa > 0 ? n : 0);
  double *d = ln_reals(cx, n);
  if (!T.data || !OT.data || !scaled.data || !d) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_riccati_state(cx, r, t, T, d);
  if (status == LN_OK)
    status =
        ln_charge(cx, 2.0 * (double)n * (double)n * ((r->kappa > 0 ? (double)n : 0) + 2 * (double)r->rank));
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_gemm(LN_N, LN_N, 1, r->O, T, 0, OT);
  ln_gram(LN_N, 1 / r->white.c, OT, 0, M);
  if (r->kappa > 0) {
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < n; i++) LN_AT(scaled, i, j) = LN_AT(r->O, i, j) * sqrt(d[j]);
    ln_gram(LN_N, 1 / r->white.c, scaled, 1, M);
  }
  return ln_end(cx, mark, LN_OK);
}

/* A part of M that has the data's inputs on one side or both, for all inputs. */
static ln_status widen(ln_context *cx, const ln_riccati *r, ln_matrix part, bool both, ln_matrix whole) {
  if (r->white.all) return ln_copy(part, whole), LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix V = r->white.V, half = ln_take_matrix(cx, part.rows, V.rows);
  if (!half.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_charge(cx, 2.0 * (double)part.rows * (double)V.rows * (double)(V.cols + V.rows));
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_gemm(LN_N, LN_T, 1, part, V, 0, half);
  if (both)
    ln_gemm(LN_N, LN_N, 1, V, half, 0, whole);
  else
    ln_copy(half, whole);
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_riccati_at(ln_context *cx, const ln_riccati *r, double t, ln_matrix product, ln_matrix inputs,
                        ln_matrix outputs) {
  if (!(t >= 0)) return ln_fail(cx, LN_EARG, "t = %g must be >= 0", t);
  if (t == 0) {
    if (product.data) ln_gemm(LN_N, LN_N, 1, r->W2, r->W1, 0, product);
    if (inputs.data) ln_gram(LN_T, 1, r->W1, 0, inputs);
    if (outputs.data) ln_gram(LN_N, 1, r->W2, 0, outputs);
    return LN_OK;
  }
  if (r->still)
    return ln_fail(cx, LN_EARG,
                   "W1 has weights on inputs that are not in the data: what they give depends on the weights "
                   "themselves, not on the balance alone");
  ln_mark mark = ln_begin(cx);
  size_t used = r->white.used, others = r->W2.rows;
  ln_matrix M = ln_take_matrix(cx, r->n, r->n);
  if (!M.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = assemble(cx, r, t, M);
  if (status == LN_OK && product.data)
    status = widen(cx, r, ln_block_of(M, used, 0, others, used), false, product);
  if (status == LN_OK && inputs.data) status = widen(cx, r, ln_block_of(M, 0, 0, used, used), true, inputs);
  if (status == LN_OK && outputs.data) ln_copy(ln_block_of(M, used, used, others, others), outputs);
  return ln_end(cx, mark, status);
}
