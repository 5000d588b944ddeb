-- What a finite rate costs: descent is off the gradient flow in proportion to its rate, and theory says by how much.
-- Steps of rate r follow, to second order, the flow of L + (r/4) |grad L|^2 (Barrett & Dherin 2021): the distance of
-- the end-to-end map from the flow halves with the rate, what is left after that correction falls by four.

local task = data.teacher { inputs = 4, outputs = 3, examples = 50, snr = 3, seed = 1 }
local net = network.new { task = task, hidden = 5, depth = 3, init = "balanced", strength = 0.5, seed = 1 }
local time = 2
local limit = theory.stability.max_rate { net = net, task = task }
local flow = net:copy():flow { task = task, times = { time } }.net:product()
print(("largest stable rate %.4f"):format(limit.rate))

print "\n    rate   of the stable   distance from the flow   theory says   from the corrected flow"
local rates, off, says, left = {}, {}, {}, {}
for i = 1, 9 do
  local steps = 20 * 2 ^ (i - 1)
  rates[i] = time / steps
  local map = net:copy():train { task = task, rate = rates[i], steps = steps, record = "loss" }.net:product()
  local cost = theory.stability.finite_rate { net = net, task = task, rate = rates[i], t = { time } }
  local corrected = network.from(cost.weights[1]):product()
  off[i], says[i], left[i] = (map - flow):norm() / flow:norm(), cost.relative[1], (map - corrected):norm() / flow:norm()
  print(("%8.2e   %13.4f   %22.3e   %11.3e   %23.3e"):format(rates[i], rates[i] / limit.rate, off[i], says[i], left[i]))
end
plot.new { title = "Rate against the flow", xlabel = "rate", ylabel = "relative distance of the map", x = "log",
           y = "log", legend = "bottom right" }
  :lines(rates, says, { label = "theory, to first order", color = 1 })
  :points(rates, off, { label = "descent from the flow", color = 1 })
  :points(rates, left, { label = "from the corrected flow", color = 2 })
  :save "rate.svg"
print "\nthe picture is in rate.svg"
