#include "theory/joint.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "theory/moments.h"

/* Sorted neighbours closer than this, relative to the largest, are equal. */
#define EQUAL 1e-9
/* Relative to the product of the layers' norms: no strength at all. */
#define NO_STRENGTH 1e-14
/* Entries of a singular vector below this, relative to its largest, do not decide its sign. */
#define SIGN 1e-8

typedef struct search {
  ln_context *cx;
  const ln_matrix *weights;
  size_t depth;
  ln_matrix
      *below; /* below[l] = W_l .. W_1, l = 1 .. depth: inputs to layer l; below[depth] is the whole map */
  ln_matrix *above; /* above[l] = W_depth .. W_(l+1), l = 1 .. depth-1 */
  double size;      /* product of the layers' norms */
  double nothing;   /* relative to the largest s: nothing to be learned */
  ln_matrix V, U;   /* inputs x used; outputs x used, column i belongs to V's */
} search;

ln_status ln_complement(ln_context *cx, ln_matrix A, ln_matrix *complement) {
  size_t n = A.rows, k = A.cols, rest = n > k ? n - k : 0;
  *complement = ln_take_matrix(cx, n, rest);
  if (!complement->data) return LN_EMEMORY;
  if (rest == 0) return LN_OK;
  if (k == 0) return ln_identity(*complement), LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix U = ln_take_matrix(cx, n, n), V = ln_take_matrix(cx, k, k);
  double *s = ln_reals(cx, k);
  if (!U.data || !V.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_svd(cx, A, U, s, V);
  if (status == LN_OK) ln_copy(ln_block_of(U, 0, k, n, rest), *complement);
  return ln_end(cx, mark, status);
}

/* A <- A Z */
static ln_status rotate(ln_context *cx, ln_matrix A, ln_matrix Z) {
  ln_mark mark = ln_begin(cx);
  ln_matrix C = ln_take_matrix(cx, A.rows, A.cols);
  if (!C.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, A, Z, 0, C);
  ln_copy(C, A);
  return ln_end(cx, mark, LN_OK);
}

/* The maps that must be diagonal on a group of directions, one after the other as long as the group stays
 * degenerate: the symmetric part of U'WV, then the Gram matrices of what reaches each hidden layer from below
 * and from above. */
static ln_status map_on(search *f, size_t step, ln_matrix V, ln_matrix U, ln_matrix K) {
  size_t layer = (step + 1) / 2;
  bool whole = step == 0, from_below = whole || step % 2;
  ln_matrix M = whole ? f->below[f->depth] : from_below ? f->below[layer] : f->above[layer];
  ln_mark mark = ln_begin(f->cx);
  ln_matrix image = ln_take_matrix(f->cx, from_below ? M.rows : M.cols, V.cols);
  if (!image.data) return ln_end(f->cx, mark, LN_EMEMORY);
  ln_gemm(from_below ? LN_N : LN_T, LN_N, 1, M, from_below ? V : U, 0, image);
  if (whole) {
    ln_gemm(LN_T, LN_N, 0.5, U, image, 0, K);
    ln_gemm(LN_T, LN_N, 0.5, image, U, 1, K);
    ln_symmetrize(K);
  } else {
    ln_gram(LN_T, 1, image, 0, K);
  }
  return ln_end(f->cx, mark, LN_OK);
}

/* Turns the columns first .. last-1 of V and U together so that the maps from `step` on become diagonal. */
static ln_status refine(search *f, size_t first, size_t last, size_t step) {
  size_t k = last - first;
  if (k < 2 || step > 2 * (f->depth - 1)) return LN_OK;
  ln_mark mark = ln_begin(f->cx);
  ln_matrix V = ln_block_of(f->V, 0, first, f->V.rows, k), U = ln_block_of(f->U, 0, first, f->U.rows, k);
  ln_matrix K = ln_take_matrix(f->cx, k, k), Z = ln_take_matrix(f->cx, k, k);
  double *w = ln_reals(f->cx, k);
  if (!K.data || !Z.data || !w) return ln_end(f->cx, mark, LN_EMEMORY);
  ln_status status = map_on(f, step, V, U, K);
  if (status == LN_OK) status = ln_eigh(f->cx, K, w, Z);
  if (status == LN_OK) status = rotate(f->cx, V, Z);
  if (status == LN_OK) status = rotate(f->cx, U, Z);
  double least = EQUAL * fmax(fabs(w[0]), fabs(w[k - 1])) + NO_STRENGTH * (step == 0 ? f->size : 0);
  for (size_t i = 0, j; i < k && status == LN_OK; i = j) {
    for (j = i + 1; j < k && w[j] - w[j - 1] <= least;) j++;
    status = refine(f, first + i, first + j, step + 1);
  }
  return ln_end(f->cx, mark, status);
}

/* The products of the layers from below and from above. */
static ln_status multiply_layers(search *f, size_t inputs, size_t outputs) {
  ln_context *cx = f->cx;
  size_t depth = f->depth;
  f->below = ln_take(cx, depth + 1, sizeof *f->below);
  f->above = ln_take(cx, depth + 1, sizeof *f->above);
  if (!f->below || !f->above) return LN_EMEMORY;
  f->size = 1;
  for (size_t l = 1; l <= depth; l++) {
    ln_matrix W = f->weights[l - 1];
    f->size *= ln_norm(W);
    if (l == 1) {
      f->below[l] = W;
      continue;
    }
    f->below[l] = ln_take_matrix(cx, W.rows, inputs);
    if (!f->below[l].data) return LN_EMEMORY;
    ln_status status = ln_charge(cx, 2.0 * (double)W.rows * (double)W.cols * (double)inputs);
    if (status != LN_OK) return status;
    ln_gemm(LN_N, LN_N, 1, W, f->below[l - 1], 0, f->below[l]);
  }
  for (size_t l = depth - 1; l >= 1; l--) {
    ln_matrix W = f->weights[l]; /* W_(l+1) */
    if (l == depth - 1) {
      f->above[l] = W;
      continue;
    }
    f->above[l] = ln_take_matrix(cx, outputs, W.cols);
    if (!f->above[l].data) return LN_EMEMORY;
    ln_status status = ln_charge(cx, 2.0 * (double)W.rows * (double)W.cols * (double)outputs);
    if (status != LN_OK) return status;
    ln_gemm(LN_N, LN_N, 1, f->above[l + 1], W, 0, f->above[l]);
  }
  return LN_OK;
}

/* In one group of equal rho: V <- V Z with Syx V = U diag(s) Z', s falling. Directions beyond the outputs,
 * and U where s = 0, are left for later. */
static ln_status correlate(ln_context *cx, ln_matrix T, ln_matrix V, ln_matrix U, double *s) {
  size_t k = V.cols, m = T.rows, n = m < k ? m : k;
  ln_mark mark = ln_begin(cx);
  ln_matrix X = ln_take_matrix(cx, m, m), Z = ln_take_matrix(cx, k, k);
  if (!X.data || !Z.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_svd(cx, T, X, s, Z);
  if (status == LN_OK) status = rotate(cx, V, Z);
  if (status == LN_OK) ln_copy(ln_block_of(X, 0, 0, m, n), ln_block_of(U, 0, 0, m, n));
  for (size_t i = n; i < k; i++) s[i] = 0;
  return ln_end(cx, mark, status);
}

/* In the directions of one group of equal rho where s = 0: the network's own modes from there to the outputs
 * that nothing drives, `open`. Fills U; matched[i] says which directions have a strength. */
static ln_status match_undriven(search *f, size_t first, size_t last, ln_matrix open, bool *matched) {
  ln_context *cx = f->cx;
  size_t k = last - first, m = open.cols, n = m < k ? m : k, outputs = f->U.rows;
  if (n == 0) return LN_OK;
  ln_mark mark = ln_begin(cx);
  ln_matrix V = ln_block_of(f->V, 0, first, f->V.rows, k), whole = f->below[f->depth];
  ln_matrix image = ln_take_matrix(cx, outputs, k), M = ln_take_matrix(cx, m, k);
  ln_matrix X = ln_take_matrix(cx, m, m), Z = ln_take_matrix(cx, k, k);
  double *s = ln_reals(cx, n);
  if (!image.data || !M.data || !X.data || !Z.data || !s) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, whole, V, 0, image);
  ln_gemm(LN_T, LN_N, 1, open, image, 0, M);
  ln_status status = ln_svd(cx, M, X, s, Z);
  if (status == LN_OK) status = rotate(cx, V, Z);
  if (status != LN_OK) return ln_end(cx, mark, status);
  ln_gemm(LN_N, LN_N, 1, open, ln_block_of(X, 0, 0, m, n), 0, ln_block_of(f->U, 0, first, outputs, n));
  size_t count = 0;
  while (count < n && s[count] > NO_STRENGTH * f->size) matched[first + count++] = true;
  for (size_t i = 0, j; i < count && status == LN_OK; i = j) {
    for (j = i + 1; j < count && s[j - 1] - s[j] <= EQUAL * s[0];) j++;
    status = refine(f, first + i, first + j, 1);
  }
  return ln_end(cx, mark, status);
}

/* |offdiag(T'T)|/|T'T| with T = Syx V */
static ln_status data_misfit(ln_context *cx, ln_matrix Syx, ln_matrix V, double *misfit) {
  ln_mark mark = ln_begin(cx);
  ln_matrix T = ln_take_matrix(cx, Syx.rows, V.cols), G = ln_take_matrix(cx, V.cols, V.cols);
  if (!T.data || !G.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_gemm(LN_N, LN_N, 1, Syx, V, 0, T);
  ln_gram(LN_T, 1, T, 0, G);
  double all = ln_norm(G);
  for (size_t i = 0; i < G.cols; i++) LN_AT(G, i, i) = 0;
  *misfit = all > 0 ? ln_norm(G) / all : 0;
  return ln_end(cx, mark, LN_OK);
}

/* The first entry that counts in each column of V is positive; U follows. */
static void fix_signs(ln_matrix V, ln_matrix U) {
  for (size_t j = 0; j < V.cols; j++) {
    double largest = 0;
    for (size_t i = 0; i < V.rows; i++) largest = fmax(largest, fabs(LN_AT(V, i, j)));
    size_t i = 0;
    while (i < V.rows && !(fabs(LN_AT(V, i, j)) > SIGN * largest)) i++;
    if (i == V.rows || LN_AT(V, i, j) > 0) continue;
    ln_scale(-1, ln_block_of(V, 0, j, V.rows, 1));
    if (j < U.cols) ln_scale(-1, ln_block_of(U, 0, j, U.rows, 1));
  }
}

/* The search proper, in work space of its own: V, U, s, rho and who is matched, in the order of rho. */
static ln_status find(search *f, ln_matrix Syx, ln_matrix B, double *rho, double *s, bool *matched) {
  ln_context *cx = f->cx;
  size_t used = f->V.cols, outputs = Syx.rows;
  size_t *start = ln_take(cx, used + 1, sizeof *start);
  if (!start) return LN_EMEMORY;
  size_t groups = ln_groups(rho, used, EQUAL, start);
  double largest = 0;
  ln_status status = LN_OK;
  for (size_t g = 0; g < groups && status == LN_OK; g++) {
    size_t i = start[g], k = start[g + 1] - i;
    status = correlate(cx, ln_block_of(B, 0, i, outputs, k), ln_block_of(f->V, 0, i, f->V.rows, k),
                       ln_block_of(f->U, 0, i, outputs, k), s + i);
    largest = fmax(largest, k ? s[i] : 0);
  }
  size_t driven = 0;
  for (size_t i = 0; i < used; i++) {
    if (s[i] <= f->nothing * largest) s[i] = 0;
    matched[i] = s[i] > 0;
    driven += matched[i];
  }
  for (size_t g = 0; g < groups; g++)
    for (size_t i = start[g], j; i < start[g + 1] && status == LN_OK; i = j) {
      for (j = i + 1; j < start[g + 1] && s[j - 1] - s[j] <= EQUAL * largest;) j++;
      while (j > i + 1 && s[j - 1] == 0 && s[i] > 0) j--; /* equal to what can't be told from 0, but not 0 */
      if (s[i] > 0) status = refine(f, i, j, 0);
    }
  if (status != LN_OK) return status;

  ln_matrix taken = ln_take_matrix(cx, outputs, driven), open;
  if (!taken.data) return LN_EMEMORY;
  for (size_t i = 0, j = 0; i < used; i++)
    if (matched[i]) ln_copy(ln_block_of(f->U, 0, i, outputs, 1), ln_block_of(taken, 0, j++, outputs, 1));
  status = ln_complement(cx, taken, &open);
  for (size_t g = 0; g < groups && status == LN_OK; g++) {
    size_t i = start[g];
    while (i < start[g + 1] && s[i] > 0) i++;
    status = match_undriven(f, i, start[g + 1], open, matched);
  }
  return status;
}

ln_status ln_joint_basis(ln_context *cx, const ln_matrix *weights, size_t depth, ln_matrix Sxx, ln_matrix Syx,
                         double nothing, ln_joint *joint) {
  size_t inputs = Sxx.rows, outputs = Syx.rows;
  joint->V = ln_take_matrix(cx, inputs, inputs);
  joint->U = ln_take_matrix(cx, outputs, inputs);
  joint->s = ln_reals(cx, inputs), joint->rho = ln_reals(cx, inputs);
  if (!joint->V.data || !joint->U.data || !joint->s || !joint->rho) return LN_EMEMORY;

  ln_mark mark = ln_begin(cx);
  search f = {.cx = cx, .weights = weights, .depth = depth, .nothing = nothing};
  ln_matrix V = ln_take_matrix(cx, inputs, inputs), B = ln_take_matrix(cx, outputs, inputs);
  double *l = ln_reals(cx, inputs), *s = ln_reals(cx, inputs);
  bool *matched = ln_take(cx, inputs, sizeof *matched);
  f.U = ln_take_matrix(cx, outputs, inputs);
  if (!V.data || !B.data || !l || !s || !matched || !f.U.data) return ln_end(cx, mark, LN_EMEMORY);
  ln_status status = ln_input_spectrum(cx, Sxx, l, V);
  if (status == LN_OK) status = ln_input_correlation(cx, Syx, l, V, B);
  size_t null = 0;
  while (status == LN_OK && null < inputs && l[null] == 0) null++;
  size_t used = inputs - null;
  f.V = ln_block_of(V, 0, null, inputs, used);
  f.U = ln_block_of(f.U, 0, 0, outputs, used);
  if (status == LN_OK) status = multiply_layers(&f, inputs, outputs);
  if (status == LN_OK) status = find(&f, Syx, ln_block_of(B, 0, null, outputs, used), l + null, s, matched);
  if (status != LN_OK) return ln_end(cx, mark, status);

  /* Into the order of the result: by falling s, then the matched directions that nothing drives, then the
   * rest. Insertion keeps the order of equals. */
  size_t *order = ln_take(cx, used, sizeof *order);
  if (!order) return ln_end(cx, mark, LN_EMEMORY);
  for (size_t i = 0; i < used; i++) {
    size_t j = i;
    for (; j > 0; j--) {
      size_t o = order[j - 1];
      if (s[o] > s[i] || (s[o] == s[i] && matched[o] >= matched[i])) break;
      order[j] = o;
    }
    order[j] = i;
  }
  joint->used = used, joint->modes = 0;
  joint->V = ln_block_of(joint->V, 0, 0, inputs, used);
  for (size_t i = 0; i < used; i++) {
    size_t o = order[i];
    ln_copy(ln_block_of(f.V, 0, o, inputs, 1), ln_block_of(joint->V, 0, i, inputs, 1));
    joint->s[i] = s[o], joint->rho[i] = l[null + o];
    if (!matched[o]) continue;
    ln_copy(ln_block_of(f.U, 0, o, outputs, 1), ln_block_of(joint->U, 0, i, outputs, 1));
    joint->modes++;
  }
  joint->U = ln_block_of(joint->U, 0, 0, outputs, joint->modes);
  fix_signs(joint->V, joint->U);
  status = data_misfit(cx, Syx, joint->V, &joint->misfit);
  return ln_end(cx, mark, status);
}
