/* csv.h: tables of text: comma, semicolon, tab or blanks between the cells, quoted cells (RFC 4180), any line
 * end.
 *
 * A table is scanned once, which settles its separator, header and shape and finds ragged rows; then columns
 * are read as numbers or as words. Numbers are decimal, exact to the last bit and the same in every locale;
 * nan and inf in any case. Errors are LN_EFILE and name the file, the line and the column. */
#ifndef LN_CSV_H
#define LN_CSV_H

#include "core/file.h"
#include "core/matrix.h"

#define LN_CSV_TEXT_MOST ((size_t)1 << 32) /* a larger table belongs into .npy */

typedef struct ln_csv {
  const char *name; /* of the file, for messages */
  const char *text, *end;
  char separator; /* ' ': any run of blanks */
  bool header;    /* the first row has the names of the columns */
  size_t rows, cols;
} ln_csv;

typedef enum ln_csv_header { LN_HEADER_AUTO, LN_HEADER_YES, LN_HEADER_NO } ln_csv_header;

/* Scans a text that a zero byte ends and that stays where it is. separator 0: the first of tab, semicolon,
 * comma and blank that the first row has. LN_HEADER_AUTO: the first row is a header if each of its cells is a
 * word, or one stands where the second row has a number. */
ln_status ln_csv_scan(ln_context *cx, const char *name, const char *text, size_t size, char separator,
                      ln_csv_header header, ln_csv *table);

/* A cell as it stands in the text, blanks around it and quotes taken off. */
typedef struct ln_cell {
  const char *text;
  size_t size;
  bool quoted; /* then "" inside stands for " */
  size_t line; /* in the file, from 1 */
} ln_cell;

/* The cells of one row after the other. */
typedef struct ln_csv_cursor {
  const ln_csv *table;
  const char *at;
  size_t line;
} ln_csv_cursor;

/* Before the header, if there is one. */
ln_csv_cursor ln_csv_start(const ln_csv *table);
/* The next row of a table that was scanned, into `cells` (cols of them). */
void ln_csv_next_row(ln_csv_cursor *cursor, ln_cell *cells);
/* The words of a cell, at most size - 1 bytes and a zero byte, into `word`; returns their length. */
size_t ln_cell_word(const ln_cell *cell, char *word, size_t size);
/* The number in a cell; false if it is none. */
bool ln_cell_number(const ln_cell *cell, double *number);
/* LN_EFILE "NAME:LINE: column COL ...: what", for a cell of column `col` (from 0). */
ln_status ln_cell_fail(ln_context *cx, const ln_csv *table, const ln_cell *cell, size_t col,
                       const char *expected);

/* The numbers of n chosen columns (from 0): row r of column columns[k] goes to A(r, k), or to A(k, r) if
 * `across`. `finite`: nan and inf are refused too. */
ln_status ln_csv_numbers(ln_context *cx, const ln_csv *table, const size_t *columns, size_t n, bool finite,
                         bool across, ln_matrix A);

/* Writes a matrix, a line a row, %.17g. */
ln_status ln_csv_save(ln_context *cx, const char *path, ln_matrix A);

#endif
