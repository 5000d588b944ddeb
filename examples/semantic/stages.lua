-- A deep network learns in stages, a shallow one everything at once. Eight living things and their properties: from
-- small random weights a network of two layers learns one distinction after the other, the broadest first, each along
-- the curve that theory draws from the weights it starts with. A network of one layer learns all of them together.
-- Saxe, McClelland & Ganguli (2019).

local task, names = data.semantic(), { "alive or not", "plant or animal", "bird or fish", "tree or flower" }
local modes = theory.semantic.modes { task = task }
print(modes)

local deep = network.new { task = task, hidden = 16, init = "gaussian", scale = 1e-3, seed = 1 }
local shallow = network.new { task = task, depth = 1, init = "zeros" }
local t = matrix.linspace(0, 40, 401)
local expected = theory.predict { net = deep, task = task, times = t, solution = "small_start" }
local training = { task = task, rate = 0.01, times = t }
local run, at_once = deep:train(training), shallow:train(training)


local function half_times(r)
  local share = r.modes:times(modes.sigma:pow(-1).T:tile(#r.t, 1)) -- of what each mode is in the end
  return share, theory.semantic.crossing { t = r.t, values = share, level = 0.5 }
end
local learned_theory, half_theory = half_times(expected)
local learned, half = half_times(run)
local learned_at_once, half_at_once = half_times(at_once)
print "\nhalf learned at    theory   two layers   one layer"
for k, name in ipairs(names) do
  print(("  %-16s %6.2f       %6.2f      %6.2f"):format(name, half_theory[k], half[k], half_at_once[k]))
end

plot.new { title = "Two layers learn in stages, one layer all at once", xlabel = "time", ylabel = "share learned",
           size = { 8, 4 } }
  :lines(t, learned_theory:colrange(1, 4), { label = names })
  :points(t, learned:colrange(1, 4), { color = { 1, 2, 3, 4 }, every = 8 })
  :lines(t, 1 - (-modes.lambda * t):exp(), { label = "one layer, everything", color = "gray" })
  :points(t, learned_at_once:colrange(1, 4), { color = "gray", every = 8 })
  :save "stages.svg"
print "\nthe picture is in stages.svg: theory as lines, trained networks as dots"
