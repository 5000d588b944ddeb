#include "core/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

#define HEADER_MOST 10000         /* as NumPy has it; an array of numbers needs some 100 */
#define DECODED ((size_t)1 << 17) /* numbers converted at once: a megabyte */
#define ALIGNMENT ((size_t)64)    /* of the first number, as NumPy writes it */

static bool host_is_big_endian(void) { return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__; }

/* ---- the header: a Python dictionary of three entries ---- */

typedef struct parser {
  ln_context *cx;
  const ln_source *source;
  const char *at, *end;
} parser;

static ln_status not_a_header(parser *p, const char *expected) {
  char seen[24];
  size_t n = 0;
  for (const char *c = p->at; c < p->end && n < sizeof seen - 1; c++)
    seen[n++] = *c >= ' ' && *c < 127 ? *c : '?';
  seen[n] = 0;
  return ln_source_fail(p->cx, p->source, "the .npy header is not one: %s was expected at \"%s\"", expected,
                        seen);
}

static void skip_spaces(parser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')) p->at++;
}

static bool accept(parser *p, char c) {
  skip_spaces(p);
  if (p->at >= p->end || *p->at != c) return false;
  p->at++;
  return true;
}

static bool accept_word(parser *p, const char *word) {
  size_t n = strlen(word);
  skip_spaces(p);
  if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n)) return false;
  p->at += n;
  return true;
}

/* 'text' or "text" without escapes, into word. */
static ln_status parse_string(parser *p, char *word, size_t size, const char *expected) {
  skip_spaces(p);
  if (p->at >= p->end || (*p->at != '\'' && *p->at != '"')) return not_a_header(p, expected);
  char quote = *p->at;
  size_t n = 0;
  while (p->at + 1 + n < p->end && p->at[1 + n] != quote && p->at[1 + n] != '\\') n++;
  if (p->at + 1 + n >= p->end || p->at[1 + n] != quote || n >= size) return not_a_header(p, expected);
  memcpy(word, p->at + 1, n);
  word[n] = 0;
  p->at += n + 2;
  return LN_OK;
}

static ln_status parse_type(parser *p, ln_npy *npy) {
  skip_spaces(p);
  if (p->at < p->end && *p->at == '[')
    return ln_source_fail(p->cx, p->source,
                          "holds records (a structured dtype); only plain numbers are read");
  char word[32];
  ln_status status = parse_string(p, word, sizeof word, "a dtype such as '<f8'");
  if (status != LN_OK) return status;
  const char *letters = word;
  char order = '=';
  if (*letters && strchr("<>|=", *letters)) order = *letters++;
  char kind = *letters;
  size_t width = 0;
  for (const char *c = letters + (kind ? 1 : 0); *c; c++) {
    if (*c < '0' || *c > '9' || width > 999) {
      width = 0;
      break;
    }
    width = 10 * width + (size_t)(*c - '0');
  }
  const char *why = NULL;
  switch (kind) {
  case 'f': why = width == 2 || width == 4 || width == 8 ? NULL : "floats of this size"; break;
  case 'i':
  case 'u':
    why = width == 1 || width == 2 || width == 4 || width == 8 ? NULL : "integers of this size";
    break;
  case 'b': why = width == 1 ? NULL : "booleans of this size"; break;
  case 'c': why = "complex numbers"; break;
  case 'O': why = "Python objects, which only running code could load"; break;
  case 'S':
  case 'a':
  case 'U': why = "text"; break;
  case 'V': why = "records or raw bytes"; break;
  case 'm':
  case 'M': why = "dates or times"; break;
  default: why = "something unknown";
  }
  if (why)
    return ln_source_fail(p->cx, p->source,
                          "holds %s (dtype '%s'); booleans, integers and floats of 2, 4 and 8 bytes are read",
                          why, word);
  npy->kind = kind, npy->width = width;
  npy->big_endian = order == '>' || (order != '<' && host_is_big_endian());
  return LN_OK;
}

static ln_status parse_size(parser *p, size_t *size) {
  skip_spaces(p);
  const char *start = p->at;
  *size = 0;
  for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
    if (*size > (SIZE_MAX - 9) / 10) return p->at = start, not_a_header(p, "a size that exists");
    *size = 10 * *size + (size_t)(*p->at - '0');
  }
  if (p->at == start) return not_a_header(p, "a whole number >= 0");
  if (p->at < p->end && *p->at == 'L') p->at++; /* Python 2 */
  return LN_OK;
}

