/* Tables of text: separators, headers, quotes and line ends; numbers to the last bit; errors with line and column. */
#include "scratch.h"

#include <locale.h>
#include <stdlib.h>

#include "core/csv.h"

#define COLS 8

static ln_status scan(const char *text, char separator, ln_csv_header header, ln_csv *table) {
  size_t n = strlen(text);
  char *copy = ln_take(cx, n + 1, 1);
  memcpy(copy, text, n + 1);
  return ln_csv_scan(cx, "x.csv", copy, n, separator, header, table);
}

static ln_status read_all(const ln_csv *table, bool finite, bool across, ln_matrix *A) {
  size_t columns[COLS];
  for (size_t j = 0; j < table->cols; j++) columns[j] = j;
  *A = across ? make(table->cols, table->rows) : make(table->rows, table->cols);
  return ln_csv_numbers(cx, table, columns, table->cols, finite, across, *A);
}

static void tables_of_all_kinds_hold_the_same_numbers(void **unused) {
  (void)unused;
  static const char *const texts[] = {
      "1,2.5,-3e2\n4,5,6\n",
      "1,2.5,-3e2\r\n4,5,6",
      "1,2.5,-3e2\r4,5,6\r",
      ("\xef\xbb\xbf"
       "1;2.5;-3e2\n4;5;6\n"),
      "1\t2.5\t-3e2\n4\t5\t6\n\n\n",
      "  1 2.5   -3e2  \n 4   5 6\n \n",
      "1, 2.5 ,  -3e2\n4 ,5, 6 \n",
      "\"1\",\"2.5\",\"-3e2\"\n\"4\",5,+6.0\n",
      "a,b,c\n1,2.5,-300\n4,5,6\n",
      "\"a, and\",\"b \"\"quoted\"\"\",\"c\nd\"\n1,2.5,-300\n4,5,6\n",
      "x;1;2\n1;2.5;-300\n4;5;6", /* a word over a number */
      "a 1 2\n1 2.5 -300.\n4 5 .6e1",
  };
  const double expected[] = {1, 4, 2.5, 5, -300, 6};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    ln_csv table;
    ln_matrix A, T;
    assert_ok(scan(texts[i], 0, LN_HEADER_AUTO, &table));
    assert_int_equal(table.rows, 2);
    assert_int_equal(table.cols, 3);
    assert_int_equal(table.header, i >= 8);
    assert_ok(read_all(&table, true, false, &A));
    assert_ok(read_all(&table, true, true, &T));
    for (size_t k = 0; k < 6; k++) {
      assert_true(LN_AT(A, k % 2, k / 2) == expected[k]);
      assert_true(LN_AT(T, k / 2, k % 2) == expected[k]);
    }
  }
}

