local shallow = theory.shallow
local INF = math.huge

--- options with some changed; false takes one away.
local function with(options, changes)
  local new = {}
  for name, value in pairs(options) do new[name] = value end
  for name, value in pairs(changes) do new[name] = value or nil end
  return new
end

local function refuses(f, rows)
  for _, row in ipairs(rows) do
    assert.error_matches(function() f(row[1]) end, row[2])
  end
end

local r = random.stream(4)
local X, Y = r:normal(5, 12), r:normal(2, 12)
local task = data.task { X = X, Y = Y }
local W0 = r:normal(2, 5)
local start = { W0 = W0, Sxx = task.Sxx, Syx = task.Syx }

describe("theory.shallow.flow", function()
  it("is the matrix exponential", function()
    for _, t in ipairs { 0, 1e-6, 0.4, 3, 40 } do
      for _, decay in ipairs { 0, 0.3 } do
        local A = task.Sxx + decay * matrix.eye(5)
        local e = (-t * A):expm()
        local limit = A:solve(task.Syx.T).T
        local W = shallow.flow(with(start, { t = t, weight_decay = decay }))
        assert.close(W, limit + (W0 - limit) * e, 1e-12)
      end
    end
  end)

  it("answers with a matrix for a number, with a list for more", function()
    local list = shallow.flow(with(start, { t = { 1, 0, INF } }))
    assert.close(list[1], shallow.flow(with(start, { t = 1 })), 0)
    assert.close(list[2], W0, 0)
    assert.close(list[3], shallow.limit(start), 0)
    assert.are.equal(3, #shallow.flow(with(start, { t = matrix { 1, 2, 3 } })))
    assert.are.same({}, shallow.flow(with(start, { t = {} })))
  end)

  it("starts at zero if no start is given, and takes a task for its moments", function()
    local W = shallow.flow { task = task, t = 2 }
    assert.close(W, shallow.flow { W0 = matrix.zeros(2, 5), Sxx = task.Sxx, Syx = task.Syx, t = 2 }, 0)
  end)

  it("is where a trained network goes, to the error of its rate", function()
    local errors = {}
    for i, rate in ipairs { 2e-3, 1e-3 } do
      local net = network.from { W0:copy() }
      net:train { task = task, rate = rate, times = { 0, 1 } }
      errors[i] = (net.weights[1] - shallow.flow(with(start, { t = 1 }))):abs():max()
    end
    assert.is_true(errors[1] < 2e-3)
    assert.close(errors[1] / errors[2], 2, 0.02)
  end)

  it("leaves inputs without data where they are", function()
    local few = data.task { X = X:colrange(1, 3), Y = Y:colrange(1, 3) }
    local null = few.Sxx:null()
    local problem = { W0 = W0, Sxx = few.Sxx, Syx = few.Syx }
    for _, t in ipairs { 1, 1e8, INF } do
      assert.close(shallow.flow(with(problem, { t = t })) * null, W0 * null, 1e-13)
    end
    local decayed = shallow.flow(with(problem, { t = 2, weight_decay = 0.5 }))
    assert.close(decayed * null, math.exp(-1) * (W0 * null), 1e-13)
    assert.close(shallow.limit(problem) * few.X, few.Y, 1e-12) -- fits three examples exactly
  end)
end)

describe("theory.shallow.limit", function()
  it("is least squares, and ridge regression with decay", function()
    assert.close(shallow.limit(start), X.T:lstsq(Y.T).T, 1e-12)
    local ridge = (task.Sxx + 0.2 * matrix.eye(5)):solve(task.Syx.T).T
    assert.close(shallow.limit(with(start, { weight_decay = 0.2 })), ridge, 1e-13)
  end)
end)

describe("theory.shallow.descent", function()
  it("is the loop it replaces", function()
    for _, momentum in ipairs { 0, 0.5, 0.9 } do
      for _, rate in ipairs { 0.01, 0.3 } do
        local W, v = W0:copy(), matrix.zeros(2, 5)
        for _ = 1, 50 do
          v = momentum * v + rate * (task.Syx - W * task.Sxx - 0.1 * W)
          W = W + v
        end
        local closed = shallow.descent(with(start, { rate = rate, steps = 50, momentum = momentum, weight_decay = 0.1 }))
        assert.close(closed, W, 1e-12)
      end
    end
  end)

  it("is what a network's training does", function()
    local net = network.from { W0:copy() }
    net:train { task = task, rate = 0.1, steps = 300 }
    assert.close(shallow.descent { W0 = W0, task = task, rate = 0.1, steps = 300 }, net.weights[1], 1e-12)
  end)

  it("answers with a list for a list of steps", function()
    local list = shallow.descent(with(start, { rate = 0.1, steps = { 0, 1000000 } }))
    assert.close(list[1], W0, 0)
    assert.close(list[2], shallow.limit(start), 1e-11)
  end)

  it("diverges beyond the stable rate, with an error that says where it would not", function()
    local rates = shallow.rates { task = task, momentum = 0.5 }
    local stable = with(start, { rate = 0.98 * rates.max_rate, momentum = 0.5, steps = 5000 })
    assert.close(shallow.descent(stable), shallow.limit(start), 1e-11)
    local ok, err = pcall(shallow.descent, with(stable, { rate = 1.02 * rates.max_rate, steps = 1000000 }))
    assert.is_false(ok)
    assert.are.equal("EDIVERGED", err.code)
    assert.matches("theory.shallow.descent: .*rate times the largest curvature is 3.06, and descent converges below 3",
      tostring(err))
  end)
end)

describe("theory.shallow.rates", function()
  it("knows the curvatures, the stable rate and the fastest ones", function()
    local w = task.Sxx:eigh()
    local rates = shallow.rates { Sxx = task.Sxx, weight_decay = 0.1 }
    local small, large = w[1] + 0.1, w[5] + 0.1
    assert.close(rates.smallest, small, 1e-13)
    assert.close(rates.largest, large, 1e-13)
    assert.close(rates.max_rate, 2 / large, 1e-13)
    assert.close(rates.rate, 2 / (small + large), 1e-13)
    assert.close(rates.factor, 1 - rates.rate * small, 1e-12)
    local root = (math.sqrt(large) - math.sqrt(small)) / (math.sqrt(large) + math.sqrt(small))
    assert.close(rates.momentum, root ^ 2, 1e-12)
    assert.close(rates.momentum_factor, root, 1e-12)
    assert.close(rates.momentum_rate, (1 - root) ^ 2 / small, 1e-12)
    assert.close(shallow.rates { task = task, momentum = 0.5 }.max_rate, 3 / w[5], 1e-13)
  end)
end)

describe("theory.shallow", function()
  it("refuses what makes no sense, and says why", function()
    local flow = with(start, { t = 1 })
    refuses(shallow.flow, {
      { nil, "theory.shallow.flow: a table of options is needed" },
      { with(flow, { t = false }), "t must be" },
      { with(flow, { t = -1 }), "t must be >= 0; number 1 is %-1" },
      { with(flow, { W0 = matrix.ones(3, 5) }), "W0 must be 2x5, got a 3x5 matrix" },
      { with(flow, { W0 = W0 * (0 / 0) }), "W0 has NaN at %(1, 1%)" },
      { with(flow, { W0 = "zero" }), "W0 must be a matrix or a list of numbers, got the string 'zero'" },
      { with(flow, { Sxx = false }), "Sxx must be" },
      { with(flow, { Sxx = matrix.ones(5, 4) }), "Sxx must be square, inputs x inputs; got a 5x4 matrix" },
      { with(flow, { Sxx = X * X.T + r:normal(5, 5) }), "symmetric" },
      { with(flow, { Sxx = -1 * task.Sxx }), "a covariance has none below 0" },
      { with(flow, { Sxx = matrix.diag { 1, 1, 1, 1, 0 } }), "leave the range of Sxx" },
      { with(flow, { Syx = matrix.ones(2, 4) }), "Syx must be outputs x inputs with 5 columns, as Sxx; got a 2x4 matrix" },
      { with(flow, { weight_decay = -0.1 }), "weight_decay must be a number >= 0, got %-0.1" },
      { with(flow, { task = task }), "task and Sxx exclude each other" },
      { { task = 1, t = 1 }, "task must be a task, got 1" },
      { with(flow, { decay = 1 }), "unknown option 'decay'" },
      { with(flow, { weight_decy = 1 }), "unknown option 'weight_decy'; did you mean 'weight_decay'%?" },
    })
    local descent = with(start, { rate = 0.1, steps = 10 })
    refuses(shallow.descent, {
      { with(descent, { rate = false }), "theory.shallow.descent: rate must be a number >= 0, got nil" },
      { with(descent, { rate = -1 }), "rate must be a number >= 0, got %-1" },
      { with(descent, { steps = 2.5 }), "steps must be whole numbers" },
      { with(descent, { steps = { 1, -2 } }), "steps must be >= 0; number 2 is %-2" },
      { with(descent, { momentum = 1 }), "momentum = 1 must lie in %[0, 1%)" },
      { with(descent, { momentum = -0.1 }), "momentum must be a number >= 0" },
    })
    refuses(shallow.rates, {
      { {}, "theory.shallow.rates: Sxx must be" },
      { { Sxx = matrix.zeros(3, 3) }, "nothing moves" },
      { { Sxx = matrix.ones(2, 3) }, "square" },
      { { Sxx = matrix.eye(2), momentum = 1.5 }, "momentum = 1.5 must lie in" },
    })
    refuses(shallow.limit, { { with(start, { t = 1 }), "unknown option 't'" } })
  end)
end)
