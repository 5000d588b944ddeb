#include "theory/riccati_map.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"

#define QUICK_ERROR 1e-11
#define ROUNDING 0x1p-51 /* times the square of a condition, over sqrt(rank): measured */
#define QUICK_MAX 256    /* rank: beyond, the four times do not stay in the caches */
#define GROWTH_MAX 300.  /* exponents of rows that grow without a pivot */

/* ---- once ---- */

static void add_row(ln_two_rows *to, size_t row, double weight) {
  if (weight == 0) return;
  size_t at = to->weight[0] != 0;
  to->row[at] = row, to->weight[at] = weight;
}

/* A vector has the columns of its mode's pair, or one. */
static ln_status choose_rows(ln_context *cx, const ln_riccati *r, ln_riccati_map *map) {
  size_t outputs = r->U.rows, inputs = r->V.rows;
  map->P = ln_take(cx, outputs, sizeof *map->P), map->Q = ln_take(cx, inputs, sizeof *map->Q);
  if (!map->P || !map->Q) return LN_EMEMORY;
  memset(map->P, 0, outputs * sizeof *map->P), memset(map->Q, 0, inputs * sizeof *map->Q);
  for (size_t k = 0; k < r->n; k++) {
    add_row(&map->P[r->columns[k].output], k, r->columns[k].on_output);
    add_row(&map->Q[r->columns[k].input], k, r->columns[k].on_input);
  }
  return LN_OK;
}

/* Rows of L: first those with a pivot, then the others. */
static size_t *sort_rows(ln_context *cx, const ln_riccati *r) {
  size_t *rows = ln_take(cx, r->n, sizeof *rows), pivots = 0, others = r->rank;
  for (size_t i = 0; rows && i < r->n; i++)
    if (pivots < r->rank && r->pivots[pivots] == i)
      rows[pivots++] = i;
    else
      rows[others++] = i;
  return rows;
}

/* Column after column of the inverse of a lower triangle. */
static void invert_triangle(ln_matrix L, ln_matrix inverse) {
  size_t n = L.rows;
  ln_identity(inverse);
  for (size_t j = 0; j < n; j++)
    for (size_t k = j; k < n; k++) {
      double x = LN_AT(inverse, k, j) /= LN_AT(L, k, k);
      for (size_t i = k + 1; i < n; i++) LN_AT(inverse, i, j) -= x * LN_AT(L, i, k);
    }
}

