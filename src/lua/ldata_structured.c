/* ldata_structured.c: tasks whose items stand in a structure: trees, clusters, rings, orders, grids and crossed classes.
 *
 * Items are inputs, one for each (one-hot); outputs are their features, drawn from the structure or owned by its parts. The
 * structure itself is task.population: covariance (of the items, in one feature), singular_values (of Y, in the mean of many
 * features), V (the items' modes) and groups (lists of modes whose singular values are equal: only together do they mean
 * something). docs/structured.md. */
#include "lua/ldata_parts.h"

#include <math.h>
#include <stdio.h>

#include "core/linalg.h"
#include "data/structured.h"
#include "theory/hierarchy.h"
#include "theory/structure.h"

#define USUAL_FEATURES 1000
#define USUAL_SIGMA 3

/* ---- sizes and names ---- */

/* How many: a number, or a list of as many names. otherwise = 0: required. */
static size_t number_or_names(const options *o, const char *name, lua_Integer least, lua_Integer otherwise) {
  int type = option_push(o, name);
  size_t count = type == LUA_TTABLE ? (size_t)luaL_len(o->L, -1) : 0;
  lua_pop(o->L, 1);
  if (type == LUA_TNIL && !otherwise)
    option_fail(o, name, "must say how many there are, or list their names");
  if (type != LUA_TTABLE) return (size_t)option_integer_or(o, name, least, LN_DIMENSION_MAX, otherwise);
  if (count < (size_t)least)
    option_fail(o, name, "has %zu names; at least %lld are needed", count, (long long)least);
  return count;
}

/* Pushes the name of number i, from 0. */
typedef void push_name(lua_State *L, const void *about, size_t i);

/* Sets the list `name` among the fields on top of the stack: the names that the option lists, else those of `push`.
 * counted: the option may hold numbers as well. */
static void set_names(const options *o, const char *name, size_t count, bool counted, push_name *push,
                      const void *about) {
  lua_State *L = o->L;
  int top = lua_gettop(L);
  bool listed = option_given(o, name);
  if (listed && counted) listed = option_push(o, name) == LUA_TTABLE && lua_geti(L, -1, 1) != LUA_TNUMBER;
  lua_settop(L, top);
  if (listed) {
    take_names(o, name, count, name);
    return;
  }
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push(L, about, i);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, name);
}

static void push_numbered(lua_State *L, const void *about, size_t i) {
  lua_pushfstring(L, "%s %I", (const char *)about, (LUAI_UACINT)i + 1);
}

/* "2.3" of a cell, `about` how many there are in a row: row 2 and column 3, or cluster 2 and its member 3. */
static void push_cell(lua_State *L, const void *about, size_t i) {
  const size_t in_row = *(const size_t *)about;
  lua_pushfstring(L, "%I.%I", (LUAI_UACINT)(i / in_row) + 1, (LUAI_UACINT)(i % in_row) + 1);
}

/* ---- the world and its task ---- */

typedef struct world {
  const options *o;
  const char *name;
  size_t items, features;
  int eigenvalue, V,
      Y; /* places on the stack: of the covariance, falling, with its vectors; and the features */
} world;

/* Pushes room for the world's numbers. */
static void push_room(world *w) {
  lua_State *L = w->o->L;
  push_sized_matrix(L, w->o->call, (lua_Number)w->items, 1);
  w->eigenvalue = lua_gettop(L);
  push_sized_matrix(L, w->o->call, (lua_Number)w->items, (lua_Number)w->items);
  w->V = lua_gettop(L);
  push_sized_matrix(L, w->o->call, (lua_Number)w->features, (lua_Number)w->items);
  w->Y = lua_gettop(L);
}

static ln_matrix at(const world *w, int index) { return *test_matrix(w->o->L, index); }

