/* options.h: the one reader of option tables, for every module.
 *
 *     static const char *const names[] = {"s", "a0", "depth", "t", NULL};
 *     options o = options_read(L, 1, "theory.mode.strength", names);
 *     double s = option_number(&o, "s"), a0 = option_positive(&o, "a0"), depth = option_number_or(&o,
 * "depth", 2);
 *
 * options_read refuses unknown names first, with the nearest known one, so that a misspelt option is never
 * reported as a missing one. Each option_* raises "theory.mode.strength: s must be a number, got nil" with
 * what was expected and what came. Values stay in the table, which keeps strings and matrices alive; what had
 * to be converted is pushed (said below). */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "core/random.h"
#include "lua/binding.h"

typedef struct options {
  lua_State *L;
  int index;        /* of the table; 0: none was given, and every option is absent */
  const char *call; /* the function's name, for messages */
} options;

/* The table at `index`. names ends with a null pointer. */
options options_read(lua_State *L, int index, const char *call, const char *const names[]);
/* The same where the table may be left out (nil or none). */
options options_read_optional(lua_State *L, int index, const char *call, const char *const names[]);

bool option_given(const options *o, const char *name);
int option_push(const options *o, const char *name); /* pushes the raw value (or nil); returns its type */
/* Raises "call: name ..." for a value whose sense only the caller can judge. */
_Noreturn void option_fail(const options *o, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Raises unless at most one of the two is given. */
void option_exclusive(const options *o, const char *name, const char *other);

/* Without _or: required. NaN is refused everywhere, infinity unless said. */
double option_number(const options *o, const char *name); /* any finite number */
double option_number_or(const options *o, const char *name, double otherwise);
double option_positive(const options *o, const char *name); /* > 0, finite */
double option_positive_or(const options *o, const char *name, double otherwise);
double option_nonnegative(const options *o, const char *name); /* >= 0, finite */
double option_nonnegative_or(const options *o, const char *name, double otherwise);
double option_between(const options *o, const char *name, double low,
                      double high); /* low <= x <= high; may be infinite */
double option_between_or(const options *o, const char *name, double low, double high, double otherwise);
lua_Integer option_integer(const options *o, const char *name, lua_Integer low, lua_Integer high);
lua_Integer option_integer_or(const options *o, const char *name, lua_Integer low, lua_Integer high,
                              lua_Integer otherwise);
bool option_flag_or(const options *o, const char *name, bool otherwise);
const char *option_string(const options *o, const char *name);
const char *option_string_or(const options *o, const char *name, const char *otherwise);
/* One of the choices (ends with a null pointer): its index. An unknown one is an error with the nearest and
 * the list. */
int option_choice(const options *o, const char *name, const char *const choices[]);
int option_choice_or(const options *o, const char *name, const char *const choices[], int otherwise);
/* The stream of option `seed` (any whole number; 0 if it is not given) for this purpose. */
ln_stream option_stream(const options *o, enum ln_purpose purpose);
void option_function(const options *o, const char *name); /* pushes a function, or nil if absent */

/* Pushes the matrix (converted from a number, a list or rows if need be) and returns its window; entries must
 * be finite. */
ln_matrix option_matrix(const options *o, const char *name);
ln_matrix option_matrix_sized(const options *o, const char *name, size_t rows, size_t cols);
/* As option_matrix, for a vector (a row or a column): the window is a dense column. */
ln_matrix option_vector(const options *o, const char *name);

/* ---- times: an answer has the shape of its argument ---- */

typedef struct times {
  const double *data; /* n numbers, kept alive by the value that option_times pushed */
  size_t n;
  size_t rows, cols; /* of a matrix */
  enum { TIMES_NUMBER, TIMES_LIST, TIMES_MATRIX } shape;
} times;

/* Any numbers (infinity is allowed, NaN not). Pushes one value. */
times option_numbers(const options *o, const char *name);
/* The same for times, which are >= 0. */
times option_times(const options *o, const char *name);
/* The same as option_numbers from an argument: the value at `index`, which is replaced by what holds the numbers. */
times argument_numbers(lua_State *L, int index, const char *call, const char *name);
/* Pushes a matrix for the n answers, to be filled through the returned pointer ... */
double *push_like_times(lua_State *L, const times *t);
/* ... and turns it, on top of the stack, into what the caller gets: a number, a list or the matrix.
 * Returns 1. */
int pop_like_times(lua_State *L, const times *t);

/* Pushes the choices, one after another. */
const char *push_list(lua_State *L, const char *const choices[]);
/* The choice nearest to a misspelt word (at most a third of its letters differ), or null. */
const char *nearest(const char *word, const char *const choices[]);

#endif
