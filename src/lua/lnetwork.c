/* lnetwork.c: the module `network` and the methods of a network, but for making and training one. */
#include "lua/lnetwork.h"

#include <stdio.h>
#include <string.h>

#include "lua/callback.h"
#include "lua/ldata.h"
#include "lua/lregistry.h"
#include "lua/lrun.h"
#include "lua/modules.h"
#include "network/plan.h"

#define LAYERS_TYPE "linnet.Layers" /* net.weights and net.biases */

/* ---- the value ---- */

typedef struct netdata {
  ln_net net;
  ln_layer layers[];
} netdata;

/* What keeps the activations of the network on top of the stack alive: user value 2. */
static void keep_activations(lua_State *L, const net_shape *shape) {
  bool own = false;
  for (size_t l = 0; l < shape->depth; l++) own = own || shape->activations[l]->ud;
  if (!own) return;
  lua_newtable(L);
  for (size_t l = 0; l < shape->depth; l++) {
    push_keeper(L, shape->activations[l]);
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  lua_setiuservalue(L, -2, 2);
}

ln_net *push_net(lua_State *L, const net_shape *shape, const char *name) {
  size_t bytes = sizeof(netdata) + shape->depth * sizeof(ln_layer);
  netdata *data = lua_newuserdatauv(L, bytes, 2);
  data->net = (ln_net){0};
  keep_activations(L, shape);
  for (size_t l = 0; l < shape->depth; l++)
    data->layers[l] = (ln_layer){
        .inputs = shape->sizes[l], .outputs = shape->sizes[l + 1], .activation = shape->activations[l]};
  check(L, name, ln_net_layout(context_of(L), &data->net, data->layers, shape->depth, shape->bias));
  ln_matrix parameters = push_matrix(L, data->net.count, 1);
  ln_fill(parameters, 0);
  data->net.parameters = parameters.data;
  lua_setiuservalue(L, -2, 1);
  luaL_setmetatable(L, NETWORK_TYPE);
  return &data->net;
}

ln_net *check_net(lua_State *L, int index, const char *name, const char *what) {
  netdata *data = luaL_testudata(L, index, NETWORK_TYPE);
  if (!data) fail(L, name, "%s must be a network, got %s", what, describe(L, index));
  return &data->net;
}

ln_net *net_self(lua_State *L, const char *call) {
  netdata *data = luaL_testudata(L, 1, NETWORK_TYPE);
  if (!data) fail_self(L, call, "a network");
  return &data->net;
}

void check_finite_net(lua_State *L, const ln_net *net, const char *call) {
  char what[40];
  for (size_t l = 0; l < net->depth; l++) {
    snprintf(what, sizeof what, "net.weights[%zu]", l + 1);
    check_finite(L, ln_weights(net, net->parameters, l), call, what);
    if (!net->bias) continue;
    snprintf(what, sizeof what, "net.biases[%zu]", l + 1);
    check_finite(L, ln_biases(net, net->parameters, l), call, what);
  }
}

ln_net *push_net_copy(lua_State *L, int index) {
  const ln_net *net = check_net(L, index, "net:copy", "self");
  net_shape shape = {.depth = net->depth, .bias = net->bias};
  shape.sizes[0] = ln_inputs(net);
  for (size_t l = 0; l < net->depth; l++) {
    shape.sizes[l + 1] = net->layers[l].outputs;
    shape.activations[l] = net->layers[l].activation;
  }
  ln_net *copy = push_net(L, &shape, "net:copy");
  memcpy(copy->parameters, net->parameters, net->count * sizeof *net->parameters);
  return copy;
}

/* Pushes a view of the parameters of the network at index. */
static void push_parameters(lua_State *L, int index, ln_matrix window) {
  lua_getiuservalue(L, index, 1);
  push_view(L, -1, window);
  lua_remove(L, -2);
}

/* ---- net.weights and net.biases: views by layer, and a shape-checked assignment ---- */

typedef struct layers {
  bool biases;
} layers;

static void push_layers(lua_State *L, bool biases) {
  layers *which = lua_newuserdatauv(L, sizeof *which, 1);
  which->biases = biases;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  luaL_setmetatable(L, LAYERS_TYPE);
}

/* The network of the layers at stack index 1 (pushed), and the window of layer `index`; data null if there is
 * none. */
static ln_matrix layer_window(lua_State *L, int index, const char *name) {
  const layers *which = luaL_checkudata(L, 1, LAYERS_TYPE);
  lua_getiuservalue(L, 1, 1);
  const ln_net *net = check_net(L, -1, name, "self");
  lua_Integer l = lua_tointeger(L, index);
  if (l < 1 || l > (lua_Integer)net->depth) return (ln_matrix){0};
  return which->biases ? ln_biases(net, net->parameters, (size_t)l - 1)
                       : ln_weights(net, net->parameters, (size_t)l - 1);
}

static int layers_index(lua_State *L) {
  const layers *which = luaL_checkudata(L, 1, LAYERS_TYPE);
  const char *name = which->biases ? "net.biases" : "net.weights";
  lua_Integer l = check_integer(L, 2, name, "the layer", 1, LUA_MAXINTEGER);
  ln_matrix window = layer_window(L, 2, name);
  const ln_net *net = check_net(L, -1, name, "self");
  if (!window.data && l == (lua_Integer)net->depth + 1) return lua_pushnil(L), 1; /* where ipairs ends */
  if (!window.data) fail(L, name, "layer %lld of a network with %zu", (long long)l, net->depth);
  push_parameters(L, lua_gettop(L), window);
  return 1;
}

static int layers_newindex(lua_State *L) {
  const layers *which = luaL_checkudata(L, 1, LAYERS_TYPE);
  const char *name = which->biases ? "net.biases" : "net.weights";
  lua_Integer l = check_integer(L, 2, name, "the layer", 1, LUA_MAXINTEGER);
  ln_matrix given = convert_matrix(L, 3, name, "the value"), window = layer_window(L, 2, name);
  const ln_net *net = check_net(L, -1, name, "self");
  if (!window.data) fail(L, name, "layer %lld of a network with %zu", (long long)l, net->depth);
  if (given.rows != window.rows || given.cols != window.cols)
    fail(L, name, "layer %lld is %zux%zu, got a %zux%zu matrix", (long long)l, window.rows, window.cols,
         given.rows, given.cols);
  ln_copy(given, window);
  return 0;
}

static int layers_length(lua_State *L) {
  luaL_checkudata(L, 1, LAYERS_TYPE);
  lua_getiuservalue(L, 1, 1);
  lua_pushinteger(L, (lua_Integer)check_net(L, -1, "net.weights", "self")->depth);
  return 1;
}

static int layers_string(lua_State *L) {
  const layers *which = luaL_checkudata(L, 1, LAYERS_TYPE);
  lua_getiuservalue(L, 1, 1);
  const ln_net *net = check_net(L, -1, "net.weights", "self");
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  luaL_addstring(&text, which->biases ? "biases" : "weights");
  for (size_t l = 0; l < net->depth; l++) {
    char size[64];
    snprintf(size, sizeof size, "%s [%zu] %zux%zu", l ? "," : "", l + 1, net->layers[l].outputs,
             which->biases ? 1 : net->layers[l].inputs);
    luaL_addstring(&text, size);
  }
  luaL_pushresult(&text);
  return 1;
}

/* ---- what a network computes ---- */

static int product(lua_State *L) {
  const ln_net *net = net_self(L, "net:product");
  ln_matrix W = push_matrix(L, ln_outputs(net), ln_inputs(net));
  check(L, "net:product", ln_product(context_of(L), net, net->parameters, W));
  return 1;
}

/* Pushes the values of a layer for the inputs at stack index 2. */
static int values_of(lua_State *L, const ln_net *net, size_t layer, const char *name) {
  ln_matrix X = convert_matrix(L, 2, name, "X");
  if (X.rows != ln_inputs(net))
    fail(L, name, "X is %zux%zu and the network takes %zu inputs (a column is an example)", X.rows, X.cols,
         ln_inputs(net));
  ln_matrix H = push_matrix(L, net->layers[layer - 1].outputs, X.cols);
  check_calling(L, name, ln_forward(context_of(L), net, net->parameters, X, layer, H));
  return 1;
}

static int forward(lua_State *L) {
  const ln_net *net = net_self(L, "net:forward");
  return values_of(L, net, net->depth, "net:forward");
}

static int hidden(lua_State *L) {
  const ln_net *net = net_self(L, "net:hidden");
  lua_Integer layer =
      lua_isnoneornil(L, 3) ? 1 : check_integer(L, 3, "net:hidden", "the layer", 1, (lua_Integer)net->depth);
  return values_of(L, net, (size_t)layer, "net:hidden");
}

/* A plan for one evaluation, its work space on the context's stack: the caller ends `mark`. */
static ln_status evaluate_once(ln_context *cx, const ln_net *net, const ln_task *task, double *gradient,
                               double *loss) {
  ln_mark mark = ln_begin(cx);
  ln_plan plan;
  ln_status status = ln_make_plan(cx, &plan, net, task, LN_PLAN_AUTO);
  if (status == LN_OK) status = plan.evaluate(cx, &plan, net->parameters, gradient, loss);
  return ln_end(cx, mark, status);
}

static double loss_of(lua_State *L, const char *name) {
  const ln_net *net = net_self(L, name);
  const ln_task *task = task_for(L, 2, name, net, LN_PLAN_AUTO);
  double loss;
  check_calling(L, name, evaluate_once(context_of(L), net, task, NULL, &loss));
  return loss;
}

static int loss(lua_State *L) { return lua_pushnumber(L, loss_of(L, "net:loss")), 1; }
static int error(lua_State *L) { return lua_pushnumber(L, 2 * loss_of(L, "net:error")), 1; }

/* A list of dL/dW_l, and with biases a second one of dL/db_l. */
static int gradient(lua_State *L) {
  const ln_net *net = net_self(L, "net:gradient");
  const ln_task *task = task_for(L, 2, "net:gradient", net, LN_PLAN_AUTO);
  double *g = push_matrix(L, net->count, 1).data, ignored;
  int root = lua_gettop(L);
  check_calling(L, "net:gradient", evaluate_once(context_of(L), net, task, g, &ignored));
  push_layer_views(L, root, net, g, false);
  if (!net->bias) return 1;
  push_layer_views(L, root, net, g, true);
  return 2;
}

static int copy(lua_State *L) {
  net_self(L, "net:copy");
  return push_net_copy(L, 1), 1;
}

/* ---- fields ---- */

static int push_sizes(lua_State *L, const ln_net *net) {
  lua_createtable(L, (int)net->depth + 1, 0);
  for (size_t l = 0; l <= net->depth; l++) {
    lua_pushinteger(L, (lua_Integer)(l ? net->layers[l - 1].outputs : ln_inputs(net)));
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  return 1;
}

static int push_activations(lua_State *L, const ln_net *net) {
  lua_createtable(L, (int)net->depth, 0);
  for (size_t l = 0; l < net->depth; l++) {
    lua_pushstring(L, net->layers[l].activation->name);
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  return 1;
}

static int push_depth(lua_State *L, const ln_net *net) {
  return lua_pushinteger(L, (lua_Integer)net->depth), 1;
}
static int push_count(lua_State *L, const ln_net *net) {
  return lua_pushinteger(L, (lua_Integer)net->count), 1;
}
static int push_inputs(lua_State *L, const ln_net *net) {
  return lua_pushinteger(L, (lua_Integer)ln_inputs(net)), 1;
}
static int push_outputs(lua_State *L, const ln_net *net) {
  return lua_pushinteger(L, (lua_Integer)ln_outputs(net)), 1;
}
static int push_bias(lua_State *L, const ln_net *net) { return lua_pushboolean(L, net->bias), 1; }
static int push_linear(lua_State *L, const ln_net *net) { return lua_pushboolean(L, net->linear), 1; }
static int push_weights(lua_State *L, const ln_net *net) { return (void)net, push_layers(L, false), 1; }
static int push_biases(lua_State *L, const ln_net *net) {
  if (net->bias)
    push_layers(L, true);
  else
    lua_pushnil(L);
  return 1;
}

static const struct {
  const char *name;
  int (*push)(lua_State *L, const ln_net *net);
} fields[] = {
    {"depth", push_depth},     {"sizes", push_sizes},
    {"weights", push_weights}, {"biases", push_biases},
    {"inputs", push_inputs},   {"outputs", push_outputs},
    {"bias", push_bias},       {"activations", push_activations},
    {"linear", push_linear},   {"parameters", push_count},
};
#define FIELDS (sizeof fields / sizeof *fields)

/* Upvalue 1: the methods. */
static int get_field(lua_State *L) {
  const ln_net *net = check_net(L, 1, "network", "self");
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
  const char *known[FIELDS + 1] = {0};
  for (size_t i = 0; i < FIELDS; i++) {
    if (name && !strcmp(name, fields[i].name)) return fields[i].push(L, net);
    known[i] = fields[i].name;
  }
  if (!name) fail(L, "network", "fields have names, got %s (layer l is net.weights[l])", describe(L, 2));
  const char *likely = nearest(name, known);
  if (likely) fail(L, "network", "no field '%s'; did you mean '%s'?", name, likely);
  fail(L, "network", "no field or method '%s'", name);
}

static int set_field(lua_State *L) {
  fail(L, "network", "net.%s can't be set; write net.weights[l] = M, or into net.weights[l]",
       lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
}

static int to_string(lua_State *L) {
  const ln_net *net = check_net(L, 1, "network", "self");
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  char part[120];
  snprintf(part, sizeof part, "%s network %zu", net->linear ? "linear" : "nonlinear", ln_inputs(net));
  luaL_addstring(&text, part);
  for (size_t l = 0; l < net->depth; l++) {
    snprintf(part, sizeof part, "-%zu", net->layers[l].outputs);
    luaL_addstring(&text, part);
  }
  if (!net->linear)
    for (size_t l = 0; l < net->depth; l++) {
      luaL_addstring(&text, l ? ", " : " (");
      luaL_addstring(&text, net->layers[l].activation->name);
      if (l + 1 == net->depth) luaL_addstring(&text, ")");
    }
  snprintf(part, sizeof part, ", depth %zu, %zu parameters%s", net->depth, net->count,
           net->bias ? " with biases" : "");
  luaL_addstring(&text, part);
  luaL_pushresult(&text);
  return 1;
}

/* ---- the module ---- */

static const luaL_Reg methods[] = {
    {"product", product},
    {"forward", forward},
    {"hidden", hidden},
    {"loss", loss},
    {"error", error},
    {"gradient", gradient},
    {"observe", network_observe},
    {"copy", copy},
    {"train", network_train},
    {"flow", network_flow},
    {NULL, NULL},
};

static const luaL_Reg layers_metamethods[] = {{"__index", layers_index},
                                              {"__newindex", layers_newindex},
                                              {"__len", layers_length},
                                              {"__tostring", layers_string},
                                              {NULL, NULL}};

/* The ensemble's are for lua/linnet/ensemble.lua. */
static const luaL_Reg functions[] = {{"new", network_new},
                                     {"from", network_from},
                                     {"ensemble", network_ensemble},
                                     {"ensemble_train", ensemble_train},
                                     {"ensemble_flow", ensemble_flow},
                                     {NULL, NULL}};

int luaopen_network_core(lua_State *L) {
  luaL_newmetatable(L, LAYERS_TYPE);
  luaL_setfuncs(L, layers_metamethods, 0);
  lua_pop(L, 1);

  luaL_newmetatable(L, NETWORK_TYPE);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, get_field, 1);
  lua_setfield(L, -3, "__index");
  lua_pushcfunction(L, set_field);
  lua_setfield(L, -3, "__newindex");
  lua_pushcfunction(L, to_string);
  lua_setfield(L, -3, "__tostring");

  luaL_newlib(L, functions);
  lua_insert(L, -3);
  lua_setfield(L, -3,
               "methods"); /* these and the metatables: lua/linnet/network.lua and run.lua complete them */
  lua_setfield(L, -2, "network");
  luaL_newmetatable(L, RUN_TYPE);
  lua_setfield(L, -2, "run");
  luaL_newmetatable(L, ENSEMBLE_TYPE);
  lua_setfield(L, -2, "ensemble_type");
  luaL_newmetatable(L, ENSEMBLE_RUN_TYPE);
  lua_setfield(L, -2, "ensemble_run");
  lua_newtable(L); /* the observables: name = doc */
  for (const ln_observable *what = ln_observables; what->name; what++) {
    lua_pushstring(L, what->doc);
    lua_setfield(L, -2, what->name);
  }
  lua_setfield(L, -2, "observables");
  lua_newtable(L); /* those of which a run has a list, with an entry for each record */
  for (const ln_observable *what = ln_observables; what->name; what++) {
    lua_pushboolean(L, what->kind != LN_CURVES);
    lua_setfield(L, -2, what->name);
  }
  lua_setfield(L, -2, "listed");
  add_registry(L);
  return 1;
}
