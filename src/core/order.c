#include "core/order.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- merge sort: stable, and n log n whatever the numbers ---- */

#define RUN 16 /* shorter stretches are sorted by insertion */

static bool before(double a, double b) { return a < b || (isnan(b) && !isnan(a)); }

/* Sorts n items of `type` by key(item), which may use x; `other` has room for as many. */
#define MERGE_SORT(name, type, key)                                                                          \
  static ln_status name(ln_context *cx, size_t n, type *items, type *other, const double *x) {               \
    (void)x;                                                                                                 \
    for (size_t start = 0; start < n; start += RUN) {                                                        \
      size_t end = n - start < RUN ? n : start + RUN;                                                        \
      for (size_t i = start + 1; i < end; i++) {                                                             \
        type item = items[i];                                                                                \
        size_t j = i;                                                                                        \
        for (; j > start && before(key(item), key(items[j - 1])); j--) items[j] = items[j - 1];              \
        items[j] = item;                                                                                     \
      }                                                                                                      \
    }                                                                                                        \
    type *from = items, *to = other;                                                                         \
    for (size_t width = RUN; width < n; width *= 2) {                                                        \
      ln_status status = ln_poll(cx);                                                                        \
      if (status != LN_OK) return status;                                                                    \
      for (size_t start = 0; start < n; start += 2 * width) {                                                \
        size_t middle = n - start < width ? n : start + width;                                               \
        size_t end = n - middle < width ? n : middle + width;                                                \
        size_t i = start, j = middle, k = start;                                                             \
        while (i < middle && j < end) to[k++] = before(key(from[j]), key(from[i])) ? from[j++] : from[i++];  \
        memcpy(to + k, from + i, (middle - i) * sizeof *to);                                                 \
        memcpy(to + k + (middle - i), from + j, (end - j) * sizeof *to);                                     \
      }                                                                                                      \
      type *swap = from;                                                                                     \
      from = to, to = swap;                                                                                  \
    }                                                                                                        \
    if (from != items) memcpy(items, from, n * sizeof *items);                                               \
    return LN_OK;                                                                                            \
  }
#define NUMBER(item) (item)
#define NUMBER_AT(item) x[item]
MERGE_SORT(sort_numbers, double, NUMBER)
MERGE_SORT(sort_places, size_t, NUMBER_AT)

ln_status ln_sort(ln_context *cx, size_t n, double *x) {
  ln_mark mark = ln_begin(cx);
  double *other = ln_reals(cx, n);
  if (!other) return ln_end(cx, mark, LN_EMEMORY);
  return ln_end(cx, mark, sort_numbers(cx, n, x, other, x));
}

ln_status ln_argsort(ln_context *cx, size_t n, const double *x, size_t *place) {
  ln_mark mark = ln_begin(cx);
  size_t *other = ln_take(cx, n, sizeof *other);
  if (!other) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < n; i++) place[i] = i;
  return ln_end(cx, mark, sort_places(cx, n, place, other, x));
}

/* ---- quantiles ---- */

static void exchange(double *a, double *b) {
  double t = *a;
  *a = *b, *b = t;
}

/* Rearranges x so that x[k] is what a sort would put there, with nothing larger before it and nothing smaller
 * behind (Hoare's quickselect). The pivot is the middle one of the ends and of a place that a multiplicative
 * generator jumps to, so that no order that data come in takes more than a few n steps. */
static void select_place(size_t n, double *x, size_t k) {
  size_t low = 0, high = n - 1;
  uint64_t jump = 1;
  while (high - low >= 2) {
    jump *= 6364136223846793005u; /* Knuth's MMIX */
    size_t middle = low + (jump >> 32) % (high - low + 1);
    if (x[middle] < x[low]) exchange(x + middle, x + low);
    if (x[high] < x[low]) exchange(x + high, x + low);
    if (x[high] < x[middle]) exchange(x + high, x + middle);
    double pivot = x[middle];
    size_t i = low, j = high;
    do {
      while (x[i] < pivot) i++;
      while (pivot < x[j]) j--;
      if (i <= j) {
        exchange(x + i, x + j);
        i++;
        if (j == 0) break;
        j--;
      }
    } while (i <= j);
    if (k <= j)
      high = j;
    else if (k >= i)
      low = i;
    else
      return;
  }
  if (high > low && x[high] < x[low]) exchange(x + high, x + low);
}

double ln_quantile(size_t n, double *x, double q) {
  for (size_t i = 0; i < n; i++)
    if (isnan(x[i])) return NAN;
  double at = (double)(n - 1) * q;
  size_t k = (size_t)at;
  double t = at - (double)k;
  select_place(n, x, k);
  double below = x[k];
  if (t == 0 || k + 1 == n) return below;
  double above = x[k + 1];
  for (size_t i = k + 2; i < n; i++)
    if (x[i] < above) above = x[i];
  if (above == below) return below; /* two equal infinities have no difference */
  if (!isfinite(above - below)) return below * (1 - t) + above * t;
  /* From the nearer end, as NumPy does: the result then never leaves the interval. */
  return t < 0.5 ? below + (above - below) * t : above - (above - below) * (1 - t);
}
