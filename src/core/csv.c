#include "core/csv.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POLLED 4096 /* rows between two polls */

/* ---- cells ---- */

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

/* Is this blank only room around a cell (and not what separates two)? */
static bool is_padding(const ln_csv *table, char c) {
  return c == ' ' ? table->separator != ' '
                  : c == '\t' && table->separator != '\t' && table->separator != ' ';
}

static bool separates(const ln_csv *table, char c) {
  return table->separator == ' ' ? is_blank(c) : table->separator && c == table->separator;
}

static const char *past_line_end(const char *at, const char *end) {
  if (at < end && *at == '\r') at++;
  if (at < end && *at == '\n') at++;
  return at;
}

/* One cell from *at, which is left at the separator or line end behind it. False if a quote is not closed, or
 * something stands behind a closed one. */
static bool next_cell(const ln_csv *table, const char **at, size_t *line, ln_cell *cell) {
  const char *c = *at, *end = table->end;
  while (c < end && is_padding(table, *c)) c++;
  *cell = (ln_cell){.text = c, .line = *line};
  if (c < end && *c == '"') {
    cell->quoted = true, cell->text = ++c;
    for (; c < end && !(*c == '"' && !(c + 1 < end && c[1] == '"')); c++) {
      if (*c == '"') c++;
      if (*c == '\n') ++*line;
    }
    cell->size = (size_t)(c - cell->text);
    *at = c;
    if (c == end) return false;
    c++;
    while (c < end && is_padding(table, *c)) c++;
    *at = c;
    return c == end || is_line_end(*c) || separates(table, *c);
  }
  while (c < end && !is_line_end(*c) && !separates(table, *c)) c++;
  *at = c;
  while (c > cell->text && is_blank(c[-1])) c--;
  cell->size = (size_t)(c - cell->text);
  return true;
}

/* Behind a cell: to the next one of the row (true), or to the next row. */
static bool go_on(const ln_csv *table, const char **at, size_t *line) {
  const char *c = *at, *end = table->end;
  if (table->separator == ' ') {
    while (c < end && is_blank(*c)) c++;
    *at = c;
    if (c < end && !is_line_end(*c)) return true;
  } else if (c < end && separates(table, *c)) {
    *at = c + 1;
    return true;
  }
  *at = past_line_end(c, end);
  ++*line;
  return false;
}

/* Where a row begins: blanks before its first cell do not count where blanks separate. */
static const char *row_start(const ln_csv *table, const char *at) {
  while (table->separator == ' ' && at < table->end && is_blank(*at)) at++;
  return at;
}

/* Nothing but blanks to the end of the line? */
static bool is_empty_line(const ln_csv *table, const char *at) {
  while (at < table->end && is_blank(*at) && !(table->separator == '\t' && *at == '\t')) at++;
  return at == table->end || is_line_end(*at);
}

size_t ln_cell_word(const ln_cell *cell, char *word, size_t size) {
  size_t n = 0;
  for (size_t i = 0; i < cell->size && n + 1 < size; i++) {
    if (cell->quoted && cell->text[i] == '"') i++; /* the second of two */
    word[n++] = cell->text[i];
  }
  word[n] = 0;
  return n;
}

/* The length of a decimal number, nan or infinity (these two are words) at the start of the text; 0 if there
 * is none. */
static size_t number_length(const char *text, size_t size, bool *word) {
  size_t i = 0, digits = 0;
  *word = false;
  if (i < size && (text[i] == '+' || text[i] == '-')) i++;
  static const char *const words[] = {"infinity", "inf", "nan"};
  for (size_t k = 0; k < 3; k++) {
    size_t n = strlen(words[k]);
    if (size - i >= n && !strncasecmp(text + i, words[k], n)) return *word = true, i + n;
  }
  for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) digits++;
  if (i < size && text[i] == '.')
    for (i++; i < size && text[i] >= '0' && text[i] <= '9'; i++) digits++;
  if (!digits) return 0;
  if (i < size && (text[i] == 'e' || text[i] == 'E')) {
    size_t j = i + 1;
    if (j < size && (text[j] == '+' || text[j] == '-')) j++;
    if (j < size && text[j] >= '0' && text[j] <= '9') {
      while (j < size && text[j] >= '0' && text[j] <= '9') j++;
      i = j;
    }
  }
  return i;
}

/* Numbers are written with a point whatever the process's locale says. The C locale is a constant of the
 * library's. */
