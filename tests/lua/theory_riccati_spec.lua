local riccati = theory.riccati
local INF = math.huge

--- options with some changed; false takes one away.
local function with(options, changes)
  local new = {}
  for name, value in pairs(options) do new[name] = value end
  for name, value in pairs(changes) do new[name] = value or nil end
  return new
end

local r = random.stream(8)

--- White inputs: P orthogonal examples.
local function white_task(inputs, outputs, c)
  local X = math.sqrt(c * inputs) * r:orthogonal(inputs, inputs)
  return data.task { X = X, Y = r:normal(outputs, inputs) }
end

local task = white_task(5, 3, 1.3)
local function start_of(init, lambda, hidden)
  return network.new { task = task, hidden = hidden or 6, init = init, strength = 0.05, lambda = lambda, seed = 2 }
end
local net = start_of("lambda", 0.7)
local start = { weights = net.weights, task = task, t = 2 }
local t = { 0, 0.3, 1, 4, 20 }

describe("theory.riccati.class", function()
  it("finds how weights are balanced", function()
    for _, lambda in ipairs { 0.7, -0.7, 1e-9 } do
      local class = riccati.class { weights = start_of("lambda", lambda).weights }
      assert.close(class.lambda, lambda, 1e-14)
      assert.equal(0, class.kappa)
      assert.is_true(class.misfit < 1e-14)
    end
    local H = r:orthogonal(9, 8)
    local class = riccati.class { weights = { 0.5 * H:colrange(1, 5), 0.2 * H:colrange(6, 8).T } }
    assert.close(class.lambda, 0.04 - 0.25, 1e-14)
    assert.close(class.kappa, 0.04 * 0.25, 1e-14)
    assert.equal(8, class.rank)
  end)

  it("comes closer to wide random weights the wider they are", function()
    local misfits = {}
    for i, hidden in ipairs { 20, 200, 2000 } do
      local s = random.stream(1)
      local weights = { s:normal(hidden, 3) / math.sqrt(hidden), s:normal(3, hidden) / math.sqrt(hidden) }
      misfits[i] = riccati.class { weights = weights }.misfit
    end
    assert.is_true(misfits[1] > 2 * misfits[2] and misfits[2] > 2 * misfits[3] and misfits[3] < 0.1)
  end)
end)

