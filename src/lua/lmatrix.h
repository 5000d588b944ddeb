/* lmatrix.h: what the files of the matrix module share. Each file implements one part of the module and lists
 * its names in arrays that end with {NULL, NULL}; lmatrix.c puts them together.
 *
 * *_methods are called as A:name(...), *_functions as matrix.name(...), *_events are metamethods. Methods
 * that change a matrix in place return it. */
#ifndef LMATRIX_H
#define LMATRIX_H

#include "lua/binding.h"

extern const luaL_Reg matrix_view_methods[];        /* lmatrix_view.c: parts of a matrix, single numbers */
extern const luaL_Reg matrix_make_functions[];      /* lmatrix_make.c: new matrices */
extern const luaL_Reg matrix_shape_methods[];       /* lmatrix_shape.c: copies in other shapes */
extern const luaL_Reg matrix_shape_functions[];     /*                  hcat, vcat, kron, outer */
extern const luaL_Reg matrix_arith_methods[];       /* lmatrix_arith.c: sums and products */
extern const luaL_Reg matrix_arith_events[];        /*                  + - * / ^ == */
extern const luaL_Reg matrix_inplace_methods[];     /* lmatrix_inplace.c: axpy, scal, fill, assign, gemm */
extern const luaL_Reg matrix_elementwise_methods[]; /* lmatrix_elementwise.c: exp, gt, map ... */
extern const luaL_Reg matrix_elementwise_functions[];
extern const luaL_Reg matrix_reduce_methods[];  /* lmatrix_reduce.c: sum, max, norm ... */
extern const luaL_Reg matrix_order_methods[];   /* lmatrix_order.c: sort, quantile, histogram ... */
extern const luaL_Reg matrix_print_functions[]; /* lmatrix_print.c: matrix.format */
extern const luaL_Reg matrix_print_events[];    /*                  tostring */
extern const luaL_Reg matrix_linalg_methods[];  /* lmatrix_linalg.c: svd, solve ... */
extern const luaL_Reg matrix_file_methods[];    /* lmatrix_files.c: A:save */
extern const luaL_Reg matrix_file_functions[];  /*                  matrix.load, matrix.save */

/* matrix.load and matrix.save under the name of the call that needs them: errors are errors of that call. */
int load_matrices(lua_State *L, const char *name);
int save_matrices(lua_State *L, const char *name);

/* ---- arguments ---- */

/* The matrix that a method was called on. */
static inline ln_matrix self(lua_State *L, const char *name) { return check_matrix(L, 1, name, "A"); }
/* Argument `index`, a number that may be NaN: arithmetic carries it. */
double any_number(lua_State *L, int index, const char *name, const char *what);
/* Argument `index`, a dimension: 1 (down the columns), 2 (along the rows), or 0 if it was left out. */
int dimension(lua_State *L, int index, const char *name);
/* Argument `index`, numbers in a row, a column or a list: pushes them as a dense column. */
ln_matrix push_vector(lua_State *L, int index, const char *name, const char *what);

static inline bool is_vector(ln_matrix A) { return A.rows == 1 || A.cols == 1; }
static inline size_t count_of(ln_matrix A) { return A.rows * A.cols; }
static inline bool same_shape(ln_matrix A, ln_matrix B) { return A.rows == B.rows && A.cols == B.cols; }
/* Do the two have the same numbers in the same places of memory? */
static inline bool same_window(ln_matrix A, ln_matrix B) {
  return A.data == B.data && same_shape(A, B) && (A.ld == B.ld || A.cols <= 1);
}

#endif
