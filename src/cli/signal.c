#include "command.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static linnet_state *state;
static pthread_t home;
static volatile sig_atomic_t working, came, enough;

bool is_elsewhere(int number) {
  if (pthread_equal(pthread_self(), home)) return false;
  pthread_kill(home, number);
  return true;
}

static void interrupt(int number) {
  if (is_elsewhere(number)) return;
  came++;
  if (!working) return;
  if (came >= enough) {
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  linnet_interrupt_here(state);
  if (came > 1) {
    static const char told[] = "\n(still in a call that cannot be stopped: Ctrl-C once more ends linnet)\n";
    (void)!write(STDERR_FILENO, told, sizeof told - 1);
  }
}

void attach_interrupts(linnet_state *S) {
  state = S;
  home = pthread_self();
  struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART: waiting is to end */
  sigemptyset(&action.sa_mask);
  struct sigaction before;
  sigaction(SIGINT, NULL, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGINT, &action, NULL); /* background jobs ignore it */
}

void begin_work(int patience) {
  came = 0;
  enough = patience;
  working = 1;
}

void end_work(void) { working = 0; }

void forget_interrupt(void) { came = 0; }

bool was_interrupted(void) { return came > 0; }
