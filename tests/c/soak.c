/* soak [SECONDS]: what a host relies on, for longer than a test may take. States in as many threads as states; states opened
 * and closed by the ten thousand; interrupts at any time. `make soak` runs it, `make soak-threads` under ThreadSanitizer. */
#include "linnet.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS 16

static void stop_unless(int fine, const char *what, linnet_state *S) {
  if (fine) return;
  fprintf(stderr, "soak: %s: %s\n", what, S ? linnet_message(S) : "");
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int run(linnet_state *S, const char *text) {
  lua_settop(linnet_lua(S), 0);
  return linnet_dostring(S, text, strlen(text), "=soak");
}

/* Each returns true. */
static const char *const right[] = {
    "local A = random.stream(3):normal(30, 30) return (A * A:inv() - matrix.eye(30)):norm() < 1e-9",
    "local A = random.stream(4):normal(12, 7) local U, s, V = A:svd() "
    "return (U * matrix.diag(s) * V.T - A):norm() < 1e-12",
    "local t = data.semantic() local n = network.new { task = t, hidden = 8, init = 'aligned', strength = "
    "1e-3, seed = 1 } "
    "local r = n:train { task = t, rate = .05, steps = 400 } return math.abs(r.loss[#r.loss] - n:loss(t)) < "
    "1e-12",
    "local t = data.semantic() local n = network.new { task = t, hidden = 4, seed = 2 } "
    "local a = n:copy():flow { task = t, times = { 0, 1, 5 } } return a.loss[1] > a.loss[3]",
    "return theory.mode.strength { s = 2, a0 = 1e-3, t = 1e3 } == 2",
    "local s = 0 for i = 1, 20000 do s = s + i % 7 end return ('x'):rep(300):gsub('x', 'ab'):len() == 600 "
    "and s == 59998",
    "local ok = pcall(error, {}) local co = coroutine.wrap(function() coroutine.yield(1) end) return not ok "
    "and co() == 1",
    "local t = data.task { X = random.stream(1):normal(5, 40), Y = random.stream(2):normal(1, 40) } "
    "local n = network.new { task = t, hidden = 6, activation = 'tanh', bias = true, seed = 1 } "
    "return n:train { task = t, rate = .05, steps = 60 }.loss.rows > 1",
};
enum { RIGHT = sizeof right / sizeof *right };

static void compute(linnet_state *S, unsigned which) {
  int status = run(S, right[which % RIGHT]);
  stop_unless(status == LINNET_OK, right[which % RIGHT], S);
  stop_unless(lua_toboolean(linnet_lua(S), 1), right[which % RIGHT], NULL);
}

/* ---- states in threads ---- */

static atomic_long computed;
static double deadline;

static void *work(void *ud) {
  unsigned which = *(unsigned *)ud;
  while (now() < deadline) {
    linnet_state *S;
    stop_unless(linnet_open(NULL, &S) == LINNET_OK, "open", NULL);
    for (int i = 0; i < 20 && now() < deadline; i++, computed++) compute(S, which++);
    linnet_close(S);
  }
  return NULL;
}

static void states_in_threads(double seconds) {
  pthread_t threads[THREADS];
  unsigned which[THREADS];
  deadline = now() + seconds;
  for (unsigned i = 0; i < THREADS; i++) {
    which[i] = i;
    pthread_create(&threads[i], NULL, work, &which[i]);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  printf("%d states in %d threads: %ld computations in %.0f s\n", THREADS, THREADS, (long)computed, seconds);
}

/* ---- opening and closing ---- */

static long resident_kilobytes(void) {
  long pages = 0, shared;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%ld %ld", &shared, &pages) != 2) pages = 0;
  if (file) fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void open_and_close(double seconds) {
  long count = 0, at_first = 0;
  for (double until = now() + seconds; now() < until; count++) {
    linnet_state *S;
    stop_unless(linnet_open(NULL, &S) == LINNET_OK, "open", NULL);
    compute(S, (unsigned)count);
    linnet_close(S);
    if (count == 300) at_first = resident_kilobytes();
  }
  long grown = at_first ? resident_kilobytes() - at_first : 0;
  printf("%ld states opened and closed: memory grew by %ld kB\n", count, grown);
  stop_unless(count < 1000 || grown < 4096, "memory grows", NULL);
}

/* ---- interrupts ---- */

static const char *const endless[] = {
    "local t = data.semantic() local n = network.new { task = t, hidden = 16, seed = 1 } while true do "
    "n:copy():train { task = t, rate = 1e-6, steps = 1 << 20 } end",
    "local t = data.semantic() local n = network.new { task = t, hidden = 16, seed = 1 } while true do "
    "n:copy():flow { task = t, times = { 10, 1000 } } end",
    "local A = random.stream(1):normal(60, 60) while true do A:svd() A:eig() end",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(string.find, ('a'):rep(60), ('.-'):rep(30) .. 'b') end",
    "while true do local co = coroutine.wrap(function() random.stream(1):normal(200, 200):inv() end) co() "
    "end",
};
enum { ENDLESS = sizeof endless / sizeof *endless };

typedef struct interrupted {
  linnet_state *S;
  unsigned which;
  int status;
  atomic_int done;
} interrupted;

static void *run_endless(void *ud) {
  interrupted *i = ud;
  i->status = run(i->S, endless[i->which % ENDLESS]);
  i->done = 1;
  return NULL;
}

static void interrupts(double seconds) {
  linnet_config config;
  linnet_config_init(&config);
  config.interruptible = 1;
  interrupted i = {0};
  stop_unless(linnet_open(&config, &i.S) == LINNET_OK, "open", NULL);
  unsigned seed = 1;
  for (double until = now() + seconds; now() < until; i.which++) {
    pthread_t thread;
    i.done = 0;
    pthread_create(&thread, NULL, run_endless, &i);
    do { /* one that comes before the call has begun does nothing */
      seed = seed * 1103515245u + 12345u;
      nanosleep(&(struct timespec){.tv_nsec = (long)(seed >> 8) % 3000000}, NULL);
      linnet_interrupt(i.S);
    } while (!i.done);
    pthread_join(thread, NULL);
    stop_unless(i.status == LINNET_EINTERRUPT, endless[i.which % ENDLESS], i.S);
    compute(i.S, i.which);
  }
  linnet_close(i.S);
  printf("%u interrupts, each followed by a right answer\n", i.which);
}

int main(int argc, char **argv) {
  double seconds = argc > 1 ? atof(argv[1]) : 60;
  states_in_threads(seconds / 3);
  open_and_close(seconds / 3);
  interrupts(seconds / 3);
  return 0;
}
