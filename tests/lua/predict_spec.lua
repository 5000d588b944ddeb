-- theory.predict and theory.compare: which solution is chosen, how well it agrees with training, and a user's own.

local function correlated_task(inputs, outputs, examples, seed)
  local r = random.stream(seed or 1)
  return data.task { X = r:normal(inputs, examples), Y = r:normal(outputs, examples) }
end

local t = matrix.linspace(0, 40, 41)

describe("theory.predict chooses", function()
  it("the shallow solution for one layer, whatever the inputs and the start", function()
    local task = correlated_task(6, 3, 20)
    local net = network.new { task = task, depth = 1, seed = 2 }
    local pred = theory.predict { net = net, task = task, times = matrix.linspace(0, 20, 21) }
    assert.equal("shallow", pred.solution)
    assert.is_true(pred.exact)
    local flow = net:copy():flow { task = task, times = pred.t, tolerance = 1e-12 }
    assert.close(pred.modes, flow.modes, 1e-10)
    assert.close(pred.loss, flow.loss, 1e-10)
  end)

  it("the decoupled solution for an aligned start, which training follows to the error of its rate", function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-3, seed = 1 }
    local pred = theory.predict { net = net, task = task, times = t }
    assert.equal("decoupled", pred.solution)
    assert.is_true(pred.exact)
    for _, assumption in ipairs(pred.assumptions) do
      assert.is_true(assumption.holds and assumption.distance < 1e-12)
    end
    local errors = {}
    for i, rate in ipairs { 0.02, 0.01, 0.005 } do
      errors[i] = theory.compare(net:copy():train { task = task, rate = rate, times = t }, pred):worst()
    end
    for i = 1, 2 do
      local ratio = errors[i] / errors[i + 1]
      assert.is_true(ratio > 1.9 and ratio < 2.1, "halving the rate halves the error, not divides it by " .. ratio)
    end
  end)

  it("it at any depth, and agrees with the flow in every weight", function()
    for depth = 2, 4 do
      local task = data.spectrum { s = { 3, 2, 1 }, inputs = 5, outputs = 4, seed = 2 }
      local net = network.new { task = task, hidden = 6, depth = depth, init = "aligned", strength = 0.02, seed = 1 }
      local times = matrix.linspace(0, 12, 13)
      local pred = theory.predict { net = net, task = task, times = times, record = { "weights", "modes", "loss" } }
      assert.equal("decoupled", pred.solution)
      local flow = net:copy():flow { task = task, times = times, record = { "weights", "modes", "loss" } }
      assert.is_true(theory.compare(flow, pred):worst() < 1e-9)
    end
  end)

  it("the solution for balanced layers where inputs are white and nothing is aligned", function()
    local X = 2 * random.stream(7):orthogonal(5, 5)
    local task = data.task { X = X, Y = random.stream(8):normal(4, 5) }
    local times = { 0, 0.2, 1, 3, 10, 50 }
    local record = { "loss", "modes", "weights", "norms", "singular_values" }
    for _, start in ipairs { { init = "lambda", lambda = 0.5 }, { init = "lambda", lambda = -0.5 }, { init = "balanced" } } do
      for _, hidden in ipairs { 2, 4, 9 } do
        start.task, start.hidden, start.strength, start.seed = task, hidden, 0.01, hidden
        local net = network.new(start)
        local pred = theory.predict { net = net, task = task, times = times, record = record }
        assert.equal("riccati", pred.solution)
        assert.is_true(pred.exact)
        for _, assumption in ipairs(pred.assumptions) do assert.is_true(assumption.holds) end
        local flow = net:copy():flow { task = task, times = times, record = record, tolerance = 1e-11 }
        assert.is_true(theory.compare(flow, pred):worst() < 1e-9)
        assert.close(pred:at(1).modes, pred.modes:rowrange(3, 3), 1e-12)
      end
    end
  end)

  it("it once from the map alone and once from the weights, with the same records", function()
    local of_map = { "loss", "error", "modes", "singular_values", "alignment", "test_loss", "test_error" }
    local with_weights = { "norms", table.unpack(of_map) }
    local s, few = random.stream(3), random.stream(4):orthogonal(5, 3)
    local tasks = {
      data.spectrum { s = { 3, 2, 1, 0.5 }, inputs = 5, outputs = 4, seed = 2 },
      data.task { X = few * 2, Y = s:normal(4, 3) }, -- white on three directions
      data.task { X = s:normal(5, 300), Y = s:normal(4, 300) }, -- not white: forced
    }
    local test = data.task { X = s:normal(5, 20), Y = s:normal(4, 20) }
    local times = { 0, 0.01, 0.4, 1, 2, 3, 8, 100 }
    for k, task in ipairs(tasks) do
      for _, lambda in ipairs { 0, 0.4 } do
        local net = network.new { task = task, hidden = 4, init = "lambda", lambda = lambda, strength = 0.05, seed = 1 }
        if k == 2 then net.weights[1] = net.weights[1] * few * few.T end -- nothing outside of the data
        local function predicted(record)
          return theory.predict { net = net, task = task, test = test, times = times, record = record,
            solution = "riccati", force = true }
        end
        local one, other = predicted(of_map), predicted(with_weights)
        for _, name in ipairs(of_map) do assert.close(one[name], other[name], 1e-10) end
        assert.close(predicted({ "modes" }).modes, other.modes, 1e-10)
        assert.close(one:at(0.7).modes, predicted({ "norms", "modes" }):at(0.7).modes, 1e-10)
      end
    end
  end)

  it("it with weight decay for zero-balanced layers only", function()
    local task = data.task { X = 2 * random.stream(7):orthogonal(5, 5), Y = random.stream(8):normal(4, 5) }
    local record = { "loss", "weights" }
    local function predicted(start, hidden)
      start.task, start.hidden, start.strength, start.seed = task, hidden, 0.01, 1
      local net = network.new(start)
      local pred = theory.predict { net = net, task = task, times = { 0.5, 4, 30 }, record = record, weight_decay = 0.1 }
      local flow = net:copy():flow {
        task = task, times = { 0.5, 4, 30 }, record = record, tolerance = 1e-11, weight_decay = 0.1 }
      assert.is_true(theory.compare(flow, pred):worst() < 1e-8)
      return pred.solution
    end
    assert.equal("riccati", predicted({ init = "balanced" }, 6))
    assert.equal("flow", predicted({ init = "lambda", lambda = 0.5 }, 6))
  end)

  it("not that one for other inputs or weights, and says what its distance would cost", function()
    local task = data.task { X = 2 * random.stream(7):orthogonal(5, 5), Y = random.stream(8):normal(4, 5) }
    local net = network.new { task = task, hidden = 7, init = "balanced", strength = 0.3, seed = 1 }
    local near = net:copy()
    near.weights[1] = near.weights[1] + 1e-3 * random.stream(2):normal(7, 5)
    local offered = theory.predict { net = near, task = task, times = { 0, 1, 3, 9 } }
    assert.equal("flow", offered.solution)
    assert.equal("riccati", offered.alternatives[1].name)
    local close = theory.predict { net = near, task = task, times = { 0, 1, 3, 9 }, solution = "riccati", record = { "weights" } }
    local balance = close.assumptions[2]
    assert.is_true(balance.distance > 1e-5 and balance.distance < 1e-2 and balance.error > 0)
    local flow = near:copy():flow { task = task, times = { 0, 1, 3, 9 }, record = { "weights" } }
    for k = 1, 4 do -- the error of the map is of the order that it says
      local W, exact = close.weights[k], flow.weights[k]
      local error = (W[2] * W[1] - exact[2] * exact[1]):norm() / task.Syx:norm()
      assert.is_true(error < 4 * balance.error)
    end
    local coloured = correlated_task(5, 4, 20)
    assert.error_matches(function()
      theory.predict { net = net, task = coloured, times = { 1 }, solution = "riccati" }
    end, "solution 'riccati' assumes: the inputs are white; this is off by")
    local deep = network.new { task = task, hidden = 5, depth = 3, seed = 1 }
    assert.error_matches(function()
      theory.predict { net = deep, task = task, times = { 1 }, solution = "riccati" }
    end, "solution 'riccati' assumes: two layers")
  end)

  it("the flow where no exact solution holds, and says how it was integrated", function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 16, init = "gaussian", scale = 1e-2, seed = 1 }
    local pred = theory.predict { net = net, task = task, times = t }
    assert.equal("flow", pred.solution)
    assert.is_false(pred.exact)
    assert.matches("integrated to a relative tolerance of 1e%-10", tostring(pred))
    local run = net:copy():train { task = task, rate = 0.002, times = t }
    assert.is_true(theory.compare(run, pred):worst() < 5e-3)
  end)

  it("the flow in reduced coordinates where that pays, and leaves the start as it is", function()
    local task = data.spectrum { s = { 3, 2, 1 }, inputs = 6, outputs = 4, seed = 2 }
    local net = network.new { task = task, hidden = 300, scale = 0.03, seed = 1 }
    local options = { net = net, task = task, times = { 0, 0.5, 1, 4 }, record = { "loss", "weights" }, solution = "flow" }
    local pred = theory.predict(options)
    assert.matches("hidden 300 %-> 10", pred.plan)
    local flow = net:copy():flow { task = task, times = options.times, record = options.record, plan = "plain" }
    assert.is_true(theory.compare(flow, pred):worst() < 1e-9)
    assert.close(pred.weights[1][1], net.weights[1], 0)
    assert.close(pred:at(4).weights[2], flow.weights[4][2], 1e-10)
  end)

  it("the flow for nonlinear networks and for biases", function()
    local task = correlated_task(3, 2, 30)
    for _, options in ipairs { { activation = "tanh" }, { bias = true } } do
      options.task, options.hidden, options.seed = task, 4, 1
      local net = network.new(options)
      local pred = theory.predict { net = net, task = task, times = { 1, 2 } }
      assert.equal("flow", pred.solution)
      local run = net:train { task = task, rate = 1e-4, times = { 1, 2 } }
      assert.is_true(theory.compare(run, pred):worst() < 1e-3)
    end
  end)
