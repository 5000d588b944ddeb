-- theory.ntk: kernels of deep linear networks through Lua.

local stream = random.stream(11)
local function layers(...)
  local sizes, W = { ... }, {}
  for l = 1, #sizes - 1 do W[l] = stream:normal(sizes[l + 1], sizes[l]) end
  return W
end

local W, Z = layers(3, 4, 2), layers(3, 4, 2)
local X, Y = stream:normal(3, 5), stream:normal(2, 5)
local task = data.task { X = X, Y = Y }

describe("theory.ntk.kernel", function()
  it("is 1 (x) X'W1'W1 X + W2 W2' (x) X'X for two layers", function()
    local H = W[1] * X
    local expected = matrix.kron(matrix.eye(2), H:tmul(H)) + matrix.kron(W[2]:mult(W[2]), X:tmul(X))
    assert.close(theory.ntk.kernel { weights = W, X = X }, expected, 1e-14)
    assert.close(theory.ntk.kernel { net = network.from(W), task = task }, expected, 1e-14)
    assert.close(theory.ntk.kernel { weights = network.from(W).weights, X = X }, expected, 1e-14)
    assert.close(theory.ntk.kernel { A = W[1]:tmul(W[1]), B = W[2]:mult(W[2]), X = X }, expected, 1e-13)
  end)

  it("moves the outputs of a network under gradient flow", function()
    local net = network.from(layers(3, 4, 3, 2))
    local before, P = net:forward(X), 5
    local K = theory.ntk.kernel { net = net, X = X }
    local residual = (Y - before).T:reshape(2 * P, 1)
    local expected = (K * residual / P):reshape(P, 2).T
    local times, moved = { 1e-5 }, net:copy()
    moved:flow { task = task, times = times, record = { "loss" } }
    assert.close((moved:forward(X) - before) / times[1], expected, 1e-3)
  end)

  it("on unit inputs is how a balanced map moves", function()
    local map, Sxx, Syx = stream:normal(2, 3), X:mult(X) / 5, Y:mult(X) / 5
    local K = theory.ntk.kernel { W = map, depth = 3 }
    local E = (Syx - map * Sxx).T:reshape(6, 1)
    local velocity = theory.balanced.velocity { W = map, depth = 3, Sxx = Sxx, Syx = Syx }
    assert.close((K * E):reshape(3, 2).T, velocity, 1e-13)
  end)
end)

describe("theory.ntk.norm, distance and alignment", function()
  it("are those of the kernel", function()
    local K, other = theory.ntk.kernel { weights = W, X = X }, theory.ntk.kernel { weights = Z, X = X }
    local y = Y.T:reshape(10, 1)
    local norm, distance = K:norm(), 1 - K:dot(other) / K:norm() / other:norm()
    local alignment = y:dot(K * y) / K:norm() / y:dot(y)
    local Sxx, Syx, tr_yy = task.Sxx, task.Syx, task.tr_yy
    assert.close(theory.ntk.norm { weights = W, X = X }, norm, 1e-13)
    assert.close(theory.ntk.norm { weights = W, task = task }, norm, 1e-13)
    assert.close(theory.ntk.norm { weights = W, Sxx = Sxx, examples = 5 }, norm, 1e-13)
    assert.close(theory.ntk.norm { weights = W, Sxx = Sxx }, norm / 5, 1e-13)
    for _, from in ipairs { { X = X }, { task = task }, { Sxx = Sxx } } do
      from.weights, from.other = W, Z
      assert.close(theory.ntk.distance(from), distance, 1e-14)
      from.other = network.from(Z)
      assert.close(theory.ntk.distance(from), distance, 1e-14)
      from.other = { A = Z[1]:tmul(Z[1]), B = Z[2]:mult(Z[2]) }
      assert.close(theory.ntk.distance(from), distance, 1e-13)
    end
    for _, from in ipairs { { X = X, Y = Y }, { task = task }, { Sxx = Sxx, Syx = Syx, tr_yy = tr_yy } } do
      from.weights = W
      assert.close(theory.ntk.alignment(from), alignment, 1e-14)
    end
  end)

  it("fall as lambda^-4 in the lazy regime (Braun et al. 2022)", function()
    local white = data.spectrum { s = { 2, 1, 0.5 }, inputs = 3, outputs = 3, seed = 1 }
    local function distance(lambda)
      local net = network.new { task = white, hidden = 3, init = "lambda", lambda = lambda, strength = 0.1, seed = 2 }
      local start = net:copy()
      net:flow { task = white, times = { 0, 40 }, record = { "loss" } }
      return theory.ntk.distance { net = net, other = start, task = white }
    end
    local ratio = distance(10) / distance(20)
    assert.is_true(ratio > 10 and ratio < 20, tostring(ratio))
  end)
end)

