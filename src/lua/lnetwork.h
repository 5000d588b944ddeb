/* lnetwork.h: networks as Lua values. A network is a userdata that holds an ln_net and its layers; its
 * parameters are a matrix (one column) in user value 1, of which net.weights[l] and net.biases[l] are views; user value 2
 * keeps the activations that are a user's own. */
#ifndef LNETWORK_H
#define LNETWORK_H

#include "lua/options.h"
#include "network/net.h"

#define NETWORK_TYPE "linnet.Network"
#define ENSEMBLE_TYPE "linnet.Ensemble" /* the metatable of a list of networks */

/* The sizes N_0 .. N_D of a network to be made, and what acts on each layer. */
typedef struct net_shape {
  size_t depth;
  size_t sizes[LN_DEPTH_MAX + 1];
  const ln_activation *activations[LN_DEPTH_MAX];
  bool bias;
} net_shape;

/* Pushes a network of that shape with all parameters 0. `name` is the call's, for messages. */
ln_net *push_net(lua_State *L, const net_shape *shape, const char *name);
/* Pushes a copy of the network at index. */
ln_net *push_net_copy(lua_State *L, int index);
ln_net *check_net(lua_State *L, int index, const char *name, const char *what);
/* Raises unless all parameters are finite. */
void check_finite_net(lua_State *L, const ln_net *net, const char *call);
/* The network whose method `call` ("net:train") is: argument 1. */
ln_net *net_self(lua_State *L, const char *call);

/* Pushes a table of the built-in starts: name = doc. */
void push_init_docs(lua_State *L);

/* network.new, network.ensemble and network.from (lnetwork_new.c), net:train and net:flow (lnetwork_train.c), and both for
 * the networks of an ensemble (lensemble.c). */
int network_new(lua_State *L);
int network_ensemble(lua_State *L);
int network_from(lua_State *L);
int network_train(lua_State *L);
int network_flow(lua_State *L);
int ensemble_train(lua_State *L);
int ensemble_flow(lua_State *L);

#endif
