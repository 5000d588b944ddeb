/* parallel.h: jobs that do not depend on each other, over the workers of a context.
 *
 * Each worker is a thread with a context of its own: it shares the caller's memory (one allocation at a time), and the
 * caller's interrupts, deadline and budget of operations end it as they end the caller. Workers wait for nothing but
 * memory, take whole jobs, and are gone when the call returns. A job must give the same numbers in any context: then the
 * results do not depend on how many workers there are. */
#ifndef LN_PARALLEL_H
#define LN_PARALLEL_H

#include "core/context.h"

/* Job number `job`, from 0. The context is the worker's. */
typedef ln_status (*ln_job)(ln_context *cx, void *ud, size_t job);

/* Runs jobs 0 .. jobs-1. A job that fails does not keep the others from running, unless all work must end (LN_EINTERRUPT,
 * LN_ETIME, LN_EFLOPS): then no further one begins. Returns the status, with its message, of the first job by number that
 * failed. `seconds`: about how long all of them take on one thread; what takes few milliseconds stays on the caller's. The
 * caller's thread works too, and it alone calls cx->progress. */
ln_status ln_parallel(ln_context *cx, size_t jobs, double seconds, ln_job run, void *ud);

#endif
