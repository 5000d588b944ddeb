#include "network/group.h"

#include <math.h>
#include <string.h>

/* Wider layers gain nothing: one product of theirs fills the registers by itself. */
#define WIDEST 32
/* Operations between two looks at interrupts: well below a millisecond. */
#define STRETCH 5e6

static const struct {
  const char *name;
  ln_side_step step;
} steps_known[] = {{"gd", LN_SIDE_GD}, {"momentum", LN_SIDE_MOMENTUM}, {"nesterov", LN_SIDE_NESTEROV}};

/* The kernel's name for the optimizer; false if it has none. */
static bool find_step(const ln_optimizer *optimizer, ln_side_step *step) {
  for (size_t i = 0; i < sizeof steps_known / sizeof *steps_known; i++)
    if (!strcmp(optimizer->name, steps_known[i].name)) return *step = steps_known[i].step, true;
  return false;
}

bool ln_can_group(const ln_trainer *trainer) {
  const ln_net *net = trainer->plan->net;
  const ln_task *task = trainer->plan->task;
  ln_side_step step;
  bool can = net->linear && !net->bias && !trainer->batches.size && task->has_moments && task->has_target &&
             !task->observed.count && find_step(trainer->descent.optimizer, &step);
  return can && ln_inputs(net) <= WIDEST && ln_widest(net) <= WIDEST;
}

bool ln_same_group(const ln_trainer *a, const ln_trainer *b) {
  const ln_net *m = a->plan->net, *n = b->plan->net;
  bool same = m->depth == n->depth;
  for (size_t l = 0; same && l < m->depth; l++)
    same = m->layers[l].inputs == n->layers[l].inputs && m->layers[l].outputs == n->layers[l].outputs;
  return same;
}

/* ---- numbers into lanes and back ---- */

/* A column-major matrix without gaps, as the trainers have it at `at` of an array each. */
static void spread(size_t n, const double *from, double *lanes, size_t lane) {
  for (size_t i = 0; i < n; i++) lanes[i * LN_NETWORKS + lane] = from[i];
}

static void gather(size_t n, const double *lanes, size_t lane, double *to) {
  for (size_t i = 0; i < n; i++) to[i] = lanes[i * LN_NETWORKS + lane];
}

/* The trainer whose numbers a lane holds: beyond the count the last one's, once more. */
static const ln_trainer *of_lane(const ln_group *g, size_t lane) {
  return g->trainers[lane < g->count ? lane : g->count - 1];
}

static void put_in(ln_group *g) {
  const ln_net *net = g->trainers[0]->plan->net;
  for (size_t lane = 0; lane < LN_NETWORKS; lane++) {
    const ln_trainer *t = of_lane(g, lane);
    for (size_t l = 0; l < net->depth; l++) {
      const size_t n = net->layers[l].inputs * net->layers[l].outputs, at = net->layers[l].weights;
      spread(n, t->theta + at, g->layers[l].W, lane);
      if (g->layers[l].velocity) spread(n, t->memory + at, g->layers[l].velocity, lane);
    }
  }
}

static void take_out(ln_group *g, size_t lane) {
  ln_trainer *t = g->trainers[lane];
  const ln_net *net = t->plan->net;
  for (size_t l = 0; l < net->depth; l++) {
    const size_t n = net->layers[l].inputs * net->layers[l].outputs, at = net->layers[l].weights;
    gather(n, g->layers[l].W, lane, t->theta + at);
    if (g->layers[l].velocity) gather(n, g->layers[l].velocity, lane, t->memory + at);
  }
  t->step = g->step;
}

/* ---- making a group ---- */

static double *take_lanes(ln_context *cx, size_t n) { return ln_take(cx, n, LN_NETWORKS * sizeof(double)); }

static bool take_layers(ln_context *cx, ln_group *g) {
  const ln_trainer *first = g->trainers[0];
  const ln_net *net = first->plan->net;
  const bool *frozen = first->descent.frozen;
  g->layers = ln_take(cx, net->depth, sizeof *g->layers);
  bool taken = g->layers;
  for (size_t l = 0; l < net->depth && taken; l++) {
    const size_t rows = net->layers[l].outputs, cols = net->layers[l].inputs;
    ln_side_layer *layer = &g->layers[l];
    *layer = (ln_side_layer){.rows = rows, .cols = cols, .moves = !(frozen && frozen[l])};
    layer->W = take_lanes(cx, rows * cols);
    if (l == 0)
      layer->next = take_lanes(cx, rows * cols);
    else
      layer->P = take_lanes(cx, rows * ln_inputs(net));
    if (first->descent.optimizer->memory) layer->velocity = take_lanes(cx, rows * cols);
    taken = layer->W && (layer->next || layer->P) && (layer->velocity || !first->descent.optimizer->memory);
  }
  return taken;
}

