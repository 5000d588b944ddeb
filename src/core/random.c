#include "core/random.h"

#include <Random123/philox.h>

#include "core/normal.h"

/* The counter of a block of two words: 56 bits of position / 2, above them 8 bits that count rejected
 * attempts (a second attempt needs no further position), then the stream's number. The key is the seed. */
#define ATTEMPT_SHIFT 56
#define ATTEMPTS 256
/* Splits draw from another key than words do, so that no child's seed is a word of its parent. */
#define SPLIT_KEY 0x73706c6974206f66u

__extension__ typedef unsigned __int128 uint128;

typedef struct two_words {
  uint64_t word[2];
} two_words;

static inline two_words philox(uint64_t key, uint64_t low, uint64_t high) {
  philox4x32_ctr_t counter = {{(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)}};
  philox4x32_key_t k = {{(uint32_t)key, (uint32_t)(key >> 32)}};
  philox4x32_ctr_t r = philox4x32_R(10, counter, k);
  return (two_words){{r.v[0] | (uint64_t)r.v[1] << 32, r.v[2] | (uint64_t)r.v[3] << 32}};
}

ln_stream ln_stream_of(uint64_t seed, uint64_t number) { return (ln_stream){.seed = seed, .number = number}; }

ln_stream ln_split(const ln_stream *stream, uint64_t k) {
  two_words child = philox(stream->seed ^ SPLIT_KEY, k, stream->number);
  return ln_stream_of(child.word[0], child.word[1]);
}

static inline uint64_t word_at(const ln_stream *stream, uint64_t position, uint64_t attempt) {
  return philox(stream->seed, (position >> 1) ^ (attempt << ATTEMPT_SHIFT), stream->number)
      .word[position & 1];
}

/* The next n words, two from each block. */
static void next_words(ln_stream *stream, uint64_t *words, size_t n) {
  uint64_t position = stream->position;
  size_t i = 0;
  if (n && (position & 1)) words[i++] = word_at(stream, position, 0);
  for (; i + 2 <= n; i += 2) {
    two_words two = philox(stream->seed, (position + i) >> 1, stream->number);
    words[i] = two.word[0];
    words[i + 1] = two.word[1];
  }
  if (i < n) words[i] = word_at(stream, position + i, 0);
  stream->position += n;
}

uint64_t ln_random_word(ln_stream *stream) { return word_at(stream, stream->position++, 0); }

/* k 2^-53 with k from 1 to 2^53 - 1: the open interval, symmetric about 1/2. k = 0, one word in 2^53, counts
 * as 1. */
static inline double open_unit(uint64_t word) {
  uint64_t k = word >> 11;
  return (double)(int64_t)(k + (k == 0)) * 0x1p-53;
}

double ln_random_uniform(ln_stream *stream) { return open_unit(ln_random_word(stream)); }

double ln_random_normal(ln_stream *stream) {
  uint64_t word = ln_random_word(stream);
  double x;
  ln_normals_of_words(&word, 1, &x);
  return x;
}

/* Lemire 2019: the high half of word * range is uniform on 0 .. range-1 once the low halves that make some
 * results more frequent than others are refused. A range of 2^64 arrives as 0. */
static int64_t integer_of(const ln_stream *stream, uint64_t position, uint64_t word, uint64_t low,
                          uint64_t range) {
  if (range == 0) return (int64_t)word;
  uint128 product = (uint128)word * range;
  if ((uint64_t)product < range) {
    uint64_t refused = -range % range; /* 2^64 modulo range */
    for (uint64_t attempt = 1; (uint64_t)product < refused && attempt < ATTEMPTS; attempt++)
      product = (uint128)word_at(stream, position, attempt) * range;
  }
  return (int64_t)(low + (uint64_t)(product >> 64));
}

int64_t ln_random_integer(ln_stream *stream, int64_t low, int64_t high) {
  uint64_t position = stream->position, word = ln_random_word(stream);
  return integer_of(stream, position, word, (uint64_t)low, (uint64_t)high - (uint64_t)low + 1);
}

/* ---- matrices ---- */

enum { BLOCK = 256 }; /* words at a time: they stay in the first cache */

/* Makes x[0 .. n-1] from the words drawn for them; position, of the first, is for those who need more. */
typedef void (*maker)(const ln_stream *stream, uint64_t position, const uint64_t *word, size_t n,
                      const void *ud, double *x);

static void fill(ln_stream *stream, ln_matrix A, maker make, const void *ud) {
  if (ln_is_dense(A)) A = ln_window(A.data, A.rows * A.cols, 1);
  for (size_t j = 0; j < A.cols; j++)
    for (size_t i = 0; i < A.rows; i += BLOCK) {
      uint64_t word[BLOCK], position = stream->position;
      size_t n = A.rows - i < BLOCK ? A.rows - i : BLOCK;
      next_words(stream, word, n);
      make(stream, position, word, n, ud, &LN_AT(A, i, j));
    }
}

static void make_normals(const ln_stream *stream, uint64_t position, const uint64_t *word, size_t n,
                         const void *ud, double *x) {
  (void)stream, (void)position;
  const double *mean_sd = ud, mean = mean_sd[0], sd = mean_sd[1];
  ln_normals_of_words(word, n, x);
  if (mean != 0 || sd != 1)
    for (size_t i = 0; i < n; i++) x[i] = mean + sd * x[i];
}

void ln_random_normals(ln_stream *stream, ln_matrix A, double mean, double sd) {
  fill(stream, A, make_normals, (double[]){mean, sd});
}

static void make_uniforms(const ln_stream *stream, uint64_t position, const uint64_t *word, size_t n,
                          const void *ud, double *x) {
  (void)stream, (void)position;
  const double *ends = ud, low = ends[0], high = ends[1];
  /* Halves, because high - low may overflow; the sum may round to just outside. */
  double half_low = 0.5 * low, half_width = 0.5 * high - half_low;
  for (size_t i = 0; i < n; i++) {
    double y = 2 * (half_low + half_width * open_unit(word[i]));
    x[i] = y < low ? low : y > high ? high : y;
  }
}

void ln_random_uniforms(ln_stream *stream, ln_matrix A, double low, double high) {
  fill(stream, A, make_uniforms, (double[]){low, high});
}

static void make_integers(const ln_stream *stream, uint64_t position, const uint64_t *word, size_t n,
                          const void *ud, double *x) {
  const uint64_t *low_range = ud, low = low_range[0], range = low_range[1];
  for (size_t i = 0; i < n; i++) x[i] = (double)integer_of(stream, position + i, word[i], low, range);
}

void ln_random_integers(ln_stream *stream, ln_matrix A, int64_t low, int64_t high) {
  fill(stream, A, make_integers, (uint64_t[]){(uint64_t)low, (uint64_t)high - (uint64_t)low + 1});
}

static void make_signs(const ln_stream *stream, uint64_t position, const uint64_t *word, size_t n,
                       const void *ud, double *x) {
  (void)stream, (void)position, (void)ud;
  for (size_t i = 0; i < n; i++) x[i] = 1 - 2 * (double)(int64_t)(word[i] >> 63);
}

void ln_random_signs(ln_stream *stream, ln_matrix A) { fill(stream, A, make_signs, NULL); }

void ln_random_permutation(ln_stream *stream, size_t *order, size_t n) {
  for (size_t i = 0; i < n; i++) order[i] = i;
  for (size_t i = n; i-- > 1;) { /* Fisher and Yates */
    size_t j = (size_t)ln_random_integer(stream, 0, (int64_t)i), last = order[i];
    order[i] = order[j];
    order[j] = last;
  }
}
