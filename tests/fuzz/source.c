/* Lua text from a stranger, in a state without capabilities. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  linnet_state *S = state_with(LINNET_NONE, 0.02, "");
  linnet_dostring(S, (const char *)bytes, size, "=text");
  return 0;
}
