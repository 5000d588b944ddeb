-- Linear layers above frozen ones of any kind: trained on the moments of what these answer, formed once.

local function examples(count)
  local X = random.stream(3):normal(6, count)
  local teacher = network.new { sizes = { 6, 4, 2 }, activation = "tanh", gain = 2, seed = 4 }
  return data.task { X = X, Y = teacher:forward(X) }
end

--- The same training with the plan and without it: two networks, two runs.
local function both(layers, options)
  local net = network.new(layers)
  local copy = net:copy()
  local plain = { plan = "plain" }
  for name, value in pairs(options) do plain[name] = value end
  return net, net:train(options), copy, copy:train(plain)
end

describe("Layers above frozen ones", function()
  local task = examples(80)

  local cases = {
    { "random features", { sizes = { 6, 30, 2 }, activation = "relu" }, { freeze = { 1 } } },
    { "with biases and momentum", { sizes = { 6, 30, 2 }, activation = "tanh", bias = true },
      { freeze = 1, optimizer = "momentum", weight_decay = 0.01 } },
    { "by adam", { sizes = { 6, 20, 2 }, activation = "erf", bias = true }, { freeze = 1, optimizer = "adam" } },
    { "two of them, the last one frozen too", { sizes = { 6, 9, 8, 7, 2 },
      activation = { "tanh", "sigmoid", "linear", "linear" } }, { freeze = { 1, 2, 4 }, optimizer = "nesterov" } },
  }
  for _, case in ipairs(cases) do
    it("descend on the features' moments as over the examples: " .. case[1], function()
      local layers = { seed = 5 }
      for name, value in pairs(case[2]) do layers[name] = value end
      local options = { task = task, rate = 0.01, steps = 300, record = { "loss" } }
      for name, value in pairs(case[3]) do options[name] = value end
      local net, run, copy, plain = both(layers, options)
      assert.matches("^features of frozen layers, formed once: moments", run.plan)
      assert.no.matches("features", plain.plan)
      assert.is_true((run.loss - plain.loss):abs():max() <= 1e-12 * plain.loss:max())
      local start = network.new(layers)
      assert.is_true(net.weights[1] == start.weights[1])
      for l = 2, net.depth do
        assert.is_true((net.weights[l] - copy.weights[l]):abs():max() <= 1e-11)
        if net.bias then assert.is_true((net.biases[l] - copy.biases[l]):abs():max() <= 1e-11) end
      end
      assert.is_true(run.loss[#run.loss] < 0.9 * run.loss[1])
    end)
  end

  it("end at the loss asked for, at the same step", function()
    local _, run, _, plain = both({ sizes = { 6, 30, 2 }, activation = "relu", seed = 5 },
      { task = task, rate = 0.02, steps = 3000, freeze = 1, record = { "loss" }, stop_at = { loss = 0.05 } })
    assert.matches("^features", run.plan)
    assert.equal(plain.steps[#plain.steps], run.steps[#run.steps])
  end)

  local others = {
    { "minibatches", { batch = 8 } },
    { "a function that may change the network", { stop = function() return false end } },
    { "nonlinear layers above", { freeze = {} }, { "tanh", "tanh", "linear" } },
    { "too few steps to pay", { steps = 1 } },
  }
  for _, case in ipairs(others) do
    it("go over the examples with " .. case[1], function()
      local net = network.new { sizes = { 6, 12, 12, 2 }, activation = case[3] or { "tanh", "linear", "linear" }, seed = 5 }
      local options = { task = task, rate = 0.01, steps = 50, freeze = 1 }
      for name, value in pairs(case[2]) do options[name] = value end
      assert.no.matches("features", net:train(options).plan)
    end)
  end
end)