/* Z and C; the error that their use would make, infinite if L_1 has no inverse. */
static ln_status invert(ln_context *cx, const ln_riccati_map *map, ln_matrix Z, ln_matrix C, double *error) {
  const ln_riccati *r = map->riccati;
  size_t rank = r->rank;
  ln_mark mark = ln_begin(cx);
  ln_matrix inverse = ln_take_matrix(cx, rank, rank), sorted = ln_take_matrix(cx, r->n, rank);
  if (!inverse.data || !sorted.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_charge(cx, (double)rank * (double)rank * (2 * (double)Z.rows + 3 * (double)rank));
  if (status != LN_OK) return ln_end(cx, mark, status);
  for (size_t j = 0; j < rank; j++)
    for (size_t i = 0; i < r->n; i++) LN_AT(sorted, i, j) = LN_AT(r->L, map->rows[i], j);
  invert_triangle(ln_block_of(sorted, 0, 0, rank, rank), inverse);
  double square = 0; /* of the norm of the inverse of L_1 with rows of norm 1 */
  for (size_t j = 0; j < rank; j++) {
    ln_matrix row = ln_block_of(sorted, j, 0, 1, rank), column = ln_block_of(inverse, 0, j, rank, 1);
    square += ln_dot(row, row) * ln_dot(column, column);
  }
  *error = square < INFINITY ? ROUNDING * square / sqrt((double)rank) : INFINITY;
  ln_gemm(LN_N, LN_N, 1, ln_block_of(sorted, rank, 0, Z.rows, rank), inverse, 0, Z);
  ln_gram(LN_T, 1, inverse, 0, C);
  return ln_end(cx, mark, LN_OK);
}

/* P or Q for the rows of the quick form. */
static ln_two_rows *renumber(ln_context *cx, const ln_riccati_map *map, const ln_two_rows *P, size_t count) {
  size_t n = map->riccati->n;
  ln_two_rows *to = ln_take(cx, count, sizeof *to);
  ln_mark mark = ln_begin(cx);
  size_t *place = ln_take(cx, n, sizeof *place);
  if (!to || !place) return ln_end(cx, mark, LN_OK), NULL;
  for (size_t i = 0; i < n; i++) place[map->rows[i]] = i;
  for (size_t i = 0; i < count; i++) {
    to[i] = P[i];
    for (int k = 0; k < 2; k++) to[i].row[k] = place[P[i].row[k]];
  }
  ln_end(cx, mark, LN_OK);
  return to;
}

/* C and Z as the kernel wants them. */
static void fill_panels(ln_balanced_map *p, ln_matrix C, ln_matrix Z) {
  size_t n = p->rank, width = ln_padded(n);
  for (size_t i = 0; i < width; i++)
    for (size_t j = 0; j < width; j++) {
      double identity = i == j; /* beyond the rank */
      p->C[i / LN_PANEL * LN_PANEL * width + j * LN_PANEL + i % LN_PANEL] =
          i < n && j < n ? LN_AT(C, i, j) : identity;
    }
  for (size_t k = 0; k < p->rest; k++)
    for (size_t j = 0; j < width; j++)
      p->Z[j / LN_PANEL * LN_PANEL * p->rest + k * LN_PANEL + j % LN_PANEL] = j < n ? LN_AT(Z, k, j) : 0;
}

static ln_status prepare_quick(ln_context *cx, ln_riccati_map *map) {
  const ln_riccati *r = map->riccati;
  ln_balanced_map *p = &map->lanes;
  *p = (ln_balanced_map){.rank = r->rank, .rest = r->n - r->rank, .outputs = r->U.rows, .inputs = r->V.rows};
  map->rows = sort_rows(cx, r);
  if (!map->rows) return LN_EMEMORY;
  p->P = renumber(cx, map, map->P, p->outputs), p->Q = renumber(cx, map, map->Q, p->inputs);
  size_t width = ln_padded(p->rank);
  p->C = ln_take(cx, width, width * sizeof(double)), p->Z = ln_take(cx, width, p->rest * sizeof(double));
  if (!p->P || !p->Q || !p->C || !p->Z) return LN_EMEMORY;
  ln_mark mark = ln_begin(cx);
  ln_matrix Z = ln_take_matrix(cx, p->rest, p->rank), C = ln_take_matrix(cx, p->rank, p->rank);
  if (!Z.data || !C.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = invert(cx, map, Z, C, &map->error);
  map->quick = map->error <= QUICK_ERROR;
  if (map->quick) fill_panels(p, C, Z);
  return ln_end(cx, mark, status);
}

ln_status ln_riccati_map_prepare(ln_context *cx, const ln_riccati *r, ln_riccati_map *map) {
  *map = (ln_riccati_map){.riccati = r, .left = r->U, .right = r->V};
  if (r->still) return ln_riccati_at(cx, r, 1, (ln_matrix){0}, (ln_matrix){0}, (ln_matrix){0});
  if (!r->white.all) {
    map->right = ln_take_matrix(cx, r->white.V.rows, r->V.cols);
    if (!map->right.data) return LN_EMEMORY;
    ln_gemm(LN_N, LN_N, 1, r->white.V, r->V, 0, map->right);
  }
  ln_status status = choose_rows(cx, r, map);
  bool suits = r->kappa == 0 && r->rank > 0 && r->rank <= QUICK_MAX;
  return status == LN_OK && suits ? prepare_quick(cx, map) : status;
}

/* ---- at any time ---- */

/* X = (P T)(Q T)' + P diag(d) Q'. */
static void combine(ln_matrix T, const ln_two_rows *P, ln_matrix A) {
  for (size_t j = 0; j < T.cols; j++)
    for (size_t i = 0; i < A.rows; i++)
      LN_AT(A, i, j) = P[i].weight[0] * LN_AT(T, P[i].row[0], j) + P[i].weight[1] * LN_AT(T, P[i].row[1], j);
}

static ln_status form_slowly(ln_context *cx, const ln_riccati_map *map, double t, ln_matrix X) {
  const ln_riccati *r = map->riccati;
  ln_mark mark = ln_begin(cx);
  ln_matrix T = ln_take_matrix(cx, r->n, r->rank), A = ln_take_matrix(cx, X.rows, r->rank);
  ln_matrix B = ln_take_matrix(cx, X.cols, r->rank);
  double *d = ln_reals(cx, r->n), c = r->white.c;
  if (!T.data || !A.data || !B.data || !d) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_riccati_state(cx, r, t, T, d);
  if (status == LN_OK) status = ln_charge(cx, 2.0 * (double)r->rank * (double)X.rows * (double)X.cols);
  if (status != LN_OK) return ln_end(cx, mark, status);
  combine(T, map->P, A), combine(T, map->Q, B);
  ln_gemm(LN_N, LN_T, 1 / c, A, B, 0, X);
  for (size_t k = 0; k < r->n && r->kappa > 0; k++) {
    const ln_riccati_column *o = &r->columns[k];
    if (o->on_output != 0 && o->on_input != 0)
      LN_AT(X, o->output, o->input) += d[k] / c * o->on_output * o->on_input;
  }
  return ln_end(cx, mark, LN_OK);
}

/* X = left'W2 W1 right. */
static ln_status form_start(ln_context *cx, const ln_riccati_map *map, ln_matrix X) {
  const ln_riccati *r = map->riccati;
  ln_mark mark = ln_begin(cx);
  ln_matrix A = ln_take_matrix(cx, X.rows, r->W2.cols), B = ln_take_matrix(cx, r->W1.rows, X.cols);
  if (!A.data || !B.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_T, LN_N, 1, map->left, r->W2, 0, A);
  ln_gemm(LN_N, LN_N, 1, r->W1, map->right, 0, B);
  ln_gemm(LN_N, LN_N, 1, A, B, 0, X);
  return ln_end(cx, mark, LN_OK);
}

/* Of a group of times. */
static double flops(const ln_balanced_map *p, bool diagonal) {
  double n = (double)p->rank, rest = (double)p->rest, outputs = (double)p->outputs,
         inputs = (double)p->inputs;
  double map = diagonal ? fmin(outputs, inputs) : outputs * inputs;
  return LN_TIMES * n * (2 * rest * n + 2 * n * n / 3 + 2 * map + 3 * (outputs + inputs));
}

/* The rows that grow without a pivot must not overflow. */
static bool in_reach(const ln_riccati_map *map, double t) {
  const ln_riccati *r = map->riccati;
  if (!map->quick || t == 0 || t == INFINITY) return false;
  return r->rank == r->n || r->f[map->rows[r->rank]] * t < GROWTH_MAX;
}

/* int_0^t exp(2 f x) dx */
static double gain(double f, double t) { return fabs(f * t) < 1e-18 ? t : expm1(2 * f * t) / (2 * f); }

static void fill_rows(const ln_riccati_map *map, double t, size_t lane, const ln_balanced_rows *rows) {
  const ln_riccati *r = map->riccati;
  size_t width = ln_padded(map->lanes.rank);
  for (size_t i = 0; i < width; i++) {
    double f = i < r->rank ? r->f[map->rows[i]] : 0;
    size_t at = i * LN_TIMES + lane;
    rows->d[at] = i < r->rank ? gain(-fabs(f), t) : 0;
    rows->e[at] = f > 0 ? exp(-f * t) : 1;
    rows->f[at] = f > 0 ? 1 : exp(f * t);
  }
  for (size_t i = r->rank; i < r->n; i++) {
    double f = r->f[map->rows[i]];
    size_t at = (i - r->rank) * LN_TIMES + lane;
    rows->g[at] = gain(f, t);
    rows->h[at] = exp(f * t);
  }
}

typedef struct space {
  ln_balanced_map lanes;
  ln_balanced_rows rows;
  double *maps; /* of four times, or of one */
} space;

static ln_status take_room(ln_context *cx, const ln_riccati_map *map, space *room) {
  const ln_riccati *r = map->riccati;
  size_t size = r->U.rows * r->V.rows;
  *room = (space){.lanes = map->lanes, .maps = ln_reals(cx, map->quick ? LN_TIMES * size : size)};
  if (!room->maps || !map->quick) return room->maps ? LN_OK : LN_EMEMORY;
  size_t width = LN_TIMES * ln_padded(map->lanes.rank), rest = LN_TIMES * (r->n - r->rank);
  room->lanes.work = ln_reals(cx, ln_balanced_work(&map->lanes));
  ln_balanced_rows *rows = &room->rows;
  double **kinds[] = {&rows->d, &rows->e, &rows->f, &rows->g, &rows->h};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!(*kinds[i] = ln_reals(cx, i < 3 ? width : rest))) return LN_EMEMORY;
  return room->lanes.work ? LN_OK : LN_EMEMORY;
}

/* Up to four times at once, the last repeated in the lanes that are left. */
static void form_quickly(ln_context *cx, const ln_riccati_map *map, const double *times, size_t count,
                         bool diagonal, space *room) {
  ln_matrix all = ln_window(room->maps, map->left.cols * map->right.cols, LN_TIMES);
  for (size_t l = 0; l < LN_TIMES; l++) fill_rows(map, times[l < count ? l : count - 1], l, &room->rows);
  cx->kernels->balanced_map(&room->lanes, &room->rows, diagonal, room->maps);
  if (map->riccati->white.c != 1) ln_scale(1 / map->riccati->white.c, all);
}

ln_status ln_riccati_map_follow(ln_context *cx, const ln_riccati_map *map, const double *times, size_t count,
                                bool diagonal, ln_riccati_map_output output, void *ud) {
  size_t outputs = map->left.cols, inputs = map->right.cols;
  for (size_t k = 0; k < count; k++)
    if (!(times[k] >= 0)) return ln_fail(cx, LN_EARG, "t = %g must be >= 0", times[k]);
  ln_mark mark = ln_begin(cx);
  space room;
  ln_status status = take_room(cx, map, &room);
  for (size_t k = 0, together; k < count && status == LN_OK; k += together) {
    for (together = 0; together < LN_TIMES && k + together < count && in_reach(map, times[k + together]);)
      together++;
    if (together) {
      status = ln_charge(cx, flops(&map->lanes, diagonal));
      if (status == LN_OK) form_quickly(cx, map, times + k, together, diagonal, &room);
    } else {
      ln_matrix X = ln_window(room.maps, outputs, inputs);
      together = 1;
      status = ln_poll(cx);
      if (status == LN_OK)
        status = times[k] == 0 ? form_start(cx, map, X) : form_slowly(cx, map, times[k], X);
    }
    for (size_t l = 0; l < together && status == LN_OK; l++)
      status =
          output(cx, ud, k + l, times[k + l], ln_window(room.maps + l * outputs * inputs, outputs, inputs));
  }
  return ln_end(cx, mark, status);
}

/* ---- whole maps ---- */

typedef struct turning {
  const ln_riccati *riccati;
  ln_matrix left, right, half; /* right': rows are directions */
  const ln_matrix *maps;
} turning;

static ln_status turn_back(ln_context *cx, void *ud, size_t index, double t, ln_matrix X) {
  const turning *p = ud;
  ln_matrix W = p->maps[index];
  double rows = (double)W.rows, cols = (double)W.cols, used = (double)X.cols;
  ln_status status = ln_charge(cx, 2 * rows * used * (rows + cols));
  if (status != LN_OK) return status;
  if (t == 0) return ln_gemm(LN_N, LN_N, 1, p->riccati->W2, p->riccati->W1, 0, W), LN_OK;
  ln_gemm(LN_N, LN_N, 1, p->left, X, 0, p->half);
  ln_gemm(LN_N, LN_N, 1, p->half, p->right, 0, W);
  return LN_OK;
}

ln_status ln_riccati_maps(ln_context *cx, const ln_riccati *r, const double *times, size_t count,
                          const ln_matrix *maps) {
  ln_mark mark = ln_begin(cx);
  ln_riccati_map map;
  ln_status status = ln_riccati_map_prepare(cx, r, &map);
  if (status != LN_OK) return ln_end(cx, mark, status);
  turning p = {.riccati = r, .left = map.left, .maps = maps};
  p.right = ln_take_matrix(cx, map.right.cols, map.right.rows);
  p.half = ln_take_matrix(cx, map.left.rows, map.right.cols);
  if (!p.right.data || !p.half.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_transpose(map.right, p.right);
  return ln_end(cx, mark, ln_riccati_map_follow(cx, &map, times, count, false, turn_back, &p));
}
