-- Reference values of exact dynamics: fn -> the public function, in -> out.

--- W1, W2, ... (or another letter) of a case as a list.
local function layers_of(given, letter)
  local weights, name = {}, letter or "W"
  while given[name .. #weights + 1] do weights[#weights + 1] = matrix(given[name .. #weights + 1]) end
  return weights
end

local function named_layers(weights)
  local out = {}
  for l, W in ipairs(weights) do out["W" .. l] = W end
  return out
end

local function shallow_problem(given, more)
  local problem = { W0 = matrix(given.W0), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx) }
  problem.weight_decay = given.decay
  for name, value in pairs(more) do problem[name] = value end
  return problem
end

local functions = {}

function functions.shallow(given)
  return { W = theory.shallow.flow(shallow_problem(given, { t = given.t })) }
end

function functions.shallow_gd(given)
  return { W = theory.shallow.descent(shallow_problem(given, {
    rate = given.rate, steps = given.steps, momentum = given.momentum })) }
end

functions.shallow_momentum = functions.shallow_gd

function functions.mode_equal(given)
  return { u = theory.mode.strength {
    s = given.s, a0 = given.u0, rho = given.rho, depth = given.D, t = given.t } }
end

function functions.mode_equal_hit(given)
  return { t = theory.mode.time {
    s = given.s, a0 = given.u0, rho = given.rho, depth = given.D, strength = given.u } }
end

function functions.mode_infinite(given)
  return { u = theory.mode.strength {
    s = given.s, a0 = given.u0, rho = given.rho, depth = math.huge, depth_time = given.T } }
end

function functions.mode_pair(given)
  local pair = theory.mode.pair { w1 = given.w1, w2 = given.w2, s = given.s, rho = given.rho, t = given.t }
  return { w1 = pair.w1, w2 = pair.w2, u = pair.strength }
end

function functions.mode_pair_hit(given)
  return { t = theory.mode.pair_time {
    w1 = given.w1, w2 = given.w2, s = given.s, rho = given.rho, strength = given.u } }
end

function functions.decoupled(given)
  local solution = theory.mode.decoupled {
    weights = layers_of(given), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx), t = given.t }
  return named_layers(solution.weights)
end

--- A problem of a deep network: its weights and the task's moments.
local function network_problem(given, more)
  local problem = { weights = layers_of(given), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx) }
  for name, value in pairs(more or {}) do problem[name] = value end
  return problem
end

function functions.end_to_end(given)
  return { dW = theory.balanced.velocity {
    W = matrix(given.W), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx), depth = given.D } }
end

function functions.hessian(given)
  return { eigenvalues = theory.stability.spectrum(network_problem(given)) }
end

function functions.max_rate(given) return theory.stability.max_rate(network_problem(given)) end

function functions.sgd_moments(given)
  return theory.shallow.minibatch {
    X = matrix(given.X), y = given.y, w0 = given.w0, rate = given.rate, batch = given.batch, steps = given.steps }
end

function functions.ntk(given)
  local weights, X, Y = layers_of(given), matrix(given.X), matrix(given.Y)
  return {
    kernel = theory.ntk.kernel { weights = weights, X = X },
    norm = theory.ntk.norm { weights = weights, X = X },
    alignment = theory.ntk.alignment { weights = weights, X = X, Y = Y },
    distance = theory.ntk.distance { weights = weights, other = layers_of(given, "Z"), X = X },
  }
end

--- A task of given moments. What |y|^2 is beyond what the inputs explain moves no weight.
local function moments_of(given)
  local Sxx, Syx = matrix(given.Sxx), matrix(given.Syx)
  return data.task { Sxx = Sxx, Syx = Syx, tr_yy = 1 + 2 * math.abs((Syx * Sxx:pinv()):dot(Syx)) }
end

function functions.gradient(given)
  local task, net = data.task { X = matrix(given.X), Y = matrix(given.Y) }, network.from(layers_of(given))
  local out = { Sxx = task.Sxx, Syx = task.Syx, trSyy = task.tr_yy, loss = net:loss(task) }
  for l, G in ipairs((net:gradient(task))) do out["G" .. l] = G end
  return out
end

function functions.descend(given)
  local run = network.from(layers_of(given)):train {
    task = moments_of(given), rate = given.rate, steps = given.steps, weight_decay = given.decay,
    momentum = given.momentum or 0, record = "loss" }
  return named_layers(run.net.weights)
end

function functions.flow(given)
  local run = network.from(layers_of(given)):flow {
    task = moments_of(given), times = { given.t }, weight_decay = given.decay, tolerance = 1e-12, record = "loss" }
  return named_layers(run.net.weights)
end

--- The layers of a case after gradient flow on a task, integrated.
local function flown(given, task)
  local net = network.from(layers_of(given))
  net:flow { task = task, times = { given.t }, tolerance = 1e-12 }
  local out = {}
  for l = 1, net.depth do out["W" .. l] = net.weights[l] end
  return out
end

function functions.completion(given)
  return flown(given, data.completion { Y = given.Y, mask = given.mask })
end

function functions.sensing(given)
  local sensors = {}
  for k, A in ipairs(given.sensors) do sensors[k] = matrix(A) end
  return flown(given, data.sensing { sensors = sensors, values = given.values })
end

function functions.balance_class(given)
  return theory.riccati.class { weights = layers_of(given) }
end

local function balanced_problem(given, more)
  local c, inputs = given.c or 1, #given.W1[1]
  local problem = {
    weights = layers_of(given), Sxx = c * matrix.eye(inputs), Syx = matrix(given.Syx),
    lambda = given.lambda, kappa = given.kappa, weight_decay = given.decay,
  }
  for name, value in pairs(more) do problem[name] = value end
  return problem
end

local function blocks(r) return { C = r.product, A = r.inputs, B = r.outputs } end

function functions.riccati(given)
  return blocks(theory.riccati.representations(balanced_problem(given, { t = given.t })))
end

function functions.riccati_limit(given)
  return blocks(theory.riccati.limit(balanced_problem(given, {})))
end

return functions
