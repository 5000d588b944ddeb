#include "command.h"

void run_prompt(linnet_state *S) { run_stdin(S); }
