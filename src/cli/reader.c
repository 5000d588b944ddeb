/* Lines from a terminal by libedit; from anything else, and from terminals that cannot move the cursor, as
 * they come. */
#include "command.h"

#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_SIZE 2000

static EditLine *editor;
static History *history_list;
static const char *prompt_shown = "";
static char *plain; /* the line of the plain reader, and its room */
static size_t plain_room;

/* ---- pasting ----
 * Terminals put ESC [ 200 ~ and ESC [ 201 ~ around what is pasted, once they are asked to. It goes into the
 * line as it is, newlines too, and is run as one piece when Return is pressed. */

static void ask_for_brackets(bool yes) {
  fputs(yes ? "\033[?2004h" : "\033[?2004l", stdout);
  fflush(stdout);
}

static unsigned char paste(EditLine *e, int key) {
  (void)key;
  static const wchar_t closing[] = L"\033[201~";
  size_t size = 0, room = 256, end = wcslen(closing);
  wchar_t *text = malloc(room * sizeof *text), c;
  while (text && el_wgetc(e, &c) == 1) {
    if (size + 2 > room) {
      wchar_t *larger = realloc(text, (room *= 2) * sizeof *text);
      if (!larger) break;
      text = larger;
    }
    text[size++] = c == L'\r' ? L'\n' : c == L'\t' ? L' ' : c;
    if (size >= end && !wmemcmp(text + size - end, closing, end)) {
      size -= end;
      break;
    }
  }
  if (text) {
    while (size && text[size - 1] == L'\n') size--; /* Return is the user's to press */
    text[size] = 0;
    el_winsertstr(e, text);
  }
  free(text);
  return CC_REFRESH;
}

/* ---- the editor ---- */

static char *show_prompt(EditLine *e) {
  (void)e;
  return (char *)prompt_shown;
}

static void bind_keys(void) {
  static const char *const keys[][2] = {
      {"^R", "em-inc-search-prev"}, {"\\e[3~", "ed-delete-next-char"},
      {"\\e[1~", "ed-move-to-beg"}, {"\\e[4~", "ed-move-to-end"},
      {"\\e[H", "ed-move-to-beg"},  {"\\e[F", "ed-move-to-end"},
      {"\\eOH", "ed-move-to-beg"},  {"\\eOF", "ed-move-to-end"},
      {"\\e[1;5C", "em-next-word"}, {"\\e[1;5D", "ed-prev-word"},
      {"\\t", "ed-insert"},         {"\\e[200~", "linnet-paste"},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    el_set(editor, EL_BIND, keys[i][0], keys[i][1], NULL);
}

static void add_to_list(const char *piece) {
  HistEvent event;
  history(history_list, &event, H_ENTER, piece);
}

static void open_history(void) {
  HistEvent event;
  history_list = history_init();
  if (!history_list) return;
  history(history_list, &event, H_SETSIZE, HISTORY_SIZE);
  load_history(add_to_list);
  el_set(editor, EL_HIST, history, history_list);
}

/* ---- signals while a line is read ----
 * They are blocked but while the reader waits for a character: none can fall between two of its steps and be
 * lost, and none is handled in the middle of the editor's work. */

static volatile sig_atomic_t resized, to_stop;
static sigset_t outside; /* the mask around the reading */

static void note_size(int number) { resized |= !is_elsewhere(number); }
static void note_stop(int number) { to_stop |= !is_elsewhere(number); }

/* Handles a signal that is not ignored, and tells what was done with it before. */
static void handle(int number, void (*handler)(int), struct sigaction *before) {
  sigaction(number, NULL, before);
  if (before->sa_handler != SIG_IGN) sigaction(number, &(struct sigaction){.sa_handler = handler}, NULL);
}

static void block_signals(void) {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGTSTP);
  sigaddset(&ours, SIGWINCH);
  sigprocmask(SIG_BLOCK, &ours, &outside);
  forget_interrupt();
}

static void unblock_signals(void) { sigprocmask(SIG_SETMASK, &outside, NULL); }

/* Waits until standard input has something; false if Ctrl-C came first. */
static bool await_input(void) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  return !was_interrupted() && (ppoll(&input, 1, NULL, &outside) >= 0 || !was_interrupted());
}

/* ---- the editor's characters ---- */

