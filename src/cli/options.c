#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: linnet [options] [script [args]]\n"
                            "  -e text      execute Lua text\n"
                            "  -l name      require the module and make it a global; -l global=name too\n"
                            "  -i           show the prompt after the script\n"
                            "  -v           show the version\n"
                            "  -E           ignore the environment's LUA_INIT, LUA_PATH and LUA_CPATH\n"
                            "  -W           show warnings\n"
                            "  --threads N  threads for OpenBLAS and linnet's parallel work (1)\n"
                            "  --version    show the versions of linnet, Lua and OpenBLAS, with its kernels\n"
                            "  --help       show this\n"
                            "  --           the options end here\n"
                            "  -            execute standard input\n";

void show_help(void) {
  fputs(usage, stdout);
  fputs("\nWithout a script: the prompt on a terminal, standard input elsewhere.\n"
        "The script finds modules of its own beside it, then where LUA_PATH says.\n",
        stdout);
}

static bool refuse(const char *what, const char *argument) {
  char message[256];
  snprintf(message, sizeof message, "%s '%.200s'", what, argument);
  complain(message);
  fputs(usage, stderr);
  return false;
}

static bool read_threads(command_line *line, const char *text) {
  char *end;
  errno = 0;
  long threads = strtol(text, &end, 10);
  if (errno || end == text || *end || threads < 1 || threads > 1024)
    return refuse("--threads takes a number from 1 to 1024, got", text);
  line->threads = (int)threads;
  return true;
}

/* An option's argument: the rest of its own word, or the next one. Null, with a message, if there is none. */
static const char *argument_of(command_line *line, int *i, const char *rest) {
  if (*rest) return rest;
  if (*i + 1 < line->argc) return line->argv[++*i];
  refuse("an argument must follow", line->argv[*i]);
  return NULL;
}

static bool read_long_option(command_line *line, int *i) {
  const char *word = line->argv[*i];
  static const char threads[] = "--threads";
  if (!strcmp(word, "--help")) return line->help = true;
  if (!strcmp(word, "--version")) return line->long_version = true;
  if (strncmp(word, threads, sizeof threads - 1)) return refuse("unrecognized option", word);
  const char *rest = word + sizeof threads - 1;
  if (*rest && *rest != '=') return refuse("unrecognized option", word);
  const char *count = *rest ? rest + 1 : argument_of(line, i, rest);
  return count && read_threads(line, count);
}

static bool read_short_option(command_line *line, int *i) {
  const char *word = line->argv[*i];
  char option = word[1];
  if (option == 'e' || option == 'l') {
    const char *text = argument_of(line, i, word + 2);
    if (!text) return false;
    line->actions[line->count++] = (step){option, text};
    line->executes |= option == 'e';
    return true;
  }
  if (word[2]) return refuse("unrecognized option", word);
  switch (option) {
  case 'i': return line->interactive = true;
  case 'v': return line->show_version = true;
  case 'E': return line->ignore_environment = true;
  case 'W': line->actions[line->count++] = (step){option, NULL}; return true;
  default: return refuse("unrecognized option", word);
  }
}

bool read_command_line(command_line *line, int argc, char **argv) {
  *line = (command_line){.argc = argc, .argv = argv, .actions = calloc((size_t)argc + 1, sizeof(step))};
  if (!line->actions) {
    complain("not enough memory");
    return false;
  }
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (!argv[i][1]) {
      line->from_stdin = true;
      break;
    }
    if (!strcmp(argv[i], "--")) {
      i++;
      break;
    }
    if (!(argv[i][1] == '-' ? read_long_option(line, &i) : read_short_option(line, &i))) return false;
  }
  line->script = i;
  return true;
}
