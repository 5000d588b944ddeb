#include "core/context.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ALIGNMENT 64

/* Stands before each block of work space; the block's first byte is the next multiple of ALIGNMENT. */
struct ln_block {
  struct ln_block *previous;
  size_t size; /* of the whole allocation */
};

static const char *const names[] = {
#define NAME(name, meaning) #name,
    LN_STATUS_LIST(NAME)
#undef NAME
};
static const char *const meanings[] = {
#define MEANING(name, meaning) meaning,
    LN_STATUS_LIST(MEANING)
#undef MEANING
};

const char *ln_status_name(ln_status status) { return names[status]; }
const char *ln_status_meaning(ln_status status) { return meanings[status]; }

static void *allocate_by_malloc(void *ud, void *block, size_t old_size, size_t new_size) {
  (void)ud, (void)old_size;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

void ln_context_init(ln_context *cx, ln_allocator allocate, void *ud) {
  *cx = (ln_context){.allocate = allocate ? allocate : allocate_by_malloc,
                     .allocate_ud = ud,
                     .deadline = INFINITY,
                     .flops_left = INFINITY,
                     .permissions = LN_MAY_READ | LN_MAY_WRITE | LN_MAY_RUN,
                     .kernels = ln_kernels_chosen(),
                     .workers = 1};
}

ln_status ln_fail(ln_context *cx, ln_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(cx->message, sizeof cx->message, format, arguments);
  va_end(arguments);
  return status;
}

ln_status ln_no_memory(ln_context *cx, size_t bytes) {
  return ln_fail(cx, LN_EMEMORY, "out of memory: %zu bytes of work space could not be had", bytes);
}

void ln_interrupt(ln_context *cx) {
  int running = 0;
  atomic_compare_exchange_strong(&cx->interrupted, &running, 1);
}

double ln_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

ln_status ln_ending(ln_context *cx) {
  if (atomic_load_explicit(&cx->interrupted, memory_order_relaxed) > 0) return LN_EINTERRUPT;
  if (cx->leader && atomic_load_explicit(&cx->leader->interrupted, memory_order_relaxed) > 0)
    return LN_EINTERRUPT;
  return cx->deadline < INFINITY && ln_clock() > cx->deadline ? LN_ETIME : LN_OK;
}

ln_status ln_poll(ln_context *cx) {
  ln_status status = ln_ending(cx);
  if (status == LN_OK) return status;
  cx->ended = status;
  return ln_fail(cx, status, "%s", ln_status_meaning(status));
}

ln_status ln_charge(ln_context *cx, double flops) {
  if (flops > cx->flops_left && cx->draw_flops) cx->flops_left += cx->draw_flops(cx, flops - cx->flops_left);
  if (flops > cx->flops_left) {
    cx->ended = LN_EFLOPS;
    return ln_fail(cx, LN_EFLOPS,
                   "over its budget: this call needs %.3g floating-point operations and %.3g are left", flops,
                   cx->flops_left);
  }
  cx->flops_used += flops;
  cx->flops_left -= flops;
  return ln_poll(cx);
}

ln_status ln_permit(ln_context *cx, enum ln_permission what, const char *name) {
  if (cx->permissions & what) return LN_OK;
  return ln_fail(cx, LN_EDENIED, "%s: %s is not permitted here", name,
                 what == LN_MAY_READ    ? "reading files"
                 : what == LN_MAY_WRITE ? "writing files"
                                        : "running programs");
}

void ln_report(ln_context *cx, const char *what, double fraction) {
  if (cx->progress) cx->progress(cx->progress_ud, what, fraction);
}

ln_mark ln_begin(const ln_context *cx) { return cx->scratch; }

/* Frees the blocks from `top` down to, and without, `bottom`. */
static void free_blocks(ln_context *cx, struct ln_block *top, const struct ln_block *bottom) {
  while (top != bottom) {
    struct ln_block *block = top;
    top = block->previous;
    cx->scratch_bytes -= block->size;
    cx->allocate(cx->allocate_ud, block, block->size, 0);
  }
}

/* The same into the store. */
static void store_blocks(ln_context *cx, struct ln_block *top, const struct ln_block *bottom) {
  while (top != bottom) {
    struct ln_block *block = top;
    top = block->previous;
    cx->scratch_bytes -= block->size;
    block->previous = cx->store->blocks;
    cx->store->blocks = block;
  }
}

ln_status ln_end(ln_context *cx, ln_mark mark, ln_status status) {
  struct ln_block *top = cx->scratch;
  cx->scratch = mark;
  if (cx->store)
    store_blocks(cx, top, mark);
  else
    free_blocks(cx, top, mark);
  return status;
}

ln_mark ln_detach(ln_context *cx, ln_mark mark) {
  struct ln_block *detached = cx->scratch, **last = &detached;
  while (*last != mark) last = &(*last)->previous;
  *last = NULL;
  cx->scratch = mark;
  return detached;
}

void ln_release(ln_context *cx, ln_mark detached) { free_blocks(cx, detached, NULL); }

void ln_empty_store(ln_context *cx, ln_store *store) {
  struct ln_block *block = store->blocks;
  store->blocks = NULL;
  while (block) {
    struct ln_block *next = block->previous;
    cx->allocate(cx->allocate_ud, block, block->size, 0);
    block = next;
  }
}

/* The smallest block in the store that holds so many bytes and is at most twice as large; null if there is none. */
static struct ln_block *from_store(ln_store *store, size_t bytes) {
  struct ln_block **best = NULL;
  for (struct ln_block **at = &store->blocks; *at; at = &(*at)->previous)
    if ((*at)->size >= bytes && (*at)->size / 2 <= bytes && (!best || (*at)->size < (*best)->size)) best = at;
  if (!best) return NULL;
  struct ln_block *block = *best;
  *best = block->previous;
  return block;
}

/* A block of that size, from the store if it has one; if memory is short, what the store has is given back first. */
static struct ln_block *get_block(ln_context *cx, size_t bytes) {
  struct ln_block *block = cx->store ? from_store(cx->store, bytes) : NULL;
  if (block) return block;
  block = cx->allocate(cx->allocate_ud, NULL, 0, bytes);
  if (!block && cx->store && cx->store->blocks) {
    ln_empty_store(cx, cx->store);
    block = cx->allocate(cx->allocate_ud, NULL, 0, bytes);
  }
  if (block) block->size = bytes;
  return block;
}

void *ln_take(ln_context *cx, size_t count, size_t size) {
  const size_t overhead = sizeof(struct ln_block) + ALIGNMENT;
  if (size && count > (SIZE_MAX / 2 - overhead) / size) {
    ln_fail(cx, LN_EMEMORY, "out of memory: work space for %zu numbers of %zu bytes was asked for", count,
            size);
    return NULL;
  }
  size_t whole = count * size + overhead;
  struct ln_block *block = get_block(cx, whole);
  if (!block) return ln_no_memory(cx, whole), NULL;
  block->previous = cx->scratch;
  cx->scratch = block;
  cx->scratch_bytes += block->size;
  if (cx->scratch_bytes > cx->scratch_peak) cx->scratch_peak = cx->scratch_bytes;
  uintptr_t start = (uintptr_t)(block + 1);
  return (char *)block + ((start + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - (uintptr_t)block);
}

double *ln_reals(ln_context *cx, size_t count) { return ln_take(cx, count, sizeof(double)); }
