/* lensemble.h: what the parts of ens:train and ens:flow share: the methods (lensemble.c), and small linear networks that
 * descend side by side (lensemble_group.c). */
#ifndef LENSEMBLE_H
#define LENSEMBLE_H

#include "lua/ltraining.h"

/* A network's training or flow, and how it ended. */
typedef struct member {
  union {
    run run; /* the first field of both */
    training training;
    flowing flow;
  } as;
  double *start; /* of a flow: where it begins again if memory was short in between */
  bool ended;    /* it came to its end, or diverged */
  bool diverged;
} member;

/* What differs between ens:train and ens:flow. */
typedef struct kind {
  const char *call;
  const char *const *options;
  void (*read)(const options *o, int owner, member *m, bool can_be_asked);
  ln_status (*work)(ln_context *cx, member *m); /* to the end; after LN_EMEMORY it is called again */
  void (*push)(member *m);
} kind;

typedef struct ensemble {
  lua_State *L;
  const kind *kind;
  /* stack indices of the list of networks, of lists with each network's task and with what it left on the stack, and of
   * what will be returned; the stack's top before a network's own */
  int networks, tasks, kept, result, base;
  size_t count;
  member *at;
  size_t groups; /* 0: the networks are trained one after the other */
  struct group_of_ensemble *group;
  box *box; /* with the groups' work space */
  double started;
} ensemble;

/* A training has come to its end, or failed. */
void note_end(member *m, ln_status status);

/* If the ensemble's networks can be trained in groups, side by side, it gets them; takes their memory. */
void form_groups(ensemble *e);
/* Before workers begin, the first time or once more after LN_EMEMORY: no group is in anybody's hands. */
void release_groups(ensemble *e);
/* Jobs for ln_parallel, as many as there are groups. */
ln_status work_in_groups(ln_context *cx, void *ud, size_t job);

#endif
