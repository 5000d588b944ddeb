-- Orthogonal layers keep learning fast at any depth; Gaussian ones do not, however they are scaled. Deep linear
-- networks learn ten digits from their 32 largest components, whitened. Every layer is Gaussian with variance
-- 1/width, or orthogonal; steps until 99% of what can be learned, at the best of four rates c/depth, median of three
-- networks. A product of Gaussian matrices keeps the length of a vector only on average: singular value i of `depth`
-- factors behaves as exp(depth m_i), so that few directions survive (Saxe, McClelland & Ganguli 2014).

local width, depths = 32, { 2, 3, 5, 10, 20, 50 }
local digits = data.digits():center()
local _, _, components = digits.X:svd()
local X = digits.examples ^ 0.5 * components:colrange(1, width).T
local _, s = data.task { X = X, Y = digits.Y }:svd()
local task = data.task { X = X, Y = digits.Y / s[1] }
local done = task.loss_min + 0.01 * s:dot(s) / s[1] ^ 2 / 2

local function steps(init, depth, relative_rate, seed)
  local net = network.new { task = task, hidden = width, depth = depth, init = init, gain = 1, seed = seed }
  local run = net:train { task = task, rate = relative_rate / depth, steps = depth < 50 and 2500 or 500,
                          stop_at = { loss = done }, diverge = "stop" }
  return run.loss[#run.loss] <= done and run.steps[#run.steps] or math.huge
end

local function best_steps(init, depth)
  local best = math.huge
  for _, relative_rate in ipairs { 0.05, 0.1, 0.2, 0.4 } do
    local taken = {}
    for seed = 1, 3 do taken[seed] = steps(init, depth, relative_rate, seed) end
    table.sort(taken)
    best = math.min(best, taken[2])
  end
  return best
end

local exponent = theory.depth.gaussian_exponents { width = width }
local learning = plot.new { title = "Learning ten digits", xlabel = "layers", ylabel = "steps", x = "log", y = "log" }
local spectrum = plot.new { title = "Singular values of a Gaussian start", xlabel = "layers", ylabel = "singular value",
                            y = "log", ylim = { 1e-6, 10 }, legend = "bottom right" }

print "layers   Gaussian   orthogonal   singular value 9 of the Gaussian product: typical, one network's"
local taken, kept = { gaussian = {}, orthogonal = {} }, { {}, {}, {} }
for i, depth in ipairs(depths) do
  for init, list in pairs(taken) do list[i] = best_steps(init, depth) end
  local square = network.new { inputs = width, hidden = width, outputs = width, depth = depth, gain = 1, seed = 1 }
  local _, values = square:product():svd()
  for k, mode in ipairs { 1, 9, 24 } do kept[k][i] = values[mode] end
  local gaussian = taken.gaussian[i] < math.huge and ("%d"):format(taken.gaussian[i]) or "> 500"
  print(("%6d %10s %12d   %20.2g %8.2g"):format(depth, gaussian, taken.orthogonal[i], math.exp(depth * exponent[9]),
    kept[2][i]))
end
for color, init in ipairs { "gaussian", "orthogonal" } do
  local reached, count = {}, {}
  for i, n in ipairs(taken[init]) do
    if n < math.huge then reached[#reached + 1], count[#count + 1] = depths[i], n end
  end
  learning:lines(reached, count, { color = color }):points(reached, count, { label = init, color = color })
end
for k, mode in ipairs { 1, 9, 24 } do
  spectrum:lines(depths, (exponent[mode] * matrix(depths)):exp(), { label = ("number %d"):format(mode), color = k })
    :points(depths, kept[k], { color = k })
end
plot.grid({ { learning, spectrum } }):save "orthogonal.svg"
print "the picture is in orthogonal.svg"
