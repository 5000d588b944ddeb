/* Steps of small linear layers: against the plain formulas, and the same bits wherever products are fused. */
#include "check.h"
#include "core/random.h"
#include "kernels/wide_layers.h"
#include "core/matrix.h"

enum { DEPTH_MOST = 4, SIZE_MOST = 41 };

/* A random network, its moments and a velocity; all columns without gaps. */
typedef struct net {
  size_t depth, size[DEPTH_MOST + 1];
  double W[DEPTH_MOST][SIZE_MOST * SIZE_MOST], V[DEPTH_MOST][SIZE_MOST * SIZE_MOST];
  double S[SIZE_MOST * SIZE_MOST], scale[SIZE_MOST];
} net;

static void draw(net *n, uint64_t seed, size_t depth, const size_t *size) {
  ln_stream stream = ln_stream_of(seed, 0);
  n->depth = depth;
  memcpy(n->size, size, (depth + 1) * sizeof *size);
  for (size_t l = 0; l < depth; l++) {
    double sd = 0.7 / sqrt((double)size[l]);
    ln_random_normals(&stream, ln_window(n->W[l], size[l + 1], size[l]), 0, sd);
    ln_random_normals(&stream, ln_window(n->V[l], size[l + 1], size[l]), 0, sd / 8);
  }
  ln_random_normals(&stream, ln_window(n->S, size[depth], size[0]), 0, 0.5);
  ln_random_normals(&stream, ln_window(n->scale, size[0], 1), 1, 0.2);
}

/* C = A B, or A' B, or A B', one sum after another. */
static void multiply(size_t rows, size_t cols, size_t inner, const double *A, size_t a1, size_t a2,
                     const double *B, size_t b1, size_t b2, double *C) {
  for (size_t j = 0; j < cols; j++)
    for (size_t i = 0; i < rows; i++) {
      double sum = 0;
      for (size_t k = 0; k < inner; k++) sum += A[i * a1 + k * a2] * B[k * b1 + j * b2];
      C[i + j * rows] = sum;
    }
}

static void plain_step(net *n, const ln_descent_rule *rule, bool swings, size_t frozen) {
  static double P[DEPTH_MOST][SIZE_MOST * SIZE_MOST], T[2][SIZE_MOST * SIZE_MOST],
      g[DEPTH_MOST][SIZE_MOST * SIZE_MOST];
  const size_t *size = n->size, inputs = size[0], depth = n->depth;
  memcpy(P[0], n->W[0], sizeof P[0]);
  for (size_t l = 1; l < depth; l++)
    multiply(size[l + 1], inputs, size[l], n->W[l], 1, size[l + 1], P[l - 1], 1, size[l], P[l]);
  double *now = T[0], *next = T[1];
  for (size_t j = 0; j < inputs; j++)
    for (size_t i = 0; i < size[depth]; i++)
      now[i + j * size[depth]] = P[depth - 1][i + j * size[depth]] * n->scale[j] - n->S[i + j * size[depth]];
  for (size_t l = depth - 1; l > 0; l--) {
    multiply(size[l + 1], size[l], inputs, now, 1, size[l + 1], P[l - 1], size[l], 1, g[l]);
    multiply(size[l], inputs, size[l + 1], n->W[l], size[l + 1], 1, now, 1, size[l + 1], next);
    double *other = now;
    now = next, next = other;
  }
  memcpy(g[0], now, sizeof g[0]);
  for (size_t l = 0; l < depth; l++)
    for (size_t i = 0; l != frozen && i < size[l + 1] * size[l]; i++) {
      double *w = &n->W[l][i], *v = &n->V[l][i], force = g[l][i] + rule->decay * *w;
      if (swings) *v = rule->momentum * *v + force;
      *w -= rule->rate * (swings ? rule->jump * force + rule->glide * *v : force);
    }
}

