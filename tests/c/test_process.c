#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "core/process.h"
#include "scarce.h"

#define MIB ((size_t)1 << 20)

static ln_context cx;

static int set_up(void **state) {
  (void)state;
  ln_context_init(&cx, NULL, NULL);
  return 0;
}

static ln_status run(const char *const argv[], const char *input, ln_outcome *outcome) {
  ln_command command = {.argv = argv, .input = input, .input_size = strlen(input), .output_max = 4 * MIB};
  return ln_run(&cx, &command, outcome);
}

static ln_status run_shell(const char *script, ln_outcome *outcome) {
  return run((const char *const[]){"sh", "-c", script, NULL}, "", outcome);
}

static int open_descriptors(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

/* This process has no child that runs or waits to be collected. */
static bool childless(void) { return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD; }

static void a_program_gets_its_input_and_gives_its_output(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run((const char *const[]){"cat", NULL}, "as it is: $HOME `date` 'x'\n", &outcome), LN_OK);
  assert_string_equal(outcome.output, "as it is: $HOME `date` 'x'\n");
  assert_int_equal(outcome.output_size, strlen(outcome.output));
  assert_int_equal(outcome.errors_size, 0);
  assert_string_equal(outcome.errors, "");
  assert_int_equal(outcome.status, 0);
  assert_int_equal(outcome.signal, 0);
  ln_end(&cx, mark, LN_OK);
  assert_int_equal(cx.scratch_bytes, 0);
}

static void arguments_are_not_read_by_a_shell(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run((const char *const[]){"printf", "%s|", "$HOME", "`date`", "a b", "*", ";exit 3", NULL},
                       "", &outcome),
                   LN_OK);
  assert_string_equal(outcome.output, "$HOME|`date`|a b|*|;exit 3|");
  ln_end(&cx, mark, LN_OK);
}

static void both_outputs_the_exit_status_and_signals_are_told_apart(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run_shell("echo good; echo bad >&2; exit 7", &outcome), LN_OK);
  assert_string_equal(outcome.output, "good\n");
  assert_string_equal(outcome.errors, "bad\n");
  assert_int_equal(outcome.status, 7);
  assert_int_equal(run_shell("kill -9 $$", &outcome), LN_OK);
  assert_int_equal(outcome.status, -1);
  assert_int_equal(outcome.signal, SIGKILL);
  ln_end(&cx, mark, LN_OK);
}

/* More than any pipe holds, both ways at once: neither side may wait for the other. */
static void large_texts_pass_both_ways(void **state) {
  (void)state;
  enum { SIZE = 3 * 1024 * 1024 };
  char *text = malloc(SIZE + 1);
  for (int i = 0; i < SIZE; i++) text[i] = (char)('a' + i % 23);
  text[SIZE] = 0;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run((const char *const[]){"cat", NULL}, text, &outcome), LN_OK);
  assert_int_equal(outcome.output_size, SIZE);
  assert_memory_equal(outcome.output, text, SIZE);
  ln_end(&cx, mark, LN_OK);
  free(text);
}

static void a_program_that_does_not_read_its_input_does_no_harm(void **state) {
  (void)state;
  char *text = malloc(2 * MIB);
  memset(text, 'x', 2 * MIB - 1);
  text[2 * MIB - 1] = 0;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(
      run((const char *const[]){"sh", "-c", "exec <&-; echo deaf; sleep 0.1", NULL}, text, &outcome), LN_OK);
  assert_string_equal(outcome.output, "deaf\n");
  assert_int_equal(outcome.status, 0);
  ln_end(&cx, mark, LN_OK);
  free(text);
}

static void a_missing_program_is_told_from_one_that_cannot_be_run(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run((const char *const[]){"no-such-program-here", NULL}, "", &outcome), LN_EFILE);
  assert_true(outcome.missing);
  assert_string_equal(cx.message, "there is no program 'no-such-program-here'");
  assert_int_equal(run((const char *const[]){"/etc/passwd", NULL}, "", &outcome), LN_EFILE);
  assert_false(outcome.missing);
  assert_non_null(strstr(cx.message, "/etc/passwd"));
  ln_end(&cx, mark, LN_OK);
}

