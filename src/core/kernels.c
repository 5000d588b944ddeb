#include "kernels/kernels.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern const ln_kernels ln_kernels_base;

#ifdef LN_WIDE_KERNELS
extern const ln_kernels ln_kernels_v3, ln_kernels_v4;
static const ln_kernels *const all[] = {&ln_kernels_v4, &ln_kernels_v3, &ln_kernels_base, NULL};

/* How many of the widest the processor (or its operating system) lacks. */
static size_t lacking(void) {
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl");
  return v4 ? 0 : v3 ? 1 : 2;
}
#else
static const ln_kernels *const all[] = {&ln_kernels_base, NULL};

static size_t lacking(void) { return 0; }
#endif

const ln_kernels *const *ln_kernels_here(void) { return all + lacking(); }

bool ln_is_kernel_width(const char *name) {
  return !strcmp(name, "base") || !strcmp(name, "v3") || !strcmp(name, "v4");
}

static const ln_kernels *choose(void) {
  const ln_kernels *const *here = ln_kernels_here();
  const char *most = getenv("LINNET_KERNELS");
  if (!most || !ln_is_kernel_width(most)) return *here;
  while (here[1] && strcmp(here[0]->name, most) > 0) here++; /* by chance base < v3 < v4 */
  return *here;
}

const ln_kernels *ln_kernels_chosen(void) {
  static _Atomic(const ln_kernels *) chosen; /* whoever comes first: all find the same */
  const ln_kernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (!kernels) atomic_store_explicit(&chosen, kernels = choose(), memory_order_relaxed);
  return kernels;
}
