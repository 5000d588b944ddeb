/* command.h: the parts of the linnet command, which is built on linnet.h and Lua's API alone. */
#ifndef COMMAND_H
#define COMMAND_H

#include "linnet.h"

#include <stdbool.h>

/* ---- options.c: what the command line asks for ---- */

typedef struct step {
  char option; /* 'e', 'l' or 'W' */
  const char *text;
} step;

typedef struct command_line {
  int argc;
  char **argv;
  int script;      /* index in argv of the script's name; argc if there is none */
  bool from_stdin; /* the script is `-` */
  bool interactive, show_version, long_version, help, ignore_environment, executes;
  int threads;   /* 0: not given */
  step *actions; /* in the order of the command line, `count` of them */
  int count;
} command_line;

/* False, with message and usage written, if the line makes no sense. The caller frees actions. */
bool read_command_line(command_line *line, int argc, char **argv);
void show_help(void);

/* ---- report.c: messages ---- */

void name_program(const char *argv0); /* what messages begin with */
void complain(const char *message);   /* "linnet: message" on standard error */
/* Complains of the state's last failure. Returns whether there was none: status == LINNET_OK. */
bool report(linnet_state *S, int status);

/* ---- script.c: running what the command line names ---- */

void set_arguments(linnet_state *S,
                   const command_line *line); /* arg, and package.path of a script's folder */
bool run_initialisation(linnet_state *S);     /* LUA_INIT */
bool run_actions(linnet_state *S, const command_line *line);
bool run_script(linnet_state *S, const command_line *line);
bool run_stdin(linnet_state *S);

/* ---- prompt.c ---- */

void run_prompt(linnet_state *S);

/* ---- signal.c: Ctrl-C ---- */

/* SIGINT ends what runs in S. It ends the process if `patience` of them came since calm() and nothing helped.
 */
void attach_interrupts(linnet_state *S, int patience);
void calm(void); /* what was interrupted has ended */

/* ---- progress.c: how far a long call is, on a terminal ---- */

void show_progress(void *ud, const char *what, double fraction);
void hide_progress(void);

#endif
