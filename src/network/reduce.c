#include "network/reduce.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/linalg.h"

/* Singular values below this share of the largest, of columns of norm 1, are rounding. */
#define NO_DIRECTION 1e-14
/* What lies outside a basis by less than this share is rounding too. */
#define INSIDE 1e-13
/* A rank that may turn out full is looked for if that takes at most this share of the run. */
#define SPECULATION 0.03
/* Decompositions do so many times fewer operations in the same time as a step does. */
#define QR_COST 3
#define SVD_COST 5
/* Operations that cost as much as bringing a parameter from memory and back. */
#define PARAMETER_COST 8
/* Products of weights beyond this may overflow: such a start is left to diverge as it is. */
#define LARGEST_WEIGHTS 1e100

/* A matrix that shrinks in place. */
typedef struct part {
  ln_matrix now;
  double *room; /* null as long as `now` is somebody else's */
} part;

typedef struct reducer {
  const ln_net *net;
  const ln_task *task;
  double evaluations;
  size_t depth;
  size_t *width;          /* of layer 0 .. depth, as reduced so far */
  size_t *tried;          /* what the rank at layer l was last looked for in; 0: never */
  part *weights, *biases; /* of layer 1 .. depth at 0 .. depth-1 */
  part *basis;            /* of layer 0 .. depth */
  part Syx, target;
  bool diagonal, white;   /* Sxx */
  const double *spectrum; /* Sxx's diagonal in the basis of the inputs; null: Sxx is the task's */
  ln_matrix frozen;
} reducer;

/* ---- what pays ---- */

/* Of a gradient from moments (moments.c), and of the step that it is for. */
static double step_cost(const reducer *x, const size_t *width, bool diagonal) {
  double inputs = (double)width[0] + x->net->bias, outputs = (double)width[x->depth];
  double products = (diagonal ? 3 : 3 + inputs) * outputs, parameters = inputs * (double)width[1];
  for (size_t l = 1; l < x->depth; l++) {
    products += 3.0 * (double)width[l + 1] * (double)width[l];
    parameters += (double)width[l + 1] * ((double)width[l] + x->net->bias);
  }
  return 2 * inputs * products + PARAMETER_COST * parameters;
}

/* What a run saves if layer l has this width, and Sxx is diagonal or not. */
static double saving(const reducer *x, size_t l, size_t width, bool diagonal) {
  size_t before = x->width[l];
  double cost = step_cost(x, x->width, x->diagonal);
  x->width[l] = width;
  cost -= step_cost(x, x->width, diagonal);
  x->width[l] = before;
  return cost * x->evaluations;
}

/* ---- changing a layer's basis ---- */

static ln_status own(ln_context *cx, part *p, size_t rows, size_t cols) {
  if (!p->room) p->room = ln_reals(cx, rows * cols);
  return p->room ? LN_OK : LN_EMEMORY;
}

