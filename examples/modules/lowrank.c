/* lowrank.c: a module in C. It adds a solution to theory.solutions: one layer that learns white inputs from zero, which is
 * W(t) = (1 - exp(-lambda t)) Syx/lambda; an activation, a start and an observable; and it gives a function to Lua.
 *
 *     cc -shared -fPIC lowrank.c $(pkg-config --cflags --libs linnet) -o lowrank.so
 *     linnet -l lowrank -e 'print(theory.solutions.white_layer.source, lowrank.energy(matrix.eye(3)))' */
#include <linnet.h>

#include <lauxlib.h>

#include <math.h>

/* ---- a solution ---- */

static double white_distance(void *ud, const linnet_net *net, const linnet_task *task, const char **why) {
  (void)ud;
  *why = "one layer without biases, from zero, on white inputs";
  if (net->depth != 1 || net->biases[0].data || !task->Sxx.data) return INFINITY;
  double lambda = 0, off = 0;
  for (size_t i = 0; i < task->inputs; i++) lambda += task->Sxx.data[i + i * (size_t)task->Sxx.ld];
  lambda /= (double)task->inputs;
  for (size_t j = 0; j < task->inputs; j++)
    for (size_t i = 0; i < task->inputs; i++)
      off = fmax(off, fabs(task->Sxx.data[i + j * (size_t)task->Sxx.ld] - (i == j ? lambda : 0)));
  double start = 0;
  for (ptrdiff_t j = 0; j < net->W[0].cols; j++)
    for (ptrdiff_t i = 0; i < net->W[0].rows; i++)
      start = fmax(start, fabs(net->W[0].data[i + j * net->W[0].ld]));
  return lambda > 0 ? fmax(off / lambda, start) : INFINITY;
}

static int white_weights(void *ud, const linnet_net *net, const linnet_task *task, double t,
                         linnet_matrix *W) {
  (void)ud, (void)net;
  double lambda = task->Sxx.data[0], learned = -expm1(-lambda * t) / lambda;
  for (ptrdiff_t j = 0; j < W->cols; j++)
    for (ptrdiff_t i = 0; i < W->rows; i++)
      W->data[i + j * W->ld] = learned * task->Syx.data[i + j * task->Syx.ld];
  return LINNET_OK;
}

/* ---- an activation, a start, an observable ---- */

static void cube(void *ud, const double *x, double *y, size_t n) {
  (void)ud;
  for (size_t i = 0; i < n; i++) y[i] = x[i] * x[i] * x[i] / 3;
}

static void cube_slope(void *ud, const double *x, double *d, size_t n) {
  (void)ud;
  for (size_t i = 0; i < n; i++) d[i] = x[i] * x[i];
}

/* Entries +-1/sqrt(fan-in). */
static int fill_signs(void *ud, size_t depth, const size_t *sizes, linnet_matrix *W,
                      double (*normal)(void *stream), double (*uniform)(void *stream), void *stream) {
  (void)ud, (void)normal;
  for (size_t l = 0; l < depth; l++)
    for (size_t i = 0; i < sizes[l] * sizes[l + 1]; i++)
      W[l].data[i] = (uniform(stream) < 0.5 ? -1 : 1) / sqrt((double)sizes[l]);
  return LINNET_OK;
}

static void one_for_each_layer(void *ud, const linnet_net *net, const linnet_task *task, size_t *rows,
                               size_t *cols) {
  (void)ud, (void)task;
  *rows = net->depth, *cols = 1;
}

static double square_sum(const linnet_matrix *A) {
  double sum = 0;
  for (ptrdiff_t j = 0; j < A->cols; j++)
    for (ptrdiff_t i = 0; i < A->rows; i++) sum += A->data[i + j * A->ld] * A->data[i + j * A->ld];
  return sum;
}

static int energies(void *ud, const linnet_net *net, const linnet_task *task, double *value) {
  (void)ud, (void)task;
  for (size_t l = 0; l < net->depth; l++) value[l] = square_sum(&net->W[l]);
  return LINNET_OK;
}

/* ---- a function ---- */

/* lowrank.energy(A): the sum of A's squares */
static int energy(lua_State *L) {
  linnet_matrix A;
  linnet_checkmatrix(L, 1, &A);
  int status = linnet_charge(linnet_of(L), 2.0 * (double)A.rows * (double)A.cols);
  if (status != LINNET_OK) return linnet_raise(L, status, "lowrank.energy: stopped");
  lua_pushnumber(L, square_sum(&A));
  return 1;
}

LINNET_API int luaopen_lowrank(lua_State *L); /* found by require, whatever visibility the compiler is told */

int luaopen_lowrank(lua_State *L) {
  static const luaL_Reg functions[] = {{"energy", energy}, {NULL, NULL}};
  linnet_checkversion(L);
  linnet_addsolution(L, &(linnet_solution){.name = "white_layer",
                                           .source = "one layer on white inputs from zero",
                                           .exact = 1,
                                           .distance = white_distance,
                                           .weights = white_weights});
  linnet_addactivation(L, &(linnet_activation){.name = "cube", .doc = "x^3/3", .f = cube, .df = cube_slope});
  linnet_addinit(L, &(linnet_init){.name = "signs", .doc = "+-1/sqrt(fan-in)", .fill = fill_signs});
  linnet_addobservable(L, &(linnet_observable){.name = "energies",
                                               .doc = "the sum of squares of each layer",
                                               .shape = one_for_each_layer,
                                               .eval = energies});
  luaL_newlib(L, functions);
  return 1;
}
