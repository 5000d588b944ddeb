#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: linnet [options] [script [args]]\n"
    "  -e text      execute Lua text\n"
    "  -l name      require the module and make it a global; -l global=name too\n"
    "  -i           show the prompt after the script\n"
    "  -v           show the version\n"
    "  -E           ignore the environment's LUA_INIT, LUA_PATH and LUA_CPATH\n"
    "  -W           show warnings\n"
    "  --threads N  threads for parallel work, as of ensembles (all cores)\n"
    "  --sandbox[=WHAT]\n"
    "               compute, and nothing else; WHAT, separated by commas, is allowed all the\n"
    "               same: read, write, process, require, native, environment, debug, threads\n"
    "  --memory N   bytes that scripts and numerics may hold; with K, M or G after it, 2G say\n"
    "  --time N     seconds that the script, each -e and each line at the prompt may take; also\n"
    "               with s, m or h after it\n"
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
  char message[400];
  snprintf(message, sizeof message, "%s '%.200s'", what, argument);
  complain(message);
  fputs(usage, stderr);
  return false;
}

/* In lua's words. */
static void ask_for_argument(const char *option) {
  char message[400];
  snprintf(message, sizeof message, "'%.200s' needs argument", option);
  complain(message);
  fputs(usage, stderr);
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

/* A positive number and perhaps one of the letters behind it, each of which multiplies it by its factor. */
static bool read_amount(const char *text, const char *letters, const double factors[], double *amount) {
  char *end;
  *amount = strtod(text, &end);
  if (end == text || !(*amount > 0) || *amount > 1e15) return false;
  const char *letter = *end ? strchr(letters, *end) : NULL;
  if (letter) *amount *= factors[letter - letters], end++;
  return !*end;
}

static bool read_memory(command_line *line, const char *text) {
  static const double factors[] = {0x1p10, 0x1p20, 0x1p30, 0x1p10, 0x1p20, 0x1p30};
  double bytes;
  if (!read_amount(text, "KMGkmg", factors, &bytes) || bytes < 1 || bytes >= 0x1p63)
    return refuse("--memory takes a number of bytes, with K, M or G after it perhaps, got", text);
  line->memory = (size_t)bytes;
  return true;
}

static bool read_time(command_line *line, const char *text) {
  static const double factors[] = {1, 60, 3600};
  if (read_amount(text, "smh", factors, &line->seconds)) return true;
  return refuse("--time takes a number of seconds, with s, m or h after it perhaps, got", text);
}

static bool read_sandbox(command_line *line, const char *text) {
  static const struct {
    const char *name;
    unsigned capability;
  } names[] = {{"read", LINNET_READ},       {"write", LINNET_WRITE},    {"process", LINNET_PROCESS},
               {"require", LINNET_REQUIRE}, {"native", LINNET_NATIVE},  {"environment", LINNET_ENVIRONMENT},
               {"debug", LINNET_DEBUG},     {"threads", LINNET_THREADS}};
  line->caps = LINNET_NONE;
  for (const char *word = text; *word;) {
    size_t size = strcspn(word, ","), i = 0, count = sizeof names / sizeof *names;
    while (i < count && (strncmp(word, names[i].name, size) != 0 || names[i].name[size])) i++;
    if (i == count) return refuse("--sandbox=WHAT knows the words that --help lists, got", text);
    line->caps |= names[i].capability;
    word += size;
    if (*word) word++;
  }
  return true;
}

/* An option's argument: the rest of its own word, or the next one. Null, with a message, if there is none. */
static const char *argument_of(command_line *line, int *i, const char *rest) {
  if (*rest) return rest;
  if (*i + 1 < line->argc) return line->argv[++*i];
  ask_for_argument(line->argv[*i]);
  return NULL;
}

static bool read_long_option(command_line *line, int *i) {
  static const struct {
    const char *name;
    bool (*read)(command_line *line, const char *text);
    const char *absent; /* stands for an argument that is not there; null: the next word is the argument */
  } options[] = {{"--threads", read_threads, NULL},
                 {"--memory", read_memory, NULL},
                 {"--time", read_time, NULL},
                 {"--sandbox", read_sandbox, ""}};
  const char *word = line->argv[*i];
  if (!strcmp(word, "--help")) return line->help = true;
  if (!strcmp(word, "--version")) return line->long_version = true;
  for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
    size_t size = strlen(options[k].name);
    if (strncmp(word, options[k].name, size) != 0 || (word[size] && word[size] != '=')) continue;
    const char *text = word[size] ? word + size + 1 : options[k].absent;
    if (!text) text = argument_of(line, i, "");
    return text && options[k].read(line, text);
  }
  return refuse("unrecognized option", word);
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
  *line = (command_line){
      .argc = argc, .argv = argv, .caps = LINNET_ALL, .actions = calloc((size_t)argc + 1, sizeof(step))};
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
