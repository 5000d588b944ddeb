/* linnet.h: linnet in a C program, the one public header.
 *
 *     linnet_state *S;
 *     if (linnet_open(NULL, &S) != LINNET_OK) ...
 *     if (linnet_dostring(S, text, strlen(text), "=text") != LINNET_OK) puts(linnet_message(S));
 *     linnet_close(S);
 *
 * A linnet_state holds one Lua 5.4 state with linnet's modules in it, its memory and its interrupt flag.
 * linnet has no global state: a program may have any number of them, in any threads, each used by one thread
 * at a time. Only linnet_interrupt may be called from another one. Compile with the flags of `pkg-config
 * linnet`.
 *
 * Beside each function stands, as in Lua's manual, [-o, +p, x]: it pops o values from the Lua stack, pushes
 * p, and raises no Lua error (x is -), only errors of memory (m), errors of its arguments (v) or any error
 * (e). Functions that take a linnet_state never raise and never jump: they return a status. */
#ifndef LINNET_H
#define LINNET_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <lua.h>

#define LINNET_VERSION "0.1.0"
#define LINNET_VERSION_NUM 100 /* 10000 major + 100 minor + release */

#if defined(__GNUC__)
#define LINNET_API extern __attribute__((visibility("default")))
#else
#define LINNET_API extern
#endif

/* ---- status ---- */

/* What a call returns: LINNET_OK, LINNET_ESYNTAX, ... in this order, from 0. A program that wants their names
 * or meanings expands the list once more. */
#define LINNET_STATUS_LIST(X)                                                                                \
  X(OK, "done")                                                                                              \
  X(ESYNTAX, "the Lua text does not parse")                                                                  \
  X(ERUN, "a Lua error")                                                                                     \
  X(EMEMORY, "out of memory")                                                                                \
  X(EINTERRUPT, "interrupted")                                                                               \
  X(ETIME, "over its time limit")                                                                            \
  X(EFLOPS, "over its budget of floating-point operations")                                                  \
  X(EDENIED, "not permitted here")                                                                           \
  X(EFILE, "a file could not be read or written")                                                            \
  X(EARG, "an argument outside what is allowed")                                                             \
  X(ENUMERIC, "a numerical method failed")                                                                   \
  X(EDIVERGED, "diverged")

enum linnet_status {
#define LINNET_STATUS_CONSTANT(name, meaning) LINNET_##name,
  LINNET_STATUS_LIST(LINNET_STATUS_CONSTANT)
#undef LINNET_STATUS_CONSTANT
      LINNET_STATUS_COUNT
};

/* ---- capabilities ----
 * What code in a state may do besides computing. They can be taken away (linnet_restrict), never given back. */

enum linnet_capability {
  LINNET_READ = 1, /* read files, also by linnet's own modules; standard input; io.stdin */
  LINNET_WRITE =
      2, /* write, remove and rename files; io.stdout, io.stderr (io.write goes where print does) */
  LINNET_PROCESS = 4, /* run programs (pictures are drawn by one), end this process, change its locale */
  LINNET_REQUIRE = 8, /* modules in Lua from package.path; without READ: as it was when READ was taken away */
  LINNET_NATIVE = 16, /* modules in C, package.loadlib, and Lua's bytecode, which can do whatever C can */
  LINNET_ENVIRONMENT = 32, /* os.getenv; LUA_PATH and LUA_CPATH when the state is opened */
  LINNET_DEBUG = 64,       /* the debug library but debug.traceback; the metatables of strings and files */
  LINNET_THREADS = 128,    /* more than one thread in linnet's own parallel regions */
  LINNET_NONE = 0,
  LINNET_ALL = 255
};

/* ---- states ---- */

typedef struct linnet_state linnet_state;

/* What a state is opened with. linnet_config_init sets every field to its default; a field that a later
 * version adds keeps its default for a program compiled before. The functions are called on the thread that
 * runs the state and get `ud`; they must return (no longjmp, no C++ exception) and must not use the state. */