static ln_status parse_shape(parser *p, ln_npy *npy) {
  size_t size[2] = {1, 1}, dimensions = 0;
  if (!accept(p, '(')) return not_a_header(p, "a shape such as (3, 4)");
  while (!accept(p, ')')) {
    size_t n;
    ln_status status = parse_size(p, &n);
    if (status != LN_OK) return status;
    if (dimensions < 2) size[dimensions] = n;
    dimensions++;
    if (!accept(p, ',')) {
      if (dimensions == 1 || !accept(p, ')')) return not_a_header(p, "a comma");
      break;
    }
  }
  if (dimensions > 2)
    return ln_source_fail(p->cx, p->source,
                          "has %zu dimensions; a matrix has two (reshape it before saving it)", dimensions);
  npy->rows = size[0], npy->cols = size[1];
  if (dimensions < 2) npy->fortran_order = true; /* both orders are the same; this one is read in one piece */
  return LN_OK;
}

static ln_status parse_header(parser *p, ln_npy *npy) {
  static const char *const keys[] = {"descr", "fortran_order", "shape"};
  bool seen[3] = {false};
  bool fortran = false;
  if (!accept(p, '{')) return not_a_header(p, "{");
  while (!accept(p, '}')) {
    char key[32];
    ln_status status = parse_string(p, key, sizeof key, "'descr', 'fortran_order' or 'shape'");
    if (status != LN_OK) return status;
    int which = 0;
    while (which < 3 && strcmp(key, keys[which])) which++;
    if (which == 3 || seen[which])
      return ln_source_fail(p->cx, p->source, "the .npy header has the entry '%s' %s", key,
                            which == 3 ? "that no .npy header has" : "twice");
    seen[which] = true;
    if (!accept(p, ':')) return not_a_header(p, ":");
    if (which == 0) status = parse_type(p, npy);
    if (which == 1) {
      fortran = accept_word(p, "True");
      if (!fortran && !accept_word(p, "False")) status = not_a_header(p, "True or False");
    }
    if (which == 2) status = parse_shape(p, npy);
    if (status != LN_OK) return status;
    if (!accept(p, ',')) {
      if (!accept(p, '}')) return not_a_header(p, ", or }");
      break;
    }
  }
  skip_spaces(p);
  if (p->at != p->end) return not_a_header(p, "the end of the header");
  for (int i = 0; i < 3; i++)
    if (!seen[i]) return ln_source_fail(p->cx, p->source, "the .npy header has no '%s'", keys[i]);
  npy->fortran_order |= fortran;
  return LN_OK;
}

/* The shape against the bytes that can be there, before anyone asks for memory. */
static ln_status check_bytes(ln_context *cx, const ln_source *source, const ln_npy *npy) {
  size_t bytes;
  if (ln_check_size(cx, (double)npy->rows, (double)npy->cols, &bytes) != LN_OK) {
    char why[300];
    snprintf(why, sizeof why, "%.280s", cx->message);
    return ln_source_fail(cx, source, "declares %s", why);
  }
  bytes = bytes / sizeof(double) * npy->width;
  if (bytes > source->left || (source->exact && bytes != source->left))
    return ln_source_fail(cx, source, "declares a %zu x %zu array of %zu bytes, and %s%llu are there",
                          npy->rows, npy->cols, bytes, source->exact ? "" : "at most ",
                          (unsigned long long)source->left);
  return LN_OK;
}

ln_status ln_npy_header(ln_context *cx, ln_source *source, ln_npy *npy) {
  unsigned char start[12];
  ln_status status;
  *npy = (ln_npy){0};
  if ((status = ln_source_need(cx, source, start, 8, "the .npy header")) != LN_OK) return status;
  if (memcmp(start, magic, sizeof magic)) return ln_source_fail(cx, source, "is not a .npy file");
  unsigned version = start[6];
  if (version < 1 || version > 3 || start[7] != 0)
    return ln_source_fail(cx, source, "is a .npy file of format %u.%u; 1.0, 2.0 and 3.0 are read", start[6],
                          start[7]);
  size_t bytes = version == 1 ? 2 : 4, length = 0;
  if ((status = ln_source_need(cx, source, start + 8, bytes, "the .npy header")) != LN_OK) return status;
  for (size_t i = bytes; i-- > 0;) length = length << 8 | start[8 + i];
  if (length > HEADER_MOST)
    return ln_source_fail(cx, source, "declares a header of %zu bytes; that of a matrix is below %d", length,
                          HEADER_MOST);
  char text[HEADER_MOST]; /* not from the context: a call that fails for memory is made again */
  if ((status = ln_source_need(cx, source, text, length, "the .npy header")) != LN_OK) return status;
  parser p = {cx, source, text, text + length};
  status = parse_header(&p, npy);
  return status == LN_OK ? check_bytes(cx, source, npy) : status;
}

/* ---- numbers ---- */

static double half_to_double(uint64_t bits) {
  int exponent = (int)(bits >> 10 & 31);
  double fraction = (double)(bits & 1023), sign = bits >> 15 ? -1 : 1;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  return exponent ? sign * ldexp(1024 + fraction, exponent - 25) : sign * ldexp(fraction, -24);
}

