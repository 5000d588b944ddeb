-- Jobs that train networks, and one that follows the gradient flow. Seconds are those of the run, with the plan it
-- makes and the records it takes; moments are there before it, but for W3a, W3b and W3c.

local clock = require "clock"

local jobs = {}

local SEED = 7

local function number(x) return matrix { x } end

--- Adds what a run needs to the input: the layers W1, W2, ..., rate and steps.
local function with(input, net, rate, steps)
  for l = 1, net.depth do
    input["W" .. l] = net.weights[l]
    if net.bias then input["b" .. l] = net.biases[l] end
  end
  input.rate, input.steps = number(rate), number(steps)
  return input
end

--- The network of an input; its hidden units' activation is linear if none is given.
local function network_of(a, activation)
  local layers = { activation = activation }
  while a["W" .. #layers + 1] do layers[#layers + 1] = a["W" .. #layers + 1] end
  if a.b1 then
    layers.biases = {}
    for l = 1, #layers do layers.biases[l] = a["b" .. l] end
  end
  return network.from(layers)
end

--- The figures of a training run on this task: seconds, and the losses (above the modes, if they are recorded).
local function train(a, task, activation, record, more)
  local net, run = network_of(a, activation), nil
  local options = { task = task, rate = a.rate:item(), steps = math.tointeger(a.steps:item()), record = record,
    progress = false }
  for name, value in pairs(more or {}) do options[name] = value end
  local seconds = clock.once(function() run = net:train(options) end)
  return seconds, #record > 1 and matrix.hcat(run.loss, run.modes) or run.loss
end

--- A task's moments and modes, so that the peer starts from the same.
local function moments_of(task)
  local U, _, V = task:svd()
  return { X = task.X, Y = task.Y, Sxx = task.Sxx, Syx = task.Syx, tr_yy = number(task.tr_yy), U = U, V = V }
end

-- ---- linear, on moments ----

local function white_task()
  return data.spectrum { s = matrix.linspace(0.25, 4, 16), inputs = 16, outputs = 16, seed = SEED }
end

local function train_on_moments(record)
  return function(a)
    local task = data.task { Sxx = a.Sxx, Syx = a.Syx, tr_yy = a.tr_yy:item() }
    task:svd()
    return train(a, task, nil, record)
  end
end

jobs.W1a = {
  input = function()
    local task = white_task()
    local net = network.new { task = task, hidden = 16, scale = 0.01, seed = SEED }
    return with(moments_of(task), net, 1e-3, 100000)
  end,
  run = train_on_moments { "loss", "modes" },
}

jobs.W1b = {
  input = function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 8, scale = 0.01, seed = SEED }
    return with(moments_of(task), net, 0.01, 100000)
  end,
  run = train_on_moments { "loss", "modes" },
}

jobs.W2 = {
  input = function()
    local r = random.stream(SEED)
    local X = r:normal(32, 32, 0, 1 / math.sqrt(32)) * r:normal(32, 64)
    local task = data.task { X = X, Y = r:orthogonal(32) * X }
    local net = network.new { sizes = { 32, 32, 32, 32, 32, 32 }, init = "orthogonal", gain = 0.9, seed = SEED }
    return with(moments_of(task), net, 0.01, 10000)
  end,
  run = train_on_moments { "loss" },
}