typedef struct linnet_config {
  size_t size; /* of this struct: set by linnet_config_init, and by nobody else */

  /* All memory of the state, Lua's and the numerics', comes from here, with the rules of lua_Alloc. Null, the
   * default: realloc and free. Outside of it: OpenBLAS's own buffers, and child processes. */
  lua_Alloc alloc;
  void *alloc_ud;
  /* Bytes that the state may hold at a time; what would exceed it fails as an ordinary Lua error. 0, the
   * default: no limit. */
  size_t max_memory;
  /* Seconds and floating-point operations that an outermost call may take; 0, the default: no limit. Operations of
   * native work are counted before it is done, so that no decomposition begins that the budget does not hold. See
   * linnet_limit. */
  double max_seconds, max_flops;

  /* Capabilities, LINNET_ALL by default. */
  unsigned caps;

  /* Threads that linnet's own parallel regions may use, this one included; 1 by default, at least 1. With more, `alloc`
   * is called from all of them, by one at a time and while the thread that runs the state waits or is one of them.
   * OpenBLAS's thread count is the process's: linnet never sets it, the program may
   * (openblas_set_num_threads). */
  int threads;
  /* Whether linnet_interrupt stops Lua code too, not only native work. It costs pure Lua loops a factor
   * of 1.4 to 2.7 (a count hook is always on), so it is 0 by default. linnet_interrupt_here needs no hook. A limit of
   * time brings the hook with it. */
  int interruptible;
  /* Whether LUA_PATH and LUA_CPATH are ignored, as `lua -E` does; 0 by default. */
  int ignore_environment;

  /* Gets what print (stream 1) and warn (stream 2) write: `size` bytes, not ended by a zero; what one call of
   * print writes comes in one piece. Null, the default: standard output and standard error. io.write does not
   * come here. */
  void (*write)(void *ud, int stream, const char *text, size_t size);
  /* Told now and then how far a long call is: what it does, and a fraction from 0 to 1. Null by default. */
  void (*progress)(void *ud, const char *what, double fraction);
  /* Gives the Lua text of a module that `require` looks for, before files are searched: returns nonzero and sets
   * *text and *size (which must last until the call of linnet that asked has ended), or returns 0. Null by
   * default. */
  int (*find)(void *ud, const char *module, const char **text, size_t *size);
  void *ud;
} linnet_config;

/* Sets all fields to their defaults. */
LINNET_API void linnet_config_init(linnet_config *config);

/* Opens a state with Lua's libraries and linnet's modules as globals, and stores it in *S (null on failure).
 * The config, null for the defaults, is copied. LINNET_EARG: the config was not made by linnet_config_init or
 * has a senseless field; LINNET_EMEMORY. The caller owns the state. */
LINNET_API int linnet_open(const linnet_config *config, linnet_state **S);

/* Runs the finalizers and gives all memory back. Nothing may be running in the state, and no linnet_interrupt
 * may be in flight. Null is allowed. */
LINNET_API void linnet_close(linnet_state *S);

/* The Lua state (its main thread), owned by S: for everything of Lua's own API but lua_close. Code run
 * directly by lua_call or lua_pcall from outside is not interrupted, see linnet_interrupt. */
LINNET_API lua_State *linnet_lua(linnet_state *S);

/* The state that L, the main thread or a coroutine, belongs to; null if neither linnet_open nor linnet_openlibs nor
 * luaopen_linnet made it. [-0, +0, -] */
LINNET_API linnet_state *linnet_of(lua_State *L);

/* Takes away all capabilities that are not in `caps`; returns those that are left. At any time, on the thread that
 * runs S, also by functions that Lua calls. */
LINNET_API unsigned linnet_restrict(linnet_state *S, unsigned caps);

/* LINNET_VERSION as the library was compiled. Any thread. */
LINNET_API const char *linnet_version(void);

/* "base", "v3" or "v4": how wide linnet's own inner loops are, chosen for the processor (on x86-64: SSE2, AVX2, AVX-512);
 * LINNET_KERNELS in the environment, set before the first state is opened, allows none wider than it names. Any thread. */
LINNET_API const char *linnet_kernels(void);

/* ---- in a Lua state of the host's own ----
 * linnet's modules without linnet's state around them: Lua's own functions stay as they are, memory comes from that
 * state's allocator without a limit of ours, errors can be caught, and everything goes with lua_close. linnet_of gives a
 * linnet_state for the functions here but linnet_close; interrupts and limits count inside linnet_call and its
 * relatives. */

/* All modules in one table and no globals, as `require "linnet"` wants it: a lua_CFunction. [-0, +1, e] */
LINNET_API int luaopen_linnet(lua_State *L);

/* All modules as globals, and for `require`. `caps` bounds what linnet's modules may do, not Lua's libraries.
 * [-0, +0, e] */
LINNET_API void linnet_openlibs(lua_State *L, unsigned caps);

