-- net:pretrain: layers as encoders of linear autoencoders, one after the other.

--- Outputs that are components first .. first + 3 of 16 inputs with variances 1/sqrt(k), rotated.
local function task_on(first, seed)
  local V = random.stream(seed, 1):orthogonal(16)
  local Sxx = V * matrix.diag(matrix.range(1, 16):pow(-0.5)) * V.T
  local W = random.stream(seed, 2):orthogonal(4) * V:colrange(first, first + 3).T
  return data.task { Sxx = Sxx, Syx = W * Sxx, tr_yy = (W * Sxx):mult(W):trace() }, V
end

local function pretrained(task, width, seed)
  local net = network.new { task = task, hidden = width, depth = 5, scale = 1e-3, seed = seed }
  local last = net.weights[5]:copy()
  local runs = net:pretrain { task = task, rate = 0.2, steps = 4000, seed = seed }
  assert.is_true(net.weights[5] == last)
  return net, runs
end

local function steps_to_tune(net, task)
  local run = net:train { task = task, rate = 0.1, steps = 5000, every = 1, stop_at = { loss = 0.05 * net:loss(task) } }
  return run.steps[#run.steps]
end

describe("net:pretrain", function()
  it("makes layers that are orthogonal on the largest components and cut off the others", function()
    local task, V = task_on(1, 1)
    local net, runs = pretrained(task, 8, 1)
    local below = network.from { net.weights[1], net.weights[2], net.weights[3], net.weights[4] }:product()
    assert.close(below:tmul(below), V:colrange(1, 8):mult(V:colrange(1, 8)), 2e-3)
    for l = 2, 4 do assert.close(net.weights[l]:tmul(net.weights[l]), matrix.eye(8), 1e-3) end
    assert.equal(4, #runs)
    for l = 1, 4 do
      local run = runs[l]
      local left = l == 1 and matrix.range(9, 16):pow(-0.5):sum() / 2 or 0
      assert.close(run.loss[#run.loss], left, 1e-5)
      for k = 1, 8 do assert.close(run.modes:get(#run.t, k), 1, 1e-5) end
    end
  end)

  it("makes fine tuning fast, where the task uses what is kept", function()
    for seed = 1, 3 do
      local task = task_on(1, seed)
      assert.equal(11, steps_to_tune(pretrained(task, 8, seed), task))
      assert.is_true(steps_to_tune(network.new { task = task, hidden = 8, depth = 5, gain = 0.5, seed = seed }, task) > 150)
      task = task_on(10, seed)
      local narrow, wide = steps_to_tune(pretrained(task, 8, seed), task), steps_to_tune(pretrained(task, 16, seed), task)
      assert.is_true(narrow > 500)
      assert.is_true(wide < 30)
    end
  end)

  it("passes examples through layers that moments cannot pass", function()
    local X, Y = random.stream(1):normal(6, 40), random.stream(2):normal(2, 40)
    local task = data.task { X = X, Y = Y }
    local function weights(options)
      options.task, options.hidden, options.depth, options.seed = task, 4, 3, 1
      local net = network.new(options)
      net:pretrain { task = task, rate = 0.1, steps = 500, seed = 3 }
      return net.weights
    end
    local by_moments, by_examples, tanh = weights {}, weights { bias = true }, weights { activation = "tanh" }
    assert.close(by_examples[2], by_moments[2], 1e-9)
    assert.is_true(tanh[1] == by_moments[1])
    assert.is_true((tanh[2] - by_moments[2]):norm() > 0.01)
    -- the second autoencoder of the tanh network has learned what its first layer gives
    local H = (tanh[1] * X):tanh()
    local w, Q = (H:mult(H) / 40):eigh()
    assert.is_true(w[1] > 0)
    assert.close((tanh[2] * Q:col(4)):norm(), 1, 0.05)
  end)

  it("is the same again for a seed, and another for another", function()
    local task = task_on(1, 1)
    local function first(seed)
      local net = network.new { task = task, hidden = 8, depth = 3, seed = 1 }
      net:pretrain { task = task, rate = 0.2, steps = 10, seed = seed }
      return net.weights[2]:copy()
    end
    assert.is_true(first(1) == first(1))
    assert.is_false(first(1) == first(2))
  end)

  it("takes what training takes", function()
    local task = task_on(1, 1)
    local net = network.new { task = task, hidden = 8, depth = 3, seed = 1 }
    local runs = net:pretrain { task = task, times = { 0, 400 }, record = { "loss" } }
    assert.equal(2, #runs[2].t)
    assert.is_true(runs[2].loss[2] < 1e-4)
    assert.error_matches(function() return runs[2].modes end, "modes")
  end)

  local task = task_on(1, 1)
  local net = network.new { task = task, hidden = 8, depth = 3, seed = 1 }
  local bad = {
    { net, { rate = 1, steps = 1 }, "task is needed" },
    { net, { task = 3, rate = 1, steps = 1 }, "task must be a task, got 3" },
    { net, { task = task, rate = 0, steps = 1 }, 'rate must be a number above 0, or "auto"; got 0' },
    { net, { task = task, rate = "fast", steps = 1 }, "got the string 'fast'" },
    { net, { task = task, rate = 0.1 }, "give steps, or times, of each layer" },
    { net, { task = task, rate = 0.1, steps = 1, times = { 1 } }, "give steps, or times, of each layer" },
    { net, { task = task, rate = 0.1, steps = 1, scale = 0 }, "scale must be a number above 0" },
    { net, { task = task, rate = 0.1, step = 1 }, "unknown option 'step'; did you mean 'steps'%?" },
    { net, { task = data.semantic(), rate = 0.1, steps = 1 }, "task has 8 inputs and the network takes 16" },
    { net, { task = data.task { Sxx = matrix.zeros(16, 16), Syx = matrix.zeros(4, 16), tr_yy = 1 }, steps = 1 },
      "layer 1 gets nothing but zeros" },
    { network.new { sizes = { 16, 4 } }, { task = task, rate = 0.1, steps = 1 }, "a network of one layer has no hidden layer" },
    { network.new { sizes = { 16, 4, 4 }, activation = "relu" }, { task = task, rate = 0.1, steps = 1 },
      "need the task's examples, and it has only moments" },
  }
  for i, case in ipairs(bad) do
    it(("refuses %d: %s"):format(i, case[3]), function()
      assert.error_matches(function() case[1]:pretrain(case[2]) end, "net:pretrain: .*" .. case[3])
    end)
  end

  it("is a method", function()
    assert.error_matches(function() net.pretrain { task = task } end, "net:pretrain")
  end)
end)
