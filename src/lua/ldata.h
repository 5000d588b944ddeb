/* ldata.h: tasks as Lua values. A task is a userdata that holds an ln_task; its matrices, names and further
 * fields live in the table of its user value 1, and the windows of the ln_task point into them. */
#ifndef LDATA_H
#define LDATA_H

#include "data/task.h"
#include "lua/options.h"

#define TASK_TYPE "linnet.Task"

const ln_task *check_task(lua_State *L, int index, const char *name, const char *what);
/* The task whose method `call` ("task:split") is: argument 1. */
const ln_task *task_self(lua_State *L, const char *call);
/* check_task with has_moments (has_target) set: computed when first asked for and kept in the task. The pointer
 * stays valid while the task is reachable. */
const ln_task *task_with_moments(lua_State *L, int index, const char *name);
const ln_task *task_with_target(lua_State *L, int index, const char *name);
/* Pushes U, s (a column) and V of task:svd(), computed once and kept: not to be written to. */
void push_task_modes(lua_State *L, int index, const char *name);

#endif
