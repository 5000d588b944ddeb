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
  int threads;    /* 0: not given */
  unsigned caps;  /* what --sandbox leaves */
  size_t memory;  /* of --memory, 0: no limit */
  double seconds; /* of --time, 0: no limit */
  step *actions;  /* in the order of the command line, `count` of them */
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

/* The table arg, and the search for modules in a script's folder. */
void set_arguments(linnet_state *S, const command_line *line);
bool run_initialisation(linnet_state *S); /* LUA_INIT */
bool run_actions(linnet_state *S, const command_line *line);
bool run_script(linnet_state *S,
                const command_line *line); /* the script, or standard input if there is none */

/* ---- prompt.c ---- */

void run_prompt(linnet_state *S);

/* ---- reader.c: lines from a terminal, or from what stands in for one ---- */

typedef enum reading { READ_LINE, READ_INTERRUPTED, READ_END } reading;

void open_reader(void);
void close_reader(void);
/* The next line, or a pasted block of several, without the last newline; valid until the next call. */
reading read_line(const char *prompt, const char **text);
/* Puts a piece of one or more lines into the history. */
void remember(const char *piece);

/* ---- history.c: pieces that outlive the session ---- */

/* Gives the pieces of earlier sessions to `add`, the oldest first. Without a place to keep them nothing is
 * done. */
void load_history(void (*add)(const char *piece));
void append_history(const char *piece);
void close_history(void);

/* ---- signal.c: Ctrl-C ---- */

/* From now on SIGINT ends what runs in S. */
void attach_interrupts(linnet_state *S);
/* Work begins and ends. Signal number `patience` of that time ends the process: nothing else stops a long
 * call of a C function. While nothing works SIGINT is only remembered. */
void begin_work(int patience);
void end_work(void);
void forget_interrupt(void);
bool was_interrupted(void); /* has SIGINT come since forget_interrupt? */
/* For handlers: OpenBLAS's threads take signals too, which are for the thread that runs S. If this is another
 * one the signal is sent there. */
bool is_elsewhere(int number);

/* ---- progress.c: how far a long call is, on a terminal ---- */

void show_progress(void *ud, const char *what, double fraction);
void hide_progress(void);

#endif
