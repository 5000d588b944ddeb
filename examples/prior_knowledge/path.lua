-- The whole path of learning is known from any balanced start, also from one that already knows something else.
-- Braun, Domine, Fitzgerald & Saxe (2022): with white inputs and W2'W2 = W1 W1', the product of two layers solves a
-- matrix Riccati equation, in closed form. The weights may be random and of any size; they need not be aligned with the
-- task. Small starts learn in stages; large ones first have to unlearn, and modes may run through zero or overshoot.

local s = { 3, 2, 1, 0.5 }
local task = data.spectrum { inputs = 6, outputs = 4, s = s, seed = 1 }
local times = matrix.linspace(0, 12, 241)
local loss = plot.new { title = "Loss", xlabel = "time", ylabel = "loss", y = "log", ylim = { 1e-9, 30 } }
local panels = {}
print(task)

print "\nlargest mode       modes at the start        solution   exact   distance from training, relative to the task"
print "at the start   (the task has 3, 2, 1, 0.5)                           rate 0.01    rate 0.001    ratio"
for i, strength in ipairs { 0.001, 0.5, 6 } do
  local net = network.new { task = task, hidden = 8, init = "balanced", strength = strength, seed = i }
  local pred = theory.predict { net = net, task = task, times = times, solution = "riccati" }
  local coarse = net:copy():train { task = task, rate = 0.01, times = times }
  local fine = net:copy():train { task = task, rate = 0.001, times = times }
  local far, near = (coarse.modes - pred.modes):abs():max() / s[1], (fine.modes - pred.modes):abs():max() / s[1]
  local m = pred.modes
  print(("%12g   %6.3f %6.3f %6.3f %6.3f   %8s   %5s   %12.1e   %11.1e   %6.1f"):format(strength, m:get(1, 1),
    m:get(1, 2), m:get(1, 3), m:get(1, 4), pred.solution, pred.exact, far, near, far / near))
  panels[i] = plot.new { title = ("Modes, start of size %g"):format(strength), xlabel = "time", ylabel = "strength" }
    :lines(times, m):points(times, fine.modes, { every = 8 })
  loss:lines(times, pred.loss, { label = ("start of size %g"):format(strength), color = i })
    :points(times, fine.loss, { every = 8, color = i })
end

plot.grid { { panels[1], panels[2] }, { panels[3], loss } }:save "path.svg"
print "\nthe picture is in path.svg (lines: theory, points: training)"
