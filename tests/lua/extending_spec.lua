-- A user's own activations, starts and observables.

local process = require "linnet.process"
local linnet = os.getenv "LINNET" or "build/linnet"

local task, net_options
setup(function()
  task = data.task { X = random.stream(1):normal(3, 40), Y = random.stream(2):normal(2, 40) }
  net_options = { task = task, hidden = 5, gain = 1, bias = true, seed = 3 }
end)

local function new(changes)
  local o = {}
  for name, value in pairs(net_options) do o[name] = value end
  for name, value in pairs(changes) do o[name] = value end
  return network.new(o)
end

local function tanh(X) return X:tanh() end
local function tanh_slope(X) return 1 - X:tanh():pow(2) end

local function names_of(registry)
  local names = {}
  for name, entry in pairs(registry) do
    names[#names + 1] = name
    assert.equal(name, entry.name)
  end
  return table.concat(names, " ")
end

describe("network.activations", function()
  before_each(function() network.activations.bent = { f = tanh, df = tanh_slope, doc = "tanh again" } end)
  after_each(function() network.activations.bent = nil end)

  it("lists the built-in ones, then a user's own", function()
    assert.equal("erf hard_tanh leaky_relu linear relu sigmoid softplus tanh bent", names_of(network.activations))
    assert.equal(9, #network.activations)
    assert.equal("tanh again", network.activations.bent.doc)
    assert.is_nil(network.activations.nosuch)
    network.activations.bent = nil
    assert.equal(8, #network.activations)
  end)

  it("knows the built-in functions and their derivatives", function()
    local x = matrix { { -2, 0.5 }, { 1.1, 3 } }
    for _, activation in pairs(network.activations) do
      local difference = (activation.f(x + 1e-5) - activation.f(x - 1e-5)) / 2e-5
      assert.close(activation.df(x), difference, 1e-8, activation.name)
    end
  end)

  it("trains as the built-in function does", function()
    local own, built_in = new { activation = "bent" }, new { activation = "tanh" }
    assert.close(own:forward(task.X), built_in:forward(task.X), 1e-15)
    assert.close(own:gradient(task)[1], built_in:gradient(task)[1], 1e-14)
    local record = { "loss", "ntk_distance", "weights" }
    for _, options in ipairs {
      { rate = 0.1, steps = 50 }, { rate = "auto", steps = 20 }, { rate = 0.1, steps = 50, batch = 7, optimizer = "adam" },
    } do
      options.task, options.record = task, record
      local a, b = own:copy():train(options), built_in:copy():train(options)
      assert.close(a.loss, b.loss, 1e-9) -- "auto" takes differences of the gradient
      assert.close(a.ntk_distance, b.ntk_distance, 1e-9)
      assert.close(a.rate, b.rate, 1e-7)
    end
    local flow = { task = task, times = { 0, 1, 2 }, record = record }
    assert.close(own:copy():flow(flow).loss, built_in:copy():flow(flow).loss, 1e-9)
    local pred = theory.predict { net = own, task = task, times = { 0, 1, 2 } }
    assert.equal("flow", pred.solution)
    assert.close(pred.loss, built_in:copy():flow(flow).loss, 1e-9)
  end)

  it("takes part in ensembles", function()
    local options = { count = 3, task = task, hidden = 4, gain = 1, seed = 5, activation = "bent" }
    local own = network.ensemble(options):train { task = task, rate = 0.1, steps = 20 }
    options.activation = "tanh"
    local built_in = network.ensemble(options):train { task = task, rate = 0.1, steps = 20 }
    assert.close(own.mean.loss, built_in.mean.loss, 1e-13)
  end)

  it("may differ from layer to layer", function()
    local net = new { hidden = { 4, 3 }, activation = { "bent", "relu" } }
    assert.equal("bent relu linear", table.concat(net.activations, " "))
    local again = network.from { net.weights[1], net.weights[2], net.weights[3],
      biases = { net.biases[1], net.biases[2], net.biases[3] }, activation = { "tanh", "relu" } }
    assert.close(net:forward(task.X), again:forward(task.X), 1e-15)
  end)

  it("sees kinks", function()
    network.activations.bent = { f = function(X) return X:relu() end, df = function(X) return X:gt(0) end }
    assert.is_true(network.activations.bent.kinked)
    network.activations.bent = { f = tanh, df = tanh_slope }
    assert.is_false(network.activations.bent.kinked)
  end)

  it("stays in the networks that have it when it is taken away or replaced", function()
    local net = new { activation = "bent" }
    local before = net:loss(task)
    network.activations.bent = { f = function(X) return X * 2 end, df = function(X) return matrix.full(X.rows, X.cols, 2) end }
    collectgarbage()
    collectgarbage()
    assert.equal(before, net:loss(task))
    assert.equal(before, net:copy():loss(task))
    network.activations.bent = nil
    collectgarbage()
    assert.equal(before, net:loss(task))
    assert.error_matches(function() new { activation = "bent" } end, "'bent' is not known; it is one of linear, .*, hard_tanh$")
  end)

  it("is there again when a network is loaded where it is known", function()
    local path = os.tmpname() .. ".npz"
    local net = new { activation = "bent" }
    net:save(path)
    assert.equal(net:loss(task), network.load(path):loss(task))
    network.activations.bent = nil
    assert.error_matches(function() network.load(path) end,
      "extending_spec.lua:%d+: network.load: .*: the activation 'bent' is not known here; add network.activations.bent")
    os.remove(path)
  end)

  local ok = { f = tanh, df = tanh_slope }
  for _, case in ipairs {
    { "a wrong derivative", { f = tanh, df = function(X) return 1.1 - X:tanh():pow(2) end },
      "df is not the derivative of f: at %-?%d.* it is .* and differences give .*, off by 0.1, the most on %[%-8, 8%]" },
    { "a slightly wrong derivative", { f = tanh, df = function(X) return tanh_slope(X) + 1e-4 end }, "off by 0.0001" },
    { "a derivative that is a number", { f = tanh, df = function() return 1 end }, "df must return a matrix of the shape it was given, 401x1; it returned 1" },
    { "a value of another shape", { f = function(X) return X:sum(1) end, df = tanh_slope }, "f must return a matrix of the shape it was given, 401x1; it returned a 1x1 matrix" },
    { "no value", { f = function() end, df = tanh_slope }, "it returned nil" },
    { "a function that is not elementwise", { f = function(X) return X - X:mean() end, df = function(X) return matrix.ones(X.rows, X.cols) end }, "f must act on each entry alone; at %-7.99877 it is" },
    { "a function that is not finite", { f = function(X) return X:log() end, df = function(X) return X:pow(-1) end }, "f must be finite; at %-7.998.* it is NaN" },
    { "a derivative that is not finite", { f = tanh, df = function(X) return tanh_slope(X) / 0 end }, "df must be finite" },
    { "no f", { df = tanh_slope }, "f = function.* is missing" },
    { "no df", { f = tanh }, "df = function.* is missing" },
    { "an f that is no function", { f = 3, df = tanh_slope }, "f must be a function, got 3" },
    { "an unknown field", { f = tanh, dff = tanh_slope }, "unknown field 'dff'; it takes { f=, df=, doc= }" },
    { "a function alone", tanh, "a table { f=, df=, doc= } is needed, got a function" },
  } do
    it("refuses " .. case[1], function()
      assert.error_matches(function() network.activations.wrong = case[2] end,
        "extending_spec.lua:%d+: network.activations.wrong: .*" .. case[3])
      assert.is_nil(network.activations.wrong)
    end)
  end

  it("refuses new meanings of built-in names, and names that are none", function()
    assert.error_matches(function() network.activations.tanh = ok end, "activations.tanh: a built%-in activation can't be replaced")
    assert.error_matches(function() network.activations.tanh = nil end, "activations.tanh: a built%-in activation can't be replaced")
    assert.error_matches(function() network.activations[1] = ok end, "an entry has a name, got 1")
    assert.error_matches(function() network.activations["two words"] = ok end, "a name has letters, digits and _")
  end)

  it("lets the author's own error through", function()
    assert.error_matches(function() network.activations.wrong = { f = function() error "boom" end, df = tanh } end,
      "extending_spec.lua:%d+: boom")
  end)
end)

describe("a function that fails in the middle of a training", function()
  local calls, last, fault = 0, 0, nil
  before_each(function()
    calls, last = 0, math.huge
    network.activations.failing = {
      f = function(X)
        calls = calls + 1
        return calls > last and fault(X) or X:tanh()
      end,
      df = tanh_slope,
    }
  end)
  after_each(function() network.activations.failing = nil end)

  for _, case in ipairs {
    { "raises an error", function() error "boom" end, "net:train: activation 'failing': .*extending_spec.lua:%d+: boom" },
    { "raises a table", function() error(setmetatable({}, { __tostring = function() return "told" end })) end, "'failing': told" },
    { "raises what can't be told", function() error(setmetatable({}, { __tostring = function() error "no" end })) end, "'failing': .*no" },
    { "yields", function() coroutine.yield() end, "'failing': attempt to yield across a C%-call boundary" },
    { "gives another shape", function(X) return X.T end, "'failing': f must return a 200x1 matrix, as it was given, and it returned a 1x200 matrix" },
    { "gives a number", function() return 3 end, "and it returned 3" },
    { "gives NaN", function(X) return X * (0 / 0) end, "'failing': f gives NaN at %-?%d" },
    { "fails in a network of its own", function(X)
      local inner = network.new { sizes = { 1, 1 }, activation = { "failing" } }
      return inner:forward(X.T).T
    end, "net:forward: activation 'failing': .*net:forward: activation 'failing': " },
  } do
    it("ends it with the record so far when it " .. case[1], function()
      local net = new { activation = "failing" }
      last, fault = calls + 90, case[2]
      local ok, err = coroutine.wrap(function() return pcall(net.train, net, { task = task, rate = 0.01, steps = 200, every = 10 }) end)()
      assert.is_false(ok)
      assert.is_truthy(tostring(err):match(case[3]), tostring(err))
      assert.equal("ERUN", err.code)
      assert.is_true(err.run.t.rows > 2 and err.run.t.rows < 10)
      assert.is_true(err.run.loss[err.run.t.rows] < err.run.loss[1])
      last = math.huge
      assert.is_true(net:loss(task) <= err.run.loss[err.run.t.rows]) -- the last whole step
    end)
  end

  it("ends flows, predictions and ensembles too", function()
    local net = new { activation = "failing" }
    local ens = network.ensemble { count = 2, task = task, hidden = 3, activation = "failing" }
    fault = function() error "boom" end
    for call, f in pairs {
      ["net:flow"] = function() net:flow { task = task, times = { 0, 1, 2 } } end,
      ["theory.predict"] = function() theory.predict { net = net, task = task, times = { 0, 1, 2 } } end,
      ["ens:train"] = function() ens:train { task = task, rate = 0.01, steps = 200 } end,
      ["net:forward"] = function() for _ = 1, 100 do net:forward(task.X) end end,
    } do
      last = calls + 50
      assert.error_matches(f, call .. ": activation 'failing': .*boom")
      last = math.huge
    end
  end)

  it("is ended by a time limit, as any code is", function()
    local result = process.run { linnet, "--time", "0.3s", "-", env = { LUA_INIT = "" }, input = [[
      local n = 0
      network.activations.endless = {
        f = function(X) n = n + 1 while n > 200 do end return X:tanh() end,
        df = function(X) return 1 - X:tanh():pow(2) end }
      local net = network.new { sizes = { 2, 3, 1 }, activation = "endless" }
      local task = data.task { X = matrix.eye(2), Y = matrix.ones(1, 2) }
      pcall(net.train, net, { task = task, rate = 0.1, steps = 1000 })
      print "never"
    ]] }
    assert.is_truthy(result.errors:match "net:train: activation 'endless': .*over its time limit", result.errors)
    assert.equal("", result.output)
  end)
end)

describe("network.inits", function()
  before_each(function()
    network.inits.filled = function(sizes, options, stream)
      local W = {}
      for l = 1, #sizes - 1 do
        W[l] = matrix.full(sizes[l + 1], sizes[l], options.entry or 1)
        if options.noise then W[l] = W[l] + options.noise * stream:split(l):normal(sizes[l + 1], sizes[l]) end
      end
      return W
    end
  end)
  after_each(function() network.inits.filled = nil end)

  it("lists the built-in ones, then a user's own", function()
    assert.equal("aligned balanced gaussian glorot he identity lambda orthogonal zeros filled", names_of(network.inits))
    for _, init in pairs(network.inits) do assert.is_string(init.doc) end
  end)

  it("starts networks, with the options that are its own and the seed's stream", function()
    local net = network.new { sizes = { 3, 4, 2 }, init = "filled", entry = 0.5, bias = true }
    assert.close(net.weights[1], matrix.full(4, 3, 0.5), 0)
    assert.close(net.weights[2], matrix.full(2, 4, 0.5), 0)
    assert.close(net.biases[1], matrix.zeros(4, 1), 0)
    local function noisy(seed) return network.new { sizes = { 3, 4, 2 }, init = "filled", noise = 1, seed = seed }:product() end
    assert.close(noisy(1), noisy(1), 0)
    assert.is_true((noisy(1) - noisy(2)):norm() > 1e-3)
    local ens = network.ensemble { count = 2, sizes = { 3, 4, 2 }, init = "filled", noise = 1, seed = 1 }
    assert.close(ens[2]:product(), noisy(2), 0)
  end)

  it("is given what describes a start, and the task, but not what network.new reads itself", function()
    local given
    network.inits.filled = function(_, options) given = options return { matrix.zeros(2, 3) } end
    network.new { task = task, depth = 1, init = "filled", scale = 2, mine = "x", seed = 1 }
    assert.equal(task, given.task)
    assert.same({ 2, "x" }, { given.scale, given.mine })
    assert.is_nil(given.seed or given.depth or given.init)
  end)

  for _, case in ipairs {
    { "no list", function() return 3 end, "init = 'filled' must return the list of 2 matrices, got 3" },
    { "too few", function() return { matrix.zeros(4, 3) } end, "must return the list of 2 matrices, got a list of 1" },
    { "another shape", function() return { matrix.zeros(4, 3), matrix.zeros(4, 2) } end, "W2 of init = 'filled' must be 2x4, got a 4x2 matrix" },
    { "no matrix", function() return { matrix.zeros(4, 3), "x" } end, "W2 of init = 'filled' must be a matrix" },
    { "NaN", function() return { matrix.zeros(4, 3), matrix.zeros(2, 4) / 0 } end, "W2 of init = 'filled' has NaN at %(1, 1%)" },
  } do
    it("refuses a start that returns " .. case[1], function()
      network.inits.filled = case[2]
      assert.error_matches(function() network.new { sizes = { 3, 4, 2 }, init = "filled" } end,
        "extending_spec.lua:%d+: network.new: .*" .. case[3])
    end)
  end

  it("lets its error through, and refuses bad entries", function()
    network.inits.filled = function() error "boom" end
    assert.error_matches(function() network.new { sizes = { 3, 2 }, init = "filled" } end, "extending_spec.lua:%d+: boom")
    assert.error_matches(function() network.inits.wrong = 3 end, "extending_spec.lua:%d+: network.inits.wrong: a function.* is needed, got 3")
    assert.error_matches(function() network.inits.he = print end, "network.inits.he: a built%-in start can't be replaced")
    assert.error_matches(function() network.new { sizes = { 3, 2 }, init = "filed", entry = 1 } end, "init = 'filed' is not known; did you mean 'filled'")
    assert.error_matches(function() network.new { sizes = { 3, 2 }, init = "he", entry = 1 } end, "unknown option 'entry'")
  end)
end)

describe("network.observables", function()
  before_each(function()
    network.observables.rank = function(net) return net:product():rank() end
    network.observables.column = function(net) return net.weights[1]:col(1):copy() end
    network.observables.first = function(net) return net.weights[1] end
    network.observables.size = function(net, given) return net:forward(given.X):norm() end
  end)
  after_each(function()
    for _, name in ipairs { "rank", "column", "first", "size" } do network.observables[name] = nil end
  end)
  local record = { "loss", "rank", "column", "first", "weights", "size" }

  --- Are the curves what the recorded weights say?
  local function check(run)
    local T = run.t.rows
    assert.same({ T, 1, T, 8, T }, { run.rank.rows, run.rank.cols, run.column.rows, run.column.cols, #run.first })
    for _, k in ipairs { 1, T } do
      local W = run.weights[k]
      assert.close(run.first[k], W[1], 1e-13)
      assert.close(run.column:row(k), W[1]:col(1).T, 1e-13)
      assert.equal((W[2] * W[1]):rank(), run.rank[k])
      assert.close(run.size[k], (W[2] * W[1] * task.X):norm(), 1e-12)
    end
  end

  it("lists the built-in ones, then a user's own", function()
    assert.is_truthy(names_of(network.observables):match "^alignment balance .* weights rank column first size$")
  end)

  it("is recorded as the built-in ones are, whatever the plan", function()
    local net = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
    local train = { task = task, rate = 0.1, steps = 300, record = record }
    local reduced = net:copy():train(train)
    assert.is_truthy(reduced.plan:match "hidden 8 %-> 5")
    check(reduced)
    train.plan = "plain"
    check(net:copy():train(train))
    check(net:copy():flow { task = task, times = { 0, 1, 5 }, record = record })
    check(theory.predict { net = net, task = task, times = { 0, 1, 5 }, record = record })
    local seen = net:observe(task, record)
    assert.same({ 2, 8, 8 }, { seen.rank, seen.column.cols, seen.first.rows })
    assert.close(reduced:at(0).first, net.weights[1], 1e-14)
  end)

  it("compares, and is averaged over ensembles", function()
    local net = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
    local pred = theory.predict { net = net, task = task, times = { 0, 1, 5 } }
    local run = net:copy():train { task = task, rate = 1e-3, times = pred.t, record = { "first", "column" } }
    assert.is_true(theory.compare(run, pred):worst() < 0.01)
    local ens = network.ensemble { count = 2, task = task, hidden = 8, scale = 0.1, seed = 1 }
    local runs = ens:train { task = task, rate = 0.1, steps = 10, record = { "column", "first" } }
    assert.close(runs.mean.column, (runs[1].column + runs[2].column) / 2, 1e-14)
    assert.error_matches(function() return runs.mean.first end, "first are matrices")
    local options = { count = 20, task = task, hidden = 4, scale = 0.1, seed = 1 } -- small and many: side by side
    local grouped = network.ensemble(options):train { task = task, rate = 0.1, steps = 10, record = { "size", "loss" } }
    local alone = network.new { task = task, hidden = 4, scale = 0.1, seed = 7 }
      :train { task = task, rate = 0.1, steps = 10, record = { "size", "loss" } }
    assert.close(grouped[7].size, alone.size, 1e-13)
  end)

  it("is what stop sees, and what a user's solution is observed by", function()
    local net = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
    local seen
    net:copy():train { task = task, rate = 0.1, steps = 3, record = { "size" },
      stop = function(state) seen = state.size return true end }
    assert.close(seen, net:forward(task.X):norm(), 1e-12)
    theory.solutions.still = { applies = function() return 0 end, weights = function(given) return given.weights end }
    check(theory.predict { net = net, task = task, times = { 0, 1 }, solution = "still", record = record })
    theory.solutions.still = nil
    assert.is_nil(theory.solutions.still)
  end)

  it("is saved with its run, and loaded where it is known", function()
    local path = os.tmpname() .. ".npz"
    local net = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
    local run = net:train { task = task, rate = 0.1, steps = 30, record = record }
    run:save(path)
    local again = network.load_run(path)
    check(again)
    assert.close(again.first[31], run.first[31], 0)
    network.observables.first = nil
    assert.error_matches(function() network.load_run(path) end,
      "'first' is not known among what a run records; if it is your own, add network.observables.first first")
    os.remove(path)
  end)

  it("can't change the network that is trained", function()
    network.observables.first = function(net) net.weights[1]:fill(9) return 1 end
    local net = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
    local plain = net:copy():train { task = task, rate = 0.1, steps = 30 }
    local run = net:copy():train { task = task, rate = 0.1, steps = 30, record = { "loss", "first" } }
    assert.close(run.loss, plain.loss, 0)
  end)

  it("ends a run with the record so far when it fails", function()
    for text, f in pairs {
      ["boom"] = function() error "boom" end,
      ["it returned a 2x1 matrix, and a 1x1 matrix at the start"] = function() return { 1, 2 } end,
      ["must be a matrix or a list of numbers, got nil"] = function() end,
    } do
      local calls = 0
      network.observables.first = function()
        calls = calls + 1
        if calls > 4 then return f() end
        return 1
      end
      local net = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
      local ok, err = pcall(net.train, net, { task = task, rate = 0.1, steps = 30, record = "first" })
      assert.is_false(ok)
      assert.is_truthy(err.message:match("net:train: observable 'first': .*" .. text), err.message)
      assert.equal(3, err.run.t.rows)
    end
  end)

  it("refuses bad entries, and answers that can't be recorded", function()
    local net = network.new { task = task, hidden = 8, scale = 0.1, seed = 1 }
    local function observing(f)
      return function()
        network.observables.first = f
        net:observe(task, "first")
      end
    end
    assert.error_matches(observing(function() end), "extending_spec.lua:%d+: net:observe: what observable 'first' returns must be a matrix or a list of numbers, got nil")
    assert.error_matches(observing(function() return "x" end), "got the string 'x'")
    assert.error_matches(observing(function() return matrix.zeros(0, 2) end), "observable 'first' returned a 0x2 matrix: there is nothing to record")
    assert.error_matches(observing(function() error "boom" end), "extending_spec.lua:%d+: boom")
    assert.error_matches(function() network.observables.loss = print end, "network.observables.loss: a built%-in observable can't be replaced")
    assert.error_matches(function() network.observables.x = {} end, "network.observables.x: a function.* is needed, got a table")
    assert.error_matches(function() net:observe(task, "frist") end, "record has 'frist'; did you mean 'first'")
  end)
end)