/* ---- running ----
 * The three return LINNET_OK with the results on the stack of linnet_lua(S), or another status with one error
 * value there instead. Other statuses than ESYNTAX, EFILE and ERUN are the `code` of linnet's error tables.
 * They may be nested: a C function that Lua called may call them. As always in Lua, the caller sees to it
 * that the stack has room for what is pushed. */

/* Runs `size` bytes of Lua text (never bytecode). `name` is for messages: "=text" shows as text, "@a.lua" as
 * the file a.lua. All results are pushed. [-0, +(*|1), -] */
LINNET_API int linnet_dostring(linnet_state *S, const char *text, size_t size, const char *name);

/* The same for a file of Lua text; null is standard input. LINNET_EFILE if it cannot be read. [-0, +(*|1), -]
 */
LINNET_API int linnet_dofile(linnet_state *S, const char *path);

/* Calls a function with nargs arguments, both pushed before as for lua_pcall; nresults may be LUA_MULTRET.
 * Where the outermost call ends, however it does, interrupts are forgotten and work space is given back.
 * [-(nargs + 1), +(nresults|1), -] */
LINNET_API int linnet_call(linnet_state *S, int nargs, int nresults);

/* What went wrong in the last call that failed, with a traceback; "" if none did. Owned by S and valid until
 * its next call of linnet_dostring, linnet_dofile, linnet_call or linnet_close. */
LINNET_API const char *linnet_message(const linnet_state *S);

/* ---- interrupts ---- */

/* Ends what runs in S: native work at its next step, Lua code if the state is `interruptible`. Callable from
 * any thread and from signal handlers. It stays in effect until the outermost running call has ended, and
 * does nothing when nothing runs; pcall, xpcall and coroutines let it pass, and __close metamethods have a
 * short time to clean up. The call returns LINNET_EINTERRUPT, and the state is as usable as before. One BLAS
 * or LAPACK call, one C function such as string.find, and a finalizer (__gc) are not stopped, only what
 * follows them. */
LINNET_API void linnet_interrupt(linnet_state *S);

/* The same, for a signal handler that runs on the thread that runs S, and only there: stops Lua code in any
 * state, also inside coroutines. */
LINNET_API void linnet_interrupt_here(linnet_state *S);

/* ---- limits ----
 * A call over its time or its budget ends as an interrupted one does: nothing in Lua can catch it, and it returns
 * LINNET_ETIME or LINNET_EFLOPS; the next call begins anew. */

/* Sets max_seconds and max_flops from the next outermost call on. Limits of time should be there before code that is
 * not trusted runs for the first time. LINNET_EARG: negative or NaN. */
LINNET_API int linnet_limit(linnet_state *S, double seconds, double flops);

typedef struct linnet_usage {
  size_t memory, peak; /* bytes that the state holds, and held at most */
  double seconds;      /* that calls have run, on the clock */
  double flops;        /* that native work was counted as */
} linnet_usage;

/* What the state has used since it was opened. */
LINNET_API linnet_usage linnet_stats(const linnet_state *S);

/* ---- matrices ---- */

/* A borrowed window on a matrix of float64, by columns: entry (i, j), from 0, is data[i + j * ld]. */
typedef struct linnet_matrix {
  double *data;
  ptrdiff_t rows, cols, ld;
} linnet_matrix;

/* The matrix at index i without a copy: its numbers may be read and written and stay where they are as long
 * as the Lua value is reachable. 0, and *A unchanged, if the value is no matrix. [-0, +0, -] */
LINNET_API int linnet_tomatrix(lua_State *L, int i, linnet_matrix *A);

/* The same for argument `arg` of a C function: raises "bad argument ... (matrix expected, got ...)". [-0, +0,
 * v] */
LINNET_API void linnet_checkmatrix(lua_State *L, int arg, linnet_matrix *A);

/* Pushes a new matrix and returns its numbers, 64-byte aligned, without gaps (ld = rows) and not set yet:
 * fill them in place. They never move and belong to the Lua value. Raises if a size is negative or too large.
 * [-0, +1, v] */
LINNET_API double *linnet_newmatrix(lua_State *L, ptrdiff_t rows, ptrdiff_t cols);

/* Pushes a matrix of the host's own numbers, without a copy: scripts read and write them where they are. They must
 * stay there until release(ud) is called, once: when no Lua value uses them any longer, when the state is closed, or
 * here before an error is raised. release may be null, and must not use the state. Raises if the window makes no sense
 * (a negative size, ld < rows, no data), and for want of memory. [-0, +1, v] */
LINNET_API void linnet_pushforeign(lua_State *L, const linnet_matrix *A, void (*release)(void *ud), void *ud);

