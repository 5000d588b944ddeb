#include "command.h"

#include <stdio.h>

static const char *program = "linnet";

void name_program(const char *argv0) {
  if (argv0 && *argv0) program = argv0;
}

void complain(const char *message) {
  hide_progress();
  fflush(stdout);
  fprintf(stderr, "%s: %s\n", program, message);
}

bool report(linnet_state *S, int status) {
  if (status != LINNET_OK) complain(linnet_message(S));
  return status == LINNET_OK;
}
