/* theory.semantic, what is computed in C: distinctions and illusions of items in Y (properties x items), categories in noise, trees
 * and other structures. lua/linnet/semantic.lua reads tasks and names and puts the rest around it. */
#include "lua/ltheory.h"

#include <math.h>

#include "lua/box.h"
#include "theory/coherence.h"
#include "theory/forgetting.h"
#include "theory/hierarchy.h"
#include "theory/semantic.h"
#include "theory/structure.h"

static void set_column(lua_State *L, const char *name, const double *x, size_t n) {
  push_column(L, x, n);
  lua_setfield(L, -2, name);
}

/* ---- distinctions and illusions ---- */

static ln_status find_modes(ln_context *cx, ln_matrix Y, box *work, ln_distinctions *modes) {
  ln_mark mark = ln_begin(cx);
  ln_status status = ln_distinguish(cx, Y, modes);
  if (status != LN_OK) return ln_end(cx, mark, status);
  work->blocks = ln_detach(cx, mark);
  return LN_OK;
}

/* { Y= } -> sigma (K x 1), u (properties x K), v (items x K), group (K x 1: modes with the same number are one) */
static int semantic_modes(lua_State *L) {
  static const char *const names[] = {"Y", NULL};
  options o = options_read(L, 1, "theory.semantic.modes", names);
  ln_matrix Y = option_matrix(&o, "Y");
  box *work = push_box(L);
  ln_distinctions m;
  check(L, o.call, find_modes(context_of(L), Y, work, &m));
  set_column((lua_createtable(L, 0, 4), L), "sigma", m.sigma, m.count);
  ln_copy(m.u, push_matrix(L, Y.rows, m.count));
  lua_setfield(L, -2, "u");
  ln_copy(m.v, push_matrix(L, Y.cols, m.count));
  lua_setfield(L, -2, "v");
  double *group = push_matrix(L, m.count, 1).data;
  for (size_t k = 0; k < m.count; k++) group[k] = (double)m.group[k] + 1;
  lua_setfield(L, -2, "group");
  empty_box(work);
  return 1;
}

/* { Y=, a0=, property=, item= } -> target, excursion, extreme and time (in theta; absent without excursion), staircase */
static int semantic_illusion(lua_State *L) {
  static const char *const names[] = {"Y", "a0", "property", "item", NULL};
  options o = options_read(L, 1, "theory.semantic.illusion", names);
  ln_matrix Y = option_matrix(&o, "Y");
  double a0 = option_positive(&o, "a0");
  size_t f = (size_t)option_integer(&o, "property", 1, (lua_Integer)Y.rows) - 1;
  size_t i = (size_t)option_integer(&o, "item", 1, (lua_Integer)Y.cols) - 1;
  box *work = push_box(L);
  ln_distinctions m;
  ln_illusion found;
  check(L, o.call, find_modes(context_of(L), Y, work, &m));
  check(L, o.call, ln_find_illusion(context_of(L), &m, a0, f, i, &found));
  lua_createtable(L, 0, 5);
  put_number(L, "target", LN_AT(Y, f, i));
  put_number(L, "excursion", found.excursion);
  if (!isnan(found.time)) {
    put_number(L, "extreme", found.extreme);
    put_number(L, "time", found.time);
  }
  ln_staircase(&m, f, i, push_matrix(L, m.groups + 1, 1).data);
  lua_setfield(L, -2, "staircase");
  empty_box(work);
  return 1;
}

/* { Y=, a0= } -> the excursions of all cells, properties x items */
static int semantic_illusions(lua_State *L) {
  static const char *const names[] = {"Y", "a0", NULL};
  options o = options_read(L, 1, "theory.semantic.illusions", names);
  ln_matrix Y = option_matrix(&o, "Y");
  double a0 = option_positive(&o, "a0");
  box *work = push_box(L);
  ln_distinctions m;
  check(L, o.call, find_modes(context_of(L), Y, work, &m));
  ln_matrix excursions = push_matrix(L, Y.rows, Y.cols);
  check(L, o.call, ln_find_illusions(context_of(L), &m, a0, excursions));
  empty_box(work);
  return 1;
}

/* ---- categories in noise ---- */

