/* process.h: runs another program without a shell, feeds it a text and collects what it writes.
 *
 * The program gets `input` on its standard input (a socket, so that a program which stops reading costs no
 * SIGPIPE) and no other descriptor of this process. It runs in a process group of its own: whatever ends the
 * call early (an interrupt, a deadline, too much output) kills the program and all it started, and collects
 * it. Signal handlers and the signal mask of this process are left alone. */
#ifndef LN_PROCESS_H
#define LN_PROCESS_H

#include "core/context.h"

typedef struct ln_command {
  const char *const
      *argv; /* argv[0]: a name that is looked for in this process's PATH, or a path; ends with null */
  const char *const
      *settings; /* "NAME=value": added to this process's environment; ends with null; may be null */
  const char *input;
  size_t input_size;
  size_t output_max; /* bytes of standard output; more is an error */
} ln_command;

#define LN_ERRORS_MAX 65536 /* of standard error so much is kept, from its beginning */

/* The texts are work space of the context; a zero byte follows each. */
typedef struct ln_outcome {
  const char *output, *errors;
  size_t output_size, errors_size;
  int status;   /* the exit status; -1 if a signal ended the program */
  int signal;   /* that ended it, or 0 */
  bool missing; /* with LN_EFILE: there is no such program */
} ln_outcome;

/* LN_OK whenever the program ran to an end, good or bad. LN_EFILE if it could not be started; LN_ENUMERIC if
 * it wrote too much; LN_EINTERRUPT and LN_ETIME as ln_poll, asked about every 50 ms. */
ln_status ln_run(ln_context *cx, const ln_command *command, ln_outcome *outcome);

#endif
