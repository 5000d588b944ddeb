#include "core/root.h"

#include <float.h>
#include <math.h>

#define STEPS_MAX 400 /* bisection alone would need about 1100 in the worst case; Brent's method some 10 */

typedef struct point {
  double x, y;
} point;

/* Where the line through two points, or the inverse parabola through three, meets 0. */
static double interpolate(point a, point b, point c) {
  if (a.y == c.y || a.y == b.y || b.y == c.y) return b.x - b.y * (b.x - a.x) / (b.y - a.y);
  double r = b.y / c.y, s = b.y / a.y, q = a.y / c.y;
  return b.x + s * (q * (r - q) * (c.x - b.x) - (1 - r) * (b.x - a.x)) / ((q - 1) * (r - 1) * (s - 1));
}

ln_status ln_find_root(ln_context *cx, ln_function f, void *ud, double low, double high, double *x) {
  point other = {low, 0}, best = {high, 0};
  ln_status status = f(cx, ud, low, &other.y);
  if (status == LN_OK) status = f(cx, ud, high, &best.y);
  if (status != LN_OK) return status;
  if (!(other.y * best.y <= 0) && !(signbit(other.y) != signbit(best.y)))
    return ln_fail(cx, LN_ENUMERIC, "no change of sign between %g (%g) and %g (%g)", low, other.y, high,
                   best.y);
  point last = other;
  double step = INFINITY, before = INFINITY; /* the last two moves */
  for (int i = 0; i < STEPS_MAX && best.y != 0 && other.y != 0; i++) {
    if (fabs(other.y) < fabs(best.y)) {
      point swapped = best;
      best = other, other = swapped, last = other;
    }
    double half = (other.x - best.x) / 2, least = 2 * DBL_EPSILON * fabs(best.x) + DBL_MIN;
    if (fabs(half) <= least) break;
    double next = interpolate(last, best, other), move = next - best.x;
    bool inside = move * half > 0 && fabs(move) < 1.5 * fabs(half) && fabs(move) < before / 2;
    if (!inside) move = half, step = fabs(half); /* bisect: interpolation does not close in */
    before = step;
    step = fabs(move);
    last = best;
    best.x += fabs(move) > least ? move : copysign(least, half);
    status = f(cx, ud, best.x, &best.y);
    if (status != LN_OK) return status;
    if ((best.y > 0) == (other.y > 0)) other = last; /* the sign changes between this and the last */
  }
  *x = fabs(other.y) < fabs(best.y) ? other.x : best.x;
  return LN_OK;
}
