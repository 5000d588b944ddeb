-- Overtraining is worst where a network has as many parameters as there are examples, and less where it is smaller or
-- larger (Advani & Saxe 2017). Three ways to change the size while the examples stay: a linear student that sees some
-- of the teacher's inputs (Hastie et al. 2019), a layer on random ReLU features (Mei & Montanari 2019), and networks of
-- ReLU units with both layers trained, for which there is no closed theory. The lowest test error over time does not
-- show where that size is; the error after long training peaks there. Theory, and means of trained networks with their
-- standard errors.

local networks, long = 10, 600
local times = matrix.logspace(-1, math.log(long, 10), 36)

--- Networks of one layer whose training starts from 0.
local function train_layer(inputs, rate, task)
  local ensemble = network.ensemble { count = networks, sizes = { inputs, 1 }, init = "zeros" }
  return ensemble:train { task = task, rate = rate, times = times, record = "test_error" }
end

--- Examples of a linear teacher of 60 inputs, as random ReLU features show them.
local function features(width, seed)
  local r = random.stream(seed)
  local w, W = r:normal(1, 60, 0, 60 ^ -0.5), r:normal(width, 60, 0, 60 ^ -0.5)
  w = w / w:norm()
  local function examples(count)
    local X = r:normal(60, count)
    return { X = (W * X):relu(), Y = w * X + r:normal(1, count, 0, 0.2 ^ 0.5) }
  end
  local seen = examples(90)
  seen.test = data.task(examples(1000))
  return data.task(seen)
end

--- Noisy examples of a teacher with 10 ReLU units, whose outputs are standardised, and a test without noise.
local function relu_teacher(seed)
  local r = random.stream(seed)
  local teacher = network.from { r:normal(10, 10, 0, 10 ^ -0.5), r:normal(1, 10, 0, 10 ^ -0.5), activation = "relu" }
  local many = teacher:forward(r:normal(10, 20000))
  local function outputs(X) return (teacher:forward(X) - many:mean()) / many:std() end
  local X, fresh = r:normal(10, 200), r:normal(10, 2000)
  return data.task { X = X, Y = outputs(X) + r:normal(1, 200, 0, 0.5 ^ 0.5),
                     test = data.task { X = fresh, Y = outputs(fresh) } }
end

local ways = {
  { title = "Some of the inputs seen", examples = 100, sizes = { 10, 25, 50, 75, 90, 110, 150, 200, 300, 400 },
    theory = function(seen)
      return theory.generalization.shallow { inputs = 400, seen = seen, examples = 100, snr = 10, t = long }
    end,
    train = function(seen)
      return train_layer(seen, 0.1, function(i)
        return data.teacher { inputs = 400, seen = seen, examples = 100, snr = 10, test = "exact", seed = i }
      end)
    end },
  { title = "Random ReLU features", examples = 90, sizes = { 12, 30, 60, 84, 96, 120, 180, 300, 450 },
    theory = function(width)
      return theory.generalization.random_features { inputs = 60, hidden = width, examples = 90, noise = 0.2, t = long }
    end,
    train = function(width)
      return train_layer(width, 2 / (1 + width / 3), function(i) return features(width, i) end)
    end },
  { title = "Both layers trained", examples = 200, sizes = { 22, 44, 132, 220, 440, 880, 2200 },
    train = function(parameters)
      local ensemble = network.ensemble { count = 4, sizes = { 10, parameters // 11, 1 }, activation = "relu",
                                          gain = 0.5, seed = 101 }
      return ensemble:train { task = relu_teacher, rate = 0.05, momentum = 0.9, steps = 5000, record = "test_error" }
    end },
}

local ratios = plot.new { title = "Overtraining", xlabel = "parameters / examples", ylabel = "in the end / lowest",
                          x = "log", y = "log" }
local panels = {}
for k, way in ipairs(ways) do
  panels[k] = plot.new { title = way.title, xlabel = "parameters / examples", ylabel = "test error",
                         x = "log", y = "log", legend = "top left" }
  print("\n" .. way.title .. "\nparameters/examples   lowest   in the end (standard error)   ratio   theory")
  local load = matrix(way.sizes) / way.examples
  local best, final, best_error, final_error = load:copy(), load:copy(), load:copy(), load:copy()
  for i, size in ipairs(way.sizes) do
    local run = way.train(size)
    local lowest, at = run.mean.test_error:min()
    best[i], best_error[i] = lowest, run.stderr.test_error[at]
    final[i], final_error[i] = run.mean.test_error[#run.t], run.stderr.test_error[#run.t]
    local told = way.theory and way.theory(size)
    print(("%19.2f   %6.3f   %10.3f   (%.3f) %15.1f   %s"):format(load[i], best[i], final[i], final_error[i],
      final[i] / best[i], told and ("%.3f and %.3f"):format(told.best, told.test_error) or ""))
  end
  if way.theory then
    local smaller = matrix.logspace(math.log(load[1], 10), 0, 16)
    local x = matrix.vcat(smaller, matrix.logspace(0, math.log(load[#load], 10), 16))
    local low, last = x:copy(), x:copy()
    for i = 1, #x do
      local told = way.theory(math.floor(x[i] * way.examples + 0.5))
      low[i], last[i] = told.best, told.test_error
    end
    panels[k]:lines(x, last, { color = 2 }):lines(x, low, { color = 1 })
    ratios:lines(x, last:over(low), { color = k })
  end
  panels[k]:errorbars(load, final, final_error, { label = "in the end", color = 2 })
    :errorbars(load, best, best_error, { label = "lowest", color = 1 }):vline(1)
  ratios:points(load, final:over(best), { label = way.title, color = k })
end

plot.grid { { panels[1], panels[2] }, { panels[3], ratios:vline(1) } }:save "size.svg"
print "\nthe picture is in size.svg"
