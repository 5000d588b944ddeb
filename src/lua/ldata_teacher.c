/* ldata_teacher.c: examples from noisy teachers. */
#include "lua/ldata_parts.h"

#include <math.h>
#include <string.h>

#include "data/teacher.h"
#include "network/hidden_teacher.h"

typedef struct teacher {
  size_t inputs, seen, outputs, rank; /* seen: by the student, the first of them; rank 0: full */
  ln_matrix s;                        /* data null if not given */
  ln_matrix covariance;               /* data null: white */
  ln_matrix W;                        /* a linear teacher, or ... */
  ln_hidden_teacher hidden;           /* ... one with a hidden layer (f not null) */
  double power, noise;
  ln_stream root;
} teacher;

/* Parts of the seed's stream. */
enum { DRAW_TEACHER, DRAW_INPUTS, DRAW_NOISE, DRAW_TEST_INPUTS, DRAW_TEST_NOISE };

static ln_matrix push_covariance(const options *o, size_t inputs) {
  ln_matrix C = option_matrix(o, "covariance");
  bool diagonal = C.cols == 1 || C.rows == 1;
  if (diagonal) {
    lua_pop(o->L, 1);
    C = option_vector(o, "covariance");
    for (size_t i = 0; i < C.rows; i++)
      if (C.data[i] < 0)
        option_fail(o, "covariance", "must have no variance below 0; number %zu is %g", i + 1, C.data[i]);
  }
  if (C.rows != inputs || (!diagonal && C.cols != inputs))
    option_fail(o, "covariance", "must be %zux%zu or a vector of %zu variances, got %s", inputs, inputs,
                inputs, describe(o->L, -1));
  return C;
}

/* The first n rows of the matrix on top of the stack, in place of it. */
static ln_matrix keep_rows(lua_State *L, ln_matrix A, size_t n) {
  if (n == A.rows) return A;
  ln_matrix kept = push_matrix(L, n, A.cols);
  ln_copy(ln_block_of(A, 0, 0, n, A.cols), kept);
  lua_remove(L, -2);
  return kept;
}

/* Pushes the fields of a task with `examples` examples. */
static void push_teacher_examples(lua_State *L, const char *call, const teacher *t, double noise,
                                  size_t examples, int inputs_draw) {
  ln_context *cx = context_of(L);
  ln_stream of_inputs = ln_split(&t->root, (uint64_t)inputs_draw),
            of_noise = ln_split(&t->root, (uint64_t)inputs_draw + 1);
  lua_newtable(L);
  ln_matrix Y = push_matrix(L, t->outputs, examples), X = push_matrix(L, t->inputs, examples);
  check(L, call, ln_teacher_inputs(cx, of_inputs, t->covariance, X));
  if (t->hidden.f)
    check(L, call, ln_hidden_teacher_outputs(cx, of_noise, &t->hidden, noise, X, Y));
  else
    check(L, call, ln_teacher_outputs(cx, of_noise, t->W, noise, X, Y));
  keep_rows(L, X, t->seen);
  lua_setfield(L, -3, "X");
  lua_setfield(L, -2, "Y");
}

/* The leading block of A, rows x cols, as a new matrix on the stack. */
static ln_matrix push_block(lua_State *L, ln_matrix A, size_t rows, size_t cols) {
  ln_matrix block = push_matrix(L, rows, cols);
  ln_copy(ln_block_of(A, 0, 0, rows, cols), block);
  return block;
}

/* Of the inputs that are seen; what the others contribute to the outputs is in tr_yy, and through a covariance in Syx. */
static void push_teacher_population(lua_State *L, const char *call, const teacher *t) {
  lua_newtable(L);
  int fields = lua_gettop(L);
  ln_matrix Sxx = push_matrix(L, t->inputs, t->inputs), Syx = push_matrix(L, t->outputs, t->inputs);
  ln_matrix mean_x = push_matrix(L, t->seen, 1), mean_y = push_matrix(L, t->outputs, 1);
  ln_fill(mean_x, 0);
  ln_fill(mean_y, 0);
  double tr_yy;
  check(L, call, ln_teacher_population(context_of(L), t->W, t->covariance, t->noise, Sxx, Syx, &tr_yy));
  lua_setfield(L, fields, "mean_y");
  lua_setfield(L, fields, "mean_x");
  push_block(L, Syx, t->outputs, t->seen);
  lua_setfield(L, fields, "Syx");
  push_block(L, Sxx, t->seen, t->seen);
  lua_setfield(L, fields, "Sxx");
  lua_pushnumber(L, tr_yy);
  lua_setfield(L, fields, "tr_yy");
  lua_settop(L, fields);
}

