/* context.h: the only link between the numerics and whoever hosts them.
 *
 * Every numeric call that can allocate, run long or fail takes a context first: it carries the allocator, the
 * interrupt flag, the deadline and the budget of floating-point operations, the progress callback, the number
 * of workers and the message of the last error. A call returns a status; when that is not LN_OK the context's
 * message says what was expected and what came, in the user's terms. A context belongs to one thread; only
 * ln_interrupt may be called from elsewhere. */
#ifndef LN_CONTEXT_H
#define LN_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "kernels/kernels.h"

/* As lua_Alloc: new_size 0 frees; a null pointer says that there is no memory. */
typedef void *(*ln_allocator)(void *ud, void *block, size_t old_size, size_t new_size);
typedef void (*ln_progress)(void *ud, const char *what, double fraction);

enum ln_permission { LN_MAY_READ = 1, LN_MAY_WRITE = 2, LN_MAY_RUN = 4 };

typedef struct ln_context {
  ln_allocator allocate;
  void *allocate_ud;
  /* 0: work may run; 1: ln_interrupt was called; -1: nothing runs, and ln_interrupt does nothing. A host sets
   * 0 where its outermost call begins and -1 where it ends, which forgets what came too late. */
  atomic_int interrupted;
  double deadline;   /* on ln_clock(); INFINITY: none */
  double flops_left; /* INFINITY: no budget */
  double flops_used;
  /* What ln_poll or ln_charge told last: LN_EINTERRUPT, LN_ETIME or LN_EFLOPS. For a host, which sets LN_OK where its
   * outermost call begins, and lets nothing go on after that. */
  ln_status ended;
  unsigned permissions; /* enum ln_permission: what the files and processes of this context are limited to */
  ln_progress progress; /* may be null */
  void *progress_ud;
  const ln_kernels *kernels; /* the inner loops, as wide as the processor allows */
  int workers;               /* threads that a parallel region may use, >= 1 */
  /* In a worker of a parallel region: the context whose interrupts end it too, and where it draws from its budget (flops
   * more, or 0 if there are not so many as are needed). Null elsewhere. */
  const struct ln_context *leader;
  double (*draw_flops)(struct ln_context *cx, double needed);
  /* On whom the host's own functions run, where a numeric call may come to one; null where it may not (in a worker, too).
   * The host sets it around the call. */
  void *caller;
  struct ln_block *scratch; /* what ln_take has handed out, newest first */
  size_t scratch_bytes, scratch_peak;
  struct ln_store *store; /* null: what is given back is freed */
  char message[1024];
} ln_context;

/* A context without limits, on malloc if allocate is null. Nothing to give back as long as every mark was
 * released. */
void ln_context_init(ln_context *cx, ln_allocator allocate, void *ud);

/* Sets the message and returns the status, so that a check is one line: return ln_fail(cx, LN_EARG, "...",
 * ...). */
ln_status ln_fail(ln_context *cx, ln_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The message for a block of this size that could not be had; returns LN_EMEMORY. */
ln_status ln_no_memory(ln_context *cx, size_t bytes);

/* ---- running long ---- */

void ln_interrupt(ln_context *cx); /* any thread, or a signal handler */
/* What the next ln_poll would tell. */
ln_status ln_ending(ln_context *cx);
/* Asked at every step of a loop that can run long: LN_OK, LN_EINTERRUPT or LN_ETIME (with a message). */
ln_status ln_poll(ln_context *cx);
/* Before work that cannot be stopped once it has begun (one decomposition, one large product): LN_EFLOPS if
 * the budget does not hold that many floating-point operations, else as ln_poll. */
ln_status ln_charge(ln_context *cx, double flops);
/* LN_EDENIED unless the context may do this: "NAME: reading files is not permitted here". */
ln_status ln_permit(ln_context *cx, enum ln_permission what, const char *name);
void ln_report(ln_context *cx, const char *what, double fraction);
double ln_clock(void); /* seconds, monotonic */

/* ---- work space: taken in a stack, given back all at once ---- */

/* A function that needs work space begins with ln_begin, takes what it needs, and has one way out:
 *     ln_mark mark = ln_begin(cx);
 *     double *w = ln_reals(cx, n);
 *     if (!w) return ln_end(cx, mark, LN_EMEMORY);
 *     ...
 *     return ln_end(cx, mark, status); */
typedef struct ln_block *ln_mark;
ln_mark ln_begin(const ln_context *cx);
ln_status ln_end(ln_context *cx, ln_mark mark,
                 ln_status status); /* frees what was taken since; returns status */

/* count * size bytes, 64-byte aligned, not cleared. Null with the message set if the product overflows or
 * there is no memory; a count of 0 gives a valid pointer. */
void *ln_take(ln_context *cx, size_t count, size_t size);
double *ln_reals(ln_context *cx, size_t count);

/* Work space that must outlive the call that took it (a plan, a probe): takes what stands above mark off the
 * stack and hands it to the caller, who gives it back with ln_release. */
ln_mark ln_detach(ln_context *cx, ln_mark mark);
void ln_release(ln_context *cx, ln_mark detached);

/* What repeats the same work many times keeps its work space: while cx->store is set, blocks that ln_end gives back go
 * into the store, and ln_take hands them out again for blocks of at least half their size; from the second time on
 * nothing is allocated. The store's owner sets cx->store around the work, sets it back, and empties the store in
 * the end. */
typedef struct ln_store {
  struct ln_block *blocks;
} ln_store;
void ln_empty_store(ln_context *cx, ln_store *store);

#endif