static locale_t plain_locale(void) { return newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static bool cell_number(const ln_cell *cell, locale_t plain, double *number) {
  bool word;
  if (!cell->size || number_length(cell->text, cell->size, &word) != cell->size) return false;
  /* A separator, line end, quote or the text's zero byte follows, so strtod stops there. */
  *number = strtod_l(cell->text, NULL, plain);
  return word || isfinite(*number); /* 1e999 is no double */
}

bool ln_cell_number(const ln_cell *cell, double *number) {
  locale_t plain = plain_locale();
  bool is_number = cell_number(cell, plain, number);
  freelocale(plain);
  return is_number;
}

ln_status ln_cell_fail(ln_context *cx, const ln_csv *table, const ln_cell *cell, size_t col,
                       const char *expected) {
  char word[40], heading[60] = "";
  ln_cell_word(cell, word, sizeof word);
  if (table->header) {
    size_t line = 1;
    const char *at = row_start(table, table->text);
    ln_cell title;
    for (size_t j = 0; j <= col; j++) {
      next_cell(table, &at, &line, &title);
      go_on(table, &at, &line);
    }
    char name[40];
    ln_cell_word(&title, name, sizeof name);
    snprintf(heading, sizeof heading, " (%s)", name);
  }
  char short_name[256];
  ln_short_name(short_name, sizeof short_name, table->name);
  if (!cell->size)
    return ln_fail(cx, LN_EFILE, "%s:%zu: column %zu%s is missing; %s was expected", short_name, cell->line,
                   col + 1, heading, expected);
  return ln_fail(cx, LN_EFILE, "%s:%zu: column %zu%s is '%s'%s; %s was expected", short_name, cell->line,
                 col + 1, heading, word, cell->size >= sizeof word ? " ..." : "", expected);
}

/* ---- scanning ---- */

static char find_separator(const char *text, const char *end) {
  static const char known[] = {'\t', ';', ',', ' '};
  for (size_t k = 0; k < sizeof known; k++) {
    bool quoted = false, word = false;
    for (const char *c = text; c < end && (quoted || !is_line_end(*c)); c++) {
      if (*c == '"') quoted = !quoted;
      if (!quoted && *c == known[k] &&
          (*c != ' ' || (word && c + 1 < end && !is_blank(c[1]) && !is_line_end(c[1]))))
        return *c;
      word |= !is_blank(*c);
    }
  }
  return 0; /* a single column */
}

static bool is_number(const ln_cell *cell, locale_t plain) {
  double unused;
  return cell_number(cell, plain, &unused);
}

/* Does the first row name the columns? `first` and `second` (null where there is one row) have `cols` cells.
 */
static bool looks_like_header(const ln_cell *first, const ln_cell *second, size_t cols, locale_t plain) {
  size_t words = 0;
  for (size_t j = 0; j < cols; j++) {
    bool word = first[j].size && !is_number(&first[j], plain);
    words += word;
    if (word && second && is_number(&second[j], plain)) return true;
  }
  return words == cols;
}

static ln_status bad_quote(ln_context *cx, const ln_csv *table, size_t line) {
  char name[256];
  ln_short_name(name, sizeof name, table->name);
  return ln_fail(cx, LN_EFILE, "%s:%zu: a quoted cell is not closed by a quote and a separator", name, line);
}

/* Counts rows and columns; the first two rows begin at text and *second. */
static ln_status count(ln_context *cx, ln_csv *table, const char **second) {
  char name[256];
  ln_short_name(name, sizeof name, table->name);
  size_t line = 1;
  const char *at = table->text;
  *second = NULL;
  while (at < table->end) {
    if (is_empty_line(table, at)) {
      const char *c = at;
      size_t empty = line;
      while (c < table->end && is_empty_line(table, c)) { /* only at the end may lines be empty */
        while (c < table->end && !is_line_end(*c)) c++;
        c = past_line_end(c, table->end);
      }
      if (c == table->end) break;
      return ln_fail(cx, LN_EFILE, "%s:%zu: an empty line before the end of the table", name, empty);
    }
    if (table->rows == 1) *second = at;
    size_t cols = 0, first_line = line;
    at = row_start(table, at);
    do {
      ln_cell cell;
      if (!next_cell(table, &at, &line, &cell)) return bad_quote(cx, table, cell.line);
      cols++;
    } while (go_on(table, &at, &line));
    if (!table->rows) table->cols = cols;
    if (cols != table->cols)
      return ln_fail(cx, LN_EFILE, "%s:%zu: %zu cells, and the first row has %zu", name, first_line, cols,
                     table->cols);
    if (table->rows++ % POLLED == 0 && ln_poll(cx) != LN_OK) return ln_poll(cx);
  }
  if (!table->rows) return ln_fail(cx, LN_EFILE, "%s: is empty; a table was expected", name);
  return LN_OK;
}

ln_status ln_csv_scan(ln_context *cx, const char *name, const char *text, size_t size, char separator,
                      ln_csv_header header, ln_csv *table) {
  if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) text += 3, size -= 3; /* a byte order mark */
  const char *zero = memchr(text, 0, size);
  char short_name[256];
  ln_short_name(short_name, sizeof short_name, name);
  if (zero)
    return ln_fail(cx, LN_EFILE, "%s: is not a table of text: byte %zu is 0", short_name,
                   (size_t)(zero - text) + 1);
  *table = (ln_csv){.name = name, .text = text, .end = text + size};
  table->separator = separator ? separator : find_separator(text, table->end);
  const char *second;
  ln_status status = count(cx, table, &second);
  if (status != LN_OK) return status;

  table->header = header == LN_HEADER_YES;
  if (header == LN_HEADER_AUTO) {
    ln_mark mark = ln_begin(cx);
    ln_cell *cells = ln_take(cx, 2 * table->cols, sizeof *cells);
    if (!cells) return ln_end(cx, mark, LN_EMEMORY);
    ln_csv_cursor cursor = ln_csv_start(table);
    ln_csv_next_row(&cursor, cells);
    if (second) ln_csv_next_row(&cursor, cells + table->cols);
    locale_t plain = plain_locale();
    table->header = looks_like_header(cells, second ? cells + table->cols : NULL, table->cols, plain);
    freelocale(plain);
    ln_end(cx, mark, LN_OK);
  }
  if (table->header) table->rows--;
  return LN_OK;
}

