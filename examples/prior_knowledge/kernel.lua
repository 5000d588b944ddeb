-- The tangent kernel moves while a network learns; how far and when depends on what the network starts from.
-- Braun, Domine, Fitzgerald & Saxe (2022): the exact solution for two balanced layers gives the representations W1'W1
-- and W2 W2', and with them the kernel at all times. A small start has hardly a kernel: it builds one, which turns in
-- stages, as modes are learned. A large start knows something else and must turn the kernel that it has.

local task = data.spectrum { inputs = 6, outputs = 4, s = { 3, 2, 1, 0.5 }, seed = 1 }
local times = matrix.linspace(0, 12, 241)
local record = { "ntk_distance", "weights" }
local distance = plot.new { title = "How far the kernel has turned", xlabel = "time", ylabel = "1 - <K, K0>/(|K| |K0|)",
                            legend = "bottom right" }
local size = plot.new { title = "How large the kernel is", xlabel = "time", ylabel = "|K|", y = "log" }
print(task)

print "\nlargest mode     kernel distance at the end     difference     size of the kernel"
print "at the start     theory      rate 0.001         at most        at the start   at the end"
for i, strength in ipairs { 0.001, 0.5, 6 } do
  local net = network.new { task = task, hidden = 8, init = "balanced", strength = strength, seed = i }
  local pred = theory.predict { net = net, task = task, times = times, solution = "riccati", record = record }
  local run = net:train { task = task, rate = 0.001, times = times, record = record }
  local norm = {}
  for k, weights in ipairs(pred.weights) do norm[k] = theory.ntk.norm { weights = weights, task = task } end
  print(("%12g   %8.4f   %13.4f   %13.1e   %19.3g   %10.3g"):format(strength, pred.ntk_distance[#times],
    run.ntk_distance[#times], (run.ntk_distance - pred.ntk_distance):abs():max(), norm[1], norm[#norm]))
  local label = ("start of size %g"):format(strength)
  distance:lines(times, pred.ntk_distance, { label = label, color = i })
    :points(times, run.ntk_distance, { every = 8, color = i })
  size:lines(times, matrix(norm), { label = label, color = i })
end

plot.grid { { distance, size } }:save "kernel.svg"
print "\nthe picture is in kernel.svg (lines: theory, points: training)"
