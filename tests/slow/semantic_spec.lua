-- Semantic development as networks that are really trained show it, against the theory's numbers: the experiments of
-- the papers at full length. `make test-slow`.

local semantic = theory.semantic
local task = data.semantic()
local modes = semantic.modes { task = task }

local function random_net(seed, scale, hidden)
  return network.new { task = task, hidden = hidden or 16, init = "gaussian", scale = scale or 1e-3, seed = seed }
end

local function halves(run)
  return semantic.crossing { t = run.t, values = run.modes:times(modes.sigma:pow(-1).T:tile(#run.t, 1)), level = 0.5 }
end

--- Fails unless low <= x <= high.
local function within(x, low, high, what)
  assert(low <= x and x <= high, ("%s: %.6g is not between %.6g and %.6g"):format(what or "number", x, low, high))
end

describe("stages", function()
  it("come at the times of the effective start: modes 1, 2, 3 within 5% at rate 0.05, seed by seed", function()
    for seed = 1, 6 do
      local net = random_net(seed)
      local a0 = semantic.effective_start { task = task, net = net }
      local found = halves(net:train { task = task, rate = 0.05, times = matrix.linspace(0, 70, 1401) })
      local expected = theory.mode.time { s = modes.s, rho = modes.lambda, a0 = a0, fraction = 0.5 }
      for k = 1, 3 do within(found[k] / expected[k], 0.95, 1.05, ("seed %d, mode %d"):format(seed, k)) end
    end
  end)

  it("come at the times of the solution small_start: modes apart within 0.3%, nearly equal ones 1.5%", function()
    for seed = 1, 6 do
      local net = random_net(seed)
      local t = matrix.linspace(0, 70, 1401)
      local expected = halves(theory.predict { net = net, task = task, times = t, solution = "small_start" })
      local found = halves(net:flow { task = task, times = t, tolerance = 1e-8, record = "modes" })
      for k, tolerance in ipairs { 0.003, 0.003, 0.015, 0.015, 0.003 } do
        within(found[k] / expected[k], 1 - tolerance, 1 + tolerance, ("seed %d, mode %d"):format(seed, k))
      end
    end
  end)

  it("are none in one layer: all modes share one half time", function()
    local net = network.new { task = task, depth = 1, init = "zeros" }
    local found = halves(net:train { task = task, rate = 0.01, times = matrix.linspace(0, 20, 401) })
    assert.close(found, matrix.full(8, 1, 8 * math.log(2)), 2e-3)
  end)
end)

describe("differentiation", function()
  it("has the distances of theory at all stages, from an aligned start", function()
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-3, seed = 1 }
    local run = net:train { task = task, rate = 1e-3, times = { 5, 8, 12, 24, 100 }, record = "weights" }
    local told = { -- pine-robin, pine-rose, robin-salmon, robin-canary, pine-oak
      { 0.413, 0.236, 0.214, 0.126, 0.114 }, { 1.290, 0.658, 0.608, 0.250, 0.211 },
      { 1.866, 1.610, 1.474, 0.597, 0.417 }, { 2.202, 2.053, 1.831, 1.509, 1.448 },
      { 2.284, 2.143, 2.009, 1.741, 1.674 },
    }
    local two = { { "pine", "robin" }, { "pine", "rose" }, { "robin", "salmon" }, { "robin", "canary" },
                  { "pine", "oak" } }
    for k, row in ipairs(told) do
      local W1 = run.weights[k][1]
      local D = semantic.distances { K = W1:tmul(W1) }
      for c, names in ipairs(two) do
        assert.close(D:get(task:item(names[1]), task:item(names[2])), row[c], 2e-3, names[1] .. " and " .. names[2])
      end
    end
  end)

  it("moves the items along the axes of the end", function()
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-3, seed = 1 }
    local t = { 0, 4, 6, 8, 12, 200 }
    local run = net:train { task = task, rate = 1e-3, times = t, record = "weights" }
    local paths = semantic.trajectories { task = task, weights = run.weights }
    for k, x in ipairs { 0.110, 0.310, 0.616, 0.770 } do assert.close(paths[1]:get(k + 1, 1), x, 3e-3) end
  end)
end)

describe("illusions", function()
  it("that pines have leaves: 0.594 at t = 9.31 from an aligned start, 0.5 to 0.7 from random ones", function()
    local function belief(net, rate, times)
      local run = net:train { task = task, rate = rate, times = times, record = "weights" }
      local f, i = task:feature "has leaves", task:item "pine"
      local y = matrix.map(function(k) return (run.weights[k][2] * run.weights[k][1]):get(f, i) end,
        matrix.range(1, #run.t))
      local largest, k = y:max()
      return largest, run.t[k], y[#y]
    end
    local net = network.new { task = task, hidden = 8, init = "aligned", strength = 1e-3, seed = 1 }
    local largest, time, last = belief(net, 1e-3, matrix.linspace(0, 100, 2001))
    assert.close(largest, 0.593689, 1e-3)
    assert.close(time, 9.3099, 1e-2)
    within(last, -1e-6, 1e-3)
    for seed = 1, 5 do within(belief(random_net(seed, 1e-2), 0.02, matrix.linspace(0, 60, 601)), 0.5, 0.7) end
  end)
end)

describe("typical items", function()
  it("are recognised in their order", function()
    local found = semantic.typicality { task = task, mode = 1, a0 = 1e-3, criterion = 1.5 }
    local net = network.new { task = task, hidden = 8, init = "aligned", strength = 1e-3, seed = 1 }
    local t = matrix.linspace(0, 12, 1201)
    local run = net:train { task = task, rate = 1e-3, times = t, record = "weights" }
    local answers = matrix.zeros(#t, 8)
    for k = 1, #t do answers:row(k):assign(modes.u:col(1).T * run.weights[k][2] * run.weights[k][1]) end
    local times = semantic.crossing { t = t, values = answers, level = 1.5 }
    assert.close(times, found.time, 1e-3)
    for _, two in ipairs { { "canary", "robin" }, { "salmon", "daisy" }, { "rose", "oak" }, { "oak", "pine" } } do
      assert.is_true(times[task:item(two[1])] < times[task:item(two[2])])
    end
  end)
end)

describe("a category in noise", function()
  it("is seen beyond coherence 1 only: singular values and overlaps over 20 worlds", function()
    local world = { items = 400, features = 800, category_items = 40, category_features = 60, q = 0.3 }
    for p, tolerance in pairs { [0.4] = { 0.03, 0.15 }, [0.6] = { 0.015, 0.03 }, [0.8] = { 0.015, 0.01 } } do
      world.p = p
      local expected, value, overlap = semantic.coherence(world), 0, 0
      for seed = 1, 20 do
        local r = random.stream(seed)
        local Y = r:uniform(800, 400):lt(0.3)
        Y:block(1, 60, 1, 40):assign(r:uniform(60, 40):lt(p))
        Y = Y - 0.3
        local v = r:normal(400, 1)
        for _ = 1, 60 do
          v = Y:tmul(Y * v)
          v = v / v:norm()
        end
        value, overlap = value + (Y * v):norm() / 20, overlap + math.abs(v:rowrange(1, 40):sum()) / 40 ^ 0.5 / 20
      end
      within(value / expected.singular_value, 1 - tolerance[1], 1 + tolerance[1], "singular value at " .. p)
      within(overlap - expected.overlap_items, -tolerance[2], tolerance[2], "overlap at " .. p)
    end
  end)
end)

describe("induction", function()
  it("spreads broadly, then to animals, then to birds, as in a network that is told by descent", function()
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-3, seed = 1 }
    local t = { 6, 8, 12, 24, 400 }
    local run = net:train { task = task, rate = 1e-3, times = t, record = "weights" }
    local told = { { 0.959, 0.908, 0.597 }, { 0.942, 0.807, 0.296 }, { 0.865, 0.354, 0.115 }, { 0.572, 0.147, 0.091 },
                   { 0.478, 0.173, 0.085 } }
    for k = 1, #t do
      local W1 = run.weights[k][1]
      local h, row = W1:col(task:item "canary"), matrix.zeros(1, 16)
      for _ = 1, 80 do row:axpy(0.5 / h:dot(h) * (1 - (row * h):item()), h.T) end
      for c, name in ipairs { "robin", "salmon", "pine" } do
        assert.close((row * W1)[task:item(name)], told[k][c], 3e-3, ("%s at %g"):format(name, t[k]))
      end
    end
  end)
end)

describe("representations", function()
  it("of two networks are alike from small starts, and their own from large ones", function()
    local function compare(gain)
      local K = {}
      for seed = 1, 2 do
        local net = network.new { task = task, hidden = 32, init = "gaussian", gain = gain, seed = seed }
        net:train { task = task, rate = 0.2 / math.max(1, gain ^ 2), steps = 20000, stop_at = { loss = 1e-10 } }
        K[seed] = net.weights[1]:tmul(net.weights[1])
      end
      return semantic.rsa { K = K[1], other = K[2] }, semantic.rsa { K = K[1], other = task.Y:tmul(task.Y) }
    end
    for _, gain in ipairs { 0.001, 0.01, 0.1 } do
      local alike, output = compare(gain)
      within(alike, 0.999, 1.0000001)
      within(output, 0.985, 0.991)
    end
    within((compare(0.3)), 0.95, 0.999)
    for _, gain in ipairs { 1, 3 } do within((compare(gain)), -0.5, 0.5) end
  end)
end)