--- An ensemble, whose networks stand side by side in W1 and W2; seconds are seconds_of(run, processor time).
local function train_ensemble(seconds_of)
  return function(a)
    local task = data.task { Sxx = matrix.eye(20), Syx = a.Syx, tr_yy = a.tr_yy:item() }
    local ens, losses, run = network.ensemble { count = a.W1.cols // 20, sizes = { 20, 20, 20 } }, {}, nil
    for i, net in ipairs(ens) do
      net.weights[1] = a.W1:colrange(20 * i - 19, 20 * i)
      net.weights[2] = a.W2:colrange(20 * i - 19, 20 * i)
    end
    local seconds = clock.once(function()
      run = ens:train { task = task, rate = a.rate:item(), steps = math.tointeger(a.steps:item()),
        record = { "loss" }, progress = false }
    end)
    for i = 1, run.count do losses[i] = run[i].loss end
    return seconds_of(run, seconds), matrix.hcat(table.unpack(losses))
  end
end

jobs.W4 = {
  input = function()
    local task = data.spectrum { s = matrix.linspace(0.25, 4, 20), inputs = 20, outputs = 20, seed = SEED }
    local ens = network.ensemble { count = 100, sizes = { 20, 20, 20 }, scale = 0.1, seed = SEED }
    local first, second = {}, {}
    for i, net in ipairs(ens) do first[i], second[i] = net.weights[1], net.weights[2] end
    return { Syx = task.Syx, tr_yy = number(task.tr_yy), rate = number(0.01), steps = number(10000),
      W1 = matrix.hcat(table.unpack(first)), W2 = matrix.hcat(table.unpack(second)) }
  end,
  run = train_ensemble(function(_, seconds) return seconds end),
}

jobs.W4_2T = { input = jobs.W4.input, run = train_ensemble(function(run) return run.seconds end) }

--- The script that a user writes without net:train.
jobs.script = {
  input = jobs.W1a.input,
  run = function(a)
    local W1, W2, S, rate = a.W1, a.W2, a.Syx, a.rate:item()
    local function steps(n)
      for _ = 1, n do
        local E = S - W2 * W1
        local D1, D2 = W2:tmul(E), E:mult(W1)
        W1, W2 = W1 + rate * D1, W2 + rate * D2
      end
    end
    local seconds = clock.each(steps)
    W1, W2 = a.W1, a.W2
    steps(1000)
    return seconds, W2 * W1
  end,
}

-- ---- Fashion-MNIST ----

local FASHION = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"

local function fashion_net()
  return network.new { sizes = { 784, 512, 10 }, scale = 0.01, seed = SEED }
end

--- Moments and training, of a task that holds examples only.
local function train_from_examples(task, a)
  local net, run = network_of(a), nil
  local seconds = clock.once(function()
    run = net:train { task = task, rate = a.rate:item(), steps = math.tointeger(a.steps:item()),
      record = { "loss" }, every = math.tointeger(a.steps:item()), progress = false }
  end)
  local W = net:product()
  return seconds, matrix.vcat(run.loss, W:reshape(W.rows * W.cols, 1))
end

jobs.W3a = {
  input = function()
    local file = io.open(FASHION)
    if not file then return nil, "the Debian package dataset-fashion-mnist" end
    file:close()
    return with({}, fashion_net(), 0.005, 1000)
  end,
  run = function(a) return train_from_examples(data.fashion { full = true, size = 28 }, a) end,
}

jobs.W3a_steps = {
  input = jobs.W3a.input,
  run = function(a)
    local task = data.fashion { full = true, size = 28 }
    local _ = task.Sxx
    return train_from_examples(task, a)
  end,
}

jobs.W3b = {
  input = function()
    local task = data.fashion { size = 28 }
    return with({ X = task.X, Y = task.Y }, fashion_net(), 0.005, 1000)
  end,
  run = function(a) return train_from_examples(data.task { X = a.X, Y = a.Y }, a) end,
}

jobs.W3c = {
  input = function()
    local r = random.stream(SEED)
    local X = r:normal(32, 32, 0, 1 / math.sqrt(32)) * r:normal(32, 2000)
    local Y = r:normal(8, 32, 0, 1 / math.sqrt(32)) * X + r:normal(8, 2000, 0, 0.1)
    local net = network.new { sizes = { 32, 4096, 8 }, scale = 0.01, seed = SEED }
    return with({ X = X, Y = Y }, net, 0.01, 10000)
  end,
  run = jobs.W3b.run,
}

-- ---- nonlinear ----

--- Losses of a small network with biases under full-batch descent with momentum.
local function small_network(activation)
  return {
    input = function()
      local X = random.stream(SEED):normal(10, 200)
      local teacher = network.new { sizes = { 10, 5, 1 }, activation = "tanh", gain = 2, seed = SEED + 1 }
      local net = network.new { sizes = { 10, 100, 1 }, activation = activation, bias = true, seed = SEED }
      return with({ X = X, Y = teacher:forward(X) }, net, 0.002, 10000)
    end,
    run = function(a)
      return train(a, data.task { X = a.X, Y = a.Y }, activation, { "loss" }, { optimizer = "momentum" })
    end,
  }
end

jobs.W5a = small_network "tanh"
jobs.W5r = small_network "relu"

local BATCHES_STREAM = (1 << 30) + 6 -- of the seed: the stream that net:train draws the order from

--- One epoch in batches of 128, in the same order on both sides.
jobs.W5b = {
  input = function()
    local file = io.open(FASHION)
    if not file then return nil, "the Debian package dataset-fashion-mnist" end
    file:close()
    local net = network.new { sizes = { 784, 256, 10 }, activation = "tanh", bias = true, seed = SEED }
    return with({ order = random.stream(SEED, BATCHES_STREAM):permutation(60000) }, net, 0.01, 468)
  end,
  run = function(a)
    local task, net = data.fashion { full = true, size = 28 }, network_of(a, "tanh")
    task.X:sum() -- which reads the images
    local seconds = clock.once(function()
      net:train { task = task, rate = a.rate:item(), steps = 468, batch = 128, seed = SEED, every = 468,
        record = { "norms" }, progress = false }
    end)
    return seconds, net.weights[1]
  end,
}

-- ---- gradient flow ----

--- Beside the exact modes both sides err by 5e-10 at most: linnet at a tolerance of 1e-8, SciPy, whose states between
--- two steps err far more than its steps, at 1e-13.
jobs.flow = {
  input = function()
    local task = white_task()
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-4, seed = SEED }
    local input = with(moments_of(task), net, 0, 0)
    input.times = matrix.linspace(0, 100, 201)
    return input
  end,
  run = function(a)
    local task = data.task { Sxx = a.Sxx, Syx = a.Syx, tr_yy = a.tr_yy:item() }
    task:svd()
    local net, run = network_of(a), nil
    local seconds = clock.once(function()
      run = net:flow { task = task, times = a.times, tolerance = 1e-8, record = { "modes" } }
    end)
    return seconds, run.modes
  end,
}

