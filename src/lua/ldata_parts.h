/* ldata_parts.h: what the files of the data module share. A task is made from a table of its fields, and a
 * task made from another begins with that one's fields. */
#ifndef LDATA_PARTS_H
#define LDATA_PARTS_H

#include "lua/files.h"
#include "lua/ldata.h"

/* The fields a task can have. mask, sensors, values, observed (their number), normalisation and Syx are those of
 * observations of the map (data/observed.h). X and Y are dense matrices whose columns are examples; items, features, classes
 * and input_names lists of strings; labels a column of class numbers from 1; test a task; image {rows, cols}; population what a structure says of its tasks (ldata_structured.c).
 */
#define TASK_FIELDS                                                                                          \
  "X", "Y", "Sxx", "Syx", "mean_x", "mean_y", "tr_yy", "target", "loss_min", "name", "source", "items",      \
      "features", "labels", "classes", "input_names", "image", "test", "teacher", "power", "snr", "noise",   \
      "alpha", "whitening", "mask", "sensors", "values", "observed", "normalisation", "population"

/* Replaces the table of fields on top of the stack by the task made from it. The table must hold X and Y, or
 * Sxx, Syx and tr_yy, or both, or observations of the map, checked by the caller; mean_x and mean_y where they are known. */
void make_task(lua_State *L);

/* What a task keeps, whichever of its examples are chosen and whatever is done to their numbers. */
#define TASK_ABOUT                                                                                           \
  "name", "source", "features", "classes", "input_names", "image", "teacher", "power", "snr", "noise"

#define CLASSES_MOST 65536 /* of a task with labels */

/* The task at index 1; raises unless it has examples. */
const ln_task *task_with_examples(lua_State *L, const char *call);
/* Raises for a task that observes entries of the map, which has neither examples nor their moments. */
void refuse_observed(lua_State *L, const ln_task *task, const char *call);
/* Singular values: a vector of numbers >= 0, at most min(inputs, outputs) of them. Pushes it. */
ln_matrix push_singular_values(const options *o, size_t inputs, size_t outputs);
/* The list of `count` names given as option `name`, if it is, as strings, into that field of the fields on top of the stack;
 * `what` says of what they are the names. */
void take_names(const options *o, const char *name, size_t count, const char *what);
/* Pushes task.test of the task at index 1, or nil; returns it, or null. */
const ln_task *push_task_test(lua_State *L);

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

/* For the list of words at the top: labels and classes among the fields at `fields`. Classes that are numbers come
 * first, rising; words follow in the order of their bytes. Returns how many there are. */
size_t set_classes(lua_State *L, const char *name, int fields);
/* Y from the labels among the fields, and features that are the classes. */
void set_one_hot(lua_State *L, int fields, size_t classes);
/* The name of a task from a file: the path without its folder. */
void set_file_name(lua_State *L, int fields, const char *path);

/* Parts of the module's table and of the tasks' methods; each list ends with a null name. */
extern const luaL_Reg task_methods[], task_choices[], task_changes[];
extern const luaL_Reg generator_makers[], structured_makers[], teacher_makers[], observed_makers[],
    table_makers[], file_makers[], bundled_makers[];

#endif