describe("theory.ntk refuses", function()
  local eye = matrix.eye(3)
  local cases = {
    { "no network", "kernel", { X = X }, "weights must be the list { W1, W2, ... }" },
    { "two networks", "kernel", { weights = W, net = network.from(W), X = X }, "net" },
    { "layers that do not chain", "kernel", { weights = { W[2], W[2] }, X = eye }, "layer 2 is 2x4 and must have 2 columns" },
    { "an empty list", "kernel", { weights = {}, X = X }, "one layer or more, got 0" },
    { "a layer that is no matrix", "kernel", { weights = { W[1], "W2" }, X = X }, "weights%[2%]" },
    { "NaN", "kernel", { weights = { W[1], W[2] * (0 / 0) }, X = X }, "weights%[2%] has .*[nN]a[nN]" },
    { "inputs of another size", "kernel", { weights = W, X = Y }, "X is 2x5 and the network takes 3 inputs" },
    { "a misspelt option", "kernel", { weight = W, X = X }, "did you mean 'weights'" },
    { "nonlinear units", "kernel", { net = network.new { sizes = { 3, 4, 2 }, activation = "tanh" }, X = X }, "not linear" },
    { "biases", "kernel", { net = network.new { sizes = { 3, 4, 2 }, bias = true }, X = X }, "biases" },
    { "A without B", "kernel", { A = eye, X = X }, "B" },
    { "an A that is not positive", "kernel", { A = -eye, B = eye, X = X }, "A has the eigenvalue %-1" },
    { "an A that is not square", "kernel", { A = X, B = eye, X = X }, "A must be W1'W1" },
    { "depth without W", "kernel", { weights = W, depth = 2 }, "depth goes with W" },
    { "no layers", "kernel", { W = eye, depth = 0 }, "depth" },
    { "moments in place of examples", "kernel", { weights = W, task = data.task { Sxx = task.Sxx, Syx = task.Syx, tr_yy = task.tr_yy } },
      "only moments" },
    { "absurd sizes", "kernel", { weights = { matrix.ones(100, 3) }, X = matrix.ones(3, 10000) }, "8e%+12 bytes" },
    { "no inputs", "norm", { weights = W }, "Sxx" },
    { "examples of none", "norm", { weights = W, X = matrix.zeros(3, 0) }, "no examples" },
    { "counts below 0", "norm", { weights = W, Sxx = eye, examples = -1 }, "examples" },
    { "no other network", "distance", { weights = W, X = X }, "other must be the list" },
    { "another network that does not fit", "distance", { weights = W, other = layers(4, 2), X = X }, "the other 4 to 2" },
    { "labels that do not fit", "alignment", { weights = W, X = X, Y = matrix.ones(2, 4) }, "each of the 5 examples" },
    { "outputs that do not fit", "alignment", { weights = W, X = X, Y = X }, "Syx is 3x3" },
    { "moments beside a task", "alignment", { weights = W, task = task, Sxx = eye }, "Sxx" },
    { "no target", "alignment", { weights = W, Sxx = eye, Syx = Y:mult(X) }, "tr_yy" },
  }
  for _, case in ipairs(cases) do
    it(case[1] .. " in " .. case[2], function()
      assert.error_matches(function() theory.ntk[case[2]](case[3]) end, "theory%.ntk%." .. case[2] .. ".*" .. case[4])
    end)
  end
end)

