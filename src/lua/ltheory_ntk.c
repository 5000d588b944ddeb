/* theory.ntk: the neural tangent kernel of deep linear networks.
 *
 * Which network: weights = { W1, W2, ... } or net = a network; or what a theory knows without the weights, A and B
 * (two layers: W1'W1 and W2 W2'), or W and depth (layers in balance around the map W). Which inputs: X, a task, or
 * only their second moment Sxx. The kernel is output-major, without 1/P: df/dt = K (y - f)/P. */
#include "lua/ltheory.h"

#include <math.h>

#include "lua/ldata.h"
#include "theory/ntk.h"

#define BYTES_MAX 17179869184.0 /* a larger kernel is asked for by mistake */

#define NETWORK_OPTIONS "weights", "net", "A", "B", "W", "depth"

/* ---- which network ---- */

typedef struct source {
  ln_matrix *layers; /* or null */
  size_t depth;
  ln_matrix A, B, W; /* W with depth, or A and B with null data in W */
} source;

/* Two representations, from an options table that has them. */
static source read_representations(const options *o) {
  source s = {.A = option_matrix(o, "A")};
  if (s.A.rows != s.A.cols) option_fail(o, "A", "must be W1'W1, inputs x inputs; got %s", describe(o->L, -1));
  s.B = option_matrix(o, "B");
  if (s.B.rows != s.B.cols)
    option_fail(o, "B", "must be W2 W2', outputs x outputs; got %s", describe(o->L, -1));
  return s;
}

static source read_source(const options *o) {
  source s = {0};
  static const char *const kinds[] = {"weights", "net", "A", "W"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < i; j++) option_exclusive(o, kinds[i], kinds[j]);
  if (option_given(o, "A") || option_given(o, "B")) return read_representations(o);
  if (option_given(o, "W")) {
    s.W = option_matrix(o, "W");
    s.depth = (size_t)option_integer(o, "depth", 1, 1000000);
    return s;
  }
  if (option_given(o, "depth")) option_fail(o, "depth", "goes with W, a map whose layers are in balance");
  s.layers = option_weights_or_net(o, &s.depth);
  return s;
}

/* Option `other`: a list of layers, a network, or { A =, B = }. */
static source read_other(const options *o) {
  static const char *const names[] = {"A", "B", NULL};
  source s = {0};
  bool representations = option_push(o, "other") == LUA_TTABLE && lua_getfield(o->L, -1, "A") != LUA_TNIL;
  if (representations) {
    lua_pop(o->L, 1);
    options inner = options_read(o->L, lua_gettop(o->L), o->call, names);
    return read_representations(&inner);
  }
  s.layers = option_layers(o, "other", 1, &s.depth);
  return s;
}

static ln_status make_ntk(ln_context *cx, const source *s, ln_ntk *ntk) {
  if (s->layers) return ln_ntk_of_layers(cx, s->layers, s->depth, ntk);
  if (s->W.data) return ln_ntk_of_balanced(cx, s->W, s->depth, ntk);
  return ln_ntk_of_representations(cx, s->A, s->B, ntk);
}

/* ---- which inputs ---- */

static const ln_task *read_task(const options *o) {
  static const char *const others[] = {"X", "Y", "Sxx", "Syx", "tr_yy", "examples"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) option_exclusive(o, "task", others[i]);
  option_push(o, "task");
  check_task(o->L, -1, o->call, "task");
  return task_with_moments(o->L, lua_gettop(o->L), o->call);
}

typedef struct sample {
  ln_matrix X, Sxx;
  double examples;
} sample;

static sample read_sample(const options *o) {
  sample in = {.examples = 1};
  if (option_given(o, "task")) {
    const ln_task *task = read_task(o);
    in.X = task->X, in.Sxx = task->Sxx;
    if (task->examples) in.examples = (double)task->examples;
    return in;
  }
  option_exclusive(o, "X", "Sxx");
  if (option_given(o, "X")) {
    in.X = option_matrix(o, "X");
    if (!in.X.cols) option_fail(o, "X", "has no examples (a column is an example)");
    in.examples = (double)in.X.cols;
    in.Sxx = push_matrix(o->L, in.X.rows, in.X.rows);
    ln_gram(LN_N, 1 / in.examples, in.X, 0, in.Sxx);
    return in;
  }
  in.Sxx = option_matrix(o, "Sxx");
  if (in.Sxx.rows != in.Sxx.cols)
    option_fail(o, "Sxx", "must be square, inputs x inputs; got %s", describe(o->L, -1));
  return in;
}

/* ---- the functions ---- */

static ln_status build(ln_context *cx, const source *s, ln_matrix X, ln_matrix K) {
  ln_mark mark = ln_begin(cx);
  ln_ntk ntk;
  ln_status status = make_ntk(cx, s, &ntk);
  if (status == LN_OK) status = ln_ntk_matrix(cx, &ntk, X, K);
  return ln_end(cx, mark, status);
}

/* theory.ntk.kernel { weights= | net= | A=, B= | W=, depth= , X= or task= }: the matrix, (outputs P) x (outputs P);
 * without X the kernel on unit inputs, which is how the map W itself moves. */
