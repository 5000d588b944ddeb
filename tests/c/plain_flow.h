/* plain_flow.h: the gradient of a deep linear network written straight from its definition, its flow
 * integrated and its descent stepped: what the closed forms are compared with. */
#ifndef PLAIN_FLOW_H
#define PLAIN_FLOW_H

#include "check.h"
#include "core/matrix.h"
#include "core/ode.h"

#define PLAIN_DEPTH_MAX 6

typedef struct plain_network {
  size_t depth;
  const ln_matrix *shape; /* W_1 .. W_depth; a packed state holds them one after the other, dense */
  ln_matrix Sxx, Syx;
  double decay;
} plain_network;

static inline size_t plain_unpack(const plain_network *net, const double *packed, ln_matrix *W) {
  size_t n = 0;
  for (size_t l = 0; l < net->depth; l++) {
    W[l] = ln_window((double *)packed + n, net->shape[l].rows, net->shape[l].cols);
    n += W[l].rows * W[l].cols;
  }
  return n;
}

/* minus the gradient of |Y - W_D..W_1 X|^2/(2P) + decay/2 sum |W_l|^2 */
static inline ln_status plain_velocity(ln_context *cx, void *ud, double t, const double *y, double *dydt) {
  (void)t;
  const plain_network *net = ud;
  ln_matrix W[PLAIN_DEPTH_MAX], dW[PLAIN_DEPTH_MAX], below[PLAIN_DEPTH_MAX + 1];
  size_t depth = net->depth, inputs = net->Sxx.rows, outputs = net->Syx.rows;
  plain_unpack(net, y, W);
  plain_unpack(net, dydt, dW);
  ln_mark mark = ln_begin(cx);
  below[0] = ln_take_matrix(cx, inputs, inputs);
  ln_identity(below[0]);
  for (size_t l = 0; l < depth; l++) {
    below[l + 1] = ln_take_matrix(cx, W[l].rows, inputs);
    ln_gemm(LN_N, LN_N, 1, W[l], below[l], 0, below[l + 1]);
  }
  ln_matrix E = ln_take_matrix(cx, outputs, inputs);
  ln_copy(net->Syx, E);
  ln_gemm(LN_N, LN_N, -1, below[depth], net->Sxx, 1, E);
  for (size_t l = depth; l-- > 0;) {
    ln_copy(W[l], dW[l]);
    ln_scale(-net->decay, dW[l]);
    ln_gemm(LN_N, LN_T, 1, E, below[l], 1, dW[l]);
    ln_matrix next = ln_take_matrix(cx, W[l].cols, inputs);
    ln_gemm(LN_T, LN_N, 1, W[l], E, 0, next);
    E = next;
  }
  return ln_end(cx, mark, LN_OK);
}

static inline ln_status plain_ignore(ln_context *cx, void *ud, size_t index, double t, const double *y) {
  (void)cx, (void)ud, (void)index, (void)t, (void)y;
  return LN_OK;
}

/* The flow from W at time 0 to t, in place. */
static inline void plain_flow(ln_context *cx, plain_network *net, double t, ln_matrix *W) {
  ln_mark mark = ln_begin(cx);
  size_t n = 0;
  for (size_t l = 0; l < net->depth; l++) n += W[l].rows * W[l].cols;
  double *y = ln_reals(cx, n);
  ln_matrix packed[PLAIN_DEPTH_MAX];
  plain_unpack(net, y, packed);
  for (size_t l = 0; l < net->depth; l++) ln_copy(W[l], packed[l]);
  ln_ode ode = {
      .rhs = plain_velocity, .output = plain_ignore, .ud = net, .n = n, .rtol = 1e-13, .atol = 1e-17};
  assert_int_equal(ln_ode_solve(cx, &ode, 0, y, &t, 1), LN_OK);
  for (size_t l = 0; l < net->depth; l++) ln_copy(packed[l], W[l]);
  ln_end(cx, mark, LN_OK);
}

/* Full-batch descent, in place. */
static inline void plain_descend(ln_context *cx, plain_network *net, double rate, double momentum,
                                 size_t steps, ln_matrix *W) {
  ln_mark mark = ln_begin(cx);
  size_t n = 0;
  for (size_t l = 0; l < net->depth; l++) n += W[l].rows * W[l].cols;
  double *y = ln_reals(cx, n), *v = ln_reals(cx, n), *g = ln_reals(cx, n);
  ln_matrix packed[PLAIN_DEPTH_MAX];
  plain_unpack(net, y, packed);
  for (size_t l = 0; l < net->depth; l++) ln_copy(W[l], packed[l]);
  memset(v, 0, n * sizeof *v);
  for (size_t k = 0; k < steps; k++) {
    plain_velocity(cx, net, 0, y, g);
    for (size_t i = 0; i < n; i++) v[i] = momentum * v[i] + rate * g[i], y[i] += v[i];
  }
  for (size_t l = 0; l < net->depth; l++) ln_copy(packed[l], W[l]);
  ln_end(cx, mark, LN_OK);
}

/* Largest difference, relative to the largest entry of B. */
static inline double relative_difference(ln_matrix A, ln_matrix B) {
  double difference = 0, size = 0;
  assert_int_equal(A.rows, B.rows);
  assert_int_equal(A.cols, B.cols);
  for (size_t j = 0; j < B.cols; j++)
    for (size_t i = 0; i < B.rows; i++) {
      difference = fmax(difference, fabs(LN_AT(A, i, j) - LN_AT(B, i, j)));
      size = fmax(size, fabs(LN_AT(B, i, j)));
      if (isnan(LN_AT(A, i, j))) return INFINITY;
    }
  return size > 0 ? difference / size : difference;
}

#endif
