-- Typical things are recognised first. How typical an item is of a distinction is its entry in the distinction's
-- vector; all that a network says of the distinction grows by one curve times these entries. So the order is the same
-- at all times, and a decision about a typical item falls earlier. Here: how much is it a living thing? Lines: theory;
-- dots: a network trained from small random weights. Saxe, McClelland & Ganguli (2019).

local task, semantic, t, criterion = data.semantic(), theory.semantic, matrix.linspace(0, 14, 141), 1.5
local modes = semantic.modes { task = task }
local net = network.new { task = task, hidden = 16, init = "gaussian", scale = 1e-3, seed = 1 }
local start = semantic.effective_start { task = task, net = net }[1]
local found = semantic.typicality { task = task, mode = 1, a0 = start, criterion = criterion }
local strength = theory.mode.strength { s = modes.s[1], rho = modes.lambda, a0 = start, t = t }
local run = net:train { task = task, rate = 0.01, times = t, record = "weights" }

local trained = matrix.zeros(#t, #task.items) -- the prototype times what the network says of each item
for k = 1, #t do trained:row(k):assign(modes.u:col(1).T * run.weights[k][2] * run.weights[k][1]) end
local times = semantic.crossing { t = t, values = trained, level = criterion }

local order, names, typicality = found.typicality:argsort(), {}, {}
local picture = plot.new { title = "Typical items are recognised first", xlabel = "time",
                           ylabel = "prototype times answer", legend = "right" }
print "item      typicality   time: theory   trained"
for k = #order, 1, -1 do
  local i = math.tointeger(order[k])
  names[#names + 1], typicality[#typicality + 1] = task.items[i], found.typicality[i]
  print(("%-9s     %.3f         %6.2f    %6.2f"):format(task.items[i], found.typicality[i], found.time[i], times[i]))
  picture:lines(t, found.typicality[i] * strength, { label = task.items[i], color = #names })
    :points(t, trained:col(i), { color = #names, every = 6 })
end
picture:hline(criterion, { label = "criterion" })
local bars = plot.new { title = "How typical", ylabel = "entry in the first distinction" }:bars(names, typicality)
plot.grid { { picture, bars }, size = { 13, 4.5 } }:save "typicality.svg"
print "the picture is in typicality.svg"