static void decode(const ln_npy *npy, const unsigned char *raw, double *numbers, size_t n) {
  for (size_t k = 0; k < n; k++, raw += npy->width) {
    uint64_t bits = 0;
    for (size_t i = 0; i < npy->width; i++) bits = bits << 8 | raw[npy->big_endian ? i : npy->width - 1 - i];
    if (npy->kind == 'f' && npy->width == 8) {
      memcpy(&numbers[k], &bits, 8);
    } else if (npy->kind == 'f' && npy->width == 4) {
      uint32_t low = (uint32_t)bits;
      float x;
      memcpy(&x, &low, 4);
      numbers[k] = x;
    } else if (npy->kind == 'f') {
      numbers[k] = half_to_double(bits);
    } else if (npy->kind == 'i') {
      unsigned unused = 64 - 8 * (unsigned)npy->width;
      numbers[k] = (double)((int64_t)(bits << unused) >> unused);
    } else {
      numbers[k] = npy->kind == 'b' ? bits != 0 : (double)bits;
    }
  }
}

/* `lines` (columns, or rows in C order) of `length` numbers follow each other; as many as fit are decoded at
 * once. */
static ln_status read_lines(ln_context *cx, ln_source *source, const ln_npy *npy, ln_matrix A) {
  bool by_column = npy->fortran_order;
  size_t lines = by_column ? npy->cols : npy->rows, length = by_column ? npy->rows : npy->cols;
  ln_mark mark = ln_begin(cx);
  double *numbers = ln_reals(cx, DECODED);
  unsigned char *raw = ln_take(cx, DECODED, npy->width);
  if (!numbers || !raw) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = LN_OK;
  size_t together = length < DECODED ? DECODED / length : 1;
  for (size_t line = 0; line < lines; line += together) {
    size_t count = lines - line < together ? lines - line : together;
    for (size_t from = 0; from < length;
         from += DECODED) { /* one piece, unless a line is longer than DECODED */
      size_t n = length - from < DECODED ? length - from : DECODED;
      status = ln_source_need(cx, source, raw, count * n * npy->width, "its numbers");
      if (status != LN_OK) return ln_end(cx, mark, status);
      decode(npy, raw, numbers, count * n);
      ln_matrix piece = ln_window(numbers, n, count);
      if (by_column)
        ln_copy(piece, ln_block_of(A, from, line, n, count));
      else
        ln_transpose(piece, ln_block_of(A, line, from, count, n));
    }
  }
  return ln_end(cx, mark, status);
}

ln_status ln_npy_numbers(ln_context *cx, ln_source *source, const ln_npy *npy, ln_matrix A) {
  ln_status status = LN_OK;
  bool as_in_memory = npy->kind == 'f' && npy->width == 8 && npy->fortran_order && ln_is_dense(A) &&
                      npy->big_endian == host_is_big_endian();
  if (npy->rows && npy->cols)
    status = as_in_memory
                 ? ln_source_need(cx, source, A.data, npy->rows * npy->cols * sizeof(double), "its numbers")
                 : read_lines(cx, source, npy, A);
  return status == LN_OK ? ln_source_finish(cx, source, "its array") : status;
}

/* ---- writing ---- */

size_t ln_npy_format_header(ln_matrix A, char header[LN_NPY_HEADER_MOST]) {
  /* One row or column is in both orders at once; NumPy then says False. */
  bool fortran = A.rows > 1 && A.cols > 1;
  char text[120];
  int n = snprintf(text, sizeof text, "{'descr': '%cf8', 'fortran_order': %s, 'shape': (%zu, %zu), }",
                   host_is_big_endian() ? '>' : '<', fortran ? "True" : "False", A.rows, A.cols);
  size_t length = (size_t)n, size = (10 + length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  memcpy(header, magic, sizeof magic);
  header[6] = 1, header[7] = 0;
  header[8] = (char)((size - 10) & 255), header[9] = (char)((size - 10) >> 8);
  memcpy(header + 10, text, length);
  memset(header + 10 + length, ' ', size - 10 - length - 1);
  header[size - 1] = '\n';
  return size;
}

ln_status ln_npy_save(ln_context *cx, const char *path, ln_matrix A) {
  char header[LN_NPY_HEADER_MOST];
  size_t size = ln_npy_format_header(A, header);
  ln_mark mark = ln_begin(cx);
  ln_writer writer;
  ln_status status = ln_writer_open(cx, path, &writer);
  if (status != LN_OK) return ln_end(cx, mark, status);
  status = ln_write(cx, &writer, header, size);
  for (size_t j = 0; j < A.cols && status == LN_OK; j++)
    status = ln_write(cx, &writer, A.data + j * A.ld, A.rows * sizeof(double));
  return ln_end(cx, mark, ln_writer_close(cx, &writer, status));
}
