-- Test errors of trained networks beside the theory of generalization in high dimensions, at the sizes, and to the
-- figures, of the tables below: their printed digits for the theory, standard errors for means of trained networks.

local g = theory.generalization

--- Fails unless a mean lies within `most` (4) standard errors of the theory.
local function within(mean, stderr, expected, what, most)
  local distance = math.abs(mean - expected) / stderr
  if not (distance <= (most or 4)) then
    error(("%s: %.4f (standard error %.4f), expected %.4f"):format(what, mean, stderr, expected), 2)
  end
end

--- Fails unless x is `printed` in so many decimals, the last of which may be one off.
local function agrees(x, printed, decimals, what)
  assert.close(x, printed, 1.01 * 10 ^ -decimals / math.max(1, math.abs(printed)), what)
end

describe("early stopping and ridge, snr 5", function()
  -- alpha, time of the lowest test error, that error, the best ridge's, in the end, in the end from initial power 0.2
  local rows = {
    { 0.1, 0.198202, 1.11816, 1.11789, 1.12222, 1.30222 }, { 0.25, 0.569038, 1.00141, 1, 1.01667, 1.16667 },
    { 0.5, 1.35358, 0.826066, 0.821699, 0.9, 1 }, { 0.8, 2.41218, 0.655162, 0.647214, 1.2, 1.24 },
    { 0.95, 2.91181, 0.5875, 0.578459, 4.05, 4.06 }, { 1, 3.06707, 0.567516, 0.558258, math.huge, math.huge },
    { 1.05, 3.21558, 0.548757, 0.539354, 4.2, 4.2 }, { 1.25, 3.73601, 0.484966, 0.475625, 1, 1 },
    { 2, 4.78705, 0.354071, 0.348331, 0.4, 0.4 }, { 4, 5.30899, 0.262764, 0.261325, 0.266667, 0.266667 },
    { 10, 5.51053, 0.221875, 0.221688, 0.222222, 0.222222 } }

  for _, row in ipairs(rows) do
    it(("theory at alpha = %g"):format(row[1]), function()
      local e = g.shallow { alpha = row[1], snr = 5 }
      for k, x in ipairs { e.t_opt, e.best, e.best_ridge_error, e.final,
                           g.shallow { alpha = row[1], snr = 5, init_power = 0.2 }.final } do
        agrees(x, row[k + 1], 5, "column " .. k)
      end
    end)
  end

  it("never loses more than 3.6% to the best ridge", function()
    for _, snr in ipairs { 0.1, 1, 5, 10, 100, 1000 } do
      local e = g.shallow { alpha = matrix.logspace(math.log(0.2, 10), math.log(5, 10), 200), snr = snr }
      local ratio = e.best:over(e.best_ridge_error)
      assert.is_true((ratio:max()) < 1.036)
      assert.is_true((ratio:min()) >= 1)
    end
  end)

  local times = { 0.1, 0.3, 1, 2, 5, 10, 30, 100, 250, 500 }
  for _, examples in ipairs { 50, 200 } do
    for _, power in ipairs { 0, 0.2, 1 } do
      it(("50 networks, %d examples of 100 inputs, initial power %g"):format(examples, power), function()
        local ensemble = network.ensemble { count = 50, sizes = { 100, 1 }, seed = 1,
                                            init = power == 0 and "zeros" or nil,
                                            scale = power > 0 and (power / 100) ^ 0.5 or nil }
        local run = ensemble:flow { times = times, record = { "error", "test_error", "weights" }, task = function(i)
          return data.teacher { inputs = 100, examples = examples, noise = 0.2, test = "exact", seed = 100 + i }
        end }
        local e = g.shallow { inputs = 100, examples = examples, noise = 0.2, init_power = power, t = times }
        for k, t in ipairs(times) do
          within(run.mean.test_error[k], run.stderr.test_error[k], e.test_error[k], "test error at " .. t)
          if e.train_error[k] > 1e-3 then -- less is left in a few of the networks alone
            within(run.mean.error[k], run.stderr.error[k], e.train_error[k], "training error at " .. t)
          end
          local powers = matrix.zeros(50)
          for i = 1, 50 do powers[i] = run[i].weights[k][1]:norm() ^ 2 end
          within(powers:mean(), powers:std() / 50 ^ 0.5, e.weight_power[k], "power of the weights at " .. t)
        end
      end)
    end
  end
end)