static void settings_replace_and_add_to_the_environment(void **state) {
  (void)state;
  setenv("LINNET_TEST_KEPT", "kept", 1);
  setenv("LINNET_TEST_CHANGED", "old", 1);
  static const char *const argv[] = {"sh", "-c",
                                     "echo $LINNET_TEST_KEPT $LINNET_TEST_CHANGED $LINNET_TEST_NEW", NULL};
  static const char *const settings[] = {"LINNET_TEST_CHANGED=changed", "LINNET_TEST_NEW=new", NULL};
  ln_command command = {.argv = argv, .settings = settings, .output_max = MIB};
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(ln_run(&cx, &command, &outcome), LN_OK);
  assert_string_equal(outcome.output, "kept changed new\n");
  ln_end(&cx, mark, LN_OK);
}

static void too_much_output_ends_the_program(void **state) {
  (void)state;
  static const char *const argv[] = {"yes", NULL};
  ln_command command = {.argv = argv, .output_max = 100000};
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(ln_run(&cx, &command, &outcome), LN_ENUMERIC);
  assert_string_equal(cx.message, "the program 'yes' wrote more than 100000 bytes");
  assert_int_equal(run_shell("head -c 300000 /dev/zero >&2; echo done", &outcome), LN_OK);
  assert_string_equal(outcome.output, "done\n");
  assert_int_equal(outcome.errors_size, LN_ERRORS_MAX);
  ln_end(&cx, mark, LN_OK);
  assert_true(childless());
}

static void a_deadline_ends_the_program_and_what_it_started(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  double begun = ln_clock();
  cx.deadline = begun + 0.2;
  /* The inner shell would leave a mark later on, if it lived. */
  assert_int_equal(run_shell("(sleep 1; touch $PPID.late) & sleep 30", &outcome), LN_ETIME);
  cx.deadline = INFINITY;
  assert_true(ln_clock() - begun < 2);
  assert_true(childless());
  char late[40];
  snprintf(late, sizeof late, "%d.late", (int)getpid());
  nanosleep(&(struct timespec){1, 200000000}, NULL);
  assert_int_not_equal(access(late, F_OK), 0);
  ln_end(&cx, mark, LN_OK);
}

static void *interrupt_soon(void *context) {
  nanosleep(&(struct timespec){0, 100000000}, NULL);
  ln_interrupt(context);
  return NULL;
}

static void an_interrupt_ends_the_program(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, &cx), 0);
  double begun = ln_clock();
  assert_int_equal(run_shell("sleep 30", &outcome), LN_EINTERRUPT);
  pthread_join(thread, NULL);
  assert_true(ln_clock() - begun < 2);
  assert_true(childless());
  ln_end(&cx, mark, LN_OK);
}

static void what_a_program_leaves_running_is_not_waited_for(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  double begun = ln_clock();
  assert_int_equal(run_shell("sleep 30 & echo left", &outcome), LN_OK);
  assert_string_equal(outcome.output, "left\n");
  assert_true(ln_clock() - begun < 5);
  ln_end(&cx, mark, LN_OK);
}

static void a_program_may_close_its_outputs_and_go_on(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run_shell("echo first; exec >&- 2>&-; sleep 0.3; exit 4", &outcome), LN_OK);
  assert_string_equal(outcome.output, "first\n");
  assert_int_equal(outcome.status, 4);
  ln_end(&cx, mark, LN_OK);
}

static void no_descriptor_and_no_child_is_left(void **state) {
  (void)state;
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  int before = open_descriptors();
  for (int i = 0; i < 20; i++) {
    run_shell("echo $((1 + 1))", &outcome);
    run((const char *const[]){"no-such-program-here", NULL}, "", &outcome);
  }
  assert_int_equal(open_descriptors(), before);
  assert_true(childless());
  ln_end(&cx, mark, LN_OK);
}

static void a_program_inherits_no_descriptor(void **state) {
  (void)state;
  int leaky = dup(STDOUT_FILENO); /* not closed on exec */
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run((const char *const[]){"ls", "/proc/self/fd", NULL}, "", &outcome), LN_OK);
  assert_string_equal(outcome.output, "0\n1\n2\n3\n"); /* 3 is the folder that ls reads */
  ln_end(&cx, mark, LN_OK);
  close(leaky);
}

