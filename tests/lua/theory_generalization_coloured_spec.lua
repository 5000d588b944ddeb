-- theory.generalization.coloured: one-layer students of inputs with a covariance.

local g = theory.generalization
local inf = math.huge

describe("theory.generalization.coloured", function()
  it("is the student of white inputs where all variances are 1", function()
    for _, alpha in ipairs { 0.5, 1, 2 } do
      local times = { 0, 0.3, 2, 20, inf }
      local e = g.coloured { variances = { 1, 1 }, fractions = { 0.3, 0.7 }, alpha = alpha, snr = 4, init_power = 0.3,
        t = times, ridge = 0.2 }
      local white = g.shallow { alpha = alpha, snr = 4, init_power = 0.3, t = times, ridge = 0.2 }
      for i = 1, #times do
        assert.close(e.test_error[i], white.test_error[i], 1e-10)
        assert.close(e.train_error[i], white.train_error[i], 1e-10)
      end
      assert.close(e.ridge_error, white.ridge_error, 1e-13)
      assert.close(e.ridge_train_error, white.ridge_train_error, 1e-13)
      assert.close(e.best_ridge, white.best_ridge, 1e-6)
      assert.close(e.best_ridge_error, white.best_ridge_error, 1e-13)
      assert.close(e.final, white.final, 1e-13)
    end
  end)

  it("has the best ridge of the posterior mean where the weights are equally strong", function()
    local e = g.coloured { variances = { 0.1, 1, 4 }, alpha = 0.7, power = 2, noise = 0.5 }
    assert.close(e.best_ridge, 0.5 / (0.7 * 2), 1e-6)
  end)

  it("ends where ridge ends, and has exact limits", function()
    local options = { variances = { 0.5, 2 }, alpha = 0.4, noise = 0.3, t = { 3000, inf }, ridge = 0 }
    local e = g.coloured(options)
    assert.close(e.test_error[1], e.final, 1e-8)
    assert.are.equal(e.final, e.ridge_error)
    assert.are.equal(0, e.train_error[2])
    assert.are.equal(inf, g.coloured({ variances = { 0.5, 2 }, alpha = 1, noise = 0.3 }).final)
    assert.are.equal(0, g.coloured({ variances = { 0.5, 2 }, alpha = 1, noise = 0 }).final)
    -- directions without input are neither learned nor missed
    local blind = g.coloured { variances = { 0, 1 }, alpha = 1, noise = 0.3, power = { 5, 1 } }
    assert.close(blind.final, 0.6, 1e-14)
    assert.close(blind.final_train_error, 0.15, 1e-14)
    local still = g.coloured { variances = { 1, 3 }, alpha = 1, noise = 0.3, power = { 1, 2 }, ridge = inf }
    assert.close(still.ridge_error, 0.3 + 3.5, 1e-14)
  end)

  it("takes a covariance, and a teacher's weights with it", function()
    local Q = random.stream(4):orthogonal(3)
    local C = Q * matrix.diag { 0.2, 1, 3 } * Q.T
    C = (C + C.T) / 2
    local one = g.coloured { covariance = C, teacher = (Q * matrix { 1, 0, 2 }).T, alpha = 0.8, noise = 0.1, t = 2, ridge = 1 }
    local same = g.coloured { variances = { 0.2, 1, 3 }, power = { 3, 0, 12 }, alpha = 0.8, noise = 0.1, t = 2, ridge = 1 }
    local diagonal = g.coloured { covariance = { 0.2, 1, 3 }, teacher = { 1, 0, 2 }, inputs = 10, examples = 8, noise = 0.1,
      t = 2, ridge = 1 }
    for _, other in ipairs { same, diagonal } do
      for name, value in pairs(one) do assert.close(value, other[name], 1e-7, name) end
    end
  end)

  it("is what trained networks do, on average", function()
    local N, P, COUNT = 120, 80, 24
    local C = matrix.zeros(N, 1)
    for i = 1, N do C[i] = i <= 40 and 2.5 or 0.25 end
    local times = { 0, 1, 5, 40 }
    local test, train = matrix.zeros(COUNT, 4), matrix.zeros(COUNT, 4)
    for seed = 1, COUNT do
      local task = data.teacher { inputs = N, examples = P, covariance = C, snr = 4, test = "exact", seed = seed }
      local net = network.new { sizes = { N, 1 }, init = "gaussian", scale = math.sqrt(0.3 / N), seed = seed }
      local run = net:train { task = task, rate = 0.05, times = times, record = { "error", "test_error" } }
      for i = 1, 4 do test:set(seed, i, run.test_error[i]) train:set(seed, i, run.error[i]) end
    end
    local e = g.coloured { covariance = C, alpha = P / N, snr = 4, init_power = 0.3, t = times }
    for i = 1, 4 do
      for _, of in ipairs { { test, e.test_error }, { train, e.train_error } } do
        local found = of[1]:col(i)
        -- a rate of 0.05 and a size of 120 are some per cent from no rate and infinite size
        local allowed = 3.5 * found:std() / math.sqrt(COUNT) + 0.02 * of[2][i]
        assert.is_true(math.abs(found:mean() - of[2][i]) <= allowed, ("t = %g: %g, theory %g"):format(times[i],
          found:mean(), of[2][i]))
      end
    end
  end)

  it("refuses what makes no sense, and says why", function()
    local white = { 1, 1 }
    for _, case in ipairs {
      { { alpha = 1, snr = 1 }, "variances .* or covariance is needed" },
      { { alpha = 1, variances = white }, "noise .* or snr .* is needed" },
      { { variances = white, snr = 1 }, "alpha .* is needed" },
      { { alpha = 1, variances = { 1, -1 }, snr = 1 }, "variance 2 is %-1" },
      { { alpha = 1, variances = { 0, 0 }, snr = 1 }, "all variances are 0" },
      { { alpha = 1, variances = {}, snr = 1 }, "variances must" },
      { { alpha = 1, variances = white, fractions = { 0.5, 0.4 }, snr = 1 }, "the fractions sum to 0.9" },
      { { alpha = 1, variances = white, fractions = { 1, 1, 1 }, snr = 1 }, "fractions has 3 numbers, and there are 2" },
      { { alpha = 1, variances = white, power = { 1 }, snr = 1 }, "power has 1 numbers" },
      { { alpha = 1, variances = white, power = { 1, -1 }, noise = 1 }, "power 2 is %-1" },
      { { alpha = 1, variances = white, power = 0, noise = 0 }, "are all 0" },
      { { alpha = 1, variances = white, power = 0, snr = 1 }, "snr is power/noise and must be > 0" },
      { { alpha = 1, variances = white, noise = 1, snr = 1 }, "noise and snr exclude each other" },
      { { alpha = 1, variances = white, covariance = white, snr = 1 }, "variances and covariance exclude" },
      { { alpha = 1, variances = white, teacher = white, snr = 1 }, "teacher goes with covariance" },
      { { alpha = 1, covariance = white, teacher = { 1 }, snr = 1 }, "teacher has 1 weights" },
      { { alpha = 1, covariance = matrix.ones(2, 3), snr = 1 }, "covariance must be square" },
      { { alpha = 1, covariance = matrix { { 1, 2 }, { 2, 1 } }, snr = 1 }, "variance 1 is %-1" },
      { { alpha = 1, variances = white, snr = 1, t = -1 }, "t must be >= 0" },
      { { alpha = 1, variances = white, snr = 1, t = 1e300 }, "give infinity for the limit" },
      { { alpha = 1, variances = white, snr = 1, ridge = -1 }, "ridge must be a number between 0 and inf" },
    } do
      assert.error_matches(function() g.coloured(case[1]) end, "theory.generalization.coloured: .*" .. case[2])
    end
  end)
end)
