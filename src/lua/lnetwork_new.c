/* lnetwork_new.c: making networks: network.new, network.ensemble and network.from. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lua/ldata.h"
#include "lua/lnetwork.h"
#include "lua/lrandom.h"
#include "lua/lregistry.h"
#include "network/init.h"

#define MEMBERS_MAX 1000000 /* of an ensemble */
/* Where the options of a user's start lie, as a table. */
#define REST "options of the start"
#define SIZE_LARGEST 1000000000 /* units of a layer; the count of parameters is checked on its own */

/* ---- sizes ---- */

static size_t size_at(const options *o, const char *name, lua_Integer i) {
  lua_geti(o->L, -1, i);
  char what[64];
  lua_pushfstring(o->L, "%s[%I]", name, i);
  strncpy(what, lua_tostring(o->L, -1), sizeof what - 1);
  what[sizeof what - 1] = 0;
  lua_pop(o->L, 1);
  size_t size = (size_t)check_integer(o->L, -1, o->call, what, 1, SIZE_LARGEST);
  lua_pop(o->L, 1);
  return size;
}

/* A list of sizes into `sizes`; returns how many. The list is on top of the stack. */
static size_t read_list(const options *o, const char *name, size_t *sizes, lua_Integer least,
                        lua_Integer most) {
  lua_Integer count = luaL_len(o->L, -1);
  if (count < least || count > most)
    option_fail(o, name, "has %lld sizes; it needs between %lld and %lld", (long long)count, (long long)least,
                (long long)most);
  for (lua_Integer i = 1; i <= count; i++) sizes[i - 1] = size_at(o, name, i);
  return (size_t)count;
}

/* hidden= a number, depth= 2 or more layers; or hidden= a list, one entry for each hidden layer. */
static void read_hidden(const options *o, net_shape *shape) {
  int type = option_push(o, "hidden");
  if (type == LUA_TTABLE) {
    size_t hidden = read_list(o, "hidden", shape->sizes + 1, 0, LN_DEPTH_MAX - 1);
    shape->depth = hidden + 1;
    lua_Integer depth = option_integer_or(o, "depth", 1, LN_DEPTH_MAX, (lua_Integer)shape->depth);
    if (depth != (lua_Integer)shape->depth)
      option_fail(o, "depth", "= %lld, and hidden has %zu sizes, which make %zu weight layers",
                  (long long)depth, hidden, shape->depth);
  } else {
    shape->depth = (size_t)option_integer_or(o, "depth", 1, LN_DEPTH_MAX, 2);
    if (type == LUA_TNIL && shape->depth > 1)
      option_fail(
          o, "hidden",
          "must be the width of the hidden layers (a number or a list); a network without any has depth = 1");
    if (type != LUA_TNIL && shape->depth == 1)
      option_fail(o, "hidden", "is given, and a network of depth 1 has no hidden layer");
    size_t width = type == LUA_TNIL ? 0 : (size_t)option_integer(o, "hidden", 1, SIZE_LARGEST);
    for (size_t l = 1; l < shape->depth; l++) shape->sizes[l] = width;
  }
  lua_pop(o->L, 1);
}

/* Sizes from sizes=, from task= and hidden=, or from inputs=, hidden= and outputs=. A task given with sizes=
 * is the one that an aligned start follows. */
static void read_sizes(const options *o, net_shape *shape) {
  lua_State *L = o->L;
  if (option_given(o, "sizes")) {
    static const char *const others[] = {"hidden", "inputs", "outputs", "depth", NULL};
    for (size_t i = 0; others[i]; i++) option_exclusive(o, "sizes", others[i]);
    if (option_push(o, "sizes") != LUA_TTABLE)
      option_fail(o, "sizes", "must be a list {inputs, hidden, ..., outputs}, got %s", describe(L, -1));
    shape->depth = read_list(o, "sizes", shape->sizes, 2, LN_DEPTH_MAX + 1) - 1;
    lua_pop(L, 1);
    return;
  }
  size_t inputs, outputs;
  if (option_given(o, "task")) {
    option_exclusive(o, "task", "inputs");
    option_exclusive(o, "task", "outputs");
    option_push(o, "task");
    const ln_task *task = check_task(L, -1, o->call, "task");
    inputs = task->inputs, outputs = task->outputs;
    lua_pop(L, 1);
  } else if (option_given(o, "inputs") || option_given(o, "outputs")) {
    inputs = (size_t)option_integer(o, "inputs", 1, SIZE_LARGEST);
    outputs = (size_t)option_integer(o, "outputs", 1, SIZE_LARGEST);
  } else {
    fail(L, o->call,
         "the sizes are missing: give sizes = {inputs, hidden, ..., outputs}, or task and hidden, or inputs, "
         "hidden and outputs");
  }
  read_hidden(o, shape);
  shape->sizes[0] = inputs;
  shape->sizes[shape->depth] = outputs;
}

