/* pathways.h: the race between a shared pathway and dedicated ones in a gated deep linear network.
 *
 * `contexts` M input domains and as many output domains, the same map for all pairs, one mode of it of strength s; each domain is
 * trained with `partners` K others, all pairs equally often, inputs white. The shared path has an encoder for each domain, and with
 * three layers one hidden layer for all, and a decoder for each; a dedicated path has its own layers for each trained pair. From an
 * aligned start with layers b0 (shared) and c0 (dedicated):
 *
 *     three layers   shared (b, sqrt(M) b, b), dedicated (c, c, c), e = s - sqrt(M) b^3 - c^3:
 *                    db/dt = b^2 e/sqrt M,  dc/dt = c^2 e/(M K);            1/c - 1/(b K sqrt M) is conserved
 *     two layers     no common hidden layer, e = s - b^2 - c^2: db/dt = b e/M,  dc/dt = c e/(M K)
 *
 * What is learned by the shared path serves pairs that were never trained: `share` of their answer. After Saxe, Sodhani and Lewallen
 * (2022), The neural race reduction; docs/theory/pathways.md. */
#ifndef LN_PATHWAYS_H
#define LN_PATHWAYS_H

#include "core/context.h"

typedef struct ln_race {
  double contexts; /* M; not looked at with two layers */
  double partners; /* K */
  double s, b0, c0;
  int layers; /* 2 or 3 */
} ln_race;

typedef struct ln_race_end {
  double b, c;
  double share; /* of s that the shared path answers */
} ln_race_end;

/* LN_EARG unless M, K >= 1, s, b0 and c0 > 0, and the start answers less than s; LN_ENUMERIC never in range. */
ln_status ln_race_finish(ln_context *cx, const ln_race *race, ln_race_end *end);

/* Over n rising times t >= 0 (finite): b[i], c[i]. Integrated to a relative error of about 1e-10. */
ln_status ln_race_follow(ln_context *cx, const ln_race *race, const double *t, size_t n, double *b,
                         double *c);

#endif
