/* ldata_parts.h: what the files of the data module share. A task is made from a table of its fields, and a
 * task made from another begins with that one's fields. */
#ifndef LDATA_PARTS_H
#define LDATA_PARTS_H

#include "lua/files.h"
#include "lua/ldata.h"

/* The fields a task can have. X and Y are dense matrices whose columns are examples; items, features, classes
 * and input_names lists of strings; labels a column of class numbers from 1; test a task; image {rows, cols}.
 */
#define TASK_FIELDS                                                                                          \
  "X", "Y", "Sxx", "Syx", "mean_x", "mean_y", "tr_yy", "target", "loss_min", "name", "source", "items",      \
      "features", "labels", "classes", "input_names", "image", "test", "teacher", "power", "snr", "noise",   \
      "alpha", "whitening"

/* Replaces the table of fields on top of the stack by the task made from it. The table must hold X and Y, or
 * Sxx, Syx and tr_yy, or both, checked by the caller; mean_x and mean_y where they are known. */
void make_task(lua_State *L);

/* Pushes the fields of a task (the table itself). */
void push_fields(lua_State *L, int index);
/* Pushes a new table with those fields of the task that are named (the list ends with a null pointer). */
void push_some_fields(lua_State *L, int index, const char *const names[]);

/* Pushes outputs x count one-hot columns for these labels (1 .. classes). */
ln_matrix push_one_hot(lua_State *L, const double *labels, size_t count, size_t classes);

/* The place (from 1) of the value at `index` in a task's list of names, "items", "features" or "classes": a
 * name, or already a number up to `count`. */
lua_Integer find_name(lua_State *L, int task, int index, const char *call, const char *list, size_t count);

/* ---- from files (all inside with_release) ---- */

/* Which columns of a table are what; lists of n places from 0, -1 for none. */
typedef struct columns {
  const size_t *inputs, *outputs;
  size_t input_count, output_count;
  long label, items;
  bool one_hot_inputs;  /* an input for each row */
  bool one_hot_outputs; /* an output for each class of the label */
} columns;

/* Pushes the fields of the task that a scanned table holds; the inputs are multiplied by scale. */
void push_table_fields(lua_State *L, const char *name, const ln_csv *table, const columns *use, double scale);
/* Pushes the fields of the task of an IDX file of images and one of labels (null: the outputs are the
 * images). */
void push_idx_fields(lua_State *L, const char *name, const char *images, const char *labels, bool embedded,
                     open_files *files);

/* Parts of the module's table and of the tasks' methods; each list ends with a null name. */
extern const luaL_Reg task_methods[], task_changes[];
extern const luaL_Reg generator_makers[], file_makers[], bundled_makers[];

#endif