/* ---- activations ---- */

static const ln_activation *activation_at(const options *o, int index) {
  lua_State *L = o->L;
  if (lua_type(L, index) != LUA_TSTRING)
    option_fail(o, "activation", "must be a name or a list of names, got %s", describe(L, index));
  const char *name = lua_tostring(L, index);
  const ln_activation *found = find_activation(L, name);
  if (found) return found;
  const char *const *names = push_activation_names(L), *likely = nearest(name, names);
  if (likely) option_fail(o, "activation", "= '%s' is not known; did you mean '%s'?", name, likely);
  option_fail(o, "activation", "= '%s' is not known; it is one of %s", name, push_list(L, names));
}

/* One name for all hidden layers, or a list for them; the output is linear unless the list names it too. Pushes what
 * keeps them alive until the network does: reading a list can run code of a user's. */
static void read_activations(const options *o, net_shape *shape) {
  lua_newtable(o->L);
  int keeper = lua_gettop(o->L);
  const ln_activation *linear = ln_find_activation("linear");
  for (size_t l = 0; l < shape->depth; l++) shape->activations[l] = linear;
  int type = option_push(o, "activation");
  if (type == LUA_TTABLE) {
    size_t count = (size_t)luaL_len(o->L, -1);
    if (count + 1 != shape->depth && count != shape->depth)
      option_fail(o, "activation",
                  "has %zu names; a network of depth %zu takes %zu (its hidden layers) or %zu", count,
                  shape->depth, shape->depth - 1, shape->depth);
    for (size_t l = 0; l < count; l++) {
      lua_geti(o->L, -1, (lua_Integer)l + 1);
      shape->activations[l] = activation_at(o, -1);
      push_keeper(o->L, shape->activations[l]);
      lua_rawseti(o->L, keeper, (lua_Integer)l + 1);
      lua_pop(o->L, 1);
    }
  } else if (type != LUA_TNIL) {
    const ln_activation *hidden = activation_at(o, -1);
    push_keeper(o->L, hidden);
    lua_rawseti(o->L, keeper, 1);
    for (size_t l = 0; l + 1 < shape->depth; l++) shape->activations[l] = hidden;
  }
  lua_pop(o->L, 1);
}

/* ---- starts ---- */

static bool is_among(const char *name, const char *const names[]) {
  while (*names && strcmp(name, *names) != 0) names++;
  return *names;
}

enum init { GAUSSIAN, HE, GLOROT, ORTHOGONAL, BALANCED, ALIGNED, LAMBDA, IDENTITY, ZEROS, OWN };
static const char *const inits[] = {"gaussian", "he",     "glorot",   "orthogonal", "balanced",
                                    "aligned",  "lambda", "identity", "zeros",      NULL};
/* What they are, for lua/linnet/extend.lua. */
static const char *const init_docs[] = {
    [GAUSSIAN] = "independent normal entries: scale, or gain/sqrt(fan-in)",
    [HE] = "gaussian with variance 2/fan-in",
    [GLOROT] = "gaussian with variance 2/(fan-in + fan-out)",
    [ORTHOGONAL] = "gain times a random matrix with orthonormal columns or rows",
    [BALANCED] = "layers in balance around a random map of this strength (or scale of each layer)",
    [ALIGNED] =
        "to the task's modes, as the closed forms assume: strength of the modes, or scale of each layer",
    [LAMBDA] = "two layers with W2'W2 - W1 W1' = lambda",
    [IDENTITY] = "scale on each layer's diagonal",
    [ZEROS] = "zeros"};

void push_init_docs(lua_State *L) {
  lua_createtable(L, 0, OWN);
  for (int init = 0; init < OWN; init++) {
    lua_pushstring(L, init_docs[init]);
    lua_setfield(L, -2, inits[init]);
  }
}

/* What each start may be given; an option of another start is an error. */
static const char *const init_options[][3] = {[GAUSSIAN] = {"scale", "gain"},
                                              [HE] = {0},
                                              [GLOROT] = {0},
                                              [ORTHOGONAL] = {"gain"},
                                              [BALANCED] = {"strength", "scale"},
                                              [ALIGNED] = {"strength", "scale"},
                                              [LAMBDA] = {"lambda", "strength", "scale"},
                                              [IDENTITY] = {"scale"},
                                              [ZEROS] = {0}};
