#include "network/probe.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "network/kernel.h"
#include "theory/hessian.h"
#include "theory/ntk.h"

#define HESSIAN_MAX 2000               /* parameters: n^2 products and an eigenproblem of order n a record */
#define UNIT 1e-14                     /* how far the rounding of a basis lets unit vectors be off */
#define KERNEL_BYTES_MAX 17179869184.0 /* kernels beyond are asked for by mistake */

/* ---- how many numbers ---- */

static size_t layers(const ln_subject *of) { return of->net->depth; }
static size_t pairs(const ln_subject *of) { return of->net->depth - 1; }
static size_t parameters(const ln_subject *of) { return of->net->count; }
static size_t modes(const ln_subject *of) {
  size_t inputs = ln_inputs(of->net), outputs = ln_outputs(of->net);
  return inputs < outputs ? inputs : outputs;
}
static size_t examples(const ln_subject *of) {
  return of->examples && of->examples < of->task->examples ? of->examples : of->task->examples;
}
static size_t kernel_order(const ln_subject *of) { return ln_outputs(of->net) * examples(of); }

static bool is_plain(const ln_net *net) { return net->linear && !net->bias; }

/* ---- measuring ---- */

static ln_status loss(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  return probe->task.evaluate(cx, &probe->task, theta, NULL, out);
}

static ln_status test_loss(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  return probe->test.evaluate(cx, &probe->test, theta, NULL, out);
}

/* The mean of |y - f|^2: the loss without its 1/2. */
static ln_status error(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_status status = loss(cx, probe, theta, out);
  return *out *= 2, status;
}

static ln_status test_error(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_status status = test_loss(cx, probe, theta, out);
  return *out *= 2, status;
}

static ln_status product(ln_context *cx, ln_probe *probe, const double *theta) {
  if (probe->theta == theta) return LN_OK;
  ln_status status = ln_product(cx, probe->net, theta, probe->product);
  probe->theta = status == LN_OK ? theta : NULL;
  return status;
}

/* diag(U' W V). */
static ln_status mode_strengths(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_status status = product(cx, probe, theta);
  if (status != LN_OK) return status;
  ln_matrix W = probe->product, U = probe->U, V = probe->V, WV = probe->turned;
  for (size_t k = 0; k < U.cols && probe->in_modes; k++) out[k] = LN_AT(W, k, k);
  if (probe->in_modes) return LN_OK;
  ln_gemm(LN_N, LN_N, 1, W, V, 0, WV);
  for (size_t k = 0; k < U.cols; k++) {
    double sum = 0;
    for (size_t i = 0; i < W.rows; i++) sum += LN_AT(U, i, k) * LN_AT(WV, i, k);
    out[k] = sum;
  }
  return LN_OK;
}

static ln_status singular_values(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_status status = product(cx, probe, theta);
  return status == LN_OK ? ln_svd(cx, probe->product, (ln_matrix){0}, out, (ln_matrix){0}) : status;
}

static ln_status norms(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  (void)cx;
  for (size_t l = 0; l < probe->net->depth; l++) out[l] = ln_norm(ln_weights(probe->net, theta, l));
  return LN_OK;
}

/* |W_(l+1)' W_(l+1) - W_l W_l'| / (|W_l|^2 + |W_(l+1)|^2) for each pair of neighbours. */
static ln_status balance(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  for (size_t l = 0; l + 1 < probe->net->depth; l++) {
    ln_matrix below = ln_weights(probe->net, theta, l), above = ln_weights(probe->net, theta, l + 1);
    ln_mark mark = ln_begin(cx);
    ln_matrix difference = ln_take_matrix(cx, below.rows, below.rows);
    if (!difference.data) return ln_end(cx, mark, LN_EMEMORY);
    ln_gram(LN_N, -1, below, 0, difference);
    ln_gram(LN_T, 1, above, 1, difference);
    double size = pow(ln_norm(below), 2) + pow(ln_norm(above), 2);
    out[l] = size > 0 ? ln_norm(difference) / size : 0;
    ln_end(cx, mark, LN_OK);
  }
  return LN_OK;
}

static ln_status all_parameters(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  (void)cx;
  memcpy(out, theta, probe->net->count * sizeof *theta);
  return LN_OK;
}

