-- theory.balanced: end-to-end dynamics of deep balanced networks, on examples, moments and entries of the map.

local balanced = theory.balanced

local function refuses(f, rows)
  for _, row in ipairs(rows) do
    assert.error_matches(function() f(row[1]) end, row[2])
  end
end

local r = random.stream(4)
local X, Y = r:normal(5, 30), r:normal(4, 30)
local task = data.task { X = X, Y = Y }
local W = 0.3 * r:normal(4, 5)
local low = 0.1 * r:normal(4, 2) * r:normal(2, 5) -- of rank 2

local function product(weights)
  local P = weights[1]
  for l = 2, #weights do P = weights[l] * P end
  return P
end

describe("theory.balanced.velocity", function()
  it("is the gradient for one layer, and -dL/dW from both sides for two", function()
    local E = task.Syx - W * task.Sxx
    assert.close(balanced.velocity { W = W, task = task, depth = 1 }, E, 1e-13)
    local two = (W * W.T):sqrtm() * E + E * (W.T * W):sqrtm()
    assert.close(balanced.velocity { W = W, Sxx = task.Sxx, Syx = task.Syx, depth = 2 }, two, 1e-7) -- sqrtm of rank 4 in 5
  end)

  it("moves the singular values as D s^(2-2/D) says", function()
    local U, s, V = W:svd()
    local along = (U.T * (task.Syx - W * task.Sxx) * V):diag()
    for _, depth in ipairs { 1, 2, 3, 7 } do
      local _, rates = balanced.velocity { W = W, task = task, depth = depth }
      assert.close(rates, depth * s:pow(2 - 2 / depth):times(along), 1e-12)
    end
  end)

  it("holds for a loss of entries of the map", function()
    local completion = data.completion { Y = r:normal(4, 5), observed = 0.6, normalisation = 1, seed = 3 }
    local E = completion.values - W:times(completion.mask)
    assert.close(balanced.velocity { W = W, task = completion, depth = 1 }, E, 1e-14)
  end)
end)

