-- Training for long hurts, and depth only delays it: train and test error over time on handwritten digits.
-- 100 of the 1797 digits (8x8 pixels, so 64 weights an output) are learned by linear networks of one, two and three
-- layers that start small. Each has its best test error long before the end (Advani & Saxe 2017). The deep ones wait on
-- a plateau, then learn the strong modes at once and the weak ones, which carry the noise, later.

local task = data.digits():split { test = 1697, seed = 1 }:center()
print(task)

local train = plot.new { title = "training error", xlabel = "time", ylabel = "error", x = "log", y = "log" }
local test = plot.new { title = "test error", xlabel = "time", ylabel = "error", x = "log", y = "log" }
local times = matrix.logspace(-1, 3.5, 91)

print "\nlayers   best test error   at time   at the end   overtraining"
for depth = 1, 3 do
  local net = network.new { task = task, hidden = depth > 1 and 32 or nil, depth = depth,
                            init = "orthogonal", gain = 0.1, seed = 1 }
  local run = net:train { task = task, rate = 0.05, times = times, record = { "error", "test_error" } }
  local best, k = run.test_error:min()
  local final = run.test_error[#run.t]
  print(("%6d   %15.4f   %7.3g   %10.4f   %12.4f"):format(depth, best, run.t[k], final, final - best))
  local label = depth == 1 and "1 layer" or depth .. " layers"
  train:lines(run.t, run.error, { label = label })
  test:lines(run.t, run.test_error, { label = label })
end

plot.grid { { train, test } }:save "digits.svg"
print "\nthe picture is in digits.svg"
