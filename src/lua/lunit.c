#include "lua/lunit.h"

#include "lua/lregistry.h"

ln_unit option_unit(const options *o) {
  double scale = option_positive_or(o, "scale", 1);
  const char *const *names = push_activation_names(o->L);
  const char *name = names[option_choice(o, "activation", names)];
  const ln_activation *activation = find_activation(o->L, name);
  push_keeper(o->L, activation);
  return ln_unit_of(activation, scale);
}
