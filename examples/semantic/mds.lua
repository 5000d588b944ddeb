-- The paths of concepts: all items leave the origin as one bundle, which splits into plants and animals, these into
-- birds and fish, trees and flowers, and these into single items. Multidimensional scaling of the hidden layer over
-- training, on the axes of its end: theory as lines, a network trained from small random weights as dots. Saxe,
-- McClelland & Ganguli (2019).

local task, semantic, t = data.semantic(), theory.semantic, matrix.linspace(0, 80, 401)
local net = network.new { task = task, hidden = 16, init = "gaussian", scale = 1e-3, seed = 1 }
local pred = theory.predict { net = net, task = task, times = t, record = "weights", solution = "small_start" }
local run = net:train { task = task, rate = 0.01, times = t, record = "weights" }
local expected = semantic.trajectories { task = task, weights = pred.weights, dims = 3 }
local trained = semantic.trajectories { task = task, weights = run.weights, dims = 3 }

print "first and second axis: theory (trained)"
for _, time in ipairs { 6, 10, 14, 20, 80 } do
  local line, k = ("time %2g"):format(time), 5 * time + 1
  for _, name in ipairs { "pine", "robin", "salmon" } do
    local i = task:item(name)
    line = line .. ("   %s %6.3f %6.3f (%6.3f %6.3f)"):format(name, expected[1]:get(k, i), expected[2]:get(k, i),
      trained[1]:get(k, i), trained[2]:get(k, i))
  end
  print(line)
end

local function picture(axis, title)
  return plot.new { title = title, xlabel = "first axis", ylabel = axis == 2 and "second axis" or "third axis" }
    :points(trained[1], trained[axis], { every = 4, color = "gray", label = "trained" })
    :paths(expected[1], expected[axis], { labels = task.items })
end
plot.grid { { picture(2, "birds and fish part"), picture(3, "trees and flowers part") }, size = { 13, 5 },
            title = "From one bundle to single concepts" }:save "mds.svg"
print "the picture is in mds.svg"