static void set_number(lua_State *L, int fields, const char *name, double x) {
  lua_pushnumber(L, x);
  lua_setfield(L, fields, name);
}

static void set_teacher_fields(lua_State *L, int fields, int map, const teacher *t) {
  lua_pushvalue(L, map);
  lua_setfield(L, fields, "teacher");
  set_number(L, fields, "power", t->power);
  set_number(L, fields, "noise", t->noise);
  set_number(L, fields, "snr", t->power / t->noise);
}

/* The number of test examples: 0 for none, -1 for the population. */
static lua_Integer test_option(const options *o) {
  int type = option_push(o, "test");
  if (type == LUA_TNIL) return lua_pop(o->L, 1), 0;
  if (type == LUA_TNUMBER) return lua_pop(o->L, 1), option_integer(o, "test", 1, LN_DIMENSION_MAX);
  if (type != LUA_TSTRING || strcmp(lua_tostring(o->L, -1), "exact"))
    option_fail(o, "test", "must be a number of examples or 'exact' for the population, got %s",
                describe(o->L, -1));
  return lua_pop(o->L, 1), -1;
}

/* Pushes the layers of a teacher with a hidden layer as network.from takes them, and draws them. */
static void push_hidden_teacher(const options *o, teacher *t) {
  lua_State *L = o->L;
  static const char *const linear_only[] = {"rank", "s", "map"};
  for (size_t i = 0; i < 3; i++)
    if (option_given(o, linear_only[i]))
      option_fail(o, linear_only[i], "is of a linear teacher; hidden and activation make it another");
  size_t hidden = (size_t)option_integer(o, "hidden", 1, LN_DIMENSION_MAX);
  const char *name = option_string(o, "activation");
  t->hidden.f = ln_find_activation(name);
  if (!t->hidden.f) {
    const char *names[32] = {0};
    for (size_t i = 0; ln_activations[i].name; i++) names[i] = ln_activations[i].name;
    const char *likely = nearest(name, names);
    option_fail(o, "activation", "= '%s' is not known%s%s", name, likely ? "; did you mean " : "",
                likely ? likely : "");
  }
  lua_createtable(L, 2, 2);
  t->hidden.W1 = push_sized_matrix(L, o->call, (lua_Number)hidden, (lua_Number)t->inputs);
  lua_rawseti(L, -2, 1);
  t->hidden.W2 = push_sized_matrix(L, o->call, (lua_Number)t->outputs, (lua_Number)hidden);
  lua_rawseti(L, -2, 2);
  lua_createtable(L, 2, 0);
  ln_fill(push_matrix(L, hidden, 1), 0);
  lua_rawseti(L, -2, 1);
  t->hidden.b2 = push_matrix(L, t->outputs, 1);
  lua_rawseti(L, -2, 2);
  lua_setfield(L, -2, "biases");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "activation");
  ln_stream draw = ln_split(&t->root, DRAW_TEACHER);
  check(L, o->call, ln_draw_hidden_teacher(context_of(L), draw, t->power, t->covariance, &t->hidden));
}

/* Pushes the map of a linear teacher: given, or drawn. */
static void push_linear_teacher(const options *o, teacher *t) {
  lua_State *L = o->L;
  t->W = push_sized_matrix(L, o->call, (lua_Number)t->outputs, (lua_Number)t->inputs);
  int map = lua_gettop(L);
  ln_stream draw = ln_split(&t->root, DRAW_TEACHER);
  if (option_given(o, "map"))
    ln_copy(option_matrix(o, "map"), t->W);
  else if (t->s.data)
    check(L, o->call, ln_teacher_modes(context_of(L), draw, t->s.data, t->s.rows, t->W));
  else if (t->rank)
    check(L, o->call, ln_teacher_rank(context_of(L), draw, t->power, t->rank, t->W));
  else
    ln_teacher_full(draw, t->power, t->W);
  lua_settop(L, map);
}

