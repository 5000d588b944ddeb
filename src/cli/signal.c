#include "command.h"

#include <signal.h>
#include <unistd.h>

static linnet_state *state;
static volatile sig_atomic_t working, came, enough;

static void interrupt(int number) {
  if (!working) return; /* reading a line ends because a signal was handled */
  came++;
  linnet_interrupt_here(state);
  if (came >= enough) {
    signal(number, SIG_DFL);
    raise(number);
  } else if (came > 1) {
    static const char told[] = "\n(still in a call that cannot be stopped: Ctrl-C once more ends linnet)\n";
    (void)!write(STDERR_FILENO, told, sizeof told - 1);
  }
}

void attach_interrupts(linnet_state *S) {
  state = S;
  struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART: reading is to end */
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
}

void begin_work(int patience) {
  came = 0;
  enough = patience;
  working = 1;
}

void end_work(void) { working = 0; }
