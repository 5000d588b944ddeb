/* lensemble_group.c: small linear networks of an ensemble, four at a time.
 *
 * Each group is taken in parts, a few records by whoever is free: no worker is left without work while another
 * still has groups to go. A group's numbers are its own, so that they do not depend on who took which part. */
#include <stdatomic.h>
#include <string.h>

#include "lua/lensemble.h"
#include "network/group.h"

/* Networks that fill a group well enough: fewer are as fast one after the other. */
#define GROUPED_LEAST 3
/* Operations of a part: some ten milliseconds. */
#define PART 4e8

typedef struct group_of_ensemble {
  ln_group networks;
  atomic_bool taken;  /* in some worker's hands, whose alone all the rest then is */
  atomic_size_t next; /* the first record that there is not yet; others may look at it */
  atomic_bool finished;
} group_of_ensemble;

/* Record k of network i of a group, if it still trains and has not got it. */
static ln_status record_in_group(ln_context *cx, const ln_group *g, size_t i, member *m, size_t k) {
  training *t = &m->as.training;
  if (m->ended || t->run.done > k) return LN_OK;
  ln_status status = g->status[i] == LN_OK ? record_training(cx, t) : g->status[i];
  if (status == LN_EDIVERGED || (status == LN_OK && g->rests[i])) note_end(m, status);
  return m->diverged ? LN_OK : status;
}

/* The records of a part, or what comes behind the last one. */
static ln_status take_part(ln_context *cx, const ensemble *e, size_t number) {
  group_of_ensemble *of = &e->group[number];
  ln_group *g = &of->networks;
  member *m = &e->at[number * LN_NETWORKS];
  const schedule *s = &m->as.training.schedule;
  const double steps = PART / (LN_NETWORKS * g->trainers[0]->plan->flops);
  const size_t end = g->step + (size_t)steps;
  ln_status status = LN_OK;
  for (size_t k = of->next; k < s->count && g->step <= end && status == LN_OK; k++) {
    status = ln_group_until(cx, g, step_of(s, k));
    for (size_t i = 0; i < g->count && status == LN_OK; i++) status = record_in_group(cx, g, i, &m[i], k);
    if (status == LN_OK) of->next = k + 1;
  }
  if (of->next < s->count || status != LN_OK) return status;
  for (size_t i = 0; i < g->count && status == LN_OK; i++) {
    if (m[i].ended) continue;
    status = ln_train_finish(cx, &m[i].as.training.trainer);
    note_end(&m[i], status);
    if (m[i].diverged) status = LN_OK;
  }
  of->finished = status == LN_OK;
  return status;
}

/* A group that nobody has and that is furthest behind, now the caller's; or NULL. */
static group_of_ensemble *take_group(const ensemble *e) {
  for (;;) {
    group_of_ensemble *last = NULL;
    for (size_t i = 0; i < e->groups; i++) {
      group_of_ensemble *g = &e->group[i];
      if (!g->taken && !g->finished && (!last || g->next < last->next)) last = g;
    }
    if (!last) return NULL;
    if (!atomic_exchange(&last->taken, true)) {
      if (!last->finished) return last;
      last->taken = false; /* somebody finished it in between */
    }
  }
}

void release_groups(ensemble *e) {
  for (size_t i = 0; i < e->groups; i++) e->group[i].taken = false;
}

ln_status work_in_groups(ln_context *cx, void *ud, size_t job) {
  (void)job; /* whatever is to be done */
  const ensemble *e = ud;
  group_of_ensemble *g;
  while ((g = take_group(e))) {
    ln_status status = take_part(cx, e, (size_t)(g - e->group));
    if (status != LN_OK) return status; /* and the group stays taken */
    g->taken = false;
  }
  return LN_OK;
}

static ln_status make_groups(ln_context *cx, ensemble *e) {
  ln_mark mark = ln_begin(cx);
  for (size_t i = 0; i < e->groups; i++) {
    ln_status status = ln_make_group(cx, &e->group[i].networks);
    if (status != LN_OK) return ln_end(cx, mark, status);
  }
  e->box->blocks = ln_detach(cx, mark);
  return LN_OK;
}

/* Small linear networks are trained in groups, side by side. */
void form_groups(ensemble *e) {
  lua_State *L = e->L;
  const training *first = &e->at[0].as.training;
  bool can = e->count >= GROUPED_LEAST;
  for (size_t i = 0; i < e->count && can; i++) {
    const training *t = &e->at[i].as.training;
    can = t->run.choice == LN_PLAN_AUTO && ln_can_group(&t->trainer) &&
          ln_same_group(&t->trainer, &first->trainer);
  }
  if (!can) return;
  e->groups = (e->count + LN_NETWORKS - 1) / LN_NETWORKS;
  e->group = lua_newuserdatauv(L, e->groups * sizeof *e->group, 0);
  for (size_t i = 0; i < e->groups; i++) {
    e->group[i].networks = (ln_group){0};
    e->group[i].next = 0;
    e->group[i].finished = false;
  }
  for (size_t i = 0; i < e->count; i++) {
    ln_group *g = &e->group[i / LN_NETWORKS].networks;
    g->trainers[g->count++] = &e->at[i].as.training.trainer;
  }
  e->box = push_box(L);
  check(L, e->kind->call, make_groups(context_of(L), e));
  lua_rawseti(L, e->kept, -1); /* kept there, off the stack */
  lua_rawseti(L, e->kept, 0);
}