/* ---- extending ----
 * Activations, starts, observables and solutions written in C, from a host or from a module that `require` loads. Each is
 * checked and added under its name as one in Lua is (docs/extending.md), to network.activations, network.inits,
 * network.observables or theory.solutions of the state, and an error is raised as there. The structs are copied; the strings
 * and `ud` must outlast the state. The functions compute and return: they call nothing of Lua's or linnet's API but
 * linnet_poll and linnet_charge, keep no pointer that they are given, and do not longjmp. The windows are valid during the
 * call, and only to be read unless said otherwise. Where a status is returned, any but LINNET_OK ends the call that asked
 * with an error. */

/* Raises unless the library that runs is of the version that the module was compiled with. First thing in a module.
 * [-0, +0, e] */
LINNET_API void linnet_checkversion_(lua_State *L, int version);
#define linnet_checkversion(L) linnet_checkversion_(L, LINNET_VERSION_NUM)

typedef struct linnet_activation {
  const char *name, *doc;
  /* y[i] = f(x[i]) and d[i] = f'(x[i]) for n numbers; at a kink f' from the left. */
  void (*f)(void *ud, const double *x, double *y, size_t n);
  void (*df)(void *ud, const double *x, double *d, size_t n);
  void *ud;
} linnet_activation;
LINNET_API void linnet_addactivation(lua_State *L, const linnet_activation *activation);

/* A network: W[l] is layer l from 0, sizes[l + 1] x sizes[l]; biases[l].data is null without biases. */
typedef struct linnet_net {
  size_t depth;
  const size_t *sizes;
  const linnet_matrix *W, *biases;
  const char *const *activation;
} linnet_net;

/* A task: X and Y (inputs and outputs x examples) have no data where only moments are known, and Sxx, Syx none where entries
 * of the map are observed. */
typedef struct linnet_task {
  size_t inputs, outputs, examples;
  linnet_matrix X, Y, Sxx, Syx;
  double tr_yy;
} linnet_task;

typedef struct linnet_init {
  const char *name, *doc;
  /* Fills the windows W[l], sizes[l + 1] x sizes[l] without gaps. normal(stream) and uniform(stream) draw from the seed's
   * stream. */
  int (*fill)(void *ud, size_t depth, const size_t *sizes, linnet_matrix *W, double (*normal)(void *stream),
              double (*uniform)(void *stream), void *stream);
  void *ud;
} linnet_init;
LINNET_API void linnet_addinit(lua_State *L, const linnet_init *init);

typedef struct linnet_observable {
  const char *name, *doc;
  /* How large the value is: 1 x 1 a number, K x 1 a curve each, else a matrix. */
  void (*shape)(void *ud, const linnet_net *net, const linnet_task *task, size_t *rows, size_t *cols);
  int (*eval)(void *ud, const linnet_net *net, const linnet_task *task, double *value); /* by columns */
  void *ud;
} linnet_observable;
LINNET_API void linnet_addobservable(lua_State *L, const linnet_observable *observable);

typedef struct linnet_solution {
  const char *name, *source;
  int exact; /* a closed form? */
  /* How far the network and the task are from what the solution assumes, relative: 0 if it holds, infinity if it makes no sense
   * for them. *why names the assumption. */
  double (*distance)(void *ud, const linnet_net *net, const linnet_task *task, const char **why);
  /* The layers at the time t into W, each without gaps. */
  int (*weights)(void *ud, const linnet_net *net, const linnet_task *task, double t, linnet_matrix *W);
  void *ud;
} linnet_solution;
LINNET_API void linnet_addsolution(lua_State *L, const linnet_solution *solution);

/* For functions that a module gives to Lua: */

/* Pushes work space, 64-byte aligned and not cleared; popping it gives it back. [-0, +1, m] */
LINNET_API void *linnet_scratch(lua_State *L, size_t bytes);
/* In a loop that can run long: LINNET_OK, or why it must end (LINNET_EINTERRUPT, LINNET_ETIME), for linnet_raise. */
LINNET_API int linnet_poll(linnet_state *S);
/* Before work of so many floating-point operations: the same, or LINNET_EFLOPS. */
LINNET_API int linnet_charge(linnet_state *S, double flops);
/* Raises an error with the place of the Lua code that called: a string for LINNET_ERUN and LINNET_EARG, else a table with the
 * status as its `code`. The format is that of lua_pushfstring. Does not return. [-0, +0, e] */
LINNET_API int linnet_raise(lua_State *L, int status, const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
