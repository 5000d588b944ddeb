/* Jobs over workers: each is done once, and what ends the caller ends them all. */
#include "check.h"
#include "scarce.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/parallel.h"

enum { JOBS = 500, WORKERS = 3 };
static const double LONG = 1; /* seconds: worth every thread */

static atomic_int done[JOBS];
static double numbers[JOBS];

static ln_context with_workers(int workers) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  cx.workers = workers;
  memset(done, 0, sizeof done);
  return cx;
}

static ln_status add_up(ln_context *cx, void *ud, size_t job) {
  (void)ud;
  ln_mark mark = ln_begin(cx);
  double *x = ln_reals(cx, 10 + job % 7), sum = 0;
  if (!x) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < 10 + job % 7; i++) sum += x[i] = sin((double)(job * i));
  numbers[job] = sum;
  atomic_fetch_add(&done[job], 1);
  return ln_end(cx, mark, ln_charge(cx, 100));
}

static void every_job_is_done_once(void **state) {
  (void)state;
  double before[JOBS];
  for (int workers = 1; workers <= WORKERS; workers++) {
    ln_context cx = with_workers(workers);
    assert_int_equal(ln_parallel(&cx, JOBS, LONG, add_up, NULL), LN_OK);
    for (size_t i = 0; i < JOBS; i++) assert_int_equal(done[i], 1);
    if (workers > 1) assert_memory_equal(numbers, before, sizeof numbers);
    memcpy(before, numbers, sizeof numbers);
    assert_true(cx.flops_used == 100.0 * JOBS);
    assert_true(cx.flops_left == INFINITY);
    assert_null(ln_begin(&cx));
    assert_int_equal(ln_parallel(&cx, 0, LONG, add_up, NULL), LN_OK);
  }
}

static pthread_t caller;
static atomic_int elsewhere;

static ln_status note_thread(ln_context *cx, void *ud, size_t job) {
  (void)ud, (void)job;
  if (!pthread_equal(pthread_self(), caller)) atomic_fetch_add(&elsewhere, 1);
  usleep(1000);
  return ln_poll(cx);
}

static void short_work_stays_on_the_callers_thread(void **state) {
  (void)state;
  caller = pthread_self();
  ln_context cx = with_workers(WORKERS);
  atomic_store(&elsewhere, 0);
  assert_int_equal(ln_parallel(&cx, 20, 1e-3, note_thread, NULL), LN_OK);
  assert_int_equal(elsewhere, 0);
  assert_int_equal(ln_parallel(&cx, 20, LONG, note_thread, NULL), LN_OK);
  assert_true(elsewhere > 0);
  assert_true(elsewhere < 20);
}

static ln_status fail_some(ln_context *cx, void *ud, size_t job) {
  (void)ud;
  atomic_fetch_add(&done[job], 1);
  return job % 100 == 42 ? ln_fail(cx, LN_ENUMERIC, "job %zu", job) : LN_OK;
}

static void the_first_failure_by_number_is_told_and_the_others_go_on(void **state) {
  (void)state;
  for (int workers = 1; workers <= WORKERS; workers++) {
    ln_context cx = with_workers(workers);
    assert_int_equal(ln_parallel(&cx, JOBS, LONG, fail_some, NULL), LN_ENUMERIC);
    assert_string_equal(cx.message, "job 42");
    for (size_t i = 0; i < JOBS; i++) assert_int_equal(done[i], 1);
  }
}

/* Works until it is told to end. */
static ln_status work_on(ln_context *cx, void *ud, size_t job) {
  atomic_fetch_add(&done[job], 1);
  if (job == 1 && ud) ln_interrupt(ud);
  ln_status status = LN_OK;
  while (status == LN_OK) {
    usleep(100);
    status = ln_charge(cx, 1e5);
  }
  return status;
}

static int begun(void) {
  int n = 0;
  for (size_t i = 0; i < JOBS; i++) n += done[i];
  return n;
}

