/* The history's file: a piece in each line, its own newlines written as \n and its backslashes as \\. Pieces
 * are appended when they are typed, so that sessions side by side, and those that end badly, lose nothing. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEPT 2000 /* pieces; twice as many make the file be cut */

static char *path;

/* Creates the folders of the path that are missing, for this user alone. */
static void create_folders(char *of) {
  for (char *slash = strchr(of + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(of, 0700);
    *slash = '/';
  }
}

/* As the XDG base directory specification has it: relative paths are ignored. */
static void find_file(void) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  int size = -1;
  if (state && *state == '/')
    size = asprintf(&path, "%s/linnet/history", state);
  else if (home && *home == '/')
    size = asprintf(&path, "%s/.local/state/linnet/history", home);
  if (size < 0)
    path = NULL;
  else
    create_folders(path);
}

static void unescape(char *line) {
  char *to = line;
  for (char *from = line; *from && *from != '\n'; from++) {
    if (*from == '\\' && from[1])
      from++, *to++ = *from == 'n' ? '\n' : *from;
    else
      *to++ = *from;
  }
  *to = 0;
}

/* Leaves the last `keep` of `count` lines, in a new file that takes the place of the old one. */
static void cut(FILE *file, size_t count, size_t keep) {
  char *temporary, *line = NULL;
  size_t room = 0;
  if (asprintf(&temporary, "%s.new", path) < 0) return;
  FILE *shorter = fopen(temporary, "w");
  rewind(file);
  for (size_t i = 0; shorter && getline(&line, &room, file) > 0; i++)
    if (i + keep >= count) fputs(line, shorter);
  if (shorter && (fclose(shorter) || rename(temporary, path))) remove(temporary);
  free(line);
  free(temporary);
}

void load_history(void (*add)(const char *piece)) {
  find_file();
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return;
  char *line = NULL;
  size_t room = 0, count = 0;
  for (; getline(&line, &room, file) > 0; count++) {
    unescape(line);
    if (*line) add(line);
  }
  free(line);
  if (count > 2 * KEPT) cut(file, count, KEPT);
  fclose(file);
}

void append_history(const char *piece) {
  FILE *file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  for (const char *c = piece; *c; c++) {
    if (*c == '\n')
      fputs("\\n", file);
    else if (*c == '\\')
      fputs("\\\\", file);
    else
      fputc(*c, file);
  }
  fputc('\n', file);
  fclose(file);
}

void close_history(void) {
  free(path);
  path = NULL;
}
