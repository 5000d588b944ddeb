-- What depth, pretraining and starts do to learning: whole experiments against their published outcome.

local SEEDS = 7

--- The median of a list of numbers.
local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

--- Steps until the loss is at most `goal`; infinity if it is not within `most` steps.
local function steps_to(net, task, rate, goal, most)
  local run = net:train { task = task, rate = rate, steps = most, stop_at = { loss = goal }, diverge = "stop" }
  return run.loss[#run.loss] <= goal and run.steps[#run.steps] or math.huge
end

--- Ten digits from their 32 largest components, whitened; targets centred and scaled to s_1 = 1.
local function digits()
  local task = data.digits():center()
  local _, _, components = task.X:svd()
  local X = task.examples ^ 0.5 * components:colrange(1, 32).T
  local _, s = data.task { X = X, Y = task.Y }:svd()
  return data.task { X = X, Y = task.Y / s[1] }
end

describe("depth", function()
  it("costs a number of steps that saturates, at rates far below and near the edge", function()
    local task = data.spectrum { s = { 1, 1, 1, 1, 1, 1 }, inputs = 6, outputs = 6, seed = 1 }
    local published = { -- steps at relative rates 0.1 and 1
      [1] = { 22, 1 }, [2] = { 68, 7 }, [3] = { 138, 15 }, [5] = { 286, 30 }, [10] = { 535, 55 }, [20] = { 748, 76 },
      [50] = { 920, 93 }, [100] = { 986, 100 },
    }
    for depth, steps in pairs(published) do
      for i, relative_rate in ipairs { 0.1, 1 } do
        local says = theory.depth.learning_time { s = 1, a0 = 0.01, depths = depth, relative_rate = relative_rate }
        local net = network.new { task = task, hidden = depth > 1 and 6 or nil, depth = depth, init = "aligned",
          strength = 0.01, seed = 1 }
        local taken = steps_to(net, task, says.rate[1], 6 * 0.1 ^ 2 / 2, 1100)
        assert.is_true(math.abs(taken - steps[i]) <= 1, ("depth %d: %d steps, %d"):format(depth, taken, steps[i]))
      end
    end
  end)
end)

describe("pretraining", function()
  local function task_on(first, seed)
    local V = random.stream(seed, 1):orthogonal(16)
    local Sxx = V * matrix.diag(matrix.range(1, 16):pow(-0.5)) * V.T
    local W = random.stream(seed, 2):orthogonal(4) * V:colrange(first, first + 3).T
    return data.task { Sxx = Sxx, Syx = W * Sxx, tr_yy = (W * Sxx):mult(W):trace() }
  end

  --- Steps to 5% of the loss at the start, pretrained and from random weights, by seed.
  local function experiment(first, width)
    local pretrained, plain = {}, {}
    for seed = 1, SEEDS do
      local task = task_on(first, seed)
      local net = network.new { task = task, hidden = width, depth = 5, scale = 1e-3, seed = seed }
      net:pretrain { task = task, rate = 0.2, steps = 4000, seed = seed }
      pretrained[seed] = steps_to(net, task, 0.1, 0.05 * net:loss(task), 5000)
      net = network.new { task = task, hidden = width, depth = 5, gain = 0.5, seed = seed }
      plain[seed] = steps_to(net, task, 0.1, 0.05 * net:loss(task), 5000)
    end
    return pretrained, plain
  end

  it("makes a consistent task more than ten times as fast", function()
    local pretrained, plain = experiment(1, 8)
    for seed = 1, SEEDS do assert.equal(11, pretrained[seed]) end
    assert.is_true(median(plain) > 200 and median(plain) < 600)
  end)

  it("gains nothing on a task that the bottleneck has cut off", function()
    local pretrained, plain = experiment(10, 8)
    for seed = 1, SEEDS do assert.is_true(pretrained[seed] > 500 and pretrained[seed] < 800) end
    assert.is_true(median(plain) < median(pretrained) * 1.6)
  end)

  it("gains on any task without a bottleneck", function()
    local pretrained, plain = experiment(10, 16)
    for seed = 1, SEEDS do assert.is_true(math.abs(pretrained[seed] - 24) <= 1) end
    assert.is_true(median(plain) > 150)
    pretrained, plain = experiment(1, 16)
    for seed = 1, SEEDS do assert.equal(11, pretrained[seed]) end
    assert.is_true(median(plain) > 60)
  end)
end)

describe("orthogonal layers", function()
  it("learn digits as fast at depth 50 as at depth 3, where Gaussian ones do not", function()
    local task = digits()
    local _, s = task:svd()
    local done = task.loss_min + 0.01 * s:dot(s) / 2
    local function best(init, depth, most)
      local fastest = math.huge
      for _, c in ipairs { 0.05, 0.1, 0.2, 0.4 } do
        local taken = {}
        for seed = 1, 3 do
          local net = network.new { task = task, hidden = 32, depth = depth, init = init, gain = 1, seed = seed }
          taken[seed] = steps_to(net, task, c / depth, done, most)
        end
        fastest = math.min(fastest, median(taken))
      end
      return fastest
    end
    local shallow = best("orthogonal", 3, 500)
    assert.is_true(math.abs(shallow - 22) <= 3)
    assert.is_true(best("orthogonal", 50, 500) < 2 * shallow)
    assert.is_true(best("gaussian", 20, 2500) > 5 * best("orthogonal", 20, 500))
    assert.equal(math.huge, best("gaussian", 50, 1000))
  end)
end)

describe("deep tanh networks", function()
  it("learn fastest just beyond the edge of chaos, if they are orthogonal", function()
    local whole = digits()
    local task = data.task { X = 0.3 * whole.X:colrange(1, 300), Y = whole.Y:colrange(1, 300) }
    local function best(init, gain)
      local fastest = 250
      for _, c in ipairs { 1, 2, 4 } do
        local net = network.new { task = task, hidden = 32, depth = 30, activation = "tanh", init = init, gain = gain,
          seed = 1 }
        net.weights[30]:scal(1 / gain)
        fastest = math.min(fastest, steps_to(net, task, c / 30, 0.3 * net:loss(task), fastest))
      end
      return fastest
    end
    local below, above = best("orthogonal", 0.9), best("orthogonal", 2)
    for _, gain in ipairs { 1.05, 1.1, 1.2 } do
      assert.is_true(5 * best("orthogonal", gain) <= math.min(below, above))
    end
    assert.is_true(best("gaussian", 1.1) >= 5 * best("orthogonal", 1.1))
  end)

  it("follow the linear prediction from small weights, a little late", function()
    local task = data.semantic()
    local says = theory.semantic.times { task = task, a0 = 1e-3 ^ 2 * 16 / 2 }.half
    local U, s, V = task:svd()
    local mean = { 0, 0, 0 }
    for seed = 1, 3 do
      local net = network.new { task = task, hidden = 16, activation = "tanh", scale = 1e-3, seed = seed }
      local reached = {}
      for step = 1, 150 do
        net:train { task = task, rate = 0.2, steps = 1, record = { "loss" } }
        local W = net:forward(task.X)
        for k = 1, 3 do
          if not reached[k] and U:col(k):dot(W * V:col(k)) >= s[k] * task.inputs / 2 then reached[k] = 0.2 * step end
        end
      end
      for k = 1, 3 do mean[k] = mean[k] + reached[k] / 3 end
    end
    for k = 1, 3 do assert.is_true(mean[k] > says[k] and mean[k] < 1.15 * says[k]) end
  end)
end)
