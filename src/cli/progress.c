/* One line on standard error, shown when a call takes long and wiped when it is over. */
#include "command.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 0.5 /* seconds before the line is shown */
#define REFRESH 0.1

static struct {
  double began, drawn; /* 0: not yet */
  bool visible;
} line;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void hide_progress(void) {
  if (line.visible) fputs("\r\033[K", stderr);
  line.visible = false;
  line.began = 0;
}

void show_progress(void *ud, const char *what, double fraction) {
  (void)ud;
  double t = now();
  if (line.began == 0) line.began = t;
  if (fraction >= 1) {
    hide_progress();
  } else if (t - line.began > PATIENCE && t - line.drawn > REFRESH) {
    fprintf(stderr, "\r%s %3.0f%%", what, 100 * fraction);
    if (fraction > 0) fprintf(stderr, ", %.0f s left", (t - line.began) * (1 - fraction) / fraction);
    fputs("\033[K", stderr);
    line.drawn = t;
    line.visible = true;
  }
}
