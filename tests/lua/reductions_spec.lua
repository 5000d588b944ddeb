-- Reduced training: the same path as plan = "plain", to rounding, for every kind of network and task that is reduced.

local function apart(A, B) return (A - B):abs():max() / math.max(B:abs():max(), 1e-300) end

local function random_task(r, inputs, outputs, examples)
  return data.task { X = r:normal(inputs, examples), Y = r:normal(outputs, examples) }
end

local function whole(r, from, to) return math.tointeger(r:integers(1, 1, from, to):item()) end

--- Runs a copy of net by both plans; the reduced run, after all that was recorded has been compared.
local function compare(net, how, options, tolerance)
  options.plan = nil
  local auto = net:copy()[how](net:copy(), options)
  options.plan = "plain"
  local plain = net:copy()[how](net:copy(), options)
  assert.matches("^examples", plain.plan)
  for _, name in ipairs(auto.recorded) do
    if name == "weights" then
      for k = 1, #auto.t do
        for l = 1, net.depth do
          assert.is_true(apart(auto.weights[k][l], plain.weights[k][l]) <= tolerance)
          if net.bias then assert.is_true(apart(auto.biases[k][l], plain.biases[k][l]) <= tolerance) end
        end
      end
    else
      assert.is_true(apart(auto[name], plain[name]) <= tolerance,
        ("%s: %g apart under %s"):format(name, apart(auto[name], plain[name]), auto.plan))
    end
  end
  for l = 1, net.depth do assert.is_true(apart(auto.net.weights[l], plain.net.weights[l]) <= tolerance) end
  return auto
end

local RECORD = { "loss", "modes", "weights", "norms", "singular_values" }