/* The moments of all lanes, which are diagonal if every network's are. */
static bool take_moments(ln_context *cx, ln_group *g) {
  const ln_net *net = g->trainers[0]->plan->net;
  const size_t inputs = ln_inputs(net), outputs = ln_outputs(net);
  ln_side_by_side *s = &g->networks;
  bool diagonal = true;
  for (size_t i = 0; i < g->count; i++)
    diagonal = diagonal && ln_is_diagonal(g->trainers[i]->plan->task->Sxx);
  double *Syx = take_lanes(cx, outputs * inputs), *loss_min = take_lanes(cx, 1);
  double *d = take_lanes(cx, inputs), *inverse = take_lanes(cx, inputs);
  double *Sxx = diagonal ? NULL : take_lanes(cx, inputs * inputs);
  double *target = diagonal ? NULL : take_lanes(cx, outputs * inputs);
  if (!Syx || !loss_min || !d || !inverse || (!diagonal && (!Sxx || !target))) return false;
  for (size_t lane = 0; lane < LN_NETWORKS; lane++) {
    const ln_task *task = of_lane(g, lane)->plan->task;
    loss_min[lane] = task->loss_min;
    for (size_t j = 0; j < inputs; j++) {
      const size_t at = j * LN_NETWORKS + lane, column = j * LN_NETWORKS;
      d[at] = LN_AT(task->Sxx, j, j);
      inverse[at] = d[at] > 0 ? 1 / d[at] : 0;
      spread(outputs, &LN_AT(task->Syx, 0, j), Syx + column * outputs, lane);
      if (diagonal) continue;
      spread(inputs, &LN_AT(task->Sxx, 0, j), Sxx + column * inputs, lane);
      spread(outputs, &LN_AT(task->target, 0, j), target + column * outputs, lane);
    }
  }
  s->Syx = Syx, s->loss_min = loss_min, s->Sxx = Sxx, s->target = target;
  s->d = diagonal ? d : NULL, s->inverse = diagonal ? inverse : NULL;
  return true;
}

ln_status ln_make_group(ln_context *cx, ln_group *g) {
  ln_mark mark = ln_begin(cx);
  const ln_trainer *first = g->trainers[0];
  const ln_net *net = first->plan->net;
  const size_t room = ln_widest(net) * ln_inputs(net);
  ln_side_by_side *s = &g->networks;
  *s = (ln_side_by_side){.depth = net->depth, .lowest = first->plan->lowest};
  bool taken = take_layers(cx, g) && take_moments(cx, g);
  s->G = take_lanes(cx, ln_outputs(net) * ln_inputs(net));
  s->even = take_lanes(cx, room);
  s->odd = take_lanes(cx, room);
  g->done = take_lanes(cx, 1), g->least = take_lanes(cx, 1), g->most = take_lanes(cx, 1);
  if (!taken || !s->G || !s->even || !s->odd || !g->done || !g->least || !g->most)
    return ln_end(cx, mark, LN_EMEMORY);
  s->layers = g->layers;
  s->done = g->done, s->least = g->least, s->most = g->most;
  g->step = 0;
  g->begun = false;
  memset(g->status, 0, sizeof g->status);
  memset(g->rests, 0, sizeof g->rests);
  return LN_OK;
}

/* ---- descending ---- */

/* Network `lane` ends where it is; what became of it is judged by its own trainer. */
static ln_status come_to_rest(ln_context *cx, ln_group *g, size_t lane) {
  ln_trainer *t = g->trainers[lane];
  g->rests[lane] = true;
  g->done[lane] = 1;
  ln_status status = ln_train_finish(cx, t);
  if (status != LN_OK && status != LN_EDIVERGED) return status;
  t->stopped = status == LN_OK && g->networks.loss[lane] <= g->least[lane];
  g->status[lane] = t->stopped ? LN_OK : LN_EDIVERGED;
  return LN_OK;
}

/* The first losses: what they may grow to, and whether they are any. */
static ln_status begin(ln_context *cx, ln_group *g) {
  const ln_descent *how = &g->trainers[0]->descent;
  ln_side_by_side *s = &g->networks;
  find_step(how->optimizer, &s->how);
  s->rate = how->rate, s->decay = how->weight_decay, s->momentum = how->momentum;
  put_in(g);
  for (size_t lane = 0; lane < LN_NETWORKS; lane++) {
    g->done[lane] = lane >= g->count;
    g->least[lane] = g->most[lane] = 0;
  }
  for (size_t lane = 0; lane < g->count; lane++) {
    ln_trainer *t = g->trainers[lane];
    ln_status status = ln_train_finish(cx, t);
    if (status == LN_EDIVERGED) {
      g->status[lane] = status;
      g->rests[lane] = true;
      g->done[lane] = 1;
    } else if (status != LN_OK) {
      return status;
    }
    g->least[lane] = t->stop_loss;
    g->most[lane] = t->loss_limit;
  }
  g->begun = true;
  return LN_OK;
}

static size_t live(const ln_group *g) {
  size_t n = 0;
  for (size_t lane = 0; lane < g->count; lane++) n += !g->rests[lane];
  return n;
}

ln_status ln_group_until(ln_context *cx, ln_group *g, size_t until) {
  ln_status status = g->begun ? LN_OK : begin(cx, g);
  const double flops = g->trainers[0]->plan->flops;
  const size_t most = (size_t)fmax(1, STRETCH / (LN_NETWORKS * flops)), total = g->trainers[0]->steps;
  while (status == LN_OK && g->step < until && live(g)) {
    const size_t steps = until - g->step < most ? until - g->step : most;
    status = ln_charge(cx, flops * (double)(steps * live(g)));
    if (status != LN_OK) break;
    const size_t done = cx->kernels->descend_side_by_side(&g->networks, steps);
    g->step += done;
    for (size_t lane = 0; lane < g->count && done < steps && status == LN_OK; lane++) {
      const double loss = g->networks.loss[lane];
      if (g->rests[lane] || (loss > g->least[lane] && loss <= g->most[lane])) continue;
      take_out(g, lane);
      status = come_to_rest(cx, g, lane);
    }
    ln_report(cx, "training", (double)g->step / (double)total);
  }
  for (size_t lane = 0; lane < g->count && g->begun; lane++)
    if (!g->rests[lane]) take_out(g, lane);
  return status;
}
