-- Networks: making them, what they compute, their gradients, and saving.

local function example_task(inputs, outputs, examples, seed)
  local r = random.stream(seed or 1)
  return data.task { X = r:normal(inputs, examples), Y = r:normal(outputs, examples) }
end

local activations = { "linear", "relu", "leaky_relu", "tanh", "erf", "sigmoid", "softplus", "hard_tanh" }

describe("network.new", function()
  it("takes sizes, a task, or inputs and outputs", function()
    local task = example_task(4, 3, 10)
    assert.same({ 4, 6, 3 }, network.new { sizes = { 4, 6, 3 } }.sizes)
    assert.same({ 4, 6, 3 }, network.new { task = task, hidden = 6 }.sizes)
    assert.same({ 4, 6, 6, 3 }, network.new { task = task, hidden = 6, depth = 3 }.sizes)
    assert.same({ 4, 7, 5, 3 }, network.new { inputs = 4, hidden = { 7, 5 }, outputs = 3 }.sizes)
    assert.same({ 4, 3 }, network.new { inputs = 4, outputs = 3, depth = 1 }.sizes)
    assert.equal(2, network.new { sizes = { 4, 6, 3 } }.depth)
    assert.equal(4 * 6 + 6 + 6 * 3 + 3, network.new { sizes = { 4, 6, 3 }, bias = true }.parameters)
  end)

  it("gives the hidden layers the activation and leaves the output linear", function()
    assert.same({ "tanh", "tanh", "linear" }, network.new { sizes = { 2, 3, 3, 1 }, activation = "tanh" }.activations)
    assert.same({ "tanh", "relu", "linear" }, network.new { sizes = { 2, 3, 3, 1 }, activation = { "tanh", "relu" } }.activations)
    assert.same({ "tanh", "relu", "sigmoid" },
      network.new { sizes = { 2, 3, 3, 1 }, activation = { "tanh", "relu", "sigmoid" } }.activations)
  end)

  it("starts from the same weights for the same seed, and from others for another", function()
    for _, init in ipairs { "gaussian", "he", "glorot", "orthogonal" } do
      local a, b = network.new { sizes = { 5, 4, 3 }, init = init, seed = 7 }, network.new { sizes = { 5, 4, 3 }, init = init, seed = 7 }
      local c = network.new { sizes = { 5, 4, 3 }, init = init, seed = 8 }
      assert.is_true(a.weights[1] == b.weights[1] and a.weights[2] == b.weights[2])
      assert.is_false(a.weights[1] == c.weights[1])
    end
  end)

  it("draws Gaussian weights with the standard deviation asked for", function()
    local function sd(options, l)
      options.sizes, options.seed = { 200, 300, 100 }, 3
      return network.new(options).weights[l]:reshape(200 * 300 // (l == 1 and 1 or 2), 1):std()
    end
    assert.close(sd({ init = "gaussian", scale = 0.02 }, 1), 0.02, 1e-4)
    assert.close(sd({ init = "gaussian", gain = 3 }, 1), 3 / math.sqrt(200), 1e-2)
    assert.close(sd({ init = "gaussian" }, 2), 1 / math.sqrt(300), 1e-3)
    assert.close(sd({ init = "he" }, 1), math.sqrt(2 / 200), 1e-3)
    assert.close(sd({ init = "glorot" }, 1), math.sqrt(2 / 500), 1e-3)
  end)

  it("orthogonal: orthonormal columns or rows, times the gain", function()
    local net = network.new { sizes = { 4, 9, 3 }, init = "orthogonal", gain = 2, seed = 1 }
    assert.close(net.weights[1]:tmul(net.weights[1]), 4 * matrix.eye(4), 1e-13)
    assert.close(net.weights[2]:mult(net.weights[2]), 4 * matrix.eye(3), 1e-13)
  end)

  it("balanced: every pair of layers is in balance, at any depth and widths", function()
    for _, sizes in ipairs { { 6, 4, 5 }, { 5, 8, 7, 3 }, { 3, 3, 3, 3, 3 } } do
      local net = network.new { sizes = sizes, init = "balanced", strength = 0.5, seed = 2 }
      for l = 1, net.depth - 1 do
        assert.close(net.weights[l + 1]:tmul(net.weights[l + 1]), net.weights[l]:mult(net.weights[l]), 1e-13)
      end
      local _, s = net:product():svd()
      assert.close(s[1], 0.5, 1e-13)
    end
  end)

  it("balanced and lambda: of strength 1 if none is given, of scale^depth if a scale is", function()
    for init, lambda in pairs { balanced = false, lambda = 0.5 } do
      local options = { sizes = { 5, 4, 3 }, init = init, lambda = lambda or nil, seed = 2 }
      local _, s = network.new(options):product():svd()
      assert.close(s[1], 1, 1e-13)
      options.scale = 0.1
      _, s = network.new(options):product():svd()
      assert.close(s[1], 0.01, 1e-13)
    end
  end)

  it("lambda: W2'W2 - W1W1' is lambda on the hidden directions in use", function()
    for _, case in ipairs { { { 5, 3, 4 }, 2 }, { { 5, 3, 4 }, -0.7 }, { { 4, 6, 8 }, 1.5 }, { { 8, 6, 4 }, -3 }, { { 4, 4, 4 }, 0 } } do
      local net = network.new { sizes = case[1], init = "lambda", lambda = case[2], strength = 0.3, seed = 5 }
      local balance = net.weights[2]:tmul(net.weights[2]) - net.weights[1]:mult(net.weights[1])
      assert.close(balance, case[2] * matrix.eye(case[1][2]), 1e-12)
      local _, s = net:product():svd()
      assert.close(s[1], 0.3, 1e-12)
    end
  end)

  it("aligned: the product has the task's modes, all of the strength asked for", function()
    local task = example_task(5, 4, 30)
    local U, s, V = task:svd()
    for depth = 1, 4 do
      local net = network.new { task = task, hidden = depth > 1 and 6 or nil, depth = depth, init = "aligned", strength = 0.01, seed = 3 }
      assert.close(U:tmul(net:product()) * V, 0.01 * matrix.eye(#s), 1e-14)
    end
    local scaled = network.new { task = task, hidden = 6, depth = 3, init = "aligned", scale = 0.5, seed = 3 }
    assert.close(U:tmul(scaled:product()) * V, 0.125 * matrix.eye(#s), 1e-13)
  end)

  it("identity and zeros", function()
    assert.is_true(network.new { sizes = { 3, 3, 3 }, init = "identity", scale = 0.1 }.weights[1] == 0.1 * matrix.eye(3))
    assert.equal(0, (network.new { sizes = { 3, 4, 3 }, init = "zeros" }.weights[1]:norm()))
  end)

  local bad = {
    { "no options", nil, "table of options.*got nil" },
    { "a misspelt option", { sizes = { 2, 3, 1 }, actvation = "tanh" }, "unknown option 'actvation'.*'activation'" },
    { "no sizes", { hidden = 3 }, "sizes are missing" },
    { "one size", { sizes = { 3 } }, "sizes has 1 sizes" },
    { "a size of 0", { sizes = { 3, 0, 1 } }, "sizes%[2%] = 0: must lie between 1 and" },
    { "a size of 2.5", { sizes = { 3, 2.5, 1 } }, "sizes%[2%] must be a whole number, got 2.5" },
    { "a word as size", { sizes = { 3, "x", 1 } }, "sizes%[2%].*got the string 'x'" },
    { "too many parameters", { sizes = { 100000, 100000 } }, "more than 2147483647 parameters" },
    { "sizes and hidden", { sizes = { 2, 1 }, hidden = 2 }, "sizes and hidden exclude" },
    { "no hidden width", { inputs = 2, outputs = 2 }, "hidden must be the width" },
    { "hidden at depth 1", { inputs = 2, outputs = 2, hidden = 3, depth = 1 }, "depth 1 has no hidden layer" },
    { "a depth that hidden contradicts", { inputs = 2, outputs = 2, hidden = { 3, 3 }, depth = 2 }, "hidden has 2 sizes" },
    { "a task that is none", { task = 3, hidden = 2 }, "task must be a task, got 3" },
    { "an unknown activation", { sizes = { 2, 3, 1 }, activation = "tanhh" }, "'tanhh' is not known; did you mean 'tanh'" },
    { "too few activations", { sizes = { 2, 3, 3, 1 }, activation = { "tanh" } }, "activation has 1 names" },
    { "an unknown init", { sizes = { 2, 3, 1 }, init = "algned" }, "init = 'algned' is not known; did you mean 'aligned'" },
    { "an option of another init", { sizes = { 2, 3, 1 }, init = "he", gain = 2 }, "gain does not belong to init = 'he'" },
    { "scale and gain", { sizes = { 2, 3, 1 }, scale = 1, gain = 2 }, "scale and gain exclude" },
    { "aligned without task", { sizes = { 2, 3, 1 }, init = "aligned", strength = 1 }, "task must be given" },
    { "aligned without strength", { task = data.semantic(), hidden = 9, init = "aligned" }, "strength must be given" },
    { "strength and scale", { sizes = { 2, 3, 1 }, init = "lambda", lambda = 1, strength = 1, scale = 1 }, "exclude" },
    { "a negative strength", { sizes = { 2, 3, 1 }, init = "balanced", strength = -1 }, "strength must be a number >= 0, got %-1" },
    { "lambda at depth 3", { sizes = { 2, 3, 3, 1 }, init = "lambda", lambda = 1, strength = 1 }, "two layers" },
    { "NaN", { sizes = { 2, 3, 1 }, scale = 0 / 0 }, "scale must be a number >= 0" },
    { "a seed of 1.5", { sizes = { 2, 3, 1 }, seed = 1.5 }, "seed must be a whole number" },
  }
  for _, case in ipairs(bad) do
    it("refuses " .. case[1], function() assert.error_matches(function() network.new(case[2]) end, "network.new: .*" .. case[3]) end)
  end
end)

describe("network.from", function()
  it("takes the weights and biases given", function()
    local W1, W2 = matrix { { 1, 2 }, { 3, 4 }, { 5, 6 } }, matrix { { 1, 0, -1 } }
    local net = network.from { W1, W2, biases = { { 1, 2, 3 }, { 4 } }, activation = "relu" }
    assert.is_true(net.weights[1] == W1 and net.weights[2] == W2 and net.biases[1] == matrix { 1, 2, 3 })
    W1:fill(0)
    assert.equal(6, net.weights[1][3][2]) -- a copy
    assert.same({ "relu", "linear" }, net.activations)
    assert.equal(1, network.from { W2 }.depth)
  end)

  local W = matrix.ones(2, 2)
  local bad = {
    { "no list", 3, "a list of weight matrices is needed, got 3" },
    { "an empty list", {}, "got 0" },
    { "sizes that do not chain", { matrix.ones(3, 2), matrix.ones(1, 4) }, "W2 is 1x4 and W1 has 3 rows" },
    { "a NaN", { matrix { { 1, 0 / 0 } } }, "W1 has NaN at %(1, 2%)" },
    { "an empty matrix", { matrix.zeros(0, 2) }, "W1 is 0x2" },
    { "a word", { "x" }, "W1 must be a matrix" },
    { "an unknown option", { W, bias = true }, "unknown option 'bias'; did you mean 'biases'" },
    { "too few biases", { W, W, biases = { { 1, 1 } } }, "biases has 1 vectors, and there are 2 layers" },
    { "a bias of the wrong size", { W, biases = { { 1, 1, 1 } } }, "biases %[1%] must be 2x1" },
  }
  for _, case in ipairs(bad) do
    it("refuses " .. case[1], function() assert.error_matches(function() network.from(case[2]) end, "network.from: .*" .. case[3]) end)
  end
end)

describe("a network", function()
  it("shares its weights as views, and checks what is assigned", function()
    local net = network.new { sizes = { 2, 3, 1 }, init = "zeros" }
    net.weights[1][2][1] = 5
    assert.equal(5, net.weights[1]:get(2, 1))
    net.weights[1] = matrix.ones(3, 2)
    assert.equal(6, net.weights[1]:sum())
    assert.equal(2, #net.weights)
    local seen = 0
    for l, W in ipairs(net.weights) do seen = seen + l * W.count end
    assert.equal(6 + 2 * 3, seen)
    assert.error_matches(function() net.weights[1] = matrix.ones(2, 3) end, "net.weights: layer 1 is 3x2, got a 2x3 matrix")
    assert.error_matches(function() net.weights[4] = matrix.ones(2, 3) end, "layer 4 of a network with 2")
    assert.error_matches(function() return net.weights[0] end, "the layer = 0: must be at least 1")
    assert.error_matches(function() return net.weihgts end, "no field 'weihgts'; did you mean 'weights'")
    assert.error_matches(function() net.depth = 3 end, "net.depth can't be set")
  end)

  it("keeps its views alive", function()
    local W = network.new { sizes = { 50, 50 }, seed = 1 }.weights[1]
    local before = W:copy()
    for _ = 1, 50 do matrix.ones(50, 50) collectgarbage() end
    assert.is_true(W == before)
  end)

  it("computes the product, the outputs and the hidden values", function()
    local r = random.stream(4)
    local W1, W2, X = r:normal(4, 3), r:normal(2, 4), r:normal(3, 700)
    local linear = network.from { W1, W2 }
    assert.close(linear:product(), W2 * W1, 1e-14)
    assert.close(linear:forward(X), W2 * W1 * X, 1e-13)
    local b1, b2 = r:normal(4, 1), r:normal(2, 1)
    local net = network.from { W1, W2, biases = { b1, b2 }, activation = "tanh" }
    local H = (W1 * X + b1):tanh()
    assert.close(net:hidden(X), H, 1e-14)
    assert.close(net:hidden(X, 2), W2 * H + b2, 1e-13)
    assert.close(net:forward(X), W2 * H + b2, 1e-13)
    local task = data.task { X = X, Y = r:normal(2, 700) }
    local residual = task.Y - net:forward(X)
    assert.close(net:loss(task), residual:dot(residual) / 1400, 1e-13)
    assert.close(net:error(task), residual:dot(residual) / 700, 1e-13)
    assert.error_matches(function() net:forward(matrix.ones(4, 2)) end, "net:forward: X is 4x2 and the network takes 3 inputs")
    assert.error_matches(function() net:hidden(X, 3) end, "the layer = 3: must lie between 1 and 2")
    assert.error_matches(function() net:loss(example_task(4, 2, 5)) end, "3 inputs to 2 outputs and the task has 4 and 2")
    assert.error_matches(function() net:loss() end, "net:loss: task must be a task, got nil")
  end)

  it("has the gradient that differences give, for every activation, with and without biases", function()
    local task = example_task(4, 3, 300, 2)
    for _, activation in ipairs(activations) do
      for _, bias in ipairs { false, true } do
        local net = network.new { sizes = { 4, 6, 5, 3 }, activation = activation, bias = bias, seed = 6 }
        local G, B = net:gradient(task)
        local function check(W, g)
          for i = 1, W.rows do
            for j = 1, W.cols do
              local x, h = W:get(i, j), 1e-5
              W:set(i, j, x + h)
              local above = net:loss(task)
              W:set(i, j, x - h)
              local below = net:loss(task)
              W:set(i, j, x)
              assert.close((above - below) / (2 * h), g:get(i, j), 2e-6, activation)
            end
          end
        end
        for l = 1, 3 do
          check(net.weights[l], G[l])
          if bias then check(net.biases[l], B[l]) end
        end
        assert.equal(bias, B ~= nil)
      end
    end
  end)

  it("has the same gradient from moments as over the examples", function()
    local task = example_task(6, 3, 50)
    local moments = data.task { Sxx = task.Sxx, Syx = task.Syx, tr_yy = task.tr_yy }
    local net = network.new { sizes = { 6, 5, 3 }, seed = 2 }
    local G, H = net:gradient(task), net:gradient(moments)
    local R = net:forward(task.X) - task.Y
    local W1, W2 = net.weights[1], net.weights[2]
    assert.close(G[2], R:mult(W1 * task.X) / 50, 1e-13)
    assert.close(G[1], W2:tmul(R):mult(task.X) / 50, 1e-13)
    for l = 1, 2 do assert.close(G[l], H[l], 1e-13) end
    assert.close(net:loss(task), net:loss(moments), 1e-12)
    local nonlinear = network.new { sizes = { 6, 5, 3 }, activation = "tanh" }
    assert.error_matches(function() nonlinear:loss(moments) end, "needs examples, and this task has only moments")
  end)

  it("observes what a run would record", function()
    local task = example_task(5, 3, 40)
    local net = network.new { task = task, hidden = 4, seed = 3 }
    local o = net:observe(task, { "loss", "error", "modes", "singular_values", "norms", "balance", "weights" })
    local U, _, V = task:svd()
    assert.close(o.loss, net:loss(task), 1e-14)
    assert.close(o.error, 2 * o.loss, 1e-15)
    assert.close(o.modes.T, (U:tmul(net:product()) * V):diag(), 1e-13)
    local _, s = net:product():svd()
    assert.close(o.singular_values.T, s, 1e-14)
    assert.close(o.norms[2], (net.weights[2]:norm()), 1e-14)
    local W1, W2 = net.weights[1], net.weights[2]
    local balance = (W2:tmul(W2) - W1:mult(W1)):norm() / (W1:norm() ^ 2 + W2:norm() ^ 2)
    assert.close(o.balance[1], balance, 1e-13)
    assert.is_true(o.weights[2] == W2)
    assert.error_matches(function() net:observe(task, { "los" }) end, "net:observe: record has 'los'; did you mean 'loss'")
    assert.error_matches(function() net:observe(task, { "test_loss" }) end, "there is no test set")
  end)

  it("says that a method was called with a dot", function()
    local net = network.new { sizes = { 2, 1 }, seed = 1 }
    for _, name in ipairs { "train", "flow", "loss", "error", "gradient", "forward", "hidden", "product", "observe", "copy" } do
      assert.error_matches(function() net[name] { task = 1 } end,
        ("network_spec.lua:%%d+: net:%s: called without a network, with a table; write net:%s%%(...%%)"):format(name, name))
    end
    local task = data.task { X = matrix.ones(1, 2), Y = matrix.ones(1, 2) }
    assert.error_matches(function() task.split { test = 1 } end, "task:split: called without a task, with a table; write task:split")
  end)

  it("is copied whole", function()
    local net = network.new { sizes = { 3, 4, 2 }, activation = "relu", bias = true, seed = 1 }
    local copy = net:copy()
    copy.weights[1]:fill(0)
    assert.is_true(net.weights[1]:norm() > 0)
    assert.same(net.activations, copy.activations)
  end)

  it("says what it is", function()
    assert.equal("linear network 3-4-2, depth 2, 20 parameters", tostring(network.new { sizes = { 3, 4, 2 } }))
    assert.matches("nonlinear network 3%-4%-2 %(tanh, linear%), depth 2, 26 parameters with biases",
      tostring(network.new { sizes = { 3, 4, 2 }, activation = "tanh", bias = true }))
  end)
end)

describe("saving", function()
  local path = os.tmpname() .. ".npz"
  after_each(function() os.remove(path) end)

  it("brings back weights, biases and activations to the bit", function()
    local net = network.new { sizes = { 3, 4, 2 }, activation = "tanh", bias = true, seed = 1 }
    net.biases[1]:fill(0.1)
    net:save(path)
    local loaded = network.load(path)
    for l = 1, 2 do
      assert.is_true(loaded.weights[l] == net.weights[l] and loaded.biases[l] == net.biases[l])
    end
    assert.same(net.activations, loaded.activations)
  end)

  it("refuses files that hold no network, and other names", function()
    matrix.save(path, { A = matrix.ones(2, 2) })
    assert.error_matches(function() network.load(path) end, "holds no network")
    matrix.save(path, { W1 = matrix.ones(2, 2), W2 = matrix.ones(2, 3) })
    assert.error_matches(function() network.load(path) end, "sizes do not chain")
    assert.error_matches(function() network.load "net.bin" end, "must end in .npz")
    local missing = os.tmpname()
    os.remove(missing)
    missing = missing .. ".npz"
    local here = "network_spec.lua:%d+: "
    assert.error_matches(function() network.load(missing) end, here .. "network.load: .*cannot be opened")
    assert.error_matches(function() network.load_run(missing) end, here .. "network.load_run: .*cannot be opened")
    local net = network.new { sizes = { 1, 1 } }
    assert.error_matches(function() net:save(missing .. "/net.npz") end, here .. "net:save: .*cannot be written")
    assert.error_matches(function() network.new { sizes = { 1, 1 } }:save(3) end, "net:save: the file's name must end in .npz")
  end)
end)
