#include "core/idx.h"

#include <stdio.h>
#include <string.h>

#define DECODED ((size_t)1 << 16) /* bytes converted at once */

static size_t width_of(unsigned type) {
  switch (type) {
  case LN_IDX_UNSIGNED_BYTE:
  case LN_IDX_SIGNED_BYTE: return 1;
  case LN_IDX_INT16: return 2;
  case LN_IDX_INT32:
  case LN_IDX_FLOAT: return 4;
  case LN_IDX_DOUBLE: return 8;
  default: return 0;
  }
}

static uint64_t big_endian(const unsigned char *bytes, size_t width) {
  uint64_t bits = 0;
  for (size_t i = 0; i < width; i++) bits = bits << 8 | bytes[i];
  return bits;
}

ln_status ln_idx_header(ln_context *cx, ln_source *source, ln_idx *idx) {
  unsigned char start[4], sizes[4 * LN_IDX_DIMENSIONS];
  *idx = (ln_idx){.values = 1};
  ln_status status = ln_source_need(cx, source, start, 4, "the IDX header");
  if (status != LN_OK) return status;
  idx->type = start[2], idx->dimensions = start[3], idx->width = width_of(idx->type);
  if (start[0] || start[1] || !idx->width)
    return ln_source_fail(cx, source, "is not an IDX file: it begins with %02x%02x%02x%02x", start[0],
                          start[1], start[2], start[3]);
  if (idx->dimensions < 1 || idx->dimensions > LN_IDX_DIMENSIONS)
    return ln_source_fail(cx, source, "declares %zu dimensions; 1 to %d are read", idx->dimensions,
                          LN_IDX_DIMENSIONS);
  if ((status = ln_source_need(cx, source, sizes, 4 * idx->dimensions, "the IDX header")) != LN_OK)
    return status;

  /* Sizes are below 2^32, so a product is checked before it is formed. */
  for (size_t d = 0; d < idx->dimensions; d++) {
    idx->size[d] = (size_t)big_endian(sizes + 4 * d, 4);
    if (d && idx->size[d] && idx->values > LN_DIMENSION_MAX / idx->size[d])
      return ln_source_fail(cx, source, "declares items of more than %u numbers", LN_DIMENSION_MAX);
    if (d) idx->values *= idx->size[d];
  }
  idx->items = idx->size[0];
  if (idx->items > LN_DIMENSION_MAX)
    return ln_source_fail(cx, source, "declares %zu items; at most %u are read", idx->items,
                          LN_DIMENSION_MAX);
  uint64_t numbers = (uint64_t)idx->items * idx->values;
  if (numbers > source->left / idx->width || (source->exact && numbers * idx->width != source->left))
    return ln_source_fail(
        cx, source, "declares %zu items of %zu numbers of %zu bytes, and %s%llu bytes are there", idx->items,
        idx->values, idx->width, source->exact ? "" : "at most ", (unsigned long long)source->left);
  return LN_OK;
}

static double number(unsigned type, const unsigned char *bytes) {
  switch (type) {
  case LN_IDX_UNSIGNED_BYTE: return bytes[0];
  case LN_IDX_SIGNED_BYTE: return (int8_t)bytes[0];
  case LN_IDX_INT16: return (int16_t)big_endian(bytes, 2);
  case LN_IDX_INT32: return (int32_t)big_endian(bytes, 4);
  case LN_IDX_FLOAT: {
    uint32_t bits = (uint32_t)big_endian(bytes, 4);
    float x;
    memcpy(&x, &bits, 4);
    return x;
  }
  default: {
    uint64_t bits = big_endian(bytes, 8);
    double x;
    memcpy(&x, &bits, 8);
    return x;
  }
  }
}

ln_status ln_idx_numbers(ln_context *cx, ln_source *source, const ln_idx *idx, double scale, ln_matrix A) {
  unsigned char *raw;
  ln_mark mark = ln_begin(cx);
  if (!(raw = ln_take(cx, DECODED, 1))) return ln_end(cx, mark, LN_EMEMORY);
  size_t all = idx->items * idx->values, most = DECODED / idx->width, i = 0, j = 0;
  ln_status status = LN_OK;
  for (size_t from = 0; from < all && status == LN_OK; from += most) {
    size_t n = all - from < most ? all - from : most;
    status = ln_source_need(cx, source, raw, n * idx->width, "its numbers");
    for (size_t k = 0; k < n && status == LN_OK; k++) {
      LN_AT(A, i, j) = scale * number(idx->type, raw + k * idx->width);
      if (++i == idx->values) i = 0, j++;
    }
  }
  if (status == LN_OK) status = ln_source_finish(cx, source, "its array");
  return ln_end(cx, mark, status);
}
