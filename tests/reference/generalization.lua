-- Reference values of generalization and random matrices: fn -> the public function, in -> out.

local functions = {}

--- The options of a student and its noisy teacher.
local function student(given, more)
  local options = { alpha = given.alpha, power = given.sw2, noise = given.se2, init_power = given.si2 }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

function functions.times(given)
  return {
    time_to_accuracy = theory.generalization.time_to_accuracy(student(given, { margin = given.eps })),
    time_to_train = theory.generalization.time_to_train(student(given, { left = given.delta })),
  }
end

return functions