/* Groups of equal neighbours, as lists of lists. */
static void push_groups(lua_State *L, ln_matrix values, const char *call) {
  size_t *start = lua_newuserdatauv(L, (values.rows + 1) * sizeof *start, 0);
  size_t groups = ln_groups(values.data, values.rows, LN_EQUAL, start);
  check(L, call, ln_poll(context_of(L)));
  lua_createtable(L, (int)groups, 0);
  for (size_t g = 0; g < groups; g++) {
    lua_createtable(L, (int)(start[g + 1] - start[g]), 0);
    for (size_t k = start[g]; k < start[g + 1]; k++) {
      lua_pushinteger(L, (lua_Integer)k + 1);
      lua_rawseti(L, -2, (lua_Integer)(k - start[g]) + 1);
    }
    lua_rawseti(L, -2, (lua_Integer)g + 1);
  }
  lua_remove(L, -2);
}

static void push_population(const world *w) {
  lua_State *L = w->o->L;
  ln_matrix eigenvalue = at(w, w->eigenvalue), V = at(w, w->V);
  lua_createtable(L, 0, 4);
  ln_matrix C = push_matrix(L, w->items, w->items);
  check(L, w->o->call, ln_covariance_of(context_of(L), V, eigenvalue.data, C));
  lua_setfield(L, -2, "covariance");
  ln_matrix s = push_matrix(L, w->items, 1);
  for (size_t k = 0; k < w->items; k++) s.data[k] = sqrt((double)w->features * eigenvalue.data[k]);
  push_groups(L, s, w->o->call);
  lua_setfield(L, -3, "groups");
  lua_setfield(L, -2, "singular_values");
  lua_pushvalue(L, w->V);
  lua_setfield(L, -2, "V");
}

/* Turns the fields on top of the stack, which hold the names, into the task. */
static int push_world(const world *w) {
  lua_State *L = w->o->L;
  ln_identity(push_matrix(L, w->items, w->items));
  lua_setfield(L, -2, "X");
  lua_pushvalue(L, w->Y);
  lua_setfield(L, -2, "Y");
  push_population(w);
  lua_setfield(L, -2, "population");
  lua_pushstring(L, w->name);
  lua_setfield(L, -2, "name");
  make_task(L);
  return 1;
}

/* ---- Gaussian fields on graphs ---- */

/* The rest of a field's task, its graph given: draws the features and names them; items are named by the option or by `push`. */
static int field_task(const options *o, const char *name, ln_structure *graph, push_name *push,
                      const void *about) {
  lua_State *L = o->L;
  graph->weight = option_positive_or(o, "weight", 1);
  graph->sigma = option_positive_or(o, "sigma", USUAL_SIGMA);
  world w = {.o = o, .name = name, .features = number_or_names(o, "features", 1, USUAL_FEATURES)};
  check(L, o->call, ln_structure_items(context_of(L), graph, &w.items));
  ln_stream stream = option_stream(o, LN_FOR_STRUCTURE);
  push_room(&w);
  lua_newtable(L);
  set_names(o, "items", w.items, push == push_numbered, push, about);
  set_names(o, "features", w.features, true, push_numbered, "feature");
  ln_matrix eigenvalue = at(&w, w.eigenvalue), V = at(&w, w.V), Y = at(&w, w.Y);
  check(L, o->call, ln_structure_modes(context_of(L), graph, eigenvalue.data, V));
  check(L, o->call, ln_draw_field(context_of(L), stream, V, eigenvalue.data, Y));
  return push_world(&w);
}

static const char *const line_names[] = {"items", "weight", "sigma", "features", "seed", NULL};

/* data.ring { items= (a number or names), weight=1, sigma=3, features=1000 (or names), seed= } */
static int data_ring(lua_State *L) {
  options o = options_read(L, 1, "data.ring", line_names);
  ln_structure graph = {.kind = LN_RING, .n = number_or_names(&o, "items", 3, 0)};
  return field_task(&o, "ring", &graph, push_numbered, "item");
}

/* data.order { items=, ... as data.ring }: a chain */
static int data_order(lua_State *L) {
  options o = options_read(L, 1, "data.order", line_names);
  ln_structure graph = {.kind = LN_CHAIN, .n = number_or_names(&o, "items", 2, 0)};
  return field_task(&o, "order", &graph, push_numbered, "item");
}

