/* lrecord.h: recording observables into Lua values, the same for training, flow and prediction.
 *
 *     recording r = read_recording(&o, "record", &subject, has_test, has_start);   checks the names
 *     complete_subject(L, &r, &subject, task, test, call);       moments and modes, where an observable wants them
 *     push_records(L, &r, &subject, T, call);                    room for T records: all memory of the recording
 *     record(cx, &r, &probe, k, theta);                          measures record k (from 0)
 *     push_recorded(L, &r, net, count);                          a table of the first `count` records
 */
#ifndef LRECORD_H
#define LRECORD_H

#include "lua/ldata.h"
#include "lua/lnetwork.h"
#include "network/probe.h"

#define OBSERVABLES_MAX 32

typedef struct recording {
  size_t n;
  const ln_observable *what[OBSERVABLES_MAX];
  double *data[OBSERVABLES_MAX]; /* curves: T x width; else width x T */
  size_t width[OBSERVABLES_MAX];
  double *row; /* one record of the widest curve */
  size_t records;
  unsigned needs; /* of all of them: ln_need */
  int first;      /* stack index of the first observable's matrix; the row's is behind the last */
} recording;

/* The observables named in option `name`: a list, or what is recorded by default (loss; modes of a linear
 * network; test_loss with a test set). Refuses unknown names with the nearest, and what this network or task
 * does not have. The subject has its network, task and examples; net and task are their stack indices. Pushes a table
 * that must stay as long as the recording. */
recording read_recording(const options *o, const char *name, const ln_subject *subject, int net, int task,
                         bool has_test, bool has_start);
/* Sets what the observables want of the subject: moments in the task and modes of the one at stack index `task`, and the
 * test set at `test`. What it pushes must stay as long as the subject. */
void complete_subject(lua_State *L, const recording *r, ln_subject *subject, int task, int test,
                      const char *call);

void push_records(lua_State *L, recording *r, const ln_subject *subject, size_t records, const char *call);
ln_status record(ln_context *cx, recording *r, ln_probe *probe, size_t k, const double *theta);
/* Pushes a table with a field for each observable, of the first `count` records. */
void push_recorded(lua_State *L, const recording *r, const ln_net *net, size_t count);

/* Option ntk_examples for this task; 0 (all of them) if it is not given. */
size_t option_ntk_examples(const options *o, const ln_task *task);

/* The task at `index`, which must have the network's inputs and outputs. */
const ln_task *fitting_task(lua_State *L, int index, const char *call, const ln_net *net);
/* The same as the plan for this network wants it: with moments and target, if it will use them. */
const ln_task *task_for(lua_State *L, int index, const char *call, const ln_net *net, ln_plan_choice choice);

/* Pushes a list of views of each layer's weights (or biases) in the parameter array `theta`, which lies in
 * the matrix at `root`. */
void push_layer_views(lua_State *L, int root, const ln_net *net, const double *theta, bool biases);

int network_observe(lua_State *L);

#endif