/* Sizes and powers. */
static teacher read_teacher(const options *o) {
  static const char *const of_map[] = {"rank", "s", "power", "inputs", "outputs"};
  teacher t = {.root = option_stream(o, LN_FOR_TEACHER)};
  if (option_given(o, "map")) {
    for (size_t i = 0; i < 5; i++) option_exclusive(o, "map", of_map[i]);
    ln_matrix W = option_matrix(o, "map");
    if (!W.rows || !W.cols)
      option_fail(o, "map", "is %zux%zu; it needs an output and an input", W.rows, W.cols);
    t.outputs = W.rows, t.inputs = W.cols;
    t.power = ln_dot(W, W) / (double)W.rows;
  } else {
    option_exclusive(o, "rank", "s");
    option_exclusive(o, "power", "s");
    t.inputs = (size_t)option_integer(o, "inputs", 1, LN_DIMENSION_MAX);
    t.outputs = (size_t)option_integer_or(o, "outputs", 1, LN_DIMENSION_MAX, 1);
    t.power = option_positive_or(o, "power", 1);
  }
  size_t most = t.inputs < t.outputs ? t.inputs : t.outputs;
  t.rank = (size_t)option_integer_or(o, "rank", 1, (lua_Integer)most, 0);
  t.seen = (size_t)option_integer_or(o, "seen", 1, (lua_Integer)t.inputs, (lua_Integer)t.inputs);
  if (option_given(o, "s")) {
    t.s = push_singular_values(o, t.inputs, t.outputs);
    t.power = ln_dot(t.s, t.s) / (double)t.outputs;
  }
  option_exclusive(o, "snr", "noise");
  t.noise =
      option_given(o, "snr") ? t.power / option_positive(o, "snr") : option_nonnegative_or(o, "noise", 0);
  if (option_given(o, "covariance")) t.covariance = push_covariance(o, t.inputs);
  return t;
}

/* The number of examples; alpha counts them for each input that the student sees. */
static double read_examples(const options *o, const teacher *t) {
  option_exclusive(o, "examples", "alpha");
  if (!option_given(o, "alpha")) {
    if (!option_given(o, "examples")) option_fail(o, "examples", "or alpha = examples/inputs is needed");
    return (double)option_integer(o, "examples", 1, LN_DIMENSION_MAX);
  }
  double examples = round(option_positive(o, "alpha") * (double)t->seen);
  if (examples < 1 || examples > LN_DIMENSION_MAX)
    option_fail(o, "alpha", "gives %g examples of %zu inputs", examples, t->seen);
  return examples;
}

/* data.teacher { inputs=, outputs=1, examples= or alpha=, snr= or noise=0, power=1, rank= or s= or map= | hidden=, activation=,
 * seen=inputs, test=, test_noise=noise, covariance=, seed= } */
static int data_teacher(lua_State *L) {
  static const char *const names[] = {"inputs",     "outputs", "examples",   "alpha", "snr",  "noise",
                                      "power",      "rank",    "s",          "map",   "test", "test_noise",
                                      "covariance", "hidden",  "activation", "seen",  "seed", NULL};
  const char *call = "data.teacher";
  options o = options_read(L, 1, call, names);
  teacher t = read_teacher(&o);
  size_t examples = (size_t)read_examples(&o, &t);
  lua_Integer test = test_option(&o);
  bool nonlinear = option_given(&o, "hidden") || option_given(&o, "activation");
  if (nonlinear && test < 0)
    option_fail(&o, "test",
                "= 'exact' is of linear teachers; give a number of examples for one with a hidden layer");
  if (test <= 0 && option_given(&o, "test_noise"))
    option_fail(&o, "test_noise", "goes with a number of test examples");
  double test_noise = option_nonnegative_or(&o, "test_noise", t.noise);
  if (nonlinear)
    push_hidden_teacher(&o, &t);
  else
    push_linear_teacher(&o, &t);
  int map = lua_gettop(L);

  push_teacher_examples(L, call, &t, t.noise, examples, DRAW_INPUTS);
  int fields = lua_gettop(L);
  set_teacher_fields(L, fields, map, &t);
  set_number(L, fields, "alpha", (double)examples / (double)t.seen);
  lua_pushliteral(L, "teacher");
  lua_setfield(L, fields, "name");
  if (test) {
    if (test > 0)
      push_teacher_examples(L, call, &t, test_noise, (size_t)test, DRAW_TEST_INPUTS);
    else
      push_teacher_population(L, call, &t);
    set_teacher_fields(L, lua_gettop(L), map, &t);
    make_task(L);
    lua_setfield(L, fields, "test");
  }
  make_task(L);
  return 1;
}

const luaL_Reg teacher_makers[] = {{"teacher", data_teacher}, {NULL, NULL}};