/* Two sizes whose product is the number of items. */
static void read_sides(const options *o, const char *first, const char *second, size_t *n, size_t *m) {
  const lua_Integer most = 1000000;
  *n = (size_t)option_integer(o, first, 1, most), *m = (size_t)option_integer(o, second, 1, most);
}

/* data.grid { rows=, columns=, items= (names), weight=1, sigma=3, features=1000, seed= } */
static int data_grid(lua_State *L) {
  static const char *const names[] = {"rows",  "columns",  "items", "weight",
                                      "sigma", "features", "seed",  NULL};
  options o = options_read(L, 1, "data.grid", names);
  ln_structure graph = {.kind = LN_GRID};
  read_sides(&o, "rows", "columns", &graph.n, &graph.m);
  return field_task(&o, "grid", &graph, push_cell, &graph.m);
}

/* data.clusters { clusters=, size=, items= (names), weight=1, sigma=3, features=1000, seed= } */
static int data_clusters(lua_State *L) {
  static const char *const names[] = {"clusters", "size",     "items", "weight",
                                      "sigma",    "features", "seed",  NULL};
  options o = options_read(L, 1, "data.clusters", names);
  ln_structure graph = {.kind = LN_CLUSTERS};
  read_sides(&o, "clusters", "size", &graph.n, &graph.m);
  return field_task(&o, "clusters", &graph, push_cell, &graph.m);
}

/* ---- trees ---- */

typedef struct tree {
  ln_tree shape;
  ln_levels levels;
  const double *owned; /* features of each node, by level; null: they are drawn */
} tree;

/* "2.1" of node i of a level: the second child's first child; "root" of level 0. */
static void push_path(lua_State *L, const tree *t, size_t level, size_t node) {
  if (!level) {
    lua_pushliteral(L, "root");
    return;
  }
  lua_pushliteral(L, "");
  for (size_t l = 0, nodes = (size_t)t->levels.nodes[level]; l < level; l++) {
    nodes /= (size_t)t->shape.branching[l];
    size_t child = node / nodes % (size_t)t->shape.branching[l];
    lua_pushfstring(L, l ? ".%I" : "%I", (LUAI_UACINT)child + 1);
    lua_concat(L, 2);
  }
}

static void push_leaf(lua_State *L, const void *about, size_t i) {
  const tree *t = about;
  push_path(L, t, t->shape.depth, i);
}

/* "2.1" or, of several at each node, "2.1 (3)". */
static void push_owned(lua_State *L, const void *about, size_t i) {
  const tree *t = about;
  size_t level = 0;
  for (; i >= (size_t)(t->levels.nodes[level] * t->owned[level]); level++)
    i -= (size_t)(t->levels.nodes[level] * t->owned[level]);
  const size_t each = (size_t)t->owned[level];
  push_path(L, t, level, i / each);
  if (each == 1) return;
  lua_pushfstring(L, " (%I)", (LUAI_UACINT)(i % each) + 1);
  lua_concat(L, 2);
}

/* One flip for all levels, or a list. Pushes the numbers. */
static const double *read_flips(const options *o, size_t depth) {
  ln_matrix flip = option_vector(o, "flip");
  if (flip.rows == depth) return flip.data;
  if (flip.rows != 1)
    option_fail(o, "flip", "must be a number, or a list of %zu, one for each level below the root; got %zu",
                depth, flip.rows);
  ln_matrix all = push_matrix(o->L, depth, 1);
  ln_fill(all, flip.data[0]);
  return all.data;
}

/* Features of each node by level; returns how many there are in all. Pushes the numbers. */
static double read_owned(const options *o, tree *t) {
  if (option_given(o, "seed"))
    option_fail(o, "seed", "goes with flip: features that nodes own are not drawn");
  if (option_push(o, "features") != LUA_TTABLE && !test_matrix(o->L, -1))
    option_fail(
        o, "flip",
        "is needed to draw features; or features = a list of %zu numbers: how many each node owns, by "
        "level, the root's first",
        t->levels.count);
  lua_pop(o->L, 1);
  ln_matrix owned = option_vector(o, "features");
  if (owned.rows != t->levels.count)
    option_fail(o, "features", "must be a list of %zu numbers, the root's first and the items' last; got %zu",
                t->levels.count, owned.rows);
  t->owned = owned.data;
  double sum = 0;
  for (size_t l = 0; l < owned.rows; l++) sum += t->levels.nodes[l] * owned.data[l];
  return sum;
}

