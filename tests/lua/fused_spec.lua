-- Fused steps of small linear layers: where they are taken, and that nobody could tell but by the clock.

local function apart(A, B) return (A - B):abs():max() / math.max(B:abs():max(), 1e-300) end

local function white_task(r, inputs, outputs)
  return data.task { X = matrix.eye(inputs) * math.sqrt(inputs), Y = r:normal(outputs, inputs) }
end

--- The runs of a copy of net by fused steps and by the plain plan.
local function both(net, options, name)
  options.plan = nil
  local fused = net:copy():train(options)
  options.plan = "plain"
  local plain = net:copy():train(options)
  assert.matches(name or "fused steps", fused.plan)
  assert.not_matches("fused", plain.plan)
  return fused, plain
end

describe("fused steps", function()
  it("take the plain path at any depth and size, by every optimizer with at most a velocity", function()
    local r = random.stream(1)
    local ways = { {}, { weight_decay = 0.1 }, { momentum = 0.8 }, { optimizer = "nesterov", momentum = 0.7, weight_decay = 0.1 },
      { freeze = 1 }, { freeze = { 2 }, momentum = 0.5 } }
    for depth = 2, 5 do
      for k, way in ipairs(ways) do
        local sizes = {}
        for l = 1, depth + 1 do sizes[l] = math.tointeger(r:integers(1, 1, 2, 40):item()) end
        local options = { task = white_task(r, sizes[1], sizes[depth + 1]), rate = 0.01, steps = 700, every = 300,
          record = { "loss", "weights" } }
        for name, value in pairs(way) do options[name] = value end
        local fused, plain = both(network.new { sizes = sizes, gain = 0.7, seed = k }, options)
        assert.is_true(apart(fused.loss, plain.loss) <= 1e-11)
        for l = 1, depth do assert.is_true(apart(fused.net.weights[l], plain.net.weights[l]) <= 1e-11) end
      end
    end
  end)

  it("of wide layers with few outputs take the plain path in one pass", function()
    local r = random.stream(6)
    for k, way in ipairs { {}, { momentum = 0.8, weight_decay = 0.1 }, { optimizer = "nesterov", momentum = 0.6 } } do
      local sizes = { 150 - k, 131 + k, 4 * k + 1 }
      local options = { task = white_task(r, sizes[1], sizes[3]), rate = 0.01, steps = 150, every = 60, record = "loss" }
      for name, value in pairs(way) do options[name] = value end
      local fused, plain = both(network.new { sizes = sizes, gain = 0.7, seed = k }, options, "steps in one pass")
      assert.is_true(apart(fused.loss, plain.loss) <= 1e-12)
      for l = 1, 2 do assert.is_true(apart(fused.net.weights[l], plain.net.weights[l]) <= 1e-12) end
    end
    local options = { task = white_task(r, 140, 3), rate = 0.05, steps = 3000, every = 1000, record = "loss", stop_at = { loss = 1e-3 } }
    local net = network.new { sizes = { 140, 130, 3 }, scale = 0.1, seed = 1 }
    local fused, plain = both(net, options, "steps in one pass")
    assert.equal(plain.steps[#plain.steps], fused.steps[#fused.steps])
    assert.is_true(#fused.t > 1 and fused.loss[#fused.t] <= 1e-3)
  end)

  it("stop at the same step", function()
    local r = random.stream(2)
    local task = white_task(r, 12, 8)
    local net = network.new { task = task, hidden = 10, scale = 0.1, seed = 1 }
    for _, loss in ipairs { 1, 0.01, 1e-6, 1e-25 } do
      local fused, plain = both(net, { task = task, rate = 0.03, steps = 30000, every = 10000, record = "loss", stop_at = { loss = loss } })
      assert.equal(plain.steps[#plain.steps], fused.steps[#fused.steps])
      assert.is_true(fused.loss[#fused.t] <= loss)
    end
    local fused = both(net, { task = task, rate = 0.03, steps = 2000, record = "loss", stop_at = { loss = 0 } })
    assert.equal(2000, fused.steps[#fused.steps])
  end)

  it("diverge at the same step, and leave the last whole one", function()
    local r = random.stream(3)
    local task = white_task(r, 12, 8)
    local net = network.new { task = task, hidden = 10, scale = 0.1, seed = 1 }
    for _, momentum in ipairs { 0, 0.9 } do
      local options = { task = task, rate = 0.7, momentum = momentum, steps = 2000, record = "loss" }
      local messages = {}
      for k, plan in ipairs { "auto", "plain" } do
        options.plan = plan
        local copy = net:copy()
        local ok, failure = pcall(copy.train, copy, options)
        assert.is_false(ok)
        messages[k] = tostring(failure):match "at step %d+"
        assert.is_true(copy.weights[1]:isfinite():all())
      end
      assert.is_string(messages[1])
      assert.equal(messages[2], messages[1])
    end
  end)

  it("are taken where Sxx is diagonal and layers are small", function()
    local r = random.stream(4)
    local function plan(sizes, options)
      options.task = options.task or white_task(r, sizes[1], sizes[#sizes])
      options.rate, options.steps, options.record = 1e-3, 2, "loss"
      return network.new { sizes = sizes, seed = 1 }:train(options).plan, options.task
    end
    assert.matches("; fused steps$", plan({ 8, 8, 8 }, {}))
    assert.not_matches("fused", (plan({ 8, 8 }, {})))
    assert.not_matches("fused", (plan({ 8, 8, 8 }, { optimizer = "adam" })))
    assert.not_matches("fused", (plan({ 8, 8, 8 }, { batch = 2 })))
    assert.not_matches("fused", (plan({ 8, 300, 8 }, {})))
    local coloured = data.task { X = r:normal(8, 20), Y = r:normal(8, 20) }
    assert.not_matches("fused", (plan({ 8, 8, 8 }, { task = coloured })))
  end)

  it("give back what `stop` changes", function()
    local task = white_task(random.stream(5), 6, 6)
    local net = network.new { task = task, hidden = 6, scale = 0.3, seed = 1 }
    local shown = 0
    local fused, plain = both(net, { task = task, rate = 0.01, steps = 500, every = 100, record = "loss",
      stop = function(state)
        shown = shown + 1
        state.net.weights[1]:scal(0.5)
      end })
    assert.equal(12, shown)
    assert.is_true(apart(fused.loss, plain.loss) <= 1e-12)
  end)
end)
