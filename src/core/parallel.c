#include "core/parallel.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

/* Until a new thread runs on a core of its own some milliseconds pass. */
#define WORTH_A_THREAD 5e-3
/* Operations of the budget that a worker takes at a time: what it does with them takes some tens of milliseconds at
 * most. */
#define SHARE 2e8

typedef struct region region;

typedef struct worker {
  ln_context cx; /* the first field: what a job is given is also the worker */
  region *of;
} worker;

struct region {
  ln_context *cx; /* the caller's */
  ln_job run;
  void *ud;
  size_t jobs;
  atomic_size_t next, finished;
  atomic_bool ending; /* no further job begins */
  pthread_mutex_t memory, lock;
  /* under `lock`: */
  double flops_left;
  size_t failed; /* the first job that did, or `jobs` */
  ln_status status;
};

/* ---- what workers share with the caller ---- */

static void *allocate_in_turn(void *ud, void *block, size_t old_size, size_t new_size) {
  region *r = ud;
  pthread_mutex_lock(&r->memory);
  void *moved = r->cx->allocate(r->cx->allocate_ud, block, old_size, new_size);
  pthread_mutex_unlock(&r->memory);
  return moved;
}

static double draw_flops(ln_context *cx, double needed) {
  region *r = ((worker *)cx)->of;
  pthread_mutex_lock(&r->lock);
  double drawn = needed > r->flops_left ? 0 : needed + fmin(SHARE, r->flops_left - needed);
  r->flops_left -= drawn;
  pthread_mutex_unlock(&r->lock);
  return drawn;
}

/* The progress of the caller's thread stands for all. */
static void report(void *ud, const char *what, double fraction) {
  region *r = ud;
  double finished = (double)atomic_load_explicit(&r->finished, memory_order_relaxed);
  ln_report(r->cx, what, fmin(1, (finished + fraction) / (double)r->jobs));
}

static void make_worker(worker *w, region *r, bool is_caller) {
  const ln_context *cx = r->cx;
  ln_context_init(&w->cx, allocate_in_turn, r);
  w->of = r;
  w->cx.leader = cx->leader ? cx->leader : cx;
  w->cx.deadline = cx->deadline;
  w->cx.permissions = cx->permissions;
  w->cx.kernels = cx->kernels;
  if (cx->flops_left < INFINITY) {
    w->cx.flops_left = 0;
    w->cx.draw_flops = draw_flops;
  }
  if (is_caller && cx->progress) {
    w->cx.progress = report;
    w->cx.progress_ud = r;
  }
}

/* ---- working ---- */

static void note_failure(region *r, const ln_context *cx, size_t job, ln_status status) {
  if (status == LN_EINTERRUPT || status == LN_ETIME || status == LN_EFLOPS) atomic_store(&r->ending, true);
  pthread_mutex_lock(&r->lock);
  if (job < r->failed) {
    r->failed = job;
    r->status = status;
    memcpy(r->cx->message, cx->message, sizeof cx->message);
  }
  pthread_mutex_unlock(&r->lock);
}

static void *work(void *given) {
  worker *w = given;
  region *r = w->of;
  size_t job;
  while (!atomic_load(&r->ending) && (job = atomic_fetch_add(&r->next, 1)) < r->jobs) {
    ln_status status = r->run(&w->cx, r->ud, job);
    if (status != LN_OK) note_failure(r, &w->cx, job, status);
    atomic_fetch_add_explicit(&r->finished, 1, memory_order_relaxed);
  }
  return NULL;
}

/* Threads for all workers but the first, which the caller's is; how many could be had. Signals are left to the caller's
 * threads. */
static size_t start_threads(pthread_t *threads, worker *workers, size_t count) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  size_t started = 0;
  while (started + 1 < count && !pthread_create(&threads[started], NULL, work, &workers[started + 1]))
    started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

ln_status ln_parallel(ln_context *cx, size_t jobs, double seconds, ln_job run, void *ud) {
  ln_mark mark = ln_begin(cx);
  size_t count = seconds < WORTH_A_THREAD ? 1 : (size_t)cx->workers;
  if (count > jobs) count = jobs ? jobs : 1;
  worker *workers = ln_take(cx, count, sizeof *workers);
  pthread_t *threads = ln_take(cx, count, sizeof *threads);
  if (!workers || !threads) return ln_end(cx, mark, LN_EMEMORY);
  region r = {.cx = cx,
              .run = run,
              .ud = ud,
              .jobs = jobs,
              .flops_left = cx->flops_left,
              .failed = jobs,
              .status = LN_OK};
  pthread_mutex_init(&r.memory, NULL);
  pthread_mutex_init(&r.lock, NULL);
  for (size_t i = 0; i < count; i++) make_worker(&workers[i], &r, i == 0);

  size_t started = start_threads(threads, workers, count);
  work(&workers[0]);
  for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);

  pthread_mutex_destroy(&r.lock);
  pthread_mutex_destroy(&r.memory);
  const bool has_budget = cx->flops_left < INFINITY;
  cx->flops_left = r.flops_left;
  for (size_t i = 0; i < count; i++) {
    cx->flops_used += workers[i].cx.flops_used;
    if (has_budget) cx->flops_left += workers[i].cx.flops_left;
    if (workers[i].cx.ended != LN_OK) cx->ended = workers[i].cx.ended;
  }
  return ln_end(cx, mark, r.status);
}
