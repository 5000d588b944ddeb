-- theory.depth: learning times against depth, autoencoders, and what pretraining brings: against trained networks.

local depth = theory.depth

--- Outputs that are components first .. first + 3 of 16 inputs with variances 1/sqrt(k), rotated.
local function task_on(first)
  local V = random.stream(1):orthogonal(16)
  local Sxx = V * matrix.diag(matrix.range(1, 16):pow(-0.5)) * V.T
  local W = random.stream(2):orthogonal(4) * V:colrange(first, first + 3).T
  return data.task { Sxx = Sxx, Syx = W * Sxx, tr_yy = (W * Sxx):mult(W):trace() }, V
end

describe("theory.depth.learning_time", function()
  it("has the steps of one mode from 0.01 to 0.9", function()
    local l = depth.learning_time { s = 1, a0 = 0.01, depths = { 1, 2, 3, 5, 10, 20, 50, 100 } }
    assert.close(l.steps, matrix { 2.29, 6.79, 13.76, 28.47, 53.34, 74.62, 91.82, 98.49 }, 1e-4)
    assert.close(l.time, l.steps:over(l.depth), 1e-14)
    assert.close(l.rate, l.depth:pow(-1), 1e-15)
    assert.close(depth.learning_time { s = 1, a0 = 0.01, depths = 1 }.time[1], math.log(0.99 / 0.1), 1e-14)
    assert.close(depth.learning_time { s = 1, a0 = 0.01, depths = math.huge }.steps[1],
      100 - 1 / 0.9 + math.log(0.9 * 0.99 / (0.01 * 0.1)), 1e-13)
  end)

  it("counts the steps of trained networks", function()
    local task = data.spectrum { s = { 1, 1, 1, 1, 1, 1 }, inputs = 6, outputs = 6, seed = 1 }
    local l = depth.learning_time { s = 1, a0 = 0.01, depths = { 1, 2, 3, 5, 10, 20 }, relative_rate = 0.1 }
    for i = 1, #l.depth do
      local net = network.new { task = task, hidden = l.depth[i] > 1 and 6 or nil, depth = l.depth[i], init = "aligned",
        strength = 0.01, seed = 1 }
      local run = net:train { task = task, rate = l.rate[i], steps = 2000, every = 1, stop_at = { loss = 6 * 0.1 ^ 2 / 2 } }
      assert.is_true(math.abs(run.steps[#run.steps] - l.steps[i]) < 0.01 * l.steps[i] + 1.5)
    end
  end)

  it("slows weaker modes by the power of depth", function()
    local l = depth.learning_time { s = { 2, 1 }, a0 = { 0.02, 0.01 }, depths = { 1, 2, 4, math.huge } }
    for i, d in ipairs { 1, 2, 4, math.huge } do -- both from the same fraction: the integral is the same
      assert.close(l.steps:get(i, 2) / l.steps:get(i, 1), 2 ^ (2 - 2 / d), 1e-12)
    end
  end)

  it("takes input variances and the rate from the steepest mode", function()
    local l = depth.learning_time { s = { 1, 1 }, rho = { 1, 4 }, a0 = 1e-3, depths = 2 }
    assert.close(l.rate[1], 1 / 2, 1e-15) -- depth rho (s/rho)^(2-2/depth) = 2 s for two layers
    assert.close(depth.optimal_rate { s = { 1, 1 }, rho = { 1, 4 }, depths = 1 }, 1 / 4, 1e-15)
    assert.close(l.time:get(1, 2), theory.mode.time { s = 1, rho = 4, a0 = 1e-3, fraction = 0.9 }, 1e-14)
  end)

  it("grows without bound from layers of one strength", function()
    local l = depth.learning_time { s = 1, layer = 0.5, depths = { 2, 10, 20, math.huge } }
    assert.is_true(l.steps[3] > 800 * l.steps[2])
    assert.equal(math.huge, l.steps[4])
    assert.close(l.steps[1], depth.learning_time { s = 1, a0 = 0.25, depths = 2 }.steps[1], 1e-14)
  end)

  it("is 0 for what is there at the start, and never for what starts at 0", function()
    local l = depth.learning_time { s = { 1, 1 }, a0 = { 0.95, 0 }, depths = { 1, 3 } }
    assert.equal(0, l.time:get(1, 1))
    assert.equal(0, l.steps:get(2, 1))
    assert.close(l.time:get(1, 2), math.log(10), 1e-14)
    assert.equal(math.huge, l.time:get(2, 2))
  end)
end)

describe("theory.depth.optimal_rate", function()
  it("is the edge of stability at twice its size", function()
    local task = data.spectrum { s = { 1 }, inputs = 1, outputs = 1, seed = 1 }
    local rate = depth.optimal_rate { s = 1, depths = 4 }
    local function train(relative)
      local net = network.new { task = task, hidden = 4, depth = 4, init = "aligned", strength = 0.999, seed = 1 }
      return net:train { task = task, rate = relative * rate, steps = 400, diverge = "stop" }.loss
    end
    local below, above = train(1.9), train(2.1)
    assert.is_true(below[#below] < 1e-12)
    assert.is_true(above[#above] > 1e-4)
  end)
end)

describe("theory.depth.autoencoder", function()
  it("is what aligned autoencoders do, layer after layer", function()
    local variances, a0 = { 2, 1, 0.3 }, 1e-3
    local seen, says = matrix(variances), depth.autoencoder { variances = variances, a0 = a0, t = { 1, 4 }, layers = 2 }
    for l = 1, 2 do
      local S = matrix.diag(seen)
      local task = data.task { Sxx = S, Syx = S, tr_yy = S:trace() }
      local net = network.new { task = task, hidden = 3, init = "aligned", strength = a0, seed = l }
      local run = net:flow { task = task, times = { 0, 4 }, record = { "modes" } }
      assert.close(run.modes:row(2).T:sort(), says.strength[l]:row(2).T:sort(), 1e-8)
      seen = seen:times(says.strength[l]:row(2).T)
    end
  end)

  it("cuts off what the width does not hold, and takes a task's inputs", function()
    local task = task_on(1)
    local a = depth.autoencoder { task = task, a0 = 1e-4, t = 1e4, layers = 3, hidden = 8 }
    assert.close(a.variances, matrix.range(1, 16):pow(-0.5), 1e-13)
    assert.close(a.strength[3]:rowrange(1, 8), matrix.ones(8, 1), 1e-12)
    assert.is_true(a.strength[3]:rowrange(9, 16) == matrix.zeros(8, 1))
  end)
end)

describe("theory.depth.pretraining", function()
  it("has the published times of a mode", function()
    local task = data.task { Sxx = matrix.eye(1), Syx = matrix.eye(1), tr_yy = 1 }
    local expected = { [2] = { 1.49723, 4.552 }, [3] = { 1.16513, 9.962 }, [5] = { 0.85241, 21.49 }, [10] = { 0.56215, 31.83 } }
    for d, times in pairs(expected) do
      local p = depth.pretraining { task = task, depth = d, start = 1e-3 }
      assert.close(p.time[1], times[1], 1e-5)
      assert.close(p.plain_time[1], times[2], 1e-3)
      assert.close(p.gain[1], p.plain_time[1] / p.time[1], 1e-14)
    end
  end)

  it("is what fine tuning does after pretraining, on a consistent task", function()
    local task = task_on(1)
    for _, pretrained in ipairs { 4000, 6 } do -- to the end, and not
      local net = network.new { task = task, hidden = 8, depth = 3, scale = 1e-6, seed = 1 }
      for l = 1, 2 do net.weights[l] = matrix.zeros(8, l == 1 and 16 or 8) end
      local says
      if pretrained == 4000 then
        net:pretrain { task = task, rate = 0.2, steps = pretrained, seed = 1 }
        says = depth.pretraining { task = task, depth = 3, hidden = 8, times = matrix.linspace(0, 4, 9) }
      else -- aligned autoencoders from a0, for t = 6 each: layers that differ
        local V = select(2, task.Sxx:eigh())
        local a = depth.autoencoder { task = task, a0 = 1e-2, t = 6, layers = 2, hidden = 8 }.strength
        local top = matrix.hcat(V:col(16), V:col(15), V:col(14), V:col(13), V:col(12), V:col(11), V:col(10), V:col(9))
        net.weights[1] = matrix.diag(a[1]:rowrange(1, 8):sqrt()) * top.T
        net.weights[2] = matrix.diag(a[2]:rowrange(1, 8):sqrt())
        says = depth.pretraining { task = task, depth = 3, hidden = 8, t = 6, a0 = 1e-2, times = matrix.linspace(0, 4, 9) }
        assert.is_true(says.strength[4][2] < 0.97)
      end
      assert.is_true(says.consistency < 1e-12)
      local run = net:flow { task = task, times = says.t }
      assert.close(run.loss, says.loss, 1e-4)
    end
  end)

  it("says when a mode is tuned, from layers that differ", function()
    local task = task_on(1)
    local p = depth.pretraining { task = task, depth = 4, hidden = 8, t = 6, a0 = 1e-2, last = 0.01, fraction = 0.7 }
    local at = depth.pretraining { task = task, depth = 4, hidden = 8, t = 6, a0 = 1e-2, last = 0.01, times = p.time }
    for k = 1, #p.s do assert.close(at.modes:get(k, k), 0.7 * p.s[k] / p.rho[k], 1e-9) end
    assert.equal(0, depth.pretraining { task = task, depth = 2, last = 2 }.time[1]) -- there already
  end)

  it("gains nothing where the bottleneck cuts a task off, and as much without one", function()
    local narrow = depth.pretraining { task = task_on(10), depth = 5, hidden = 8, start = 1e-2, times = { 0, 9 } }
    assert.is_true(narrow.kept:max() < 1e-12)
    assert.equal(math.huge, narrow.time[1])
    assert.equal(0, narrow.gain[1])
    assert.equal(narrow.loss[1], narrow.loss[2])
    local wide = depth.pretraining { task = task_on(10), depth = 5, hidden = 16, start = 1e-2 }
    assert.close(wide.kept, matrix.ones(4, 1), 1e-12)
    local consistent = depth.pretraining { task = task_on(1), depth = 5, hidden = 8, start = 1e-2 }
    assert.close(wide.gain, consistent.gain, 1e-8)
  end)

  it("tells how far a task is from consistent", function()
    local Sxx = matrix { { 2, 0 }, { 0, 1 } }
    local W = matrix { { 0.8, 0.6 } }
    local task = data.task { Sxx = Sxx, Syx = W * Sxx, tr_yy = (W * Sxx):mult(W):item() }
    local p = depth.pretraining { task = task, depth = 2, hidden = 1 }
    local v = (Sxx * W.T) / (Sxx * W.T):norm()
    assert.close(p.kept[1], v[1] ^ 2, 1e-13)
    local rho = (v.T * Sxx * v):item()
    assert.close(p.consistency, (Sxx * v - rho * v):norm() / rho, 1e-13)
  end)
end)

describe("theory.depth", function()
  local task = data.task { Sxx = matrix.eye(2), Syx = matrix.eye(2), tr_yy = 2 }
  local bad = {
    { "learning_time", { a0 = 1 }, "s is needed" },
    { "learning_time", { s = 1 }, "give a0 = the strength at the start, the same at every depth, or layer" },
    { "learning_time", { s = 1, a0 = 1, layer = 1 }, "give a0" },
    { "learning_time", { s = { 1, 0 }, a0 = 1 }, "s must be > 0; number 2 is 0" },
    { "learning_time", { s = { 1, 2 }, rho = { 1, 2, 3 }, a0 = 1 }, "rho has 3 numbers, and there are 2 modes" },
    { "learning_time", { s = 1, a0 = -1 }, "a0 must be >= 0; number 1 is %-1" },
    { "learning_time", { s = 1, a0 = 1, fraction = 1 }, "fraction = 1: must lie between 0 and 1" },
    { "learning_time", { s = 1, a0 = 1, depths = { 2, 0.5 } }, "depths must be >= 1; number 2 is 0.5" },
    { "learning_time", { s = 1, a0 = 1, depths = 0 / 0 }, "depths must be >= 1" },
    { "learning_time", { s = 1, a0 = 1, dephts = 2 }, "unknown option 'dephts'; did you mean 'depths'%?" },
    { "optimal_rate", { s = 1, relative_rate = 0 }, "relative_rate must be a number above 0" },
    { "optimal_rate", { s = 1, depths = matrix.ones(2, 2) }, "depths must be a number or a list of numbers" },
    { "autoencoder", { a0 = 1, t = 1 }, "give task = a task, or variances = a list" },
    { "autoencoder", { variances = { 1, 2 }, a0 = 1, t = 1 }, "variances must fall; number 2 is 2 after 1" },
    { "autoencoder", { variances = { 1, -1 }, a0 = 1, t = 1 }, "variances must be >= 0; number 2 is %-1" },
    { "autoencoder", { variances = { 1 }, a0 = 0, t = 1 }, "a0 must be a number above 0" },
    { "autoencoder", { variances = { 1 }, a0 = 1, t = -1 }, "t must be >= 0; number 1 is %-1" },
    { "autoencoder", { variances = { 1 }, a0 = 1, t = 1, hidden = 0 }, "hidden = 0: a layer has a unit or more" },
    { "autoencoder", { task = 3, a0 = 1, t = 1 }, "task must be a task with inputs, got 3" },
    { "pretraining", { depth = 2 }, "task is needed" },
    { "pretraining", { task = task }, "depth is needed" },
    { "pretraining", { task = task, depth = 1 }, "depth = 1: layers below the last are pretrained; 2 or more" },
    { "pretraining", { task = task, depth = 2, t = -1 }, "t must be a time >= 0, got %-1" },
    { "pretraining", { task = task, depth = 2, fraction = 2 }, "fraction = 2: must lie between 0 and 1" },
    { "pretraining", { task = task, depth = 2, last = -1 }, "last must be a number >= 0" },
    { "pretraining", { task = data.task { Sxx = matrix.eye(2), Syx = matrix.zeros(1, 2), tr_yy = 1 }, depth = 2 },
      "the task has nothing to learn" },
  }
  for i, case in ipairs(bad) do
    it(("refuses %d: %s, %s"):format(i, case[1], case[3]), function()
      assert.error_matches(function() depth[case[1]](case[2]) end, "theory%.depth%." .. case[1] .. ": .*" .. case[3])
    end)
  end
end)