describe("students that see some of 400 inputs, 100 examples, noise 0.1", function()
  -- inputs seen, lowest test error over time, in the end (math.huge: large sizes)
  local rows = { { 10, 1.095, 1.194 }, { 25, 1.088, 1.383 }, { 50, 1.077, 1.95 }, { 75, 1.065, 3.65 },
                 { 90, 1.057, 8.75 }, { 95, 1.055, 17.25 }, { 105, 1.050, 17.6 }, { 110, 1.047, 9.1 },
                 { 125, 1.040, 4.0 }, { 150, 1.027, 2.3 }, { 200, 1.001, 1.45 }, { 300, 0.9447, 1.025 },
                 { 400, 0.8793, 0.8833 } }
  local times = matrix.logspace(-1, 3.5, 46)
  for _, row in ipairs(rows) do
    it(("%d of them"):format(row[1]), function()
      local student = g.misspecified { inputs = 400, seen = row[1], examples = 100, noise = 0.1 }
      local large = g.shallow { alpha = student.alpha, power = student.power, noise = student.noise }
      agrees(large.best, row[2], 3)
      agrees(large.final, row[3], row[3] > 10 and 1 or 2)

      local ensemble = network.ensemble { count = 60, sizes = { row[1], 1 }, init = "zeros" }
      local run = ensemble:train { rate = 0.1, times = times, record = "test_error", task = function(i)
        return data.teacher { inputs = 400, seen = row[1], examples = 100, noise = 0.1, test = "exact", seed = i }
      end }
      local e = g.shallow { inputs = 400, seen = row[1], examples = 100, noise = 0.1, t = run.t }
      local lowest, at = run.mean.test_error:min()
      within(lowest, run.stderr.test_error[at], e.best, "lowest")
      within(run.mean.test_error[#run.t], run.stderr.test_error[#run.t], e.test_error[#run.t], "in the end")
    end)
  end
end)

describe("random ReLU features, 1.5 examples for each input, noise 0.2", function()
  -- features for each input, test error in the end over the lowest one
  local rows = { { 0.2, 1.078 }, { 0.5, 1.253 }, { 1, 2.089 }, { 1.4, 9.311 }, { 1.6, 9.786 }, { 2, 2.539 },
                 { 3, 1.382 }, { 5, 1.101 }, { 10, 1.017 } }
  for _, row in ipairs(rows) do
    it(("%g features for each input"):format(row[1]), function()
      local e = g.random_features { width = row[1], alpha = 1.5, noise = 0.2, t = math.huge }
      agrees(e.final / e.best, row[2], 3)
    end)
  end

  for _, width in ipairs { 30, 75, 150, 210, 240, 300, 450, 750 } do
    it(("12 networks of %d features, 150 inputs"):format(width), function()
      local inputs, examples, long = 150, 225, 300
      local function task_of(seed)
        local r = random.stream(seed)
        local w, W = r:normal(1, inputs), r:normal(width, inputs, 0, inputs ^ -0.5)
        w = w / w:norm()
        local function drawn(count)
          local X = r:normal(inputs, count)
          return { X = (W * X):relu(), Y = w * X + r:normal(1, count, 0, 0.2 ^ 0.5) }
        end
        local seen = drawn(examples)
        seen.test = data.task(drawn(1500))
        return data.task(seen)
      end
      local ensemble = network.ensemble { count = 12, sizes = { width, 1 }, init = "zeros" }
      local run = ensemble:train { task = task_of, rate = 2 / (1 + width / 3), record = "test_error",
                                   times = matrix.logspace(-1, math.log(long, 10), 36) }
      local e = g.random_features { inputs = inputs, hidden = width, examples = examples, noise = 0.2, t = long }
      local lowest, at = run.mean.test_error:min()
      local last = #run.t
      -- The theory is of large sizes: 2% beside what chance does.
      within(lowest, run.stderr.test_error[at] + 0.005 * e.best, e.best, "lowest")
      within(run.mean.test_error[last], run.stderr.test_error[last] + 0.005 * e.test_error, e.test_error, "in the end")
    end)
  end
end)

describe("speed against accuracy, half as many examples as inputs, snr 4", function()
  -- size of the first map; in the end with one layer; time to 1%, lowest and last test error with 2, 3 and 4 layers
  local rows = {
    { 0.001, 1.0000, 5.27, 0.8995, 1.0004, 11.30, 0.9046, 1.0041, 20.29, 0.9126, 1.0129 },
    { 0.01, 1.0000, 4.65, 0.9029, 1.0043, 6.79, 0.9173, 1.0195, 8.69, 0.9363, 1.0420 },
    { 0.05, 1.0012, 4.20, 0.9183, 1.0220, 5.12, 0.9501, 1.0589, 5.65, 0.9827, 1.0989 },
    { 0.1, 1.0050, 3.99, 0.9382, 1.0446, 4.59, 0.9814, 1.0964, 4.86, 1.0208, 1.1456 },
    { 0.2, 1.0200, 3.74, 0.9800, 1.0917, 4.09, 1.0351, 1.1607, 4.21, 1.0801, 1.2183 },
    { 0.5, 1.1250, 3.18, 1.1249, 1.2500, 3.31, 1.1812, 1.3320, 3.33, 1.2164, 1.3901 },
    { 1, 1.5000, 2.39, 1.4457, 1.5757, 2.40, 1.4456, 1.6154, 2.41, 1.4395, 1.6401 } }
  it("theory of balanced networks", function()
    local strength = {}
    for k, row in ipairs(rows) do strength[k] = row[1] end
    local e = g.speed_accuracy { alpha = 0.5, snr = 4, depth = { 1, 2, 3, 4 }, strength = strength }
    for k, row in ipairs(rows) do
      agrees(e.final:get(k, 1), row[2], 4)
      for depth = 2, 4 do
        local at = 3 * (depth - 1)
        agrees(e.time:get(k, depth), row[at], 2, "time")
        agrees(e.best:get(k, depth), row[at + 1], 4, "lowest")
        agrees(e.final:get(k, depth), row[at + 2], 4, "in the end")
      end
    end
  end)

  -- standard deviation of the weights; time to 1%, lowest and last test error
  for _, row in ipairs { { 1e-4, 6.93, 0.8991, 1.0000 }, { 1e-3, 5.70, 0.8992, 1.0001 }, { 3e-3, 5.11, 0.8998, 1.0008 },
                         { 1e-2, 4.53, 0.9067, 1.0086 }, { 2e-2, 4.34, 0.9291, 1.0339 } } do
    it(("24 networks of two layers from random weights of %g"):format(row[1]), function()
      local e = g.deep { inputs = 200, examples = 100, hidden = 100, scale = row[1], snr = 4, left = 0.01 }
      agrees(e.time_to_train, row[2], 2, "time")
      agrees(e.best, row[3], 4, "lowest")
      agrees(e.final, row[4], 4, "in the end")

      local count, times = 24, matrix.linspace(0, 60, 601)
      local ensemble = network.ensemble { count = count, sizes = { 200, 100, 1 }, scale = row[1], seed = 1 }
      local run = ensemble:train { rate = 0.05, times = times, record = { "error", "test_error" }, task = function(i)
        return data.teacher { inputs = 200, examples = 100, snr = 4, test = "exact", seed = i }
      end }
      local lowest, at = run.mean.test_error:min()
      within(lowest, run.stderr.test_error[at], e.best, "lowest")
      within(run.mean.test_error[#times], run.stderr.test_error[#times], e.final, "in the end")
      local mean = 0
      for i = 1, count do
        local k = 1
        while run[i].error[k] > 0.01 * run[i].error[1] do k = k + 1 end
        mean = mean + times[k] / count
      end
      assert.close(mean, e.time_to_train, 0.12) -- where the saddle is left scatters with the size
    end)
  end
end)

describe("one mode in noise, 100 x 100, started at 0.001", function()
  -- strength, as the data show it, time of the lowest error, that error over strength^2, the same in the published form
  for _, row in ipairs { { 1.5, 2.1667, 1.3802, 0.8765, 0.9003 }, { 2, 2.5, 1.4992, 0.5956, 0.6077 },
                         { 3, 3.3333, 1.3816, 0.2365, 0.2381 }, { 4, 4.25, 1.2058, 0.1255, 0.1258 },
                         { 6, 6.1667, 0.9372, 0.0551, 0.0551 } } do
    it(("of strength %g"):format(row[1]), function()
      local s = row[1]
      local setting = { s = { s }, outputs = 100, inputs = 100, noise = 1, start = 1e-3 }
      local e = g.low_rank(setting)
      agrees(e.s_hat[1], row[2], 4)
      agrees(e.t_opt, row[3], 4)
      agrees(e.best_excess / s ^ 2, row[4], 4)
      setting.form = "published"
      agrees(g.low_rank(setting).best_excess / s ^ 2, row[5], 4)

      local teacher, errors = matrix.zeros(100, 100), matrix.zeros(12)
      teacher[1][1] = s
      for seed = 1, 12 do
        local Syx = teacher + random.stream(seed):normal(100, 100, 0, 0.1)
        local task = data.task { Sxx = matrix.eye(100), Syx = Syx, tr_yy = Syx:norm() ^ 2 }
        local net = network.new { task = task, hidden = 100, init = "aligned", strength = 1e-3, seed = seed }
        net:flow { task = task, times = { e.t_opt }, record = "loss" }
        errors[seed] = (net:product() - teacher):norm() ^ 2
      end
      within(errors:mean(), errors:std() / 12 ^ 0.5, e.best_excess, "lowest")
    end)
  end
end)
