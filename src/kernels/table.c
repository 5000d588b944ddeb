#include "kernels/width.h"

#define QUOTE2(x) #x
#define QUOTE(x) QUOTE2(x)
#define ENTRY(result, name, parameters) .name = KERNEL(name),

extern const ln_kernels KERNEL(kernels);
const ln_kernels KERNEL(kernels) = {.name = QUOTE(LN_WIDTH), .lanes = LANES, LN_KERNEL_LIST(ENTRY)};
