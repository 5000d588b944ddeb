#include "theory/predict.h"

#include <math.h>
#include <string.h>

#include "theory/balanced.h"
#include "theory/decoupled.h"
#include "theory/map_view.h"
#include "theory/shallow.h"
#include "theory/small_start.h"

/* What a distance from an assumption costs: the error of W(t), largest over t and relative to its limit, for each unit of
 * distance (measured on small networks with one assumption off by 1e-4 to 1e-1: first order throughout). */
#define COST_OF_DATA 0.7
#define COST_OF_WEIGHTS 0.3
#define COST_OF_COLOUR 0.7
#define COST_OF_CLASS 0.25 /* times |M|/|W| at the start and in the limit */
/* Of the square of the imbalance: what the directions of the first layer miss acts twice before it meets the map. */
#define COST_OF_BALANCE 5
#define COST_OF_SIZE 0.5 /* of small layers, beside what small_start.h says of modes that are not apart */

static void assume(ln_assumption *assumptions, size_t *count, const char *name, double distance,
                   double cost) {
  assumptions[(*count)++] = (ln_assumption){name, distance, cost * distance};
}

/* An assumption of kind, not of degree: true if it holds. */
static bool assume_kind(ln_assumption *assumptions, size_t *count, const char *name, bool holds) {
  assume(assumptions, count, name, holds ? 0 : INFINITY, 1);
  return holds;
}

static bool assume_plain_linear(ln_assumption *assumptions, size_t *count, const ln_net *net) {
  bool linear = assume_kind(assumptions, count, "every unit is linear", net->linear);
  return assume_kind(assumptions, count, "no biases", !net->bias) && linear;
}

/* The same, for solutions of the squared loss of examples or their moments. */
static bool assume_plain_examples(ln_assumption *assumptions, size_t *count, const ln_net *net,
                                  const ln_task *task) {
  bool linear = assume_plain_linear(assumptions, count, net);
  return assume_kind(assumptions, count, "the task is one of examples, not of entries of the map",
                     !task->observed.count) &&
         linear;
}

/* ---- shallow: one layer ---- */

static ln_status measure_shallow(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                                 ln_assumption *assumptions, size_t *count) {
  (void)cx, (void)weight_decay;
  assume_plain_examples(assumptions, count, net, task);
  assume_kind(assumptions, count, "one layer", net->depth == 1);
  return LN_OK;
}

static ln_status follow_shallow(ln_context *cx, const ln_net *net, const ln_task *task,
                                const ln_request *request, double *theta) {
  ln_mark mark = ln_begin(cx);
  ln_shallow shallow;
  ln_matrix start = ln_weights(net, net->parameters, 0), W = ln_weights(net, theta, 0);
  ln_status status = ln_shallow_prepare(cx, start, task->Sxx, task->Syx, request->weight_decay, &shallow);
  for (size_t k = 0; k < request->count && status == LN_OK; k++) {
    status = ln_poll(cx);
    if (status == LN_OK) status = ln_shallow_flow(cx, &shallow, request->times[k], W);
    if (status == LN_OK) status = request->output(cx, request->ud, k, request->times[k], theta);
  }
  return ln_end(cx, mark, status);
}

/* ---- decoupled: every mode by itself ---- */

/* Takes the list of the layers' weights; null without memory. */
static ln_matrix *take_layers(ln_context *cx, const ln_net *net) {
  ln_matrix *weights = ln_take(cx, net->depth, sizeof *weights);
  for (size_t l = 0; weights && l < net->depth; l++) weights[l] = ln_weights(net, net->parameters, l);
  return weights;
}

static ln_status prepare_decoupled(ln_context *cx, const ln_net *net, const ln_task *task,
                                   double weight_decay, ln_decoupled *d) {
  ln_matrix *weights = take_layers(cx, net);
  if (!weights) return LN_EMEMORY;
  return ln_decoupled_prepare(cx, weights, net->depth, task->Sxx, task->Syx, weight_decay, d);
}

static ln_status measure_decoupled(ln_context *cx, const ln_net *net, const ln_task *task,
                                   double weight_decay, ln_assumption *assumptions, size_t *count) {
  bool plain = assume_plain_examples(assumptions, count, net, task);
  bool deep = assume_kind(assumptions, count, "two layers or more", net->depth >= 2);
  if (!plain || !deep) return LN_OK;
  *count = 0; /* these hold; what can be off by a little is what counts */
  ln_mark mark = ln_begin(cx);
  ln_decoupled d;
  ln_status status = prepare_decoupled(cx, net, task, weight_decay, &d);
  if (status == LN_OK) {
    assume(assumptions, count, "inputs and input-output correlation have common modes", d.data_misfit,
           COST_OF_DATA);
    assume(assumptions, count, "the weights are aligned with the modes", d.weight_misfit, COST_OF_WEIGHTS);
  }
  return ln_end(cx, mark, status);
}

typedef struct packing {
  const ln_net *net;
  const ln_request *request;
  double *theta;
} packing;

