#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 50     /* how often the context is asked whether to go on */
#define PIECE 65536    /* bytes read at once: what a pipe holds */
#define LAST_PIECES 16 /* read after the end: a pipe holds at most 1 MiB */

extern char **environ;

/* One output of the program. */
typedef struct stream {
  int fd; /* -1: closed */
  char *data;
  size_t size, capacity;
} stream;

typedef struct child {
  pid_t pid; /* 0: none */
  int input; /* -1: closed */
  const char *text;
  size_t text_left;
  stream output, errors;
} child;

static void close_end(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* ---- starting ---- */

/* This process's environment with the settings in it; null if there is no memory. */
static char **merged_environment(ln_context *cx, const char *const *settings) {
  size_t count = 0;
  for (char **e = environ; e && *e; e++) count++;
  for (const char *const *s = settings; *s; s++) count++;
  char **merged = ln_take(cx, count + 1, sizeof *merged);
  if (!merged) return NULL;
  size_t n = 0;
  for (const char *const *s = settings; *s; s++) merged[n++] = (char *)*s;
  for (char **e = environ; e && *e; e++) {
    bool replaced = false;
    size_t name = strcspn(*e, "=") + 1;
    for (const char *const *s = settings; *s && !replaced; s++) replaced = !strncmp(*s, *e, name);
    if (!replaced) merged[n++] = *e;
  }
  merged[n] = NULL;
  return merged;
}

/* Moves a descriptor above the three standard ones, which the program's own will replace one by one. */
static bool lift(int *fd) {
  if (*fd > STDERR_FILENO) return true;
  int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close_end(fd);
  *fd = lifted;
  return lifted >= 0;
}

/* ours: the ends that this process keeps; theirs: the program's standard input, output and errors. */
static bool open_ends(int ours[3], int theirs[3]) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return false;
  ours[0] = pair[0], theirs[0] = pair[1];
  for (int i = 1; i < 3; i++) {
    if (pipe2(pair, O_CLOEXEC)) return false;
    ours[i] = pair[0], theirs[i] = pair[1];
    if (fcntl(ours[i], F_SETFL, O_NONBLOCK)) return false;
  }
  return lift(&theirs[0]) && lift(&theirs[1]) && lift(&theirs[2]);
}

