/* riccati_weights.c: the individual weights of two layers from M = Q Q'.
 *
 * Q = O T X R with an orthogonal X(t) that M leaves open: along the flow Q'dQ/dt is symmetric, so X is
 * carried along the whole path. In the eigenvectors of F the flow is q' = diag(f) q - q q'q/2 for kappa = 0;
 * kappa > 0 adds (J q)(q'J q + lambda)/2, J in that basis. Each row is a multiple of itself and of what all
 * rows share, so rows keep their relative precision however different they are, and a row that is 0 stays 0.
 * These equations are integrated, and at each time X is the orthogonal matrix nearest to what they say: the
 * product and the representations are those of the closed form.
 *
 * With a single hidden direction X = 1: T is continuous and begins as L. */
#include "theory/riccati.h"

#include <math.h>

#include "core/linalg.h"
#include "core/ode.h"

#define STEP_TOLERANCE 1e-13
#define PIECE 5         /* on a saddle: of the fastest time, in which an error grows e^5 */
#define NEAR_LIMIT 1e-3 /* of a row's square: no plateau any more */
/* Velocities relative to the fastest rate, and overlaps, relative to the rows' limits: rows whose rates are close still
 * turn for long, by more than they move, as the square of what lies between. */
#define SETTLED 1e-10
#define SETTLED_LEAST 1e-14
#define SETTLED_MOST 1e-12

typedef struct transport {
  const ln_riccati *r;
  double *size;                         /* of each row of L: the state is q with rows divided by it */
  double *target, *full;                /* squares of the rows in the limit; the largest that they can have */
  double fastest, still;                /* rate; what counts as settled */
  ln_matrix q, H;                       /* n x rank; rank x rank */
  ln_matrix J, Jq, qJq;                 /* kappa > 0 only */
  ln_matrix T, root, B, Y, Z, X, TX, Q; /* of an output */
  double *d, *s;
  ln_matrix W1, W2;
  const double *times;
  size_t done;           /* of the times: have been put out */
  bool pausing, settled; /* the output is only the end of a piece; X no longer turns */
  ln_riccati_output output;
  void *ud;
} transport;

/* ---- the equations ---- */

static void unscale(const transport *p, const double *y, ln_matrix q) {
  size_t n = q.rows;
  for (size_t j = 0; j < q.cols; j++)
    for (size_t i = 0; i < n; i++) LN_AT(q, i, j) = p->size[i] * y[i + j * n];
}

static ln_status velocity(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)t;
  const transport *p = ud;
  const ln_riccati *r = p->r;
  size_t n = r->n, rank = r->rank;
  ln_matrix given = ln_window((double *)y, n, rank), dq = ln_window(dydt, n, rank);
  double products = (double)n * (double)rank * (double)rank;
  ln_status status =
      ln_charge(cx, r->kappa > 0 ? 8 * products + 2 * (double)(n * n) * (double)rank : 4 * products);
  if (status != LN_OK) return status;
  unscale(p, y, p->q);
  ln_gram(LN_T, 1, p->q, 0, p->H);
  ln_gemm(LN_N, LN_N, -0.5, given, p->H, 0, dq);
  for (size_t j = 0; j < rank; j++)
    for (size_t i = 0; i < n; i++) LN_AT(dq, i, j) += r->f[i] * LN_AT(given, i, j);
  if (r->kappa == 0) return LN_OK;
  ln_gemm(LN_N, LN_N, 1, p->J, p->q, 0, p->Jq);
  ln_gemm(LN_T, LN_N, 0.5, p->q, p->Jq, 0, p->qJq);
  for (size_t j = 0; j < rank; j++) LN_AT(p->qJq, j, j) += r->lambda / 2;
  for (size_t j = 0; j < rank; j++)
    for (size_t i = 0; i < n; i++)
      if (p->size[i] > 0) LN_AT(p->Jq, i, j) /= p->size[i];
  ln_gemm(LN_N, LN_N, 1, p->Jq, p->qJq, 1, dq);
  return LN_OK;
}

/* Rows without a mode of Syx. In a class with kappa = 0 they keep directions of their own and only change in
 * length, so that X is exact however late they are: they need not be waited for (with lambda = 0 they fade as
 * 1/sqrt t). */
static bool is_null(const ln_riccati *r, size_t i) {
  return r->kappa == 0 && (r->f[i] == r->lambda / 2 - r->decay || r->f[i] == -r->lambda / 2 - r->decay);
}

static double settled_size(const transport *p) {
  const ln_riccati *r = p->r;
  double nearest = p->fastest; /* distance of two rates that are not equal */
  for (size_t i = 0, next; i < r->n && r->f[i] > 0; i = next) {
    next = ln_riccati_group(r, i);
    if (next < r->n && r->f[next] > 0) nearest = fmin(nearest, r->f[next - 1] - r->f[next]);
  }
  double share = nearest / p->fastest;
  return fmax(SETTLED_LEAST, fmin(SETTLED_MOST, SETTLED * share * share));
}

