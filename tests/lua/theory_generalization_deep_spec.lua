-- theory.generalization: deep students, teachers of low rank and random features against networks that are trained.

local g = theory.generalization

local function close(expected, value, tolerance)
  local difference = math.abs(value - expected)
  assert(difference <= tolerance * math.max(1, math.abs(expected)), ("%.15g, expected %.15g"):format(value, expected))
end

--- Mean and standard error of f(seed) over seeds.
local function over_seeds(count, f)
  local values = matrix.zeros(count)
  for seed = 1, count do values[seed] = f(seed) end
  return values:mean(), values:std() / count ^ 0.5
end

describe("theory.generalization.deep", function()
  local task = { alpha = 0.5, noise = 0.25, strength = 0.1, depth = 3 }
  local function with(more)
    local options = {}
    for name, value in pairs(task) do options[name] = value end
    for name, value in pairs(more) do options[name] = value end
    return options
  end

  it("answers in the shape of t, in any order", function()
    local number, list = g.deep(with { t = 4 }), g.deep(with { t = { 9, 4, math.huge } })
    local column = g.deep(with { t = matrix { 9, 4 } })
    assert.are.equal("number", type(number.test_error))
    assert.are.equal("table", type(list.train_error))
    close(number.test_error, list.test_error[2], 1e-9)
    close(number.test_error, column.test_error[2], 1e-9)
    close(number.excess_error + 0.25, number.test_error, 1e-14)
    assert.are.equal(list.final, list.test_error[3])
    assert.are.equal(0, list.train_error[3])
    assert.is_nil(g.deep(task).test_error)
  end)

  it("takes snr for noise, sizes for alpha and weights for a start", function()
    close(g.deep(with { t = 4 }).test_error, g.deep { inputs = 20, examples = 10, snr = 4, strength = 0.1, depth = 3,
      t = 4 }.test_error, 1e-12)
    local e = g.deep { inputs = 200, examples = 100, snr = 4, hidden = 100, scale = 1e-2, left = 0.01 }
    close(4.53, e.time_to_train, 5e-3)
    close(0.9067, e.best, 5e-5)
    close(1.0086, e.final, 5e-5)
    close(0.02, e.v0, 1e-14)
    close(50 ^ 0.5 * 1e-2, e.c0, 1e-14)
  end)

  it("is the mean of finite students", function()
    local N, P, t = 120, 60, { 3, 6, 20 }
    local theory_value = g.deep { inputs = N, examples = P, noise = 0.25, strength = 0.2, depth = 2, t = t }
    local sums = { matrix.zeros(12), matrix.zeros(12), matrix.zeros(12) }
    for seed = 1, 12 do
      local task_of = data.teacher { inputs = N, examples = P, noise = 0.25, test = "exact", seed = seed }
      local w = random.stream(seed, 9):normal(N, 1)
      local run = g.one_output { task = task_of, w = 0.2 / w:norm() * w, depth = 2, t = t }
      for i = 1, 3 do sums[i][seed] = run.test_error[i] end
    end
    for i = 1, 3 do
      local error_of_mean = sums[i]:std() / 12 ^ 0.5
      assert.is_true(math.abs(sums[i]:mean() - theory_value.test_error[i]) < 3 * error_of_mean)
      assert.is_true(error_of_mean < 0.05)
    end
  end)

  it("trades speed for accuracy as in the table of its page", function()
    local trade = g.speed_accuracy { alpha = 0.5, snr = 4, depth = { 1, 2, 3, 4 }, strength = { 0.01, 0.1 } }
    local expected = {
      time = { { 2.68, 4.65, 6.79, 8.69 }, { 2.67, 3.99, 4.59, 4.86 } },
      best = { { 0.8951, 0.9029, 0.9173, 0.9363 }, { 0.9006, 0.9382, 0.9814, 1.0208 } },
      final = { { 1, 1.0043, 1.0195, 1.0420 }, { 1.0050, 1.0446, 1.0964, 1.1456 } },
    }
    for name, rows in pairs(expected) do
      for i, row in ipairs(rows) do
        for k, value in ipairs(row) do close(value, trade[name]:get(i, k), name == "time" and 2e-3 or 6e-5) end
      end
    end
    assert.are.equal("number", type(g.speed_accuracy { alpha = 0.5, snr = 4, strength = 0.1 }.time))
  end)

  it("is infinite where it is", function()
    local e = g.deep { alpha = 1, noise = 1, strength = 0.1, t = { 1, math.huge } }
    assert.are.equal(math.huge, e.final)
    assert.are.equal(math.huge, e.excess_error[2])
    assert.is_true(e.best < 3)
  end)

  local bad = {
    { { alpha = 0 }, "alpha must be a number above 0" },
    { { alpha = 1, examples = 3 }, "alpha" },
    { { noise = -1 }, "noise" },
    { { snr = 2 }, "noise" },
    { { strength = 0 }, "strength must be a number above 0" },
    { { depth = 0.5 }, "depth" },
    { { c0 = 1 }, "c0" },
    { { v0 = 1 }, "v0 goes with c0" },
    { { hidden = 3 }, "hidden goes with scale" },
    { { left = 1 }, "left must lie between 0 and 1" },
    { { t = -1 }, "t" },
    { { t = 0 / 0 }, "t" },
    { { power = 0, noise = 0 }, "nothing to learn" },
    { { strenght = 1 }, "strenght.*strength" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[2], function()
      assert.error_matches(function() g.deep(with(case[1])) end, "theory.generalization.deep: .*" .. case[2])
    end)
  end

  it("says that the saddle is for ever", function()
    assert.error_matches(function() g.deep { alpha = 1, noise = 1, c0 = 0, v0 = 1 } end, "saddle")
    assert.error_matches(function() g.deep { alpha = 1, noise = 1, hidden = 3, scale = 1 } end, "inputs must be given")
    assert.error_matches(function() g.deep { alpha = 1, noise = 1 } end, "strength .*is needed")
  end)
end)

describe("theory.generalization.one_output", function()
  local task = data.teacher { inputs = 12, examples = 8, noise = 0.3, test = "exact", seed = 2 }

  it("is the flow of the whole network", function()
    local net = network.new { task = task, hidden = 20, scale = 0.2, seed = 5 }
    local exact = g.one_output { task = task, net = net, t = { 6, 1 } }
    local run = net:flow { task = task, times = { 1, 6 }, tolerance = 1e-12, record = { "loss", "test_loss" } }
    close(0, (net:product() - exact.product:row(1)):norm(), 1e-8)
    for i = 1, 2 do
      close(2 * run.loss[i], exact.train_error[3 - i], 1e-8)
      close(2 * run.test_loss[i], exact.test_error[3 - i], 1e-8)
    end
    close(net.weights[2]:norm(), exact.last[1], 1e-8)
  end)

  it("is the flow of a deep balanced network", function()
    local net = network.new { task = task, hidden = 3, depth = 3, init = "balanced", strength = 0.3, seed = 1 }
    local exact = g.one_output { task = task, w = net:product(), depth = 3, t = 4 }
    net:flow { task = task, times = { 4 }, tolerance = 1e-12 }
    close(0, (net:product() - exact.product):norm(), 1e-8)
  end)

  it("refuses what it can't reduce", function()
    local W2 = data.teacher { inputs = 3, outputs = 2, examples = 5, noise = 1 }
    local w = matrix.ones(12, 1)
    for message, options in pairs {
      ["must have one output"] = { task = W2, w = { 1, 1, 1 }, t = 1 },
      ["two layers, and has 3"] = { task = task, net = network.new { task = task, hidden = 2, depth = 3 }, t = 1 },
      ["are needed"] = { task = task, t = 1 },
      ["goes with z"] = { task = task, w = w, c = 1, t = 1 },
      ["must be finite"] = { task = task, w = w, t = math.huge },
      ["never moves"] = { task = task, w = 0 * w, t = 1 },
      ["has 2 entries"] = { task = task, w = { 1, 2 }, t = 1 },
      ["depth goes with w"] = { task = task, c = 1, z = w, depth = 2, t = 1 },
    } do
      assert.error_matches(function() g.one_output(options) end, "theory.generalization.one_output: .*" .. message)
    end
  end)
end)

describe("theory.generalization.low_rank", function()
  local s, outputs, inputs = { 3, 1.5 }, 30, 40
  local function problem(more)
    local options = { s = s, outputs = outputs, inputs = inputs, noise = 1, start = 0.01 }
    for name, value in pairs(more) do options[name] = value end
    return options
  end

  it("is the mean of trained networks", function()
    local teacher = data.spectrum { s = s, inputs = inputs, outputs = outputs, seed = 1 }.Syx
    local exact = g.low_rank(problem { t = 1.5 })
    local mean, deviation = over_seeds(16, function(seed)
      local noise = random.stream(seed):normal(outputs, inputs, 0, (1 / inputs) ^ 0.5)
      local task = data.task { Sxx = matrix.eye(inputs), Syx = teacher + noise, tr_yy = 1e4 }
      local net = network.new { task = task, hidden = outputs, init = "aligned", strength = 0.01 }
      net:flow { task = task, times = { 1.5 } }
      return (net:product() - teacher):norm() ^ 2
    end)
    assert.is_true(math.abs(mean - exact.excess_error) < 3.5 * deviation)
    assert.is_true(deviation < 0.1 * mean)
  end)

  it("knows what the data show", function()
    local r = g.low_rank(problem { t = { 0, 1 }, form = "published" })
    close((1 + 0.75 ^ 0.5), r.edge, 1e-14)
    close(0.75 ^ 0.25, r.threshold, 1e-14)
    close(30, r.final_excess, 1) -- the noise, without its corrections of order 1
    close(60, g.low_rank(problem {}).final, 1e-12)
    close(r.excess_error[2] + 30, r.test_error[2], 1e-12)
    assert.is_true(r.t_opt > 0 and r.best_excess < r.excess_error[1])
  end)

  it("gives the error on the examples", function()
    -- more examples than inputs: what no map can fit is left
    local late = g.low_rank(problem { examples = 80, t = math.huge })
    close(outputs * (1 - 40 / 80), late.train_error, 1e-12)
    close(0, g.low_rank(problem { examples = 20, t = math.huge }).train_error, 1e-12)
  end)

  it("says what random labels cost", function()
    local r = g.random_labels(problem { s = { 6 } })
    close((1 + 36 / outputs) ^ 0.5 * (1 + 0.75 ^ 0.5), r.s_hat_shuffled[1], 1e-12) -- only an edge is left
    close(r.time[1], theory.mode.time { s = r.s_hat[1], a0 = 0.01, fraction = 0.5 }, 1e-12)
    close(r.time_shuffled[1], theory.mode.time { s = r.s_hat_shuffled[1], a0 = 0.01, fraction = 0.5 }, 1e-12)
    close(r.time_shuffled[1] / r.time[1], r.ratio[1], 1e-12)
    assert.is_true(r.ratio[1] > 1.7)
    -- orthogonal examples that change places are a rotation
    close(1, g.random_labels(problem { s = { 6 }, shuffle = "examples" }).ratio[1], 1e-14)
    assert.is_true(g.random_labels(problem { s = { 6 }, shuffle = "examples", examples = 400 }).ratio[1] > 1.5)
  end)

  it("tells what another task brings", function()
    local pair = { s = { 1.2, 6 }, outputs = { 100, 200 }, inputs = 300, noise = 1, start = 1e-4, overlap = 0.9, t = 1 }
    local r = g.transfer(pair)
    close(0.6908, r.benefit, 1e-4)
    close(1.2378, r.best_excess_alone, 1e-4)
    close(0.5470, r.best_excess, 1e-4)
    close(r.excess_error + 100, r.test_error, 1e-12)
    pair.overlap = 2
    assert.error_matches(function() g.transfer(pair) end, "theory.generalization.transfer: overlap")
    pair.overlap, pair.examples = 0.5, 200
    assert.error_matches(function() g.transfer(pair) end, "as many as inputs")
  end)

  for message, more in pairs {
    ["s%[2%] = 0 must be > 0"] = { s = { 1, 0 } },
    ["start must be a number above 0"] = { start = 0 },
    ["outputs = 0: must lie between 1"] = { outputs = 0 },
    ["the teacher must have fewer"] = { outputs = 2 },
    ["noise"] = { noise = -1 },
    ["form"] = { form = "exakt" },
    ["depth"] = { depth = 0 },
  } do
    it("refuses: " .. message, function()
      assert.error_matches(function() g.low_rank(problem(more)) end, "theory.generalization.low_rank: .*" .. message)
    end)
  end
end)

describe("theory.generalization.random_features", function()
  --- The test error on 2000 new examples of a network whose first layer is frozen, trained until t.
  local function trained(seed, t)
    local N, hidden, P = 40, 60, 80
    local r = random.stream(seed)
    local teacher, X = r:normal(1, N, 0, N ^ -0.5), r:normal(N, P)
    local task = data.task { X = X, Y = teacher * X + r:normal(1, P, 0, 0.2 ^ 0.5) }
    local fresh = r:normal(N, 2000)
    local test = data.task { X = fresh, Y = teacher * fresh }
    local W1 = r:normal(hidden, N, 0, N ^ -0.5)
    local net = network.from { W1, matrix.zeros(1, hidden), activation = "tanh" }
    net:train { task = task, rate = 0.05, times = { t }, freeze = { 1 }, record = "loss" }
    return net:error(test) + 0.2
  end

  it("is the mean of trained networks with a frozen first layer", function()
    local theory_value = g.random_features {
      inputs = 40, hidden = 60, examples = 80, activation = "tanh", noise = 0.2, t = 3 }
    local mean, deviation = over_seeds(16, function(seed) return trained(seed, 3) end)
    assert.is_true(math.abs(mean - theory_value.test_error) < 3.5 * deviation)
    assert.is_true(deviation < 0.05 * mean)
  end)

  it("is training one linear layer on the features", function()
    local r = random.stream(1)
    local X, Y = r:normal(10, 40), r:normal(1, 40)
    local net = network.from { r:normal(20, 10, 0, 0.3), matrix.zeros(1, 20), activation = "relu" }
    local layer = network.from { net.weights[2] }
    layer:train { task = data.task { X = net:hidden(X), Y = Y }, rate = 0.1, steps = 500 }
    net:train { task = data.task { X = X, Y = Y }, rate = 0.1, steps = 500, freeze = { 1 } }
    close(0, (net.weights[2] - layer.weights[1]):norm(), 1e-12)
  end)

  it("answers in the shape of ridge and of t", function()
    local e = g.random_features { width = 3, alpha = 1.5, snr = 5, ridge = { 0, 0.05 } }
    close(0.7402478467486037, e.test_error[2], 1e-13)
    close(e.test_error[1] - 0.2, e.excess_error[1], 1e-14)
    assert.is_true(e.best < e.test_error[2] and e.best_ridge > 0)
    local flow = g.random_features { width = 3, alpha = 1.5, snr = 5, t = matrix { 5, math.huge } }
    close(0.6919569298108337, flow.test_error[1], 1e-12)
    assert.are.equal(e.final, flow.test_error[2])
    close(1.382, e.final / flow.best, 1e-3)
    assert.are.equal(math.huge, g.random_features { width = 1.5, alpha = 1.5, noise = 1 }.test_error)
  end)

  it("leaves a nonlinear part of the teacher as noise that is not the labels'", function()
    local a = g.random_features { width = 3, alpha = 1.5, noise = 0.1, nonlinear = 0.1 }
    local b = g.random_features { width = 3, alpha = 1.5, noise = 0.2 }
    close(b.test_error, a.test_error, 1e-14)
    close(b.excess_error + 0.1, a.excess_error, 1e-14)
  end)

  it("a student that sees some of the inputs has the rest as noise", function()
    local m = g.misspecified { inputs = 400, seen = 100, examples = 100, noise = 0.1 }
    assert.are.same({ alpha = 1, power = 0.25, noise = 0.85 }, m)
    assert.error_matches(function() g.misspecified { inputs = 4, seen = 5, examples = 1, noise = 1 } end, "seen = 5")
  end)

  for message, more in pairs {
    ["width must be a number above 0"] = { width = 0 },
    ["alpha must be a number above 0"] = { alpha = 0 },
    ["did you mean 'tanh'"] = { activation = "tanhh" },
    ["ridge"] = { ridge = -1 },
    ["t and ridge"] = { ridge = 1, t = 1 },
    ["features are constant"] = { mu1 = 0, mustar2 = 0 },
    ["scale"] = { scale = -1 },
    ["nonlinear"] = { nonlinear = -1 },
  } do
    it("refuses: " .. message, function()
      local options = { width = 2, alpha = 1, noise = 1 }
      for name, value in pairs(more) do options[name] = value end
      assert.error_matches(function() g.random_features(options) end,
        "theory.generalization.random_features: .*" .. message)
    end)
  end
end)
