-- Training and gradient flow: what is recorded and when, against closed forms, and how runs end.

local function example_task(inputs, outputs, examples, seed)
  local r = random.stream(seed or 1)
  return data.task { X = r:normal(inputs, examples), Y = r:normal(outputs, examples) }
end

--- Plain descent written out, from the definition.
local function descend(net, task, rate, steps)
  for _ = 1, steps do
    local G = net:gradient(task)
    for l = 1, net.depth do net.weights[l]:axpy(-rate, G[l]) end
  end
  return net
end

describe("a network with NaN in it", function()
  it("is refused by training, flow and theory, with the place", function()
    local task = example_task(3, 2, 5)
    local net = network.new { task = task, hidden = 4, bias = true, seed = 1 }
    net.weights[2]:set(1, 3, 0 / 0)
    local where = ": net.weights%[2%] has NaN at %(1, 3%)"
    assert.error_matches(function() net:train { task = task, rate = 0.1, steps = 1 } end, "net:train" .. where)
    assert.error_matches(function() net:flow { task = task, times = { 1 } } end, "net:flow" .. where)
    assert.error_matches(function() theory.predict { net = net, task = task, times = { 1 } } end, "theory.predict" .. where)
    net.weights[2]:fill(0)
    net.biases[1][2] = 1 / 0
    assert.error_matches(function() net:train { task = task, rate = 0.1, steps = 1 } end,
      "net:train: net.biases%[1%] has an infinity at %(2, 1%)")
  end)
end)

