/* npy.h: NumPy's array files, format 1.0, 2.0 and 3.0 (numpy.lib.format).
 *
 * Read: booleans, integers of 1 to 8 bytes, floats of 2, 4 and 8, either byte order, C and Fortran order; no
 * dimension gives 1 x 1, one a column, two a matrix. Integers above 2^53 are rounded to the nearest double.
 * More dimensions, complex numbers, text, objects and records are refused (LN_EFILE says why). The header is
 * parsed, never evaluated. */
#ifndef LN_NPY_H
#define LN_NPY_H

#include "core/file.h"
#include "core/matrix.h"

typedef struct ln_npy {
  char kind;    /* 'f', 'i', 'u' or 'b' */
  size_t width; /* bytes of a number */
  bool big_endian, fortran_order;
  size_t rows, cols;
} ln_npy;

/* Reads the header; LN_EFILE if it is not one, or declares more or less than the source holds. */
ln_status ln_npy_header(ln_context *cx, ln_source *source, ln_npy *npy);
/* Reads the numbers that follow it into A (rows x cols), and sees that nothing is behind them. */
ln_status ln_npy_numbers(ln_context *cx, ln_source *source, const ln_npy *npy, ln_matrix A);

/* A matrix as .npy bytes: format 1.0, float64, in the order of memory. */
#define LN_NPY_HEADER_MOST 192
/* Writes the header for A into `header`; returns its size. */
size_t ln_npy_format_header(ln_matrix A, char header[LN_NPY_HEADER_MOST]);
ln_status ln_npy_save(ln_context *cx, const char *path, ln_matrix A);

#endif
