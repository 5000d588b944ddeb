-- theory.generalization: one-layer students of a noisy teacher.

local g = theory.generalization
local inf = math.huge

local function refuses(f, cases)
  for _, case in ipairs(cases) do
    assert.error_matches(function() f(case[1]) end, case[2])
  end
end

describe("theory.generalization.shallow", function()
  it("has the table of stopping and ridge at a ratio of signal to noise of 5", function()
    -- alpha, t_opt, best, best ridge error, final, overtraining, final from initial weights as strong as the noise
    local rows = {
      { 0.1, 0.198202, 1.11816, 1.11789, 1.12222, 1.004, 1.30222 },
      { 0.25, 0.569038, 1.00141, 1, 1.01667, 1.015, 1.16667 },
      { 0.5, 1.35358, 0.826066, 0.821699, 0.9, 1.090, 1 },
      { 0.8, 2.41218, 0.655162, 0.647214, 1.2, 1.832, 1.24 },
      { 0.95, 2.91181, 0.5875, 0.578459, 4.05, 6.894, 4.06 },
      { 1, 3.06707, 0.567516, 0.558258, inf, inf, inf },
      { 1.05, 3.21558, 0.548757, 0.539354, 4.2, 7.654, 4.2 },
      { 1.25, 3.73601, 0.484966, 0.475625, 1, 2.062, 1 },
      { 2, 4.78705, 0.354071, 0.348331, 0.4, 1.130, 0.4 },
      { 4, 5.30899, 0.262764, 0.261325, 0.266667, 1.015, 0.266667 },
      { 10, 5.51053, 0.221875, 0.221688, 0.222222, 1.002, 0.222222 },
    }
    local alphas = {}
    for i, row in ipairs(rows) do alphas[i] = row[1] end
    local e = g.shallow { alpha = alphas, snr = 5 }
    local large = g.shallow { alpha = alphas, snr = 5, init_power = 0.2 }
    for i, row in ipairs(rows) do
      local found = { alphas[i], e.t_opt[i], e.best[i], e.best_ridge_error[i], e.final[i], e.overtraining[i],
        large.final[i] }
      for k, value in ipairs(row) do
        local same = found[k] == value or math.abs(found[k] - value) <= (k == 6 and 6e-4 or 6e-6 * value)
        assert.is_true(same, ("alpha %g, column %d: %.7g"):format(row[1], k, found[k]))
      end
    end
  end)

  it("answers in the shape of t, with a column for each student", function()
    local one = g.shallow { alpha = 0.5, snr = 5, t = 2 }
    assert.are.equal("number", math.type(one.test_error) and "number")
    local list = g.shallow { alpha = 0.5, snr = 5, t = { 1, 2 } }
    assert.are.equal(one.test_error, list.test_error[2])
    local row = g.shallow { alpha = 0.5, snr = 5, t = matrix { { 1, 2 } } }
    assert.are.same({ 1, 2 }, { row.train_error.rows, row.train_error.cols })
    local many = g.shallow { alpha = { 0.5, 1, 2 }, snr = 5, init_power = { 0, 1, 2 }, t = { 0, 2, 5, inf } }
    assert.are.same({ 4, 3 }, { many.test_error.rows, many.test_error.cols })
    assert.are.equal(one.test_error, many.test_error[2][1])
    assert.are.equal(inf, many.test_error[4][2])
    assert.are.same({ 0.4, 0.2, 0.1 }, (g.shallow { alpha = { 0.5, 1, 2 }, snr = 5 }).best_ridge)
    local column = g.shallow { alpha = matrix { 0.5, 1, 2 }, snr = 5 }
    assert.are.same({ 3, 1 }, { column.final.rows, column.final.cols })
    assert.is_nil(column.test_error)
    local unordered = g.shallow { alpha = 0.7, snr = 5, t = { 50, 0.1, inf, 3 } }
    for i, t in ipairs { 50, 0.1, inf, 3 } do
      assert.are.equal(g.shallow { alpha = 0.7, snr = 5, t = t }.test_error, unordered.test_error[i])
    end
  end)

  it("records what is asked for", function()
    local options = { alpha = 0.5, snr = 5, t = { 1, 200 }, record = { "test_error", "weight_norm" } }
    local some, all = g.shallow(options), g.shallow { alpha = 0.5, snr = 5, t = { 1, 200 } }
    assert.is_nil(some.train_error)
    assert.is_nil(some.excess_error)
    for i = 1, 2 do
      assert.close(some.test_error[i], all.test_error[i], 1e-14)
      assert.close(some.weight_norm[i], all.weight_norm[i], 1e-14)
    end
    options.record = "train_error"
    assert.are.same(all.train_error, g.shallow(options).train_error)
  end)

  it("says what its errors are", function()
    local e = g.shallow { alpha = 0.5, power = 2, noise = 0.3, init_power = 0.7, t = matrix.linspace(0, 20, 50) }
    assert.close(e.excess_error + 0.3, e.test_error, 1e-14)
    assert.close(e.weight_norm:times(e.weight_norm), e.weight_power, 1e-14)
    assert.close(e.test_error[1], 3, 1e-14)
    assert.close(e.train_error[1], 3, 1e-14)
    assert.close(e.weight_power[1], 0.7, 1e-14)
    assert.are.equal(e.final, (g.shallow { alpha = 0.5, power = 2, noise = 0.3, init_power = 0.7, t = inf }).test_error)
    assert.close(e.best, (g.shallow { alpha = 0.5, power = 2, noise = 0.3, init_power = 0.7, t = e.t_opt }).test_error, 1e-14)
    assert.close(e.overtraining, e.final / e.best, 1e-14)
  end)

  it("has exact limits and no NaN", function()
    for _, alpha in ipairs { 1e-6, 0.5, 1, 2, 1e6 } do
      for _, noise in ipairs { 0, 0.3 } do
        for _, power in ipairs { 0, 1 } do
          for _, start in ipairs { 0, 0.5 } do
            if noise + power + start > 0 then
              local e = g.shallow { alpha = alpha, noise = noise, power = power, init_power = start,
                t = { 0, 1, 1e3, 1e9, 1e30, 1e300, inf }, ridge = 0 }
              for name, value in pairs(e) do
                for _, x in ipairs(type(value) == "table" and value or { value }) do
                  assert.is_true(x == x and x >= 0, name)
                end
              end
              assert.are.equal(alpha == 1 and noise > 0 and inf or e.final, e.final)
              assert.are.equal(e.final, e.test_error[7])
              if alpha ~= 1 then assert.close(e.test_error[5], e.final, 1e-13) end
              if noise == 0 then assert.are.equal(power + start > 0 and inf, e.t_opt) end
            end
          end
        end
      end
    end
    local late = g.shallow { alpha = 1, noise = 1, power = 0, t = { 1e20, 4e20 } } -- grows as the root of time
    assert.close(late.test_error[2] / late.test_error[1], 2, 1e-9)
  end)

  it("keeps the digits of errors that fade", function()
    -- without noise and with many examples everything is learned, the slowest at the lower edge
    local a, b = g.shallow { alpha = 4, noise = 0, t = 400 }, g.shallow { alpha = 4, noise = 0, t = 401 }
    assert.is_true(a.test_error > 0 and a.test_error < 1e-80)
    assert.near(2 * 0.25, math.log(a.test_error / b.test_error), 5e-3)
  end)

  it("has the limits of a finite size where that is given", function()
    local few = g.shallow { inputs = 100, examples = 50, snr = 5, init_power = 0.5, t = { 1, inf } }
    assert.close(few.final, 0.2 * (1 + 50 / 49) + 0.5 * 1.5, 1e-13)
    assert.are.equal(few.final, few.test_error[2])
    assert.close(few.test_error[1], (g.shallow { alpha = 0.5, snr = 5, init_power = 0.5, t = 1 }).test_error, 1e-14)
    local many = g.shallow { inputs = 100, examples = 150, snr = 5 }
    assert.close(many.final, 0.2 * 149 / 49, 1e-13)
    assert.close(many.final_train_error, 0.2 / 3, 1e-13)
    for examples = 99, 101 do assert.are.equal(inf, (g.shallow { inputs = 100, examples = examples, snr = 5 }).final) end
    assert.are.equal(0, (g.shallow { inputs = 100, examples = 100, noise = 0 }).final)
  end)

  it("is descent where rate and steps are given", function()
    for _, alpha in ipairs { 0.3, 1, 3 } do
      local options = { alpha = alpha, snr = 3, init_power = 0.2, rate = 1e-5, steps = { 0, 1e4, 3e5, inf } }
      local e = g.shallow(options)
      local flow = g.shallow { alpha = alpha, snr = 3, init_power = 0.2, t = { 0, 0.1, 3, inf } }
      for i = 1, 4 do
        assert.close(e.test_error[i], flow.test_error[i], 1e-4)
        assert.close(e.train_error[i], flow.train_error[i], 1e-4)
      end
    end
    -- one step, by hand: w = rate Syx, E|w|^2 = rate^2 (power m_2 + g noise), m_2 = 1 + g
    local one = g.shallow { alpha = 0.5, power = 1, noise = 0.2, rate = 0.1, steps = 1 }
    assert.close(one.weight_power, 0.01 * (1 + 2 + 2 * 0.2), 1e-14)
    assert.close(one.excess_error, 1 - 2 * 0.1 + one.weight_power, 1e-14)
  end)

  it("takes what the student does not see as noise", function()
    local seen = g.shallow { inputs = 400, seen = { 100, 400 }, examples = 200, power = 1, noise = 0.1, t = { 1, inf } }
    local same = g.shallow { inputs = 100, examples = 200, power = 0.25, noise = 0.85, t = { 1, inf } }
    local all = g.shallow { inputs = 400, examples = 200, power = 1, noise = 0.1, t = { 1, inf } }
    for i = 1, 2 do
      assert.close(seen.test_error[i][1], same.test_error[i], 1e-14)
      assert.close(seen.excess_error[i][1], same.test_error[i] - 0.1, 1e-14)
      assert.close(seen.excess_error[i][2], all.excess_error[i], 1e-14)
    end
  end)

  it("has the table of students that see some of 400 inputs of 100 examples", function()
    local rows = { { 10, 1.095, 1.194 }, { 25, 1.088, 1.383 }, { 50, 1.077, 1.95 }, { 75, 1.065, 3.65 },
      { 95, 1.055, 17.25 }, { 110, 1.047, 9.1 }, { 125, 1.040, 4.0 }, { 200, 1.001, 1.45 }, { 400, 0.8793, 0.8833 } }
    for _, row in ipairs(rows) do
      local e = g.shallow(g.misspecified { inputs = 400, seen = row[1], examples = 100, noise = 0.1 })
      assert.near(row[2], e.best, 6e-4)
      assert.near(row[3], e.final, 6e-3 * row[3])
      local sized = g.shallow { inputs = 400, seen = row[1], examples = 100, noise = 0.1 }
      assert.close(sized.best, e.best, 1e-14)
    end
  end)

  it("loses little to the best ridge by stopping", function()
    local worst = 0
    for _, snr in ipairs { 0.1, 1, 10, 100, 1000 } do
      local e = g.shallow { alpha = matrix.logspace(-0.7, 0.7, 30), snr = snr }
      local loss = e.best:over(e.best_ridge_error)
      assert.is_true(loss:min() >= 1 - 1e-12)
      worst = math.max(worst, (loss:max()))
    end
    assert.is_true(worst > 1.02 and worst < 1.036)
  end)

  it("has no ridge that is better than the best", function()
    for _, alpha in ipairs { 0.3, 1, 3 } do
      local e = g.shallow { alpha = alpha, snr = 3 }
      local at = function(k) return g.shallow { alpha = alpha, snr = 3, ridge = k }.ridge_error end
      assert.close(at(e.best_ridge), e.best_ridge_error, 1e-13)
      assert.is_true(at(0.9 * e.best_ridge) > e.best_ridge_error and at(1.1 * e.best_ridge) > e.best_ridge_error)
      assert.close(at(inf), 4 / 3, 1e-14)
    end
  end)

  it("averages over teachers, noise and starts on given data", function()
    local task = data.teacher { inputs = 30, examples = 20, snr = 2, seed = 3 }
    local e = g.shallow { task = task, init_power = 0.3, t = { 0, 2, inf }, ridge = 0.3 }
    local same = g.shallow { eigenvalues = task.Sxx:eigh(), examples = 20, power = 1, noise = 0.5, init_power = 0.3,
      t = { 0, 2, inf }, ridge = 0.3 }
    for i = 1, 3 do assert.close(e.test_error[i], same.test_error[i], 1e-14) end
    assert.close(e.ridge_error, same.ridge_error, 1e-14)
    assert.close(e.test_error[1], 1.8, 1e-13)
    assert.close(e.train_error[3], 0, 1e-12)
    local S = task.Sxx + 0.3 * matrix.eye(30)
    local learned = task.Sxx * S:inv()
    local missed = matrix.eye(30) - learned
    assert.close(e.ridge_error, 0.5 + missed:dot(missed) / 30 + 0.5 / 20 * (learned * S:inv()):trace(), 1e-12)
    assert.is_true(e.best_ridge_error <= e.ridge_error and e.best_ridge_error <= e.best)
  end)

  it("is what trained networks do, on average over teachers and starts", function()
    local COUNT, RATE = 60, 0.02
    local times = { 0, 0.4, 2, 10, 40 }
    for _, examples in ipairs { 10, 20, 40 } do
      local options = { inputs = 20, examples = examples, snr = 4, test = "exact" }
      local apart = { test = matrix.zeros(COUNT, 5), train = matrix.zeros(COUNT, 5), power = matrix.zeros(COUNT, 5) }
      for seed = 1, COUNT do
        options.seed = seed
        local task = data.teacher(options)
        local net = network.new { sizes = { 20, 1 }, init = "gaussian", scale = math.sqrt(0.5 / 20), seed = seed }
        local run = net:train { task = task, rate = RATE, times = times, record = { "error", "test_error", "weights" } }
        local steps = {}
        for i, t in ipairs(times) do steps[i] = t / RATE end
        local e = g.shallow { task = task, init_power = 0.5, rate = RATE, steps = steps }
        for i = 1, 5 do
          apart.test:set(seed, i, run.test_error[i] - e.test_error[i])
          apart.train:set(seed, i, run.error[i] - e.train_error[i])
          apart.power:set(seed, i, run.weights[i][1]:norm() ^ 2 - e.weight_power[i])
        end
      end
      for name, difference in pairs(apart) do
        for i = 1, 5 do
          local column = difference:col(i)
          local standard_error = column:std() / math.sqrt(COUNT)
          assert.is_true(math.abs(column:mean()) <= 3.5 * standard_error + 1e-12,
            ("%s, %d examples, t = %g: %g, standard error %g"):format(name, examples, times[i], column:mean(), standard_error))
        end
      end
    end
  end)

  it("refuses what makes no sense, and says why", function()
    local task = data.teacher { inputs = 3, examples = 4, snr = 1 }
    refuses(g.shallow, {
      { nil, "a table of options is needed" },
      { { alpha = 1, snr = 1, nosie = 1 }, "theory.generalization.shallow: unknown option 'nosie'; did you mean 'noise'" },
      { { snr = 1 }, "alpha %(examples for each input%), or inputs and examples, is needed" },
      { { alpha = 0, snr = 1 }, "alpha must be > 0; got 0" },
      { { alpha = inf, snr = 1 }, "alpha = inf" },
      { { alpha = 1 }, "noise .* or snr .* is needed" },
      { { alpha = 1, snr = 1, noise = 1 }, "noise and snr exclude each other" },
      { { alpha = 1, snr = 0 }, "snr must be > 0; got 0" },
      { { alpha = 1, snr = 1, power = 0 }, "power must be > 0; got 0" },
      { { alpha = 1, snr = 1e-300, power = 1e300 }, "noise = inf" },
      { { alpha = 1, noise = -1 }, "noise must be >= 0; got %-1" },
      { { alpha = 1, noise = 0 / 0 }, "noise must be numbers; number 1 is NaN" },
      { { alpha = 1, noise = 0, power = 0 }, "power, noise and init_power are all 0" },
      { { alpha = 1, snr = 1, init_power = -1 }, "init_power must be >= 0" },
      { { alpha = 1, snr = 1, ridge = -1 }, "ridge must be >= 0" },
      { { alpha = 1, snr = 1, t = -1 }, "t must be >= 0; number 1 is %-1" },
      { { alpha = 1, snr = 1, t = 1, steps = 1 }, "t and steps exclude each other" },
      { { alpha = 1, snr = 1, t = 1, rate = 1 }, "rate goes with steps" },
      { { alpha = 1, snr = 1, steps = 1 }, "rate must be" },
      { { alpha = 1, snr = 1, steps = 1.5, rate = 0.1 }, "steps must be whole numbers; number 1 is 1.5" },
      { { alpha = 1, snr = 1, steps = 1, rate = 1 }, "rate = 1: descent converges for rates between 0 and 2/4 = 0.5" },
      { { alpha = 1, snr = 1, t = 1, record = "test_eror" }, "record does not know 'test_eror'; did you mean 'test_error'" },
      { { alpha = 1, snr = 1, t = 1, record = { "loss" } }, "record has the string 'loss', and knows test_error" },
      { { alpha = 1, snr = 1, t = 1, record = { 3 } }, "record has 3, and knows" },
      { { alpha = 1, snr = 1, t = 1, record = 3 }, "record must be a list of names, got 3" },
      { { alpha = 1, snr = 1, record = "test_error" }, "record names curves over time; give t" },
      { { alpha = 1, snr = 1, seen = 2 }, "seen goes with inputs and examples" },
      { { inputs = 2, examples = 1, snr = 1, seen = 3 }, "seen is how many of the 2 inputs the student sees, got 3" },
      { { alpha = 1, inputs = 2, snr = 1 }, "alpha and inputs exclude each other" },
      { { inputs = 2, snr = 1 }, "examples must be" },
      { { inputs = 2, examples = 0, snr = 1 }, "examples = 0: must lie between 1 and" },
      { { alpha = { 1, 2 }, snr = { 1, 2, 3 } }, "snr has 3 numbers, and there are 2 students" },
      { { alpha = matrix.ones(2, 2), snr = 1 }, "alpha must be a number or a list .* got a 2x2 matrix" },
      { { task = task, alpha = 1 }, "task and alpha exclude each other" },
      { { task = task, examples = 1 }, "task and examples exclude each other" },
      { { task = task.X }, "task must be a task" },
      { { task = data.task { Sxx = matrix.eye(2), Syx = matrix.zeros(1, 2), tr_yy = 1 }, snr = 1 }, "only moments" },
      { { task = data.task { X = matrix.eye(2), Y = matrix.ones(1, 2) } }, "noise .* is needed" },
      { { eigenvalues = {}, examples = 3, snr = 1 }, "eigenvalues must be" },
      { { eigenvalues = { 1, -1 }, examples = 3, snr = 1 }, "eigenvalue 2 is %-1" },
      { { eigenvalues = { 1, 1 }, snr = 1 }, "examples must be" },
      { { eigenvalues = { 1, 1 }, examples = 3, snr = 1, steps = 3, rate = 2 }, "descent converges for rates between 0 and" },
    })
  end)
end)

