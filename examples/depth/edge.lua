-- Deep nonlinear networks learn fast when they start just beyond the edge of chaos. 30 layers of 32 tanh units learn
-- 150 digits; each layer starts as a gain times an orthogonal or a Gaussian matrix. tanh shrinks what passes it: a
-- gain a little above 1 makes up for that and keeps the Jacobian's singular values near 1; less and the signal dies,
-- more and it becomes chaos. Gaussian layers lose most directions at any gain (Saxe, McClelland & Ganguli 2014).
-- Steps to 30% of the loss at the start, at the best of three rates.

local depth, width, gains = 30, 32, { 0.9, 1, 1.05, 1.1, 1.2, 1.5, 2 }
local digits = data.digits():center()
local _, _, components = digits.X:svd()
local X = digits.examples ^ 0.5 * components:colrange(1, width).T
local _, s = data.task { X = X, Y = digits.Y }:svd()
local task = data.task { X = 0.3 * X:colrange(1, 150), Y = digits.Y:colrange(1, 150) / s[1] }

local function start(init, gain)
  local net = network.new { task = task, hidden = width, depth = depth, activation = "tanh", init = init, gain = gain,
                            seed = 1 }
  net.weights[depth]:scal(1 / gain) -- the outputs are linear
  return net
end

--- The median singular value of how the last hidden layer depends on the inputs, at the first example.
local function isometry(net)
  local x, J = task.X:col(1), matrix.eye(width)
  for l = 1, depth - 1 do J = (1 - net:hidden(x, l):pow(2)):times(net.weights[l] * J) end
  local _, values = J:svd()
  return values:median()
end

local function steps(init, gain)
  local best = math.huge
  for _, relative_rate in ipairs { 1, 2, 4 } do
    local net = start(init, gain)
    local goal = 0.3 * net:loss(task)
    local run = net:train { task = task, rate = relative_rate / depth, steps = math.min(150, best), every = 150,
                            stop_at = { loss = goal }, diverge = "stop" }
    if run.loss[#run.loss] <= goal then best = math.min(best, run.steps[#run.steps]) end
  end
  return best
end

local learning = plot.new { title = "30 layers of tanh", xlabel = "gain", ylabel = "steps", y = "log" }
local spectrum = plot.new { title = "Jacobian at the start", xlabel = "gain", ylabel = "median singular value",
                            y = "log" }
for color, init in ipairs { "orthogonal", "gaussian" } do
  print(("\n%s\n gain   steps   median singular value"):format(init))
  local reached, taken, median = {}, {}, {}
  for i, gain in ipairs(gains) do
    local n = steps(init, gain)
    median[i] = isometry(start(init, gain))
    print(("%5.2f   %5s   %10.2g"):format(gain, n < math.huge and ("%d"):format(n) or ">150", median[i]))
    if n < math.huge then reached[#reached + 1], taken[#taken + 1] = gain, n end
  end
  learning:lines(reached, taken, { color = color }):points(reached, taken, { label = init, color = color })
  spectrum:lines(gains, median, { color = color }):points(gains, median, { label = init, color = color })
end
plot.grid({ { learning, spectrum } }):save "tanh_gain.svg"
print "the picture is in tanh_gain.svg"
