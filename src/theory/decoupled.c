#include "theory/decoupled.h"

#include <math.h>

#include "theory/checks.h"
#include "theory/decoupled_law.h"
#include "theory/joint.h"

/* Relative: layers equal to this share the closed form of equal layers. */
#define EQUAL_LAYERS 1e-12
#define MATCHED 1e-10 /* misfit */

/* What counts as nothing: singular values of Syx relative to the largest, and what a layer makes of a mode's direction
 * relative to its norm. */
typedef struct thresholds {
  double correlation, weight;
} thresholds;
static const thresholds strict = {1e-13, 1e-14};
/* Where Syx is the sum over many examples, or the joint basis badly conditioned, rounding leaves more than that, in
 * directions that rounding has chosen: tried where the strict ones do not match. */
static const thresholds loose = {1e-11, 1e-11};

static ln_matrix column(ln_matrix A, size_t j) { return ln_block_of(A, 0, j, A.rows, 1); }

/* ---- preparing ---- */

/* Frobenius norm of the entries of A'B that couple different modes: all but the first `modes` on the
 * diagonal, and but those between two columns that both belong to no mode. */
static ln_status coupling(ln_context *cx, ln_matrix A, ln_matrix B, size_t modes, double *sum) {
  ln_mark mark = ln_begin(cx);
  ln_matrix G = ln_take_matrix(cx, A.cols, B.cols);
  if (!G.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_T, LN_N, 1, A, B, 0, G);
  for (size_t i = 0; i < modes; i++) LN_AT(G, i, i) = 0;
  if (A.data == B.data)
    for (size_t j = modes; j < G.cols; j++)
      for (size_t i = modes; i < G.rows; i++) LN_AT(G, i, j) = 0;
  *sum += ln_norm(G);
  return ln_end(cx, mark, LN_OK);
}

/* Two layers: decoupled iff the hidden vectors of different modes are orthogonal, those of directions without
 * a mode included. */
static ln_status match_two_layers(ln_context *cx, const ln_joint *joint, ln_decoupled *d) {
  ln_matrix W1 = d->weights[0], W2 = d->weights[1];
  size_t hidden = W1.rows, m = d->modes, outputs = W2.rows;
  d->R[0] = d->V;
  d->R[1] = ln_take_matrix(cx, hidden, m);
  d->R[2] = ln_take_matrix(cx, hidden, m);
  if (!d->R[1].data || !d->R[2].data) return LN_EMEMORY;
  ln_gemm(LN_N, LN_N, 1, W1, d->V, 0, d->R[1]);
  ln_gemm(LN_T, LN_N, 1, W2, d->U, 0, d->R[2]);

  ln_mark mark = ln_begin(cx);
  ln_matrix rest;
  ln_status status = ln_complement(cx, d->U, &rest);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_matrix from_inputs = ln_take_matrix(cx, hidden, joint->used);
  ln_matrix from_outputs = ln_take_matrix(cx, hidden, m + rest.cols);
  if (!from_inputs.data || !from_outputs.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, W1, joint->V, 0, from_inputs);
  ln_copy(d->R[2], ln_block_of(from_outputs, 0, 0, hidden, m));
  ln_gemm(LN_T, LN_N, 1, W2, ln_block_of(rest, 0, 0, outputs, rest.cols), 0,
          ln_block_of(from_outputs, 0, m, hidden, rest.cols));
  double sum = 0, size = ln_dot(W1, W1) + ln_dot(W2, W2);
  status = coupling(cx, from_inputs, from_inputs, m, &sum);
  if (status == LN_OK) status = coupling(cx, from_outputs, from_outputs, m, &sum);
  if (status == LN_OK) status = coupling(cx, from_outputs, from_inputs, m, &sum);
  d->weight_misfit = size > 0 ? sum / size : 0;

  for (size_t i = 0; i < m; i++) {
    double difference = 0, square = 0, u = ln_dot(column(d->R[1], i), column(d->R[2], i));
    for (size_t k = 0; k < hidden; k++) {
      double a = LN_AT(d->R[1], k, i), b = LN_AT(d->R[2], k, i), gap = u < 0 ? a + b : a - b;
      difference += gap * gap, square += a * a + b * b;
    }
    bool equal = sqrt(difference) <= EQUAL_LAYERS * sqrt(square);
    d->law[i] = d->decay == 0 || equal ? PAIR : PAIR_DECAY;
    if (d->law[i] == PAIR_DECAY) d->closed = false;
  }
  return ln_end(cx, mark, status);
}

