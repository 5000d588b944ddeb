/* random.h: counter-based random streams on Philox 4x32-10 (Salmon et al. 2011, Random123).
 *
 * A stream is a seed, a stream number and a position. The draw at a position is a function of those three
 * alone: the same bits on every machine, for any number of threads and any order of calls. Normals come from
 * the inverse normal distribution function (Wichura 1988, AS 241) on a logarithm made of +, -, *, / and sqrt
 * only. */
#ifndef LN_RANDOM_H
#define LN_RANDOM_H

#include <stdint.h>

#include "core/matrix.h"

typedef struct ln_stream {
  uint64_t seed, number;
  uint64_t position; /* 64-bit words drawn so far */
} ln_stream;

ln_stream ln_stream_of(uint64_t seed, uint64_t number);

/* The streams of what draws from a seed of its own accord. Each has one to itself, out of the way of the small numbers that
 * a user's streams have: a network, its teacher and a user's stream of the same seed share no draws. */
enum ln_purpose {
  LN_FOR_WEIGHTS = 1 << 30,
  LN_FOR_TEACHER,
  LN_FOR_SPECTRUM,
  LN_FOR_SPLIT,
  LN_FOR_LABELS,
  LN_FOR_NOISE,
  LN_FOR_BATCHES,
  LN_FOR_OBSERVED,
  LN_FOR_STRUCTURE,
};
/* A stream of its own for part k of a job, whatever has been drawn from the parent: its seed and number
 * are 128 bits of their own. */
ln_stream ln_split(const ln_stream *stream, uint64_t k);

/* Each of these draws takes one position, each number of the matrices below too. */
uint64_t ln_random_word(ln_stream *stream);
double ln_random_uniform(ln_stream *stream); /* 0 < u < 1, 53 bits */
double ln_random_normal(ln_stream *stream);
/* low <= x <= high, each equally likely; any low <= high. */
int64_t ln_random_integer(ln_stream *stream, int64_t low, int64_t high);

/* Fill a matrix down its columns. */
void ln_random_normals(ln_stream *stream, ln_matrix A, double mean, double sd);
void ln_random_uniforms(ln_stream *stream, ln_matrix A, double low, double high); /* low <= x <= high */
void ln_random_integers(ln_stream *stream, ln_matrix A, int64_t low, int64_t high);
void ln_random_signs(ln_stream *stream, ln_matrix A); /* -1 or 1 */

/* Haar-distributed: orthonormal columns if A is tall, orthonormal rows if it is wide (Stewart 1980). A's
 * content is undefined after an error, but then nothing has been drawn. */
ln_status ln_random_orthogonal(ln_context *cx, ln_stream *stream, ln_matrix A);
/* A random order of 0 .. n-1, each equally likely; n-1 positions. */
void ln_random_permutation(ln_stream *stream, size_t *order, size_t n);

#endif
