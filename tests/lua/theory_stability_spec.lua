-- theory.stability, theory.balanced.velocity and theory.shallow.minibatch through Lua.

local stream = random.stream(12)
local X, Y = stream:normal(3, 7), stream:normal(2, 7)
local task = data.task { X = X, Y = Y }
local net = network.new { sizes = { 3, 4, 2 }, seed = 3 }

describe("theory.stability", function()
  it("has the Hessian that differences of the gradient give", function()
    local H, at, step = theory.stability.hessian { net = net, task = task }, 0, 1e-5
    local function gradient(moved)
      local parts = {}
      for l, g in ipairs(moved:gradient(task)) do parts[l] = g:reshape(g.count, 1) end
      return matrix.vcat(table.unpack(parts))
    end
    for l = 1, 2 do
      for j = 1, net.weights[l].cols do
        for i = 1, net.weights[l].rows do
          at = at + 1
          local up, down = net:copy(), net:copy()
          up.weights[l]:set(i, j, up.weights[l]:get(i, j) + step)
          down.weights[l]:set(i, j, down.weights[l]:get(i, j) - step)
          assert.close(H:col(at), (gradient(up) - gradient(down)) / (2 * step), 1e-7)
        end
      end
    end
    assert.are.equal(H.rows, at)
    local w = H:eigh()
    assert.close(theory.stability.spectrum { net = net, task = task }, w, 1e-13)
    assert.close(theory.stability.curvature { net = net, task = task }, w[#w], 1e-13)
    local decayed = theory.stability.hessian { net = net, task = task, weight_decay = 0.5 }
    assert.close(decayed, H + 0.5 * matrix.eye(H.rows), 1e-14)
  end)

  it("knows the rate at which descent from small starts goes over to divergence", function()
    local white = data.spectrum { s = { 2, 1 }, inputs = 3, outputs = 3, seed = 1 }
    for depth = 2, 3 do
      local start = network.new { task = white, hidden = 3, depth = depth, init = "gaussian", scale = 0.1, seed = 5 }
      local r = theory.stability.max_rate { net = start, task = white }
      assert.close(r.minimum, depth * 2 ^ (2 - 2 / depth), 1e-12)
      assert.close(r.suggested, r.rate / 2, 1e-15)
      local function final(rate)
        return start:copy():train { task = white, rate = rate, steps = 4000, diverge = "stop", progress = false }.loss
      end
      local below, above = final(0.9 * r.rate), final(1.02 * r.rate)
      assert.is_true(below[below.count] < 1e-6)
      assert.is_true(above[above.count] > 1e-3)
    end
    local r = theory.stability.max_rate { net = net, task = task, momentum = 0.5 }
    assert.close(r.rate, 1.5 * theory.stability.max_rate { net = net, task = task }.rate, 1e-14)
  end)

  it("foresees the error of a finite rate", function()
    local times, rate = { 2, 0.5, 0 }, 0.01
    local found = theory.stability.finite_rate { net = net, task = task, rate = rate, t = times }
    for i, t in ipairs(times) do
      local stepped, flow = net:copy(), net:copy()
      if t > 0 then
        stepped:train { task = task, rate = rate, steps = math.floor(t / rate + 0.5), progress = false }
        flow:flow { task = task, times = { t } }
      end
      local error = (stepped:product() - flow:product()):norm()
      assert.is_true(math.abs(found.error[i] - error) <= 0.05 * error)
      assert.is_true(math.abs(found.relative[i] * flow:product():norm() - found.error[i]) <= 1e-8)
      for l = 1, 2 do assert.close(found.weights[i][l], stepped.weights[l], 1e-3) end
    end
    local once = theory.stability.finite_rate { net = net, task = task, rate = rate, t = 2 }
    assert.close(once.error, found.error[1], 1e-6)
    assert.close(once.weights[2], found.weights[1][2], 1e-9)
  end)

  local refused = {
    { "a rate below 0", "finite_rate", { net = net, task = task, rate = -1, t = 1 }, "rate" },
    { "an infinite time", "finite_rate", { net = net, task = task, rate = 0.1, t = math.huge }, "finite" },
    { "no task", "hessian", { net = net }, "Sxx" },
    { "a task that does not fit", "curvature", { net = net, Sxx = matrix.eye(2), Syx = matrix.eye(2) }, "must have 2 columns" },
    { "a momentum of 1", "max_rate", { net = net, task = task, momentum = 1 }, "momentum = 1 must lie in %[0, 1%)" },
    { "a decay below 0", "max_rate", { net = net, task = task, weight_decay = -1 }, "weight_decay" },
    { "inputs that no data have", "max_rate", { net = net, Sxx = -matrix.eye(3), Syx = matrix.ones(2, 3) }, "eigenvalue %-1" },
    { "nonlinear units", "spectrum", { net = network.new { sizes = { 3, 4, 2 }, activation = "tanh" }, task = task }, "not linear" },
    { "a Hessian of absurd size", "hessian", { net = network.new { sizes = { 300, 300 } }, Sxx = matrix.eye(300), Syx = matrix.eye(300) },
      "bytes; theory.stability.curvature" },
    { "a misspelt option", "spectrum", { nett = net, task = task }, "did you mean 'net'" },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. case[1] .. " in " .. case[2], function()
      assert.error_matches(function() theory.stability[case[2]](case[3]) end, "theory%.stability%." .. case[2] .. ".*" .. case[4])
    end)
  end
end)

describe("theory.balanced.velocity", function()
  it("is how the product of balanced layers moves", function()
    local balanced = network.new { sizes = { 3, 5, 4, 2 }, init = "balanced", strength = 0.8, seed = 4 }
    local before, step = balanced:product(), 1e-6
    local velocity = theory.balanced.velocity { W = before, depth = 3, task = task }
    balanced:flow { task = task, times = { step } }
    assert.close((balanced:product() - before) / step, velocity, 1e-5)
  end)

  local M = matrix.ones(2, 3)
  for _, case in ipairs {
    { "a W of another shape", { W = matrix.eye(3), depth = 2, task = task }, "W must be 2x3" },
    { "no depth", { W = M, task = task }, "depth" },
    { "half a layer", { W = M, depth = 1.5, task = task }, "depth" },
    { "two tasks", { W = M, depth = 2, task = task, Sxx = matrix.eye(3) }, "Sxx" },
  } do
    it("refuses " .. case[1], function()
      assert.error_matches(function() theory.balanced.velocity(case[2]) end, "theory%.balanced%.velocity.*" .. case[3])
    end)
  end
end)

describe("theory.shallow.minibatch", function()
  local y = Y:row(1).T

  it("has the mean of full-batch descent, and the spread of many runs", function()
    local rate, steps, runs = 0.05, 20, 4000
    local found = theory.shallow.minibatch { X = X, y = y, rate = rate, batch = 2, steps = steps }
    local full = theory.shallow.descent {
      W0 = matrix.zeros(1, 3), Sxx = X:mult(X) / 7, Syx = y:tmul(X.T) / 7, rate = rate, steps = steps }
    assert.close(found.mean.T, full, 1e-13)
    local best, draws, second = X.T:lstsq(y), random.stream(9), matrix.zeros(3, 3)
    for _ = 1, runs do
      local w = matrix.zeros(3, 1)
      local batch = draws:integers(2, steps, 1, 7)
      for k = 1, steps do
        local pair = { batch:get(1, k), batch:get(2, k) }
        local x = X:select { cols = pair }
        w:axpy(rate / 2, x * (y:select { rows = pair } - x:tmul(w)))
      end
      second:axpy(1 / runs, (w - best):mult(w - best))
    end
    assert.close(second, found.second, 0.05)
  end)

  for _, case in ipairs {
    { "a y that does not fit", { X = X, y = matrix.ones(3, 1), rate = 0.1, batch = 1, steps = 1 }, "y must have 7 numbers" },
    { "an empty batch", { X = X, y = y, rate = 0.1, batch = 0, steps = 1 }, "batch" },
    { "half an example", { X = X, y = y, rate = 0.1, batch = 1.5, steps = 1 }, "batch" },
    { "no steps", { X = X, y = y, rate = 0.1, batch = 1 }, "steps" },
    { "a rate that diverges", { X = X, y = y, rate = 1e3, batch = 1, steps = 1000 }, "range of double precision" },
    { "a task", { task = task, rate = 0.1, batch = 1, steps = 1 }, "task" },
  } do
    it("refuses " .. case[1], function()
      assert.error_matches(function() theory.shallow.minibatch(case[2]) end, "theory%.shallow%.minibatch.*" .. case[3])
    end)
  end
end)