/* Turns h into a unit vector and returns its length; 0 and h = 0 if the layer does not carry the mode. */
static double normalize(ln_matrix h, double least) {
  double size = ln_norm(h);
  if (size <= least) return ln_fill(h, 0), 0;
  ln_scale(1 / size, h);
  return size;
}

/* Deeper: follows mode i through the layers, from its input direction and, where one layer does not carry it,
 * from its output direction back to that layer. */
static void follow_mode(ln_decoupled *d, const double *norms, double no_weight, size_t i) {
  size_t depth = d->depth, zero = 0;
  ln_copy(column(d->V, i), column(d->R[0], i));
  for (size_t l = 1; l <= depth && !zero; l++) {
    ln_matrix h = column(d->R[l], i);
    ln_gemm(LN_N, LN_N, 1, d->weights[l - 1], column(d->R[l - 1], i), 0, h);
    double a = normalize(h, no_weight * norms[l - 1]);
    if (a == 0) zero = l;
    if (l == depth && ln_dot(h, column(d->U, i)) < 0) ln_scale(-1, h), a = -a; /* it ends in +U */
    LN_AT(d->a, l - 1, i) = a;
  }
  d->law[i] = zero ? LAYERS : EQUAL;
  if (zero) ln_copy(column(d->U, i), column(d->R[depth], i));
  for (size_t l = depth; zero && l > zero; l--) {
    ln_matrix h = column(d->R[l - 1], i);
    ln_gemm(LN_T, LN_N, 1, d->weights[l - 1], column(d->R[l], i), 0, h);
    double a = normalize(h, no_weight * norms[l - 1]);
    if (a == 0) d->law[i] = FROZEN;
    LN_AT(d->a, l - 1, i) = a;
    if (a == 0) break;
  }
  for (size_t l = 0; l <= depth && d->law[i] == FROZEN; l++) {
    ln_fill(column(d->R[l], i), 0);
    if (l) LN_AT(d->a, l - 1, i) = 0;
  }
  double first = fabs(LN_AT(d->a, 0, i));
  for (size_t l = 1; l < depth && d->law[i] == EQUAL; l++)
    if (fabs(fabs(LN_AT(d->a, l, i)) - first) > EQUAL_LAYERS * first) d->law[i] = LAYERS;
  if (d->decay > 0 && d->law[i] == EQUAL) d->law[i] = LAYERS;
  if (d->law[i] == LAYERS) d->closed = false;
}

/* sum += |op(W) A - B diag(a_l)| (Frobenius) */
static ln_status deviation(ln_context *cx, const ln_decoupled *d, ln_form form, size_t l, ln_matrix W,
                           ln_matrix A, ln_matrix B, double *sum) {
  ln_mark mark = ln_begin(cx);
  ln_matrix C = ln_take_matrix(cx, B.rows, B.cols);
  if (!C.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(form, LN_N, 1, W, A, 0, C);
  for (size_t i = 0; i < B.cols; i++) ln_axpy(-LN_AT(d->a, l - 1, i), column(B, i), column(C, i));
  *sum += ln_norm(C);
  return ln_end(cx, mark, LN_OK);
}

/* |W_D .. W_1 A|/(|W_D| .. |W_1|) */
static ln_status response(ln_context *cx, const ln_decoupled *d, const double *norms, ln_matrix A,
                          double *size) {
  ln_mark mark = ln_begin(cx);
  double product = 1;
  for (size_t l = 0; l < d->depth; l++) {
    ln_matrix B = ln_take_matrix(cx, d->weights[l].rows, A.cols);
    if (!B.data) return ln_end(cx, mark, LN_EMEMORY);
    ln_gemm(LN_N, LN_N, 1, d->weights[l], A, 0, B);
    A = B, product *= norms[l];
  }
  *size = product > 0 ? ln_norm(A) / product : 0;
  return ln_end(cx, mark, LN_OK);
}

/* How the modes sit in the layers when what is below no_weight counts as nothing, and the misfit of that. */
static ln_status match_layers(ln_context *cx, const ln_joint *joint, ln_decoupled *d, double no_weight) {
  size_t depth = d->depth, m = d->modes;
  ln_mark mark = ln_begin(cx);
  double *norms = ln_reals(cx, depth), sum = 0, size = 0, unmatched = 0;
  /* The first layer on the data's inputs: what it does with others never matters. */
  ln_matrix W1 = ln_take_matrix(cx, d->weights[0].rows, joint->used);
  ln_matrix R0 = ln_take_matrix(cx, joint->used, m);
  if (!norms || !W1.data || !R0.data) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t l = 0; l < depth; l++) size += norms[l] = ln_norm(d->weights[l]);
  for (size_t i = 0; i < m; i++) follow_mode(d, norms, no_weight, i);
  ln_status status = LN_OK;
  ln_gemm(LN_N, LN_N, 1, d->weights[0], joint->V, 0, W1);
  ln_gemm(LN_T, LN_N, 1, joint->V, d->R[0], 0, R0);
  for (size_t l = 1; l <= depth && status == LN_OK; l++) {
    ln_matrix W = l == 1 ? W1 : d->weights[l - 1], below = l == 1 ? R0 : d->R[l - 1];
    status = deviation(cx, d, LN_T, l, W, d->R[l], below, &sum);
    if (status == LN_OK) status = deviation(cx, d, LN_N, l, W, below, d->R[l], &sum);
  }
  double end = 0;
  for (size_t i = 0; i < m; i++)
    for (size_t k = 0; k < d->U.rows && d->law[i] != FROZEN; k++)
      end = hypot(end, LN_AT(d->R[depth], k, i) - LN_AT(d->U, k, i));
  if (status == LN_OK)
    status = response(cx, d, norms, ln_block_of(joint->V, 0, m, joint->V.rows, joint->used - m), &unmatched);
  if (status == LN_OK) d->weight_misfit = (size > 0 ? sum / size : 0) + end + unmatched;
  return ln_end(cx, mark, status);
}