static void it_works_in_a_process_whose_standard_descriptors_are_closed(void **state) {
  (void)state;
  pid_t pid = fork();
  if (pid == 0) {
    for (int fd = 0; fd < 3; fd++) close(fd);
    ln_outcome outcome;
    bool good = run_shell("cat; echo out; echo err >&2", &outcome) == LN_OK && outcome.status == 0 &&
                !strcmp(outcome.output, "out\n") && !strcmp(outcome.errors, "err\n");
    _exit(good ? 0 : 1);
  }
  int ended = -1;
  assert_int_equal(waitpid(pid, &ended, 0), pid);
  assert_int_equal(ended, 0);
}

static void signals_of_the_host_are_left_alone_and_not_inherited(void **state) {
  (void)state;
  struct sigaction ignore = {.sa_handler = SIG_IGN}, old, after;
  sigaction(SIGTERM, &ignore, &old);
  sigset_t block, before, now;
  sigemptyset(&block);
  sigaddset(&block, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &block, &before);
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run_shell("kill -TERM $$; echo alive", &outcome), LN_OK);
  assert_int_equal(outcome.signal, SIGTERM);
  ln_end(&cx, mark, LN_OK);
  pthread_sigmask(SIG_SETMASK, &before, &now);
  assert_true(sigismember(&now, SIGTERM));
  sigaction(SIGTERM, &old, &after);
  assert_true(after.sa_handler == SIG_IGN);
}

static void a_host_that_ignores_its_children_is_told(void **state) {
  (void)state;
  struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
  sigaction(SIGCHLD, &ignore, &old);
  ln_outcome outcome;
  ln_mark mark = ln_begin(&cx);
  assert_int_equal(run_shell("echo x", &outcome), LN_EFILE);
  assert_non_null(strstr(cx.message, "SIGCHLD"));
  ln_end(&cx, mark, LN_OK);
  sigaction(SIGCHLD, &old, NULL);
}

static void without_memory_nothing_is_left(void **state) {
  (void)state;
  int before = open_descriptors();
  for (int blocks = 0;; blocks++) {
    int left = blocks;
    ln_context_init(&cx, allocate_scarce, &left);
    static const char *const settings[] = {"A=b", NULL};
    static const char *const argv[] = {"sh", "-c", "head -c 200000 /dev/zero", NULL};
    ln_command command = {.argv = argv, .settings = settings, .output_max = MIB};
    ln_outcome outcome;
    ln_mark mark = ln_begin(&cx);
    ln_status status = ln_run(&cx, &command, &outcome);
    if (status == LN_OK) assert_int_equal(outcome.output_size, 200000);
    ln_end(&cx, mark, LN_OK);
    assert_true(childless());
    if (status == LN_OK) break;
    assert_int_equal(status, LN_EMEMORY);
    assert_true(blocks < 20);
  }
  assert_int_equal(open_descriptors(), before);
}

int main(void) {
  struct CMUnitTest tests[] = {
      cmocka_unit_test(a_program_gets_its_input_and_gives_its_output),
      cmocka_unit_test(arguments_are_not_read_by_a_shell),
      cmocka_unit_test(both_outputs_the_exit_status_and_signals_are_told_apart),
      cmocka_unit_test(large_texts_pass_both_ways),
      cmocka_unit_test(a_program_that_does_not_read_its_input_does_no_harm),
      cmocka_unit_test(a_missing_program_is_told_from_one_that_cannot_be_run),
      cmocka_unit_test(settings_replace_and_add_to_the_environment),
      cmocka_unit_test(too_much_output_ends_the_program),
      cmocka_unit_test(a_deadline_ends_the_program_and_what_it_started),
      cmocka_unit_test(an_interrupt_ends_the_program),
      cmocka_unit_test(what_a_program_leaves_running_is_not_waited_for),
      cmocka_unit_test(a_program_may_close_its_outputs_and_go_on),
      cmocka_unit_test(no_descriptor_and_no_child_is_left),
      cmocka_unit_test(a_program_inherits_no_descriptor),
      cmocka_unit_test(it_works_in_a_process_whose_standard_descriptors_are_closed),
      cmocka_unit_test(signals_of_the_host_are_left_alone_and_not_inherited),
      cmocka_unit_test(a_host_that_ignores_its_children_is_told),
      cmocka_unit_test(without_memory_nothing_is_left),
  };
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tests[i].setup_func = set_up;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
