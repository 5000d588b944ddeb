-- What is alike comes apart step by step: first all items are one, then plants and animals part, then trees, flowers,
-- birds and fish, then each item from the next. Similarity of eight living things in the hidden layer: theory above, a
-- network trained from small random weights below. Saxe, McClelland & Ganguli (2019).

local task, semantic, times = data.semantic(), theory.semantic, { 8, 13, 20, 60 }
local net = network.new { task = task, hidden = 16, init = "gaussian", scale = 1e-3, seed = 1 }
local pred = theory.predict { net = net, task = task, times = times, record = "weights", solution = "small_start" }
local run = net:train { task = task, rate = 0.01, times = times, record = "weights" }

local pairs_of_items = { { "pine", "robin" }, { "pine", "rose" }, { "robin", "salmon" }, { "robin", "canary" } }
print "distance of          time   theory   trained"
local rows = { {}, {} }
for k, t in ipairs(times) do
  local K = { pred.weights[k][1]:tmul(pred.weights[k][1]), run.weights[k][1]:tmul(run.weights[k][1]) }
  for row, title in ipairs { "theory", "trained" } do
    rows[row][k] = plot.new { title = ("%s, time %g"):format(title, t) }:image(K[row] / K[1]:max(),
      { xlabels = task.items, ylabels = task.items, limits = { 0, 1 }, colorbar = k == #times })
  end
  local expected, trained = semantic.distances { K = K[1] }, semantic.distances { K = K[2] }
  for _, two in ipairs(pairs_of_items) do
    local i, j = task:item(two[1]), task:item(two[2])
    print(("  %-6s and %-8s %5g   %6.3f    %6.3f"):format(two[1], two[2], t, expected:get(i, j), trained:get(i, j)))
  end
end
plot.grid { rows[1], rows[2], title = "Similarity of items in the hidden layer, relative to the largest",
            size = { 14, 7.5 } }
  :save "differentiation.svg"
print "the picture is in differentiation.svg"
