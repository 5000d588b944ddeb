#include "network/probe.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"

static size_t layers(const ln_net *net) { return net->depth; }
static size_t pairs(const ln_net *net) { return net->depth - 1; }
static size_t parameters(const ln_net *net) { return net->count; }
static size_t modes(const ln_net *net) {
  return ln_inputs(net) < ln_outputs(net) ? ln_inputs(net) : ln_outputs(net);
}

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

/* diag(U' W V), one row of W at a time. */
static ln_status mode_strengths(ln_context *cx, ln_probe *probe, const double *theta, double *out) {
  ln_status status = product(cx, probe, theta);
  if (status != LN_OK) return status;
  ln_matrix W = probe->product, U = probe->U, V = probe->V;
  for (size_t k = 0; k < U.cols; k++) {
    double sum = 0;
    for (size_t j = 0; j < W.cols; j++) {
      double column = 0;
      for (size_t i = 0; i < W.rows; i++) column += LN_AT(U, i, k) * LN_AT(W, i, j);
      sum += column * LN_AT(V, j, k);
    }
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

const ln_observable ln_observables[] = {
    {"loss", "(1/2P) sum |y - f(x)|^2 on the task", LN_CURVES, false, false, false, NULL, loss},
    {"error", "mean of |y - f(x)|^2 on the task", LN_CURVES, false, false, false, NULL, error},
    {"test_loss", "the loss on the test set", LN_CURVES, false, true, false, NULL, test_loss},
    {"test_error", "the error on the test set", LN_CURVES, false, true, false, NULL, test_error},
    {"modes", "diag(U' W V) with the task's U and V", LN_CURVES, true, false, true, modes, mode_strengths},
    {"singular_values", "of the product of all weights", LN_CURVES, false, false, false, modes,
     singular_values},
    {"norms", "Frobenius norm of each layer's weights", LN_CURVES, false, false, false, layers, norms},
    {"balance", "|W_(l+1)'W_(l+1) - W_l W_l'| over |W_l|^2 + |W_(l+1)|^2", LN_CURVES, false, false, false,
     pairs, balance},
    {"weights", "every weight and bias", LN_PARAMETERS, false, false, false, parameters, all_parameters},
    {0},
};

ln_status ln_make_probe(ln_context *cx, ln_probe *probe, const ln_net *net, const ln_task *task,
                        const ln_task *test, ln_matrix U, ln_matrix V, ln_plan_choice choice) {
  ln_mark mark = ln_begin(cx);
  *probe = (ln_probe){.net = net, .has_test = test != NULL, .U = U, .V = V};
  probe->product = ln_take_matrix(cx, ln_outputs(net), ln_inputs(net));
  if (!probe->product.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_make_plan(cx, &probe->task, net, task, choice);
  if (status == LN_OK && test) status = ln_make_plan(cx, &probe->test, net, test, choice);
  return status == LN_OK ? LN_OK : ln_end(cx, mark, status);
}

size_t ln_width(const ln_observable *observable, const ln_net *net) {
  return observable->width ? observable->width(net) : 1;
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
                        .U = ln_take_matrix(cx, ln_outputs(net), k),
                        .V = ln_take_matrix(cx, n, k)};
  if (!reduced->product.data || !reduced->U.data || !reduced->V.data) return ln_end(cx, mark, LN_EMEMORY);
  if (k) {
    ln_fill(reduced->V, 0); /* in the direction that no example has, too */
    bool left, right;
    ln_status status = ln_reduced_columns(cx, reduction, net->depth, probe->U, reduced->U, &left);
    if (status == LN_OK)
      status = ln_reduced_columns(cx, reduction, 0, probe->V,
                                  ln_block_of(reduced->V, 0, 0, n - reduction->decays, k), &right);
    if (status != LN_OK) return ln_end(cx, mark, status);
    if (!left || !right) reduced->U.data = NULL;
  }
  probe->of_reduced = reduced;
  probe->reduction = reduction;
  probe->parameters = parameters;
  return LN_OK;
}

/* Is it the same of the reduced network? */
static bool survives(const ln_observable *observable, const ln_probe *reduced) {
  if (observable->measure == mode_strengths) return reduced->U.data;
  return observable->measure == loss || observable->measure == error;
}

ln_status ln_measure(ln_context *cx, ln_probe *probe, const ln_observable *observable, const double *theta,
                     bool fresh, double *out) {
  ln_probe *reduced = probe->of_reduced;
  if (fresh) probe->theta = NULL, probe->is_lifted = false;
  if (!reduced) return observable->measure(cx, probe, theta, out);
  if (fresh) reduced->theta = NULL;
  if (survives(observable, reduced)) return observable->measure(cx, reduced, theta, out);
  if (!probe->is_lifted) ln_lift(probe->reduction, theta, probe->parameters);
  probe->is_lifted = true;
  return observable->measure(cx, probe, probe->parameters, out);
}