static double distance(const double *a, const double *b, size_t n) {
  double scale = 0, sum = 0;
  for (size_t i = 0; i < n; i++) scale = fmax(scale, fabs(a[i] - b[i]));
  for (size_t i = 0; i < n && scale > 0; i++) sum += (a[i] - b[i]) / scale * ((a[i] - b[i]) / scale);
  return scale * sqrt(sum);
}

static ln_status weight_distance(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  (void)cx;
  *out = distance(theta, probe->start, probe->net->count);
  return LN_OK;
}

/* ---- the alignment of singular vectors with the task's modes ---- */

/* |u_i'u_i^W| of the two bases' columns first .. first+n-1: for a group of equal strengths, of which only the span counts,
 * the cosines between the spans, falling. */
static ln_status cosines(ln_context *cx, ln_matrix A, ln_matrix B, size_t first, size_t n, double *out) {
  ln_mark mark = ln_begin(cx);
  ln_matrix across = ln_take_matrix(cx, n, n);
  if (!across.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_T, LN_N, 1, ln_block_of(A, 0, first, A.rows, n), ln_block_of(B, 0, first, B.rows, n), 0, across);
  return ln_end(cx, mark, ln_svd(cx, across, (ln_matrix){0}, out, (ln_matrix){0}));
}

static ln_status alignment(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_status status = product(cx, probe, theta);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix W = probe->product;
  size_t k = probe->U.cols;
  ln_matrix U = ln_take_matrix(cx, W.rows, k), V = ln_take_matrix(cx, W.cols, k);
  double *s = ln_reals(cx, k);
  size_t *start = ln_take(cx, k + 1, sizeof *start);
  if (!U.data || !V.data || !s || !start) return ln_end(cx, mark, LN_EMEMORY);
  status = ln_svd(cx, W, U, s, V);
  size_t groups = ln_groups(probe->s, k, LN_EQUAL, start);
  for (size_t g = 0; g < groups && status == LN_OK; g++)
    status = cosines(cx, probe->U, U, start[g], start[g + 1] - start[g], out + start[g]);
  return ln_end(cx, mark, status);
}

/* ---- kernels ---- */

static ln_status kernel(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  size_t order = ln_outputs(probe->net) * probe->X.cols;
  return ln_kernel(cx, probe->net, theta, probe->X, ln_window(out, order, order));
}

static ln_status kernel_of(ln_context *cx, ln_probe *probe, const double *theta, ln_matrix *K) {
  size_t order = ln_outputs(probe->net) * probe->X.cols;
  *K = ln_take_matrix(cx, order, order);
  return K->data ? ln_kernel(cx, probe->net, theta, probe->X, *K) : LN_EMEMORY;
}

/* A plain network's kernel by its factors. */
static ln_status factors_of(ln_context *cx, const ln_net *net, const double *theta, ln_ntk *ntk) {
  ln_matrix *W = ln_take(cx, net->depth, sizeof *W);
  if (!W) return LN_EMEMORY;
  for (size_t l = 0; l < net->depth; l++) W[l] = ln_weights(net, theta, l);
  return ln_ntk_of_layers(cx, W, net->depth, ntk);
}

static ln_status kernel_norm(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_mark mark = ln_begin(cx);
  const ln_task *task = probe->task.task;
  ln_status status;
  if (is_plain(probe->net)) {
    ln_ntk ntk;
    status = factors_of(cx, probe->net, theta, &ntk);
    if (status == LN_OK) status = ln_ntk_product(cx, &ntk, &ntk, task->Sxx, out);
    *out = sqrt(*out) * (task->examples ? (double)task->examples : 1);
    return ln_end(cx, mark, status);
  }
  ln_matrix K;
  status = kernel_of(cx, probe, theta, &K);
  if (status == LN_OK) *out = ln_norm(K);
  return ln_end(cx, mark, status);
}

static ln_status kernel_distance(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_mark mark = ln_begin(cx);
  ln_status status;
  if (is_plain(probe->net)) {
    ln_ntk now, before;
    status = factors_of(cx, probe->net, theta, &now);
    if (status == LN_OK) status = factors_of(cx, probe->net, probe->start, &before);
    if (status == LN_OK) status = ln_ntk_distance(cx, &now, &before, probe->task.task->Sxx, out);
    return ln_end(cx, mark, status);
  }
  ln_matrix now, before;
  status = kernel_of(cx, probe, theta, &now);
  if (status == LN_OK) status = kernel_of(cx, probe, probe->start, &before);
  if (status != LN_OK) return ln_end(cx, mark, status);
  double a = ln_norm(now), b = ln_norm(before);
  if (a > 0 && b > 0) {
    ln_scale(1 / a, now), ln_scale(1 / b, before);
    ln_axpy(-1, now, before);
    *out = pow(ln_norm(before), 2) / 2; /* 1 - cos of the angle, without cancellation */
  } else {
    *out = a > 0 || b > 0;
  }
  return ln_end(cx, mark, LN_OK);
}

