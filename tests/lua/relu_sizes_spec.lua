-- Networks of ReLU units that are trained in both layers overtrain most where they have as many parameters as there are
-- examples, and less if they are smaller or larger (Advani & Saxe 2017).

local inputs, examples = 10, 200

--- A teacher of 10 ReLU units, its outputs standardised, with noise of variance 1/2 on the examples and none on the test.
local function tasks_of(seed)
  local r = random.stream(seed)
  local W1, W2 = r:normal(10, inputs, 0, inputs ^ -0.5), r:normal(1, 10, 0, 10 ^ -0.5)
  local function outputs(X) return W2 * (W1 * X):relu() end
  local many = outputs(r:normal(inputs, 100000))
  local mean, sd = many:mean(), many:std()
  local X, fresh = r:normal(inputs, examples), r:normal(inputs, 2000)
  return data.task { X = X, Y = (outputs(X) - mean) / sd + r:normal(1, examples, 0, 0.5 ^ 0.5) },
    data.task { X = fresh, Y = (outputs(fresh) - mean) / sd }
end

--- Mean final and mean best test error of networks with `hidden` units.
local function trained(hidden)
  local final, best = 0, 0
  for seed = 1, 3 do
    local task, test = tasks_of(seed)
    local net = network.new { sizes = { inputs, hidden, 1 }, activation = "relu", gain = 0.5, seed = 100 + seed }
    local run = net:train { task = task, test = test, optimizer = "momentum", momentum = 0.9, rate = 0.05, steps = 10000,
                            every = 50, record = "test_error" }
    final = final + run.test_error[#run.t] / 3
    best = best + (run.test_error:min()) / 3
  end
  return final, best
end

describe("overtraining of ReLU networks", function()
  it("is worst where there are as many parameters as examples", function()
    local final, overtraining = {}, {}
    for _, hidden in ipairs { 4, 20, 80 } do
      local best
      final[hidden], best = trained(hidden)
      overtraining[hidden] = final[hidden] / best
    end
    for _, hidden in ipairs { 4, 80 } do
      assert.is_true(final[20] > 2 * final[hidden])
      assert.is_true(overtraining[20] > 2 * overtraining[hidden])
    end
  end)
end)
