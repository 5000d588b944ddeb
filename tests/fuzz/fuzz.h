/* fuzz.h: what the fuzz targets share: a state that may nothing but what is asked for, and fresh again now and then.
 *
 * A target gets bytes and must survive them: no crash, no leak, no end later than its limits. `make fuzz` runs all of
 * them with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linnet.h"

#define RUNS_OF_A_STATE 2000 /* what one run breaks of the modules' tables another should not hide behind */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void swallow(void *ud, int stream, const char *text, size_t size) {
  (void)ud, (void)stream, (void)text, (void)size;
}

static void stop_unless(int fine, const char *what, linnet_state *S) {
  if (fine) return;
  fprintf(stderr, "%s: %s\n", what, S ? linnet_message(S) : "no state");
  abort();
}

/* The state of this run; `text` is run in each new one. */
static linnet_state *state_with(unsigned caps, double seconds, const char *text) {
  static linnet_state *S;
  static unsigned runs;
  if (S && ++runs % RUNS_OF_A_STATE == 0) linnet_close(S), S = NULL;
  if (!S) {
    linnet_config config;
    linnet_config_init(&config);
    config.caps = caps;
    config.max_memory = 128 << 20;
    config.max_seconds = seconds;
    config.max_flops = 1e9;
    config.write = swallow;
    stop_unless(linnet_open(&config, &S) == LINNET_OK, "open", NULL);
    stop_unless(linnet_dostring(S, text, strlen(text), "=fuzz") == LINNET_OK, "set-up", S);
  }
  lua_settop(linnet_lua(S), 0);
  return S;
}

#endif