static ln_status match_more_layers(ln_context *cx, const ln_joint *joint, ln_decoupled *d, double no_weight) {
  d->a = ln_take_matrix(cx, d->depth, d->modes);
  if (!d->a.data) return LN_EMEMORY;
  for (size_t l = 0; l <= d->depth; l++) {
    d->R[l] = ln_take_matrix(cx, l ? d->weights[l - 1].rows : d->V.rows, d->modes);
    if (!d->R[l].data) return LN_EMEMORY;
  }
  return match_layers(cx, joint, d, no_weight);
}

static ln_status match(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx, ln_matrix Syx,
                       double decay, const thresholds *nothing, ln_decoupled *d) {
  ln_joint joint;
  ln_status status = ln_joint_basis(cx, weights, depth, Sxx, Syx, nothing->correlation, &joint);
  if (status != LN_OK) return status;
  size_t m = joint.modes;
  *d = (ln_decoupled){.depth = depth,
                      .weights = weights,
                      .decay = decay,
                      .modes = m,
                      .V = ln_block_of(joint.V, 0, 0, joint.V.rows, m),
                      .U = joint.U,
                      .s = joint.s,
                      .rho = joint.rho,
                      .data_misfit = joint.misfit,
                      .closed = true};
  d->R = ln_take(cx, depth + 1, sizeof *d->R);
  d->law = ln_take(cx, m, sizeof *d->law);
  if (!d->R || !d->law) return LN_EMEMORY;
  return depth == 2 ? match_two_layers(cx, &joint, d) : match_more_layers(cx, &joint, d, nothing->weight);
}

ln_status ln_decoupled_prepare(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                               ln_matrix Syx, double decay, ln_decoupled *d) {
  if (depth < 2) return ln_fail(cx, LN_EARG, "decoupled modes need two layers or more, got %zu", depth);
  ln_status status = ln_check_layers_on(cx, weights, depth, Sxx, Syx);
  if (status == LN_OK) status = ln_check_decay(cx, decay);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  *d = (ln_decoupled){0};
  status = match(cx, weights, depth, Sxx, Syx, decay, &strict, d);
  double misfit = d->data_misfit + d->weight_misfit;
  if (status != LN_OK || misfit < MATCHED) return status;
  ln_end(cx, mark, LN_OK);
  status = match(cx, weights, depth, Sxx, Syx, decay, &loose, d);
  if (status != LN_OK || d->data_misfit + d->weight_misfit < misfit) return status;
  ln_end(cx, mark, LN_OK); /* no better: the strict description again */
  return match(cx, weights, depth, Sxx, Syx, decay, &strict, d);
}
