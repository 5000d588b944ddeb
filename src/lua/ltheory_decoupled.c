/* theory.mode.decoupled: whole networks whose modes learn independently. */
#include "lua/ltheory.h"

#include <math.h>
#include <string.h>

#include "theory/decoupled.h"

#define TOLERANCE 1e-2 /* the answer is first order in the misfits: of percents, no further */

typedef struct request {
  ln_matrix *layers, Sxx, Syx;
  size_t depth;
  double decay, tolerance;
  times t;
  const size_t *order;
  double *rising; /* the times in order */
  /* answers */
  ln_matrix **W;                    /* W[l][i] for layer l at time i */
  ln_matrix V, U, s, rho, strength; /* for as many modes as there can be */
  size_t modes;
  double data_misfit, weight_misfit;
  bool closed;
} request;

static ln_status store(ln_context *cx, void *ud, size_t index, double t, const ln_matrix *W,
                       const double *strengths) {
  (void)cx, (void)t;
  const request *r = ud;
  size_t i = r->order[index];
  for (size_t l = 0; l < r->depth; l++) ln_copy(W[l], r->W[l][i]);
  for (size_t k = 0; k < r->modes; k++) LN_AT(r->strength, i, k) = strengths[k];
  return LN_OK;
}

static ln_status solve(ln_context *cx, request *r) {
  ln_mark mark = ln_begin(cx);
  ln_decoupled d;
  ln_status status = ln_decoupled_prepare(cx, r->layers, r->depth, r->Sxx, r->Syx, r->decay, &d);
  if (status != LN_OK) return ln_end(cx, mark, status);
  r->modes = d.modes, r->closed = d.closed;
  r->data_misfit = d.data_misfit, r->weight_misfit = d.weight_misfit;
  if (!(d.data_misfit <= r->tolerance && d.weight_misfit <= r->tolerance))
    return ln_end(
        cx, mark,
        ln_fail(cx, LN_EARG,
                "the modes are not decoupled: the data are %.3g and the weights %.3g (relative) from "
                "where they would be, and the tolerance is %g",
                d.data_misfit, d.weight_misfit, r->tolerance));
  ln_copy(d.V, ln_block_of(r->V, 0, 0, d.V.rows, d.modes));
  ln_copy(d.U, ln_block_of(r->U, 0, 0, d.U.rows, d.modes));
  for (size_t k = 0; k < d.modes; k++) r->s.data[k] = d.s[k], r->rho.data[k] = d.rho[k];
  return ln_end(cx, mark, ln_decoupled_follow(cx, &d, r->rising, r->t.n, store, r));
}

/* A copy of the first columns of A, into the field of the table on top of the stack. */
static void put_columns(lua_State *L, const char *name, ln_matrix A, size_t columns) {
  ln_matrix part = ln_block_of(A, 0, 0, A.rows, columns);
  ln_copy(part, push_matrix(L, part.rows, part.cols));
  lua_setfield(L, -2, name);
}

/* theory.mode.decoupled { weights={W1, W2, ...}, Sxx=, Syx= (or task=), t=, weight_decay=0, tolerance=0.01 }
 *
 * Every weight of a deep linear network under gradient flow, if task and weights decouple into modes: aligned
 * starts, and for two layers all whose hidden vectors are orthogonal. An error if they are further from it
 * than the tolerance. A table:
 *   weights                       { W1, W2, ... } at time t; a list of these for several times
 *   strength                      u' W v of each mode, T x K
 *   s, rho, U, V                  the modes: Sxx = V diag(rho) V', Syx = U diag(s) V' on them
 *   data_misfit, weight_misfit    how far data and weights are from decoupled; the weights' error is of that
 *                                 order
 *   closed                        whether all is closed form (else some modes are integrated, to 1e-13) */
static int mode_decoupled(lua_State *L) {
  static const char *const names[] = {"weights", "Sxx",          "Syx",       "task",
                                      "t",       "weight_decay", "tolerance", NULL};
  options o = options_read(L, 1, "theory.mode.decoupled", names);
  request r = {.decay = option_nonnegative_or(&o, "weight_decay", 0),
               .tolerance = option_nonnegative_or(&o, "tolerance", TOLERANCE)};
  r.layers = option_layers(&o, "weights", 2, &r.depth);
  option_moments(&o, &r.Sxx, &r.Syx);
  r.t = option_times(&o, "t");
  r.order = push_order(L, r.t.data, r.t.n);
  r.rising = push_matrix(L, r.t.n, 1).data;
  for (size_t i = 0; i < r.t.n; i++) r.rising[i] = r.t.data[r.order[i]];
  size_t inputs = r.Sxx.rows, outputs = r.Syx.rows;
  r.V = push_matrix(L, inputs, inputs), r.U = push_matrix(L, outputs, inputs);
  r.s = push_matrix(L, inputs, 1), r.rho = push_matrix(L, inputs, 1);
  r.strength = push_matrix(L, r.t.n, inputs);
  r.W = lua_newuserdatauv(L, r.depth * sizeof *r.W, 0);
  lua_createtable(L, (int)r.depth, 0);
  int lists = lua_gettop(L); /* one list of matrices over time for each layer */
  for (size_t l = 0; l < r.depth; l++) {
    r.W[l] = push_matrices(L, r.t.n, r.layers[l].rows, r.layers[l].cols);
    lua_rawseti(L, lists, 2 * (lua_Integer)l + 2);
    lua_rawseti(L, lists, 2 * (lua_Integer)l + 1); /* the windows themselves */
  }
  check(L, o.call, solve(context_of(L), &r));

  lua_createtable(L, 0, 9);
  lua_createtable(L, (int)r.t.n, 0);
  for (size_t i = 0; i < r.t.n; i++) {
    lua_createtable(L, (int)r.depth, 0);
    for (size_t l = 0; l < r.depth; l++) {
      lua_rawgeti(L, lists, 2 * (lua_Integer)l + 2);
      lua_rawgeti(L, -1, (lua_Integer)i + 1);
      lua_rawseti(L, -3, (lua_Integer)l + 1);
      lua_pop(L, 1);
    }
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  if (r.t.shape == TIMES_NUMBER) {
    lua_rawgeti(L, -1, 1);
    lua_remove(L, -2);
  }
  lua_setfield(L, -2, "weights");
  put_columns(L, "strength", r.strength, r.modes);
  put_columns(L, "U", r.U, r.modes);
  put_columns(L, "V", r.V, r.modes);
  push_column(L, r.s.data, r.modes), lua_setfield(L, -2, "s");
  push_column(L, r.rho.data, r.modes), lua_setfield(L, -2, "rho");
  lua_pushnumber(L, r.data_misfit), lua_setfield(L, -2, "data_misfit");
  lua_pushnumber(L, r.weight_misfit), lua_setfield(L, -2, "weight_misfit");
  lua_pushboolean(L, r.closed), lua_setfield(L, -2, "closed");
  return 1;
}

const luaL_Reg decoupled_functions[] = {{"decoupled", mode_decoupled}, {NULL, NULL}};
