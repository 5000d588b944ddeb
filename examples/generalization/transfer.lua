-- Learning two tasks at once helps the one whose data are weak, if the other looks at the same inputs, and hurts it if
-- not. Task A has one mode of strength 1.2, hard to tell from noise; task B one of strength 6. Both are read from the
-- same network; q is the overlap of their input directions. The lowest error of task A over time, alone and together
-- (Lampinen & Ganguli 2019): theory, and means of 10 trained networks.

local inputs, outputs, s, networks = 60, { 20, 40 }, { 1.2, 6 }, 10
local setting = { s = s, outputs = outputs, inputs = inputs, noise = 1, start = 1e-4 }
local times = matrix.linspace(0, 2.5, 26)

--- A stacked teacher of both tasks whose input directions overlap by q.
local function teacher_of(q)
  local A, B = matrix.zeros(outputs[1], inputs), matrix.zeros(outputs[2], inputs)
  A[1][1], B[1][1], B[1][2] = s[1], s[2] * q, s[2] * (1 - q ^ 2) ^ 0.5
  return matrix.vcat(A, B)
end

--- The lowest error over time of the first outputs of a network that learns all of them.
local function best_error(teacher, seed)
  local noise = random.stream(seed):normal(teacher.rows, inputs, 0, inputs ^ -0.5)
  local task = data.task { Sxx = matrix.eye(inputs), Syx = teacher + noise, tr_yy = (teacher + noise):norm() ^ 2 }
  local net = network.new { task = task, hidden = inputs, init = "aligned", strength = setting.start, seed = seed }
  local run = net:train { task = task, rate = 0.02, times = times, record = "weights" }
  local lowest = math.huge
  for _, W in ipairs(run.weights) do
    local A = W[2]:rowrange(1, outputs[1]) * W[1] - teacher:rowrange(1, outputs[1])
    lowest = math.min(lowest, A:norm() ^ 2)
  end
  return lowest
end

local function mean_of(teacher)
  local errors = matrix.zeros(networks)
  for seed = 1, networks do errors[seed] = best_error(teacher, seed) end
  return errors:mean(), errors:std() / networks ^ 0.5
end

local overlaps, curve = matrix.linspace(0, 1, 41), {}
for i, q in ipairs(overlaps) do
  setting.overlap = q
  curve[i] = theory.generalization.transfer(setting).best_excess
end
local alone = theory.generalization.transfer(setting).best_excess_alone
local mean_alone, spread_alone = mean_of(teacher_of(0):rowrange(1, outputs[1]))
print(("alone: theory %.3f, trained %.3f (%.3f)\n\noverlap   theory   trained   standard error"):format(alone,
  mean_alone, spread_alone))
local x, mean, spread = { 0, 0.25, 0.5, 0.75, 0.9, 1 }, {}, {}
for k, q in ipairs(x) do
  mean[k], spread[k] = mean_of(teacher_of(q))
  setting.overlap = q
  local theory_says = theory.generalization.transfer(setting).best_excess
  print(("%7.2f   %6.3f   %7.3f   %14.3f"):format(q, theory_says, mean[k], spread[k]))
end
plot.new { title = "Task A, learned with task B", xlabel = "overlap of the inputs", ylabel = "lowest error over time" }
  :lines(overlaps, curve, { label = "together, theory", color = 1 })
  :errorbars(x, mean, spread, { label = "together, trained", color = 1 })
  :hline(alone, { label = "alone, theory", color = 2 })
  :errorbars({ 0 }, { mean_alone }, { spread_alone }, { label = "alone, trained", color = 2 })
  :save "transfer.svg"
print "\nthe picture is in transfer.svg"
