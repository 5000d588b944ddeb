/* decoupled_law.h: how each mode of an ln_decoupled moves; shared by the file that finds out and the one that
 * evaluates. */
#ifndef LN_DECOUPLED_LAW_H
#define LN_DECOUPLED_LAW_H

enum {
  FROZEN,     /* two or more layers do not carry it: it never moves */
  PAIR,       /* two layers: pair.h; with decay only for equal layers, by s -> s - k */
  PAIR_DECAY, /* two unequal layers that decay: one unknown, integrated */
  EQUAL,      /* more layers, all equal: mode.h */
  LAYERS      /* more layers: their D scalars, integrated */
};

#endif
