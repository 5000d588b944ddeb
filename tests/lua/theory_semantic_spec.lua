-- theory.semantic, theory.pathways and theory.depth against trained networks, sampled worlds and each other. Values that
-- another program computed: tests/data/semantics_values.json.

local semantic = theory.semantic
local A0 = 1e-3

local function close(a, b, tolerance)
  local difference = type(a) == "number" and math.abs(a - b) or (a - b):norm()
  local size = type(b) == "number" and math.abs(b) or b:norm()
  assert(difference <= tolerance * math.max(1, size), ("%g beyond %g"):format(difference, tolerance))
end

describe("theory.semantic", function()
  local task = data.semantic()
  local function trained(times)
    local net = network.new { task = task, hidden = 16, init = "aligned", strength = A0, seed = 1 }
    return net:flow { task = task, times = times, record = { "weights" } }
  end

  it("says what a trained network knows at any time", function()
    local times = { 0, 5, 8, 12, 24 }
    local run, theory_of = trained(times), semantic.development { task = task, a0 = A0, t = times }
    for k = 1, #times do
      local W1, W2 = run.weights[k][1], run.weights[k][2]
      close(W2 * W1, theory_of.W[k], 1e-8)
      close(W1.T * W1, theory_of.hidden[k], 1e-8)
      close((W2 * W1):tmul(W2 * W1), theory_of.output[k], 1e-8)
    end
    local shallow = network.new { sizes = { 8, 36 }, init = "zeros" }:flow { task = task, times = times, record = "weights" }
    close(shallow.weights[3][1], theory_of.shallow[3], 1e-8)
  end)

  it("puts the distances of items in the order of development", function()
    local function distance(t, a, b)
      local K = semantic.development { task = task, a0 = A0, t = t }.hidden
      return semantic.distances { K = K }:get(task:item(a), task:item(b))
    end
    for t, expected in pairs { [5] = { 0.413, 0.126 }, [12] = { 1.866, 0.597 }, [100] = { 2.284, 1.741 } } do
      close(distance(t, "pine", "robin"), expected[1], 6e-4)
      close(distance(t, "robin", "canary"), expected[2], 6e-4)
    end
  end)

  it("finds the one illusion of the semantic task and sees it in a trained network", function()
    local all = semantic.illusions { task = task, a0 = A0 }
    assert.equal(1, #all)
    assert.equal("pine", all[1].item)
    assert.equal("has leaves", all[1].property)
    local found = semantic.illusion { task = task, a0 = A0, item = "pine", property = "has_leaves" }
    close(all[1].excursion, found.excursion, 1e-3)
    local weights = trained { 0, found.time }.weights[2]
    close((weights[2] * weights[1]):get(task:feature "has_leaves", task:item "pine"), found.extreme, 1e-8)
    close(found.staircase[#found.staircase], 0, 1e-12)
    local none = semantic.illusion { task = task, a0 = A0, item = "pine", property = "can_grow" }
    assert.equal(0, none.excursion)
    assert.is_nil(none.time)
  end)

  it("tells when a random network learns its modes", function()
    local net = network.new { task = task, hidden = 16, scale = 1e-3, seed = 4 }
    local start = semantic.effective_start { task = task, net = net }
    local modes = semantic.modes { task = task }
    local times = matrix.linspace(0, 20, 2001)
    local run = net:copy():flow { task = task, times = times, record = { "modes" }, tolerance = 1e-8 }
    for k, allowed in ipairs { 0.01, 0.03, 0.06 } do
      local half = semantic.times { sigma = modes.sigma[k], lambda = modes.lambda, a0 = start[k] }.half
      local seen
      for j = 1, #times do
        if not seen and run.modes:get(j, k) > modes.sigma[k] / 2 then seen = times[j] end
      end
      close(seen / half, 1, allowed)
    end
  end)

  it("spreads new knowledge as the weights of a network do", function()
    local run = trained { 0, 8 }
    local weights = run.weights[2]
    local by_theory = semantic.projection { task = task, a0 = A0, t = 8, item = "canary", property = "can_fly" }
    local by_weights = semantic.projection { task = task, weights = weights, item = "canary", property = "can_fly" }
    close(by_theory.new_property, by_weights.new_property, 1e-7)
    close(by_theory.new_item, by_weights.new_item, 1e-7)
    close(by_theory.new_property[task:item "robin"], 0.942, 6e-4)
    close(by_theory.new_property[task:item "canary"], 1, 1e-15)
  end)

  it("ends its trajectories at the classical scaling of the end", function()
    local K = semantic.development { task = task, a0 = A0, t = 1e4 }.hidden
    local mds, paths = semantic.mds { K = K, dims = 3 }, semantic.trajectories { task = task, a0 = A0, t = { 4, 1e4 }, dims = 3 }
    for k = 1, 3 do close(paths[k]:row(2).T, mds.coordinates:col(k), 1e-8) end
    close(paths[1]:get(1, task:item "pine"), 0.110, 6e-3)
    close(semantic.mds({ distances = semantic.distances { K = K }, dims = 3 }).eigenvalues, mds.eigenvalues, 1e-9)
    close(semantic.rsa { K = K, other = K }, 1, 1e-14)
  end)

  it("draws the trajectories of a trained network on the axes of its end", function()
    local t = matrix.linspace(0, 40, 21)
    local net = network.new { task = task, hidden = 12, init = "aligned", strength = 1e-3, seed = 2 }
    local run = net:train { task = task, rate = 2e-3, times = t, record = "weights" }
    local found = semantic.trajectories { task = task, weights = run.weights, dims = 3 }
    local expected = semantic.trajectories { task = task, a0 = 1e-3, t = t, dims = 3 }
    for k = 1, 3 do assert.close(found[k], expected[k], 2e-2, "axis " .. k) end
    assert.error_matches(function() semantic.trajectories { task = task, weights = {} } end, "weights is empty")
    assert.error_matches(function() semantic.trajectories { task = task, weights = { 1 } } end, "weights%[1%] must be the layers")
    assert.error_matches(function() semantic.trajectories { task = task } end, "give a0 and t, or weights")
    assert.error_matches(function() semantic.trajectories { task = task, a0 = 1 } end, "t is missing")
  end)

  it("draws a belief through its extreme, and the one of a shallow network to the truth", function()
    local ask = { task = data.semantic(), a0 = 1e-3, item = "pine", property = "has leaves" }
    local found = semantic.illusion(ask)
    assert.is_nil(found.belief)
    ask.t = found.time
    local there = semantic.illusion(ask)
    assert.close(there.belief, found.extreme, 1e-12)
    assert.equal(0, there.shallow)
    ask.t = { 0, found.time - 0.1, found.time + 0.1, 1000 }
    local curve = semantic.illusion(ask).belief
    assert.is_true(curve[2] < found.extreme and curve[3] < found.extreme)
    assert.close(curve[4], 0, 1e-10)
    ask.item = "oak"
    assert.close(semantic.illusion(ask).shallow[3], 1 - math.exp(-ask.t[3] / 8), 1e-12)
  end)

  it("reverses a mode as its pair of vectors does, in about twice the time", function()
    local w1, w2 = matrix { 0.02, -0.01, 0.005 }, matrix { 0.01, 0.02, -0.02 }
    local s, lambda = 1.3, 0.7
    local found = semantic.reversal { s = s, lambda = lambda, w1 = w1, w2 = w2 }
    local first = theory.mode.pair_time { w1 = w1, w2 = w2, s = s, rho = lambda, strength = s / lambda / 2 }
    assert.close(found.first, first, 1e-9)
    local learned = theory.mode.pair { w1 = w1, w2 = w2, s = s, rho = lambda, t = 12 }
    local back = theory.mode.pair_time { w1 = learned.w1, w2 = learned.w2, s = -s, rho = lambda, strength = -s / lambda / 2 }
    assert.close(found.reversed, back, 1e-4)
    -- The leading terms: half times of both halves, less ln 2/(2 s).
    local function half(x) return math.log(2 * s / lambda / x) / (2 * s) end
    assert.close(found.reversed, half(found.u) + half(found.v) - math.log(2) / (2 * s), 1e-3)
    local even = semantic.reversal { s = 1, w1 = 2e-6 ^ 0.5, w2 = 0 } -- u = v = 1e-6
    local longer = semantic.reversal { s = 1, w1 = 2e-3, w2 = 0 }
    assert.close(longer.first, 6.908, 1e-3)
    assert.close(longer.reversed, 13.469, 1e-3)
    assert.is_true(even.reversed > 1.9 * even.first)
    assert.equal(math.huge, semantic.reversal { s = 1, w1 = 1, w2 = -1 }.first)
    assert.equal(math.huge, semantic.reversal { s = 1, w1 = 1, w2 = 1 }.reversed)
  end)

  it("reverses a trained network at that time", function()
    local X = matrix.eye(3)
    local three = data.task { X = X, Y = matrix.diag { 3, 2, 1 } }
    local opposite = data.task { X = X, Y = matrix.diag { -3, -2, -1 } }
    local net = network.new { sizes = { 3, 3, 3 }, init = "zeros" }
    net.weights[1]:setdiag { 0.01, 0.02, 0.01 } -- decoupled, not balanced
    net.weights[2]:setdiag { 0.03, 0.01, 0.005 }
    local w1, w2 = net.weights[1]:diag(), net.weights[2]:diag()
    local t = matrix.linspace(0, 40, 401)
    local first = net:train { task = three, rate = 1e-3, times = t }
    local again = net:train { task = opposite, rate = 1e-3, times = t }
    for k, sigma in ipairs { 3, 2 } do
      local found = semantic.reversal { s = sigma / 3, lambda = 1 / 3, w1 = w1[k], w2 = w2[k] }
      local function half(run)
        return semantic.crossing { t = t, values = run.modes:col(k), level = sigma / 2 }[1]
      end
      assert.close(half(first), found.first, 0.02)
      assert.close(half(again), found.reversed, 0.05)
    end
  end)

  it("knows a new item of a known kind sooner", function()
    local found = semantic.transfer { s = 1, a0 = 1e-3 }
    assert.close(found.transferred, 0.598, 1e-3)
    assert.close(found.fresh, 3.45, 1e-2)
    local pair = theory.mode.pair_time { w1 = 0, w2 = 2 ^ 0.5, s = 3, rho = 0.5, strength = 0.8 * 6 }
    assert.close(semantic.transfer({ known = 2, s = 3, lambda = 0.5, a0 = 1e-3, fraction = 0.8 }).transferred, pair, 1e-10)
  end)

  for name, case in pairs {
    ["a reversal of nothing"] = { "reversal", { s = 0, w1 = 1, w2 = 1 }, "s must be .*got 0" },
    ["vectors of two lengths"] = { "reversal", { s = 1, w1 = { 1, 2 }, w2 = 1 }, "w1 has 2 numbers and w2 has 1" },
    ["a vector that is a word"] = { "reversal", { s = 1, w1 = "a", w2 = 1 }, "w1 must be" },
    ["NaN in a vector"] = { "reversal", { s = 1, w1 = 0 / 0, w2 = 1 }, "w1 has NaN" },
    ["a whole fraction"] = { "transfer", { s = 1, a0 = 1e-3, fraction = 1 }, "fraction = 1: must lie" },
    ["a transfer without a start"] = { "transfer", { s = 1 }, "a0" },
    ["a misspelt option of transfer"] = { "transfer", { s = 1, a0 = 1, knwn = 1 }, "did you mean 'known'" },
  } do
    it("refuses " .. name, function()
      assert.error_matches(function() semantic[case[1]](case[2]) end, "theory.semantic." .. case[1] .. ": .*" .. case[3])
    end)
  end

  it("tells when curves reach a level", function()
    local t = matrix.linspace(0, 4, 5)
    local values = matrix { { 0, 3, 0 }, { 1, 2, 0 }, { 4, 5, 0 }, { 2, 5, 0 }, { 9, 5, 0 } }
    local times = semantic.crossing { t = t, values = values, level = 2 }
    assert.close(times[1], 4 / 3, 1e-12)
    assert.equal(0, times[2])
    assert.equal(math.huge, times[3])
    assert.error_matches(function() semantic.crossing { t = { 0, 1 }, values = values, level = 1 } end, "5 rows for 2 times")
    assert.error_matches(function() semantic.crossing { t = { 0, 2, 1, 3, 4 }, values = values, level = 1 } end,
      "t must rise, and number 3")
  end)

  it("gives balanced networks one similarity, whatever their weights", function()
    local net = network.new { sizes = { 4, 6, 5, 3 }, init = "balanced", seed = 2 }
    local K1, W = net.weights[1]:tmul(net.weights[1]), net:product()
    close(semantic.balanced_similarity { W = W, depth = 3, layer = 1 }, K1, 1e-9)
  end)

  it("has the modes of trees and other structures in closed form", function()
    local tree = semantic.tree_features { branching = { 2, 3 }, features = { 1, 2, 1 } }
    local _, s = tree.Y:svd()
    local at = 0
    for l = 1, 3 do
      for _ = 1, tree.multiplicity[l] do
        at = at + 1
        close(s[at], tree.sigma[l], 1e-12)
      end
    end
    for _, world in ipairs { { "ring", 7 }, { "chain", 6 }, { "grid", { 3, 4 } }, { "clusters", { 3, 3 } } } do
      local m = semantic.structure { kind = world[1], n = world[2], weight = 0.7, sigma = 2 }
      local n = m.V.rows
      close(m.V:tmul(m.V), matrix.eye(n), 1e-13)
      local Q = (m.V * matrix.diag(m.eigenvalue:pow(-1)) * m.V.T - matrix.eye(n) / 4) / 0.7 -- the Laplacian
      close(Q:sum(1), matrix.zeros(1, n), 1e-12)
      for j = 1, n do
        for i = 1, n do assert(i == j or math.abs(Q:get(i, j)) < 1e-12 or math.abs(Q:get(i, j) + 1) < 1e-12) end
      end
    end
  end)

  it("tells when a category among noise is seen", function()
    local stream, p, q = random.stream(7), 0.8, 0.3
    local Y = stream:uniform(240, 160):lt(q)
    Y:block(1, 60, 1, 40):assign(stream:uniform(60, 40):lt(p))
    local U, s, V = (Y - q):svd()
    local c = semantic.coherence { p = p, q = q, category_items = 40, category_features = 60, items = 160, features = 240 }
    close(s[1] / c.singular_value, 1, 0.05)
    close(math.abs(V:col(1):rowrange(1, 40):sum()) / 40 ^ 0.5, c.overlap_items, 0.05)
    close(math.abs(U:col(1):rowrange(1, 60):sum()) / 60 ^ 0.5, c.overlap_features, 0.05)
    local hidden = semantic.coherence { p = 0.35, q = q, category_items = 40, category_features = 60, items = 400, features = 800 }
    assert(hidden.coherence < 1 and hidden.overlap_items == 0 and hidden.singular_value == hidden.edge)
  end)

  it("shows distinctions by names", function()
    local text = tostring(semantic.modes { task = task })
    assert.matches("oak, pine, rose, daisy | canary", text, 1, true)
    assert.matches("equal: no vectors", tostring(semantic.modes { Y = matrix.eye(3) }))
    assert.same({ { 1, 2, 3 } }, semantic.modes({ Y = matrix.eye(3) }).groups)
  end)

  local Y = matrix { { 1, 0 }, { 0, 2 } }
  for _, case in ipairs {
    { "Y and a task", function() semantic.modes { Y = Y, task = task } end, "give task = a task, or Y" },
    { "neither", function() semantic.modes {} end, "give task = a task, or Y" },
    { "no task", function() semantic.modes { task = 3 } end, "task must be a task, got 3" },
    { "inputs that are not white", function() semantic.modes { task = data.iris() } end, "one%-hot or white; they are off by" },
    { "nothing to learn", function() semantic.modes { Y = matrix.zeros(2, 2) } end, "nothing to tell the items apart" },
    { "NaN", function() semantic.modes { Y = matrix { { 0 / 0 } } } end, "NaN" },
    { "a misspelt option", function() semantic.times { task = task, ao = 1 } end, "unknown option 'ao'" },
    { "a start of 0", function() semantic.times { task = task, a0 = 0 } end, "a0" },
    { "a fraction of 1", function() semantic.times { task = task, a0 = 1, fraction = 1 } end, "between 0 and 1" },
    { "an unknown item", function() semantic.illusion { task = task, a0 = 1, item = "yew", property = 1 } end, "yew" },
    { "an item beyond", function() semantic.illusion { Y = Y, a0 = 1, item = 3, property = 1 } end, "item must be a name or a number from 1 to 2, got 3" },
    { "a name without a task", function() semantic.illusion { Y = Y, a0 = 1, item = "a", property = 1 } end, "names go with a task" },
    { "more modes than there are", function() semantic.typicality { Y = Y, mode = 3 } end, "mode = 3: there are 2" },
    { "a mode without a vector", function() semantic.typicality { Y = matrix.eye(3), mode = 2 } end, "one of 3 with equal" },
    { "a layer beyond", function() semantic.development { Y = Y, a0 = 1, t = 1, layer = 3 } end, "layer = 3: the network has 2" },
    { "a tree with one branch", function() semantic.tree { branching = { 2, 1 }, flip = 0.1 } end, "branching%[2%] = 1" },
    { "a flip beyond a half", function() semantic.tree { branching = { 2 }, flip = 0.6 } end, "flip%[1%] = 0.6" },
    { "levels that do not match", function() semantic.tree { branching = { 2, 2 }, flip = { 0.1, 0.1, 0.1 } } end, "a list of 2.*got 3" },
    { "a ring of two", function() semantic.structure { kind = "ring", n = 2, sigma = 1 } end, "at least 3" },
    { "an unknown structure", function() semantic.structure { kind = "rings", n = 5, sigma = 1 } end, "ring" },
    { "a category larger than the whole", function() semantic.coherence { p = 1, q = .5, category_items = 5, category_features = 1,
      items = 4, features = 4 } end, "category_items = 5 of items = 4" },
    { "certain noise", function() semantic.coherence { p = 1, q = 1, category_items = 1, category_features = 1, items = 4, features = 4 } end, "q = 1" },
    { "a right angle", function() semantic.forgetting { s_a = 1, s_b = 1, angle = math.pi / 2 } end, "angle" },
    { "a race that is over", function() theory.pathways.race { contexts = 4, per_context = 2, b0 = 1, c0 = 1 } end, "below s = 1" },
    { "a race of one layer", function() theory.pathways.race { contexts = 4, per_context = 2, b0 = .1, c0 = .1, layers = 1 } end, "layers" },
    { "no saddle to leave", function() theory.depth.fine_tuning_time { depth = 3, c0 = 1, d0 = -1 } end, "d0 = %-1" },
  } do
    it("refuses " .. case[1], function() assert.error_matches(case[2], case[3]) end)
  end
end)

describe("theory.pathways.race", function()
  it("ends where its curves end", function()
    for layers = 2, 3 do
      local race = theory.pathways.race { contexts = 4, per_context = 2, b0 = 0.2, c0 = 0.3, layers = layers, t = { 0, 3, 400 } }
      close(race.shared[3], race.share, 1e-8)
      close(race.shared[3] + race.dedicated[3], 1, 1e-8)
      assert(race.shared[1] < race.shared[2])
    end
  end)

  it("goes to the path that grows faster", function()
    local function share(ratio) return theory.pathways.race({ contexts = 4, per_context = 2, b0 = 0.02, c0 = 0.02 * ratio }).share end
    close(share(3.5), 0.894, 1e-3)
    close(share(3.9), 0.087, 1e-3)
    close(share(5), 0.0007, 1e-4)
  end)
end)

describe("theory.depth", function()
  it("fine-tunes a pretrained network as fast as a trained one", function()
    local depth, fraction = 3, 0.9
    local layers = { matrix { { 1 } }, matrix { { 1 } }, matrix { { 0 } } }
    local time = theory.depth.fine_tuning_time { depth = depth, fraction = fraction }
    local task = data.task { Sxx = matrix.eye(1), Syx = matrix.eye(1), tr_yy = 1 }
    local run = network.from(layers):flow { task = task, times = { 0, time }, record = { "weights" } }
    close((run.weights[2][3] * run.weights[2][2] * run.weights[2][1]):item(), fraction, 1e-8)
  end)

  it("gives the exponents of products of Gaussian matrices", function()
    local n, depth, stream, sums = 4, 60, random.stream(5), matrix.zeros(4, 1)
    local samples = 40
    for _ = 1, samples do
      local Q, logs = matrix.eye(n), matrix.zeros(n, 1)
      for _ = 1, depth do
        local R
        Q, R = (stream:normal(n, n) / n ^ 0.5 * Q):qr()
        logs = logs + R:diag():abs():log()
      end
      sums = sums + logs / depth / samples
    end
    close(sums, theory.depth.gaussian_exponents { width = n }, 0.06)
  end)
end)
