-- How net:train makes its steps: optimizers, weight decay, minibatches, frozen layers and the automatic rate, against the
-- recursions written out and against closed forms.

local function example_task(inputs, outputs, examples, seed)
  local r = random.stream(seed or 1)
  return data.task { X = r:normal(inputs, examples), Y = r:normal(outputs, examples) }
end

--- All parameters as a list of views, and their gradients in the same order.
local function parameters_of(net)
  local list = {}
  for l = 1, net.depth do
    list[#list + 1] = net.weights[l]
    if net.bias then list[#list + 1] = net.biases[l] end
  end
  return list
end

local function gradients_of(net, task)
  local W, b = net:gradient(task)
  local list = {}
  for l = 1, net.depth do
    list[#list + 1] = W[l]
    if b then list[#list + 1] = b[l] end
  end
  return list
end

--- The updates, from their definitions: step(w, g, memory, n) changes w.
local written_out = {}
function written_out.gd(rate) return function(w, g) return w - rate * g end end
function written_out.momentum(rate, m)
  return function(w, g, memory)
    memory.v = m * (memory.v or 0 * g) + g
    return w - rate * memory.v
  end
end
function written_out.nesterov(rate, m)
  return function(w, g, memory)
    memory.v = m * (memory.v or 0 * g) + g
    return w - rate * (g + m * memory.v)
  end
end
function written_out.adam(rate)
  return function(w, g, memory, n)
    memory.a = 0.9 * (memory.a or 0 * g) + 0.1 * g
    memory.b = 0.999 * (memory.b or 0 * g) + 0.001 * g:times(g)
    return w - rate * (memory.a / (1 - 0.9 ^ n)):over((memory.b / (1 - 0.999 ^ n)):sqrt() + 1e-8)
  end
end

--- Trains net by the written-out update.
local function by_hand(net, task, step, steps, decay)
  local memory = {}
  for n = 1, steps do
    local w, g = parameters_of(net), gradients_of(net, task)
    for i = 1, #w do
      memory[i] = memory[i] or {}
      w[i]:assign(step(w[i]:copy(), g[i] + decay * w[i], memory[i], n))
    end
  end
  return net
end

local function assert_same_parameters(a, b, tolerance)
  local p, q = parameters_of(a), parameters_of(b)
  for i = 1, #p do assert.close(p[i], q[i], tolerance) end
end

local function parameters_are_equal(a, b)
  local p, q = parameters_of(a), parameters_of(b)
  for i = 1, #p do
    if p[i] ~= q[i] then return false end
  end
  return true
end

describe("the optimizer", function()
  local task = example_task(4, 3, 30, 2)
  for name, options in pairs {
    gd = { rate = 0.05 },
    momentum = { rate = 0.02, momentum = 0.8 },
    nesterov = { rate = 0.02, momentum = 0.7 },
    adam = { rate = 0.01 },
  } do
    for _, decay in ipairs { 0, 0.1 } do
      for _, activation in ipairs { "linear", "tanh" } do
        it(("%s takes the steps of its definition, decay %g, %s units"):format(name, decay, activation), function()
          local net = network.new { task = task, hidden = 5, activation = activation, bias = true, scale = 0.4, seed = 3 }
          local step = written_out[name](options.rate, options.momentum)
          local expected = by_hand(net:copy(), task, step, 30, decay)
          local run = net:train { task = task, optimizer = name, rate = options.rate, momentum = options.momentum,
            weight_decay = decay, steps = 30, record = "loss" }
          assert_same_parameters(net, expected, 1e-12)
          assert.close(run.loss[31], expected:loss(task), 1e-13) -- no penalty in it
        end)
      end
    end
  end

  it("has a momentum of 0.9 unless told, and is `momentum` where only that is given", function()
    local net = network.new { task = task, hidden = 5, seed = 3 }
    local function weights(options)
      options.task, options.rate, options.steps = task, 0.01, 20
      return net:copy():train(options).net
    end
    local full = weights { optimizer = "momentum", momentum = 0.9 }
    assert.is_true(parameters_are_equal(full, weights { optimizer = "momentum" }))
    assert.is_true(parameters_are_equal(full, weights { momentum = 0.9 }))
    assert.is_false(parameters_are_equal(full, weights { optimizer = "nesterov" }))
    assert.is_false(parameters_are_equal(full, weights {}))
    assert.is_true(parameters_are_equal(weights {}, weights { momentum = 0 }))
  end)

  it("momentum takes one layer along the closed form of the heavy ball", function()
    local W0 = random.stream(5):normal(3, 4)
    for _, decay in ipairs { 0, 0.2 } do
      local net = network.from { W0:copy() }
      net:train { task = task, rate = 0.05, momentum = 0.85, weight_decay = decay, steps = 300 }
      local moments = { X = task.X, Y = task.Y }
      local Sxx, Syx = moments.X:mult(moments.X) / 30, moments.Y:mult(moments.X) / 30
      local exact = theory.shallow.descent { W0 = W0, Sxx = Sxx, Syx = Syx, rate = 0.05, momentum = 0.85, steps = 300,
        weight_decay = decay }
      assert.close(net.weights[1], exact, 1e-11)
    end
  end)

  it("follows the flow at time t/(1 - momentum): the error halves with the rate", function()
    local net = network.new { task = task, hidden = 5, scale = 0.3, seed = 1 }
    local flow = net:copy():flow { task = task, times = { 2 } }
    local errors = {}
    for i, rate in ipairs { 4e-3, 2e-3, 1e-3 } do
      local run = net:copy():train { task = task, rate = rate, momentum = 0.5, steps = math.tointeger(1 / rate) }
      errors[i] = (run.net:product() - flow.net:product()):norm()
      assert.close(run.t[#run.t], 1, 1e-12) -- run.t is rate times steps
    end
    assert.is_true(errors[1] / errors[2] > 1.9 and errors[1] / errors[2] < 2.1)
    assert.is_true(errors[2] / errors[3] > 1.9 and errors[2] / errors[3] < 2.1)
  end)

  it("takes the same path over moments as over examples, whichever it is", function()
    for _, name in ipairs { "gd", "momentum", "nesterov", "adam" } do
      local net = network.new { task = task, hidden = 5, bias = true, scale = 0.3, seed = 3 }
      local options = { task = task, rate = 0.01, optimizer = name, weight_decay = 0.05, steps = 100 }
      local auto = net:copy():train(options)
      options.plan = "plain"
      local plain = net:copy():train(options)
      assert.matches("^moments", auto.plan)
      assert.matches("^examples", plain.plan)
      assert.close(auto.loss, plain.loss, 1e-12)
      assert_same_parameters(auto.net, plain.net, 1e-10)
    end
  end)

  it("is told in the plan", function()
    local function plan(options)
      options.task, options.rate, options.steps = task, 0.01, 1
      return network.new({ task = task, hidden = 5, seed = 3 }):train(options).plan
    end
    assert.matches("stand for the examples$", plan {})
    assert.matches("examples; momentum %(m = 0.9%)$", plan { momentum = 0.9 })
    assert.matches("; adam; weight decay 0.01$", plan { optimizer = "adam", weight_decay = 0.01 })
    assert.matches("; nesterov %(m = 0.5%); frozen layers: 2$", plan { optimizer = "nesterov", momentum = 0.5, freeze = { 2 } })
    assert.matches("^examples: .*over minibatches.*; batches of 7 of 30,", plan { batch = 7 })
  end)
end)

describe("weight decay", function()
  it("shrinks the balance of the layers as e^(-2kt) under the flow's limit", function()
    local task = example_task(4, 3, 30, 2)
    local net = network.new { task = task, hidden = 5, scale = 0.5, seed = 3 }
    local function imbalance() return net.weights[2]:tmul(net.weights[2]) - net.weights[1]:mult(net.weights[1]) end
    local before = imbalance()
    net:train { task = task, rate = 1e-4, weight_decay = 0.3, steps = 10000 }
    assert.close(imbalance(), math.exp(-0.6) * before, 1e-3)
  end)

  it("is in the flow: one layer against its closed form, deeper ones against descent at a small rate", function()
    local task = example_task(4, 3, 30, 2)
    local W0 = random.stream(5):normal(3, 4)
    local flow = network.from({ W0:copy() }):flow { task = task, times = { 3 }, weight_decay = 0.4, tolerance = 1e-12 }
    local exact = theory.shallow.flow { W0 = W0, Sxx = task.Sxx, Syx = task.Syx, t = 3, weight_decay = 0.4 }
    assert.close(flow.net.weights[1], exact, 1e-10)
    assert.matches("; weight decay 0.4$", flow.plan)
    for _, activation in ipairs { "linear", "tanh" } do
      local net = network.new { task = task, hidden = 5, depth = 3, bias = true, activation = activation, scale = 0.5, seed = 3 }
      local limit, errors = net:copy():flow { task = task, times = { 2 }, weight_decay = 0.2 }, {}
      for i, rate in ipairs { 0.02, 0.01, 0.005 } do
        local run = net:copy():train { task = task, times = { 2 }, rate = rate, weight_decay = 0.2 }
        errors[i] = (run.net.weights[1] - limit.net.weights[1]):norm()
      end
      for i = 1, 2 do assert.is_true(errors[i] / errors[i + 1] > 1.8 and errors[i] / errors[i + 1] < 2.2) end
    end
  end)

  it("shrinks the balance under the flow as e^(-2kt), to rounding", function()
    local task = example_task(4, 3, 30, 2)
    local net = network.new { task = task, hidden = 5, scale = 0.5, seed = 3 }
    local function imbalance() return net.weights[2]:tmul(net.weights[2]) - net.weights[1]:mult(net.weights[1]) end
    local before = imbalance()
    net:flow { task = task, times = { 4 }, weight_decay = 0.3, tolerance = 1e-12 }
    assert.close(imbalance(), math.exp(-2.4) * before, 1e-9)
  end)

  it("that is negative, infinite or no number is refused by the flow", function()
    local task = example_task(4, 3, 30, 2)
    local net = network.new { task = task, hidden = 5, seed = 3 }
    for _, decay in ipairs { -1, 1 / 0, 0 / 0, "much" } do
      assert.error_matches(function() net:flow { task = task, times = { 1 }, weight_decay = decay } end,
        "net:flow: weight_decay must be a number")
    end
  end)
end)

describe("minibatches", function()
  local task = example_task(4, 3, 30, 2)
  local function train(options)
    options.task, options.rate = task, options.rate or 0.02
    local net = network.new { task = task, hidden = 5, activation = options.activation, bias = true, scale = 0.4, seed = 3 }
    options.activation = nil
    return net:train(options)
  end

  it("take every example once an epoch: with a tiny rate an epoch is one full-batch step for each batch", function()
    for _, size in ipairs { 1, 5, 15 } do
      local start = network.new { task = task, hidden = 5, bias = true, scale = 0.4, seed = 3 }
      local step = train({ batch = size, rate = 1e-7, steps = 30 // size }).net
      local full = start:gradient(task)
      for l = 1, 2 do
        assert.close((start.weights[l] - step.weights[l]) / (1e-7 * (30 // size)), full[l], 1e-5)
      end
    end
  end)

  it("step by the gradient of their examples alone", function()
    -- Examples of which each moves one weight: the order shows in the weights after each step.
    local count = 7
    local one_hot = data.task { X = matrix.eye(count), Y = matrix.range(1, count).T:copy() }
    local net = network.from { matrix.zeros(1, count) }
    local run = net:train { task = one_hot, rate = 0.5, batch = 3, steps = 6, every = 1, seed = 4, record = "weights" }
    local firsts
    for epoch = 0, 1 do
      local seen = {}
      for step = 1, 3 do
        local before, after = run.weights[3 * epoch + step][1], run.weights[3 * epoch + step + 1][1]
        local size = step == 3 and 1 or 3 -- 7 = 3 + 3 + 1
        local moved = 0
        for j = 1, count do
          local expected = before:get(1, j) + 0.5 / size * (j - before:get(1, j))
          if after:get(1, j) ~= before:get(1, j) then
            assert.close(after:get(1, j), expected, 1e-15)
            assert.is_nil(seen[j])
            seen[j], moved = step, moved + 1
          end
        end
        assert.equal(size, moved)
      end
      if firsts then assert.is_false(pcall(assert.same, firsts, seen)) else firsts = seen end -- a new order
    end
  end)

  it("depend on the seed alone: the same bits again, others with another", function()
    for _, activation in ipairs { "linear", "tanh" } do
      local a = train { batch = 4, steps = 100, seed = 5, activation = activation }
      local b = train { batch = 4, steps = 100, seed = 5, activation = activation }
      local c = train { batch = 4, steps = 100, seed = 6, activation = activation }
      assert.is_true(parameters_are_equal(a.net, b.net) and a.loss == b.loss)
      assert.is_false(parameters_are_equal(a.net, c.net))
    end
  end)

  it("of all examples are the full batch", function()
    local full, batch = train { steps = 50 }, train { steps = 50, batch = 30, seed = 9 }
    assert.is_true(parameters_are_equal(full.net, batch.net))
  end)

  it("record the loss of the whole task, and stop by it", function()
    local run = train { batch = 5, steps = 60, every = 6 }
    assert.close(run.loss[#run.loss], run.net:loss(task), 1e-13)
    local stopped = train { batch = 5, steps = 60, every = 6, stop_at = { loss = run.loss[5] * (1 + 1e-12) } }
    assert.equal(5, #stopped.loss)
  end)

  it("end with the record so far when they diverge", function()
    for _, activation in ipairs { "linear", "softplus" } do
      local run = train { batch = 5, steps = 10000, rate = 5, diverge = "stop", activation = activation }
      assert.is_true(run.diverged)
      for _, w in ipairs(parameters_of(run.net)) do assert.is_true(w:isfinite():all()) end
    end
  end)
end)

describe("frozen layers", function()
  local task = example_task(4, 3, 30, 2)
  it("keep every bit, and the others move as by hand", function()
    for name, activation in pairs { gd = "linear", momentum = "tanh", adam = "linear" } do
      for _, freeze in ipairs { { 1 }, { 2 }, { 1, 2 }, { 1, 3 }, 3 } do
        local net = network.new { task = task, sizes = { 4, 5, 6, 3 }, activation = activation, bias = true, scale = 0.4,
          seed = 3 }
        local expected, memory, step = net:copy(), {}, written_out[name](0.01, 0.9)
        local frozen = {}
        for _, l in ipairs(type(freeze) == "table" and freeze or { freeze }) do frozen[l] = true end
        for n = 1, 20 do
          local W, b = expected:gradient(task)
          for l = 1, 3 do
            memory[l] = memory[l] or { {}, {} }
            if not frozen[l] then
              expected.weights[l]:assign(step(expected.weights[l]:copy(), W[l], memory[l][1], n))
              expected.biases[l]:assign(step(expected.biases[l]:copy(), b[l], memory[l][2], n))
            end
          end
        end
        local before = net:copy()
        net:train { task = task, rate = 0.01, optimizer = name, steps = 20, freeze = freeze }
        for l = 1, 3 do
          assert.equal(frozen[l] or false, net.weights[l] == before.weights[l] and net.biases[l] == before.biases[l])
        end
        assert_same_parameters(net, expected, 1e-12)
      end
    end
  end)
end)

describe('rate = "auto"', function()
  it("is half of the largest stable rate where that is known", function()
    -- White inputs: the balanced minimum has curvature depth * s^(2 - 2/depth).
    local task = data.spectrum { s = { 3, 2, 1 }, inputs = 5, outputs = 4, seed = 2 }
    for depth = 2, 4 do
      local net = network.new { task = task, hidden = 6, depth = depth, init = "balanced", strength = 1e-2, seed = 1 }
      local run = net:train { task = task, rate = "auto", steps = 2000 }
      assert.close(run.rate, 1 / (depth * 3 ^ (2 - 2 / depth)), 2e-3)
      assert.matches("; rate [%d.]+, half of the largest stable one by the curvature", run.plan)
    end
    local r = random.stream(1)
    local shallow_task = data.task { X = r:normal(6, 40), Y = r:normal(2, 40) }
    local w = (shallow_task.X:mult(shallow_task.X) / 40):eigh()
    local run = network.new({ sizes = { 6, 2 }, seed = 1 }):train { task = shallow_task, rate = "auto", steps = 1 }
    assert.close(run.rate, 1 / w[6], 2e-3)
    run = network.new({ sizes = { 6, 2 }, seed = 1 }):train { task = shallow_task, rate = "auto", steps = 1, weight_decay = 0.7 }
    assert.close(run.rate, 1 / (w[6] + 0.7), 2e-3)
  end)

  it("follows the optimizer's own bound", function()
    local task = example_task(5, 2, 40)
    local w = (task.X:mult(task.X) / 40):eigh()
    for name, bound in pairs { gd = 2, momentum = 2 * 1.8, nesterov = 2 * 1.8 / 2.6 } do
      local m = name ~= "gd" and 0.8 or nil
      local net = network.new { sizes = { 5, 2 }, seed = 1 }
      local run = net:copy():train { task = task, rate = "auto", optimizer = name, momentum = m, steps = 1 }
      assert.close(run.rate, bound / 2 / w[5], 2e-3)
      local function ends(share) -- on either side of the bound
        local rate = share * bound / w[5]
        return net:copy():train { task = task, rate = rate, optimizer = name, momentum = m, steps = 3000, diverge = "stop" }
      end
      assert.close(ends(0.98).loss[201], task:svd() and ends(0.5).loss[201], 1e-3)
      assert.is_true(ends(1.03).diverged)
    end
  end)

  it("is half of what theory says for linear networks, with correlated inputs, momentum and decay", function()
    local task = example_task(5, 3, 40)
    for depth = 1, 4 do
      for _, scale in ipairs { 0.01, 0.3, 1 } do
        local net = network.new { task = task, hidden = depth > 1 and 6 or nil, depth = depth, scale = scale, seed = 2 }
        local weights = {}
        for l = 1, depth do weights[l] = net.weights[l]:copy() end
        for _, options in ipairs { {}, { momentum = 0.8 }, { weight_decay = 0.5 } } do
          local known = theory.stability.max_rate { weights = weights, Sxx = task.Sxx, Syx = task.Syx,
            momentum = options.momentum, weight_decay = options.weight_decay }
          options.task, options.rate, options.steps = task, "auto", 1
          assert.close(net:copy():train(options).rate, known.rate / 2, 3e-3 * known.rate)
        end
      end
    end
  end)

  it("converges for deep, nonlinear and biased networks from small and large starts", function()
    for depth = 2, 3 do
      for _, activation in ipairs { "linear", "tanh", "relu" } do
        for _, scale in ipairs { 0.05, 0.4 } do
          local task = data.teacher { inputs = 6, outputs = 3, examples = 60, snr = 10, seed = depth }
          local net = network.new { task = task, hidden = 8, depth = depth, activation = activation, bias = true,
            scale = scale, seed = 1 }
          local run = net:train { task = task, rate = "auto", steps = 3000 }
          assert.is_true(run.loss[201] < 0.3 * run.loss[1])
          if activation == "linear" then -- others sharpen to the edge of stability on the way
            for k = 151, 201 do assert.is_true(run.loss[k] <= run.loss[k - 1] * (1 + 1e-12)) end
          end
        end
      end
    end
  end)

  it("settles the steps of the times asked for", function()
    local task = example_task(4, 3, 30, 2)
    local run = network.new({ task = task, hidden = 5, seed = 3 }):train { task = task, rate = "auto", times = { 0, 5, 10 } }
    assert.equal(3, #run.t)
    assert.close(run.t[3], 10, run.rate / 10)
    assert.equal(run.t[3], run.rate * run.steps[3])
  end)
end)

describe("net:train refuses, and leaves the network as it was,", function()
  local task, moments = example_task(3, 2, 10), data.task { Sxx = matrix.eye(3), Syx = matrix.ones(2, 3), tr_yy = 9 }
  for _, case in ipairs {
    { "an unknown optimizer", { optimizer = "rmsprop" }, "optimizer = 'rmsprop' is not known; it is one of gd, momentum, nesterov, adam" },
    { "momentum for gd", { optimizer = "gd", momentum = 0.5 }, "momentum means nothing to optimizer = 'gd'" },
    { "momentum for adam", { optimizer = "adam", momentum = 0.5 }, "momentum means nothing to optimizer = 'adam'" },
    { "a momentum of 1", { momentum = 1 }, "momentum must be below 1" },
    { "a momentum above 1", { momentum = 1.5 }, "momentum must be a number between 0 and 1, got 1.5" },
    { "a negative momentum", { momentum = -0.1 }, "momentum must be a number between 0 and 1, got %-0.1" },
    { "momentum that is no number", { momentum = "heavy" }, "momentum must be a number" },
    { "a negative decay", { weight_decay = -1 }, "weight_decay must be a number .*, got %-1" },
    { "a decay that is NaN", { weight_decay = 0 / 0 }, "weight_decay must be a number" },
    { "an infinite decay", { weight_decay = 1 / 0 }, "weight_decay must be a number" },
    { "an empty batch", { batch = 0 }, "batch = 0: must be at least 1" },
    { "a batch that is no whole number", { batch = 2.5 }, "batch must be a whole number" },
    { "a batch larger than the examples", { batch = 11 }, "batch = 11: the task has only 10 examples" },
    { "a batch of moments", { batch = 2, task = moments }, "batch needs examples, and the task has none" },
    { "a seed that is no whole number", { batch = 2, seed = 0.5 }, "seed must be a whole number" },
    { "layer 0", { freeze = { 0 } }, "a layer in freeze" },
    { "layer 3 of 2", { freeze = { 1, 3 } }, "a layer in freeze" },
    { "a layer's name", { freeze = { "first" } }, "a layer in freeze" },
    { "freeze = true", { freeze = true }, "freeze must be a list of layers' numbers, got true" },
    { "a table that is no list", { freeze = { first = true } }, "freeze must be a list of layers' numbers, and has the string 'first'" },
    { "every layer frozen", { freeze = { 1, 2, 1 } }, "freeze has every layer" },
    { "a rate by another name", { rate = "fast" }, 'rate must be a number above 0 or "auto", got the string \'fast\'' },
    { "an automatic rate for adam", { rate = "auto", optimizer = "adam" }, "rate = \"auto\" .*'adam': give a number" },
    { "an automatic rate for minibatches", { rate = "auto", batch = 3 }, "rate = \"auto\" is for the full batch" },
    { "an automatic rate where nothing is to be learned", { rate = "auto", start = "zeros",
      task = data.task { X = matrix.zeros(3, 4), Y = matrix.zeros(2, 4) } }, "there is none" },
  } do
    it(case[1], function()
      local net = network.new { task = task, hidden = 3, seed = 1 }
      local before, good = net:copy(), { task = task, rate = 0.1, steps = 5 }
      for name, value in pairs(case[2]) do good[name] = value end
      good.start = nil
      assert.error_matches(function() net:train(good) end, "net:train: .*" .. case[3])
      assert.is_true(parameters_are_equal(net, before))
    end)
  end
end)

describe("a rate beyond stability", function()
  local task = data.spectrum { inputs = 4, outputs = 3, s = { 2, 1 }, seed = 1 }
  local net = network.new { task = task, hidden = 5, init = "balanced", strength = 1e-3, seed = 1 }
  local function warning(options)
    options.task, options.steps, options.diverge = options.task or task, options.steps or 100, "stop"
    return rawget((options.net or net):copy():train {
      task = options.task, rate = options.rate, steps = options.steps, diverge = "stop", optimizer = options.optimizer,
      momentum = options.momentum, weight_decay = options.weight_decay, plan = options.plan, batch = options.batch,
    }, "warning")
  end

  it("is told, with the largest stable one", function()
    -- White inputs: the curvature where two layers have learned is 2 s.
    for _, case in ipairs {
      { { rate = 0.52 }, 0.5 },
      { { rate = 5 }, 0.5 },
      { { rate = 0.78, momentum = 0.5 }, 0.75 },
      { { rate = 0.42, weight_decay = 1 }, 0.4 },
    } do
      local limit = warning(case[1]):match "^rate = %S+ is above (%S+), the largest that is stable by the curvature of the loss"
      assert.close(tonumber(limit), case[2], 1e-3)
    end
    for _, options in ipairs {
      { rate = 0.48 }, { rate = 0.01 }, { rate = 0.72, momentum = 0.5 }, { rate = 0.38, weight_decay = 1 },
      { rate = 0.52, optimizer = "adam" }, { rate = 0.52, plan = "plain" }, { rate = 1, steps = 0 }, -- not looked at
    } do
      assert.is_nil(warning(options))
    end
  end)

  it("is that of theory.stability, for deep networks and coloured inputs", function()
    local coloured = data.teacher { inputs = 4, outputs = 3, examples = 50, snr = 3, power = 2, seed = 1 }
    for _, seed in ipairs { 1, 2, 3 } do
      local deep = network.new { task = coloured, hidden = 5, depth = 3, scale = 0.3, seed = seed }
      local limit = theory.stability.max_rate { net = deep, task = coloured }.rate
      assert.is_nil(warning { net = deep, task = coloured, rate = 0.95 * limit })
      local told = warning({ net = deep, task = coloured, rate = 1.05 * limit }):match "above (%S+),"
      assert.close(tonumber(told), limit, 0.02)
    end
  end)

  it("is told by warn at the line of the training, and by print, and stands in a diverged run", function()
    local process = require "linnet.process"
    local result = process.run { os.getenv "LINNET", "-W", "-", env = { LUA_INIT = "" }, input = [[
      local task = data.spectrum { inputs = 4, outputs = 3, s = { 2, 1 }, seed = 1 }
      local net = network.new { task = task, hidden = 5, init = "balanced", strength = 1e-3, seed = 1 }
      print(net:copy():train { task = task, rate = 0.52, steps = 10 })
      net:copy():train { task = task, rate = 0.4, steps = 10 }
    ]] }
    assert.is_truthy(result.errors:match "^Lua warning: stdin:3: net:train: rate = 0.52 is above [^\n]*\n$", result.errors)
    assert.is_truthy(result.output:match "warning: rate = 0.52 is above")
    local ok, err = pcall(net.train, net:copy(), { task = task, rate = 3, steps = 10000 })
    assert.is_false(ok)
    assert.is_truthy(err.run.warning:match "rate = 3 is above")
    local ens = network.ensemble { count = 2, task = task, hidden = 5, init = "balanced", strength = 1e-3 }
    assert.is_truthy(ens:train({ task = task, rate = 0.52, steps = 10 })[2].warning)
  end)
end)