static ln_status kernel_alignment(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_mark mark = ln_begin(cx);
  const ln_task *task = probe->task.task;
  ln_status status;
  if (is_plain(probe->net)) {
    ln_ntk ntk;
    status = factors_of(cx, probe->net, theta, &ntk);
    if (status == LN_OK) status = ln_ntk_alignment(cx, &ntk, task->Sxx, task->Syx, task->tr_yy, out);
    return ln_end(cx, mark, status);
  }
  ln_matrix K, Y = probe->Y, y = ln_take_matrix(cx, Y.cols, Y.rows),
               Ky = ln_take_matrix(cx, Y.rows * Y.cols, 1);
  if (!y.data || !Ky.data) return ln_end(cx, mark, LN_EMEMORY);
  status = kernel_of(cx, probe, theta, &K);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_transpose(Y, y);
  ln_matrix target = ln_window(y.data, Ky.rows, 1);
  ln_gemm(LN_N, LN_N, 1, K, target, 0, Ky);
  double size = ln_norm(K) * ln_dot(target, target);
  *out = size > 0 ? ln_dot(target, Ky) / size : 0;
  return ln_end(cx, mark, LN_OK);
}

static ln_status similarities(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  size_t P = probe->X.cols;
  ln_status status = LN_OK;
  for (size_t l = 1; l < probe->net->depth && status == LN_OK; l++)
    status = ln_similarity(cx, probe->net, theta, probe->X, l, ln_window(out + (l - 1) * P * P, P, P));
  return status;
}

/* ---- curvature ---- */

static ln_status hessian(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_mark mark = ln_begin(cx);
  const ln_net *net = probe->net;
  const ln_task *task = probe->task.task;
  ln_matrix *W = ln_take(cx, net->depth, sizeof *W);
  if (!W) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t l = 0; l < net->depth; l++) W[l] = ln_weights(net, theta, l);
  ln_hessian h;
  ln_status status = ln_hessian_prepare(cx, W, net->depth, task->Sxx, task->Syx, 0, &h);
  if (status == LN_OK) status = ln_hessian_spectrum(cx, &h, out);
  return ln_end(cx, mark, status);
}

/* ---- the table ---- */

const ln_observable ln_observables[] = {
    {"loss", "(1/2P) sum |y - f(x)|^2 on the task", LN_CURVES, LN_OF_MAP, NULL, loss},
    {"error", "mean of |y - f(x)|^2 on the task", LN_CURVES, LN_OF_MAP, NULL, error},
    {"test_loss", "the loss on the test set", LN_CURVES, LN_NEEDS_TEST | LN_OF_MAP, NULL, test_loss},
    {"test_error", "the error on the test set", LN_CURVES, LN_NEEDS_TEST | LN_OF_MAP, NULL, test_error},
    {"modes", "diag(U' W V) with the task's U and V", LN_CURVES, LN_NEEDS_LINEAR | LN_NEEDS_MODES | LN_OF_MAP,
     modes, mode_strengths},
    {"singular_values", "of the product of all weights", LN_CURVES, LN_OF_MAP, modes, singular_values},
    {"alignment", "cosines of the product's left singular vectors with the task's", LN_CURVES,
     LN_NEEDS_LINEAR | LN_NEEDS_MODES | LN_OF_MAP, modes, alignment},
    {"norms", "Frobenius norm of each layer's weights", LN_CURVES, 0, layers, norms},
    {"balance", "|W_(l+1)'W_(l+1) - W_l W_l'| over |W_l|^2 + |W_(l+1)|^2", LN_CURVES, 0, pairs, balance},
    {"weight_distance", "Euclidean distance of all parameters from the start", LN_CURVES,
     LN_NEEDS_START | LN_NEEDS_ROTATION, NULL, weight_distance},
    {"ntk", "the tangent kernel on the examples, output-major, no 1/P", LN_MATRIX, LN_NEEDS_EXAMPLES,
     kernel_order, kernel},
    {"ntk_norm", "|K|, the Frobenius norm of the tangent kernel on the examples (|K|/P without them)",
     LN_CURVES, LN_NEEDS_KERNEL, NULL, kernel_norm},
    {"ntk_distance", "1 - <K, K0>/(|K||K0|), K0 the tangent kernel at the start", LN_CURVES,
     LN_NEEDS_START | LN_NEEDS_KERNEL, NULL, kernel_distance},
    {"ntk_alignment", "<K, yy'>/(|K||yy'|) of the tangent kernel with the targets", LN_CURVES,
     LN_NEEDS_KERNEL, NULL, kernel_alignment},
    {"representations", "H'H of each hidden layer's values H on the examples", LN_MATRICES,
     LN_NEEDS_EXAMPLES | LN_NEEDS_HIDDEN, examples, similarities},
    {"hessian", "all eigenvalues of the loss's second derivatives, rising", LN_CURVES,
     LN_NEEDS_PLAIN | LN_NEEDS_MOMENTS, parameters, hessian},
    {"weights", "every weight and bias", LN_PARAMETERS, LN_NEEDS_ROTATION, parameters, all_parameters},
    {0},
};

