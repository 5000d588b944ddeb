-- One mode at depth 1 to 8: the deeper the network, the longer it waits and the sharper it jumps.
-- Networks of D equal, aligned layers start with the same small end-to-end map. One layer approaches the target as an
-- exponential, two follow the logistic curve, and more wait and then learn at once (Saxe, McClelland & Ganguli 2014).
-- Lines are exact theory, points are trained networks with four units in each hidden layer.

local start = 0.01
local task = data.spectrum { s = { 1 }, inputs = 1, outputs = 1, seed = 1 }
local t = matrix.linspace(0, 8, 1601)
local picture = plot.new { title = "One mode at depth 1 to 8", xlabel = "time", ylabel = "strength", legend = "right" }

print "depth   10% at   95% at   in training   jump/wait   largest difference"
for depth = 1, 8 do
  local net = network.new { task = task, hidden = depth > 1 and 4 or nil, depth = depth,
                            init = "aligned", strength = start, seed = 1 }
  local run = net:train { task = task, rate = 0.001, times = t }
  local mode = theory.mode.strength { s = 1, a0 = start, depth = depth, t = t }
  local reached = theory.mode.time { s = 1, a0 = start, depth = depth, fraction = { 0.1, 0.95 } }
  local jump, trained = reached[2] - reached[1], t[run.modes:lt(0.95):sum() + 1]
  print(("%5d   %6.3f   %6.3f   %11.3f   %9.2f   %18.1e"):format(depth, reached[1], reached[2], trained,
    jump / reached[1], (run.modes - mode):abs():max()))
  picture:lines(t, mode, { label = "depth " .. depth, color = depth })
    :points(t, run.modes, { color = depth, every = 80 })
end
picture:save "exact_modes.svg"
print "\nthe picture is in exact_modes.svg"