/* `steps` steps by the kernel; returns how many it took. */
static size_t kernel_steps(const ln_kernels *kernels, net *n, const ln_descent_rule *rule, bool swings,
                           size_t frozen, size_t steps, double enough) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_mark mark = ln_begin(&cx);
  ln_linear_layer layers[DEPTH_MOST] = {0};
  double weight[SIZE_MOST], *S = NULL;
  size_t lanes = kernels->lanes, inputs = n->size[0], below = 0;
  for (size_t j = 0; j < inputs; j++) weight[j] = 1;
  for (size_t l = 0; l < n->depth; l++) {
    size_t rows = n->size[l + 1], cols = n->size[l], ld = (rows + lanes - 1) / lanes * lanes,
           width = (cols + lanes - 1) / lanes * lanes;
    double **at[] = {&layers[l].W, &layers[l].V, &layers[l].transposed, &layers[l].P, &layers[l].T, &S};
    for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
      size_t wide = k < 3 ? width : inputs;
      *at[k] = ln_reals(&cx, ld * wide);
      memset(*at[k], 0, ld * wide * sizeof(double));
    }
    for (size_t j = 0; j < cols; j++)
      for (size_t i = 0; i < rows; i++) {
        layers[l].W[i + j * ld] = n->W[l][i + j * rows];
        layers[l].V[i + j * ld] = n->V[l][i + j * rows];
        if (l) layers[l].transposed[j + i * below] = n->W[l][i + j * rows];
      }
    if (!swings) layers[l].V = NULL;
    layers[l].rows = rows, layers[l].cols = cols, layers[l].ld = below = ld;
    layers[l].moves = l != frozen;
  }
  size_t outputs = n->size[n->depth];
  for (size_t j = 0; j < inputs; j++)
    for (size_t i = 0; i < outputs; i++) S[i + j * below] = n->S[i + j * outputs];
  ln_linear_layers all = {n->depth, inputs, frozen == 0, layers, n->scale, S, weight, *rule};
  size_t done = kernels->descend_layers(&all, steps, enough);
  for (size_t l = 0; l < n->depth; l++)
    for (size_t j = 0; j < n->size[l]; j++)
      for (size_t i = 0; i < n->size[l + 1]; i++) {
        n->W[l][i + j * n->size[l + 1]] = layers[l].W[i + j * layers[l].ld];
        if (swings) n->V[l][i + j * n->size[l + 1]] = layers[l].V[i + j * layers[l].ld];
        bool mirrored = l > (frozen == 0); /* where something reads it */
        if (mirrored && layers[l].transposed[j + i * layers[l - 1].ld] != layers[l].W[i + j * layers[l].ld])
          fail_msg("the copy of W_%zu' is not W_%zu'", l + 1, l + 1);
      }
  ln_end(&cx, mark, LN_OK);
  return done;
}

/* The same by the kernel of two wide layers. */
static size_t wide_steps(const ln_kernels *kernels, net *n, const ln_descent_rule *rule, bool swings,
                         size_t steps, double enough) {
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  ln_mark mark = ln_begin(&cx);
  const size_t lanes = kernels->lanes, inputs = n->size[0], hidden = n->size[1], outputs = n->size[2];
  ln_wide_layers w = {.inputs = inputs, .hidden = hidden, .outputs = outputs, .W2 = n->W[1], .rule = *rule};
  w.padded = (inputs + lanes - 1) / lanes * lanes;
  double *S, *scale, *weight, **at[] = {&w.W1, &w.V1, &w.G, &w.M, &w.share, &S, &scale, &weight};
  for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
    size_t count = w.padded * (hidden + outputs + 3);
    *at[k] = ln_reals(&cx, count);
    memset(*at[k], 0, count * sizeof(double));
  }
  for (size_t j = 0; j < inputs; j++) {
    scale[j] = n->scale[j], weight[j] = 1;
    for (size_t o = 0; o < outputs; o++)
      S[(j / lanes * outputs + o) * lanes + j % lanes] = n->S[o + j * outputs];
    for (size_t u = 0; u < hidden; u++)
      w.W1[j + u * w.padded] = n->W[0][u + j * hidden], w.V1[j + u * w.padded] = n->V[0][u + j * hidden];
  }
  if (swings)
    w.V2 = n->V[1];
  else
    w.V1 = NULL;
  w.S = S, w.scale = scale, w.weight = weight;
  size_t done = kernels->descend_wide(&w, steps, enough);
  for (size_t j = 0; j < inputs; j++)
    for (size_t u = 0; u < hidden; u++) {
      n->W[0][u + j * hidden] = w.W1[j + u * w.padded];
      if (swings) n->V[0][u + j * hidden] = w.V1[j + u * w.padded];
    }
  ln_end(&cx, mark, LN_OK);
  return done;
}

static const ln_descent_rule rules[] = {
    {0.05, 0, 0, 0, 0}, {0.05, 0.3, 0, 0, 0}, {0.01, 0.3, 0.8, 1, 0.8}, {0.01, 0, 0.9, 0, 1}};