describe("a reduced run", function()
  local ways = {
    { name = "gd" },
    { name = "momentum", momentum = 0.8 },
    { name = "nesterov and weight decay", optimizer = "nesterov", momentum = 0.7, weight_decay = 0.1 },
    { name = "weight decay", weight_decay = 0.2 },
    { name = "a frozen layer and weight decay", freeze = 1, weight_decay = 0.1 },
  }
  for case, way in ipairs(ways) do
    it("takes the plain path, by " .. way.name, function()
      local r = random.stream(100 + case)
      for _ = 1, 12 do
        local sizes = { whole(r, 1, 30) }
        for _ = 1, whole(r, 1, 3) do sizes[#sizes + 1] = whole(r, 1, 40) end
        sizes[#sizes + 1] = whole(r, 1, 25)
        local task = random_task(r, sizes[1], sizes[#sizes], whole(r, 2, 50))
        local net = network.new { sizes = sizes, gain = 0.5, bias = whole(r, 1, 3) == 1, seed = case }
        compare(net, "train", { task = task, rate = 0.01, steps = 400, every = 100, record = RECORD,
          optimizer = way.optimizer, momentum = way.momentum, weight_decay = way.weight_decay, freeze = way.freeze }, 1e-12)
      end
    end)
  end

  it("takes the plain path from starts of low rank, whose ranks sizes do not tell", function()
    local r = random.stream(1)
    for seed = 1, 4 do
      local task = random_task(r, 6, 4, 30)
      local net = network.new { sizes = { 6, 12, 9, 4 }, init = "balanced", scale = 0.3, seed = seed }
      local run = compare(net, "train", { task = task, rate = 0.02, steps = 3000, every = 1000, record = RECORD }, 1e-12)
      assert.matches("hidden 12 %-> 4, 9 %-> 4", run.plan)
    end
  end)

  it("drops no direction that is small only beside others", function()
    local task = data.task { X = matrix.eye(2) * math.sqrt(2), Y = matrix { { 3, 0 }, { 0, 2 } } }
    local W1 = matrix.zeros(5, 2)
    W1:set(1, 1, 1e-3)
    W1:set(2, 2, 1e-20)
    local net = network.from { W1, W1.T }
    local run = compare(net, "train", { task = task, rate = 0.05, steps = 1000, record = { "modes" } }, 1e-12)
    assert.matches("hidden 5 %-> 2", run.plan)
    assert.close(run.modes:get(201, 2), math.sqrt(2), 1e-12)
  end)

  it("says what it reduced", function()
    local r = random.stream(2)
    local function plan(sizes, examples, options)
      options = options or {}
      options.task, options.rate, options.steps = options.task or random_task(r, sizes[1], sizes[#sizes], examples), 1e-3, 1000
      return network.new { sizes = sizes, seed = 1 }:train(options).plan
    end
    assert.equal("moments of rank 5 of 20 inputs in Sxx's eigenbasis; hidden 30 -> 9; fused steps", plan({ 20, 30, 4 }, 5))
    assert.equal("moments of 6 inputs in Sxx's eigenbasis; outputs 40 -> 9; fused steps", plan({ 6, 3, 40 }, 50))
    assert.equal("moments of rank 5 of 20 inputs in Sxx's eigenbasis; hidden 30 -> 9; fused steps; weight decay 0.1",
      plan({ 20, 30, 4 }, 5, { weight_decay = 0.1 }))
    local biased = random_task(r, 20, 4, 5)
    assert.matches("^moments of rank 5 of 20 inputs; hidden 30 %-> 9; biases",
      network.new { sizes = { 20, 30, 4 }, bias = true, seed = 1 }
      :train { task = biased, rate = 1e-3, steps = 1000 }.plan)
    local white = data.task { Sxx = matrix.eye(20), Syx = r:normal(2, 20), tr_yy = 100 }
    assert.equal("moments of 5 directions of 20 inputs, Sxx diagonal; fused steps", plan({ 20, 3, 2 }, 0, { task = white }))
    assert.matches("^moments: .*; hidden", (plan({ 20, 30, 4 }, 5, { optimizer = "adam" }) .. "; hidden"))
    assert.matches("^examples", plan({ 20, 30, 4 }, 5, { plan = "plain" }))
    assert.matches("^examples", plan({ 20, 30, 4 }, 5, { batch = 2 }))
  end)

  it("keeps white inputs that neither the start nor the outputs know", function()
    local r = random.stream(3)
    local X = r:orthogonal(24) * math.sqrt(24)
    local task = data.task { X = X, Y = r:normal(3, 24) }
    local moments = data.task { Sxx = matrix.eye(24), Syx = task.Syx, tr_yy = task.tr_yy }
    local net = network.new { sizes = { 24, 5, 3 }, seed = 2 }
    local reduced = net:copy():train { task = moments, rate = 0.05, steps = 500, record = RECORD }
    assert.matches("8 directions of 24 inputs", reduced.plan)
    local plain = net:copy():train { task = task, rate = 0.05, steps = 500, record = RECORD, plan = "plain" }
    for k = 1, #plain.t do assert.is_true(apart(reduced.weights[k][1], plain.weights[k][1]) <= 1e-12) end
    assert.is_true(apart(reduced.modes, plain.modes) <= 1e-12)
  end)

  it("lets what acts on no example decay by itself", function()
    local r = random.stream(4)
    local task = random_task(r, 10, 2, 3)
    local net = network.new { sizes = { 10, 8, 2 }, scale = 0.3, seed = 1 }
    local Q = task.X:qr()
    local outside = net.weights[1] - (net.weights[1] * Q) * Q.T
    net:train { task = task, rate = 0.01, steps = 300, weight_decay = 0.5 }
    local left = net.weights[1] - (net.weights[1] * Q) * Q.T
    assert.is_true(apart(left, outside * (1 - 0.005) ^ 300) <= 1e-12)
  end)

  it("takes the plain path of the flow", function()
    local r = random.stream(5)
    for seed = 1, 4 do
      local task = random_task(r, 12, 3, 4 * seed)
      local net = network.new { sizes = { 12, 20, 3 }, scale = 0.1, seed = seed }
      local run = compare(net, "flow", { task = task, times = matrix.linspace(0, 10, 5), tolerance = 1e-12,
        weight_decay = seed % 2 / 5, record = { "loss", "modes", "weights" } }, 1e-10)
      assert.matches("hidden 20 %->", run.plan)
    end
  end)

  it("starts from the weights as they are, and without a step leaves them so", function()
    local task = random_task(random.stream(6), 12, 3, 5)
    local net = network.new { sizes = { 12, 20, 3 }, seed = 1 }
    local before = net:copy()
    local run = net:copy():train { task = task, rate = 0.01, steps = 100, record = "weights" }
    assert.matches("hidden", run.plan)
    local flow = net:flow { task = task, times = { 0 }, record = "weights" }
    for l = 1, 2 do
      assert.is_true(run.weights[1][l] == before.weights[l] and flow.weights[1][l] == before.weights[l])
      assert.is_true(net.weights[l] == before.weights[l])
    end
  end)

  it("shows `stop` the whole network, and does not let it be changed there", function()
    local task = random_task(random.stream(7), 12, 3, 5)
    local net = network.new { sizes = { 12, 20, 3 }, seed = 1 }
    local options = { task = task, rate = 0.01, steps = 100, every = 10, record = "weights" }
    local k = 0
    options.stop = function(state)
      k = k + 1
      assert.is_true(rawequal(state.net, net))
      assert.close(state.net:loss(task), net:copy():loss(task), 0)
      return k == 5 and net:product()
    end
    local run = net:train(options)
    assert.equal(5, #run.t)
    assert.is_true(run.net.weights[1] == run.weights[5][1])
    options.stop = function(state) state.net.weights[1]:scal(0.5) end
    assert.error_matches(function() net:train(options) end,
      '`stop` changed the network, which is trained in a reduced form here: give plan = "plain"')
    options.plan = "plain"
    net:train(options)
  end)

  it("leaves the last whole step in the network when it diverges", function()
    local task = random_task(random.stream(8), 12, 3, 5)
    local net = network.new { sizes = { 12, 20, 3 }, seed = 1 }
    local run = net:train { task = task, rate = 5, steps = 10000, every = 1, diverge = "stop", record = { "loss", "weights" } }
    assert.matches("hidden", run.plan)
    assert.is_true(run.diverged)
    assert.is_true(net.weights[1]:isfinite():all())
    assert.is_true(net.weights[1] ~= run.weights[1][1])
  end)

  it("is not made where it does not pay", function()
    local task = random_task(random.stream(9), 30, 20, 100)
    local net = network.new { sizes = { 30, 70, 20 }, seed = 1 }
    assert.matches("^moments: ", net:train { task = task, rate = 0.01, steps = 1 }.plan)
    assert.matches("hidden 70 %-> 50", net:train { task = task, rate = 0.01, steps = 1000 }.plan)
  end)
end)