static int ntk_kernel(lua_State *L) {
  static const char *const names[] = {NETWORK_OPTIONS, "X", "task", NULL};
  options o = options_read(L, 1, "theory.ntk.kernel", names);
  source s = read_source(&o);
  ln_matrix X = {0};
  option_exclusive(&o, "X", "task");
  if (option_given(&o, "X")) {
    X = option_matrix(&o, "X");
  } else if (option_given(&o, "task")) {
    X = read_task(&o)->X;
    if (!X.cols) option_fail(&o, "task", "has only moments; the kernel on its examples needs them (give X)");
  }
  size_t outputs = s.layers ? s.layers[s.depth - 1].rows : s.W.data ? s.W.rows : s.B.rows;
  size_t inputs = s.layers ? s.layers[0].cols : s.W.data ? s.W.cols : s.A.rows;
  double rows = (double)outputs * (double)(X.data ? X.cols : inputs), bytes = rows * rows * sizeof(double);
  if (bytes > BYTES_MAX)
    fail(L, o.call, "the kernel of %zu outputs on %zu inputs would take %.3g bytes; give fewer examples in X",
         outputs, X.data ? X.cols : inputs, bytes);
  ln_matrix K = push_matrix(L, (size_t)rows, (size_t)rows);
  check(L, o.call, build(context_of(L), &s, X, K));
  return 1;
}

static ln_status measure_norm(ln_context *cx, const source *s, ln_matrix Sxx, double *norm) {
  ln_mark mark = ln_begin(cx);
  ln_ntk ntk;
  ln_status status = make_ntk(cx, s, &ntk);
  if (status == LN_OK) status = ln_ntk_product(cx, &ntk, &ntk, Sxx, norm);
  *norm = sqrt(*norm);
  return ln_end(cx, mark, status);
}

/* theory.ntk.norm { network, X= | task= | Sxx=, examples=1 }: the Frobenius norm |K| on these inputs, without building
 * K. From moments alone it is |K|/P times examples. */
static int ntk_norm(lua_State *L) {
  static const char *const names[] = {NETWORK_OPTIONS, "X", "task", "Sxx", "examples", NULL};
  options o = options_read(L, 1, "theory.ntk.norm", names);
  source s = read_source(&o);
  option_exclusive(&o, "X", "examples");
  sample in = read_sample(&o);
  double examples = option_positive_or(&o, "examples", in.examples), norm = 0;
  check(L, o.call, measure_norm(context_of(L), &s, in.Sxx, &norm));
  lua_pushnumber(L, examples * norm);
  return 1;
}

static ln_status measure_distance(ln_context *cx, const source *s, const source *other, ln_matrix Sxx,
                                  double *distance) {
  ln_mark mark = ln_begin(cx);
  ln_ntk one, two;
  ln_status status = make_ntk(cx, s, &one);
  if (status == LN_OK) status = make_ntk(cx, other, &two);
  if (status == LN_OK) status = ln_ntk_distance(cx, &one, &two, Sxx, distance);
  return ln_end(cx, mark, status);
}

/* theory.ntk.distance { network, other = { W1, W2, ... } | net | { A=, B= }, X= | task= | Sxx= }: 1 - <K, K'>/(|K||K'|),
 * how far the kernel has turned; lazy learning keeps it near 0. */
static int ntk_distance(lua_State *L) {
  static const char *const names[] = {NETWORK_OPTIONS, "other", "X", "task", "Sxx", NULL};
  options o = options_read(L, 1, "theory.ntk.distance", names);
  source s = read_source(&o), other = read_other(&o);
  sample in = read_sample(&o);
  double distance;
  check(L, o.call, measure_distance(context_of(L), &s, &other, in.Sxx, &distance));
  lua_pushnumber(L, distance);
  return 1;
}

typedef struct target {
  ln_matrix Sxx, Syx;
  double tr_yy;
} target;

static target read_target(const options *o) {
  if (option_given(o, "task")) {
    const ln_task *task = read_task(o);
    return (target){task->Sxx, task->Syx, task->tr_yy};
  }
  option_exclusive(o, "X", "Syx");
  option_exclusive(o, "X", "tr_yy");
  sample in = read_sample(o);
  target t = {.Sxx = in.Sxx};
  if (!in.X.data) {
    option_exclusive(o, "Y", "Sxx");
    t.Syx = option_matrix(o, "Syx");
    t.tr_yy = option_nonnegative(o, "tr_yy");
    return t;
  }
  ln_matrix Y = option_matrix(o, "Y");
  if (Y.cols != in.X.cols)
    option_fail(o, "Y", "must have a column for each of the %zu examples, got %s", in.X.cols,
                describe(o->L, -1));
  t.Syx = push_matrix(o->L, Y.rows, in.X.rows);
  ln_gemm(LN_N, LN_T, 1 / in.examples, Y, in.X, 0, t.Syx);
  t.tr_yy = ln_dot(Y, Y) / in.examples;
  return t;
}

static ln_status measure_alignment(ln_context *cx, const source *s, const target *t, double *alignment) {
  ln_mark mark = ln_begin(cx);
  ln_ntk ntk;
  ln_status status = make_ntk(cx, s, &ntk);
  if (status == LN_OK) status = ln_ntk_alignment(cx, &ntk, t->Sxx, t->Syx, t->tr_yy, alignment);
  return ln_end(cx, mark, status);
}

/* theory.ntk.alignment { network, X=, Y= | task= | Sxx=, Syx=, tr_yy= }: <K, yy'>/(|K||yy'|), in [0, 1]: how well the
 * kernel sees the target. */
static int ntk_alignment(lua_State *L) {
  static const char *const names[] = {NETWORK_OPTIONS, "X", "Y", "task", "Sxx", "Syx", "tr_yy", NULL};
  options o = options_read(L, 1, "theory.ntk.alignment", names);
  source s = read_source(&o);
  target t = read_target(&o);
  double alignment;
  check(L, o.call, measure_alignment(context_of(L), &s, &t, &alignment));
  lua_pushnumber(L, alignment);
  return 1;
}

const luaL_Reg ntk_functions[] = {{"kernel", ntk_kernel},
                                  {"norm", ntk_norm},
                                  {"distance", ntk_distance},
                                  {"alignment", ntk_alignment},
                                  {NULL, NULL}};
