-- What is learned of one thing spreads to others, first to all, then to fewer and fewer. A canary is said to have a
-- new property at different times of development, by one weight more for each hidden unit: a young network thinks that
-- all have it, later animals, then birds, in the end hardly any but the canary. Bars: theory; dots: the property told
-- to a network that was trained from small random weights, learned by descent. Saxe, McClelland & Ganguli (2019).

local task, times, told = data.semantic(), { 8, 13, 18, 30, 100 }, "canary"
local net = network.new { task = task, hidden = 16, init = "gaussian", scale = 1e-3, seed = 1 }
local pred = theory.predict { net = net, task = task, times = times, record = "weights", solution = "small_start" }
local run = net:train { task = task, rate = 0.01, times = times, record = "weights" }

--- The new row of the last layer, learned by descent on this one example, and what it says of all items.
local function tell(W1)
  local h = W1:col(task:item(told))
  local row, rate = matrix.zeros(1, W1.rows), 0.5 / h:dot(h)
  for _ = 1, 60 do row:axpy(rate * (1 - (row * h):item()), h.T) end
  return (row * W1).T
end

local panels, names = {}, { "canary", "robin", "salmon", "pine" }
print("time   theory and trained: " .. table.concat(names, ", "))
for k, t in ipairs(times) do
  local expected = theory.semantic.projection { task = task, weights = pred.weights[k], item = told }.new_property
  local trained, line = tell(run.weights[k][1]), ("%4g  "):format(t)
  for _, name in ipairs(names) do
    line = line .. ("  %6.3f %6.3f"):format(expected[task:item(name)], trained[task:item(name)])
  end
  print(line)
  panels[k] = plot.new { title = ("time %g"):format(t), ylim = { -0.1, 1.1 },
                         ylabel = k == 1 and "does it have it too?" or nil }
    :bars(task.items, expected):points(matrix.range(1, #task.items), trained, { color = 2 })
end
plot.grid { panels, title = "A canary has a new property. Who else? Bars: theory, dots: a trained network",
            size = { 15, 4 } }:save "induction.svg"
print "the picture is in induction.svg"