static const char *const all_init_options[] = {"scale", "gain", "strength", "lambda", NULL};

static void check_init_options(const options *o, int init) {
  if (init >= OWN) return; /* it is given all of them */
  for (size_t i = 0; all_init_options[i]; i++) {
    const char *name = all_init_options[i];
    bool fits = false;
    for (size_t j = 0; j < 3 && init_options[init][j]; j++)
      fits = fits || !strcmp(name, init_options[init][j]);
    if (!fits && option_given(o, name)) option_fail(o, name, "does not belong to init = '%s'", inits[init]);
  }
  option_exclusive(o, "strength", "scale");
  option_exclusive(o, "scale", "gain");
}

/* The strength of the end-to-end modes: given, or by the scale of each layer (of balanced layers, for lambda);
 * 1 if neither is, as for orthogonal layers. An aligned start has to say how small it is. */
static double read_strength(const options *o, int init, size_t depth) {
  if (option_given(o, "scale")) return pow(option_positive(o, "scale"), (double)depth);
  if (init == ALIGNED && !option_given(o, "strength"))
    option_fail(o, "strength",
                "must be given for init = 'aligned': the size of the end-to-end modes (or scale, of each "
                "layer's)");
  return option_nonnegative_or(o, "strength", 1);
}

static void standard_deviations(const options *o, int init, const net_shape *shape, double *sd) {
  double scale = option_nonnegative_or(o, "scale", -1), gain = option_nonnegative_or(o, "gain", 1);
  for (size_t l = 0; l < shape->depth; l++) {
    double in = (double)shape->sizes[l], out = (double)shape->sizes[l + 1];
    if (init == HE)
      sd[l] = sqrt(2 / in);
    else if (init == GLOROT)
      sd[l] = sqrt(2 / (in + out));
    else
      sd[l] = scale >= 0 ? scale : gain / sqrt(in);
  }
}

/* The weights of a user's start: what its function makes of the sizes, the options and the stream. */
static void start_own(const options *o, const net_shape *shape, const ln_net *net, ln_stream stream) {
  lua_State *L = o->L;
  int top = lua_gettop(L);
  option_push(o, "init");
  const char *name = lua_tostring(L, -1);
  push_own(L, OWN_INIT, name);
  lua_createtable(L, (int)shape->depth + 1, 0);
  for (size_t l = 0; l <= shape->depth; l++) {
    lua_pushinteger(L, (lua_Integer)shape->sizes[l]);
    lua_rawseti(L, -2, (lua_Integer)l + 1);
  }
  option_push(o, REST);
  push_stream(L, stream);
  lua_call(L, 3, 1);
  if (lua_type(L, -1) != LUA_TTABLE || (size_t)luaL_len(L, -1) != shape->depth)
    option_fail(o, "init", "= '%s' must return the list of %zu matrices, got %s", name, shape->depth,
                lua_type(L, -1) == LUA_TTABLE ? lua_pushfstring(L, "a list of %I", luaL_len(L, -1))
                                              : describe(L, -1));
  for (size_t l = 0; l < shape->depth; l++) {
    char what[80];
    snprintf(what, sizeof what, "W%zu of init = '%.40s'", l + 1, name);
    lua_geti(L, -1, (lua_Integer)l + 1);
    ln_matrix W = convert_matrix(L, -1, o->call, what), room = ln_weights(net, net->parameters, l);
    if (W.rows != room.rows || W.cols != room.cols)
      fail(L, o->call, "%s must be %zux%zu, got a %zux%zu matrix", what, room.rows, room.cols, W.rows,
           W.cols);
    check_finite(L, W, o->call, what);
    ln_copy(W, room);
    lua_pop(L, 1);
  }
  lua_settop(L, top);
}