unsigned ln_needs(const ln_observable *observable, const ln_subject *subject) {
  unsigned needs = observable->needs;
  if (needs & LN_NEEDS_KERNEL) needs |= is_plain(subject->net) ? LN_NEEDS_MOMENTS : LN_NEEDS_EXAMPLES;
  return needs;
}

bool ln_is_number(const ln_observable *observable) {
  if (observable->kind != LN_CURVES) return false;
  const ln_hosted_observable *hosted = ln_hosted(observable);
  return hosted ? hosted->cols == 1 : !observable->size;
}

double ln_numbers(const ln_observable *observable, const ln_subject *subject) {
  const ln_hosted_observable *hosted = ln_hosted(observable);
  if (hosted) return (double)hosted->rows * (double)hosted->cols;
  double size = observable->size ? (double)observable->size(subject) : 1;
  if (observable->kind == LN_MATRIX) return size * size;
  if (observable->kind == LN_MATRICES) return size * size * (double)pairs(subject);
  return size;
}

ln_status ln_check_observable(ln_context *cx, const ln_observable *observable, const ln_subject *subject,
                              bool has_test, bool has_start) {
  const ln_net *net = subject->net;
  unsigned needs = ln_needs(observable, subject);
  if (needs & LN_NEEDS_TEST && !has_test)
    return ln_fail(cx, LN_EARG, "and there is no test set (give test=)");
  if (needs & (LN_NEEDS_LINEAR | LN_NEEDS_PLAIN) && !net->linear)
    return ln_fail(cx, LN_EARG, "which only a linear network has");
  if (needs & LN_NEEDS_PLAIN && net->bias)
    return ln_fail(cx, LN_EARG, "which is computed for networks without biases");
  if (needs & LN_NEEDS_HIDDEN && net->depth < 2)
    return ln_fail(cx, LN_EARG, "and a network of one layer has no hidden one");
  if (needs & LN_NEEDS_START && !has_start)
    return ln_fail(cx, LN_EARG, "which is a distance from a start (give start = the network as it was)");
  if (needs & LN_NEEDS_EXAMPLES && !subject->task->examples)
    return ln_fail(cx, LN_EARG, "which needs examples, and this task has none");
  if (observable->measure == hessian && net->count > HESSIAN_MAX)
    return ln_fail(cx, LN_EARG, "and the network has %zu parameters; the spectrum is for %d at most",
                   net->count, HESSIAN_MAX);
  double order = (double)kernel_order(subject), bytes = 2 * order * order * sizeof(double);
  if (needs & LN_NEEDS_KERNEL && needs & LN_NEEDS_EXAMPLES && bytes > KERNEL_BYTES_MAX)
    return ln_fail(cx, LN_EARG, "whose kernels on %zu examples take %.3g bytes; give ntk_examples = fewer",
                   examples(subject), bytes);
  return LN_OK;
}