static void headers_are_told_or_found(void **unused) {
  (void)unused;
  const struct {
    const char *text;
    ln_csv_header header;
    bool has;
    size_t rows;
  } cases[] = {
      {"1,2\n3,4\n", LN_HEADER_YES, true, 1},
      {"a,b\n3,4\n", LN_HEADER_NO, false, 2},
      {"setosa,1\nvirginica,2\n", LN_HEADER_AUTO, false, 2}, /* a column of words */
      {"kind,1\nvirginica,2\n", LN_HEADER_YES, true, 1},
      {"a,b\n", LN_HEADER_AUTO, true, 0},
      {"7\n8\n", LN_HEADER_AUTO, false, 2},
      {"x\n8\n", LN_HEADER_AUTO, true, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ln_csv table;
    assert_ok(scan(cases[i].text, 0, cases[i].header, &table));
    assert_int_equal(table.header, cases[i].has);
    assert_int_equal(table.rows, cases[i].rows);
  }
}

static void words_lose_their_quotes(void **unused) {
  (void)unused;
  ln_csv table;
  assert_ok(scan("\"say \"\"hi\"\", you\",  two words  ,3\n", 0, LN_HEADER_NO, &table));
  ln_csv_cursor cursor = ln_csv_start(&table);
  ln_cell cells[3];
  ln_csv_next_row(&cursor, cells);
  char word[40];
  assert_int_equal(ln_cell_word(&cells[0], word, sizeof word), 13);
  assert_string_equal(word, "say \"hi\", you");
  ln_cell_word(&cells[1], word, sizeof word);
  assert_string_equal(word, "two words");
  assert_int_equal(ln_cell_word(&cells[1], word, 4), 3); /* as much as there is room for */
  assert_string_equal(word, "two");
}

static void bad_tables_say_where(void **unused) {
  (void)unused;
  const struct {
    const char *text, *says;
  } cases[] = {
      {"", "x.csv: is empty"},
      {"\n\n", "x.csv: is empty"},
      {"1,2\n3\n", "x.csv:2: 1 cells, and the first row has 2"},
      {"1,2\n3,4,5\n", "x.csv:2: 3 cells, and the first row has 2"},
      {"1,2\n\n3,4\n", "x.csv:2: an empty line before the end"},
      {"1,2\n3,four\n", "x.csv:2: column 2 is 'four'; a number was expected"},
      {"a,b\n1,2\n3,four\n", "x.csv:3: column 2 (b) is 'four'; a number was expected"},
      {"a,\"long, title\"\n1,2\n3,x\n", "x.csv:3: column 2 (long, title) is 'x'"},
      {"\"a\nb\",c\n1,2\n3,x\n", "x.csv:4: column 2 (c) is 'x'"},
      {"1,2\n3,\n", "x.csv:2: column 2 is missing; a number was expected"},
      {"1,2\n,4\n", "x.csv:2: column 1 is missing"},
      {"1,2\n3,0x10\n", "column 2 is '0x10'"},
      {"1,2\n3,1e999\n", "column 2 is '1e999'"},
      {"1,2\n3,nan\n", "column 2 is 'nan'; a finite number"},
      {"1,2\n3,-inf\n", "column 2 is '-inf'; a finite number"},
      {"1,2\n3,1.2.3\n", "column 2 is '1.2.3'"},
      {"1,2\n3,1e\n", "column 2 is '1e'"},
      {"1,2\n3,-\n", "column 2 is '-'"},
      {"1,2\n3,1 2\n", "column 2 is '1 2'"},
      {"1,2\n3,a_word_that_is_much_longer_than_a_message_should_be\n", "longer_than_a_messa' ..."},
      {"1;2\n3;1,5\n", "column 2 is '1,5'"},
      {"1,\"2\n3,4\n", "x.csv:1: a quoted cell is not closed"},
      {"1,\"2\" 3\n", "x.csv:1: a quoted cell is not closed"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ln_csv table;
    ln_matrix A;
    ln_status status = scan(cases[i].text, 0, LN_HEADER_AUTO, &table);
    if (status == LN_OK) status = read_all(&table, true, false, &A);
    assert_int_equal(status, LN_EFILE);
    assert_message(cases[i].says);
  }
  ln_csv table;
  assert_int_equal(ln_csv_scan(cx, "x.csv", "1,2\0,3", 7, 0, LN_HEADER_NO, &table), LN_EFILE);
  assert_message("byte 4 is 0");
}

static void no_prefix_of_a_table_is_read_beyond_its_end(void **unused) {
  (void)unused;
  const char text[] = "a,\"b \"\"c\"\"\",d\r\n1,\"2.5\",-3e-2\r\n4, inf ,6\r\n";
  for (size_t n = 0; n < sizeof text; n++) {
    char *part = malloc(n + 1); /* and its zero byte */
    memcpy(part, text, n);
    part[n] = 0;
    for (int separator = 0; separator < 4; separator++) {
      ln_csv table;
      ln_matrix A;
      if (ln_csv_scan(cx, "x.csv", part, n, "\0,; "[separator], LN_HEADER_AUTO, &table) == LN_OK &&
          table.cols <= COLS)
        read_all(&table, false, false, &A);
    }
    free(part);
  }
}

static void numbers_come_back_to_the_last_bit_in_any_locale(void **unused) {
  (void)unused;
  const size_t rows = 200, cols = 3;
  ln_matrix A = make(rows, cols), B;
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++) LN_AT(A, i, j) = normal() * pow(10, 600 * uniform() - 300);
  LN_AT(A, 0, 0) = 5e-324, LN_AT(A, 1, 0) = 1.7976931348623157e308, LN_AT(A, 2, 0) = -0.0,
              LN_AT(A, 3, 0) = 0.1;
  LN_AT(A, 4, 0) = INFINITY, LN_AT(A, 5, 0) = -INFINITY, LN_AT(A, 6, 0) = NAN;
  /* A decimal comma, where such a locale is installed; all else is tested with the one at hand. */
  setlocale(LC_ALL, "de_DE.UTF-8");
  assert_ok(ln_csv_save(cx, in_folder("x.csv"), A));
  ln_source source;
  char *text;
  size_t size;
  assert_ok(ln_source_open(cx, in_folder("x.csv"), &source));
  assert_ok(ln_source_text(cx, &source, 1 << 20, &text, &size));
  ln_source_close(&source);
  ln_csv table;
  assert_ok(ln_csv_scan(cx, "x.csv", text, size, 0, LN_HEADER_AUTO, &table));
  assert_ok(read_all(&table, false, false, &B));
  setlocale(LC_ALL, "C");
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++)
      assert_true(!memcmp(&LN_AT(A, i, j), &LN_AT(B, i, j), sizeof(double)) ||
                  isnan(LN_AT(A, i, j) + LN_AT(B, i, j)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_a_folder(tables_of_all_kinds_hold_the_same_numbers),
      in_a_folder(headers_are_told_or_found),
      in_a_folder(words_lose_their_quotes),
      in_a_folder(bad_tables_say_where),
      in_a_folder(no_prefix_of_a_table_is_read_beyond_its_end),
      in_a_folder(numbers_come_back_to_the_last_bit_in_any_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
