/* relaxation.h: means of decays exp(-x t) over the eigenvalues x of Sxx, at any time.
 *
 * The law is Marchenko and Pastur's; what has been learned of a direction with eigenvalue x after the time t of gradient
 * flow is 1 - exp(-x t), after n steps of descent at rate r it is 1 - (1 - r x)^n. Five means are all that the errors of a
 * shallow student need. Gauss-Chebyshev rules with as many nodes as the time asks for (marchenko_pastur.h); late, and where small numbers matter,
 * Gauss-Legendre rules on panels that narrow towards the lower edge. */
#ifndef LN_RELAXATION_H
#define LN_RELAXATION_H

#include "core/context.h"
#include "theory/marchenko_pastur.h"

/* Means over the law, with e = exp(-x t) - 1. */
typedef struct ln_relaxed {
  double kept;    /* of exp(-2 x t), the atom at 0 included */
  double moving;  /* the same without the atom */
  double fading;  /* of x exp(-2 x t) */
  double noise;   /* of e^2/x where x > 0: how label noise comes in */
  double learned; /* of e^2 */
} ln_relaxed;

/* Quadrature rules that have been needed so far; they serve all gammas. */
typedef struct ln_relaxation {
  struct ln_relaxation_rule *rules;         /* for growing numbers of nodes, made when first asked for */
  const struct ln_relaxation_rule *current; /* this rule, for this law: */
  double gamma;
  size_t nodes, room;
  double *x, *w, *w_over_x, *w_over_xx;
  /* Of nodes from `cut` on nothing is left after the time `cut_time`; sums over them of w/x and w/x^2: */
  size_t cut;
  double cut_time, tail, tail_of_squares;
  double *e, *left; /* work space for as many numbers each */
} ln_relaxation;

/* Work space of the caller's scope. */
ln_status ln_begin_relaxation(ln_context *cx, ln_relaxation *r);

/* At t >= 0, infinity included; errors of 1e-16 or so. */
ln_status ln_relax(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t,
                   ln_relaxed *means);
/* `moving`, `fading` and (without an atom) `kept` to a relative accuracy however small they are. The others only where all
 * directions have moved, lower edge * t > 1. */
ln_status ln_relax_late(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t,
                        ln_relaxed *means);

/* After `steps` steps of descent; LN_EARG unless 0 < rate < 2/upper edge. */
ln_status ln_relax_steps(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double rate,
                         double steps, ln_relaxed *means);

/* Nodes and weights (of the first rule of marchenko_pastur.h) that are enough for the time t: r->nodes of them in r->x
 * and r->w. */
ln_status ln_relaxation_nodes(ln_context *cx, ln_relaxation *r, const ln_marchenko_pastur *law, double t);

#endif
