-- Ensembles: each network is the one of its seed and its run the one it has alone; statistics from their definitions.

local process = require "linnet.process"

local LINNET = os.getenv "LINNET" or "build/linnet"

local function teacher(i) return data.teacher { inputs = 5, outputs = 3, examples = 20, snr = 2, seed = i } end

local function same_weights(a, b, tolerance)
  for l = 1, a.depth do
    assert.close(a.weights[l], b.weights[l], tolerance or 0, "W" .. l)
    if a.bias then assert.close(a.biases[l], b.biases[l], tolerance or 0, "b" .. l) end
  end
end

--- Asserts that two runs recorded the same, and trained the same.
local function same_run(a, b, tolerance)
  assert.same(a.recorded, b.recorded)
  assert.close(a.t, b.t, 0)
  for _, name in ipairs(a.recorded) do
    if type(a[name]) ~= "table" then assert.close(a[name], b[name], tolerance, name) end
  end
  same_weights(a.net, b.net, tolerance)
end

describe("network.ensemble", function()
  it("makes network i of seed + i - 1, whatever the start", function()
    local task = data.spectrum { s = { 3, 1 }, inputs = 4, outputs = 3, seed = 1 }
    for _, options in ipairs {
      { sizes = { 4, 6, 3 } }, { sizes = { 4, 6, 3 }, init = "orthogonal", gain = 0.5 },
      { sizes = { 4, 5, 5, 3 }, init = "balanced", strength = 0.1 }, { task = task, hidden = 4, init = "aligned", strength = 0.1 },
      { sizes = { 4, 6, 3 }, activation = "tanh", bias = true, init = "he" },
      { sizes = { 4, 6, 3 }, init = "lambda", lambda = 0.5, seed = 7 },
    } do
      local seed = options.seed or 0
      options.count = 4
      local ens = network.ensemble(options)
      assert.equal(4, #ens)
      assert.equal(4, ens.count)
      options.count = nil
      for i = 1, 4 do
        options.seed = seed + i - 1
        same_weights(ens[i], network.new(options))
      end
    end
  end)

  it("is a list of networks that prints, copies and ends", function()
    local ens = network.ensemble { count = 3, sizes = { 2, 3, 1 } }
    assert.equal("ensemble of 3: linear network 2-3-1, depth 2, 9 parameters", tostring(ens))
    local copy = ens:copy()
    copy[2].weights[1]:fill(7)
    assert.not_equal(7, ens[2].weights[1]:get(1, 1))
    local n = 0
    for i, net in ipairs(ens) do n = n + 1; assert.equal(ens[i], net) end
    assert.equal(3, n)
    assert.is_nil(ens[4])
  end)

  it("refuses what makes no sense", function()
    for pattern, options in pairs {
      ["network.ensemble: count must be"] = { sizes = { 2, 1 } },
      ["network.ensemble: count.*0"] = { count = 0, sizes = { 2, 1 } },
      ["network.ensemble: count.*1.5"] = { count = 1.5, sizes = { 2, 1 } },
      ["network.ensemble: the sizes are missing"] = { count = 2 },
      ["network.ensemble: .*'cuont'.*did you mean 'count'"] = { cuont = 2, sizes = { 2, 1 } },
    } do
      assert.error_matches(function() network.ensemble(options) end, pattern)
    end
    local ens = network.ensemble { count = 2, sizes = { 2, 1 } }
    assert.error_matches(function() return ens.weights end, "ensemble: no field or method 'weights'")
    assert.error_matches(function() return ens[{}] end, "ensemble: numbers from 1 on")
  end)
end)

describe("ens:train", function()
  local cases = {
    ["small linear networks"] = { net = { sizes = { 5, 6, 3 } }, train = { task = teacher(1), rate = 0.05, steps = 100 } },
    ["deep linear networks with momentum and weight decay"] = { net = { sizes = { 5, 4, 4, 3 }, gain = 0.7 },
      train = { task = teacher(1), rate = 0.02, steps = 60, momentum = 0.8, weight_decay = 0.01, freeze = 2 } },
    ["networks with biases"] = { net = { sizes = { 5, 6, 3 }, bias = true },
      train = { task = teacher(1), rate = 0.05, steps = 50 } },
    ["wide networks"] = { net = { sizes = { 5, 70, 3 }, init = "orthogonal" }, train = { task = teacher(1), rate = 0.05, steps = 50 } },
    ["nonlinear networks in minibatches"] = { net = { sizes = { 5, 6, 3 }, activation = "tanh", bias = true },
      train = { task = teacher(1), rate = 0.05, steps = 40, batch = 6, seed = 3, optimizer = "adam" } },
    ["networks whose runs end at a loss"] = { net = { sizes = { 5, 6, 3 } },
      train = { task = data.spectrum { s = { 3, 2, 1 }, inputs = 5, outputs = 3 }, rate = 0.1, steps = 1000, every = 10,
        stop_at = { loss = 1e-3 } } },
    ["everything that can be recorded"] = { net = { sizes = { 5, 6, 3 } }, train = { task = teacher(1), rate = 0.05, steps = 20,
      record = { "loss", "modes", "alignment", "norms", "balance", "weight_distance", "ntk_distance", "weights", "hessian" } } },
  }
  for name, case in pairs(cases) do
    it("gives each network the run that it has alone: " .. name, function()
      case.net.count, case.net.seed = 6, 11
      local ens = network.ensemble(case.net)
      case.net.count = nil
      local run = ens:train(case.train)
      assert.equal(6, #run)
      assert.equal(6, run.count)
      local seed = case.train.seed
      for i = 1, 6 do
        case.net.seed = 11 + i - 1
        case.train.seed = seed and seed + i - 1
        local net = network.new(case.net)
        same_run(run[i], net:train(case.train), 1e-11)
        assert.equal(ens[i], run[i].net)
      end
      case.train.seed = seed
    end)
  end

  it("takes a task for each network, from a list or a function", function()
    local options = { count = 5, sizes = { 5, 4, 3 }, seed = 2 }
    local tasks = {}
    for i = 1, 5 do tasks[i] = teacher(i) end
    local a = network.ensemble(options):train { task = tasks, rate = 0.05, steps = 30 }
    local b = network.ensemble(options):train { task = teacher, rate = 0.05, steps = 30 }
    for i = 1, 5 do
      same_run(a[i], b[i], 0)
      same_run(a[i], network.ensemble(options)[i]:train { task = tasks[i], rate = 0.05, steps = 30 }, 1e-12)
    end
  end)

  it("has means, deviations, standard errors and quantiles at each record", function()
    local run = network.ensemble { count = 7, sizes = { 5, 4, 3 } }:train { task = teacher(1), rate = 0.05, steps = 30 }
    for _, name in ipairs { "loss", "modes" } do
      local T, K = run.t.rows, run[1][name].cols
      local mean, squares = matrix.zeros(T, K), matrix.zeros(T, K)
      for i = 1, 7 do mean:axpy(1 / 7, run[i][name]) end
      for i = 1, 7 do squares = squares + (run[i][name] - mean):times(run[i][name] - mean) end
      assert.close(run.mean[name], mean, 1e-14)
      assert.close(run.std[name], (squares / 6):sqrt(), 1e-12)
      assert.close(run.stderr[name], (squares / 6 / 7):sqrt(), 1e-12)
      local low, mid = run:quantile(0)[name], run:quantile(0.5)[name]
      for k = 1, T do
        local values = {}
        for i = 1, 7 do values[i] = run[i][name]:get(k, 1) end
        table.sort(values)
        assert.equal(values[1], low:get(k, 1))
        assert.equal(values[4], mid:get(k, 1))
      end
    end
    assert.equal(31, run.mean.loss.rows)
    assert.is_true(rawequal(run.mean.loss, run.mean.loss))
    plot.new {}:errorbars(run.t, run.mean.loss, run.stderr.loss)
  end)

  it("leaves networks that diverge out of the statistics, and says so", function()
    local tasks = {}
    for i = 1, 4 do tasks[i] = data.spectrum { s = { i == 2 and 1e3 or 1 }, inputs = 2, outputs = 2, seed = i } end
    local options = { count = 4, sizes = { 2, 2, 2 } }
    local run = network.ensemble(options):train { task = tasks, rate = 0.1, steps = 200 }
    assert.same({ 2 }, run.diverged)
    assert.same({ 1, 3, 4 }, run.averaged)
    assert.is_true(run[2].diverged)
    assert.is_false(run[1].diverged)
    assert.close(run.mean.loss, (run[1].loss + run[3].loss + run[4].loss) / 3, 1e-14)
    assert.matches("training of 4 networks: 201 records.*; 1 diverged and are left out", tostring(run))
    local err = assert.error_matches(function()
      network.ensemble(options):train { task = tasks, rate = 0.1, steps = 200, diverge = "error" }
    end, "ens:train: 1 of 4 networks diverged: the loss of number 2 is .* a smaller rate than 0.1 is needed")
    assert.equal("EDIVERGED", err.code)
    assert.close(err.run.mean.loss, run.mean.loss, 0)
    local alone = network.ensemble(options)[2]:train { task = tasks[2], rate = 0.1, steps = 200, diverge = "stop" }
    same_run(run[2], alone, 1e-12)
  end)

  it("says that there is nothing to average when all diverge", function()
    local run = network.ensemble { count = 2, sizes = { 5, 4, 3 } }:train { task = teacher(1), rate = 1e3, steps = 200 }
    assert.same({ 1, 2 }, run.diverged)
    assert.matches("2 diverged and are left out", tostring(run))
    assert.error_matches(function() return run.mean.loss end, "run.mean: every network diverged")
  end)

  it("averages as far as every network has records", function()
    local task = data.spectrum { s = { 3, 2, 1 }, inputs = 5, outputs = 3 }
    local run = network.ensemble { count = 4, sizes = { 5, 6, 3 }, scale = 0.2 }:train { task = task, rate = 0.1, steps = 1000,
      every = 5, stop_at = { loss = 1e-2 } }
    local least = math.huge
    for i = 1, 4 do least = math.min(least, run[i].t.rows) end
    assert.equal(least, run.t.rows)
    assert.equal(least, run.mean.modes.rows)
    assert.equal(run.t[least], run.steps[least] * run.rate)
  end)

  it("takes the least of the stable rates for all", function()
    local tasks, least = { teacher(1), teacher(2), teacher(3) }, math.huge
    local options = { count = 3, sizes = { 5, 4, 3 } }
    for i, net in ipairs(network.ensemble(options)) do
      least = math.min(least, net:train { task = tasks[i], rate = "auto", steps = 0 }.rate)
    end
    local run = network.ensemble(options):train { task = tasks, rate = "auto", times = { 0, 1, 2 } }
    assert.equal(least, run.rate)
    assert.equal(3, run.mean.loss.rows)
    assert.matches("rate .*stable for all networks", run.plan)
  end)

  it("asks the user's stop after each record of each network", function()
    local asked = {}
    local ens = network.ensemble { count = 3, sizes = { 5, 4, 3 } }
    local run = ens:train { task = teacher(1), rate = 0.05, steps = 10, stop = function(state)
      asked[state.net] = (asked[state.net] or 0) + 1
      return state.step == 4
    end }
    for i = 1, 3 do
      assert.equal(5, asked[ens[i]])
      assert.equal(5, run[i].t.rows)
    end
    assert.error_matches(function()
      ens:train { task = teacher(1), rate = 0.05, steps = 10, stop = function() error "enough" end }
    end, "enough")
  end)

  it("gives the same bits for any number of workers", function()
    local script = [[
      local function teacher(i) return data.teacher { inputs = 5, outputs = 3, examples = 20, snr = 2, seed = i } end
      local tasks = {}
      for i = 1, 9 do tasks[i] = teacher(i) end
      local function show(run)
        for _, name in ipairs(run.recorded) do print(("%a %a"):format(run.mean[name]:sum(), run.std[name]:sum())) end
        for i = 1, run.count do print(("%a"):format(run[i].net.weights[1]:sum())) end
      end
      for _, task in ipairs { teacher(1), false } do
        local options = { count = 9, sizes = { 5, 6, 3 }, seed = 4 }
        show(network.ensemble(options):train { task = task or tasks, rate = 0.02, steps = 3000 })
        show(network.ensemble(options):flow { task = task or teacher, times = { 0, 1, 5 } })
        options.activation, options.bias = "tanh", true
        show(network.ensemble(options):train { task = task or teacher, rate = 0.02, steps = 600, batch = 7, seed = 1 })
      end]]
    local outputs = {}
    for workers = 1, 3 do
      local outcome = assert(process.run { LINNET, "--threads=" .. workers, "-e", script })
      assert.equal("", outcome.errors)
      outputs[workers] = outcome.output
    end
    assert.is_true(#outputs[1] > 1000)
    assert.equal(outputs[1], outputs[2])
    assert.equal(outputs[1], outputs[3])
  end)

  it("refuses what makes no sense, by name", function()
    local ens = network.ensemble { count = 3, sizes = { 5, 4, 3 } }
    local task = teacher(1)
    local other = data.teacher { inputs = 4, outputs = 3, examples = 9, seed = 1 }
    local tested = data.teacher { inputs = 5, outputs = 3, examples = 9, test = 5, seed = 1 }
    local function with(options)
      options.rate, options.steps = options.rate or 0.1, options.steps or 5
      return function() ens:train(options) end
    end
    assert.error_matches(with {}, "ens:train: task must be a task, a list .* or a function .*, got nil")
    assert.error_matches(with { task = 3 }, "ens:train: task must be a task, a list .* or a function .*, got 3")
    assert.error_matches(with { task = { task, task } }, "ens:train: task is a list of 2, and there are 3 networks")
    assert.error_matches(with { task = { task, 1, task } }, "ens:train: task%[2%] must be a task, got 1")
    assert.error_matches(with { task = { task, task, other } },
      "ens:train: task%[3%] has 4 inputs and 3 outputs, and the networks have 5 and 3")
    assert.error_matches(with { task = other }, "ens:train: the network maps 5 inputs")
    assert.error_matches(with { task = function() end }, "ens:train: task%(1%) must be a task, got nil")
    assert.error_matches(with { task = function(i) return i < 3 and task or other end }, "ens:train: task%(3%) has 4 inputs")
    assert.error_matches(with { task = function(i) error("no task " .. i) end }, "no task 1")
    assert.error_matches(with { task = { task, tested, task } }, "ens:train: network 2 would not record what the first one does")
    assert.error_matches(with { task = task, rate = -1 }, "ens:train: rate must be")
    assert.error_matches(with { task = task, record = { "los" } }, "ens:train: record has 'los'; did you mean 'loss'")
    assert.error_matches(with { task = task, stop_at = { los = 1 } }, "ens:train %(stop_at%)")
    assert.error_matches(with { task = task, setps = 5 }, "ens:train: .*'setps'.*did you mean 'steps'")
    assert.error_matches(with { task = task, batch = 100 }, "ens:train: batch = 100")
    assert.error_matches(function() ens.train { task = task } end, "ens:train")
    assert.error_matches(function() ens.train(network.new { sizes = { 2, 1 } }, {}) end, "ens:train")
    ens[2] = ens[1]
    assert.error_matches(with { task = task }, "ens:train: ens%[1%] and ens%[2%] are the same network")
    ens[2] = network.new { sizes = { 5, 3 } }
    assert.error_matches(with { task = task }, "the networks of an ensemble have the same layers, and ens%[2%] is a linear network 5%-3")
    ens[2] = 7
    assert.error_matches(with { task = task }, "ens:train: ens%[2%] must be a network, got 7")
  end)

  it("says where what can't be averaged is", function()
    local run = network.ensemble { count = 2, sizes = { 5, 4, 3 } }:train { task = teacher(1), rate = 0.05, steps = 3,
      record = { "loss", "weights" } }
    assert.equal(4, #run[2].weights)
    for name, pattern in pairs {
      weights = "run.mean: weights are matrices.*run%[i%].weights", modes = "run.mean: modes was not recorded; give record",
      mode = "run.mean: no observable 'mode'",
    } do
      assert.error_matches(function() return run.mean[name] end, pattern)
    end
    assert.error_matches(function() return run.loss end, "run.loss: of an ensemble there are run.mean.loss")
    assert.error_matches(function() return run.maen end, "run of an ensemble: no field or method 'maen'")
    for _, q in ipairs { -0.1, 1.1, 0 / 0, "median" } do
      assert.error_matches(function() run:quantile(q) end, "run:quantile: a number from 0 to 1 is needed")
    end
    assert.error_matches(function() run.quantile(0.5) end, "run:quantile")
  end)
end)

describe("ens:flow", function()
  it("gives each network the flow that it has alone", function()
    local times = matrix.linspace(0, 4, 9)
    local function tasks(i) return data.teacher { inputs = 5, outputs = 3, examples = 20, snr = 2, seed = i } end
    for _, activation in ipairs { "linear", "tanh" } do
      local options = { count = 3, sizes = { 5, 4, 3 }, activation = activation }
      local run = network.ensemble(options):flow { task = tasks, times = times, weight_decay = 0.01 }
      for i, net in ipairs(network.ensemble(options)) do
        same_run(run[i], net:flow { task = tasks(i), times = times, weight_decay = 0.01 }, 0)
      end
      assert.equal(9, run.mean.loss.rows)
      assert.matches("^flow of 3 networks: 9 records, t = 0 .. 4", tostring(run))
    end
  end)

  it("refuses options of training", function()
    local ens = network.ensemble { count = 2, sizes = { 5, 4, 3 } }
    assert.error_matches(function() ens:flow { task = teacher(1), times = { 1 }, rate = 0.1 } end, "ens:flow: .*'rate'")
    assert.error_matches(function() ens:flow { task = teacher(1) } end, "ens:flow: times")
  end)
end)
