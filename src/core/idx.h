/* idx.h: the IDX files of MNIST and its kin (LeCun, Cortes & Burges): a magic number with the type and the
 * number of dimensions, the sizes, and the numbers, all big-endian; the first dimension counts the items. */
#ifndef LN_IDX_H
#define LN_IDX_H

#include "core/file.h"
#include "core/matrix.h"

#define LN_IDX_DIMENSIONS 4

enum {
  LN_IDX_UNSIGNED_BYTE = 0x08,
  LN_IDX_SIGNED_BYTE = 0x09,
  LN_IDX_INT16 = 0x0B,
  LN_IDX_INT32 = 0x0C,
  LN_IDX_FLOAT = 0x0D,
  LN_IDX_DOUBLE = 0x0E
};

typedef struct ln_idx {
  unsigned type; /* LN_IDX_... */
  size_t width;
  size_t dimensions, size[LN_IDX_DIMENSIONS];
  size_t items, values; /* size[0], and the product of the others: numbers in an item */
} ln_idx;

/* Reads the header; LN_EFILE if it is not one, or declares more or less than the source holds. */
ln_status ln_idx_header(ln_context *cx, ln_source *source, ln_idx *idx);
/* Reads the numbers that follow it, times `scale`, into A (values x items), and sees that nothing is behind
 * them. */
ln_status ln_idx_numbers(ln_context *cx, ln_source *source, const ln_idx *idx, double scale, ln_matrix A);

#endif
