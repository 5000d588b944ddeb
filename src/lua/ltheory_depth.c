/* theory.depth: variances and gradients of deep networks at random weights, by their mean field.
 *
 * h_l = W phi(scale h_{l-1}) + bias, W of variance weight_variance/N, biases of bias_variance; activation: its name, a built-in or one that was added to network.activations. q is the variance of h, chi what gradients are multiplied by in a layer. */
#include "lua/ltheory.h"

#include <math.h>

#include "lua/callback.h"
#include "lua/lunit.h"

/* How many layers it takes for a distance to fall by e when each multiplies it by `factor`: infinity at 1, negative if it
 * grows. */
static double layers_of(double factor) { return factor == 1 ? INFINITY : -1 / log(factor); }

/* theory.depth.mean_field { activation=, scale=1, weight_variance=, bias_variance=0, q=, depth=,
 * weights="gaussian" | "orthogonal" }: q (the fixed point, unless it is given), chi, the means phi2, slope2 and slope4 of
 * phi^2, phi'^2 and phi'^4; variance_scale and gradient_scale, in how many layers q approaches its fixed point and
 * gradients fall by e (infinite at chi = 1, negative where they grow). With depth the Jacobian's squared singular values:
 * jacobian_mean, jacobian_square, jacobian_variance. With q and without variances: those of the critical line. error: of
 * the rule, an upper estimate, where there is no closed form. */
static int mean_field(lua_State *L) {
  static const char *const names[] = {
      UNIT_OPTIONS, "weight_variance", "bias_variance", "q", "depth", "weights", NULL};
  static const char *const ensembles[] = {"gaussian", "orthogonal", NULL};
  options o = options_read(L, 1, "theory.depth.mean_field", names);
  ln_unit unit = option_unit(&o);
  bool critical = !option_given(&o, "weight_variance");
  if (critical && !option_given(&o, "q"))
    option_fail(&o, "weight_variance", "is needed, or q (a point of the critical line)");
  if (critical && option_given(&o, "bias_variance"))
    option_fail(&o, "bias_variance", "needs weight_variance beside it");
  double sw = critical ? 0 : option_positive(&o, "weight_variance"),
         sb = option_nonnegative_or(&o, "bias_variance", 0);
  if (!critical && option_given(&o, "q") && option_given(&o, "bias_variance"))
    option_fail(&o, "q", "follows from weight_variance and bias_variance: leave it out, or the latter");
  double q = option_given(&o, "q") ? option_nonnegative(&o, "q") : -1;
  lua_Integer depth = option_given(&o, "depth") ? option_integer(&o, "depth", 1, 1000000000) : 0;
  bool orthogonal = option_choice_or(&o, "weights", ensembles, 0) == 1;
  if (depth == 0 && option_given(&o, "weights")) option_fail(&o, "weights", "goes with depth");
  ln_context *cx = context_of(L);
  ln_unit_means m = {0};
  if (critical)
    check_calling(L, o.call, ln_critical_at(cx, &unit, q, &sw, &sb));
  else if (q < 0)
    check_calling(L, o.call, ln_fixed_point(cx, &unit, sw, sb, &q));
  check_calling(L, o.call, ln_unit_means_at(cx, &unit, q, &m));
  /* With weights and q given, the biases are what keeps q. */
  if (!critical && option_given(&o, "q")) {
    sb = q - sw * m.square;
    if (fabs(sb) <= 4e-16 * q) sb = 0;
    if (sb < 0)
      option_fail(&o, "q", "= %g cannot be a fixed point: the weights alone give a variance of %.6g", q,
                  sw * m.square);
  }
  double chi = critical ? 1 : sw * m.slope2;
  lua_createtable(L, 0, 12);
  put_number(L, "q", q);
  put_number(L, "chi", chi);
  put_number(L, "weight_variance", sw);
  put_number(L, "bias_variance", sb);
  put_number(L, "phi2", m.square);
  put_number(L, "slope2", m.slope2);
  put_number(L, "slope4", m.slope4);
  put_number(L, "variance_scale", layers_of(sw * m.gain));
  put_number(L, "gradient_scale", layers_of(chi));
  put_number(L, "error", m.error);
  if (depth > 0) {
    double mean, square;
    ln_jacobian_moments(&m, critical ? 1 / m.slope2 : sw, (double)depth, orthogonal, &mean, &square);
    put_number(L, "jacobian_mean", mean);
    put_number(L, "jacobian_square", square);
    put_number(L, "jacobian_variance", square - mean * mean);
  }
  return 1;
}

/* theory.depth.critical { activation=, scale=1, q= }: weight_variance and bias_variance for which q is a fixed
 * point and gradients neither grow nor shrink, in the shape of q. */
static int critical_line(lua_State *L) {
  static const char *const names[] = {UNIT_OPTIONS, "q", NULL};
  options o = options_read(L, 1, "theory.depth.critical", names);
  ln_unit unit = option_unit(&o);
  times q = option_times(&o, "q");
  for (size_t i = 0; i < q.n; i++)
    if (isinf(q.data[i])) option_fail(&o, "q", "must be finite; number %zu is not", i + 1);
  lua_createtable(L, 0, 2);
  int table = lua_gettop(L);
  double *sw = push_like_times(L, &q), *sb = push_like_times(L, &q);
  for (size_t i = 0; i < q.n; i++)
    check_calling(L, o.call, ln_critical_at(context_of(L), &unit, q.data[i], &sw[i], &sb[i]));
  lua_pushvalue(L, table);
  put_field(L, "weight_variance", table + 1, &q);
  put_field(L, "bias_variance", table + 2, &q);
  return 1;
}

const luaL_Reg mean_field_functions[] = {
    {"mean_field", mean_field}, {"critical", critical_line}, {NULL, NULL}};