end)

describe("a prediction", function()
  local task = data.semantic()
  local net = network.new { task = task, hidden = 8, init = "aligned", strength = 1e-3, seed = 1 }
  local pred = theory.predict { net = net, task = task, times = t }

  it("has the shapes that training returns", function()
    local run = net:copy():train { task = task, rate = 0.1, times = t }
    for _, name in ipairs(run.recorded) do
      assert.equal(run[name].rows, pred[name].rows)
      assert.equal(run[name].cols, pred[name].cols)
    end
    assert.is_true(pred.t == t)
  end)

  it("stays what it is when the network is trained afterwards", function()
    local copy = net:copy()
    local before = theory.predict { net = copy, task = task, times = t }
    local modes = before:at(7).modes
    copy:train { task = task, rate = 0.1, steps = 100 }
    assert.is_true(before:at(7).modes == modes)
  end)

  it("is known at any time", function()
    local _, s = task:svd()
    local a0, at = 1e-3, pred:at(13.37)
    for k = 1, 8 do
      -- the logistic law with final strength 8 s (one-hot items: Sxx = 1/8)
      local e = math.exp(-2 * s[k] * 13.37)
      assert.close(at.modes[k], 8 * s[k] / (1 - e + 8 * s[k] * e / a0), 1e-12)
    end
    assert.error_matches(function() pred:at "x" end, "pred:at: a time is needed")
    assert.matches("^record at t = 13.37\n  loss: [%d.]+\n  modes: [%d.]+  ", tostring(at))
    local several = pred:at { 1, 13.37 }
    assert.close(several.modes:row(2), at.modes, 1e-15)
    assert.equal(2, several.t.rows)
  end)

  it("is known at the end of time, where a closed form or the flow comes to rest", function()
    local white = data.spectrum { s = { 3, 2, 1 }, inputs = 3, outputs = 3, seed = 2 }
    local starts = {
      shallow = { depth = 1 },
      decoupled = { hidden = 3, init = "aligned", strength = 0.02, depth = 3 },
      riccati = { hidden = 3, init = "lambda", lambda = 0.5, strength = 0.05 },
      balanced = { hidden = 3, init = "balanced", scale = 0.3, depth = 3 },
      flow = { hidden = 3, scale = 0.3, depth = 3 },
    }
    for solution, start in pairs(starts) do
      start.task, start.seed = white, 1
      local ends = theory.predict { net = network.new(start), task = white, times = { 0, 1, math.huge } }
      assert.equal(solution, ends.solution)
      assert.close(ends.modes:row(3), matrix { { 3, 2, 1 } }, 1e-9)
      assert.close(ends:at(math.huge).modes, matrix { { 3, 2, 1 } }, 1e-9)
    end
  end)

  it("can be asked of a solution by name, and what is off is an error that says what would do", function()
    local random_start = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
    assert.equal("flow", theory.predict { net = net, task = task, times = t, solution = "flow" }.solution)
    assert.error_matches(function()
      theory.predict { net = random_start, task = task, times = t, solution = "decoupled" }
    end, "solution 'decoupled' assumes: the weights are aligned.*off by 0%.%d+ .*'flow' would do, or force = true")
    local forced = theory.predict { net = random_start, task = task, times = t, solution = "decoupled", force = true }
    assert.is_false(forced.exact)
    assert.is_true(forced.assumptions[2].distance > 0.01 and forced.assumptions[2].error > 0)
    assert.error_matches(function()
      theory.predict { net = random_start, task = task, times = t, solution = "shallow" }
    end, "'shallow' assumes: one layer")
    assert.error_matches(function()
      theory.predict { net = net, task = task, times = t, solution = "decopled" }
    end, "solution = 'decopled' is not known; did you mean 'decoupled'")
  end)

  it("offers a solution that comes close, with what its distance costs", function()
    local near = net:copy()
    near.weights[1]:axpy(1e-5, random.stream(3):normal(8, 8))
    local offered = theory.predict { net = near, task = task, times = t }
    assert.equal("flow", offered.solution)
    assert.equal("decoupled", offered.alternatives[1].name)
    local close = theory.predict { net = near, task = task, times = t, solution = "decoupled" }
    assert.is_false(close.exact)
    local difference = theory.compare(close, offered):worst()
    assert.is_true(difference > 1e-8 and difference < 0.1)
  end)

  local bad = {
    { "no network", { net = 3 }, "net must be a network, got 3" },
    { "no task", { task = {} }, "task must be a task, got a table" },
    { "a task of other sizes", { task = correlated_task(3, 2, 5) }, "8 inputs to 36 outputs and the task has 3 and 2" },
    { "a misspelt option", { tims = 3 }, "unknown option 'tims'; did you mean 'times'" },
    { "falling times", { times = { 2, 1 } }, "times must rise" },
    { "no times", { times = false }, "times must be a matrix or a list of numbers, got false" },
    { "an unknown observable", { record = { "lss" } }, "record has 'lss'; did you mean 'loss'" },
    { "a tolerance of 1", { tolerance = 1 }, "tolerance must be a number between" },
    { "force that is no flag", { force = 1 }, "force must be true or false, got 1" },
  }
  for _, case in ipairs(bad) do
    it("refuses " .. case[1], function()
      local options = { net = net, task = task, times = t }
      for name, value in pairs(case[2]) do options[name] = value end
      assert.error_matches(function() theory.predict(options) end, "theory.predict: .*" .. case[3])
    end)
  end
end)