ln_status ln_make_probe(ln_context *cx, ln_probe *probe, const ln_subject *subject) {
  ln_mark mark = ln_begin(cx);
  const ln_net *net = subject->net;
  const ln_task *task = subject->task;
  *probe = (ln_probe){
      .net = net, .has_test = subject->test != NULL, .U = subject->U, .V = subject->V, .s = subject->s};
  if (task->examples) {
    probe->X = ln_block_of(task->X, 0, 0, task->inputs, examples(subject));
    probe->Y = ln_block_of(task->Y, 0, 0, task->outputs, examples(subject));
  }
  probe->product = ln_take_matrix(cx, ln_outputs(net), ln_inputs(net));
  probe->turned = ln_take_matrix(cx, ln_outputs(net), probe->V.cols);
  if (!probe->product.data || !probe->turned.data) return ln_end(cx, mark, LN_EMEMORY);
  if (subject->start) {
    probe->start = ln_reals(cx, net->count);
    if (!probe->start) return ln_end(cx, mark, LN_EMEMORY);
    memcpy(probe->start, subject->start, net->count * sizeof *probe->start);
  }
  ln_status status = ln_make_plan(cx, &probe->task, net, task, subject->choice);
  if (status == LN_OK && subject->test)
    status = ln_make_plan(cx, &probe->test, net, subject->test, subject->choice);
  return status == LN_OK ? LN_OK : ln_end(cx, mark, status);
}

/* Are the columns the first unit vectors, to rounding? */
static bool is_unit(ln_matrix A) {
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i++)
      if (!(fabs(LN_AT(A, i, j) - (i == j)) <= UNIT)) return false;
  return true;
}

ln_status ln_probe_reduced(ln_context *cx, ln_probe *probe, ln_reduced *reduction, double *parameters) {
  ln_mark mark = ln_begin(cx);
  const ln_net *net = &reduction->net;
  size_t k = probe->U.cols, n = ln_inputs(net);
  ln_probe *reduced = ln_take(cx, 1, sizeof *reduced);
  if (!reduced) return ln_end(cx, mark, LN_EMEMORY);
  *reduced = (ln_probe){.net = net,
                        .task = reduction->plan,
                        .product = ln_take_matrix(cx, ln_outputs(net), n),
                        .turned = ln_take_matrix(cx, ln_outputs(net), k),
                        .U = ln_take_matrix(cx, ln_outputs(net), k),
                        .V = ln_take_matrix(cx, n, k)};
  if (!reduced->product.data || !reduced->turned.data || !reduced->U.data || !reduced->V.data)
    return ln_end(cx, mark, LN_EMEMORY);
  if (k) {
    ln_fill(reduced->V, 0); /* in the direction that no example has, too */
    bool left, right;
    ln_status status = ln_reduced_columns(cx, reduction, net->depth, probe->U, reduced->U, &left);
    if (status == LN_OK)
      status = ln_reduced_columns(cx, reduction, 0, probe->V,
                                  ln_block_of(reduced->V, 0, 0, n - reduction->decays, k), &right);
    if (status != LN_OK) return ln_end(cx, mark, status);
    if (!left || !right) reduced->U.data = NULL;
    reduced->in_modes = left && right && is_unit(reduced->U) && is_unit(reduced->V);
  }
  probe->of_reduced = reduced;
  probe->reduction = reduction;
  probe->parameters = parameters;
  return LN_OK;
}

/* Is it the same of the reduced network? */
static bool survives(const ln_observable *observable, const ln_probe *reduced) {
  if (ln_hosted(observable)) return false;
  if (observable->measure == mode_strengths) return reduced->U.data;
  return observable->measure == loss || observable->measure == error;
}

ln_status ln_measure(ln_context *cx, ln_probe *probe, const ln_observable *observable, const double *theta,
                     bool fresh, double *out) {
  ln_probe *reduced = probe->of_reduced;
  if (fresh) probe->theta = NULL, probe->is_lifted = false;
  if (reduced) {
    if (fresh) reduced->theta = NULL;
    if (survives(observable, reduced)) return observable->measure(cx, reduced, theta, out);
    if (!probe->is_lifted) ln_lift(probe->reduction, theta, probe->parameters);
    probe->is_lifted = true;
    theta = probe->parameters;
  }
  const ln_hosted_observable *hosted = ln_hosted(observable);
  return hosted ? hosted->ask(cx, hosted, theta, out) : observable->measure(cx, probe, theta, out);
}