describe("theory.balanced.factors", function()
  it("are balanced, give the map back and are as narrow as its rank", function()
    for depth = 1, 5 do
      local layers = balanced.factors { W = low, depth = depth }
      local conserved, distance = balanced.conserved { weights = layers }
      assert.close(product(layers), low, 1e-14)
      assert.equal(depth - 1, #conserved)
      assert.is_true(distance < 1e-14)
      for l = 1, depth - 1 do assert.equal(2, layers[l].rows) end
    end
    assert.equal(7, balanced.factors { W = low, depth = 3, hidden = 7 }[2].rows)
  end)
end)

describe("theory.balanced.conserved", function()
  it("is what training keeps and what a step changes by its square", function()
    local net = network.new { task = task, hidden = 6, depth = 3, scale = 0.4, seed = 2 }
    local before, distance = balanced.conserved { net = net }
    assert.close(before[1], net.weights[2].T * net.weights[2] - net.weights[1] * net.weights[1].T, 1e-14)
    assert.is_true(distance > 0.1)
    local flown = net:copy()
    flown:flow { task = task, times = { 4 }, tolerance = 1e-11 }
    local after = balanced.conserved { net = flown }
    for l = 1, 2 do assert.close(after[l], before[l], 1e-9) end
    local G, stepped = net:gradient(task), net:copy()
    stepped:train { task = task, rate = 0.01, steps = 1 }
    local once = balanced.conserved { weights = stepped.weights }
    for l = 1, 2 do
      assert.close(once[l] - before[l], 1e-4 * (G[l + 1].T * G[l + 1] - G[l] * G[l].T), 1e-9)
    end
  end)
end)

describe("theory.balanced.flow", function()
  it("is the map of a network of any width", function()
    for depth = 1, 4 do
      for _, start in ipairs { W, low } do
        local t = { 0.5, 3, 0 }
        local flow = balanced.flow { W = start, task = task, depth = depth, t = t, tolerance = 1e-12 }
        local net = network.from(balanced.factors { W = start, depth = depth, hidden = depth > 1 and 9 or nil })
        local run = net:flow { task = task, times = { 0.5, 3 }, tolerance = 1e-12, record = { "weights", "singular_values" } }
        for k = 1, 2 do
          local weights = {}
          for l = 1, depth do weights[l] = run.weights[k][l] end
          assert.close(flow.W[k], product(weights), 1e-10)
          assert.close(flow.singular_values:row(k), run.singular_values:row(k), 1e-10)
        end
        assert.close(flow.W[3], start, 1e-14)
      end
    end
  end)

  it("is it for any sizes, depths, ranks, scales and times, on examples and on entries", function()
    local draw = random.stream(77)
    local function whole(low_end, high) return math.tointeger(draw:integers(1, 1, low_end, high):item()) end
    for trial = 1, 24 do
      local inputs, outputs, depth = whole(1, 7), whole(1, 7), whole(2, 5)
      local least = math.min(inputs, outputs)
      local start = draw:normal(outputs, least - whole(0, least - 1))
      start = start * draw:normal(start.cols, inputs)
      start = 10 ^ -draw:uniform(1, 1, 0, 9):item() / start:norm() * start
      local problem = data.task { X = draw:normal(inputs, 20), Y = draw:normal(outputs, 20) }
      if trial % 3 == 0 then
        problem = data.completion { inputs = inputs, outputs = outputs, rank = 1, observed = 0.6, normalisation = 1,
          seed = trial }
      end
      local layers = balanced.factors { W = start, depth = depth, hidden = least + whole(0, 6) }
      for l = 1, depth - 1 do
        local Q = draw:orthogonal(layers[l].rows)
        layers[l], layers[l + 1] = Q * layers[l], layers[l + 1] * Q.T
      end
      local last = 10 ^ draw:uniform(1, 1, 0, 2):item()
      local asked = { net = network.from(layers), task = problem, times = { last / 10, last }, record = { "weights" },
        tolerance = 1e-11, solution = "balanced" }
      local pred = theory.predict(asked)
      local run = asked.net:copy():flow { task = problem, times = asked.times, record = { "weights" }, tolerance = 1e-11 }
      local flow = balanced.flow { W = start, task = problem, depth = depth, t = asked.times, tolerance = 1e-11 }
      for k = 1, 2 do
        assert.close(product(pred.weights[k]), product(run.weights[k]), 1e-9)
        assert.close(flow.W[k], product(run.weights[k]), 1e-9)
      end
    end
  end)

  it("stays at zero, and follows weight decay", function()
    assert.close(balanced.flow { W = 0 * W, task = task, depth = 3, t = 5 }.W, 0 * W, 0)
    local options = { W = W, task = task, depth = 3, t = 2, weight_decay = 0.1, tolerance = 1e-12 }
    local net = network.from(balanced.factors { W = W, depth = 3, hidden = 6 })
    net:flow { task = task, times = { 2 }, weight_decay = 0.1, tolerance = 1e-12 }
    assert.close(balanced.flow(options).W, net:product(), 1e-10)
    options.weight_decay = -1
    assert.error_matches(function() balanced.flow(options) end, "weight_decay")
  end)

  it("answers with a matrix and a column for one time", function()
    local flow = balanced.flow { W = W, Sxx = task.Sxx, Syx = task.Syx, depth = 2, t = 1 }
    local same = balanced.flow { W = W, task = task, depth = 2, t = { 1 } }
    assert.close(flow.W, same.W[1], 1e-12)
    assert.equal(4, flow.singular_values.rows)
    assert.close(flow.singular_values, select(2, flow.W:svd()), 1e-14)
  end)
end)

describe("theory.balanced.small_start", function()
  it("tells when the modes of small random weights are half learned", function()
    local white = data.spectrum { s = { 3, 1.5, 0.7 }, inputs = 4, outputs = 3, seed = 1 }
    local net = network.new { task = white, hidden = 12, scale = 1e-4, seed = 5 }
    local start = balanced.small_start { net = net, task = white }
    assert.close(start.s, matrix { 3, 1.5, 0.7 }, 1e-13)
    assert.close(start.rho, matrix { 1, 1, 1 }, 1e-13)
    local U, _, V = white:svd()
    local half = (net.weights[1] * V:col(1) + net.weights[2].T * U:col(1)):norm() ^ 2 / 4
    assert.close(start.strength[1] / half, 1, 1e-12)
    local run = net:flow { task = white, times = matrix.linspace(0, 20, 4001) }
    for i, tolerance in ipairs { 3e-3, 2e-2, 3e-2 } do
      local k = 1
      while run.modes:get(k, i) < start.s[i] / 2 do k = k + 1 end
      assert.close(run.t[k] / start.half_time[i], 1, tolerance)
    end
  end)
end)

describe("theory.balanced refuses", function()
  it("what is no problem", function()
    refuses(balanced.velocity, {
      { { W = W, task = task }, "balanced.velocity: depth .*must be" },
      { { W = W, depth = 2 }, "balanced.velocity: Sxx" },
      { { W = W.T, task = task, depth = 2 }, "W must be .*4x5" },
      { { W = W, task = task, Sxx = task.Sxx, depth = 2 }, "task.*Sxx" },
      { { W = W, task = task, dpth = 2 }, "'dpth'; did you mean 'depth'" },
      { { W = 0 / 0 * W, task = task, depth = 2 }, "W has NaN at" },
      { { W = W, task = task, depth = 0 }, "depth .*1" },
    })
    refuses(balanced.flow, {
      { { W = W, task = task, depth = 2 }, "balanced.flow: t " },
      { { W = W, task = task, depth = 2, t = -1 }, "t .*0" },
      { { W = W, task = task, depth = 2, t = math.huge }, "t must be finite" },
      { { W = W, task = task, depth = 2.5, t = 1 }, "depth" },
      { { W = W, Sxx = matrix.eye(5), Syx = W, depth = 2, t = 1, tolerance = 1 }, "tolerance" },
      { { W = W, Sxx = 0 * matrix.eye(5), Syx = W, depth = 2, t = 1 }, "range of Sxx" },
    })
    refuses(balanced.factors, {
      { { W = W, depth = 2, hidden = 3 }, "W has rank 4, and hidden layer 1 has 3 units" },
      { { W = "W", depth = 2 }, "W must be a matrix" },
    })
    refuses(balanced.conserved, {
      { { weights = { W, W } }, "W1 is 4x5 and W2 is 4x5: they do not chain" },
      { {}, "weights must be the list" },
      { { net = network.new { task = task, hidden = 3, activation = "tanh" } }, "linear" },
    })
    refuses(balanced.small_start, {
      { { weights = { W }, task = task }, "has 1 layers; the rule is one of two" },
      { { weights = { W, W }, task = task }, "chain" },
      { { net = network.new { task = task, hidden = 3 }, task = data.completion { Y = W, observed = 0.5 } },
        "observes entries of the map itself" },
    })
  end)
end)

describe("the solution 'balanced' of theory.predict", function()
  local t = matrix.linspace(0, 12, 13)

  it("is chosen for balanced starts that are not aligned, at any depth, with every weight", function()
    for depth = 3, 4 do
      local net = network.new { task = task, hidden = 7, depth = depth, init = "balanced", strength = 1e-3, seed = 3 }
      local pred = theory.predict { net = net, task = task, times = t, record = { "weights", "loss" } }
      assert.equal("balanced", pred.solution)
      assert.is_true(pred.assumptions[1].distance < 1e-13)
      assert.is_false(pred.exact) -- integrated
      local run = net:copy():flow { task = task, times = t, record = { "weights", "loss" } }
      assert.is_true(theory.compare(run, pred):worst() < 1e-8)
    end
  end)

  it("says how far from balance a start is, and costs its square", function()
    local net = network.new { task = task, hidden = 7, depth = 3, init = "balanced", strength = 1e-2, seed = 3 }
    for l = 1, 3 do
      local noise = random.stream(l):normal(net.weights[l].rows, net.weights[l].cols)
      net.weights[l]:axpy(3e-3 * net.weights[l]:norm() / noise:norm(), noise)
    end
    local pred = theory.predict { net = net, task = task, times = t, solution = "balanced", record = { "modes" } }
    local _, distance = balanced.conserved { net = net }
    assert.close(pred.assumptions[1].distance / distance, 1, 1e-12)
    assert.close(pred.assumptions[1].error, 5 * distance ^ 2, 1e-12)
    local run = net:copy():flow { task = task, times = t, record = { "modes" } }
    local worst = (run.modes - pred.modes):abs():max() / run.modes:row(13):norm()
    assert.is_true(worst > 1e-9 and worst < pred.assumptions[1].error)
    local far = network.new { task = task, hidden = 7, depth = 3, scale = 0.1, seed = 1 }
    assert.error_matches(function()
      theory.predict { net = far, task = task, times = t, solution = "balanced" }
    end, "solution 'balanced' assumes: neighbouring layers are balanced")
  end)
end)
