-- Stopping early is worth as much as the best ridge, to a few per cent (Advani & Saxe 2017). For linear teachers the
-- theory tells both. On real data, one-layer networks trained from 0 beside ridges, means over 40 splits: 100 of the
-- handwritten digits (8x8 pixels), and 50 of 442 patients (ten measurements, and their diabetes a year later; Efron et
-- al. 2004). With a ridge a direction of the inputs learns about what it has learned at time 1/ridge without one.

local ratio = plot.new { title = "Linear teachers", xlabel = "examples / inputs",
                         ylabel = "early stopping / best ridge", x = "log", legend = "top right" }
local alpha = matrix.logspace(-0.7, 0.7, 61)
print "snr   early stopping loses to the best ridge, per cent at most"
for _, snr in ipairs { 0.1, 1, 5, 100, 1000 } do
  local told = theory.generalization.shallow { alpha = alpha, snr = snr, t = math.huge }
  local loss = told.best:over(told.best_ridge_error)
  print(("%-5g %.2f"):format(snr, 100 * (loss:max() - 1)))
  ratio:lines(alpha, loss, { label = ("snr %g"):format(snr) })
end

local splits = 40
local here = arg[0]:match "^.*/" or ""
local patients = data.csv(here .. "../data/diabetes.csv.gz", { outputs = "target" })
local times, ridges = matrix.logspace(-1, 4, 101), matrix.logspace(-4, 1, 51)

local function over_splits(title, task_of)
  local tasks = {}
  for i = 1, splits do tasks[i] = task_of(i) end
  local ensemble = network.ensemble { count = splits, sizes = { tasks[1].inputs, tasks[1].outputs }, init = "zeros" }
  local run = ensemble:flow { task = tasks, times = times, record = { "error", "test_error" } }
  local errors = matrix.zeros(#ridges, splits)
  for i, task in ipairs(tasks) do
    local values, vectors = task.Sxx:eigh()
    local Syx = task.Syx * vectors
    for k = 1, #ridges do
      local W = Syx * matrix.diag((values + ridges[k]):pow(-1)) * vectors.T
      errors[k][i] = network.from { W }:error(task.test)
    end
  end
  local ridge, spread = errors:mean(2), errors:std(2) / splits ^ 0.5
  local stopped, at = run.mean.test_error:min()
  local best, where = ridge:min()
  print(("%-10s %8.4f at time %-6.3g %8.4f at %-8.3g %8.4f %14.1f %%"):format(title, stopped, times[at], best,
    ridges[where], run.mean.test_error[#times], 100 * (stopped / best - 1)))
  local mean, stderr = run.mean.test_error, run.stderr.test_error
  return plot.new { title = title, xlabel = "time, or 1 / ridge", ylabel = "test error", x = "log",
                    legend = "top right" }
    :lines(times, mean, { label = "trained until then", color = 1 })
    :band(times, mean - stderr, mean + stderr, { color = 1 })
    :errorbars(ridges:pow(-1), ridge, spread, { label = "with this ridge", color = 2, every = 3 })
end

print "\n           lowest error over time     best ridge             in the end   stopping loses"
local digits = over_splits("digits", function(i) return data.digits():split { test = 1697, seed = i }:center() end)
local diabetes = over_splits("diabetes", function(i)
  return patients:split { test = 392, seed = i }:standardize { outputs = true }
end)
plot.grid { { ratio, digits, diabetes } }:save "stopping_and_ridge.svg"
print "\nthe picture is in stopping_and_ridge.svg"