describe("theory.riccati", function()
  it("is the gradient flow: product, representations and weights", function()
    for _, lambda in ipairs { 0, 0.7, -0.4, 1e-8 } do
      local from = start_of("lambda", lambda)
      local options = { weights = from.weights, task = task, t = t }
      local flow = from:copy():flow { task = task, times = t, tolerance = 1e-12, record = { "weights" } }
      local forms, products = riccati.representations(options), riccati.product(options)
      local weights = riccati.weights(options)
      for k = 1, #t do
        local W1, W2 = flow.weights[k][1], flow.weights[k][2]
        assert.close(forms.product[k], W2 * W1, 1e-11)
        assert.close(forms.inputs[k], W1.T * W1, 1e-11)
        assert.close(forms.outputs[k], W2 * W2.T, 1e-11)
        assert.close(products[k], forms.product[k], 1e-12)
        assert.close(weights[k][1], W1, 1e-10)
        assert.close(weights[k][2], W2, 1e-10)
      end
    end
  end)

  it("answers with one matrix for a number and a list for more, in the order asked", function()
    local one, list = riccati.product(start), riccati.product(with(start, { t = { 9, 2, 0 } }))
    assert.close(one, list[2], 0)
    assert.close(list[3], net.weights[2] * net.weights[1], 1e-15)
    assert.equal(3, #riccati.representations(with(start, { t = matrix { 1, 2, 3 } })).inputs)
    local weights = riccati.weights(with(start, { t = { 9, 2, 0 } }))
    assert.close(weights[3][1], net.weights[1], 0)
    assert.close(weights[2][2] * weights[2][1], one, 1e-13)
    assert.close(riccati.weights(start)[1], weights[2][1], 1e-12)
    assert.are.same({}, riccati.weights(with(start, { t = {} })))
  end)

  it("is the logistic law for a single direction", function()
    local a0, s = 1e-6, 1.5
    local a = matrix { math.sqrt(a0) }
    local options = { weights = { a, a }, Sxx = matrix.eye(1), Syx = matrix { s } }
    for _, time in ipairs { 1e-3, 1, 5, 50, 1e6 } do
      local strength = theory.mode.strength { s = s, a0 = a0, t = time }
      assert.close(riccati.product(with(options, { t = time }))[1] / strength, 1, 1e-13)
    end
  end)

  it("goes to the limit, also with weight decay and at infinite times", function()
    local limit = riccati.limit(with(start, { t = false }))
    assert.close(limit.product, task.target or task.Syx * task.Sxx:pinv(), 1e-12)
    for name, value in pairs(riccati.representations(with(start, { t = INF }))) do
      assert.close(value, limit[name], 0)
    end
    local last = riccati.weights(with(start, { t = INF }))
    assert.close(last[1].T * last[1], limit.inputs, 1e-12)
    local balanced = start_of("balanced")
    local decayed = riccati.limit { weights = balanced.weights, task = task, weight_decay = 0.1 }
    local U, s, V = task.Syx:svd()
    local shrunk = U * matrix.diag(s - 0.1) * V.T / task.Sxx:get(1, 1)
    assert.close(decayed.product, shrunk, 1e-12)
  end)

  it("has the kernel of the network", function()
    local forms = riccati.representations(start)
    local W = riccati.weights(start)
    assert.close(forms.outputs, W[2] * W[2].T, 1e-13)
    assert.close(forms.inputs, W[1].T * W[1], 1e-13)
  end)

  it("takes the class that it is told, and measures how far the weights are from it", function()
    assert.close(riccati.product(with(start, { lambda = 0.7, kappa = 0 })), riccati.product(start), 1e-13)
    assert.error_matches(function() riccati.product(with(start, { lambda = 0.2, kappa = 0 })) end,
      "theory.riccati.product: the weights are not balanced: they are 0%.%d+ .*from the class of lambda = 0.2, kappa = 0")
    riccati.product(with(start, { lambda = 0.2, kappa = 0, tolerance = 1 }))
  end)
end)

describe("theory.riccati refuses", function()
  local X = r:normal(5, 40)
  local coloured = data.task { X = X, Y = r:normal(3, 40) }
  local unbalanced = { r:normal(6, 5), r:normal(3, 6) }
  local rows = {
    { "no table", nil, "a table of options is needed" },
    { "no weights", { weights = false }, "weights must be the list { W1, W2, ... } of the layers, got nil" },
    { "one layer", { weights = { matrix.eye(5) } }, "must hold two layers or more, got 1" },
    { "three layers", { weights = { net.weights[1], matrix.eye(6), net.weights[2] } },
      "must be two layers { W1, W2 }, got 3" },
    { "layers that do not chain", { weights = { net.weights[1], matrix.ones(3, 4) } }, "do not chain: W1 is 6x5 and W2 3x4" },
    { "layers of another task", { weights = { matrix.ones(6, 4), net.weights[2] } }, "W1 must be hidden x inputs" },
    { "NaN", { weights = { net.weights[1] * (0 / 0), net.weights[2] } }, "weights%[1%] has NaN at %(1, 1%)" },
    { "a negative time", { t = -1 }, "t must be >= 0; number 1 is %-1" },
    { "no time", { t = false }, "t must be" },
    { "inputs that are not white", { task = coloured }, "the inputs are not white: Sxx is %d.* the tolerance is 0.01" },
    { "weights that are not balanced", { weights = unbalanced }, "the weights are not balanced: they are %d" },
    { "no inputs", { task = false, Sxx = matrix.zeros(5, 5), Syx = matrix.zeros(3, 5) }, "Sxx is 0: there is nothing to learn" },
    { "a decay that the class does not survive", { weight_decay = 0.1 },
      "the weights are not balanced.*lambda = 0, kappa = 0" },
    { "the same with the class told", { weight_decay = 0.1, lambda = 0.7, kappa = 0 }, "only zero%-balanced weights" },
    { "lambda without kappa", { lambda = 1 }, "kappa must be a number >= 0, got nil" },
    { "kappa < 0", { lambda = 1, kappa = -1 }, "kappa must be a number >= 0, got %-1" },
    { "a misspelt option", { lamda = 1 }, "unknown option 'lamda'; did you mean 'lambda'" },
    { "task and Sxx", { Sxx = matrix.eye(5) }, "task and Sxx exclude each other" },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      for _, name in ipairs { "product", "representations", "weights" } do
        local options = row[2] and with(start, row[2])
        assert.error_matches(function() riccati[name](options) end, "theory.riccati." .. name .. ": .*" .. row[3])
      end
    end)
  end

  it("what the others do not take", function()
    assert.error_matches(function() riccati.limit(start) end, "theory.riccati.limit: unknown option 't'")
    assert.error_matches(function() riccati.class(start) end, "theory.riccati.class: unknown option")
    assert.error_matches(function() riccati.class { weights = 3 } end, "theory.riccati.class: weights must be the list")
  end)

  it("the product where W1 acts on inputs without data; the weights are still known", function()
    local V = r:orthogonal(5, 5)
    local few = data.task { X = V:colrange(1, 3) * 2, Y = r:normal(2, 3) }
    local balanced = network.new { sizes = { 3, 4, 2 }, init = "balanced", strength = 0.1, seed = 1 }
    local W1 = balanced.weights[1] * V:colrange(1, 3).T + r:normal(4, 2) * V:colrange(4, 5).T
    local options = { weights = { W1, balanced.weights[2] }, task = few, t = 3 }
    assert.error_matches(function() riccati.product(options) end, "W1 has weights on inputs that are not in the data")
    local flow = network.from { W1, balanced.weights[2] }:flow {
      task = few, times = { 3 }, tolerance = 1e-12, record = { "weights" } }
    local W = riccati.weights(options)
    assert.close(W[1], flow.weights[1][1], 1e-10)
    assert.close(W[2], flow.weights[1][2], 1e-10)
  end)
end)
