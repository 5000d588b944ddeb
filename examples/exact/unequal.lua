-- Two layers that differ learn as one layer does; layers that are equal learn as a network.
-- All starts have the same end-to-end map. What differs is how the layers share it: gradient flow conserves k = w2^2
-- - w1^2, and k takes the mode from the logistic curve (k = 0, a plateau and a jump) to an exponential at rate k
-- (Saxe, McClelland & Ganguli 2014; Domine et al. 2024). Layers that point against each other first go back to zero,
-- and then learn all the same: only exactly equal and opposite ones never do. Lines are exact theory, points
-- training.

local s, map, rate = 1, 0.01, 0.0005
local task = data.task { X = { { 1 } }, Y = { { s } } }
local t = matrix.linspace(0, 6, 301)
local picture = plot.new { title = "Two layers, one map, shared differently", xlabel = "time", ylabel = "strength",
                           legend = "bottom right" }

print "w2^2 - w1^2    map at 0    50% at   in training   conserved to   largest difference"
for i, start in ipairs { { 0, map }, { 0.3, map }, { 1, map }, { 3, map }, { 10, map }, { 0.3, -0.1 } } do
  local k, product = start[1], start[2]
  local w1 = ((math.sqrt(k * k + 4 * product * product) - k) / 2) ^ 0.5
  local w2 = product / w1
  local mode = theory.mode.pair { w1 = w1, w2 = w2, s = s, t = t }
  local half = theory.mode.pair_time { w1 = w1, w2 = w2, s = s, strength = 0.5 }
  local net = network.from { matrix { w1 }, matrix { w2 } }
  local run = net:train { task = task, rate = rate, times = t, record = "modes" }
  local kept = net.weights[2][1] ^ 2 - net.weights[1][1] ^ 2
  print(("%11g   %9.3g   %7.4f   %11.2f   %12.1e   %18.1e"):format(k, product, half, t[run.modes:lt(0.5):sum() + 1],
    math.abs(kept - k), (run.modes - mode.strength):abs():max()))
  local label = ("k = %g%s"):format(k, product < 0 and ", from the wrong side" or "")
  picture:lines(t, mode.strength, { label = label, color = i }):points(t, run.modes, { color = i, every = 12 })
end
picture:save "exact_unequal.svg"
print "\nthe picture is in exact_unequal.svg"