/* p = op(A) B in p's own room; A or B may be p itself. */
static ln_status become(ln_context *cx, part *p, ln_form ta, ln_matrix A, ln_matrix B) {
  ln_status status = ln_charge(cx, 2 * (double)A.rows * (double)A.cols * (double)B.cols);
  if (status != LN_OK) return status;
  ln_mark mark = ln_begin(cx);
  ln_matrix to = ln_window(p->room, ta ? A.cols : A.rows, B.cols);
  bool in_place = A.data == to.data || B.data == to.data;
  ln_matrix result = in_place ? ln_take_matrix(cx, to.rows, to.cols) : to;
  if (!result.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(ta, LN_N, 1, A, B, 0, result);
  if (in_place) ln_copy(result, to);
  p->now = to;
  return ln_end(cx, mark, LN_OK);
}

/* Room for what changes when layer l gets at most `most` coordinates: taken before any work space. */
static ln_status own_around(ln_context *cx, reducer *x, size_t l, size_t most) {
  const size_t *n = x->width;
  ln_status status = LN_OK;
  if (l > 0) status = own(cx, &x->weights[l - 1], most, n[l - 1]);
  if (status == LN_OK && l > 0 && x->net->bias) status = own(cx, &x->biases[l - 1], most, 1);
  if (status == LN_OK && l < x->depth) status = own(cx, &x->weights[l], n[l + 1], most);
  if (l == 0 || l == x->depth)
    for (int i = 0; i < 2 && status == LN_OK; i++)
      status = own(cx, i ? &x->target : &x->Syx, l ? most : n[x->depth], l ? n[0] : most);
  return status;
}

/* Everything around layer l in its new coordinates, along the columns of Q. */
static ln_status change_coordinates(ln_context *cx, reducer *x, size_t l, ln_matrix Q) {
  ln_status status = LN_OK;
  if (l > 0) status = become(cx, &x->weights[l - 1], LN_T, Q, x->weights[l - 1].now);
  if (status == LN_OK && l > 0 && x->net->bias)
    status = become(cx, &x->biases[l - 1], LN_T, Q, x->biases[l - 1].now);
  if (status == LN_OK && l < x->depth) status = become(cx, &x->weights[l], LN_N, x->weights[l].now, Q);
  for (int i = 0; i < 2 && status == LN_OK; i++) {
    part *p = i ? &x->target : &x->Syx;
    if (l == 0) status = become(cx, p, LN_N, p->now, Q);
    if (l == x->depth) status = become(cx, p, LN_T, Q, p->now);
  }
  x->width[l] = Q.cols;
  return status;
}

/* The same, and layer l's basis is multiplied by Q. */
static ln_status change_basis(ln_context *cx, reducer *x, size_t l, ln_matrix Q) {
  part *basis = &x->basis[l];
  if (basis->now.data) {
    ln_status status = become(cx, basis, LN_N, basis->now, Q);
    if (status != LN_OK) return status;
  } else {
    basis->now = ln_window(basis->room, Q.rows, Q.cols);
    ln_copy(Q, basis->now);
  }
  return change_coordinates(cx, x, l, Q);
}

/* ---- inputs ---- */

/* Do the rows of Syx lie in the span of V's columns? */
static ln_status spans_outputs(ln_context *cx, ln_matrix Syx, ln_matrix V, bool *all) {
  ln_mark mark = ln_begin(cx);
  ln_matrix S = ln_take_matrix(cx, Syx.rows, V.cols), R = ln_take_matrix(cx, Syx.rows, Syx.cols);
  if (!S.data || !R.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, Syx, V, 0, S);
  ln_copy(Syx, R);
  ln_gemm(LN_N, LN_T, -1, S, V, 1, R);
  *all = ln_norm(R) <= INSIDE * ln_norm(Syx);
  return ln_end(cx, mark, LN_OK);
}

static bool is_white(ln_matrix Sxx) {
  for (size_t j = 1; j < Sxx.cols; j++)
    if (LN_AT(Sxx, j, j) != LN_AT(Sxx, 0, 0)) return false;
  return LN_AT(Sxx, 0, 0) > 0;
}

/* The eigenvectors of Sxx as coordinates of the inputs. With biases (x, 1) has other eigenvectors: then only what fewer
 * examples than inputs leave out. */
static ln_status reduce_inputs(ln_context *cx, reducer *x) {
  const ln_task *task = x->task;
  size_t n = x->width[0], rank = task->basis.cols;
  ln_matrix V = task->basis;
  const bool bias = x->net->bias;
  if (bias && (!V.data || task->examples >= n)) return LN_OK;
  x->diagonal = !bias && ln_is_diagonal(task->Sxx);
  x->white = x->diagonal && is_white(task->Sxx);
  if (x->diagonal && (!V.data || rank == n)) return LN_OK;

  double size = (double)n, others = (double)(x->width[1] + 2 * x->width[x->depth]);
  double cost = 2 * size * (V.data ? (double)rank : size) * others + (V.data ? 0 : 9 * size * size * size);
  if (saving(x, 0, V.data ? rank : n, !bias) < cost) return LN_OK;
  const double *spectrum = task->spectrum;
  ln_status status = LN_OK;
  if (!V.data) {
    size_t most = ln_input_basis_size(task);
    V = ln_take_matrix(cx, n, most);
    double *w = ln_reals(cx, most);
    if (!V.data || !w) return LN_EMEMORY;
    status = ln_input_basis(cx, task, V, w, &rank);
    if (status != LN_OK) return status;
    V.cols = rank;
    spectrum = w;
  }
  bool all = rank > 0;
  if (all && rank < n) status = spans_outputs(cx, task->Syx, V, &all);
  if (status != LN_OK || !all) return status;

  status = own_around(cx, x, 0, rank);
  if (status == LN_OK) status = change_coordinates(cx, x, 0, V);
  if (status != LN_OK) return status;
  x->basis[0].now = V;
  x->spectrum = spectrum;
  x->diagonal = !bias;
  x->white = false;
  if (rank == n) return LN_OK;
  x->frozen = ln_take_matrix(cx, x->width[1], n);
  if (!x->frozen.data) return LN_EMEMORY;
  ln_copy(ln_weights(x->net, x->net->parameters, 0), x->frozen);
  ln_gemm(LN_N, LN_T, -1, x->weights[0].now, V, 1, x->frozen);
  return LN_OK;
}

/* ---- hidden layers, outputs, white inputs ---- */

/* [W_l, b_l, W_(l+1)'] as it is now, with Syx behind the last layer and before the first. */
static size_t neighbours(const reducer *x, size_t l) {
  size_t below = x->width[l ? l - 1 : x->depth], above = x->width[l < x->depth ? l + 1 : 0];
  return below + above + (l ? x->net->bias : 0);
}

static void scale_columns(ln_matrix B) {
  for (size_t j = 0; j < B.cols; j++) {
    ln_matrix column = ln_block_of(B, 0, j, B.rows, 1);
    double size = ln_norm(column);
    if (size > 0 && isfinite(1 / size)) ln_scale(1 / size, column);
  }
}

/* Columns of norm 1: neither the range nor what is rounding depends on how small a layer is. */
static void fill_neighbours(const reducer *x, size_t l, ln_matrix B) {
  size_t at = x->width[l ? l - 1 : x->depth];
  ln_matrix first = ln_block_of(B, 0, 0, B.rows, at);
  if (l)
    ln_copy(x->weights[l - 1].now, first);
  else
    ln_transpose(x->Syx.now, first);
  if (l && x->net->bias) ln_copy(x->biases[l - 1].now, ln_block_of(B, 0, at++, B.rows, 1));
  ln_matrix last = ln_block_of(B, 0, at, B.rows, B.cols - at);
  if (l < x->depth)
    ln_transpose(x->weights[l].now, last);
  else
    ln_copy(x->Syx.now, last);
  scale_columns(B);
}

/* Looks for a smaller basis of layer l, and changes to it. */
static ln_status reduce_layer(ln_context *cx, reducer *x, size_t l, bool *changed) {
  size_t n = x->width[l], columns = neighbours(x, l), k = n < columns ? n : columns;
  double size = (double)n, side = (double)columns, least = (double)k;
  bool tall = n > columns && saving(x, l, k, x->diagonal) > QR_COST * 6 * size * side * side;
  bool look = x->tried[l] != n + columns && (tall || n <= columns) &&
              SVD_COST * 20 * least * least * side <
                  SPECULATION * x->evaluations * step_cost(x, x->width, x->diagonal);
  if (!tall && !look) return LN_OK;
  ln_status status = own_around(cx, x, l, k);
  if (status == LN_OK) status = own(cx, &x->basis[l], n, k);
  if (status != LN_OK) return status;

  ln_mark mark = ln_begin(cx);
  ln_matrix B = ln_take_matrix(cx, n, columns), R = B, U = {0}, Q = {0};
  if (tall) R = ln_take_matrix(cx, k, k);
  if (look) U = ln_take_matrix(cx, k, k);
  if (tall && look) Q = ln_take_matrix(cx, n, k);
  if (!B.data || !R.data || (look && !U.data) || (tall && look && !Q.data))
    return ln_end(cx, mark, LN_EMEMORY);
  fill_neighbours(x, l, B);
  size_t rank = k;
  if (tall) status = ln_qr(cx, B, B, R);
  if (status == LN_OK && look) {
    if (tall) scale_columns(R);
    status = ln_column_space(cx, R, NO_DIRECTION, U, &rank);
    x->tried[l] = (rank ? rank : n) + columns;
  }
  if (status != LN_OK || rank == n || rank == 0) return ln_end(cx, mark, status);
  if (tall && rank < k) {
    Q.cols = rank;
    ln_gemm(LN_N, LN_N, 1, B, ln_block_of(U, 0, 0, k, rank), 0, Q);
  } else {
    Q = tall ? B : ln_block_of(U, 0, 0, n, rank);
  }
  status = change_basis(cx, x, l, Q);
  *changed = true;
  return ln_end(cx, mark, status);
}

/* ---- the reduced network ---- */

static bool is_reduced(const reducer *x) {
  for (size_t l = 0; l <= x->depth; l++)
    if (x->basis[l].now.data) return true;
  return false;
}

/* What biases need further: the means, and the examples, of which there are few. */
static ln_status reduced_examples(ln_context *cx, const reducer *x, ln_reduced *r) {
  const ln_task *from = x->task;
  ln_task *task = &r->task;
  ln_matrix V = x->basis[0].now;
  ln_status status = ln_charge(cx, 2 * (double)V.rows * (double)V.cols * ((double)from->examples + 1));
  if (status != LN_OK) return status;
  task->examples = from->examples;
  task->X = ln_take_matrix(cx, task->inputs, from->examples);
  task->mean_x = ln_take_matrix(cx, task->inputs, 1);
  if (!task->X.data || !task->mean_x.data) return LN_EMEMORY;
  task->Y = from->Y, task->mean_y = from->mean_y;
  for (int i = 0; i < 2; i++) {
    ln_matrix A = i ? from->mean_x : from->X, B = i ? task->mean_x : task->X;
    ln_gemm(LN_T, LN_N, 1, V, A, 0, ln_block_of(B, 0, 0, V.cols, A.cols));
    if (r->decays) ln_fill(ln_block_of(B, V.cols, 0, 1, A.cols), 0);
  }
  return LN_OK;
}

/* Moments in the new coordinates, with one more input that no example has if `decays`. */
static ln_status reduced_task(ln_context *cx, const reducer *x, ln_reduced *r) {
  size_t n = x->width[0], inputs = n + r->decays, outputs = x->width[x->depth];
  r->task = *x->task;
  if (!x->basis[0].now.data && !x->basis[x->depth].now.data) return LN_OK;
  r->task = (ln_task){.inputs = inputs,
                      .outputs = outputs,
                      .Sxx = x->task->Sxx,
                      .Syx = ln_take_matrix(cx, outputs, inputs),
                      .target = ln_take_matrix(cx, outputs, inputs),
                      .tr_yy = x->task->tr_yy,
                      .loss_min = x->task->loss_min,
                      .has_moments = true,
                      .has_target = true};
  if (!r->task.Syx.data || !r->task.target.data) return LN_EMEMORY;
  ln_fill(r->task.Syx, 0), ln_fill(r->task.target, 0);
  ln_copy(x->Syx.now, ln_block_of(r->task.Syx, 0, 0, outputs, n));
  ln_copy(x->target.now, ln_block_of(r->task.target, 0, 0, outputs, n));
  if (!x->basis[0].now.data) return LN_OK;
  r->task.Sxx = ln_take_matrix(cx, inputs, inputs);
  if (!r->task.Sxx.data) return LN_EMEMORY;
  ln_fill(r->task.Sxx, 0);
  for (size_t j = 0; j < n; j++)
    LN_AT(r->task.Sxx, j, j) = x->spectrum ? x->spectrum[j] : LN_AT(x->task->Sxx, 0, 0);
  return x->net->bias ? reduced_examples(cx, x, r) : LN_OK;
}

static ln_status reduced_net(ln_context *cx, const reducer *x, ln_reduced *r) {
  ln_layer *layers = ln_take(cx, x->depth, sizeof *layers);
  if (!layers) return LN_EMEMORY;
  for (size_t l = 0; l < x->depth; l++)
    layers[l] = (ln_layer){.inputs = x->width[l] + (l == 0 && r->decays),
                           .outputs = x->width[l + 1],
                           .activation = x->net->layers[l].activation};
  ln_status status = ln_net_layout(cx, &r->net, layers, x->depth, x->net->bias);
  if (status != LN_OK) return status;
  r->theta = r->net.parameters = ln_reals(cx, r->net.count);
  r->start = ln_reals(cx, r->net.count);
  if (!r->theta || !r->start) return LN_EMEMORY;
  for (size_t l = 0; l < x->depth; l++) {
    ln_matrix W = ln_weights(&r->net, r->theta, l), from = x->weights[l].now;
    ln_copy(from, ln_block_of(W, 0, 0, from.rows, from.cols));
    if (x->net->bias) ln_copy(x->biases[l].now, ln_biases(&r->net, r->theta, l));
  }
  if (r->decays) {
    ln_matrix W = ln_weights(&r->net, r->theta, 0), last = ln_block_of(W, 0, W.cols - 1, W.rows, 1);
    ln_fill(last, 0);
    last.data[0] = 1;
  }
  ln_copy(ln_window(r->theta, r->net.count, 1), ln_window(r->start, r->net.count, 1));
  return LN_OK;
}

typedef struct text {
  char *at;
  size_t left;
} text;

__attribute__((format(printf, 2, 3))) static void append(text *t, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(t->at, t->left, format, arguments);
  va_end(arguments);
  size_t written = n < 0 ? 0 : (size_t)n < t->left ? (size_t)n : t->left - 1;
  t->at += written, t->left -= written;
}

/* "moments of rank 200 of 784 inputs, Sxx diagonal; hidden 512 -> 210; outputs 36 -> 16" */
static void describe(const reducer *x, ln_plan *plan) {
  text t = {plan->description, sizeof plan->description};
  size_t inputs = x->task->inputs, n = x->width[0];
  append(&t, "moments of ");
  if (n < inputs) append(&t, x->spectrum ? "rank %zu of " : "%zu directions of ", n);
  append(&t, "%zu inputs", inputs);
  if (x->diagonal) append(&t, x->spectrum ? " in Sxx's eigenbasis" : ", Sxx diagonal");
  const char *before = "; hidden ";
  for (size_t l = 1; l <= x->depth; l++) {
    size_t whole = x->net->layers[l - 1].outputs;
    if (x->width[l] == whole) continue;
    append(&t, "%s%zu -> %zu", l == x->depth ? "; outputs " : before, whole, x->width[l]);
    before = ", ";
  }
  if (x->net->bias) append(&t, "; biases as weights of an input fixed to 1");
}

static size_t lift_room(const ln_net *whole, const size_t *width) {
  size_t most = 0;
  for (size_t l = 0; l < whole->depth; l++) {
    size_t count = whole->layers[l].outputs * width[l];
    if (count > most) most = count;
  }
  return most;
}

static ln_status build(ln_context *cx, const reducer *x, bool decays, ln_reduced *r) {
  r->frozen = x->frozen;
  r->decays = decays && x->frozen.data;
  r->basis = ln_take(cx, x->depth + 1, sizeof *r->basis);
  r->room = ln_reals(cx, lift_room(x->net, x->width));
  if (!r->basis || !r->room) return LN_EMEMORY;
  for (size_t l = 0; l <= x->depth; l++) r->basis[l] = x->basis[l].now;
  ln_status status = reduced_task(cx, x, r);
  if (status == LN_OK) status = reduced_net(cx, x, r);
  if (status == LN_OK) status = ln_make_plan(cx, &r->plan, &r->net, &r->task, LN_PLAN_AUTO);
  if (status == LN_OK) describe(x, &r->plan);
  return status;
}

static ln_status take_reducer(ln_context *cx, reducer *x) {
  const ln_net *net = x->net;
  size_t depth = x->depth;
  x->width = ln_take(cx, depth + 1, sizeof *x->width);
  x->tried = ln_take(cx, depth + 1, sizeof *x->tried);
  x->weights = ln_take(cx, depth, sizeof *x->weights);
  x->biases = ln_take(cx, depth, sizeof *x->biases);
  x->basis = ln_take(cx, depth + 1, sizeof *x->basis);
  if (!x->width || !x->tried || !x->weights || !x->biases || !x->basis) return LN_EMEMORY;
  for (size_t l = 0; l <= depth; l++) {
    x->width[l] = l ? net->layers[l - 1].outputs : ln_inputs(net);
    x->tried[l] = 0;
    x->basis[l] = (part){0};
  }
  for (size_t l = 0; l < depth; l++) {
    x->weights[l] = (part){.now = ln_weights(net, net->parameters, l)};
    x->biases[l] = (part){.now = ln_biases(net, net->parameters, l)};
  }
  x->Syx = (part){.now = x->task->Syx};
  x->target = (part){.now = x->task->target};
  return LN_OK;
}

ln_status ln_reduce_network(ln_context *cx, ln_reduced *r, const ln_net *net, const ln_task *task,
                            double evaluations, bool decays, bool *pays) {
  ln_mark mark = ln_begin(cx);
  *pays = false;
  *r = (ln_reduced){.whole = net};
  if (!(ln_norm(ln_window(net->parameters, net->count, 1)) < LARGEST_WEIGHTS)) return LN_OK;
  reducer x = {.net = net, .task = task, .evaluations = evaluations, .depth = net->depth};
  ln_status status = take_reducer(cx, &x);
  if (status == LN_OK) status = reduce_inputs(cx, &x);
  size_t first = x.white ? 0 : 1, end = net->bias ? net->depth : net->depth + 1;
  for (bool changed = true; changed && status == LN_OK;) {
    changed = false;
    for (size_t l = first; l < end && status == LN_OK; l++) status = reduce_layer(cx, &x, l, &changed);
  }
  if (status == LN_OK) *pays = is_reduced(&x);
  if (status == LN_OK && *pays) status = build(cx, &x, decays, r);
  return status == LN_OK && *pays ? LN_OK : ln_end(cx, mark, status);
}

/* ---- back ---- */

void ln_lift(ln_reduced *r, const double *theta, double *parameters) {
  if (!r->moved) {
    r->moved = memcmp(theta, r->start, r->net.count * sizeof *theta) != 0;
    if (!r->moved) return;
  }
  for (size_t l = 0; l < r->net.depth; l++) {
    ln_matrix W = ln_weights(r->whole, parameters, l), A = ln_weights(&r->net, theta, l);
    ln_matrix right = r->basis[l], left = r->basis[l + 1];
    bool has_frozen = l == 0 && r->frozen.data;
    double decayed = r->decays ? LN_AT(A, 0, A.cols - 1) : 1;
    if (l == 0) A.cols -= r->decays;
    if (left.data) { /* W = Q_l A Q_(l-1)' */
      ln_matrix raised = right.data ? ln_window(r->room, left.rows, A.cols) : W;
      ln_gemm(LN_N, LN_N, 1, left, A, 0, raised);
      A = raised;
    }
    if (has_frozen) {
      ln_copy(r->frozen, W);
      ln_scale(decayed, W);
    }
    if (right.data)
      ln_gemm(LN_N, LN_T, 1, A, right, has_frozen, W);
    else if (!left.data)
      ln_copy(A, W);
    if (!r->net.bias) continue;
    ln_matrix b = ln_biases(&r->net, theta, l), whole = ln_biases(r->whole, parameters, l);
    if (left.data)
      ln_gemm(LN_N, LN_N, 1, left, b, 0, whole);
    else
      ln_copy(b, whole);
  }
}

ln_status ln_reduced_columns(ln_context *cx, const ln_reduced *r, size_t l, ln_matrix A, ln_matrix B,
                             bool *inside) {
  ln_matrix Q = r->basis[l];
  *inside = true;
  if (!Q.data) return ln_copy(A, B), LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix R = ln_take_matrix(cx, A.rows, A.cols);
  if (!R.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_T, LN_N, 1, Q, A, 0, B);
  ln_copy(A, R);
  ln_gemm(LN_N, LN_N, -1, Q, B, 1, R);
  for (size_t j = 0; j < A.cols; j++)
    if (!(ln_norm(ln_block_of(R, 0, j, R.rows, 1)) <= INSIDE)) *inside = false;
  return ln_end(cx, mark, LN_OK);
}
