/* forgetting.h: what learning one item does to another that was learned before it.
 *
 * Item A has been learned with strength s_a by a network of two layers; its input is off from now on. Item B of strength s_b, whose
 * properties make the angle phi with those of A, is learned from a small start by the same hidden direction: the last layer turns
 * from A's to B's properties. docs/theory/semantic.md. */
#ifndef LN_FORGETTING_H
#define LN_FORGETTING_H

#include "core/context.h"

/* *length: that of the last layer's column after B; *error: |y - f|^2/2 on A. LN_EARG unless s_a, s_b > 0 and 0 <= angle < pi/2 (at a
 * right angle another hidden direction is recruited and nothing is forgotten). */
ln_status ln_forgetting(ln_context *cx, double s_a, double s_b, double angle, double *length, double *error);

#endif