static void steps_are_those_of_the_formulas_at_every_size_and_width(void **state) {
  (void)state;
  static net expected, got;
  ln_stream stream = ln_stream_of(9, 0);
  for (size_t size = 1; size <= 40; size++)
    for (size_t r = 0; r < 4; r++) {
      size_t sizes[DEPTH_MOST + 1], depth = 2 + (size + r) % 3, frozen = r == 1 ? size % (depth + 1) : depth;
      for (size_t l = 0; l <= depth; l++)
        sizes[l] = l == size % (depth + 1) ? size : 1 + (size_t)(40 * ln_random_uniform(&stream));
      draw(&expected, size, depth, sizes);
      for (int step = 0; step < 3; step++) plain_step(&expected, &rules[r], r > 1, frozen);
      for (const ln_kernels *const *k = ln_kernels_here(); *k; k++) {
        draw(&got, size, depth, sizes);
        assert_int_equal(kernel_steps(*k, &got, &rules[r], r > 1, frozen, 3, -1), 3);
        for (size_t l = 0; l < depth; l++)
          for (size_t i = 0; i < sizes[l] * sizes[l + 1]; i++) {
            assert_close(got.W[l][i], expected.W[l][i], 1e-14);
            if (r > 1) assert_close(got.V[l][i], expected.V[l][i], 1e-13);
          }
      }
    }
}

static void wide_layers_take_the_same_steps(void **state) {
  (void)state;
  static net expected, got;
  for (size_t size = 1; size <= 40; size++)
    for (size_t r = 0; r < 4; r++) {
      const size_t sizes[] = {41 - size, r % 2 ? size : 1 + size * 11 % 40, 1 + (size + 8 * r) % 32};
      draw(&expected, size, 2, sizes);
      for (int step = 0; step < 3; step++) plain_step(&expected, &rules[r], r > 1, 2);
      for (const ln_kernels *const *k = ln_kernels_here(); *k; k++) {
        draw(&got, size, 2, sizes);
        assert_int_equal(wide_steps(*k, &got, &rules[r], r > 1, 3, -1), 3);
        for (size_t l = 0; l < 2; l++)
          for (size_t i = 0; i < sizes[l] * sizes[l + 1]; i++) {
            assert_close(got.W[l][i], expected.W[l][i], 1e-14);
            if (r > 1) assert_close(got.V[l][i], expected.V[l][i], 1e-13);
          }
      }
    }
}

static void avx2_and_avx512_give_the_same_bits(void **state) {
  (void)state;
  static net expected, got;
  const ln_kernels *const *here = ln_kernels_here();
  for (; here[0] && here[1] && here[1]->lanes >= 4; here++)
    for (size_t size = 1; size <= 40; size++)
      for (size_t r = 0; r < 4; r++) {
        const size_t sizes[] = {size, 41 - size, 1 + size * 7 % 40, size};
        draw(&expected, size, 3, sizes);
        draw(&got, size, 3, sizes);
        kernel_steps(here[0], &expected, &rules[r], r > 1, 3, 20, -1);
        kernel_steps(here[1], &got, &rules[r], r > 1, 3, 20, -1);
        assert_memory_equal(&expected, &got, sizeof got);
      }
}

static void steps_end_where_the_gradient_of_the_map_is_small_enough(void **state) {
  (void)state;
  static net n;
  const size_t sizes[] = {6, 9, 6};
  size_t taken[2];
  for (int k = 0; k < 2; k++) {
    draw(&n, 1, 2, sizes);
    size_t wide = wide_steps(ln_kernels_here()[0], &n, &rules[0], false, 100000, k ? 1e-6 : 1e-2);
    draw(&n, 1, 2, sizes);
    taken[k] = kernel_steps(ln_kernels_here()[0], &n, &rules[0], false, 2, 100000, k ? 1e-6 : 1e-2);
    assert_int_equal(wide, taken[k]);
  }
  assert_true(0 < taken[0] && taken[0] < taken[1] && taken[1] < 100000);
  assert_int_equal(kernel_steps(ln_kernels_here()[0], &n, &rules[0], false, 2, 10, 1e-6), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_are_those_of_the_formulas_at_every_size_and_width),
      cmocka_unit_test(wide_layers_take_the_same_steps),
      cmocka_unit_test(avx2_and_avx512_give_the_same_bits),
      cmocka_unit_test(steps_end_where_the_gradient_of_the_map_is_small_enough),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
