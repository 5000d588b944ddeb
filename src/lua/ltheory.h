/* ltheory.h: what the bindings of the families of `theory` share. A family is a table of functions, each of
 * which takes one table of options and computes from formulas in src/theory. */
#ifndef LTHEORY_H
#define LTHEORY_H

#include <stdint.h>

#include "lua/options.h"

/* Each family's functions, for the module's table. */
extern const luaL_Reg mode_functions[], layer_functions[], decoupled_functions[]; /* all of theory.mode */
extern const luaL_Reg shallow_functions[], minibatch_functions[];                 /* all of theory.shallow */
extern const luaL_Reg semantic_functions[], pathways_functions[];
extern const luaL_Reg ntk_functions[], stability_functions[], balanced_functions[], riccati_functions[];
extern const luaL_Reg generalization_shallow_functions[], generalization_deep_functions[],
    generalization_low_rank_functions[], generalization_features_functions[],
    generalization_coloured_functions[];                               /* all of theory.generalization */
extern const luaL_Reg spectrum_functions[];                            /* theory.spectrum */
extern const luaL_Reg mean_field_functions[], pretraining_functions[]; /* all of theory.depth */

/* The moments of a task: options Sxx and Syx, or task = a task that has them. Pushes what keeps them alive.
 */
void option_moments(const options *o, ln_matrix *Sxx, ln_matrix *Syx);
/* Sxx alone, from the same options. */
ln_matrix option_inputs(const options *o);

/* The layers of option `name`, `least` of them or more, finite: a list { W1, W2, ... }, net.weights, or a network
 * (linear, without biases). Pushes two values. */
ln_matrix *option_layers(const options *o, const char *name, size_t least, size_t *depth);
/* The same from option weights, or from net; 1 layer or more. */
ln_matrix *option_weights_or_net(const options *o, size_t *depth);

/* Numbers of steps of descent, whole and >= 0. Pushes two values. */
typedef struct counts {
  times asked;
  uint64_t *data;
} counts;
counts option_steps(const options *o, const char *name);

/* The places 0 .. n-1 of the numbers in rising order. Pushes one value. */
size_t *push_order(lua_State *L, const double *numbers, size_t n);

/* Answers that are matrices: pushes one for each time, and then ... */
ln_matrix *push_matrices(lua_State *L, size_t count, size_t rows, size_t cols);
/* ... turns the values they were made of into the matrix for one number, or a list for more. Returns 1. */
int pop_matrices(lua_State *L, const times *t);

/* Sets a number of the table on top of the stack. */
void put_number(lua_State *L, const char *name, double x);

/* Sets a field of the table on top of the stack: the value at index as it is, or (t not null) the answers
 * there in the shape of t. */
void put_field(lua_State *L, const char *name, int index, const times *t);

#endif