/* The network is on top of the stack. Its seed is the one given plus `member`. */
static void start(const options *o, int init, const net_shape *shape, const ln_net *net, uint64_t member) {
  lua_State *L = o->L;
  ln_context *cx = context_of(L);
  ln_stream stream = option_stream(o, LN_FOR_WEIGHTS);
  stream.seed += member;
  switch (init) {
  case GAUSSIAN:
  case HE:
  case GLOROT: {
    double *sd = push_matrix(L, shape->depth, 1).data;
    standard_deviations(o, init, shape, sd);
    check(L, o->call, ln_init_gaussian(cx, net, &stream, sd));
    lua_pop(L, 1);
    break;
  }
  case ORTHOGONAL:
    check(L, o->call, ln_init_orthogonal(cx, net, &stream, option_nonnegative_or(o, "gain", 1)));
    break;
  case BALANCED: {
    double strength = read_strength(o, init, shape->depth);
    check(L, o->call, ln_init_balanced(cx, net, &stream, strength));
    break;
  }
  case LAMBDA: {
    double lambda = option_number(o, "lambda"), strength = read_strength(o, init, shape->depth);
    check(L, o->call, ln_init_lambda(cx, net, &stream, strength, lambda));
    break;
  }
  case ALIGNED: {
    if (!option_given(o, "task"))
      option_fail(o, "task", "must be given for init = 'aligned': its modes are followed");
    double a = pow(read_strength(o, init, shape->depth), 1 / (double)shape->depth);
    option_push(o, "task");
    const ln_task *task = check_task(L, -1, o->call, "task");
    if (task->inputs != ln_inputs(net) || task->outputs != ln_outputs(net))
      option_fail(o, "task", "has %zu inputs and %zu outputs, and sizes say %zu and %zu", task->inputs,
                  task->outputs, ln_inputs(net), ln_outputs(net));
    push_task_modes(L, -1, o->call);
    ln_matrix U = *test_matrix(L, -3), V = *test_matrix(L, -1);
    ln_matrix layer = push_matrix(L, shape->depth, U.cols);
    ln_fill(layer, a);
    check(L, o->call, ln_init_aligned(cx, net, &stream, U, V, layer.data));
    lua_pop(L, 5);
    break;
  }
  case IDENTITY: ln_init_identity(net, option_number_or(o, "scale", 1)); break;
  case ZEROS: ln_init_zeros(net); break;
  default: start_own(o, shape, net, stream);
  }
}

#define NETWORK_OPTIONS                                                                                      \
  "sizes", "task", "inputs", "outputs", "hidden", "depth", "activation", "bias", "init", "scale", "gain",    \
      "strength", "lambda", "seed"

/* Reads the shape (pushed) and the name of the start. */
static net_shape *read_network(const options *o, int *init) {
  net_shape *shape = lua_newuserdatauv(o->L, sizeof *shape, 0); /* too large for the C stack's taste */
  memset(shape, 0, sizeof *shape);
  read_sizes(o, shape);
  read_activations(o, shape);
  shape->bias = option_flag_or(o, "bias", false);
  const char *const *known = push_known_names(o->L, OWN_INIT, inits);
  *init = option_choice_or(o, "init", known, GAUSSIAN);
  lua_pop(o->L, 1);
  check_init_options(o, *init);
  return shape;
}

/* The options at 1. With a user's start, what is none of the names is the start's: the table is replaced by one that has
 * these entries, and those which describe starts, in a table of their own. */
static options read_options(lua_State *L, const char *call, const char *const names[]) {
  static const char *const starts[] = {"task", "scale", "gain", "strength", "lambda", NULL};
  bool own = false;
  if (lua_type(L, 1) == LUA_TTABLE && lua_getfield(L, 1, "init") == LUA_TSTRING) {
    const options unread = {L, 1, call};
    own = option_choice(&unread, "init", push_known_names(L, OWN_INIT, inits)) >= OWN;
  }
  lua_settop(L, 1);
  if (!own) return options_read(L, 1, call, names);
  lua_newtable(L);
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, 1);) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    bool known = name && is_among(name, names);
    for (int table = 2; table <= 3; table++) {
      if (table == 2 ? !known : known && !is_among(name, starts)) continue;
      lua_pushvalue(L, -2);
      lua_pushvalue(L, -2);
      lua_rawset(L, table);
    }
    lua_pop(L, 1);
  }
  options_read(L, 2, call, names);
  lua_setfield(L, 2, REST);
  lua_replace(L, 1);
  return (options){L, 1, call};
}

/* network.new { sizes= | task=, hidden=, depth= | inputs=, hidden=, outputs=, depth=, activation=, bias=,
 * init=, ..., seed= } */
int network_new(lua_State *L) {
  static const char *const names[] = {NETWORK_OPTIONS, NULL};
  options o = read_options(L, "network.new", names);
  int init;
  const net_shape *shape = read_network(&o, &init);
  const ln_net *net = push_net(L, shape, o.call);
  start(&o, init, shape, net, 0);
  return 1;
}

