-- Networks of ReLU units that are trained in both layers, at all sizes: overtraining is worst where there are as many
-- parameters as examples, 200 of a teacher of 10 units with label noise of variance 1/2 (after Advani & Saxe 2017); and
-- what the size of the first weights does to speed and accuracy.

local inputs, examples = 10, 200

--- A task of the teacher of this seed, its outputs standardised, and no noise on the test.
local function task_of(seed)
  local r = random.stream(seed)
  local teacher = network.from { r:normal(10, inputs, 0, inputs ^ -0.5), r:normal(1, 10, 0, 10 ^ -0.5),
                                 activation = "relu" }
  local many = teacher:forward(r:normal(inputs, 100000))
  local mean, sd = many:mean(), many:std()
  local X, fresh = r:normal(inputs, examples), r:normal(inputs, 2000)
  return data.task { X = X, Y = (teacher:forward(X) - mean) / sd + r:normal(1, examples, 0, 0.5 ^ 0.5),
                     test = data.task { X = fresh, Y = (teacher:forward(fresh) - mean) / sd } }
end

local seeds, tasks = 4, {}
for seed = 1, seeds do tasks[seed] = task_of(seed) end

--- Mean last and mean lowest test errors, the mean of the last training errors, and the run.
local function trained(hidden, gain, rate, steps)
  local ensemble = network.ensemble { count = seeds, sizes = { inputs, hidden, 1 }, activation = "relu", gain = gain,
                                      seed = 101 }
  local run = ensemble:train { task = tasks, momentum = 0.9, rate = rate, steps = steps, every = 50,
                               record = { "error", "test_error" } }
  local lowest = 0
  for i = 1, seeds do lowest = lowest + (run[i].test_error:min()) / seeds end
  return run.mean.test_error[#run.t], lowest, run.mean.error[#run.t], run
end

describe("ReLU networks of all sizes", function()
  local sizes = { 2, 4, 12, 20, 40, 80, 200 }
  local final, lowest, train = {}, {}, {}
  setup(function()
    for _, hidden in ipairs(sizes) do
      final[hidden], lowest[hidden], train[hidden] = trained(hidden, 0.5, 0.05, 10000)
    end
  end)

  it("overtrain most with as many parameters as examples", function()
    for _, hidden in ipairs(sizes) do
      if hidden ~= 20 then
        assert.is_true(final[20] > final[hidden])
        assert.is_true(final[20] / lowest[20] > final[hidden] / lowest[hidden])
      end
    end
    for _, hidden in ipairs { 4, 80 } do
      assert.is_true(final[20] > 2 * final[hidden])
      assert.is_true(final[20] / lowest[20] > 2 * final[hidden] / lowest[hidden])
    end
  end)

  it("overtrain the less the further they are from there", function()
    for k = 2, #sizes do
      local a, b = sizes[k - 1], sizes[k]
      assert.equal(b <= 20, final[a] / lowest[a] < final[b] / lowest[b])
    end
  end)

  it("learn the examples by heart from there on", function()
    assert.is_true(train[12] > 0.1)
    assert.is_true(train[20] < 0.05)
    for _, hidden in ipairs { 40, 80, 200 } do assert.is_true(train[hidden] < 1e-6) end
  end)

  it("have nearly the same lowest error from the teacher's size on", function()
    for _, hidden in ipairs { 12, 20, 40, 80, 200 } do
      assert.is_true(lowest[hidden] > 0.12 and lowest[hidden] < 0.3)
    end
  end)
end)

describe("the first weights of a ReLU network of 80 units", function()
  it("make it fast and inaccurate where they are large, slow and accurate where they are small", function()
    local time, lowest, final = {}, {}, {}
    local scales = { 0.05, 0.2, 0.5, 1, 2, 4 }
    for k, scale in ipairs(scales) do
      local rate, steps = 0.02, 12500
      if k == #scales then rate, steps = 0.005, 50000 end
      local last, best, _, run = trained(80, scale, rate, steps)
      local at = 1
      while run.mean.error[at] > 0.05 do at = at + 1 end
      time[k], lowest[k], final[k] = run.t[at] / (1 - 0.9), best, last
    end
    for k = 1, 3 do assert.is_true(time[k] > time[k + 1]) end
    for k = 3, #scales do assert.is_true(lowest[k] > lowest[k - 1]) end
    assert.is_true(lowest[#scales] > 2.5 * lowest[1])
    assert.is_true(final[#scales] > 2 * final[3])
  end)
end)
