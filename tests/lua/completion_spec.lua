-- Matrix completion and sensing: tasks that observe the map itself, and networks that learn from them.

local function refuses(f, rows)
  for _, row in ipairs(rows) do
    assert.error_matches(function() f(row[1]) end, row[2])
  end
end

local r = random.stream(2)
local Y = r:normal(3, 4)
local mask = matrix { { 1, 0, 1, 1 }, { 0, 1, 1, 0 }, { 1, 1, 0, 1 } }

describe("data.completion", function()
  it("observes the entries of the mask, and holds the others out", function()
    local task = data.completion { Y = Y, mask = mask }
    assert.equal(4, task.inputs)
    assert.equal(3, task.outputs)
    assert.equal(8, task.observed)
    assert.equal(8, task.normalisation)
    assert.close(task.values, Y:times(mask), 0)
    assert.close(task.mask, mask, 0)
    assert.close(task.teacher, Y, 0)
    assert.equal(4, task.test.observed)
    assert.close(task.test.mask + mask, matrix.ones(3, 4), 0)
    assert.close(task.test.values + task.values, Y, 0)
    assert.equal(0, task.examples)
    assert.matches("task completion: 4 inputs, 3 outputs, 8 of 12 entries observed", tostring(task), 1, true)
    assert.matches("test: 4 entries", tostring(task), 1, true)
  end)

  it("measures the mean square of the observed, and of the held-out entries", function()
    local task = data.completion { Y = Y, mask = mask }
    local W = r:normal(3, 4)
    local net = network.from { W }
    local squares = (W - Y):pow(2)
    assert.close(net:error(task), squares:times(mask):sum() / 8, 1e-14)
    assert.close(net:loss(task.test), squares:times(1 - mask):sum() / 8, 1e-14)
    assert.close(net:gradient(task)[1], (W - Y):times(mask) / 8, 1e-14)
    local sum = data.completion { Y = Y, mask = mask, normalisation = 1 }
    assert.close(net:loss(sum), squares:times(mask):sum() / 2, 1e-14)
  end)

  it("draws as many entries as asked for, from a map of the rank or spectrum asked for, by the seed alone", function()
    local task = data.completion { inputs = 8, outputs = 6, s = { 3, 1 }, observed = 0.75, seed = 5 }
    assert.equal(36, task.observed)
    assert.close(task.mask:sum(), 36, 0)
    local _, s = task.teacher:svd()
    assert.close(s, matrix { 3, 1, 0, 0, 0, 0 }, 1e-14)
    assert.is_true(task.mask == data.completion { inputs = 8, outputs = 6, s = { 3, 1 }, observed = 0.75, seed = 5 }.mask)
    assert.is_false(task.mask == data.completion { inputs = 8, outputs = 6, s = { 3, 1 }, count = 36, seed = 6 }.mask)
    assert.equal(2, data.completion { inputs = 8, outputs = 6, rank = 2, count = 11 }.teacher:rank())
    assert.is_nil(data.completion { inputs = 2, outputs = 2, rank = 1, observed = 1 }.test)
  end)

  it("puts noise on what is observed only", function()
    local task = data.completion { inputs = 50, outputs = 40, rank = 3, observed = 0.5, noise = 0.04, seed = 1 }
    local noise = task.values - task.teacher:times(task.mask)
    assert.close(noise:pow(2):sum() / 1000, 0.04, 0.01)
    assert.close(noise:times(1 - task.mask), matrix.zeros(40, 50), 0)
    assert.close(task.test.values, task.teacher:times(task.test.mask), 0)
  end)

  it("takes a matrix of which nothing else is known", function()
    local task = data.completion { Y = Y:times(mask), mask = mask, known = false }
    assert.is_nil(task.test)
    assert.is_nil(task.teacher)
  end)

  it("has the modes of the first step from zero", function()
    local task = data.completion { Y = Y, mask = mask }
    local U, s, V = task:svd()
    assert.close(U * matrix.diag(s) * V.T, Y:times(mask) / 8, 1e-14)
  end)
end)

