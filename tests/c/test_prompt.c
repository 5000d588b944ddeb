/* The prompt of the linnet command ($LINNET), driven through a pseudo-terminal as a user would. */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"

#define PATIENCE 20000 /* ms: nothing here takes a hundredth of it on an idle machine */

static char folder[] = "/tmp/linnet-prompt-XXXXXX"; /* home and history */

typedef struct session {
  pid_t pid;
  int terminal;
  bool edits;         /* by libedit, not by the terminal itself */
  char seen[1 << 16]; /* what came, without escape sequences */
  size_t size, used;  /* bytes there, and bytes that an expectation has consumed */
} session;

static session begin(const char *terminal) {
  session s = {.edits = strcmp(terminal, "dumb") != 0};
  s.pid = forkpty(&s.terminal, NULL, NULL, NULL);
  if (s.pid == 0) {
    const char *linnet = getenv("LINNET");
    setenv("TERM", terminal, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("HOME", folder, 1);
    setenv("XDG_STATE_HOME", folder, 1);
    unsetenv("LUA_INIT");
    linnet = linnet ? linnet : "build/linnet";
    execl(linnet, linnet, (char *)NULL);
    _exit(127);
  }
  assert_true(s.pid > 0);
  return s;
}

/* Drops ESC [ ... letter, and carriage returns. A sequence may be cut, as Ctrl-C discards what is unread. */
static void strip(session *s, const char *text, size_t size) {
  static enum { PLAIN, ESCAPE, SEQUENCE } state;
  for (size_t i = 0; i < size && s->size + 1 < sizeof s->seen; i++) {
    char c = text[i];
    if (c == 27)
      state = ESCAPE;
    else if (state == ESCAPE)
      state = c == '[' ? SEQUENCE : PLAIN;
    else if (state == SEQUENCE)
      state = c >= '@' && c <= '~' ? PLAIN : SEQUENCE;
    else if (c != '\r')
      s->seen[s->size++] = c;
  }
  s->seen[s->size] = 0;
}

/* Reads what there is; false at the end of it, or when nothing comes for so many milliseconds. */
static bool more(session *s, int patience) {
  char text[4096];
  struct pollfd ready = {.fd = s->terminal, .events = POLLIN};
  if (poll(&ready, 1, patience) <= 0) return false;
  ssize_t size = read(s->terminal, text, sizeof text);
  if (size <= 0) return false;
  strip(s, text, (size_t)size);
  return true;
}

/* Waits for the text and consumes all up to it. */
static void expect(session *s, const char *text) {
  for (;;) {
    const char *found = strstr(s->seen + s->used, text);
    if (found) {
      s->used = (size_t)(found - s->seen) + strlen(text);
      return;
    }
    if (!more(s, PATIENCE)) {
      kill(s->pid, SIGKILL);
      fail_msg("expected \"%s\" after:\n%s", text, s->seen + s->used);
    }
  }
}

static void type(session *s, const char *text) {
  assert_int_equal(write(s->terminal, text, strlen(text)), strlen(text));
}

/* Waits for the prompt, and until the editor has taken the terminal over. */
static void await(session *s, const char *prompt) {
  struct termios modes;
  expect(s, prompt);
  for (int i = 0; s->edits && i < PATIENCE; i++) {
    if (tcgetattr(s->terminal, &modes) == 0 && !(modes.c_lflag & ICANON)) return;
    usleep(1000);
  }
}

/* Types a line at the next prompt, and waits for what it gives. */
static void enter(session *s, const char *prompt, const char *line, const char *gives) {
  await(s, prompt);
  type(s, line);
  type(s, "\r");
  expect(s, "\n");
  if (gives) expect(s, gives);
}

/* What came since the last expectation, up to the next prompt. */
static const char *shown_before_prompt(session *s) {
  size_t start = s->used;
  expect(s, "\n> ");
  s->used -= 3;
  static char text[4096];
  snprintf(text, sizeof text, "%.*s", (int)(s->used - start), s->seen + start);
  return text;
}

/* Waits for the end: the exit status, or -1 and the signal's number. */
static int end(session *s) {
  int status;
  while (more(s, PATIENCE)) continue;
  waitpid(s->pid, &status, 0);
  close(s->terminal);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int leave(session *s) {
  await(s, "> ");
  type(s, "\004");
  return end(s);
}

/* ---- what must be true ---- */

static void values_are_shown(void **state) {
  (void)state;
  session s = begin("xterm");
  expect(&s, "linnet ");
  enter(&s, "> ", "6 * 7", "42\n");
  enter(&s, "> ", "6 * 7, 'a'", "42\ta\n");
  enter(&s, "> ", "6 * 7;", NULL);
  enter(&s, "> ", "_ + 1", "43\n");
  enter(&s, "> ", "matrix.full(2, 2, 20 + 3)", "23");
  enter(&s, "> ", "'gr\303\274n'", "gr\303\274n\n");
  enter(&s, "> ", "('x'):rep(3)", "xxx\n");
  enter(&s, "> ", ":upper()", "XXX\n");
  assert_int_equal(leave(&s), 0);
}

static void locals_stay(void **state) {
  (void)state;
  session s = begin("xterm");
  enter(&s, "> ", "local x = 20", NULL);
  enter(&s, "> ", "local function f(n) return n + x end", NULL);
  enter(&s, "> ", "x = 40; f(2)", NULL);
  enter(&s, "> ", "f(2)", "42\n");
  enter(&s, "> ", "tostring(rawget(_G, 'x'))", "nil\n");
  assert_int_equal(leave(&s), 0);
}

static void a_piece_may_have_several_lines(void **state) {
  (void)state;
  session s = begin("xterm");
  enter(&s, "> ", "for i = 1, 2 do", NULL);
  enter(&s, ">> ", "  print(i * 11)", NULL);
  enter(&s, ">> ", "end", "11\n22\n");
  enter(&s, "> ", "matrix {", NULL);
  enter(&s, ">> ", "{ 1, 2 } }.rows + 99", "100\n");
  enter(&s, "> ", "1 +", NULL);
  enter(&s, ">> ", "41", "42\n");
  assert_int_equal(leave(&s), 0);
}

static void a_pasted_block_is_one_piece(void **state) {
  (void)state;
  session s = begin("xterm");
  await(&s, "> ");
  type(&s, "\033[200~local a = 40\rlocal b = 2 -- gr\303\274n\rif a then\r\tprint(a + b)\rend\r\033[201~");
  expect(&s, "end");
  type(&s, "\r");
  expect(&s, "42\n");
  enter(&s, "> ", "a - b", "38\n");
  assert_int_equal(leave(&s), 0);
}

static void errors_are_shown_and_remembered(void **state) {
  (void)state;
  session s = begin("xterm");
  enter(&s, "> ", "error 'ouch'", "stdin:1: ouch");
  assert_string_equal(shown_before_prompt(&s), ""); /* a traceback would tell nothing */
  enter(&s, "> ", "_err:upper()", "STDIN:1: OUCH\n");
  enter(&s, "> ", "function deep() error 'down' end", NULL);
  enter(&s, "> ", "deep()", "stdin:1: down\nstack traceback:\n");
  expect(&s, "in function 'deep'");
  enter(&s, "> ", "x = = 1", "stdin:1: unexpected symbol near '='");
  assert_string_equal(shown_before_prompt(&s), "");
  enter(&s, "> ", "setmetatable({}, { __tostring = function() error 'no text' end })", "no text");
  enter(&s, "> ", "42", "42\n");
  assert_int_equal(leave(&s), 0);
}

static void control_c_ends_what_runs_and_keeps_the_session(void **state) {
  (void)state;
  static const char *const endless[] = {
      "print('go' .. 'ing') while true do end",
      "print('go' .. 'ing') while true do pcall(error) end",
      "coroutine.wrap(function() print('go' .. 'ing') while true do pcall(coroutine.yield) end end)() while "
      "true do end",
      "coroutine.wrap(function() print('go' .. 'ing') while true do pcall(error) end end)()",
      "print('go' .. 'ing') task = data.semantic() network.new { task = task, hidden = 16, init = 'aligned', "
      "strength "
      "= 1e-3, seed = 1 }:train { task = task, rate = 1e-4, steps = 1000000000 }",
      "print('go' .. 'ing') local A = matrix.ones(60, 60) while true do A = A * A * (1 / 60) end",
  };
  session s = begin("xterm");
  enter(&s, "> ", "local kept = 42", NULL);
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    enter(&s, "> ", endless[i], "going\n");
    type(&s, "\003");
    expect(&s, "interrupted");
    enter(&s, "> ", "kept + 1", "43\n");
  }
  enter(&s, "> ", "_err.code", "EINTERRUPT\n");
  assert_int_equal(leave(&s), 0);
}

static void control_c_at_the_prompt_clears_the_line(void **state) {
  (void)state;
  session s = begin("xterm");
  enter(&s, "> ", "1", "1\n");
  for (int i = 0; i < 5; i++) {
    await(&s, "> ");
    type(&s, "error 'never run'");
    expect(&s, "run'");
    type(&s, "\003");
  }
  enter(&s, "> ", "if true then", NULL);
  await(&s, ">> ");
  type(&s, "\003");
  enter(&s, "\n> ", "6 * 7", "42\n");
  assert_null(strstr(s.seen, "stdin:1"));
  assert_int_equal(leave(&s), 0);
}

/* Types Ctrl-C and lets it work; signals that come too fast are one. */
static void interrupt(session *s) {
  type(s, "\003");
  while (more(s, 300)) continue;
}

static void a_call_that_cannot_be_stopped_can_be_left(void **state) {
  (void)state;
  session s = begin("xterm");
  do { /* again, if Ctrl-C came before string.find had begun */
    enter(&s, "> ", "print('go' .. 'ing'); ('a'):rep(40):find(('a?'):rep(40) .. ('a*'):rep(40) .. 'b')",
          "going\n");
    while (more(&s, 300)) continue;
    interrupt(&s);
  } while (strstr(s.seen + s.used, "interrupted"));
  for (int i = 0; i < 20 && !strstr(s.seen, "Ctrl-C once more"); i++) interrupt(&s);
  type(&s, "\003");
  assert_int_equal(end(&s), -SIGINT);
}

static void the_history_outlives_the_session(void **state) {
  (void)state;
  session s = begin("xterm");
  enter(&s, "> ", "if true then", NULL);
  enter(&s, ">> ", "print(('\\\\'):len() + 41)", NULL);
  enter(&s, ">> ", "end", "42\n");
  enter(&s, "> ", "'last'", "last\n");
  assert_int_equal(leave(&s), 0);
  s = begin("xterm");
  await(&s, "> ");
  type(&s, "\033[A");
  expect(&s, "'last'");
  type(&s, "\033[A");
  expect(&s, "end");
  type(&s, "\r");
  expect(&s, "42\n");
  assert_int_equal(leave(&s), 0);
  char name[100], text[4096];
  snprintf(name, sizeof name, "%s/linnet/history", folder);
  FILE *file = fopen(name, "r");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  assert_non_null(strstr(text, "\nif true then\\nprint(('\\\\\\\\'):len() + 41)\\nend\n'last'\nif true"));
}

static void a_dumb_terminal_will_do(void **state) {
  (void)state;
  session s = begin("dumb");
  enter(&s, "> ", "local x = 6 * 7", NULL);
  enter(&s, "> ", "x", "42\n");
  enter(&s, "> ", "print('go' .. 'ing') while true do end", "going\n");
  type(&s, "\003");
  expect(&s, "interrupted");
  await(&s, "> ");
  type(&s, "error 'never run'");
  type(&s, "\003");
  enter(&s, "> ", "x + 1", "43\n");
  assert_int_equal(leave(&s), 0);
}

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  char command[100];
  (void)state;
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_shown),
      cmocka_unit_test(locals_stay),
      cmocka_unit_test(a_piece_may_have_several_lines),
      cmocka_unit_test(a_pasted_block_is_one_piece),
      cmocka_unit_test(errors_are_shown_and_remembered),
      cmocka_unit_test(control_c_ends_what_runs_and_keeps_the_session),
      cmocka_unit_test(control_c_at_the_prompt_clears_the_line),
      cmocka_unit_test(a_call_that_cannot_be_stopped_can_be_left),
      cmocka_unit_test(the_history_outlives_the_session),
      cmocka_unit_test(a_dumb_terminal_will_do),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
