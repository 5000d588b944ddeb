#include "kernels/width.h"

#define QUOTE2(x) #x
#define QUOTE(x) QUOTE2(x)

extern const ln_kernels KERNEL(kernels);
const ln_kernels KERNEL(kernels) = {
    .name = QUOTE(LN_WIDTH),
    .lanes = LANES,
#define LN_KERNEL(result, name, parameters) .name = KERNEL(name),
#include "kernels/list.h"
};