/* What the eigenvalues of the levels are for: each of as many modes as the level has. */
static void spread_levels(const ln_levels *levels, const double *of_level, double *eigenvalue) {
  for (size_t l = 0; l < levels->count; l++)
    for (size_t k = 0; k < (size_t)levels->multiplicity[l]; k++) *eigenvalue++ = of_level[l];
}

/* data.tree { branching=, flip=, features=1000 (or names), items= (names), seed= }: drawn by branching diffusion
 * data.tree { branching=, features={f_0, ..., f_D}, items= }: f_l features of each node of level l, had by the items below it */
static int data_tree(lua_State *L) {
  static const char *const names[] = {"branching", "flip", "features", "items", "seed", NULL};
  const char *call = "data.tree";
  options o = options_read(L, 1, call, names);
  ln_matrix branching = option_vector(&o, "branching");
  tree t = {.shape = {branching.rows, branching.data}};
  ln_context *cx = context_of(L);
  check(L, call, ln_tree_levels(cx, &t.shape, &t.levels));
  world w = {.o = &o, .name = "tree"};
  const bool drawn = option_given(&o, "flip");
  double of_level[LN_LEVELS_MAX + 1], correlation[LN_LEVELS_MAX + 1];
  const double *flip = NULL;
  double count;
  if (drawn) {
    flip = read_flips(&o, t.shape.depth);
    check(L, call, ln_tree_diffusion(cx, &t.shape, flip, correlation, of_level));
    count = (double)number_or_names(&o, "features", 1, USUAL_FEATURES);
  } else {
    count = read_owned(&o, &t);
    check(L, call, ln_tree_features(cx, &t.shape, t.owned, of_level)); /* singular values of Y */
    if (count == 0) option_fail(&o, "features", "are 0 at every level; a task needs an output");
    for (size_t l = 0; l < t.levels.count; l++) of_level[l] *= of_level[l] / count;
  }
  ln_stream stream = option_stream(&o, LN_FOR_STRUCTURE);
  size_t bytes; /* sizes beyond all memory are refused while they are numbers */
  check(L, call, ln_check_size(cx, count, t.levels.below[0], &bytes));
  w.items = (size_t)t.levels.below[0], w.features = (size_t)count;
  push_room(&w);
  lua_newtable(L);
  set_names(&o, "items", w.items, false, push_leaf, &t);
  set_names(&o, "features", w.features, true, drawn ? push_numbered : push_owned,
            drawn ? (const void *)"feature" : &t);
  spread_levels(&t.levels, of_level, at(&w, w.eigenvalue).data);
  check(L, call, ln_tree_vectors(cx, t.shape.branching, t.shape.depth, at(&w, w.V)));
  if (drawn)
    check(L, call, ln_draw_diffusion(cx, stream, t.shape.branching, flip, t.shape.depth, at(&w, w.Y)));
  else
    ln_tree_items(&t.levels, t.owned, at(&w, w.Y));
  return push_world(&w);
}

/* ---- crossed classes ---- */

typedef struct crossed {
  size_t rows, columns, per_row, per_column; /* per_...: owned by each */
} crossed;

/* "row 2", "column 1" or, of several, "row 2 (3)". */
static void push_crossed(lua_State *L, const void *about, size_t i) {
  const crossed *c = about;
  const bool by_row = i < c->rows * c->per_row;
  const size_t each = by_row ? c->per_row : c->per_column, k = by_row ? i : i - c->rows * c->per_row;
  push_numbered(L, by_row ? "row" : "column", k / each);
  if (each == 1) return;
  lua_pushfstring(L, " (%I)", (LUAI_UACINT)(k % each) + 1);
  lua_concat(L, 2);
}

