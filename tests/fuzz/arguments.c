/* Calls of every function of every module, with arguments of any type, shape and size; arguments.lua turns the bytes into
 * calls. */
#include "fuzz.h"

#define SCRIPT "tests/fuzz/arguments.lua"

static char script[1 << 16];

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  FILE *file = fopen(SCRIPT, "r");
  size_t size = file ? fread(script, 1, sizeof script - 1, file) : 0;
  if (!size) return perror(SCRIPT), exit(1), 1;
  return fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  linnet_state *S = state_with(LINNET_NONE, 1, script);
  lua_State *L = linnet_lua(S);
  lua_getglobal(L, "fuzz");
  lua_pushlstring(L, (const char *)bytes, size);
  linnet_call(S, 1, 0);
  return 0;
}
