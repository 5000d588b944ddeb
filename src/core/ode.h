/* ode.h: y' = f(t, y) by an adaptive explicit Runge-Kutta method of order 8 with dense output of order 7
 * (Dormand and Prince's DOP853; Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I).
 *
 * All memory (15 n numbers) is taken from the context before the first step. An interrupt, a deadline and the
 * budget are heeded at every step; f may fail, and may take work space of its own. */
#ifndef LN_ODE_H
#define LN_ODE_H

#include "core/context.h"

typedef ln_status (*ln_ode_rhs)(ln_context *cx, void *ud, double t, const double *y, double *dydt);
/* Called with the state at each asked time, in order; a status other than LN_OK ends the integration. */
typedef ln_status (*ln_ode_output)(ln_context *cx, void *ud, size_t index, double t, const double *y);
/* Asked after each step: true says that the state no longer changes (y holds for all later times). May be
 * null. */
typedef bool (*ln_ode_settled)(void *ud, double t, const double *y, const double *dydt);

typedef struct ln_ode {
  ln_ode_rhs rhs;
  ln_ode_output output;
  ln_ode_settled settled;
  void *ud;
  size_t n; /* unknowns */
  /* Error per step: sqrt(mean((e / (atol + rtol max|y|))^2)) <= 1. States put out between two steps err some
   * 20 times as much: a solution wanted to 1e-9 at many times needs 5e-11. */
  double rtol, atol;
  double first_step; /* 0: chosen */
  size_t max_steps;  /* 0: 10 million; LN_ENUMERIC when reached, with the time and the step size */
  size_t steps, rejected, evaluations; /* results */
  double t;                            /* result: y is the state at this time */
} ln_ode;

/* From y(t0) = y through the times[0..count-1], rising (equal neighbours allowed), all >= t0; the last ones
 * may be infinite if `settled` is given. y holds the last state at the end (also after an error: the last
 * accepted step). LN_ENUMERIC when the step size underflows or y is not finite. */
ln_status ln_ode_solve(ln_context *cx, ln_ode *ode, double t0, double *y, const double *times, size_t count);

#endif