describe("theory.generalization.time_to_accuracy", function()
  it("rises with the examples and turns over where they are many", function()
    local expected = { 0.016, 0.142, 0.492, 1.085, 1.502, 1.951, 2.640, 2.784, 2.561 }
    local found = g.time_to_accuracy { alpha = { 0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 10 }, snr = 5, margin = 0.05 }
    for i, t in ipairs(expected) do assert.near(t, found[i], 5e-4) end
  end)

  it("is the time at which the error is so near to its best", function()
    local student = { alpha = 0.8, snr = 5, init_power = 0.5 }
    local best = g.shallow(student).best
    student.margin = 0.1
    local t = g.time_to_accuracy(student)
    assert.close(g.shallow({ alpha = 0.8, snr = 5, init_power = 0.5, t = t }).test_error, 1.1 * best, 1e-12)
  end)

  it("refuses what makes no sense", function()
    refuses(g.time_to_accuracy, {
      { { alpha = 1, snr = 1 }, "margin must be a number above 0, got nil" },
      { { alpha = 1, snr = 1, margin = 0 }, "margin must be a number above 0, got 0" },
      { { alpha = 1, noise = 0, margin = 1 }, "without noise the test error falls for ever" },
      { { alpha = 1, noise = 1, t = 1, margin = 1 }, "unknown option 't'" },
    })
  end)
end)

describe("theory.generalization.time_to_train", function()
  it("is that of a single mode where examples are many", function()
    assert.near(math.log(100) / 2, g.time_to_train { alpha = 1e8, snr = 5, left = 0.01 }, 1e-3)
  end)

  it("is longest at as many examples as inputs", function()
    local t = g.time_to_train { alpha = { 0.25, 0.5, 1, 2, 4 }, snr = 5, left = 1e-6 }
    for _, i in ipairs { 1, 2, 4, 5 } do assert.is_true(t[3] > 2 * t[i]) end
  end)

  it("refuses what makes no sense", function()
    refuses(g.time_to_train, {
      { { alpha = 1, snr = 1, left = 0 }, "left = 0: a share" },
      { { alpha = 1, snr = 1, left = 1 }, "left = 1: a share" },
      { { alpha = 1, snr = 1, left = -1 }, "left must be a number between 0 and 1" },
    })
  end)
end)
