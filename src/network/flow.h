/* flow.h: gradient flow, d theta/dt = -dL/d theta - k theta (k: weight decay), integrated to a tolerance: the
 * limit of descent at small rates. */
#ifndef LN_FLOW_H
#define LN_FLOW_H

#include "core/ode.h"
#include "network/plan.h"

/* What the caller gets at each asked time. */
typedef ln_status (*ln_flow_output)(ln_context *cx, void *ud, size_t index, double t, const double *theta);

/* What a flow of this network is integrated to unless asked otherwise: 1e-10; 1e-4 where units have kinks, since every
 * crossing of one costs a method of high order many small steps. */
double ln_flow_tolerance(const ln_net *net);

/* Integrates from theta (at t = 0) through the rising times. theta holds the state at the last one on success, and the
 * last accepted step after an error. tolerance: about the error of every state put out, relative to the weights; tiny starts
 * keep their digits, since the absolute tolerance follows the smallest layer. Once the state is a minimum to rounding the
 * integration ends and the state holds, so that the last time may be infinite (not with weight decay: no plan knows where its minimum is). */
ln_status ln_flow(ln_context *cx, const ln_plan *plan, double weight_decay, double *theta,
                  const double *times, size_t count, double tolerance, ln_flow_output output, void *ud);

#endif