describe("net:train", function()
  it("takes the steps of gradient descent", function()
    local task = example_task(5, 3, 20)
    local net = network.new { task = task, hidden = 4, seed = 2 }
    local byhand = descend(net:copy(), task, 0.05, 37)
    local run = net:train { task = task, rate = 0.05, steps = 37 }
    assert.is_true(rawequal(run.net, net))
    for l = 1, 2 do assert.close(net.weights[l], byhand.weights[l], 1e-14) end
  end)

  it("takes the same path over moments as over examples, at any depth, with biases too", function()
    local task = example_task(6, 3, 50, 4)
    for _, sizes in ipairs { { 6, 3 }, { 6, 5, 3 }, { 6, 8, 4, 3 } } do
      for _, bias in ipairs { false, true } do
        local net = network.new { sizes = sizes, bias = bias, seed = 3 }
        local options = { task = task, rate = 0.05, steps = 200, record = { "loss", "modes", "weights" } }
        local auto = net:copy():train(options)
        options.plan = "plain"
        local plain = net:copy():train(options)
        assert.matches("^moments", auto.plan)
        assert.matches("^examples", plain.plan)
        assert.close(auto.loss, plain.loss, 1e-12)
        assert.close(auto.modes, plain.modes, 1e-12)
        for l = 1, net.depth do assert.close(auto.weights[201][l], plain.weights[201][l], 1e-12) end
        if bias then assert.close(auto.biases[201][1], plain.biases[201][1], 1e-12) end
      end
    end
  end)

  it("takes the same path over moments where a layer has few rows and many columns", function()
    local task = example_task(500, 10, 40)
    local net = network.new { sizes = { 500, 300, 10 }, bias = true, scale = 0.01, seed = 3 }
    local options = { task = task, rate = 0.01, steps = 20, record = "loss" }
    local auto = net:copy():train(options)
    options.plan = "plain"
    local plain = net:copy():train(options)
    assert.close(auto.loss, plain.loss, 1e-12)
    for l = 1, 2 do assert.close(auto.net.weights[l], plain.net.weights[l], 1e-12) end
  end)

  it("follows an aligned mode's recursion to rounding", function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-3, seed = 1 }
    local run = net:train { task = task, rate = 0.05, steps = 400, every = 1 }
    local _, s = task:svd()
    for k = 1, #s do
      local a = math.sqrt(1e-3) -- w <- w + rate w (s - w^2/P), both layers alike
      for step = 0, 400 do
        assert.close(run.modes:get(step + 1, k), a * a, 1e-11)
        a = a + 0.05 * a * (s[k] - a * a / 8)
      end
    end
  end)

  it("records 201 times by default, the first and the last step always", function()
    local task = example_task(3, 2, 10)
    local function steps(options)
      options.task, options.rate = task, 0.01
      return network.new { task = task, hidden = 2 }:train(options).steps
    end
    local default = steps { steps = 1000 }
    assert.equal(201, #default)
    assert.equal(0, default[1])
    assert.equal(5, default[2])
    assert.equal(1000, default[201])
    assert.equal(11, #steps { steps = 10 })
    assert.is_true(steps { steps = 10, every = 4 } == matrix { 0, 4, 8, 10 })
    assert.is_true(steps { steps = 0 } == matrix { 0 })
  end)

  it("records at step round(t/rate), as many entries as asked", function()
    local task = example_task(3, 2, 10)
    local run = network.new { task = task, hidden = 2, seed = 1 }:train { task = task, rate = 0.1, times = { 0.3, 0.31, 0.36, 1 } }
    assert.is_true(run.steps == matrix { 3, 3, 4, 10 })
    assert.close(run.t, matrix { 0.3, 0.3, 0.4, 1 }, 1e-15)
    assert.equal(4, #run.loss)
  end)

  it("stops at a loss, and when `stop` says so", function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 8, init = "aligned", strength = 1e-2 }
    local full = net:copy():train { task = task, rate = 0.1, steps = 2000 }
    local run = net:copy():train { task = task, rate = 0.1, steps = 2000, stop_at = { loss = 1 } }
    assert.is_true(run.loss[#run.loss] <= 1 and run.loss[#run.loss - 1] > 1)
    assert.is_true(#run.loss < #full.loss)
    local calls = 0
    run = net:copy():train { task = task, rate = 0.1, steps = 2000, stop = function(state)
      calls = calls + 1
      assert.equal(0.1 * state.step, state.t)
      return state.loss < 2
    end }
    assert.equal(calls, #run.loss)
    assert.is_true(run.loss[#run.loss] < 2)
    assert.error_matches(function()
      net:copy():train { task = task, rate = 0.1, steps = 5, stop = function() error "from stop" end }
    end, "from stop")
  end)

  it("ends with the record so far when it diverges, and keeps the last whole step", function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 8, seed = 1 }
    local err = assert.error_matches(function() net:train { task = task, rate = 3, steps = 10000, every = 1 } end,
      "net:train: diverged: the loss is .* at step %d+ .*smaller rate than 3")
    assert.equal("EDIVERGED", err.code)
    assert.is_true(err.run.diverged)
    assert.is_true(#err.run.loss > 2 and err.run.loss:isfinite():all())
    assert.is_true(net.weights[1]:isfinite():all() and net.weights[2]:isfinite():all())
    local run = network.new { task = task, hidden = 8, seed = 1 }:train { task = task, rate = 3, steps = 10000, diverge = "stop" }
    assert.is_true(run.diverged)
  end)

  it("records the loss of a test set, and its absence is an error", function()
    local task = data.teacher { inputs = 6, outputs = 2, examples = 20, snr = 4, test = 50, seed = 1 }
    local net = network.new { task = task, hidden = 5, seed = 2 }
    local run = net:train { task = task, rate = 0.05, steps = 100, record = { "loss", "test_loss", "test_error" } }
    assert.close(run.test_loss[#run.t], net:loss(task.test), 1e-13)
    assert.close(run.test_error, 2 * run.test_loss, 1e-15)
    assert.error_matches(function()
      net:train { task = example_task(6, 2, 20), rate = 0.1, steps = 1, record = "test_loss" }
    end, "there is no test set")
  end)

  it("trains nonlinear networks over the examples", function()
    local task = example_task(3, 1, 40, 5)
    local net = network.new { task = task, hidden = 20, activation = "tanh", bias = true, seed = 1 }
    local run = net:train { task = task, rate = 0.2, steps = 2000 }
    assert.same({ "loss" }, run.recorded)
    assert.is_true(run.loss[#run.loss] < 0.3 * run.loss[1])
    assert.close(run.loss[#run.loss], net:loss(task), 1e-14)
  end)

  it("is saved and loaded with its network", function()
    local path = os.tmpname() .. ".npz"
    local task = example_task(3, 2, 10)
    local run = network.new { task = task, hidden = 4, bias = true, seed = 1 }:train {
      task = task, rate = 0.1, steps = 10, record = { "loss", "modes", "weights" } }
    run:save(path)
    local loaded = network.load_run(path)
    os.remove(path)
    assert.is_true(loaded.loss == run.loss and loaded.modes == run.modes and loaded.t == run.t)
    assert.is_true(loaded.weights[7][2] == run.weights[7][2] and loaded.biases[7][1] == run.biases[7][1])
    assert.is_true(loaded.net.weights[1] == run.net.weights[1])
    assert.equal(run.plan, loaded.plan)
    assert.matches("^linnet %d[%d.]+ %(kernels %w+%), OpenBLAS %d[%d.]+ %(.+%), %d+ thread", run.made_with)
    assert.equal(run.made_with, loaded.made_with)
  end)

  for name, case in pairs {
    ["times that are no column"] = { { t = matrix.ones(2, 2) }, "the array 't' must be 2x1, and is 2x2" },
    ["too many steps"] = { { steps = matrix.ones(9, 1) }, "the array 'steps' must be 6x1, and is 9x1" },
    ["no losses"] = { { loss = false }, "the array 'loss' must be 6xK, and is missing" },
    ["too few losses"] = { { loss = matrix.ones(5, 1) }, "the array 'loss' must be 6xK, and is 5x1" },
    ["parameters of another network"] = { { parameters = matrix.ones(3, 6) }, "'parameters' must be 12x6, and is 3x6" },
    ["an unknown name"] = { { recorded = matrix { 116 } }, "'t' is not known among what a run records" },
    ["no times"] = { { t = false }, "holds no run" },
    ["another network"] = { { W2 = matrix.ones(7, 7) }, "network.load_run: .*do not chain" },
  } do
    it("is not loaded from a file with " .. name, function()
      local path, task = os.tmpname() .. ".npz", example_task(3, 1, 10)
      network.new { task = task, hidden = 3, seed = 1 }
        :train({ task = task, rate = 0.1, steps = 5, record = { "loss", "weights" } }):save(path)
      local arrays = matrix.load(path)
      for key, value in pairs(case[1]) do arrays[key] = value or nil end
      matrix.save(path, arrays)
      assert.error_matches(function() network.load_run(path) end, case[2])
      os.remove(path)
    end)
  end

  it("tells how to record what was not recorded, and gives one record by its time", function()
    local task = example_task(3, 2, 10)
    local run = network.new { task = task, hidden = 4, seed = 1 }:train { task = task, rate = 0.1, steps = 10 }
    assert.error_matches(function() return run.norms end, 'run.norms: it was not recorded; give record = { "norms"')
    local record = run:at(0.52)
    assert.close(record.t, 0.5, 1e-15)
    assert.equal(run.loss[6], record.loss)
    assert.equal(2, record.modes.cols)
    assert.matches("training: 11 records, t = 0 .. 1, loss", tostring(run))
  end)

  local task, good
  before_each(function()
    task = example_task(3, 2, 10)
    good = { task = task, rate = 0.1, steps = 5 }
  end)
  local bad = {
    { "a misspelt option", { raet = 0.1 }, "unknown option 'raet'; did you mean 'rate'" },
    { "no task", { task = false }, "task must be a task, got false" },
    { "a rate of 0", { rate = 0 }, "rate must be a number above 0, got 0" },
    { "a negative rate", { rate = -1 }, "rate must be a number above 0, got %-1" },
    { "a rate that is no number", { rate = {} }, "rate must be a number above 0, got a table" },
    { "an infinite rate", { rate = 1 / 0 }, "rate must be a number above 0, got inf" },
    { "negative steps", { steps = -1 }, "steps = %-1: must lie between 0" },
    { "steps and times", { times = { 1 } }, "steps and times exclude" },
    { "every = 0", { every = 0 }, "every = 0: must be at least 1" },
    { "an unknown observable", { record = { "mode" } }, "record has 'mode'; did you mean 'modes'" },
    { "an empty record", { record = {} }, "record is empty" },
    { "a record that is a number", { record = 3 }, "record must be a list of names" },
    { "an unknown plan", { plan = "fast" }, "plan = 'fast' is not known; it is one of auto, plain" },
    { "an unknown optimizer", { optimizer = "gdd" }, "optimizer = 'gdd' is not known" },
    { "stop that is no function", { stop = 3 }, "stop must be a function, got 3" },
    { "stop_at that is a number", { stop_at = 3 }, "table of options is needed" },
    { "a misspelt stop_at", { stop_at = { los = 1 } }, "unknown option 'los'; did you mean 'loss'" },
    { "a test set of other sizes", { test = "other" }, "the task has 4 and 2" },
  }
  for _, case in ipairs(bad) do
    it("refuses " .. case[1] .. ", and leaves the network as it was", function()
      for name, value in pairs(case[2]) do good[name] = value end
      if good.test then good.test = example_task(4, 2, 5) end
      local net = network.new { task = task, hidden = 3, seed = 1 }
      local before = net:copy()
      assert.error_matches(function() net:train(good) end, "net:train.*: .*" .. case[3])
      assert.is_true(net.weights[1] == before.weights[1] and net.weights[2] == before.weights[2])
    end)
  end
  it("refuses neither steps nor times, falling, negative and infinite times", function()
    local net = network.new { task = task, hidden = 3, seed = 1 }
    assert.error_matches(function() net:train { task = task, rate = 1 } end, "give steps = .* or times")
    assert.error_matches(function() net:train { task = task, rate = 1, times = { 1, 0.5 } } end, "times must rise; number 1 is 1 and number 2 is 0.5")
    assert.error_matches(function() net:train { task = task, rate = 1, times = { -1 } } end, "times must be >= 0; number 1 is %-1")
    assert.error_matches(function() net:train { task = task, rate = 1, times = { 1 / 0 } } end, "times.*finite")
    assert.error_matches(function() net:train { task = task, rate = 1, times = {} } end, "times is empty")
    assert.error_matches(function() net:train { task = task, rate = 1e-300, times = { 1 } } end, "takes 1e%+300 steps")
  end)
end)

describe("net:flow", function()
  it("is the limit of training: the error of a run halves with its rate", function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-3, seed = 1 }
    local t = matrix.linspace(0, 40, 41)
    local flow = net:copy():flow { task = task, times = t }
    local errors = {}
    for i, rate in ipairs { 0.02, 0.01, 0.005 } do
      local run = net:copy():train { task = task, rate = rate, times = t }
      errors[i] = (run.modes - flow.modes):abs():max()
    end
    assert.is_true(errors[1] / errors[2] > 1.9 and errors[1] / errors[2] < 2.1)
    assert.is_true(errors[2] / errors[3] > 1.9 and errors[2] / errors[3] < 2.1)
  end)

  it("agrees with the logistic law of two layers to 1e-9, from tiny starts too", function()
    for _, a0 in ipairs { 1e-9, 1e-6, 1e-3, 0.3 } do
      local task = data.spectrum { s = { 3, 2, 1 }, inputs = 5, outputs = 4, seed = 2 }
      local net = network.new { task = task, hidden = 6, init = "aligned", strength = a0, seed = 1 }
      local flow = net:flow { task = task, times = matrix.linspace(0, 30, 61) }
      local _, s = task:svd()
      for k = 1, 3 do
        for i = 1, #flow.t do
          local e = math.exp(-2 * s[k] * flow.t[i])
          local exact = s[k] / (1 - e + s[k] * e / a0)
          assert.close(flow.modes:get(i, k), exact, 1e-9)
        end
      end
    end
  end)

  it("conserves the balance of neighbouring layers", function()
    local task = example_task(5, 4, 30)
    local net = network.new { task = task, hidden = 6, depth = 3, seed = 1 }
    local before = net.weights[2]:tmul(net.weights[2]) - net.weights[1]:mult(net.weights[1])
    net:flow { task = task, times = { 20 } }
    assert.close(net.weights[2]:tmul(net.weights[2]) - net.weights[1]:mult(net.weights[1]), before, 1e-9)
  end)

  it("follows a nonlinear network over its examples", function()
    local task = example_task(3, 1, 30)
    local net = network.new { task = task, hidden = 5, activation = "tanh", seed = 1 }
    local flow = net:copy():flow { task = task, times = { 1, 2 } }
    local run = net:train { task = task, rate = 1e-4, times = { 1, 2 } }
    assert.close(flow.loss, run.loss, 1e-4)
  end)

  it("takes the option of tolerance, and refuses senseless ones", function()
    local task = example_task(3, 2, 10)
    local net = network.new { task = task, hidden = 3, seed = 1 }
    local coarse = net:copy():flow { task = task, times = { 5 }, tolerance = 1e-4 }
    local fine = net:copy():flow { task = task, times = { 5 }, tolerance = 1e-12 }
    local difference = (coarse.modes - fine.modes):abs():max()
    assert.is_true(difference > 1e-13 and difference < 1e-3)
    assert.error_matches(function() net:flow { task = task, times = { 5 }, tolerance = 2 } end, "tolerance must be a number between")
    assert.error_matches(function() net:flow { task = task, time = { 5 } } end, "unknown option 'time'; did you mean 'times'")
    assert.error_matches(function() net:flow { task = task } end, "times must be a matrix or a list of numbers, got nil")
  end)
end)