describe("data.sensing", function()
  local task = data.sensing { inputs = 4, outputs = 3, rank = 1, measurements = 9, seed = 3 }

  it("measures the map with normal sensors", function()
    assert.equal(9, task.observed)
    assert.equal(12, task.sensors.rows)
    for k = 1, 9 do
      local A = task.sensors:col(k):reshape(3, 4)
      assert.close(task.values[k], A:dot(task.teacher), 1e-13)
    end
    assert.matches("task sensing: 4 inputs, 3 outputs, 9 measurements of its 12 entries", tostring(task), 1, true)
    local many = data.sensing { inputs = 20, outputs = 20, rank = 1, measurements = 400 }.sensors
    assert.close(many:mean(), 0, 0.01)
    assert.close(many:var(), 1, 0.02)
  end)

  it("has the whole map as its test", function()
    local W = r:normal(3, 4)
    assert.close(network.from { W }:error(task.test), (W - task.teacher):norm() ^ 2, 1e-13)
  end)

  it("takes sensors and values as they are given; those of single entries are completion", function()
    local sensors, values = {}, {}
    for i = 1, 3 do
      for j = 1, 4 do
        if mask:get(i, j) == 1 then
          local A = matrix.zeros(3, 4)
          A:set(i, j, 1)
          sensors[#sensors + 1], values[#values + 1] = A, Y:get(i, j)
        end
      end
    end
    local given, completion = data.sensing { sensors = sensors, values = values }, data.completion { Y = Y, mask = mask }
    local net = network.new { sizes = { 4, 5, 3 }, seed = 1 }
    assert.close(net:loss(given), net:loss(completion), 1e-14)
    for l = 1, 2 do assert.close(net:gradient(given)[l], net:gradient(completion)[l], 1e-13) end
  end)
end)

describe("networks learn from entries of the map", function()
  local task = data.completion { inputs = 6, outputs = 5, s = { 3, 1 }, observed = 0.7, normalisation = 1, seed = 2 }
  local net = network.new { task = task, hidden = 5, depth = 3, init = "orthogonal", gain = 0.3, seed = 1 }

  it("by gradient descent, written out", function()
    local trained, byhand = net:copy(), net:copy()
    local run = trained:train { task = task, rate = 0.02, steps = 60 }
    for _ = 1, 60 do
      local P1 = byhand.weights[1]:copy()
      local P2 = byhand.weights[2] * P1
      local G = (byhand.weights[3] * P2):times(task.mask) - task.values
      local T2 = byhand.weights[3].T * G
      local G3, G2, G1 = G * P2.T, T2 * P1.T, byhand.weights[2].T * T2
      byhand.weights[3]:axpy(-0.02, G3)
      byhand.weights[2]:axpy(-0.02, G2)
      byhand.weights[1]:axpy(-0.02, G1)
    end
    for l = 1, 3 do assert.close(trained.weights[l], byhand.weights[l], 1e-13) end
    assert.matches("observed: 21 entries of the 5x6 map", run.plan, 1, true)
    assert.is_true(run.test_loss[61] < run.test_loss[1])
  end)

  it("by momentum, Adam and at a rate found by itself", function()
    for _, how in ipairs { { momentum = 0.9, optimizer = "momentum", rate = 0.005 }, { optimizer = "adam", rate = 0.01 },
      { rate = "auto" } } do
      how.task, how.steps = task, 3000
      local run = net:copy():train(how)
      assert.is_true(run.loss[run.loss.rows] < 1e-3 * run.loss[1])
    end
  end)

  it("by the flow, which descent follows to the error of its rate", function()
    local flow = net:copy():flow { task = task, times = { 2 }, record = { "weights" } }
    local errors = {}
    for i, rate in ipairs { 2e-3, 1e-3 } do
      local run = net:copy():train { task = task, rate = rate, times = { 2 }, record = { "weights" } }
      errors[i] = (run.weights[1][2] - flow.weights[1][2]):norm()
    end
    assert.close(errors[1] / errors[2], 2, 0.02)
  end)

  it("and theory predicts them: balanced where they are, the flow elsewhere", function()
    local start = network.new { task = task, hidden = 8, depth = 3, init = "balanced", strength = 1e-2, seed = 4 }
    for _, case in ipairs { { start, "balanced" }, { network.new { task = task, hidden = 5, scale = 0.2 }, "flow" },
      { network.new { task = task, depth = 1 }, "flow" } } do
      local pred = theory.predict { net = case[1], task = task, times = { 0, 1, 5 }, record = { "weights", "test_loss" } }
      assert.equal(case[2], pred.solution)
      local run = case[1]:copy():flow { task = task, times = { 0, 1, 5 }, record = { "weights", "test_loss" } }
      assert.is_true(theory.compare(run, pred):worst() < 1e-8)
    end
    assert.error_matches(function()
      theory.predict { net = network.new { task = task, depth = 1 }, task = task, times = { 1 }, solution = "shallow" }
    end, "the task is one of examples, not of entries of the map")
  end)

  -- Arora, Cohen, Hu and Luo (2019): the deeper, the longer the second direction waits for the first one.
  it("one direction after the other, the more so the deeper they are", function()
    local typical_second, typical_missed = { 0.65, 2.3e-2, 3.2e-3, 2.2e-3 }, { 0.5, 0.020, 0.002, 0.001 }
    local times = matrix.vcat(matrix.linspace(0, 12, 2001), matrix { 300 })
    local before
    for depth = 1, 4 do
      local second, missed = {}, {} -- s_2 when s_1 passes 1.5; what is wrong where nothing was observed, in the end
      for seed = 1, 9 do
        local greedy = data.completion { inputs = 8, outputs = 8, s = { 3, 1 }, observed = 0.75, normalisation = 1, seed = seed }
        local layers = {}
        for l = 1, depth do layers[l] = 1e-3 ^ (1 / depth) * matrix.eye(8) end
        local start = network.from(layers)
        local run = start:flow { task = greedy, times = times, record = { "singular_values", "balance" }, tolerance = 1e-8 }
        local k = 1
        while run.singular_values:get(k, 1) < 1.5 do k = k + 1 end
        second[seed] = run.singular_values:get(k, 2)
        missed[seed] = (start:product() - greedy.teacher):times(greedy.test.mask):norm() / greedy.teacher:norm()
        assert.is_true(depth == 1 or run.balance:max() < 1e-7)
      end
      second, missed = matrix(second):median(), matrix(missed):median()
      assert.close(second / typical_second[depth], 1, 0.3)
      assert.is_true(missed < 3 * typical_missed[depth])
      assert.is_true(not before or missed < before)
      before = missed
    end
  end)
end)

describe("observations refuse", function()
  it("what is no problem of theirs", function()
    local drawn = { inputs = 4, outputs = 3, rank = 1 }
    local function completion(changes)
      local given = changes.Y and {} or { inputs = 4, outputs = 3, rank = 1 }
      for name, value in pairs(changes) do given[name] = value end
      return data.completion(given)
    end
    refuses(completion, {
      { {}, "observed is missing: the fraction of the entries" },
      { { observed = 1.5 }, "data.completion: observed .*1" },
      { { observed = 0.01 }, "observed = 0.01 of 12 entries is none" },
      { { observed = 0.5, count = 3 }, "observed.*count" },
      { { count = 13 }, "count .*12" },
      { { obsrved = 0.5 }, "'obsrved'; did you mean 'observed'" },
      { { mask = mask, observed = 0.5 }, "mask.*observed" },
      { { mask = mask.T }, "mask must be .*3x4" },
      { { mask = 0.5 * mask }, "mask must be 1 where an entry is observed and 0 elsewhere; %(1, 1%) is 0.5" },
      { { mask = 0 * mask }, "mask observes no entry" },
      { { rank = 4, observed = 0.5 }, "rank .*3" },
      { { s = { 1 }, observed = 0.5 }, "rank.*s" },
      { { observed = 0.5, noise = -1 }, "noise" },
      { { observed = 0.5, normalisation = 0 }, "normalisation" },
      { { Y = Y, rank = 2, observed = 0.5 }, "Y.*rank" },
      { { Y = Y, known = false, observed = 0.5 }, "known = false: then mask says where Y is known" },
      { { Y = matrix { { 1, 0 / 0 } }, observed = 1 }, "Y has NaN at %(1, 2%)" },
      { { Y = matrix.zeros(0, 3), observed = 1 }, "Y is 0x3" },
    })
    assert.error_matches(function() data.completion { inputs = 4, outputs = 3, observed = 0.5 } end,
      "rank or s = {singular values} is needed")
    refuses(data.sensing, {
      { drawn, "data.sensing: measurements" },
      { { inputs = 4, outputs = 3, rank = 1, measurements = 0 }, "measurements .*1" },
      { { sensors = {}, values = {} }, "sensors is empty" },
      { { sensors = { Y, Y.T }, values = { 1, 2 } }, "sensors %[2%] is 4x3 and the first is 3x4" },
      { { sensors = { Y, 3 }, values = { 1, 2 } }, "sensors %[2%] must be a matrix, got 3" },
      { { sensors = { Y }, values = { 1, 2 } }, "values has 2 numbers, and there are 1 sensors" },
      { { sensors = { Y / 0 }, values = { 1 } }, "sensors %[1%] has" },
      { { sensors = { Y } }, "values" },
      { { values = { 1 } }, "sensors must be a list" },
      { { sensors = { Y }, values = { 1 }, measurements = 3 }, "sensors.*measurements" },
    })
  end)

  it("what only examples have", function()
    local task = data.completion { Y = Y, mask = mask }
    local has_none = "the task observes entries of the map itself: it has no examples and none of their moments"
    for _, call in ipairs {
      function() return task.Sxx end, function() return task.tr_yy end,
      function() task:center() end, function() task:standardize() end, function() task:whiten() end,
      function() task:split { test = 0.5 } end, function() task:shuffle_labels { seed = 1 } end,
      function() task:join(task) end, function() data.task { X = Y, Y = Y }:join(task) end,
      function() theory.shallow.flow { task = task, t = 1 } end,
    } do
      assert.error_matches(call, has_none)
    end
    assert.error_matches(function()
      network.new { task = task, hidden = 3 }:train { task = task, rate = 0.1, steps = 1, batch = 1 }
    end, "batch needs examples")
    for _, more in ipairs { { activation = "tanh", hidden = 3, has = "nonlinear units" },
      { bias = true, hidden = 3, has = "biases" } } do
      local has = more.has
      more.has, more.task = nil, task
      local net = network.new(more)
      assert.error_matches(function() net:loss(task) end,
        "the task observes entries of a linear map, which a network with " .. has .. " does not have")
      assert.error_matches(function() net:train { task = task, rate = 0.1, steps = 1, record = { "loss" } } end, has)
      assert.error_matches(function() net:flow { task = task, times = { 1 }, record = { "loss" } } end, has)
    end
  end)
end)
