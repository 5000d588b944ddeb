/* threads.c: a state for each thread, all at work at once, and one of them interrupted from outside.
 *
 *     cc threads.c $(pkg-config --cflags --libs linnet) -pthread -o threads */
#include <linnet.h>

#include <lauxlib.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WORKERS = 4 };

typedef struct worker {
  pthread_t thread;
  linnet_state *S;
  int depth, status;
  double time;
} worker;

/* How long a network of so many layers takes to learn half of a mode; the last worker trains without end. */
static const char text[] = "local depth = ...\n"
                           "if depth > 4 then\n"
                           "  local task = data.semantic()\n"
                           "  network.new { task = task, hidden = 8, seed = 1 }\n"
                           "    :train { task = task, rate = 1e-9, steps = 1 << 40 }\n"
                           "end\n"
                           "return theory.mode.time { s = 1, a0 = 1e-3, depth = depth, fraction = 0.5 }";

static void *work(void *ud) {
  worker *w = ud;
  lua_State *L = linnet_lua(w->S);
  lua_getglobal(L, "learn");
  lua_pushinteger(L, w->depth);
  w->status = linnet_call(w->S, 1, 1);
  w->time = lua_tonumber(L, -1);
  return NULL;
}

static int open_worker(worker *w, int depth) {
  *w = (worker){.depth = depth};
  if (linnet_open(NULL, &w->S) != LINNET_OK) return 0;
  lua_State *L = linnet_lua(w->S);
  if (luaL_loadbufferx(L, text, strlen(text), "=learn", "t") != LUA_OK) return 0;
  lua_setglobal(L, "learn");
  return 1;
}

int main(void) {
  worker workers[WORKERS];
  for (int i = 0; i < WORKERS; i++)
    if (!open_worker(&workers[i], 2 + i)) return 1;
  for (int i = 0; i < WORKERS; i++) pthread_create(&workers[i].thread, NULL, work, &workers[i]);

  for (int i = 0; i < WORKERS - 1; i++) pthread_join(workers[i].thread, NULL);
  /* An interrupt that comes before the call has begun does nothing: give it a moment. */
  nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
  linnet_interrupt(workers[WORKERS - 1].S);
  pthread_join(workers[WORKERS - 1].thread, NULL);

  for (int i = 0; i < WORKERS; i++) {
    if (workers[i].status == LINNET_OK)
      printf("depth %d: half learned at t = %.3f\n", workers[i].depth, workers[i].time);
    else
      printf("depth %d: %s\n", workers[i].depth,
             workers[i].status == LINNET_EINTERRUPT ? "interrupted" : "failed");
    linnet_close(workers[i].S);
  }
  return 0;
}