static void an_interrupt_ends_all_workers(void **state) {
  (void)state;
  ln_context cx = with_workers(WORKERS);
  double before = ln_clock();
  assert_int_equal(ln_parallel(&cx, JOBS, LONG, work_on, &cx), LN_EINTERRUPT);
  assert_true(ln_clock() - before < 1);
  assert_int_equal(cx.ended, LN_EINTERRUPT);
  assert_string_equal(cx.message, "interrupted");
  assert_true(begun() <= WORKERS);
}

static void a_deadline_ends_all_workers(void **state) {
  (void)state;
  ln_context cx = with_workers(WORKERS);
  double before = ln_clock();
  cx.deadline = before + 0.05;
  assert_int_equal(ln_parallel(&cx, JOBS, LONG, work_on, NULL), LN_ETIME);
  assert_true(ln_clock() - before >= 0.05);
  assert_true(ln_clock() - before < 1);
  assert_int_equal(cx.ended, LN_ETIME);
  assert_true(begun() <= WORKERS);
}

static void a_budget_is_for_all_workers_together(void **state) {
  (void)state;
  for (int workers = 1; workers <= WORKERS; workers++) {
    ln_context cx = with_workers(workers);
    cx.flops_left = 5e8 + 1;
    assert_int_equal(ln_parallel(&cx, JOBS, LONG, work_on, NULL), LN_EFLOPS);
    assert_true(cx.flops_used <= 5e8);
    assert_true(cx.flops_used > 4e8 || workers > 1);
    assert_true(cx.flops_used + cx.flops_left == 5e8 + 1);
    assert_int_equal(cx.ended, LN_EFLOPS);
    assert_true(begun() <= workers);
  }
}

static void what_is_left_of_a_budget_is_given_back(void **state) {
  (void)state;
  ln_context cx = with_workers(WORKERS);
  cx.flops_left = 1e9;
  assert_int_equal(ln_parallel(&cx, JOBS, LONG, add_up, NULL), LN_OK);
  assert_true(cx.flops_left == 1e9 - 100.0 * JOBS);
  cx.flops_left = 100.0 * JOBS; /* to the last */
  assert_int_equal(ln_parallel(&cx, JOBS, LONG, add_up, NULL), LN_OK);
  assert_true(cx.flops_left == 0);
}

static double last;
static int reports;

static void keep_progress(void *ud, const char *what, double fraction) {
  (void)ud;
  assert_true(pthread_equal(pthread_self(), caller));
  assert_string_equal(what, "counting");
  assert_true(fraction >= last && fraction <= 1);
  last = fraction;
  reports++;
}

static ln_status tell_progress(ln_context *cx, void *ud, size_t job) {
  (void)ud, (void)job;
  for (int i = 0; i <= 10; i++) ln_report(cx, "counting", i / 10.0);
  return LN_OK;
}

static void progress_is_of_the_whole_and_told_by_the_callers_thread(void **state) {
  (void)state;
  caller = pthread_self();
  last = 0, reports = 0;
  ln_context cx = with_workers(1);
  cx.progress = keep_progress;
  assert_int_equal(ln_parallel(&cx, 20, LONG, tell_progress, NULL), LN_OK);
  assert_int_equal(reports, 20 * 11);
  assert_close(last, 1, 1e-15);
}

static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  ln_context cx = with_workers(1);
  int left;
  cx.allocate = allocate_scarce;
  cx.allocate_ud = &left;
  ln_status status = LN_EMEMORY;
  for (int allowed = 0; status != LN_OK; allowed++) {
    left = allowed;
    status = ln_parallel(&cx, 5, LONG, add_up, NULL);
    assert_true(status == LN_OK || status == LN_EMEMORY);
    assert_null(ln_begin(&cx));
    assert_true(allowed < 100);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_job_is_done_once),
      cmocka_unit_test(short_work_stays_on_the_callers_thread),
      cmocka_unit_test(the_first_failure_by_number_is_told_and_the_others_go_on),
      cmocka_unit_test(an_interrupt_ends_all_workers),
      cmocka_unit_test(a_deadline_ends_all_workers),
      cmocka_unit_test(a_budget_is_for_all_workers_together),
      cmocka_unit_test(what_is_left_of_a_budget_is_given_back),
      cmocka_unit_test(progress_is_of_the_whole_and_told_by_the_callers_thread),
      cmocka_unit_test(memory_may_run_out_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
