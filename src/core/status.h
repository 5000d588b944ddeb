/* status.h: what a numeric call returns. One list gives the constants, their names and what they mean;
 * linnet.h has the same list for hosts, and src/host checks that the two agree. */
#ifndef LN_STATUS_H
#define LN_STATUS_H

#define LN_STATUS_LIST(X)                                                                                    \
  X(OK, "done")                                                                                              \
  X(ESYNTAX, "the Lua text does not parse")                                                                  \
  X(ERUN, "a Lua error")                                                                                     \
  X(EMEMORY, "out of memory")                                                                                \
  X(EINTERRUPT, "interrupted")                                                                               \
  X(ETIME, "over its time limit")                                                                            \
  X(EFLOPS, "over its budget of floating-point operations")                                                  \
  X(EDENIED, "not permitted here")                                                                           \
  X(EFILE, "a file could not be read or written")                                                            \
  X(EARG, "an argument outside what is allowed")                                                             \
  X(ENUMERIC, "a numerical method failed")                                                                   \
  X(EDIVERGED, "diverged")

typedef enum ln_status {
#define LN_STATUS_CONSTANT(name, meaning) LN_##name,
  LN_STATUS_LIST(LN_STATUS_CONSTANT)
#undef LN_STATUS_CONSTANT
} ln_status;

/* "EARG" and "an argument outside what is allowed". */
const char *ln_status_name(ln_status status);
const char *ln_status_meaning(ln_status status);

#endif
