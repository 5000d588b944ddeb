/* What src/kernels/kernels.h promises of the kernels that do not fuse: the same bits at every width. */
#include "check.h"
#include "core/random.h"

#include <stdlib.h>

enum { COUNT = 1027, ARRAYS = 6 };

/* The arrays of numbers that a kernel works on, and what else it answers. */
typedef struct answers {
  double at[ARRAYS][COUNT], more[2];
} answers;

static void start(answers *a) {
  ln_stream stream = ln_stream_of(5, 0);
  for (int k = 0; k < ARRAYS; k++) ln_random_normals(&stream, ln_window(a->at[k], COUNT, 1), 0, 1);
  for (int k = 0; k < 2; k++) a->more[k] = 0;
}

static void axpy(const ln_kernels *k, size_t n, answers *a) {
  k->axpy(n, 1, 0.3, a->at[0], n, a->at[1], n);
  k->axpy(n / 8, 7, 0.3, a->at[0], n / 7, a->at[1], n / 8);
}
static void scale(const ln_kernels *k, size_t n, answers *a) {
  k->scale(n, 1, 0.3, a->at[0], n);
  k->scale(n / 8, 7, 0.3, a->at[0], n / 7);
}
/* The slope takes the place of the argument. */
#define ACTIVATION(f)                                                                                        \
  static void activation_##f(const ln_kernels *k, size_t n, answers *a) {                                    \
    k->f(n, a->at[0], a->at[1]);                                                                             \
    k->f##_slope(n, a->at[0], a->at[1], a->at[0]);                                                           \
  }
ACTIVATION(linear)
ACTIVATION(relu)
ACTIVATION(leaky_relu)
ACTIVATION(tanh)
ACTIVATION(erf)
ACTIVATION(sigmoid)
ACTIVATION(softplus)
ACTIVATION(hard_tanh)
static void exponentials(const ln_kernels *k, size_t n, answers *a) {
  k->exp(n, a->at[0], a->at[1]);
  k->expm1(n, a->at[0], a->at[0]);
}
static void downhill(const ln_kernels *k, size_t n, answers *a) {
  k->turn_downhill(n, 0.3, a->at[0], a->at[1]);
  k->turn_downhill(n, 0, a->at[0], a->at[2]);
}
static void gd(const ln_kernels *k, size_t n, answers *a) { k->descend_gd(n, 0.1, 0.2, a->at[0], a->at[1]); }
static void momentum(const ln_kernels *k, size_t n, answers *a) {
  k->descend_momentum(n, 0.1, 0.2, 0.9, a->at[0], a->at[1], a->at[2]);
}
static void nesterov(const ln_kernels *k, size_t n, answers *a) {
  k->descend_nesterov(n, 0.1, 0.2, 0.9, a->at[0], a->at[1], a->at[2]);
}
static void adam(const ln_kernels *k, size_t n, answers *a) {
  k->scale(n, 1, 0, a->at[3], n);
  k->descend_adam(n, 0.1, 0.2, 1.5, a->at[0], a->at[1], a->at[2], a->at[3]);
}
static void moment_gradient(const ln_kernels *k, size_t n, answers *a) {
  a->more[0] = k->moment_gradient(n / 5, 5, a->at[0], a->at[1], a->at[2], a->at[1], a->at[3], a->at[4]);
  a->more[1] = k->moment_gradient(n, 1, NULL, a->at[4], a->at[2], a->at[1], a->at[3], a->at[4]);
}
static void masked_gradient(const ln_kernels *k, size_t n, answers *a) {
  a->more[0] = k->masked_gradient(n, a->at[0], a->at[1], a->at[2], 0.3, a->at[3]);
}
static void stages(const ln_kernels *k, size_t n, answers *a) {
  ln_stages these = {4, {0.3, -0.7, 0.1, 0.2}, {a->at[0], a->at[1], a->at[2], a->at[3]}};
  ln_stages those = {2, {0.5, 0.25}, {a->at[2], a->at[1]}};
  k->stage_errors(n, &these, &those, a->at[4], a->at[5], 1e-3, 1e-6, a->more);
  k->add_stages(n, 0.01, a->at[4], &these, a->at[4]);
}

static void every_width_gives_the_same_bits(void **state) {
  (void)state;
  static const struct {
    const char *name;
    void (*run)(const ln_kernels *kernels, size_t n, answers *a);
  } cases[] = {{"axpy", axpy},
               {"scale", scale},
               {"linear", activation_linear},
               {"relu", activation_relu},
               {"leaky_relu", activation_leaky_relu},
               {"tanh", activation_tanh},
               {"erf", activation_erf},
               {"sigmoid", activation_sigmoid},
               {"softplus", activation_softplus},
               {"hard_tanh", activation_hard_tanh},
               {"exponentials", exponentials},
               {"downhill", downhill},
               {"gd", gd},
               {"momentum", momentum},
               {"nesterov", nesterov},
               {"adam", adam},
               {"moment_gradient", moment_gradient},
               {"masked_gradient", masked_gradient},
               {"stages", stages}};
  static answers expected, got;
  static const size_t sizes[] = {0, 1, 7, 8, 63, 64, 65, 511, 513, 1027};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      const ln_kernels *const *here = ln_kernels_here();
      start(&expected);
      cases[c].run(here[0], sizes[s], &expected);
      for (size_t w = 1; here[w]; w++) {
        start(&got);
        cases[c].run(here[w], sizes[s], &got);
        if (memcmp(&expected, &got, sizeof got) != 0)
          fail_msg("%s of %zu numbers: %s and %s differ", cases[c].name, sizes[s], here[0]->name,
                   here[w]->name);
      }
    }
}

static void a_context_has_the_widest_kernels_of_the_processor(void **state) {
  (void)state;
  ln_context cx;
  ln_context_init(&cx, NULL, NULL);
  assert_ptr_equal(cx.kernels, ln_kernels_here()[0]);
  for (const ln_kernels *const *here = ln_kernels_here(); here[1]; here++)
    assert_true(here[0]->lanes == 2 * here[1]->lanes);
}

int main(void) {
  unsetenv("LINNET_KERNELS");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_width_gives_the_same_bits),
      cmocka_unit_test(a_context_has_the_widest_kernels_of_the_processor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