/* The list of networks of network.ensemble { count=, as network.new }: number i is that of seed + i - 1. */
int network_ensemble(lua_State *L) {
  static const char *const names[] = {"count", NETWORK_OPTIONS, NULL};
  options o = read_options(L, "network.ensemble", names);
  lua_Integer count = option_integer(&o, "count", 1, MEMBERS_MAX);
  int init;
  const net_shape *shape = read_network(&o, &init);
  lua_createtable(L, (int)count, 0);
  for (lua_Integer i = 1; i <= count; i++) {
    const ln_net *net = push_net(L, shape, o.call);
    start(&o, init, shape, net, (uint64_t)i - 1);
    check(L, o.call, ln_poll(context_of(L)));
    lua_rawseti(L, -2, i);
  }
  return 1;
}

/* network.from { W1, W2, ... [, biases = {b1, ...}, activation=] } */
int network_from(lua_State *L) {
  static const char call[] = "network.from";
  static const char *const names[] = {"biases", "activation", NULL};
  if (lua_type(L, 1) != LUA_TTABLE)
    fail(L, call, "a list of weight matrices is needed, got %s", describe(L, 1));
  lua_settop(L, 1);
  lua_Integer depth = luaL_len(L, 1);
  if (depth < 1 || depth > LN_DEPTH_MAX)
    fail(L, call, "a list of 1 to %d weight matrices is needed, got %lld", LN_DEPTH_MAX, (long long)depth);

  lua_newtable(L); /* the named options alone, for the reader */
  for (lua_pushnil(L); lua_next(L, 1);) {
    if (lua_type(L, -2) == LUA_TNUMBER) {
      lua_Integer l = lua_tointeger(L, -2);
      if (l < 1 || l > depth)
        fail(L, call, "weights are W1 .. W%lld; got a value at [%s]", (long long)depth,
             luaL_tolstring(L, -2, NULL));
      lua_pop(L, 1);
    } else {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, 2);
    }
  }
  options o = options_read(L, 2, call, names);

  net_shape *shape = lua_newuserdatauv(L, sizeof *shape, 0);
  memset(shape, 0, sizeof *shape);
  shape->depth = (size_t)depth;
  lua_createtable(L, (int)depth, 0); /* the matrices, converted */
  int given = lua_gettop(L);
  for (size_t l = 0; l < shape->depth; l++) {
    char what[32];
    lua_pushfstring(L, "W%d", (int)l + 1);
    strncpy(what, lua_tostring(L, -1), sizeof what - 1);
    what[sizeof what - 1] = 0;
    lua_pop(L, 1);
    lua_geti(L, 1, (lua_Integer)l + 1);
    ln_matrix W = convert_matrix(L, -1, call, what);
    check_finite(L, W, call, what);
    if (!W.rows || !W.cols)
      fail(L, call, "%s is %zux%zu; a layer has at least one unit", what, W.rows, W.cols);
    if (l && W.cols != shape->sizes[l])
      fail(L, call, "%s is %zux%zu and W%zu has %zu rows: the sizes do not chain", what, W.rows, W.cols, l,
           shape->sizes[l]);
    shape->sizes[l] = W.cols;
    shape->sizes[l + 1] = W.rows;
    lua_rawseti(L, given, (lua_Integer)l + 1);
  }
  read_activations(&o, shape);
  shape->bias = option_given(&o, "biases");

  const ln_net *net = push_net(L, shape, call);
  for (size_t l = 0; l < shape->depth; l++) {
    lua_rawgeti(L, given, (lua_Integer)l + 1);
    ln_copy(*test_matrix(L, -1), ln_weights(net, net->parameters, l));
    lua_pop(L, 1);
  }
  if (shape->bias) {
    if (option_push(&o, "biases") != LUA_TTABLE)
      option_fail(&o, "biases", "must be a list of vectors, got %s", describe(L, -1));
    if (luaL_len(L, -1) != depth)
      option_fail(&o, "biases", "has %lld vectors, and there are %lld layers", (long long)luaL_len(L, -1),
                  (long long)depth);
    for (size_t l = 0; l < shape->depth; l++) {
      lua_geti(L, -1, (lua_Integer)l + 1);
      ln_matrix b = convert_matrix(L, -1, call, "a bias"), room = ln_biases(net, net->parameters, l);
      if (b.rows != room.rows || b.cols != 1)
        option_fail(&o, "biases", "[%zu] must be %zux1, got %s", l + 1, room.rows, describe(L, -1));
      check_finite(L, b, call, "a bias");
      ln_copy(b, room);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  return 1;
}