/* features = { per row, per column }: the numbers, if that is what the option holds. */
static bool read_crossed(const options *o, crossed *c) {
  lua_State *L = o->L;
  int type = option_push(o, "features");
  bool owned = test_matrix(L, -1) || (type == LUA_TTABLE && lua_geti(L, -1, 1) == LUA_TNUMBER);
  if (!owned) return false;
  ln_matrix per = option_vector(o, "features");
  if (per.rows != 2)
    option_fail(o, "features", "must be { of each row, of each column }, a number or names; got %zu numbers",
                per.rows);
  for (size_t i = 0; i < 2; i++)
    if (!(per.data[i] >= 0 && per.data[i] == floor(per.data[i]) && per.data[i] <= LN_DIMENSION_MAX))
      option_fail(o, "features", "must be whole numbers >= 0; number %zu is %g", i + 1, per.data[i]);
  if (per.data[0] + per.data[1] == 0) option_fail(o, "features", "are 0 of both; a task needs an output");
  c->per_row = (size_t)per.data[0], c->per_column = (size_t)per.data[1];
  return true;
}

/* data.crosscut { rows=, columns=, features={f, g}, items= (names) }: f features of each row, g of each column of a table of items
 * data.crosscut { rows=, columns=, features=1000 (or names), share=0.5, items=, seed= }: drawn, that share by rows */
static int data_crosscut(lua_State *L) {
  static const char *const names[] = {"rows", "columns", "features", "share", "items", "seed", NULL};
  const char *call = "data.crosscut";
  options o = options_read(L, 1, call, names);
  crossed c = {0};
  read_sides(&o, "rows", "columns", &c.rows, &c.columns);
  if (c.rows < 2 || c.columns < 2)
    option_fail(&o, c.rows < 2 ? "rows" : "columns", "= 1: classes that cross need two rows and two columns");
  const bool owned = read_crossed(&o, &c);
  world w = {.o = &o, .name = "crosscut", .items = c.rows * c.columns};
  size_t of_rows = 0;
  double row, column; /* per feature, what the similarity of two items of the same row (column) is worth */
  if (owned) {
    static const char *const of_drawn[] = {"share", "seed", NULL};
    for (const char *const *name = of_drawn; *name; name++)
      if (option_given(&o, *name))
        option_fail(&o, *name, "goes with features that are drawn; those of rows and columns are given here");
    w.features = c.rows * c.per_row + c.columns * c.per_column;
    row = (double)c.per_row / (double)w.features, column = (double)c.per_column / (double)w.features;
  } else {
    w.features = number_or_names(&o, "features", 1, USUAL_FEATURES);
    of_rows = (size_t)round(option_between_or(&o, "share", 0, 1, 0.5) * (double)w.features);
    row = (double)of_rows / (double)w.features, column = 1 - row;
  }
  ln_stream stream = option_stream(&o, LN_FOR_STRUCTURE);
  push_room(&w);
  lua_newtable(L);
  set_names(&o, "items", w.items, false, push_cell, &c.columns);
  set_names(&o, "features", w.features, true, owned ? push_crossed : push_numbered,
            owned ? (const void *)&c : "feature");
  ln_context *cx = context_of(L);
  ln_matrix Y = at(&w, w.Y);
  check(L, call,
        ln_crossed_modes(cx, c.rows, c.columns, row, column, at(&w, w.eigenvalue).data, at(&w, w.V)));
  if (owned)
    ln_crossed_items(c.rows, c.columns, c.per_row, c.per_column, Y);
  else
    check(L, call, ln_draw_crossed(cx, stream, c.columns, of_rows, Y));
  return push_world(&w);
}

const luaL_Reg structured_makers[] = {
    {"tree", data_tree},         {"ring", data_ring},         {"order", data_order}, {"grid", data_grid},
    {"clusters", data_clusters}, {"crosscut", data_crosscut}, {NULL, NULL}};