describe("the solution small_start", function()
  --- The largest error of the map over time, relative to its end.
  local function error_of(net, task, times, force)
    local pred = theory.predict { net = net, task = task, times = times, record = "weights", solution = "small_start",
      force = force }
    local run = net:copy():flow { task = task, times = times, record = "weights", tolerance = 1e-9 }
    local worst, map = 0, nil
    for k = 1, #times do
      map = run.weights[k][2] * run.weights[k][1]
      worst = math.max(worst, (map - pred.weights[k][2] * pred.weights[k][1]):norm())
    end
    return worst / map:norm(), pred
  end

  local stream = random.stream(3)
  local V, U = stream:orthogonal(6), stream:orthogonal(5)
  local s = matrix.hcat(matrix.diag { 1.2, 2, 0.6, 0.5, 0.1 }, matrix.zeros(5, 1))
  local coloured = data.task { Sxx = V * matrix.diag { 2, 1.5, 1, 0.7, 0.5, 0.2 } * V.T, Syx = U * s * V.T, tr_yy = 20 }
  local equal = data.spectrum { s = { 3, 1, 1, 1 }, inputs = 5, outputs = 4, seed = 2 }
  local apart = data.spectrum { s = { 3, 2, 1, 0.5 }, inputs = 10, outputs = 6, seed = 1 }
  for name, case in pairs {
    ["one-hot items"] = { data.semantic(), 16, 120 }, ["coloured inputs"] = { coloured, 12, 150 },
    ["equal singular values"] = { equal, 8, 40 }, ["fewer hidden units than modes"] = { apart, 3, 40 },
  } do
    it("follows a random start to about the error that it tells: " .. name, function()
      local task, hidden, last = case[1], case[2], case[3]
      for seed = 1, 2 do
        local net = network.new { task = task, hidden = hidden, init = "gaussian", scale = 1e-3, seed = seed }
        local err, pred = error_of(net, task, matrix.linspace(0, last, 151))
        local told = pred.assumptions[2].error
        assert.is_true(err < 2 * told + 1e-3 and err > told / 20, ("seed %d: %g, told %g"):format(seed, err, told))
      end
    end)
  end

  it("gets better from smaller starts, where modes are apart", function()
    local errors = {}
    for k, scale in ipairs { 1e-2, 1e-4, 1e-6 } do
      local net = network.new { task = apart, hidden = 8, init = "gaussian", scale = scale, seed = 1 }
      errors[k] = error_of(net, apart, matrix.linspace(0, 60, 241))
    end
    assert.is_true(errors[2] < errors[1] / 3 and errors[3] < errors[2] / 3)
  end)

  it("is never chosen, however small the weights, but offered", function()
    local net = network.new { task = apart, hidden = 8, init = "gaussian", scale = 1e-8, seed = 1 }
    local pred = theory.predict { net = net, task = apart, times = { 0, 1 } }
    assert.equal("flow", pred.solution)
    assert.equal("small_start", pred.alternatives[#pred.alternatives].name)
    local asked = theory.predict { net = net, task = apart, times = { 0, 1 }, solution = "small_start" }
    assert.is_false(asked.exact)
    assert.is_truthy(asked.plan:find("approximate", 1, true))
  end)

  it("does not know of weights that are not small, other depths or tasks without common modes", function()
    local function ask(task, options)
      options.task, options.init, options.seed = task, "gaussian", 1
      local net = network.new(options)
      return function() theory.predict { net = net, task = task, times = { 1 }, solution = "small_start" } end
    end
    assert.error_matches(ask(apart, { hidden = 8, scale = 0.5 }), "'small_start' assumes: the weights are small")
    assert.error_matches(ask(apart, { hidden = 8, depth = 3, scale = 1e-3 }), "'small_start' assumes: two layers")
    assert.error_matches(ask(data.digits(), { hidden = 8, scale = 1e-3 }), "'small_start' assumes: .*common modes")
  end)
end)

describe("theory.compare", function()
  local task = data.semantic()
  local net = network.new { task = task, hidden = 8, init = "aligned", strength = 1e-3, seed = 1 }
  local run = net:copy():train { task = task, rate = 0.05, times = t, record = { "loss", "modes", "weights" } }

  it("evaluates the prediction at the run's times, and gives a row for each observable", function()
    local pred = theory.predict { net = net, task = task, times = { 1, 2, 3 } }
    local c = theory.compare(run, pred)
    assert.equal(3, #c)
    local exact = theory.predict { net = net, task = task, times = run.t }
    assert.close(c.modes.error, (run.modes - exact.modes):abs():max(), 1e-14)
    assert.close(c.modes.relative, c.modes.error / exact.modes:abs():max(), 1e-14)
    assert.equal(run.t[c.modes.index], c.modes.t)
    assert.equal(c:worst(), math.max(c.loss.relative, c.modes.relative, c.weights.relative))
    assert.matches("observable +largest error +relative", tostring(c))
    assert.matches("modes +%d%.%d+e%-%d+ .* t = %d+.*column %d", tostring(c))
  end)

  it("compares two runs at the same times only", function()
    local other = net:copy():train { task = task, rate = 0.05, times = t }
    assert.equal(0, theory.compare(other, run):worst())
    local later = net:copy():train { task = task, rate = 0.05, steps = 40 }
    assert.error_matches(function() theory.compare(later, run) end, "recorded at different times")
    local wide = data.spectrum { s = { 3, 2, 1 }, inputs = 6, outputs = 4, seed = 1 }
    local unlike = network.new { task = wide, hidden = 4 }:train { task = wide, rate = 0.1, times = run.t }
    assert.error_matches(function() theory.compare(unlike, run) end, "theory.compare: modes is %d+ x %d in one and")
    assert.error_matches(function() theory.compare(3, run) end, "argument 1 must be a run or a prediction, got 3")
    assert.error_matches(function() theory.compare(run) end, "argument 2 must be a run or a prediction, got nil")
  end)
end)

describe("theory.predict with weight decay", function()
  local semantic, correlated = data.semantic(), correlated_task(6, 3, 20)
  for name, case in pairs {
    shallow = { correlated, { depth = 1, scale = 0.3 } },
    decoupled = { semantic, { hidden = 16, init = "aligned", strength = 1e-2 } },
    ["decoupled deep"] = { semantic, { hidden = 10, depth = 3, init = "aligned", strength = 1e-1 } },
    flow = { correlated, { hidden = 5, scale = 0.3 } },
  } do
    it("agrees with the flow: " .. name, function()
      local task, options = case[1], case[2]
      options.task, options.seed = task, 2
      local net = network.new(options)
      local pred = theory.predict { net = net, task = task, times = matrix.linspace(0, 20, 21), weight_decay = 0.01,
        record = { "loss", "modes", "weights" } }
      assert.equal(name:match "^%a+", pred.solution)
      assert.matches("; weight decay 0.01$", pred.plan)
      local flow = net:copy():flow { task = task, times = pred.t, weight_decay = 0.01, tolerance = 1e-12,
        record = { "loss", "modes", "weights" } }
      assert.close(pred.modes, flow.modes, 1e-9)
      for l = 1, net.depth do assert.close(pred.weights[21][l], flow.weights[21][l], 1e-9) end
      assert.close(pred:at(7.5).loss, theory.predict({ net = net, task = task, times = { 7.5 }, weight_decay = 0.01 }).loss[1],
        1e-9)
      local without = theory.predict { net = net, task = task, times = pred.t }
      assert.is_true((pred.modes - without.modes):abs():max() > 1e-3)
    end)
  end

  it("refuses a decay that is negative or no number", function()
    for _, decay in ipairs { -1, 1 / 0, 0 / 0, "much" } do
      assert.error_matches(function()
        theory.predict { net = network.new { task = correlated, hidden = 4 }, task = correlated, times = { 1 }, weight_decay = decay }
      end, "theory.predict: weight_decay must be a number")
    end
  end)
end)

describe("theory.solutions", function()
  it("lists the solutions, strongest first", function()
    local names = {}
    for name, solution in pairs(theory.solutions) do
      names[#names + 1] = name
      assert.is_true(#solution.source > 0)
    end
    assert.equal("shallow", names[1])
    assert.equal("flow", names[#names])
    assert.is_true(theory.solutions.decoupled.exact)
  end)

  it("takes a user's own, which takes part", function()
    -- One layer, white inputs: W(t) = W* + (W0 - W*) e^-t.
    theory.solutions.whitened = {
      applies = function(net, task)
        return net.depth == 2 and (task.Sxx - matrix.eye(task.inputs)):norm() + (net.weights[2] - matrix.eye(net.outputs)):norm(),
          "white inputs"
      end,
      weights = function(net, _, time) return { net.weights[1] * math.exp(-time), net.weights[2] } end,
      exact = true, source = "a test",
    }
    local task = data.spectrum { s = { 2, 1 }, inputs = 3, outputs = 2, seed = 1 }
    local net = network.from { random.stream(1):normal(2, 3), matrix.eye(2) }
    local pred = theory.predict { net = net, task = task, times = { 0, 1 }, record = { "norms", "loss", "weights" } }
    assert.equal("whitened", pred.solution)
    assert.is_true(pred.exact)
    assert.close(pred.norms:get(2, 1), net.weights[1]:norm() / math.exp(1), 1e-13)
    assert.close(pred.weights[2][1], net.weights[1] / math.exp(1), 1e-15)
    assert.close(pred:at(0.5).norms[1], net.weights[1]:norm() * math.exp(-0.5), 1e-13)
    assert.close(pred:at { 0.5, 1 }.norms:row(2), pred.norms:row(2), 1e-15)
  end)

  it("says what is wrong with the answers of a user's", function()
    local task = data.spectrum { s = { 2, 1 }, inputs = 3, outputs = 2, seed = 1 }
    local net = network.new { task = task, hidden = 4, seed = 1 }
    local function asks(applies, weights)
      return function()
        theory.solutions.wrong = { applies = applies, weights = weights or function(given) return given.weights end }
        local pred = theory.predict { net = net, task = task, times = { 2 }, solution = "wrong", force = true }
        return pred
      end
    end
    local function fits() return 0 end
    for _, case in ipairs {
      { asks(function() return "x" end), "solutions.wrong: applies must return a distance >= 0, or false; got the string 'x'" },
      { asks(function() return -1 end), "applies must return a distance >= 0, or false; got %-1" },
      { asks(function() return 0 / 0 end), "applies must return a distance >= 0, or false; got NaN" },
      { asks(fits, function() end), "predict: solution 'wrong' at t = 2: weights must return the list of 2 matrices, got nil" },
      { asks(fits, function() return { 3, 4 } end), "solution 'wrong' at t = 2: net.weights: layer 1 is 4x3, got a 1x1 matrix" },
      { asks(fits, function() return { net.weights[1] / 0, net.weights[2] } end), "solution 'wrong' at t = 2: W1 has NaN or an infinity" },
    } do
      assert.error_matches(case[1], "predict_spec.lua:%d+: theory." .. (case[2]:match "^solutions" and "" or ".*") .. case[2])
    end
    assert.close(asks(fits)().loss[1], net:loss(task), 1e-14) -- net.weights is a list too
    theory.solutions.wrong = { applies = function() return false end, weights = fits }
  end)

  it("leaves a user's solution out, unless it knows of weight decay", function()
    local correlated = correlated_task(3, 2, 20)
    local net = network.new { task = correlated, hidden = 2, seed = 2 }
    local told
    local function add(knows)
      theory.solutions.decaying = { weight_decay = knows, applies = function(_, _, k) told = k return 0 end,
        weights = function(n, _, _, k) told = told + k return { n.weights[1], n.weights[2] } end }
    end
    add(nil)
    assert.equal("flow", theory.predict({ net = net, task = correlated, times = { 1 }, weight_decay = 0.5 }).solution)
    assert.equal("decaying", theory.predict({ net = net, task = correlated, times = { 1 } }).solution)
    assert.error_matches(function()
      theory.predict { net = net, task = correlated, times = { 1 }, weight_decay = 0.5, solution = "decaying" }
    end, "'decaying' assumes: no weight decay.*'flow' would do")
    add(true)
    assert.equal("decaying", theory.predict({ net = net, task = correlated, times = { 1 }, weight_decay = 0.5 }).solution)
    assert.equal(1, told)
    theory.solutions.decaying = { applies = function() return false end, weights = function() end }
  end)

  it("refuses bad entries at their author's line, and new meanings of built-in names", function()
    local function add(name, value) return function() theory.solutions[name] = value end end
    local ok = { applies = function() return 1 end, weights = function() return {} end }
    assert.error_matches(add("flow", ok), "predict_spec.lua:%d+: theory.solutions.flow: a built%-in solution can't be replaced")
    assert.error_matches(add("x", 3), "a table .* is needed, got 3")
    assert.error_matches(add("x", { weights = ok.weights }), "applies = function.* is missing")
    assert.error_matches(add("x", { applies = ok.applies }), "weights = function.* is missing")
    assert.error_matches(add("x", { applies = 1 }), "applies must be a function, got 1")
    assert.error_matches(add("x", { aplies = ok.applies }), "unknown field 'aplies'")
    assert.error_matches(add(1, ok), "an entry has a name, got 1")
    assert.is_nil(theory.solutions.nosuch)
    theory.solutions.passing = ok
    assert.equal("passing", theory.solutions.passing.name)
    theory.solutions.passing = nil
    assert.is_nil(theory.solutions.passing)
  end)
end)