/* theory.semantic.coherence { p=, q=, category_items=, category_features=, items=, features= } */
static int semantic_coherence(lua_State *L) {
  static const char *const names[] = {"p",        "q", "category_items", "category_features", "items",
                                      "features", NULL};
  options o = options_read(L, 1, "theory.semantic.coherence", names);
  const lua_Integer most = 1LL << 53;
  ln_category c = {.p = option_number(&o, "p"),
                   .q = option_number(&o, "q"),
                   .category_items = (double)option_integer(&o, "category_items", 1, most),
                   .category_features = (double)option_integer(&o, "category_features", 1, most),
                   .items = (double)option_integer(&o, "items", 1, most),
                   .features = (double)option_integer(&o, "features", 1, most)};
  ln_coherent y;
  check(L, o.call, ln_category_coherence(context_of(L), &c, &y));
  lua_createtable(L, 0, 5);
  put_number(L, "coherence", y.coherence);
  put_number(L, "edge", y.edge);
  put_number(L, "singular_value", y.singular_value);
  put_number(L, "overlap_items", y.overlap_items);
  put_number(L, "overlap_features", y.overlap_features);
  return 1;
}

/* ---- trees ---- */

static ln_tree read_tree(const options *o) {
  ln_matrix branching = option_vector(o, "branching");
  return (ln_tree){branching.rows, branching.data};
}

/* One number for each of `count` levels: a list, or a number for all. */
static const double *per_level(const options *o, const char *name, size_t count, const char *which) {
  ln_matrix given = option_vector(o, name);
  if (given.rows == count) return given.data;
  if (given.rows != 1)
    option_fail(o, name, "must be a number, or a list of %zu, one for each level%s; got %zu", count, which,
                given.rows);
  double *all = push_matrix(o->L, count, 1).data;
  for (size_t l = 0; l < count; l++) all[l] = given.data[0];
  return all;
}

/* theory.semantic.tree { branching=, flip=, features=1 }: branching diffusion. Columns of one number for each level, the root first:
 * correlation (of items that part there), eigenvalue, multiplicity, sigma = sqrt(features eigenvalue) */
static int semantic_tree(lua_State *L) {
  static const char *const names[] = {"branching", "flip", "features", NULL};
  options o = options_read(L, 1, "theory.semantic.tree", names);
  ln_tree tree = read_tree(&o);
  ln_levels levels;
  check(L, o.call, ln_tree_levels(context_of(L), &tree, &levels));
  const double *flip = per_level(&o, "flip", tree.depth, " below the root");
  double features = option_positive_or(&o, "features", 1);
  size_t n = levels.count;
  lua_createtable(L, 0, 4);
  double *correlation = push_matrix(L, n, 1).data;
  lua_setfield(L, -2, "correlation");
  double *eigenvalue = push_matrix(L, n, 1).data;
  lua_setfield(L, -2, "eigenvalue");
  double *sigma = push_matrix(L, n, 1).data;
  lua_setfield(L, -2, "sigma");
  set_column(L, "multiplicity", levels.multiplicity, n);
  check(L, o.call, ln_tree_diffusion(context_of(L), &tree, flip, correlation, eigenvalue));
  for (size_t l = 0; l < n; l++) sigma[l] = sqrt(features * eigenvalue[l]);
  return 1;
}

/* theory.semantic.tree_features { branching=, features= }: features owned by nodes, features[l] by each at level l, the root first.
 * sigma and multiplicity by level, and Y itself, properties x items. */
static int semantic_tree_features(lua_State *L) {
  static const char *const names[] = {"branching", "features", NULL};
  options o = options_read(L, 1, "theory.semantic.tree_features", names);
  ln_tree tree = read_tree(&o);
  ln_levels levels;
  check(L, o.call, ln_tree_levels(context_of(L), &tree, &levels));
  const double *features = per_level(&o, "features", levels.count, ", the root first");
  lua_createtable(L, 0, 3);
  double *sigma = push_matrix(L, levels.count, 1).data;
  lua_setfield(L, -2, "sigma");
  check(L, o.call, ln_tree_features(context_of(L), &tree, features, sigma));
  set_column(L, "multiplicity", levels.multiplicity, levels.count);
  double rows = 0;
  for (size_t l = 0; l < levels.count; l++) rows += levels.nodes[l] * features[l];
  ln_matrix Y = push_sized_matrix(L, o.call, rows, levels.below[0]);
  ln_tree_items(&levels, features, Y);
  lua_setfield(L, -2, "Y");
  return 1;
}

/* { branching=, strength= } (the strengths of the levels' modes) -> similarity, distance2, projection of two items that part
 * below each level; the last: of an item with itself */
static int semantic_tree_similarity(lua_State *L) {
  static const char *const names[] = {"branching", "strength", NULL};
  options o = options_read(L, 1, "theory.semantic.tree_similarity", names);
  ln_tree tree = read_tree(&o);
  ln_levels levels;
  check(L, o.call, ln_tree_levels(context_of(L), &tree, &levels));
  const double *a = per_level(&o, "strength", levels.count, ", the root first");
  static const char *const fields[] = {"similarity", "distance2", "projection"};
  double *answers[3];
  lua_createtable(L, 0, 3);
  for (int i = 0; i < 3; i++) {
    answers[i] = push_matrix(L, levels.count, 1).data;
    lua_setfield(L, -2, fields[i]);
  }
  ln_tree_similarity(&levels, a, answers[0], answers[1], answers[2]);
  return 1;
}