/* 0 or an error number, as posix_spawnp: that the program does not exist is known here. */
static int spawn(const ln_command *command, char **environment, const int ends[3], pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int bad = posix_spawn_file_actions_init(&actions);
  if (bad) return bad;
  bad = posix_spawnattr_init(&attributes);
  if (bad) return posix_spawn_file_actions_destroy(&actions), bad;

  for (int i = 0; i < 3 && !bad; i++) bad = posix_spawn_file_actions_adddup2(&actions, ends[i], i);
#if defined __GLIBC__ &&                                                                                     \
    __GLIBC_PREREQ(2, 34) /* elsewhere what the host left open without O_CLOEXEC is inherited */
  if (!bad) bad = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  if (!bad) bad = posix_spawnattr_setsigmask(&attributes, &none);
  if (!bad) bad = posix_spawnattr_setsigdefault(&attributes, &all);
  if (!bad) bad = posix_spawnattr_setpgroup(&attributes, 0);
  if (!bad)
    bad = posix_spawnattr_setflags(&attributes,
                                   POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  if (!bad)
    bad =
        posix_spawnp(pid, command->argv[0], &actions, &attributes, (char *const *)command->argv, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return bad;
}

static ln_status start(ln_context *cx, const ln_command *command, child *c, bool *missing) {
  char **environment = environ;
  if (command->settings && !(environment = merged_environment(cx, command->settings))) return LN_EMEMORY;

  int ours[3] = {-1, -1, -1}, theirs[3] = {-1, -1, -1};
  int bad = open_ends(ours, theirs) ? spawn(command, environment, theirs, &c->pid) : errno;
  for (int i = 0; i < 3; i++) close_end(&theirs[i]);
  if (!bad) {
    c->input = ours[0], c->output.fd = ours[1], c->errors.fd = ours[2];
    return LN_OK;
  }
  for (int i = 0; i < 3; i++) close_end(&ours[i]);
  c->pid = 0;
  *missing = bad == ENOENT || bad == ENOTDIR;
  if (*missing) return ln_fail(cx, LN_EFILE, "there is no program '%.200s'", command->argv[0]);
  return ln_fail(cx, LN_EFILE, "the program '%.200s' can't be started: %s", command->argv[0], strerror(bad));
}

/* ---- running ---- */

static void feed(child *c) {
  ssize_t sent = send(c->input, c->text, c->text_left, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) c->text += sent, c->text_left -= (size_t)sent;
  bool deaf = sent < 0 && errno != EAGAIN && errno != EINTR; /* it reads no more: its own affair */
  if (deaf || !c->text_left) close_end(&c->input);
}

/* Room for `extra` more bytes and a zero byte. Work space is a stack: the old block stays below until the
 * end. */
static bool reserve(ln_context *cx, stream *s, size_t extra) {
  if (s->size + extra < s->capacity) return true;
  size_t capacity = 2 * (s->size + extra + 1);
  char *data = ln_take(cx, capacity, 1);
  if (!data) return false;
  if (s->size) memcpy(data, s->data, s->size);
  data[s->size] = 0;
  s->data = data;
  s->capacity = capacity;
  return true;
}

/* Reads one piece and keeps at most `max` bytes altogether; *over says that there was more. False without
 * memory. */
static bool collect(ln_context *cx, stream *s, size_t max, bool *more, bool *over) {
  *more = false;
  if (!reserve(cx, s, PIECE)) return false;
  ssize_t got = read(s->fd, s->data + s->size, PIECE);
  if (got > 0) {
    *more = true;
    size_t room = max - s->size;
    *over = *over || (size_t)got > room;
    s->size += (size_t)got < room ? (size_t)got : room;
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    close_end(&s->fd);
  }
  s->data[s->size] = 0;
  return true;
}

/* Has the program ended? It stays uncollected, so that its group's number can't be another's yet. */
static bool has_ended(const child *c, bool *lost) {
  siginfo_t info = {0};
  *lost = waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) && errno == ECHILD;
  return *lost || info.si_pid == c->pid;
}

/* Waits for something to do, at most `ms`, and does it. */
static ln_status serve(ln_context *cx, const ln_command *command, child *c, int ms, bool *over) {
  struct pollfd ends[3] = {
      {c->input, POLLOUT, 0}, {c->output.fd, POLLIN, 0}, {c->errors.fd, POLLIN, 0}}; /* -1 is passed over */
  if (poll(ends, 3, ms) <= 0) return LN_OK;
  bool more, ignored = false;
  if (ends[0].revents) feed(c);
  if (ends[1].revents && !collect(cx, &c->output, command->output_max, &more, over)) return LN_EMEMORY;
  if (ends[2].revents && !collect(cx, &c->errors, LN_ERRORS_MAX, &more, &ignored)) return LN_EMEMORY;
  return LN_OK;
}

static ln_status too_much(ln_context *cx, const ln_command *command) {
  return ln_fail(cx, LN_ENUMERIC, "the program '%.200s' wrote more than %zu bytes", command->argv[0],
                 command->output_max);
}

/* After the end: what the pipe still holds. */
static ln_status collect_rest(ln_context *cx, stream *s, size_t max, bool *over) {
  bool more = true;
  for (int i = 0; i < LAST_PIECES && more && s->fd >= 0; i++)
    if (!collect(cx, s, max, &more, over)) return LN_EMEMORY;
  return LN_OK;
}

/* Until the program has ended and what it wrote is read. */
static ln_status attend(ln_context *cx, const ln_command *command, child *c, bool *lost) {
  bool over = false, ignored = false;
  int wait = 1;
  while (!has_ended(c, lost)) {
    bool closed = c->output.fd < 0 && c->errors.fd < 0; /* most likely it ends about now */
    if (closed && wait < TICK_MS) wait *= 2;
    ln_status status = serve(cx, command, c, closed ? wait : TICK_MS, &over);
    if (status == LN_OK && over) status = too_much(cx, command);
    if (status == LN_OK) status = ln_poll(cx);
    if (status != LN_OK) return status;
  }
  ln_status status = collect_rest(cx, &c->output, command->output_max, &over);
  if (status == LN_OK) status = collect_rest(cx, &c->errors, LN_ERRORS_MAX, &ignored);
  return status == LN_OK && over ? too_much(cx, command) : status;
}

/* Ends what still runs of the program's group, and collects the program. */
static void finish(child *c, bool lost, ln_outcome *outcome) {
  close_end(&c->input);
  close_end(&c->output.fd);
  close_end(&c->errors.fd);
  if (!c->pid || lost) return;
  kill(-c->pid, SIGKILL);
  int ended;
  pid_t got;
  do got = waitpid(c->pid, &ended, 0);
  while (got < 0 && errno == EINTR);
  if (got != c->pid) return;
  outcome->signal = WIFSIGNALED(ended) ? WTERMSIG(ended) : 0;
  outcome->status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

ln_status ln_run(ln_context *cx, const ln_command *command, ln_outcome *outcome) {
  *outcome = (ln_outcome){.status = -1};
  child c = {.input = -1,
             .text = command->input,
             .text_left = command->input_size,
             .output = {.fd = -1},
             .errors = {.fd = -1}};
  bool lost = false;
  ln_status status = ln_permit(cx, LN_MAY_RUN, command->argv[0]);
  if (status != LN_OK) return status;
  status = reserve(cx, &c.output, PIECE) && reserve(cx, &c.errors, PIECE)
               ? start(cx, command, &c, &outcome->missing)
               : LN_EMEMORY;
  if (status == LN_OK) status = attend(cx, command, &c, &lost);
  finish(&c, lost, outcome);
  if (status == LN_OK && lost)
    status = ln_fail(cx, LN_EFILE,
                     "how the program '%.200s' ended can't be known: this process has its children collected "
                     "by someone else (SIGCHLD)",
                     command->argv[0]);
  outcome->output = c.output.data, outcome->output_size = c.output.size;
  outcome->errors = c.errors.data, outcome->errors_size = c.errors.size;
  return status;
}