/* Stops with the terminal as it was found, and takes it over again when the job goes on. */
static void stop(EditLine *e) {
  sigset_t stopping;
  struct sigaction before;
  to_stop = 0;
  el_set(e, EL_PREP_TERM, 0);
  ask_for_brackets(false);
  sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_DFL}, &before);
  raise(SIGTSTP);
  sigemptyset(&stopping);
  sigaddset(&stopping, SIGTSTP);
  sigprocmask(SIG_UNBLOCK, &stopping, NULL); /* here the process stands still */
  sigprocmask(SIG_BLOCK, &stopping, NULL);
  sigaction(SIGTSTP, &before, NULL);
  ask_for_brackets(true);
  el_set(e, EL_PREP_TERM, 1);
  el_set(e, EL_REFRESH);
}

/* The editor's source of characters: 1, or 0 at the end, or -1 when Ctrl-C ends the line. */
static int get_character(EditLine *e, wchar_t *character) {
  mbstate_t state = {0};
  for (;;) {
    if (!await_input()) return -1;
    if (resized) resized = 0, el_resize(e);
    if (to_stop) stop(e);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, 0) == 0) continue;
    char byte;
    ssize_t size = read(STDIN_FILENO, &byte, 1);
    if (size <= 0) return (int)size;
    size_t used = mbrtowc(character, &byte, 1, &state);
    if (used <= 1) return 1;
    if (used == (size_t)-1) state = (mbstate_t){0}; /* no character of this locale: dropped */
  }
}

/* ---- reading ---- */

static reading read_plain(const char **text) {
  fputs(prompt_shown, stdout);
  fflush(stdout);
  if (isatty(STDIN_FILENO) && !await_input()) return READ_INTERRUPTED;
  ssize_t size = getline(&plain, &plain_room, stdin);
  if (size < 0) {
    clearerr(stdin);
    return READ_END;
  }
  if (size && plain[size - 1] == '\n') plain[size - 1] = 0;
  *text = plain;
  return READ_LINE;
}

static reading read_edited(const char **text) {
  int size = 0;
  struct sigaction before_stop, before_size;
  handle(SIGTSTP, note_stop, &before_stop);
  handle(SIGWINCH, note_size, &before_size);
  ask_for_brackets(true);
  const char *line = el_gets(editor, &size);
  ask_for_brackets(false);
  sigaction(SIGTSTP, &before_stop, NULL);
  sigaction(SIGWINCH, &before_size, NULL);
  if (!line || size <= 0) {
    el_reset(editor);
    return was_interrupted() ? READ_INTERRUPTED : READ_END;
  }
  char *copy = realloc(plain, (size_t)size + 1);
  if (!copy) return READ_END;
  plain = copy;
  memcpy(plain, line, (size_t)size);
  plain[size - (line[size - 1] == '\n')] = 0;
  *text = plain;
  return READ_LINE;
}

reading read_line(const char *prompt, const char **text) {
  prompt_shown = prompt;
  block_signals();
  reading how = editor ? read_edited(text) : read_plain(text);
  unblock_signals();
  return how;
}

/* ---- opening and closing ---- */

static bool can_edit(void) {
  const char *terminal = getenv("TERM");
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && terminal && *terminal &&
         strcmp(terminal, "dumb") != 0;
}

void open_reader(void) {
  if (!can_edit()) return;
  /* The editor works on characters; where the locale has but bytes, UTF-8 is the better guess. */
  if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8");
  editor = el_init("linnet", stdin, stdout, stderr);
  if (!editor) return;
  el_set(editor, EL_PROMPT, show_prompt);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_GETCFN, get_character);
  /* Not el_set, which copies the names and loses the copies. */
  el_wset(editor, EL_ADDFN, L"linnet-paste", L"Insert what is pasted", paste);
  bind_keys();
  open_history();
  el_source(editor, NULL); /* the user's .editrc */
}

void close_reader(void) {
  if (editor) el_end(editor);
  if (history_list) history_end(history_list);
  close_history();
  free(plain);
}

void remember(const char *piece) {
  HistEvent last;
  if (!history_list || !*piece) return;
  if (history(history_list, &last, H_FIRST) == 0 && !strcmp(last.str, piece)) return;
  add_to_list(piece);
  append_history(piece);
}
