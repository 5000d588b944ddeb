-- Kernels, distances, alignment, representations and curvature, recorded along training, a flow and a prediction.

local stream = random.stream(21)
local X, Y = stream:normal(3, 6), stream:normal(2, 6)
local task = data.task { X = X, Y = Y }
local EVERYTHING = { "ntk", "ntk_norm", "ntk_distance", "ntk_alignment", "weight_distance", "representations", "hessian", "alignment",
                     "weights" }

local function fresh(options)
  options = options or {}
  options.sizes, options.seed = options.sizes or { 3, 4, 5, 2 }, 3
  return network.new(options)
end

local function parameters(net)
  local parts = {}
  for l = 1, net.depth do
    parts[#parts + 1] = net.weights[l]:reshape(net.weights[l].count, 1)
    if net.bias then parts[#parts + 1] = net.biases[l]:copy() end
  end
  return matrix.vcat(table.unpack(parts))
end

--- The kernel by central differences of the outputs.
local function kernel_of(net, inputs)
  local J, step, moved = {}, 1e-5, net:copy()
  local function nudge(view, i, j, by) view:set(i, j, view:get(i, j) + by) end
  for l = 1, net.depth do
    for _, view in ipairs(net.bias and { moved.weights[l], moved.biases[l] } or { moved.weights[l] }) do
      for j = 1, view.cols do
        for i = 1, view.rows do
          nudge(view, i, j, step)
          local above = moved:forward(inputs)
          nudge(view, i, j, -2 * step)
          local below = moved:forward(inputs)
          nudge(view, i, j, step)
          J[#J + 1] = ((above - below) / (2 * step)).T:reshape(above.count, 1)
        end
      end
    end
  end
  J = matrix.hcat(table.unpack(J))
  return J:mult(J)
end

describe("observables", function()
  it("of training are those of the network at each record", function()
    local net = fresh()
    local start = net:copy()
    local run = net:train { task = task, rate = 0.02, steps = 30, every = 15, record = EVERYTHING, progress = false }
    assert.are.equal(3, #run.ntk)
    for k = 1, 3 do
      local now = network.from(run.weights[k])
      assert.close(run.ntk[k], theory.ntk.kernel { net = now, X = X }, 1e-13)
      assert.close(run.ntk_norm[k], run.ntk[k]:norm(), 1e-13 * run.ntk[k]:norm())
      assert.close(run.ntk_distance[k], theory.ntk.distance { net = now, other = start, task = task }, 1e-14)
      assert.close(run.ntk_alignment[k], theory.ntk.alignment { net = now, task = task }, 1e-14)
      assert.close(run.weight_distance[k], (parameters(now) - parameters(start)):norm(), 1e-14)
      assert.close(run.hessian[k].T, theory.stability.spectrum { net = now, task = task }, 1e-12)
      for l = 1, 2 do
        local H = now:hidden(X, l)
        assert.close(run.representations[k][l], H:tmul(H), 1e-14)
      end
      local U = task:svd()
      assert.close(run.alignment[k], (U:tmul((now:product():svd()))):diag():abs().T, 1e-12)
    end
    assert.are.equal(0, run.ntk_distance[1])
    assert.are.equal(0, run.weight_distance[1])
    assert.is_true(run.weight_distance[3] > run.weight_distance[2])
  end)

  it("of a flow, a prediction and a run of its weights agree", function()
    local white = data.spectrum { s = { 2, 1 }, inputs = 3, outputs = 2, seed = 1 }
    local names = { "ntk_distance", "ntk_alignment", "weight_distance", "hessian", "alignment", "weights" }
    local net = network.new { task = white, hidden = 3, init = "aligned", strength = 0.1, seed = 2 }
    local times = matrix.linspace(0, 3, 4)
    local pred = theory.predict { net = net, task = white, times = times, record = names }
    assert.are.equal("decoupled", pred.solution)
    local flow = net:copy():flow { task = white, times = times, record = names }
    assert.is_true(theory.compare(flow, pred):worst() < 1e-7)
    theory.solutions.remembered = {
      applies = function(_, given) return rawequal(given, white) and 0 or false end,
      weights = function(_, _, t) return pred:at(t).weights end,
    }
    local own = theory.predict { net = net, task = white, times = times, record = names, solution = "remembered" }
    assert.is_true(theory.compare(own, pred):worst() < 1e-12)
  end)

  it("of nonlinear networks and of biases are those of differences", function()
    for _, options in ipairs { { activation = "tanh", bias = true }, { activation = "softplus" }, { bias = true } } do
      local net = fresh(options)
      local start = net:copy()
      local run = net:train { task = task, rate = 0.1, steps = 20, every = 20, progress = false,
        record = { "ntk", "ntk_distance", "ntk_alignment", "weight_distance", "representations" } }
      local before, after, y = kernel_of(start, X), kernel_of(net, X), Y.T:reshape(12, 1)
      assert.close(run.ntk[1], before, 1e-8)
      assert.close(run.ntk[2], after, 1e-8)
      assert.close(run.ntk_distance[2], 1 - before:dot(after) / before:norm() / after:norm(), 1e-8)
      assert.close(run.ntk_alignment[2], y:dot(after * y) / after:norm() / y:dot(y), 1e-8)
      assert.close(run.weight_distance[2], (parameters(net) - parameters(start)):norm(), 1e-14)
      assert.close(run.representations[2][2], net:hidden(X, 2):tmul(net:hidden(X, 2)), 1e-14)
    end
  end)

  it("of one network are asked for by its start", function()
    local net, start = fresh(), fresh { scale = 0.3, init = "gaussian" }
    local seen = net:observe(task, { "ntk", "ntk_distance", "weight_distance", "representations", "hessian" },
      { start = start, ntk_examples = 2 })
    assert.close(seen.ntk, theory.ntk.kernel { net = net, X = X:colrange(1, 2) }, 1e-13)
    assert.close(seen.ntk_distance, theory.ntk.distance { net = net, other = start, task = task }, 1e-14)
    assert.close(seen.weight_distance, (parameters(net) - parameters(start)):norm(), 1e-14)
    assert.are.equal(2, seen.representations[2].rows)
    assert.are.equal(1, seen.hessian.rows)
  end)

  it("on few examples are parts of those on all", function()
    local function record(n)
      return fresh():train { task = task, rate = 0.02, steps = 2, every = 2, record = { "ntk", "representations" },
        ntk_examples = n, progress = false }
    end
    local all, some = record(), record(2)
    assert.are.equal(12, all.ntk[2].rows)
    assert.close(some.ntk[2], all.ntk[2]:select { rows = { 1, 2, 7, 8 }, cols = { 1, 2, 7, 8 } }, 1e-14)
    assert.close(some.representations[2][1], all.representations[2][1]:block(1, 2, 1, 2):copy(), 1e-14)
  end)

  it("with equal strengths are the cosines between subspaces", function()
    local even = data.spectrum { s = { 1, 1, 0.5 }, inputs = 3, outputs = 3, seed = 4 }
    local U, s, V = even:svd()
    local turn = matrix { { math.cos(1), -math.sin(1), 0 }, { math.sin(1), math.cos(1), 0 }, { 0, 0, 1 } }
    local net = network.from { U * turn * matrix.diag { 3, 2, 1 } * (V * turn).T }
    assert.are.equal(3, #s)
    assert.close(net:observe(even, { "alignment" }).alignment, matrix.ones(1, 3), 1e-13)
  end)

  it("are saved with a run and loaded", function()
    local path = os.tmpname() .. ".npz"
    local run = fresh():train { task = task, rate = 0.02, steps = 4, every = 2, record = EVERYTHING, progress = false }
    run:save(path)
    local back = network.load_run(path)
    assert.are.equal(0, theory.compare(back, run):worst())
    assert.are.equal(#EVERYTHING, #theory.compare(back, run))
    os.remove(path)
  end)

  local moments = data.task { Sxx = task.Sxx, Syx = task.Syx, tr_yy = task.tr_yy }
  local wide = data.task { X = matrix.ones(3, 100000), Y = matrix.ones(2, 100000) }
  local cases = {
    { "kernels of a task without examples", fresh(), moments, { "ntk" }, {}, "needs examples, and this task has none" },
    { "kernels of a nonlinear network without examples", fresh { bias = true }, moments, { "ntk_alignment" }, {}, "this task has none" },
    { "representations without a hidden layer", fresh { sizes = { 3, 2 } }, task, { "representations" }, {}, "no hidden" },
    { "curvature of nonlinear units", fresh { activation = "tanh" }, task, { "hessian" }, {}, "only a linear network" },
    { "curvature with biases", fresh { bias = true }, task, { "hessian" }, {}, "without biases" },
    { "curvature of large networks", fresh { sizes = { 3, 500, 2 } }, task, { "hessian" }, {}, "2500 parameters; .* 2000 at most" },
    { "kernels of absurd size", fresh(), wide, { "ntk" }, {}, "would take [36]%.[24]e%+11 bytes.*ntk_examples" },
    { "distances of absurd kernels", fresh { activation = "tanh" }, wide, { "ntk_distance" }, {}, "6%.4e%+11 bytes; give ntk_examples" },
    { "no examples", fresh(), task, { "ntk" }, { ntk_examples = 0 }, "ntk_examples" },
    { "more examples than there are", fresh(), task, { "ntk" }, { ntk_examples = 7 }, "ntk_examples" },
    { "half an example", fresh(), task, { "ntk" }, { ntk_examples = 1.5 }, "ntk_examples" },
    { "a misspelt name", fresh(), task, { "ntk_distanse" }, {}, "did you mean 'ntk_distance'" },
  }
  for _, case in ipairs(cases) do
    it("refuse " .. case[1], function()
      local options = { task = case[3], rate = 0.1, steps = 1, record = case[4], progress = false }
      for name, value in pairs(case[5]) do options[name] = value end
      assert.error_matches(function() case[2]:train(options) end, "net:train: .*" .. case[6])
      options.rate, options.steps, options.progress, options.times = nil, nil, nil, { 1 }
      assert.error_matches(function() case[2]:flow(options) end, "net:flow: .*" .. case[6])
      options.net = case[2]
      assert.error_matches(function() theory.predict(options) end, "theory%.predict: .*" .. case[6])
    end)
  end

  for _, case in ipairs {
    { "a distance from nothing", { "ntk_distance" }, nil, "distance from a start" },
    { "a start of other layers", { "weight_distance" }, { start = fresh { sizes = { 3, 2 } } }, "start must have the layers" },
    { "a start that is no network", { "weight_distance" }, { start = 3 }, "start must be a network" },
    { "a misspelt option", { "ntk" }, { begin = fresh() }, "begin" },
  } do
    it("refuse " .. case[1], function()
      assert.error_matches(function() fresh():observe(task, case[2], case[3]) end, "net:observe: .*" .. case[4])
    end)
  end
end)
