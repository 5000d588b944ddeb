/* theory.generalization: teachers of low rank, random labels, transfer between tasks. */
#include "lua/ltheory_generalization.h"

#include <math.h>

#include "theory/low_rank.h"
#include "theory/mode.h"

#define STUDENT_OPTIONS "inputs", "examples", "noise", "start", "depth"

typedef struct student {
  double inputs, examples, noise, start, depth;
} student;

static student option_student(const options *o) {
  student s = {.inputs = option_size(o, "inputs")};
  s.examples = option_given(o, "examples") ? option_size(o, "examples") : s.inputs;
  s.noise = option_nonnegative(o, "noise");
  s.start = option_positive(o, "start");
  s.depth = option_between_or(o, "depth", 1, 1e6, 2);
  return s;
}

/* Pushes two values. */
static ln_low_rank option_low_rank(const options *o) {
  ln_matrix s = option_vector(o, "s");
  student with = option_student(o);
  ln_low_rank p = {.s = s.data,
                   .modes = s.rows,
                   .outputs = option_size(o, "outputs"),
                   .inputs = with.inputs,
                   .examples = with.examples,
                   .noise = with.noise,
                   .start = with.start,
                   .depth = with.depth};
  check(o->L, o->call, ln_low_rank_check(context_of(o->L), &p));
  return p;
}

/* Sets columns of the table on top of the stack: what the data show of the teacher's modes. */
static void put_spikes(lua_State *L, const ln_low_rank *p) {
  static const char *const names[] = {"s_hat", "output_overlap", "input_overlap"};
  double *columns[3];
  for (int i = 0; i < 3; i++) {
    columns[i] = push_matrix(L, p->modes, 1).data;
    lua_setfield(L, -2, names[i]);
  }
  ln_low_rank_scales c = ln_low_rank_scales_of(p);
  for (size_t k = 0; k < p->modes; k++) {
    ln_spike spike = ln_spike_of(c.visible * p->s[k], c.aspect, c.sig);
    columns[0][k] = spike.s_hat, columns[1][k] = spike.output_overlap, columns[2][k] = spike.input_overlap;
  }
  put_number(L, "edge", c.sig * (1 + sqrt(c.aspect)));
  put_number(L, "threshold", c.sig * pow(c.aspect, 0.25) / c.visible);
}

/* Sets the field name of the table on top of the stack to what is at index plus `more`, in the shape of t. */
static void put_sum(lua_State *L, const char *name, const double *numbers, double more, const times *t) {
  double *sum = push_like_times(L, t);
  for (size_t i = 0; i < t->n; i++) sum[i] = numbers[i] + more;
  put_like_times(L, name, t);
}

/* theory.generalization.low_rank { s=, outputs=, inputs=, examples=inputs, noise=, start=, depth=2, t=, form="exact" } */
static int generalization_low_rank(lua_State *L) {
  static const char *const names[] = {"s", "outputs", STUDENT_OPTIONS, "t", "form", NULL};
  static const char *const forms[] = {"exact", "published", NULL};
  static const double never = INFINITY;
  options o = options_read(L, 1, "theory.generalization.low_rank", names);
  ln_low_rank p = option_low_rank(&o);
  bool published = option_choice_or(&o, "form", forms, 0) == 1, timed = option_given(&o, "t");
  times t = {0};
  if (timed) t = option_times(&o, "t");
  double *excess = push_matrix(L, t.n, 1).data, *target = push_matrix(L, t.n, 1).data, t_opt, best, final;
  ln_context *cx = context_of(L);
  ln_low_rank_errors errors = {excess, target}, limit = {.excess = &final};
  check(L, o.call, ln_low_rank_at(cx, &p, published, t.data, t.n, &errors));
  check(L, o.call, ln_low_rank_at(cx, &p, published, &never, 1, &limit));
  check(L, o.call, ln_low_rank_best(cx, &p, published, &t_opt, &best));
  double labels = p.outputs * p.noise;
  lua_createtable(L, 0, 14);
  put_spikes(L, &p);
  put_number(L, "t_opt", t_opt);
  put_number(L, "best", best + labels), put_number(L, "best_excess", best);
  put_number(L, "final", final + labels), put_number(L, "final_excess", final);
  if (!timed) return 1;
  put_sum(L, "excess_error", excess, 0, &t);
  put_sum(L, "test_error", excess, labels, &t);
  put_sum(L, "target_error", target, 0, &t);
  for (size_t i = 0; i < t.n; i++) target[i] = ln_low_rank_train(&p, target[i]);
  put_sum(L, "train_error", target, 0, &t);
  return 1;
}

/* ---- labels without meaning ---- */

static ln_status learning_times(ln_context *cx, const ln_low_rank *p, double rate, double fraction,
                                const double *s_hat, double *time) {
  for (size_t k = 0; k < p->modes; k++) {
    ln_mode mode = {.s = s_hat[k], .rho = 1, .a0 = p->start, .depth = p->depth};
    ln_status status = ln_mode_time_to_fraction(cx, &mode, &fraction, 1, &time[k]);
    if (status != LN_OK) return status;
    time[k] /= rate;
  }
  return LN_OK;
}

/* theory.generalization.random_labels { s=, outputs=, inputs=, examples=inputs, noise=, start=, depth=2, shuffle="entries",
 * fraction=0.5 } */
