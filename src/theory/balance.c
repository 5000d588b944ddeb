#include "theory/balance.h"

#include <math.h>

#include "core/linalg.h"
#include "theory/checks.h"

#define IN_USE 1e-12

/* The weights as Q of norm 1, and what the classes are told apart by. */
typedef struct stacked {
  double size;      /* of the Q that was given */
  ln_matrix M, MJM; /* n x n */
  size_t inputs, n;
} stacked;

static ln_status stack(ln_context *cx, ln_matrix W1, ln_matrix W2, stacked *s, size_t *rank) {
  if (W2.cols != W1.rows)
    return ln_fail(cx, LN_EARG, "W1 is %zux%zu and W2 %zux%zu: they do not chain", W1.rows, W1.cols, W2.rows,
                   W2.cols);
  ln_status status = ln_check_finite(cx, W1, "W1");
  if (status == LN_OK) status = ln_check_finite(cx, W2, "W2");
  if (status != LN_OK) return status;
  size_t inputs = W1.cols, outputs = W2.rows, hidden = W1.rows, n = inputs + outputs;
  *s = (stacked){.size = hypot(ln_norm(W1), ln_norm(W2)), .inputs = inputs, .n = n};
  *rank = 0;
  if (s->size == 0) return LN_OK;
  ln_matrix Q = ln_take_matrix(cx, n, hidden), JM = ln_take_matrix(cx, n, n);
  s->M = ln_take_matrix(cx, n, n), s->MJM = ln_take_matrix(cx, n, n);
  if (!Q.data || !JM.data || !s->M.data || !s->MJM.data) return LN_EMEMORY;
  for (size_t j = 0; j < hidden; j++) { /* divided, not multiplied by an inverse: that can overflow */
    for (size_t i = 0; i < inputs; i++) LN_AT(Q, i, j) = LN_AT(W1, j, i) / s->size;
    for (size_t i = 0; i < outputs; i++) LN_AT(Q, inputs + i, j) = LN_AT(W2, i, j) / s->size;
  }
  status = ln_rank(cx, Q, IN_USE, rank);
  if (status == LN_OK) status = ln_charge(cx, 2.0 * (double)n * (double)n * ((double)n + (double)hidden));
  if (status != LN_OK) return status;
  ln_gram(LN_N, 1, Q, 0, s->M);
  ln_copy(s->M, JM);
  ln_scale(-1, ln_block_of(JM, inputs, 0, outputs, n));
  ln_gemm(LN_N, LN_N, 1, s->M, JM, 0, s->MJM);
  return LN_OK;
}

/* |M J M - kappa J + lambda M|/|M|^2 for lambda and kappa of the Q of norm 1. Overwrites MJM. */
static double misfit(const stacked *s, double lambda, double kappa) {
  double size = ln_norm(s->M);
  ln_axpy(lambda, s->M, s->MJM);
  for (size_t i = 0; i < s->n; i++) LN_AT(s->MJM, i, i) -= i < s->inputs ? kappa : -kappa;
  return ln_norm(s->MJM) / (size * size);
}

/* Least squares of M J M on (J, -M/|M|), two unknowns. */
static void fit(const stacked *s, double *lambda, double *kappa) {
  double size = ln_norm(s->M), JM = 0, J_target = 0;
  for (size_t i = 0; i < s->n; i++) {
    double sign = i < s->inputs ? 1 : -1;
    JM -= sign * LN_AT(s->M, i, i) / size, J_target += sign * LN_AT(s->MJM, i, i);
  }
  double M_target = -ln_dot(s->M, s->MJM) / size, JJ = (double)s->n, determinant = JJ - JM * JM;
  *kappa = (J_target - JM * M_target) / determinant;
  *lambda = (JJ * M_target - JM * J_target) / determinant / size;
}

ln_status ln_find_balance(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_balance *balance) {
  ln_mark mark = ln_begin(cx);
  stacked s;
  size_t rank;
  ln_status status = stack(cx, W1, W2, &s, &rank);
  if (status != LN_OK) return ln_end(cx, mark, status);
  *balance = (ln_balance){.rank = rank};
  if (rank > 0) {
    double lambda = 0, kappa = 0;
    if (rank == s.n) fit(&s, &lambda, &kappa);
    if (kappa <= 0) {
      double trace = 0; /* of W2'W2 - W1 W1', for Q of norm 1 */
      for (size_t i = 0; i < s.n; i++) trace += i < s.inputs ? -LN_AT(s.M, i, i) : LN_AT(s.M, i, i);
      lambda = trace / (double)rank, kappa = 0;
    }
    double square = s.size * s.size;
    *balance = (ln_balance){lambda * square, kappa * square * square, misfit(&s, lambda, kappa), rank};
  }
  return ln_end(cx, mark, LN_OK);
}

ln_status ln_measure_balance(ln_context *cx, ln_matrix W1, ln_matrix W2, ln_balance *balance) {
  ln_mark mark = ln_begin(cx);
  stacked s;
  size_t rank;
  ln_status status = stack(cx, W1, W2, &s, &rank);
  if (status != LN_OK) return ln_end(cx, mark, status);
  balance->rank = rank, balance->misfit = 0;
  if (rank > 0) {
    double lambda = balance->lambda / s.size / s.size, kappa = balance->kappa / s.size / s.size;
    balance->misfit = misfit(&s, lambda, kappa / s.size / s.size);
  }
  return ln_end(cx, mark, LN_OK);
}
