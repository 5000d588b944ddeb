-- Shared and dedicated pathways, reversal and forgetting in networks that are really trained. `make test-slow`.

local semantic = theory.semantic
local M, K, hidden, s = 4, 2, 5, { 2, 1.2, 0.7 }
local S, I, share = matrix.diag(s), matrix.eye(#s), 1 / (M * K)

--- Four input and four output domains, trained pairs i to i and i to i + 1: a shared path by way of the encoder of i
--- and the decoder of j, and one of its own for each trained pair.
local function routing(scale, seed)
  local layers, paths, m = {}, {}, { Syx = {}, Sxx = {}, tr_yy = S:norm() ^ 2 }
  local function path(from, to)
    layers[from], layers[to] = { hidden, #s }, { #s, hidden }
    paths[#paths + 1] = { from, to }
    m.Syx[#paths], m.Sxx[#paths] = S * share, { [#paths] = I * share }
  end
  for i = 1, M do
    for k = 0, K - 1 do
      local j = (i + k - 1) % M + 1
      path("in" .. i, "out" .. j)
      path(("in%d.%d"):format(i, j), ("out%d.%d"):format(i, j))
      m.Sxx[#paths][#paths - 1], m.Sxx[#paths - 1][#paths] = I * share, I * share
    end
  end
  return network.gated { layers = layers, paths = paths, moments = m, scale = scale, seed = seed }
end

local function untrained_error(net)
  local sum = 0
  for i = 1, M do
    for k = K, M - 1 do
      local j = (i + k - 1) % M + 1
      sum = sum + (net.layers["out" .. j] * net.layers["in" .. i] - S):norm() ^ 2
    end
  end
  return sum / M / (M - K) / S:norm() ^ 2
end

describe("the race", function()
  it("ends in the share of theory from aligned layers", function()
    for _, start in ipairs { 0.3, 0.1, 0.03 } do
      local net = routing(1, 1)
      for _, W in pairs(net.layers) do
        W:fill(0)
        for k = 1, #s do W:set(k, k, start) end
      end
      net:train { rate = 0.1, steps = 4000, every = 4000 }
      for k, strength in ipairs(s) do
        local race = theory.pathways.race { layers = 2, per_context = K, s = strength, b0 = start, c0 = start }
        assert.close(net:product(1):get(k, k), race.b ^ 2, 5e-3)
      end
    end
  end)

  it("is won by the shared path from small random starts, which answers pairs that were never trained", function()
    local medians = {}
    for k, scale in ipairs { 0.1, 0.01, 0.001 } do
      local errors = matrix.zeros(4)
      for seed = 1, 4 do
        local net = routing(scale, seed)
        net:train { rate = 0.3, steps = 1500, every = 1500 }
        errors[seed] = untrained_error(net)
      end
      medians[k] = errors:median()
    end
    assert.is_true(medians[1] > 0.2 and medians[2] < 0.12 and medians[3] < 0.01,
      ("%g, %g, %g"):format(medians[1], medians[2], medians[3]))
  end)
end)

describe("relearning", function()
  local task = data.semantic()

  it("takes about twice as long for modes of the opposite sign", function()
    local modes = semantic.modes { task = task }
    local opposite = data.task { X = matrix.eye(8), Y = -1 * task.Y }
    local net = network.new { task = task, hidden = 16, init = "gaussian", scale = 1e-3, seed = 1 }
    local w1, w2 = net.weights[1] * modes.v, net.weights[2]:tmul(modes.u)
    local t = matrix.linspace(0, 120, 1201)
    local function halves(run)
      return semantic.crossing { t = t, values = run.modes:times(modes.sigma:pow(-1).T:tile(#t, 1)), level = 0.5 }
    end
    local first = halves(net:train { task = task, rate = 0.01, times = t })
    local again = halves(net:train { task = opposite, rate = 0.01, times = t })
    for k = 1, 2 do
      local told = semantic.reversal { s = modes.s[k], lambda = modes.lambda, w1 = w1:col(k), w2 = w2:col(k) }
      assert.close(first[k] / told.first, 1, 0.02)
      assert.close(again[k] / told.reversed, 1, 0.1)
    end
  end)

  it("forgets by the angle of what is learned next, and nothing at a right angle", function()
    local task_a = data.task { Sxx = matrix.diag { 1, 0 }, Syx = matrix { { 1, 0 }, { 0, 0 } }, tr_yy = 1 }
    local function learn_both(angle)
      local B = matrix { { 0, math.cos(angle) }, { 0, math.sin(angle) } }
      local task_b = data.task { Sxx = matrix.diag { 0, 1 }, Syx = B, tr_yy = 1 }
      local net = network.new { sizes = { 2, 6, 2 }, init = "gaussian", scale = 1e-6, seed = 1 }
      for _, part in ipairs { task_a, task_b } do
        net:train { task = part, rate = 1e-3, steps = 80000, record = "loss" }
      end
      return net:loss(task_a)
    end
    for degrees, told in pairs { [0] = 0.037, [30] = 0.207, [60] = 0.673, [85] = 1.198 } do
      local angle = degrees * math.pi / 180
      local expected = semantic.forgetting { s_a = 1, s_b = 1, angle = angle }.error
      assert.close(expected, told, 1e-3)
      assert.close(learn_both(angle), expected, 2e-3)
    end
    assert.is_true(learn_both(math.pi / 2) < 1e-4)
  end)
end)
