/* checks.h: what several theories ask of their arguments. Each is LN_OK, or LN_EARG with the reason. */
#ifndef LN_CHECKS_H
#define LN_CHECKS_H

#include <stdint.h>

#include "core/matrix.h"

ln_status ln_check_finite(ln_context *cx, ln_matrix A,
                          const char *name);            /* with the place of the first that is not */
ln_status ln_check_decay(ln_context *cx, double decay); /* a weight decay >= 0 */
/* rate >= 0, 0 <= momentum < 1, decay >= 0, and numbers of steps that rise. */
ln_status ln_check_descent(ln_context *cx, double rate, double momentum, double decay, const uint64_t *steps,
                           size_t count);
/* depth >= 1 layers that are finite and chain: layer l + 1 has as many columns as layer l has rows. */
ln_status ln_check_layers(ln_context *cx, const ln_matrix *weights, size_t depth);
/* The same for the moments of a task: Sxx inputs x inputs, Syx outputs x inputs, and layers that lead from one
 * to the other. */
ln_status ln_check_layers_on(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx,
                             ln_matrix Syx);

#endif