/* ---- reading ---- */

ln_csv_cursor ln_csv_start(const ln_csv *table) { return (ln_csv_cursor){table, table->text, 1}; }

void ln_csv_next_row(ln_csv_cursor *cursor, ln_cell *cells) {
  cursor->at = row_start(cursor->table, cursor->at);
  do next_cell(cursor->table, &cursor->at, &cursor->line, cells++);
  while (go_on(cursor->table, &cursor->at, &cursor->line));
}

ln_status ln_csv_numbers(ln_context *cx, const ln_csv *table, const size_t *columns, size_t n, bool finite,
                         bool across, ln_matrix A) {
  ln_mark mark = ln_begin(cx);
  ln_cell *cells = ln_take(cx, table->cols, sizeof *cells);
  if (!cells) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  ln_csv_cursor cursor = ln_csv_start(table);
  if (table->header) ln_csv_next_row(&cursor, cells);
  locale_t plain = plain_locale();
  for (size_t r = 0; r < table->rows && status == LN_OK; r++) {
    if (r % POLLED == 0 && (status = ln_poll(cx)) != LN_OK) break;
    ln_csv_next_row(&cursor, cells);
    for (size_t k = 0; k < n && status == LN_OK; k++) {
      double x = NAN;
      if (!cell_number(&cells[columns[k]], plain, &x))
        status = ln_cell_fail(cx, table, &cells[columns[k]], columns[k], "a number");
      else if (finite && !isfinite(x))
        status = ln_cell_fail(cx, table, &cells[columns[k]], columns[k], "a finite number");
      else if (across)
        LN_AT(A, k, r) = x;
      else
        LN_AT(A, r, k) = x;
    }
  }
  freelocale(plain);
  return ln_end(cx, mark, status);
}

/* ---- writing ---- */

static ln_status write_number(ln_context *cx, ln_writer *writer, double x, char behind) {
  char text[40];
  int n;
  if (isfinite(x))
    n = snprintf(text, sizeof text, "%.17g%c", x, behind);
  else
    n = snprintf(text, sizeof text, "%s%c", isnan(x) ? "nan" : x > 0 ? "inf" : "-inf", behind);
  return ln_write(cx, writer, text, (size_t)n);
}

ln_status ln_csv_save(ln_context *cx, const char *path, ln_matrix A) {
  ln_mark mark = ln_begin(cx);
  ln_writer writer;
  ln_status status = ln_writer_open(cx, path, &writer);
  if (status != LN_OK) return ln_end(cx, mark, status);
  locale_t plain = plain_locale(), before = uselocale(plain); /* of this thread */
  for (size_t i = 0; i < A.rows && status == LN_OK; i++)
    for (size_t j = 0; j < A.cols && status == LN_OK; j++)
      status = write_number(cx, &writer, LN_AT(A, i, j), j + 1 < A.cols ? ',' : '\n');
  uselocale(before);
  freelocale(plain);
  return ln_end(cx, mark, ln_writer_close(cx, &writer, status));
}
