-- From rich to lazy by one number: lambda = W2'W2 - W1 W1', the difference of the layers, which training conserves.
-- Domine et al. (2024): two layers with this difference have exact solutions. At lambda = 0 the modes jump one after
-- the other and the tangent kernel turns on the way; with |lambda| growing the kernel stays where it was (its
-- distance falls as lambda^-4), and the network learns like a linear model, along exponentials. Lines are theory,
-- points training.

local task = data.spectrum { inputs = 3, outputs = 3, s = { 2, 1, 0.5 }, seed = 1 }
local strength = 0.01
local function start(lambda)
  return network.new { task = task, hidden = 3, init = "lambda", lambda = lambda, strength = strength, seed = 3 }
end

local curves = plot.new { title = "How it learns", xlabel = "time x sqrt(lambda^2 + 4 s^2)",
                          ylabel = "loss / loss at 0", y = "log", xlim = { 0, 30 }, ylim = { 1e-4, 1.5 } }
local turned = plot.new { title = "How far the kernel turns", xlabel = "|lambda|", ylabel = "1 - <K, K0>/(|K| |K0|)",
                          x = "log", y = "log", legend = "bottom left" }

print "lambda    kernel distance   in training   slope    largest difference of the loss"
local values, distance = matrix.logspace(-1, 2, 25), {}
for i, lambda in ipairs(values) do distance[i] = theory.ntk.limit { net = start(lambda), task = task }.distance end
local before
for i, lambda in ipairs { 0, 0.1, 1, 3, 10, 30, 100 } do
  local fastest = math.sqrt(lambda ^ 2 + 4 * 2 ^ 2) -- the largest curvature, and the rate of the first mode
  local limit = theory.ntk.limit { net = start(lambda), task = task }
  local times = matrix.linspace(0, 30 / fastest, 121)
  local pred = theory.predict { net = start(lambda), task = task, times = times, record = "loss" }
  local run = start(lambda):train { task = task, rate = 0.004 / fastest, times = times, record = "loss" }
  local long = start(lambda):train { task = task, rate = 0.02 / fastest, steps = 100000, stop_at = { loss = 1e-20 },
                                     record = "ntk_distance" }
  local trained = long.ntk_distance[#long.t]
  local slope = before and before.lambda > 0
    and math.log(limit.distance / before.distance) / math.log(lambda / before.lambda)
  print(("%6g   %16.3e   %11.3e   %5s   %18.1e"):format(lambda, limit.distance, trained,
    slope and ("%.2f"):format(slope) or "", (run.loss - pred.loss):abs():max()))
  before = { lambda = lambda, distance = limit.distance }
  if lambda ~= 0.1 and lambda ~= 30 then
    curves:lines(times * fastest, pred.loss / pred.loss[1], { label = ("lambda = %g"):format(lambda), color = i })
      :points(times * fastest, run.loss / run.loss[1], { every = 5, color = i })
  end
  if lambda > 0 then
    turned:points({ lambda }, { trained }, { color = 1, label = lambda == 0.1 and "training" or nil })
  end
end
turned:lines(values, distance, { label = "theory", color = 1 })
plot.grid { { curves, turned } }:save "lambda.svg"
print "\nthe picture is in lambda.svg"