/* ---- other structures ---- */

static const char *const kinds[] = {"ring", "chain", "grid", "clusters", NULL};

/* theory.semantic.structure { kind=, n=, weight=1, sigma= }: n items of a ring or chain, { rows, columns } of a grid, { clusters,
 * size }. The covariance's eigenvalues, falling, with eigenvectors V in closed form. */
static int semantic_structure(lua_State *L) {
  static const char *const names[] = {"kind", "n", "weight", "sigma", NULL};
  options o = options_read(L, 1, "theory.semantic.structure", names);
  ln_structure s = {.kind = (ln_structure_kind)option_choice(&o, "kind", kinds)};
  ln_matrix n = option_vector(&o, "n");
  bool two = s.kind == LN_GRID || s.kind == LN_CLUSTERS;
  if (n.rows != (two ? 2 : 1))
    option_fail(&o, "n",
                two ? "must be the list of two sizes, got %zu" : "must be a number of items, got %zu",
                n.rows);
  for (size_t i = 0; i < n.rows; i++) {
    if (!(n.data[i] >= 1 && n.data[i] == floor(n.data[i]) && n.data[i] <= 1e6))
      option_fail(&o, "n", "must be whole, from 1 to a million, got %g", n.data[i]);
    *(i ? &s.m : &s.n) = (size_t)n.data[i];
  }
  s.weight = option_positive_or(&o, "weight", 1);
  s.sigma = option_positive(&o, "sigma");
  size_t items;
  check(L, o.call, ln_structure_items(context_of(L), &s, &items));
  lua_createtable(L, 0, 2);
  double *eigenvalue = push_matrix(L, items, 1).data;
  lua_setfield(L, -2, "eigenvalue");
  ln_matrix V = push_matrix(L, items, items);
  lua_setfield(L, -2, "V");
  check(L, o.call, ln_structure_modes(context_of(L), &s, eigenvalue, V));
  return 1;
}

/* theory.semantic.structure_tree { branching=, weight=1, sigma= }: leaves of a tree graph with hidden inner nodes */
static int semantic_structure_tree(lua_State *L) {
  static const char *const names[] = {"branching", "weight", "sigma", NULL};
  options o = options_read(L, 1, "theory.semantic.structure_tree", names);
  ln_tree tree = read_tree(&o);
  double weight = option_positive_or(&o, "weight", 1), sigma = option_positive(&o, "sigma");
  ln_levels levels;
  check(L, o.call, ln_tree_levels(context_of(L), &tree, &levels));
  lua_createtable(L, 0, 2);
  double *eigenvalue = push_matrix(L, levels.count, 1).data;
  lua_setfield(L, -2, "eigenvalue");
  set_column(L, "multiplicity", levels.multiplicity, levels.count);
  check(L, o.call, ln_structure_tree(context_of(L), tree.branching, tree.depth, weight, sigma, eigenvalue));
  return 1;
}

/* ---- forgetting ---- */

/* theory.semantic.forgetting { s_a=, s_b=, angle= }: item A, learned before item B by the same hidden direction -> length (of the
 * last layer's column), error (|y - f|^2/2 on A) */
static int semantic_forgetting(lua_State *L) {
  static const char *const names[] = {"s_a", "s_b", "angle", NULL};
  options o = options_read(L, 1, "theory.semantic.forgetting", names);
  double s_a = option_number(&o, "s_a"), s_b = option_number(&o, "s_b"), angle = option_number(&o, "angle");
  double length, error;
  check(L, o.call, ln_forgetting(context_of(L), s_a, s_b, angle, &length, &error));
  lua_createtable(L, 0, 2);
  put_number(L, "length", length);
  put_number(L, "error", error);
  return 1;
}

const luaL_Reg semantic_functions[] = {{"modes", semantic_modes},
                                       {"illusion", semantic_illusion},
                                       {"illusions", semantic_illusions},
                                       {"coherence", semantic_coherence},
                                       {"tree", semantic_tree},
                                       {"tree_features", semantic_tree_features},
                                       {"tree_similarity", semantic_tree_similarity},
                                       {"structure", semantic_structure},
                                       {"structure_tree", semantic_structure_tree},
                                       {"forgetting", semantic_forgetting},
                                       {NULL, NULL}};
