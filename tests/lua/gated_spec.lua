-- Gated deep linear networks: moments against examples, differences and closed forms.

local stream = random.stream(7)

--- Two paths of different depth that share a layer, gates that overlap, more examples than any rank.
local function small(seed)
  local task = data.task { X = stream:normal(4, 30), Y = stream:normal(3, 30) }
  local gates = matrix.vcat(matrix.ones(1, 30), stream:uniform(2, 30):lt(0.6))
  return network.gated {
    task = task, gates = gates, scale = 0.5, seed = seed or 1,
    layers = { first = { 5, 4 }, middle = { 5, 5 }, last = { 3, 5 }, own = { 3, 4 } },
    paths = { { "first", "last" }, { "first", "middle", "last" }, { "own" } },
  }, task, gates
end

describe("network.gated", function()
  it("has the loss of its examples", function()
    local net, task, gates = small()
    local f = net:forward(task.X, gates)
    assert.close(net:loss(), (task.Y - f):norm() ^ 2 / 2 / 30, 1e-12)
    local by_hand = matrix.zeros(3, 30)
    for p = 1, 3 do
      for k = 1, 30 do by_hand:col(k):axpy(gates:get(p, k), net:product(p) * task.X:col(k)) end
    end
    assert.close(f, by_hand, 1e-12)
  end)

  it("has the gradient of its loss", function()
    local net = small(2)
    for name, G in pairs(net:gradient()) do
      local W, differences = net.layers[name], matrix.zeros(G.rows, G.cols)
      for i = 1, G.rows do
        for j = 1, G.cols do
          local kept, h = W:get(i, j), 1e-5
          W:set(i, j, kept + h)
          local up = net:loss()
          W:set(i, j, kept - h)
          differences:set(i, j, (up - net:loss()) / (2 * h))
          W:set(i, j, kept)
        end
      end
      assert.close(G, differences, 1e-8, name)
    end
  end)

  it("is an ordinary network where one path is always on", function()
    local task = data.semantic()
    local net = network.new { task = task, hidden = 6, init = "gaussian", scale = 0.1, seed = 3 }
    local gated = network.gated { task = task, gates = matrix.ones(1, 8), paths = { { "W1", "W2" } },
      layers = { W1 = net.weights[1], W2 = net.weights[2] } }
    local run, expected = gated:train { rate = 0.1, times = { 0, 5, 10 } }, net:train { task = task, rate = 0.1,
      times = { 0, 5, 10 } }
    assert.close(run.loss, expected.loss, 1e-10)
    assert.close(gated:product(1), net:product(), 1e-10)
    assert.close(run.strength:get(3, 1), net:product():norm(), 1e-10)
  end)

  it("learns XOR, each path by the law of one mode", function()
    local X, Y = matrix { { 1, 1, -1, -1 }, { 1, -1, 1, -1 } }, matrix { { -1, 1, 1, -1 } }
    local root = matrix { { 0.1 } } -- of a strength of 0.01
    local x2 = matrix { { 0, 0.1 } }
    local net = network.gated {
      task = data.task { X = X, Y = Y }, gates = matrix.vcat(X:row(1):gt(0), X:row(1):lt(0)),
      layers = { on1 = -1 * x2, on2 = root, off1 = x2, off2 = root }, paths = { { "on1", "on2" }, { "off1", "off2" } },
    }
    local run = net:train { rate = 1e-3, times = { 0, 5, 10, 15, 40 } }
    local a = theory.mode.strength { s = 0.5, rho = 0.5, a0 = 0.01, t = run.t }
    for p = 1, 2 do assert.close(run.strength:col(p), a, 2e-3) end
    assert.close(run.loss, (1 - a):pow(2) / 2, 2e-3)
    assert.close(net:forward(X, matrix.vcat(X:row(1):gt(0), X:row(1):lt(0))), Y, 1e-6)
  end)

  it("needs moments only, whatever the number of examples", function()
    local net, task, gates = small(4)
    local m = { Syx = {}, Sxx = {}, tr_yy = task.Y:norm() ^ 2 / 30 }
    for p = 1, 3 do
      local on = task.X:times(gates:row(p):tile(4, 1))
      m.Syx[p], m.Sxx[p] = task.Y:mult(on) / 30, {}
      for q = 1, 3 do m.Sxx[p][q] = on:mult(task.X:times(gates:row(q):tile(4, 1))) / 30 end
    end
    local other = network.gated { layers = net.layers, paths = net.paths, moments = m }
    assert.close(net:copy():train({ rate = 0.05, steps = 50 }).loss, other:train({ rate = 0.05, steps = 50 }).loss, 1e-12)
  end)

  it("races as the reduction says: the shared path wins and answers what was never trained", function()
    local M, K, s = 3, 2, 1 -- domains of one dimension, two layers
    local b0, c0 = 0.05, 0.05
    local layers, paths, m = {}, {}, { Syx = {}, Sxx = {}, tr_yy = s * s }
    local share = 1 / (M * K)
    local function add(path)
      paths[#paths + 1] = path
      m.Syx[#paths], m.Sxx[#paths] = matrix { { s * share } }, { [#paths] = matrix { { share } } }
    end
    for i = 1, M do layers["in" .. i], layers["out" .. i] = matrix { { b0 } }, matrix { { b0 } } end
    for i = 1, M do
      for k = 0, K - 1 do
        local j = (i + k - 1) % M + 1
        local pair = i .. "-" .. j
        layers["in" .. pair], layers["out" .. pair] = matrix { { c0 } }, matrix { { c0 } }
        add { "in" .. i, "out" .. j }
        add { "in" .. pair, "out" .. pair }
        local p = #paths
        m.Sxx[p][p - 1], m.Sxx[p - 1][p] = matrix { { share } }, matrix { { share } }
      end
    end
    local net = network.gated { layers = layers, paths = paths, moments = m }
    net:train { rate = 0.02, steps = 4000 }
    local race = theory.pathways.race { layers = 2, per_context = K, s = s, b0 = b0, c0 = c0 }
    assert.close(net:product(1)[1], race.b ^ 2, 2e-3)
    assert.close(net:product(2)[1], race.c ^ 2, 2e-3)
    assert.close(net.layers.in1[1] * net.layers.out3[1], race.share * s, 2e-3) -- a pair that was never trained
  end)

  local function refuses(name, change, pattern)
    it("refuses " .. name, function()
      local given = { task = data.task { X = matrix.eye(2), Y = matrix.ones(1, 2) }, gates = matrix.ones(1, 2),
        layers = { a = { 3, 2 }, b = { 1, 3 } }, paths = { { "a", "b" } } }
      for key, value in pairs(change) do given[key] = value end
      if change.gates == false then given.gates = nil end
      assert.error_matches(function() network.gated(given) end, pattern)
    end)
  end
  refuses("gates of another shape", { gates = matrix.ones(2, 2) }, "gates is 2x2; 1x2 is needed")
  refuses("a task without gates", { gates = false }, "give task = a task and gates")
  refuses("NaN in gates", { gates = matrix { { 1, 0 / 0 } } }, "gates has NaN")
  refuses("moments beside a task", { moments = {} }, "or moments")
  refuses("a path through nothing", { paths = { { "a", "c" } } }, "path 1 goes through 'c', and layers has a, b")
  refuses("an empty path", { paths = { {} } }, "path 1 must be a list of layers' names")
  refuses("no paths", { paths = {} }, "paths is empty")
  refuses("a path that does not chain", { layers = { a = { 3, 2 }, b = { 1, 4 } } }, "'a' is 3x2 and 'b' above it 1x4")
  refuses("a loop", { paths = { { "a", "b", "a" } } }, "path 1")
  refuses("a layer on no path", { layers = { a = { 3, 2 }, b = { 1, 3 }, c = { 1, 1 } } }, "layer 'c' is on no path")
  refuses("a layer that is a word", { layers = { a = "wide", b = { 1, 3 } } }, "layer 'a' must be a matrix or")
  refuses("a layer with NaN", { layers = { a = matrix.full(3, 2, 0 / 0), b = { 1, 3 } } }, "layer 'a' has NaN")
  refuses("layers that don't fit the task", { layers = { a = { 3, 5 }, b = { 1, 3 } } }, "maps 5 inputs to 1 outputs")
  refuses("a misspelt option", { gate = 1 }, "unknown option 'gate'; did you mean 'gates'")
  refuses("a task of moments", { task = data.task { Sxx = matrix.eye(2), Syx = matrix.ones(1, 2), tr_yy = 2 } },
    "task must be a task with examples")

  it("refuses moments that no data have", function()
    local function ask(m)
      return function()
        network.gated { moments = m, layers = { a = { 1, 2 }, b = { 1, 2 } }, paths = { { "a" }, { "b" } } }
      end
    end
    local S, I = matrix.ones(1, 2), matrix.eye(2)
    assert.error_matches(ask { Syx = { S, S }, Sxx = { { I, I }, { nil, I } }, tr_yy = 1 },
      "Sxx%[1%]%[2%] must be the transpose")
    assert.error_matches(ask { Syx = { S }, Sxx = { { I }, { nil, I } }, tr_yy = 1 }, "Syx%[2%] and Sxx%[2%]%[2%]")
    assert.error_matches(ask { Syx = { S, S }, Sxx = { { I }, { nil, I } }, tr_yy = -1 }, "tr_yy")
    assert.error_matches(ask { Syx = { S, S }, Sxx = { { I }, { nil, matrix.eye(3) } }, tr_yy = 1 }, "does not fit")
  end)

  it("refuses to train at no rate, for no time, or beyond what is stable", function()
    local net = small(5)
    assert.error_matches(function() net:train { rate = 0.1 } end, "give steps or times")
    assert.error_matches(function() net:train { steps = 3 } end, "rate")
    assert.error_matches(function() net:train { rate = 0.1, times = { 2, 1 } } end, "times must rise")
    assert.error_matches(function() net:train { rate = 50, steps = 200 } end, "no longer finite after step %d+; a lower rate")
    assert.error_matches(function() net:product(4) end, "a path from 1 to 3 is needed, got 4")
  end)
end)