describe("theory.ntk.path", function()
  local white = data.spectrum { s = { 3, 2, 1 }, inputs = 3, outputs = 3, examples = 8, seed = 2 }
  local times = matrix.linspace(0, 5, 21)
  local starts = {
    riccati = { init = "lambda", lambda = 0.5, strength = 0.05 },
    decoupled = { init = "aligned", strength = 0.02, depth = 3 },
    balanced = { init = "balanced", scale = 0.3, depth = 3 },
    flow = { scale = 0.3, depth = 3 },
    shallow = { depth = 1 },
  }

  local function start_of(solution)
    local options = { task = white, seed = 1, hidden = solution ~= "shallow" and 3 or nil }
    for name, value in pairs(starts[solution]) do options[name] = value end
    return network.new(options)
  end

  for solution in pairs(starts) do
    it("is the kernel along the flow: " .. solution, function()
      local net = start_of(solution)
      local path = theory.ntk.path { net = net, task = white, times = times, kernel = true }
      assert.equal(solution, path.solution)
      assert.equal(solution ~= "flow" and solution ~= "balanced", path.exact)
      local flow = net:copy():flow { task = white, times = times, tolerance = 1e-12,
        record = { "ntk", "ntk_norm", "ntk_distance", "ntk_alignment" } }
      local size = flow.ntk_norm:max()
      assert.close(path.norm, flow.ntk_norm, 1e-9 * size)
      assert.close(path.distance, flow.ntk_distance, 1e-9)
      assert.close(path.alignment, flow.ntk_alignment, 1e-9)
      for k = 1, #times do assert.close(path.kernel[k], flow.ntk[k], 1e-9 * size) end
    end)
  end

  it("is that of a trained network to the error of its rate", function()
    local net, errors = start_of "riccati", {}
    for i, rate in ipairs { 0.02, 0.01, 0.005 } do
      local run = net:copy():train { task = white, rate = rate, times = times, record = { "ntk", "ntk_norm" } }
      local path = theory.ntk.path { weights = net.weights, task = white, times = run.t, kernel = true }
      errors[i] = (path.norm - run.ntk_norm):abs():max()
    end
    for i = 1, 2 do
      local ratio = errors[i] / errors[i + 1]
      assert.is_true(ratio > 1.8 and ratio < 2.2, "halving the rate halves the error, not divides it by " .. ratio)
    end
  end)

  it("ends where theory.ntk.limit says", function()
    for solution in pairs(starts) do
      local net = start_of(solution)
      local limit = theory.ntk.limit { net = net, task = white, kernel = true }
      local path = theory.ntk.path { net = net, task = white, times = { 0, 60, math.huge }, kernel = true }
      for _, k in ipairs { 2, 3 } do
        assert.close(limit.norm, path.norm[k], 1e-8 * limit.norm)
        assert.close(limit.distance, path.distance[k], 1e-8)
        assert.close(limit.alignment, path.alignment[k], 1e-8)
        assert.close(limit.kernel, path.kernel[k], 1e-8 * limit.norm)
      end
      assert.close(limit.growth, limit.norm / path.norm[1], 1e-12 * limit.growth)
    end
  end)

  it("turns less the lazier the start, as lambda^-4", function()
    local distances = {}
    for i, lambda in ipairs { 10, 30, 100 } do
      local net = network.new { task = white, hidden = 3, init = "lambda", lambda = lambda, strength = 0.1, seed = 3 }
      local limit = theory.ntk.limit { net = net, task = white }
      assert.is_true(limit.exact)
      distances[i] = limit.distance
    end
    assert.is_true(distances[1] > 30 * distances[2] and distances[2] > 50 * distances[3])
  end)

  it("knows no limit where nothing says that the flow rests", function()
    local net = start_of "flow"
    assert.error_matches(function() theory.ntk.limit { net = net, task = white, weight_decay = 0.1 } end,
      "t = infinity: nothing says when a flow with weight decay has come to rest")
  end)

  it("refuses what makes no sense", function()
    local net = start_of "riccati"
    local cases = {
      { { task = white, times = times }, "give net = a network, or weights" },
      { { net = net, weights = net.weights, task = white, times = times }, "give net = a network, or weights" },
      { { net = net, times = times }, "task" },
      { { net = net, task = white }, "times" },
      { { net = net, task = white, times = { 1, 0 } }, "must rise" },
      { { net = net, task = white, times = { 0, 0 / 0 } }, "times" },
      { { net = net, task = white, time = times }, "did you mean 'times'" },
      { { net = net, task = white, times = times, kernel = 1 }, "kernel" },
      { { weights = 3, task = white, times = times }, "weights must be the list of a network's layers, got 3" },
      { { net = net, task = data.task { Sxx = white.Sxx, Syx = white.Syx, tr_yy = white.tr_yy }, times = times, kernel = true },
        "needs examples" },
    }
    for _, case in ipairs(cases) do
      assert.error_matches(function() theory.ntk.path(case[1]) end, case[2])
    end
    assert.error_matches(function() theory.ntk.limit { net = net, task = white, times = times } end, "times")
  end)
end)
