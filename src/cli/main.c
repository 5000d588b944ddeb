/* The linnet command: scripts, Lua text, and the prompt. */
#include "command.h"

#include <cblas.h>
#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show_version(bool whole) {
  printf("linnet %s, %s\n", linnet_version(), LUA_COPYRIGHT);
  if (whole)
    printf("%s\nkernels: %s, of OpenBLAS %s\n", openblas_get_config(), linnet_kernels(),
           openblas_get_corename());
}

/* What is printed is out at once, as from lua: standard error and other programs may write to the same place. */
static void write_out(void *ud, int stream, const char *text, size_t size) {
  (void)ud;
  hide_progress();
  if (stream == 2) fflush(stdout);
  fwrite(text, 1, size, stream == 1 ? stdout : stderr);
  if (stream == 1 && text[size - 1] == '\n') fflush(stdout);
}

/* Large matrices come and go, and the pages of a fresh block cost more than the arithmetic on it: what was
 * freed stays with the process for the next, and only what exceeds 64 MB at the end of the heap goes back. */
static void keep_freed_blocks(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most that glibc takes */
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

/* The widths of registers that LINNET_KERNELS may name. */
static bool knows_kernels(void) {
  const char *width = getenv("LINNET_KERNELS");
  if (!width || !strcmp(width, "base") || !strcmp(width, "v3") || !strcmp(width, "v4")) return true;
  complain("LINNET_KERNELS must be base, v3 or v4: the widest registers to compute with");
  return false;
}

/* Those that this process may use. */
static int count_cores(void) {
#ifdef CPU_COUNT
  cpu_set_t allowed;
  if (!sched_getaffinity(0, sizeof allowed, &allowed)) return CPU_COUNT(&allowed);
#endif
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (int)cores : 1;
}

static linnet_state *open_state(const command_line *line) {
  linnet_config config;
  keep_freed_blocks();
  linnet_config_init(&config);
  /* One unless asked otherwise: OpenBLAS splits even 8x8 systems over all it has, which makes small work several times
   * slower, and its sums then depend on the number of cores. linnet's own parallel work gives the same bits on any. */
  if (!getenv("OPENBLAS_NUM_THREADS")) openblas_set_num_threads(1);
  config.threads = line->threads ? line->threads : count_cores();
  config.ignore_environment = line->ignore_environment || !(line->caps & LINNET_ENVIRONMENT);
  config.max_memory = line->memory;
  config.max_seconds = line->seconds;
  config.write = write_out;
  if (isatty(STDERR_FILENO)) config.progress = show_progress;
  linnet_state *S;
  if (linnet_open(&config, &S) != LINNET_OK)
    complain("not enough memory");
  else
    lua_gc(linnet_lua(S), LUA_GCGEN, 0, 0); /* halves the time of small matrices */
  return S;
}

/* Everything that the command line asks for, in Lua's order; false at the first failure. */
static bool run(linnet_state *S, const command_line *line) {
  bool has_script = line->script < line->argc, terminal = isatty(STDIN_FILENO);
  if (line->show_version || line->interactive) show_version(false);
  set_arguments(S, line); /* before anything is taken away: modules beside the script are found there later */
  linnet_restrict(S, line->caps);
  if (!line->ignore_environment && line->caps & LINNET_ENVIRONMENT && !run_initialisation(S)) return false;
  if (!run_actions(S, line)) return false;
  if (has_script && !run_script(S, line)) {
    if (!line->interactive) return false;
  }
  if (line->interactive) {
    run_prompt(S);
  } else if (!has_script && !line->executes && !line->show_version) {
    if (terminal)
      show_version(false), run_prompt(S);
    else
      return run_script(S, line);
  }
  return true;
}

int main(int argc, char **argv) {
  command_line line;
  name_program(argv[0]);
  bool fine = read_command_line(&line, argc, argv) && knows_kernels();
  if (fine && line.help) {
    show_help();
  } else if (fine && line.long_version) {
    show_version(true);
  } else if (fine) {
    linnet_state *S = open_state(&line);
    fine = S != NULL;
    if (S) {
      attach_interrupts(S);
      begin_work(2);
      fine = run(S, &line);
      begin_work(1); /* a finalizer that hangs is ended by the signal itself */
      linnet_close(S);
    }
  }
  hide_progress();
  free(line.actions);
  if (fflush(stdout) || ferror(stdout)) {
    complain("standard output could not be written");
    fine = false;
  }
  return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