static ln_status pack(ln_context *cx, void *ud, size_t index, double t, const ln_matrix *W,
                      const double *strengths) {
  const packing *p = ud;
  (void)strengths;
  for (size_t l = 0; l < p->net->depth; l++) ln_copy(W[l], ln_weights(p->net, p->theta, l));
  ln_status status = ln_poll(cx);
  return status == LN_OK ? p->request->output(cx, p->request->ud, index, t, p->theta) : status;
}

static ln_status follow_decoupled(ln_context *cx, const ln_net *net, const ln_task *task,
                                  const ln_request *request, double *theta) {
  ln_mark mark = ln_begin(cx);
  ln_decoupled d;
  packing p = {net, request, theta};
  ln_status status = prepare_decoupled(cx, net, task, request->weight_decay, &d);
  if (status == LN_OK) status = ln_decoupled_follow(cx, &d, request->times, request->count, pack, &p);
  return ln_end(cx, mark, status);
}

/* ---- riccati: two layers, white inputs ---- */

/* What a unit of misfit costs: |M| at the start, relative to the map that is learned; more where a mode that will be
 * learned is nearly hidden behind faster ones, since what the misfit adds to it then counts for more. */
static ln_status cost_of_balance(ln_context *cx, const ln_riccati *r, const ln_task *task, double *cost) {
  ln_mark mark = ln_begin(cx);
  ln_matrix M = ln_take_matrix(cx, r->rank, r->rank);
  if (!M.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gram(LN_T, 1, r->L, 0, M);
  double learned = ln_norm(task->Syx), screened = 1;
  for (size_t j = 0; j < r->rank && r->f[r->pivots[j]] > 0; j++) {
    ln_matrix row = ln_block_of(r->L, r->pivots[j], 0, 1, r->rank);
    screened = fmax(screened, ln_norm(row) / fabs(LN_AT(row, 0, j)));
  }
  *cost = learned > 0 ? COST_OF_CLASS * screened * ln_norm(M) / learned : 0;
  return ln_end(cx, mark, LN_OK);
}

static ln_status measure_riccati(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                                 ln_assumption *assumptions, size_t *count) {
  bool plain = assume_plain_examples(assumptions, count, net, task);
  bool two = assume_kind(assumptions, count, "two layers", net->depth == 2);
  if (!plain || !two) return LN_OK;
  *count = 0; /* these hold; what can be off by a little is what counts */
  bool data = assume_kind(assumptions, count, "inputs that are not all 0", ln_norm(task->Sxx) > 0);
  if (!data) return LN_OK;
  *count = 0;
  ln_mark mark = ln_begin(cx);
  ln_riccati r;
  double cost = 0;
  ln_status status = ln_riccati_of_net(cx, net, task, weight_decay, &r);
  if (status == LN_OK) status = cost_of_balance(cx, &r, task, &cost);
  if (status == LN_OK) {
    assume(assumptions, count, "the inputs are white", r.white.misfit, COST_OF_COLOUR);
    assume(assumptions, count, "the two layers are balanced", r.balance.misfit, cost);
  }
  return ln_end(cx, mark, status);
}

static ln_status pack_two(ln_context *cx, void *ud, size_t index, double t, ln_matrix W1, ln_matrix W2) {
  const ln_matrix W[] = {W1, W2};
  return pack(cx, ud, index, t, W, NULL);
}

static ln_status follow_riccati(ln_context *cx, const ln_net *net, const ln_task *task,
                                const ln_request *request, double *theta) {
  ln_mark mark = ln_begin(cx);
  ln_riccati r;
  packing p = {net, request, theta};
  ln_status status = ln_riccati_of_net(cx, net, task, request->weight_decay, &r);
  r.any_rotation = request->any_rotation;
  if (status == LN_OK) status = ln_riccati_follow(cx, &r, request->times, request->count, pack_two, &p);
  return ln_end(cx, mark, status);
}

/* ---- balanced: layers that stay balanced, any loss of the map ---- */

static ln_status measure_balanced(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                                  ln_assumption *assumptions, size_t *count) {
  bool linear = assume_plain_linear(assumptions, count, net);
  bool deep = assume_kind(assumptions, count, "two layers or more", net->depth >= 2);
  if (!linear || !deep) return LN_OK;
  (void)task, (void)weight_decay; /* which keeps balance, and lowers what there is else */
  *count = 0;
  ln_mark mark = ln_begin(cx);
  ln_matrix *weights = take_layers(cx, net);
  if (!weights) return ln_end(cx, mark, LN_EMEMORY);
  double distance;
  ln_status status = ln_conserved(cx, weights, net->depth, NULL, &distance);
  if (status == LN_OK)
    assume(assumptions, count, "neighbouring layers are balanced", distance, COST_OF_BALANCE * distance);
  return ln_end(cx, mark, status);
}

static ln_status follow_balanced(ln_context *cx, const ln_net *net, const ln_task *task,
                                 const ln_request *request, double *theta) {
  return ln_balanced_flow(cx, net, task, request->weight_decay, theta, request->times, request->count,
                          request->tolerance, request->output, request->ud);
}

/* ---- small start: every mode by itself, from what small layers come to ---- */

static ln_status prepare_small_start(ln_context *cx, const ln_net *net, const ln_task *task,
                                     ln_small_layers *layers) {
  return ln_small_start_layers(cx, ln_weights(net, net->parameters, 0), ln_weights(net, net->parameters, 1),
                               task->Sxx, task->Syx, layers);
}

static ln_status measure_small_start(ln_context *cx, const ln_net *net, const ln_task *task,
                                     double weight_decay, ln_assumption *assumptions, size_t *count) {
  (void)weight_decay;
  bool plain = assume_plain_examples(assumptions, count, net, task);
  bool two = assume_kind(assumptions, count, "two layers", net->depth == 2);
  if (!plain || !two) return LN_OK;
  *count = 0; /* these hold; what can be off by a little is what counts */
  ln_mark mark = ln_begin(cx);
  ln_small_layers layers;
  ln_status status = prepare_small_start(cx, net, task, &layers);
  if (status == LN_OK) {
    assume(assumptions, count, "inputs and input-output correlation have common modes", layers.data_misfit,
           COST_OF_DATA);
    assume(assumptions, count, "the weights are small", layers.size, COST_OF_SIZE);
    assumptions[*count - 1].cost += layers.interference;
  }
  return ln_end(cx, mark, status);
}

static ln_status follow_small_start(ln_context *cx, const ln_net *net, const ln_task *task,
                                    const ln_request *request, double *theta) {
  ln_mark mark = ln_begin(cx);
  ln_small_layers layers;
  ln_decoupled d;
  packing p = {net, request, theta};
  ln_status status = prepare_small_start(cx, net, task, &layers);
  if (status != LN_OK) return ln_end(cx, mark, status);
  const ln_matrix weights[] = {layers.W1, layers.W2};
  status = ln_decoupled_prepare(cx, weights, 2, task->Sxx, task->Syx, request->weight_decay, &d);
  if (status == LN_OK) status = ln_decoupled_follow(cx, &d, request->times, request->count, pack, &p);
  return ln_end(cx, mark, status);
}

/* ---- flow: any network that a plan can be made for ---- */

static ln_status measure_flow(ln_context *cx, const ln_net *net, const ln_task *task, double weight_decay,
                              ln_assumption *assumptions, size_t *count) {
  (void)cx, (void)net, (void)task, (void)weight_decay, (void)assumptions;
  *count = 0;
  return LN_OK;
}

static ln_status follow_flow(ln_context *cx, const ln_net *net, const ln_task *task,
                             const ln_request *request, double *theta) {
  (void)net, (void)task, (void)theta;
  return ln_flow(cx, request->plan, request->weight_decay, request->theta, request->times, request->count,
                 request->tolerance, request->output, request->ud);
}

/* ---- the table ---- */

const ln_solution ln_solutions[] = {
    {.name = "shallow",
     .source = "linear recursions in the eigenvectors of Sxx: one layer, any start",
     .exact = true,
     .measure = measure_shallow,
     .follow = follow_shallow},
    {.name = "decoupled",
     .source = "Saxe, McClelland & Ganguli (2014), decoupled modes; any hidden vectors for two layers",
     .exact = true,
     .measure = measure_decoupled,
     .follow = follow_decoupled},
    {.name = "riccati",
     .source = "Braun, Domine, Fitzgerald & Saxe (2022), Domine et al. (2024): two balanced layers, white "
               "inputs; the rotation of the hidden layer is integrated to 1e-13",
     .exact = true,
     .has_map = true,
     .measure = measure_riccati,
     .follow = follow_riccati},
    {.name = "balanced",
     .source = "Arora, Cohen & Hazan (2018), end-to-end dynamics; layers of rank width, integrated",
     .measure = measure_balanced,
     .follow = follow_balanced},
    {.name = "small_start",
     .source =
         "two layers from small weights: decoupled modes from the effective start of each (derived here)",
     .approximate = true,
     .measure = measure_small_start,
     .follow = follow_small_start},
    {.name = "flow",
     .source = "gradient flow, integrated by an explicit Runge-Kutta method of order 8",
     .has_plan = true,
     .measure = measure_flow,
     .follow = follow_flow},
    {0},
};

const ln_solution *ln_find_solution(const char *name) {
  for (const ln_solution *solution = ln_solutions; solution->name; solution++)
    if (!strcmp(solution->name, name)) return solution;
  return NULL;
}

ln_status ln_predict(ln_context *cx, const ln_solution *solution, const ln_net *net, const ln_task *task,
                     const ln_request *request) {
  ln_mark mark = ln_begin(cx);
  double *theta = ln_reals(cx, net->count);
  if (!theta) return ln_end(cx, mark, LN_EMEMORY);
  memcpy(theta, net->parameters, net->count * sizeof *theta);
  return ln_end(cx, mark, solution->follow(cx, net, task, request, theta));
}
