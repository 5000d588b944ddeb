-- Do exact theory and a trained network agree?
-- A two-layer linear network learns eight items and their properties, one mode after the other, as the exact solution
-- of Saxe, McClelland & Ganguli (2014) says: what all living things share first, then plants against animals, ...

local task = data.semantic()                                   -- 8 items, 36 properties, bundled
local net  = network.new { task = task, hidden = 16, init = "aligned", strength = 1e-3, seed = 1 }
local pred = theory.predict { net = net, task = task, times = matrix.linspace(0, 40, 201) }
local run  = net:copy():train { task = task, rate = 0.01, times = pred.t }

print(pred)                      -- which solution, which assumptions hold and how well
print(run)
print(theory.compare(run, pred)) -- a line for each observable: largest error, relative, where

plot.new { title = "Modes of the semantic task", xlabel = "time", ylabel = "strength" }
  :lines(pred.t, pred.modes, { label = "theory" })
  :points(run.t, run.modes, { label = "training", every = 10 })
  :save "modes.svg"
print "the picture is in modes.svg"
