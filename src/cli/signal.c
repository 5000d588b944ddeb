#include "command.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static linnet_state *state;
static volatile sig_atomic_t came, enough;

static void interrupt(int number) {
  came++;
  linnet_interrupt_here(state);
  if (came >= enough) {
    signal(number, SIG_DFL);
    raise(number);
  } else if (came == enough - 1 && enough > 2) {
    static const char told[] = "\nstill busy in one native call; Ctrl-C once more ends linnet\n";
    (void)!write(STDERR_FILENO, told, sizeof told - 1);
  }
}

void attach_interrupts(linnet_state *S, int patience) {
  state = S;
  enough = patience;
  came = 0;
  struct sigaction action = {.sa_handler = interrupt}; /* no SA_RESTART: reading a line ends too */
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
}

void calm(void) { came = 0; }
