/* Files and tasks where memory runs out: whichever allocation fails, the call says so, and holds nothing. */
#include "scratch.h"

#include <fcntl.h>

#include "core/csv.h"
#include "core/npy.h"
#include "core/npz.h"
#include "data/task.h"
#include "data/teacher.h"
#include "data/transform.h"
#include "scarce.h"

static ln_matrix A, B;
static char path[512];

static ln_status save_npy(ln_context *c) { return ln_npy_save(c, path, A); }
static ln_status save_csv(ln_context *c) { return ln_csv_save(c, path, A); }
static ln_status save_npz(ln_context *c) {
  return ln_npz_save(c, path, (const char *const[]){"a", "b"}, (const ln_matrix[]){A, A}, 2);
}

static ln_status load_npy(ln_context *c) {
  ln_source source;
  ln_npy npy;
  ln_mark mark = ln_begin(c);
  ln_status status = ln_source_open(c, path, &source);
  if (status != LN_OK) return ln_end(c, mark, status);
  status = ln_npy_header(c, &source, &npy);
  if (status == LN_OK) status = ln_npy_numbers(c, &source, &npy, B);
  ln_source_close(&source);
  return ln_end(c, mark, status);
}

static ln_status load_npz(ln_context *c) {
  ln_npz npz;
  ln_source source;
  ln_npy npy;
  ln_mark mark = ln_begin(c);
  ln_status status = ln_npz_open(c, path, &npz);
  if (status != LN_OK) return ln_end(c, mark, status);
  status = ln_npz_source(c, &npz, 0, &source);
  if (status == LN_OK) status = ln_npy_header(c, &source, &npy);
  if (status == LN_OK) status = ln_npy_numbers(c, &source, &npy, B);
  ln_source_close(&source);
  ln_npz_close(&npz);
  return ln_end(c, mark, status);
}

static ln_status load_csv(ln_context *c) {
  ln_source source;
  ln_csv table;
  char *text;
  size_t size;
  ln_mark mark = ln_begin(c);
  ln_status status = ln_source_open(c, path, &source);
  if (status != LN_OK) return ln_end(c, mark, status);
  status = ln_source_text(c, &source, 1 << 20, &text, &size);
  ln_source_close(&source);
  if (status == LN_OK) status = ln_csv_scan(c, path, text, size, 0, LN_HEADER_AUTO, &table);
  if (status == LN_OK) status = ln_csv_numbers(c, &table, (const size_t[]){0, 1, 2}, 3, true, false, B);
  return ln_end(c, mark, status);
}

static ln_status compute_task(ln_context *c) {
  const double s[] = {2, 2, 1};
  ln_mark mark = ln_begin(c);
  ln_matrix W = ln_take_matrix(c, 4, 3), X = ln_take_matrix(c, 3, 9), Y = ln_take_matrix(c, 4, 9);
  ln_matrix Sxx = ln_take_matrix(c, 3, 3), Syx = ln_take_matrix(c, 4, 3), M = ln_take_matrix(c, 3, 3);
  ln_matrix C = ln_take_matrix(c, 3, 3), mx = ln_take_matrix(c, 3, 1), my = ln_take_matrix(c, 4, 1);
  ln_matrix U = ln_take_matrix(c, 4, 3), V = ln_take_matrix(c, 3, 3);
  if (!V.data || !U.data || !my.data || !mx.data || !C.data || !M.data || !Syx.data || !Sxx.data || !Y.data ||
      !X.data || !W.data)
    return ln_end(c, mark, LN_EMEMORY);
  double tr_yy, loss, values[3];
  size_t rank;
  ln_identity(C);
  LN_AT(C, 2, 2) = 3;
  ln_task task = {.inputs = 3, .outputs = 4, .examples = 9, .X = X, .Y = Y, .Sxx = Sxx, .Syx = Syx};
  ln_status status = ln_teacher_modes(c, ln_stream_of(1, 0), s, 3, W);
  if (status == LN_OK) status = ln_teacher_rank(c, ln_stream_of(1, 0), 1, 2, W);
  if (status == LN_OK) status = ln_teacher_inputs(c, ln_stream_of(1, 1), C, X);
  if (status == LN_OK) status = ln_teacher_outputs(c, ln_stream_of(1, 2), W, 1, X, Y);
  if (status == LN_OK) status = ln_moments(c, X, Y, Sxx, Syx, mx, my, &tr_yy);
  if (status == LN_OK) status = ln_check_moments(c, Sxx, Syx, tr_yy);
  if (status == LN_OK) status = ln_least_squares_map(c, &task, W, &loss);
  if (status == LN_OK) status = ln_task_modes(c, &task, U, values, V);
  if (status == LN_OK) status = ln_whitening(c, Sxx, 1e-10, 3, false, M, &rank);
  return ln_end(c, mark, status);
}

/* The number of the next file that is opened: the same as before if none was left open. */
static int next_file(void) {
  int file = open("/dev/null", O_RDONLY);
  close(file);
  return file;
}

/* Calls with 0, 1, 2 ... blocks until it succeeds. */
static void assert_survives(ln_status (*call)(ln_context *), size_t files) {
  int file = next_file();
  ln_status status = LN_EMEMORY;
  for (int blocks = 0; status != LN_OK; blocks++) {
    ln_context scarce;
    int left = blocks;
    ln_context_init(&scarce, allocate_scarce, &left);
    status = call(&scarce);
    assert_true(status == LN_OK || status == LN_EMEMORY);
    if (status == LN_EMEMORY) assert_non_null(strstr(scarce.message, "memory"));
    assert_null(scarce.scratch);
    assert_int_equal(next_file(), file);
    assert_int_equal(files_in_folder(), status == LN_OK ? 1 : files);
    assert_true(blocks < 1000);
  }
}

static void saving_and_loading_survive(void **unused) {
  (void)unused;
  A = random_matrix(5, 3), B = make(5, 3);
  const struct {
    const char *name;
    ln_status (*save)(ln_context *), (*load)(ln_context *);
  } cases[] = {{"x.npy", save_npy, load_npy}, {"x.csv", save_csv, load_csv}, {"x.npz", save_npz, load_npz}};
  for (size_t i = 0; i < 3; i++) {
    strcpy(path, in_folder(cases[i].name));
    assert_survives(cases[i].save, 0);
    assert_survives(cases[i].load, 1);
    assert_same(A, B, 0);
    unlink(path);
  }
}

static void reading_gzip_survives(void **unused) {
  (void)unused;
  /* "1,2,3\n" packed */
  const unsigned char packed[] = {31,  139, 8,   0, 0, 0,  0,   0,  2, 3, 51, 212, 49,
                                  210, 49,  230, 2, 0, 46, 180, 30, 5, 6, 0,  0,   0};
  B = make(1, 3);
  strcpy(path, in_folder("x.csv.gz"));
  put_file(path, packed, sizeof packed);
  assert_survives(load_csv, 1);
  assert_close(LN_AT(B, 0, 2), 3, 0);
}

static void tasks_survive(void **unused) {
  (void)unused;
  put_file(in_folder("x"), "", 0);
  assert_survives(compute_task, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_a_folder(saving_and_loading_survive),
      in_a_folder(reading_gzip_survives),
      in_a_folder(tasks_survive),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