/* Does X no longer turn? Rows that are learned no longer move, and the others have nothing in common with
 * them. */
static bool settled(void *ud, double t, const double *y, const double *dydt) {
  (void)t;
  transport *p = ud;
  const ln_riccati *r = p->r;
  size_t n = r->n, rank = r->rank;
  for (size_t i = 0; i < n; i++) {
    bool rises = r->f[i] > 0;
    if (is_null(r, i) || !(rises || r->kappa > 0)) continue;
    double square = 0, speed = 0, full = p->full[rises ? i : 0];
    for (size_t j = 0; j < rank; j++) {
      double x = p->size[i] * y[i + j * n], v = p->size[i] * dydt[i + j * n];
      square += x * x, speed = hypot(speed, v);
    }
    if (speed > p->still * p->fastest * sqrt(full)) return false;
    if (rises && fabs(square - p->target[i]) > NEAR_LIMIT * full) return false;
    for (size_t k = 0; k < n && r->kappa == 0; k++) {
      if (r->f[k] > 0 && !is_null(r, k)) continue;
      double overlap = 0;
      for (size_t j = 0; j < rank; j++) overlap += y[k + j * n] * p->size[i] * y[i + j * n];
      if (fabs(overlap) > p->still * sqrt(full)) return false;
    }
  }
  return p->settled = true;
}

/* ---- what is put out ---- */

