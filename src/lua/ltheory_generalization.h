/* ltheory_generalization.h: what the functions of theory.generalization read alike.
 *
 * alpha = examples/inputs, or both of them; the teacher's power (1 if not given), and the label noise or snr = power/noise. Test
 * errors include the label noise, excess errors do not. */
#ifndef LTHEORY_GENERALIZATION_H
#define LTHEORY_GENERALIZATION_H

#include "lua/ltheory.h"

#define TEACHER_OPTIONS "alpha", "inputs", "examples", "power", "noise", "snr"

typedef struct teacher {
  double alpha, power, noise; /* noise: the variance of the labels' noise */
  double inputs, examples;    /* 0: not given */
} teacher;

/* All TEACHER_OPTIONS. */
teacher option_teacher(const options *o);
/* Of these: power, and noise or snr. */
void option_power_and_noise(const options *o, double *power, double *noise);
/* Of these: alpha, or inputs and examples. */
void option_alpha(const options *o, teacher *t);
/* A number of units, inputs or examples: whole and >= 1. */
double option_size(const options *o, const char *name);

/* Takes the answers from the top of the stack (push_like_times) and sets them as a field of the table below. */
void put_like_times(lua_State *L, const char *name, const times *t);

#endif