-- ---- closed forms ----

--- Two balanced layers of 64, nowhere aligned with the task, from small to learned: s t up to 19.
local function balanced_input()
  local s, times = matrix.linspace(0.25, 4, 64), matrix.linspace(0, 19 / 4, 200)
  local task = data.spectrum { s = s, inputs = 64, outputs = 64, seed = SEED }
  local net = network.new { task = task, hidden = 64, init = "balanced", scale = 0.01, seed = SEED }
  local input = with(moments_of(task), net, 0, 0)
  input.times, input.X, input.Y = times, nil, nil
  return input
end

--- The maps of a job at its first `count` times, below each other.
local function solve_balanced(count)
  return function(a)
    local layers, maps = { a.W1, a.W2 }, nil
    local seconds = clock.each(function(n)
      for _ = 1, n do maps = theory.riccati.product { weights = layers, Sxx = a.Sxx, Syx = a.Syx, t = a.times } end
    end)
    return seconds, matrix.vcat(table.unpack(maps, 1, count))
  end
end

jobs.W7 = { input = balanced_input, run = solve_balanced(200) }
jobs.W7_chol = { input = balanced_input, run = solve_balanced(60) }

--- The modes alone; the solution has been chosen.
jobs.W7_modes = {
  input = balanced_input,
  run = function(a)
    local task = data.task { Sxx = a.Sxx, Syx = a.Syx, tr_yy = a.tr_yy:item() }
    task:svd()
    local pred = theory.predict { net = network_of(a), task = task, times = { 0 }, record = { "modes" },
      solution = "riccati" }
    local again
    local seconds = clock.each(function(n)
      for _ = 1, n do again = pred:at(a.times) end
    end)
    return seconds, again.modes
  end,
}

return jobs