/* The root of M in the eigenvectors of F, n x rank. */
static ln_status root_of_state(ln_context *cx, const transport *p, double t) {
  size_t n = p->r->n;
  ln_status status = ln_riccati_state(cx, p->r, t, p->T, p->d);
  if (status != LN_OK || p->r->kappa == 0) return status;
  ln_mark mark = ln_begin(cx); /* rank = n: T T' + diag(d) = triangle' triangle */
  ln_matrix both = ln_take_matrix(cx, 2 * n, n), Q = ln_take_matrix(cx, 2 * n, n);
  ln_matrix triangle = ln_take_matrix(cx, n, n);
  if (!both.data || !Q.data || !triangle.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_fill(both, 0);
  ln_transpose(p->T, ln_block_of(both, 0, 0, n, n));
  for (size_t i = 0; i < n; i++) LN_AT(both, n + i, i) = sqrt(p->d[i]);
  status = ln_qr(cx, both, Q, triangle);
  if (status == LN_OK) ln_transpose(triangle, p->T);
  return ln_end(cx, mark, status);
}

/* X from T X = q: the orthogonal factor of sum_i T_i' q_i/(|T_i| size_i), where rows of equal f count alike.
 * With kappa = 0 a group is divided by what it has been at most, so that small rows count as much as large
 * ones, and those that have decayed as much as they are still known; with kappa > 0 all are known to the same
 * absolute error. */
static ln_status turn(ln_context *cx, transport *p, const double *y) {
  const ln_riccati *r = p->r;
  size_t n = r->n, rank = r->rank;
  if (rank < 2 || r->any_rotation) return ln_identity(p->X), LN_OK;
  unscale(p, y, p->q);
  ln_copy(p->T, p->root);
  for (size_t i = 0, end; i < n; i = end) {
    end = ln_riccati_group(r, i);
    double now = ln_norm(ln_block_of(p->T, i, 0, end - i, rank));
    double largest = r->kappa > 0 ? 1 : fmax(now, ln_norm(ln_block_of(r->L, i, 0, end - i, rank)));
    ln_matrix rows = ln_block_of(p->root, i, 0, end - i, rank),
              others = ln_block_of(p->q, i, 0, end - i, rank);
    for (size_t j = 0; j < rank && now > 0; j++) /* divided, since an inverse can overflow */
      for (size_t k = 0; k < rows.rows; k++) LN_AT(rows, k, j) /= now, LN_AT(others, k, j) /= largest;
  }
  ln_gemm(LN_T, LN_N, 1, p->root, p->q, 0, p->B);
  ln_status status = ln_svd(cx, p->B, p->Y, p->s, p->Z);
  if (status == LN_OK) ln_gemm(LN_N, LN_T, 1, p->Y, p->Z, 0, p->X);
  return status;
}

/* W1 = Q_1' V' + what never moves, W2 = Q_2, from Q = O T X R/sqrt(c). */
static ln_status unstack(ln_context *cx, transport *p, double t) {
  const ln_riccati *r = p->r;
  size_t used = r->white.used, hidden = r->W1.rows;
  ln_scale(1 / sqrt(r->white.c), p->Q);
  ln_matrix first = ln_block_of(p->Q, 0, 0, used, hidden);
  ln_copy(ln_block_of(p->Q, used, 0, r->W2.rows, hidden), p->W2);
  if (r->white.all) return ln_transpose(first, p->W1), LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix moved = ln_take_matrix(cx, hidden, used);
  if (!moved.data) return ln_end(cx, mark, LN_EMEMORY);
  double fade = exp(-r->decay * t); /* also where t is infinite and decay is not 0 */
  if (r->decay == 0) fade = 1;
  ln_gemm(LN_N, LN_N, -fade, r->W1, r->white.V, 0, moved);
  for (size_t j = 0; j < used; j++)
    for (size_t i = 0; i < hidden; i++) LN_AT(moved, i, j) += LN_AT(first, j, i);
  ln_copy(r->W1, p->W1);
  ln_gemm(LN_N, LN_T, 1, moved, r->white.V, fade, p->W1);
  return ln_end(cx, mark, LN_OK);
}

static ln_status hand_on(ln_context *cx, void *ud, size_t unused, double unused_t, const double *y) {
  (void)unused, (void)unused_t;
  transport *p = ud;
  if (p->pausing) return LN_OK;
  const ln_riccati *r = p->r;
  size_t index = p->done++;
  double t = p->times[index], n = (double)r->n, rank = (double)r->rank, hidden = (double)r->W1.rows;
  ln_status status = LN_OK;
  if (t == 0) {
    ln_copy(r->W1, p->W1), ln_copy(r->W2, p->W2);
  } else {
    status = root_of_state(cx, p, t);
    if (status == LN_OK) status = turn(cx, p, y);
    double wide = r->white.all ? 0 : 2 * (double)r->white.used * (double)p->W1.cols;
    if (status == LN_OK) status = ln_charge(cx, 2 * (n * rank * (rank + n + hidden) + hidden * wide));
    if (status != LN_OK) return status;
    ln_gemm(LN_N, LN_N, 1, p->T, p->X, 0, p->TX);
    ln_gemm(LN_N, LN_N, 1, r->O, p->TX, 0, p->root);
    ln_gemm(LN_N, LN_N, 1, p->root, r->R, 0, p->Q);
    status = unstack(cx, p, t);
    if (status != LN_OK) return status;
  }
  return p->output(cx, p->ud, index, t, p->W1, p->W2);
}

/* ---- all times ---- */

/* J in the eigenvectors of F. */
static ln_status signs(ln_context *cx, transport *p) {
  const ln_riccati *r = p->r;
  size_t n = r->n;
  p->J = ln_take_matrix(cx, n, n), p->Jq = ln_take_matrix(cx, n, n), p->qJq = ln_take_matrix(cx, n, n);
  if (!p->J.data || !p->Jq.data || !p->qJq.data) return LN_EMEMORY;
  ln_status status = ln_charge(cx, 2.0 * (double)n * (double)n * (double)n);
  if (status != LN_OK) return status;
  ln_copy(r->O, p->Jq);
  ln_scale(-1, ln_block_of(p->Jq, r->white.used, 0, n - r->white.used, n));
  ln_gemm(LN_T, LN_N, 1, r->O, p->Jq, 0, p->J);
  return LN_OK;
}

static ln_status take_room(ln_context *cx, transport *p) {
  size_t n = p->r->n, rank = p->r->rank, hidden = p->r->W1.rows;
  p->size = ln_reals(cx, n), p->target = ln_reals(cx, n), p->full = ln_reals(cx, n), p->d = ln_reals(cx, n),
  p->s = ln_reals(cx, rank);
  ln_matrix *tall[] = {&p->q, &p->T, &p->root, &p->TX}, *square[] = {&p->H, &p->B, &p->Y, &p->Z, &p->X};
  for (size_t k = 0; k < sizeof tall / sizeof *tall; k++)
    if (!(*tall[k] = ln_take_matrix(cx, n, rank)).data) return LN_EMEMORY;
  for (size_t k = 0; k < sizeof square / sizeof *square; k++)
    if (!(*square[k] = ln_take_matrix(cx, rank, rank)).data) return LN_EMEMORY;
  p->Q = ln_take_matrix(cx, n, hidden);
  p->W1 = ln_take_matrix(cx, hidden, p->r->W1.cols), p->W2 = ln_take_matrix(cx, p->r->W2.rows, hidden);
  if (!p->size || !p->target || !p->full || !p->d || !p->s || !p->Q.data || !p->W1.data || !p->W2.data)
    return LN_EMEMORY;
  return p->r->kappa > 0 ? signs(cx, p) : LN_OK;
}

/* A row with f > 0 that has no pivot of its own is never learned, although a direction with a slower pivot
 * lies free: it balances on a saddle, which integration leaves by its rounding. */
static bool on_saddle(const ln_riccati *r) {
  for (size_t i = 0, end, column = 0; i < r->n && r->f[i] > 0; i = end) {
    size_t first = column;
    end = ln_riccati_group(r, i);
    while (column < r->rank && r->pivots[column] < end) column++;
    if (column - first < end - i && column < r->rank) return r->kappa == 0;
  }
  return false;
}

/* The state of the closed form, with the turn that y says. */
static ln_status put_back(ln_context *cx, transport *p, double t, double *y) {
  ln_status status = root_of_state(cx, p, t);
  if (status == LN_OK) status = turn(cx, p, y);
  if (status != LN_OK) return status;
  size_t n = p->r->n;
  ln_gemm(LN_N, LN_N, 1, p->T, p->X, 0, p->TX);
  for (size_t j = 0; j < p->TX.cols; j++)
    for (size_t i = 0; i < n; i++) y[i + j * n] = p->size[i] > 0 ? LN_AT(p->TX, i, j) / p->size[i] : 0;
  return LN_OK;
}

/* All times, in pieces of this length, after each of which the state is put back; an infinite piece: at once.
 * */
static ln_status pass(ln_context *cx, transport *p, ln_ode *ode, double piece, double *y, size_t count) {
  double t = 0;
  ln_status status = LN_OK;
  while (p->done < count && status == LN_OK) {
    const double *next = p->times + p->done;
    size_t within = 0;
    while (within < count - p->done && next[within] <= t + piece) within++;
    if (within > 0) status = ln_ode_solve(cx, ode, t, y, next, within);
    if (status != LN_OK || p->done == count) return status;
    double from = within > 0 ? next[within - 1] : t, end = t + piece;
    p->pausing = true;
    status = ln_ode_solve(cx, ode, from, y, &end, 1);
    p->pausing = false, t = end;
    if (status == LN_OK && p->settled) break;
    if (status == LN_OK) status = put_back(cx, p, t, y);
  }
  while (p->done < count && status == LN_OK) { /* settled: y holds for all later times */
    status = ln_poll(cx);
    if (status == LN_OK) status = hand_on(cx, p, p->done, p->times[p->done], y);
  }
  return status;
}

static ln_status integrate(ln_context *cx, transport *p, size_t count) {
  const ln_riccati *r = p->r;
  size_t n = r->n, rank = r->rank;
  double *y = ln_reals(cx, n * rank);
  if (!y) return LN_EMEMORY;
  ln_status status = ln_riccati_state(cx, r, INFINITY, p->T, p->d);
  if (status != LN_OK) return status;
  for (size_t i = 0; i < n; i++) {
    double goal = ln_norm(ln_block_of(p->T, i, 0, 1, rank));
    p->target[i] = goal * goal + p->d[i];
    p->full[i] = hypot(r->f[i], sqrt(r->kappa)) + fabs(r->f[i]);
    p->size[i] = ln_norm(ln_block_of(r->L, i, 0, 1, rank));
    p->fastest = fmax(p->fastest, hypot(r->f[i], sqrt(r->kappa)));
    for (size_t j = 0; j < rank; j++) y[i + j * n] = p->size[i] > 0 ? LN_AT(r->L, i, j) / p->size[i] : 0;
  }
  p->still = settled_size(p);
  ln_ode ode = {.rhs = velocity,
                .output = hand_on,
                .settled = settled,
                .ud = p,
                .n = n * rank,
                .rtol = STEP_TOLERANCE,
                .atol = 1e-3 * STEP_TOLERANCE};
  return pass(cx, p, &ode, on_saddle(r) ? PIECE / p->fastest : INFINITY, y, count);
}

ln_status ln_riccati_follow(ln_context *cx, const ln_riccati *r, const double *times, size_t count,
                            ln_riccati_output output, void *ud) {
  for (size_t k = 0; k < count; k++)
    if (!(times[k] >= (k > 0 ? times[k - 1] : 0)))
      return ln_fail(cx, LN_EARG, "times must be >= 0 and rise; number %zu is %g", k + 1, times[k]);
  ln_mark mark = ln_begin(cx);
  transport p = {.r = r, .times = times, .output = output, .ud = ud};
  ln_status status = take_room(cx, &p);
  if (status == LN_OK && r->rank > 1 && !r->any_rotation && count > 0 && times[count - 1] > 0)
    return ln_end(cx, mark, integrate(cx, &p, count));
  for (size_t k = 0; k < count && status == LN_OK; k++) {
    status = ln_poll(cx);
    if (status == LN_OK) status = hand_on(cx, &p, k, times[k], NULL);
  }
  return ln_end(cx, mark, status);
}