static int generalization_random_labels(lua_State *L) {
  static const char *const names[] = {"s", "outputs", STUDENT_OPTIONS, "shuffle", "fraction", NULL};
  static const char *const shuffles[] = {"entries", "examples", NULL};
  static const char *const fields[] = {"s_hat", "s_hat_shuffled", "time", "time_shuffled", "ratio"};
  options o = options_read(L, 1, "theory.generalization.random_labels", names);
  ln_low_rank p = option_low_rank(&o), shuffled = p;
  bool entries = option_choice_or(&o, "shuffle", shuffles, 0) == 0;
  double fraction = option_between_or(&o, "fraction", 0, 1, 0.5), kept = 0, power = 0;
  if (fraction == 0 || fraction == 1)
    option_fail(&o, "fraction", "must lie between 0 and 1, got %g", fraction);
  /* Examples that change places are a rotation where they are orthogonal; of more than inputs a part is seen. */
  if (!entries) kept = p.examples > p.inputs ? sqrt(p.inputs / p.examples) : 1;
  for (size_t k = 0; k < p.modes; k++) power += p.s[k] * p.s[k];
  if (entries) shuffled.noise += power / p.outputs;
  ln_low_rank_scales c = ln_low_rank_scales_of(&p), after = ln_low_rank_scales_of(&shuffled);
  lua_createtable(L, 0, 5);
  double *column[5];
  for (int i = 0; i < 5; i++) {
    column[i] = push_matrix(L, p.modes, 1).data;
    lua_setfield(L, -2, fields[i]);
  }
  for (size_t k = 0; k < p.modes; k++) {
    column[0][k] = ln_spike_of(c.visible * p.s[k], c.aspect, c.sig).s_hat;
    column[1][k] = ln_spike_of(kept * after.visible * p.s[k], after.aspect, after.sig).s_hat;
  }
  check(L, o.call, learning_times(context_of(L), &p, c.rate, fraction, column[0], column[2]));
  check(L, o.call, learning_times(context_of(L), &p, c.rate, fraction, column[1], column[3]));
  for (size_t k = 0; k < p.modes; k++) column[4][k] = column[3][k] / column[2][k];
  return 1;
}

/* ---- transfer ---- */

/* theory.generalization.transfer { s={A, B}, outputs={A, B}, overlap=, inputs=, examples=inputs, noise=, start=, depth=2, t= } */
static int generalization_transfer(lua_State *L) {
  static const char *const names[] = {"s", "outputs", "overlap", STUDENT_OPTIONS, "t", NULL};
  options o = options_read(L, 1, "theory.generalization.transfer", names);
  ln_matrix s = option_vector(&o, "s"), outputs = option_vector(&o, "outputs");
  if (s.rows != 2) option_fail(&o, "s", "must be { of task A, of task B }, got %zu numbers", s.rows);
  if (outputs.rows != 2)
    option_fail(&o, "outputs", "must be { of task A, of task B }, got %zu numbers", outputs.rows);
  student with = option_student(&o);
  ln_transfer p = {.s = {s.data[0], s.data[1]},
                   .outputs = {outputs.data[0], outputs.data[1]},
                   .overlap = option_between(&o, "overlap", -1, 1),
                   .inputs = with.inputs,
                   .examples = with.examples,
                   .noise = with.noise,
                   .start = with.start,
                   .depth = with.depth};
  for (int i = 0; i < 2; i++)
    if (p.outputs[i] != floor(p.outputs[i]))
      option_fail(&o, "outputs", "must be whole numbers, got %g", p.outputs[i]);
  bool timed = option_given(&o, "t");
  times t = {0};
  if (timed) t = option_times(&o, "t");
  double *joint = push_matrix(L, t.n, 1).data, *apart = push_matrix(L, t.n, 1).data;
  ln_context *cx = context_of(L);
  ln_low_rank alone = ln_transfer_alone(&p);
  ln_low_rank_errors errors = {.excess = apart};
  double t_opt, best, t_opt_alone, best_alone;
  check(L, o.call, ln_transfer_at(cx, &p, t.data, t.n, joint));
  check(L, o.call, ln_low_rank_at(cx, &alone, true, t.data, t.n, &errors));
  check(L, o.call, ln_transfer_best(cx, &p, &t_opt, &best));
  check(L, o.call, ln_low_rank_best(cx, &alone, true, &t_opt_alone, &best_alone));
  lua_createtable(L, 0, 8);
  put_number(L, "t_opt", t_opt), put_number(L, "best_excess", best);
  put_number(L, "t_opt_alone", t_opt_alone), put_number(L, "best_excess_alone", best_alone);
  put_number(L, "benefit", best_alone - best);
  if (!timed) return 1;
  put_sum(L, "excess_error", joint, 0, &t);
  put_sum(L, "test_error", joint, p.outputs[0] * p.noise, &t);
  put_sum(L, "excess_error_alone", apart, 0, &t);
  return 1;
}

const luaL_Reg generalization_low_rank_functions[] = {{"low_rank", generalization_low_rank},
                                                      {"random_labels", generalization_random_labels},
                                                      {"transfer", generalization_transfer},
                                                      {NULL, NULL}};
